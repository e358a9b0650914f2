#include "core/policy.h"

#include <string.h>

struct policy_window
policy_window(const struct rule *rule, int64_t t, int64_t since)
{
	const int64_t after = t - rule->within;

	return (struct policy_window){ .after = after < since ? since : after,
		.until = t - rule->settle };
}

int64_t
policy_widen_limit(const struct rule *rule, size_t at)
{
	const size_t last = rule->widen_limits - 1;

	return rule->widen_limit[at < last ? at : last];
}

size_t
policy_widen(const struct rule *rule, const struct net *client,
    struct policy_wider wider[static POLICY_WIDEN_MAX])
{
	const bool v4 = net_is_v4(client);
	const int64_t *lengths = v4 ? rule->widen_ipv4 : rule->widen;
	size_t count = 0;

	for (size_t i = v4 ? rule->widens_ipv4 : rule->widens; i > 0; i--) {
		const unsigned length = (unsigned)lengths[i - 1];
		const struct net net = net_around(
		    &client->addr, length, length);

		if (net.bits < client->bits) {
			wider[count++] = (struct policy_wider){ .net = net,
				.need = rule->limit *
					policy_widen_limit(rule, i - 1) };
		}
	}
	return count;
}

bool
policy_counts_messages(const struct rule *rule)
{
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		if ((rule->kinds & kind_bit((enum kind)kind)) != 0 &&
		    !kind_of_message((enum kind)kind)) {
			return false;
		}
	}
	return true;
}

/* a * b / c, rounded up; INT64_MAX where that is too large. */
static int64_t
scaled(int64_t a, int64_t b, int64_t c)
{
	if (c <= 0 || a > INT64_MAX / POLICY_RATIO_ONE - 1) {
		return INT64_MAX;
	}
	return (a * b + c - 1) / c;
}

int64_t
policy_history(int64_t accepted, int64_t bad)
{
	return accepted > bad ? (accepted - bad) / POLICY_HISTORY_DAYS : 0;
}

int64_t
policy_need(const struct rule *rule, const struct policy_merits *merits)
{
	const int64_t accepted = merits->accepted > 0 ? merits->accepted : 0;
	const int64_t forgiven = rule->credit > 0 ? accepted / rule->credit : 0;
	int64_t need = forgiven > INT64_MAX - rule->limit
			   ? INT64_MAX
			   : rule->limit + forgiven;

	if (rule->ratio != 0 && accepted > 0) {
		/* bad / (bad + accepted) >= ratio is
		 * bad >= accepted * ratio / (1 - ratio). */
		const int64_t other = scaled(
		    accepted, rule->ratio, POLICY_RATIO_ONE - rule->ratio);

		need = other > need ? other : need;
	}
	return merits->forwarder ? scaled(need, POLICY_RATIO_ONE, rule->weight)
				 : need;
}

struct policy_keys
policy_keys(const struct rule *rule, int64_t users)
{
	if (users >= POLICY_OFFICE_USERS &&
	    (rule->kinds & kind_bit(KIND_AUTH)) != 0) {
		return (struct policy_keys){ .most = 1 };
	}
	return (struct policy_keys){ .most = rule->same_user != 0
						 ? rule->same_user
						 : rule->same_recipient,
		.hourly = true };
}

int64_t
policy_sure(int64_t bad, int64_t sure)
{
	return bad / 2 < sure ? bad : 2 * sure;
}

