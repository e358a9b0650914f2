#include "web/book_read.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "web/template.h"

/* FNV-1a. */
static size_t
hash_of(const char *name, size_t len)
{
	uint32_t hash = UINT32_C(2166136261);

	for (size_t i = 0; i < len; i++) {
		hash ^= (unsigned char)name[i];
		hash *= UINT32_C(16777619);
	}
	return hash;
}

bool
book_is_named(const struct entry *entry, const char *name, size_t len)
{
	return entry->len == len && memcmp(entry->name, name, len) == 0;
}

/* Where in the index the entry of that name is, or would be. */
static unsigned short *
place_of(const struct book *book, const char *name, size_t len)
{
	size_t at = hash_of(name, len) & book->index_mask;

	while (book->index[at] != 0 &&
	       !book_is_named(&book->entry[book->index[at] - 1], name, len)) {
		at = (at + 1) & book->index_mask;
	}
	return &book->index[at];
}

/* At most half full, so that a name is found soon. */
static bool
make_index(struct reading *r)
{
	struct book *book = r->book;
	size_t room = 2;

	while (room < 2 * book->entries) {
		room *= 2;
	}
	book->index = book->entries < USHRT_MAX
			  ? calloc(room, sizeof(*book->index))
			  : NULL;
	if (book->index == NULL) {
		return book_refuse(r, 0, "out of memory", NULL);
	}
	book->index_mask = room - 1;
	for (size_t i = 0; i < book->entries; i++) {
		const struct entry *entry = &book->entry[i];

		*place_of(
		    book, entry->name, entry->len) = (unsigned short)(i + 1);
	}
	return true;
}

const struct entry *
book_find(const struct book *book, const char *name, size_t len)
{
	const unsigned short place = *place_of(book, name, len);

	return place > 0 ? &book->entry[place - 1] : NULL;
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
	return make_index(r) && resolve_all(r) && find_rings(r);
}
