#include "intake/intake.h"

#include "base/table.h"
#include "base/text.h"

enum {
	SESSION_LONG = 3600 /* none goes on for longer */
};

void
intake_init(struct intake *intake, struct store *store, const struct conf *conf,
    bool replay)
{
	*intake = (struct intake){
		.store = store, .conf = conf, .replay = replay
	};
}

enum kind
intake_kind(const struct conf *conf, const struct finding *finding)
{
	return finding->heuristic && finding->kind == KIND_VIRUS
		   ? conf->milter.heuristics
		   : finding->kind;
}

/* ---- sessions ---- */

/* The one that a line is of, if its failures are remembered, or NULL. */
static struct intake_session *
find_session(struct intake *intake, const struct finding *finding)
{
	for (size_t i = 0; i < INTAKE_SESSIONS; i++) {
		struct intake_session *session = &intake->session[i];

		if ((session->failures > 0 || session->login) &&
		    session->pid == finding->pid &&
		    addr_equal(&session->address, &finding->address) &&
		    finding->at - session->at < SESSION_LONG) {
			return session;
		}
	}
	return NULL;
}

/* The same, remembered from now on. */
static struct intake_session *
add_session(struct intake *intake, const struct finding *finding)
{
	struct intake_session *session = find_session(intake, finding);

	if (session == NULL) {
		session = &intake->session[intake->next];
		intake->next = (intake->next + 1) % INTAKE_SESSIONS;
		*session = (struct intake_session){ .pid = finding->pid,
			.address = finding->address,
			.at = finding->at };
	}
	return session;
}

/* The key of a session's failure: no user's name holds a line's end. */
static void
session_key(struct intake *intake, const struct intake_session *session,
    int failure, char key[static HASH_TEXT_SIZE])
{
	char name[ADDR_TEXT_SIZE + 64];
	char address[ADDR_TEXT_SIZE];
	struct text text;

	text_init(&text, name, sizeof(name));
	text_addf(&text, "%lld\n%lld %s %d", (long long)session->pid,
	    (long long)session->at, addr_format(&session->address, address),
	    failure);
	engine_key(intake->store, name, key);
}

/* Give a failed login without a user's name a key of its own, by which a good
 * login in the same session can take it back: a mail program may try what the
 * server does not offer first.  Only a few, or whoever has one account could
 * try others' without end. */
static void
key_failure(struct intake *intake, const struct finding *finding,
    char key[static HASH_TEXT_SIZE])
{
	struct intake_session *session = add_session(intake, finding);

	key[0] = '\0';
	if (session->failures < INTAKE_WITHDRAWN_MAX) {
		session_key(intake, session, session->failures++, key);
	}
}

/* ---- findings ---- */

/* Whether it is not to count: its client had logged in before, as the message
 * or the session shows, or videur was refusing it then, and it hung up, or was hung up on
 * after too many errors, for that.  A replay knows itself whom its bans would
 * have refused. */
static bool
is_spared(struct intake *intake, const struct finding *finding)
{
	const struct intake_session *session = find_session(intake, finding);
	struct queue_entry entry;
	struct standing standing;

	if (finding->queue[0] != '\0' &&
	    store_queue_find(intake->store, finding->queue, &entry) &&
	    entry.login) {
		return true;
	}
	if (session != NULL && session->login && finding->kind != KIND_AUTH) {
		return true;
	}
	if (intake->replay || (finding->kind != KIND_COMMAND &&
				  finding->kind != KIND_DISCONNECT)) {
		return false;
	}
	engine_standing(intake->store, intake->conf, &finding->address,
	    finding->at, &standing);
	return standing.verdict == STANDING_BANNED;
}

static void
take_offence(struct intake *intake, const struct finding *finding, int64_t now,
    struct intake_result *result)
{
	char key[HASH_TEXT_SIZE];
	bool nameless = finding->kind == KIND_AUTH && finding->user[0] == '\0';

	if (is_spared(intake, finding)) {
		return;
	}
	engine_key(intake->store, finding->user, key);
	for (int i = 0; i < finding->events; i++) {
		struct outcome outcome;

		if (nameless) {
			key_failure(intake, finding, key);
		}
		engine_observe(intake->store, intake->conf,
		    &(struct observation){ .address = finding->address,
			.kind = intake_kind(intake->conf, finding),
			.at = finding->at,
			.source = finding->source,
			.key = key[0] != '\0' ? key : NULL,
			.detail = finding->rule,
			.null_sender = finding->null_sender },
		    NULL, now, &outcome);
		result->events += outcome.stored;
		result->braked |= outcome.braked;
		result->storm |= outcome.storm;
		for (size_t n = 0;
		     n < outcome.bans && result->bans < ENGINE_BANS_MAX; n++) {
			result->ban[result->bans++] = outcome.ban[n];
		}
	}
}

