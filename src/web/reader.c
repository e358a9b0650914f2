#include "web/reader.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/proc.h"
#include "base/text.h"
#include "conf/conf.h"
#include "core/standing.h"
#include "engine/engine.h"
#include "store/store.h"
#include "web/page.h"

enum {
	PATIENCE_MS = 200
};

struct reader {
	pthread_mutex_t lock;
	struct store *store; /* NULL: to be opened */
	char path[CONF_PATH_SIZE];
	struct log_gate gate;
	bool failing;      /* so that its end is worth a line */
	bool snapshot;     /* one is open: since `looked_at`, */
	int64_t looked_at; /* when the file was still there; ticks */
};

struct reader *
reader_new(void)
{
	struct reader *reader = calloc(1, sizeof(*reader));

	if (reader != NULL && pthread_mutex_init(&reader->lock, NULL) != 0) {
		free(reader);
		reader = NULL;
	}
	return reader;
}

static void
forget(struct reader *reader)
{
	if (reader->store != NULL) {
		store_close(reader->store);
		reader->store = NULL;
		reader->snapshot = false;
	}
}

static void
end_snapshot(struct reader *reader)
{
	if (reader->snapshot) {
		store_snapshot_end(reader->store);
		reader->snapshot = false;
	}
}

void
reader_free(struct reader *reader)
{
	if (reader != NULL) {
		forget(reader);
		(void)pthread_mutex_destroy(&reader->lock);
		free(reader);
	}
}

static void
complain(struct reader *reader, const char *why)
{
	int64_t held;

	reader->failing = true;
	if (log_gate_open(&reader->gate, proc_ticks() / 1000, &held)) {
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
is_stale(struct reader *reader, const struct conf *conf)
{
	const int64_t ticks = proc_ticks();

	if (strcmp(reader->path, conf->database) != 0) {
		return true;
	}
	if (ticks == reader->looked_at) {
		return false;
	}
	reader->looked_at = ticks;
	end_snapshot(reader);
	return store_moved(reader->store);
}

/* Have a handle on the database the configuration names, or say why not. */
static bool
ready(struct reader *reader, const struct conf *conf)
{
	char error[STORE_ERROR_SIZE];

	if (reader->store != NULL && is_stale(reader, conf)) {
		forget(reader);
	}
	if (reader->store != NULL) {
		return true;
	}
	(void)text_copy(reader->path, sizeof(reader->path), conf->database);
	if (store_open(&reader->store, conf->database, STORE_READ, PATIENCE_MS,
		error) != STORE_OK) {
		reader->store = NULL;
		complain(reader, error);
		return false;
	}
	return true;
}

/* Judge what a verb came to.  A handle that is only busy is kept. */
static bool
went_well(struct reader *reader, enum store_result result)
{
	if (result == STORE_OK || result == STORE_NONE) {
		if (reader->failing) {
			log_info("%s can be read again", reader->path);
			reader->failing = false;
		}
		return true;
	}
	complain(reader, store_error(reader->store));
	end_snapshot(reader);
	if (result != STORE_BUSY) {
		forget(reader);
	}
	return false;
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
reader_check(struct reader *reader, const struct conf *conf)
{
	bool fine;

	(void)pthread_mutex_lock(&reader->lock);
	fine = ready(reader, conf) &&
	       went_well(
		   reader, store_state_each(reader->store, ignore_state, NULL));
	(void)pthread_mutex_unlock(&reader->lock);
	return fine;
}

/* In a snapshot: several questions, and those of all who ask within a
 * millisecond, take their locks once. */
static enum store_result
find_standing(struct reader *reader, const struct conf *conf,
    const struct addr *address, int64_t now, struct standing *standing)
{
	if (!reader->snapshot) {
		enum store_result result = store_snapshot(reader->store);

		if (result != STORE_OK) {
			return result;
		}
		reader->snapshot = true;
	}
	return engine_standing(reader->store, conf, address, now, standing);
}

bool
reader_standing(struct reader *reader, const struct conf *conf,
    const struct addr *address, int64_t now, struct standing *standing)
{
	bool fine;

	(void)pthread_mutex_lock(&reader->lock);
	fine = ready(reader, conf) &&
	       went_well(
		   reader, find_standing(reader, conf, address, now, standing));
	(void)pthread_mutex_unlock(&reader->lock);
	return fine;
}

static void
note_hour(void *to, int64_t hour, const struct tally *tally)
{
	struct page_hours *hours = to;

	hours->hour[(hour - hours->from) / PAGE_HOUR] = *tally;
}

static enum store_result
find_reputation(struct reader *reader, const struct conf *conf,
    const struct net *client, int64_t now, enum reputation *reputation)
{
	struct repute repute = { .reputation = REPUTATION_NEUTRAL };
	enum store_result result = engine_repute(
	    reader->store, conf, client, NULL, now, &repute);

	*reputation = repute.reputation;
	return result;
}

bool
reader_hours(struct reader *reader, const struct conf *conf,
    const struct addr *address, int64_t now, struct page_hours *hours)
{
	const struct net client = engine_client(conf, address);
	bool fine;

	*hours = (struct page_hours){ .from = tally_hour(now) -
					      (PAGE_HOURS - 1) * PAGE_HOUR };
	(void)pthread_mutex_lock(&reader->lock);
	fine = ready(reader, conf) &&
	       went_well(reader,
		   store_tally_hours(reader->store, &client, hours->from,
		       tally_hour(now), note_hour, hours)) &&
	       went_well(reader, find_reputation(reader, conf, &client, now,
				     &hours->reputation));
	(void)pthread_mutex_unlock(&reader->lock);
	return fine;
}

void
reader_rest(struct reader *reader)
{
	(void)pthread_mutex_lock(&reader->lock);
	end_snapshot(reader);
	(void)pthread_mutex_unlock(&reader->lock);
}
