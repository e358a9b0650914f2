/*
 * What is shown of a record, which is any struct: its members by name, type
 * and place, and how they stand in text, JSON and CSV.
 */
#ifndef CTL_LAYOUT_H
#define CTL_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "core/kind.h"
#include "core/reply.h"

enum {
	COLUMNS_MAX = 24 /* of one table */
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
#define OF(record, member)                                                     \
	_Generic(((struct record *){ 0 })->member,                                    \
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
	    offsetof(struct record, member)

enum column_flag {
	COLUMN_RIGHT = 1 << 0,  /* numbers: aligned to the right */
	COLUMN_PEOPLE = 1 << 1, /* shown in text only */
	/* The last column: long text, broken at blanks.  It stands beside the
	 * others where there is room for it, else below them. */
	COLUMN_WRAP = 1 << 2,
	COLUMN_SECRET = 1 << 3, /* not for the one it is about */
	/* What a number is: seconds since the epoch, 0 being none; a part of
	 * POLICY_RATIO_ONE. */
	COLUMN_TIME = 1 << 4,
	COLUMN_RATIO = 1 << 5,
	COLUMN_OPTIONAL = 1 << 6, /* 0 or an empty text is none */
	COLUMN_LIST = 1 << 7,     /* a text of words: JSON has an array */
	COLUMN_BARE = 1 << 8,     /* a text that JSON does not quote */
	COLUMN_WIDTH = 1 << 9     /* times so many columns, at least */
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
	bool records;  /* text: a line "label  value" for each value */
	bool lines;    /* JSON: an object a line instead of an array */
	bool stream;   /* text: each row at once, columns as wide as told */
	bool people;   /* text only */
	bool programs; /* not in text */
	bool open;     /* for the one it is about; not in text */
};

#endif
