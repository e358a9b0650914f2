/*
 * What a log tells, written to a scratch database: many small writes in
 * transactions of some hundred, and what is too old to matter is forgotten,
 * so that a log of a year takes no more room than one of a month.
 *
 * Once scratch_is_well() says no the caller stops; store_error() says why.
 */
#ifndef REPLAY_SCRATCH_H
#define REPLAY_SCRATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"
#include "rules/rules.h"
#include "store/store.h"

struct scratch {
	struct store *store;     /* borrowed */
	const struct conf *conf; /* borrowed */
	int64_t writes;          /* in the open transaction */
	int64_t oldest;          /* of their times */
	int64_t commits;
};

/* Begins the first transaction. */
void scratch_begin(
    struct scratch *scratch, struct store *store, const struct conf *conf);

/* Whether all is well so far, in the open transaction too. */
bool scratch_is_well(const struct scratch *scratch);

/* Something was written that happened at `at`. */
void scratch_step(struct scratch *scratch, int64_t at);

/* Keep what a FINDING_QUEUE tells: whose message a queue id is. */
void scratch_keep_sender(
    struct scratch *scratch, const struct finding *finding);

/* Whether the client of a finding's message had logged in before it sent it:
 * then nothing about the message is its offence.  False too where the finding
 * has no queue id, or one never heard of. */
bool scratch_sender_is_user(
    struct scratch *scratch, const struct finding *finding);

/* Commits the last transaction. */
bool scratch_end(struct scratch *scratch);

#endif
