/*
 * The table of clients that the throng remembers, by network: one look-up in
 * a hash table, all in one block that grows.
 *
 * There is room for so many as it was made for; then the ones without a slot
 * give way, those first that were not met lately.  It has no lock of its own:
 * whoever owns it holds one during each call and as long as a guest that it
 * gave back is used, which is good only until the next guests_make().
 */
#ifndef MILTER_GUESTS_H
#define MILTER_GUESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "core/reputation.h"
#include "milter/pending.h"

enum {
	GUESTS_BUCKETS = 4096 /* a power of two */
};

/* One client. */
struct guest {
	struct net client;
	uint32_t next;  /* index + 1 of the next in the bucket, 0 for none */
	uint32_t slots; /* taken by its sessions */
	bool met;       /* lately: not the first to give way */
	bool counted;   /* all of its sessions, whoever saw them */
	bool known;     /* its reputation, in this hour */
	enum reputation reputation;
	int64_t ban;      /* the newest its reputation knows of */
	int64_t hour;     /* which clock hour this is */
	int64_t sessions; /* in it */
	int64_t before;   /* in the one before */
};

struct guests {
	struct pending *pending; /* borrowed */
	uint64_t seed;
	uint32_t first[GUESTS_BUCKETS]; /* index + 1, 0 for none */
	struct guest *guest;            /* dense: 0 to used - 1 */
	size_t used;
	size_t room;
	size_t most;
	size_t hand; /* where to look next for one that may give way */
};

/* Set up `guests`, all zero so far, for `most` clients: a power of two from
 * 64 on. */
void guests_init(struct guests *guests, struct pending *pending, size_t most);
void guests_clear(struct guests *guests);

/* The client's, now met, or NULL. */
struct guest *guests_find(struct guests *guests, const struct net *client);

/* The same; whoever is new starts with what is pending of it in this clock
 * hour and the one before.  NULL where there is no room. */
struct guest *guests_make(
    struct guests *guests, const struct net *client, int64_t hour);

/* A new hour may have begun: a reputation may be another one then. */
void guest_roll(struct guest *guest, int64_t hour);

/* Count more sessions of an hour, where it is this one or the one before. */
void guest_add_sessions(struct guest *guest, int64_t hour, int64_t more);

#endif
