#include "milter/database.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/proc.h"
#include "base/text.h"
#include "engine/engine.h"
#include "milter/counters.h"
#include "milter/filter.h"

enum {
	OPEN_WAIT = 200, /* ms */
	QUIET = 1000,    /* ms without an attempt after one that failed */
	PAUSE = 10,      /* ms the same, where another program writes */
	BLIND_AFTER = 20 /* messages of which no end is seen */
};

struct database {
	char path[CONF_PATH_SIZE];
	bool borrowed; /* the store is database_use()'s */

	/* Reading; with the mutex held. */
	pthread_mutex_t mutex;
	struct store *read;   /* or NULL */
	int64_t began;        /* the bracket, on proc_ticks() */
	int64_t version_read; /* before it began */
	int64_t changes;      /* store_changes() of the newest standing */
	struct filter *filter;
	/* Goes up with each change of the database that is known. */
	_Atomic int64_t version;

	struct store *write;      /* the writing thread's alone; or NULL */
	struct store *log;        /* database_tend_log()'s alone; or NULL */
	_Atomic int64_t others;   /* store_changes() of it, in a transaction */
	_Atomic uint64_t look;    /* filter_look() behind the newest one */
	_Atomic int64_t retry_at; /* on proc_ticks() */
	atomic_bool down;         /* by the last attempt */

	/* What is counted and not written. */
	pthread_mutex_t hold_mutex; /* it stays so */
	struct counters *counters;
	_Atomic int64_t messages; /* that began */
	atomic_bool ended;        /* one did */

	pthread_mutex_t warn_mutex;
	struct log_gate gate;
	bool warned;        /* and the log has not said that it is over */
	bool lately;        /* warned since database_fine() */
	struct addr asked;  /* of the newest standing; with `mutex` held */
	atomic_bool unread; /* and reading failed */
	atomic_bool wrote;  /* since the last warning */

	/* What was lost; with `warn_mutex` held. */
	struct losses unwritten;
	struct losses untold;
	struct log_gate lost_gate;
};

struct database *
database_new(const char *path)
{
	struct database *database = calloc(1, sizeof(*database));

	if (database == NULL) {
		return NULL;
	}
	(void)text_copy(database->path, sizeof(database->path), path);
	(void)pthread_mutex_init(&database->mutex, NULL);
	(void)pthread_mutex_init(&database->hold_mutex, NULL);
	(void)pthread_mutex_init(&database->warn_mutex, NULL);
	database->filter = filter_new();
	database->counters = counters_new(DATABASE_COUNTS_MAX);
	if (database->filter == NULL || database->counters == NULL) {
		database_free(database);
		return NULL;
	}
	return database;
}

void
database_use(struct database *database, struct store *store)
{
	database->borrowed = true;
	database->read = store;
	database->write = store;
	(void)atomic_fetch_add(&database->version, 1);
}

void
database_free(struct database *database)
{
	if (database == NULL) {
		return;
	}
	if (!database->borrowed) {
		store_close(database->read);
		store_close(database->log);
		/* The last to go moves the log into the main file. */
		store_close(database->write);
	}
	filter_free(database->filter);
	counters_free(database->counters);
	(void)pthread_mutex_destroy(&database->mutex);
	(void)pthread_mutex_destroy(&database->hold_mutex);
	(void)pthread_mutex_destroy(&database->warn_mutex);
	free(database);
}

const char *
database_path(const struct database *database)
{
	return database->path;
}

/* ---- what the log says ---- */

static enum database_answer read_standing(struct database *database,
    const struct conf *conf, int64_t *left, int64_t *version,
    struct standing *standing);

void
database_warn(struct database *database, const char *format, ...)
{
	char what[640];
	va_list ap;
	int64_t held;

	va_start(ap, format);
	if (vsnprintf(what, sizeof(what), format, ap) < 0) {
		what[0] = '\0';
	}
	va_end(ap);

	(void)pthread_mutex_lock(&database->warn_mutex);
	database->lately = true;
	atomic_store(&database->wrote, false);
	if (log_gate_open(&database->gate, proc_ticks() / 1000, &held)) {
		database->warned = true;
		if (held > 0) {
			log_warn("%s (and %lld more like this)", what,
			    (long long)held);
		} else {
			log_warn("%s", what);
		}
	}
	(void)pthread_mutex_unlock(&database->warn_mutex);
}

