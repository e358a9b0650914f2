#include "ctl/ctl.h"

#include <inttypes.h>

#include "base/text.h"

enum {
	WORDS_SIZE = 256
};

/* ---- replies ---- */

/* What clients hear, and of which rule. */
struct reply_row {
	struct rule rule;
	const char *heard;
	struct reply reply;
	const char *words; /* with the own code behind them */
};

/* clang-format off */
/* NOLINTBEGIN(bugprone-macro-parentheses): names of members */
#define REPLY(record, member) \
	{ "code", OF(record, member.code), "CODE", 0 }, \
	{ "enhanced", OF(record, member.enhanced), "ENHANCED", \
	  COLUMN_OPTIONAL }, \
	{ "own", OF(record, member.own), "OWN", COLUMN_OPTIONAL }, \
	{ "reply", OF(record, member), NULL, 0 }
#define PHRASE(record, member) \
	{ "phrase", OF(record, member.phrase), "PHRASE", COLUMN_WRAP }
/* NOLINTEND(bugprone-macro-parentheses) */
/* clang-format on */

static const struct layout replies = {
	.column = {
	    REPLY(reply_row, reply),
	    { "rule", OF(reply_row, rule.name), "RULE", 0 },
	    { "heard", OF(reply_row, heard), "HEARD", COLUMN_PEOPLE },
	    { "reason", OF(reply_row, rule.reason), "REASON", 0 },
	    { "stage", OF(reply_row, rule.stage), "STAGE", 0 },
	    { "service", OF(reply_row, rule.service), "SERVICE", 0 },
	    PHRASE(reply_row, reply),
	    { "words", OF(reply_row, words), "REPLY", COLUMN_WRAP | COLUMN_PEOPLE },
	},
	.shown = " code enhanced rule heard reason stage service words ",
	.indent = 2,
	.people = true,
};

static void
put_reply(struct reply_row *row)
{
	row->words = piece("%s%s%s", row->reply.phrase,
	    row->reply.own[0] != '\0' ? " " : "", row->reply.own);
	output_record(row);
}

static void
put_replies(const struct policy *policy, struct reply_row *manual)
{
	output_say("\nReplies to who is banned:");
	output_table(NULL, &replies);
	for (size_t i = 0; i < policy->rules; i++) {
		const struct rule *rule = &policy->rule[i];
		bool twice = rule->again.code[0] != '\0';
		struct reply_row row = { *rule, twice ? "first" : "always",
			rule->reply, NULL };

		put_reply(&row);
		if (twice) {
			row.heard = "again";
			row.reply = rule->again;
			put_reply(&row);
		}
	}
	put_reply(manual);
	(void)output_end();
}

/* ---- what leads to a ban, and how long it lasts ---- */

struct code_row {
	struct rule rule;
	char kinds[WORDS_SIZE];
	char ban[WORDS_SIZE];
	char wide[WORDS_SIZE];
	const char *counts;
	const char
	    *weighed; /* kinds, and what has to be true beside the limit */
};

static const struct layout rules = {
	.column = {
	    { "rule", OF(code_row, rule.name), "RULE", 0 },
	    { "reason", OF(code_row, rule.reason), NULL, 0 },
	    { "limit", OF(code_row, rule.limit), NULL, 0 },
	    { "within", OF(code_row, rule.within), NULL, 0 },
	    { "counts", OF(code_row, counts), "LIMIT", COLUMN_PEOPLE },
	    { "lasts", OF(code_row, ban), "LASTS", COLUMN_PEOPLE },
	    { "soft", OF(code_row, rule.soft), NULL, 0 },
	    { "steps", OF(code_row, rule.soft), "SOFT",
	        COLUMN_RIGHT | COLUMN_PEOPLE | COLUMN_OPTIONAL },
	    { "widens", OF(code_row, wide), NULL, COLUMN_LIST },
	    { "stage", OF(code_row, rule.stage), NULL, 0 },
	    { "service", OF(code_row, rule.service), NULL, 0 },
	    REPLY(code_row, rule.reply),
	    PHRASE(code_row, rule.reply),
	    { "kinds", OF(code_row, kinds), NULL, COLUMN_LIST },
	    { "settle", OF(code_row, rule.settle), NULL, 0 },
	    { "ratio", OF(code_row, rule.ratio), NULL, COLUMN_RATIO },
	    { "credit", OF(code_row, rule.credit), NULL, 0 },
	    { "weight", OF(code_row, rule.weight), NULL, COLUMN_RATIO },
	    { "same_user", OF(code_row, rule.same_user), NULL, 0 },
	    { "same_recipient", OF(code_row, rule.same_recipient), NULL, 0 },
	    { "weighed", OF(code_row, weighed), "COUNTS", COLUMN_WRAP | COLUMN_PEOPLE },
	},
	.shown = " rule counts lasts steps weighed ",
	.indent = 2,
};

static const struct layout again = {
	.column = {
	    REPLY(rule, again),
	    PHRASE(rule, again),
	},
};

/* "/56:100 /48:200": so many events of all clients in such a network. */
static void
add_networks(struct code_row *row)
{
	const struct rule *rule = &row->rule;
	struct text text;

	text_init(&text, row->wide, sizeof(row->wide));
	for (size_t i = 0; i < rule->widens + rule->widens_ipv4; i++) {
		const size_t at = i < rule->widens ? i : i - rule->widens;

		text_addf(&text, "%s%s/%" PRId64 ":%" PRId64, i > 0 ? " " : "",
		    i < rule->widens ? "" : "IPv4",
		    i < rule->widens ? rule->widen[at] : rule->widen_ipv4[at],
		    rule->limit * policy_widen_limit(rule, at));
	}
}

