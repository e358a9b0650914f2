/*
 * What was counted and is not in the database yet: tallies by client and
 * hour, hits by ban, and sessions that met a limit.
 *
 * Counting costs a hash look-up and never waits for the database.  Rows are
 * taken out in batches, written, and put back where the writing failed.
 * There is room for PENDING_ROWS_MAX; what does not fit is dropped and
 * counted.  Safe between threads; but who takes a batch and who reads
 * pending_sum() must exclude one another, else what is being written is
 * missed.
 */
#ifndef MILTER_PENDING_H
#define MILTER_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "core/ban.h"
#include "core/limit.h"
#include "core/tally.h"

enum {
	PENDING_ROWS_MAX = 65536
};

struct pending;

enum pending_what {
	PENDING_TALLY,
	PENDING_HITS,
	PENDING_LIMITED
};

/* One row to be written. */
struct pending_row {
	enum pending_what what;
	struct net client;  /* of a tally */
	int64_t number;     /* its hour; the ban's id; an enum limit_kind */
	struct tally tally; /* of a tally */
	enum reason reason; /* of a ban */
	int64_t times;      /* sessions that were refused */
	int64_t told;       /* when the newest was */
};

/* NULL without memory. */
struct pending *pending_new(void);
void pending_free(struct pending *pending);

void pending_tally(struct pending *pending, const struct net *client,
    int64_t hour, const struct tally *more);
void pending_hit(struct pending *pending, const struct ban *ban, int64_t told);
void pending_limited(
    struct pending *pending, enum limit_kind limit, int64_t told);

/* What is pending of a client, over all hours. */
struct tally pending_sum(struct pending *pending, const struct net *client);
/* Its sessions of one hour. */
int64_t pending_sessions(
    struct pending *pending, const struct net *client, int64_t hour);

/* Take out at most `max` rows; gives back how many. */
size_t pending_take(
    struct pending *pending, struct pending_row *rows, size_t max);
/* Rows that could not be written: add them again. */
void pending_put_back(
    struct pending *pending, const struct pending_row *rows, size_t count);

/* How many additions found no room since it was asked last. */
int64_t pending_dropped(struct pending *pending);

#endif
