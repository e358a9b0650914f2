/*
 * What was counted and is not written yet, in memory: tallies by client and
 * hour, hits by ban, sessions that met a limit or showed something.
 *
 * Safe between threads.
 */
#ifndef MILTER_COUNTERS_H
#define MILTER_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"

struct counters;

/* Of at most `most` rows; NULL without memory. */
struct counters *counters_new(size_t most);
void counters_free(struct counters *counters);

/* Add to them; of `at` the newest stays.  Gives back how many found no room. */
size_t counters_add(
    struct counters *counters, const struct counted *counted, size_t count);
/* The tallies of a client: of one hour, or of all where `hour` is NULL. */
struct tally counters_of(
    struct counters *counters, const struct net *client, const int64_t *hour);
/* Take out at most `max` rows; gives back how many. */
size_t counters_take(
    struct counters *counters, struct counted *counted, size_t max);
size_t counters_rows(struct counters *counters);

#endif
