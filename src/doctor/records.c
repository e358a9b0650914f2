#include "doctor/records.h"

#include <string.h>

#include "base/text.h"
#include "core/ban.h"
#include "core/tally.h"
#include "engine/engine.h"

struct reading {
	const struct conf *conf;
	int64_t now;
	struct records *out;
};

static void
keep_allow(void *to, const struct allow *allow)
{
	struct reading *reading = to;
	struct records *out = reading->out;

	if (out->allows < RECORDS_ALLOWS_MAX) {
		out->allow[out->allows].net = allow->net;
		out->allow[out->allows].until = allow->until;
		out->allows++;
	}
}

static void
note_ahead(int64_t at, int64_t now, int64_t *latest)
{
	if (at > now + RECORDS_SLACK && at > *latest) {
		*latest = at;
	}
}

static void
keep_sign(void *to, const char *key, const char *value, int64_t since)
{
	static const char *const names[RECORDS_SERVICES] = {
		[RECORDS_MILTER] = "milter",
		[RECORDS_WATCH] = "watch",
	};
	struct reading *reading = to;

	(void)value;
	note_ahead(since, reading->now, &reading->out->sign_ahead);
	for (size_t i = 0; i < RECORDS_SERVICES; i++) {
		if (strcmp(key, names[i]) == 0) {
			reading->out->alive[i] = since;
		}
	}
}

static bool
keep_ban(void *to, const struct ban *ban)
{
	struct reading *reading = to;

	note_ahead(ban->begins, reading->now, &reading->out->ban_ahead);
	return true;
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
	struct reading *reading = to;
	struct records *out = reading->out;
	int64_t deeds = sum->sessions;

	for (size_t i = 0; i < KIND_COUNT; i++) {
		deeds += sum->kind[i];
	}
	if (deeds == 0) {
		return;
	}
	for (size_t i = 0; i < sizeof(loopback) / sizeof(loopback[0]); i++) {
		if (net_contains(&loopback[i], client)) {
			out->from_here += deeds;
			return;
		}
	}
	out->clients++;
	out->deeds += deeds;
	out->client = *client;
}

/* An event is tallied in the hour it happened in. */
static void
keep_event(void *to, const struct net *client, const struct tally *sum)
{
	struct reading *reading = to;

	(void)client;
	(void)sum;
	reading->out->event_ahead = true;
}

static enum store_result
read_all(struct store *store, struct reading *reading)
{
	const struct ban_query every = {
		.scope = BAN_ANYBODY,
		.active_at = INT64_MIN,
		.observed = true,
	};
	int64_t hour = tally_hour(reading->now);
	enum store_result result = store_allow_each(
	    store, reading->now, keep_allow, reading);

	if (result == STORE_OK || result == STORE_NONE) {
		result = store_state_each(store, keep_sign, reading);
	}
	if (result == STORE_OK || result == STORE_NONE) {
		result = store_ban_each(store, &every, keep_ban, reading);
	}
	if (result == STORE_OK || result == STORE_NONE) {
		result = store_tally_each(store,
		    tally_hour(reading->now - RECORDS_SPAN), hour, keep_client,
		    reading);
	}
	if (result == STORE_OK || result == STORE_NONE) {
		/* The first hour in which nothing can be yet. */
		result = store_tally_each(store,
		    tally_hour(reading->now + RECORDS_SLACK) + 3600, INT64_MAX,
		    keep_event, reading);
	}
	return result == STORE_NONE ? STORE_OK : result;
}

void
records_read(struct store *store, const struct conf *conf,
    const struct addr *visitor, int64_t now, struct records *out)
{
	struct reading reading = { .conf = conf, .now = now, .out = out };

	*out = (struct records){ .allows = 0 };
	out->result = store_snapshot(store);
	if (out->result == STORE_OK) {
		out->result = read_all(store, &reading);
	}
	if (out->result == STORE_OK && visitor != NULL) {
		out->result = engine_standing(
		    store, conf, visitor, now, &out->visitor);
	}
	if (out->result != STORE_OK) {
		(void)text_copy(
		    out->error, sizeof(out->error), store_error(store));
	}
	store_snapshot_end(store);
}

int64_t
records_allowed(const struct records *records, const struct net *net)
{
	int64_t until = 0;

	for (size_t i = 0; i < records->allows; i++) {
		if (!net_contains(&records->allow[i].net, net)) {
			continue;
		}
		if (records->allow[i].until == 0) {
			return INT64_MAX;
		}
		if (records->allow[i].until > until) {
			until = records->allow[i].until;
		}
	}
	return until;
}
