#include "replay/simulate.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum {
	DAY = 24 * 3600,
	/* Longer than an MTA lets a session be silent. */
	SESSION_MAX = 600
};

/* ---- clients ---- */

/* Its newest ban, or one that holds on more services now; false without
 * memory. */
static bool
add_ban(struct replay_clients *clients, struct replay_client *client,
    const struct ban *ban)
{
	struct replay_ban *more;

	for (uint32_t i = client->newest; i != 0;
	     i = clients->ban[i - 1].before) {
		if (clients->ban[i - 1].ban.id == ban->id) {
			clients->ban[i - 1].ban = *ban;
			return true;
		}
	}
	more = clients->bans < UINT32_MAX
		   ? array_grow(clients->ban, clients->bans, &clients->room,
			 sizeof(*more))
		   : NULL;
	if (more == NULL) {
		return false;
	}
	clients->ban = more;
	more[clients->bans++] = (struct replay_ban){
		.ban = *ban,
		.client = (uint32_t)table_number(&clients->table, client),
		.before = client->newest,
	};
	client->newest = (uint32_t)clients->bans;
	return true;
}

struct clients_sum
clients_sum(const struct replay_clients *clients)
{
	struct clients_sum sum = { .seen = (int64_t)clients->table.rows,
		.bans = (int64_t)clients->bans };

	for (size_t i = 0; i < clients->table.rows; i++) {
		const struct replay_client *client = table_row(
		    &clients->table, i);
		bool banned = client->newest != 0;

		sum.offenders += client->offended;
		sum.banned += banned;
		sum.suspects += banned && client_is_suspect(client);
		for (int bit = 0; bit < SPARED_BITS; bit++) {
			sum.spared[bit] += (client->spared & 1U << bit) != 0 &&
					   banned == (1 << bit == SPARED_SOFT);
		}
	}
	for (size_t i = 0; i < clients->bans; i++) {
		sum.refused += clients->ban[i].refused;
		sum.lost += client_lost(&clients->ban[i]);
		sum.reason[clients->ban[i].ban.reason]++;
	}
	return sum;
}

static int
compare(const void *a, const void *b, void *to)
{
	const struct replay_clients *clients = to;
	const struct replay_ban *one = a;
	const struct replay_ban *other = b;
	const struct replay_client *its = table_row(
	    &clients->table, one->client);
	const struct replay_client *others = table_row(
	    &clients->table, other->client);
	/* The clients in the order they were met; two reasons at once. */
	const int64_t by[][2] = {
		{ client_accepted(others), client_accepted(its) },
		{ one->ban.begins, other->ban.begins },
		{ one->client, other->client },
		{ one->ban.reason, other->ban.reason },
	};
	size_t i = 0;

	while (i + 1 < sizeof(by) / sizeof(by[0]) && by[i][0] == by[i][1]) {
		i++;
	}
	return (by[i][0] > by[i][1]) - (by[i][0] < by[i][1]);
}

/* ---- bring-up ---- */

static void
say(char error[static SIMULATE_ERROR_SIZE], const char *why)
{

	(void)text_print(
	    error, SIMULATE_ERROR_SIZE, "the scratch database: %s", why);
}

struct simulation *
simulate_open(const struct conf *conf, const struct policy *policy,
    char error[static SIMULATE_ERROR_SIZE])
{
	struct simulation *simulation = calloc(1, sizeof(*simulation));
	char why[STORE_ERROR_SIZE] = "";
	struct conf *its;
	int64_t within = REPUTATION_SPAN; /* reputations look back so long */

	(void)text_copy(error, SIMULATE_ERROR_SIZE, "out of memory");
	if (simulation == NULL) {
		return NULL;
	}
	simulation->from = INT64_MAX;
	simulation->until = INT64_MIN;
	table_init(&simulation->clients.table, sizeof(struct net),
	    sizeof(struct replay_client), 0);
	/* Enforce the policy, and keep no more than its rules look at. */
	for (size_t i = 0; i < policy->rules; i++) {
		if (policy->rule[i].within > within) {
			within = policy->rule[i].within;
		}
	}
	its = &simulation->conf;
	*its = *conf;
	its->policy = *policy;
	its->mode = CONF_ENFORCE;
	its->brake_bans = 0;
	its->keep_events = within + DAY;
	its->keep_tallies = within + DAY;
	its->keep_bans = within;
	if (store_open(&simulation->store, NULL, STORE_SCRATCH, 0, why) !=
	    STORE_OK) {
		say(error, why);
		simulate_close(simulation);
		return NULL;
	}
	simulation->intake = (struct intake){
		.store = simulation->store, .conf = its, .replay = true
	};
	scratch_begin(&simulation->scratch, simulation->store, its);
	return simulation;
}

