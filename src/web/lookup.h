/*
 * What the page reads from the database: the standing of an address, what was
 * seen of it, and statistics of the whole host.
 *
 * Any thread may ask.  A database that is missing today is no reason not to
 * serve tomorrow: it is opened again after anything went wrong, when the file
 * was replaced, or when the configuration names another.  What is wrong is
 * logged once a minute.
 */
#ifndef WEB_LOOKUP_H
#define WEB_LOOKUP_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "conf/conf.h"
#include "core/kind.h"
#include "core/standing.h"
#include "engine/engine.h"

/* ---- damage (inspection.c) ---- */

/*
 * Inspects the whole database for damage, which may lie where no look-up meets
 * it: at first, once it is another file, and once an hour, less often where it
 * takes long.  That is done in a thread of its own with a handle of its own, so
 * that nobody waits.  Damage is logged.
 */
struct inspection {
	pthread_mutex_t lock; /* of the rest */
	pthread_cond_t ended;
	pthread_t thread;
	char path[CONF_PATH_SIZE];
	bool begun;   /* the thread is to be joined */
	bool goes_on; /* and works */
	bool known;   /* one was finished */
	bool damaged; /* by the newest */
	int64_t at;   /* ticks; the next is due */
	atomic_bool leave;
};

void inspection_init(struct inspection *inspection);
/* Begin one where it is due; to be called every second by the main thread. */
void inspection_tick(struct inspection *inspection, const char *database);
/* The file is another one: what was found is not of it. */
void inspection_again(struct inspection *inspection);
/* Wait until the one that goes on is finished. */
void inspection_wait(struct inspection *inspection);
/* Whether the first goes on still, and whether the newest found damage. */
bool inspection_is_awaited(struct inspection *inspection);
bool inspection_found_damage(struct inspection *inspection);
/* Leave off. */
void inspection_end(struct inspection *inspection);

/* ---- addresses ---- */

enum {
	LOOKUP_READERS = 2 /* as many threads answer on a listener */
};

/* A handle for reading, and who has it. */
struct lookup_reader {
	pthread_mutex_t lock;
	struct store *store; /* NULL: to be opened */
	char path[CONF_PATH_SIZE];
	bool reading; /* since `read_at`, in ticks */
	int64_t read_at;
	int64_t tended_at;
};

/* All zero until lookup_init(). */
struct lookup {
	struct lookup_reader reader[LOOKUP_READERS];
	pthread_mutex_t lock; /* of the rest */
	struct log_gate gate;
	char why[STORE_ERROR_SIZE]; /* it failed last, without the path */
	atomic_bool failing;        /* so that its end is worth a line */
	struct inspection inspection;
};

/* Whether it takes longer to inspect the database, and to count what is in it,
 * than visitors are to wait. */
bool lookup_is_big(const struct conf *conf);

void lookup_init(struct lookup *lookup);
void lookup_close(struct lookup *lookup);

enum {
	LOOKUP_HOURS = 48
};

#define LOOKUP_HOUR INT64_C(3600)

/* What was seen of a client, hour by hour, and what that has come to. */
struct lookup_hours {
	enum reputation reputation;
	int64_t bans; /* of the last 30 days, where they alone make it poor */
	int64_t from; /* the first hour; the last is that of now */
	struct tally hour[LOOKUP_HOURS];
};

/* Beside the bans of a standing: what follows each, and why they began, as far
 * as it was looked up, which is for those who may see it. */
struct lookup_bans {
	struct next_ban next[STANDING_BANS_MAX];
	struct why why[STANDING_BANS_MAX];
};

/* Take a handle that nobody has now, and begin to read; NULL where there is no
 * database, which is logged.  Then judge what it came to, and give it back:
 * false where it could not be read. */
struct lookup_reader *lookup_begin(
    struct lookup *lookup, const struct conf *conf);
bool lookup_end(struct lookup *lookup, struct lookup_reader *reader);

/* Each gives back false where the database cannot be read now.  `bans` may be
 * NULL. */
bool lookup_standing(struct lookup *lookup, const struct conf *conf,
    const struct addr *address, int64_t now, struct standing *standing,
    struct lookup_bans *bans);
/* Why its bans began, or `only` that one of them. */
bool lookup_why(struct lookup *lookup, const struct conf *conf,
    const struct standing *standing, const struct ban *only,
    struct lookup_bans *bans);
/* A ban of the past, why it began, and what follows it now. */
struct lookup_past {
	struct ban ban; /* id 0: there is none of that ref */
	struct next_ban next;
	struct why why;
};
bool lookup_past(struct lookup *lookup, const struct conf *conf,
    const char *ref, int64_t now, struct lookup_past *past);
/* What was seen of an address's client in the last LOOKUP_HOURS hours, and its
 * reputation. */
bool lookup_hours(struct lookup *lookup, const struct conf *conf,
    const struct addr *address, int64_t now, struct lookup_hours *hours);

