#include "engine/engine.h"

static bool
add_ban(void *to, const struct ban *ban)
{
	struct standing *standing = to;

	standing->ban[standing->bans++] = *ban;
	return standing->bans < STANDING_BANS_MAX;
}

enum store_result
engine_standing(struct store *store, const struct conf *conf,
    const struct addr *address, int64_t now, struct standing *standing)
{
	const struct ban_query query = { .scope = BAN_COVERING,
		.who = net_cut(address, ADDR_BITS),
		.active_at = now };
	enum store_result result;

	standing->address = *address;
	standing->checked_at = now;
	standing->verdict = STANDING_CLEAR;
	standing->bans = 0;
	if (standing_never_banned(address)) {
		standing->verdict = STANDING_NEVER;
		return STORE_OK;
	}
	if (conf_allows(conf, address)) {
		standing->verdict = STANDING_ALLOWED;
		return STORE_OK;
	}
	result = store_allow_covers(store, address, now, NULL);
	if (result == STORE_OK) {
		standing->verdict = STANDING_ALLOWED;
	}
	if (result != STORE_NONE) {
		return result;
	}
	result = store_ban_each(store, &query, add_ban, standing);
	if (result == STORE_OK && standing->bans > 0) {
		standing->verdict = STANDING_BANNED;
	}
	return result;
}
