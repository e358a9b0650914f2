#include "milter/limits.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/table.h"
#include "core/kind.h"
#include "engine/engine.h"
#include "milter/database.h"
#include "milter/verdict.h"

enum {
	HOUR = 3600,
	LOOKS_MAX = 64 /* at rows, for one that may give way */
};

/* One client; a row of the table, which begins with its key. */
struct limited {
	struct net client;
	bool seen;      /* lately: not the first to give way */
	bool counted;   /* all of its sessions, whoever saw them */
	bool known;     /* its reputation, in this hour */
	uint32_t slots; /* taken by its sessions */
	enum reputation reputation;
	int64_t ban;      /* the newest its reputation knows of */
	int64_t hour;     /* which clock hour this is */
	int64_t sessions; /* in it */
	int64_t before;   /* in the one before */
};

struct limits {
	struct database *database; /* borrowed */
	pthread_mutex_t mutex;
	struct table table; /* of struct limited; with the mutex held */
	size_t hand;        /* which row to look at next for one to give way */
};

struct limits *
limits_new(struct database *database)
{
	struct limits *limits = calloc(1, sizeof(*limits));

	if (limits != NULL) {
		limits->database = database;
		(void)pthread_mutex_init(&limits->mutex, NULL);
		table_init(&limits->table, sizeof(struct net),
		    sizeof(struct limited), LIMITS_CLIENTS);
	}
	return limits;
}

void
limits_free(struct limits *limits)
{
	if (limits != NULL) {
		(void)pthread_mutex_destroy(&limits->mutex);
		table_clear(&limits->table);
		free(limits);
	}
}

void
limits_use(struct limits *limits)
{
	(void)pthread_mutex_lock(&limits->mutex);
	for (size_t i = 0; i < limits->table.rows; i++) {
		struct limited *limited = table_row(&limits->table, i);

		limited->known = false;
	}
	(void)pthread_mutex_unlock(&limits->mutex);
}

/* ---- the table, with the mutex held ---- */

/* A new hour may have begun: a reputation may be another one then. */
static void
roll(struct limited *limited, int64_t hour)
{
	if (hour > limited->hour) {
		limited->before = hour == limited->hour + HOUR
				      ? limited->sessions
				      : 0;
		limited->sessions = 0;
		limited->hour = hour;
		limited->known = false;
	}
}

static struct limited *
find(struct limits *limits, const struct net *client)
{
	struct limited *limited = table_find(&limits->table, client);

	if (limited != NULL) {
		limited->seen = true;
	}
	return limited;
}

/* Remove a client without a slot, if possible one that was not seen since the
 * hand came by. */
static void
make_room(struct limits *limits)
{
	struct table *table = &limits->table;
	struct limited *chosen = NULL;

	for (int looks = 0; looks < LOOKS_MAX && table->rows > 0; looks++) {
		struct limited *limited;

		limits->hand = (limits->hand + 1) % table->rows;
		limited = table_row(table, limits->hand);
		if (limited->slots == 0) {
			chosen = limited;
			if (!limited->seen) {
				break;
			}
		}
		limited->seen = false;
	}
	if (chosen != NULL) {
		table_remove(table, chosen);
	}
}

/* The sessions of a client in an hour that are not written yet. */
static int64_t
unwritten(struct limits *limits, const struct net *client, int64_t hour)
{
	return database_counted(limits->database, client, &hour).sessions;
}

/* The client's row, made where there is none; NULL where there is no room. */
static struct limited *
obtain(struct limits *limits, const struct net *client, int64_t hour)
{
	struct limited *limited = find(limits, client);

	if (limited == NULL) {
		if (limits->table.rows == LIMITS_CLIENTS) {
			make_room(limits);
		}
		limited = table_add(&limits->table, client, NULL);
		if (limited == NULL) {
			return NULL;
		}
		limited->seen = true;
		limited->reputation = REPUTATION_NEUTRAL;
		limited->hour = hour;
		limited->sessions = unwritten(limits, client, hour);
		limited->before = unwritten(limits, client, hour - HOUR);
	}
	roll(limited, hour);
	return limited;
}

void
limits_count(struct limits *limits, const struct net *client, int64_t now)
{
	const int64_t hour = tally_hour(now);
	const struct counted one = { .what = COUNTED_TALLY,
		.client = *client,
		.tally = { .sessions = 1 },
		.at = hour };
	struct limited *limited;

	/* Both at once, so that none is missed or counted twice while the
	 * client is being read. */
	(void)pthread_mutex_lock(&limits->mutex);
	database_count(limits->database, &one, 1);
	limited = find(limits, client);
	if (limited != NULL) {
		roll(limited, hour);
		if (hour == limited->hour) {
			limited->sessions++;
		} else if (hour == limited->hour - HOUR) {
			limited->before++;
		}
	}
	(void)pthread_mutex_unlock(&limits->mutex);
}

void
limits_leave(struct limits *limits, struct peer *peer)
{
	struct limited *limited;

	if (!peer->presence.slot) {
		return;
	}
	peer->presence.slot = false;
	(void)pthread_mutex_lock(&limits->mutex);
	limited = find(limits, &peer->client);
	if (limited != NULL && limited->slots > 0) {
		limited->slots--;
	}
	(void)pthread_mutex_unlock(&limits->mutex);
}

/* ---- what a session is over ---- */

/* One session at MAIL. */
struct admission {
	struct peer *peer;
	const struct limit *limit; /* of its policy */
	int64_t ban;               /* the client's newest */
	/* Nothing more can be read: the reputation is neutral or what it was,
	 * and of sessions only those count that were seen here. */
	bool blindly;
	int64_t now;
};

