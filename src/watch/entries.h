/*
 * The entries of a systemd journal: which of them count, and what one of them
 * says as a line of a log.
 *
 * How far a journal was read, and what becomes of one that cannot be, is the
 * follower's to know: see watch/journal.h.  Which fields only journald itself
 * can write (their names begin with '_'): systemd.journal-fields(7).
 */
#ifndef WATCH_ENTRIES_H
#define WATCH_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <systemd/sd-journal.h>

#include "conf/conf.h"
#include "rules/rules.h"

enum {
	ENTRIES_TAG_SIZE = 65 /* a longer identifier is cut */
};

/* An open journal that shows only what counts, or NULL with errno.  `where`
 * as in journal_new(); `inode` is set where that is one file, and left as it
 * is otherwise.  The caller closes it. */
sd_journal *entries_open(
    const char *where, const struct conf_list *units, ino_t *inode);

/* Read the entry sd stands at; false where it says nothing to us.  The text
 * is sd's until it is asked for more, the tag the caller's. */
bool entries_line(sd_journal *sd, const struct conf_list *units,
    char tag[static ENTRIES_TAG_SIZE], struct log_line *line);

/* The entry sd stands at as a syslog daemon writes it; false where it has no
 * message or there is no room for it. */
bool entries_syslog(sd_journal *sd, char *line, size_t size);

#endif
