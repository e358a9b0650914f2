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
#include <stdint.h>

#include "ctl/layout.h"
#include "ctl/piece.h"

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
/* Instead: draw what was kept back over what stands on the terminal, as many of
 * its lines as the terminal has. */
bool output_draw(size_t lines);

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
/* The same, and where it had none people are told so. */
void output_end_or(const char *none);

/* ---- values ---- */

/* Whether the open row or object shows that member of its records: what is
 * costly to find out need not be where it does not. */
bool output_shows(const char *name);

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

/* A place in what is kept back; forget what was written from there on. */
long output_here(void);
void output_restart(long here);

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

#endif
