/*
 * What a watcher writes into the database beside what it counts: that it is
 * alive, how far it is behind the logs ("watch-behind"), what the journal dropped, and that what may be forgotten is gone.
 *
 * All of it belongs into the transaction of a batch, which is the caller's.
 */
#ifndef WATCH_HOUSE_H
#define WATCH_HOUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"
#include "store/store.h"

/* Zeros to begin with: all of it is due. */
struct house {
	int64_t life_at;   /* when the next sign of life is due, seconds */
	int64_t expire_at; /* when to look for what may be forgotten */
	/* When all there was had been read; at first when it began. */
	int64_t dry_at;
};

/* Whether a sign of life is due, even where nothing is to be stored. */
bool house_is_due(const struct house *house, int64_t now);

/* All there is has been read. */
void house_dry(struct house *house, int64_t now);

/* Give one at once. */
void house_hurry(struct house *house);

/* Write what is due, and that the journal dropped so many lines more. */
enum store_result house_keep(struct house *house, struct store *store,
    const struct conf *conf, int64_t suppressed, int64_t now);

/* That was committed. */
void house_kept(struct house *house, int64_t now);

#endif
