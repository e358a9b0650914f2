#include "milter/pending.h"

#include <pthread.h>
#include <stdlib.h>

#include "milter/bucket.h"

enum {
	BUCKETS = 4096, /* a power of two */
	ROWS_FIRST = 64,
	/* More room than this is given back when the rows are written. */
	ROWS_KEPT = 4096
};

struct slot {
	struct pending_row row;
	uint32_t next; /* index + 1 of the next in the bucket, 0 for none */
};

struct pending {
	pthread_mutex_t mutex;
	uint64_t seed;
	uint32_t first[BUCKETS]; /* index + 1, 0 for none */
	struct slot *slot;       /* dense: 0 to used - 1 */
	size_t used;
	size_t room;
	int64_t dropped;
};

struct pending *
pending_new(void)
{
	struct pending *pending = calloc(1, sizeof(*pending));

	if (pending == NULL) {
		return NULL;
	}
	(void)pthread_mutex_init(&pending->mutex, NULL);
	pending->seed = bucket_seed();
	return pending;
}

void
pending_free(struct pending *pending)
{
	if (pending == NULL) {
		return;
	}
	(void)pthread_mutex_destroy(&pending->mutex);
	free(pending->slot);
	free(pending);
}

/* That of a tally is its client's, whatever the hour, so that all its hours
 * are found in one place. */
static uint32_t *
bucket_of(struct pending *pending, const struct pending_row *row)
{
	uint64_t hash = row->what == PENDING_TALLY
			    ? bucket_of_client(pending->seed, &row->client)
			    : bucket_of_words(pending->seed,
				  (uint64_t)row->number, row->what);

	return &pending->first[hash & (BUCKETS - 1)];
}

static bool
same_key(const struct pending_row *a, const struct pending_row *b)
{
	return a->what == b->what && a->number == b->number &&
	       (a->what != PENDING_TALLY || net_equal(&a->client, &b->client));
}

static struct pending_row *
find(struct pending *pending, const struct pending_row *key)
{
	uint32_t at = *bucket_of(pending, key);

	while (at != 0) {
		struct slot *slot = &pending->slot[at - 1];

		if (same_key(&slot->row, key)) {
			return &slot->row;
		}
		at = slot->next;
	}
	return NULL;
}

static bool
make_room(struct pending *pending)
{
	size_t room = pending->room == 0 ? ROWS_FIRST : pending->room * 2;
	struct slot *slot;

	if (pending->used < pending->room) {
		return true;
	}
	if (pending->used == PENDING_ROWS_MAX) {
		return false;
	}
	slot = realloc(pending->slot, room * sizeof(*slot));
	if (slot == NULL) {
		return false;
	}
	pending->slot = slot;
	pending->room = room;
	return true;
}

static void
merge(struct pending_row *into, const struct pending_row *more)
{
	tally_add(&into->tally, &more->tally);
	into->times += more->times;
	if (more->told > into->told) {
		into->told = more->told;
	}
}

/* With the mutex held. */
static void
add(struct pending *pending, const struct pending_row *row)
{
	struct pending_row *there = find(pending, row);
	uint32_t *first;

	if (there != NULL) {
		merge(there, row);
		return;
	}
	if (!make_room(pending)) {
		pending->dropped++;
		return;
	}
	first = bucket_of(pending, row);
	pending->slot[pending->used] = (struct slot){ .row = *row,
		.next = *first };
	pending->used++;
	*first = (uint32_t)pending->used;
}

static void
add_locked(struct pending *pending, const struct pending_row *row)
{
	(void)pthread_mutex_lock(&pending->mutex);
	add(pending, row);
	(void)pthread_mutex_unlock(&pending->mutex);
}

void
pending_tally(struct pending *pending, const struct net *client, int64_t hour,
    const struct tally *more)
{
	add_locked(pending, &(struct pending_row){ .what = PENDING_TALLY,
				.client = *client,
				.number = hour,
				.tally = *more });
}

void
pending_hit(struct pending *pending, const struct ban *ban, int64_t told)
{
	add_locked(pending, &(struct pending_row){ .what = PENDING_HITS,
				.number = ban->id,
				.reason = ban->reason,
				.times = 1,
				.told = told });
}

void
pending_limited(struct pending *pending, enum limit_kind limit, int64_t told)
{
	add_locked(pending, &(struct pending_row){ .what = PENDING_LIMITED,
				.number = limit,
				.times = 1,
				.told = told });
}

/* Of one hour, or of all where `hour` is NULL. */
static struct tally
sum_of(struct pending *pending, const struct net *client, const int64_t *hour)
{
	const struct pending_row key = { .what = PENDING_TALLY,
		.client = *client };
	struct tally sum = { .sessions = 0 };

	(void)pthread_mutex_lock(&pending->mutex);
	for (uint32_t at = *bucket_of(pending, &key); at != 0;
	     at = pending->slot[at - 1].next) {
		const struct pending_row *row = &pending->slot[at - 1].row;

		if (row->what == PENDING_TALLY &&
		    net_equal(&row->client, client) &&
		    (hour == NULL || *hour == row->number)) {
			tally_add(&sum, &row->tally);
		}
	}
	(void)pthread_mutex_unlock(&pending->mutex);
	return sum;
}

struct tally
pending_sum(struct pending *pending, const struct net *client)
{
	return sum_of(pending, client, NULL);
}

int64_t
pending_sessions(
    struct pending *pending, const struct net *client, int64_t hour)
{
	return sum_of(pending, client, &hour).sessions;
}

/* Take the last slot out of its bucket.  Buckets grow at their head, so the
 * last slot is the first of its own. */
static void
drop_last(struct pending *pending)
{
	const struct slot *last = &pending->slot[pending->used - 1];

	*bucket_of(pending, &last->row) = last->next;
	pending->used--;
}

size_t
pending_take(struct pending *pending, struct pending_row *rows, size_t max)
{
	size_t taken = 0;

	(void)pthread_mutex_lock(&pending->mutex);
	while (taken < max && pending->used > 0) {
		rows[taken++] = pending->slot[pending->used - 1].row;
		drop_last(pending);
	}
	if (pending->used == 0 && pending->room > ROWS_KEPT) {
		free(pending->slot);
		pending->slot = NULL;
		pending->room = 0;
	}
	(void)pthread_mutex_unlock(&pending->mutex);
	return taken;
}

void
pending_put_back(
    struct pending *pending, const struct pending_row *rows, size_t count)
{
	(void)pthread_mutex_lock(&pending->mutex);
	for (size_t i = 0; i < count; i++) {
		add(pending, &rows[i]);
	}
	(void)pthread_mutex_unlock(&pending->mutex);
}

int64_t
pending_dropped(struct pending *pending)
{
	int64_t dropped;

	(void)pthread_mutex_lock(&pending->mutex);
	dropped = pending->dropped;
	pending->dropped = 0;
	(void)pthread_mutex_unlock(&pending->mutex);
	return dropped;
}
