#include "milter/classify.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

static bool
starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool
is_greylist(const char *status, const char *text)
{
	/* "Greylisted", "greylisting in action", "Recipient address rejected:
	 * Greylisted". */
	return status[0] == '4' && strstr(text, "reylist") != NULL;
}

static bool
is_helo(const char *status, const char *text)
{
	(void)status;
	return strstr(text, "Helo command rejected") != NULL;
}

static bool
is_sender(const char *status, const char *text)
{
	return strstr(text, "Sender address rejected") != NULL &&
	       !starts(status, "4.3.") && !starts(status, "4.4.");
}

static bool
is_relay(const char *status, const char *text)
{
	return strstr(text, "Relay access denied") != NULL &&
	       (strcmp(status, "4.7.1") == 0 || strcmp(status, "5.7.1") == 0);
}

static bool
is_recipient(const char *status, const char *text)
{
	(void)text;
	return strcmp(status, "5.1.1") == 0;
}

/* In the order they are tried: what the text says goes before the status
 * alone, since a sender may be refused with the recipient's status. */
static const struct {
	enum kind kind;
	bool (*fits)(const char *status, const char *text);
} rejections[] = {
	{ KIND_GREYLIST, is_greylist },
	{ KIND_HELO, is_helo },
	{ KIND_SENDER, is_sender },
	{ KIND_RELAY, is_relay },
	{ KIND_RECIPIENT, is_recipient },
};

bool
classify_rejection(const char *status, const char *text, enum kind *out)
{
	if (status == NULL) {
		return false;
	}
	for (size_t i = 0; i < sizeof(rejections) / sizeof(*rejections); i++) {
		if (rejections[i].fits(status, text == NULL ? "" : text)) {
			*out = rejections[i].kind;
			return true;
		}
	}
	return false;
}

/* The next character of a header's value in lower case, a fold or a run of
 * blanks as one blank; NUL at the end. */
static int
next_char(const char **at)
{
	const unsigned char *c = (const unsigned char *)*at;

	if (*c == '\0') {
		return '\0';
	}
	if (!isspace(*c)) {
		*at += 1;
		return tolower(*c);
	}
	while (isspace(*c)) {
		c++;
	}
	*at = (const char *)c;
	return *c == '\0' ? '\0' : ' ';
}

static const char *
skip_blanks(const char *text)
{
	while (isspace((unsigned char)*text)) {
		text++;
	}
	return text;
}

static bool
value_begins(const char *value, const char *with)
{
	int wanted;

	value = skip_blanks(value);
	with = skip_blanks(with);
	while ((wanted = next_char(&with)) != '\0') {
		if (next_char(&value) != wanted) {
			return false;
		}
	}
	return true;
}

bool
classify_header(
    const struct conf_list *trusted, const char *name, const char *value)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < trusted->items; i++) {
		const char *item = trusted->item[i];
		size_t named = strcspn(item, ":");

		if (named == len && item[named] == ':' &&
		    strncasecmp(item, name, len) == 0 &&
		    value_begins(value, item + named + 1)) {
			return true;
		}
	}
	return false;
}

bool
classify_callout(const char *path)
{
	static const char postmaster[] = "postmaster";
	size_t len;

	if (*path == '<') {
		path++;
	}
	len = strcspn(path, "@>");
	if (len == 0) {
		return path[0] != '@';
	}
	return len == sizeof(postmaster) - 1 &&
	       strncasecmp(path, postmaster, len) == 0;
}

bool
classify_is_status(const char *text)
{
	if (text == NULL || strchr("245", text[0]) == NULL || text[0] == '\0') {
		return false;
	}
	text++;
	for (int part = 0; part < 2; part++) {
		size_t digits;

		if (*text++ != '.') {
			return false;
		}
		digits = strspn(text, "0123456789");
		if (digits < 1 || digits > 3) {
			return false;
		}
		text += digits;
	}
	return *text == '\0';
}
