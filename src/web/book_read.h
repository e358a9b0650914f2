/*
 * How a book is read: sources into entries (book.c), their text into
 * operations (book_ops.c), names into what they mean (book_link.c), and all of
 * it into fewer operations (book_fold.c).
 */
#ifndef WEB_BOOK_READ_H
#define WEB_BOOK_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "web/book.h"

struct book_error;
struct book_source;

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

/* What follows gives back false, or NULL, where the book is refused; then the
 * error is set. */

/* Refuse the source at a line, or where `at` points; `name` may be NULL. */
bool book_refuse(
    struct reading *r, int line, const char *what, const struct span *name);
bool book_refuse_at(struct reading *r, const char *at, const char *what,
    const struct span *name);

/* Where the word begins in the span; its end where it does not occur. */
const char *span_find(struct span span, const char *word);
size_t span_length(struct span span);

/* Read a template into operations behind those there are. */
bool book_read_ops(struct reading *r, struct span text);

bool book_is_named(const struct entry *entry, const char *name, size_t len);

/* Make the index of all entries, find out what the names in them mean, and
 * that none leads back to itself. */
bool book_link(struct reading *r);

/*
 * Of what is the same for every reader, make texts as long as can be: entries
 * that are text alone are put where they are named, and texts that follow each
 * other joined (book_fold.c).  An answer then writes a fifth fewer
 * texts.  For a book without fault; without memory it stays as it was.
 */
void book_fold(struct book *book);

#endif
