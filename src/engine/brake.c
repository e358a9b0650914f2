#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "engine/judge.h"

#define ON  "on"
#define OFF "off"

void
engine_brake(struct store *store, const struct conf *conf, int64_t now,
    struct brake *brake)
{
	char value[8];
	int64_t newest;

	*brake = (struct brake){ .on = false };
	if (!store_state_find(store, engine_state_name(STATE_BRAKE), value,
		sizeof(value), &brake->since)) {
		return;
	}
	brake->on = strcmp(value, ON) == 0;
	if (!store_state_find(store, engine_state_name(STATE_BRAKE_CAUSE),
		value, sizeof(value), &brake->cause)) {
		brake->cause = brake->since;
	}
	if (brake->on) {
		newest = store_ban_honest_newest(store);
		newest = newest > brake->since ? newest : brake->since;
		if (now - newest >= conf->brake_quiet) {
			brake->on = false;
			brake->since = newest + conf->brake_quiet;
		}
	}
}

void
engine_brake_release(struct store *store, int64_t now)
{
	engine_state_put(store, STATE_BRAKE, OFF, now);
}

void
engine_brake_settle(struct store *store, const struct conf *conf, int64_t now)
{
	char quiet[DURATION_TEXT_SIZE];
	struct brake brake;
	int64_t since;
	char value[8];

	engine_brake(store, conf, now, &brake);
	if (!brake.on && brake.since != 0 &&
	    store_state_find(store, engine_state_name(STATE_BRAKE), value,
		sizeof(value), &since) &&
	    strcmp(value, ON) == 0) {
		engine_brake_release(store, brake.since);
		log_warn("BRAKE RELEASED: no client with a good history was "
			 "banned for %s; what such clients did before counts "
			 "no more",
		    text_from_duration(conf->brake_quiet, quiet));
	}
}

void
engine_log_brake(const struct conf *conf)
{
	char within[DURATION_TEXT_SIZE];
	char quiet[DURATION_TEXT_SIZE];

	log_warn("BRAKE ON: bans of %lld clients with a good history, within "
		 "%s; new bans of such clients only observe until %s without "
		 "one, or \"videur brake release\": look at maps, resolver "
		 "and scanner",
	    (long long)conf->brake_bans,
	    text_from_duration(conf->brake_within, within),
	    text_from_duration(conf->brake_quiet, quiet));
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
    const struct brake *brake, int64_t t, const struct net *but, int64_t *first)
{
	const int64_t after = t - conf->brake_within;

	return store_ban_honest(
	    store, after < brake->since ? brake->since : after, t, but, first);
}

void
engine_brake_counts(struct store *store, const struct conf *conf, int64_t now,
    struct brake_counts *counts)
{
	engine_brake(store, conf, now, &counts->brake);
	counts->clients = count_clients(
	    store, conf, &counts->brake, now, NULL, NULL);
}

/* ---- what it does ---- */

static bool
is_used(const struct conf *conf)
{
	return conf->brake_bans > 0 && conf->mode == CONF_ENFORCE;
}

/* Whether the client was honest at `t`, or before the hour in which the brake's
 * cause began (INT64_MAX: there is none): what it has been good for since may be
 * bought. */
static bool
is_honest(struct store *store, const struct judge_query *query, int64_t t,
    int64_t cause)
{
	const struct conf *conf = query->conf;
	const bool before = cause != INT64_MAX;
	const int64_t until = before ? tally_hour(cause) - 1 : t;
	struct repute repute;

	engine_repute(store, conf, &query->client,
	    before ? NULL : query->unflushed, until, &repute);
	return repute.facts.tally.logins > 0 ||
	       (before && store_logged_in(store, &query->client,
			      until - REPUTATION_SPAN, cause)) ||
	       (repute.facts.tally.accepted >= conf->brake_accepted &&
		   repute.facts.tally.recipients >= conf->brake_recipients &&
		   repute.days >= conf->brake_days &&
		   (conf->brake_days <= 1 || repute.span >= conf->brake_span));
}

struct brake_answer
engine_brake_ask(
    struct store *store, const struct judge_query *query, int64_t t)
{
	const struct conf *conf = query->conf;
	struct brake_answer answer = { .held = query->storm };
	int64_t clients = 0;
	struct brake brake;

	if (query->storm || !is_used(conf)) {
		return answer;
	}
	engine_brake_settle(store, conf, query->now);
	engine_brake(store, conf, query->now, &brake);
	/* A client counts once: the bans of one must not put it on alone. */
	if (!brake.on) {
		clients = count_clients(
		    store, conf, &brake, t, &query->client, &brake.cause);
	}
	answer.honest = is_honest(store, query, t, brake.cause);
	answer.braked = answer.honest && !brake.on &&
			clients + 1 >= conf->brake_bans;
	answer.held = answer.honest && (brake.on || answer.braked);
	if (answer.braked) {
		engine_state_put(store, STATE_BRAKE, ON, query->now);
		engine_state_put(store, STATE_BRAKE_CAUSE, "",
		    brake.cause < t ? brake.cause : t);
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
	engine_brake(store, query->conf, query->now, &brake);
	return !brake.on && brake.since > after &&
		       is_honest(store, query, t, brake.cause)
		   ? brake.since
		   : after;
}
