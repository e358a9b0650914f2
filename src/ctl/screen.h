/*
 * Lines on standard output: safe text, broken at blanks; and the rows of a
 * table, aligned in 80 columns or as CSV.
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
	COLUMNS_MAX = 16,  /* of one table */
	SCREEN_BATCH = 200 /* rows that columns are measured by */
};

enum column_flag {
	COLUMN_RIGHT = 1,  /* numbers: aligned to the right */
	COLUMN_PEOPLE = 2, /* shown in text only; filled by output_cell() */
	/* The last column: long text, broken at blanks.  It stands beside the
	 * others where there is room for it, else below them. */
	COLUMN_WRAP = 4
};

struct column {
	const char *name; /* in JSON and CSV */
	const char *head; /* heading or label in text; NULL: not shown there */
	unsigned flags;   /* column_flag */
	size_t width;     /* at least so wide */
};

/* What the rows of a table, or the members of an object, are.  Those without
 * a column are not shown to people; CSV knows only those with one. */
struct layout {
	struct column column[COLUMNS_MAX + 1]; /* name NULL ends */
	size_t indent;
	bool records; /* text: a line "label  value" for each value */
	bool lines;   /* JSON: an object a line instead of an array */
	bool stream;  /* text: each row at once, columns as wide as told */
	bool people;  /* text only */
};

/* Write bytes, every one that is nothing to print as '?'. */
void screen_safe(FILE *to, const char *text, size_t len);

void screen_blanks(size_t count);

/* Write a text from column `at` on, broken at blanks, later lines from
 * `indent` on, and the line's end. */
void screen_wrapped(const char *text, size_t at, size_t indent);

/* One field, quoted where it needs to be. */
void screen_csv(const char *text);

/* All zero before the first table; `buf` is to be freed behind the last. */
struct screen {
	const struct layout *layout; /* borrowed */
	bool csv;
	bool headed; /* CSV has its heading */
	char *buf;   /* of all cells */
	size_t len;
	size_t room;
	/* Where in `buf` a cell is, from 1; 0: it is empty. */
	size_t cell[SCREEN_BATCH][COLUMNS_MAX];
	size_t rows;
	size_t width[COLUMNS_MAX];
	size_t total;  /* of all columns but one that wraps */
	bool below;    /* the one that wraps stands below */
	bool measured; /* the heading is written */
};

/* Start a table, of `layout` until the next; of several in CSV only the first
 * has a heading. */
void screen_begin(struct screen *screen, const struct layout *layout, bool csv);

/* Keep a cell of the row that is being filled; false without memory. */
bool screen_cell(struct screen *screen, size_t column, const char *text);

/* The row is whole. */
void screen_row(struct screen *screen);

/* Write the rows that wait. */
void screen_flush(struct screen *screen);

#endif
