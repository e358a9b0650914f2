/*
 * Limits: the sliding hour, and what a client over one hears.
 */
#include "rows.h"

#include "core/reputation.h"

enum {
	FULL = 1795284000 /* a full hour */
};

static void
the_sliding_hour(void **state)
{
	static const struct {
		const char *sentence;
		int64_t before, current, now, want;
	} rows[] = {
		{ "nobody came", 0, 0, FULL + 100, 0 },
		{ "in the first second the hour before counts whole", 60, 1,
		    FULL, 61 },
		{ "after a minute one in sixty is gone", 60, 1, FULL + 60, 60 },
		{ "after half an hour half of it counts", 60, 10, FULL + 1800,
		    40 },
		{ "in the last second hardly any", 60, 10, FULL + 3599, 10 },
		{ "but of very many some", 7200, 10, FULL + 3599, 12 },
		{ "parts are left out", 1, 0, FULL + 1, 0 },
		{ "numbers beyond reason", INT64_MAX, 0, FULL + 1800,
		    INT64_MAX / 2 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		check_int(rows[i].sentence,
		    limit_hourly(rows[i].before, rows[i].current, rows[i].now),
		    rows[i].want);
	}
}

static void
what_a_client_over_it_hears(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "texts.rows", "over a limit");
	while (rows_next(&rows)) {
		struct limit limit = { 0 };
		char text[REPLY_TEXT_SIZE];

		assert_null(
		    reply_parse(rows.field[0], rows.field[1], &limit.reply));
		rows_check(&rows, 4,
		    reply_phrase(&limit.reply, rows.field[2], NULL, 0,
			rows.field[3], NULL, text));
	}
}

/* With its codes before it: "421 4.999.999 ". */
static void
the_longest_is_whole(void **state)
{
	struct limit limit = { 0 };
	char url[REPLY_URL_MAX + 1];
	char text[REPLY_TEXT_SIZE];
	size_t len;

	(void)state;
	memset(url, 'u', sizeof(url) - 1);
	url[sizeof(url) - 1] = '\0';
	memset(limit.reply.phrase, 'p', REPLY_WORDS_MAX - REPLY_OWN_SIZE + 1);
	memset(limit.reply.own, 'o', REPLY_OWN_SIZE - 1);
	assert_true(reply_fits(&limit.reply));
	(void)reply_phrase(&limit.reply,
	    "2001:db8:1111:2222:3333:4444:5555:6666", NULL, 0, url, NULL, text);
	len = strlen(text);
	assert_true(len + strlen("421 4.999.999 ") <= 510);
	check_text("its end is there", text + len - strlen(limit.reply.own),
	    limit.reply.own);
}

static void
whether_it_limits_anybody(void **state)
{
	(void)state;
	check_int("none is set", limit_is_set(&(struct limit){ 0 }), 0);
	for (int i = 0; i < REPUTATION_COUNT; i++) {
		struct limit limit = { 0 };

		limit.most[i] = 1;
		check_int(reputation_name((enum reputation)i),
		    limit_is_set(&limit), 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sliding_hour),
		cmocka_unit_test(what_a_client_over_it_hears),
		cmocka_unit_test(the_longest_is_whole),
		cmocka_unit_test(whether_it_limits_anybody),
	};

	return cmocka_run_group_tests_name("limit", tests, NULL, NULL);
}
