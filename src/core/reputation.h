/*
 * Reputation: what a client's last 30 days say of it.
 *
 * It decides how much room the policy's limits leave, nothing else.  Bad are
 * its events but for greylisting, which meets every honest server once, and
 * going over a limit, which must not make a poor reputation poorer.
 */
#ifndef CORE_REPUTATION_H
#define CORE_REPUTATION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/tally.h"

enum {
	REPUTATION_SPAN = 30 * 24 * 3600 /* seconds it looks back */
};

enum reputation {
	REPUTATION_GOOD,
	REPUTATION_NEUTRAL, /* new clients, and all between the two others */
	REPUTATION_POOR,
	REPUTATION_COUNT
};

/* From where on it is which; ratios are bad / (bad + accepted messages), of
 * RATIO_ONE.  Poor is either by bans or by events. */
struct reputation_scale {
	int64_t good_messages; /* good: at least so many were accepted, */
	int64_t good_ratio;    /* at most so large a part was bad */
	int64_t poor_bans;     /* poor: at least so many bans; 0: never so */
	int64_t poor_events;   /* or at least so many bad events (one is the
				* least), */
	int64_t poor_ratio;    /* and at least so large a part was bad */
};

/* What is known of a client's last REPUTATION_SPAN seconds. */
struct reputation_facts {
	struct tally tally;
	int64_t bans; /* that began, neither observed nor mistaken */
};

/* A client with a ban among them, or without accepted mail, is never good. */
enum reputation reputation_of(
    const struct reputation_scale *scale, const struct reputation_facts *facts);

/* Events that count against a client. */
int64_t reputation_bad(const struct tally *tally);

/* "good", "neutral", "poor". */
const char *reputation_name(enum reputation reputation);

#endif
