#include "doctor/sendmail.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"

enum {
	/* What Sendmail waits where T= says nothing, in seconds. */
	WAIT = 10,
	WAIT_END = 300
};

/* ---- words ---- */

/* The next part up to one of `ends`, without the blanks around it. */
static bool
next_part(const char **at, const char *ends, char *part, size_t size)
{
	const char *begin;
	struct text text;
	size_t len;

	do {
		begin = *at + strspn(*at, " \t");
		len = strcspn(begin, ends);
		*at = begin + len + (begin[len] != '\0');
	} while (len == 0 && **at != '\0');
	while (len > 0 && strchr(" \t", begin[len - 1]) != NULL) {
		len--;
	}
	text_init(&text, part, size);
	text_add_bytes(&text, begin, len);
	return len > 0;
}

bool
sendmail_word(const char **at, char *word, size_t size)
{
	return next_part(at, ",; \t", word, size);
}

/* "10s", "5m"; a number alone is minutes, as there.  -1 where it is none. */
static int64_t
seconds_of(const char *text)
{
	static const struct {
		char letter;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 },
		{ 'w', 604800 } };
	char *end;
	long number = strtol(text, &end, 10);

	if (end == text || number < 0 || number > INT32_MAX) {
		return -1;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (*end == units[i].letter) {
			return number * units[i].seconds;
		}
	}
	return number * 60;
}

static int
port_of(const char *text)
{
	static const struct {
		const char *name;
		int port;
	} known[] = { { "smtp", 25 }, { "submission", 587 },
		{ "submissions", 465 }, { "smtps", 465 } };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcasecmp(text, known[i].name) == 0) {
			return known[i].port;
		}
	}
	return (int)strtol(text, NULL, 10);
}

/* ---- lines ---- */

/* The letter of "S=..." or "Name=..." and what stands behind; 0 for none. */
static char
equate(const char *part, const char **value)
{
	const char *sign = strchr(part, '=');

	if (sign == NULL) {
		return '\0';
	}
	*value = sign + 1 + strspn(sign + 1, " \t");
	return (char)(part[0] & ~0x20);
}

static void
read_timeouts(struct sendmail_filter *filter, const char *list)
{
	char part[SENDMAIL_NAME_SIZE];

	while (sendmail_word(&list, part, sizeof(part))) {
		int64_t seconds = part[1] == ':' ? seconds_of(part + 2) : -1;

		if (seconds >= 0 && part[0] == 'S') {
			filter->send = seconds;
		} else if (seconds >= 0 && part[0] == 'R') {
			filter->read = seconds;
		} else if (seconds >= 0 && part[0] == 'E') {
			filter->end = seconds;
		}
	}
}

static void
read_filter(struct sendmail *sendmail, const char *line)
{
	struct sendmail_filter *filter = &sendmail->filter[sendmail->filters];
	char part[SENDMAIL_TEXT_SIZE];
	const char *value;

	if (sendmail->filters == SENDMAIL_FILTERS_MAX) {
		return;
	}
	*filter = (struct sendmail_filter){
		.send = WAIT, .read = WAIT, .end = WAIT_END
	};
	(void)next_part(&line, ",", filter->name, sizeof(filter->name));
	while (next_part(&line, ",", part, sizeof(part))) {
		switch (equate(part, &value)) {
		case 'S':
			(void)text_copy(
			    filter->socket, sizeof(filter->socket), value);
			break;
		case 'F':
			(void)text_copy(
			    filter->flags, sizeof(filter->flags), value);
			break;
		case 'T':
			read_timeouts(filter, value);
			break;
		default:
			break;
		}
	}
	sendmail->filters++;
}

static void
read_daemon(struct sendmail *sendmail, const char *list)
{
	struct sendmail_daemon *daemon = &sendmail->daemon[sendmail->daemons];
	char part[SENDMAIL_TEXT_SIZE];
	const char *value;

	if (sendmail->daemons == SENDMAIL_DAEMONS_MAX) {
		return;
	}
	*daemon = (struct sendmail_daemon){ .name = "MTA", .port = 25 };
	while (next_part(&list, ",", part, sizeof(part))) {
		switch (equate(part, &value)) {
		case 'N':
			(void)text_copy(
			    daemon->name, sizeof(daemon->name), value);
			break;
		case 'P':
			daemon->port = port_of(value);
			break;
		case 'A':
			daemon->loopback = text_after(value, "127.") != NULL ||
					   strcmp(value, "::1") == 0 ||
					   strcmp(value, "localhost") == 0;
			break;
		case 'M':
			daemon->no_auth = strchr(value, 'A') != NULL;
			break;
		case 'I':
			(void)text_copy(
			    daemon->filters, sizeof(daemon->filters), value);
			break;
		default:
			break;
		}
	}
	sendmail->daemons++;
}

