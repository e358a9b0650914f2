#include "web/rate.h"

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/addr.h"
#include "base/hash.h"
#include "base/proc.h"

enum {
	SETS = 1024,
	PLACES = 8, /* in a set: 8192 visitors, 128 KiB */
	V6_BITS = 64
};

#define MINUTE  INT64_C(60000000) /* in microseconds */
#define A_MILLI INT64_C(1000)

/*
 * A visitor, known by his hash.  Instead of counting what he has left, his
 * entry says when all of it will be his again: each request moves that on by
 * a minute's share, and it may lie a minute ahead at most.
 */
struct entry {
	uint64_t who;
	int64_t full_at; /* microseconds; in the past: nothing is used */
};

struct rate {
	pthread_mutex_t lock;
	unsigned char key[HASH_KEY_SIZE];
	struct entry entry[SETS][PLACES];
};

struct rate *
rate_new(void)
{
	struct rate *rate = calloc(1, sizeof(*rate));

	if (rate == NULL) {
		return NULL;
	}
	if (pthread_mutex_init(&rate->lock, NULL) != 0) {
		free(rate);
		return NULL;
	}
	proc_random(rate->key, sizeof(rate->key));
	return rate;
}

void
rate_free(struct rate *rate)
{
	if (rate != NULL) {
		(void)pthread_mutex_destroy(&rate->lock);
		free(rate);
	}
}

/* The visitor's entry, or the place of whoever has the most left. */
static struct entry *
find(struct rate *rate, uint64_t who)
{
	struct entry *set = rate->entry[who % SETS];
	struct entry *place = set;

	for (size_t i = 0; i < PLACES; i++) {
		if (set[i].who == who) {
			return &set[i];
		}
		if (set[i].full_at < place->full_at) {
			place = &set[i];
		}
	}
	*place = (struct entry){ .who = who };
	return place;
}

bool
rate_take(struct rate *rate, const struct addr *visitor, unsigned per_minute,
    int64_t ticks, int64_t *wait)
{
	const int64_t now = ticks * A_MILLI;
	struct net who = net_around(visitor, 32, V6_BITS);
	struct entry *entry;
	int64_t full_at;
	bool fine;

	*wait = 0;
	if (per_minute == 0) {
		return true;
	}
	(void)pthread_mutex_lock(&rate->lock);
	entry = find(rate, hash_bytes(rate->key, &who.addr, sizeof(who.addr)));
	full_at = (entry->full_at > now ? entry->full_at : now) +
		  MINUTE / per_minute;
	fine = full_at <= now + MINUTE;
	if (fine) {
		entry->full_at = full_at;
	} else {
		*wait = (full_at - now - MINUTE + 999999) / 1000000;
	}
	(void)pthread_mutex_unlock(&rate->lock);
	return fine;
}
