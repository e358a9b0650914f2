#include "milter/throng.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/tally.h"
#include "milter/guests.h"

enum {
	HOUR = 3600
};

struct throng {
	struct pending *pending; /* borrowed */
	atomic_bool in_use;
	pthread_mutex_t mutex;
	struct guests guests; /* with the mutex held */
};

struct throng *
throng_new(struct pending *pending)
{
	struct throng *throng = calloc(1, sizeof(*throng));

	if (throng == NULL) {
		return NULL;
	}
	throng->pending = pending;
	guests_init(&throng->guests, pending, THRONG_MAX);
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
	guests_clear(&throng->guests);
	free(throng);
}

void
throng_use(struct throng *throng)
{
	(void)pthread_mutex_lock(&throng->mutex);
	for (size_t i = 0; i < throng->guests.used; i++) {
		throng->guests.guest[i].known = false;
	}
	(void)pthread_mutex_unlock(&throng->mutex);
	atomic_store(&throng->in_use, true);
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
	guest = guests_find(&throng->guests, client);
	if (guest != NULL) {
		guest_add_sessions(guest, hour, more->sessions);
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
	guest = guests_make(&throng->guests, client, hour);
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
	guest = guests_make(&throng->guests, client, tally_hour(now));
	if (guest != NULL) {
		guest_roll(guest, tally_hour(now));
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
	guest = guests_make(
	    &throng->guests, session->client, tally_hour(session->now));
	if (guest != NULL) {
		guest_roll(guest, tally_hour(session->now));
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
	guest = guests_find(&throng->guests, client);
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
	count = throng->guests.used;
	(void)pthread_mutex_unlock(&throng->mutex);
	return count;
}
