/*
 * Findings go into the engine.
 *
 * The one place where watcher and replay decide what a finding counts for:
 * offences of messages whose client had logged in are dropped, and what comes
 * of a ban's refusals; a good login clears that user's failures, user names
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

struct intake {
	struct store *store;     /* borrowed */
	const struct conf *conf; /* borrowed */
	/* A replay takes every kind, and tallies what sessions accepted; the
	 * watcher leaves both to the milter, but for the kinds that the
	 * configuration gives to it and commands the milter is not told of. */
	bool replay;
};

void intake_init(struct intake *intake, struct store *store,
    const struct conf *conf, bool replay);

struct intake_result {
	int64_t events;                  /* that were stored */
	struct ban ban[ENGINE_BANS_MAX]; /* that begin with it */
	size_t bans;
	bool braked; /* it put the brake on */
};

/* Whether it would do anything with a finding: what it would not needs no
 * transaction. */
bool intake_wants(const struct intake *intake, const struct finding *finding);

/* Take one finding in.  Where it cannot be stored the caller's transaction
 * fails, and the same finding may be given again. */
void intake_finding(struct intake *intake, const struct finding *finding,
    int64_t now, struct intake_result *result);

#endif
