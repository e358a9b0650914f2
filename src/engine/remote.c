/*
 * What other hosts saw and did.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/judge.h"

enum {
	EVENTS_MAX = 4096 /* that one entry counts */
};

/* Judge the events that an entry counts. */
static void
judge_counted(struct store *store, const struct conf *conf,
    const struct share_entry *entry, struct share_event *events, int64_t now,
    struct shared_outcome *outcome)
{
	const size_t count = store_share_counted(
	    store, entry, events, EVENTS_MAX);

	for (size_t i = 0; i < count; i++) {
		struct outcome judged;

		engine_judge_stored(
		    store, conf, &events[i].event, now, &judged);
		for (size_t n = 0;
		     n < judged.bans && outcome->bans < ENGINE_SHARED_BANS;
		     n++) {
			outcome->ban[outcome->bans++] = judged.ban[n];
		}
	}
}

void
engine_share(struct store *store, const struct conf *conf,
    const struct share_entry *entries, size_t count, int64_t now,
    struct shared_outcome *outcome)
{
	struct share_event *events = calloc(EVENTS_MAX, sizeof(*events));

	if (events == NULL) {
		log_panic("out of memory");
	}
	outcome->unknown = outcome->bans = 0;
	for (size_t i = 0; i < count; i++) {
		outcome->unknown += !store_share_apply(store, &entries[i]);
	}
	for (size_t i = 0; i < count; i++) {
		if (strcmp(entries[i].sort, "tally") == 0) {
			judge_counted(
			    store, conf, &entries[i], events, now, outcome);
		}
	}
	free(events);
}
