/*
 * Lines become findings, and findings go into the database together with how
 * far the logs were read.
 *
 * A batch is read and matched first, outside any transaction; then all of it
 * and the positions are stored in one.  Until that succeeds nothing more is
 * read and the batch waits in memory, so that whatever happens the database
 * holds either both or neither.
 */
#ifndef WATCH_INGEST_H
#define WATCH_INGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"
#include "rules/rules.h"
#include "watch/desk.h"
#include "watch/source.h"

struct ingest;

/* What a round came to. */
enum ingest_flow {
	INGEST_MORE,  /* there is more to read */
	INGEST_SOON,  /* a source wants to be looked at again soon */
	INGEST_DRY,   /* all was read that there is */
	INGEST_BUSY,  /* another program holds the database: try again */
	INGEST_FAILED /* it cannot be written; try again */
};

/* Takes the desk over.  NULL without memory, and then it stays with the
 * caller. */
struct ingest *ingest_new(const struct desk *desk);
void ingest_free(struct ingest *ingest);

/* What to work with from now on, borrowed; only while nothing is pending. */
void ingest_use(struct ingest *ingest, const struct conf *conf,
    const struct rules *rules, struct rules_scratch *scratch,
    struct sources *sources);

/* Read what there is, a batch at most, and store it. */
enum ingest_flow ingest_round(struct ingest *ingest);

/* Whether a batch waits to be stored. */
bool ingest_is_pending(const struct ingest *ingest);

/* Store positions that were not yet, and a sign of life. */
enum ingest_flow ingest_settle(struct ingest *ingest);

#endif
