/*
 * What a policy would have made of a log: its findings go through intake and
 * engine into a scratch database.
 *
 * It behaves as a host that enforces the policy.  What a ban would have
 * refused never happened: it makes no event, and what was accepted of it is
 * not on the other side of a ratio.  What would have been refused is guessed
 * from what the log has of a time without bans:
 *
 * - A session that ends while a ban holds counts once, whatever it did; the
 *   one that set the ban off only if it went on to offend.
 * - An offence in a ban without a session's end behind it, as of a client
 *   that never got past postscreen, counts for itself.
 * - A log does not tell to which service a session came.  A failed login is
 *   refused by bans that stop logins, any other offence by those that stop
 *   mail, a session without an offence by any; only that strangers' mail was
 *   accepted shows that it was no submission.
 * - A login to read mail passes no milter and is never refused.
 * - What a client sent after logging in is stopped by bans for auth alone.
 *
 * Of several bans that hold, the one that ends last has refused it.
 */
#ifndef REPLAY_SIMULATE_H
#define REPLAY_SIMULATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/table.h"
#include "intake/intake.h"
#include "replay/scratch.h"

enum {
	SIMULATE_ERROR_SIZE = 512
};

struct replay_client {
	struct net who; /* first: the key */
	bool offended;
	unsigned spared;    /* as of an outcome */
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

struct replay_clients {
	struct table table; /* of struct replay_client, as they were met */
	struct replay_ban *ban;
	size_t bans;
	size_t room; /* of `ban` */
};

/* How many of its messages were accepted, and found to be no spam or virus
 * by a filter behind the queue; the same of those a ban would have refused. */
static inline int64_t
client_accepted(const struct replay_client *client)
{
	return client->messages > 0 ? client->messages : 0;
}

static inline int64_t
client_lost(const struct replay_ban *ban)
{
	return ban->lost > 0 ? ban->lost : 0;
}

/* Whether it may have been banned wrongly. */
static inline bool
client_is_suspect(const struct replay_client *client)
{
	return client->messages >= SUSPECT_ACCEPTED;
}

struct clients_sum {
	int64_t seen;      /* clients */
	int64_t offenders; /* of them, with offences */
	int64_t banned;    /* of them */
	int64_t suspects;  /* of those that were banned */
	int64_t bans;
	int64_t reason[REASON_COUNT]; /* of them */
	int64_t refused;
	int64_t lost;
	/* By what, in the order of SPARED_ACCEPTED ...: clients that were not
	 * banned at all; the last, clients whose ban answered 450. */
	int64_t spared[SPARED_BITS];
};
struct clients_sum clients_sum(const struct replay_clients *clients);

struct simulation {
	struct conf conf; /* a copy, enforcing the policy */
	struct store *store;
	struct intake intake;
	struct scratch scratch;
	struct replay_clients clients;
	int64_t offences[KIND_COUNT]; /* events, without those of `spared` */
	int64_t spared;               /* events of clients that had logged in */
	int64_t allowed; /* events of clients allowed or never banned */
	int64_t from;    /* the first finding's time */
	int64_t until;   /* and the last one's */
	char error[SIMULATE_ERROR_SIZE]; /* why it ended early, or empty */
};

/* NULL with `error` set where it cannot begin; `conf` is copied. */
struct simulation *simulate_open(const struct conf *conf,
    const struct policy *policy, char error[static SIMULATE_ERROR_SIZE]);
void simulate_close(struct simulation *simulation);

/* Take a finding, in the order of time; false with simulation->error. */
bool simulate_take(
    struct simulation *simulation, const struct finding *finding);

/* After the last finding, and before its clients are told of: bans are sorted
 * then, those of suspects first, the one with most accepted first, then in the
 * order of time; their numbers are of no use any more.  False with
 * simulation->error. */
bool simulate_end(struct simulation *simulation);

#endif
