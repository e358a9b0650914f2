/*
 * What a log tells, written to a scratch database: many small writes in
 * transactions of some hundred, and what is too old to matter is forgotten,
 * so that a log of a year takes no more room than one of a month.
 *
 * What goes wrong sticks: from then on the verbs do nothing and scratch_end()
 * is false; store_error() says why.
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
	bool failed;
	int64_t writes; /* in the open transaction */
	int64_t oldest; /* of their times */
	int64_t commits;
};

/* Begins the first transaction. */
void scratch_begin(
    struct scratch *scratch, struct store *store, const struct conf *conf);

/* What a verb of the store came back with; gives back whether all is well. */
bool scratch_check(struct scratch *scratch, enum store_result result);

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

bool scratch_end(struct scratch *scratch);

#endif
