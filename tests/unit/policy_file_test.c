#include "conf_dir.h"

#include "core/policy.h"

#define HOUR INT64_C(3600)
#define DAY  (24 * HOUR)

#define BIT(kind) (UINT32_C(1) << KIND_##kind)

/* ---- policies of one's own ---- */

/* A rule with all it needs, and room for more. */
#define HEAD                                                                   \
	"rule \"one\" { events = {spam} limit = 1 within = 1h\n"               \
	"reason = spam ban = {1h} "
#define REPLY "reply = \"550 5.7.1 No\" "

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

/* ---- what is refused ---- */

#define NO_RATIO    "must be above 0 and at most 1, with up to four decimals"
#define NO_DURATION "must be a duration such as 90s, 10m, 2h or 7d"
#define NO_TITLE    "a rule's name is 1 to 32 letters, digits, '-' and '_'"

struct bad {
	const char *sentence;
	const char *text;
	const char *want;
};

static void
check_rows(const struct bad *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char error[CONF_ERROR_SIZE];
		struct policy policy;

		conf_dir_write("policies/bad.conf", rows[i].text);
		if (conf_policy(
			"bad", conf_dir_path("videur.conf"), &policy, error)) {
			fail_msg("%s: it was taken", rows[i].sentence);
		}
		conf_dir_shorten(error);
		check_text(rows[i].sentence, error, rows[i].want);
	}
}

static const struct bad incomplete[] = {
	{ "an empty file", "",
	    "policies/bad.conf:1:1: there is no rule in it" },
	{ "a rule without name", "\nrule { }",
	    "policies/bad.conf:2:6: rule has no name: rule \"NAME\" "
	    "{ ... }" },
	{ "an empty name", "rule \"\" { }",
	    "policies/bad.conf:1:1: " NO_TITLE },
	{ "a name with a blank", "rule \"a b\" { limit = 1 }",
	    "policies/bad.conf:1:1: " NO_TITLE },
	{ "a name of 33 characters",
	    "rule \"123456789012345678901234567890123\" { }",
	    "policies/bad.conf:1:1: " NO_TITLE },
	{ "the name of bans by hand", "\nrule manual { limit = 1 }",
	    "policies/bad.conf:2:1: the name \"manual\" is kept for "
	    "bans by hand" },
	{ "a name twice", HEAD REPLY "}\nrule \"one\" {\n}",
	    "policies/bad.conf:3:1: rule \"one\" is given twice, "
	    "first in line 1" },
	{ "nothing in it", "rule \"one\" {\n}",
	    "policies/bad.conf:2:1: rule \"one\" has no events\n"
	    "policies/bad.conf:2:1: rule \"one\" has no limit\n"
	    "policies/bad.conf:2:1: rule \"one\" has no within\n"
	    "policies/bad.conf:2:1: rule \"one\" has no reason\n"
	    "policies/bad.conf:2:1: rule \"one\" has no ban\n"
	    "policies/bad.conf:2:1: rule \"one\" has no reply" },
	{ "no limit", "rule \"one\" { events = {spam} }",
	    "policies/bad.conf:1:30: rule \"one\" has no limit\n"
	    "policies/bad.conf:1:30: rule \"one\" has no within\n"
	    "policies/bad.conf:1:30: rule \"one\" has no reason\n"
	    "policies/bad.conf:1:30: rule \"one\" has no ban\n"
	    "policies/bad.conf:1:30: rule \"one\" has no reply" },
	{ "no within", "rule \"one\" { events = {spam} limit = 1 }",
	    "policies/bad.conf:1:40: rule \"one\" has no within\n"
	    "policies/bad.conf:1:40: rule \"one\" has no reason\n"
	    "policies/bad.conf:1:40: rule \"one\" has no ban\n"
	    "policies/bad.conf:1:40: rule \"one\" has no reply" },
	{ "no reason", "rule one { events = {spam} limit = 1 within = 1h }",
	    "policies/bad.conf:1:50: rule \"one\" has no reason\n"
	    "policies/bad.conf:1:50: rule \"one\" has no ban\n"
	    "policies/bad.conf:1:50: rule \"one\" has no reply" },
	{ "no durations",
	    "rule one { events = {spam} limit = 1 within = 1h\n"
	    "reason = spam }",
	    "policies/bad.conf:2:15: rule \"one\" has no ban\n"
	    "policies/bad.conf:2:15: rule \"one\" has no reply" },
	{ "no reply", HEAD "\n}",
	    "policies/bad.conf:3:1: rule \"one\" has no reply" },
	{ "a second rule that lacks what the first has",
	    HEAD REPLY "}\nrule two {\n}\n",
	    "policies/bad.conf:4:1: rule \"two\" has no events\n"
	    "policies/bad.conf:4:1: rule \"two\" has no limit\n"
	    "policies/bad.conf:4:1: rule \"two\" has no within\n"
	    "policies/bad.conf:4:1: rule \"two\" has no reason\n"
	    "policies/bad.conf:4:1: rule \"two\" has no ban\n"
	    "policies/bad.conf:4:1: rule \"two\" has no reply" },
	{ "a key twice", HEAD "limit = 2 " REPLY "}",
	    "policies/bad.conf:2:26: limit is given twice, first in "
	    "line 1" },
	{ "durations twice", HEAD REPLY "ban = {}\n}",
	    "policies/bad.conf:2:49: ban is given twice, first in "
	    "line 2" },
	{ "an unknown key", HEAD REPLY "\nwieght = 2 }",
	    "policies/bad.conf:3:1: unknown \"wieght\", did you mean "
	    "\"weight\"?" },
	{ "a key of a rule outside", "within = 1h",
	    "policies/bad.conf:1:1: within belongs in a section, "
	    "such as rule" },
	{ "another file", "include(\"x.conf\")",
	    "policies/bad.conf:1:1: unknown \"include\"" },
};

