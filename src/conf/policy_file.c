#include "conf/policy_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/embedded.h"
#include "base/text.h"
#include "conf/field.h"
#include "conf/grammar.h"
#include "conf/parse.h"
#include "conf/source.h"

/* src/conf/policies, by scripts/embed. */
extern const struct embedded policy_files[];

/* ---- the keys of a rule ---- */

static const char *
set_events(const struct key *key, void *field, const char *value)
{
	uint32_t *kinds = field;
	enum kind kind;

	(void)key;
	if (value == NULL) {
		*kinds = 0;
		return NULL;
	}
	if (!kind_parse(value, &kind)) {
		return "is no kind of event";
	}
	*kinds |= kind_bit(kind);
	return NULL;
}

/* "0.3" in steps of 1/POLICY_RATIO_ONE, without a detour by floating point
 * and the locale's comma. */
static const char *
set_ratio(const struct key *key, void *field, const char *value)
{
	static const char
	    wrong[] = "must be above 0 and at most 1, with up to four decimals";
	int64_t ratio = 0;
	int64_t unit = POLICY_RATIO_ONE;
	const char *at = value;

	(void)key;
	if (*at != '0' && *at != '1') {
		return wrong;
	}
	ratio = (*at++ - '0') * unit;
	if (*at == '.' && at[1] != '\0') {
		for (at++; *at >= '0' && *at <= '9' && unit > 1; at++) {
			unit /= 10;
			ratio += (*at - '0') * unit;
		}
	}
	if (*at != '\0' || ratio < 1 || ratio > POLICY_RATIO_ONE) {
		return wrong;
	}
	*(int64_t *)field = ratio;
	return NULL;
}

static const char *
set_reason(const struct key *key, void *field, const char *value)
{
	(void)key;
	return reason_parse(value, field) ? NULL : "is no reason";
}

static const char *
set_service(const struct key *key, void *field, const char *value)
{
	(void)key;
	return service_parse(value, field) ? NULL
					   : "must be mx, submission or any";
}

static const char *
set_stage(const struct key *key, void *field, const char *value)
{
	(void)key;
	return stage_parse(value, field) ? NULL : "must be helo, mail or rcpt";
}

/* Here `field` is the rule: the durations and how many there are. */
static const char *
set_ban(const struct key *key, void *field, const char *value)
{
	struct rule *rule = field;
	const char *wrong;

	if (value == NULL) {
		rule->steps = 0;
		return NULL;
	}
	if (rule->steps == POLICY_STEPS_MAX) {
		return "is one too many: 12 steps are the most";
	}
	wrong = field_duration(key, &rule->ban[rule->steps], value);
	rule->steps += wrong == NULL;
	return wrong;
}

/* Reply and own code come by two keys, in any order, into one struct. */
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

#define RULE(field) .section = "rule", .offset = offsetof(struct rule, field)

static const struct key keys[] = {
	{ .name = "memory",
	    .def = "90d",
	    .set = field_duration,
	    .offset = offsetof(struct policy, memory) },
	{ RULE(kinds), .name = "events", .set = set_events, .list = true,
	    .required = true },
	{ RULE(limit), .name = "limit", .set = field_int, .min = 1,
	    .max = 1000000, .required = true },
	{ RULE(within), .name = "within", .set = field_duration,
	    .required = true },
	{ RULE(settle), .name = "settle", .set = field_duration },
	{ RULE(ratio), .name = "ratio", .set = set_ratio },
	{ RULE(same_user), .name = "same-user", .set = field_int, .min = 1,
	    .max = 1000000 },
	{ RULE(reason), .name = "reason", .set = set_reason, .required = true },
	{ RULE(service), .name = "service", .def = "any", .set = set_service },
	{ RULE(stage), .name = "stage", .def = "rcpt", .set = set_stage },
	{ .section = "rule",
	    .name = "ban",
	    .set = set_ban,
	    .list = true,
	    .required = true },
	{ RULE(reply), .name = "reply", .set = set_reply, .required = true },
	{ RULE(reply), .name = "code", .set = set_code },
};

#undef RULE

/* ---- rules ---- */

static bool
is_word(const char *text, size_t size, const char *characters)
{
	size_t len = strlen(text);

	return len > 0 && len < size && strspn(text, characters) == len;
}

static const struct grammar grammar;

