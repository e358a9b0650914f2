/*
 * The clients of a replay: who they are, what they sent that was accepted,
 * and which bans they had.  Grows with the number of clients, not of lines.
 */
#ifndef CTL_ROLL_H
#define CTL_ROLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/hash.h"

#define ROLL_NONE UINT32_MAX /* no ban */

struct roll_client {
	struct net who;
	int64_t messages;   /* accepted, and no offence; trial_accepted() */
	int64_t recipients; /* accepted */
	uint32_t newest;    /* of its bans, or ROLL_NONE */
	bool offended;
	int64_t set_off; /* when a session of its set off a ban, or INT64_MIN */
	/* Offences in a ban that no session's end has followed yet. */
	int64_t loose;
	int64_t loose_at;
	uint32_t loose_ban;
};

struct roll {
	struct roll_client *client;
	size_t clients;
	size_t room;                      /* of `client` */
	uint32_t *slot;                   /* index + 1 of a client, or 0 */
	size_t slots;                     /* a power of two */
	unsigned char key[HASH_KEY_SIZE]; /* nobody can aim at one slot */
};

void roll_init(
    struct roll *roll, const unsigned char key[static HASH_KEY_SIZE]);
void roll_clear(struct roll *roll);

/* The client, added where it is new; NULL without memory.  Stays until the
 * next is added. */
struct roll_client *roll_at(struct roll *roll, const struct net *who);

/* The client, or NULL. */
const struct roll_client *roll_find(
    const struct roll *roll, const struct net *who);

#endif
