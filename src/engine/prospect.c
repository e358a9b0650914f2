#include "engine/count.h"
#include "engine/engine.h"

enum store_result
engine_prospect(struct store *store, const struct conf *conf,
    const struct net *client, const struct rule *rule, int64_t now,
    struct prospect *prospect)
{
	const struct count_query query = {
		.conf = conf, .rule = rule, .client = *client, .t = now
	};
	struct count count;
	enum store_result result = engine_count(store, &query, &count);

	if (result != STORE_OK) {
		return result;
	}
	*prospect = (struct prospect){ .rule = rule,
		.counted = count.counts.bad,
		.need = count.counts.need,
		.accepted = count.accepted,
		.steps = count.past.steps,
		.next = policy_duration(rule, count.past.steps + 1),
		.forgets = count.past.steps > 0
			       ? count.past.newest + conf->policy.memory
			       : 0 };
	return STORE_OK;
}
