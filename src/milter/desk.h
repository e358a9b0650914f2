/*
 * What a session needs of the world behind it: the desk where it asks who a
 * client is and tells what the client did.
 *
 * The real desk is the writer; a test puts up one of its own.  No verb waits
 * longer than the visitor's patience, and each takes from it what it waited.
 */
#ifndef MILTER_DESK_H
#define MILTER_DESK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "core/ban.h"
#include "core/standing.h"
#include "core/tally.h"
#include "engine/engine.h"
#include "store/store.h"

enum {
	/* Milliseconds one session may wait in all for the database. */
	DESK_PATIENCE = 250,
	/* No version: whatever is known is asked for anew. */
	DESK_NO_VERSION = -1
};

/* The client of one session. */
struct visitor {
	const struct conf *conf; /* borrowed */
	struct addr address;
	struct net client;
	int64_t patience; /* milliseconds it may still wait, in all */
};

struct desk {
	void *self;

	/*
	 * Everything known about the visitor.  `*version` is that of the
	 * standing the caller has: STORE_NONE means that it still holds and
	 * `standing` was left alone, STORE_OK that both are new.
	 */
	enum store_result (*standing)(void *self, struct visitor *visitor,
	    int64_t now, int64_t *version, struct standing *standing);

	/* Record what the visitor did, now or as soon as that can be done.
	 * The texts of `deed` are borrowed for the call. */
	void (*observe)(void *self, struct visitor *visitor,
	    const struct deed *deed, int64_t now);

	/* Add to what is counted of a client in an hour. */
	void (*tally)(void *self, const struct net *client, int64_t hour,
	    const struct tally *more);

	/* Count a session that this ban refused. */
	void (*hit)(void *self, struct visitor *visitor, const struct ban *ban,
	    int64_t now);
};

#endif
