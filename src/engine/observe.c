/*
 * What a client did, and what becomes of it: the event is kept, each rule
 * judges it, and a ban may begin.
 */
#include <ctype.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "engine/judge.h"

enum {
	STORM_CLIENTS = 5,  /* that had logged in well, fail */
	STORM_WITHIN = 600, /* seconds, and nobody logs in */
	HOUR = 3600,        /* seconds */
	JUDGED_EACH = 16    /* of events that are no longer kept, at least */
};

struct net
engine_client(const struct conf *conf, const struct addr *address)
{
	return net_around(address, conf->client_ipv4, conf->client_ipv6);
}

/* ---- keys ---- */

char *
engine_hash(const unsigned char secret[static STORE_SECRET_SIZE],
    const char *name, char key[static HASH_TEXT_SIZE])
{
	unsigned char folded[ENGINE_KEYED_MAX];
	size_t len = 0;

	for (; len < sizeof(folded) && name[len] != '\0'; len++) {
		folded[len] = (unsigned char)tolower((unsigned char)name[len]);
	}
	return hash_text(secret, folded, len, key);
}

void
engine_key(
    struct store *store, const char *name, char key[static HASH_TEXT_SIZE])
{
	unsigned char secret[STORE_SECRET_SIZE];

	key[0] = '\0';
	if (name[0] == '\0') {
		return;
	}
	store_secret(store, secret);
	if (store_status(store) == STORE_OK) {
		(void)engine_hash(secret, name, key);
	}
}

/* ---- standing ---- */

/* What the configuration and the address itself say: CLEAR where they say
 * nothing. */
static enum verdict
exemption(const struct conf *conf, const struct addr *address)
{
	return standing_never_banned(address) ? STANDING_NEVER
	       : conf_allows(conf, address)   ? STANDING_ALLOWED
					      : STANDING_CLEAR;
}

static void
stand(struct store *store, const struct conf *conf, const struct addr *address,
    int64_t now, struct standing *standing, struct evidence *past)
{
	standing->address = *address;
	standing->checked_at = now;
	standing->bans = 0;
	standing->verdict = exemption(conf, address);
	if (standing->verdict == STANDING_CLEAR) {
		store_standing(store, standing, past);
	}
}

void
engine_standing(struct store *store, const struct conf *conf,
    const struct addr *address, int64_t now, struct standing *standing)
{
	stand(store, conf, address, now, standing, NULL);
}

void
engine_standing_next(struct store *store, const struct conf *conf,
    const struct addr *address, int64_t now, struct standing *standing,
    struct next_ban *next)
{
	struct evidence past;

	stand(store, conf, address, now, standing, &past);
	for (size_t i = 0; i < standing->bans; i++) {
		next[i] = engine_follows(conf, &standing->ban[i], now, &past);
	}
}

/* ---- bans ---- */

void
engine_ban_put(struct store *store, const struct conf *conf, struct ban *ban)
{
	const struct daily_row sum = { .day = ban->begins,
		.what = DAILY_BAN,
		.name = words_at(&cause_words, (size_t)ban_cause(ban)),
		.number = 1 };

	ban->observed |= conf->mode == CONF_OBSERVE;
	ban->ref[0] = '\0';
	store_record(store, &(struct store_record){ .ban = ban,
				.sum = ban->observed ? NULL : &sum });
}

void
engine_reach_everywhere(struct ban *ban)
{
	ban->service = SERVICE_ANY;
	if (ban->note[0] == '\0') {
		(void)text_copy(ban->note, sizeof(ban->note),
		    "also on port 25, where passwords were tried");
	}
}

int64_t
engine_written_to(struct store *store, const struct conf *conf,
    const struct net *client, int64_t now)
{
	const int64_t at = conf->correspondents > 0
			       ? store_correspondent(store, client)
			       : INT64_MIN;

	return at > now - conf->correspondents ? at : 0;
}

/* What a server may do without meaning harm. */
static bool
is_forgivable(enum reason reason)
{
	return reason != REASON_AUTH && reason != REASON_VIRUS;
}

/* Ban the client, unless the brake holds that back and a ban that was held
 * back before stands for it. */
static void
ban(struct store *store, struct judge_query *query, struct judgement *judged,
    struct outcome *outcome)
{
	const struct policy_decision decision = policy_step(
	    &judged->past, &judged->counts);
	const struct net address = net_cut(&query->address, ADDR_BITS);
	struct brake_answer brake;
	struct ban *ban;

