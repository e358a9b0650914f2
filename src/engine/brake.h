/*
 * Inside the engine: what the brake does to honest clients' bans and events.
 */
#ifndef ENGINE_BRAKE_H
#define ENGINE_BRAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"

struct brake_query {
	const struct conf *conf;
	struct net client;
	int64_t t;                     /* when it is judged */
	const struct tally *unflushed; /* or NULL */
};

struct brake_result {
	bool honest; /* the client is one the brake is for */
	bool held;   /* its ban is to be observed only */
	bool braked; /* and the brake was put on for it, at `now` */
};

/* Ask before a ban that begins at `t` is written. */
enum store_result engine_brake_ask(struct store *store,
    const struct brake_query *query, int64_t now, struct brake_result *out);

/*
 * Move `*after`, before which the client's events do not count, on to the
 * newest release where the client is honest: whatever made it look bad, it
 * is not to be banned for it at its first slip after the release.
 */
enum store_result engine_brake_forgive(
    struct store *store, const struct brake_query *query, int64_t *after);

#endif
