/*
 * Texts that are always written one after the other become one: most of a page
 * is phrases in the tags of a template.
 */
#include <stdlib.h>

#include "base/text.h"
#include "web/template_parts.h"

/* How far the texts go on that begin at `at`: to the end of their entry, of the
 * block they stand in, or to what is no text.  `end` says where blocks end. */
static size_t
behind_texts(
    const struct templates *templates, const bool *end, size_t at, size_t until)
{
	do {
		at++;
	} while (at < until && !end[at] && templates->op[at].kind == OP_TEXT);
	return at;
}

/* Put the texts of these operations together.  Each of them then says all that
 * follows as well, so that it does not matter at which one begins. */
static void
join_texts(
    struct templates *templates, size_t from, size_t until, struct text *joined)
{
	const size_t begun = joined->len;
	size_t at = begun;

	for (size_t i = from; i < until; i++) {
		text_add_bytes(joined, templates->op[i].text.at,
		    span_length(templates->op[i].text));
	}
	for (size_t i = from; i < until; i++) {
		struct op *op = &templates->op[i];
		const size_t len = span_length(op->text);

		op->text = (struct span){ joined->buf + at,
			joined->buf + joined->len };
		op->until = (uint32_t)until;
		at += len;
	}
}

bool
template_join(struct templates *templates)
{
	bool *end = calloc(templates->ops + 1, sizeof(*end));
	struct text joined;
	size_t size = 1;

	for (size_t i = 0; i < templates->ops; i++) {
		size += templates->op[i].kind == OP_TEXT
			    ? span_length(templates->op[i].text)
			    : 0;
	}
	templates->joined = malloc(size);
	if (end == NULL || templates->joined == NULL) {
		free(end);
		return false;
	}
	text_init(&joined, templates->joined, size);
	for (size_t i = 0; i < templates->ops; i++) {
		if (templates->op[i].kind != OP_TEXT) {
			end[templates->op[i].until] = true;
		}
	}
	for (size_t i = 0; i < templates->entries; i++) {
		const struct entry *entry = &templates->entry[i];
		size_t next;

		for (size_t at = entry->from; at < entry->until; at = next) {
			next = at + 1;
			if (templates->op[at].kind == OP_TEXT) {
				next = behind_texts(
				    templates, end, at, entry->until);
				join_texts(templates, at, next, &joined);
			}
		}
	}
	free(end);
	return true;
}
