/*
 * What was counted and is not in the database yet: tallies by client and
 * hour, hits by ban, and sessions that met a limit.
 *
 * Counting costs a hash look-up and never waits for the database.  The writer
 * takes rows out in batches, writes them, and adds them again where that
 * failed.  There is room for COUNTERS_MAX rows; what does not fit is dropped
 * and counted.  Safe between threads; to miss no rows that are being written,
 * read between writer_hold_counters() and writer_release_counters().
 */
#ifndef MILTER_COUNTERS_H
#define MILTER_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "core/kind.h"
#include "engine/engine.h"

enum {
	COUNTERS_MAX = 65536
};

struct counters;

/* NULL without memory. */
struct counters *counters_new(void);
/* NULL is fine. */
void counters_free(struct counters *counters);

/* Add to what is counted.  Of `at` the newest stays. */
void counters_add(
    struct counters *counters, const struct counted *counted, size_t count);

/* What is counted of a client: in one hour, or in all where `hour` is NULL. */
struct tally counters_sum(
    struct counters *counters, const struct net *client, const int64_t *hour);

/* Take out at most `max` rows; gives back how many. */
size_t counters_take(
    struct counters *counters, struct counted *counted, size_t max);

/* How many additions found no room since it was asked last. */
int64_t counters_dropped(struct counters *counters);

#endif
