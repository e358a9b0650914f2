#include "web/stats.h"

#include <stddef.h>
#include <string.h>

#include "base/proc.h"
#include "base/text.h"
#include "conf/conf.h"
#include "engine/engine.h"
#include "store/store.h"

enum {
	PATIENCE_MS = 200,
	EVERY_MS = 5 * 1000,
	AGAIN_MS = 1000, /* after a failure */
	/* Where counting is slow it happens less often: a twentieth of a
	 * processor is the most it may take. */
	SHARE = 20,
	EVERY_MAX_MS = 60 * 1000,
	KEPT_MS = 60 * 1000, /* the newest, after the time of the next */
	PAGE_WAIT_MS = 50    /* the most a page waits for a count */
};

/* ---- counting ---- */

/* Where a row belongs; NULL for a word of another version. */
static int64_t *
cell(struct stats_day *day, const struct daily_row *row)
{
	enum kind kind;
	enum reason reason;
	enum limit_kind limit;

	switch (row->what) {
	case DAILY_EVENT:
		return kind_parse(row->name, &kind) ? &day->event[kind] : NULL;
	case DAILY_BAN:
		return reason_parse(row->name, &reason) ? &day->ban[reason]
							: NULL;
	case DAILY_REFUSED:
		return reason_parse(row->name, &reason) ? &day->refused[reason]
							: NULL;
	case DAILY_LIMITED:
		return limit_parse(row->name, &limit) ? &day->limited[limit]
						      : NULL;
	case DAILY_SESSIONS:
		return &day->sessions;
	case DAILY_MESSAGES:
		return &day->messages;
	case DAILY_RECIPIENTS:
		return &day->recipients;
	case DAILY_ACCEPTED:
		return &day->accepted;
	case DAILY_COUNT:
		break;
	}
	return NULL;
}

static void
take_row(void *to, const struct daily_row *row)
{
	struct stats *stats = to;
	const int64_t ago = (stats->day[STATS_DAYS - 1].day - row->day) /
			    STORE_DAY;
	int64_t *sum = cell(&stats->total, row);

	if (sum == NULL) {
		return;
	}
	*sum += row->number;
	if (ago >= 0 && ago < STATS_DAYS) {
		*cell(&stats->day[STATS_DAYS - 1 - ago], row) += row->number;
	}
}

static void
take_state(void *to, const char *key, const char *value, int64_t since)
{
	struct stats *stats = to;

	if (strcmp(key, "milter") == 0) {
		stats->life[STATS_MILTER] = since;
	} else if (strcmp(key, "watch") == 0) {
		stats->life[STATS_WATCH] = since;
	} else if (strcmp(key, "watch-behind") == 0) {
		(void)text_to_int(value, 0, INT64_MAX, &stats->watch_behind);
	}
}

/* Fill in everything but `counter`. */
static enum store_result
count(struct store *store, int64_t now, struct stats *stats)
{
	struct store_numbers house = { .bytes = 0 };
	struct brake brake = { .on = false };
	enum store_result result;

	*stats = (struct stats){
		.at = now, .life = { -1, -1 }, .watch_behind = -1
	};
	for (int64_t i = 0; i < STATS_DAYS; i++) {
		stats->day[i].day = now - now % STORE_DAY -
				    (STATS_DAYS - 1 - i) * STORE_DAY;
	}
	result = store_ban_listed(
	    store, now, &stats->family[STATS_V4], &stats->family[STATS_V6]);
	if (result == STORE_OK) {
		result = store_ban_live(store, now, stats->listed);
	}
	if (result == STORE_OK) {
		result = store_daily_each(store, 0, take_row, stats);
	}
	if (result == STORE_OK) {
		result = store_numbers(store, &house);
	}
	if (result == STORE_OK) {
		result = store_state_each(store, take_state, stats);
	}
	if (result == STORE_OK) {
		result = engine_brake(store, &brake);
	}
	stats->database_bytes = house.bytes;
	stats->schema_version = house.version;
	stats->brake = brake.on;
	return result;
}

/* With a handle for this one time: between two times it would only hold
 * memory.  That the database cannot be opened is not said here: each request
 * that needs it does. */
static bool
open_and_count(struct stats_keeper *keeper, const struct conf *conf)
{
	char error[STORE_ERROR_SIZE];
	struct store *store;
	enum store_result result;
	int64_t held;

	if (store_open(&store, conf->database, STORE_READ, PATIENCE_MS,
		error) != STORE_OK) {
		return false;
	}
	result = count(store, proc_now(), &keeper->work);
	if (result != STORE_OK &&
	    log_gate_open(&keeper->gate, proc_ticks() / 1000, &held)) {
		log_warn("statistics: %s", store_error(store));
	}
	store_close(store);
	return result == STORE_OK;
}

/* ---- the newest ---- */

