#include "rows.h"

#include "core/reply.h"

static void
replies_of_a_policy(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "texts.rows", "replies");
	while (rows_next(&rows)) {
		struct reply reply;
		const char *complaint = reply_parse(
		    rows.field[0], rows.field[1], &reply);

		rows_check(&rows, 2, complaint ? complaint : "fine");
		if (complaint == NULL) {
			rows_check(&rows, 3, reply.code);
			rows_check(&rows, 4, reply.enhanced);
			rows_check(&rows, 5, reply.phrase);
			check_text(rows.sentence, reply.own,
			    rows.field[1] ? rows.field[1] : "");
		}
	}
}

static void
what_the_client_hears(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "texts.rows", "heard");
	while (rows_next(&rows)) {
		struct reply reply;
		char text[REPLY_TEXT_SIZE];

		assert_null(reply_parse(rows.field[0], rows.field[1], &reply));
		rows_check(&rows, 4,
		    reply_line(&reply, rows.field[2], NULL, 1795284342,
			rows.field[3], "7K2M9Q", text));
	}
}

static void
the_longest_reply_is_whole(void **state)
{
	char phrase[5 + REPLY_PHRASE_SIZE + 10];
	char own[REPLY_OWN_SIZE];
	char url[REPLY_URL_MAX + 1];
	char text[REPLY_TEXT_SIZE];
	struct reply reply;
	size_t len;

	(void)state;
	memset(own, 'O', sizeof(own) - 1);
	own[sizeof(own) - 1] = '\0';
	memset(url, 'u', sizeof(url) - 1);
	url[sizeof(url) - 1] = '\0';
	memset(phrase, 'p', sizeof(phrase));
	memcpy(phrase, "550 5.71.100 ", 13);
	phrase[13 + REPLY_WORDS_MAX - strlen(own)] = '\0';
	assert_null(reply_parse(phrase, own, &reply));
	assert_true(reply_fits(&reply));
	(void)reply_line(&reply, "2001:db8:1111:2222:3333:4444:5555:6666",
	    "2001:db8:1111::/48", 1795284342, url, "7K2M9Q", text);
	len = strlen(text);
	assert_true(len <= 510);
	check_text("its end is there", text + len - strlen(own), own);
	phrase[13 + REPLY_WORDS_MAX - strlen(own)] = 'p';
	phrase[13 + REPLY_PHRASE_SIZE - 1] = '\0';
	assert_null(reply_parse(phrase, own, &reply));
	assert_false(reply_fits(&reply));
	phrase[13 + REPLY_PHRASE_SIZE - 1] = 'p';
	phrase[13 + REPLY_PHRASE_SIZE] = '\0';
	assert_string_equal(reply_parse(phrase, own, &reply),
	    "the phrase is longer than 190 characters");
}

static void
who_is_always_reachable(void **state)
{
	static const struct {
		const char *path;
		bool want;
	} rows[] = {
		{ "<postmaster@example.test>", true },
		{ "<PostMaster@example.test>", true },
		{ "<postmaster>", true },
		{ "postmaster", true },
		{ "<abuse@example.test>", true },
		{ "<ABUSE@EXAMPLE.TEST>", true },
		{ "<abuse>", false },
		{ "<postmasters@example.test>", false },
		{ "<xpostmaster@example.test>", false },
		{ "<postmaster.x@example.test>", false },
		{ "<post>", false },
		{ "<>", false },
		{ "", false },
		{ "<", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		check_int(
		    rows[i].path, reply_spares(rows[i].path), rows[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies_of_a_policy),
		cmocka_unit_test(what_the_client_hears),
		cmocka_unit_test(the_longest_reply_is_whole),
		cmocka_unit_test(who_is_always_reachable),
	};

	return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
