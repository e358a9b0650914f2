#include "engine/count.h"

#include "engine/brake.h"

static bool
add_ban(void *past, const struct ban *ban)
{
	policy_past_add(past, ban);
	return true;
}

static enum store_result
read_past(
    struct store *store, const struct count_query *query, struct count *count)
{
	const struct ban_query bans = { .scope = BAN_COVERING,
		.who = query->client,
		.active_at = INT64_MIN,
		.observed = query->observed ||
			    query->conf->mode == CONF_OBSERVE,
		.reason = &query->rule->reason };

	count->past = policy_past(
	    query->rule, query->t, query->conf->policy.memory, bans.observed);
	return store_ban_each(store, &bans, add_ban, &count->past);
}

/* The window, from the newest mark, the ban that answered what came before,
 * or the brake's release. */
static enum store_result
read_window(struct store *store, const struct count_query *query,
    const struct count *count, struct policy_window *window)
{
	int64_t since = INT64_MIN;
	enum store_result result = store_mark_newest(
	    store, &query->client, query->rule->reason, &since);

	if (result != STORE_OK && result != STORE_NONE) {
		return result;
	}
	if (count->past.spent > since) {
		since = count->past.spent;
	}
	*window = policy_window(query->rule, query->t, since);
	return engine_brake_forgive(store,
	    &(struct brake_query){ .conf = query->conf,
		.client = query->client,
		.t = query->t,
		.unflushed = query->unflushed },
	    &window->after);
}

static enum store_result
read_accepted(
    struct store *store, const struct count_query *query, struct count *count)
{
	const struct rule *rule = query->rule;
	struct tally sum;
	enum store_result result;

	if (rule->ratio == 0 && rule->credit == 0) {
		return STORE_OK;
	}
	result = store_tally_sum(store, &query->client,
	    tally_hour(query->t - rule->within + 1), tally_hour(query->t),
	    &sum);
	if (result == STORE_OK && query->unflushed != NULL) {
		tally_add(&sum, query->unflushed);
	}
	count->accepted = policy_counts_messages(rule) ? sum.accepted
						       : sum.recipients;
	return result;
}

/* Count in one stretch, on top of what was counted before. */
static enum store_result
count_stretch(struct store *store, const struct count_query *query,
    int64_t after, int64_t until, struct policy_counts *counts)
{
	const struct event_query events = { .client = query->client,
		.kinds = query->rule->kinds,
		.after = after,
		.until = until,
		.most = counts->need - counts->bad,
		.reason = query->rule->reason,
		.same_key = query->rule->same_user != 0
				? query->rule->same_user
				: query->rule->same_recipient };
	int64_t more;
	enum store_result result;

	if (after >= until || events.most <= 0) {
		return STORE_OK;
	}
	result = store_event_count(store, &events, &more);
	if (result == STORE_OK) {
		counts->bad += more;
	}
	return result;
}

/* Count in the window between the bans that held in it. */
static enum store_result
count_events(struct store *store, const struct count_query *query,
    const struct policy_window *window, struct count *count)
{
	int64_t after = window->after;

	for (size_t i = 0; i < count->past.spans; i++) {
		const struct policy_span *span = &count->past.span[i];
		int64_t until = span->from - 1 < window->until ? span->from - 1
							       : window->until;
		enum store_result result = count_stretch(
		    store, query, after, until, &count->counts);

		if (result != STORE_OK) {
			return result;
		}
		if (span->until - 1 > after) {
			after = span->until - 1;
		}
	}
	return count_stretch(
	    store, query, after, window->until, &count->counts);
}

enum store_result
engine_count(
    struct store *store, const struct count_query *query, struct count *count)
{
	struct policy_window window;
	enum store_result result;

	*count = (struct count){ 0 };
	result = read_past(store, query, count);
	if (result == STORE_OK) {
		result = read_window(store, query, count, &window);
	}
	if (result == STORE_OK) {
		result = read_accepted(store, query, count);
	}
	if (result != STORE_OK) {
		return result;
	}
	count->counts.need = policy_need(query->rule,
	    &(struct policy_merits){ .accepted = count->accepted,
		.forwarder = conf_forwards(query->conf, &query->client) });
	return count_events(store, query, &window, count);
}
