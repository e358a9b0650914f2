#include "watch/journal.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>

#include "base/log.h"
#include "base/text.h"
#include "engine/engine.h"

enum {
	AGAIN = 5, /* s until one that could not be opened is tried again */
	UNSEEN_AFTER = 30, /* s until units that write nothing are told */
	PASS_MAX = 4096,   /* entries passed over before others have a turn */
	NEWEST = 64,       /* entries that are compared with a file's end */
	LINE_MIN = 24,     /* bytes; a shorter line says too little */
	FIELD_SIZE = 128,
	TAG_SIZE = 65, /* a longer identifier is cut */
	MICRO = 1000000
};

struct journal {
	char where[CONF_PATH_SIZE];
	struct conf_list units;
	enum conf_start start;
	sd_journal *sd;    /* NULL while it cannot be opened */
	ino_t inode;       /* of a journal that is one file */
	int fd;            /* or below 0 */
	int64_t open_at;   /* when to try again */
	bool known;        /* false until the beginning was found */
	bool told;         /* that there is none */
	bool behind;       /* entries of others were passed over, and not all */
	int64_t unseen_at; /* when to say which units write nothing */
	bool seen[CONF_LIST_MAX];       /* units that do */
	int error;                      /* why it could not be read on */
	int64_t gaps;                   /* see journal_gaps() */
	char cursor[STORE_CURSOR_SIZE]; /* of the last entry taken */
	char tag[TAG_SIZE];
	struct log_gate gate;
};

/* ---- which entries count ---- */

/* Whether a unit is one of those asked for; marks by which in `seen`, if
 * given.  What a glob stands for holds no other unit's name. */
static bool
is_ours(const struct conf_list *units, const char *unit, bool *seen)
{
	static const char service[] = ".service";
	const char *suffix = strstr(unit, service);
	char bare[CONF_PATH_SIZE];
	struct text text;
	bool ours = false;

	if (suffix != NULL && suffix[strlen(service)] != '\0') {
		return false;
	}
	text_init(&text, bare, sizeof(bare));
	text_add_bytes(&text, unit,
	    suffix != NULL ? (size_t)(suffix - unit) : strlen(unit));
	for (size_t i = 0; i < units->items; i++) {
		if (fnmatch(units->item[i], unit, FNM_NOESCAPE) == 0 ||
		    (suffix != NULL &&
			fnmatch(units->item[i], bare, FNM_NOESCAPE) == 0)) {
			ours = true;
			if (seen != NULL) {
				seen[i] = true;
			}
		}
	}
	return ours;
}

/* An open journal or NULL with errno.  It shows all entries: which units there
 * are, no match of systemd's can tell by a pattern.  `inode` is set where
 * `where` is one file, and left as it is otherwise. */
