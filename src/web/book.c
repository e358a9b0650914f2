#include "web/book.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "web/template.h"

/* A run of bytes of a source. */
struct span {
	const char *at;
	const char *end;
};

struct reading {
	struct book *book;
	const struct book_source *sources;
	struct book_error *error;
	size_t source;
	size_t open[BOOK_DEPTH_MAX]; /* blocks that wait for their closing */
	size_t opened;
};

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
static bool
refuse(struct reading *r, int line, const char *what, const struct span *name)
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

static bool
refuse_at(struct reading *r, const char *at, const char *what,
    const struct span *name)
{
	return refuse(r, line_of(&r->sources[r->source], at), what, name);
}

/* ---- spans ---- */

static size_t
length(struct span span)
{
	return (size_t)(span.end - span.at);
}

static struct span
trim(struct span span)
{
	while (span.at < span.end && strchr(" \t\n", span.at[0]) != NULL) {
		span.at++;
	}
	while (span.at < span.end && strchr(" \t\n", span.end[-1]) != NULL) {
		span.end--;
	}
	return span;
}

static const char *
find(struct span span, const char *word)
{
	const char *at = memmem(span.at, length(span), word, strlen(word));

	return at != NULL ? at : span.end;
}

static const char *
skip_newline(struct span span)
{
	return span.at < span.end && *span.at == '\n' ? span.at + 1 : span.at;
}

/* ---- operations ---- */

