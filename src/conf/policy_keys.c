#include "conf/grammar.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "core/policy.h"

#define COUNT_MAX 1000000

/* ---- setters ---- */

/* In steps of 1/POLICY_RATIO_ONE, without a detour by floating point and the
 * locale's comma. */
static const char *
set_ratio(const struct key *key, void *field, const char *value)
{
	int64_t unit = POLICY_RATIO_ONE;
	int64_t ratio = (value[0] - '0') * unit;
	const char *at = value + 1;

	if (value[0] == '0' || value[0] == '1') {
		if (*at == '.' && at[1] != '\0') {
			for (at++; *at >= '0' && *at <= '9' && unit > 1; at++) {
				unit /= 10;
				ratio += (*at - '0') * unit;
			}
		}
		if (*at == '\0' && ratio <= POLICY_RATIO_ONE &&
		    ratio >= key->min) {
			*(int64_t *)field = ratio;
			return NULL;
		}
	}
	return key->min > 0
		   ? "must be above 0 and at most 1, with up to four decimals"
		   : "must be from 0 to 1, with up to four decimals";
}

static const char *
set_reply(const struct key *key, void *field, const char *value)
{
	struct reply *reply = field;
	struct reply read;
	const char *wrong = reply_parse(value, reply->own, &read);

	(void)key;
	*reply = wrong == NULL ? read : *reply;
	return wrong;
}

static const char *
set_code(const struct key *key, void *field, const char *value)
{
	struct reply *reply = field;
	struct reply read;
	const char *wrong = reply_parse("550 5.7.1 -", value, &read);

	(void)key;
	if (wrong == NULL) {
		memcpy(reply->own, read.own, sizeof(reply->own));
	}
	return wrong;
}

static const char *
set_most(const struct key *key, void *field, const char *value)
{
	int64_t *most = field;
	size_t given = 0;

	if (value == NULL) {
		for (size_t i = 0; i < REPUTATION_COUNT; i++) {
			most[i] = -1;
		}
		return NULL;
	}
	while (given < REPUTATION_COUNT && most[given] >= 0) {
		given++;
	}
	if (given == REPUTATION_COUNT) {
		return "is one too many: good, neutral and poor are three";
	}
	return field_int(key, &most[given], value);
}

/* ---- the keys ---- */

#define KEY(of, is, type, member, setter)                                      \
	.section = (of), .name = (is), .set = (setter),                        \
	.offset = offsetof(struct type, member)
#define SCALE(is, member, set) KEY("reputation", is, policy, scale.member, set)
#define LIMIT(is, member, set) KEY("limit", is, limit, member, set)
#define RULE(is, member, set)  KEY("rule", is, rule, member, set)

static const struct key keys[] = {
	{ KEY(NULL, "memory", policy, memory, field_duration), .def = "90d" },

	{ SCALE("good-messages", good_messages, field_int), .def = "20",
	    .min = 1, .max = COUNT_MAX },
	{ SCALE("good-ratio", good_ratio, set_ratio), .def = "0.05" },
	{ SCALE("poor-bans", poor_bans, field_int), .def = "2",
	    .max = COUNT_MAX },
	{ SCALE("poor-events", poor_events, field_int), .def = "20", .min = 1,
	    .max = COUNT_MAX },
	{ SCALE("poor-ratio", poor_ratio, set_ratio), .def = "0.5" },

	{ LIMIT("most", most, set_most), .max = COUNT_MAX, .list = true,
	    .required = true },
	{ LIMIT("reply", reply, set_reply), .required = true },
	{ LIMIT("code", reply, set_code) },

	{ RULE("events", kinds, field_bits), .words = &kind_words, .list = true,
	    .required = true },
	{ RULE("limit", limit, field_int), .min = 1, .max = COUNT_MAX,
	    .required = true },
	{ RULE("within", within, field_duration), .required = true },
	{ RULE("settle", settle, field_duration) },
	{ RULE("ratio", ratio, set_ratio), .min = 1 },
	{ RULE("same-user", same_user, field_int), .min = 1, .max = COUNT_MAX },
	{ RULE("same-recipient", same_recipient, field_int), .min = 1,
	    .max = COUNT_MAX },
	{ RULE("credit", credit, field_int), .min = 1, .max = COUNT_MAX },
	{ RULE("weight", weight, set_ratio), .def = "1" },
	{ RULE("soft", soft, field_int), .max = POLICY_STEPS_MAX },
	{ RULE("widen", widen, field_int), .min = BAN_WIDEST_V6,
	    .max = ADDR_BITS - 1, .list = true, .size = sizeof(int64_t),
	    .most = POLICY_WIDEN_MAX, .count = offsetof(struct rule, widens) },
	{ RULE("widen-ipv4", widen_ipv4, field_int), .min = BAN_WIDEST_V4,
	    .max = ADDR_BITS - ADDR_V4_OFFSET - 1, .list = true,
	    .size = sizeof(int64_t), .most = POLICY_WIDEN_MAX,
	    .count = offsetof(struct rule, widens_ipv4) },
	{ RULE("widen-limit", widen_limit, field_int), .def = "5,10",
	    .min = POLICY_WIDEN_CLIENTS, .max = COUNT_MAX, .list = true,
	    .size = sizeof(int64_t), .most = POLICY_WIDEN_MAX,
	    .count = offsetof(struct rule, widen_limits) },
	{ RULE("reason", reason, field_word), .words = &reason_words,
	    .required = true },
	{ RULE("service", service, field_word), .def = "any",
	    .words = &service_words },
	{ RULE("stage", stage, field_word), .def = "rcpt",
	    .words = &stage_words },
	{ RULE("ban", ban, field_duration), .list = true,
	    .size = sizeof(int64_t), .most = POLICY_STEPS_MAX,
	    .count = offsetof(struct rule, steps), .required = true },
	{ RULE("reply", reply, set_reply), .required = true },
	{ RULE("code", reply, set_code) },
	{ RULE("reply-again", again, set_reply) },
	{ RULE("code-again", again, set_code) },
};

