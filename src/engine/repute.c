#include "engine/engine.h"

struct bans {
	int64_t after;
	int64_t count;
};

static bool
count_ban(void *to, const struct ban *ban)
{
	struct bans *bans = to;

	bans->count += !ban->mistake && ban->begins > bans->after;
	return true;
}

/* A ban by hand counts too: somebody had his reasons. */
static enum store_result
read_bans(struct store *store, const struct net *client, int64_t after,
    int64_t *count)
{
	const struct ban_query query = {
		.scope = BAN_COVERING, .who = *client, .active_at = INT64_MIN
	};
	struct bans bans = { .after = after };
	enum store_result result = store_ban_each(
	    store, &query, count_ban, &bans);

	*count = bans.count;
	return result;
}

enum store_result
engine_repute(struct store *store, const struct conf *conf,
    const struct net *client, const struct tally *unflushed, int64_t now,
    struct repute *repute)
{
	int64_t after = now - REPUTATION_SPAN;
	enum store_result result = store_tally_sum(store, client,
	    tally_hour(after + 1), tally_hour(now), &repute->facts.tally);

	if (result == STORE_OK && unflushed != NULL) {
		tally_add(&repute->facts.tally, unflushed);
	}
	if (result == STORE_OK) {
		result = read_bans(store, client, after, &repute->facts.bans);
	}
	if (result == STORE_OK) {
		repute->reputation = reputation_of(
		    &conf->policy.scale, &repute->facts);
	}
	return result;
}
