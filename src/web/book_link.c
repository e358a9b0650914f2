#include "web/book_read.h"

#include <stdlib.h>
#include <string.h>

#include "web/template.h"

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
		return book_refuse(r, op->line, "unknown name", &name);
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
		return book_refuse_at(r,
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

bool
book_link(struct reading *r)
{
	if (r->book->entries > 0) {
		qsort(r->book->entry, r->book->entries, sizeof(struct entry),
		    compare);
	}
	return resolve_all(r) && find_rings(r);
}
