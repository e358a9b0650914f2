/*
 * What a policy would have made of a log: a replay in a scratch database.
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
 * Of several bans that hold, the last-ending has refused it.
 */
#ifndef CTL_TRIAL_H
#define CTL_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "core/ban.h"
#include "ctl/batch.h"
#include "ctl/roll.h"
#include "intake/intake.h"

struct trial_ban {
	struct ban ban;
	uint32_t client; /* in roll.client */
	uint32_t before; /* the client's ban before it, or ROLL_NONE */
	int64_t refused; /* attempts */
	int64_t lost;    /* messages accepted in them, counted like those */
};

struct trial {
	struct conf *conf; /* a copy, enforcing the policy */
	struct store *store;
	struct intake intake;
	struct batch batch;
	struct roll roll;
	struct trial_ban *ban;
	size_t bans;
	size_t room;
	int64_t offences[KIND_COUNT]; /* events, without those of `spared` */
	int64_t spared;               /* events of clients that had logged in */
	int64_t allowed; /* events of who is allowed or never banned */
	int64_t from;    /* the first finding's time */
	int64_t until;   /* and the last one's */
};

/* NULL after a complaint; `conf` is copied. */
struct trial *trial_open(const struct conf *conf, const struct policy *policy);
void trial_close(struct trial *trial);

/* Take a finding, in the order of time; false after a complaint. */
bool trial_take(struct trial *trial, const struct finding *finding);

/* After the last finding, and before any verb below; false after a
 * complaint. */
bool trial_end(struct trial *trial);

/* Put the bans into the order they are told in: those of suspects first, the
 * one with most accepted first, then in the order of time. */
void trial_sort(struct trial *trial);

struct trial_sum {
	int64_t bans;
	int64_t clients;  /* banned */
	int64_t suspects; /* of them, who also had mail accepted */
	int64_t refused;
	int64_t lost;
	int64_t reason[REASON_COUNT]; /* bans */
	int64_t offenders;            /* clients with offences */
};
struct trial_sum trial_sum(const struct trial *trial);

/* How many of its messages were accepted, and found to be no spam or virus
 * by a filter behind the queue. */
int64_t trial_accepted(const struct roll_client *client);

/* The same of those that a ban would have refused. */
int64_t trial_lost(const struct trial_ban *ban);

/* Whether it may have been banned wrongly: it also had mail accepted.
 * Recipients are not enough, for who guesses at them finds some. */
bool trial_suspects(const struct roll_client *client);

#endif
