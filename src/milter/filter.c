#include "milter/filter.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/proc.h"
#include "base/table.h"

enum {
	STEP = 500,          /* bans taken in at a time */
	NEWS = 64,           /* the same by a session */
	ROOM_LEAST = 4096,   /* bans */
	ROOM_MOST = 1 << 24, /* beyond that it says "perhaps" more often */
	HASHES = 4           /* bits a network; 8 for each are there */
};

struct filter {
	/* Held for a moment, whoever asks or changes what follows. */
	pthread_mutex_t mutex;
	const struct store *store; /* or NULL */
	uint64_t look; /* store_glance() when it was followed; or 0 */
	bool whole;    /* no network is missing */

	/* Asked while `look` is what it is now, changed while it is 0. */
	uint64_t *bit;
	size_t room;                /* bans it is made for */
	bool length[ADDR_BITS + 1]; /* of networks in it */
	unsigned char seed[HASH_KEY_SIZE];

	/* Of who follows alone. */
	size_t added;
	int64_t changes; /* store_changes() then */
	struct store_followed followed;
};

struct filter *
filter_new(void)
{
	struct filter *filter = calloc(1, sizeof(*filter));

	if (filter != NULL) {
		(void)pthread_mutex_init(&filter->mutex, NULL);
		proc_random(filter->seed, sizeof(filter->seed));
		filter->changes = -1;
	}
	return filter;
}

void
filter_free(struct filter *filter)
{
	if (filter != NULL) {
		(void)pthread_mutex_destroy(&filter->mutex);
		free(filter->bit);
		free(filter);
	}
}

/* ---- the networks ---- */

/* The bits of a network, one after the other; `at` begins at 0. */
static size_t
next_bit(const struct filter *filter, uint64_t hash, uint64_t at)
{
	/* Two halves of one hash do for all (Kirsch and Mitzenmacher, 2006). */
	return (size_t)(((hash & UINT32_MAX) + at * (hash >> 32 | 1)) %
			(filter->room * 8));
}

static void
add(void *to, const struct net *net)
{
	struct filter *filter = to;
	const uint64_t hash = hash_bytes(filter->seed, net, sizeof(*net));

	filter->added++;
	if (filter->bit == NULL) {
		const int64_t about = filter->followed.about;

		filter->room = ROOM_MOST;
		if (about >= 0 && about < ROOM_MOST - ROOM_LEAST) {
			filter->room = (size_t)(about + about / 4 + ROOM_LEAST);
		}
		filter->room -= filter->room % 8;
		filter->bit = calloc(filter->room, 1);
		if (filter->bit == NULL) {
			return;
		}
	}
	for (uint64_t i = 0; i < HASHES; i++) {
		const size_t bit = next_bit(filter, hash, i);

		filter->bit[bit / 64] |= UINT64_C(1) << bit % 64;
	}
	filter->length[net->bits] = true;
}

static bool
is_there(const struct filter *filter, const struct net *net)
{
	const uint64_t hash = hash_bytes(filter->seed, net, sizeof(*net));

	for (uint64_t i = 0; i < HASHES; i++) {
		const size_t bit = next_bit(filter, hash, i);

		if ((filter->bit[bit / 64] >> bit % 64 & 1) == 0) {
			return false;
		}
	}
	return true;
}

/* Whether a network around the address may be there. */
static bool
is_around(const struct filter *filter, const struct addr *address)
{
	for (unsigned bits = addr_is_v4(address) ? ADDR_V4_OFFSET : 0;
	     bits <= ADDR_BITS; bits++) {
		if (filter->length[bits]) {
			const struct net net = net_cut(address, bits);

			if (is_there(filter, &net)) {
				return true;
			}
		}
	}
	return false;
}

bool
filter_has_nothing(const struct filter *filter, const struct addr *address)
{
	return filter->whole && !is_around(filter, address);
}

enum filter_answer
filter_ask(struct filter *filter, const struct addr *address)
{
	enum filter_answer answer = FILTER_SILENT;

	(void)pthread_mutex_lock(&filter->mutex);
	if (filter->look != 0 && store_glance(filter->store) == filter->look) {
		answer = filter_has_nothing(filter, address) ? FILTER_NOTHING
							     : FILTER_PERHAPS;
	}
	(void)pthread_mutex_unlock(&filter->mutex);
	return answer;
}

/* ---- following ---- */

void
filter_use(struct filter *filter, const struct store *store)
{
	(void)pthread_mutex_lock(&filter->mutex);
	filter->store = store;
	filter->look = 0;
	(void)pthread_mutex_unlock(&filter->mutex);
}

uint64_t
filter_look(struct filter *filter)
{
	uint64_t look;

	(void)pthread_mutex_lock(&filter->mutex);
	look = filter->store != NULL ? store_glance(filter->store) : 0;
	(void)pthread_mutex_unlock(&filter->mutex);
	return look;
}

void
filter_keep(struct filter *filter, uint64_t look)
{
	(void)pthread_mutex_lock(&filter->mutex);
	filter->look = filter->store != NULL ? look : 0;
	(void)pthread_mutex_unlock(&filter->mutex);
}

bool
filter_is_behind(struct filter *filter)
{
	bool whole;

	(void)pthread_mutex_lock(&filter->mutex);
	whole = filter->whole;
	(void)pthread_mutex_unlock(&filter->mutex);
	return !whole;
}

/* Say nothing until filter_keep(); `whole`: nor "nothing" then. */
static void
change(struct filter *filter, bool whole)
{
	(void)pthread_mutex_lock(&filter->mutex);
	filter->look = 0;
	filter->whole = whole;
	(void)pthread_mutex_unlock(&filter->mutex);
}

static void
begin_again(struct filter *filter)
{
	free(filter->bit);
	filter->bit = NULL;
	memset(filter->length, 0, sizeof(filter->length));
	filter->added = 0;
	filter->followed = (struct store_followed){ .rewritten = 0 };
}

bool
filter_follow(struct filter *filter, struct store *store, bool build)
{
	const int64_t changes = store_changes(store);
	const bool behind = filter_is_behind(filter);
	enum store_told told;

	if (behind ? !build : changes == filter->changes) {
		return behind;
	}
	change(filter, false);
	/* The upper half tells one opening of the database from another. */
	if (changes < 0 || changes >> 32 != filter->changes >> 32) {
		begin_again(filter);
	}
	filter->changes = changes;
	told = store_follow(
	    store, &filter->followed, behind ? STEP : NEWS, add, filter);
	if (told == STORE_TOLD_WRONG ||
	    (filter->added > 0 && filter->bit == NULL) ||
	    (filter->added > filter->room && filter->room < ROOM_MOST)) {
		begin_again(filter);
		return false; /* not at once */
	}
	if (told == STORE_TOLD_ALL) {
		change(filter, true);
	}
	return told == STORE_TOLD_SOME;
}
