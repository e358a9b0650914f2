#include "conf_dir.h"

#include "core/policy.h"

/*
 * What a policy file says of reputation, limits and fairness.
 */

#define LONG_50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* Rules with all they need, and room for more. */
#define OF(kinds)                                                              \
	"rule \"one\" { events = {" kinds "} limit = 1 within = 1h\n"          \
	"reason = spam ban = {1h} reply = \"550 5.7.1 No\" "
#define RULE OF("recipient") "}\n"

static struct policy
read_policy(const char *sentence, const char *text)
{
	char error[CONF_ERROR_SIZE];
	struct policy policy;

	conf_dir_write("policies/ours.conf", text);
	if (!conf_policy(
		"ours", conf_dir_path("videur.conf"), &policy, error)) {
		fail_msg("%s: %s", sentence, error);
	}
	return policy;
}

static void
nothing_is_limited_or_forgiven_by_default(void **state)
{
	const char *who = "a rule alone";
	struct policy policy = read_policy(who, RULE);
	const struct rule *rule = &policy.rule[0];

	(void)state;
	check_int(who, policy.scale.good_messages, 20);
	check_int(who, policy.scale.good_ratio, 500);
	check_int(who, policy.scale.poor_bans, 2);
	check_int(who, policy.scale.poor_events, 20);
	check_int(who, policy.scale.poor_ratio, 5000);
	for (size_t kind = 0; kind < LIMIT_KINDS; kind++) {
		for (size_t i = 0; i < REPUTATION_COUNT; i++) {
			check_int(who, policy.limit[kind].most[i], 0);
		}
	}
	check_int(who, rule->same_recipient, 0);
	check_int(who, rule->credit, 0);
	check_int(who, rule->weight, POLICY_RATIO_ONE);
	check_int(who, rule->soft, 0);
	check_text(who, rule->again.code, "");
	check_text(who, rule->again.own, "");
}

static void
every_key_of_fairness_is_read(void **state)
{
	const char *who = "all of it";
	struct policy policy = read_policy(who,
	    "reputation { good-messages = 5 good-ratio = 0\n"
	    " poor-bans = 0 poor-events = 7 poor-ratio = 1 }\n" OF(
		"recipient") "same-recipient = 2 credit = 50 weight = 0.1 soft = 3\n"
			     "code-again = \"C [9]\" reply-again = \"421 Later\"\n"
			     "code = \"C [1]\" }\n");
	const struct rule *rule = &policy.rule[0];

	(void)state;
	check_int(who, policy.scale.good_messages, 5);
	check_int(who, policy.scale.good_ratio, 0);
	check_int(who, policy.scale.poor_bans, 0);
	check_int(who, policy.scale.poor_events, 7);
	check_int(who, policy.scale.poor_ratio, POLICY_RATIO_ONE);
	check_int(who, rule->same_recipient, 2);
	check_int(who, rule->credit, 50);
	check_int(who, rule->weight, 1000);
	check_int(who, rule->soft, 3);
	check_text(who, rule->again.code, "421");
	check_text(who, rule->again.enhanced, "");
	check_text(who, rule->again.phrase, "Later");
	check_text(who, rule->again.own, "C [9]");
	check_text(who, rule->reply.code, "550");
	check_text(who, rule->reply.own, "C [1]");
}

static void
a_limit_has_one_number_or_three(void **state)
{
	const char *who = "three limits";
	struct policy policy = read_policy(who,
	    "limit \"messages\" { most = {7} reply = \"421 4.7.0 Enough\" }\n"
	    "limit hourly { code = H1 reply = \"450 Wait\"\n"
	    " most = {1000000, 0,\n 10} }\n" RULE
	    "limit connections { most = {1} most += {2, 3}\n"
	    " reply = \"550 No\" }\n");
	const struct limit *limit = policy.limit;

	(void)state;
	for (size_t i = 0; i < REPUTATION_COUNT; i++) {
		check_int("one number stands for all",
		    limit[LIMIT_MESSAGES].most[i], 7);
	}
	check_text(who, limit[LIMIT_MESSAGES].reply.code, "421");
	check_text(who, limit[LIMIT_MESSAGES].reply.enhanced, "4.7.0");
	check_text(who, limit[LIMIT_MESSAGES].reply.phrase, "Enough");
	check_text(who, limit[LIMIT_MESSAGES].reply.own, "");
	check_int(who, limit[LIMIT_HOURLY].most[REPUTATION_GOOD], 1000000);
	check_int(who, limit[LIMIT_HOURLY].most[REPUTATION_NEUTRAL], 0);
	check_int(who, limit[LIMIT_HOURLY].most[REPUTATION_POOR], 10);
	check_text(who, limit[LIMIT_HOURLY].reply.own, "H1");
	check_int(who, limit[LIMIT_CONNECTIONS].most[REPUTATION_GOOD], 1);
	check_int(who, limit[LIMIT_CONNECTIONS].most[REPUTATION_NEUTRAL], 2);
	check_int(who, limit[LIMIT_CONNECTIONS].most[REPUTATION_POOR], 3);
}