void
simulate_close(struct simulation *simulation)
{
	store_close(simulation->store);
	table_clear(&simulation->clients.table);
	free(simulation->clients.ban);
	free(simulation);
}

/* ---- which ban would have refused it ---- */

/* Whether it was done by way of SMTP: other logins pass no milter. */
static bool
is_smtp(const struct finding *finding)
{
	return finding->kind != KIND_AUTH ||
	       strcmp(finding->source, "postfix") == 0 ||
	       strcmp(finding->source, "exim") == 0 ||
	       strcmp(finding->source, "sendmail") == 0;
}

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
		return is_smtp(finding) &&
		       ban->service != (finding->service == SERVICE_MX
					       ? SERVICE_SUBMISSION
					       : SERVICE_MX);
	}
	return ban->service != SERVICE_SUBMISSION;
}

/* The number of the ban that would have refused it, or 0. */
static uint32_t
holding(const struct simulation *simulation, const struct replay_client *client,
    const struct finding *finding)
{
	const struct replay_ban *at;
	uint32_t best = 0;
	int64_t ends = 0;

	for (uint32_t i = client->newest; i != 0; i = at->before) {
		at = &simulation->clients.ban[i - 1];
		if (ban_active(&at->ban, finding->at) &&
		    refuses(&at->ban, finding) &&
		    (best == 0 || at->ban.ends > ends)) {
			best = i;
			ends = at->ban.ends;
		}
	}
	return best;
}

/* ---- findings ---- */

/* What happened, as no ban was in the way. */
static void
happen(struct simulation *simulation, struct replay_client *client,
    const struct finding *finding)
{
	struct intake_result result;

	intake_finding(&simulation->intake, finding, finding->at, &result);
	client->spared |= result.spared;
	for (size_t i = 0; i < result.bans; i++) {
		if (!add_ban(&simulation->clients, client, &result.ban[i])) {
			(void)text_copy(simulation->error,
			    sizeof(simulation->error), "out of memory");
			return;
		}
		if (is_smtp(finding)) {
			client->set_off = finding->at;
		}
	}
	if (finding->what == FINDING_OFFENCE && result.events == 0) {
		simulation->allowed += finding->events;
	}
	scratch_step(&simulation->scratch, finding->at);
}

/* Count offences for which no session's end comes any more at `at`. */
static void
count_unended(
    struct simulation *simulation, struct replay_client *client, int64_t at)
{
	if (client->unended > 0 && at - SESSION_MAX > client->unended_at) {
		simulation->clients.ban[client->unended_ban - 1]
		    .refused += client->unended;
		client->unended = 0;
	}
}

static void
take_offence(struct simulation *simulation, struct replay_client *client,
    const struct finding *finding)
{
	/* What a message was is known behind its session's end, perhaps. */
	bool of_message = finding->kind == KIND_SPAM ||
			  finding->kind == KIND_VIRUS ||
			  finding->kind == KIND_COMPLAINT;
	/* A filter behind the queue knows an accepted message by its id; one
	 * before it has it refused. */
	bool was_accepted = of_message && finding->queue[0] != '\0' &&
			    strcmp(finding->source, "amavis") == 0;
	uint32_t held;

	if (scratch_sender_is_user(&simulation->scratch, finding)) {
		simulation->spared += finding->events;
		return;
	}
	simulation->offences[intake_kind(
	    &simulation->conf, finding)] += finding->events;
	client->offended = true;
	/* Its session's end may come later and add it. */
	client->messages -= was_accepted;
	count_unended(simulation, client, finding->at);
	held = holding(simulation, client, finding);
	if (held == 0) {
		happen(simulation, client, finding);
		return;
	}
	simulation->clients.ban[held - 1].lost -= was_accepted;
	if (!of_message && !finding->milter_saw) {
		client->unended++;
		client->unended_at = finding->at;
		client->unended_ban = held;
	}
}

