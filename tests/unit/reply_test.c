#include "check.h"

#include <stdio.h>

#include "core/reply.h"

static void
replies_of_a_policy(void **state)
{
	static const struct {
		const char *sentence, *text, *own, *complaint;
		const char *code, *enhanced, *phrase;
	} rows[] = {
		{ "code, enhanced code and phrase",
		    "550 5.7.1 Too many errors from your IP", NULL, NULL, "550",
		    "5.7.1", "Too many errors from your IP" },
		{ "no enhanced code", "500 Too many spams/virus from your IP",
		    NULL, NULL, "500", "",
		    "Too many spams/virus from your IP" },
		{ "a code of its own", "450 4.7.1 Too many unknown users",
		    "SFR_IN_104", NULL, "450", "4.7.1",
		    "Too many unknown users" },
		{ "a phrase that begins with a number", "421 4 errors", NULL,
		    NULL, "421", "", "4 errors" },
		{ "a code that is no refusal", "250 2.0.0 Ok", NULL,
		    "a reply begins with a code 4xx or 5xx and a blank", "", "",
		    "" },
		{ "a code of two digits", "55 no", NULL,
		    "a reply begins with a code 4xx or 5xx and a blank", "", "",
		    "" },
		{ "a code of four digits", "5500 no", NULL,
		    "a reply begins with a code 4xx or 5xx and a blank", "", "",
		    "" },
		{ "classes that contradict each other", "550 4.7.1 no", NULL,
		    "code and enhanced code are of two classes", "", "", "" },
		{ "no phrase", "550 5.7.1", NULL, "the phrase is missing", "",
		    "", "" },
		{ "no phrase behind the blank", "550 5.7.1 ", NULL,
		    "the phrase is missing", "", "", "" },
		{ "a line break", "550 no\r\n250 yes", NULL,
		    "the phrase must be printable ASCII without '%'", "", "",
		    "" },
		{ "an accent", "550 refus\303\251", NULL,
		    "the phrase must be printable ASCII without '%'", "", "",
		    "" },
		{ "a per cent sign, which the MTA may expand", "550 100%", NULL,
		    "the phrase must be printable ASCII without '%'", "", "",
		    "" },
		{ "a code of its own with a line break", "550 no", "A\nB",
		    "its own code must be printable ASCII without '%'", "", "",
		    "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reply reply;
		const char *complaint = reply_parse(
		    rows[i].text, rows[i].own, &reply);

		check_text(rows[i].sentence, complaint ? complaint : "fine",
		    rows[i].complaint ? rows[i].complaint : "fine");
		if (complaint == NULL) {
			check_text(rows[i].sentence, reply.code, rows[i].code);
			check_text(
			    rows[i].sentence, reply.enhanced, rows[i].enhanced);
			check_text(
			    rows[i].sentence, reply.phrase, rows[i].phrase);
			check_text(rows[i].sentence, reply.own,
			    rows[i].own ? rows[i].own : "");
		}
	}
}

static void
what_the_client_hears(void **state)
{
	static const struct {
		const char *sentence, *text, *own, *who, *url, *want;
	} rows[] = {
		{ "phrase, address, end and page",
		    "550 5.7.1 Too many errors from your IP", NULL, "192.0.2.7",
		    "https://postmaster.example.fr/",
		    "550 5.7.1 Too many errors from your IP [192.0.2.7], "
		    "blocked until 2026-11-21T18:05:42Z. See "
		    "https://postmaster.example.fr/?ip=192.0.2.7&ref=7K2M9Q" },
		{ "the policy's own code stands last",
		    "450 4.7.1 Too many unknown users", "SFR_IN_104",
		    "192.0.2.7", "https://p.example/",
		    "450 4.7.1 Too many unknown users [192.0.2.7], blocked "
		    "until 2026-11-21T18:05:42Z. See "
		    "https://p.example/?ip=192.0.2.7&ref=7K2M9Q SFR_IN_104" },
		{ "no page without its address", "500 Too many spams/virus",
		    NULL, "2001:db8::7", "",
		    "500 Too many spams/virus [2001:db8::7], blocked until "
		    "2026-11-21T18:05:42Z" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reply reply;
		char text[REPLY_TEXT_SIZE];

		assert_null(reply_parse(rows[i].text, rows[i].own, &reply));
		check_text(rows[i].sentence,
		    reply_line(&reply, rows[i].who, NULL, 1795284342,
			rows[i].url, "7K2M9Q", text),
		    rows[i].want);
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
