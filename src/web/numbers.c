#include "web/numbers.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "base/proc.h"
#include "conf/conf.h"
#include "store/store.h"
#include "web/collect.h"

enum {
	PATIENCE_MS = 200,
	EVERY_MS = 5 * 1000,
	AGAIN_MS = 1000, /* after a failure */
	/* Where counting is slow it happens less often: a twentieth of a
	 * processor is the most it may take. */
	SHARE = 20,
	EVERY_MAX_MS = 60 * 1000,
	KEPT_MS = 60 * 1000 /* the newest, after the time of the next */
};

struct numbers_keeper {
	/* Only the collecting thread has these. */
	struct log_gate gate;
	struct numbers work; /* what is being collected */

	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t wake;
	bool stop;
	bool reloaded;
	int64_t wait; /* milliseconds until the next time */
	struct conf *conf;
	bool known;
	int64_t good_until; /* ticks */
	struct numbers newest;
};

/* ---- collecting ---- */

/* With a handle for this one time: between two times it would only hold
 * memory.  That the database cannot be opened is not said here: each request
 * that needs it does. */
static bool
collect_all(struct numbers_keeper *keeper, const struct conf *conf)
{
	char error[STORE_ERROR_SIZE];
	struct store *store;
	enum store_result result;
	int64_t held;

	if (store_open(&store, conf->database, STORE_READ, PATIENCE_MS,
		error) != STORE_OK) {
		return false;
	}
	result = collect_numbers(store, proc_now(), &keeper->work);
	if (result != STORE_OK &&
	    log_gate_open(&keeper->gate, proc_ticks() / 1000, &held)) {
		log_warn("statistics: %s", store_error(store));
	}
	store_close(store);
	return result == STORE_OK;
}

/* Make what was collected the newest. */
static void
publish(struct numbers_keeper *keeper, int64_t next)
{
	struct numbers *newest = &keeper->newest;
	struct numbers_day counter = newest->counter;

	collect_count_on(&counter, &newest->total, &keeper->work.total);
	*newest = keeper->work;
	newest->counter = counter;
	keeper->known = true;
	keeper->good_until = proc_ticks() + next + KEPT_MS;
}

/* Collect and publish; gives back the milliseconds until the next time.
 * Called and left with the lock. */
static int64_t
round_of(struct numbers_keeper *keeper)
{
	struct conf *conf = conf_hold(keeper->conf);
	int64_t begun = proc_ticks();
	int64_t next = AGAIN_MS;
	bool fine;

	keeper->reloaded = false;
	(void)pthread_mutex_unlock(&keeper->lock);
	fine = collect_all(keeper, conf);
	conf_drop(conf);
	(void)pthread_mutex_lock(&keeper->lock);
	if (fine) {
		next = (proc_ticks() - begun) * SHARE;
		next = next < EVERY_MS       ? EVERY_MS
		       : next > EVERY_MAX_MS ? EVERY_MAX_MS
					     : next;
		publish(keeper, next);
	}
	return next;
}

/* Wait until then, or until there is something to do before. */
static void
wait_for(struct numbers_keeper *keeper, int64_t milliseconds)
{
	struct timespec until;
	int rc = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(milliseconds / 1000);
	until.tv_nsec += (long)(milliseconds % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	while (!keeper->stop && !keeper->reloaded && rc == 0) {
		rc = pthread_cond_timedwait(
		    &keeper->wake, &keeper->lock, &until);
	}
}

static void *
keep(void *argument)
{
	struct numbers_keeper *keeper = argument;

	(void)pthread_mutex_lock(&keeper->lock);
	for (;;) {
		wait_for(keeper, keeper->wait);
		if (keeper->stop) {
			break;
		}
		keeper->wait = round_of(keeper);
	}
	(void)pthread_mutex_unlock(&keeper->lock);
	return NULL;
}

/* ---- start and stop ---- */

static bool
init_locks(struct numbers_keeper *keeper)
{
	pthread_condattr_t attributes;
	bool fine;

	if (pthread_mutex_init(&keeper->lock, NULL) != 0) {
		return false;
	}
	fine = pthread_condattr_init(&attributes) == 0;
	if (fine) {
		fine = pthread_condattr_setclock(
			   &attributes, CLOCK_MONOTONIC) == 0 &&
		       pthread_cond_init(&keeper->wake, &attributes) == 0;
		(void)pthread_condattr_destroy(&attributes);
	}
	if (!fine) {
		(void)pthread_mutex_destroy(&keeper->lock);
	}
	return fine;
}

static void
release(struct numbers_keeper *keeper)
{
	conf_drop(keeper->conf);
	(void)pthread_cond_destroy(&keeper->wake);
	(void)pthread_mutex_destroy(&keeper->lock);
	free(keeper);
}

struct numbers_keeper *
numbers_start(struct conf *conf)
{
	struct numbers_keeper *keeper = calloc(1, sizeof(*keeper));

	if (keeper == NULL || !init_locks(keeper)) {
		free(keeper);
		return NULL;
	}
	keeper->conf = conf_hold(conf);
	(void)pthread_mutex_lock(&keeper->lock);
	keeper->wait = round_of(keeper);
	(void)pthread_mutex_unlock(&keeper->lock);
	if (pthread_create(&keeper->thread, NULL, keep, keeper) != 0) {
		release(keeper);
		return NULL;
	}
	return keeper;
}

void
numbers_reload(struct numbers_keeper *keeper, struct conf *conf)
{
	struct conf *old;

	(void)pthread_mutex_lock(&keeper->lock);
	old = keeper->conf;
	keeper->conf = conf_hold(conf);
	keeper->reloaded = true;
	(void)pthread_cond_signal(&keeper->wake);
	(void)pthread_mutex_unlock(&keeper->lock);
	conf_drop(old);
}

void
numbers_stop(struct numbers_keeper *keeper)
{
	(void)pthread_mutex_lock(&keeper->lock);
	keeper->stop = true;
	(void)pthread_cond_signal(&keeper->wake);
	(void)pthread_mutex_unlock(&keeper->lock);
	(void)pthread_join(keeper->thread, NULL);
	release(keeper);
}

/* Whether there are any that are not too old; asked with the lock. */
static bool
is_good(const struct numbers_keeper *keeper)
{
	return keeper->known && proc_ticks() < keeper->good_until;
}

bool
numbers_listed(struct numbers_keeper *keeper, struct numbers *out)
{
	bool fine;

	(void)pthread_mutex_lock(&keeper->lock);
	fine = is_good(keeper);
	if (fine) {
		out->v4 = keeper->newest.v4;
		out->v6 = keeper->newest.v6;
	}
	(void)pthread_mutex_unlock(&keeper->lock);
	return fine;
}

bool
numbers_newest(struct numbers_keeper *keeper, struct numbers *out)
{
	bool fine;

	(void)pthread_mutex_lock(&keeper->lock);
	fine = is_good(keeper);
	if (fine) {
		*out = keeper->newest;
	}
	(void)pthread_mutex_unlock(&keeper->lock);
	return fine;
}
