/*
 * A log that is followed: a file, or the journal.
 */
#ifndef WATCH_SOURCE_H
#define WATCH_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "conf/conf.h"
#include "rules/rules.h"
#include "store/store.h"

struct bell;
struct journal;
struct tail;

struct source {
	char name[CONF_PATH_SIZE]; /* as its position is stored */
	struct tail *tail;         /* one of the two */
	struct journal *journal;
	struct rules_clock clock; /* the journal's: its times are whole */
	bool started;             /* its position was read */
	bool dry;                 /* it had no more lines when asked last */
	bool moved;               /* it stands behind the stored position */
	unsigned turns;           /* the bell knows of so many */
};

/* A file; false without memory. */
bool source_file(struct source *source, const char *path, bool once);
/* The journal as the configuration names it. */
bool source_journal(struct source *source, const struct conf *conf);
void source_close(struct source *source);

/* See tail_start(). */
void source_start(struct source *source,
    const unsigned char key[static HASH_KEY_SIZE],
    const struct position *position, enum conf_start start);

/* The key of the hashes is another one, of another database. */
void source_key(
    struct source *source, const unsigned char key[static HASH_KEY_SIZE]);

/* Where it ran dry: see whether there is something to go on with.  True where
 * it turned to another file. */
bool source_look(struct source *source, int64_t now, int64_t ticks);

/* Whether it is to be looked at again soon, whatever the bell says. */
bool source_is_restless(const struct source *source);

/* The next line, and the clock to match it with; false where there is none
 * now.  Borrowed until the next call. */
bool source_line(
    struct source *source, struct log_line *line, struct rules_clock **clock);

bool source_position(const struct source *source, struct position *position);

/* Let the bell ring when something is new. */
void source_listen(struct source *source, struct bell *bell);

/* The set that a configuration names. */
enum {
	SOURCES_MAX = CONF_LIST_MAX + 1
};
struct sources {
	struct source source[SOURCES_MAX];
	size_t count;
};

/* Fill an empty set; false without memory. */
bool sources_open(struct sources *sources, const struct conf *conf, bool once);
/* Files that `old` follows as well go on where it stands.  The journal may
 * show other units by now and goes on at its stored position. */
void sources_take_over(struct sources *sources, struct sources *old);
/* Those that have not begun go on at their stored positions, or without one
 * begin as `start` says.  Stops at the first that cannot be read. */
enum store_result sources_start(struct sources *sources, struct store *store,
    const unsigned char key[static HASH_KEY_SIZE], enum conf_start start);
/* Store where those stand that have moved, in the caller's transaction; that
 * it was committed the caller notes in `moved`. */
enum store_result sources_put(
    const struct sources *sources, struct store *store);
void sources_close(struct sources *sources);

#endif