/* A look-up as any other, of an address of no importance: false, with the
 * reason ("database disk image is malformed"), where the page has no answers,
 * and where the newest inspection found damage. */
bool lookup_check(struct lookup *lookup, const struct conf *conf, int64_t now,
    char why[static STORE_ERROR_SIZE]);

/* Whether the services that ever ran live and can write, and nothing was
 * damaged that no administrator has seen: false with the reason. */
bool lookup_health(struct lookup *lookup, const struct conf *conf, int64_t now,
    char why[static STORE_ERROR_SIZE]);

/* To be called every second: look after the handles, so that the last request
 * does not keep the log from being emptied, nor an idle handle a file that was
 * replaced; and inspect the database where that is due. */
void lookup_tick(struct lookup *lookup, const struct conf *conf);

/* ---- statistics: nothing in them is about a single client ---- */

enum {
	STATS_DAYS = 30,
	STATS_SUMS = DAILY_LOST + 1,
	STATS_WORDS = KIND_COUNT, /* the most that a sum is counted by */
	STATS_SOURCES_MAX = 32    /* more are left out */
};

/* What is counted by day, in the order of enum daily: its name, and the words
 * it is counted by; NULL: it is one number. */
struct stats_sum {
	const char *name;
	const struct words *words;
};
extern const struct stats_sum stats_sums[STATS_SUMS];

/* One day, UTC. */
struct stats_day {
	int64_t day;                          /* its first second */
	int64_t sum[STATS_SUMS][STATS_WORDS]; /* 0 behind the words */
};

enum stats_family {
	STATS_V4,
	STATS_V6,
	STATS_FAMILIES
};

extern const struct words family_words; /* "ipv4", "ipv6" */

/* Programs that give signs of life. */
enum stats_program {
	STATS_MILTER,
	STATS_WATCH,
	STATS_PROGRAMS
};

/* What the watcher read of one log today and yesterday. */
struct stats_source {
	char name[CONF_PATH_SIZE]; /* a path, or "journal" */
	int64_t lines;
	int64_t understood;
	int64_t findings;
	int64_t dropped; /* findings that are another program's to count */
};

struct stats {
	int64_t at; /* when they were counted */
	/* With a live enforced ban now; a network counts as one. */
	int64_t addresses[STATS_FAMILIES];
	int64_t networks[STATS_FAMILIES];
	int64_t family[STATS_FAMILIES];   /* both together */
	int64_t listed[CAUSE_COUNT];      /* live enforced bans */
	struct stats_day day[STATS_DAYS]; /* the last is today */
	struct stats_day total; /* of all days that are kept; `day` is 0 */
	/* As `total`, and what a day took along when it was forgotten stays
	 * counted: while this process runs it never falls. */
	struct stats_day counter;
	int64_t database_bytes;
	int64_t damaged; /* and not seen */
	int64_t schema_version;
	int64_t life[STATS_PROGRAMS]; /* newest sign of life; -1: none */
	int64_t watch_behind; /* seconds the watcher is behind; -1: unknown */
	int64_t brake;        /* 1 while it is on */
	struct milter_seen seen;
	struct stats_source source[STATS_SOURCES_MAX];
	size_t sources;
};

/*
 * The newest, and when to count again.  Counting costs more the more is
 * listed, about a second at a million.  So it is done when somebody asks and
 * the newest are stale: by one request, while the others go on with what there
 * is, and no request for a mere page waits for a count that takes long.  All
 * zero but lock and condition, until stats_reset().
 */
struct stats_keeper {
	pthread_mutex_t lock;
	pthread_cond_t counted;
	bool counting; /* by one, who has these two */
	struct log_gate gate;
	struct stats work;
	bool known;
	bool failed;        /* the newest count */
	bool wanted;        /* by a request that could not wait */
	int64_t cost;       /* milliseconds the newest took */
	int64_t stale_at;   /* ticks */
	int64_t good_until; /* ticks: older ones are not shown any more */
	struct stats newest;
};

/* Count at the next tick: the configuration may name another database. */
void stats_reset(struct stats_keeper *keeper);

enum stats_wanted {
	STATS_BLOCKED, /* `at`, `addresses` and `networks`, now or not at all */
	STATS_DATED,   /* all; where counting takes long, of an hour ago at
	                * most, which is told, or not at all */
	STATS_NEW      /* all, and as new as they are to be */
};

/* A copy of the newest, counted anew where they are stale; false where there are
 * none or the database cannot be read. */
bool stats_get(struct stats_keeper *keeper, const struct conf *conf,
    enum stats_wanted wanted, struct stats *out);

/* Whether it will be counted at the next tick, or is now. */
bool stats_are_awaited(struct stats_keeper *keeper);

/* Count for those that could not wait; to be called every second. */
void stats_tick(struct stats_keeper *keeper, const struct conf *conf);

#endif
