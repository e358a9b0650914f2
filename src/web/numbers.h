/*
 * Numbers of the whole host: what is listed now and what was counted by day,
 * for statistics, metrics and the line "so many addresses are listed".
 *
 * They cost more the more is listed, so a thread of its own collects them every
 * few seconds; a request takes a copy of the newest.  Nothing in them is about
 * a single client.
 */
#ifndef WEB_NUMBERS_H
#define WEB_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/kind.h"
#include "core/limit.h"

struct conf;
struct numbers_keeper;

enum {
	NUMBERS_DAYS = 30
};

/* One day, UTC. */
struct numbers_day {
	int64_t day; /* its first second */
	int64_t event[KIND_COUNT];
	int64_t ban[REASON_COUNT];     /* enforced ones that began */
	int64_t refused[REASON_COUNT]; /* sessions, by the ban's reason */
	int64_t limited[LIMIT_KINDS];  /* sessions that met a limit */
	int64_t sessions;
	int64_t messages;
	int64_t recipients;
	int64_t accepted;
};

struct numbers {
	int64_t at; /* when they were collected */
	int64_t v4; /* clients and networks listed now */
	int64_t v6;
	int64_t listed[REASON_COUNT];         /* live enforced bans */
	struct numbers_day day[NUMBERS_DAYS]; /* the last is today */
	struct numbers_day total; /* of all days that are kept; `day` is 0 */
	/* As `total`, and what a day took along when it was forgotten stays
	 * counted: while this process runs it never falls. */
	struct numbers_day counter;
	int64_t database_bytes;
	int64_t schema_version;
	int64_t milter_life; /* newest sign of life; 0: none */
	int64_t watch_life;
	int64_t watch_behind; /* seconds the watcher is behind; -1: unknown */
	bool brake;
	int64_t brake_since;
};

/*
 * Collect once, then go on in a thread until numbers_stop().  Of `conf` a
 * reference is taken.  NULL where it cannot be done; a database that cannot
 * be read is tried again every second.
 */
struct numbers_keeper *numbers_start(struct conf *conf);
void numbers_reload(struct numbers_keeper *keeper, struct conf *conf);
void numbers_stop(struct numbers_keeper *keeper);

/* A copy of the newest; false while there are none, or they are so old that
 * the database cannot be read. */
bool numbers_newest(struct numbers_keeper *keeper, struct numbers *out);

/* The same of how many are listed alone, which every page says.  Nothing
 * else of `out` is set. */
bool numbers_listed(struct numbers_keeper *keeper, struct numbers *out);

#endif
