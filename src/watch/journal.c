#include "watch/journal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>

#include "base/log.h"
#include "base/text.h"

/* SD_MESSAGE_JOURNAL_DROPPED: journald suppressed messages of a unit. */
#define MESSAGE_DROPPED "MESSAGE_ID=a596d6fe7bfa4994828e72309e95d61e"

enum {
	TAG_SIZE = 65,
	FIELD_SIZE = 128,
	AGAIN = 5, /* s until one that could not be opened is tried again */
	MICRO = 1000000
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
	char tag[TAG_SIZE];
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

/* Names of systemd's fields stand before their value. */
static int
add_match(sd_journal *sd, const char *field, const char *value)
{
	char match[FIELD_SIZE + CONF_PATH_SIZE];
	struct text text;

	text_init(&text, match, sizeof(match));
	text_addf(&text, "%s=%s", field, value);
	return sd_journal_add_match(sd, match, text.len);
}

/* Any of the units, or the driver of journald saying that it dropped some. */
static int
add_matches(sd_journal *sd, const struct conf_list *units)
{
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < units->items; i++) {
		rc = add_match(sd, "_SYSTEMD_UNIT", units->item[i]);
	}
	if (rc >= 0) {
		rc = sd_journal_add_disjunction(sd);
	}
	if (rc >= 0) {
		rc = add_match(sd, "_TRANSPORT", "driver");
	}
	return rc < 0 ? rc : sd_journal_add_match(sd, MESSAGE_DROPPED, 0);
}

static int
open_sd(sd_journal **sd, const char *where, ino_t *inode)
{
	const char *files[] = { where, NULL };
	struct stat st;

	if (strcmp(where, "yes") == 0) {
		return sd_journal_open(
		    sd, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
	}
	if (stat(where, &st) != 0) {
		return -errno;
	}
	if (S_ISDIR(st.st_mode)) {
		return sd_journal_open_directory(sd, where, 0);
	}
	*inode = st.st_ino;
	return sd_journal_open_files(sd, files, 0);
}

/* An open journal that shows only what counts, or NULL with errno. */
static sd_journal *
open_matched(const char *where, const struct conf_list *units, ino_t *inode)
{
	sd_journal *sd = NULL;
	int rc = open_sd(&sd, where, inode);

	if (rc >= 0) {
		(void)sd_journal_set_data_threshold(
		    sd, RULES_LINE_MAX + FIELD_SIZE);
		rc = add_matches(sd, units);
	}
	if (rc >= 0 && sd_journal_has_persistent_files(sd) <= 0 &&
	    sd_journal_has_runtime_files(sd) <= 0 &&
	    strcmp(where, "yes") == 0) {
		rc = -ENOENT;
	}
	if (rc < 0) {
		if (sd != NULL) {
			sd_journal_close(sd);
		}
		errno = -rc;
		return NULL;
	}
	return sd;
}

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
	journal->sd = open_matched(
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

/* The value of a field of the entry sd stands at; false where it has none. */
static bool
get_field(sd_journal *sd, const char *field, const char **value, size_t *len)
{
	const void *data;
	size_t name = strlen(field) + 1; /* and '=' */
	size_t size;

	if (sd_journal_get_data(sd, field, &data, &size) < 0 || size < name) {
		return false;
	}
	*value = (const char *)data + name;
	*len = size - name;
	return true;
}

static void
copy_field(sd_journal *sd, const char *field, char *to, size_t size)
{
	const char *value;
	size_t len;
	struct text text;

	text_init(&text, to, size);
	if (get_field(sd, field, &value, &len)) {
		text_add_bytes(&text, value, len);
	}
}

/* When it was written, as journald saw it; its source's clock is trusted as
 * well, since only journald can fill in that field. */
static int64_t
entry_time(sd_journal *sd)
{
	char source[24];
	int64_t at;
	uint64_t stamp;

	copy_field(sd, "_SOURCE_REALTIME_TIMESTAMP", source, sizeof(source));
	if (text_to_int(source, 1, INT64_MAX, &at)) {
		return at / MICRO;
	}
	if (sd_journal_get_realtime_usec(sd, &stamp) < 0) {
		return 0;
	}
	return (int64_t)(stamp / MICRO);
}

/* Whether what journald says it dropped was of one of our units. */
static bool
is_of_units(const struct journal *journal, const char *text, size_t len)
{
	for (size_t i = 0; i < journal->units.items; i++) {
		const char *unit = journal->units.item[i];
		size_t size = strlen(unit);

		if (len > size && text[len - size - 1] == ' ' &&
		    memcmp(text + len - size, unit, size) == 0) {
			return true;
		}
	}
	return false;
}

/* Read the entry sd stands at; false where it says nothing to us. */
static bool
read_entry(struct journal *journal, struct log_line *line)
{
	sd_journal *sd = journal->sd;
	char transport[FIELD_SIZE];
	const char *newline;

	copy_field(sd, "SYSLOG_IDENTIFIER", journal->tag, sizeof(journal->tag));
	if (journal->tag[0] == '\0') {
		copy_field(sd, "_COMM", journal->tag, sizeof(journal->tag));
	}
	copy_field(sd, "_TRANSPORT", transport, sizeof(transport));
	line->tag = journal->tag;
	line->at = entry_time(sd);
	if (!get_field(sd, "MESSAGE", &line->text, &line->len)) {
		return false;
	}
	if (strcmp(transport, "driver") == 0) {
		return is_of_units(journal, line->text, line->len);
	}
	newline = memchr(line->text, '\n', line->len);
	if (newline != NULL) {
		line->len = (size_t)(newline - line->text);
	}
	if (line->len > RULES_LINE_MAX) {
		line->len = RULES_LINE_MAX;
	}
	return true;
}

bool
journal_line(struct journal *journal, struct log_line *line)
{
	int rc = 0;

	while (journal->sd != NULL && (rc = sd_journal_next(journal->sd)) > 0 &&
	       (rc = keep_cursor(journal)) >= 0) {
		if (read_entry(journal, line)) {
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
	char tag[TAG_SIZE];
	char pid[24];
	char buf[RULES_LINE_MAX];
	ino_t inode = 0;
	sd_journal *sd = open_matched(where, units, &inode);
	bool more = sd != NULL && sd_journal_seek_tail(sd) >= 0;

	for (; more && most > 0 && sd_journal_previous(sd) > 0; most--) {
		const char *message;
		size_t len;
		struct text text;

		copy_field(sd, "SYSLOG_IDENTIFIER", tag, sizeof(tag));
		copy_field(sd, "SYSLOG_PID", pid, sizeof(pid));
		if (pid[0] == '\0') {
			copy_field(sd, "_PID", pid, sizeof(pid));
		}
		if (get_field(sd, "MESSAGE", &message, &len)) {
			text_init(&text, buf, sizeof(buf));
			text_addf(&text, "%s[%s]: ", tag, pid);
			text_add_bytes(&text, message, len);
			more = text.cut || each(to, buf);
		}
	}
	if (sd != NULL) {
		sd_journal_close(sd);
	}
}