static void
incomplete_and_repeated_rules(void **state)
{
	(void)state;
	check_rows(incomplete, COUNT(incomplete));
}

static const struct bad values[] = {
	{ "an unknown kind", "rule a {\nevents = {spam, ham} }",
	    "policies/bad.conf:2:17: events = \"ham\": must be spam, "
	    "virus, complaint, auth, recipient, sender, helo, "
	    "command, disconnect, probe, greylist, relay or volume" },
	{ "no kind",
	    "rule a { events = {} limit = 1 within = 1h\n"
	    "reason = spam ban = {1h} " REPLY "}",
	    "policies/bad.conf:2:49: rule \"a\": a rule needs at least "
	    "one kind of event" },
	{ "limit 0", "rule a { limit = 0 }",
	    "policies/bad.conf:1:18: limit = \"0\": is too small" },
	{ "limit 1000001", "rule a { limit = 1000001 }",
	    "policies/bad.conf:1:18: limit = \"1000001\": is too "
	    "large" },
	{ "a word for a limit", "rule a { limit = few }",
	    "policies/bad.conf:1:18: limit = \"few\": must be a whole "
	    "number" },
	{ "within 0", "rule a { within = 0s }",
	    "policies/bad.conf:1:19: within = \"0s\": " NO_DURATION },
	{ "a settle as long as within", HEAD REPLY "settle = 60m }",
	    "policies/bad.conf:2:62: rule \"one\": settle must be less "
	    "than within" },
	{ "no failure of a user at all", "rule a { same-user = 0 }",
	    "policies/bad.conf:1:22: same-user = \"0\": is too small" },
	{ "a settle without unit", "rule a { settle = 1 }",
	    "policies/bad.conf:1:19: settle = \"1\": " NO_DURATION },
	{ "a ratio of 0", "rule a { ratio = 0 }",
	    "policies/bad.conf:1:18: ratio = \"0\": " NO_RATIO },
	{ "a ratio above 1", "rule a { ratio = 1.0001 }",
	    "policies/bad.conf:1:18: ratio = \"1.0001\": " NO_RATIO },
	{ "a ratio of five decimals", "rule a { ratio = 0.12345 }",
	    "policies/bad.conf:1:18: ratio = \"0.12345\": " NO_RATIO },
	{ "a ratio with a comma", "rule a { ratio = \"0,3\" }",
	    "policies/bad.conf:1:18: ratio = \"0,3\": " NO_RATIO },
	{ "a ratio that is no number", "rule a { ratio = 0.x }",
	    "policies/bad.conf:1:18: ratio = \"0.x\": " NO_RATIO },
	{ "a ratio that ends in a point", "rule a { ratio = 0. }",
	    "policies/bad.conf:1:18: ratio = \"0.\": " NO_RATIO },
	{ "an unknown reason", "rule a { reason = relay }",
	    "policies/bad.conf:1:19: reason = \"relay\": must be "
	    "spam, virus, auth, error, recipient or volume" },
	{ "an unknown service", "rule a { service = imap }",
	    "policies/bad.conf:1:20: service = \"imap\": must be "
	    "any, mx or submission" },
	{ "an unknown stage", "rule a { stage = data }",
	    "policies/bad.conf:1:18: stage = \"data\": must be helo, "
	    "mail or rcpt" },
	{ "a duration without unit", "rule a { ban = {1h,\n2} }",
	    "policies/bad.conf:2:1: ban = \"2\": " NO_DURATION },
	{ "13 durations",
	    "rule a { ban = {1h,1h,1h,1h,1h,1h,1h,1h,1h,1h,1h,1h,2h} }",
	    "policies/bad.conf:1:53: ban = \"2h\": is one too many: "
	    "12 are the most" },
	{ "a reply of success", "rule a { reply = \"250 Fine\" }",
	    "policies/bad.conf:1:18: reply = \"250 Fine\": a reply "
	    "begins with a code 4xx or 5xx and a blank" },
	{ "a code with %", "rule a { code = \"A%\" }",
	    "policies/bad.conf:1:17: code = \"A%\": its own code must be "
	    "printable ASCII without '%'" },
	{ "a memory without unit", "memory = 90",
	    "policies/bad.conf:1:10: memory = \"90\": " NO_DURATION },
};

