/*
 * What the database tells the doctor.
 */
#include "doctor/facts.h"

#include <string.h>

#include "base/text.h"
#include "core/kind.h"
#include "core/reputation.h"
#include "engine/engine.h"

enum {
	LOOK_MS = 400, /* for damage */
	/* More bytes take longer, and SQLite of Debian 12 does not stop. */
	LOOK_BYTES = 64 * 1024 * 1024
};

static void
keep_allow(void *to, const struct allow *allow)
{
	struct records *records = &((struct facts *)to)->records;

	if (records->allows < RECORDS_ALLOWS_MAX) {
		records->allow[records->allows++] = *allow;
	}
}

static void
keep_name(void *to, const struct allow_name *name)
{
	struct facts *facts = to;
	struct records *records = &facts->records;

	if (records->old_names < RECORDS_NAMES_MAX &&
	    engine_name_is_old(name, facts->now)) {
		records->old_name[records->old_names++] = *name;
	}
}

static void
keep_client(void *to, const struct net *client, const struct tally *sum)
{
	static const struct net loopback[] = {
		{ .addr.byte = { [10] = 0xff, 0xff, 127 },
		    .bits = ADDR_V4_OFFSET + 8 },
		/* ::1 stands for its client: nothing else lies near. */
		{ .bits = 64 },
	};
	struct records *records = &((struct facts *)to)->records;
	int64_t counted = sum->sessions;

	for (size_t i = 0; i < KIND_COUNT; i++) {
		counted += sum->kind[i];
	}
	if (counted == 0) {
		return;
	}
	if (net_contains(&loopback[0], client) ||
	    net_contains(&loopback[1], client)) {
		records->counted_here += counted;
		return;
	}
	records->clients++;
	records->counted += counted;
	records->client = *client;
}

static void
keep_source(void *to, const struct source_seen *seen)
{
	struct records *records = &((struct facts *)to)->records;

	if (records->sources < FACTS_LOGS_MAX) {
		(void)text_copy(records->source[records->sources].name,
		    CONF_PATH_SIZE, seen->source);
		records->source[records->sources++].seen = *seen;
	}
}

/* The last of them will do; one may have several lines. */
static void
keep_damage(void *to, const char *complaint)
{
	char *damage = to;

	(void)text_copy(damage, STORE_ERROR_SIZE, complaint);
	while ((damage = strchr(damage, '\n')) != NULL) {
		*damage = ' ';
	}
}

void
facts_look_for_damage(struct facts *facts, struct store *store)
{
	struct store_numbers numbers;

	store_numbers(store, &numbers);
	facts->unlooked = numbers.bytes > LOOK_BYTES;
	if (facts->unlooked) {
		return;
	}
	store_check(store, LOOK_MS, NULL, keep_damage, facts->damage);
	facts->unlooked = store_status(store) == STORE_BUSY;
	if (store_status(store) == STORE_FAILED) {
		keep_damage(facts->damage, store_error(store));
	}
}

/* An event is tallied in the hour it happened in. */
static void
keep_event(void *to, const struct net *client, const struct tally *sum)
{
	(void)client;
	(void)sum;
	((struct facts *)to)->records.event_ahead = true;
}

static void
keep_peer(void *to, const struct share_peer *peer)
{
	struct records *records = to;

	if (records->peers < RECORDS_PEERS_MAX) {
		records->peer[records->peers++] = *peer;
	}
}

void
facts_read_records(struct facts *facts, struct store *store)
{
	struct suspects_query observed = { .observed = true };
	struct records *records = &facts->records;
	int64_t now = facts->now;

	*records = (struct records){ .allows = 0 };
	store_read(store);
	engine_states(store, records->state);
	store_allow_each(store, now, keep_allow, facts);
	store_names_each(store, keep_name, facts);
	records->logins_banned = store_ban_live(store, now, REASON_AUTH);
	records->ban_begins = store_ban_newest(store);
	store_tally_each(store, tally_hour(now - RECORDS_SPAN), tally_hour(now),
	    keep_client, facts);
	/* From the first hour on in which nothing can be yet. */
	store_tally_each(store, tally_hour(now + RECORDS_SLACK) + 3600,
	    INT64_MAX, keep_event, facts);
	engine_sources(store, now, keep_source, facts);
	engine_seen(store, now, &records->seen);
	store_numbers(store, &records->numbers);
	engine_losses(store, now, &records->lost);
	engine_sharing(store, facts->conf, now, &records->sharing);
	store_share_peer_each(store, keep_peer, records);
	engine_brake(store, facts->conf, now, &records->brake);
	records->observing = engine_observing(records->state);
	observed.active_at = records->observing;
	observed.since = records->observing - REPUTATION_SPAN;
	records->observed = store_ban_suspects_count(store, &observed);
	if (facts->has_ssh) {
		engine_standing(
		    store, facts->conf, &facts->ssh, now, &records->standing);
	}
	records->result = store_read_end(store);
	if (records->result != STORE_OK) {
		(void)text_copy(
		    records->error, sizeof(records->error), store_error(store));
	}
}

int64_t
facts_allowed_until(const struct facts *facts, const struct net *net)
{
	const struct records *records = &facts->records;
	int64_t until = 0;

	for (size_t i = 0; i < records->allows; i++) {
		const struct allow *allow = &records->allow[i];
		int64_t end = allow->until == 0 ? INT64_MAX : allow->until;

		if (end > until && net_contains(&allow->net, net)) {
			until = end;
		}
	}
	return until;
}

const char *
records_other_mode(const struct state states[static STATE_COUNT],
    enum engine_state service, enum conf_mode mode, int64_t now)
{
	const struct state *runs = engine_state_mode(states, service);

	return now - states[service].since <= RECORDS_SILENCE && runs->there &&
		       strcmp(runs->value, conf_mode_name(mode)) != 0
		   ? runs->value
		   : NULL;
}
