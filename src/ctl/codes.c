#include "ctl/ctl.h"

#include <inttypes.h>

#include "base/text.h"
#include "core/policy.h"
#include "core/standing.h"

static const struct layout replies = {
	.column = { { "code", "CODE", 0, 0 }, { "enhanced", "ENHANCED", 0, 0 },
	    { "own", "OWN", 0, 0 }, { "rule", "RULE", 0, 0 },
	    { "heard", "HEARD", 0, 0 }, { "reason", "REASON", 0, 0 },
	    { "stage", "STAGE", 0, 0 }, { "service", "SERVICE", 0, 0 },
	    { "phrase", "PHRASE", COLUMN_WRAP, 0 } },
	.indent = 2,
	.people = true,
};

static const struct layout rules = {
	.column = { { "rule", "RULE", 0, 0 },
	    { "counts", "LIMIT", COLUMN_PEOPLE, 0 }, { "ban", "LASTS", 0, 0 },
	    { "steps", "SOFT", COLUMN_PEOPLE | COLUMN_RIGHT, 0 },
	    { "kinds", "COUNTS", COLUMN_WRAP, 0 } },
	.indent = 2,
};

static const struct layout limits = {
	.column = { { "limit", "LIMIT", 0, 0 },
	    { "good", "GOOD", COLUMN_RIGHT, 0 },
	    { "neutral", "NEUTRAL", COLUMN_RIGHT, 0 },
	    { "poor", "POOR", COLUMN_RIGHT, 0 }, { "code", "CODE", 0, 0 },
	    { "enhanced", "ENHANCED", 0, 0 }, { "own", "OWN", 0, 0 },
	    { "phrase", "PHRASE", COLUMN_WRAP, 0 } },
	.indent = 2,
};

static void
put_reply(struct output *out, const struct reply *reply)
{
	char words[REPLY_TEXT_SIZE];

	output_string(out, "code", reply->code);
	output_text(out, "enhanced", reply->enhanced);
	output_text(out, "own", reply->own);
	output_string(out, "phrase", reply->phrase);
	output_string(out, "reply", reply_words(reply, words));
}

/* ---- what banned clients hear ---- */

/* Which of a rule's replies it is, and when it is heard. */
static void
put_heard(struct output *out, const struct rule *rule, const char *heard,
    const struct reply *reply)
{
	output_string(out, "rule", rule->name);
	output_cell(out, "heard", "%s", heard);
	output_string(out, "reason", reason_name(rule->reason));
	output_string(out, "stage", stage_name(rule->stage));
	output_string(out, "service", service_name(rule->service));
	put_reply(out, reply);
}

static void
put_replies(
    struct output *out, const struct policy *policy, const struct rule *manual)
{
	output_gap(out);
	output_say(out, "Replies to who is banned:");
	output_table(out, NULL, &replies);
	for (size_t i = 0; i < policy->rules * 2; i++) {
		const struct rule *rule = &policy->rule[i / 2];
		bool twice = rule->again.code[0] != '\0';

		if (i % 2 == 0 || twice) {
			output_row(out);
			put_heard(out, rule,
			    !twice       ? "always"
			    : i % 2 == 0 ? "first"
					 : "again",
			    i % 2 == 0 ? &rule->reply : &rule->again);
			output_end(out);
		}
	}
	output_row(out);
	put_heard(out, manual, "always", &manual->reply);
	output_end(out);
	(void)output_end(out);
}

/* ---- what leads to a ban, and how long it lasts ---- */

static void
put_rules(struct output *out, const struct policy *policy)
{
	bool any_soft = false;

	output_gap(out);
	output_say(out, "What leads to a ban, and how long each lasts:");
	output_table(out, "rules", &rules);
	for (size_t i = 0; i < policy->rules; i++) {
		const struct rule *rule = &policy->rule[i];
		char within[DURATION_TEXT_SIZE];

		any_soft = any_soft || rule->soft > 0;
		output_row(out);
		output_string(out, "rule", rule->name);
		output_string(out, "reason", reason_name(rule->reason));
		output_list(out, "kinds");
		for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
			if ((rule->kinds & kind_bit(kind)) != 0) {
				output_string(out, NULL, kind_name(kind));
			}
		}
		output_end(out);
		output_int(out, "limit", rule->limit);
		output_duration(out, "within", rule->within);
		output_cell(out, "counts", "%" PRId64 " in %s", rule->limit,
		    text_from_setting(rule->within, within));
		output_list(out, "ban");
		for (size_t j = 0; j < rule->steps; j++) {
			output_duration(out, NULL, rule->ban[j]);
		}
		output_end(out);
		output_int(out, "soft", rule->soft);
		if (rule->soft > 0) {
			output_cell(out, "steps", "%" PRId64, rule->soft);
		} else {
			output_cell(out, "steps", "-");
		}
		output_string(out, "stage", stage_name(rule->stage));
		output_string(out, "service", service_name(rule->service));
		put_reply(out, &rule->reply);
		if (rule->again.code[0] != '\0') {
			output_object(out, "again", NULL);
			put_reply(out, &rule->again);
			output_end(out);
		} else {
			output_none(out, "again");
		}
		output_end(out);
	}
	if (output_end(out) == 0) {
		output_say(out, "  none");
	}
	if (any_soft) {
		output_say(out,
		    "  SOFT: so many first steps answer 450 instead of 5xx");
	}
}

static void
put_limits(struct output *out, const struct policy *policy)
{
	output_gap(out);
	output_say(out, "Limits by reputation:");
	output_table(out, "limits", &limits);
	for (enum limit_kind kind = 0; kind < LIMIT_KINDS; kind++) {
		const struct limit *limit = &policy->limit[kind];

		if (!limit_is_set(limit)) {
			continue;
		}
		output_row(out);
		output_string(out, "limit", limit_name(kind));
		for (enum reputation i = 0; i < REPUTATION_COUNT; i++) {
			output_nonzero(out, reputation_name(i), limit->most[i]);
		}
		put_reply(out, &limit->reply);
		output_end(out);
	}
	if (output_end(out) == 0) {
		output_say(out, "  none");
	}
}

/* ---- all of it ---- */

static void
put_policy(struct output *out, const struct policy *policy)
{
	struct ban ban = { .reason = REASON_ERROR }; /* where none is given */
	struct rule manual = { .name = BAN_RULE_MANUAL };
	char memory[DURATION_TEXT_SIZE];

	ban_by_hand(&ban);
	manual.reason = ban.reason;
	manual.stage = ban.stage;
	manual.service = ban.service;
	manual.reply = ban.reply;
	output_say(out, "policy %s, each ban is a step of the next for %s",
	    policy->name, text_from_duration(policy->memory, memory));
	output_object(out, NULL, NULL);
	output_string(out, "policy", policy->name);
	output_duration(out, "memory", policy->memory);
	put_replies(out, policy, &manual);
	put_rules(out, policy);
	put_limits(out, policy);
	output_object(out, "manual", NULL);
	put_heard(out, &manual, "always", &manual.reply);
	output_end(out);
	output_end(out);
}

enum exit_status
codes_show(struct ctl *ctl)
{
	static struct policy other; /* too large for a stack */
	const char *name = ctl->args.policy[0];

	if (name != NULL && !ctl_policy(ctl, name, &other)) {
		return EXIT_USAGE;
	}
	put_policy(&ctl->out, name != NULL ? &other : &ctl->conf->policy);
	return EXIT_FINE;
}
