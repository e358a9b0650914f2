/*
 * Inside the engine: whether the brake holds a new ban back.
 */
#ifndef ENGINE_BRAKE_H
#define ENGINE_BRAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"

struct brake_result {
	bool held;   /* the ban is to be observed only */
	bool braked; /* and the brake was put on for it */
};

/* Ask before a ban is written; sets `ban->honest`. */
enum store_result engine_brake_ask(struct store *store, const struct conf *conf,
    struct ban *ban, const struct tally *unflushed, int64_t now,
    struct brake_result *out);

#endif
