/*
 * Templates and phrases, filled with variables.
 */
#include <limits.h>
#include <string.h>

#include "base/text.h"
#include "web/template_parts.h"

enum {
	HIDDEN_MAX = 64 /* variables of a section within another */
};

struct rendering {
	const struct templates *templates;
	struct text *out;
	const struct variable *bound[NAMES_MAX]; /* what each name means now */
	int depth;
	bool html;
	bool bare;     /* no markup can stand here */
	bool fallback; /* what is around it is of that language */
	/* A text, escaped or not. */
	void (*put)(struct text *out, const char *text, size_t len);
	bool wrong;
};

/* What a byte is written as. */
static const char *
reference_of(unsigned char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return "?";
	}
}

void
template_escape(struct text *out, const char *text, size_t len)
{
	/* Of bytes above the control characters. */
	static const bool special[UCHAR_MAX + 1] = { ['&'] = true,
		['<'] = true,
		['>'] = true,
		['"'] = true,
		['\''] = true,
		['\x7f'] = true };
	const unsigned char *at = (const unsigned char *)text;
	const unsigned char *end = at + len;

	while (at < end) {
		const unsigned char *from = at;

		while (at < end && *at >= ' ' && !special[*at]) {
			at++;
		}
		text_add_bytes(out, (const char *)from, (size_t)(at - from));
		if (at < end) {
			text_add(out, reference_of(*at++));
		}
	}
}

static void run(struct rendering *r, size_t from, size_t until);

/* The form a number has in the language, or in the one to fall back on. */
static enum plural
form_of(const struct templates *templates, bool fallback, int64_t number)
{
	const struct span *rule = templates->language[fallback].rule;
	enum plural form = 0;
	bool holds = false;

	while (form < PLURAL_OTHER &&
	       (rule[form].at == NULL ||
		   !plural_holds(rule[form].at, span_length(rule[form]), number,
		       &holds) ||
		   !holds)) {
		form++;
	}
	return form;
}

/* Say that what follows within a tag is in the language of what is written
 * now. */
static void
put_language(struct rendering *r)
{
	const struct templates *templates = r->templates;

	text_addf(r->out, " lang=\"%s\"", templates->language[r->fallback].tag);
	if (templates->language[0].rtl != templates->language[1].rtl) {
		text_addf(r->out, " dir=\"%s\"",
		    templates->language[r->fallback].rtl ? "rtl" : "ltr");
	}
}

/* Write an entry, in the form that fits: `entry` is the first.  What it says in
 * another language than what is around it is marked so. */
static void
put_entry(struct rendering *r, /* NOLINT(misc-no-recursion): bounded */
    const struct template_part *entry, bool bare)
{
	const size_t forms = entry->forms;
	const struct rendering outer = { .bare = r->bare,
		.fallback = r->fallback };
	bool marked;

	for (size_t i = 1; i < forms; i++, entry++) {
		const struct variable *number = r->bound[entry->variable];

		if (number != NULL && number->kind == VARIABLE_NUMBER &&
		    form_of(r->templates, entry->fallback, number->number) ==
			entry->form) {
			break;
		}
	}
	r->bare = r->bare || bare;
	if (entry->phrase) {
		r->fallback = entry->fallback;
	}
	marked = r->html && !r->bare && entry->words && !entry->blocks &&
		 r->fallback != outer.fallback;
	if (marked) {
		text_add(r->out, "<span");
		put_language(r);
		text_add(r->out, ">");
	}
	run(r, entry->from, entry->until);
	if (marked) {
		text_add(r->out, "</span>");
	}
	r->bare = outer.bare;
	r->fallback = outer.fallback;
}

static bool
put_named(struct rendering *r, /* NOLINT(misc-no-recursion): bounded */
    const char *name, const char *rest, bool bare)
{
	const struct template_part *entry = template_entry(r->templates,
	    span_of(name), rest != NULL ? span_of(rest) : NO_SPAN);

	if (entry != NULL) {
		put_entry(r, entry, bare);
	}
	return entry != NULL;
}

