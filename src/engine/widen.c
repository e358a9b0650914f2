/*
 * Above the client: clients of one network, none of which does enough to be
 * banned, are counted together, and the network is banned.
 */
#include "engine/judge.h"

enum {
	HOUR = 3600,
	INSIDE_MAX = 20000 /* events that one look at a network may read */
};

/* ---- counting ---- */

struct given {
	int64_t same; /* of one key so many an hour count */
	int64_t limit;
	int64_t sum;
};

static bool
add_key(void *to, int64_t events)
{
	struct given *given = to;

	given->sum += events < given->same ? events : given->same;
	return given->sum <= given->limit;
}

bool
engine_is_same(struct store *store, const struct judge_query *query,
    const struct event *event)
{
	const struct rule *rule = query->rule;
	const int64_t most = policy_keys(rule, 0).most;

	return event->key != NULL && most > 0 &&
	       store_event_same(
		   store, event, rule->reason, query->spent, most + 1) > most;
}

/* Whether the event counts for the networks around its client: one of a user or
 * recipient that the client's own count leaves out does not, and of one client
 * at most the rule's limit does. */
static bool
gives(struct store *store, const struct judge_query *query,
    const struct event *event)
{
	const struct rule *rule = query->rule;
	const struct policy_keys keys = policy_keys(rule, 0);
	const struct event_query counted = { .client = event->client,
		.kinds = rule->kinds,
		.after = event->at - rule->within,
		.until = event->at,
		.most = rule->limit + 1,
		.reason = rule->reason,
		.hourly = keys.hourly };
	struct given given = { .same = keys.most, .limit = rule->limit };

	if (engine_is_same(store, query, event)) {
		return false;
	}
	if (store_event_count(store, &counted) <= rule->limit) {
		return true;
	}
	if (keys.most > 0) {
		store_event_keys(store, &counted, add_key, &given);
	}
	return keys.most > 0 && given.sum <= rule->limit;
}

/* ---- whom not to ban ---- */

struct inside {
	struct net net;
	bool found;
};

static void
find_inside(void *to, const struct allow *allow)
{
	struct inside *inside = to;

	inside->found |= net_contains(&inside->net, &allow->net);
}

static bool
is_spared(
    struct store *store, const struct judge_query *query, const struct net *net)
{
	const struct conf *conf = query->conf;
	struct inside allowed = { .net = *net };

	for (size_t i = 0; i < conf->allows; i++) {
		allowed.found |= net_contains(net, &conf->allow[i]);
	}
	store_allow_each(store, query->at, find_inside, &allowed);
	return allowed.found || conf_is_own(net, CONF_OWN_NEW) ||
	       conf_forwards(conf, net) ||
	       (query->unflushed != NULL &&
		   (query->unflushed->accepted > 0 ||
		       query->unflushed->logins > 0)) ||
	       store_good_inside(
		   store, net, tally_hour(query->at - REPUTATION_SPAN + 1));
}

/* ---- judging ---- */

/* The client of the query is a network: after when it is counted, and what its
 * earlier bans mean. */
static int64_t
counted_after(struct store *store, const struct judge_query *query,
    struct policy_past *past)
{
	const struct conf *conf = query->conf;
	const struct rule *rule = query->rule;
	const int64_t t = query->at;
	struct evidence evidence;

	store_evidence(store,
	    &(struct evidence_query){ .client = query->client,
		.reason = rule->reason,
		.at = t,
		.window = rule->within },
	    &evidence);
	*past = policy_past(rule, t, conf->policy.memory,
	    query->observed || conf->mode == CONF_OBSERVE);
	past->who = query->client;
	past->policy = &conf->policy;
	for (size_t i = 0; i < evidence.bans; i++) {
		if (!query->before || evidence.ban[i].begins < t) {
			policy_past_add(past, &evidence.ban[i]);
		}
	}
	return policy_window(rule, t,
	    evidence.reset > past->spent ? evidence.reset : past->spent)
	    .after;
}

int64_t
engine_counted(struct store *store, const struct conf *conf,
    const struct rule *rule, const struct net *net, int64_t t,
    struct policy_past *past)
{
	const int64_t after = counted_after(store,
	    &(struct judge_query){
		.conf = conf, .rule = rule, .client = *net, .at = t },
	    past);

	return store_prefix_sum(store, net, rule->name, after, t);
}