	if (!decision.ban || outcome->bans == ENGINE_BANS_MAX) {
		return;
	}
	if (is_forgivable(query->rule->reason) &&
	    engine_written_to(store, query->conf, &query->client, judged->t) !=
		0) {
		return;
	}
	ban = &outcome->ban[outcome->bans];
	*ban = policy_ban(
	    query->rule, &decision, &query->client, judged->trusted);
	brake = engine_brake_ask(store, query, judged->t);
	ban->honest = brake.honest;
	if (ban->reply.code[0] != query->rule->reply.code[0]) {
		outcome->spared |= SPARED_SOFT;
	}
	if (brake.held) {
		ban->observed = true;
		outcome->braked |= brake.braked;
		query->observed = true;
		if (!engine_judge(store, query, judged) ||
		    !policy_step(&judged->past, &judged->counts).ban) {
			return;
		}
	}
	if (conf_is_own(&address, CONF_OWN_NEW)) {
		return;
	}
	if (query->on_mx && ban->reason == REASON_AUTH &&
	    ban->service == SERVICE_SUBMISSION) {
		engine_reach_everywhere(ban);
	}
	engine_ban_put(store, query->conf, ban);
	outcome->bans += store_status(store) == STORE_OK;
}

/* ---- passwords on port 25 ---- */

/* The bans for failed logins that cover a client. */
struct reach {
	enum service service; /* where it tries */
	bool reached;         /* one holds there */
	bool found;           /* none does, and this one elsewhere: */
	struct ban ban;
};

static bool
look_at_reach(void *to, const struct ban *ban)
{
	struct reach *reach = to;

	reach->reached |= ban->service == SERVICE_ANY ||
			  ban->service == reach->service;
	if (!reach->found) {
		reach->ban = *ban;
	}
	reach->found = true;
	return !reach->reached;
}

/* A login failed on port 25.  A ban of the client's for that, which holds on
 * the submission service, holds there too from now on; that of a network does
 * for this client alone, by a ban of its own for as long. */
static void
follow_to_mx(struct store *store, const struct conf *conf,
    const struct event *event, struct outcome *outcome)
{
	const enum reason reason = REASON_AUTH;
	const struct ban_query query = { .scope = BAN_COVERING,
		.who = event->client,
		.active_at = event->at,
		.reason = &reason };
	struct reach reach = { .service = SERVICE_MX };
	struct state states[STATE_COUNT];
	struct ban *ban = &reach.ban;

	engine_states(store, states);
	if (engine_due(states[STATE_LOGINS].since + HOUR, event->at, HOUR)) {
		engine_state_put(store, STATE_LOGINS, "", event->at);
	}
	store_ban_each(store, &query, look_at_reach, &reach);
	if (!reach.found || reach.reached) {
		return;
	}
	engine_reach_everywhere(ban);
	if (net_equal(&ban->who, &event->client)) {
		store_ban_change(store, ban, event->at);
	} else {
		ban->who = event->client;
		ban->begins = event->at;
		ban->step = 0;
		ban->hits = ban->told = 0;
		engine_ban_put(store, conf, ban);
	}
	outcome->ban[outcome->bans++] = *ban;
}

/* ---- observing ---- */

/* Whether the client is one of those that logged in well before and are not to
 * be blamed now, since logins fail for all: see engine_log_storm(). */
static bool
is_storm(
    struct store *store, const struct event *event, struct outcome *outcome)
{
	struct state states[STATE_COUNT];
	int64_t after = event->at - STORM_WITHIN;
	int64_t login;

	if (!event->doubtful || event->kind != KIND_AUTH) {
		return false;
	}
	login = store_login_newest(store, event->at);
	after = login > after ? login : after;
	if (store_login_failures(store, after, event->at, STORM_CLIENTS) <
	    STORM_CLIENTS) {
		return false;
	}
	engine_states(store, states);
	if (states[STATE_STORM].since <= after) {
		outcome->storm = true;
		store_login_forgive(store, after, event->at);
	}
	if (states[STATE_STORM].since < event->at) {
		engine_state_put(store, STATE_STORM, "", event->at);
	}
	return true;
}

static bool
is_trusted(struct store *store, const struct judge_query *query, int64_t t)
{
	struct repute repute;

	engine_repute(
	    store, query->conf, &query->client, query->unflushed, t, &repute);
	return policy_trusts(repute.reputation, repute.days);
}

/* Of what is no longer kept, the `number`th of its kind and hour, one in 16 is
 * judged, and the fewer the more there are: each 16th of their number. */
static bool
is_due(int64_t number)
{
	int64_t each = JUDGED_EACH;

	while (each * JUDGED_EACH * 2 <= number) {
		each *= 2;
	}
	return number % each == 0;
}

/* Let each rule that counts the event judge, and what is above the client.
 * One of a user or recipient that counts no more in its hour changes nothing:
 * to count all others again for each of thousands would take long. */
