/*
 * Who is here: the clients that policies with limits look at.
 *
 * Of each the table knows how many sessions hold a slot, how many came in this
 * clock hour and in the one before, and its reputation; what the database
 * holds of that is learned once a client and hour, and again where one of its
 * bans began.  There is room for THRONG_MAX clients; of those without a slot
 * the ones that were not met lately give way, and are learned anew when they
 * come again.  A client for whom there is no room is not limited.
 *
 * Sessions of all clients are counted through here, so that none is missed or
 * counted twice while a client is being learned.  Safe between threads.
 */
#ifndef MILTER_THRONG_H
#define MILTER_THRONG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "core/limit.h"
#include "core/reputation.h"
#include "milter/desk.h"
#include "milter/pending.h"

enum {
	THRONG_MAX = 16384
};

struct throng;

/* `pending` is borrowed.  NULL without memory. */
struct throng *throng_new(struct pending *pending);
void throng_free(struct throng *throng);

/* A policy with limits came into force: before that nobody is remembered and
 * counting costs nothing. */
void throng_use(struct throng *throng);

/* Count in `pending`, and here the sessions of whom is known. */
void throng_tally(struct throng *throng, const struct net *client, int64_t hour,
    const struct tally *more);

/* What the database says of a client. */
struct throng_facts {
	enum reputation reputation;
	int64_t ban;      /* the newest it was asked with */
	int64_t sessions; /* of the clock hour that `now` lies in */
	int64_t before;   /* of the hour before that */
};

/* Whether nothing has to be learned of a client whose newest ban is this. */
bool throng_knows(
    struct throng *throng, const struct net *client, int64_t ban, int64_t now);

/* Remember what was learned.  Nobody may take rows out of `pending` between
 * the asking of the database and the return from here. */
void throng_learn(struct throng *throng, const struct net *client,
    const struct throng_facts *facts, int64_t now);

/* The limit that a session at MAIL is over, LIMIT_KINDS for none; where it is
 * over none it has taken its slot.  Of a client about whom nothing could be
 * learned the reputation is neutral and only what was seen here is known. */
enum limit_kind throng_admit(struct throng *throng, const struct net *client,
    const struct limit limit[static LIMIT_KINDS], struct presence *presence,
    int64_t now);

/* The session that holds a slot is gone. */
void throng_leave(struct throng *throng, const struct net *client);

/* How many clients are remembered. */
size_t throng_count(struct throng *throng);

#endif
