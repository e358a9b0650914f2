/*
 * Verbs of before, until nobody calls them.
 */
#include "store/db.h"

enum store_result
store_ban_listed(struct store *store, int64_t now, int64_t *v4, int64_t *v6)
{
	struct ban_counts counts;

	store_ban_counts(store, now, &counts);
	*v4 = counts.v4;
	*v6 = counts.v6;
	return store->status;
}

enum store_result
store_allow_covers(struct store *store, const struct addr *address, int64_t now,
    struct allow *out)
{
	return store_allow_find(store, address, now, out) ? STORE_OK
	       : store_status(store) == STORE_OK          ? STORE_NONE
							  : store_status(store);
}
