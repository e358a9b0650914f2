#include "web/book_read.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "web/template.h"

/* ---- errors ---- */

static int
line_of(const struct book_source *source, const char *at)
{
	int line = 1;

	for (const char *c = source->text; c < at && line < INT_MAX; c++) {
		line += *c == '\n';
	}
	return line;
}

/* Refuse; `name` may be NULL. */
bool
book_refuse(
    struct reading *r, int line, const char *what, const struct span *name)
{
	struct text out;

	r->error->source = r->source;
	text_init(&out, r->error->what, sizeof(r->error->what));
	text_addf(&out, "%s:%d: %s", r->sources[r->source].shown, line, what);
	if (name != NULL) {
		text_add(&out, " \"");
		text_add_bytes(&out, name->at, (size_t)(name->end - name->at));
		text_add(&out, "\"");
	}
	return false;
}

bool
book_refuse_at(struct reading *r, const char *at, const char *what,
    const struct span *name)
{
	return book_refuse(r, line_of(&r->sources[r->source], at), what, name);
}

/* ---- spans ---- */

size_t
span_length(struct span span)
{
	return (size_t)(span.end - span.at);
}

const char *
span_find(struct span span, const char *word)
{
	const char *at = memmem(span.at, span_length(span), word, strlen(word));

	return at != NULL ? at : span.end;
}

/* ---- operations ---- */

static const char *
skip_newline(struct span span)
{
	return span.at < span.end && *span.at == '\n' ? span.at + 1 : span.at;
}

/* One more operation; NULL where there is no memory. */
static struct op *
add_op(struct reading *r)
{
	struct book *book = r->book;

	if (book->ops == book->op_room) {
		size_t room = book->op_room * 2 + 256;
		struct op *op = reallocarray(book->op, room, sizeof(*book->op));

		if (op == NULL) {
			(void)book_refuse(r, 0, "out of memory", NULL);
			return NULL;
		}
		book->op = op;
		book->op_room = room;
	}
	book->op[book->ops] = (struct op){ 0 };
	return &book->op[book->ops++];
}

static bool
add_text(struct reading *r, struct span text)
{
	struct op *op;

	if (text.at == text.end) {
		return true;
	}
	op = add_op(r);
	if (op == NULL) {
		return false;
	}
	op->kind = OP_TEXT;
	op->at = text.at;
	op->len = span_length(text);
	return true;
}

static bool
add_hole(struct reading *r, enum op_kind kind, struct span name)
{
	struct op *op = add_op(r);

	if (op == NULL) {
		return false;
	}
	op->kind = kind;
	op->at = name.at;
	op->len = span_length(name);
	op->line = line_of(&r->sources[r->source], name.at);
	return true;
}

static bool
open_block(struct reading *r, enum op_kind kind, struct span name)
{
	if (r->opened == BOOK_DEPTH_MAX) {
		return book_refuse_at(
		    r, name.at, "too many blocks within", &name);
	}
	r->open[r->opened++] = r->book->ops;
	return add_hole(r, kind, name);
}

static bool
close_block(struct reading *r, struct span name)
{
	struct op *op;

	if (r->opened == 0) {
		return book_refuse_at(
		    r, name.at, "no block is open for", &name);
	}
	op = &r->book->op[r->open[--r->opened]];
	if (op->len != span_length(name) ||
	    memcmp(op->at, name.at, op->len) != 0) {
		return book_refuse_at(
		    r, name.at, "another block is open than", &name);
	}
	op->next = r->book->ops;
	return true;
}

/* Read what one hole stands for; `rest` is what follows it, and loses the
 * newline that belongs to a block. */
static bool
read_hole(struct reading *r, struct span hole, struct span *rest)
{
	struct span name = hole;
	char sign = '\0';

	if (hole.at < hole.end) {
		sign = *hole.at;
	}
	if (sign == '!') {
		return true;
	}
	if (sign == '#' || sign == '^' || sign == '/') {
		name.at++;
		rest->at = skip_newline(*rest);
	}
	if (name.at == name.end) {
		return book_refuse_at(
		    r, hole.at, "a hole without a name", NULL);
	}
	if (sign == '/') {
		return close_block(r, name);
	}
	if (sign == '#' || sign == '^') {
		return open_block(r, sign == '#' ? OP_BLOCK : OP_ABSENCE, name);
	}
	return add_hole(r, OP_SLOT, name);
}

bool
book_read_ops(struct reading *r, struct span text)
{
	r->opened = 0;
	while (text.at < text.end) {
		const char *open = span_find(text, "{{");
		struct span hole = { open, text.end };

		if (!add_text(r, (struct span){ text.at, open })) {
			return false;
		}
		if (open == text.end) {
			break;
		}
		hole.at += 2;
		hole.end = span_find(hole, "}}");
		if (hole.end == text.end) {
			return book_refuse_at(
			    r, open, "a hole is never closed", NULL);
		}
		text.at = hole.end + 2;
		if (!read_hole(r, hole, &text)) {
			return false;
		}
	}
	if (r->opened > 0) {
		const struct op *op = &r->book->op[r->open[r->opened - 1]];

		return book_refuse(r, op->line, "a block is never closed:",
		    &(struct span){ op->at, op->at + op->len });
	}
	return true;
}
