#include "conf/policy_field.h"

#include <string.h>

#include "conf/field.h"
#include "conf/grammar.h"
#include "core/policy.h"

const char *
policy_field_events(const struct key *key, void *field, const char *value)
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

const char *
policy_field_ratio(const struct key *key, void *field, const char *value)
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

const char *
policy_field_reason(const struct key *key, void *field, const char *value)
{
	(void)key;
	return reason_parse(value, field) ? NULL : "is no reason";
}

const char *
policy_field_service(const struct key *key, void *field, const char *value)
{
	(void)key;
	return service_parse(value, field) ? NULL
					   : "must be mx, submission or any";
}

const char *
policy_field_stage(const struct key *key, void *field, const char *value)
{
	(void)key;
	return stage_parse(value, field) ? NULL : "must be helo, mail or rcpt";
}

const char *
policy_field_ban(const struct key *key, void *field, const char *value)
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

const char *
policy_field_reply(const struct key *key, void *field, const char *value)
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

const char *
policy_field_code(const struct key *key, void *field, const char *value)
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

const char *
policy_field_most(const struct key *key, void *field, const char *value)
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
