#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/text.h"
#include "rules/line.h"
#include "rules/rules.h"

static int64_t
moment(const char *text)
{
	int64_t at = 0;

	if (!text_to_time(text, &at)) {
		fail_msg("%s is no time", text);
	}
	return at;
}

static void
set_zone(const char *zone)
{
	assert_int_equal(setenv("TZ", zone, 1), 0);
	tzset();
}

/* ---- times ---- */

static void
times_are_resolved(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "stamps.rows", "times");
	while (rows_next(&rows)) {
		struct rules_clock clock = rules_clock(
		    moment(rows.field[2]), rows.field[1]);
		size_t len = strlen(rows.field[3]);
		struct stamp stamp;
		char line[64];
		int64_t at = 0;

		set_zone(rows.field[0]);
		(void)snprintf(line, sizeof(line), "%s ", rows.field[3]);
		check_int(rows.sentence, stamp_find(line, len + 1, &stamp), 1);
		check_int(rows.sentence, (int64_t)stamp.span, (int64_t)len);
		check_int(rows.sentence, stamp_read(line, &stamp, &clock, &at),
		    rows.field[4] != NULL);
		if (rows.field[4] != NULL) {
			check_int(rows.sentence, at, moment(rows.field[4]));
		}
		check_text(rows.sentence, getenv("TZ"), rows.field[0]);
	}
}

/* In one run of each zone.  On Lord Howe Island the clock goes back by half an
 * hour, inside an hour. */
static void
the_last_hour_is_kept_and_no_longer(void **state)
{
	struct rules_clock clock;
	struct rows rows;

	(void)state;
	set_zone("UTC");
	rows_open(&rows, "stamps.rows", "kept");
	while (rows_next(&rows)) {
		struct stamp stamp;
		int64_t at = 0;

		if (strcmp(getenv("TZ"), rows.field[0]) != 0) {
			set_zone(rows.field[0]);
			clock = rules_clock(
			    moment("2026-11-23T00:00:00Z"), NULL);
		}
		assert_true(
		    stamp_find(rows.field[1], strlen(rows.field[1]), &stamp));
		assert_true(stamp_read(rows.field[1], &stamp, &clock, &at));
		check_int(rows.sentence, at, moment(rows.field[2]));
	}
}

/* ---- parts ---- */

static void
lines_are_taken_apart(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "stamps.rows", "parts");
	while (rows_next(&rows)) {
		const struct log_line line = { .text = rows.field[0],
			.len = strlen(rows.field[0]) };
		struct line_parts parts;
		char tag[64];
		char text[128];

		check_int(rows.sentence, line_split(&line, &parts),
		    rows.field[1] != NULL);
		if (rows.field[1] == NULL) {
			continue;
		}
		(void)snprintf(
		    tag, sizeof(tag), "%.*s", (int)parts.tag_len, parts.tag);
		(void)snprintf(text, sizeof(text), "%.*s", (int)parts.text_len,
		    parts.text);
		rows_check(&rows, 1, tag);
		rows_check(&rows, 2, text);
		rows_check_int(&rows, 3, parts.repeated);
	}
}

static void
the_journal_knows_time_and_tag(void **state)
{
	const struct log_line line = { .text = "Nov 21 23:44:51 mx a: b",
		.len = 23,
		.tag = "postfix/smtpd",
		.at = 5 };
	struct line_parts parts;

	(void)state;
	assert_true(line_split(&line, &parts));
	assert_null(parts.time);
	assert_string_equal(parts.tag, "postfix/smtpd");
	assert_int_equal(parts.tag_len, 13);
	assert_ptr_equal(parts.text, line.text);
	assert_int_equal(parts.text_len, 23);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_resolved),
		cmocka_unit_test(the_last_hour_is_kept_and_no_longer),
		cmocka_unit_test(lines_are_taken_apart),
		cmocka_unit_test(the_journal_knows_time_and_tag),
	};

	return cmocka_run_group_tests_name("line", tests, NULL, NULL);
}
