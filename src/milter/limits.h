/*
 * Clients against the limits of their policy.
 *
 * Of each client the table holds how many of its sessions have a slot, how
 * many came in this clock hour and in the one before, and its reputation.
 * What the database knows of that is read only where it decides: the sessions
 * once where there is a limit to them, the reputation where a poor client
 * would be over a limit; a reputation then stays for the clock hour, or until
 * one of the client's bans begins.  There is room for LIMITS_CLIENTS clients;
 * of those without a slot the ones that were not seen lately give way, and are
 * read anew when they come again.  A client for whom there is no room is not
 * limited.  Safe between threads.
 */
#ifndef MILTER_LIMITS_H
#define MILTER_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "core/policy.h"
#include "core/reputation.h"

struct database;
struct limits;
struct peer;

enum {
	LIMITS_CLIENTS = 16384
};

/* `database` is borrowed.  NULL without memory. */
struct limits *limits_new(struct database *database);
void limits_free(struct limits *limits);

/* A policy came into force: reputations are read anew. */
void limits_use(struct limits *limits);

/* Count a session of a client, whether or not there are limits. */
void limits_count(struct limits *limits, const struct net *client, int64_t now);

/*
 * A session at MAIL: the limit of its policy that it is over, or LIMIT_KINDS.
 * Where it is within the limit of connections it takes a slot and holds it
 * until limits_leave().  A client of whom the database does not tell in time
 * is a neutral one.
 */
enum limit_kind limits_admit(
    struct limits *limits, struct peer *peer, int64_t now);

/* Give back the slot of a session, where it holds one. */
void limits_leave(struct limits *limits, struct peer *peer);

#endif
