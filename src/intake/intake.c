#include "intake/intake.h"

#include "base/hash.h"

void
intake_init(struct intake *intake, struct store *store, const struct conf *conf,
    bool replay)
{
	*intake = (struct intake){
		.store = store, .conf = conf, .replay = replay
	};
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
		result->braked |= outcome.braked;
		for (size_t n = 0;
		     n < outcome.bans && result->bans < ENGINE_BANS_MAX; n++) {
			result->ban[result->bans++] = outcome.ban[n];
		}
	}
	return STORE_OK;
}

/* Whether videur was refusing the client then: it hangs up, or is hung up on
 * after too many errors, for that.  A replay knows itself whom its bans would
 * have refused. */
static enum store_result
was_refused(struct intake *intake, const struct finding *finding, bool *refused)
{
	struct standing standing;
	enum store_result result;

	*refused = false;
	if (intake->replay || (finding->kind != KIND_COMMAND &&
				  finding->kind != KIND_DISCONNECT)) {
		return STORE_OK;
	}
	result = engine_standing(intake->store, intake->conf, &finding->address,
	    finding->at, &standing);
	*refused = result == STORE_OK && standing.verdict == STANDING_BANNED;
	return result;
}

static enum store_result
take_offence(struct intake *intake, const struct finding *finding, int64_t now,
    struct intake_result *result)
{
	char key[HASH_TEXT_SIZE];
	bool spared;
	enum store_result asked;

	asked = sent_by_user(intake, finding, &spared);
	if (asked == STORE_OK && !spared) {
		asked = was_refused(intake, finding, &spared);
	}
	if (asked == STORE_OK && !spared) {
		asked = engine_key(intake->store, finding->user, key);
	}
	if (asked != STORE_OK || spared) {
		return asked;
	}
	return take_events(intake, finding, key, now, result);
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
static enum store_result
take_login(struct intake *intake, const struct finding *finding, int64_t now)
{
	const struct net client = engine_client(
	    intake->conf, &finding->address);
	char key[HASH_TEXT_SIZE];
	enum store_result result = engine_key(
	    intake->store, finding->user, key);

	if (result != STORE_OK || key[0] == '\0') {
		return result;
	}
	return store_mark_put(intake->store, &client, REASON_AUTH, key,
	    not_after(finding->at, now));
}

/* Whose message a queue id is.  Only those of users are kept: of a stranger it
 * is enough that no user's is left under the same id.  To send as a user was
 * a good login, too. */
static enum store_result
take_queue(struct intake *intake, const struct finding *finding, int64_t now)
{
	const struct queue_entry entry = { .address = finding->address,
		.login = true,
		.at = not_after(finding->at, now) };
	enum store_result result;

	if (finding->user[0] == '\0') {
		return store_queue_remove(intake->store, finding->queue);
	}
	result = store_queue_put(intake->store, finding->queue, &entry);
	return result == STORE_OK ? take_login(intake, finding, now) : result;
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

/* Whether the watcher is the one who counts an offence.  Commands are the
 * milter's as far as it is told of them; of the others only the log tells. */
static bool
is_ours(const struct intake *intake, const struct finding *finding)
{
	switch (intake->conf->source[finding->kind]) {
	case CONF_WATCH:
		return true;
	case CONF_MILTER:
		return finding->kind == KIND_COMMAND && !finding->milter_saw;
	case CONF_NOBODY:
		break;
	}
	return false;
}

bool
intake_wants(const struct intake *intake, const struct finding *finding)
{
	switch (finding->what) {
	case FINDING_OFFENCE:
		return intake->replay || is_ours(intake, finding);
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
	result->braked = false;
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
