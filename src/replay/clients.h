/*
 * The clients of a replay: who they are, what they sent that was accepted,
 * and which bans they had.  Grows with the number of clients, not of lines.
 */
#ifndef REPLAY_CLIENTS_H
#define REPLAY_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "core/ban.h"

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

struct replay_clients;

/* NULL without memory; NULL is harmless to free. */
struct replay_clients *clients_new(void);
void clients_free(struct replay_clients *clients);

/* How many there are, and one of them, in the order they were met. */
size_t clients_count(const struct replay_clients *clients);
struct replay_client *clients_row(
    const struct replay_clients *clients, size_t number);

/* How many bans there are, and one of them by its number from 1. */
size_t clients_bans(const struct replay_clients *clients);
struct replay_ban *clients_ban(
    const struct replay_clients *clients, size_t number);

/* The client, added where it is new; NULL without memory.  Stays until the
 * next is added. */
struct replay_client *clients_at(
    struct replay_clients *clients, const struct net *who);

/* The client of a ban. */
const struct replay_client *clients_of(
    const struct replay_clients *clients, const struct replay_ban *ban);

/* Its newest ban; false without memory. */
bool clients_add_ban(struct replay_clients *clients,
    struct replay_client *client, const struct ban *ban);

/* Whether a client was ever banned. */
bool clients_banned(
    const struct replay_clients *clients, const struct net *who);

/* Put the bans into the order they are told in: those of suspects first, the
 * one with most accepted first, then in the order of time.  Numbers of bans
 * are of no use any more then. */
void clients_sort_bans(struct replay_clients *clients);

/* How many of its messages were accepted, and found to be no spam or virus
 * by a filter behind the queue; the same of those a ban would have refused. */
int64_t client_accepted(const struct replay_client *client);
int64_t client_lost(const struct replay_ban *ban);

/* Whether it may have been banned wrongly: it also had mail accepted.
 * Recipients are not enough: a client that guesses at them finds some. */
bool client_is_suspect(const struct replay_client *client);

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
