/*
 * Which events can begin no ban, so that no session waits until they are
 * written.
 *
 * What the engine says of a client tells how many more can come; those that wait
 * to be written are among them.  It holds until another program writes to the
 * database.  Safe between threads.
 */
#ifndef MILTER_LEEWAY_H
#define MILTER_LEEWAY_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"
#include "milter/queued.h"

struct database;
struct leeway;

/* `database` is borrowed.  NULL without memory. */
struct leeway *leeway_new(struct database *database);
void leeway_free(struct leeway *leeway);

/* Before an event is put in the queue: read what is not known of its client, at
 * most `*left` milliseconds. */
void leeway_look(
    struct leeway *leeway, const struct writer_event *event, int64_t *left);

/* It is put there: whether it begins no ban, for all that is known.  With *noted
 * leeway_tell() is due for it. */
bool leeway_ask(
    struct leeway *leeway, const struct writer_event *event, bool *noted);

/* It was written; `changes` is store_changes() of then. */
void leeway_tell(struct leeway *leeway, const struct writer_event *event,
    const struct leeway_found *found, int64_t changes);

/* There is another configuration: nothing is known any more. */
void leeway_forget(struct leeway *leeway);

#endif
