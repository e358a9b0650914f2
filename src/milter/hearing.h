/*
 * What the client of one session hears at a step, and why: the reply of the
 * ban that speaks, or of the limit it is over.
 *
 * It holds who the client is as far as that decides, asks the desk for the
 * rest, and counts what it refuses with the session's account.  One thread at
 * a time.
 */
#ifndef MILTER_HEARING_H
#define MILTER_HEARING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "conf/conf.h"
#include "milter/account.h"
#include "milter/answer.h"
#include "milter/desk.h"
#include "milter/opinion.h"

struct hearing {
	const struct conf *conf; /* borrowed */
	struct account *account; /* borrowed */
	bool known;              /* has an address */
	bool exempt; /* no database is needed to know that no ban touches it */
	enum service service;
	bool limited; /* the policy has limits */
	bool authenticated;
	bool over; /* counted as one that met a limit */
	bool hit;  /* counted as one that was refused */
	struct presence presence;
	struct opinion opinion;
};

/* Set up `hearing`, all zero so far. */
void hearing_init(
    struct hearing *hearing, const struct conf *conf, struct account *account);
void hearing_clear(struct hearing *hearing);

/* A client came in; `address` is NULL where it has none. */
void hearing_open(
    struct hearing *hearing, const struct addr *address, enum service service);

/* What the client hears at a stage: true where it is refused, with `answer`
 * filled in.  `spared` recipients hear nothing of bans. */
bool hearing_judge(struct hearing *hearing, enum stage stage, bool spared,
    int64_t now, struct answer *answer);

/* The same of a client at MAIL that does too much. */
bool hearing_measure(
    struct hearing *hearing, int64_t now, struct answer *answer);

/* Give back the slot, where there is one. */
void hearing_leave(struct hearing *hearing);

#endif
