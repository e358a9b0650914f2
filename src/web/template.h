/*
 * Templates: text with holes, read once and filled often.
 *
 *   {{name}}               the slot's text, escaped for HTML; a slot may
 *                          instead name a phrase or write its own markup, and
 *                          a name that is no slot is a phrase or a template
 *   {{#name}}...{{/name}}  once for each scope of the slot's list; of a slot
 *                          with anything else, once unless it is empty
 *   {{^name}}...{{/name}}  once where {{#name}} would write nothing
 *   {{! remark }}          nothing
 *
 * A newline straight after a block's opening or closing is not written, so
 * that those may stand in lines of their own.
 *
 * A phrase is a line "name = text" of a phrase file, continued by lines that
 * begin with a blank; it is a template too and sees the same slots.  Templates
 * and phrases are ours and may hold markup; only slots carry what others
 * wrote.
 */
#ifndef WEB_TEMPLATE_H
#define WEB_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

struct text;

/* ---- what the holes are filled with ---- */

/* One name and what stands for it: one of the four, or nothing.  All
 * borrowed. */
struct slot {
	size_t name; /* its place among the names of the book */
	const char *text;
	const char *phrase;                                /* a phrase's name */
	struct scope *list;                                /* its first scope */
	void (*write)(const void *what, struct text *out); /* markup */
	const void *what;
	struct slot *next; /* of the scope */
};

/* Slots that are set together.  Those of an inner scope hide those around it;
 * a name that no scope has is empty. */
struct scope {
	struct slot *slot;  /* the first, or NULL */
	struct scope *next; /* of the list */
};

/* ---- a book: templates and phrases of one language ---- */

struct book;

/* Where entries come from.  The text stays the caller's, as long as the book
 * lives. */
struct book_source {
	const char *name;  /* of the template */
	const char *shown; /* what errors call the file */
	const char *text;
	size_t size;
	bool phrases; /* the file holds phrases, else it is one template */
};

enum {
	BOOK_ERROR_SIZE = 512
};

/* What is wrong, "FILE:LINE: what", and in which source. */
struct book_error {
	size_t source;
	char what[BOOK_ERROR_SIZE];
};

/*
 * Read all sources; of two entries of one name the later wins.  `names` are
 * those of slots and borrowed.  NULL, with `error` set, where a name is
 * unknown, a block open, or templates name each other in a ring, and where
 * there is no memory.
 */
struct book *book_new(const struct book_source *sources, size_t count,
    const char *const *names, size_t name_count, struct book_error *error);
void book_free(struct book *book);

/* Add the entry of that name to `out`, filled; `plain` without escaping, for
 * what is no HTML.  False where it did not fit or a slot names a phrase that
 * is not there; what is in `out` then is not to be shown.  Any thread may
 * ask. */
bool book_render(const struct book *book, const char *entry,
    const struct scope *scope, struct text *out);
bool book_render_plain(const struct book *book, const char *entry,
    const struct scope *scope, struct text *out);

/* Add text with &, <, >, " and ' as character references and control
 * characters as '?'. */
void template_escape(struct text *out, const char *text);
void template_escape_bytes(struct text *out, const char *bytes, size_t len);

#endif
