#include "check.h"

#include "base/json.h"
#include "base/text.h"

static void
durations_read(void **state)
{
	static const struct {
		const char *sentence, *text;
		int64_t want; /* 0: refused */
	} rows[] = {
		{ "seconds", "90s", 90 },
		{ "minutes", "10m", 600 },
		{ "hours", "2h", 7200 },
		{ "days", "7d", 604800 },
		{ "a sum", "1h30m", 5400 },
		{ "a hundred years", "36525d", INT64_C(3155760000) },
		{ "more than a hundred years", "36526d", 0 },
		{ "a number that would overflow", "99999999999999999999d", 0 },
		{ "a sum that would pass the most", "36525d1s", 0 },
		{ "no unit", "90", 0 },
		{ "nothing", "", 0 },
		{ "a unit alone", "h", 0 },
		{ "nothing at all of it", "0s", 0 },
		{ "a negative one", "-1h", 0 },
		{ "a fraction", "1.5h", 0 },
		{ "a blank", "1 h", 0 },
		{ "a unit we do not have", "1w", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t seconds = 0;

		check_int(rows[i].sentence,
		    text_to_duration(rows[i].text, &seconds), rows[i].want > 0);
		check_int(rows[i].sentence, seconds, rows[i].want);
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
	static const struct {
		const char *sentence, *text;
		int64_t want; /* -1: refused */
	} rows[] = {
		{ "UTC", "2026-11-21T18:05:42Z", 1795284342 },
		{ "east of it", "2026-11-21T19:05:42+01:00", 1795284342 },
		{ "west of it", "2026-11-21T13:05:42-0500", 1795284342 },
		{ "a zone of hours", "2026-11-21T19:05:42+01", 1795284342 },
		{ "a fraction is cut off", "2026-11-21T18:05:42.999Z",
		    1795284342 },
		{ "a blank for the T", "2026-11-21 18:05:42Z", 1795284342 },
		{ "no seconds", "2026-11-21T18:05Z", 1795284300 },
		{ "seconds since the epoch", "@1795284342", 1795284342 },
		{ "a leap day", "2028-02-29T00:00:00Z", 1835395200 },
		{ "no leap day", "2026-02-29T00:00:00Z", -1 },
		{ "31 April", "2026-04-31T00:00:00Z", -1 },
		{ "no zone", "2026-11-21T18:05:42", -1 },
		{ "month 13", "2026-13-21T18:05:42Z", -1 },
		{ "hour 24", "2026-11-21T24:05:42Z", -1 },
		{ "before the epoch", "1969-11-21T18:05:42Z", -1 },
		{ "something behind it", "2026-11-21T18:05:42Zx", -1 },
		{ "a date alone", "2026-11-21", -1 },
		{ "a negative second", "@-1", -1 },
		{ "a second past year 9999", "@253402300800", -1 },
		{ "nothing", "", -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t at = -1;

		check_int(rows[i].sentence, text_to_time(rows[i].text, &at),
		    rows[i].want >= 0);
		check_int(rows[i].sentence, at, rows[i].want);
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
	static const struct {
		const char *sentence, *text;
		bool want;
	} rows[] = {
		{ "the least", "-5", true },
		{ "the most", "10", true },
		{ "one below", "-6", false },
		{ "one above", "11", false },
		{ "nothing", "", false },
		{ "a sign alone", "-", false },
		{ "a plus", "+1", false },
		{ "something behind it", "1x", false },
		{ "a blank before it", " 1", false },
		{ "more than 64 bits", "9223372036854775808", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t number;

		check_int(rows[i].sentence,
		    text_to_int(rows[i].text, -5, 10, &number), rows[i].want);
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
	json_raw(&json, "none", "null");
	json_time(&json, "at", 0);
	json_object_end(&json);
	check_text("commas and brackets", buf,
	    "{\"empty\":[],\"list\":[-1,{\"yes\":true}],\"none\":null,"
	    "\"at\":\"1970-01-01T00:00:00Z\"}");
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
