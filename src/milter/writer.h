/*
 * The desk of the real milter: sessions ask and tell it from many threads,
 * and no session waits longer than its patience.
 *
 * Deeds are written where they happen; what cannot be written at once waits
 * in memory for the thread that works once a second.
 */
#ifndef MILTER_WRITER_H
#define MILTER_WRITER_H

#include "conf/conf.h"
#include "milter/desk.h"
#include "store/store.h"

struct writer;

/* Open the database and start the thread; takes the reference of `conf`
 * over.  NULL with `error` where the database is refused, and then the
 * reference stays with the caller. */
struct writer *writer_start(
    struct conf *conf, char error[static STORE_ERROR_SIZE]);

/* Write what waits, for two seconds at most, and close.  No session may be
 * at the desk any more. */
void writer_stop(struct writer *writer);

/* Borrowed until writer_stop(). */
const struct desk *writer_desk(const struct writer *writer);

/* The configuration in force, a reference of the caller's. */
struct conf *writer_conf(struct writer *writer);
/* Put another in force; takes its reference over. */
void writer_reload(struct writer *writer, struct conf *conf);

#endif
