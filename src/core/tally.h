/*
 * What one client did in one hour, in numbers: the other side of a ratio.
 */
#ifndef CORE_TALLY_H
#define CORE_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/kind.h"

enum {
	RATIO_ONE = 10000 /* a ratio of 1.0 */
};

struct tally {
	int64_t sessions;   /* connections */
	int64_t messages;   /* messages whose end was seen */
	int64_t recipients; /* accepted at RCPT, probes left out */
	int64_t accepted;   /* messages accepted that made no event */
	int64_t kind[KIND_COUNT];
};

void tally_add(struct tally *sum, const struct tally *more);
bool tally_empty(const struct tally *tally);

/* The hour, in seconds since the epoch, that a time lies in. */
int64_t tally_hour(int64_t at);

#endif
