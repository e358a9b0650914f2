#include "ctl/trial.h"

#include <stdlib.h>
#include <string.h>

#include "base/proc.h"
#include "ctl/print.h"
#include "ctl/sender.h"

enum {
	DAY = 24 * 3600,
	/* Longer than an MTA lets a session be silent. */
	SESSION_MAX = 600
};

/* ---- bring-up ---- */

static bool
fail(const char *why)
{
	print_complaint("the scratch database: %s", why);
	return false;
}

static bool
check(const struct trial *trial, enum store_result result)
{
	return result == STORE_OK || fail(store_error(trial->store));
}

/* Keep no more than the rules look at. */
static void
shorten(struct conf *conf)
{
	int64_t within = 0;

	for (size_t i = 0; i < conf->policy.rules; i++) {
		const struct rule *rule = &conf->policy.rule[i];

		within = rule->within > within ? rule->within : within;
	}
	conf->keep_events = within + DAY;
	conf->keep_tallies = within + DAY;
	conf->keep_bans = within;
}

static bool
open_store(struct trial *trial)
{
	char error[STORE_ERROR_SIZE] = "";
	unsigned char key[STORE_SECRET_SIZE];

	if (store_open(&trial->store, NULL, STORE_SCRATCH, 0, error) !=
	    STORE_OK) {
		return fail(error);
	}
	intake_init(&trial->intake, trial->store, trial->conf, true);
	if (!check(
		trial, batch_begin(&trial->batch, trial->store, trial->conf)) ||
	    !check(trial, store_secret(trial->store, key))) {
		return false;
	}
	roll_init(&trial->roll, key);
	return true;
}

struct trial *
trial_open(const struct conf *conf, const struct policy *policy)
{
	struct trial *trial = calloc(1, sizeof(*trial));

	if (trial == NULL) {
		print_complaint("out of memory");
		return NULL;
	}
	trial->conf = malloc(sizeof(*trial->conf));
	if (trial->conf == NULL) {
		print_complaint("out of memory");
		trial_close(trial);
		return NULL;
	}
	*trial->conf = *conf;
	trial->conf->policy = *policy;
	trial->conf->mode = CONF_ENFORCE;
	trial->conf->brake_bans = 0;
	shorten(trial->conf);
	trial->from = INT64_MAX;
	trial->until = INT64_MIN;
	if (!open_store(trial)) {
		trial_close(trial);
		return NULL;
	}
	return trial;
}

void
trial_close(struct trial *trial)
{
	if (trial->store != NULL) {
		store_close(trial->store);
	}
	roll_clear(&trial->roll);
	free(trial->ban);
	free(trial->conf);
	free(trial);
}

/* ---- bans ---- */

static bool
add_ban(struct trial *trial, struct roll_client *client, const struct ban *ban)
{
	if (trial->bans == trial->room) {
		size_t room = trial->room > 0 ? trial->room * 2 : 64;
		struct trial_ban *more = NULL;

		if (room < ROLL_NONE) {
			more = reallocarray(trial->ban, room, sizeof(*more));
		}
		if (more == NULL) {
			print_complaint("out of memory");
			return false;
		}
		trial->ban = more;
		trial->room = room;
	}
	trial->ban[trial->bans] = (struct trial_ban){
		.ban = *ban,
		.client = (uint32_t)(client - trial->roll.client),
		.before = client->newest,
	};
	client->newest = (uint32_t)trial->bans++;
	return true;
}

/* Whether it was done by way of SMTP: other logins pass no milter. */
static bool
is_smtp(const struct finding *finding)
{
	static const char *const sources[] = { "postfix", "exim", "sendmail" };

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		if (strcmp(finding->source, sources[i]) == 0) {
			return true;
		}
	}
	return finding->kind != KIND_AUTH;
}

/* Whether a ban refuses what made this finding. */
static bool
refuses(const struct ban *ban, const struct finding *finding)
{
	if (finding->what == FINDING_QUEUE) {
		return ban->reason == REASON_AUTH; /* it is of a user */
	}
	if (finding->what == FINDING_SESSION) {
		/* Strangers' mail is accepted by the mx service only. */
		return ban->service != SERVICE_SUBMISSION ||
		       (finding->recipients == 0 && finding->messages == 0);
	}
	if (finding->kind == KIND_AUTH) {
		return ban->service != SERVICE_MX && is_smtp(finding);
	}
	return ban->service != SERVICE_SUBMISSION;
}

/* The ban that would have refused it, or ROLL_NONE. */
static uint32_t
holding(const struct trial *trial, const struct roll_client *client,
    const struct finding *finding)
{
	uint32_t best = ROLL_NONE;

	for (uint32_t i = client->newest; i != ROLL_NONE;
	     i = trial->ban[i].before) {
		const struct ban *ban = &trial->ban[i].ban;

		if (ban_active(ban, finding->at) && refuses(ban, finding) &&
		    (best == ROLL_NONE ||
			ban->ends > trial->ban[best].ban.ends)) {
			best = i;
		}
	}
	return best;
}

/* ---- findings ---- */