static void
values_at_their_limits_are_read(void **state)
{
	static const char *const rows[] = {
		"limit hourly { most = 2 reply = \"421 No\" }" RULE,
		OF("recipient") "same-recipient = 1000000 soft = 12 }",
		OF("auth, spam") "same-user = 1 weight = 0 soft = 0 }",
		OF("spam") "credit = 1 weight = 1 reply-again = '450 X' }",
		"reputation { }" RULE,
		"reputation { good-ratio = 0.3 poor-ratio = 0.3 }" RULE,
		"reputation { good-ratio = 1.0 poor-ratio = 1 }" RULE,
		/* 158 and 32 characters */
		OF("spam") "reply-again = \"450 " LONG_50 LONG_50 LONG_50
			   "12345678\" code-again = "
			   "12345678901234567890123456789012 }",
		"limit hourly { reply = \"421 " LONG_50 LONG_50 LONG_50
		"12345678\" code = 12345678901234567890123456789012\n"
		"most = {0} }" RULE,
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		(void)read_policy(rows[i], rows[i]);
	}
}

/* ---- what is refused ---- */

#define AT(line, column) "policies/bad.conf:" #line ":" #column ": "
#define NO_LIMIT         "a limit is on \"connections\", \"messages\" or \"hourly\""
#define NO_NUMBER                                                              \
	"most is one number, or three: for good, neutral and poor "            \
	"clients"
#define SAY "reply = \"421 No\" "

