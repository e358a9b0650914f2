#include "conf/keys.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "conf/field.h"
#include "core/policy.h"

#define COUNT_MAX 1000000

/* ---- setters ---- */

static const char *
set_events(const struct key *key, void *field, const char *value)
{
	uint32_t *kinds = field;
	enum kind kind;

	(void)key;
	if (value == NULL) {
		*kinds = 0;
	} else if (kind_parse(value, &kind)) {
		*kinds |= kind_bit(kind);
	}
	return NULL;
}

/* In steps of 1/POLICY_RATIO_ONE, without a detour by floating point and the
 * locale's comma; -1 where it is no such number. */
static int64_t
ratio_of(const char *value)
{
	int64_t unit = POLICY_RATIO_ONE;
	const char *at = value;
	int64_t ratio;

	if (*at != '0' && *at != '1') {
		return -1;
	}
	ratio = (*at++ - '0') * unit;
	if (*at == '.' && at[1] != '\0') {
		for (at++; *at >= '0' && *at <= '9' && unit > 1; at++) {
			unit /= 10;
			ratio += (*at - '0') * unit;
		}
	}
	return *at == '\0' && ratio <= POLICY_RATIO_ONE ? ratio : -1;
}

static const char *
set_ratio(const struct key *key, void *field, const char *value)
{
	int64_t ratio = ratio_of(value);

	if (ratio < key->min) {
		return key->min > 0 ? "must be above 0 and at most 1, with up "
				      "to four decimals"
				    : "must be from 0 to 1, with up to four "
				      "decimals";
	}
	*(int64_t *)field = ratio;
	return NULL;
}

static const char *
set_reply(const struct key *key, void *field, const char *value)
{
	struct reply *reply = field;
	struct reply read;
	const char *wrong = reply_parse(value, reply->own, &read);

	(void)key;
	if (wrong == NULL) {
		*reply = read;
	}
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
	    .set = set_ratio },
	{ SCALE(poor_bans), .name = "poor-bans", .def = "2", .set = field_int,
	    .max = COUNT_MAX },
	{ SCALE(poor_events), .name = "poor-events", .def = "20",
	    .set = field_int, .min = 1, .max = COUNT_MAX },
	{ SCALE(poor_ratio), .name = "poor-ratio", .def = "0.5",
	    .set = set_ratio },

	{ LIMIT(most), .name = "most", .set = set_most, .max = COUNT_MAX,
	    .list = true, .required = true },
	{ LIMIT(reply), .name = "reply", .set = set_reply, .required = true },
	{ LIMIT(reply), .name = "code", .set = set_code },

	{ RULE(kinds), .name = "events", .set = set_events,
	    .words = &kind_words, .list = true, .required = true },
	{ RULE(limit), .name = "limit", .set = field_int, .min = 1,
	    .max = COUNT_MAX, .required = true },
	{ RULE(within), .name = "within", .set = field_duration,
	    .required = true },
	{ RULE(settle), .name = "settle", .set = field_duration },
	{ RULE(ratio), .name = "ratio", .set = set_ratio, .min = 1 },
	{ RULE(same_user), .name = "same-user", .set = field_int, .min = 1,
	    .max = COUNT_MAX },
	{ RULE(same_recipient), .name = "same-recipient", .set = field_int,
	    .min = 1, .max = COUNT_MAX },
	{ RULE(credit), .name = "credit", .set = field_int, .min = 1,
	    .max = COUNT_MAX },
	{ RULE(weight), .name = "weight", .def = "1", .set = set_ratio },
	{ RULE(soft), .name = "soft", .set = field_int,
	    .max = POLICY_STEPS_MAX },
	{ RULE(reason), .name = "reason", .set = field_word,
	    .words = &reason_words, .required = true },
	{ RULE(service), .name = "service", .def = "any", .set = field_word,
	    .words = &service_words },
	{ RULE(stage), .name = "stage", .def = "rcpt", .set = field_word,
	    .words = &stage_words },
	{ RULE(ban), .name = "ban", .set = field_duration, .list = true,
	    .size = sizeof(int64_t), .most = POLICY_STEPS_MAX,
	    .count = offsetof(struct rule, steps), .required = true },
	{ RULE(reply), .name = "reply", .set = set_reply, .required = true },
	{ RULE(reply), .name = "code", .set = set_code },
	{ RULE(again), .name = "reply-again", .set = set_reply },
	{ RULE(again), .name = "code-again", .set = set_code },
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
	grammar_defaults(&keys_of_policy, "rule", rule);
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
};
