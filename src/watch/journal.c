#include "watch/journal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>

#include "base/log.h"
#include "base/text.h"
#include "watch/entries.h"

enum {
	AGAIN = 5 /* s until one that could not be opened is tried again */
};

struct journal {
	char where[CONF_PATH_SIZE];
	struct conf_list units;
	enum conf_start start;
	sd_journal *sd; /* NULL while it cannot be opened */
	ino_t inode;    /* of a journal that is one file */
	int fd;
	unsigned turns;
	int64_t open_at; /* when to try again */
	bool known;      /* false until the beginning was found */
	bool told;       /* that there is none */
	int error;       /* why it could not be read on */
	char cursor[STORE_CURSOR_SIZE]; /* of the last entry taken */
	char tag[ENTRIES_TAG_SIZE];
	struct log_gate gate;
};

struct journal *
journal_new(const char *where, const struct conf_list *units)
{
	struct journal *journal = calloc(1, sizeof(*journal));

	if (journal != NULL) {
		(void)text_copy(journal->where, sizeof(journal->where), where);
		journal->units = *units;
		journal->fd = -1;
	}
	return journal;
}

static void
close_it(struct journal *journal)
{
	if (journal->sd != NULL) {
		sd_journal_close(journal->sd);
		journal->sd = NULL;
		journal->fd = -1;
	}
}

void
journal_free(struct journal *journal)
{
	if (journal != NULL) {
		close_it(journal);
		free(journal);
	}
}

void
journal_start(struct journal *journal, const struct position *position,
    enum conf_start start)
{
	journal->start = start;
	journal->known = position != NULL;
	if (position != NULL) {
		(void)text_copy(
		    journal->cursor, sizeof(journal->cursor), position->cursor);
	}
}

/* ---- opening ---- */

/* The entry sd stands at is the last one taken. */
static int
keep_cursor(struct journal *journal)
{
	char *cursor;
	int rc = sd_journal_get_cursor(journal->sd, &cursor);

	if (rc >= 0) {
		rc = text_copy(journal->cursor, sizeof(journal->cursor), cursor)
			 ? 0
			 : -EOVERFLOW;
		free(cursor);
	}
	return rc;
}

/* Behind the last entry there is, or, where there is none, before the first
 * to come. */
static int
seek_end(struct journal *journal)
{
	int rc = sd_journal_seek_tail(journal->sd);

	if (rc >= 0) {
		rc = sd_journal_previous(journal->sd);
	}
	if (rc == 0) {
		return sd_journal_seek_head(journal->sd);
	}
	return rc > 0 ? keep_cursor(journal) : rc;
}

/* Behind the entry that was taken last.  Where that one is gone the next
 * that is left comes by itself, and stepping back makes it come once more. */
static int
seek_cursor(struct journal *journal)
{
	int rc = sd_journal_seek_cursor(journal->sd, journal->cursor);

	if (rc >= 0) {
		rc = sd_journal_next(journal->sd);
	}
	if (rc > 0 &&
	    sd_journal_test_cursor(journal->sd, journal->cursor) > 0) {
		return 0;
	}
	if (rc >= 0) {
		log_warn("journal: the entry that was read last is gone; going "
			 "on with the next that is left");
		rc = sd_journal_seek_cursor(journal->sd, journal->cursor);
	}
	return rc;
}

static bool
seek(struct journal *journal)
{
	int rc;

	if (!journal->known && journal->start == CONF_NOW) {
		rc = seek_end(journal);
	} else if (journal->cursor[0] == '\0') {
		rc = sd_journal_seek_head(journal->sd);
	} else {
		rc = seek_cursor(journal);
	}
	if (rc < 0) {
		errno = -rc;
		return false;
	}
	journal->known = true;
	return true;
}

static void
complain(struct journal *journal, int error, int64_t now)
{
	char why[128];
	int64_t held;

	if (error == ENOENT && strcmp(journal->where, "yes") == 0) {
		if (!journal->told) {
			log_warn("journal: there is none here, or this user "
				 "may not read it (group systemd-journal)");
			journal->told = true;
		}
		return;
	}
	if (error == ENOENT) {
		/* Whatever comes is written from now on. */
		journal->known = true;
	}
	if (log_gate_open(&journal->gate, now, &held)) {
		log_warn("journal: %s: %s", journal->where,
		    strerror_r(error, why, sizeof(why)));
	}
}

static void
open_it(struct journal *journal, int64_t now)
{
	int fd;

	journal->open_at = now + AGAIN;
	journal->sd = entries_open(
	    journal->where, &journal->units, &journal->inode);
	if (journal->sd == NULL) {
		complain(journal, errno, now);
		return;
	}
	if (!seek(journal)) {
		complain(journal, errno, now);
		close_it(journal);
		return;
	}
	fd = sd_journal_get_fd(journal->sd);
	journal->fd = fd >= 0 ? fd : -1;
	journal->turns++;
	journal->told = false;
}

/* Whether a journal that is one file was replaced by another. */
static bool
is_replaced(const struct journal *journal)
{
	struct stat st;

	return journal->inode != 0 && stat(journal->where, &st) == 0 &&
	       st.st_ino != journal->inode;
}

void
journal_look(struct journal *journal, int64_t now)
{
	if (journal->error != 0) {
		complain(journal, journal->error, now);
		journal->error = 0;
		journal->open_at = now + AGAIN;
	}
	if (journal->sd != NULL && is_replaced(journal)) {
		close_it(journal);
		journal->open_at = now;
	}
	if (journal->sd == NULL) {
		if (now >= journal->open_at) {
			open_it(journal, now);
		}
		return;
	}
	(void)sd_journal_process(journal->sd);
}

int
journal_fd(const struct journal *journal, unsigned *turns)
{
	*turns = journal->turns;
	return journal->fd;
}

/* ---- lines ---- */

bool
journal_line(struct journal *journal, struct log_line *line)
{
	int rc = 0;

	while (journal->sd != NULL && (rc = sd_journal_next(journal->sd)) > 0 &&
	       (rc = keep_cursor(journal)) >= 0) {
		if (entries_line(
			journal->sd, &journal->units, journal->tag, line)) {
			return true;
		}
	}
	if (rc < 0) {
		journal->error = -rc;
		close_it(journal);
	}
	return false;
}

bool
journal_position(const struct journal *journal, struct position *position)
{
	*position = (struct position){ .offset = 0 };
	(void)text_copy(
	    position->cursor, sizeof(position->cursor), journal->cursor);
	return journal->known;
}

void
journal_newest(const char *where, const struct conf_list *units, size_t most,
    bool (*each)(void *to, const char *line), void *to)
{
	char line[RULES_LINE_MAX];
	ino_t inode = 0;
	sd_journal *sd = entries_open(where, units, &inode);
	bool more = sd != NULL && sd_journal_seek_tail(sd) >= 0;

	for (; more && most > 0 && sd_journal_previous(sd) > 0; most--) {
		if (entries_syslog(sd, line, sizeof(line))) {
			more = each(to, line);
		}
	}
	if (sd != NULL) {
		sd_journal_close(sd);
	}
}
