#include "milter/database.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/proc.h"
#include "base/table.h"
#include "base/text.h"
#include "engine/engine.h"

enum {
	OPEN_WAIT = 200, /* ms */
	QUIET = 1000,    /* ms without an attempt after one that failed */
	PAUSE = 10,      /* ms the same, where another program writes */
	/* A bigger table than this is given back when it is empty. */
	ROWS_KEPT = 4096,
	BLIND_AFTER = 20 /* messages of which no end is seen */
};

/* A row of what is counted; the table's rows begin with their key. */
struct counter {
	struct counter_key {
		struct net client; /* of a tally */
		uint8_t what;
		uint8_t unused[6]; /* a key has no padding */
		int64_t number;    /* hour, ban or limit */
	} key;
	struct counted counted;
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
	/* Goes up with each change of the database that is known, and when it
	 * was last seen to be the newest, on proc_ticks(). */
	_Atomic int64_t version;
	_Atomic int64_t seen_at;

	struct store *write;      /* the writing thread's alone; or NULL */
	struct store *log;        /* database_tend_log()'s alone; or NULL */
	_Atomic int64_t retry_at; /* on proc_ticks() */
	atomic_bool down;         /* by the last attempt */

	/* What is counted and not written. */
	pthread_mutex_t hold_mutex; /* it stays so */
	pthread_mutex_t count_mutex;
	struct table counters;    /* with that held */
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

	if (database != NULL) {
		(void)text_copy(database->path, sizeof(database->path), path);
		(void)pthread_mutex_init(&database->mutex, NULL);
		(void)pthread_mutex_init(&database->hold_mutex, NULL);
		(void)pthread_mutex_init(&database->count_mutex, NULL);
		(void)pthread_mutex_init(&database->warn_mutex, NULL);
		table_init(&database->counters, sizeof(struct counter_key),
		    sizeof(struct counter), DATABASE_COUNTS_MAX);
		/* All hours of a client can be walked. */
		table_group(
		    &database->counters, offsetof(struct counter_key, number));
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
	table_clear(&database->counters);
	(void)pthread_mutex_destroy(&database->mutex);
	(void)pthread_mutex_destroy(&database->hold_mutex);
	(void)pthread_mutex_destroy(&database->count_mutex);
	(void)pthread_mutex_destroy(&database->warn_mutex);
	free(database);
}

const char *
database_path(const struct database *database)
{
	return database->path;
}

/* ---- what the log says ---- */

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
		(void)database_standing(
		    database, conf, &left, &version, &standing);
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
	tend(database, &database->read, STORE_READ, &database->mutex);
}

void
database_tend_log(struct database *database)
{
	tend(database, &database->log, STORE_SERVE, NULL);
}

/* ---- reading ---- */

struct timespec
database_until(int64_t milliseconds)
{
	struct timespec at;

	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += milliseconds / 1000;
	at.tv_nsec += milliseconds % 1000 * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

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
	const struct timespec until = database_until(*left);
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
		store_patience(database->read, (int)*left);
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

bool
database_read_end(
    struct database *database, int64_t *left, const char *consequence)
{
	const bool fine = store_read_end(database->read) == STORE_OK;

	atomic_store(&database->unread, !fine);
	if (!fine) {
		database_warn(database, "cannot read the database: %s; %s",
		    store_error(database->read), consequence);
	}
	database_charge(left, database->began);
	(void)pthread_mutex_unlock(&database->mutex);
	return fine;
}

/*
 * The version goes up when the writer wrote, which shows at once, and when a
 * session finds that another program did.  Sessions ask at each stage, which
 * costs a lock: within the millisecond in which another one asked they take
 * its answer.
 */
enum database_answer
database_standing(struct database *database, const struct conf *conf,
    int64_t *left, int64_t *version, struct standing *standing)
{
	const int64_t ticks = proc_ticks();
	struct store *store;
	int64_t newest;
	int64_t changes;
	bool holds;

	if (atomic_load(&database->seen_at) == ticks &&
	    atomic_load(&database->version) == *version) {
		return DATABASE_HOLDS;
	}
	store = database_read(database, left);
	if (store == NULL) {
		return DATABASE_UNKNOWN;
	}
	newest = database->version_read;
	changes = store_changes(store);
	holds = changes == database->changes && *version == newest;
	if (changes != database->changes) {
		/* Where the writer wrote meanwhile this is old already. */
		database->changes = changes;
		newest += atomic_compare_exchange_strong(
		    &database->version, &database->version_read, newest + 1);
	}
	if (!holds) {
		const struct addr address = standing->address;

		database->asked = address;
		engine_standing(
		    store, conf, &address, standing->checked_at, standing);
	}
	if (!database_read_end(database, left, "sessions pass unchecked")) {
		return DATABASE_UNKNOWN;
	}
	*version = newest;
	atomic_store(&database->seen_at, ticks);
	return holds ? DATABASE_HOLDS : DATABASE_NEW;
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
		store_patience(database->write, wait > 0 ? (int)wait : 0);
		store_begin(database->write);
	} else {
		fail(database, false);
	}
	return database->write;
}

