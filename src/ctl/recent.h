/*
 * The last quarter of an hour, in memory: what was written since the last look
 * is added, so that a look costs as little as there is new.
 */
#ifndef CTL_RECENT_H
#define CTL_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/table.h"
#include "core/kind.h"
#include "ctl/ctl.h"

enum {
	RECENT_SPANS = 3,         /* a minute, five, and all of it */
	RECENT_QUARTER = 15 * 60, /* that is, in seconds */
	RECENT_ALL = KIND_COUNT,  /* behind the kinds: offences of all, */
	RECENT_BANS,              /* bans that began, */
	RECENT_REFUSED,           /* refused sessions */
	RECENT_COUNTS,            /* of these */
	RECENT_NEW_BANS = 10,     /* kept */
	RECENT_BUSIEST = 64,      /* clients that are told apart */
	RECENT_SAMPLES = 1024,    /* more than a second each */
	RECENT_DETAIL_SIZE = 320,
	RECENT_REASON_SIZE = 16
};

/* In seconds. */
extern const int64_t recent_spans[RECENT_SPANS];

/* An offence, or a ban that began. */
struct offence {
	struct net client;
	int64_t at;
	size_t kind; /* or RECENT_BANS */
};

struct recent_client {
	struct net client; /* the key */
	int64_t events[RECENT_SPANS];
	int64_t of_kind[KIND_COUNT];
};

struct recent_ban {
	int64_t at;
	char who[NET_TEXT_SIZE];
	char reason[RECENT_REASON_SIZE];
	char detail[RECENT_DETAIL_SIZE];
};

struct recent {
	/* ---- as of the last look ---- */
	int64_t count[RECENT_COUNTS][RECENT_SPANS];
	bool known[RECENT_SPANS]; /* refused sessions: it looked so long */
	/* The busiest first: by five minutes, then by all of it. */
	const struct recent_client *busiest[RECENT_BUSIEST];
	size_t busy;
	int64_t refused_today[CAUSE_COUNT]; /* the day is UTC's */
	int64_t sessions_today;
	struct recent_ban ban[RECENT_NEW_BANS]; /* a ring */
	size_t bans;                            /* that were put there */

	/* ---- what it is made of ---- */
	struct ctl *ctl;
	bool begun;
	int64_t seen[HAPPENED_SORTS]; /* ids up to which all is here */
	struct offence *offence;
	size_t offences;
	struct table clients; /* struct recent_client */
	/* Refused sessions since the day on which it began, by time. */
	struct sample {
		int64_t at;
		int64_t refused;
	} sample[RECENT_SAMPLES];
	size_t samples;
	int64_t first_day;
	int64_t refused;
};

/* False without memory.  `recent` is zeroed before. */
bool recent_init(struct recent *recent, struct ctl *ctl);
void recent_clear(struct recent *recent);

/* Look at ctl->now, in a bracket of the caller's, who says afterwards in
 * `begun` whether it ended well.  Of very much the newest is looked at. */
void recent_look(struct recent *recent);

/* The ban that is the n-th newest, from 0; NULL where there is none. */
const struct recent_ban *recent_ban_at(const struct recent *recent, size_t n);

/* Another database has other ids: begin again. */
void recent_restart(struct recent *recent);

#endif