/* "spam complaint; ratio 0.3, credit 50": what is set, by its setting's name. */
static const char *
weighed_text(const struct code_row *row)
{
	const struct rule *rule = &row->rule;
	const struct {
		const char *name;
		bool set;
		const char *value;
	} settings[] = {
		{ "ratio", rule->ratio != 0,
		    piece("%g", (double)rule->ratio / POLICY_RATIO_ONE) },
		{ "settle", rule->settle != 0, piece_short(rule->settle) },
		{ "credit", rule->credit != 0,
		    piece("%" PRId64, rule->credit) },
		{ "weight", rule->weight != POLICY_RATIO_ONE,
		    piece("%g", (double)rule->weight / POLICY_RATIO_ONE) },
		{ "same-user", rule->same_user != 0,
		    piece("%" PRId64, rule->same_user) },
		{ "same-recipient", rule->same_recipient != 0,
		    piece("%" PRId64, rule->same_recipient) },
	};
	const char *text = row->kinds;

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (settings[i].set) {
			text = piece("%s%s %s %s", text,
			    text == row->kinds ? ";" : ",", settings[i].name,
			    settings[i].value);
		}
	}
	return text;
}

static void
put_rule(const struct rule *rule)
{
	char within[DURATION_TEXT_SIZE];
	struct code_row row = {
		.rule = *rule,
		.counts = piece("%" PRId64 " in %s", rule->limit,
		    text_from_setting(rule->within, within)),
	};
	struct text text;

	text_init(&text, row.kinds, sizeof(row.kinds));
	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		if ((rule->kinds & kind_bit(kind)) != 0) {
			text_addf(&text, "%s%s", text.len > 0 ? " " : "",
			    kind_name(kind));
		}
	}
	add_networks(&row);
	row.weighed = weighed_text(&row);
	output_row();
	text_init(&text, row.ban, sizeof(row.ban));
	output_list("ban");
	for (size_t i = 0; i < rule->steps; i++) {
		text_addf(
		    &text, "%s%s", i > 0 ? " " : "", piece_short(rule->ban[i]));
		output_int(NULL, rule->ban[i]);
	}
	output_end();
	output_fields(&row);
	if (rule->again.code[0] != '\0') {
		output_member("again", &again, rule);
	} else {
		output_string("again", NULL);
	}
	output_end();
}

static const struct layout networks = {
	.column = {
	    { "rule", OF(code_row, rule.name), "RULE", 0 },
	    { "widens", OF(code_row, wide), "EVENTS", 0 },
	    { "within", OF(code_row, counts), "WITHIN", 0 },
	},
	.indent = 2,
	.people = true,
};

static void
put_networks(const struct policy *policy)
{
	output_say("\nNetworks banned for what their clients do together:");
	output_table(NULL, &networks);
	for (size_t i = 0; i < policy->rules; i++) {
		struct code_row row = { .rule = policy->rule[i],
			.counts = piece_short(policy->rule[i].within) };

		add_networks(&row);
		if (row.wide[0] != '\0') {
			output_record(&row);
		}
	}
	output_end_or("  none");
}

static void
put_rules(const struct policy *policy)
{
	bool any_soft = false;

	output_say("\nWhat leads to a ban, and how long each lasts:");
	output_table("rules", &rules);
	for (size_t i = 0; i < policy->rules; i++) {
		any_soft = any_soft || policy->rule[i].soft > 0;
		put_rule(&policy->rule[i]);
	}
	output_end_or("  none");
	if (any_soft) {
		output_say(
		    "  SOFT: so many first steps answer 450 instead of 5xx");
	}
	put_networks(policy);
}

/* ---- limits ---- */

struct limit_row {
	const char *name;
	struct limit limit;
};

#define MOST(reputation)                                                       \
	OF(limit_row, limit.most[REPUTATION_##reputation]), #reputation,       \
	    COLUMN_RIGHT | COLUMN_OPTIONAL
static const struct layout limits = {
	.column = {
	    { "limit", OF(limit_row, name), "LIMIT", 0 },
	    { "good", MOST(GOOD) },
	    { "neutral", MOST(NEUTRAL) },
	    { "poor", MOST(POOR) },
	    REPLY(limit_row, limit.reply),
	    PHRASE(limit_row, limit.reply),
	},
	.indent = 2,
};
#undef MOST

static void
put_limits(const struct policy *policy)
{
	output_say("\nLimits by reputation:");
	output_table("limits", &limits);
	for (enum limit_kind kind = 0; kind < LIMIT_KINDS; kind++) {
		const struct limit_row row = { limit_name(kind),
			policy->limit[kind] };

		if (limit_is_set(&row.limit)) {
			output_record(&row);
		}
	}
	output_end_or("  none");
}

enum exit_status
codes_show(struct ctl *ctl)
{
	static struct policy other; /* too large for a stack */
	const char *name = ctl->args->value[OPTION_POLICY];
	const struct policy *policy = name != NULL ? &other
						   : &ctl->conf->policy;
	struct ban ban = { .reason = REASON_ERROR }; /* where none is given */
	struct reply_row manual = { .rule.name = BAN_RULE_MANUAL,
		.heard = "always" };

	if (name != NULL && !ctl_policy(ctl, name, &other)) {
		return EXIT_USAGE;
	}
	ban_by_hand(&ban);
	manual.rule.reason = ban.reason;
	manual.rule.stage = ban.stage;
	manual.rule.service = ban.service;
	manual.reply = ban.reply;
	output_say("policy %s, each ban is a step of the next for %s",
	    policy->name, piece_duration(policy->memory));
	output_object(NULL, NULL);
	output_string("policy", policy->name);
	output_int("memory", policy->memory);
	put_replies(policy, &manual);
	put_rules(policy);
	put_limits(policy);
	output_member("manual", &replies, &manual);
	output_end();
	return EXIT_FINE;
}
