/*
 * Inside the engine: what a client, a rule and a moment come to.
 */
#ifndef ENGINE_COUNT_H
#define ENGINE_COUNT_H

#include <stdint.h>

#include "conf/conf.h"
#include "core/policy.h"
#include "core/tally.h"
#include "store/store.h"

struct count_query {
	const struct conf *conf;
	const struct rule *rule;
	struct net client;
	bool observed; /* observed bans count like others */
	int64_t t;
	const struct tally *unflushed; /* or NULL */
};

struct count {
	struct policy_past past;
	struct policy_counts counts;
	int64_t accepted; /* the other side of the ratio; 0 without one */
};

/* Collect everything policy_step() decides on. */
enum store_result engine_count(
    struct store *store, const struct count_query *query, struct count *count);

#endif
