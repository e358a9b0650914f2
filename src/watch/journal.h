/*
 * The systemd journal as a source of log lines.
 *
 * Only entries count whose _SYSTEMD_UNIT, a field that only journald itself
 * can write (see systemd.journal-fields(7)), is one of the units asked for, by
 * its name, which may lack ".service", or by a glob; and journald's own word that it dropped messages of one of them.  The cursor is
 * the position.  A journal that is not there yet, or cannot be read, is tried
 * again.
 */
#ifndef WATCH_JOURNAL_H
#define WATCH_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "rules/rules.h"
#include "store/store.h"

struct journal;

/* `where` is "yes" for the system's journal, or the path of a journal's file
 * or folder.  NULL without memory. */
struct journal *journal_new(const char *where, const struct conf_list *units);
void journal_free(struct journal *journal);

/* Before the first look: go on at a position, or where it is NULL begin as
 * `start` says. */
void journal_start(struct journal *journal, const struct position *position,
    enum conf_start start);

/* Once there are no more lines: open it where it is not, and see whether
 * there are new ones. */
void journal_look(struct journal *journal, int64_t now);

/* The next line; false where there is none now, or `*behind`: it stopped among
 * entries that are not asked for.  Borrowed until the next call. */
bool journal_line(struct journal *journal, struct log_line *line, bool *behind);

/* Where it stands; false where that is not known yet. */
bool journal_position(const struct journal *journal, struct position *position);

/* Places where entries were missed, that are not stored yet: who stores them
 * sets it to 0. */
int64_t *journal_gaps(struct journal *journal);

/* A descriptor that can be read once something is new, or below 0. */
int journal_fd(const struct journal *journal);

/* Whether a syslog daemon wrote one of the newest entries into `end`, the end
 * of a file: a line of it is that entry letter for letter from the daemon's
 * name and process id on, "postfix/smtpd[123]: text". */
bool journal_wrote(const char *where, const struct conf_list *units,
    const char *end, size_t len);

#endif
