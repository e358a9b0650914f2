/*
 * The database as sessions and the writer share it: a handle that sessions
 * read with, one at a time, and one that the writer's thread writes with.
 *
 * No session waits longer than `*left` milliseconds, from which each wait is
 * taken.  A database that is busy, cannot be written or was moved away is
 * tried again about once a second; the log says so once a minute, and once
 * when it is over.  Safe between threads.
 */
#ifndef MILTER_DATABASE_H
#define MILTER_DATABASE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "conf/conf.h"
#include "core/standing.h"
#include "store/store.h"

struct database;

enum {
	DATABASE_DEADLINE = 250, /* ms one session may wait in all */
	DATABASE_NO_VERSION = -1
};

/* NULL without memory. */
struct database *database_new(const char *path);
/* Close it; NULL is fine. */
void database_free(struct database *database);
const char *database_path(const struct database *database);

/* One that is busy or can only be read will do: the rest is tried again later.
 * False with `error` where it is refused. */
bool database_open(
    struct database *database, char error[static STORE_ERROR_SIZE]);

/* Instead: read from and write to this store, borrowed, in one thread; NULL
 * for none. */
void database_use(struct database *database, struct store *store);

/* About once a second, for the thread that writes: open what is not open, and
 * anew what was moved away. */
void database_tend(struct database *database);
/* About once a second, for a thread that no session waits for: move what was
 * written out of the log. */
void database_tend_log(struct database *database);

/* Warn of something about the database, at most once a minute.  After each
 * round of work database_fine() is called: where nothing was warned of since
 * the last call, the log says once that the database works again. */
void database_warn(struct database *database, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void database_fine(struct database *database);

/* ---- for sessions ---- */

/* When so many milliseconds have passed, on CLOCK_MONOTONIC. */
struct timespec database_until(int64_t milliseconds);
/* Take from what is left what has passed since `began`, on proc_ticks(). */
void database_charge(int64_t *left, int64_t began);
/* Take a mutex in what is left. */
bool database_take(pthread_mutex_t *mutex, int64_t *left);

enum database_answer {
	DATABASE_NEW,    /* `standing` and `*version` are new */
	DATABASE_HOLDS,  /* what the caller has still holds */
	DATABASE_UNKNOWN /* it cannot be asked in time */
};
/* Everything known about an address: `address` and `checked_at`, which is now,
 * are given.  `*version` is that of the standing the caller has; where there is
 * no new one, both are left alone. */
enum database_answer database_standing(struct database *database,
    const struct conf *conf, int64_t *left, int64_t *version,
    struct standing *standing);

/* Read in one bracket of the store; NULL where that cannot be in time, and
 * then there is nothing to end. */
struct store *database_read(struct database *database, int64_t *left);
/* False where anything in it failed; the log says then what follows. */
bool database_read_end(
    struct database *database, int64_t *left, const char *consequence);

/* Whether an attempt to write failed a moment ago: no session waits then. */
bool database_is_quiet(struct database *database);

/* ---- for the thread that writes ---- */

/* Begin a transaction, at most so many milliseconds later; NULL where there is
 * no database, and then there is nothing to commit. */
struct store *database_begin(struct database *database, int64_t wait);
/* False where nothing was written, after a log line.  What is written shows to
 * all sessions at once. */
bool database_commit(struct database *database);

#endif
