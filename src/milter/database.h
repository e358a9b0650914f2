/*
 * The database as sessions and the writer share it: a handle that sessions
 * read with, one at a time, one that the writer's thread writes with, and what
 * was counted and is not written yet.
 *
 * No session waits longer than `*left` milliseconds, from which each wait is
 * taken.  A database that cannot be written or was moved away is tried again
 * about once a second, one that another program holds at once; the log says so
 * once a minute, and once when it is over.  Safe between threads.
 */
#ifndef MILTER_DATABASE_H
#define MILTER_DATABASE_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"
#include "core/standing.h"
#include "engine/engine.h"
#include "store/store.h"

struct database;

enum {
	DATABASE_DEADLINE = 250, /* ms one session may wait in all */
	DATABASE_NO_VERSION = -1,
	DATABASE_COUNTS_MAX = 65536
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

/* Now and then, for the same: take in some of what is known of bans, so that
 * sessions need not ask about others; true where there is more. */
bool database_tend_filter(struct database *database);

/* Warn of something about the database, at most once a minute. */
void database_warn(struct database *database, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* After each round of work of the thread that writes: say once in the log that
 * the database works again, where nothing was warned of since the last round,
 * something was written since the last warning, and what could not be read
 * can.  False while that is not said. */
bool database_fine(
    struct database *database, const struct conf *conf, int64_t now);

/* ---- for sessions ---- */

/* Take from what is left what has passed since `began`, on proc_ticks(). */
void database_charge(int64_t *left, int64_t began);

enum database_answer {
	DATABASE_NEW,     /* `standing` and `*version` are new */
	DATABASE_NOTHING, /* it was not asked: it knows nothing of the address;
			   * `*version` is new */
	DATABASE_HOLDS,   /* what the caller has still holds */
	DATABASE_UNKNOWN  /* it cannot be asked in time */
};
/* Everything known about an address that the configuration does not exempt:
 * `address` and `checked_at`, which is now, are given.  `*version` is that of
 * the standing the caller has; where there is no new one, both are left
 * alone. */
enum database_answer database_standing(struct database *database,
    const struct conf *conf, int64_t *left, int64_t *version,
    struct standing *standing);

/* A number for what other programs wrote, as the thread that writes found it;
 * -1 where one of them has written since. */
int64_t database_others(struct database *database);

/* Read in one bracket of the store; NULL where that cannot be in time, and
 * then there is nothing to end. */
struct store *database_read(struct database *database, int64_t *left);
/* False where anything in it failed; the log says then what follows. */
bool database_read_end(
    struct database *database, int64_t *left, const char *consequence);

/*
 * What was counted: tallies by client and hour, hits by ban, sessions that met
 * a limit or showed something.  Counting costs a hash look-up and never waits
 * for the database.  There is room for DATABASE_COUNTS_MAX rows; what does not
 * fit is lost.
 */

/* Add to it.  Of `at` the newest stays. */
void database_count(
    struct database *database, const struct counted *counted, size_t count);
/* What is counted of a client: in one hour, or in all where `hour` is NULL. */
struct tally database_counted(
    struct database *database, const struct net *client, const int64_t *hour);
/* Let nothing move from there into the tables until the release, so that no
 * rows are missed that are being written; false where that cannot be had in
 * time.  Without `left` it is waited for. */
bool database_hold_counts(struct database *database, int64_t *left);
void database_release_counts(struct database *database);

/*
 * A message was delivered, as far as one can tell: its end was seen, or it
 * began, and of all before it no end was seen either.  So it is where Postfix
 * hands messages to a proxy (smtpd_proxy_filter) instead of its own cleanup.
 */
bool database_message(struct database *database, bool ended);

/*
 * What could not be kept: counted here, told by the log once a minute at most,
 * all of it in the end, and written as soon as anything can be.
 */
void database_lose(struct database *database, enum loss what, int64_t number);

/* Whether nothing can be written, by the last attempt, for another reason than
 * that another program was writing: no session waits then. */
bool database_is_down(struct database *database);

/* ---- for the thread that writes ---- */

/* Begin a transaction, at most so many milliseconds later; NULL where there is
 * no database, and then there is nothing to commit. */
struct store *database_begin(struct database *database, int64_t wait);
/* False where nothing was written, after a log line.  What is written shows to
 * all sessions at once. */
bool database_commit(struct database *database);

/* When the next attempt to write makes sense, on proc_ticks(): soon after one
 * that met another program's lock. */
int64_t database_retry_at(struct database *database);

/* Write what was lost, in a transaction of its own, and tell the log, `all`:
 * now, else if a minute is over. */
void database_put_losses(
    struct database *database, bool all, int64_t now, int64_t wait);
/* How many rows are counted. */
size_t database_counts(struct database *database);
/* What is counted is lost, for it is the end. */
void database_lose_counts(struct database *database);

/* Take out at most `max` rows of what is counted, to write them and to add them
 * again where that fails; gives back how many. */
size_t database_take_counts(
    struct database *database, struct counted *counted, size_t max);

#endif
