/*
 * What other hosts saw and did.
 */
#include <stdlib.h>

#include "base/log.h"
#include "engine/judge.h"

void
engine_share(struct store *store, const struct conf *conf,
    const struct share_entry *entries, size_t count, int64_t now,
    struct shared_outcome *outcome)
{
	struct share_event *event = calloc(count + 1, sizeof(*event));
	size_t events = 0;

	if (event == NULL) {
		log_panic("out of memory");
	}
	outcome->applied = outcome->unknown = outcome->bans = 0;
	for (size_t i = 0; i < count; i++) {
		const enum share_applied applied = store_share_apply(
		    store, &entries[i], &event[events]);

		events += applied == SHARE_EVENT;
		outcome->applied += applied != SHARE_UNKNOWN;
		outcome->unknown += applied == SHARE_UNKNOWN;
	}
	for (size_t i = 0; i < events; i++) {
		struct outcome judged;

		engine_judge_stored(store, conf, &event[i].event, now, &judged);
		for (size_t n = 0;
		     n < judged.bans && outcome->bans < ENGINE_SHARED_BANS;
		     n++) {
			outcome->ban[outcome->bans++] = judged.ban[n];
		}
	}
	free(event);
}
