#include "engine/brake.h"

#include <string.h>

#include "base/log.h"

#define KEY "brake"
#define ON  "on"
#define OFF "off"

enum store_result
engine_brake(struct store *store, struct brake *brake)
{
	char value[8];
	enum store_result result;

	*brake = (struct brake){ .on = false };
	result = store_state_get(
	    store, KEY, value, sizeof(value), &brake->since);
	if (result == STORE_OK) {
		brake->on = strcmp(value, ON) == 0;
	}
	return result == STORE_NONE ? STORE_OK : result;
}

enum store_result
engine_brake_release(struct store *store, int64_t now)
{
	return store_state_put(store, KEY, OFF, now);
}

void
engine_log_brake(const struct conf *conf)
{
	log_warn(
	    "BRAKE ON: %lld clients whose mail was accepted before were to "
	    "be banned within %lld s; such clients are only observed until "
	    "\"videur brake release\": look at maps, resolver and scanner",
	    (long long)conf->brake_bans, (long long)conf->brake_within);
}

/* Whether the client of a ban is one whose mail was accepted before. */
static enum store_result
is_honest(struct store *store, const struct conf *conf, const struct ban *ban,
    const struct tally *unflushed, bool *honest)
{
	struct tally sum;
	enum store_result result = store_tally_sum(store, &ban->who,
	    tally_hour(ban->begins - REPUTATION_SPAN + 1),
	    tally_hour(ban->begins), &sum);

	if (result == STORE_OK && unflushed != NULL) {
		tally_add(&sum, unflushed);
	}
	*honest = result == STORE_OK && sum.accepted >= conf->brake_accepted;
	return result;
}

/* Put it on where this ban is one too many. */
static enum store_result
watch(struct store *store, const struct conf *conf, const struct ban *ban,
    const struct brake *brake, int64_t now, struct brake_result *out)
{
	int64_t after = ban->begins - conf->brake_within;
	int64_t count = 0;
	enum store_result result;

	if (after < brake->since) {
		after = brake->since;
	}
	result = store_ban_honest(store, after, ban->begins, &count);
	if (result == STORE_OK && count + 1 >= conf->brake_bans) {
		out->held = out->braked = true;
		result = store_state_put(store, KEY, ON, now);
	}
	return result;
}

enum store_result
engine_brake_ask(struct store *store, const struct conf *conf, struct ban *ban,
    const struct tally *unflushed, int64_t now, struct brake_result *out)
{
	struct brake brake;
	enum store_result result;

	*out = (struct brake_result){ .held = false };
	if (conf->brake_bans == 0 || conf->mode == CONF_OBSERVE) {
		return STORE_OK;
	}
	result = is_honest(store, conf, ban, unflushed, &ban->honest);
	if (result != STORE_OK || !ban->honest) {
		return result;
	}
	result = engine_brake(store, &brake);
	if (result != STORE_OK || brake.on) {
		out->held = brake.on;
		return result;
	}
	return watch(store, conf, ban, &brake, now, out);
}
