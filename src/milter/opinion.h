/*
 * What a session holds of its client: the newest standing, kept small.
 *
 * Most clients are clear and cost a few words; only that of a banned one is
 * kept whole.  It is asked for anew when the database changed or the clock
 * alone may have changed it.
 */
#ifndef MILTER_OPINION_H
#define MILTER_OPINION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/standing.h"
#include "milter/desk.h"

/* What a session is told of one ban, from its first refusal to its last. */
struct heard {
	int64_t ban;
	bool again;
};

/* Of a client that is banned. */
struct opinion_banned {
	struct standing standing;
	struct heard heard[STANDING_BANS_MAX];
	size_t bans; /* that were heard of; the oldest gives way */
};

struct opinion {
	int64_t version; /* DESK_NO_VERSION: none yet */
	enum verdict verdict;
	int64_t checked_at;
	struct opinion_banned *banned; /* owned; NULL where no ban holds */
};

void opinion_init(struct opinion *opinion);
void opinion_clear(struct opinion *opinion);

/* Bring it up to date.  False where none can be had; an older one is better
 * than none, and bans that ended since speak no more. */
bool opinion_refresh(struct opinion *opinion, const struct desk *desk,
    struct visitor *visitor, int64_t now);

/* The ban that speaks to such a session, or NULL; borrowed until the next
 * refresh. */
const struct ban *opinion_speaker(
    const struct opinion *opinion, const struct session_facts *facts);

/* What the session hears of that ban: the same from the first time it was
 * asked for, lest its own hit turn the reply over. */
const struct reply *opinion_reply(
    struct opinion *opinion, const struct ban *ban);

/* The newest ban of the client, by its id; 0 for none. */
int64_t opinion_newest(const struct opinion *opinion);

#endif
