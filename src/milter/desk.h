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
#include "base/hash.h"
#include "core/ban.h"
#include "core/limit.h"
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

/* What of one session the limits look at. */
struct presence {
	int64_t ban;      /* the client's newest; 0 for none */
	int64_t messages; /* whose end was seen in the session */
	/* The desk's to set: it holds one of its client's slots, and it came
	 * within the hour's limit. */
	bool slot;
	bool timely;
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

	/* A session at MAIL, where its policy has limits: the one it is over,
	 * or LIMIT_KINDS.  From the first MAIL that is within the limit of
	 * connections it holds a slot, until it leaves. */
	enum limit_kind (*admit)(void *self, struct visitor *visitor,
	    struct presence *presence, int64_t now);
	void (*leave)(
	    void *self, const struct net *client, struct presence *presence);
	/* Count a session that met a limit. */
	void (*limited)(void *self, enum limit_kind limit, int64_t now);

	/* The keyed hash of a recipient or user name, whatever its case; false
	 * where it cannot be had now. */
	bool (*key)(void *self, struct visitor *visitor, const char *text,
	    char key[static HASH_TEXT_SIZE]);
};

#endif