/* One more operation; NULL where there is no memory. */
static struct op *
add_op(struct reading *r)
{
	struct book *book = r->book;

	if (book->ops == book->op_room) {
		size_t room = book->op_room * 2 + 256;
		struct op *op = reallocarray(book->op, room, sizeof(*book->op));

		if (op == NULL) {
			(void)refuse(r, 0, "out of memory", NULL);
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
	op->len = length(text);
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
	op->len = length(name);
	op->line = line_of(&r->sources[r->source], name.at);
	return true;
}

static bool
open_block(struct reading *r, enum op_kind kind, struct span name)
{
	if (r->opened == BOOK_DEPTH_MAX) {
		return refuse_at(r, name.at, "too many blocks within", &name);
	}
	r->open[r->opened++] = r->book->ops;
	return add_hole(r, kind, name);
}

static bool
close_block(struct reading *r, struct span name)
{
	struct op *op;

	if (r->opened == 0) {
		return refuse_at(r, name.at, "no block is open for", &name);
	}
	op = &r->book->op[r->open[--r->opened]];
	if (op->len != length(name) || memcmp(op->at, name.at, op->len) != 0) {
		return refuse_at(
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
		return refuse_at(r, hole.at, "a hole without a name", NULL);
	}
	if (sign == '/') {
		return close_block(r, name);
	}
	if (sign == '#' || sign == '^') {
		return open_block(r, sign == '#' ? OP_BLOCK : OP_ABSENCE, name);
	}
	return add_hole(r, OP_SLOT, name);
}

/* Read a template into operations. */
static bool
read_ops(struct reading *r, struct span text)
{
	r->opened = 0;
	while (text.at < text.end) {
		const char *open = find(text, "{{");
		struct span hole = { open, text.end };

		if (!add_text(r, (struct span){ text.at, open })) {
			return false;
		}
		if (open == text.end) {
			break;
		}
		hole.at += 2;
		hole.end = find(hole, "}}");
		if (hole.end == text.end) {
			return refuse_at(
			    r, open, "a hole is never closed", NULL);
		}
		text.at = hole.end + 2;
		if (!read_hole(r, hole, &text)) {
			return false;
		}
	}
	if (r->opened > 0) {
		const struct op *op = &r->book->op[r->open[r->opened - 1]];

		return refuse(r, op->line, "a block is never closed:",
		    &(struct span){ op->at, op->at + op->len });
	}
	return true;
}

/* ---- entries ---- */

static bool
is_named(const struct entry *entry, const char *name, size_t len)
{
	return entry->len == len && memcmp(entry->name, name, len) == 0;
}

/* The entry of that name, a new one where there is none yet; NULL where there
 * is no memory. */
static struct entry *
have_entry(struct reading *r, struct span name)
{
	struct book *book = r->book;

	for (size_t i = 0; i < book->entries; i++) {
		if (is_named(&book->entry[i], name.at, length(name))) {
			return &book->entry[i];
		}
	}
	if (book->entries == book->entry_room) {
		size_t room = book->entry_room * 2 + 64;
		struct entry *entry = reallocarray(
		    book->entry, room, sizeof(*book->entry));

		if (entry == NULL) {
			(void)refuse(r, 0, "out of memory", NULL);
			return NULL;
		}
		book->entry = entry;
		book->entry_room = room;
	}
	return &book->entry[book->entries++];
}

static bool
add_entry(struct reading *r, struct span name, struct span text)
{
	struct entry *entry = have_entry(r, name);

	if (entry == NULL) {
		return false;
	}
	*entry = (struct entry){ .name = name.at,
		.len = length(name),
		.source = r->source,
		.from = r->book->ops };
	if (!read_ops(r, text)) {
		return false;
	}
	entry->until = r->book->ops;
	return true;
}

/* Take the next line and those that continue it. */
static struct span
next_lines(struct span *file)
{
	struct span lines = { file->at, file->at };

	do {
		lines.end = find((struct span){ lines.end, file->end }, "\n");
		lines.end += lines.end < file->end;
	} while (
	    lines.end < file->end && (*lines.end == ' ' || *lines.end == '\t'));
	file->at = lines.end;
	return lines;
}

static bool
read_phrases(struct reading *r, struct span file)
{
	while (file.at < file.end) {
		struct span lines = next_lines(&file);
		struct span name = lines;

		if (*lines.at == '#' || trim(lines).at == lines.end) {
			continue;
		}
		name.end = find(lines, " = ");
		if (name.end == lines.end || name.end == name.at ||
		    memchr(name.at, '\n', length(name)) != NULL) {
			return refuse_at(
			    r, lines.at, "not of the form NAME = TEXT", NULL);
		}
		lines.at = name.end + 3;
		if (!add_entry(r, name, trim(lines))) {
			return false;
		}
	}
	return true;
}

static bool
read_source(struct reading *r)
{
	const struct book_source *source = &r->sources[r->source];
	const struct span text = { source->text, source->text + source->size };

	if (memchr(source->text, '\0', source->size) != NULL) {
		return refuse(r, 1, "not a text", NULL);
	}
	if (source->phrases) {
		return read_phrases(r, text);
	}
	return add_entry(r,
	    (struct span){ source->name, source->name + strlen(source->name) },
	    text);
}

/* ---- names ---- */

static int
compare(const void *left, const void *right)
{
	const struct entry *a = left;
	const struct entry *b = right;
	int order = memcmp(a->name, b->name, a->len < b->len ? a->len : b->len);

	return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

const struct entry *
book_find(const struct book *book, const char *name, size_t len)
{
	const struct entry key = { .name = name, .len = len };

	return book->entries == 0 ? NULL
				  : bsearch(&key, book->entry, book->entries,
					sizeof(key), compare);
}

/* Find out what a hole's name means. */
static bool
resolve(struct reading *r, struct op *op)
{
	const struct span name = { op->at, op->at + op->len };
	const struct entry *entry;

	for (size_t i = 0; i < r->book->names; i++) {
		if (strlen(r->book->name[i]) == op->len &&
		    memcmp(r->book->name[i], op->at, op->len) == 0) {
			op->number = i;
			return true;
		}
	}
	entry = book_find(r->book, op->at, op->len);
	if (entry == NULL || op->kind != OP_SLOT) {
		return refuse(r, op->line, "unknown name", &name);
	}
	op->kind = OP_ENTRY;
	op->number = (size_t)(entry - r->book->entry);
	return true;
}

static bool
resolve_all(struct reading *r)
{
	struct op *op = r->book->op;

	for (size_t i = 0; op != NULL && i < r->book->entries; i++) {
		const struct entry *entry = &r->book->entry[i];

		r->source = entry->source;
		for (size_t n = entry->from; n < entry->until; n++) {
			if (op[n].kind != OP_TEXT && !resolve(r, &op[n])) {
				return false;
			}
		}
	}
	return true;
}

/* Whether an entry leads back to itself, or too deep. */
static bool
visit(struct reading *r, /* NOLINT(misc-no-recursion): depth is bounded */
    struct entry *entry, int depth)
{
	const struct span name = { entry->name, entry->name + entry->len };
	const struct op *op = r->book->op;

	if (entry->visited == 2) {
		return true;
	}
	r->source = entry->source;
	if (entry->visited == 1 || depth == BOOK_DEPTH_MAX) {
		return refuse_at(r,
		    r->sources[r->source].phrases ? entry->name
						  : r->sources[r->source].text,
		    "leads back to itself:", &name);
	}
	entry->visited = 1;
	for (size_t n = entry->from; op != NULL && n < entry->until; n++) {
		if (op[n].kind == OP_ENTRY &&
		    !visit(r, &r->book->entry[op[n].number], depth + 1)) {
			return false;
		}
	}
	entry->visited = 2;
	return true;
}

static bool
find_rings(struct reading *r)
{
	for (size_t i = 0; i < r->book->entries; i++) {
		if (!visit(r, &r->book->entry[i], 0)) {
			return false;
		}
	}
	return true;
}

/* ---- the whole ---- */

static bool
read_all(struct reading *r, size_t count)
{
	for (r->source = 0; r->source < count; r->source++) {
		if (!read_source(r)) {
			return false;
		}
	}
	if (r->book->entries > 0) {
		qsort(r->book->entry, r->book->entries, sizeof(struct entry),
		    compare);
	}
	return resolve_all(r) && find_rings(r);
}

struct book *
book_new(const struct book_source *sources, size_t count,
    const char *const *names, size_t name_count, struct book_error *error)
{
	struct book *book = calloc(1, sizeof(*book));
	struct reading r = { .book = book, .sources = sources, .error = error };

	*error = (struct book_error){ .what = "out of memory" };
	if (book == NULL) {
		return NULL;
	}
	book->name = names;
	book->names = name_count;
	if (!read_all(&r, count)) {
		book_free(book);
		return NULL;
	}
	return book;
}

void
book_free(struct book *book)
{
	if (book != NULL) {
		free(book->op);
		free(book->entry);
		free(book);
	}
}
