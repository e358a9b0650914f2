#include "engine/engine.h"

enum {
	STEP_ROWS = 500,
	/* Longer than an MTA tries to deliver a message. */
	KEEP_QUEUE = 7 * 24 * 3600
};

enum store_result
engine_expire(
    struct store *store, const struct conf *conf, int64_t now, int64_t *removed)
{
	/* A mark matters no longer than the events it stands before. */
	const struct store_prune before = { .events = now - conf->keep_events,
		.tallies = now - conf->keep_tallies,
		.bans = now - conf->policy.memory - conf->keep_bans,
		.marks = now - conf->keep_events,
		.audit = now - conf->keep_audit,
		.daily = now - conf->keep_daily,
		.queue = now - KEEP_QUEUE,
		.now = now };

	return store_prune(store, &before, STEP_ROWS, removed);
}