bool
policy_trusts(enum reputation reputation, int64_t days)
{
	return reputation == REPUTATION_GOOD || days > 1;
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

struct policy_past
policy_past(const struct rule *rule, int64_t t, int64_t memory, bool observed)
{
	return (struct policy_past){ .rule = rule,
		.t = t,
		.memory = memory,
		.observed = observed,
		.newest = INT64_MIN,
		.next = INT64_MAX,
		.spent = INT64_MIN };
}

/* Put a span in its place by time, joined with those it touches.  Where
 * there is no room the two last are joined over their gap: what lies there
 * goes uncounted, in the client's favour. */
static void
add_span(struct policy_past *past, int64_t from, int64_t until)
{
	struct policy_span sorted[POLICY_SPANS_MAX + 1];
	size_t count = 0;
	size_t i = 0;

	for (; i < past->spans && past->span[i].until < from; i++) {
		sorted[count++] = past->span[i];
	}
	for (; i < past->spans && past->span[i].from <= until; i++) {
		from = past->span[i].from < from ? past->span[i].from : from;
		until = past->span[i].until > until ? past->span[i].until
						    : until;
	}
	sorted[count++] = (struct policy_span){ from, until };
	for (; i < past->spans; i++) {
		sorted[count++] = past->span[i];
	}
	if (count > POLICY_SPANS_MAX) {
		count--;
		sorted[count - 1].until = sorted[count].until;
	}
	memcpy(past->span, sorted, count * sizeof(sorted[0]));
	past->spans = count;
}

/* Whether a ban was for what the rule counts, too. */
static bool
answers(const struct policy_past *past, const struct ban *ban)
{
	const struct rule *other = past->policy != NULL
				       ? policy_rule(past->policy, ban->rule)
				       : NULL;

	return strcmp(ban->rule, past->rule->name) == 0 ||
	       (other != NULL && (other->kinds & past->rule->kinds) != 0);
}

void
policy_past_add(struct policy_past *past, const struct ban *ban)
{
	int64_t over = ban_over(ban);

	if (ban->observed && !past->observed) {
		return;
	}
	if (!ban->mistake && !ban_is_manual(ban) &&
	    net_equal(&ban->who, &past->who) &&
	    ban->begins > past->t - past->memory && ban->begins <= past->t) {
		past->steps++;
		if (ban->begins > past->newest) {
			past->newest = ban->begins;
		}
	}
	if (ban->begins > past->t) {
		if (over > ban->begins && ban->begins < past->next) {
			past->next = ban->begins;
		}
		return;
	}
	if (over > past->t) {
		past->held = true;
	}
	if (ban->begins > past->spent && answers(past, ban)) {
		past->spent = ban->begins;
	}
	if (over > past->t - past->rule->within) {
		add_span(past, ban->begins, over);
	}
}

struct policy_decision
policy_step(const struct policy_past *past, const struct policy_counts *counts)
{
	int64_t step = past->steps + 1;
	int64_t lasts = policy_duration(past->rule, step);

	if (counts->bad < counts->need || lasts == 0 || past->held ||
	    past->next < past->t + lasts) {
		return (struct policy_decision){ .ban = false };
	}
	return (struct policy_decision){ .ban = true,
		.step = (int)step,
		.begins = past->t,
		.ends = past->t + lasts };
}

/* A temporary reply instead of one for good (RFC 3463 2). */
static void
soften(struct reply *reply)
{
	static const char code[] = "450";

	if (reply->code[0] != '5') {
		return;
	}
	memcpy(reply->code, code, sizeof(code));
	if (reply->enhanced[0] != '\0') {
		reply->enhanced[0] = code[0];
	}
}

struct ban
policy_ban(const struct rule *rule, const struct policy_decision *decision,
    const struct net *who, bool trusted)
{
	const int64_t soft = trusted && rule->soft == 0 &&
				     rule->reason != REASON_VIRUS &&
				     rule->reason != REASON_AUTH
				 ? 1
				 : rule->soft;
	struct ban ban = { .who = *who,
		.reason = rule->reason,
		.step = decision->step,
		.begins = decision->begins,
		.ends = decision->ends,
		.stage = rule->stage,
		.service = rule->service,
		.reply = rule->reply,
		.again = rule->again };

	memcpy(ban.rule, rule->name, sizeof(ban.rule));
	if (decision->step > 0 && decision->step <= soft) {
		soften(&ban.reply);
		soften(&ban.again);
	}
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
