/*
 * Inside the engine: write a ban under a ref of its own.
 */
#ifndef ENGINE_PUT_H
#define ENGINE_PUT_H

#include "conf/conf.h"
#include "core/ban.h"
#include "store/store.h"

/* Sets `observed` where the mode says so, and draws `ref`. */
enum store_result engine_put_ban(
    struct store *store, const struct conf *conf, struct ban *ban);

#endif
