#include "engine/brake.h"
#include "engine/count.h"
#include "engine/engine.h"
#include "engine/put.h"

struct net
engine_client(const struct conf *conf, const struct addr *address)
{
	return net_around(address, conf->client_ipv4, conf->client_ipv6);
}

/* A deed is tallied whoever did it; only those of others than the allowed
 * are kept as events. */
static enum store_result
spared(struct store *store, const struct conf *conf, const struct addr *address,
    int64_t now, bool *spared)
{
	enum store_result result;

	*spared = standing_never_banned(address) || conf_allows(conf, address);
	if (*spared) {
		return STORE_OK;
	}
	result = store_allow_covers(store, address, now, NULL);
	*spared = result == STORE_OK;
	return result == STORE_NONE ? STORE_OK : result;
}

static enum store_result
add_to_tally(
    struct store *store, const struct net *client, enum kind kind, int64_t at)
{
	struct tally one = { 0 };

	one.kind[kind] = 1;
	return store_tally_add(store, client, tally_hour(at), &one);
}

/* Whether there are too few events for the rule around an event at `at`,
 * whatever window it is judged in and whatever marks, bans and ratio say.  Most
 * are the first or second of their client: this spares them all other
 * questions. */
static enum store_result
too_few(
    struct store *store, const struct count_query *query, int64_t at, bool *few)
{
	const struct event_query events = { .client = query->client,
		.kinds = query->rule->kinds,
		.after = at - query->rule->within,
		.until = at + query->rule->within,
		.most = query->rule->limit,
		.reason = query->rule->reason };
	int64_t count;
	enum store_result result = store_event_count(store, &events, &count);

	*few = result == STORE_OK && count < query->rule->limit;
	return result;
}

/* What is judged: one event, now. */
struct hearing {
	const struct conf *conf;
	const struct event *event;
	const struct tally *unflushed;
	int64_t now;
	struct outcome *outcome;
};

/* Write the ban that is due, unless the brake holds it back and it was
 * observed before. */
static enum store_result
put_ban(struct store *store, const struct hearing *hearing,
    struct count_query *query, const struct policy_decision *decision)
{
	struct outcome *outcome = hearing->outcome;
	struct ban *ban = &outcome->ban[outcome->bans];
	struct brake_result brake;
	struct count count;
	enum store_result result;

	*ban = policy_ban(query->rule, decision, &query->client);
	result = engine_brake_ask(store,
	    &(struct brake_query){ .conf = query->conf,
		.client = query->client,
		.t = query->t,
		.unflushed = hearing->unflushed },
	    hearing->now, &brake);
	ban->honest = brake.honest;
	if (result == STORE_OK && brake.held) {
		ban->observed = true;
		outcome->braked |= brake.braked;
		query->observed = true;
		result = engine_count(store, query, &count);
		if (result == STORE_OK &&
		    !policy_step(&count.past, &count.counts).ban) {
			return STORE_OK;
		}
	}
	if (result == STORE_OK) {
		result = engine_put_ban(store, query->conf, ban);
	}
	outcome->bans += result == STORE_OK;
	return result;
}

/* Let one rule judge the event at its own time. */
static enum store_result
judge(
    struct store *store, const struct hearing *hearing, const struct rule *rule)
{
	struct count_query query = { .conf = hearing->conf,
		.rule = rule,
		.client = hearing->event->client,
		.unflushed = hearing->unflushed };
	int64_t at = hearing->event->at;
	struct policy_decision decision;
	struct count count;
	bool few = false;
	enum store_result result = too_few(store, &query, at, &few);

	if (result == STORE_OK && !few) {
		result = store_event_youngest(store, &query.client, rule->kinds,
		    at, at + rule->within, &query.t);
	}
	if (result == STORE_OK && !few) {
		result = engine_count(store, &query, &count);
	}
	if (result != STORE_OK || few) {
		return result;
	}
	decision = policy_step(&count.past, &count.counts);
	if (!decision.ban || hearing->outcome->bans == ENGINE_BANS_MAX) {
		return STORE_OK;
	}
	return put_ban(store, hearing, &query, &decision);
}

static enum store_result
judge_all(struct store *store, const struct hearing *hearing)
{
	const struct policy *policy = &hearing->conf->policy;

	for (size_t i = 0; i < policy->rules; i++) {
		enum store_result result;

		if ((policy->rule[i].kinds & kind_bit(hearing->event->kind)) ==
		    0) {
			continue;
		}
		result = judge(store, hearing, &policy->rule[i]);
		if (result != STORE_OK) {
			return result;
		}
	}
	return STORE_OK;
}

enum store_result
engine_observe(struct store *store, const struct conf *conf,
    const struct deed *deed, const struct tally *unflushed, int64_t now,
    struct outcome *outcome)
{
	const struct event event = { .client = engine_client(
					 conf, &deed->address),
		.address = deed->address,
		.kind = deed->kind,
		.at = deed->at < now ? deed->at : now,
		.source = deed->source,
		.key = deed->key,
		.detail = deed->detail };
	const struct hearing hearing = { .conf = conf,
		.event = &event,
		.unflushed = unflushed,
		.now = now,
		.outcome = outcome };
	bool is_spared = false;
	enum store_result result;

	outcome->stored = false;
	outcome->bans = 0;
	outcome->braked = false;
	result = add_to_tally(store, &event.client, event.kind, event.at);
	if (result == STORE_OK) {
		result = spared(store, conf, &deed->address, now, &is_spared);
	}
	if (result != STORE_OK || is_spared) {
		return result;
	}
	result = store_event_put(store, &event);
	if (result == STORE_OK) {
		result = store_daily_add(
		    store, event.at, DAILY_EVENT, kind_name(event.kind), 1);
	}
	if (result != STORE_OK) {
		return result;
	}
	outcome->stored = true;
	return judge_all(store, &hearing);
}
