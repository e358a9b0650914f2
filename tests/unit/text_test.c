#include "rows.h"

#include "base/json.h"
#include "base/text.h"

static void
durations_read(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "texts.rows", "durations_read");
	while (rows_next(&rows)) {
		int64_t seconds = 0;

		check_int(rows.sentence,
		    text_to_duration(rows.field[0], &seconds),
		    rows_number(&rows, 1) > 0);
		rows_check_int(&rows, 1, seconds);
	}
}

static void
integers_written(void **state)
{
	static const struct {
		int64_t value;
		int width;
		const char *want;
	} rows[] = {
		{ 0, 0, "0" },
		{ 7, 2, "07" },
		{ 59, 2, "59" },
		{ 100, 2, "100" },
		{ 0, 3, "000" },
		{ -5, 0, "-5" },
		{ -5, 2, "-05" },
		{ INT64_MAX, 0, "9223372036854775807" },
		{ INT64_MIN, 0, "-9223372036854775808" },
		{ 1, 1000, "00000000000000000000001" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char buf[64];
		struct text text;

		text_init(&text, buf, sizeof(buf));
		text_add_int(&text, rows[i].value, rows[i].width);
		check_text(rows[i].want, buf, rows[i].want);
	}
}

static void
durations_written(void **state)
{
	static const struct {
		int64_t seconds;
		const char *words, *setting;
	} rows[] = {
		{ -5, "0 s", "0s" },
		{ 0, "0 s", "0s" },
		{ 59, "59 s", "59s" },
		{ 60, "1 min", "1m" },
		{ 61, "1 min 1 s", "1m1s" },
		{ 7199, "1 h 59 min", "1h59m59s" },
		{ 7200, "2 h", "2h" },
		{ 86400, "1 d", "1d" },
		{ 86400 + 59, "1 d", "1d59s" },
		{ 90 * 86400 + 3600, "90 d 1 h", "90d1h" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[DURATION_TEXT_SIZE];

		check_text("in words",
		    text_from_duration(rows[i].seconds, text), rows[i].words);
		check_text("as a setting",
		    text_from_setting(rows[i].seconds, text), rows[i].setting);
	}
}

static void
times_read(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "texts.rows", "times_read");
	while (rows_next(&rows)) {
		int64_t at = -1;

		check_int(rows.sentence, text_to_time(rows.field[0], &at),
		    rows_number(&rows, 1) >= 0);
		rows_check_int(&rows, 1, at);
	}
}

static void
times_written(void **state)
{
	char text[TIME_TEXT_SIZE];

	(void)state;
	check_text(
	    "a time", text_from_time(1795284342, text), "2026-11-21T18:05:42Z");
	check_text(
	    "the epoch", text_from_time(0, text), "1970-01-01T00:00:00Z");
	check_text("a time that is none", text_from_time(-1, text), "-");
}

static void
numbers_read(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "texts.rows", "numbers_read");
	while (rows_next(&rows)) {
		int64_t number;

		rows_check_int(
		    &rows, 1, text_to_int(rows.field[0], -5, 10, &number));
	}
}

static void
text_stays_in_its_bounds(void **state)
{
	char buf[8];
	struct text text;

	(void)state;
	text_init(&text, buf, sizeof(buf));
	text_add(&text, "1234567");
	check_text("what just fits", buf, "1234567");
	check_int("is not cut", text.cut, false);
	text_add_char(&text, '8');
	check_text("one more is left out", buf, "1234567");
	check_int("and remembered", text.cut, true);
	text_init(&text, buf, sizeof(buf));
	text_addf(&text, "%d-%s", 12, "34567");
	check_text("a format is cut at the end", buf, "12-3456");
	check_int("and remembered", text.cut, true);
	check_int("a copy that does not fit",
	    text_copy(buf, sizeof(buf), "12345678"), false);
}

static void
json_is_always_valid(void **state)
{
	static const struct {
		const char *sentence, *value, *want;
	} rows[] = {
		{ "plain", "a b", "\"a b\"" },
		{ "quotes and backslashes", "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "control bytes", "a\nb\001\177", "\"a\\nb\\u0001\\u007f\"" },
		{ "UTF-8 stays", "caf\303\251", "\"caf\303\251\"" },
		{ "a lone continuation byte", "a\251b", "\"a\\ufffdb\"" },
		{ "a sequence cut short", "a\303", "\"a\\ufffd\"" },
		{ "an overlong form", "\300\257", "\"\\ufffd\\ufffd\"" },
		{ "a surrogate", "\355\240\200", "\"\\ufffd\\ufffd\\ufffd\"" },
		{ "four bytes", "\360\237\230\200", "\"\360\237\230\200\"" },
		{ "past Unicode", "\364\220\200\200",
		    "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char buf[128];
		struct text text;
		struct json json;

		text_init(&text, buf, sizeof(buf));
		json_init(&json, json_to_text, &text);
		json_string(&json, NULL, rows[i].value);
		check_text(rows[i].sentence, buf, rows[i].want);
	}
}

static void
json_nests(void **state)
{
	char buf[256];
	struct text text;
	struct json json;

	(void)state;
	text_init(&text, buf, sizeof(buf));
	json_init(&json, json_to_text, &text);
	json_object(&json, NULL);
	json_array(&json, "empty");
	json_array_end(&json);
	json_array(&json, "list");
	json_int(&json, NULL, -1);
	json_object(&json, NULL);
	json_bool(&json, "yes", true);
	json_object_end(&json);
	json_array_end(&json);
	json_time(&json, "none", 0);
	json_time(&json, "at", 1);
	json_object_end(&json);
	check_text("commas and brackets", buf,
	    "{\"empty\":[],\"list\":[-1,{\"yes\":true}],\"none\":null,"
	    "\"at\":\"1970-01-01T00:00:01Z\"}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_written),
		cmocka_unit_test(durations_read),
		cmocka_unit_test(durations_written),
		cmocka_unit_test(times_read),
		cmocka_unit_test(times_written),
		cmocka_unit_test(numbers_read),
		cmocka_unit_test(text_stays_in_its_bounds),
		cmocka_unit_test(json_is_always_valid),
		cmocka_unit_test(json_nests),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
