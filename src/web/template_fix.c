/*
 * Variables that are the same in all that is written are put in their places
 * once: a page then has fewer of them to look at.
 */
#include <string.h>

#include "base/text.h"
#include "web/template_parts.h"

enum {
	FIXED_SIZE = 512
};

/* Whether it is written in the same way in HTML and elsewhere. */
static bool
is_same_escaped(const char *text)
{
	char buf[FIXED_SIZE];
	struct text escaped;

	text_init(&escaped, buf, sizeof(buf));
	template_escape(&escaped, text, strlen(text));
	return !escaped.cut && strcmp(buf, text) == 0;
}

static void
make_empty(struct op *op)
{
	*op = (struct op){ .kind = OP_TEXT, .text = NO_SPAN };
}

static void
fix_op(struct templates *templates, size_t at, const char *text)
{
	struct op *op = &templates->op[at];
	const size_t until = op->until;
	const bool skipped = (op->kind == OP_BLOCK) ==
			     (text == NULL || text[0] == '\0');

	if (op->kind == OP_VARIABLE) {
		make_empty(op);
		op->text = text != NULL ? span_of(text) : NO_SPAN;
		return;
	}
	/* What is in the block is always written, or never. */
	make_empty(op);
	while (skipped && ++at < until) {
		make_empty(&templates->op[at]);
	}
}

void
template_fix(struct templates *templates)
{
	const struct section *fixed = templates->variables.fixed;
	const char *text[NAMES_MAX] = { NULL };
	bool is_fixed[NAMES_MAX] = { false };

	for (const struct variable *variable = fixed != NULL ? fixed->variable
							     : NULL;
	     variable != NULL; variable = variable->next) {
		text[variable->name] = variable->text;
		is_fixed[variable->name] = variable->text == NULL ||
					   is_same_escaped(variable->text);
	}
	for (size_t i = 0; i < templates->ops; i++) {
		const struct op *op = &templates->op[i];

		if ((op->kind == OP_VARIABLE || op->kind == OP_BLOCK ||
			op->kind == OP_ABSENCE) &&
		    op->number < templates->variables.count &&
		    is_fixed[op->number]) {
			fix_op(templates, i, text[op->number]);
		}
	}
}
