/*
 * What a batch of pending rows adds to the sums by day: a handful of rows
 * however many the batch has.
 */
#ifndef MILTER_SUMS_H
#define MILTER_SUMS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/kind.h"
#include "core/limit.h"
#include "core/tally.h"
#include "milter/pending.h"
#include "store/store.h"

/* Of one day; all zero at first. */
struct sums {
	int64_t day;
	struct tally tally;
	int64_t refused[REASON_COUNT];
	int64_t limited[LIMIT_KINDS];
};

/* Add a row; where it is of another day what there is goes to the store
 * first.  In the caller's transaction, as the next. */
enum store_result sums_add(
    struct sums *sums, struct store *store, const struct pending_row *row);

/* Write what there is, and begin anew. */
enum store_result sums_write(struct sums *sums, struct store *store);

#endif