static void
judge_all(struct store *store, struct judge_query *query,
    const struct event *event, const struct tally *sum, struct outcome *outcome)
{
	const struct policy *policy = &query->conf->policy;

	query->storm = is_storm(store, event, outcome);
	for (size_t i = 0; i < policy->rules; i++) {
		struct judgement judged;

		query->rule = &policy->rule[i];
		query->observed = false;
		if ((query->rule->kinds & kind_bit(event->kind)) != 0 &&
		    (query->rule->within > query->conf->keep_tallies ||
			tally_of(sum, query->rule->kinds) >=
			    query->rule->limit) &&
		    (!outcome->stored || query->batch ||
			!engine_is_same(store, query, event)) &&
		    engine_judge(store, query, &judged)) {
			outcome->spared |= judged.spared;
			ban(store, query, &judged, outcome);
		}
	}
	if (outcome->stored) {
		engine_widen(store, query, event, outcome);
	}
}

/* Whether it does not count: its address is never banned or allowed, or its
 * message has had the most unknown recipients that count of such a client. */
static bool
is_left_out(struct store *store, const struct observation *seen,
    const struct judge_query *query, const struct tally_row *tally)
{
	const enum verdict exempt = exemption(query->conf, &seen->address);

	if (exempt == STANDING_NEVER) {
		/* A proxy that hides its clients shows by that. */
		store_record(store, &(struct store_record){ .tally = tally });
		return true;
	}
	return exempt == STANDING_ALLOWED ||
	       store_allow_find(store, &seen->address, query->now, NULL) ||
	       (seen->kind == KIND_RECIPIENT &&
		   seen->nth > POLICY_UNKNOWN_MAX &&
		   is_trusted(store, query, query->at));
}

void
engine_judge_stored(struct store *store, const struct conf *conf,
    const struct event *event, int64_t now, struct outcome *outcome)
{
	struct judge_query query = { .conf = conf,
		.client = event->client,
		.address = event->address,
		.at = event->at < now ? event->at : now,
		.now = now,
		.batch = true };
	struct around around;
	struct hours hours;

	*outcome = (struct outcome){ .counted = true, .stored = true };
	if (exemption(conf, &event->address) == STANDING_CLEAR &&
	    !store_allow_find(store, &event->address, now, NULL) &&
	    engine_is_kept(store, conf, event, 0, &around)) {
		query.spent = around.since;
		engine_hours(store, conf, event, &hours);
		judge_all(store, &query, event, &hours.sum, outcome);
	}
}

void
engine_observe(struct store *store, const struct conf *conf,
    const struct observation *seen, const struct tally *unflushed, int64_t now,
    struct outcome *outcome)
{
	struct event event = { .client = engine_client(conf, &seen->address),
		.address = seen->address,
		.kind = seen->kind,
		.at = seen->at < now ? seen->at : now,
		.source = seen->source,
		.key = seen->key,
		.detail = seen->detail,
		.doubtful = seen->null_sender };
	struct judge_query query = { .conf = conf,
		.client = event.client,
		.address = seen->address,
		.at = event.at,
		.on_mx = seen->kind == KIND_AUTH && seen->service == SERVICE_MX,
		.now = now,
		.unflushed = unflushed };
	struct tally_row tally = { .client = event.client,
		.hour = tally_hour(event.at) };
	const struct daily_row sum = { .day = event.at,
		.what = DAILY_EVENT,
		.name = kind_name(event.kind),
		.number = 1 };
	struct around around;
	struct hours hours;

	*outcome = (struct outcome){ .stored = false };
	tally.tally.kind[event.kind] = 1;
	if (is_left_out(store, seen, &query, &tally)) {
		return;
	}
	if (seen->kind == KIND_AUTH) {
		event.doubtful = store_logged_in(
		    store, &event.client, event.at - REPUTATION_SPAN, event.at);
	}
	if (query.on_mx) {
		follow_to_mx(store, conf, &event, outcome);
	}
	outcome->counted = true;
	store_record(
	    store, &(struct store_record){ .tally = &tally, .sum = &sum });
	engine_hours(store, conf, &event, &hours);
	outcome->stored = engine_is_kept(
	    store, conf, &event, hours.number, &around);
	outcome->leeway = engine_leeway_in(conf, &event, now, &hours, &around);
	if (outcome->stored) {
		store_record(store, &(struct store_record){ .event = &event });
	} else if (around.answered || !is_due(hours.number)) {
		return;
	}
	query.spent = around.since;
	judge_all(store, &query, &event, &hours.sum, outcome);
}

void
engine_log_ban(const struct ban *ban)
{
	char who[NET_TEXT_SIZE];
	char until[TIME_TEXT_SIZE];

	log_info("%s %s %s step %d until %s ref %s (%s)%s%s%s",
	    ban->observed ? "would ban" : "ban", net_format(&ban->who, who),
	    reason_name(ban->reason), ban->step,
	    text_from_time(ban->ends, until), ban->ref, ban->rule,
	    ban->observed && ban->honest ? ", held back by the brake" : "",
	    ban->note[0] != '\0' ? ", " : "", ban->note);
}
