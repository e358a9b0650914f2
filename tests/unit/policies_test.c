#include "check.h"

#include "conf/conf.h"
#include "core/limit.h"
#include "core/policy.h"

/*
 * The shipped policies, compiled in: a row for each thing a provider says or
 * does.  What a provider publishes and what videur chose is told in
 * videur.conf(5).
 */

#define HOUR      INT64_C(3600)
#define DAY       (24 * HOUR)
#define BIT(kind) (UINT32_C(1) << KIND_##kind)

#define SFR "450 4.7.1 Service refused due to bad behavior - "
#define LAPOSTE                                                                \
	"Client host rejected: Service refuse. Veuillez essayer plus tard. "   \
	"service refused, please try later."
#define LAPOSTE_503 "450 4.7.1 " LAPOSTE " LPN027_503"
#define ORANGE                                                                 \
	"421 Service refuse. Veuillez essayer plus tard. Service refused, "    \
	"please try later."
#define ORANGE_105 ORANGE " OFR004_105 [105]"
#define ORANGE_999 ORANGE " OFR_999 [999]"
#define ORANGE_SPAM                                                            \
	"550 Adresse IP source bloquee pour incident de spam. Client host "    \
	"blocked for spamming issues. OFR006_102"
#define LOGINS "530 5.7.0 Too many authentication errors from your IP"
#define ERRORS "550 5.7.1 Too many errors from your IP"
#define SPAM   "500 5.7.1 Too many spams/virus from your IP"

static const char *const names[] = { "franceserv", "sfr", "laposte", "orange" };

static struct policy
load(const char *name)
{
	char error[CONF_ERROR_SIZE];
	struct policy policy;

	/* No folder of policies lies beside this one. */
	if (!conf_policy(name, "/nonexistent/videur.conf", &policy, error)) {
		fail_msg("%s: %s", name, error);
	}
	return policy;
}

/* ---- rules ---- */

