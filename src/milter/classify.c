#include "milter/classify.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* What the text says goes before the status alone, since a sender may be
 * refused with the recipient's status; the first row that fits counts.  No
 * sender or HELO name refused for now counts: a resolver that is down looks
 * like a domain that is nowhere. */
static const struct {
	enum kind kind;
	const char *status; /* how it begins */
	const char *text;   /* a part of it */
} rejections[] = {
	/* "Greylisted", "greylisting in action", "Recipient address rejected:
	 * Greylisted". */
	{ KIND_GREYLIST, "4", "reylist" },
	{ KIND_HELO, "5", "Helo command rejected" },
	{ KIND_SENDER, "5", "Sender address rejected" },
	{ KIND_RELAY, "4.7.1$", "Relay access denied" },
	{ KIND_RELAY, "5.7.1$", "Relay access denied" },
	{ KIND_RECIPIENT, "5.1.1$", "" },
};

/* Whether a status begins so; with '$', whether it is that. */
static bool
status_fits(const char *status, const char *with)
{
	size_t len = strcspn(with, "$");

	return strncmp(status, with, len) == 0 &&
	       (with[len] == '\0' || status[len] == '\0');
}

bool
classify_rejection(const char *status, const char *text, enum kind *out)
{
	const char *said = text == NULL ? "" : text;

	if (status == NULL) {
		return false;
	}
	/* "<ADDRESS>: said", where the address is the client's own words. */
	for (const char *at = said; (at = strstr(at, ">: ")) != NULL;) {
		at += 3;
		said = at;
	}
	for (size_t i = 0; i < sizeof(rejections) / sizeof(*rejections); i++) {
		if (status_fits(status, rejections[i].status) &&
		    strstr(said, rejections[i].text) != NULL) {
			*out = rejections[i].kind;
			return true;
		}
	}
	return false;
}

static const char *
skip_blanks(const char *text)
{
	while (isspace((unsigned char)*text)) {
		text++;
	}
	return text;
}

/* Whether a header's value begins so, in any case; a fold or a run of blanks
 * is one blank. */
static bool
value_begins(const char *value, const char *with)
{
	value = skip_blanks(value);
	for (with = skip_blanks(with); *with != '\0'; with++, value++) {
		if (isspace((unsigned char)*with)) {
			const char *next = skip_blanks(value);

			with = skip_blanks(with);
			if (*with == '\0') {
				break;
			}
			if (next == value) {
				return false;
			}
			value = next;
		}
		if (tolower((unsigned char)*with) !=
		    tolower((unsigned char)*value)) {
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
	if (text == NULL || text[0] == '\0' || strchr("245", text[0]) == NULL) {
		return false;
	}
	text++;
	for (int part = 0; part < 2; part++) {
		size_t digits = *text == '.' ? strspn(text + 1, "0123456789")
					     : 0;

		if (digits < 1 || digits > 3) {
			return false;
		}
		text += 1 + digits;
	}
	return *text == '\0';
}
