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
	bool counted;   /* all of its sessions, whoever saw them */
	bool known;     /* its reputation, in this hour */
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
	(void)pthread_mutex_lock(&throng->mutex);
	for (size_t i = 0; i < throng->used; i++) {
		throng->guest[i].known = false;
	}
	(void)pthread_mutex_unlock(&throng->mutex);
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

/* A new hour may have begun: a reputation may be another one then. */
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

/* The smallest number that a limit has for anybody; 0 where it has none. */
static int64_t
strictest(const struct limit *limit)
{
	int64_t least = 0;

	for (int i = 0; i < REPUTATION_COUNT; i++) {
		int64_t most = limit->most[i];

		if (most > 0 && (least == 0 || most < least)) {
			least = most;
		}
	}
	return least;
}

/* Whether so many are too many, for the guest or for the worst of clients. */
static bool
is_over(const struct guest *guest, const struct limit *limit, bool worst,
    int64_t number)
{
	int64_t most = worst ? strictest(limit)
			     : limit->most[guest->reputation];

	return most > 0 && number > most;
}

/* The limit that one more session or message is over.  A session that came
 * within the hour's limit stays, whoever comes after it. */
static enum limit_kind
judge(const struct guest *guest, const struct throng_case *session, bool worst)
{
	const struct presence *presence = session->presence;
	const struct limit *limit = session->limit;

	if (!presence->slot && is_over(guest, &limit[LIMIT_CONNECTIONS], worst,
				   (int64_t)guest->slots + 1)) {
		return LIMIT_CONNECTIONS;
	}
	if (!presence->timely &&
	    is_over(guest, &limit[LIMIT_HOURLY], worst,
		limit_hourly(guest->before, guest->sessions, session->now))) {
		return LIMIT_HOURLY;
	}
	if (is_over(
		guest, &limit[LIMIT_MESSAGES], worst, presence->messages + 1)) {
		return LIMIT_MESSAGES;
	}
	return LIMIT_KINDS;
}

static enum throng_need
need_of(const struct guest *guest, const struct throng_case *session)
{
	const struct presence *presence = session->presence;

	if (session->blindly) {
		return THRONG_NOTHING;
	}
	if (!guest->counted && !presence->timely &&
	    limit_is_set(&session->limit[LIMIT_HOURLY])) {
		return THRONG_SESSIONS;
	}
	if ((!guest->known || guest->ban < presence->ban) &&
	    judge(guest, session, true) != LIMIT_KINDS) {
		return THRONG_REPUTATION;
	}
	return THRONG_NOTHING;
}

/* Let it in as far as it is within the limits: a slot is its own even where
 * it has sent too many messages. */
static void
let_in(struct guest *guest, const struct throng_case *session,
    enum limit_kind over)
{
	struct presence *presence = session->presence;

	if (over == LIMIT_CONNECTIONS) {
		return;
	}
	if (!presence->slot &&
	    limit_is_set(&session->limit[LIMIT_CONNECTIONS])) {
		guest->slots++;
		presence->slot = true;
	}
	presence->timely |= over != LIMIT_HOURLY;
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

void
throng_learn_sessions(struct throng *throng, const struct net *client,
    const struct throng_sessions *sessions, int64_t now)
{
	int64_t hour = tally_hour(now);
	struct guest *guest;

	(void)pthread_mutex_lock(&throng->mutex);
	guest = find_or_make(throng, client, hour);
	if (guest != NULL) {
		guest->counted = true;
		guest->hour = hour;
		guest->sessions = sessions->current +
				  pending_sessions(
				      throng->pending, client, hour);
		guest->before = sessions->before +
				pending_sessions(
				    throng->pending, client, hour - HOUR);
	}
	(void)pthread_mutex_unlock(&throng->mutex);
}

void
throng_learn_reputation(struct throng *throng, const struct net *client,
    enum reputation reputation, int64_t ban, int64_t now)
{
	struct guest *guest;

	(void)pthread_mutex_lock(&throng->mutex);
	guest = find_or_make(throng, client, tally_hour(now));
	if (guest != NULL) {
		roll(guest, tally_hour(now));
		guest->known = true;
		guest->reputation = reputation;
		guest->ban = ban;
	}
	(void)pthread_mutex_unlock(&throng->mutex);
}

enum limit_kind
throng_admit(struct throng *throng, const struct throng_case *session,
    enum throng_need *need)
{
	enum limit_kind over = LIMIT_KINDS;
	struct guest *guest;

	*need = THRONG_NOTHING;
	(void)pthread_mutex_lock(&throng->mutex);
	guest = find_or_make(throng, session->client, tally_hour(session->now));
	if (guest != NULL) {
		roll(guest, tally_hour(session->now));
		*need = need_of(guest, session);
	}
	if (guest != NULL && *need == THRONG_NOTHING) {
		over = judge(guest, session, false);
		let_in(guest, session, over);
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
