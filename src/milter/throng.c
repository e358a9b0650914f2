#include "milter/throng.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/tally.h"
#include "milter/bucket.h"

enum {
	BUCKETS = 4096, /* a power of two */
	ROOM_FIRST = 64,
	LOOKS_MAX = 64, /* for one that may give way */
	HOUR = 3600
};

/* One client. */
struct guest {
	struct net client;
	uint32_t next;  /* index + 1 of the next in the bucket, 0 for none */
	uint32_t slots; /* taken by its sessions */
	bool met;       /* lately: not the first to give way */
	bool known;     /* what the database says of it in this hour */
	enum reputation reputation;
	int64_t ban;      /* the newest its reputation knows of */
	int64_t hour;     /* which clock hour this is */
	int64_t sessions; /* in it */
	int64_t before;   /* in the one before */
};

struct throng {
	struct pending *pending; /* borrowed */
	atomic_bool in_use;
	pthread_mutex_t mutex;
	uint64_t seed;
	uint32_t first[BUCKETS]; /* index + 1, 0 for none */
	struct guest *guest;     /* dense: 0 to used - 1 */
	size_t used;
	size_t room;
	size_t hand; /* where to look next for one that may give way */
};

struct throng *
throng_new(struct pending *pending)
{
	struct throng *throng = calloc(1, sizeof(*throng));

	if (throng == NULL) {
		return NULL;
	}
	throng->pending = pending;
	throng->seed = bucket_seed();
	atomic_init(&throng->in_use, false);
	(void)pthread_mutex_init(&throng->mutex, NULL);
	return throng;
}

void
throng_free(struct throng *throng)
{
	if (throng == NULL) {
		return;
	}
	(void)pthread_mutex_destroy(&throng->mutex);
	free(throng->guest);
	free(throng);
}

void
throng_use(struct throng *throng)
{
	atomic_store(&throng->in_use, true);
}

/* ---- the table; all with the mutex held ---- */

static uint32_t *
bucket_of(struct throng *throng, const struct net *client)
{
	return &throng->first[bucket_of_client(throng->seed, client) &
			      (BUCKETS - 1)];
}

static struct guest *
find(struct throng *throng, const struct net *client)
{
	uint32_t at = *bucket_of(throng, client);

	while (at != 0) {
		struct guest *guest = &throng->guest[at - 1];

		if (net_equal(&guest->client, client)) {
			guest->met = true;
			return guest;
		}
		at = guest->next;
	}
	return NULL;
}

static bool
grow(struct throng *throng)
{
	size_t room = throng->room == 0 ? ROOM_FIRST : throng->room * 2;
	struct guest *guest;

	if (throng->used < throng->room) {
		return true;
	}
	if (throng->room == THRONG_MAX) {
		return false;
	}
	guest = realloc(throng->guest, room * sizeof(*guest));
	if (guest == NULL) {
		return false;
	}
	throng->guest = guest;
	throng->room = room;
	return true;
}

static void
unlink_guest(struct throng *throng, const struct guest *guest)
{
	uint32_t self = (uint32_t)(guest - throng->guest) + 1;
	uint32_t *link = bucket_of(throng, &guest->client);

	while (*link != self) {
		link = &throng->guest[*link - 1].next;
	}
	*link = guest->next;
}

/* One without a slot, if possible one that was not met since the hand came
 * by; NULL where only holders of slots were found. */
static struct guest *
give_way(struct throng *throng)
{
	struct guest *chosen = NULL;

	for (int looks = 0; looks < LOOKS_MAX && throng->used > 0; looks++) {
		struct guest *guest = &throng->guest[throng->hand];

		throng->hand = (throng->hand + 1) % throng->used;
		if (guest->slots == 0) {
			chosen = guest;
			if (!guest->met) {
				break;
			}
		}
		guest->met = false;
	}
	if (chosen != NULL) {
		unlink_guest(throng, chosen);
	}
	return chosen;
}

/* Whoever is new starts with what is pending of it. */
static struct guest *
find_or_make(struct throng *throng, const struct net *client, int64_t hour)
{
	struct guest *guest = find(throng, client);
	uint32_t *first = bucket_of(throng, client);

	if (guest != NULL) {
		return guest;
	}
	guest = grow(throng) ? &throng->guest[throng->used++]
			     : give_way(throng);
	if (guest == NULL) {
		return NULL;
	}
	*guest = (struct guest){ .client = *client,
		.next = *first,
		.met = true,
		.reputation = REPUTATION_NEUTRAL,
		.hour = hour,
		.sessions = pending_sessions(throng->pending, client, hour),
		.before = pending_sessions(
		    throng->pending, client, hour - HOUR) };
	*first = (uint32_t)(guest - throng->guest) + 1;
	return guest;
}

