/*
 * The shipped policies, compiled in: all that each of them does, as
 * tests/data/policies.told has it, where a sentence stands over each rule and
 * limit.  What a provider publishes and what videur chose is told in
 * videur.conf(5).
 */
#include "check.h"

#include <stdio.h>

#include "base/text.h"
#include "conf/conf.h"
#include "core/policy.h"

static void
tell_reply(struct text *out, const char *name, const struct reply *reply)
{
	char text[REPLY_TEXT_SIZE];

	if (reply->code[0] != '\0') {
		text_addf(out, "\t%s %s\n", name, reply_words(reply, text));
	}
}

static void
tell_rule(struct text *out, const struct rule *rule)
{
	char text[DURATION_TEXT_SIZE];

	text_addf(out, "rule %s:", rule->name);
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		if ((rule->kinds & kind_bit((enum kind)kind)) != 0) {
			text_addf(out, " %s", kind_name((enum kind)kind));
		}
	}
	text_addf(out, "\n\t%d in %s", (int)rule->limit,
	    text_from_setting(rule->within, text));
	text_addf(out, ", ratio %d, settle %s, weight %d\n", (int)rule->ratio,
	    text_from_setting(rule->settle, text), (int)rule->weight);
	text_addf(out,
	    "\tsame-user %d, same-recipient %d, credit %d, soft %d, widen %d"
	    " %d, ipv4 %zu\n",
	    (int)rule->same_user, (int)rule->same_recipient, (int)rule->credit,
	    (int)rule->soft, (int)rule->widen[0], (int)rule->widen[1],
	    rule->widens_ipv4);
	text_addf(out, "\t%s on %s at %s for", reason_name(rule->reason),
	    service_name(rule->service), stage_name(rule->stage));
	for (int step = 1; step <= 5; step++) {
		text_addf(out, " %s",
		    text_from_setting(policy_duration(rule, step), text));
	}
	text_add(out, "\n");
	tell_reply(out, "reply", &rule->reply);
	tell_reply(out, "again", &rule->again);
}

static void
tell_policy(struct text *out, const char *name)
{
	char error[CONF_ERROR_SIZE];
	char text[DURATION_TEXT_SIZE];
	struct policy policy;

	/* No folder of policies lies beside this one. */
	if (!conf_policy(name, "/nonexistent/videur.conf", &policy, error)) {
		fail_msg("%s: %s", name, error);
	}
	text_addf(out, "policy %s\n\tmemory %s, ", policy.name,
	    text_from_setting(policy.memory, text));
	text_addf(out, "good %d %d, poor %d %d %d\n",
	    (int)policy.scale.good_messages, (int)policy.scale.good_ratio,
	    (int)policy.scale.poor_bans, (int)policy.scale.poor_events,
	    (int)policy.scale.poor_ratio);
	for (int kind = 0; kind < LIMIT_KINDS; kind++) {
		const struct limit *limit = &policy.limit[kind];

		text_addf(out, "limit %s: %d %d %d\n",
		    limit_name((enum limit_kind)kind), (int)limit->most[0],
		    (int)limit->most[1], (int)limit->most[2]);
		tell_reply(out, "reply", &limit->reply);
	}
	for (size_t i = 0; i < policy.rules; i++) {
		tell_rule(out, &policy.rule[i]);
	}
}

static void
each_policy_does_what_is_told(void **state)
{
	static const char *const names[] = { "franceserv", "sfr", "laposte",
		"orange" };
	static char told[1 << 16];
	struct text out;
	FILE *file = fopen("tests/data/policies.told", "r");
	char want[1024];
	const char *at = told;

	(void)state;
	text_init(&out, told, sizeof(told));
	for (size_t i = 0; i < COUNT(names); i++) {
		tell_policy(&out, names[i]);
	}
	assert_false(out.cut);
	assert_non_null(file);
	while (fgets(want, sizeof(want), file) != NULL) {
		char got[1024];
		size_t len = strcspn(at, "\n");

		if (want[0] == '#' || want[0] == '\n') {
			continue;
		}
		want[strcspn(want, "\n")] = '\0';
		(void)snprintf(got, sizeof(got), "%.*s", (int)len, at);
		check_text("the next line", got, want);
		at += len + (at[len] == '\n');
	}
	(void)fclose(file);
	check_text("what is left", at, "");
}

static void
every_kind_has_one_rule_and_perhaps_one_by_day(void **state)
{
	static const struct {
		const char *sentence, *policy;
		uint32_t without; /* kinds that lead to nothing */
	} rows[] = {
		{ "franceserv has no limits to go over", "franceserv",
		    UINT32_C(1) << KIND_VOLUME },
		{ "sfr says nothing of greylisting", "sfr",
		    UINT32_C(1) << KIND_GREYLIST },
		{ "laposte has a reply for all other kinds", "laposte", 0 },
		{ "orange has a reply for all other kinds", "orange", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char error[CONF_ERROR_SIZE];
		struct policy policy;
		uint32_t seen = 0;

		assert_true(conf_policy(rows[i].policy,
		    "/nonexistent/videur.conf", &policy, error));
		for (size_t r = 0; r < policy.rules; r++) {
			check_int(rows[i].sentence, 0,
			    strstr(policy.rule[r].name, "-day") == NULL &&
				(seen & policy.rule[r].kinds) != 0);
			seen |= policy.rule[r].kinds;
		}
		check_int(rows[i].sentence, seen,
		    ((UINT32_C(1) << KIND_COUNT) - 1) & ~rows[i].without);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_policy_does_what_is_told),
		cmocka_unit_test(
		    every_kind_has_one_rule_and_perhaps_one_by_day),
	};

	return cmocka_run_group_tests_name("policies", tests, NULL, NULL);
}
