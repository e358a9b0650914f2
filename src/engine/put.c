#include "engine/put.h"

#include "base/proc.h"

enum store_result
engine_put_ban(struct store *store, const struct conf *conf, struct ban *ban)
{
	enum store_result result;

	ban->observed |= conf->mode == CONF_OBSERVE;
	do {
		/* Two refs alike are rare, and met by drawing again. */
		(void)proc_ref(ban->ref);
		result = store_ban_put(store, ban);
	} while (result == STORE_NONE);
	if (result == STORE_OK && !ban->observed) {
		result = store_daily_add(
		    store, ban->begins, DAILY_BAN, reason_name(ban->reason), 1);
	}
	return result;
}
