/*
 * Lines become findings, and findings go into the database together with how
 * far the logs were read.
 *
 * A batch is read and matched first, outside any transaction; then all of it
 * and the positions are stored in one.  Until that succeeds nothing more is
 * read and the batch waits in memory, so that whatever happens the database
 * holds either both or neither.  The same transaction says that the watcher
 * is alive ("watch"), how many seconds there has always been more to read
 * ("watch-behind") and how many lines the journal dropped ("suppressed").  What
 * may be forgotten goes in transactions of its own.
 *
 * Two watchers of the same logs would count everything twice: each holds a
 * lock on the database for as long as it has it open.
 */
#ifndef WATCH_FOLLOW_H
#define WATCH_FOLLOW_H

#include <stdbool.h>

#include "conf/conf.h"
#include "rules/rules.h"
#include "store/store.h"
#include "watch/source.h"

struct follow;

/* What a configuration makes of the watcher. */
struct setup {
	struct conf *conf;
	struct rules *rules;
	struct rules_scratch *scratch;
	struct sources sources;
};

/* What a round came to. */
enum follow_result {
	FOLLOW_MORE,    /* there is more to read */
	FOLLOW_SOON,    /* a source wants to be looked at again soon */
	FOLLOW_DRY,     /* all was read that there is */
	FOLLOW_BUSY,    /* another program holds the database: try again */
	FOLLOW_FAILED,  /* it cannot be written; try again */
	FOLLOW_RESTORED /* a copy of it was put back (store_restore()): what was
			 * read since is to be read again, by a new watcher */
};

/* NULL without memory.  `setup` is borrowed, as in follow_use(). */
struct follow *follow_new(struct setup *setup);
void follow_close(struct follow *follow);

/* What to work with from now on, borrowed; only while nothing is pending. */
void follow_use(struct follow *follow, struct setup *setup);

/* Have the database open, and be the only watcher that has; after a log line
 * BUSY, FAILED or RESTORED, else MORE. */
enum follow_result follow_open(struct follow *follow);

/* Read what there is, a batch at most, and store it. */
enum follow_result follow_round(struct follow *follow);

/* Whether a batch waits to be stored. */
bool follow_is_pending(const struct follow *follow);

/* Whether there is more to forget: the next round is to come soon. */
bool follow_forgets(const struct follow *follow);

/* Store positions that were not yet, and a sign of life. */
enum follow_result follow_settle(struct follow *follow);

#endif
