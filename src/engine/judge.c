#include "engine/judge.h"

/* ---- counting ---- */

/* What is counted so far, of one key at most so many in an hour. */
struct key_count {
	struct policy_counts *counts;
	int64_t same;
};

static bool
add_key(void *to, int64_t events)
{
	struct key_count *count = to;

	count->counts->bad += events < count->same ? events : count->same;
	return count->counts->bad < count->counts->need;
}

/* Count in one stretch, after < time <= until, on top of what was counted
 * before and up to what is needed. */
static void
count_stretch(struct store *store, const struct judge_query *query,
    int64_t after, int64_t until, struct policy_counts *counts)
{
	const struct rule *rule = query->rule;
	const struct event_query events = { .client = query->client,
		.kinds = rule->kinds,
		.after = after,
		.until = until,
		.most = counts->need - counts->bad,
		.reason = rule->reason };
	struct key_count keys = { .counts = counts,
		.same = rule->same_user != 0 ? rule->same_user
					     : rule->same_recipient };

	if (after >= until || events.most <= 0) {
		return;
	}
	if (keys.same == 0) {
		counts->bad += store_event_count(store, &events);
		return;
	}
	store_event_keys(store, &events, add_key, &keys);
	if (counts->bad > counts->need) {
		counts->bad = counts->need;
	}
}

/* Count in the window between the bans that held in it. */
static void
count_window(struct store *store, const struct judge_query *query,
    const struct policy_window *window, struct judgement *out)
{
	int64_t after = window->after;

	for (size_t i = 0; i < out->past.spans; i++) {
		const struct policy_span *span = &out->past.span[i];
		int64_t until = span->from - 1 < window->until ? span->from - 1
							       : window->until;

		count_stretch(store, query, after, until, &out->counts);
		if (span->until - 1 > after) {
			after = span->until - 1;
		}
	}
	count_stretch(store, query, after, window->until, &out->counts);
}

/* ---- judging ---- */

bool
engine_judge(
    struct store *store, const struct judge_query *query, struct judgement *out)
{
	const struct rule *rule = query->rule;
	const struct conf *conf = query->conf;
	bool ratio = rule->ratio != 0 || rule->credit != 0;
	struct evidence evidence;
	struct policy_window window;
	int64_t since;

	store_evidence(store,
	    &(struct evidence_query){ .client = query->client,
		.kinds = rule->kinds,
		.reason = rule->reason,
		.at = query->at,
		.within = query->always ? 0 : rule->within,
		.window = rule->within,
		.least = query->always ? 0 : rule->limit,
		.accepted = ratio },
	    &evidence);
	if (!evidence.enough) {
		return false;
	}
	*out = (struct judgement){ .t = evidence.t };
	out->past = policy_past(rule, out->t, conf->policy.memory,
	    query->observed || conf->mode == CONF_OBSERVE);
	for (size_t i = 0; i < evidence.bans; i++) {
		policy_past_add(&out->past, &evidence.ban[i]);
	}
	/* The window, from the newest reset, the ban that answered what came
	 * before, or the brake's release. */
	since = evidence.reset > out->past.spent ? evidence.reset
						 : out->past.spent;
	window = policy_window(rule, out->t, since);
	window.after = engine_brake_forgive(store, query, out->t, window.after);
	if (ratio && query->unflushed != NULL) {
		tally_add(&evidence.accepted, query->unflushed);
	}
	out->accepted = policy_counts_messages(rule)
			    ? evidence.accepted.accepted
			    : evidence.accepted.recipients;
	out->counts.need = policy_need(
	    rule, &(struct policy_merits){ .accepted = out->accepted,
		      .forwarder = conf_forwards(conf, &query->client) });
	count_window(store, query, &window, out);
	return store_status(store) == STORE_OK;
}

void
engine_outlook(struct store *store, const struct conf *conf,
    const struct net *client, const struct rule *rule, int64_t now,
    struct outlook *outlook)
{
	const struct judge_query query = { .conf = conf,
		.rule = rule,
		.client = *client,
		.at = now,
		.always = true };
	struct judgement judged;

	*outlook = (struct outlook){ .rule = rule };
	if (engine_judge(store, &query, &judged)) {
		outlook->counted = judged.counts.bad;
		outlook->need = judged.counts.need;
		outlook->accepted = judged.accepted;
		outlook->steps = judged.past.steps;
		outlook->next = policy_duration(rule, judged.past.steps + 1);
		outlook->forgets = judged.past.steps > 0
				       ? judged.past.newest +
					     conf->policy.memory
				       : 0;
	}
}