/* What to read before it can be said. */
enum need {
	NEED_NOTHING,
	NEED_SESSIONS,
	NEED_REPUTATION
};

/* The limit that one more session or message is over, for the client or for
 * one of any reputation.  A session that came within the hour's limit stays,
 * whoever comes after it. */
static enum limit_kind
judge(const struct limited *limited, const struct admission *session, bool any)
{
	const struct presence *presence = &session->peer->presence;
	const int64_t number[] = {
		[LIMIT_CONNECTIONS] = presence->slot
					  ? 0
					  : (int64_t)limited->slots + 1,
		[LIMIT_HOURLY] = presence->timely
				     ? 0
				     : limit_hourly(limited->before,
					   limited->sessions, session->now),
		[LIMIT_MESSAGES] = presence->messages + 1,
	};

	for (int kind = 0; kind < LIMIT_KINDS; kind++) {
		for (int i = 0; i < REPUTATION_COUNT; i++) {
			const int64_t most = session->limit[kind].most[i];

			if ((any || i == (int)limited->reputation) &&
			    most > 0 && number[kind] > most) {
				return (enum limit_kind)kind;
			}
		}
	}
	return LIMIT_KINDS;
}

/* The limit that the session is over; where it is over none it takes its slot,
 * which is its own even where it has sent too many messages.  Where there is
 * something to read first nothing else is done. */
static enum limit_kind
decide(struct limits *limits, const struct admission *session, enum need *need)
{
	struct presence *presence = &session->peer->presence;
	enum limit_kind over = LIMIT_KINDS;
	struct limited *limited;

	*need = NEED_NOTHING;
	(void)pthread_mutex_lock(&limits->mutex);
	limited = obtain(
	    limits, &session->peer->client, tally_hour(session->now));
	if (limited == NULL || session->blindly) {
		/* Nothing is read. */
	} else if (!limited->counted && !presence->timely &&
		   limit_is_set(&session->limit[LIMIT_HOURLY])) {
		*need = NEED_SESSIONS;
	} else if ((!limited->known || limited->ban < session->ban) &&
		   judge(limited, session, true) != LIMIT_KINDS) {
		*need = NEED_REPUTATION;
	}
	if (limited != NULL && *need == NEED_NOTHING) {
		over = judge(limited, session, false);
		if (over != LIMIT_CONNECTIONS) {
			if (!presence->slot &&
			    limit_is_set(&session->limit[LIMIT_CONNECTIONS])) {
				limited->slots++;
				presence->slot = true;
			}
			presence->timely |= over != LIMIT_HOURLY;
		}
	}
	(void)pthread_mutex_unlock(&limits->mutex);
	return over;
}

/* ---- what the database knows ---- */

/* Read what is needed; false where that cannot be done in time.  Meanwhile
 * nothing moves from the counters into the database, so that all of it is
 * found in one of them. */
static bool
read_needed(
    struct limits *limits, const struct admission *session, enum need need)
{
	struct peer *peer = session->peer;
	const int64_t hour = tally_hour(session->now);
	struct tally current = { .sessions = 0 };
	struct tally before = { .sessions = 0 };
	struct repute repute;
	struct limited *limited;
	struct store *store;
	bool done = false;

	if (!database_hold_counts(limits->database, &peer->left)) {
		return false;
	}
	store = database_read(limits->database, &peer->left);
	if (store != NULL) {
		if (need == NEED_SESSIONS) {
			store_tally_sum(
			    store, &peer->client, hour, hour, &current);
			store_tally_sum(store, &peer->client, hour - HOUR,
			    hour - HOUR, &before);
		} else {
			struct tally unflushed = database_counted(
			    limits->database, &peer->client, NULL);

			engine_repute(store, peer->conf, &peer->client,
			    &unflushed, session->now, &repute);
		}
		done = database_read_end(
		    limits->database, &peer->left, "its reputation is neutral");
	}
	(void)pthread_mutex_lock(&limits->mutex);
	limited = done ? obtain(limits, &peer->client, hour) : NULL;
	if (limited != NULL && need == NEED_SESSIONS) {
		limited->counted = true;
		limited->hour = hour;
		limited->sessions = current.sessions +
				    unwritten(limits, &peer->client, hour);
		limited->before = before.sessions +
				  unwritten(limits, &peer->client, hour - HOUR);
	} else if (limited != NULL) {
		limited->known = true;
		limited->reputation = repute.reputation;
		limited->ban = session->ban;
	}
	(void)pthread_mutex_unlock(&limits->mutex);
	database_release_counts(limits->database);
	return done;
}

enum limit_kind
limits_admit(struct limits *limits, struct peer *peer, int64_t now)
{
	struct admission session = { .peer = peer,
		.limit = peer->conf->policy.limit,
		.ban = verdict_newest(peer),
		.now = now };
	enum limit_kind over;
	enum need need;
	bool any = false;

	for (int i = 0; i < LIMIT_KINDS; i++) {
		any |= limit_is_set(&session.limit[i]);
	}
	if (!any) {
		return LIMIT_KINDS;
	}
	over = decide(limits, &session, &need);
	/* There are two things to read. */
	for (int reads = 0; need != NEED_NOTHING; reads++) {
		session.blindly = reads == 2 ||
				  !read_needed(limits, &session, need);
		over = decide(limits, &session, &need);
	}
	return over;
}
