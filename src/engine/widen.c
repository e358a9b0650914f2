/*
 * Above the client: clients of one network, none of which does enough to be
 * banned, are counted together, and the network is banned.
 */
#include "engine/judge.h"

/* ---- counting ---- */

/* Whether the event counts for the networks around its client: one of a user or
 * recipient that the client's own count leaves out does not, and of one client
 * at most the rule's limit does. */
static bool
gives(struct store *store, const struct rule *rule, const struct event *event)
{
	const int64_t same = policy_keys(rule, 0).most;

	return (event->key == NULL || same == 0 ||
		   store_event_same(store, event, same + 1) <= same) &&
	       store_prefix_sum(store, &event->client, rule->name,
		   event->at - rule->within, event->at) < rule->limit;
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
	return allowed.found || conf_is_own(net, 0) ||
	       conf_forwards(conf, net) ||
	       (query->unflushed != NULL &&
		   (query->unflushed->accepted > 0 ||
		       query->unflushed->logins > 0)) ||
	       store_good_inside(
		   store, net, tally_hour(query->at - REPUTATION_SPAN + 1));
}

/* ---- judging ---- */

/* What the network's own bans and resets make of its events at `t`. */
static struct policy_decision
judge(struct store *store, const struct judge_query *query,
    const struct policy_wider *wider)
{
	const struct rule *rule = query->rule;
	const struct conf *conf = query->conf;
	struct policy_past past = policy_past(
	    rule, query->at, conf->policy.memory, conf->mode == CONF_OBSERVE);
	struct policy_counts counts = { .need = wider->need };
	struct evidence evidence;

	store_evidence(store,
	    &(struct evidence_query){ .client = wider->net,
		.reason = rule->reason,
		.at = query->at,
		.window = rule->within },
	    &evidence);
	past.who = wider->net;
	past.policy = &conf->policy;
	for (size_t i = 0; i < evidence.bans; i++) {
		policy_past_add(&past, &evidence.ban[i]);
	}
	counts.bad = store_prefix_sum(store, &wider->net, rule->name,
	    policy_window(rule, query->at,
		evidence.reset > past.spent ? evidence.reset : past.spent)
		.after,
	    query->at);
	return policy_step(&past, &counts);
}

/* Whether it was banned. */
static bool
judge_network(struct store *store, const struct judge_query *query,
    const struct policy_wider *wider, struct outcome *outcome)
{
	const struct rule *rule = query->rule;
	const int64_t over = store_prefix_sum(store, &wider->net, rule->name,
				 query->at - rule->within, query->at) -
			     wider->need;
	struct policy_decision decision;
	struct ban ban;

	/* Each event is one more.  What spares a network may take long to find:
	 * it is asked when there are enough, and then now and again. */
	if (over < 0 || over % rule->limit != 0 ||
	    outcome->bans == ENGINE_BANS_MAX) {
		return false;
	}
	decision = judge(store, query, wider);
	if (!decision.ban || is_spared(store, query, &wider->net)) {
		return false;
	}
	ban = policy_ban(rule, &decision, &wider->net, false);
	engine_ban_put(store, query->conf, &ban);
	if (store_status(store) == STORE_OK) {
		outcome->ban[outcome->bans++] = ban;
	}
	return true;
}

void
engine_widen(struct store *store, const struct judge_query *query,
    const struct event *event, struct outcome *outcome)
{
	const struct policy *policy = &query->conf->policy;
	struct judge_query of = *query;

	for (size_t i = 0; i < policy->rules && !query->storm; i++) {
		struct policy_wider wider[POLICY_WIDEN_MAX];
		size_t count = 0;

		of.rule = &policy->rule[i];
		if ((of.rule->kinds & kind_bit(event->kind)) != 0) {
			count = policy_widen(of.rule, &event->client, wider);
		}
		if (count == 0 || !gives(store, of.rule, event)) {
			continue;
		}
		store_prefix_add(store, &event->client, of.rule->name,
		    tally_hour(event->at));
		for (size_t j = 0; j < count; j++) {
			store_prefix_add(store, &wider[j].net, of.rule->name,
			    tally_hour(event->at));
		}
		for (size_t j = 0; j < count; j++) {
			if (judge_network(store, &of, &wider[j], outcome)) {
				break;
			}
		}
	}
}
