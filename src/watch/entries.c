#include "watch/entries.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"

/* SD_MESSAGE_JOURNAL_DROPPED: journald suppressed messages of a unit. */
#define MESSAGE_DROPPED "MESSAGE_ID=a596d6fe7bfa4994828e72309e95d61e"

enum {
	FIELD_SIZE = 128,
	MICRO = 1000000
};

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

sd_journal *
entries_open(const char *where, const struct conf_list *units, ino_t *inode)
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
is_of_units(const struct conf_list *units, const char *text, size_t len)
{
	for (size_t i = 0; i < units->items; i++) {
		const char *unit = units->item[i];
		size_t size = strlen(unit);

		if (len > size && text[len - size - 1] == ' ' &&
		    memcmp(text + len - size, unit, size) == 0) {
			return true;
		}
	}
	return false;
}

bool
entries_line(sd_journal *sd, const struct conf_list *units,
    char tag[static ENTRIES_TAG_SIZE], struct log_line *line)
{
	char transport[FIELD_SIZE];
	const char *newline;

	copy_field(sd, "SYSLOG_IDENTIFIER", tag, ENTRIES_TAG_SIZE);
	if (tag[0] == '\0') {
		copy_field(sd, "_COMM", tag, ENTRIES_TAG_SIZE);
	}
	copy_field(sd, "_TRANSPORT", transport, sizeof(transport));
	line->tag = tag;
	line->at = entry_time(sd);
	if (!get_field(sd, "MESSAGE", &line->text, &line->len)) {
		return false;
	}
	if (strcmp(transport, "driver") == 0) {
		return is_of_units(units, line->text, line->len);
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
entries_syslog(sd_journal *sd, char *line, size_t size)
{
	char tag[ENTRIES_TAG_SIZE];
	char pid[24];
	const char *message;
	size_t len;
	struct text text;

	copy_field(sd, "SYSLOG_IDENTIFIER", tag, sizeof(tag));
	copy_field(sd, "SYSLOG_PID", pid, sizeof(pid));
	if (pid[0] == '\0') {
		copy_field(sd, "_PID", pid, sizeof(pid));
	}
	if (!get_field(sd, "MESSAGE", &message, &len)) {
		return false;
	}
	text_init(&text, line, size);
	text_addf(&text, "%s[%s]: ", tag, pid);
	text_add_bytes(&text, message, len);
	return !text.cut;
}