static const struct want {
	const char *sentence;
	const char *policy, *rule;
	uint32_t kinds;
	enum reason reason;
	int64_t hours[5]; /* of the first to the fifth ban in a row */
	const char *reply;
	const char *again; /* from the second refused session on, or NULL */
	struct {
		int64_t limit, within, settle, ratio;
	} when; /* videur's own choice */
} wants[] = {
	{ "franceserv: a virus is 500 for a day, every time", "franceserv",
	    "virus", BIT(VIRUS), REASON_VIRUS, { 24, 24, 24, 24, 24 }, SPAM,
	    NULL, { 1, DAY, 0, 1000 } },
	{ "franceserv: spam is 500 for 3, 6, 12, 24 hours", "franceserv",
	    "spam", BIT(SPAM) | BIT(COMPLAINT), REASON_SPAM,
	    { 3, 6, 12, 24, 24 }, SPAM, NULL, { 5, HOUR, 0, 3000 } },
	{ "franceserv: failed logins are 530, as long as errors", "franceserv",
	    "auth", BIT(AUTH), REASON_AUTH, { 2, 4, 8, 16, 24 }, LOGINS, NULL,
	    { 10, HOUR, 0, 0 } },
	{ "franceserv: errors are 550 for 2, 4, 8, 16, 24 hours", "franceserv",
	    "errors",
	    BIT(COMMAND) | BIT(HELO) | BIT(SENDER) | BIT(DISCONNECT) |
		BIT(PROBE) | BIT(RELAY),
	    REASON_ERROR, { 2, 4, 8, 16, 24 }, ERRORS, NULL,
	    { 20, HOUR, 0, 5000 } },
	{ "franceserv: addresses that do not exist are errors", "franceserv",
	    "dictionary", BIT(RECIPIENT), REASON_ERROR, { 2, 4, 8, 16, 24 },
	    ERRORS, NULL, { 20, HOUR, 0, 5000 } },
	{ "franceserv: failing the greylist is an error", "franceserv",
	    "greylist", BIT(GREYLIST), REASON_ERROR, { 2, 4, 8, 16, 24 },
	    ERRORS, NULL, { 20, DAY, 6 * HOUR, 9000 } },

	{ "sfr: 101 is too many spam messages, always 2 hours", "sfr", "spam",
	    BIT(SPAM) | BIT(COMPLAINT), REASON_SPAM, { 2, 2, 2, 2, 2 },
	    SFR "Too many spam messages SFR_IN_101", NULL,
	    { 5, HOUR, 0, 3000 } },
	{ "sfr: 102 is a virus, at once, always 2 hours", "sfr", "virus",
	    BIT(VIRUS), REASON_VIRUS, { 2, 2, 2, 2, 2 },
	    SFR "Virus detected SFR_IN_102", NULL, { 1, HOUR, 0, 0 } },
	{ "sfr: 103 is errors of no other code, always 2 hours", "sfr",
	    "errors",
	    BIT(COMMAND) | BIT(HELO) | BIT(SENDER) | BIT(DISCONNECT) |
		BIT(PROBE) | BIT(RELAY),
	    REASON_ERROR, { 2, 2, 2, 2, 2 },
	    SFR "Too many SMTP errors SFR_IN_103", NULL, { 10, HOUR, 0, 0 } },
	{ "sfr: 104 is too many unknown users, always 2 hours", "sfr",
	    "dictionary", BIT(RECIPIENT), REASON_RECIPIENT, { 2, 2, 2, 2, 2 },
	    SFR "Too many unknown users SFR_IN_104", NULL, { 10, HOUR, 0, 0 } },
	{ "sfr: 105 is too many messages sent, always 2 hours", "sfr", "volume",
	    BIT(VOLUME), REASON_VOLUME, { 2, 2, 2, 2, 2 },
	    SFR "Too many messages sent SFR_IN_105", NULL, { 20, HOUR, 0, 0 } },
	{ "sfr: logins are protected as ever", "sfr", "auth", BIT(AUTH),
	    REASON_AUTH, { 2, 4, 8, 16, 24 }, LOGINS, NULL,
	    { 10, HOUR, 0, 0 } },

	{ "laposte: spam and complaints are 450 4.7.0 LPN007_510, 3 hours",
	    "laposte", "spam", BIT(SPAM) | BIT(COMPLAINT), REASON_SPAM,
	    { 3, 3, 3, 3, 3 },
	    "450 4.7.0 Service refuse. Veuillez essayer plus tard. service "
	    "refused, please try later. LPN007_510",
	    NULL, { 5, HOUR, 0, 3000 } },
	{ "laposte: senders that can receive no mail are 450 4.1.8 LPN007_405",
	    "laposte", "sender", BIT(SENDER), REASON_ERROR, { 3, 3, 3, 3, 3 },
	    "450 4.1.8 Emetteur invalide. Invalid Sender. LPN007_405", NULL,
	    { 10, HOUR, 0, 5000 } },
	{ "laposte: a virus is 450 4.7.1 LPN027_503, 3 hours", "laposte",
	    "virus", BIT(VIRUS), REASON_VIRUS, { 3, 3, 3, 3, 3 }, LAPOSTE_503,
	    NULL, { 1, DAY, 0, 1000 } },
	{ "laposte: errors are LPN027_503, 3 hours", "laposte", "errors",
	    BIT(COMMAND) | BIT(HELO) | BIT(DISCONNECT) | BIT(PROBE) |
		BIT(RELAY),
	    REASON_ERROR, { 3, 3, 3, 3, 3 }, LAPOSTE_503, NULL,
	    { 20, HOUR, 0, 5000 } },
	{ "laposte: unknown recipients are LPN027_503, 3 hours", "laposte",
	    "dictionary", BIT(RECIPIENT), REASON_RECIPIENT, { 3, 3, 3, 3, 3 },
	    LAPOSTE_503, NULL, { 20, HOUR, 0, 5000 } },
	{ "laposte: who never comes back hears LPN027_503, 3 hours", "laposte",
	    "greylist", BIT(GREYLIST), REASON_ERROR, { 3, 3, 3, 3, 3 },
	    LAPOSTE_503, NULL, { 20, DAY, 6 * HOUR, 9000 } },
	{ "laposte: going over limits is LPN027_503, 3 hours", "laposte",
	    "volume", BIT(VOLUME), REASON_VOLUME, { 3, 3, 3, 3, 3 },
	    LAPOSTE_503, NULL, { 50, HOUR, 0, 0 } },
	{ "laposte: logins are protected as ever", "laposte", "auth", BIT(AUTH),
	    REASON_AUTH, { 2, 4, 8, 16, 24 }, LOGINS, NULL,
	    { 10, HOUR, 0, 0 } },

	{ "orange: spam and complaints are 550 OFR006_102, then OFR_999",
	    "orange", "spam", BIT(SPAM) | BIT(COMPLAINT), REASON_SPAM,
	    { 2, 4, 8, 8, 8 }, ORANGE_SPAM, ORANGE_999, { 5, HOUR, 0, 3000 } },
	{ "orange: a virus is 550 OFR006_102, then OFR_999", "orange", "virus",
	    BIT(VIRUS), REASON_VIRUS, { 2, 4, 8, 8, 8 }, ORANGE_SPAM,
	    ORANGE_999, { 1, DAY, 0, 1000 } },
	{ "orange: an invalid sender has no code of its own, always 2 hours",
	    "orange", "sender", BIT(SENDER), REASON_ERROR, { 2, 2, 2, 2, 2 },
	    "421 Emetteur invalide, Veuillez verifier la configuration "
	    "SPF/DNS de votre nom de domaine. Invalid Sender. SPF check "
	    "failed, please verify the SPF/DNS configuration for your domain "
	    "name.",
	    ORANGE_999, { 10, HOUR, 0, 5000 } },
	{ "orange: errors are 421 OFR004_105, then OFR_999", "orange", "errors",
	    BIT(COMMAND) | BIT(HELO) | BIT(DISCONNECT) | BIT(PROBE) |
		BIT(RELAY),
	    REASON_ERROR, { 2, 4, 8, 8, 8 }, ORANGE_105, ORANGE_999,
	    { 20, HOUR, 0, 5000 } },
	{ "orange: unknown recipients are 421 OFR004_105, then OFR_999",
	    "orange", "dictionary", BIT(RECIPIENT), REASON_RECIPIENT,
	    { 2, 4, 8, 8, 8 }, ORANGE_105, ORANGE_999, { 20, HOUR, 0, 5000 } },
	{ "orange: who never comes back hears OFR004_105, then OFR_999",
	    "orange", "greylist", BIT(GREYLIST), REASON_ERROR,
	    { 2, 4, 8, 8, 8 }, ORANGE_105, ORANGE_999,
	    { 20, DAY, 6 * HOUR, 9000 } },
	{ "orange: going over limits is OFR004_105, then OFR_999", "orange",
	    "volume", BIT(VOLUME), REASON_VOLUME, { 2, 4, 8, 8, 8 }, ORANGE_105,
	    ORANGE_999, { 20, HOUR, 0, 0 } },
	{ "orange: logins are protected as ever", "orange", "auth", BIT(AUTH),
	    REASON_AUTH, { 2, 4, 8, 16, 24 }, LOGINS, NULL,
	    { 10, HOUR, 0, 0 } },
};

