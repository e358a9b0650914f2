/*
 * The logs that are followed: files and the journal, as one set.
 */
#ifndef WATCH_SOURCE_H
#define WATCH_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/table.h"
#include "conf/conf.h"
#include "rules/rules.h"
#include "store/store.h"
#include "watch/health.h"

struct journal;
struct tail;

struct source {
	char name[CONF_PATH_SIZE]; /* as its position is stored */
	struct tail *tail;         /* one of the two */
	struct journal *journal;
	struct rules_clock clock; /* the journal's: its times are whole */
	bool started;             /* its position was read */
	bool dry;                 /* there was no more when asked last */
	bool moved;               /* it stands behind the stored position */
	unsigned turns;           /* of the tail, as inotify knows it */
	struct health health;
};

enum {
	SOURCES_MAX = CONF_LIST_MAX + 1
};
struct sources {
	struct source source[SOURCES_MAX];
	size_t count;
	int inotify; /* below 0: there is none */
};

/*
 * Make the set that a configuration names, with the rights it will be read
 * with.  `once`: what is there now is all.  False, after a log line, without
 * memory or where a log would be counted twice: one file by two names, or one
 * that a syslog daemon writes from the journal that is followed as well.  Then
 * it is empty.
 */
bool sources_open(struct sources *sources, const struct conf *conf, bool once);
void sources_close(struct sources *sources);

/* Files that `old` follows as well go on where it stands, with the zone of the
 * configuration.  The journal may show other units by now and goes on at its
 * stored position. */
void sources_take_over(
    struct sources *sources, struct sources *old, const char *zone);

/* Those that have not begun go on at their stored positions, or without one
 * begin as `start` says.  `key` is that of the hashes; `anew`: another one, of
 * another database, where no position is stored.  Stops where the store cannot
 * tell. */
enum store_result sources_start(struct sources *sources, struct store *store,
    const unsigned char key[static HASH_KEY_SIZE], bool anew,
    enum conf_start start);

enum sources_look {
	SOURCES_DRY,
	SOURCES_SOON, /* one is to be looked at again soon */
	SOURCES_MORE  /* one turned to another file */
};
/* Where one ran dry: see whether there is something to go on with.  `now` is
 * seconds, `ticks` milliseconds. */
enum sources_look sources_look(
    struct sources *sources, int64_t now, int64_t ticks);

/* The next line, and the clock to match it with; false where there is none
 * now.  Borrowed until the next call. */
bool source_line(
    struct source *source, struct log_line *line, struct rules_clock **clock);

/* Store where those stand that have moved and what was read of them, in the
 * caller's transaction; and that it was committed.  The log then says which
 * of them nothing comes of; `all`: also those of which little was read. */
void sources_put(
    const struct sources *sources, struct store *store, int64_t now);
void sources_stored(struct sources *sources, bool all, int64_t now);

/*
 * Descriptors that can be read once something may be new: inotify's and the
 * journal's, below 0 where there is none.  They may say so for nothing, and
 * miss what happens on a network file system: whoever waits looks every now
 * and then anyway, and asks again each time, since files change their names.
 */
void sources_listen(struct sources *sources, int fds[static 2]);

#endif
