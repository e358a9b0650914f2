/*
 * What the client of one session is told at a step, and why.
 *
 * A session keeps the newest standing of its client, small: most clients are
 * clear and cost a few words, only that of a banned one is kept whole.  It is
 * read anew when the database changed or the clock alone may have changed it.
 * One thread at a time.
 */
#ifndef MILTER_VERDICT_H
#define MILTER_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "conf/conf.h"
#include "core/reply.h"
#include "core/reputation.h"
#include "core/standing.h"

struct database;
struct peer_bans;

/* What of one session the limits look at. */
struct presence {
	int64_t messages; /* whose end was seen in the session */
	bool slot;        /* it holds one of its client's slots */
	bool timely;      /* it came within the hour's limit */
};

/* The client of one session, as far as it is known. */
struct peer {
	const struct conf *conf;   /* borrowed */
	struct database *database; /* borrowed */
	bool known;                /* it has an address */
	bool exempt; /* no database is needed to know that no ban touches it */
	bool authenticated;
	enum service service;
	struct addr address;
	struct net client;
	int64_t left; /* milliseconds it may still wait for the database */

	struct presence presence;

	bool asked; /* the database was, for a standing of it */

	/* Its newest standing. */
	int64_t version; /* DATABASE_NO_VERSION: none yet */
	enum verdict verdict;
	int64_t checked_at;
	struct peer_bans *bans; /* owned; NULL where no ban holds */
};

/* A refusal: code, enhanced code (or empty) and text. */
struct refusal {
	char code[REPLY_CODE_SIZE];
	char enhanced[REPLY_ENHANCED_SIZE];
	char text[REPLY_TEXT_SIZE];
};

void verdict_init(
    struct peer *peer, struct database *database, const struct conf *conf);
void verdict_clear(struct peer *peer);

/* A client connected; `address` is NULL where it has none. */
void verdict_connect(
    struct peer *peer, const struct addr *address, enum service service);

/* Bring the standing up to date.  False where none can be had; an older one is
 * better than none, and bans that ended since refuse nothing. */
bool verdict_refresh(struct peer *peer, int64_t now);

/* The ban that refuses this session at a stage, or NULL; borrowed until the
 * next refresh.  `mail_open`: no hits close MAIL. */
const struct ban *verdict_ban(
    const struct peer *peer, enum stage stage, bool mail_open);

/* The newest ban of the client, by its id; 0 for none. */
int64_t verdict_newest(const struct peer *peer);

/* The words of a refusal.  A session hears the same reply of a ban from the
 * first time on, whatever its own hit makes of it. */
void verdict_refuse(
    struct peer *peer, const struct ban *ban, struct refusal *refusal);
void verdict_refuse_limit(const struct peer *peer, const struct limit *limit,
    struct refusal *refusal);

#endif