static const struct bad {
	const char *sentence;
	const char *text;
	const char *want;
} bads[] = {
	{ "one recipient among other kinds",
	    OF("recipient, sender") "same-recipient = 1 }",
	    "policies/bad.conf:2:68: rule \"one\": same-recipient "
	    "needs events = {recipient}" },
	{ "one recipient where none is counted",
	    OF("spam") "same-recipient = 1\n}",
	    "policies/bad.conf:3:1: rule \"one\": same-recipient "
	    "needs events = {recipient}" },
	{ "one user where recipients are counted",
	    OF("recipient, auth") "same-user = 1 }",
	    "policies/bad.conf:2:63: rule \"one\": same-user cannot "
	    "count recipient events" },
	{ "no recipient at all", "rule a { same-recipient = 0 }",
	    "policies/bad.conf:1:27: same-recipient = \"0\": is too "
	    "small" },
	{ "a credit of 0", "rule a { credit = 0 }",
	    "policies/bad.conf:1:19: credit = \"0\": is too small" },
	{ "a credit too large", "rule a { credit = 1000001 }",
	    "policies/bad.conf:1:19: credit = \"1000001\": is too "
	    "large" },
	{ "a weight above 1", "rule a { weight = 1.5 }",
	    "policies/bad.conf:1:19: weight = \"1.5\": must be from "
	    "0 to 1, with up to four decimals" },
	{ "more soft steps than steps", "rule a { soft = 13 }",
	    "policies/bad.conf:1:17: soft = \"13\": is too large" },
	{ "soft below 0", "rule a { soft = -1 }",
	    "policies/bad.conf:1:17: soft = \"-1\": is too small" },
	{ "a second reply of success", "rule a { reply-again = \"250 Ok\" }",
	    "policies/bad.conf:1:24: reply-again = \"250 Ok\": a "
	    "reply begins with a code 4xx or 5xx and a blank" },
	{ "a second code with %", "rule a { code-again = \"A%\" }",
	    "policies/bad.conf:1:23: code-again = \"A%\": its own "
	    "code must be printable ASCII without '%'" },
	{ "a second code without its reply", OF("spam") "code-again = A }",
	    "policies/bad.conf:2:64: rule \"one\": code-again stands "
	    "without reply-again" },
	{ "reply and code too long together",
	    "rule one { events = {spam} limit = 1 within = 1h reason = spam\n"
	    "ban = {} reply = \"550 " LONG_50 LONG_50 LONG_50
	    "123456789\" code = 12345678901234567890123456789012 }",
	    "policies/bad.conf:2:224: rule \"one\": reply and code "
	    "together are longer than 190 characters" },
	{ "second reply and code too long together",
	    OF("spam") "reply-again = \"450 " LONG_50 LONG_50 LONG_50
		       "123456789\" code-again = "
		       "12345678901234567890123456789012 }",
	    "policies/bad.conf:2:275: rule \"one\": reply-again and "
	    "code-again together are longer than 190 characters" },

	{ "an unknown limit", "\nlimit \"bytes\" { most = {1} }",
	    "policies/bad.conf:2:1: a limit is on \"connections\", "
	    "\"messages\" or \"hourly\"" },
	{ "a limit without a name", "limit { most = {1} }",
	    "policies/bad.conf:1:7: limit has no name: limit "
	    "\"NAME\" { ... }" },
	{ "a limit twice",
	    "limit hourly { most = {1} " SAY "}\n"
	    "limit hourly { most = {2} " SAY "}\n" RULE,
	    "policies/bad.conf:2:1: limit \"hourly\" is given twice, "
	    "first in line 1" },
	{ "a limit without numbers", "limit hourly { " SAY "}",
	    "policies/bad.conf:1:33: limit \"hourly\" has no most" },
	{ "an empty list of numbers", "limit hourly { most = {} " SAY "\n}",
	    "policies/bad.conf:2:1: limit \"hourly\": most is one "
	    "number, or three: for good, neutral and poor clients" },
	{ "two numbers", "limit hourly { most = {2, 1} " SAY "}",
	    "policies/bad.conf:1:47: limit \"hourly\": most is one "
	    "number, or three: for good, neutral and poor clients" },
	{ "four numbers", "limit hourly { most = {4, 3, 2,\n1} " SAY "}",
	    "policies/bad.conf:2:1: most = \"1\": is one too many: "
	    "good, neutral and poor are three" },
	{ "a number below 0", "limit hourly { most = {-1} " SAY "}",
	    "policies/bad.conf:1:24: most = \"-1\": is too small" },
	{ "a number too large", "limit hourly { most = {1000001} " SAY "}",
	    "policies/bad.conf:1:24: most = \"1000001\": is too large" },
	{ "a number in words", "limit hourly { most = {few} " SAY "}",
	    "policies/bad.conf:1:24: most = \"few\": must be a whole "
	    "number" },
	{ "a limit without reply", "limit hourly { most = {1} }",
	    "policies/bad.conf:1:27: limit \"hourly\" has no reply" },
	{ "a second limit that lacks what the first has",
	    "limit messages { most = {1} " SAY "}\nlimit hourly { most = {1} }",
	    "policies/bad.conf:2:27: limit \"hourly\" has no reply" },
	{ "a key of a rule in a limit", "limit hourly { ban = {1h} }",
	    "policies/bad.conf:1:16: ban belongs in a section, such "
	    "as rule" },
	{ "a limit's reply and code too long together",
	    "limit hourly { most = {1} reply = \"421 " LONG_50 LONG_50 LONG_50
	    "123456789\" code = 12345678901234567890123456789012 }",
	    "policies/bad.conf:1:241: limit \"hourly\": reply and "
	    "code together are longer than 190 characters" },
	{ "limits and no rule", "limit hourly { most = {1} " SAY "}",
	    "policies/bad.conf:1:1: there is no rule in it" },

	{ "good for nothing", "reputation { good-messages = 0 }",
	    "policies/bad.conf:1:30: good-messages = \"0\": is too "
	    "small" },
	{ "poor for nothing", "reputation { poor-events = 0 }",
	    "policies/bad.conf:1:28: poor-events = \"0\": is too "
	    "small" },
	{ "a part above 1", "reputation { good-ratio = 1.1 }",
	    "policies/bad.conf:1:27: good-ratio = \"1.1\": must be "
	    "from 0 to 1, with up to four decimals" },
	{ "a part below 0", "reputation { poor-ratio = -1 }",
	    "policies/bad.conf:1:27: poor-ratio = \"-1\": must be "
	    "from 0 to 1, with up to four decimals" },
	{ "good and poor at once",
	    "reputation {\n good-ratio = 0.5\n poor-ratio = 0.4\n}",
	    "policies/bad.conf:4:1: section reputation: good-ratio "
	    "must not be above poor-ratio" },
	{ "good above the default of poor", "reputation { good-ratio = 0.6 }",
	    "policies/bad.conf:1:31: section reputation: good-ratio "
	    "must not be above poor-ratio" },
	{ "reputation twice", "reputation { }\nreputation { }\n" RULE,
	    "policies/bad.conf:2:1: section reputation is given "
	    "twice, first in line 1" },
	{ "a key of reputation at the top", "good-messages = 5",
	    "policies/bad.conf:1:1: good-messages belongs in a "
	    "section, such as reputation" },
};

static void
what_makes_no_sense_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bads); i++) {
		char error[CONF_ERROR_SIZE];
		struct policy policy;

		conf_dir_write("policies/bad.conf", bads[i].text);
		if (conf_policy(
			"bad", conf_dir_path("videur.conf"), &policy, error)) {
			fail_msg("%s: it was taken", bads[i].sentence);
		}
		conf_dir_shorten(error);
		check_text(bads[i].sentence, error, bads[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_limited_or_forgiven_by_default),
		cmocka_unit_test(every_key_of_fairness_is_read),
		cmocka_unit_test(a_limit_has_one_number_or_three),
		cmocka_unit_test(values_at_their_limits_are_read),
		cmocka_unit_test(what_makes_no_sense_is_refused),
	};

	return cmocka_run_group_tests_name(
	    "conf_policy", tests, conf_dir_make, conf_dir_remove);
}
