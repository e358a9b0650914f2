#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "engine/judge.h"

#define ON  "on"
#define OFF "off"

void
engine_brake(struct store *store, struct brake *brake)
{
	char value[8];

	*brake = (struct brake){ .on = false };
	if (store_state_find(store, engine_state_name(STATE_BRAKE), value,
		sizeof(value), &brake->since)) {
		brake->on = strcmp(value, ON) == 0;
	}
}

void
engine_brake_release(struct store *store, int64_t now)
{
	engine_state_put(store, STATE_BRAKE, OFF, now);
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

void
engine_log_storm(void)
{
	log_warn("STORM OF LOGINS: they fail for clients that had logged in "
		 "well before, and nobody logs in any more; such clients are "
		 "only observed meanwhile: look at the password back end");
}

/* ---- how many count towards it ---- */

/* Honest clients whose bans count together with one at `t`, but for one
 * client: none from before the newest release. */
static int64_t
count_clients(struct store *store, const struct conf *conf,
    const struct brake *brake, int64_t t, const struct net *but)
{
	const int64_t after = t - conf->brake_within;

	return store_ban_honest(
	    store, after < brake->since ? brake->since : after, t, but);
}

void
engine_brake_counts(struct store *store, const struct conf *conf, int64_t now,
    struct brake_counts *counts)
{
	engine_brake(store, &counts->brake);
	counts->clients = count_clients(store, conf, &counts->brake, now, NULL);
}

/* ---- what it does ---- */

static bool
is_used(const struct conf *conf)
{
	return conf->brake_bans > 0 && conf->mode == CONF_ENFORCE;
}

/* Whether the client is one whose mail was accepted before, or that logged in
 * well. */
static bool
is_honest(struct store *store, const struct judge_query *query, int64_t t)
{
	struct repute repute;

	engine_repute(
	    store, query->conf, &query->client, query->unflushed, t, &repute);
	return repute.facts.tally.accepted >= query->conf->brake_accepted ||
	       repute.facts.tally.logins > 0;
}

struct brake_answer
engine_brake_ask(struct store *store, const struct judge_query *query,
    int64_t t, int64_t now)
{
	struct brake_answer answer = { .held = query->storm };
	struct brake brake;

	if (query->storm || !is_used(query->conf)) {
		return answer;
	}
	answer.honest = is_honest(store, query, t);
	if (!answer.honest) {
		return answer;
	}
	engine_brake(store, &brake);
	answer.held = brake.on;
	/* Put it on where a ban of this client is one too many.  A client
	 * counts once: the bans of one must not do it alone. */
	if (!brake.on &&
	    count_clients(store, query->conf, &brake, t, &query->client) + 1 >=
		query->conf->brake_bans) {
		answer.held = answer.braked = true;
		engine_state_put(store, STATE_BRAKE, ON, now);
	}
	return answer;
}

int64_t
engine_brake_forgive(struct store *store, const struct judge_query *query,
    int64_t t, int64_t after)
{
	struct brake brake;

	if (!is_used(query->conf)) {
		return after;
	}
	engine_brake(store, &brake);
	return !brake.on && brake.since > after && is_honest(store, query, t)
		   ? brake.since
		   : after;
}
