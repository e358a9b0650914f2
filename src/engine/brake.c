#include "engine/brake.h"

#include <string.h>

#include "base/log.h"
#include "base/text.h"

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

/* Bans that begin after this count together with one at `t`: none from before
 * the newest release. */
static int64_t
window(const struct conf *conf, const struct brake *brake, int64_t t)
{
	int64_t after = t - conf->brake_within;

	return after < brake->since ? brake->since : after;
}

enum store_result
engine_brake_release(struct store *store, int64_t now)
{
	return store_state_put(store, KEY, OFF, now);
}

enum store_result
engine_brake_counts(struct store *store, const struct conf *conf, int64_t now,
    struct brake_counts *counts)
{
	struct brake brake;
	enum store_result result = engine_brake(store, &brake);

	if (result != STORE_OK) {
		return result;
	}
	*counts = (struct brake_counts){ .brake = brake };
	return store_ban_honest(
	    store, window(conf, &brake, now), now, NULL, &counts->clients);
}

void
engine_log_brake(const struct conf *conf)
{
	char within[DURATION_TEXT_SIZE];

	log_warn("BRAKE ON: bans of %lld clients whose mail was accepted "
		 "before, within %s; new bans of such clients only observe "
		 "until \"videur brake release\": look at maps, resolver and "
		 "scanner",
	    (long long)conf->brake_bans,
	    text_from_duration(conf->brake_within, within));
}

/* ---- what it does ---- */

static bool
is_used(const struct conf *conf)
{
	return conf->brake_bans > 0 && conf->mode == CONF_ENFORCE;
}

/* Whether the client is one whose mail was accepted before. */
static enum store_result
is_honest(struct store *store, const struct brake_query *query, bool *honest)
{
	struct tally sum;
	enum store_result result = store_tally_sum(store, &query->client,
	    tally_hour(query->t - REPUTATION_SPAN + 1), tally_hour(query->t),
	    &sum);

	if (result == STORE_OK && query->unflushed != NULL) {
		tally_add(&sum, query->unflushed);
	}
	*honest = result == STORE_OK &&
		  sum.accepted >= query->conf->brake_accepted;
	return result;
}

/* Put it on where a ban of this client is one too many.  A client counts
 * once: the bans of one must not do it alone. */
static enum store_result
watch(struct store *store, const struct brake_query *query,
    const struct brake *brake, int64_t now, struct brake_result *out)
{
	int64_t others = 0;
	enum store_result result = store_ban_honest(store,
	    window(query->conf, brake, query->t), query->t, &query->client,
	    &others);

	if (result == STORE_OK && others + 1 >= query->conf->brake_bans) {
		out->held = out->braked = true;
		result = store_state_put(store, KEY, ON, now);
	}
	return result;
}

enum store_result
engine_brake_ask(struct store *store, const struct brake_query *query,
    int64_t now, struct brake_result *out)
{
	struct brake brake;
	enum store_result result;

	*out = (struct brake_result){ .held = false };
	if (!is_used(query->conf)) {
		return STORE_OK;
	}
	result = is_honest(store, query, &out->honest);
	if (result != STORE_OK || !out->honest) {
		return result;
	}
	result = engine_brake(store, &brake);
	if (result != STORE_OK || brake.on) {
		out->held = brake.on;
		return result;
	}
	return watch(store, query, &brake, now, out);
}

enum store_result
engine_brake_forgive(
    struct store *store, const struct brake_query *query, int64_t *after)
{
	struct brake brake;
	bool honest = false;
	enum store_result result;

	if (!is_used(query->conf)) {
		return STORE_OK;
	}
	result = engine_brake(store, &brake);
	if (result != STORE_OK || brake.on || brake.since <= *after) {
		return result;
	}
	result = is_honest(store, query, &honest);
	if (honest) {
		*after = brake.since;
	}
	return result;
}
