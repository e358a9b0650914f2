/*
 * Entries by their names: a page asks for some dozens.
 */
#include <stdlib.h>

#include "web/template_parts.h"

static int
by_name(const void *left, const void *right)
{
	const struct entry *a = left;
	const struct entry *b = right;
	const int names = span_compare(a->name, b->name);

	return names != 0 ? names : (int)a->form - (int)b->form;
}

/* FNV-1a: the names are ours. */
static uint32_t
hash_on(uint32_t hash, struct span bytes)
{
	for (; bytes.at < bytes.end; bytes.at++) {
		hash = (hash ^ (unsigned char)*bytes.at) * 16777619U;
	}
	return hash;
}

static bool
is_both(struct span name, struct span begin, struct span rest)
{
	const size_t len = span_length(begin);

	return span_length(name) == len + span_length(rest) &&
	       memcmp(name.at, begin.at, len) == 0 &&
	       memcmp(name.at + len, rest.at, span_length(rest)) == 0;
}

/* Where the name of these two stands, or is to be put. */
static size_t
slot_of(const struct templates *templates, struct span begin, struct span rest)
{
	size_t at = hash_on(hash_on(2166136261U, begin), rest);

	for (at &= templates->slots - 1;
	     templates->slot[at] != 0 &&
	     !is_both(templates->entry[templates->slot[at] - 1].name, begin,
		 rest);) {
		at = (at + 1) & (templates->slots - 1);
	}
	return at;
}

bool
template_index(struct templates *templates)
{
	qsort(templates->entry, templates->entries, sizeof(*templates->entry),
	    by_name);
	templates->slots = 64;
	while (templates->slots < 2 * templates->entries) {
		templates->slots *= 2;
	}
	templates->slot = calloc(templates->slots, sizeof(*templates->slot));
	if (templates->slot == NULL) {
		return false;
	}
	for (size_t i = templates->entries; i-- > 0;) {
		struct entry *entry = &templates->entry[i];
		const bool last = i + 1 == templates->entries ||
				  span_compare(entry->name, entry[1].name) != 0;

		entry->forms = last ? 1 : entry[1].forms + 1;
		templates->mixed |= entry->fallback;
		/* Of several forms the first comes last. */
		templates->slot[slot_of(
		    templates, entry->name, NO_SPAN)] = (uint32_t)i + 1;
	}
	return true;
}

struct entry *
template_entry(
    const struct templates *templates, struct span begin, struct span rest)
{
	const uint32_t found = templates->slot[slot_of(templates, begin, rest)];

	return found != 0 ? &templates->entry[found - 1] : NULL;
}
