/*
 * What the administrator does by hand.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/table.h"
#include "base/text.h"
#include "engine/judge.h"

enum {
	LIFTS = 250,     /* in one transaction */
	STEP_ROWS = 200, /* in one step of forgetting: some ms */
	/* Longer than an MTA tries to deliver a message. */
	KEEP_QUEUE = 7 * 24 * 3600,
	CLOCK_JUMP = 24 * 3600,     /* s that it may differ from what it was */
	CLOCK_LASTS = 3600,         /* s until it is trusted all the same, */
	CLOCK_LASTS_ALL = 24 * 3600 /* and for what goes last */
};

/* One by hand, in force as a new one would be. */
static bool
take_manual(void *to, const struct ban *ban)
{
	struct ban *found = to;

	if (!ban_is_manual(ban) || ban->observed != found->observed) {
		return true;
	}
	*found = *ban;
	return false;
}

enum banned
engine_ban(struct store *store, const struct conf *conf, struct ban *ban,
    int64_t now, int64_t *was)
{
	const struct ban_query query = { .scope = BAN_EXACTLY,
		.who = ban->who,
		.active_at = now,
		.observed = true,
		.reason = &ban->reason };
	struct ban held = { .observed = conf->mode == CONF_OBSERVE };
	const int64_t ends = ban->ends;

	store_ban_each(store, &query, take_manual, &held);
	*was = held.ends;
	if (held.id == 0) {
		ban_by_hand(ban);
		ban->begins = now;
		engine_ban_put(store, conf, ban);
		return BAN_NEW;
	}
	if (ban->note[0] != '\0') {
		memcpy(held.note, ban->note, sizeof(held.note));
	}
	if (ban->say[0] != '\0') {
		memcpy(held.say, ban->say, sizeof(held.say));
	}
	*ban = held;
	ban->ends = ends;
	store_ban_change(store, ban, now);
	return ends > *was ? BAN_PROLONGED : BAN_REPLACED;
}

/* ---- lifting ---- */

/* The bans to lift, by the little that lifting needs: they are collected
 * first, since the store must not be called while it tells. */
struct lifts {
	struct lift {
		int64_t id;
		struct net who;
		enum reason reason;
	} * lift;
	size_t count;
	size_t room;
	int64_t now;
	bool mistake;
};

/* A live ban; for a mistake one that was cleared before its end, too. */
static bool
collect(void *to, const struct ban *ban)
{
	struct lifts *lifts = to;

	if (!ban_active(ban, lifts->now) &&
	    (!lifts->mistake || ban->mistake || ban->ends <= lifts->now)) {
		return true;
	}
	lifts->lift = array_grow(
	    lifts->lift, lifts->count, &lifts->room, sizeof(*lifts->lift));
	if (lifts->lift == NULL) {
		log_panic("out of memory");
	}
	lifts->lift[lifts->count++] = (struct lift){
		.id = ban->id, .who = ban->who, .reason = ban->reason
	};
	return true;
}

/* Count anew from now on for one client, and all reasons or one. */
static void
reset(struct store *store, const struct net *client, const enum reason *reason,
    int64_t now)
{
	struct reset reset = { .client = *client, .at = now };

	for (int i = 0; i < REASON_COUNT; i++) {
		reset.reason = (enum reason)i;
		if (reason == NULL || *reason == reset.reason) {
			store_record(
			    store, &(struct store_record){ .reset = &reset });
		}
	}
}

/* What a query finds.  All bans are gone through to find those of a network,
 * and many may be found: the lock is not held for that, so that nothing may be
 * written before. */
static struct lifts
find_lifts(struct store *store, const struct ban_query *query, int64_t now,
    bool mistake)
{
	struct lifts lifts = { .now = now, .mistake = mistake };
	const bool wide = query->scope != BAN_EXACTLY;

	if (wide) {
		store_pause(store);
	}
	store_ban_each(store, query, collect, &lifts);
	if (wide) {
		store_go_on(store);
	}
	return lifts;
}

/* Gives back how many were lifted; what was found is forgotten. */
static int64_t
lift(struct store *store, const struct conf *conf, struct lifts *lifts)
{
	for (size_t i = 0; i < lifts->count; i++) {
		const struct lift *lift = &lifts->lift[i];
		const struct net client = engine_client(conf, &lift->who.addr);

		if (i % LIFTS == LIFTS - 1) {
			store_go_on(store);
		}
		store_ban_clear(store, lift->id, lifts->now, lifts->mistake);
		reset(store,
		    net_contains(&client, &lift->who) ? &client : &lift->who,
		    &lift->reason, lifts->now);
	}
	free(lifts->lift);
	return store_status(store) == STORE_OK ? (int64_t)lifts->count : 0;
}

int64_t
engine_clear(struct store *store, const struct conf *conf,
    const struct clearing *clearing, int64_t now)
{
	const struct net client = engine_client(conf, &clearing->who.addr);
	const bool one = !clearing->everybody &&
			 net_contains(&client, &clearing->who);
	const struct net who = one ? client : clearing->who;
	const struct ban_query query = { .scope = clearing->everybody
						      ? BAN_ANYBODY
						  : who.bits == ADDR_BITS
						      ? BAN_EXACTLY
						      : BAN_INSIDE,
		.who = who,
		.active_at = clearing->mistake ? INT64_MIN : now,
		.observed = true,
		.reason = clearing->reason };
	struct lifts lifts = find_lifts(store, &query, now, clearing->mistake);

	if (!clearing->everybody) {
		reset(store, &who, clearing->reason, now);
	}
	return lift(store, conf, &lifts);
}

