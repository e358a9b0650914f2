/*
 * The one printer: a verb says each thing once, and it is shown as text for
 * people, as JSON or as CSV (RFC 4180).
 *
 * People read aligned text of 80 columns, local times, and nothing that came
 * from outside with a control character in it.  Programs read names, numbers,
 * times in UTC and durations in seconds; JSON nests as the calls do.  CSV has
 * a line for each row of a table; where the document is one object, a line
 * "name,value" for each of its values, the name with dots and positions where
 * JSON nests ("bans.0.ref").
 *
 * A record is any struct; a layout says which of its members are shown, and
 * how.  `name` is NULL at the top and inside a list.  Texts are copied.
 */
#ifndef CTL_OUTPUT_H
#define CTL_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/addr.h"
#include "core/kind.h"
#include "core/reply.h"

/* ---- what is shown of a record ---- */

enum {
	COLUMNS_MAX = 20 /* of one table */
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
	bool records; /* text: a line "label  value" for each value */
	bool lines;   /* JSON: an object a line instead of an array */
	bool stream;  /* text: each row at once, columns as wide as told */
	bool people;  /* text only */
	bool open;    /* for the one it is about; not in text */
};

/* ---- the one output ---- */

enum output_format {
	OUTPUT_TEXT,
	OUTPUT_JSON,
	OUTPUT_CSV
};

/* With `keep` nothing is written before output_close(). */
void output_init(enum output_format format, bool keep);
/* What was kept back is written or, without `show`, forgotten.  False where
 * there was no memory for some of it. */
bool output_close(bool show);

/* ---- objects, tables, lists ---- */

/* `layout` may be NULL: no record follows. */
void output_object(const char *name, const struct layout *layout);

/* `layout` may be NULL inside an object: people are not shown it. */
void output_table(const char *name, const struct layout *layout);
void output_row(void);

/* Values without names. */
void output_list(const char *name);

/* The end of what was begun last; gives back how many rows or values it had.
 * The end of a table writes the rows that wait. */
int64_t output_end(void);

/* ---- values ---- */

/* All of a record, into the row or object that is open. */
void output_fields(const void *record);

/* A row of the open table, of that record. */
void output_record(const void *record);

/* An object of its own in the open one. */
void output_member(
    const char *name, const struct layout *layout, const void *record);

/* Single values, which people are not shown.  NULL: none. */
void output_string(const char *name, const char *value);
void output_bool(const char *name, bool value);
/* What it is, enum column_flag says. */
void output_number(const char *name, unsigned flags, int64_t value);
#define output_int(name, value) output_number(name, 0, value)
#define output_time(name, at)   output_number(name, COLUMN_TIME, at)

/* ---- in text only ---- */

enum output_shape {
	OUTPUT_SENTENCE,
	OUTPUT_COMMAND,
	OUTPUT_LINE
};

void output_words(enum output_shape shape, const char *label,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A line, broken at blanks; what follows the first is indented by two more
 * than that.  A format that begins with "\n" has an empty line before it. */
#define output_say(...) output_words(OUTPUT_SENTENCE, NULL, __VA_ARGS__)

/* A line to copy: never broken, however long. */
#define output_command(...) output_words(OUTPUT_COMMAND, NULL, __VA_ARGS__)

/* Forget what was kept back so far. */
void output_restart(void);

/* An empty line. */
#define output_gap() output_command("%s", "")

/* A line behind a label, broken at blanks; what follows stands below its
 * text. */
#define output_line(label, ...) output_words(OUTPUT_LINE, label, __VA_ARGS__)

/* ---- on standard error, whatever the format ---- */

/* A line made safe, "videur: " before it. */
void output_complain(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* What is wrong with a file, a line "FILE:LINE:COLUMN: what" for each error,
 * made safe. */
void output_wrong(const char *what);

/* ---- pieces of sentences and cells ---- */

/* Each stays until some fifty others were made. */
const char *piece(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
const char *piece_addr(const struct addr *addr);
const char *piece_net(const struct net *net);
/* "2026-11-21 19:05:42 CET": local time and its zone. */
const char *piece_time(int64_t at);
/* "23 h 59 min", and "23h59m": the two largest units. */
const char *piece_duration(int64_t seconds);
const char *piece_short(int64_t seconds);
/* "1 ban", "2 bans", "0 bans". */
const char *piece_count(int64_t count, const char *one, const char *many);

#endif