static void
put_variable(struct rendering *r, /* NOLINT(misc-no-recursion): bounded */
    const struct variable *variable, bool bare)
{
	switch ((enum variable_kind)variable->kind) {
	case VARIABLE_NUMBER:
	case VARIABLE_TEXT:
		if (variable->kind == VARIABLE_NUMBER &&
		    variable->text == NULL) {
			text_add_int(r->out, variable->number, variable->width);
		} else if (variable->text != NULL) {
			r->put(r->out, variable->text, strlen(variable->text));
		}
		break;
	case VARIABLE_PHRASE:
		if (!put_named(r, variable->phrase, variable->rest, bare) &&
		    (variable->instead == NULL ||
			!put_named(r, variable->instead, NULL, bare))) {
			r->wrong = true;
		}
		break;
	case VARIABLE_MARKUP:
		variable->write(variable->what, r->out);
		break;
	case VARIABLE_LIST:
		break;
	}
}

static bool
is_empty(const struct variable *what)
{
	return what == NULL ||
	       (what->kind == VARIABLE_TEXT &&
		   (what->text == NULL || what->text[0] == '\0'));
}

/* Run the operations of a block once for each section of its list, with its
 * variables in place of those around it, which are put back afterwards. */
static void
put_list(struct rendering *r, /* NOLINT(misc-no-recursion): bounded */
    const struct op *op, size_t from)
{
	for (const struct section *section = r->bound[op->number]->list;
	     section != NULL; section = section->next) {
		const struct variable *hidden[HIDDEN_MAX];
		const struct variable *variable = section->variable;
		size_t count = 0;

		for (; variable != NULL && count < HIDDEN_MAX;
		     variable = variable->next) {
			hidden[count++] = r->bound[variable->name];
			r->bound[variable->name] = variable;
		}
		r->wrong = r->wrong || variable != NULL;
		run(r, from, op->until);
		variable = section->variable;
		for (size_t i = 0; i < count; i++, variable = variable->next) {
			r->bound[variable->name] = hidden[i];
		}
	}
}

static void
run(struct rendering *r, /* NOLINT(misc-no-recursion): bounded */
    size_t from, size_t until)
{
	if (r->depth == DEPTH_MAX) {
		r->wrong = true;
		return;
	}
	r->depth++;
	for (size_t at = from; at < until && !r->wrong && !r->out->cut;) {
		const struct op *op = &r->templates->op[at++];
		const struct variable *variable;

		if (op->kind == OP_TEXT) { /* as every other is */
			text_add_bytes(
			    r->out, op->text.at, span_length(op->text));
			at = op->until;
			continue;
		}
		switch (op->kind) {
		case OP_TEXT:
			break;
		case OP_LANG:
			if (r->html) {
				put_language(r);
			}
			break;
		case OP_ENTRY:
			put_entry(
			    r, &r->templates->entry[op->number], op->bare);
			break;
		case OP_ABSENCE: /* else what is in it comes next */
			at = is_empty(r->bound[op->number]) ? at : op->until;
			break;
		case OP_BLOCK:
			variable = r->bound[op->number];
			if (is_empty(variable)) {
				at = op->until;
			} else if (variable->kind == VARIABLE_LIST) {
				put_list(r, op, at);
				at = op->until;
			}
			break;
		case OP_VARIABLE:
			variable = r->bound[op->number];
			if (variable != NULL) {
				put_variable(r, variable, op->bare);
			}
			break;
		}
	}
	r->depth--;
}

static void
bind(struct rendering *r, const struct section *section)
{
	const struct variable *variable = section != NULL ? section->variable
							  : NULL;

	for (; variable != NULL; variable = variable->next) {
		r->bound[variable->name] = variable;
	}
}

bool
template_render(const struct templates *templates, const char *name,
    enum template_form form, const struct section *section, struct text *out)
{
	struct rendering r = {
		.templates = templates,
		.out = out,
		.html = form == TEMPLATE_HTML,
		.put = form == TEMPLATE_PLAIN ? text_add_bytes
					      : template_escape,
	};

	bind(&r, templates->variables.fixed);
	bind(&r, section);
	return put_named(&r, name, NULL, false) && !r.wrong && !out->cut;
}
