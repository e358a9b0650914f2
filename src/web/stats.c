#include "web/stats.h"

#include <stddef.h>
#include <string.h>

#include "base/proc.h"
#include "base/text.h"
#include "base/words.h"
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

/* Where the rows of each kind belong, by their names. */
static const struct {
	enum stats_cell first;
	const struct words *names; /* NULL: one cell without a name */
} cells[DAILY_ACCEPTED + 1] = {
	[DAILY_EVENT] = { STATS_EVENTS, &kind_words },
	[DAILY_BAN] = { STATS_BANS, &reason_words },
	[DAILY_REFUSED] = { STATS_REFUSED, &reason_words },
	[DAILY_LIMITED] = { STATS_LIMITED, &limit_words },
	[DAILY_SESSIONS] = { STATS_SESSIONS, NULL },
	[DAILY_MESSAGES] = { STATS_MESSAGES, NULL },
	[DAILY_RECIPIENTS] = { STATS_RECIPIENTS, NULL },
	[DAILY_ACCEPTED] = { STATS_ACCEPTED, NULL },
};

static void
take_row(void *to, const struct daily_row *row)
{
	struct stats *stats = to;
	const struct words *names;
	const int64_t ago = (stats->day[STATS_DAYS - 1].day - row->day) /
			    STORE_DAY;
	size_t cell;

	if (row->what > DAILY_ACCEPTED) {
		return; /* no number of the page */
	}
	names = cells[row->what].names;
	cell = cells[row->what].first;
	if (names != NULL) {
		const size_t place = words_find(names, row->name);

		if (place == names->count) {
			return; /* a word of another version */
		}
		cell += place;
	}
	stats->total.cell[cell] += row->number;
	if (ago >= 0 && ago < STATS_DAYS) {
		stats->day[STATS_DAYS - 1 - ago].cell[cell] += row->number;
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

/* Fill in everything but `counter`; false where the database cannot be read,
 * after a line in the log, but for one that cannot be opened: each request that
 * needs it says so.  With a handle for this one time: between two times it
 * would only hold memory. */
static bool
count(struct stats *stats, const struct conf *conf, struct log_gate *gate)
{
	const int64_t now = proc_now();
	struct ban_counts listed;
	struct store_numbers numbers;
	struct brake brake;
	char error[STORE_ERROR_SIZE];
	struct store *store;
	int64_t held;
	bool fine;

	if (store_open(&store, conf->database, STORE_READ, PATIENCE_MS,
		error) != STORE_OK) {
		return false;
	}
	*stats = (struct stats){
		.at = now, .life = { -1, -1 }, .watch_behind = -1
	};
	for (int64_t i = 0; i < STATS_DAYS; i++) {
		stats->day[i].day = now - now % STORE_DAY -
				    (STATS_DAYS - 1 - i) * STORE_DAY;
	}
	store_read(store);
	store_ban_counts(store, now, &listed);
	store_daily_each(store, 0, take_row, stats);
	store_numbers(store, &numbers);
	store_state_each(store, take_state, stats);
	engine_brake(store, &brake);
	stats->family[STATS_V4] = listed.v4;
	stats->family[STATS_V6] = listed.v6;
	memcpy(stats->listed, listed.bans, sizeof(stats->listed));
	stats->database_bytes = numbers.bytes;
	stats->schema_version = numbers.version;
	stats->brake = brake.on;
	fine = store_read_end(store) == STORE_OK;
	if (!fine && log_gate_open(gate, proc_ticks() / 1000, &held)) {
		log_warn("statistics: %s", store_error(store));
	}
	store_close(store);
	return fine;
}

/* ---- the newest ---- */

/* Make what was counted the newest, and move the counters on by what the
 * totals grew. */
static void
publish(struct stats_keeper *keeper)
{
	struct stats_day counter = keeper->newest.counter;

	for (size_t i = 0; i < STATS_CELLS; i++) {
		const int64_t more = keeper->work.total.cell[i] -
				     keeper->newest.total.cell[i];

		counter.cell[i] += more > 0 ? more : 0;
	}
	keeper->newest = keeper->work;
	keeper->newest.counter = counter;
	keeper->known = true;
}

/* Whether it is time to count, and that takes `most` milliseconds at most;
 * where it takes longer, the next tick is to.  *good says whether the newest
 * will do meanwhile. */
static bool
is_due(struct stats_keeper *keeper, int64_t most, bool *good)
{
	const int64_t ticks = proc_ticks();
	bool due;

	(void)pthread_mutex_lock(&keeper->lock);
	*good = keeper->known && ticks < keeper->good_until;
	due = ticks >= keeper->stale_at;
	if (due && keeper->cost > most) {
		keeper->wanted = true;
		due = false;
	}
	(void)pthread_mutex_unlock(&keeper->lock);
	return due;
}

/* Count anew where it is due.  Of several that ask, one does; the others wait
 * where there is nothing good to go on with. */
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
		const bool fine = count(&keeper->work, conf, &keeper->gate);
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
stats_get(struct stats_keeper *keeper, const struct conf *conf, bool all,
    struct stats *out)
{
	bool good;

	refresh(keeper, conf, all ? INT64_MAX : PAGE_WAIT_MS);
	(void)pthread_mutex_lock(&keeper->lock);
	good = keeper->known && proc_ticks() < keeper->good_until;
	if (good && all) {
		*out = keeper->newest;
	} else if (good) {
		memcpy(out->family, keeper->newest.family, sizeof(out->family));
	}
	(void)pthread_mutex_unlock(&keeper->lock);
	return good;
}

void
stats_tick(struct stats_keeper *keeper, const struct conf *conf)
{
	if (atomic_load(&keeper->wanted)) {
		refresh(keeper, conf, INT64_MAX);
	}
}
