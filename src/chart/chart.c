#include "chart/chart.h"

#include <stdbool.h>

#include "base/text.h"

enum {
	HEIGHT = 120,
	COLUMN = 10, /* from one to the next, which is 7 wide */
	GAP = 3,
	LENGTH = 400, /* of a bar */
	THICKNESS = 8
};

static void
add_escaped(struct text *out, const char *text)
{
	for (; *text != '\0'; text++) {
		const char c[] = { *text, '\0' };

		text_add(out, *text == '&'   ? "&amp;"
			      : *text == '<' ? "&lt;"
			      : *text == '>' ? "&gt;"
					     : c);
	}
}

/* Begin a picture: its size, and what is read in its place. */
static void
open_svg(const struct chart_words *words, size_t width, size_t height,
    struct text *out)
{
	text_addf(out,
	    "<svg class=\"chart\" viewBox=\"0 0 %zu %zu\""
	    " preserveAspectRatio=\"none\"",
	    width, height);
	if (words->title == NULL) {
		text_add(out, " aria-hidden=\"true\">");
		return;
	}
	text_addf(out,
	    " role=\"img\" aria-labelledby=\"%s-title %s-desc\">"
	    "<title id=\"%s-title\">",
	    words->id, words->id, words->id);
	add_escaped(out, words->title);
	text_addf(out, "</title><desc id=\"%s-desc\">", words->id);
	add_escaped(out, words->description);
	text_add(out, "</desc>");
}

/* The first `count` series of a column together. */
static int64_t
stack(const struct chart_columns *chart, size_t count, size_t column)
{
	int64_t sum = 0;

	for (size_t i = 0; i < count; i++) {
		const int64_t value = chart->series[i][column];

		if (value > 0) {
			sum = value > INT64_MAX - sum ? INT64_MAX : sum + value;
		}
	}
	return sum;
}

int64_t
chart_highest(const struct chart_columns *chart)
{
	int64_t highest = 0;

	for (size_t i = 0; i < chart->columns; i++) {
		const int64_t sum = stack(chart, chart->count, i);

		highest = sum > highest ? sum : highest;
	}
	return highest;
}

/* `value` of `most`, of `length`; what is there at all can be seen. */
static int
scaled(int64_t value, int64_t most, int length)
{
	const double part = (double)value / (double)most * length;

	if (value <= 0 || most <= 0 || part >= length) {
		return value > 0 && most > 0 ? length : 0;
	}
	return part < 2 ? 2 : (int)part;
}

void
chart_columns(const struct chart_columns *chart, struct text *out)
{
	const int64_t top = chart_highest(chart);
	const size_t width = chart->columns * COLUMN;

	open_svg(&chart->words, width, HEIGHT, out);
	text_addf(
	    out, "<path class=\"grid\" d=\"M0 %dh%zu\"/>", HEIGHT / 2, width);
	/* All columns of one series are one path. */
	for (size_t i = 0; i < chart->count; i++) {
		bool any = false;

		for (size_t at = 0; at < chart->columns; at++) {
			const int from = scaled(
			    stack(chart, i, at), top, HEIGHT);
			const int to = scaled(
			    stack(chart, i + 1, at), top, HEIGHT);

			if (to <= from) {
				continue;
			}
			if (!any) {
				text_addf(
				    out, "<path class=\"series-%zu\" d=\"", i);
				any = true;
			}
			/* Faster than text_addf(): there are many. */
			text_add_char(out, 'M');
			text_add_int(out, (int64_t)(at * COLUMN + GAP / 2), 0);
			text_add_char(out, ' ');
			text_add_int(out, HEIGHT - to, 0);
			text_add(out, "h7v");
			text_add_int(out, to - from, 0);
			text_add(out, "h-7z");
		}
		text_add(out, any ? "\"/>" : "");
	}
	text_addf(
	    out, "<path class=\"base\" d=\"M0 %dh%zu\"/></svg>", HEIGHT, width);
}

void
chart_bar(int64_t value, int64_t most, struct text *out)
{
	const int length = scaled(value, most, LENGTH);

	open_svg(
	    &(struct chart_words){ .title = NULL }, LENGTH, THICKNESS, out);
	text_addf(out, "<path class=\"rest\" d=\"M0 0h%dv%dH0z\"/>", LENGTH,
	    THICKNESS);
	if (length > 0) {
		text_addf(out, "<path class=\"series-0\" d=\"M0 0h%dv%dH0z\"/>",
		    length, THICKNESS);
	}
	text_add(out, "</svg>");
}