static sd_journal *
open_entries(const char *where, ino_t *inode)
{
	const char *files[] = { where, NULL };
	bool system = strcmp(where, "yes") == 0;
	sd_journal *sd = NULL;
	struct stat st;
	int rc;

	if (system) {
		rc = sd_journal_open(
		    &sd, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
	} else if (stat(where, &st) != 0) {
		rc = -errno;
	} else if (S_ISDIR(st.st_mode)) {
		rc = sd_journal_open_directory(&sd, where, 0);
	} else {
		*inode = st.st_ino;
		rc = sd_journal_open_files(&sd, files, 0);
	}
	if (rc >= 0) {
		rc = sd_journal_set_data_threshold(
		    sd, RULES_LINE_MAX + FIELD_SIZE);
	}
	if (rc >= 0 && system && sd_journal_has_persistent_files(sd) <= 0 &&
	    sd_journal_has_runtime_files(sd) <= 0) {
		rc = -ENOENT;
	}
	if (rc < 0) {
		sd_journal_close(sd);
		errno = -rc;
		return NULL;
	}
	return sd;
}

/* ---- what an entry says ---- */

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

static void
copy_pid(sd_journal *sd, char *pid, size_t size)
{
	copy_field(sd, "SYSLOG_PID", pid, size);
	if (pid[0] == '\0') {
		copy_field(sd, "_PID", pid, size);
	}
}

/* Read the entry sd stands at; false where it says nothing to us.  The text
 * is sd's until it is asked for more, the tag the caller's. */
static bool
read_entry(struct journal *journal, struct log_line *line)
{
	sd_journal *sd = journal->sd;
	char *tag = journal->tag;
	char transport[FIELD_SIZE];
	char unit[CONF_PATH_SIZE];
	struct text name;
	bool ours;
	char sent[24];
	uint64_t stamp = 0;
	const char *newline;

	copy_field(sd, "_SYSTEMD_UNIT", unit, sizeof(unit));
	ours = is_ours(&journal->units, unit, NULL);
	if (!ours) {
		copy_field(sd, "_TRANSPORT", transport, sizeof(transport));
		if (strcmp(transport, "driver") != 0) {
			return false;
		}
	}
	copy_field(sd, "SYSLOG_IDENTIFIER", tag, TAG_SIZE);
	if (tag[0] == '\0') {
		copy_field(sd, "_COMM", tag, TAG_SIZE);
	}
	line->tag = tag;
	/* When it was written: its source's clock is trusted, since only
	 * journald can fill in that field. */
	copy_field(sd, "_SOURCE_REALTIME_TIMESTAMP", sent, sizeof(sent));
	if (!text_to_int(sent, 1, INT64_MAX, &line->at)) {
		(void)sd_journal_get_realtime_usec(sd, &stamp);
		line->at = (int64_t)stamp;
	}
	line->at /= MICRO;
	copy_pid(sd, sent, sizeof(sent));
	line->pid = 0;
	(void)text_to_int(sent, 1, INT64_MAX, &line->pid);
	if (!get_field(sd, "MESSAGE", &line->text, &line->len)) {
		return false;
	}
	if (!ours) { /* "Suppressed 9 messages from UNIT" */
		const char *blank = memrchr(line->text, ' ', line->len);

		text_init(&name, unit, sizeof(unit));
		if (blank != NULL) {
			text_add_bytes(&name, blank + 1,
			    (size_t)(line->text + line->len - blank - 1));
		}
		return is_ours(&journal->units, unit, NULL);
	}
	newline = memchr(line->text, '\n', line->len);
	if (newline != NULL) {
		line->len = (size_t)(newline - line->text);
	}
	return true;
}

/* ---- following it ---- */

struct journal *
journal_new(const char *where, const struct conf_list *units)
{
	struct journal *journal = calloc(1, sizeof(*journal));

	if (journal != NULL) {
		(void)text_copy(journal->where, sizeof(journal->where), where);
		journal->units = *units;
	}
	return journal;
}

static void
close_it(struct journal *journal)
{
	sd_journal_close(journal->sd);
	journal->sd = NULL;
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

/* Where to begin, or to go on; false with errno. */
static bool
seek(struct journal *journal)
{
	sd_journal *sd = journal->sd;
	int rc;

	if (!journal->known && journal->start == CONF_NOW) {
		/* Behind the last entry there is, or, where there is none,
		 * before the first to come. */
		rc = sd_journal_seek_tail(sd);
		if (rc >= 0) {
			rc = sd_journal_previous(sd);
		}
		if (rc >= 0) {
			rc = rc > 0 ? keep_cursor(journal)
				    : sd_journal_seek_head(sd);
		}
	} else if (journal->cursor[0] == '\0') {
		rc = sd_journal_seek_head(sd);
	} else {
		/* Behind the entry that was taken last.  Where that one is
		 * gone the next that is left comes by itself, and stepping
		 * back makes it come once more. */
		rc = sd_journal_seek_cursor(sd, journal->cursor);
		if (rc >= 0) {
			rc = sd_journal_next(sd);
		}
		if (rc == 0 || (rc > 0 && sd_journal_test_cursor(
					      sd, journal->cursor) <= 0)) {
			log_warn("journal: the entry that was read last is "
				 "gone; going on with the next that is left");
			journal->gaps++;
			rc = sd_journal_seek_cursor(sd, journal->cursor);
		}
	}
	journal->known |= rc >= 0;
	errno = -rc;
	return rc >= 0;
}

static void
complain(struct journal *journal, int error, int64_t now)
{
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
		log_warn(
		    "journal: %s: %s", journal->where, strerrordesc_np(error));
	}
}

/* Once, after some time: which of the units never wrote anything. */
static void
tell_unseen(struct journal *journal, int64_t now)
{
	const struct conf_list *units = &journal->units;
	bool seen[CONF_LIST_MAX] = { false };
	char unit[CONF_PATH_SIZE];
	char list[1024];
	char all[sizeof(CONF_UNITS) + 1];
	struct text names;
	struct text text;
	const void *data;
	size_t size;
	size_t unseen = 0;

	if (journal->unseen_at == 0 || now < journal->unseen_at) {
		return;
	}
	journal->unseen_at = INT64_MAX;
	if (sd_journal_query_unique(journal->sd, "_SYSTEMD_UNIT") < 0) {
		return;
	}
	while (sd_journal_enumerate_unique(journal->sd, &data, &size) > 0) {
		text_init(&text, unit, sizeof(unit));
		text_add_bytes(&text,
		    (const char *)data + strlen("_SYSTEMD_UNIT="),
		    size - strlen("_SYSTEMD_UNIT="));
		(void)is_ours(units, unit, seen);
	}
	text_init(&names, list, sizeof(list));
	text_init(&text, all, sizeof(all));
	for (size_t i = 0; i < units->items; i++) {
		text_addf(&text, "%s%s", i > 0 ? "," : "", units->item[i]);
		if (!seen[i]) {
			text_addf(&names, "%s%s", unseen > 0 ? ", " : "",
			    units->item[i]);
			unseen++;
		}
	}
	/* No host has all of those that are the default. */
	if (unseen == units->items ||
	    (unseen > 0 && strcmp(all, CONF_UNITS) != 0)) {
		log_warn("journal: nothing in it was written by %s, named in "
			 "watch { units }",
		    list);
	}
}

void
journal_look(struct journal *journal, int64_t now)
{
	struct stat st;

	if (journal->error != 0) {
		complain(journal, journal->error, now);
		journal->error = 0;
		journal->open_at = now + AGAIN;
	}
	/* One that is a single file may have been replaced by another. */
	if (journal->sd != NULL && journal->inode != 0 &&
	    stat(journal->where, &st) == 0 && st.st_ino != journal->inode) {
		close_it(journal);
		journal->open_at = now;
	}
	if (journal->sd != NULL) {
		(void)sd_journal_process(journal->sd);
		tell_unseen(journal, now);
		return;
	}
	if (!engine_due(journal->open_at, now, AGAIN)) {
		return;
	}
	journal->open_at = now + AGAIN;
	journal->sd = open_entries(journal->where, &journal->inode);
	if (journal->sd == NULL || !seek(journal)) {
		complain(journal, errno, now);
		close_it(journal);
		return;
	}
	(void)sd_journal_get_fd(journal->sd); /* it watches from now on */
	journal->told = false;
	if (journal->unseen_at == 0) {
		journal->unseen_at = now + UNSEEN_AFTER;
	}
}

int64_t *
journal_gaps(struct journal *journal)
{
	return &journal->gaps;
}

int
journal_fd(const struct journal *journal)
{
	return journal->sd != NULL ? sd_journal_get_fd(journal->sd) : -1;
}

/* ---- lines ---- */

bool
journal_line(struct journal *journal, struct log_line *line, bool *behind)
{
	int rc = 0;
	int passed = 0;

	*behind = false;
	while (journal->sd != NULL && passed < PASS_MAX &&
	       (rc = sd_journal_next(journal->sd)) > 0) {
		if (read_entry(journal, line)) {
			rc = keep_cursor(journal);
			if (rc >= 0) {
				return true;
			}
			break;
		}
		passed++;
	}
	*behind = passed == PASS_MAX;
	/* Not to pass over them once more after a start. */
	if (rc >= 0 && passed > 0) {
		rc = keep_cursor(journal);
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

/* Whether `text` holds a line that ends with `line`. */
static bool
has_line(const char *text, size_t len, const char *line, size_t line_len)
{
	const char *end = text + len;
	const char *at = text;

	while ((at = memmem(at, (size_t)(end - at), line, line_len)) != NULL) {
		bool begins = at == text || at[-1] == ' ';

		at += line_len;
		if (begins && (at == end || *at == '\n')) {
			return true;
		}
	}
	return false;
}

bool
journal_wrote(const char *where, const struct conf_list *units, const char *end,
    size_t len)
{
	char line[RULES_LINE_MAX];
	char pid[24];
	ino_t inode = 0;
	sd_journal *sd = open_entries(where, &inode);
	bool found = false;
	int left = sd != NULL && sd_journal_seek_tail(sd) >= 0 ? NEWEST : 0;

	for (int passed = 0; !found && left > 0 && passed < PASS_MAX &&
			     sd_journal_previous(sd) > 0;
	     passed++) {
		const char *message;
		size_t message_len;
		struct text text;

		copy_field(sd, "_SYSTEMD_UNIT", line, sizeof(line));
		if (!is_ours(units, line, NULL)) {
			continue;
		}
		left--;
		copy_pid(sd, pid, sizeof(pid));
		text_init(&text, line, sizeof(line));
		if (get_field(
			sd, "SYSLOG_IDENTIFIER", &message, &message_len)) {
			text_add_bytes(&text, message, message_len);
		}
		text_addf(&text, "[%s]: ", pid);
		if (get_field(sd, "MESSAGE", &message, &message_len)) {
			text_add_bytes(&text, message, message_len);
			found = !text.cut && text.len >= LINE_MIN &&
				has_line(end, len, line, text.len);
		}
	}
	sd_journal_close(sd);
	return found;
}
