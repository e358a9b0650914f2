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
end_read(struct lookup *lookup)
{
	if (lookup->reading) {
		(void)store_read_end(lookup->store);
		lookup->reading = false;
	}
}

void
lookup_close(struct lookup *lookup)
{
	if (lookup->store != NULL) {
		end_read(lookup);
		store_close(lookup->store);
		lookup->store = NULL;
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

/* Lock, and begin to read the database that the configuration names; where
 * there is none, say why.  Several questions, and those of all that ask within
 * a millisecond, look at the file and take their locks once. */
static bool
begin(struct lookup *lookup, const struct conf *conf)
{
	const int64_t ticks = proc_ticks();
	char error[STORE_ERROR_SIZE];

	(void)pthread_mutex_lock(&lookup->lock);
	if (strcmp(lookup->path, conf->database) != 0) {
		lookup_close(lookup);
	}
	if (lookup->store == NULL) {
		(void)text_copy(
		    lookup->path, sizeof(lookup->path), conf->database);
		if (store_open(&lookup->store, conf->database, STORE_READ,
			PATIENCE_MS, error) != STORE_OK) {
			lookup->store = NULL;
			complain(lookup, error);
			return false;
		}
	} else if (ticks != lookup->looked_at) {
		end_read(lookup);
		(void)store_tend(lookup->store, NULL);
	}
	lookup->looked_at = ticks;
	if (!lookup->reading) {
		store_read(lookup->store);
		lookup->reading = true;
	}
	return true;
}

/* Judge what it came to, and unlock. */
static bool
end(struct lookup *lookup, bool begun)
{
	const bool fine = begun && store_status(lookup->store) == STORE_OK;

	if (fine && lookup->failing) {
		log_info("%s can be read again", lookup->path);
		lookup->failing = false;
	}
	if (begun && !fine) {
		complain(lookup, store_error(lookup->store));
		end_read(lookup);
	}
	(void)pthread_mutex_unlock(&lookup->lock);
	return fine;
}

bool
lookup_standing(struct lookup *lookup, const struct conf *conf,
    const struct addr *address, int64_t now, struct standing *standing)
{
	const bool begun = begin(lookup, conf);
	struct brake brake;

	if (begun && address != NULL) {
		engine_standing(lookup->store, conf, address, now, standing);
	} else if (begun) { /* any question will do */
		engine_brake(lookup->store, &brake);
	}
	return end(lookup, begun);
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
	const bool begun = begin(lookup, conf);

	*hours = (struct page_hours){ .from = tally_hour(now) -
					      (PAGE_HOURS - 1) * PAGE_HOUR };
	if (begun) {
		store_tally_hours(lookup->store, &client, hours->from,
		    tally_hour(now), note_hour, hours);
		engine_repute(lookup->store, conf, &client, NULL, now, &repute);
	}
	hours->reputation = repute.reputation;
	return end(lookup, begun);
}

void
lookup_rest(struct lookup *lookup)
{
	(void)pthread_mutex_lock(&lookup->lock);
	end_read(lookup);
	(void)pthread_mutex_unlock(&lookup->lock);
}