void
engine_why_together(
    struct store *store, const struct judge_query *query, struct why *why)
{
	const struct rule *rule = query->rule;
	const struct net *net = &query->client;
	const struct net first = net_cut(&net->addr, ADDR_BITS);
	int64_t inside[KIND_COUNT] = { 0 };
	struct policy_wider wider[POLICY_WIDEN_MAX];
	const size_t count = policy_widen(rule, &first, wider);
	int64_t need = INT64_MAX;
	struct policy_past past;
	int64_t after;
	int64_t sum = 0;
	bool all;

	for (size_t i = 0; i < count; i++) {
		need = net_equal(&wider[i].net, net) ? wider[i].need : need;
	}
	if (need == INT64_MAX ||
	    query->at - rule->within < query->now - query->conf->keep_events) {
		return;
	}
	after = counted_after(store, query, &past);
	why->within = rule->within;
	why->together = store_prefix_sum(
	    store, net, rule->name, after, query->at);
	/* By the hour: those that began behind it. */
	all = store_event_inside(store,
	    &(struct inside_query){ .net = *net,
		.after = tally_hour(after) + HOUR - 1,
		.until = query->at,
		.most = INSIDE_MAX },
	    inside);
	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		if ((rule->kinds & kind_bit(kind)) != 0 && inside[kind] > 0) {
			why->count[kind] = inside[kind];
			why->kinds |= kind_bit(kind);
			sum += inside[kind];
		}
	}
	if (why->together < need) {
		why->together = 0; /* the rule is another one now */
	}
	/* Of one client no more than the limit was counted, and of one user or
	 * recipient not all: then the kinds' own numbers say too much. */
	why->known = all && why->together > 0 && sum == why->together;
}

/* Whether it was banned. */
static bool
judge_network(struct store *store, const struct judge_query *query,
    const struct policy_wider *wider, struct outcome *outcome)
{
	const struct rule *rule = query->rule;
	struct policy_counts counts = { .need = wider->need };
	struct policy_decision decision;
	struct policy_past past;
	struct ban ban;

	if (outcome->bans == ENGINE_BANS_MAX ||
	    store_prefix_sum(store, &wider->net, rule->name,
		query->at - rule->within, query->at) < wider->need) {
		return false;
	}
	counts.bad = engine_counted(
	    store, query->conf, rule, &wider->net, query->at, &past);
	decision = policy_step(&past, &counts);
	if (!decision.ban || is_spared(store, query, &wider->net)) {
		return false;
	}
	ban = policy_ban(rule, &decision, &wider->net, false);
	if (query->on_mx && ban.reason == REASON_AUTH &&
	    ban.service == SERVICE_SUBMISSION) {
		engine_reach_everywhere(&ban);
	}
	engine_ban_put(store, query->conf, &ban);
	if (store_status(store) == STORE_OK) {
		outcome->ban[outcome->bans++] = ban;
	}
	return true;
}

/* Count the event for the networks around its client, and judge these. */
static void
widen(struct store *store, const struct judge_query *query,
    const struct event *event, struct outcome *outcome)
{
	const struct rule *rule = query->rule;
	/* A network's hours and what spares it are looked up not for each of
	 * its events, but for some of an hour's. */
	const int64_t often = rule->limit > 4 ? rule->limit / 4 : 1;
	struct policy_wider wider[POLICY_WIDEN_MAX];
	const size_t count = policy_widen(rule, &event->client, wider);
	bool due[POLICY_WIDEN_MAX];
	bool banned = false;

	if (count == 0 || !gives(store, query, event)) {
		return;
	}
	for (size_t i = 0; i < count; i++) {
		due[i] = store_prefix_add(store, &wider[i].net, rule->name,
			     tally_hour(event->at)) %
			     often ==
			 0;
	}
	for (size_t i = 0; i < count && !banned; i++) {
		banned = due[i] &&
			 judge_network(store, query, &wider[i], outcome);
	}
}

void
engine_widen(struct store *store, const struct judge_query *query,
    const struct event *event, struct outcome *outcome)
{
	const struct policy *policy = &query->conf->policy;
	struct judge_query of = *query;

	for (size_t i = 0; i < policy->rules && !query->storm; i++) {
		of.rule = &policy->rule[i];
		if ((of.rule->kinds & kind_bit(event->kind)) != 0) {
			widen(store, &of, event, outcome);
		}
	}
}
