/*
 * Lines for people: safe text, broken at blanks; and the rows of a table,
 * aligned in 80 columns.  For output.c alone.
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

struct column;
struct layout;

/* Where all goes from now on; to `people` at a terminal, unless they forbid it,
 * headings and what cannot wait are stressed. */
void screen_init(FILE *to, bool people);
/* False where there was no memory for a cell. */
bool screen_close(void);

/* Whether people are shown it. */
bool screen_shows(const struct layout *layout, const struct column *column);

/* Write bytes, every one that is nothing to print as '?'. */
void screen_safe(FILE *to, const char *text, size_t len);

/* Write a text from column `at` on, broken at blanks, later lines from
 * `indent` on, and the line's end. */
void screen_wrapped(const char *text, size_t at, size_t indent);

/* Write a line behind a label; one in capitals, as "DAMAGED", cannot wait. */
void screen_labelled(const char *label, const char *value);

/* Start a table, of `layout` until the next. */
void screen_begin(const struct layout *layout);

/* Keep a cell of the row that is being filled. */
void screen_cell(const struct column *column, const char *text);

/* The row is whole. */
void screen_row(void);

/* Write the rows that wait. */
void screen_flush(void);

#endif
