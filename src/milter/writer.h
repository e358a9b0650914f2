/*
 * The one thread that writes, for all sessions.
 *
 * It takes the events that wait in a bounded queue, writes them in one
 * transaction and wakes the sessions that wait for it: where much is written,
 * those alone of events that may begin a ban, which their next step must hear
 * of, and what nobody waits for is written together, some times a second.  An
 * event that cannot be written keeps its place and its time and is tried again: at once where
 * another program was writing, else once a second, when the thread also writes
 * the counters and the sign of life and forgets what is old.  Safe between threads.
 */
#ifndef MILTER_WRITER_H
#define MILTER_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"
#include "core/standing.h"
#include "milter/queued.h"
#include "store/store.h"

struct database;
struct writer;

enum {
	WRITER_QUEUE_MAX = 4096 /* events that wait; more are lost */
};

/*
 * With the database that `conf` names, not open yet.  Takes the reference
 * over; NULL without memory, and then it stays with the caller.
 *
 * Without its thread, as tests use it, whoever would wait for the thread
 * writes instead.
 */
struct writer *writer_new(struct conf *conf);
/* Open the database and start the thread.  False with `error` where the
 * database is refused. */
bool writer_start(struct writer *writer, char error[static STORE_ERROR_SIZE]);
/* End the thread, which writes what waits, for two seconds at most, and close
 * all.  No session may use it any more. */
void writer_free(struct writer *writer);

/* What the thread does once a second. */
void writer_round(struct writer *writer, int64_t now);

/* The configuration in force, a reference of the caller's. */
struct conf *writer_conf(struct writer *writer);
/* Put another in force; takes its reference over. */
void writer_reload(struct writer *writer, struct conf *conf);

/* Borrowed. */
struct database *writer_database(const struct writer *writer);

/* Write it, and wait for that: a ban takes effect at the next command.  Where
 * much is written, wait only where the event may begin one, or where too many
 * are there already.  A reference of `conf` is held meanwhile.  At most `*left`
 * milliseconds, from which the wait is taken, also while another program writes,
 * but not at all while the database cannot be written. */
void writer_record(
    struct writer *writer, const struct writer_event *event, int64_t *left);

/* Count a session that a ban refused.  The first is recorded as an event is, so
 * that `videur list` shows at once that a ban does its work; where much is written
 * it is waited for if the next session is to hear another reply. */
void writer_hit(
    struct writer *writer, const struct ban *ban, int64_t now, int64_t *left);

#endif
