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
escape(struct text *out, const char *text)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '&':
			text_add(out, "&amp;");
			break;
		case '<':
			text_add(out, "&lt;");
			break;
		case '>':
			text_add(out, "&gt;");
			break;
		default:
			text_add_char(out, *text);
		}
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
	text_addf(out, " role=\"img\" aria-labelledby=\"%s-title%s%s%s\">",
	    words->id, words->description != NULL ? " " : "",
	    words->description != NULL ? words->id : "",
	    words->description != NULL ? "-desc" : "");
	text_addf(out, "<title id=\"%s-title\">", words->id);
	escape(out, words->title);
	text_add(out, "</title>");
	if (words->description != NULL) {
		text_addf(out, "<desc id=\"%s-desc\">", words->id);
		escape(out, words->description);
		text_add(out, "</desc>");
	}
}

static int64_t
value_of(const struct chart_columns *chart, size_t series, size_t column)
{
	const int64_t value = chart->series[series][column];

	return value > 0 ? value : 0;
}

/* The first `count` series of a column together. */
static int64_t
stack(const struct chart_columns *chart, size_t count, size_t column)
{
	int64_t sum = 0;

	for (size_t i = 0; i < count; i++) {
		const int64_t value = value_of(chart, i, column);

		sum = value > INT64_MAX - sum ? INT64_MAX : sum + value;
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

	if (value <= 0 || most <= 0) {
		return 0;
	}
	if (part >= length) {
		return length;
	}
	return part < 2 ? 2 : (int)part;
}

/* All columns of one series are one path. */
static void
add_series(const struct chart_columns *chart, size_t series, int64_t top,
    struct text *out)
{
	bool any = false;

	for (size_t i = 0; i < chart->columns; i++) {
		const int below = scaled(stack(chart, series, i), top, HEIGHT);
		const int upto = scaled(
		    stack(chart, series + 1, i), top, HEIGHT);

		if (upto <= below) {
			continue;
		}
		if (!any) {
			text_addf(
			    out, "<path class=\"series-%zu\" d=\"", series);
			any = true;
		}
		text_add_char(out, 'M');
		text_add_int(out, (int64_t)(i * COLUMN + GAP / 2), 0);
		text_add_char(out, ' ');
		text_add_int(out, HEIGHT - upto, 0);
		text_add(out, "h7v");
		text_add_int(out, upto - below, 0);
		text_add(out, "h-7z");
	}
	if (any) {
		text_add(out, "\"/>");
	}
}

void
chart_columns(const struct chart_columns *chart, struct text *out)
{
	const int64_t top = chart->top > 0 ? chart->top : chart_highest(chart);
	const size_t width = chart->columns * COLUMN;

	open_svg(&chart->words, width, HEIGHT, out);
	text_addf(
	    out, "<path class=\"grid\" d=\"M0 %dh%zu\"/>", HEIGHT / 2, width);
	for (size_t i = 0; i < chart->count; i++) {
		add_series(chart, i, top, out);
	}
	text_addf(
	    out, "<path class=\"base\" d=\"M0 %dh%zu\"/></svg>", HEIGHT, width);
}

void
chart_bar(const struct chart_words *words, int64_t value, int64_t most,
    struct text *out)
{
	const int length = scaled(value, most, LENGTH);

	open_svg(words, LENGTH, THICKNESS, out);
	text_addf(out, "<path class=\"rest\" d=\"M0 0h%dv%dH0z\"/>", LENGTH,
	    THICKNESS);
	if (length > 0) {
		text_addf(out, "<path class=\"series-0\" d=\"M0 0h%dv%dH0z\"/>",
		    length, THICKNESS);
	}
	text_add(out, "</svg>");
}
