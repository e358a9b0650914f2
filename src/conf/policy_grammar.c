#include "conf/policy_grammar.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "conf/field.h"
#include "conf/grammar.h"
#include "conf/policy_field.h"
#include "core/policy.h"

#define COUNT_MAX 1000000

/* ---- the keys ---- */

#define SCALE(field)                                                           \
	.section = "reputation", .offset = offsetof(struct policy, scale.field)
#define LIMIT(field) .section = "limit", .offset = offsetof(struct limit, field)
#define RULE(field)  .section = "rule", .offset = offsetof(struct rule, field)

static const struct key keys[] = {
	{ .name = "memory",
	    .def = "90d",
	    .set = field_duration,
	    .offset = offsetof(struct policy, memory) },

	{ SCALE(good_messages), .name = "good-messages", .def = "20",
	    .set = field_int, .min = 1, .max = COUNT_MAX },
	{ SCALE(good_ratio), .name = "good-ratio", .def = "0.05",
	    .set = policy_field_ratio },
	{ SCALE(poor_bans), .name = "poor-bans", .def = "2", .set = field_int,
	    .max = COUNT_MAX },
	{ SCALE(poor_events), .name = "poor-events", .def = "20",
	    .set = field_int, .min = 1, .max = COUNT_MAX },
	{ SCALE(poor_ratio), .name = "poor-ratio", .def = "0.5",
	    .set = policy_field_ratio },

	{ LIMIT(most), .name = "most", .set = policy_field_most,
	    .max = COUNT_MAX, .list = true, .required = true },
	{ LIMIT(reply), .name = "reply", .set = policy_field_reply,
	    .required = true },
	{ LIMIT(reply), .name = "code", .set = policy_field_code },

	{ RULE(kinds), .name = "events", .set = policy_field_events,
	    .list = true, .required = true },
	{ RULE(limit), .name = "limit", .set = field_int, .min = 1,
	    .max = COUNT_MAX, .required = true },
	{ RULE(within), .name = "within", .set = field_duration,
	    .required = true },
	{ RULE(settle), .name = "settle", .set = field_duration },
	{ RULE(ratio), .name = "ratio", .set = policy_field_ratio, .min = 1 },
	{ RULE(same_user), .name = "same-user", .set = field_int, .min = 1,
	    .max = COUNT_MAX },
	{ RULE(same_recipient), .name = "same-recipient", .set = field_int,
	    .min = 1, .max = COUNT_MAX },
	{ RULE(credit), .name = "credit", .set = field_int, .min = 1,
	    .max = COUNT_MAX },
	{ RULE(weight), .name = "weight", .def = "1",
	    .set = policy_field_ratio },
	{ RULE(soft), .name = "soft", .set = field_int,
	    .max = POLICY_STEPS_MAX },
	{ RULE(reason), .name = "reason", .set = policy_field_reason,
	    .required = true },
	{ RULE(service), .name = "service", .def = "any",
	    .set = policy_field_service },
	{ RULE(stage), .name = "stage", .def = "rcpt",
	    .set = policy_field_stage },
	{ .section = "rule",
	    .name = "ban",
	    .set = policy_field_ban,
	    .list = true,
	    .required = true },
	{ RULE(reply), .name = "reply", .set = policy_field_reply,
	    .required = true },
	{ RULE(reply), .name = "code", .set = policy_field_code },
	{ RULE(again), .name = "reply-again", .set = policy_field_reply },
	{ RULE(again), .name = "code-again", .set = policy_field_code },
};

#undef SCALE
#undef LIMIT
#undef RULE

static_assert(
    sizeof(keys) / sizeof(keys[0]) <= GRAMMAR_KEYS_MAX, "a bit for each key");

/* ---- reputation and limits ---- */

static const char *
end_reputation(void *section)
{
	const struct policy *policy = section;

	return policy->scale.good_ratio > policy->scale.poor_ratio
		   ? "good-ratio must not be above poor-ratio"
		   : NULL;
}

static void *
begin_limit(void *target, const char *title, const char **wrong)
{
	struct policy *policy = target;
	enum limit_kind kind;

	if (!limit_parse(title, &kind)) {
		*wrong = "a limit is on \"connections\", \"messages\" or "
			 "\"hourly\"";
		return NULL;
	}
	return &policy->limit[kind];
}

/* One number stands for all three. */
static const char *
end_limit(void *section)
{
	struct limit *limit = section;

	if (limit->most[REPUTATION_NEUTRAL] < 0) {
		limit->most[REPUTATION_NEUTRAL] = limit->most[REPUTATION_GOOD];
		limit->most[REPUTATION_POOR] = limit->most[REPUTATION_GOOD];
	}
	if (limit->most[REPUTATION_GOOD] < 0 ||
	    limit->most[REPUTATION_POOR] < 0) {
		return "most is one number, or three: for good, neutral and "
		       "poor clients";
	}
	if (!reply_fits(&limit->reply)) {
		return "reply and code together are longer than 190 "
		       "characters";
	}
	return NULL;
}

/* ---- rules ---- */

static bool
is_rule_name(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len < BAN_RULE_SIZE &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789_-") == len;
}

static void *
begin_rule(void *target, const char *title, const char **wrong)
{
	struct policy *policy = target;
	struct rule *rule;

	if (!is_rule_name(title)) {
		*wrong = "a rule's name is 1 to 32 letters, digits, '-' "
			 "and '_'";
		return NULL;
	}
	if (strcmp(title, BAN_RULE_MANUAL) == 0) {
		*wrong = "the name \"manual\" is kept for bans by hand";
		return NULL;
	}
	if (policy->rules == POLICY_RULES_MAX) {
		*wrong = "there are more than 32 rules";
		return NULL;
	}
	rule = &policy->rule[policy->rules++];
	*rule = (struct rule){ 0 };
	grammar_defaults(&policy_grammar, "rule", rule);
	(void)text_copy(rule->name, sizeof(rule->name), title);
	return rule;
}

static const char *
check_replies(const struct rule *rule)
{
	if (!reply_fits(&rule->reply)) {
		return "reply and code together are longer than 190 "
		       "characters";
	}
	if (rule->again.own[0] != '\0' && rule->again.code[0] == '\0') {
		return "code-again stands without reply-again";
	}
	if (!reply_fits(&rule->again)) {
		return "reply-again and code-again together are longer than "
		       "190 characters";
	}
	return NULL;
}

static const char *
end_rule(void *section)
{
	const struct rule *rule = section;
	const uint32_t recipient = kind_bit(KIND_RECIPIENT);

	if (rule->kinds == 0) {
		return "a rule needs at least one kind of event";
	}
	if (rule->settle >= rule->within) {
		return "settle must be less than within";
	}
	/* An event has one key: whose recipient or which user it was. */
	if (rule->same_recipient > 0 && rule->kinds != recipient) {
		return "same-recipient needs events = {recipient}";
	}
	if (rule->same_user > 0 && (rule->kinds & recipient) != 0) {
		return "same-user cannot count recipient events";
	}
	return check_replies(rule);
}

static const struct section sections[] = {
	{ .name = "reputation", .end = end_reputation },
	{ .name = "limit", .begin = begin_limit, .end = end_limit },
	{ .name = "rule", .begin = begin_rule, .end = end_rule },
};

const struct grammar policy_grammar = {
	.keys = keys,
	.count = sizeof(keys) / sizeof(keys[0]),
	.sections = sections,
	.section_count = sizeof(sections) / sizeof(sections[0]),
};