bool
database_commit(struct database *database)
{
	const enum store_result result = store_commit(database->write);

	if (result != STORE_OK) {
		fail(database, result == STORE_BUSY);
		database_warn(database,
		    "cannot write to the database: %s; what was seen waits",
		    store_error(database->write));
		return false;
	}
	atomic_store(&database->down, false);
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
	(void)pthread_mutex_lock(&database->count_mutex);
	for (size_t i = 0; i < count; i++) {
		const struct counted *more = &counted[i];
		const int64_t number[] = {
			[COUNTED_TALLY] = more->at,
			[COUNTED_HITS] = more->ban,
			[COUNTED_LIMITED] = more->limit,
			[COUNTED_SEEN] = (int64_t)(intptr_t)more->seen,
		};
		const struct counter_key key = { .client = more->client,
			.what = (uint8_t)more->what,
			.number = number[more->what] };
		bool added;
		struct counter *row = table_add(
		    &database->counters, &key, &added);

		if (row == NULL) {
			database_lose(database, LOSS_COUNTS, 1);
		} else if (added) {
			row->counted = *more;
		} else {
			tally_add(&row->counted.tally, &more->tally);
			row->counted.times += more->times;
			if (more->at > row->counted.at) {
				row->counted.at = more->at;
			}
		}
	}
	(void)pthread_mutex_unlock(&database->count_mutex);
}

struct tally
database_counted(
    struct database *database, const struct net *client, const int64_t *hour)
{
	const struct counter_key key = { .client = *client,
		.what = COUNTED_TALLY };
	struct tally sum = { .sessions = 0 };
	const struct counter *row;

	(void)pthread_mutex_lock(&database->count_mutex);
	for (row = table_first(&database->counters, &key); row != NULL;
	     row = table_next(&database->counters, row)) {
		if (hour == NULL || row->key.number == *hour) {
			tally_add(&sum, &row->counted.tally);
		}
	}
	(void)pthread_mutex_unlock(&database->count_mutex);
	return sum;
}

size_t
database_take_counts(
    struct database *database, struct counted *counted, size_t max)
{
	struct table *table = &database->counters;
	size_t taken = 0;

	(void)pthread_mutex_lock(&database->count_mutex);
	while (taken < max && table->rows > 0) {
		struct counter *last = table_row(table, table->rows - 1);

		counted[taken++] = last->counted;
		table_remove(table, last);
	}
	if (table->rows == 0 && table->room > ROWS_KEPT) {
		table_clear(table);
	}
	(void)pthread_mutex_unlock(&database->count_mutex);
	return taken;
}

void
database_lose_counts(struct database *database)
{
	(void)pthread_mutex_lock(&database->count_mutex);
	database_lose(database, LOSS_COUNTS, (int64_t)database->counters.rows);
	(void)pthread_mutex_unlock(&database->count_mutex);
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
