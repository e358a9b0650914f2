#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/endpoint.h"
#include "base/text.h"
#include "doctor/checks.h"
#include "doctor/facts.h"

enum {
	SMTP_PORT = 25,
	/* As long as an answer may take that nobody should notice, and that to
	 * the end of a message, in seconds. */
	ANSWER_LONGEST = 10,
	END_LONGEST = 60
};

/* ---- its filters ---- */

/* Whether it names the place where videur-milter listens. */
static bool
is_there(const struct facts *facts, const struct sendmail_filter *filter)
{
	struct endpoint ours;
	struct endpoint theirs;

	if (endpoint_parse(
		facts->conf->milter.listen, ENDPOINT_MILTER, &ours) != NULL ||
	    endpoint_parse(filter->socket, ENDPOINT_MILTER, &theirs) != NULL ||
	    ours.is_unix != theirs.is_unix) {
		return false;
	}
	return ours.is_unix ? facts->same(ours.path, theirs.path)
			    : ours.port == theirs.port;
}

bool
sendmail_is_ours(
    const struct facts *facts, const struct sendmail_filter *filter)
{
	return is_there(facts, filter) ||
	       strcasestr(filter->name, "videur") != NULL;
}

const struct known_filter *
sendmail_known_filter(const struct sendmail_filter *filter)
{
	const struct known_filter *known = known_filter_of(filter->socket);

	return known != NULL ? known : known_filter_of(filter->name);
}

/* Our filter of a daemon, or NULL; `behind` is a scanner that comes after it,
 * or NULL. */
static const struct sendmail_filter *
find_ours(const struct facts *facts, const struct sendmail_daemon *daemon,
    const struct sendmail_filter **behind)
{
	const struct sendmail_filter *ours = NULL;
	const char *list = daemon->filters;
	char name[SENDMAIL_NAME_SIZE];

	*behind = NULL;
	while (sendmail_word(&list, name, sizeof(name))) {
		const struct sendmail_filter *filter = sendmail_find(
		    &facts->sendmail, name);
		const struct known_filter *known;

		if (filter == NULL) {
			continue;
		}
		known = sendmail_known_filter(filter);
		if (sendmail_is_ours(facts, filter)) {
			ours = filter;
			*behind = NULL;
		} else if (ours != NULL &&
			   (known == NULL || known->scanner != NULL)) {
			/* What only signs or verifies may stand behind. */
			*behind = filter;
		}
	}
	return ours;
}

static void
check_filter(const struct facts *facts, struct diagnosis *out,
    const struct sendmail_daemon *daemon)
{
	const char *listen = facts->conf->milter.listen;
	const struct sendmail_filter *behind;
	const struct sendmail_filter *ours = find_ours(facts, daemon, &behind);

	if (ours == NULL) {
		diagnosis_say(out, "sendmail-without-us", daemon->name, listen);
		return;
	}
	if (behind != NULL) {
		diagnosis_say(
		    out, "sendmail-goes-on", daemon->name, behind->name);
	}
	if (!is_there(facts, ours)) {
		diagnosis_say(out, "sendmail-elsewhere", ours->name,
		    ours->socket, listen);
	}
	/* An administrator who would rather have mail wait has said so on both
	 * sides. */
	if (ours->flags[0] != '\0' &&
	    (ours->flags[0] != 'T' ||
		facts->conf->milter.on_error != CONF_TEMPFAIL)) {
		diagnosis_say(
		    out, "sendmail-action", ours->name, ours->flags, listen);
	}
	if (ours->send > ANSWER_LONGEST || ours->read > ANSWER_LONGEST ||
	    ours->end > END_LONGEST) {
		diagnosis_say(out, "sendmail-slow", ours->name, listen);
	}
}

static void
check_its_socket(const struct facts *facts, struct diagnosis *out)
{
	const struct socket_fact *socket = &facts->socket;
	bool alive = facts->now - facts->records.state[STATE_MILTER].since <=
		     RECORDS_SILENCE;

	if (socket->path == NULL) {
		return;
	}
	if (socket->unsafe[0] != '\0') {
		diagnosis_say(
		    out, "sendmail-unsafe", socket->unsafe, socket->path);
	}
	if (socket->result == FACTS_UNKNOWN) {
		diagnosis_say(out, "sendmail-untried", socket->path);
	} else if (socket->result != 0) {
		diagnosis_say(out, "sendmail-socket", socket->owner.name,
		    socket->path, strerrordesc_np(socket->result),
		    alive ? "restart" : "start");
	}
}

/* ---- what it lets strangers ask ---- */

static bool
has_word(const char *list, const char *word)
{
	char item[SENDMAIL_NAME_SIZE];

	while (sendmail_word(&list, item, sizeof(item))) {
		if (strcasecmp(item, word) == 0) {
			return true;
		}
	}
	return false;
}

static void
check_its_logins(const struct facts *facts, struct diagnosis *out,
    const struct sendmail_daemon *daemon)
{
	const struct sendmail *sendmail = &facts->sendmail;
	const struct conf *conf = facts->conf;

	if (sendmail->mechanisms[0] == '\0' || daemon->no_auth ||
	    daemon->loopback) {
		return;
	}
	if (!is_submission_port(conf, daemon->port) &&
	    auth_bans_submission_alone(conf)) {
		diagnosis_say(out,
		    daemon->port == SMTP_PORT ? "sendmail-auth-on-25"
					      : "sendmail-auth-elsewhere",
		    daemon->name);
	}
	if (strchr(sendmail->auth_options, 'p') == NULL &&
	    (has_word(sendmail->mechanisms, "PLAIN") ||
		has_word(sendmail->mechanisms, "LOGIN"))) {
		diagnosis_say(
		    out, "sendmail-auth-clear", sendmail->auth_options);
	}
}

void
check_sendmail(const struct facts *facts, struct diagnosis *out)
{
	const struct sendmail *sendmail = &facts->sendmail;

	if (sendmail->stale) {
		diagnosis_say(out, "sendmail-stale", sendmail->folder);
	}
	for (size_t i = 0; i < sendmail->daemons; i++) {
		check_filter(facts, out, &sendmail->daemon[i]);
		check_its_logins(facts, out, &sendmail->daemon[i]);
	}
	check_its_socket(facts, out);
	if (!has_word(sendmail->privacy, "novrfy") &&
	    !has_word(sendmail->privacy, "goaway")) {
		diagnosis_say(out, "sendmail-vrfy", sendmail->privacy);
	}
}
