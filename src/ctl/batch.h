/*
 * Many small writes into a scratch database, in transactions of some hundred,
 * and the forgetting of what is too old to matter, so that a log of a year
 * takes no more room than one of a month.
 */
#ifndef CTL_BATCH_H
#define CTL_BATCH_H

#include <stdint.h>

#include "conf/conf.h"
#include "store/store.h"

struct batch {
	struct store *store;     /* borrowed */
	const struct conf *conf; /* borrowed */
	int64_t writes;          /* in the open transaction */
	int64_t oldest;          /* of their times */
	int64_t commits;
};

/* Begins the first transaction. */
enum store_result batch_begin(
    struct batch *batch, struct store *store, const struct conf *conf);

/* Something was written that happened at `at`. */
enum store_result batch_step(struct batch *batch, int64_t at);

enum store_result batch_end(struct batch *batch);

#endif
