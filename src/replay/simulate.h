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

#include "conf/conf.h"
#include "intake/intake.h"
#include "replay/clients.h"
#include "replay/scratch.h"

enum {
	SIMULATE_ERROR_SIZE = 512
};

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

/* After the last finding, and before its clients are told of; bans are sorted
 * then.  False with simulation->error. */
bool simulate_end(struct simulation *simulation);

#endif
