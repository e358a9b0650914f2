#include "web/book_read.h"

#include <stdlib.h>
#include <string.h>

#include "web/template.h"

/* ---- entries ---- */

/* The entry of that name, a new one where there is none yet; NULL where there
 * is no memory. */
static struct entry *
have_entry(struct reading *r, struct span name)
{
	struct book *book = r->book;

	for (size_t i = 0; i < book->entries; i++) {
		if (book_is_named(
			&book->entry[i], name.at, span_length(name))) {
			return &book->entry[i];
		}
	}
	if (book->entries == book->entry_room) {
		size_t room = book->entry_room * 2 + 64;
		struct entry *entry = reallocarray(
		    book->entry, room, sizeof(*book->entry));

		if (entry == NULL) {
			(void)book_refuse(r, 0, "out of memory", NULL);
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
		.len = span_length(name),
		.source = r->source,
		.from = r->book->ops };
	if (!book_read_ops(r, text)) {
		return false;
	}
	entry->until = r->book->ops;
	return true;
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

/* Take the next line and those that continue it. */
static struct span
next_lines(struct span *file)
{
	struct span lines = { file->at, file->at };

	do {
		lines.end = span_find(
		    (struct span){ lines.end, file->end }, "\n");
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
		name.end = span_find(lines, " = ");
		if (name.end == lines.end || name.end == name.at ||
		    memchr(name.at, '\n', span_length(name)) != NULL) {
			return book_refuse_at(
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
		return book_refuse(r, 1, "not a text", NULL);
	}
	if (source->phrases) {
		return read_phrases(r, text);
	}
	return add_entry(r,
	    (struct span){ source->name, source->name + strlen(source->name) },
	    text);
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
	return book_link(r);
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
	book_fold(book);
	return book;
}

void
book_free(struct book *book)
{
	if (book != NULL) {
		free(book->op);
		free(book->entry);
		free(book->index);
		free(book->joined);
		free(book);
	}
}