static void
each_rule_does_what_its_sentence_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(wants); i++) {
		const struct want *want = &wants[i];
		const char *who = want->sentence;
		struct policy policy = load(want->policy);
		const struct rule *rule = policy_rule(&policy, want->rule);
		char text[REPLY_TEXT_SIZE];

		if (rule == NULL) {
			fail_msg("%s: no rule \"%s\"", who, want->rule);
			return;
		}
		check_int(who, rule->kinds, want->kinds);
		check_int(who, rule->reason, want->reason);
		for (int step = 1; step <= 5; step++) {
			check_int(who, policy_duration(rule, step),
			    want->hours[step - 1] * HOUR);
		}
		check_text(who, reply_words(&rule->reply, text), want->reply);
		check_int(
		    who, rule->again.code[0] != '\0', want->again != NULL);
		if (want->again != NULL) {
			check_text(
			    who, reply_words(&rule->again, text), want->again);
		}
	}
}

static void
thresholds_are_those_of_the_man_page(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(wants); i++) {
		const char *who = wants[i].sentence;
		struct policy policy = load(wants[i].policy);
		const struct rule *rule = policy_rule(&policy, wants[i].rule);

		check_int(who, rule->limit, wants[i].when.limit);
		check_int(who, rule->within, wants[i].when.within);
		check_int(who, rule->settle, wants[i].when.settle);
		check_int(who, rule->ratio, wants[i].when.ratio);
	}
}

