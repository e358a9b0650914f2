#include "intake/intake.h"

#include "base/table.h"

void
intake_init(struct intake *intake, struct store *store, const struct conf *conf,
    bool replay)
{
	*intake = (struct intake){
		.store = store, .conf = conf, .replay = replay
	};
}

/* Whether it is not to count: its client had logged in before it sent the
 * message, or videur was refusing it then, and it hung up, or was hung up on
 * after too many errors, for that.  A replay knows itself whom its bans would
 * have refused. */
static bool
is_spared(const struct intake *intake, const struct finding *finding)
{
	struct queue_entry entry;
	struct standing standing;

	if (finding->queue[0] != '\0' &&
	    store_queue_find(intake->store, finding->queue, &entry) &&
	    entry.login) {
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
	const struct observation seen = { .address = finding->address,
		.kind = finding->kind,
		.at = finding->at,
		.source = finding->source,
		.key = finding->user[0] != '\0' ? key : NULL,
		.detail = finding->rule };

	if (is_spared(intake, finding)) {
		return;
	}
	engine_key(intake->store, finding->user, key);
	for (int i = 0; i < finding->events; i++) {
		struct outcome outcome;

		engine_observe(
		    intake->store, intake->conf, &seen, NULL, now, &outcome);
		result->events += outcome.stored;
		result->braked |= outcome.braked;
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
	char key[HASH_TEXT_SIZE];
	const struct reset reset = { .client = engine_client(
					 intake->conf, &finding->address),
		.reason = REASON_AUTH,
		.key = key,
		.at = not_after(finding->at, now) };

	if (finding->user[0] != '\0') {
		engine_key(intake->store, finding->user, key);
		store_record(
		    intake->store, &(struct store_record){ .reset = &reset });
	}
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

/* What a session was good for, where no milter counts it. */
static void
take_session(struct intake *intake, const struct finding *finding)
{
	const struct tally_row row = { .client = engine_client(
					   intake->conf, &finding->address),
		.hour = tally_hour(finding->at),
		.tally = { .sessions = 1,
		    .messages = finding->messages,
		    .recipients = finding->recipients,
		    .accepted = finding->messages } };

	store_record(intake->store, &(struct store_record){ .tally = &row });
}

/* Whether the watcher is the one who counts an offence.  Commands are the
 * milter's as far as it is told of them; of the others only the log tells. */
static bool
is_ours(const struct intake *intake, const struct finding *finding)
{
	return conf_counts(intake->conf, finding->kind, CONF_WATCH,
		   finding->file) ||
	       ((finding->milter_never ||
		    (finding->kind == KIND_COMMAND && !finding->milter_saw)) &&
		   conf_counts(
		       intake->conf, finding->kind, CONF_MILTER, NULL));
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

void
intake_finding(struct intake *intake, const struct finding *finding,
    int64_t now, struct intake_result *result)
{
	result->events = 0;
	result->bans = 0;
	result->braked = false;
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
