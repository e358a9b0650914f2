#include "core/policy.h"

#include <string.h>

struct policy_window
policy_window(const struct rule *rule, int64_t t, int64_t since)
{
	struct policy_window window = { .after = t - rule->within,
		.until = t - rule->settle };

	if (window.after < since) {
		window.after = since;
	}
	return window;
}

bool
policy_counts_messages(const struct rule *rule)
{
	const uint32_t messages = kind_bit(KIND_SPAM) | kind_bit(KIND_VIRUS) |
				  kind_bit(KIND_COMPLAINT);

	return (rule->kinds & ~messages) == 0;
}

/*
 * bad / (bad + accepted) >= ratio is bad >= ratio * accepted / (1 - ratio),
 * in whole numbers and rounded up.
 */
int64_t
policy_need(const struct rule *rule, int64_t accepted)
{
	int64_t rest = POLICY_RATIO_ONE - rule->ratio;
	int64_t need;

	if (rule->ratio == 0 || accepted <= 0) {
		return rule->limit;
	}
	if (rest <= 0 || accepted > INT64_MAX / POLICY_RATIO_ONE - 1) {
		return INT64_MAX;
	}
	need = (rule->ratio * accepted + rest - 1) / rest;
	return need > rule->limit ? need : rule->limit;
}

int64_t
policy_duration(const struct rule *rule, int64_t step)
{
	if (rule->steps == 0 || step < 1) {
		return 0;
	}
	return step < (int64_t)rule->steps ? rule->ban[step - 1]
					   : rule->ban[rule->steps - 1];
}

struct policy_decision
policy_step(
    const struct rule *rule, const struct policy_counts *counts, int64_t t)
{
	const struct policy_decision nothing = { .ban = false };
	int64_t lasts = policy_duration(rule, counts->steps + 1);

	if (counts->bad < counts->need || lasts == 0) {
		return nothing;
	}
	if (counts->held || counts->next < t + lasts) {
		return nothing;
	}
	return (struct policy_decision){ .ban = true,
		.step = (int)(counts->steps + 1),
		.begins = t,
		.ends = t + lasts };
}

struct ban
policy_ban(const struct rule *rule, const struct policy_decision *decision,
    const struct net *who)
{
	struct ban ban = { .who = *who,
		.reason = rule->reason,
		.step = decision->step,
		.begins = decision->begins,
		.ends = decision->ends,
		.stage = rule->stage,
		.service = rule->service,
		.reply = rule->reply };

	memcpy(ban.rule, rule->name, sizeof(ban.rule));
	return ban;
}

const struct rule *
policy_rule(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->rules; i++) {
		if (strcmp(policy->rule[i].name, name) == 0) {
			return &policy->rule[i];
		}
	}
	return NULL;
}
