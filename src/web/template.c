#include "web/template.h"

#include <string.h>

#include "base/text.h"
#include "web/book.h"

enum {
	NAMES_MAX = 256 /* slot names of a book */
};

struct rendering {
	const struct book *book;
	struct text *out;
	const struct slot *bound[NAMES_MAX]; /* what each name means now */
	int depth;
	bool plain;
	bool wrong;
};

/* What a byte is written as; NULL: as it is. */
static const char *const written[256] = {
	['&'] = "&amp;",
	['<'] = "&lt;",
	['>'] = "&gt;",
	['"'] = "&quot;",
	['\''] = "&#39;",
	['\x7f'] = "?",
	/* The control characters but NUL, one by one. */
	[1] = "?",
	[2] = "?",
	[3] = "?",
	[4] = "?",
	[5] = "?",
	[6] = "?",
	[7] = "?",
	[8] = "?",
	[9] = "?",
	[10] = "?",
	[11] = "?",
	[12] = "?",
	[13] = "?",
	[14] = "?",
	[15] = "?",
	[16] = "?",
	[17] = "?",
	[18] = "?",
	[19] = "?",
	[20] = "?",
	[21] = "?",
	[22] = "?",
	[23] = "?",
	[24] = "?",
	[25] = "?",
	[26] = "?",
	[27] = "?",
	[28] = "?",
	[29] = "?",
	[30] = "?",
	[31] = "?",
};

void
template_escape_bytes(struct text *out, const char *bytes, size_t len)
{
	const char *end = bytes + len;

	while (bytes < end) {
		const char *from = bytes;

		while (bytes < end && written[(unsigned char)*bytes] == NULL) {
			bytes++;
		}
		text_add_bytes(out, from, (size_t)(bytes - from));
		if (bytes < end) {
			text_add(out, written[(unsigned char)*bytes++]);
		}
	}
}

void
template_escape(struct text *out, const char *text)
{
	template_escape_bytes(out, text, strlen(text));
}

static bool
is_empty(const struct slot *slot)
{
	return slot == NULL ||
	       (slot->phrase == NULL && slot->list == NULL &&
		   slot->write == NULL &&
		   (slot->text == NULL || slot->text[0] == '\0'));
}

static void render(struct rendering *r, size_t from, size_t until);

static void
put_entry(struct rendering *r, /* NOLINT(misc-no-recursion): bounded */
    const struct entry *entry)
{
	if (entry == NULL || r->depth == BOOK_DEPTH_MAX) {
		r->wrong = true;
		return;
	}
	r->depth++;
	render(r, entry->from, entry->until);
	r->depth--;
}

static void
put_slot(struct rendering *r, /* NOLINT(misc-no-recursion): bounded */
    const struct slot *slot)
{
	if (slot == NULL) {
		return;
	}
	if (slot->phrase != NULL) {
		put_entry(
		    r, book_find(r->book, slot->phrase, strlen(slot->phrase)));
	} else if (slot->write != NULL) {
		slot->write(slot->what, r->out);
	} else if (slot->text != NULL) {
		(r->plain ? text_add : template_escape)(r->out, slot->text);
	}
}

/* Render a block's body with the slots of one scope in place of those around
 * it, which are put back afterwards. */
static void
put_scope(struct rendering *r, /* NOLINT(misc-no-recursion): bounded */
    const struct scope *scope, size_t from, size_t until)
{
	enum {
		SLOTS_MAX = 64 /* of a scope within another */
	};
	struct {
		size_t name;
		const struct slot *meant;
	} hidden[SLOTS_MAX];
	const struct slot *slot = scope->slot;
	size_t count = 0;

	for (; slot != NULL && count < SLOTS_MAX; slot = slot->next) {
		hidden[count].name = slot->name;
		hidden[count++].meant = r->bound[slot->name];
		r->bound[slot->name] = slot;
	}
	r->wrong = r->wrong || slot != NULL;
	render(r, from, until);
	for (size_t i = count; i > 0; i--) {
		r->bound[hidden[i - 1].name] = hidden[i - 1].meant;
	}
}

static void
put_block(struct rendering *r, /* NOLINT(misc-no-recursion): bounded */
    size_t at)
{
	const struct op *op = &r->book->op[at];
	const struct slot *slot = r->bound[op->number];
	const bool empty = is_empty(slot);

	if (r->depth == BOOK_DEPTH_MAX) {
		r->wrong = true;
		return;
	}
	r->depth++;
	if (op->kind == OP_BLOCK && !empty && slot->list != NULL) {
		for (const struct scope *scope = slot->list; scope != NULL;
		     scope = scope->next) {
			put_scope(r, scope, at + 1, op->next);
		}
	} else if ((op->kind == OP_BLOCK) != empty) {
		render(r, at + 1, op->next);
	}
	r->depth--;
}

static void
render(struct rendering *r, /* NOLINT(misc-no-recursion): bounded */
    size_t from, size_t until)
{
	size_t at = from;

	while (at < until && !r->wrong && !r->out->cut) {
		const struct op *op = &r->book->op[at++];

		switch (op->kind) {
		case OP_TEXT:
			text_add_bytes(r->out, op->at, op->len);
			break;
		case OP_SLOT:
			put_slot(r, r->bound[op->number]);
			break;
		case OP_ENTRY:
			put_entry(r, &r->book->entry[op->number]);
			break;
		case OP_BLOCK:
		case OP_ABSENCE:
			put_block(r, at - 1);
			at = op->next;
			break;
		}
	}
}

static bool
fill(struct rendering *r, const char *entry, const struct scope *scope)
{
	if (r->book->names > NAMES_MAX) {
		return false;
	}
	for (const struct slot *slot = scope->slot; slot != NULL;
	     slot = slot->next) {
		r->bound[slot->name] = slot;
	}
	put_entry(r, book_find(r->book, entry, strlen(entry)));
	return !r->wrong && !r->out->cut;
}

bool
book_render(const struct book *book, const char *entry,
    const struct scope *scope, struct text *out)
{
	struct rendering r = { .book = book, .out = out };

	return fill(&r, entry, scope);
}

bool
book_render_plain(const struct book *book, const char *entry,
    const struct scope *scope, struct text *out)
{
	struct rendering r = { .book = book, .out = out, .plain = true };

	return fill(&r, entry, scope);
}
