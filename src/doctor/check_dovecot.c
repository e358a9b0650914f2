/*
 * What a ban does not reach: logins at port 25, and at Dovecot, which refuses
 * where it asks.
 */
#include <string.h>
#include <strings.h>

#include "base/endpoint.h"
#include "base/text.h"
#include "doctor/checks.h"
#include "doctor/facts.h"

/* Whether Dovecot's URL leads to that place.  Of localhost's addresses
 * videur-web takes one, and Dovecot tries all. */
static bool
leads_to(const char *url, const char *where)
{
	const char *rest = text_after(url, "http://");
	char host[ENDPOINT_HOST_SIZE];
	struct endpoint asked;
	struct endpoint place;
	struct text text;

	text_init(&text, host, sizeof(host));
	text_add_bytes(&text, rest != NULL ? rest : "",
	    rest != NULL ? strcspn(rest, "/?") : 0);
	return endpoint_parse(host, ENDPOINT_SERVER, &asked) == NULL &&
	       endpoint_parse(where, ENDPOINT_SERVER, &place) == NULL &&
	       endpoint_overlaps(&asked, &place) &&
	       (strcmp(asked.host, place.host) == 0 ||
		   strcmp(asked.host, "localhost") == 0);
}

/* The value of a header for Dovecot's questions, and the length of its name; a
 * value alone is X-API-Key's. */
static const char *
header_value(const char **header, size_t *name)
{
	const char *colon = strchr(*header, ':');
	const char *value = colon != NULL ? colon + 1 : *header;

	*header = colon != NULL ? *header : "X-API-Key";
	*name = strcspn(*header, ":");
	return value + strspn(value, " ");
}

static bool
is_same_header(const char *dovecot, const char *ours)
{
	size_t name[2];
	const char *value = header_value(&dovecot, &name[0]);

	return strcmp(value, header_value(&ours, &name[1])) == 0 &&
	       name[0] == name[1] && strncasecmp(dovecot, ours, name[0]) == 0;
}

/* Whether Dovecot asks where videur-web answers it. */
static void
check_dovecot(const struct facts *facts, struct diagnosis *out)
{
	const struct conf_list *places = &facts->conf->web.auth_policy_listen;
	const char *header = facts->conf->web.auth_policy_header;
	const char *url = facts->auth_policy[DOVECOT_URL];
	const char *place = NULL; /* the first that it can ask, or does */
	bool asks = false;

	for (size_t i = 0; i < places->items && !asks; i++) {
		const char *where = places->item[i];

		asks = leads_to(url, where);
		if (asks ||
		    (place == NULL && text_after(where, "unix:") == NULL)) {
			place = where;
		}
	}
	if (facts->dovecot[0] == '\0') {
		diagnosis_say(out, "dovecot-elsewhere", places->item[0]);
	} else if (place == NULL) {
		diagnosis_say(out, "dovecot-unix", places->item[0]);
	} else if (!asks) {
		diagnosis_say(out, "dovecot-asks-not", place,
		    url[0] != '\0' ? url : "empty");
	} else if (strcmp(facts->auth_policy[DOVECOT_LOG_ONLY], "yes") == 0) {
		diagnosis_say(out, "dovecot-logs-only", place);
	} else if (strcmp(facts->auth_policy[DOVECOT_BEFORE], "no") == 0) {
		diagnosis_say(out, "dovecot-asks-late", place);
	} else if (header[0] != '\0' &&
		   !is_same_header(
		       facts->auth_policy[DOVECOT_HEADER], header)) {
		diagnosis_say(out, "dovecot-header", place);
	} else {
		diagnosis_say(out, "dovecot-asks", place, facts->dovecot);
	}
}

/* What a ban does not reach. */
void
check_reach(const struct facts *facts, struct diagnosis *out)
{
	static const char *const protocols[] = { "imap", "pop3", "sieve" };
	const struct state *logins = &facts->records.state[STATE_LOGINS];
	int64_t banned = facts->records.logins_banned;
	char number[NUMBER_SIZE];
	char when[TIME_TEXT_SIZE];

	if (facts->now - logins->since < RECORDS_SPAN) {
		diagnosis_say(
		    out, "logins-seen", text_from_time(logins->since, when));
	}

	if (facts->conf->web.auth_policy_listen.items > 0) {
		check_dovecot(facts, out);
		return;
	}
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		if (strstr(facts->dovecot, protocols[i]) != NULL) {
			diagnosis_say(out,
			    banned > 0 ? "dovecot-unreached" : "dovecot",
			    diagnosis_number(banned, number), facts->dovecot);
		}
	}
}
