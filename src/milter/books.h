/*
 * The database as all threads of the milter share it.
 *
 * Three handles (one to read with, one to write with, one on which the
 * upkeep alone runs checkpoints), what waits to be written, who is here, and
 * the configuration in force.  Callbacks use it through the writer; the upkeep
 * thread works on it directly.
 */
#ifndef MILTER_BOOKS_H
#define MILTER_BOOKS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "engine/engine.h"
#include "milter/glance.h"
#include "milter/handle.h"
#include "milter/pending.h"
#include "milter/queue.h"
#include "milter/throng.h"
#include "milter/trouble.h"
#include "store/store.h"

struct books {
	char path[CONF_PATH_SIZE]; /* stays, whatever a reload says */
	struct handle read;
	struct handle write;
	struct handle checkpoint;
	struct queue *queue;
	struct pending *pending;
	struct throng *throng;
	struct trouble trouble;
	struct glance glance;
	/* On proc_ticks(): until then no callback tries to write. */
	_Atomic int64_t quiet_until;

	pthread_mutex_t conf_mutex;
	struct conf *conf;

	pthread_mutex_t secret_mutex;
	bool has_secret;
	unsigned char secret[STORE_SECRET_SIZE];
};

/*
 * Open; takes the reference of `conf` over.  A database that is busy or can
 * only be read will do: the rest is mended later.  False with `error` where
 * it is refused, and then nothing is held and the reference stays.
 */
bool books_open(struct books *books, struct conf *conf,
    char error[static STORE_ERROR_SIZE]);
void books_close(struct books *books);

/* The configuration in force, a reference of the caller's. */
struct conf *books_conf(struct books *books);
/* Put another in force; takes its reference over. */
void books_reload(struct books *books, struct conf *conf);

/* Open what is not open, and all anew where the file is another one.  For
 * the upkeep thread only. */
void books_mend(struct books *books);

/*
 * Write deeds in one transaction, the write handle taken and its patience
 * set.  `*count` is how many there are, and how many of them, from the
 * first, were written: fewer than all where many bans begin.  None, where it
 * is not STORE_OK.
 */
enum store_result books_record(struct books *books, const struct conf *conf,
    const struct deed *deeds, size_t *count, int64_t now);

/* The database's secret, as far as it was asked for; it goes when the file
 * turns out to be another one.  The write handle is taken where it is kept. */
bool books_secret(
    struct books *books, unsigned char secret[static STORE_SECRET_SIZE]);
void books_keep_secret(
    struct books *books, const unsigned char secret[static STORE_SECRET_SIZE]);

/* The write handle, taken, did not do: remember that, say it, and let
 * callbacks be quiet for a while.  Gives back `result`. */
enum store_result books_write_trouble(
    struct books *books, enum store_result result);

#endif
