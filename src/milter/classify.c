#include "milter/classify.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

/* ---- addresses ---- */

void
classify_address(const char *path, char address[static CLASSIFY_ADDRESS_SIZE])
{
	size_t len = 0;

	path = path == NULL ? "" : path + (*path == '<');
	while (len + 1 < CLASSIFY_ADDRESS_SIZE && path[len] != '\0' &&
	       path[len] != '>') {
		address[len] = (char)tolower((unsigned char)path[len]);
		len++;
	}
	address[len] = '\0';
}

bool
classify_spared(const struct conf *conf, const char *address)
{
	bool spared = reply_spares(address) ||
		      strcasecmp(address, conf->contact) == 0 ||
		      strcasecmp(address, conf->web.abuse) == 0;

	for (size_t i = 0; i < conf->always_open.items; i++) {
		spared |= strcasecmp(address, conf->always_open.item[i]) == 0;
	}
	return spared && address[0] != '\0';
}

/* ---- rejections ---- */

/* The first row that fits counts.  5.1.1 is a recipient's and outweighs all
 * words: where Postfix asks another server for it, that one's answer, which may
 * repeat what the client said, stands in the text.  But for greylisting, nothing
 * that is refused for now counts: a resolver that is down looks like a domain
 * that is nowhere, and a domain that was left out of the configuration like a
 * relay attempt (defer_unauth_destination). */
static const struct {
	enum kind kind;
	const char *status; /* how it begins; all of it before a '$' */
	const char *text;   /* how it begins; a part of it behind a '*' */
} rejections[] = {
	/* "Greylisted", "greylisting in action", "Recipient address rejected:
	 * Greylisted". */
	{ KIND_GREYLIST, "4", "*reylist" },
	{ KIND_RECIPIENT, "5.1.1$", "" },
	/* Sendmail 8.18, which shows a milter no other rejections than of
	 * recipients that no mailbox is found for, gives no status. */
	{ KIND_RECIPIENT, "$", "" },
	{ KIND_HELO, "5", "Helo command rejected" },
	{ KIND_SENDER, "5", "Sender address rejected" },
	{ KIND_RELAY, "5.7.1$", "Relay access denied" },
};

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
		const char *want = rejections[i].status;
		const size_t len = strcspn(want, "$");
		const char *words = rejections[i].text;

		if (strncmp(status, want, len) == 0 &&
		    (want[len] == '\0' || status[len] == '\0') &&
		    (*words == '*' ? strstr(said, words + 1)
				   : text_after(said, words)) != NULL) {
			*out = rejections[i].kind;
			return true;
		}
	}
	return false;
}

/* ---- headers ---- */

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
	with = skip_blanks(with);
	while (*with != '\0') {
		const char *next = skip_blanks(with);

		if (next > with) {
			if (*next != '\0' && !isspace((unsigned char)*value)) {
				return false;
			}
			with = next;
			value = skip_blanks(value);
		} else if (tolower((unsigned char)*with++) !=
			   tolower((unsigned char)*value++)) {
			return false;
		}
	}
	return true;
}

/* What a header says by a list of trusted ones, each "Name: beginning of the
 * value": `verdict` where it is one of them. */
static enum header
look_up(const struct conf_list *trusted, enum header verdict, const char *name,
    const char *value)
{
	enum header says = HEADER_OTHER;
	const size_t len = strlen(name);

	for (size_t i = 0; i < trusted->items && says != verdict; i++) {
		const char *item = trusted->item[i];

		if (strncasecmp(item, name, len) == 0 && item[len] == ':') {
			says = value_begins(value, item + len + 1)
				   ? verdict
				   : HEADER_CLEAN;
		}
	}
	return says;
}

/* Whether a virus's name is that of something that only looks like one:
 * ClamAV's heuristics ("Heuristics.Phishing.Email.SpoofedDomain") and what is
 * merely unwanted ("PUA.Win.Packer"). */
static bool
names_heuristic(const char *value)
{
	static const char *const names[] = { "Heuristics.", "PUA." };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *at = strstr(value, names[i]);

		if (at != NULL &&
		    (at == value || !isalnum((unsigned char)at[-1]))) {
			return true;
		}
	}
	return false;
}

enum header
classify_header(const struct conf *conf, const char *name, const char *value)
{
	const enum header spam = look_up(
	    &conf->milter.spam_header, HEADER_SPAM, name, value);
	const enum header virus = look_up(
	    &conf->milter.virus_header, HEADER_VIRUS, name, value);

	if (virus == HEADER_VIRUS && conf->milter.heuristics == KIND_SPAM &&
	    names_heuristic(value)) {
		return HEADER_SPAM;
	}
	return spam > virus ? spam : virus;
}