/* Move `cells` counters on by what the totals grew from `was` to `is`. */
static void
advance(int64_t *counter, const int64_t *was, const int64_t *is, size_t cells)
{
	for (size_t i = 0; i < cells; i++) {
		counter[i] += is[i] > was[i] ? is[i] - was[i] : 0;
	}
}

/* Make what was counted the newest. */
static void
publish(struct stats_keeper *keeper)
{
	struct stats_day counter = keeper->newest.counter;
	const struct stats_day *was = &keeper->newest.total;
	const struct stats_day *is = &keeper->work.total;

	advance(counter.event, was->event, is->event, KIND_COUNT);
	advance(counter.ban, was->ban, is->ban, REASON_COUNT);
	advance(counter.refused, was->refused, is->refused, REASON_COUNT);
	advance(counter.limited, was->limited, is->limited, LIMIT_KINDS);
	advance(&counter.sessions, &was->sessions, &is->sessions, 1);
	advance(&counter.messages, &was->messages, &is->messages, 1);
	advance(&counter.recipients, &was->recipients, &is->recipients, 1);
	advance(&counter.accepted, &was->accepted, &is->accepted, 1);
	keeper->newest = keeper->work;
	keeper->newest.counter = counter;
	keeper->known = true;
}

/* Whether there are any that are not too old; asked with the lock. */
static bool
is_good(const struct stats_keeper *keeper)
{
	return keeper->known && proc_ticks() < keeper->good_until;
}

/* Whether it is time to count, and it takes `most` milliseconds at most;
 * where it takes longer, somebody else is to.  *good says whether the newest
 * will do meanwhile. */
static bool
is_due(struct stats_keeper *keeper, int64_t most, bool *good)
{
	bool due;

	(void)pthread_mutex_lock(&keeper->lock);
	due = proc_ticks() >= keeper->stale_at;
	if (due && keeper->cost > most) {
		keeper->wanted = true;
		due = false;
	}
	*good = is_good(keeper);
	(void)pthread_mutex_unlock(&keeper->lock);
	return due;
}

/* Count anew where it is due.  Of several that ask, one does. */
static void
refresh(struct stats_keeper *keeper, const struct conf *conf, int64_t most)
{
	const int64_t begun = proc_ticks();
	int64_t next = AGAIN_MS;
	bool good;

	if (!is_due(keeper, most, &good)) {
		return;
	}
	if (pthread_mutex_trylock(&keeper->counting) != 0) {
		if (good) {
			return;
		}
		(void)pthread_mutex_lock(&keeper->counting);
	}
	if (is_due(keeper, most, &good)) {
		const bool fine = open_and_count(keeper, conf);
		const int64_t cost = proc_ticks() - begun;

		(void)pthread_mutex_lock(&keeper->lock);
		if (fine) {
			publish(keeper);
			next = cost * SHARE;
			next = next < EVERY_MS       ? EVERY_MS
			       : next > EVERY_MAX_MS ? EVERY_MAX_MS
						     : next;
			keeper->good_until = begun + cost + next + KEPT_MS;
			keeper->cost = cost;
		}
		keeper->stale_at = begun + cost + next;
		keeper->wanted = false;
		(void)pthread_mutex_unlock(&keeper->lock);
	}
	(void)pthread_mutex_unlock(&keeper->counting);
}

void
stats_init(struct stats_keeper *keeper)
{
	*keeper = (struct stats_keeper){ .wanted = true };
	(void)pthread_mutex_init(&keeper->counting, NULL);
	(void)pthread_mutex_init(&keeper->lock, NULL);
}

void
stats_reset(struct stats_keeper *keeper)
{
	(void)pthread_mutex_lock(&keeper->lock);
	keeper->stale_at = 0;
	keeper->wanted = true;
	(void)pthread_mutex_unlock(&keeper->lock);
}

bool
stats_all(
    struct stats_keeper *keeper, const struct conf *conf, struct stats *out)
{
	bool good;

	refresh(keeper, conf, INT64_MAX);
	(void)pthread_mutex_lock(&keeper->lock);
	good = is_good(keeper);
	if (good) {
		*out = keeper->newest;
	}
	(void)pthread_mutex_unlock(&keeper->lock);
	return good;
}

bool
stats_listed(
    struct stats_keeper *keeper, const struct conf *conf, struct stats *out)
{
	bool good;

	refresh(keeper, conf, PAGE_WAIT_MS);
	(void)pthread_mutex_lock(&keeper->lock);
	good = is_good(keeper);
	if (good) {
		memcpy(out->family, keeper->newest.family, sizeof(out->family));
	}
	(void)pthread_mutex_unlock(&keeper->lock);
	return good;
}

void
stats_tick(struct stats_keeper *keeper, const struct conf *conf)
{
	bool wanted;

	(void)pthread_mutex_lock(&keeper->lock);
	wanted = keeper->wanted;
	(void)pthread_mutex_unlock(&keeper->lock);
	if (wanted) {
		refresh(keeper, conf, INT64_MAX);
	}
}
