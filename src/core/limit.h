/*
 * Limits: how much one client may do at a time, by its reputation.
 *
 * Not a ban: a client below a limit notices nothing, and one above gets the
 * limit's own reply for as long as that lasts.
 */
#ifndef CORE_LIMIT_H
#define CORE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/words.h"
#include "core/reply.h"
#include "core/reputation.h"

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

/*
 * The text after code and enhanced code, as reply_phrase() has it for bans:
 *
 *   Too many connections, slow down. [192.0.2.7]. See
 *   https://postmaster.example/?ip=192.0.2.7 OFR004_104 [104]
 */
char *limit_phrase(const struct limit *limit, const char *who,
    const char *lookup_url, char text[static REPLY_TEXT_SIZE]);

#endif
