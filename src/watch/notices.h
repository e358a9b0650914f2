/*
 * What happened that the administrator should know of at once, read from the
 * database: bans by whatever program are seen.
 *
 * Which of it was told is kept in the database, so that a restart tells
 * nothing twice.
 */
#ifndef WATCH_NOTICES_H
#define WATCH_NOTICES_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"

struct announce;

enum {
	NOTICES_SOURCES = CONF_LIST_MAX + 1
};

/* All zero to begin with. */
struct notices {
	bool begun;
	/* Told: bans up to that id, the brake and damage of those times. */
	struct notices_told {
		int64_t ban;
		int64_t brake;
		int64_t damaged;
	} told;
	bool was_open; /* the database could be read once */
	bool database; /* that it cannot was told */
	bool alive[2]; /* a service was seen alive since the start, and
			       * nothing was told since */
	struct notices_source {
		char mark[64];    /* how far it was read */
		int64_t since;    /* when that changed last; 0: not known */
		int64_t sessions; /* that the milter had seen then */
		bool told;
	} source[NOTICES_SOURCES];
};

/* Look for news and hand them on.  No database stays open. */
void notices_look(struct notices *notices, const struct conf *conf,
    struct announce *announce, int64_t now);

#endif
