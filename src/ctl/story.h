/*
 * The story of one address: everything the database knows of it, gathered
 * once and told to people or to programs.
 */
#ifndef CTL_STORY_H
#define CTL_STORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "conf/conf.h"
#include "core/policy.h"
#include "core/standing.h"
#include "core/tally.h"
#include "engine/engine.h"
#include "store/store.h"

struct ctl;

struct story {
	int64_t now;
	struct net client;
	struct standing standing;
	struct tally tally; /* of all hours that are kept */
	struct repute repute;
	struct prospect prospect[POLICY_RULES_MAX]; /* one a rule */
	size_t prospects;
	int64_t events;     /* how many are stored */
	int64_t last_event; /* when the newest was; 0 for none */
	int64_t bans;
	int64_t last_ban; /* when the last of them ends; 0 for none */
};

/* Of the address that stands in the arguments. */
enum store_result story_gather(struct ctl *ctl, struct story *story);

/* Whether there is anything to tell. */
bool story_known(const struct story *story);

/* When what is known is gone if nothing more happens; 0 where there is
 * nothing. */
struct forgetting {
	int64_t events;
	int64_t steps;
	int64_t bans;
};
struct forgetting story_forgetting(
    const struct conf *conf, const struct story *story);

/* What is too long to be gathered: the client's events by kind and source,
 * and every ban that holds or held the address, observed ones too.  Never
 * STORE_NONE. */
enum store_result story_each_sum(struct ctl *ctl, const struct story *story,
    void (*each)(void *to, const struct event_sum *sum), void *to);
enum store_result story_each_ban(
    struct ctl *ctl, bool (*each)(void *to, const struct ban *ban), void *to);

/* All of it as one object on standard output. */
enum store_result story_json(struct ctl *ctl, const struct story *story);

#endif
