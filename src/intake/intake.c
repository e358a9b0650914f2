#include "intake/intake.h"

#include <string.h>

#include "base/hash.h"

void
intake_init(struct intake *intake, struct store *store, const struct conf *conf,
    bool replay)
{
	*intake = (struct intake){
		.store = store, .conf = conf, .replay = replay
	};
}

/* The keyed hash of a user name; empty where there is none.  Names are
 * compared without case, as mail servers do. */
static enum store_result
hash_user(
    struct intake *intake, const char *user, char key[static HASH_TEXT_SIZE])
{
	unsigned char secret[STORE_SECRET_SIZE];
	char folded[RULES_USER_SIZE];
	size_t len = 0;
	enum store_result result;

	key[0] = '\0';
	if (user[0] == '\0') {
		return STORE_OK;
	}
	result = store_secret(intake->store, secret);
	if (result != STORE_OK) {
		return result;
	}
	for (; len < sizeof(folded) && user[len] != '\0'; len++) {
		bool upper = user[len] >= 'A' && user[len] <= 'Z';

		folded[len] = upper ? (char)(user[len] - 'A' + 'a') : user[len];
	}
	(void)hash_text(secret, folded, len, key);
	return STORE_OK;
}

/* Whether the client of a message had logged in before it sent it. */
static enum store_result
sent_by_user(
    struct intake *intake, const struct finding *finding, bool *by_user)
{
	struct queue_entry entry;
	enum store_result result;

	*by_user = false;
	if (finding->queue[0] == '\0') {
		return STORE_OK;
	}
	result = store_queue_get(intake->store, finding->queue, &entry);
	if (result == STORE_OK) {
		*by_user = entry.login;
	}
	return result == STORE_NONE ? STORE_OK : result;
}

static enum store_result
take_events(struct intake *intake, const struct finding *finding,
    const char *key, int64_t now, struct intake_result *result)
{
	const struct deed deed = { .address = finding->address,
		.kind = finding->kind,
		.at = finding->at,
		.source = finding->source,
		.key = key[0] != '\0' ? key : NULL,
		.detail = finding->rule };

	for (int i = 0; i < finding->events; i++) {
		struct outcome outcome;
		enum store_result stored = engine_observe(
		    intake->store, intake->conf, &deed, NULL, now, &outcome);

		if (stored != STORE_OK) {
			return stored;
		}
		result->events += outcome.stored;
		for (size_t n = 0;
		     n < outcome.bans && result->bans < ENGINE_BANS_MAX; n++) {
			result->ban[result->bans++] = outcome.ban[n];
		}
	}
	return STORE_OK;
}

static enum store_result
take_offence(struct intake *intake, const struct finding *finding, int64_t now,
    struct intake_result *result)
{
	char key[HASH_TEXT_SIZE];
	bool by_user;
	enum store_result asked;

	asked = sent_by_user(intake, finding, &by_user);
	if (asked == STORE_OK && !by_user) {
		asked = hash_user(intake, finding->user, key);
	}
	if (asked != STORE_OK || by_user) {
		return asked;
	}
	return take_events(intake, finding, key, now, result);
}

/* A good login clears that user's failures from that client, and no other's:
 * one account must not buy endless guessing. */
static enum store_result
take_login(struct intake *intake, const struct finding *finding, int64_t now)
{
	const struct net client = engine_client(
	    intake->conf, &finding->address);
	char key[HASH_TEXT_SIZE];
	enum store_result result = hash_user(intake, finding->user, key);

	if (result != STORE_OK || key[0] == '\0') {
		return result;
	}
	return store_mark_put(intake->store, &client, REASON_AUTH, key,
	    finding->at < now ? finding->at : now);
}

/* Whose message a queue id is; to send it as a user was a good login too. */
static enum store_result
take_queue(struct intake *intake, const struct finding *finding, int64_t now)
{
	const struct queue_entry entry = { .address = finding->address,
		.login = finding->user[0] != '\0',
		.at = finding->at };
	enum store_result result = store_queue_put(
	    intake->store, finding->queue, &entry);

	return result == STORE_OK && entry.login
		   ? take_login(intake, finding, now)
		   : result;
}

/* What a session was good for, where no milter counts it. */
static enum store_result
take_session(struct intake *intake, const struct finding *finding)
{
	const struct net client = engine_client(
	    intake->conf, &finding->address);
	const struct tally tally = { .sessions = 1,
		.messages = finding->messages,
		.recipients = finding->recipients,
		.accepted = finding->messages };

	return store_tally_add(
	    intake->store, &client, tally_hour(finding->at), &tally);
}

bool
intake_wants(const struct intake *intake, const struct finding *finding)
{
	switch (finding->what) {
	case FINDING_OFFENCE:
		return intake->replay ||
		       intake->conf->source[finding->kind] == CONF_WATCH;
	case FINDING_LOGIN:
	case FINDING_QUEUE:
		return true;
	case FINDING_SESSION:
		return intake->replay;
	case FINDING_SUPPRESSED:
	case FINDING_NOTHING:
		break;
	}
	return false;
}

enum store_result
intake_finding(struct intake *intake, const struct finding *finding,
    int64_t now, struct intake_result *result)
{
	result->events = 0;
	result->bans = 0;
	if (!intake_wants(intake, finding)) {
		return STORE_OK;
	}
	switch (finding->what) {
	case FINDING_OFFENCE:
		return take_offence(intake, finding, now, result);
	case FINDING_LOGIN:
		return take_login(intake, finding, now);
	case FINDING_QUEUE:
		return take_queue(intake, finding, now);
	case FINDING_SESSION:
		return take_session(intake, finding);
	case FINDING_SUPPRESSED:
	case FINDING_NOTHING:
		break;
	}
	return STORE_OK;
}