bool
database_fine(struct database *database, const struct conf *conf, int64_t now)
{
	bool fine;

	if (atomic_load(&database->unread)) {
		int64_t left = DATABASE_DEADLINE;
		int64_t version = DATABASE_NO_VERSION;
		struct standing standing = { .checked_at = now };

		(void)pthread_mutex_lock(&database->mutex);
		standing.address = database->asked;
		(void)pthread_mutex_unlock(&database->mutex);
		(void)read_standing(database, conf, &left, &version, &standing);
	}
	(void)pthread_mutex_lock(&database->warn_mutex);
	if (database->warned && !database->lately &&
	    atomic_load(&database->wrote) && !atomic_load(&database->unread)) {
		database->warned = false;
		log_info("the database works again");
	}
	database->lately = false;
	fine = !database->warned;
	(void)pthread_mutex_unlock(&database->warn_mutex);
	return fine;
}

/* ---- opening, and staying open ---- */

bool
database_open(struct database *database, char error[static STORE_ERROR_SIZE])
{
	char why[STORE_ERROR_SIZE];
	const enum store_result write = store_open(
	    &database->write, database->path, STORE_WRITE, OPEN_WAIT, error);
	const enum store_result read = store_open(
	    &database->read, database->path, STORE_READ, OPEN_WAIT, why);

	/* A database that cannot be written now may still be read: a full
	 * disk, a read-only one.  One that cannot be read either is not for
	 * us. */
	if (write == STORE_FAILED && read != STORE_OK) {
		return false;
	}
	if (write != STORE_OK) {
		database_warn(database, "%s; trying again", error);
	}
	filter_use(database->filter, database->read);
	return true;
}

/* Open a store, or look after the one that is open.  Sessions do not wait for
 * the opening of theirs: `mutex`, if any, is held only after that. */
static void
tend(struct database *database, struct store **store, enum store_mode mode,
    pthread_mutex_t *mutex)
{
	char error[STORE_ERROR_SIZE];
	struct store *open = *store;

	if (open == NULL && store_open(&open, database->path, mode, OPEN_WAIT,
				error) != STORE_OK) {
		database_warn(database, "%s; trying again", error);
		return;
	}
	if (mutex != NULL) {
		(void)pthread_mutex_lock(mutex);
	}
	*store = open;
	if (store_tend(open, NULL) != STORE_OK) {
		database_warn(database, "%s; trying again", store_error(open));
	}
	if (mutex != NULL) {
		(void)pthread_mutex_unlock(mutex);
	}
}

void
database_tend(struct database *database)
{
	tend(database, &database->write, STORE_WRITE, NULL);
	filter_use(database->filter, NULL);
	tend(database, &database->read, STORE_READ, &database->mutex);
	filter_use(database->filter, database->read);
}

void
database_tend_log(struct database *database)
{
	tend(database, &database->log, STORE_SERVE, NULL);
}

/* ---- reading ---- */

void
database_charge(int64_t *left, int64_t began)
{
	*left -= proc_ticks() - began;
	if (*left < 0) {
		*left = 0;
	}
}

/* Take a mutex in what is left. */
static bool
take(pthread_mutex_t *mutex, int64_t *left)
{
	const int64_t began = proc_ticks();
	const struct timespec until = proc_until(*left);
	const bool taken = pthread_mutex_clocklock(
			       mutex, CLOCK_MONOTONIC, &until) == 0;

	database_charge(left, began);
	return taken;
}

struct store *
database_read(struct database *database, int64_t *left)
{
	const bool taken = take(&database->mutex, left);

	if (taken && database->read != NULL) {
		database->began = proc_ticks();
		database->version_read = atomic_load(&database->version);
		store_timeout(database->read, (int)*left);
		store_read(database->read);
		return database->read;
	}
	if (taken) {
		(void)pthread_mutex_unlock(&database->mutex);
	}
	database_warn(
	    database, "the database cannot be asked; sessions pass unchecked");
	return NULL;
}