/* What happened, for no ban was in the way. */
static bool
happen(struct trial *trial, struct roll_client *client,
    const struct finding *finding)
{
	struct intake_result result;

	if (!check(trial, intake_finding(
			      &trial->intake, finding, finding->at, &result))) {
		return false;
	}
	for (size_t i = 0; i < result.bans; i++) {
		if (!add_ban(trial, client, &result.ban[i])) {
			return false;
		}
		if (is_smtp(finding)) {
			client->set_off = finding->at;
		}
	}
	if (finding->what == FINDING_OFFENCE && result.events == 0) {
		trial->allowed += finding->events;
	}
	return check(trial, batch_step(&trial->batch, finding->at));
}

/* No session's end comes any more for these offences. */
static void
count_loose(struct trial *trial, struct roll_client *client)
{
	if (client->loose > 0) {
		trial->ban[client->loose_ban].refused += client->loose;
		client->loose = 0;
	}
}

static void
age_loose(struct trial *trial, struct roll_client *client, int64_t at)
{
	if (client->loose > 0 && at - client->loose_at > SESSION_MAX) {
		count_loose(trial, client);
	}
}

/* What a message was is known behind its session's end, perhaps. */
static bool
is_of_message(enum kind kind)
{
	return kind == KIND_SPAM || kind == KIND_VIRUS ||
	       kind == KIND_COMPLAINT;
}

/* Whether it says so of a message that had been accepted: a filter behind the
 * queue knows the message by its id, one before it has it refused. */
static bool
is_after_queue(const struct finding *finding)
{
	return is_of_message(finding->kind) && finding->queue[0] != '\0' &&
	       strcmp(finding->source, "amavis") == 0;
}

static bool
take_offence(struct trial *trial, struct roll_client *client,
    const struct finding *finding)
{
	uint32_t held;
	bool is_user = false;

	if (!check(trial, sender_is_user(trial->store, finding, &is_user))) {
		return false;
	}
	if (is_user) {
		trial->spared += finding->events;
		return true;
	}
	trial->offences[finding->kind] += finding->events;
	client->offended = true;
	/* Its session's end may come later and add it. */
	client->messages -= is_after_queue(finding);
	age_loose(trial, client, finding->at);
	held = holding(trial, client, finding);
	if (held == ROLL_NONE) {
		return happen(trial, client, finding);
	}
	trial->ban[held].lost -= is_after_queue(finding);
	if (!is_of_message(finding->kind) && !finding->milter_saw) {
		client->loose++;
		client->loose_at = finding->at;
		client->loose_ban = held;
	}
	return true;
}

static bool
take_session(struct trial *trial, struct roll_client *client,
    const struct finding *finding)
{
	uint32_t held = holding(trial, client, finding);
	bool set_off = client->set_off != INT64_MIN &&
		       finding->at - client->set_off <= SESSION_MAX;
	bool offended;

	age_loose(trial, client, finding->at);
	offended = client->loose > 0;
	client->set_off = INT64_MIN;
	client->messages += finding->messages;
	client->recipients += finding->recipients;
	if (held == ROLL_NONE) {
		count_loose(trial, client);
		return happen(trial, client, finding);
	}
	client->loose = 0;
	trial->ban[held].refused += !set_off || offended;
	trial->ban[held].lost += set_off ? 0 : finding->messages;
	return !set_off || happen(trial, client, finding);
}

/* The session of somebody who had logged in is not told of, only that a
 * message of his began. */
static bool
take_users_message(struct trial *trial, struct roll_client *client,
    const struct finding *finding)
{
	uint32_t held = holding(trial, client, finding);

	client->messages++;
	if (held == ROLL_NONE) {
		return happen(trial, client, finding);
	}
	trial->ban[held].refused++;
	trial->ban[held].lost++;
	/* What a scanner finds in it is not to count for itself. */
	return check(trial, sender_keep(trial->store, finding)) &&
	       check(trial, batch_step(&trial->batch, finding->at));
}

bool
trial_take(struct trial *trial, const struct finding *finding)
{
	const struct net who = engine_client(trial->conf, &finding->address);
	struct roll_client *client;

	if (finding->what == FINDING_NOTHING ||
	    finding->what == FINDING_SUPPRESSED) {
		return true;
	}
	client = roll_at(&trial->roll, &who);
	if (client == NULL) {
		print_complaint("out of memory");
		return false;
	}
	trial->from = finding->at < trial->from ? finding->at : trial->from;
	trial->until = finding->at > trial->until ? finding->at : trial->until;
	if (finding->what == FINDING_OFFENCE) {
		return take_offence(trial, client, finding);
	}
	if (finding->what == FINDING_SESSION) {
		return take_session(trial, client, finding);
	}
	if (finding->what == FINDING_QUEUE && finding->user[0] != '\0') {
		return take_users_message(trial, client, finding);
	}
	return happen(trial, client, finding);
}

bool
trial_end(struct trial *trial)
{
	for (size_t i = 0; i < trial->roll.clients; i++) {
		count_loose(trial, &trial->roll.client[i]);
	}
	trial_sort(trial);
	return check(trial, batch_end(&trial->batch));
}
