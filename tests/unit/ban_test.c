/*
 * What one ban says, and when it holds.
 */
#include "check.h"

#include "core/standing.h"

enum {
	NOW = 1795284342
};

static void
what_the_next_session_hears(void **state)
{
	static const struct {
		const char *sentence;
		const char *again;
		int64_t hits;
		const char *want;
	} rows[] = {
		{ "the first session hears the reply", "454 4.7.1 Again", 0,
		    "550" },
		{ "the second one hears the other", "454 4.7.1 Again", 1,
		    "454" },
		{ "and so do all later ones", "454 4.7.1 Again", 1000, "454" },
		{ "without another the reply stays", NULL, 1, "550" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ban ban = { .hits = rows[i].hits };

		assert_null(reply_parse("550 5.7.1 No", NULL, &ban.reply));
		if (rows[i].again != NULL) {
			assert_null(
			    reply_parse(rows[i].again, NULL, &ban.again));
		}
		check_text(
		    rows[i].sentence, ban_reply(&ban)->code, rows[i].want);
	}
}

static void
when_it_holds(void **state)
{
	static const struct {
		const char *sentence;
		int64_t begins, ends, cleared;
		bool want;
		int64_t want_over;
	} rows[] = {
		{ "from its first second on", NOW, NOW + 10, 0, true,
		    NOW + 10 },
		{ "not a second before", NOW + 1, NOW + 10, 0, false,
		    NOW + 10 },
		{ "in its last second", NOW - 10, NOW + 1, 0, true, NOW + 1 },
		{ "not at its end", NOW - 10, NOW, 0, false, NOW },
		{ "not once it was cleared", NOW - 10, NOW + 10, NOW - 5, false,
		    NOW - 5 },
		{ "cleared after its end it was over before", NOW - 10, NOW - 5,
		    NOW - 1, false, NOW - 5 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct ban ban = { .begins = rows[i].begins,
			.ends = rows[i].ends,
			.cleared = rows[i].cleared };

		check_int(
		    rows[i].sentence, ban_active(&ban, NOW), rows[i].want);
		check_int(rows[i].sentence, ban_over(&ban), rows[i].want_over);
	}
}

static void
one_by_hand(void **state)
{
	static const struct {
		const char *sentence;
		enum reason reason;
		enum stage stage;
		enum service service;
	} rows[] = {
		{ "one for errors stops mail", REASON_ERROR, STAGE_RCPT,
		    SERVICE_ANY },
		{ "one for spam, too", REASON_SPAM, STAGE_RCPT, SERVICE_ANY },
		{ "one for logins stops them at HELO", REASON_AUTH, STAGE_HELO,
		    SERVICE_SUBMISSION },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ban ban = { .reason = rows[i].reason };

		ban_by_hand(&ban);
		check_text(rows[i].sentence, ban.rule, BAN_RULE_MANUAL);
		check_int(rows[i].sentence, ban.step, 0);
		check_int(rows[i].sentence, ban.stage, rows[i].stage);
		check_int(rows[i].sentence, ban.service, rows[i].service);
		check_text(rows[i].sentence, ban_reply(&ban)->code, "550");
		check_text(rows[i].sentence, ban_reply(&ban)->phrase,
		    "Blocked by the administrator");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_next_session_hears),
		cmocka_unit_test(when_it_holds),
		cmocka_unit_test(one_by_hand),
	};

	return cmocka_run_group_tests_name("ban", tests, NULL, NULL);
}
