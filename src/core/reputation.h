/*
 * Reputation: what a client's last 30 days say of it; and the limits that go
 * by it: how much one client may do at a time.
 *
 * It decides how much room the limits leave, nothing else.  Bad are
 * its events but for greylisting, which meets every honest server once, and
 * going over a limit, which must not make a poor reputation poorer.
 */
#ifndef CORE_REPUTATION_H
#define CORE_REPUTATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/words.h"
#include "core/kind.h"
#include "core/reply.h"

enum {
	REPUTATION_SPAN = 30 * 24 * 3600, /* seconds it looks back */
	/* A banned client may have been banned wrongly, is a suspect, where so
	 * many of its messages were accepted before and found to be no spam
	 * or virus.  Recipients are not enough: who guesses at them finds
	 * some. */
	SUSPECT_ACCEPTED = 1
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
	int64_t bans; /* of rules that began, neither observed nor lifted */
};

/* A client with a ban among them, or without accepted mail, is never good. */
enum reputation reputation_of(
    const struct reputation_scale *scale, const struct reputation_facts *facts);

/* Whether its bans alone make it poor. */
bool reputation_by_bans(
    const struct reputation_scale *scale, const struct reputation_facts *facts);

/* Events that count against a client. */
int64_t reputation_bad(const struct tally *tally);

/* "good", "neutral", "poor". */
const char *reputation_name(enum reputation reputation);

/* A limit is no ban: a client below it notices nothing, and one above gets the
 * limit's own reply for as long as that lasts. */
enum limit_kind {
	LIMIT_CONNECTIONS, /* at once */
	LIMIT_MESSAGES,    /* in one connection */
	LIMIT_HOURLY,      /* connections in an hour */
	LIMIT_KINDS
};

struct limit {
	int64_t most[REPUTATION_COUNT]; /* 0: no such limit */
	struct reply reply;
};

/* "connections", "messages", "hourly". */
extern const struct words limit_words;
const char *limit_name(enum limit_kind kind);

/* Whether it limits anybody. */
static inline bool
limit_is_set(const struct limit *limit)
{
	for (int i = 0; i < REPUTATION_COUNT; i++) {
		if (limit->most[i] > 0) {
			return true;
		}
	}
	return false;
}

/*
 * Connections in the hour that ends at `now`, reckoned from those of the
 * clock hour it lies in and of the one before: of the latter so large a part
 * as still lies within the hour.
 */
int64_t limit_hourly(int64_t before, int64_t current, int64_t now);

#endif
