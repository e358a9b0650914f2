/*
 * What the administrator does by hand.
 */
#include <stdlib.h>

#include "engine/engine.h"
#include "engine/put.h"

enum store_result
engine_ban(
    struct store *store, const struct conf *conf, struct ban *ban, int64_t now)
{
	ban_by_hand(ban);
	ban->begins = now;
	return engine_put_ban(store, conf, ban);
}

/* ---- lifting ---- */

/* The bans to lift, by the little that lifting needs: they are collected
 * first, since the store must not be called while it tells. */
struct lift {
	int64_t id;
	struct net who;
	enum reason reason;
};
struct lifts {
	struct lift *lift;
	size_t count;
	size_t room;
	int64_t now;
	const struct net *within; /* only bans inside it; NULL: all */
	bool mistake;
	bool failed;
};

static bool
grow(struct lifts *lifts)
{
	size_t room = lifts->room == 0 ? 16 : lifts->room * 2;
	struct lift *more = realloc(lifts->lift, room * sizeof(lifts->lift[0]));

	if (more == NULL) {
		lifts->failed = true;
		return false;
	}
	lifts->lift = more;
	lifts->room = room;
	return true;
}

/* A live ban; for a mistake one that was cleared before its end, too. */
static bool
collect(void *to, const struct ban *ban)
{
	struct lifts *lifts = to;
	bool active = ban_active(ban, lifts->now);
	bool mistaken = lifts->mistake && !ban->mistake &&
			ban->ends > lifts->now;

	if ((!active && !mistaken) ||
	    (lifts->within != NULL &&
		!net_contains(lifts->within, &ban->who))) {
		return true;
	}
	if (lifts->count == lifts->room && !grow(lifts)) {
		return false;
	}
	lifts->lift[lifts->count++] = (struct lift){
		.id = ban->id, .who = ban->who, .reason = ban->reason
	};
	return true;
}

static enum store_result
lift_all(struct store *store, const struct lifts *lifts)
{
	for (size_t i = 0; i < lifts->count; i++) {
		const struct lift *lift = &lifts->lift[i];
		enum store_result result = store_ban_clear(
		    store, lift->id, lifts->now, lifts->mistake);

		if (result == STORE_OK) {
			result = store_mark_put(
			    store, &lift->who, lift->reason, NULL, lifts->now);
		}
		if (result != STORE_OK) {
			return result;
		}
	}
	return STORE_OK;
}

static enum store_result
lift(struct store *store, const struct ban_query *query, struct lifts *lifts,
    int64_t *lifted)
{
	enum store_result result = store_ban_each(store, query, collect, lifts);

	if (result == STORE_OK) {
		result = lifts->failed ? STORE_FAILED : lift_all(store, lifts);
	}
	*lifted = result == STORE_OK ? (int64_t)lifts->count : 0;
	free(lifts->lift);
	return result;
}

/* Count anew from now on for one client, banned or not. */
static enum store_result
mark_client(struct store *store, const struct net *client,
    const enum reason *only, int64_t now)
{
	for (int reason = 0; reason < REASON_COUNT; reason++) {
		enum store_result result;

		if (only != NULL && *only != (enum reason)reason) {
			continue;
		}
		result = store_mark_put(
		    store, client, (enum reason)reason, NULL, now);
		if (result != STORE_OK) {
			return result;
		}
	}
	return STORE_OK;
}

enum store_result
engine_clear(struct store *store, const struct conf *conf,
    const struct clearing *clearing, int64_t now, int64_t *lifted)
{
	struct net client = engine_client(conf, &clearing->who.addr);
	bool one = !clearing->everybody &&
		   net_contains(&client, &clearing->who);
	struct ban_query query = { .scope = BAN_ANYBODY,
		.active_at = clearing->mistake ? INT64_MIN : now,
		.observed = true,
		.reason = clearing->reason };
	struct lifts lifts = { .now = now, .mistake = clearing->mistake };
	enum store_result result;

	if (one) {
		/* Asked for one address of a client, its client is meant; a
		 * wider network is not. */
		query.scope = BAN_COVERING;
		query.who = net_cut(&clearing->who.addr, ADDR_BITS);
		lifts.within = &client;
	} else if (!clearing->everybody) {
		query.scope = BAN_INSIDE;
		query.who = clearing->who;
	}
	result = lift(store, &query, &lifts, lifted);
	if (result == STORE_OK && one) {
		result = mark_client(store, &client, clearing->reason, now);
	}
	return result;
}

enum store_result
engine_allow(struct store *store, const struct conf *conf,
    const struct allow *allow, int64_t now, int64_t *lifted)
{
	struct net client = engine_client(conf, &allow->net.addr);
	const struct ban_query query = { .scope = BAN_INSIDE,
		.who = allow->net,
		.active_at = now,
		.observed = true };
	struct lifts lifts = { .now = now };
	enum store_result result = store_allow_put(store, allow);

	*lifted = 0;
	if (result == STORE_OK) {
		result = lift(store, &query, &lifts, lifted);
	}
	if (result == STORE_OK && net_equal(&client, &allow->net)) {
		result = mark_client(store, &client, NULL, now);
	}
	return result;
}
