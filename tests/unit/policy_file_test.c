/*
 * What a policy file says of rules, reputation and limits.  What is refused
 * stands in tests/data/conf.cases.
 */
#include "conf_dir.h"

#include "core/policy.h"

#define HOUR INT64_C(3600)
#define DAY  (24 * HOUR)

#define BIT(kind) (UINT32_C(1) << KIND_##kind)

/* A rule with all it needs, and room for more. */
#define HEAD                                                                   \
	"rule \"one\" { events = {spam} limit = 1 within = 1h\n"               \
	"reason = spam ban = {1h} "
#define REPLY "reply = \"550 5.7.1 No\" "

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
a_file_beside_wins(void **state)
{
	char error[CONF_ERROR_SIZE];
	struct conf *conf;

	(void)state;
	conf_dir_write("policies/franceserv.conf",
	    "memory = 1d\n" HEAD "code = OWN_1 " REPLY "}\n"
	    "rule two-2_A { events = {relay, volume}\n"
	    " limit = 1000000 within = 2h settle = 1h ratio = 0.0001\n"
	    " same-user = 3\n"
	    " reason = volume service = submission stage = mail\n"
	    " ban = {} reply = '450 Later' }\n");
	conf = conf_dir_load("a file of the same name", "");
	check_int("memory", conf->policy.memory, DAY);
	check_int("rules", (int64_t)conf->policy.rules, 2);
	check_text("own code", conf->policy.rule[0].reply.own, "OWN_1");
	check_text("its reply", conf->policy.rule[0].reply.phrase, "No");
	check_int("any service", conf->policy.rule[0].service, SERVICE_ANY);
	check_int("at RCPT", conf->policy.rule[0].stage, STAGE_RCPT);
	check_int("no ratio", conf->policy.rule[0].ratio, 0);
	check_text("second", conf->policy.rule[1].name, "two-2_A");
	check_int(
	    "kinds", conf->policy.rule[1].kinds, BIT(RELAY) | BIT(VOLUME));
	check_int("limit", conf->policy.rule[1].limit, 1000000);
	check_int("settle", conf->policy.rule[1].settle, HOUR);
	check_int("ratio", conf->policy.rule[1].ratio, 1);
	check_int("same user", conf->policy.rule[1].same_user, 3);
	check_int("not everywhere", conf->policy.rule[0].same_user, 0);
	check_int("service", conf->policy.rule[1].service, SERVICE_SUBMISSION);
	check_int("stage", conf->policy.rule[1].stage, STAGE_MAIL);
	check_int("never bans", (int64_t)conf->policy.rule[1].steps, 0);
	check_text("code", conf->policy.rule[1].reply.code, "450");
	check_text("no enhanced", conf->policy.rule[1].reply.enhanced, "");
	conf_drop(conf);
	assert_int_equal(remove(conf_dir_path("policies/franceserv.conf")), 0);
	assert_true(conf_policy("franceserv", conf_dir_path("videur.conf"),
	    &(struct policy){ 0 }, error));
}

static void
ratios_are_read_to_four_decimals(void **state)
{
	static const struct {
		const char *text;
		int64_t want;
	} rows[] = { { "1", 10000 }, { "1.0", 10000 }, { "0.5", 5000 },
		{ "0.25", 2500 }, { "0.9999", 9999 }, { "0.0001", 1 } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct conf *conf;
		char text[512];

		(void)snprintf(text, sizeof(text), HEAD REPLY "ratio = %s }",
		    rows[i].text);
		conf_dir_write("policies/ours.conf", text);
		conf = conf_dir_load(rows[i].text, "policy = ours");
		check_int(
		    rows[i].text, conf->policy.rule[0].ratio, rows[i].want);
		conf_drop(conf);
	}
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_beside_wins),
		cmocka_unit_test(ratios_are_read_to_four_decimals),
		cmocka_unit_test(nothing_is_limited_or_forgiven_by_default),
		cmocka_unit_test(every_key_of_fairness_is_read),
		cmocka_unit_test(a_limit_has_one_number_or_three),
	};

	return cmocka_run_group_tests_name(
	    "policy_file", tests, conf_dir_make, conf_dir_remove);
}