/* The same after filter_look() and filter_follow(). */
static bool
read_end(struct database *database, uint64_t look, int64_t *left,
    const char *consequence)
{
	const bool fine = store_read_end(database->read) == STORE_OK;

	if (fine && look != 0) {
		filter_keep(database->filter, look);
	}
	atomic_store(&database->unread, !fine);
	if (!fine) {
		database_warn(database, "cannot read the database: %s; %s",
		    store_error(database->read), consequence);
	}
	database_charge(left, database->began);
	(void)pthread_mutex_unlock(&database->mutex);
	return fine;
}

bool
database_read_end(
    struct database *database, int64_t *left, const char *consequence)
{
	return read_end(database, 0, left, consequence);
}

/*
 * The version goes up when the writer wrote, which shows at once, and when a
 * session finds that another program did.
 */
static enum database_answer
read_standing(struct database *database, const struct conf *conf, int64_t *left,
    int64_t *version, struct standing *standing)
{
	const uint64_t look = filter_look(database->filter);
	struct store *store = database_read(database, left);
	int64_t newest;
	int64_t changes;
	enum database_answer answer;

	if (store == NULL) {
		return DATABASE_UNKNOWN;
	}
	newest = database->version_read;
	changes = store_changes(store);
	answer = changes == database->changes && *version == newest
		     ? DATABASE_HOLDS
		     : DATABASE_NEW;
	if (changes != database->changes) {
		/* Where the writer wrote meanwhile this is old already. */
		database->changes = changes;
		newest += atomic_compare_exchange_strong(
		    &database->version, &database->version_read, newest + 1);
	}
	(void)filter_follow(database->filter, store, false);
	if (answer == DATABASE_NEW &&
	    filter_has_nothing(database->filter, &standing->address)) {
		answer = DATABASE_NOTHING;
	}
	if (answer == DATABASE_NEW) {
		const struct addr address = standing->address;

		database->asked = address;
		engine_standing(
		    store, conf, &address, standing->checked_at, standing);
	}
	if (!read_end(database, look, left, "sessions pass unchecked")) {
		return DATABASE_UNKNOWN;
	}
	*version = newest;
	return answer;
}

enum database_answer
database_standing(struct database *database, const struct conf *conf,
    int64_t *left, int64_t *version, struct standing *standing)
{
	/* Not later: what was written since would seem to be known. */
	const int64_t newest = atomic_load(&database->version);
	const enum filter_answer answer = filter_ask(
	    database->filter, &standing->address);

	if (answer != FILTER_SILENT && *version == newest) {
		return DATABASE_HOLDS;
	}
	if (answer != FILTER_NOTHING) {
		return read_standing(database, conf, left, version, standing);
	}
	*version = newest;
	return DATABASE_NOTHING;
}

int64_t
database_others(struct database *database)
{
	const int64_t others = atomic_load(&database->others);
	const uint64_t look = atomic_load(&database->look);

	return look != 0 && look == filter_look(database->filter) ? others : -1;
}

bool
database_tend_filter(struct database *database)
{
	int64_t left = DATABASE_DEADLINE;
	struct store *store;
	bool more = false;
	uint64_t look;

	if (filter_is_behind(database->filter)) {
		look = filter_look(database->filter);
		store = look == 0 ? NULL : database_read(database, &left);
		if (store != NULL) {
			more = filter_follow(database->filter, store, true);
			(void)read_end(database, look, &left,
			    "they are looked up one by one");
		}
	}
	return more;
}

/* ---- writing ---- */

bool
database_is_down(struct database *database)
{
	return atomic_load(&database->down);
}

int64_t
database_retry_at(struct database *database)
{
	return atomic_load(&database->retry_at);
}

/* Nothing could be written now. */
static void
fail(struct database *database, bool busy)
{
	atomic_store(&database->down, !busy);
	atomic_store(
	    &database->retry_at, proc_ticks() + (busy ? PAUSE : QUIET));
}

struct store *
database_begin(struct database *database, int64_t wait)
{
	if (database->write != NULL) {
		store_timeout(database->write, wait > 0 ? (int)wait : 0);
		store_begin(database->write);
		atomic_store(&database->others, store_changes(database->write));
	} else {
		fail(database, false);
	}
	return database->write;
}