static void
take_session(struct simulation *simulation, struct replay_client *client,
    const struct finding *finding)
{
	uint32_t held = holding(simulation, client, finding);
	struct replay_ban *ban;
	bool set_off = client->set_off != INT64_MIN &&
		       finding->at - client->set_off <= SESSION_MAX;

	count_unended(simulation, client, finding->at);
	client->set_off = INT64_MIN;
	client->messages += finding->messages;
	client->recipients += finding->recipients;
	if (held == 0) {
		count_unended(simulation, client, INT64_MAX);
		happen(simulation, client, finding);
		return;
	}
	ban = &simulation->clients.ban[held - 1];
	ban->refused += !set_off || client->unended > 0;
	ban->lost += set_off ? 0 : finding->messages;
	client->unended = 0;
	if (set_off) {
		happen(simulation, client, finding);
	}
}

/* The session of a client that had logged in is not told of, only that a
 * message of its began. */
static void
take_users_message(struct simulation *simulation, struct replay_client *client,
    const struct finding *finding)
{
	uint32_t held = holding(simulation, client, finding);

	client->messages++;
	if (held == 0) {
		happen(simulation, client, finding);
		return;
	}
	simulation->clients.ban[held - 1].refused++;
	simulation->clients.ban[held - 1].lost++;
	/* What a scanner finds in it is not to count for itself. */
	scratch_keep_sender(&simulation->scratch, finding);
}

static bool
is_well(struct simulation *simulation)
{
	if (!scratch_is_well(&simulation->scratch) &&
	    simulation->error[0] == '\0') {
		say(simulation->error, store_error(simulation->store));
	}
	return simulation->error[0] == '\0';
}

bool
simulate_take(struct simulation *simulation, const struct finding *finding)
{
	const struct net who = engine_client(
	    &simulation->conf, &finding->address);
	struct replay_client *client;
	bool added;

	if (finding->what == FINDING_NOTHING || finding->what == FINDING_SENT ||
	    finding->what == FINDING_SUPPRESSED) {
		return true;
	}
	/* Stays until the next is added. */
	client = table_add(&simulation->clients.table, &who, &added);
	if (client == NULL) {
		(void)text_copy(simulation->error, sizeof(simulation->error),
		    "out of memory");
		return false;
	}
	if (added) {
		client->set_off = INT64_MIN;
	}
	if (finding->at < simulation->from) {
		simulation->from = finding->at;
	}
	if (finding->at > simulation->until) {
		simulation->until = finding->at;
	}
	if (finding->what == FINDING_OFFENCE) {
		take_offence(simulation, client, finding);
	} else if (finding->what == FINDING_SESSION) {
		take_session(simulation, client, finding);
	} else if (finding->what == FINDING_QUEUE && finding->user[0] != '\0') {
		take_users_message(simulation, client, finding);
	} else {
		happen(simulation, client, finding);
	}
	return is_well(simulation);
}

bool
simulate_end(struct simulation *simulation)
{
	struct replay_clients *clients = &simulation->clients;

	for (size_t i = 0; i < clients->table.rows; i++) {
		count_unended(
		    simulation, table_row(&clients->table, i), INT64_MAX);
	}
	if (clients->bans > 1) {
		qsort_r(clients->ban, clients->bans, sizeof(*clients->ban),
		    compare, clients);
	}
	(void)scratch_end(&simulation->scratch);
	return is_well(simulation);
}
