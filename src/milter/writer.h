/*
 * The one thread that writes, for all sessions.
 *
 * It takes the events that wait in a bounded queue, writes them in one
 * transaction and wakes the sessions that wait for it: those of events that may
 * begin a ban, which their next step must hear of.  What nobody waits for is
 * written at once, but by some transactions a second.  An event that cannot
 * be written keeps its place and its time and is tried again: at once where
 * another program was writing, else once a second, when the thread also writes
 * the counters and the sign of life and forgets what is old.  Safe between threads.
 */
#ifndef MILTER_WRITER_H
#define MILTER_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "conf/conf.h"
#include "core/kind.h"
#include "core/standing.h"
#include "engine/engine.h"
#include "store/store.h"

struct database;
struct writer;

enum {
	WRITER_QUEUE_MAX = 4096, /* events that wait; more are lost */
	WRITER_NAME_SIZE = ENGINE_KEYED_MAX + 1,
	WRITER_DETAIL_SIZE = 24
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

/* What is to be written: something a client did, or a hit. */
struct writer_event {
	struct conf *conf; /* by which it is judged; NULL: a hit */
	struct addr address;
	enum kind kind;
	bool null_sender; /* of the message that named an unknown recipient */
	int nth;          /* which of them, 1 for the first */
	int64_t at;
	char detail[WRITER_DETAIL_SIZE]; /* or empty */
	char name[WRITER_NAME_SIZE];     /* whose key is recorded; or empty */
	struct counted hit;
};
/* Write it, and wait for that where it may begin a ban, or where too many wait:
 * a ban takes effect at the next command.  A reference of `conf` is held
 * meanwhile.  At most `*left` milliseconds, from which the wait is taken, also
 * while another program writes, but not at all while the database cannot be
 * written. */
void writer_record(
    struct writer *writer, const struct writer_event *event, int64_t *left);

/* Count a session that a ban refused.  The first is recorded as an event is, so
 * that `videur list` shows at once that a ban does its work. */
void writer_hit(
    struct writer *writer, const struct ban *ban, int64_t now, int64_t *left);

#endif
