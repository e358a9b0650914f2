#include "chart/chart.h"

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
	text_add(out, "<svg class=\"chart\" viewBox=\"0 0 ");
	text_add_int(out, (int64_t)width, 0);
	text_add_char(out, ' ');
	text_add_int(out, (int64_t)height, 0);
	text_add(out, "\" preserveAspectRatio=\"none\"");
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

int64_t
chart_top(const struct chart_columns *chart)
{
	static const int64_t steps[] = { 2, 4, 6, 8, 10 };
	const int64_t highest = chart_highest(chart);

	for (int64_t unit = 1; unit <= INT64_MAX / 100; unit *= 10) {
		for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
			if (steps[i] * unit >= highest) {
				return steps[i] * unit;
			}
		}
	}
	return highest;
}

/* A box from the left of column `at` on, from `y` down. */
static void
add_box(struct text *out, size_t x, int y, int width, int height)
{
	/* Faster than text_addf(): there are many. */
	text_add_char(out, 'M');
	text_add_int(out, (int64_t)x, 0);
	text_add_char(out, ' ');
	text_add_int(out, y, 0);
	text_add_char(out, 'h');
	text_add_int(out, width, 0);
	text_add_char(out, 'v');
	text_add_int(out, height, 0);
	text_add_char(out, 'h');
	text_add_int(out, -width, 0);
	text_add_char(out, 'z');
}

/* Some columns of one series as one path. */
static void
add_series(const struct chart_columns *chart, size_t series, size_t from,
    size_t until, struct text *out)
{
	const int64_t top = chart_top(chart);
	bool any = false;

	for (size_t at = from; at < until; at++) {
		const int foot = scaled(stack(chart, series, at), top, HEIGHT);
		const int head = scaled(
		    stack(chart, series + 1, at), top, HEIGHT);

		if (head <= foot) {
			continue;
		}
		if (!any) {
			text_addf(out, "<path class=\"series-%zu%s\" d=\"",
			    series,
			    chart->unfinished && at + 1 == chart->columns
				? " part"
				: "");
			any = true;
		}
		add_box(out, at * COLUMN + GAP / 2, HEIGHT - head, COLUMN - GAP,
		    head - foot);
	}
	text_add(out, any ? "\"/>" : "");
}

/* Lines at a half, and where marked columns begin. */
static void
add_grid(const struct chart_columns *chart, struct text *out)
{
	text_addf(out, "<path class=\"grid\" d=\"M0 0h%zuM0 %dh%zu",
	    chart->columns * COLUMN, HEIGHT / 2, chart->columns * COLUMN);
	for (size_t at = 0; at < chart->columns; at++) {
		if ((chart->marks & UINT64_C(1) << at) != 0) {
			text_addf(out, "M%zu 0v%d", at * COLUMN, HEIGHT);
		}
	}
	text_add(out, "\"/>");
}

/* What a column says, over its whole height, where a pointer finds it. */
static void
add_titles(const struct chart_columns *chart, struct text *out)
{
	text_add(out, "<g class=\"columns\">");
	for (size_t at = 0; at < chart->columns; at++) {
		text_add(out, "<path d=\"");
		add_box(out, at * COLUMN, 0, COLUMN, HEIGHT);
		text_add(out, "\"><title>");
		add_escaped(out, chart->label[at]);
		for (size_t i = 0; i < chart->count; i++) {
			const int64_t value = chart->series[i][at];

			text_add(out, i > 0 ? ", " : " ");
			if (chart->name[i] != NULL) {
				add_escaped(out, chart->name[i]);
				text_add_char(out, ' ');
			}
			text_add_grouped(
			    out, value > 0 ? value : 0, chart->group);
		}
		text_add(out, "</title></path>");
	}
	text_add(out, "</g>");
}

void
chart_columns(const struct chart_columns *chart, struct text *out)
{
	const size_t width = chart->columns * COLUMN;
	const size_t over = chart->columns - (chart->unfinished ? 1 : 0);

	open_svg(&chart->words, width, HEIGHT, out);
	add_grid(chart, out);
	for (size_t i = 0; i < chart->count; i++) {
		add_series(chart, i, 0, over, out);
		add_series(chart, i, over, chart->columns, out);
	}
	text_addf(out, "<path class=\"base\" d=\"M0 %dh%zu\"/>", HEIGHT, width);
	if (chart->label != NULL) {
		add_titles(chart, out);
	}
	text_add(out, "</svg>");
}

static void
add_bar(struct text *out, const char *class, int length)
{
	text_add(out, "<path class=\"");
	text_add(out, class);
	text_add(out, "\" d=\"M0 0h");
	text_add_int(out, length, 0);
	text_add_char(out, 'v');
	text_add_int(out, THICKNESS, 0);
	text_add(out, "H0z\"/>");
}

void
chart_bar(int64_t value, int64_t most, struct text *out)
{
	const int length = scaled(value, most, LENGTH);

	open_svg(
	    &(struct chart_words){ .title = NULL }, LENGTH, THICKNESS, out);
	add_bar(out, "rest", LENGTH);
	if (length > 0) {
		add_bar(out, "series-0", length);
	}
	text_add(out, "</svg>");
}