/* "O Name=value"; `lists` gets the filters of daemons without their own. */
static void
read_option(struct sendmail *sendmail, const char *line,
    char lists[static SENDMAIL_TEXT_SIZE])
{
	const struct {
		const char *name;
		char *field;
		size_t size;
	} texts[] = {
		{ "InputMailFilters", lists, SENDMAIL_TEXT_SIZE },
		{ "PrivacyOptions", sendmail->privacy,
		    sizeof(sendmail->privacy) },
		{ "AuthMechanisms", sendmail->mechanisms,
		    sizeof(sendmail->mechanisms) },
		{ "AuthOptions", sendmail->auth_options,
		    sizeof(sendmail->auth_options) },
		{ "RunAsUser", sendmail->run_as, sizeof(sendmail->run_as) },
	};
	char name[SENDMAIL_NAME_SIZE];
	const char *value = line;

	if (strchr(line, '=') == NULL ||
	    !next_part(&value, "=", name, sizeof(name))) {
		return;
	}
	if (strcasecmp(name, "DaemonPortOptions") == 0) {
		read_daemon(sendmail, value);
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strcasecmp(name, texts[i].name) == 0) {
			(void)text_copy(texts[i].field, texts[i].size,
			    value + strspn(value, " \t"));
		}
	}
}

/* Take in what a sendmail.cf says, splitting `text` in place. */
static void
read_cf(struct sendmail *sendmail, char *text)
{
	static const char trusted[] = "C{TrustAuthMech}";
	char lists[SENDMAIL_TEXT_SIZE] = "";
	char *next;

	for (char *line = text; *line != '\0'; line = next) {
		const char *mechanisms = text_after(line, trusted);
		size_t len = strcspn(line, "\n");

		next = line + len + (line[len] == '\n');
		line[len] = '\0';
		if (line[0] == 'X') {
			read_filter(sendmail, line + 1);
		} else if (line[0] == 'O' && line[1] == ' ') {
			read_option(sendmail, line + 2, lists);
		} else if (mechanisms != NULL &&
			   sendmail->mechanisms[0] == '\0') {
			(void)text_copy(sendmail->mechanisms,
			    sizeof(sendmail->mechanisms), mechanisms);
		}
	}
	if (sendmail->daemons == 0) {
		read_daemon(sendmail, "");
	}
	for (size_t i = 0; i < sendmail->daemons; i++) {
		char *filters = sendmail->daemon[i].filters;

		if (filters[0] == '\0') {
			(void)text_copy(filters, SENDMAIL_TEXT_SIZE, lists);
		}
	}
	/* "user:group" */
	sendmail->run_as[strcspn(sendmail->run_as, ":")] = '\0';
	if (sendmail->run_as[0] == '\0') {
		(void)text_copy(
		    sendmail->run_as, sizeof(sendmail->run_as), "root");
	}
}

void
sendmail_look(struct sendmail *sendmail, const char *folder)
{
	char path[SENDMAIL_FOLDER_SIZE + sizeof("/sendmail.cf")];
	char why[FILE_WHY_SIZE];
	struct stat cf;
	struct stat mc;
	struct text at;
	char *text;

	(void)text_copy(sendmail->folder, sizeof(sendmail->folder), folder);
	text_init(&at, path, sizeof(path));
	text_addf(&at, "%s/sendmail.cf", sendmail->folder);
	text = file_read_text(path, SENDMAIL_FILE_MAX, why);
	if (text == NULL || stat(path, &cf) != 0) {
		free(text);
		return;
	}
	memcpy(path + at.len - 2, "mc", 2);
	sendmail->there = true;
	sendmail->stale = stat(path, &mc) == 0 && mc.st_mtime > cf.st_mtime;
	read_cf(sendmail, text);
	free(text);
}

const struct sendmail_filter *
sendmail_find(const struct sendmail *sendmail, const char *name)
{
	for (size_t i = sendmail->filters; i > 0; i--) {
		if (strcmp(sendmail->filter[i - 1].name, name) == 0) {
			return &sendmail->filter[i - 1];
		}
	}
	return NULL;
}
