#include "engine/engine.h"

/* Bans that began after a time. */
struct counted_bans {
	int64_t after;
	int64_t bans;
};

/* A ban by hand counts too: somebody had his reasons. */
static bool
count_ban(void *to, const struct ban *ban)
{
	struct counted_bans *counted = to;

	counted->bans += !ban->mistake && ban->begins > counted->after;
	return true;
}

void
engine_repute(struct store *store, const struct conf *conf,
    const struct net *client, const struct tally *unflushed, int64_t now,
    struct repute *repute)
{
	const struct ban_query query = {
		.scope = BAN_COVERING, .who = *client, .active_at = INT64_MIN
	};
	struct counted_bans counted = { .after = now - REPUTATION_SPAN };

	store_tally_sum(store, client, tally_hour(counted.after + 1),
	    tally_hour(now), &repute->facts.tally);
	if (unflushed != NULL) {
		tally_add(&repute->facts.tally, unflushed);
	}
	if (store_status(store) == STORE_OK) {
		store_ban_each(store, &query, count_ban, &counted);
	}
	repute->facts.bans = counted.bans;
	repute->reputation = reputation_of(&conf->policy.scale, &repute->facts);
}
