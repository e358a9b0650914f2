/*
 * Statistics of the whole host: what is listed now and what was counted by
 * day, for the page of figures, the metrics and the line "so many addresses
 * are listed".  Nothing in them is about a single client.
 *
 * They cost more the more is listed, about a second at a million.  So they are
 * counted when somebody asks and the newest are stale: by one request, while
 * the others go on with what there is, and no request for a mere page waits
 * for a count that takes long.
 */
#ifndef WEB_STATS_H
#define WEB_STATS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "core/kind.h"
#include "core/reputation.h"

struct conf;

enum {
	STATS_DAYS = 30
};

/* What is counted by day. */
enum stats_cell {
	STATS_EVENTS,                           /* by kind */
	STATS_BANS = STATS_EVENTS + KIND_COUNT, /* enforced ones that began, by
						 * reason */
	STATS_REFUSED = STATS_BANS + REASON_COUNT,    /* sessions, by the ban's
						    * reason */
	STATS_LIMITED = STATS_REFUSED + REASON_COUNT, /* sessions that met a
						       * limit */
	STATS_SESSIONS = STATS_LIMITED + LIMIT_KINDS,
	STATS_MESSAGES,
	STATS_ACCEPTED,
	STATS_RECIPIENTS,
	STATS_CELLS
};

/* One day, UTC. */
struct stats_day {
	int64_t day; /* its first second */
	int64_t cell[STATS_CELLS];
};

enum stats_family {
	STATS_V4,
	STATS_V6,
	STATS_FAMILIES
};

/* Programs that give signs of life. */
enum stats_program {
	STATS_MILTER,
	STATS_WATCH,
	STATS_PROGRAMS
};

struct stats {
	int64_t at; /* when they were counted */
	/* Clients and networks with a live enforced ban now. */
	int64_t family[STATS_FAMILIES];
	int64_t listed[REASON_COUNT];     /* live enforced bans */
	struct stats_day day[STATS_DAYS]; /* the last is today */
	struct stats_day total; /* of all days that are kept; `day` is 0 */
	/* As `total`, and what a day took along when it was forgotten stays
	 * counted: while this process runs it never falls. */
	struct stats_day counter;
	int64_t database_bytes;
	int64_t schema_version;
	int64_t life[STATS_PROGRAMS]; /* newest sign of life; -1: none */
	int64_t watch_behind; /* seconds the watcher is behind; -1: unknown */
	int64_t brake;        /* 1 while it is on */
};

/* The newest, and when to count again.  Private. */
struct stats_keeper {
	pthread_mutex_t counting; /* whoever counts has it, and these two */
	struct log_gate gate;
	struct stats work;
	pthread_mutex_t lock; /* of what follows */
	bool known;
	atomic_bool wanted; /* by a request that could not wait */
	int64_t cost;       /* milliseconds the newest took */
	int64_t stale_at;   /* ticks */
	int64_t good_until; /* ticks: older ones are not shown any more */
	struct stats newest;
};

void stats_init(struct stats_keeper *keeper);

/* Count at the next tick: the configuration may name another database. */
void stats_reset(struct stats_keeper *keeper);

/* A copy of the newest, counted anew where they are stale; false where the
 * database cannot be read.  Without `all` only `family` is set, which every
 * page says, and that never takes long. */
bool stats_get(struct stats_keeper *keeper, const struct conf *conf, bool all,
    struct stats *out);

/* Count for those that could not wait; to be called every second. */
void stats_tick(struct stats_keeper *keeper, const struct conf *conf);

#endif
