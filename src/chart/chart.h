/*
 * Numbers as pictures: SVG that stands in a page.  Pure.
 *
 * Colours are the page's: shapes have classes ("chart", "grid", "rest",
 * "series-0" ...) and no style of their own.  A picture fills whatever width
 * and height it is given, so that words beside it stay readable.
 */
#ifndef CHART_CHART_H
#define CHART_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text;

/* What is read aloud in a picture's place.  Both are text and escaped. */
struct chart_words {
	const char *id;    /* letters, digits and '-'; once a page */
	const char *title; /* NULL: the picture is an ornament, never read */
	const char *description; /* there where the title is */
};

/* Columns side by side in order of time; each is its series' values one on top
 * of the other.  Negative values are 0. */
struct chart_columns {
	struct chart_words words;
	const int64_t *series[4]; /* each of `columns` values */
	const char *name[4];      /* of each series; NULL: its values speak */
	/* Of each column, to which its values are added: "12 Nov:" becomes the
	 * column's title "12 Nov: 21".  NULL: columns have none. */
	const char *const *label;
	const char *group; /* between each three digits of a title */
	uint64_t marks;    /* a bit a column: a line where it begins */
	bool unfinished;   /* the last is of a time that is not over */
	size_t count;      /* of series */
	size_t columns;    /* at most 64 */
};

/* Columns up to chart_top(); the last is class "part" where it is
 * unfinished. */
void chart_columns(const struct chart_columns *chart, struct text *out);

/* The highest column; 0 where there is none. */
int64_t chart_highest(const struct chart_columns *chart);

/* Where the scale ends: a round number, at least that one, whose half is round
 * as well: 2, 4, 6, 8, 10, 20 ... */
int64_t chart_top(const struct chart_columns *chart);

/* A bar that is `value` of `most` long, an ornament. */
void chart_bar(int64_t value, int64_t most, struct text *out);

#endif