/* Live bans inside a network. */
static struct lifts
find_inside(struct store *store, const struct net *net, int64_t now)
{
	const struct ban_query query = {
		.scope = net->bits == ADDR_BITS ? BAN_EXACTLY : BAN_INSIDE,
		.who = *net,
		.active_at = now,
		.observed = true
	};

	return find_lifts(store, &query, now, false);
}

/* Gives back how many were lifted. */
static int64_t
lift_inside(struct store *store, const struct conf *conf, const struct net *net,
    struct lifts *lifts)
{
	const struct net client = engine_client(conf, &net->addr);

	if (net_equal(&client, net)) {
		reset(store, &client, NULL, lifts->now);
	}
	return lift(store, conf, lifts);
}

int64_t
engine_allow(struct store *store, const struct conf *conf,
    const struct allow *allow, int64_t now)
{
	struct lifts lifts = find_inside(store, &allow->net, now);

	store_allow_put(store, allow, now);
	return lift_inside(store, conf, &allow->net, &lifts);
}

/* ---- names on the allow list ---- */

static bool
is_allowed(struct store *store, const struct net *net, int64_t now)
{
	struct allow allow;

	return store_allow_find(store, &net->addr, now, &allow) &&
	       net_contains(&allow.net, net);
}

int64_t
engine_allow_name(struct store *store, const struct conf *conf,
    struct allow_name *name, const struct net *nets, size_t count, int64_t now)
{
	bool *fresh = calloc(count + 1, sizeof(*fresh));
	int64_t lifted = 0;

	if (fresh == NULL) {
		log_panic("out of memory");
	}
	for (size_t i = 0; i < count; i++) {
		fresh[i] = !is_allowed(store, &nets[i], now);
	}
	name->asked = name->answered = now;
	name->error[0] = '\0';
	store_name_put(store, name);
	store_name_networks(store, name->id, nets, count);
	store_names_apply(store, now);
	for (size_t i = 0; i < count; i++) {
		if (fresh[i]) {
			struct lifts lifts = find_inside(store, &nets[i], now);

			lifted += lift_inside(store, conf, &nets[i], &lifts);
		}
	}
	free(fresh);
	return lifted;
}

void
engine_name_failed(struct store *store, struct allow_name *name,
    const char *error, int64_t now)
{
	const bool kept = now - name->answered < ENGINE_NAME_KEPT;

	name->asked = now;
	(void)text_copy(name->error, sizeof(name->error), error);
	store_name_put(store, name);
	if (!kept) {
		store_name_networks(store, name->id, NULL, 0);
		store_names_apply(store, now);
	}
}

bool
engine_name_is_old(const struct allow_name *name, int64_t now)
{
	return now - name->answered > ENGINE_NAME_OLD;
}

/* ---- forgetting ---- */

enum trust {
	TRUST_NOTHING,
	TRUST_MOST, /* but for what cannot be learned anew */
	TRUST_ALL
};

/* One step, of what cannot be learned anew only once all else is gone. */
static int64_t
prune(
    struct store *store, const struct conf *conf, int64_t now, enum trust trust)
{
	/* A reset matters no longer than the events it stands before. */
	struct store_prune before = { .events = now - conf->keep_events,
		.tallies = now - conf->keep_tallies,
		.bans = now - conf->policy.memory - conf->keep_bans,
		.resets = now - conf->keep_events,
		.audit = INT64_MIN,
		.allows = INT64_MIN,
		.daily = now - conf->keep_daily,
		.queue = now - KEEP_QUEUE,
		.correspondents = now - conf->correspondents };
	int64_t removed = store_prune(store, &before, STEP_ROWS);

	if (removed == 0 && trust == TRUST_ALL) {
		before.audit = now - conf->keep_audit;
		before.allows = now;
		removed = store_prune(store, &before, STEP_ROWS);
	}
	return removed;
}

int64_t
engine_prune(struct store *store, const struct conf *conf, int64_t now)
{
	return prune(store, conf, now, TRUST_ALL);
}

/*
 * The newest trusted time is kept in the database, and beside it since when,
 * on the host's monotonic clock, another one is shown: so that no program
 * takes what another one wrote meanwhile for a proof of it.
 */
static enum trust
trust_clock(struct store *store, int64_t now, int64_t ticks)
{
	struct state states[STATE_COUNT];
	const struct state *clock = &states[STATE_CLOCK];
	int64_t trusted, lasted;

	engine_states(store, states);
	trusted = clock->there ? clock->since : store_newest(store);
	lasted = (ticks - clock->number) / 1000;
	if (trusted == INT64_MIN || llabs(now - trusted) <= CLOCK_JUMP ||
	    (clock->number >= 0 && lasted >= CLOCK_LASTS_ALL)) {
		engine_state_put(store, STATE_CLOCK, "", now);
		return TRUST_ALL;
	}
	if (clock->number < 0 || lasted < 0) {
		log_warn("the clock differs by %lld days from what it was: "
			 "nothing is forgotten until that has lasted for an "
			 "hour",
		    (long long)(now - trusted) / STORE_DAY);
		engine_state_put_number(store, STATE_CLOCK, ticks, trusted);
	}
	return clock->number >= 0 && lasted >= CLOCK_LASTS ? TRUST_MOST
							   : TRUST_NOTHING;
}

int64_t
engine_maintain(
    struct store *store, const struct conf *conf, int64_t now, int64_t ticks)
{
	const enum trust trust = trust_clock(store, now, ticks);

	engine_brake_settle(store, conf, now);
	if (trust == TRUST_NOTHING) {
		return 0;
	}
	store_settle(store, now);
	return prune(store, conf, now, trust);
}
