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
 * What stands in an object or a row comes in the order of the calls.  `name`
 * is NULL at the top and inside a list.  Texts are copied.
 */
#ifndef CTL_OUTPUT_H
#define CTL_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/json.h"
#include "ctl/screen.h"

enum {
	OUTPUT_DEPTH_MAX = 8,
	OUTPUT_TIME_SIZE = 64,
	OUTPUT_COUNT_SIZE = 64,
	OUTPUT_LIST_SIZE = 512 /* a list's words, where it is one cell */
};

enum output_format {
	OUTPUT_TEXT,
	OUTPUT_JSON,
	OUTPUT_CSV
};

enum output_kind {
	OUTPUT_OBJECT,
	OUTPUT_ROWS,
	OUTPUT_ROW,
	OUTPUT_LIST
};

struct output_level {
	enum output_kind kind;
	const char *name;            /* borrowed; NULL: has a position */
	const struct layout *layout; /* borrowed, or NULL */
	int64_t count;               /* values in it so far */
};

struct output {
	enum output_format format;
	struct json json;
	struct output_level level[OUTPUT_DEPTH_MAX];
	size_t depth;
	bool muted;  /* inside a table that this format does not show */
	bool failed; /* without memory */
	struct screen screen;
	char list[OUTPUT_LIST_SIZE];
};

void output_init(struct output *out, enum output_format format);
/* False where there was no memory for some of it. */
bool output_close(struct output *out);

/* ---- objects, tables, lists ---- */

/* `labels` says which members people read, as "label  value"; or NULL. */
void output_object(
    struct output *out, const char *name, const struct layout *labels);

/* `layout` may be NULL inside an object: people are not shown it. */
void output_table(
    struct output *out, const char *name, const struct layout *layout);
void output_row(struct output *out);

/* Values without names; one cell of a table, separated by blanks. */
void output_list(struct output *out, const char *name);

/* The end of what was begun last; gives back how many rows or values it had.
 * The end of a table writes the rows that wait. */
int64_t output_end(struct output *out);

/* ---- values ---- */

/* NULL: none. */
void output_string(struct output *out, const char *name, const char *value);
/* A text, of which the empty one is none. */
void output_text(struct output *out, const char *name, const char *value);
void output_net(struct output *out, const char *name, const struct net *net);
void output_addr(struct output *out, const char *name, const struct addr *addr);
void output_int(struct output *out, const char *name, int64_t value);
/* A number, of which 0 is none. */
void output_nonzero(struct output *out, const char *name, int64_t value);
/* Seconds since the epoch, of which 0 is none. */
void output_time(struct output *out, const char *name, int64_t at);
void output_duration(struct output *out, const char *name, int64_t seconds);
void output_bool(struct output *out, const char *name, bool value);
/* A part of POLICY_RATIO_ONE; people are not shown it. */
void output_ratio(struct output *out, const char *name, int64_t ratio);
void output_none(struct output *out, const char *name);

/* ---- in text only ---- */

enum output_shape {
	OUTPUT_CELL,
	OUTPUT_SENTENCE,
	OUTPUT_COMMAND,
	OUTPUT_LINE
};

void output_words(struct output *out, enum output_shape shape, const char *name,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* A cell, or a member with its label. */
#define output_cell(out, name, ...)                                            \
	output_words(out, OUTPUT_CELL, name, __VA_ARGS__)

/* A line, broken at blanks; what follows the first is indented by two more
 * than that.  A format that begins with "\n" has an empty line before it. */
#define output_say(out, ...)                                                   \
	output_words(out, OUTPUT_SENTENCE, NULL, __VA_ARGS__)

/* A line to copy: never broken, however long. */
#define output_command(out, ...)                                               \
	output_words(out, OUTPUT_COMMAND, NULL, __VA_ARGS__)

/* An empty line. */
#define output_gap(out) output_command(out, "%s", "")

/* A line behind a label, broken at blanks; what follows stands below its
 * text. */
#define output_line(out, label, ...)                                           \
	output_words(out, OUTPUT_LINE, label, __VA_ARGS__)

/* ---- on standard error, whatever the format ---- */

/* A line made safe, "videur: " before it. */
void output_complain(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* What is wrong with a file, a line "FILE:LINE:COLUMN: what" for each error,
 * made safe. */
void output_wrong(const char *what);

/* ---- pieces of sentences ---- */

/* "2026-11-21 19:05:42 CET": local time and its zone; returns `text`. */
char *output_time_text(int64_t at, char text[static OUTPUT_TIME_SIZE]);

/* "23h59m": the two largest units; returns `text`. */
char *output_short_duration(
    int64_t seconds, char text[static OUTPUT_TIME_SIZE]);

/* "1 ban", "2 bans", "0 bans"; returns `text`. */
char *output_count(int64_t count, const char *one, const char *many,
    char text[static OUTPUT_COUNT_SIZE]);

#endif
