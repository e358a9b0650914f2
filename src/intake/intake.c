#include "intake/intake.h"

#include <string.h>

#include "base/table.h"
#include "base/text.h"

enum {
	SESSION_LONG = 3600, /* none goes on for longer */
	QUEUE_ID_SIZE = RULES_QUEUE_SIZE + 8
};

enum kind
intake_kind(const struct conf *conf, const struct finding *finding)
{
	return finding->heuristic && finding->kind == KIND_VIRUS
		   ? conf->milter.heuristics
		   : finding->kind;
}

/* The one that a line is of, remembered or, with `add`, from now on; or NULL. */
static struct intake_session *
find_session(struct intake *intake, const struct finding *finding, bool add)
{
	struct intake_session *session;
	struct intake_session *place;
	uint64_t words[2];

	memcpy(words, &finding->address, sizeof(words));
	words[0] ^= words[1] ^ (uint64_t)finding->pid;
	words[0] *= UINT64_C(0x9e3779b97f4a7c15); /* the golden ratio */
	session = intake->session[words[0] >> 32 & (INTAKE_ROWS - 1)];
	place = session;
	for (size_t i = 0; i < INTAKE_PLACES; i++, session++) {
		if (session->pid == finding->pid &&
		    (session->failures > 0 || session->login) &&
		    addr_equal(&session->address, &finding->address) &&
		    finding->at - session->at < SESSION_LONG) {
			return session;
		}
		if (session->number < place->number) {
			place = session;
		}
	}
	if (!add) {
		return NULL;
	}
	*place = (struct intake_session){ .number = ++intake->sessions,
		.pid = finding->pid,
		.address = finding->address,
		.at = finding->at };
	return place;
}

/* The key of a session's failure, which no user's name has, since none holds a
 * line's end.  Empty behind the last that a login takes back. */
static void
session_key(struct intake *intake, const struct intake_session *session,
    int failure, char key[static HASH_TEXT_SIZE])
{
	char name[ADDR_TEXT_SIZE + 64];
	char address[ADDR_TEXT_SIZE];
	struct text text;

	text_init(&text, name, sizeof(name));
	if (failure < INTAKE_WITHDRAWN_MAX) {
		text_addf(&text, "%s\n%lld %zu %d",
		    addr_format(&session->address, address),
		    (long long)session->at, session->number, failure);
	}
	engine_key(intake->store, name, key);
}

/* A sender that is refused for each recipient counts once a message: whether
 * that of this one was seen before. */
static bool
repeats_sender(struct intake *intake, const struct finding *finding)
{
	char id[QUEUE_ID_SIZE];
	struct queue_entry entry = { .address = finding->address,
		.at = finding->at };

	if (finding->kind != KIND_SENDER || finding->queue[0] == '\0') {
		return false;
	}
	(void)text_print(id, sizeof(id), "%s sender", finding->queue);
	if (store_queue_find(intake->store, id, &entry)) {
		return true;
	}
	store_queue_put(intake->store, id, &entry);
	return false;
}

/* Whether it is not to count: its client had logged in before, as the message
 * or the session shows, or videur was refusing it then, and it hung up, or was
 * hung up on after too many errors, for that.  A replay knows itself whom its
 * bans would have refused. */