/* A new hour may have begun: what is known is known no more. */
static void
roll(struct guest *guest, int64_t hour)
{
	if (hour <= guest->hour) {
		return;
	}
	guest->before = hour == guest->hour + HOUR ? guest->sessions : 0;
	guest->sessions = 0;
	guest->hour = hour;
	guest->known = false;
}

static void
add_sessions(struct guest *guest, int64_t hour, int64_t more)
{
	roll(guest, hour);
	if (hour == guest->hour) {
		guest->sessions += more;
	} else if (hour == guest->hour - HOUR) {
		guest->before += more;
	}
}

/* ---- the limits ---- */

/* Whether a session may have a slot; then it is taken. */
static bool
take_slot(
    struct guest *guest, const struct limit *limit, struct presence *presence)
{
	int64_t most = limit->most[guest->reputation];

	if (presence->slot || !limit_is_set(limit)) {
		return true;
	}
	if (most > 0 && guest->slots >= most) {
		return false;
	}
	guest->slots++;
	presence->slot = true;
	return true;
}

/* Whether a session came within the hour's limit.  Once it did it stays,
 * whoever comes after it. */
static bool
is_timely(const struct guest *guest, const struct limit *limit,
    struct presence *presence, int64_t now)
{
	int64_t most = limit->most[guest->reputation];

	if (!presence->timely) {
		presence->timely = most == 0 ||
				   limit_hourly(guest->before, guest->sessions,
				       now) <= most;
	}
	return presence->timely;
}

static enum limit_kind
judge(struct guest *guest, const struct limit *limit, struct presence *presence,
    int64_t now)
{
	int64_t messages = limit[LIMIT_MESSAGES].most[guest->reputation];

	if (!take_slot(guest, &limit[LIMIT_CONNECTIONS], presence)) {
		return LIMIT_CONNECTIONS;
	}
	if (!is_timely(guest, &limit[LIMIT_HOURLY], presence, now)) {
		return LIMIT_HOURLY;
	}
	if (messages > 0 && presence->messages >= messages) {
		return LIMIT_MESSAGES;
	}
	return LIMIT_KINDS;
}

/* ---- the verbs ---- */

void
throng_tally(struct throng *throng, const struct net *client, int64_t hour,
    const struct tally *more)
{
	struct guest *guest;

	if (more->sessions == 0 || !atomic_load(&throng->in_use)) {
		pending_tally(throng->pending, client, hour, more);
		return;
	}
	(void)pthread_mutex_lock(&throng->mutex);
	pending_tally(throng->pending, client, hour, more);
	guest = find(throng, client);
	if (guest != NULL) {
		add_sessions(guest, hour, more->sessions);
	}
	(void)pthread_mutex_unlock(&throng->mutex);
}

bool
throng_knows(
    struct throng *throng, const struct net *client, int64_t ban, int64_t now)
{
	struct guest *guest;
	bool known;

	(void)pthread_mutex_lock(&throng->mutex);
	guest = find(throng, client);
	known = guest != NULL && guest->known && guest->ban >= ban &&
		guest->hour == tally_hour(now);
	(void)pthread_mutex_unlock(&throng->mutex);
	return known;
}

void
throng_learn(struct throng *throng, const struct net *client,
    const struct throng_facts *facts, int64_t now)
{
	int64_t hour = tally_hour(now);
	struct guest *guest;

	(void)pthread_mutex_lock(&throng->mutex);
	guest = find_or_make(throng, client, hour);
	if (guest != NULL) {
		guest->known = true;
		guest->reputation = facts->reputation;
		guest->ban = facts->ban;
		guest->hour = hour;
		guest->sessions = facts->sessions +
				  pending_sessions(
				      throng->pending, client, hour);
		guest->before = facts->before +
				pending_sessions(
				    throng->pending, client, hour - HOUR);
	}
	(void)pthread_mutex_unlock(&throng->mutex);
}

enum limit_kind
throng_admit(struct throng *throng, const struct net *client,
    const struct limit limit[static LIMIT_KINDS], struct presence *presence,
    int64_t now)
{
	enum limit_kind over = LIMIT_KINDS;
	struct guest *guest;

	(void)pthread_mutex_lock(&throng->mutex);
	guest = find_or_make(throng, client, tally_hour(now));
	if (guest != NULL) {
		roll(guest, tally_hour(now));
		over = judge(guest, limit, presence, now);
	}
	(void)pthread_mutex_unlock(&throng->mutex);
	return over;
}

void
throng_leave(struct throng *throng, const struct net *client)
{
	struct guest *guest;

	(void)pthread_mutex_lock(&throng->mutex);
	guest = find(throng, client);
	if (guest != NULL && guest->slots > 0) {
		guest->slots--;
	}
	(void)pthread_mutex_unlock(&throng->mutex);
}

size_t
throng_count(struct throng *throng)
{
	size_t count;

	(void)pthread_mutex_lock(&throng->mutex);
	count = throng->used;
	(void)pthread_mutex_unlock(&throng->mutex);
	return count;
}