/* ---- reputation and limits ---- */

static const char reply_too_long[] = "reply and code together are longer than "
				     "190 characters";

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

	if (!words_parse(&limit_words, title, &kind)) {
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
	return reply_fits(&limit->reply) ? NULL : reply_too_long;
}

/* ---- rules ---- */

static void *
begin_rule(void *target, const char *title, const char **wrong)
{
	struct policy *policy = target;
	const size_t len = strlen(title);
	struct rule *rule;

	if (len == 0 || len >= BAN_RULE_SIZE ||
	    strspn(title, TEXT_ALNUM "_-") != len) {
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
	grammar_defaults(&keys_of_policy, "rule", rule);
	(void)text_copy(rule->name, sizeof(rule->name), title);
	return rule;
}

static bool
falls(const int64_t *length, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (length[i] >= length[i - 1]) {
			return false;
		}
	}
	return true;
}

/* What is wrong with how a rule widens, or NULL. */
static const char *
check_widening(const struct rule *rule)
{
	if (rule->widen_limits == 0) {
		return "widen-limit needs a number";
	}
	if (rule->widens == 0 && rule->widens_ipv4 == 0) {
		return NULL;
	}
	if (!falls(rule->widen, rule->widens) ||
	    !falls(rule->widen_ipv4, rule->widens_ipv4)) {
		return "widen goes from longer prefixes to shorter ones, "
		       "as {56, 48}";
	}
	if (rule->within < POLICY_WIDEN_WITHIN) {
		return "a rule that widens needs within = 1h or more: networks "
		       "are counted by the hour";
	}
	if (rule->settle > 0) {
		return "a rule that widens cannot settle";
	}
	return rule->steps == 0 ? "a rule that never bans cannot widen" : NULL;
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
	if (check_widening(rule) != NULL) {
		return check_widening(rule);
	}
	if (!reply_fits(&rule->reply)) {
		return reply_too_long;
	}
	if (rule->again.own[0] != '\0' && rule->again.code[0] == '\0') {
		return "code-again stands without reply-again";
	}
	if (!reply_fits(&rule->again)) {
		return "reply-again and code-again together are longer than "
		       "190 characters";
	}
	return (rule->kinds & kind_bit(KIND_AUTH)) != 0 && rule->steps > 0 &&
		       rule->service != SERVICE_MX && rule->stage != STAGE_HELO
		   ? GRAMMAR_WARNING "its bans do not stop logins: only "
				     "stage = helo refuses before AUTH"
		   : NULL;
}

static const char *
end_policy(void *target)
{
	const struct policy *policy = target;

	return policy->rules == 0 ? "there is no rule in it" : NULL;
}

static const struct grammar_section sections[] = {
	{ .name = "reputation", .end = end_reputation },
	{ .name = "limit", .begin = begin_limit, .end = end_limit },
	{ .name = "rule", .begin = begin_rule, .end = end_rule },
};

const struct grammar keys_of_policy = {
	.keys = keys,
	.count = sizeof(keys) / sizeof(keys[0]),
	.sections = sections,
	.section_count = sizeof(sections) / sizeof(sections[0]),
	.end = end_policy,
};