bool
database_commit(struct database *database)
{
	const enum store_result result = store_commit(database->write);
	uint64_t look;

	if (result != STORE_OK) {
		fail(database, result == STORE_BUSY);
		database_warn(database,
		    "cannot write to the database: %s; what was seen waits",
		    store_error(database->write));
		return false;
	}
	atomic_store(&database->down, false);
	/* Unless another program wrote before that look. */
	look = filter_look(database->filter);
	if (store_changes(database->write) != atomic_load(&database->others)) {
		look = 0;
	}
	atomic_store(&database->look, look);
	(void)atomic_fetch_add(&database->version, 1);
	atomic_store(&database->wrote, true);
	return true;
}

/* ---- what is lost ---- */

void
database_lose(struct database *database, enum loss what, int64_t number)
{
	(void)pthread_mutex_lock(&database->warn_mutex);
	database->unwritten.number[what] += number;
	database->untold.number[what] += number;
	(void)pthread_mutex_unlock(&database->warn_mutex);
}

/* "7 events, 1 count"; empty for nothing. */
static void
say_losses(const struct losses *losses, struct text *out)
{
	for (size_t i = 0; i < LOSS_SORTS; i++) {
		const int64_t number = losses->number[i];
		const char *word = words_at(&loss_words, i);

		if (number > 0) {
			text_addf(out, "%s%lld %.*s", out->len > 0 ? ", " : "",
			    (long long)number,
			    (int)strlen(word) - (number == 1), word);
		}
	}
}

void
database_put_losses(
    struct database *database, bool all, int64_t now, int64_t wait)
{
	char said[128];
	struct losses lost;
	struct store *store = NULL;
	struct text text;
	int64_t held;

	text_init(&text, said, sizeof(said));
	(void)pthread_mutex_lock(&database->warn_mutex);
	say_losses(&database->untold, &text);
	if (text.len > 0 &&
	    (log_gate_open(&database->lost_gate, proc_ticks() / 1000, &held) ||
		all)) {
		database->untold = (struct losses){ .number = { 0 } };
		log_warn("%s not stored: there was no room, or no time at the "
			 "end; what was not counted bans and spares nobody",
		    said);
	}
	lost = database->unwritten;
	(void)pthread_mutex_unlock(&database->warn_mutex);

	text_init(&text, said, sizeof(said));
	say_losses(&lost, &text);
	if (text.len > 0) {
		store = database_begin(database, wait);
	}
	if (store == NULL) {
		return;
	}
	engine_lose(store, &lost, now);
	if (database_commit(database)) {
		(void)pthread_mutex_lock(&database->warn_mutex);
		for (size_t i = 0; i < LOSS_SORTS; i++) {
			database->unwritten.number[i] -= lost.number[i];
		}
		(void)pthread_mutex_unlock(&database->warn_mutex);
	}
}

/* ---- what is counted ---- */

bool
database_message(struct database *database, bool ended)
{
	if (ended) {
		atomic_store(&database->ended, true);
		return true;
	}
	return atomic_fetch_add(&database->messages, 1) >= BLIND_AFTER &&
	       !atomic_load(&database->ended);
}

void
database_count(
    struct database *database, const struct counted *counted, size_t count)
{
	const size_t lost = counters_add(database->counters, counted, count);

	if (lost > 0) {
		database_lose(database, LOSS_COUNTS, (int64_t)lost);
	}
}

struct tally
database_counted(
    struct database *database, const struct net *client, const int64_t *hour)
{
	return counters_of(database->counters, client, hour);
}

size_t
database_take_counts(
    struct database *database, struct counted *counted, size_t max)
{
	return counters_take(database->counters, counted, max);
}

size_t
database_counts(struct database *database)
{
	return counters_rows(database->counters);
}

void
database_lose_counts(struct database *database)
{
	database_lose(
	    database, LOSS_COUNTS, (int64_t)database_counts(database));
}

bool
database_hold_counts(struct database *database, int64_t *left)
{
	return left == NULL ? pthread_mutex_lock(&database->hold_mutex) == 0
			    : take(&database->hold_mutex, left);
}

void
database_release_counts(struct database *database)
{
	(void)pthread_mutex_unlock(&database->hold_mutex);
}
