/*
 * What is done once a second, off the way of the mail.
 *
 * The queue is written, tallies and hits are flushed, the sign of life and
 * the forgetting of old rows happen in their turn, and the write-ahead log is
 * moved into the main file.  A round that meets trouble leaves the rest to the
 * next one; nothing is lost by that.
 */
#ifndef MILTER_UPKEEP_H
#define MILTER_UPKEEP_H

#include <stdint.h>

#include "milter/books.h"

struct upkeep {
	int64_t life_at;   /* when the next sign of life is due */
	int64_t expire_at; /* when to look for what may be forgotten */
};

/* One round. */
void upkeep_round(struct upkeep *upkeep, struct books *books, int64_t now);

/* Write what waits, for the last time; waits at most `milliseconds`. */
void upkeep_last(struct books *books, int64_t now, int64_t milliseconds);

#endif
