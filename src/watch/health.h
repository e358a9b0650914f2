/*
 * Whether anything comes of a log: how many of its lines were read and
 * understood, what they told, and whether the clock of who writes it is this
 * host's.
 */
#ifndef WATCH_HEALTH_H
#define WATCH_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "rules/rules.h"
#include "store/store.h"

enum {
	HEALTH_SUMS = DAILY_DROPPED - DAILY_LINES + 1,
	HEALTH_LINES = 100, /* fewer say nothing of a log */
	HEALTH_PERCENT = 1, /* that must be understood */
	HEALTH_LAGGING = 3  /* lines in a row before their times are wrong */
};

/* All zero to begin with.  Sums are those of enum daily, from DAILY_LINES
 * on. */
struct health {
	int64_t fresh[HEALTH_SUMS]; /* not stored yet */
	int64_t hour[HEALTH_SUMS];  /* stored in this hour */
	int64_t hour_at;            /* when it ends */
	int64_t unread_at;          /* when to tell again */
	int64_t lagging_at;
	/* By how many half hours the last lines' times are ahead of when they
	 * were read, and how many lines in a row. */
	int64_t lag;
	int64_t lagging;
};

/* One more line and what it meant.  `dropped`: an offence that is another
 * program's to count.  `read` is when it was read, or 0 where the time in it
 * has its zone. */
void health_line(struct health *health, const struct finding *finding,
    bool dropped, int64_t read);

/* Add what is new to the sums of the day, and that this was committed. */
void health_put(const struct health *health, struct store *store,
    const char *source, int64_t now);
void health_stored(struct health *health, int64_t now);

/* Say in the log that next to nothing is understood, and, where the last lines
 * were written just now, that their times are of another zone; each once an
 * hour at most. */
void health_tell_unread(struct health *health, const char *source, int64_t now);
void health_tell_lag(struct health *health, const char *source,
    const struct rules_clock *clock, int64_t now);

#endif