static void
no_policy_has_a_rule_more(void **state)
{
	(void)state;
	for (size_t p = 0; p < COUNT(names); p++) {
		struct policy policy = load(names[p]);
		size_t rules = 0;

		for (size_t i = 0; i < COUNT(wants); i++) {
			rules += strcmp(wants[i].policy, names[p]) == 0;
		}
		check_int(names[p], (int64_t)policy.rules, (int64_t)rules);
		check_text(names[p], policy.name, names[p]);
		check_int(names[p], policy.memory, 90 * DAY);
	}
}

static void
every_kind_has_one_rule_at_most(void **state)
{
	static const struct {
		const char *sentence, *policy;
		uint32_t without; /* kinds that lead to nothing */
	} rows[] = {
		{ "franceserv has no limits to go over", "franceserv",
		    BIT(VOLUME) },
		{ "sfr says nothing of greylisting", "sfr", BIT(GREYLIST) },
		{ "laposte has a reply for all other kinds", "laposte", 0 },
		{ "orange has a reply for all other kinds", "orange", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct policy policy = load(rows[i].policy);
		uint32_t seen = 0;

		for (size_t r = 0; r < policy.rules; r++) {
			check_int(
			    rows[i].sentence, seen & policy.rule[r].kinds, 0);
			seen |= policy.rule[r].kinds;
		}
		check_int(rows[i].sentence, seen,
		    ((UINT32_C(1) << KIND_COUNT) - 1) & ~rows[i].without);
	}
}

static void
blocks_of_sfrs_five_codes_can_overlap(void **state)
{
	struct policy policy = load("sfr");
	uint32_t reasons = 0;

	(void)state;
	for (size_t i = 0; i < policy.rules; i++) {
		reasons |= UINT32_C(1) << policy.rule[i].reason;
	}
	check_int("no two rules share a reason", reasons,
	    (UINT32_C(1) << policy.rules) - 1);
}

static void
every_policy_protects_logins_and_nothing_else_there(void **state)
{
	(void)state;
	for (size_t p = 0; p < COUNT(names); p++) {
		struct policy policy = load(names[p]);
		int64_t guards = 0;

		for (size_t i = 0; i < policy.rules; i++) {
			const struct rule *rule = &policy.rule[i];
			bool auth = (rule->kinds & BIT(AUTH)) != 0;

			guards += auth;
			check_int(names[p], rule->service,
			    auth ? SERVICE_SUBMISSION : SERVICE_MX);
			check_int(names[p], rule->stage,
			    auth ? STAGE_HELO : STAGE_RCPT);
		}
		check_int(names[p], guards, 1);
	}
}

static void
nothing_is_softened_or_forgiven(void **state)
{
	(void)state;
	for (size_t p = 0; p < COUNT(names); p++) {
		struct policy policy = load(names[p]);

		for (size_t i = 0; i < policy.rules; i++) {
			const struct rule *rule = &policy.rule[i];

			check_int(names[p], rule->soft, 0);
			check_int(names[p], rule->credit, 0);
			check_int(names[p], rule->weight, POLICY_RATIO_ONE);
			check_int(names[p], rule->same_user, 0);
			check_int(names[p], rule->same_recipient, 0);
		}
	}
}

/* ---- limits ---- */

static const struct {
	const char *sentence, *policy;
	enum limit_kind kind;
	int64_t most[REPUTATION_COUNT]; /* good, neutral, poor */
	const char *reply;              /* NULL: no such limit */
} limits[] = {
	{ "franceserv limits no connections", "franceserv", LIMIT_CONNECTIONS,
	    { 0, 0, 0 }, NULL },
	{ "franceserv limits no messages", "franceserv", LIMIT_MESSAGES,
	    { 0, 0, 0 }, NULL },
	{ "franceserv limits no hour", "franceserv", LIMIT_HOURLY, { 0, 0, 0 },
	    NULL },

	{ "sfr limits connections by reputation", "sfr", LIMIT_CONNECTIONS,
	    { 20, 10, 2 }, SFR "Too many messages sent SFR_IN_105" },
	{ "sfr limits messages by reputation", "sfr", LIMIT_MESSAGES,
	    { 500, 100, 10 }, SFR "Too many messages sent SFR_IN_105" },
	{ "sfr limits connections an hour by reputation", "sfr", LIMIT_HOURLY,
	    { 1200, 300, 30 }, SFR "Too many messages sent SFR_IN_105" },

	{ "laposte takes 2 connections of anybody", "laposte",
	    LIMIT_CONNECTIONS, { 2, 2, 2 },
	    "421 4.7.1 " LAPOSTE " LPN105_104" },
	{ "laposte takes 100 messages in a connection", "laposte",
	    LIMIT_MESSAGES, { 100, 100, 100 },
	    "421 4.7.1 " LAPOSTE " LPN003_109" },
	{ "laposte limits no hour", "laposte", LIMIT_HOURLY, { 0, 0, 0 },
	    NULL },

	{ "orange limits connections by reputation, with OFR004_104", "orange",
	    LIMIT_CONNECTIONS, { 20, 10, 2 },
	    "421 Trop de connexions, veuillez verifier votre configuration. "
	    "Too many connections, slow down. OFR004_104 [104]" },
	{ "orange limits messages by reputation, with OFR004_105", "orange",
	    LIMIT_MESSAGES, { 500, 100, 10 }, ORANGE_105 },
	{ "orange limits connections an hour by reputation, with OFR004_105",
	    "orange", LIMIT_HOURLY, { 1200, 300, 30 }, ORANGE_105 },
};

static void
limits_are_what_their_sentences_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(limits); i++) {
		const char *who = limits[i].sentence;
		struct policy policy = load(limits[i].policy);
		const struct limit *limit = &policy.limit[limits[i].kind];
		char text[REPLY_TEXT_SIZE];

		for (size_t r = 0; r < REPUTATION_COUNT; r++) {
			check_int(who, limit->most[r], limits[i].most[r]);
		}
		if (limits[i].reply != NULL) {
			check_text(who, reply_words(&limit->reply, text),
			    limits[i].reply);
		}
	}
}

static void
reputation_is_the_same_in_all(void **state)
{
	(void)state;
	for (size_t p = 0; p < COUNT(names); p++) {
		struct policy policy = load(names[p]);

		check_int(names[p], policy.scale.good_messages, 20);
		check_int(names[p], policy.scale.good_ratio, 500);
		check_int(names[p], policy.scale.poor_bans, 2);
		check_int(names[p], policy.scale.poor_events, 20);
		check_int(names[p], policy.scale.poor_ratio, 5000);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_does_what_its_sentence_says),
		cmocka_unit_test(thresholds_are_those_of_the_man_page),
		cmocka_unit_test(no_policy_has_a_rule_more),
		cmocka_unit_test(every_kind_has_one_rule_at_most),
		cmocka_unit_test(blocks_of_sfrs_five_codes_can_overlap),
		cmocka_unit_test(
		    every_policy_protects_logins_and_nothing_else_there),
		cmocka_unit_test(nothing_is_softened_or_forgiven),
		cmocka_unit_test(limits_are_what_their_sentences_say),
		cmocka_unit_test(reputation_is_the_same_in_all),
	};

	return cmocka_run_group_tests_name("policies", tests, NULL, NULL);
}
