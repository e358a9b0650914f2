#include "rows.h"

#include <inttypes.h>

#include "base/text.h"
#include "chart/chart.h"

static const int64_t three[] = { 0, 5, 10 };
static const int64_t more[] = { 10, 0, -3 };
static const int64_t nothing[] = { 0, 0, 0 };
static const int64_t huge[] = { INT64_MAX, 1, INT64_MAX };

static void
columns_drawn(void **state)
{
	static const char *const labels[] = { "1 <Nov>:", "2 Nov:", "today:" };
	struct rows rows;

	(void)state;
	rows_open(&rows, "charts.rows", "columns_drawn");
	while (rows_next(&rows)) {
		struct chart_columns chart = { .columns = 3, .group = "." };
		int64_t value[2][3];
		char buf[2048];
		struct text out;

		for (; chart.count < 2 && rows.field[chart.count][0] != '\0';
		     chart.count++) {
			int64_t *at = value[chart.count];

			assert_int_equal(sscanf(rows.field[chart.count],
					     "%" SCNd64 "%" SCNd64 "%" SCNd64,
					     at, at + 1, at + 2),
			    3);
			chart.series[chart.count] = at;
		}
		if (strchr(rows.field[2], 'w') != NULL) {
			chart.words = (struct chart_words){ "x", "<script>&",
				"a > b" };
		}
		chart.label = strchr(rows.field[2], 'l') ? labels : NULL;
		chart.name[0] = strchr(rows.field[2], 'n') ? "a&b" : NULL;
		chart.name[1] = chart.name[0];
		chart.marks = strchr(rows.field[2], 'm') ? 2 : 0;
		chart.unfinished = strchr(rows.field[2], 'u') != NULL;
		text_init(&out, buf, sizeof(buf));
		chart_columns(&chart, &out);
		assert_false(out.cut);
		check_int(
		    rows.sentence, chart_top(&chart), rows_number(&rows, 3));
		if (strstr(buf, rows.field[4]) == NULL) {
			fail_msg("%s:\n  got  %s\n  want %s", rows.sentence,
			    buf, rows.field[4]);
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
	struct rows rows;

	(void)state;
	rows_open(&rows, "charts.rows", "bars_drawn");
	while (rows_next(&rows)) {
		char buf[512];
		struct text out;

		text_init(&out, buf, sizeof(buf));
		chart_bar(rows_number(&rows, 0), rows_number(&rows, 1), &out);
		if (strstr(buf, rows.field[2]) == NULL) {
			fail_msg("%s:\n  got  %s\n  want %s", rows.sentence,
			    buf, rows.field[2]);
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
