#include "check.h"

#include "base/text.h"
#include "chart/chart.h"

static const int64_t three[] = { 0, 5, 10 };
static const int64_t more[] = { 10, 0, -3 };
static const int64_t nothing[] = { 0, 0, 0 };
static const int64_t huge[] = { INT64_MAX, 1, INT64_MAX };

static void
columns_drawn(void **state)
{
	static const struct {
		const char *sentence;
		struct chart_columns chart;
		const char *want;
	} rows[] = {
		{ "columns stand on the base, the highest fills the height",
		    { .series = { three }, .count = 1, .columns = 3 },
		    "<path class=\"series-0\" "
		    "d=\"M11 60h7v60h-7zM21 0h7v120h-7z\"/>" },
		{ "one series on top of the other",
		    { .series = { three, more }, .count = 2, .columns = 3 },
		    "<path class=\"series-1\" d=\"M1 0h7v120h-7z\"/>" },
		{ "nothing is an axis alone",
		    { .series = { nothing }, .count = 1, .columns = 3 },
		    "<svg class=\"chart\" viewBox=\"0 0 30 120\" "
		    "preserveAspectRatio=\"none\" aria-hidden=\"true\">"
		    "<path class=\"grid\" d=\"M0 60h30\"/>"
		    "<path class=\"base\" d=\"M0 120h30\"/></svg>" },
		{ "what is there at all can be seen",
		    { .series = { huge }, .count = 1, .columns = 3 },
		    "M11 118h7v2h-7z" },
		{ "sums beyond all bounds",
		    { .series = { huge, huge }, .count = 2, .columns = 3 },
		    "<path class=\"series-0\" d=\"M1 0h7v120h-7z" },
		{ "words are escaped",
		    { .words = { "x", "<script>&", "a > b" },
			.series = { three },
			.count = 1,
			.columns = 3 },
		    "role=\"img\" aria-labelledby=\"x-title x-desc\">"
		    "<title id=\"x-title\">&lt;script&gt;&amp;</title>"
		    "<desc id=\"x-desc\">a &gt; b</desc>" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char buf[2048];
		struct text out;

		text_init(&out, buf, sizeof(buf));
		chart_columns(&rows[i].chart, &out);
		assert_false(out.cut);
		if (strstr(buf, rows[i].want) == NULL) {
			fail_msg("%s:\n  got  %s\n  want %s", rows[i].sentence,
			    buf, rows[i].want);
		}
	}
}

static void
highest_found(void **state)
{
	const struct chart_columns chart = {
		.series = { three, more }, .count = 2, .columns = 3
	};
	const struct chart_columns none = {
		.series = { nothing }, .count = 1, .columns = 3
	};
	const struct chart_columns most = {
		.series = { huge, huge }, .count = 2, .columns = 3
	};

	(void)state;
	check_int(
	    "series together, negative ones not", chart_highest(&chart), 10);
	check_int("none", chart_highest(&none), 0);
	check_int("no overflow", chart_highest(&most), INT64_MAX);
}

static void
bars_drawn(void **state)
{
	static const struct {
		const char *sentence;
		int64_t value, most;
		const char *want;
	} rows[] = {
		{ "half", 5, 10, "d=\"M0 0h200v8H0z\"/></svg>" },
		{ "whole", 10, 10, "d=\"M0 0h400v8H0z\"/></svg>" },
		{ "more than whole", 20, 10, "d=\"M0 0h400v8H0z\"/></svg>" },
		{ "next to nothing", 1, 100000, "d=\"M0 0h2v8H0z\"/></svg>" },
		{ "nothing", 0, 10,
		    "<path class=\"rest\" d=\"M0 0h400v8H0z\"/></svg>" },
		{ "of nothing", 5, 0,
		    "<path class=\"rest\" d=\"M0 0h400v8H0z\"/></svg>" },
		{ "less than nothing", -5, 10,
		    "<path class=\"rest\" d=\"M0 0h400v8H0z\"/></svg>" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char buf[512];
		struct text out;

		text_init(&out, buf, sizeof(buf));
		chart_bar(rows[i].value, rows[i].most, &out);
		if (strstr(buf, rows[i].want) == NULL) {
			fail_msg("%s:\n  got  %s\n  want %s", rows[i].sentence,
			    buf, rows[i].want);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_drawn),
		cmocka_unit_test(highest_found),
		cmocka_unit_test(bars_drawn),
	};

	return cmocka_run_group_tests_name("chart", tests, NULL, NULL);
}
