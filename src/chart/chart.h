/*
 * Numbers as pictures: SVG that stands in a page.  Pure.
 *
 * Colours are the page's: shapes have classes ("chart", "grid", "rest",
 * "series-0" ...) and no style of their own.  A picture fills whatever width
 * and height it is given, so that words beside it stay readable.
 */
#ifndef CHART_CHART_H
#define CHART_CHART_H

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
	size_t count;             /* of series */
	size_t columns;
};
void chart_columns(const struct chart_columns *chart, struct text *out);

/* The highest column; 0 where there is none. */
int64_t chart_highest(const struct chart_columns *chart);

/* A bar that is `value` of `most` long, an ornament. */
void chart_bar(int64_t value, int64_t most, struct text *out);

#endif
