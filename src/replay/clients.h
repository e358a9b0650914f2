/*
 * The clients of a replay: who they are, what they sent that was accepted,
 * and which bans they had.  Grows with the number of clients, not of lines.
 */
#ifndef REPLAY_CLIENTS_H
#define REPLAY_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/table.h"
#include "core/standing.h"

struct replay_client {
	struct net who; /* first: the key */
	bool offended;
	uint32_t newest;    /* of its bans, counted from 1; 0: it had none */
	int64_t messages;   /* accepted, and no offence; client_accepted() */
	int64_t recipients; /* accepted */
	int64_t set_off; /* when a session of its set off a ban, or INT64_MIN */
	/* Offences in a ban that no session's end has followed yet: how many,
	 * the last one's time, and in which ban. */
	int64_t unended;
	int64_t unended_at;
	uint32_t unended_ban;
};

struct replay_ban {
	struct ban ban;
	uint32_t client; /* its row */
	uint32_t before; /* the client's ban before it, from 1; 0: none */
	int64_t refused; /* attempts */
	int64_t lost;    /* messages accepted in them; client_lost() */
};

struct replay_clients {
	struct table table; /* of struct replay_client, as they were met */
	struct replay_ban *ban;
	size_t bans;
	size_t room; /* of `ban` */
};

void clients_init(struct replay_clients *clients);
void clients_clear(struct replay_clients *clients);

/* The client, added where it is new; NULL without memory.  Stays until the
 * next is added. */
struct replay_client *clients_at(
    struct replay_clients *clients, const struct net *who);

/* Its newest ban; false without memory. */
bool clients_add_ban(struct replay_clients *clients,
    struct replay_client *client, const struct ban *ban);

/* Put the bans into the order they are told in: those of suspects first, the
 * one with most accepted first, then in the order of time.  Numbers of bans
 * are of no use any more then. */
void clients_sort_bans(struct replay_clients *clients);

/* How many of its messages were accepted, and found to be no spam or virus
 * by a filter behind the queue; the same of those a ban would have refused. */
static inline int64_t
client_accepted(const struct replay_client *client)
{
	return client->messages > 0 ? client->messages : 0;
}

static inline int64_t
client_lost(const struct replay_ban *ban)
{
	return ban->lost > 0 ? ban->lost : 0;
}

/* Whether it may have been banned wrongly: it also had mail accepted.
 * Recipients are not enough: a client that guesses at them finds some. */
static inline bool
client_is_suspect(const struct replay_client *client)
{
	return client->messages > 0;
}

struct clients_sum {
	int64_t seen;      /* clients */
	int64_t offenders; /* of them, with offences */
	int64_t banned;    /* of them */
	int64_t suspects;  /* of those that were banned */
	int64_t bans;
	int64_t reason[REASON_COUNT]; /* of them */
	int64_t refused;
	int64_t lost;
};
struct clients_sum clients_sum(const struct replay_clients *clients);

#endif