/* What a wrong clock puts in the future would outlive all that is forgotten
 * in the order of its coming. */
static int64_t
not_after(int64_t at, int64_t now)
{
	return at < now ? at : now;
}

/* A good login clears that user's failures from that client, and no other's:
 * one account must not buy endless guessing. */
static void
take_login(struct intake *intake, const struct finding *finding, int64_t now)
{
	struct intake_session *session = add_session(intake, finding);
	char key[HASH_TEXT_SIZE];
	struct reset reset = { .client = engine_client(
				   intake->conf, &finding->address),
		.reason = REASON_AUTH,
		.key = key,
		.at = not_after(finding->at, now) };
	const struct tally_row row = { .client = reset.client,
		.hour = tally_hour(reset.at),
		.tally = { .logins = 1 } };

	store_record(intake->store, &(struct store_record){ .tally = &row });
	if (finding->user[0] != '\0') {
		engine_key(intake->store, finding->user, key);
		store_record(
		    intake->store, &(struct store_record){ .reset = &reset });
	}
	while (session->failures > 0) {
		session_key(intake, session, --session->failures, key);
		store_record(
		    intake->store, &(struct store_record){ .reset = &reset });
	}
	session->login = session->pid != 0;
}

/* Whose message a queue id is.  Only those of users are kept: of a stranger it
 * is enough that no user's is left under the same id.  To send as a user was
 * a good login, too. */
static void
take_queue(struct intake *intake, const struct finding *finding, int64_t now)
{
	const struct queue_entry entry = { .address = finding->address,
		.login = true,
		.at = not_after(finding->at, now) };

	if (finding->user[0] == '\0') {
		store_queue_remove(intake->store, finding->queue);
		return;
	}
	store_queue_put(intake->store, finding->queue, &entry);
	take_login(intake, finding, now);
}

/* What a session was good for, where no milter counts it; its failures stay. */
static void
take_session(struct intake *intake, const struct finding *finding)
{
	struct intake_session *session = find_session(intake, finding);
	const struct tally_row row = { .client = engine_client(
					   intake->conf, &finding->address),
		.hour = tally_hour(finding->at),
		.tally = { .sessions = 1,
		    .messages = finding->messages,
		    .recipients = finding->recipients,
		    .accepted = finding->messages } };

	if (session != NULL) {
		session->failures = 0;
		session->login = false;
	}
	if (intake->replay) {
		store_record(
		    intake->store, &(struct store_record){ .tally = &row });
	}
}

/* Whether the watcher is the one who counts an offence.  Commands are the
 * milter's as far as it is told of them; of the others only the log tells. */
static bool
is_ours(const struct intake *intake, const struct finding *finding)
{
	const struct conf *conf = intake->conf;
	enum kind kind = intake_kind(conf, finding);

	return conf_counts(conf, kind, CONF_WATCH, finding->file) ||
	       ((finding->milter_never ||
		    (kind == KIND_COMMAND && !finding->milter_saw)) &&
		   conf_counts(conf, kind, CONF_MILTER, NULL));
}

bool
intake_wants(struct intake *intake, const struct finding *finding)
{
	switch (finding->what) {
	case FINDING_OFFENCE:
		return intake->replay || is_ours(intake, finding);
	case FINDING_LOGIN:
	case FINDING_QUEUE:
		return true;
	case FINDING_SESSION:
		return intake->replay || find_session(intake, finding) != NULL;
	case FINDING_SUPPRESSED:
	case FINDING_NOTHING:
		break;
	}
	return false;
}

void
intake_finding(struct intake *intake, const struct finding *finding,
    int64_t now, struct intake_result *result)
{
	result->events = 0;
	result->bans = 0;
	result->braked = result->storm = false;
	if (!intake_wants(intake, finding)) {
		return;
	}
	switch (finding->what) {
	case FINDING_OFFENCE:
		take_offence(intake, finding, now, result);
		break;
	case FINDING_LOGIN:
		take_login(intake, finding, now);
		break;
	case FINDING_QUEUE:
		take_queue(intake, finding, now);
		break;
	case FINDING_SESSION:
		take_session(intake, finding);
		break;
	case FINDING_SUPPRESSED:
	case FINDING_NOTHING:
		break;
	}
}