static void
values_that_rules_cannot_have(void **state)
{
	(void)state;
	check_rows(values, COUNT(values));
}

static void
more_than_32_rules(void **state)
{
	char error[CONF_ERROR_SIZE];
	struct policy policy;
	FILE *file = fopen(conf_dir_path("policies/many.conf"), "w");

	(void)state;
	assert_non_null(file);
	for (int i = 1; i <= 33; i++) {
		if (i == 33) {
			assert_int_equal(fflush(file), 0);
			assert_true(conf_policy("many",
			    conf_dir_path("videur.conf"), &policy, error));
			check_int("32 rules", (int64_t)policy.rules, 32);
		}
		assert_true(
		    fprintf(file,
			"rule r%d { events = {spam} limit = 1 "
			"within = 1h reason = spam ban = {} " REPLY "}\n",
			i) > 0);
	}
	assert_int_equal(fclose(file), 0);
	assert_false(
	    conf_policy("many", conf_dir_path("videur.conf"), &policy, error));
	conf_dir_shorten(error);
	check_text("33 rules", error,
	    "policies/many.conf:33:1: there are more than 32 rules");
}

static void
policies_that_are_not_there(void **state)
{
	static const struct bad rows[] = {
		{ "no such policy", "nosuch",
		    "no policy \"nosuch\": there is no policies/nosuch.conf, "
		    "and none of that name is built in" },
		{ "a path", "../videur",
		    "a policy's name is 1 to 32 of a-z, 0-9 and '-'" },
		{ "no name", "",
		    "a policy's name is 1 to 32 of a-z, 0-9 and '-'" },
		{ "33 characters", "123456789012345678901234567890123",
		    "a policy's name is 1 to 32 of a-z, 0-9 and '-'" },
		{ "a folder of that name", "folder",
		    "policies/folder.conf: is a folder, not a file" },
	};
	struct policy policy;
	char error[CONF_ERROR_SIZE];

	(void)state;
	assert_int_equal(mkdir(conf_dir_path("policies/folder.conf"), 0700), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_false(conf_policy(rows[i].text,
		    conf_dir_path("videur.conf"), &policy, error));
		conf_dir_shorten(error);
		check_text(rows[i].sentence, error, rows[i].want);
	}
	conf_dir_write("videur.conf", "mode = observe\npolicy = nosuch\n");
	assert_null(conf_load(conf_dir_path("videur.conf"), error));
	conf_dir_shorten(error);
	check_text("named by the configuration", error,
	    "videur.conf:2:10: no policy \"nosuch\": there is no "
	    "policies/nosuch.conf, and none of that name is built in");
	conf_dir_write("policies/bad.conf", "\nrule a { limit = x }");
	conf_dir_write("videur.conf", "policy = bad\n");
	assert_null(conf_load(conf_dir_path("videur.conf"), error));
	conf_dir_shorten(error);
	check_text("a wrong one that is named", error,
	    "policies/bad.conf:2:18: limit = \"x\": must be a whole number");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_beside_wins),
		cmocka_unit_test(ratios_are_read_to_four_decimals),
		cmocka_unit_test(incomplete_and_repeated_rules),
		cmocka_unit_test(values_that_rules_cannot_have),
		cmocka_unit_test(more_than_32_rules),
		cmocka_unit_test(policies_that_are_not_there),
	};

	return cmocka_run_group_tests_name(
	    "policy_file", tests, conf_dir_make, conf_dir_remove);
}