static bool
is_spared(struct intake *intake, const struct finding *finding)
{
	const struct intake_session *session = find_session(
	    intake, finding, false);
	struct queue_entry entry;
	struct standing standing;

	if ((finding->queue[0] != '\0' &&
		store_queue_find(intake->store, finding->queue, &entry) &&
		entry.login) ||
	    (session != NULL && session->login && finding->kind != KIND_AUTH)) {
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

/* A failed login without a user's name gets a key of its own, by which a good
 * login in the same session can take it back: a mail program may try what the
 * server does not offer first.  Only a few do, or whoever has one account could
 * try others' without end. */
static void
take_offence(struct intake *intake, const struct finding *finding, int64_t now,
    struct intake_result *result)
{
	struct intake_session *session = NULL;
	char key[HASH_TEXT_SIZE];

	if (is_spared(intake, finding) || repeats_sender(intake, finding)) {
		return;
	}
	if (finding->kind == KIND_AUTH && finding->user[0] == '\0') {
		session = find_session(intake, finding, true);
	}
	engine_key(intake->store, finding->user, key);
	for (int i = 0; i < finding->events; i++) {
		struct outcome outcome;

		if (session != NULL) {
			session_key(intake, session, session->failures, key);
			session->failures += key[0] != '\0';
		}
		engine_observe(intake->store, intake->conf,
		    &(struct observation){ .address = finding->address,
			.kind = intake_kind(intake->conf, finding),
			.at = finding->at,
			.source = finding->source,
			.key = key[0] != '\0' ? key : NULL,
			.detail = finding->rule,
			.service = finding->service,
			.null_sender = finding->null_sender },
		    NULL, now, &outcome);
		result->events += outcome.counted;
		result->spared |= outcome.spared;
		result->braked |= outcome.braked;
		result->storm |= outcome.storm;
		for (size_t n = 0;
		     n < outcome.bans && result->bans < ENGINE_BANS_MAX; n++) {
			result->ban[result->bans++] = outcome.ban[n];
		}
	}
}

/* A good login, or whose message a queue id is: to send as a user was a good
 * login, too.  Of a stranger it is enough that no user's is left under the same
 * id.  It clears that user's failures from that client, and no other's: one
 * account must not buy endless guessing.  What a wrong clock puts in the future
 * would outlive all that is forgotten in the order of its coming. */
static void
take_login(struct intake *intake, const struct finding *finding, int64_t now)
{
	struct intake_session *session;
	char key[HASH_TEXT_SIZE];
	const struct reset reset = { .client = engine_client(
					 intake->conf, &finding->address),
		.reason = REASON_AUTH,
		.key = key,
		.at = finding->at < now ? finding->at : now };
	const struct store_record record = { .reset = &reset };
	const struct tally_row row = { .client = reset.client,
		.hour = tally_hour(reset.at),
		.tally = { .logins = 1 } };

	if (finding->what == FINDING_QUEUE && finding->user[0] == '\0') {
		store_queue_remove(intake->store, finding->queue);
		return;
	}
	if (finding->what == FINDING_QUEUE) {
		store_queue_put(intake->store, finding->queue,
		    &(struct queue_entry){ .address = finding->address,
			.login = true,
			.at = reset.at });
	}
	store_record(intake->store, &(struct store_record){ .tally = &row });
	if (finding->user[0] != '\0') {
		engine_key(intake->store, finding->user, key);
		store_record(intake->store, &record);
	}
	session = find_session(intake, finding, finding->pid != 0);
	if (session == NULL) {
		return;
	}
	while (session->failures > 0) {
		session_key(intake, session, --session->failures, key);
		store_record(intake->store, &record);
	}
	session->login = session->pid != 0;
}

/* A message of a user's own reached another server.  What nobody logged in for
 * is a bounce or an answer by itself, which whoever wants it can have. */
static void
take_sent(struct intake *intake, const struct finding *finding, int64_t now)
{
	const struct net client = engine_client(
	    intake->conf, &finding->address);
	struct queue_entry entry;

	if (store_queue_find(intake->store, finding->queue, &entry) &&
	    entry.login) {
		store_correspondent_put(intake->store, &client,
		    finding->at < now ? finding->at : now);
	}
}

bool
intake_wants(struct intake *intake, const struct finding *finding)
{
	const struct conf *conf = intake->conf;
	enum kind kind = intake_kind(conf, finding);

	if (finding->what == FINDING_SENT) {
		return !intake->replay && conf->correspondents > 0;
	}
	if (finding->what == FINDING_SESSION) {
		return intake->replay ||
		       find_session(intake, finding, false) != NULL;
	}
	if (finding->what != FINDING_OFFENCE) {
		return finding->what == FINDING_LOGIN ||
		       finding->what == FINDING_QUEUE;
	}
	/* Commands are the milter's as far as it is told of them; of others
	 * only the log tells. */
	return intake->replay ||
	       conf_counts(conf, kind, CONF_WATCH, finding->file) ||
	       ((finding->milter_never ||
		    (kind == KIND_COMMAND && !finding->milter_saw)) &&
		   conf_counts(conf, kind, CONF_MILTER, NULL));
}

void
intake_finding(struct intake *intake, const struct finding *finding,
    int64_t now, struct intake_result *result)
{
	struct intake_session *session;

	*result = (struct intake_result){ .events = 0 };
	if (!intake_wants(intake, finding)) {
		return;
	}
	if (finding->what == FINDING_OFFENCE) {
		take_offence(intake, finding, now, result);
		return;
	}
	if (finding->what == FINDING_SENT) {
		take_sent(intake, finding, now);
		return;
	}
	if (finding->what != FINDING_SESSION) {
		take_login(intake, finding, now);
		return;
	}
	/* What it was good for, where no milter counts it; failures stay. */
	session = find_session(intake, finding, false);
	if (session != NULL) {
		*session = (struct intake_session){ .number = 0 };
	}
	if (intake->replay) {
		const struct tally_row row = { .client = engine_client(
						   intake->conf,
						   &finding->address),
			.hour = tally_hour(finding->at),
			.tally = { .sessions = 1,
			    .messages = finding->messages,
			    .recipients = finding->recipients,
			    .accepted = finding->messages } };

		store_record(
		    intake->store, &(struct store_record){ .tally = &row });
	}
}