static void *
begin_rule(void *target, const char *title, const char **wrong)
{
	struct policy *policy = target;
	struct rule *rule;

	if (!is_word(title, BAN_RULE_SIZE,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789_-")) {
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
	grammar_defaults(&grammar, true, rule);
	(void)text_copy(rule->name, sizeof(rule->name), title);
	return rule;
}

static const char *
check_rule(const void *section)
{
	const struct rule *rule = section;

	if (rule->kinds == 0) {
		return "a rule needs at least one kind of event";
	}
	if (rule->settle >= rule->within) {
		return "settle must be less than within";
	}
	return NULL;
}

static const struct grammar grammar = {
	.keys = keys,
	.count = sizeof(keys) / sizeof(keys[0]),
	.titled = "rule",
	.begin = begin_rule,
	.check = check_rule,
};

/* ---- files ---- */

static bool
read_policy(const char *name, const char *file, const char *text,
    struct policy *policy, char error[static CONF_ERROR_SIZE])
{
	*policy = (struct policy){ 0 };
	grammar_defaults(&grammar, false, policy);
	(void)text_copy(policy->name, sizeof(policy->name), name);
	if (!parse_text(&grammar, policy, file, text, NULL, error)) {
		return false;
	}
	if (policy->rules == 0) {
		struct text out;

		text_init(&out, error, CONF_ERROR_SIZE);
		text_addf(&out, "%s:1: there is no rule in it", file);
		return false;
	}
	return true;
}

bool
policy_file_name(const char *name)
{
	return is_word(
	    name, POLICY_NAME_SIZE, "abcdefghijklmnopqrstuvwxyz0123456789-");
}

static enum policy_file
load_built_in(const char *name, const char *path, struct policy *policy,
    char error[static CONF_ERROR_SIZE])
{
	char file[CONF_PATH_SIZE];
	struct text out;
	const struct embedded *embedded;

	text_init(&out, file, sizeof(file));
	text_addf(&out, "%s.conf", name);
	embedded = embedded_find(policy_files, file);
	text_init(&out, error, CONF_ERROR_SIZE);
	if (embedded == NULL) {
		text_addf(&out,
		    "no policy \"%s\": there is no %s, and none of that name "
		    "is built in",
		    name, path);
		return POLICY_FILE_NONE;
	}
	text_init(&out, file, sizeof(file));
	text_addf(&out, "%s.conf (built in)", name);
	return read_policy(name, file, embedded->data, policy, error)
		   ? POLICY_FILE_FINE
		   : POLICY_FILE_WRONG;
}

enum policy_file
policy_file_load(const char *name, const char *conf_path, struct policy *policy,
    char error[static CONF_ERROR_SIZE])
{
	char below[POLICY_NAME_SIZE + 16];
	char path[CONF_PATH_SIZE];
	struct text out;
	char *text;
	bool missing;
	bool fine;

	text_init(&out, error, CONF_ERROR_SIZE);
	if (!policy_file_name(name)) {
		text_add(&out, "a policy's name is 1 to 32 of a-z, 0-9 and "
			       "'-'");
		return POLICY_FILE_NONE;
	}
	text_init(&out, below, sizeof(below));
	text_addf(&out, "policies/%s.conf", name);
	if (!source_beside(conf_path == NULL ? CONF_DEFAULT_FILE : conf_path,
		below, path)) {
		text_init(&out, error, CONF_ERROR_SIZE);
		text_addf(&out, "%s: its folder's name is too long", below);
		return POLICY_FILE_WRONG;
	}
	text = source_read(path, &missing, error);
	if (text == NULL && missing) {
		return load_built_in(name, path, policy, error);
	}
	if (text == NULL) {
		char reason[CONF_ERROR_SIZE];

		(void)text_copy(reason, sizeof(reason), error);
		text_init(&out, error, CONF_ERROR_SIZE);
		text_addf(&out, "%s: %s", path, reason);
		return POLICY_FILE_WRONG;
	}
	fine = read_policy(name, path, text, policy, error);
	free(text);
	return fine ? POLICY_FILE_FINE : POLICY_FILE_WRONG;
}

bool
conf_policy(const char *name, const char *conf_path, struct policy *policy,
    char error[static CONF_ERROR_SIZE])
{
	return policy_file_load(name, conf_path, policy, error) ==
	       POLICY_FILE_FINE;
}
