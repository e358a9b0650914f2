/*
 * Which events can begin no ban, so that no session waits until they are
 * written.
 *
 * What the engine says of a client's newest event tells how many more can come
 * (struct outcome); those that wait to be written are among them.  Not safe
 * between threads.
 */
#ifndef MILTER_LEEWAY_H
#define MILTER_LEEWAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "conf/conf.h"
#include "core/kind.h"

struct leeway;

/* NULL without memory. */
struct leeway *leeway_new(void);
void leeway_free(struct leeway *leeway);

/* An event that waits to be written. */
struct leeway_event {
	struct net client;
	enum kind kind;
	int64_t at;
	const struct conf *conf; /* by which it is judged; compared only */
	bool noted;              /* by leeway_ask() */
};
/* Whether it begins no ban, for all that is known.  `state` is that of the
 * database, as its numbers below: -1 where it is not known. */
bool leeway_ask(
    struct leeway *leeway, struct leeway_event *event, int64_t state);

/* What the outcome of an event said, when the database had that state. */
struct leeway_told {
	int64_t state;
	int64_t events;
	int64_t ends;
};
/* An event was written. */
void leeway_tell(struct leeway *leeway, const struct leeway_event *event,
    const struct leeway_told *told);

/* There is another configuration: nothing is known any more. */
void leeway_forget(struct leeway *leeway);

#endif
