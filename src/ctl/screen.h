/*
 * Lines for people: safe text, broken at blanks; and the rows of a table,
 * aligned in 80 columns.
 *
 * Columns are as wide as what stands in the first rows, which are kept until
 * there are some hundred or no more come; later ones are written as they
 * come, so that no number of rows has to be held in memory.
 */
#ifndef CTL_SCREEN_H
#define CTL_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum {
	COLUMNS_MAX = 20,  /* of one table */
	SCREEN_BATCH = 200 /* rows that columns are measured by */
};

/* What a member of a record is. */
enum column_type {
	COLUMN_BOOL,
	COLUMN_INT,
	COLUMN_INT64,
	COLUMN_CHARS,
	COLUMN_STRING,
	COLUMN_NET,
	COLUMN_ADDR,
	COLUMN_KIND,
	COLUMN_REASON,
	COLUMN_STAGE,
	COLUMN_SERVICE,
	COLUMN_REPLY /* its words alone */
};

/* Type and place of a member of a struct, for `type` and `at`. */
#define COLUMN_OF(record, member)                                              \
	_Generic(((record *){ 0 })->member,                                    \
	    bool: COLUMN_BOOL,                                                 \
	    int: COLUMN_INT,                                                   \
	    int64_t: COLUMN_INT64,                                             \
	    char *: COLUMN_CHARS,                                              \
	    const char *: COLUMN_STRING,                                       \
	    struct net: COLUMN_NET,                                            \
	    struct addr: COLUMN_ADDR,                                          \
	    enum kind: COLUMN_KIND,                                            \
	    enum reason: COLUMN_REASON,                                        \
	    enum stage: COLUMN_STAGE,                                          \
	    enum service: COLUMN_SERVICE,                                      \
	    struct reply: COLUMN_REPLY),                                       \
	    offsetof(record, member)

enum column_flag {
	COLUMN_RIGHT = 1 << 0,  /* numbers: aligned to the right */
	COLUMN_PEOPLE = 1 << 1, /* shown in text only */
	/* The last column: long text, broken at blanks.  It stands beside the
	 * others where there is room for it, else below them. */
	COLUMN_WRAP = 1 << 2,
	COLUMN_SECRET = 1 << 3, /* not for the one it is about */
	/* What a number is: seconds since the epoch, 0 being none; seconds; a
	 * part of POLICY_RATIO_ONE. */
	COLUMN_TIME = 1 << 4,
	COLUMN_DURATION = 1 << 5,
	COLUMN_RATIO = 1 << 6,
	COLUMN_OPTIONAL = 1 << 7, /* 0 or an empty text is none */
	COLUMN_LIST = 1 << 8,     /* a text of words: JSON has an array */
	COLUMN_BARE = 1 << 9,     /* a text that JSON does not quote */
	COLUMN_WIDTH = 1 << 10    /* times so many columns, at least */
};

struct column {
	const char *name; /* in JSON and CSV */
	enum column_type type;
	size_t at;
	const char *head; /* heading or label in text; NULL: not shown there */
	unsigned flags;   /* column_flag */
};

/* What the rows of a table, or the members of an object, are. */
struct layout {
	struct column column[COLUMNS_MAX + 1]; /* name NULL ends */
	const char *shown; /* " begins ends ": text has these; NULL: all */
	size_t indent;
	bool records; /* text: a line "label  value" for each value */
	bool lines;   /* JSON: an object a line instead of an array */
	bool stream;  /* text: each row at once, columns as wide as told */
	bool people;  /* text only */
	bool open;    /* for the one it is about; not in text */
};

/* Whether people are shown it. */
bool screen_shows(const struct layout *layout, const struct column *column);

/* Write bytes, every one that is nothing to print as '?'. */
void screen_safe(FILE *to, const char *text, size_t len);

/* Write a text from column `at` on, broken at blanks, later lines from
 * `indent` on, and the line's end. */
void screen_wrapped(FILE *to, const char *text, size_t at, size_t indent);

/* All zero before the first table; `buf` is to be freed behind the last. */
struct screen {
	FILE *to;                    /* borrowed */
	const struct layout *layout; /* borrowed */
	char *buf;                   /* of all cells */
	size_t len;
	size_t room;
	/* Where in `buf` a cell is, from 1; 0: it is empty. */
	size_t cell[SCREEN_BATCH][COLUMNS_MAX];
	size_t rows;
	size_t width[COLUMNS_MAX];
	size_t total;  /* of all columns but one that wraps */
	bool below;    /* the one that wraps stands below */
	bool measured; /* the heading is written */
	bool failed;   /* without memory */
};

/* Start a table, of `layout` until the next. */
void screen_begin(struct screen *screen, const struct layout *layout);

/* Keep a cell of the row that is being filled. */
void screen_cell(struct screen *screen, size_t column, const char *text);

/* The row is whole. */
void screen_row(struct screen *screen);

/* Write the rows that wait. */
void screen_flush(struct screen *screen);

#endif
