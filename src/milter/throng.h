/*
 * Who is here: the clients that policies with limits look at.
 *
 * Of each the table knows how many sessions hold a slot, how many came in this
 * clock hour and in the one before, and its reputation.  What the database
 * holds of that is asked for only where it decides: the sessions once where
 * there is a limit to them, the reputation where a client of the worst one
 * would be over a limit; then it is good for the clock hour, or until one of
 * the client's bans begins.  There is room for THRONG_MAX clients; of those
 * without a slot the ones that were not met lately give way, and are learned
 * anew when they come again.  A client for whom there is no room is not
 * limited.
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

/* A policy with limits came into force: reputations are asked for anew.
 * Before the first nobody is remembered and counting costs nothing. */
void throng_use(struct throng *throng);

/* Count in `pending`, and here the sessions of whom is known. */
void throng_tally(struct throng *throng, const struct net *client, int64_t hour,
    const struct tally *more);

/* What only the database knows. */
enum throng_need {
	THRONG_NOTHING,
	THRONG_SESSIONS,
	THRONG_REPUTATION
};

/* How many sessions of a client it holds. */
struct throng_sessions {
	int64_t current; /* of the clock hour that `now` lies in */
	int64_t before;  /* of the hour before that */
};

/* Remember them.  Nobody may take rows out of `pending` between the asking of
 * the database and the return from here. */
void throng_learn_sessions(struct throng *throng, const struct net *client,
    const struct throng_sessions *sessions, int64_t now);

/* Remember its reputation, asked for when `ban` was its newest. */
void throng_learn_reputation(struct throng *throng, const struct net *client,
    enum reputation reputation, int64_t ban, int64_t now);

/* A session at MAIL. */
struct throng_case {
	const struct net *client;
	const struct limit *limit; /* LIMIT_KINDS of them */
	struct presence *presence;
	/* Nothing more can be learned: the reputation is neutral or what it
	 * was, and of sessions only those count that were seen here. */
	bool blindly;
	int64_t now;
};

/*
 * The limit that it is over, LIMIT_KINDS for none; where it is over none it
 * has taken its slot.  Where that cannot be said without the database *need
 * is what to learn first, and nothing else is done.
 */
enum limit_kind throng_admit(struct throng *throng,
    const struct throng_case *session, enum throng_need *need);

/* The session that holds a slot is gone. */
void throng_leave(struct throng *throng, const struct net *client);

/* How many clients are remembered. */
size_t throng_count(struct throng *throng);

#endif
