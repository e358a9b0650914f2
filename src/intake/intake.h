/*
 * Findings go into the engine.
 *
 * The one place where watcher and replay decide what a finding counts for:
 * offences of messages and sessions whose client had logged in are dropped,
 * failed logins apart, and what comes of a ban's refusals; a good login clears
 * that user's failures and those of its session that name no user, user names
 * become keyed hashes.  Everything happens in the caller's transaction and
 * nothing here reads a clock.
 */
#ifndef INTAKE_INTAKE_H
#define INTAKE_INTAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"
#include "engine/engine.h"
#include "rules/rules.h"
#include "store/store.h"

enum {
	/* Sessions that are remembered: in a row, which their address and daemon
	 * tell, the newest. */
	INTAKE_ROWS = 32, /* a power of 2 */
	INTAKE_PLACES = 8,
	INTAKE_WITHDRAWN_MAX = 3 /* failures of one that a login takes back */
};

/* One with a login that failed without a user's name, or a good one. */
struct intake_session {
	size_t number; /* no other has it; 0: there is none */
	int64_t pid;   /* of the daemon it is with, 0 where that is not known */
	struct addr address;
	int64_t at; /* when that began */
	int failures;
	bool login; /* a good one: known where the daemon's process is */
};

/* Set the first three. */
struct intake {
	struct store *store;     /* borrowed */
	const struct conf *conf; /* borrowed */
	/* A replay takes every kind, and tallies what sessions accepted; the
	 * watcher leaves both to the milter, but for the kinds that the
	 * configuration gives to it and commands the milter is not told of. */
	bool replay;
	struct intake_session session[INTAKE_ROWS][INTAKE_PLACES];
	size_t sessions; /* so far */
};

struct intake_result {
	int64_t events;                  /* that were counted */
	struct ban ban[ENGINE_BANS_MAX]; /* that begin with it */
	size_t bans;
	unsigned spared; /* as of an outcome */
	bool braked;     /* it put the brake on */
	bool storm;      /* it shows that logins fail for all */
};

/* What an offence counts as: the configuration says that of names of viruses
 * that are none. */
enum kind intake_kind(const struct conf *conf, const struct finding *finding);

/* Whether it would do anything with a finding: what it would not needs no
 * transaction. */
bool intake_wants(struct intake *intake, const struct finding *finding);

/* Take one finding in.  Where it cannot be stored the caller's transaction
 * fails, and the same finding may be given again. */
void intake_finding(struct intake *intake, const struct finding *finding,
    int64_t now, struct intake_result *result);

#endif
