#include "web/lookup.h"

#include <string.h>

#include "base/proc.h"
#include "base/text.h"
#include "core/standing.h"
#include "engine/engine.h"
#include "store/store.h"
#include "web/page.h"

enum {
	PATIENCE_MS = 200
};

void
lookup_init(struct lookup *lookup)
{
	*lookup = (struct lookup){ .store = NULL };
	(void)pthread_mutex_init(&lookup->lock, NULL);
}

static void
end_snapshot(struct lookup *lookup)
{
	if (lookup->snapshot) {
		store_snapshot_end(lookup->store);
		lookup->snapshot = false;
	}
}

void
lookup_close(struct lookup *lookup)
{
	if (lookup->store != NULL) {
		store_close(lookup->store);
		lookup->store = NULL;
		lookup->snapshot = false;
	}
}

static void
complain(struct lookup *lookup, const char *why)
{
	int64_t held;

	lookup->failing = true;
	if (log_gate_open(&lookup->gate, proc_ticks() / 1000, &held)) {
		log_warn("%s", why);
		if (held > 0) {
			log_warn("%lld more requests failed so meanwhile",
			    (long long)held);
		}
	}
}

/* Whether the handle is of no use any more.  Requests within a millisecond
 * share one look at the file, and one snapshot. */
static bool
is_stale(struct lookup *lookup, const struct conf *conf)
{
	const int64_t ticks = proc_ticks();

	if (strcmp(lookup->path, conf->database) != 0) {
		return true;
	}
	if (ticks == lookup->looked_at) {
		return false;
	}
	lookup->looked_at = ticks;
	end_snapshot(lookup);
	return store_moved(lookup->store);
}

/* Lock, and have a handle on the database the configuration names, or say why
 * not. */
static bool
begin(struct lookup *lookup, const struct conf *conf)
{
	char error[STORE_ERROR_SIZE];

	(void)pthread_mutex_lock(&lookup->lock);
	if (lookup->store != NULL && is_stale(lookup, conf)) {
		lookup_close(lookup);
	}
	if (lookup->store != NULL) {
		return true;
	}
	(void)text_copy(lookup->path, sizeof(lookup->path), conf->database);
	if (store_open(&lookup->store, conf->database, STORE_READ, PATIENCE_MS,
		error) != STORE_OK) {
		lookup->store = NULL;
		complain(lookup, error);
		return false;
	}
	return true;
}

/* Judge what it came to, and unlock.  A handle that is only busy is kept. */
static bool
end(struct lookup *lookup, bool begun, enum store_result result)
{
	const bool fine = begun && (result == STORE_OK || result == STORE_NONE);

	if (fine && lookup->failing) {
		log_info("%s can be read again", lookup->path);
		lookup->failing = false;
	}
	if (begun && !fine) {
		complain(lookup, store_error(lookup->store));
		end_snapshot(lookup);
		if (result != STORE_BUSY) {
			lookup_close(lookup);
		}
	}
	(void)pthread_mutex_unlock(&lookup->lock);
	return fine;
}

static void
ignore_state(void *to, const char *key, const char *value, int64_t since)
{
	(void)to;
	(void)key;
	(void)value;
	(void)since;
}

bool
lookup_check(struct lookup *lookup, const struct conf *conf)
{
	enum store_result result = STORE_FAILED;
	const bool begun = begin(lookup, conf);

	if (begun) {
		result = store_state_each(lookup->store, ignore_state, NULL);
	}
	return end(lookup, begun, result);
}

/* In a snapshot: several questions, and those of all who ask within a
 * millisecond, take their locks once. */
bool
lookup_standing(struct lookup *lookup, const struct conf *conf,
    const struct addr *address, int64_t now, struct standing *standing)
{
	enum store_result result = STORE_OK;
	const bool begun = begin(lookup, conf);

	if (begun && !lookup->snapshot) {
		result = store_snapshot(lookup->store);
		lookup->snapshot = result == STORE_OK;
	}
	if (begun && result == STORE_OK) {
		result = engine_standing(
		    lookup->store, conf, address, now, standing);
	}
	return end(lookup, begun, result);
}

static void
note_hour(void *to, int64_t hour, const struct tally *tally)
{
	struct page_hours *hours = to;

	hours->hour[(hour - hours->from) / PAGE_HOUR] = *tally;
}

bool
lookup_hours(struct lookup *lookup, const struct conf *conf,
    const struct addr *address, int64_t now, struct page_hours *hours)
{
	const struct net client = engine_client(conf, address);
	struct repute repute = { .reputation = REPUTATION_NEUTRAL };
	enum store_result result = STORE_FAILED;
	const bool begun = begin(lookup, conf);

	*hours = (struct page_hours){ .from = tally_hour(now) -
					      (PAGE_HOURS - 1) * PAGE_HOUR };
	if (begun) {
		result = store_tally_hours(lookup->store, &client, hours->from,
		    tally_hour(now), note_hour, hours);
	}
	if (result == STORE_OK || result == STORE_NONE) {
		result = engine_repute(
		    lookup->store, conf, &client, NULL, now, &repute);
	}
	hours->reputation = repute.reputation;
	return end(lookup, begun, result);
}

void
lookup_rest(struct lookup *lookup)
{
	(void)pthread_mutex_lock(&lookup->lock);
	end_snapshot(lookup);
	(void)pthread_mutex_unlock(&lookup->lock);
}
