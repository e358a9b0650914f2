#include "web/operator.h"

#include <string.h>

#include "base/json.h"
#include "base/proc.h"
#include "base/text.h"
#include "core/policy.h"
#include "web/lookup.h"
#include "web/page.h"
#include "web/visitor.h"

enum {
	TIMEOUT_MS = 200
};

/* ---- rows ---- */

/* Whether one more row is to be kept, where there may be `most`. */
static bool
keep_row(struct operator_rows *rows, size_t most)
{
	const bool keep = rows->count < most;

	rows->count += keep;
	rows->more += !keep;
	return keep;
}

static size_t
most_of(const struct operator_view *view)
{
	return view->part == OPERATOR_OVERVIEW ? OPERATOR_FEW : OPERATOR_ROWS;
}

static void
take_suspect(void *to, const struct ban *ban, int64_t accepted)
{
	struct operator_view *view = to;

	view->suspect[view->suspects++] = (struct operator_ban){ .ban = *ban,
		.accepted = accepted };
}

static void
take_allow(void *to, const struct allow *allow)
{
	struct operator_view *view = to;

	if (keep_row(&view->allows, most_of(view))) {
		view->allow[view->allows.count - 1] = *allow;
	}
}

static bool
take_change(void *to, const struct audit *audit)
{
	struct operator_view *view = to;
	struct operator_change *change = &view->change[view->changes.count];

	if (keep_row(&view->changes, most_of(view))) {
		change->at = audit->at;
		(void)text_copy(change->who, sizeof(change->who), audit->who);
		(void)text_copy(
		    change->what, sizeof(change->what), audit->what);
		(void)text_copy(
		    change->subject, sizeof(change->subject), audit->subject);
		(void)text_copy(change->note, sizeof(change->note),
		    audit->note != NULL ? audit->note : "");
	}
	view->changes.partly = view->changes.more >= OPERATOR_LOOKED;
	return !view->changes.partly;
}

/* ---- bans ---- */

struct search {
	struct operator_view *view;
	const char *words;     /* in its note or rule; or NULL */
	const struct net *but; /* not those of this; or NULL */
	int64_t looked;
};

static bool
take_ban(void *to, const struct ban *ban)
{
	struct search *search = to;
	struct operator_rows *rows = &search->view->bans;
	const char *words = search->words;

	if ((search->but == NULL || !net_equal(&ban->who, search->but)) &&
	    (words == NULL || strcasestr(ban->note, words) != NULL ||
		strcasestr(ban->rule, words) != NULL) &&
	    keep_row(rows, most_of(search->view))) {
		search->view->ban[rows->count - 1] = (struct operator_ban){
			.ban = *ban
		};
	}
	rows->partly = ++search->looked >= OPERATOR_LOOKED;
	return !rows->partly;
}

/* Whether `q` names an address or a network: alone, or in what was pasted. */
static bool
read_who(const char *q, struct net *who)
{
	struct visitor_asked asked;
	struct addr host;

	if (net_read(q, &host, who)) {
		return true;
	}
	switch (visitor_asks(q, true, &asked)) {
	case VISITOR_ASKS_FINE:
	case VISITOR_ASKS_NEVER:
	case VISITOR_ASKS_US:
		*who = net_cut(&asked.address, ADDR_BITS);
		return true;
	case VISITOR_ASKS_NO_ADDRESS:
	case VISITOR_ASKS_NETWORK:
		break;
	}
	return false;
}

/* Those of the address or network, the wider ones around it first; or of that
 * ref, over or not; or for that reason; or with those words. */
static void
find_bans(struct operator_view *view, struct store *store)
{
	struct search search = { .view = view };
	struct ban_query query = {
		.scope = BAN_ANYBODY, .active_at = view->now, .observed = true
	};
	char ref[BAN_REF_SIZE];
	enum reason reason;
	struct ban ban;

	if (read_who(view->q, &query.who)) {
		view->found = query.who.bits == ADDR_BITS;
		view->address = query.who.addr;
		query.scope = BAN_COVERING;
		store_ban_each(store, &query, take_ban, &search);
		query.scope = BAN_INSIDE;
		search.but = &query.who;
		if (view->found) {
			return;
		}
	} else if (proc_ref_read(view->q, ref) != NULL &&
		   store_ban_find(store, ref, &ban)) {
		view->found = true;
		view->address = ban.who.addr;
		(void)take_ban(&search, &ban);
		return;
	} else if (words_parse(&reason_words, view->q, &reason)) {
		query.reason = &reason;
	} else if (view->q[0] != '\0') {
		search.words = view->q;
	}
	store_ban_each(store, &query, take_ban, &search);
}

/* ---- one address ---- */

static void
take_event(void *to, const struct event_sum *sum)
{
	struct operator_address *about = to;

	if (about->events < OPERATOR_EVENTS) {
		about->event[about->events++] = *sum;
	}
}

/* What a rule counted for the networks around the client. */
static void
read_networks(const struct operator_view *view, struct store *store,
    const struct rule *rule, struct operator_address *about)
{
	struct policy_wider wider[POLICY_WIDEN_MAX];
	const size_t count = policy_widen(rule, &about->client, wider);

	for (size_t i = 0; i < count && about->networks < OPERATOR_NETWORKS;
	     i++) {
		struct policy_past past;
		struct operator_network network = { .net = wider[i].net,
			.rule = rule->name,
			.need = wider[i].need };

		network.counted = engine_counted(
		    store, view->conf, rule, &network.net, view->now, &past);
		network.steps = past.steps;
		if (network.counted > 0 || network.steps > 0) {
			about->network[about->networks++] = network;
		}
	}
}

static void
read_address(struct operator_view *view, struct store *store)
{
	const struct conf *conf = view->conf;
	struct operator_address *about = &view->about;
	const int64_t now = view->now;
	struct search search = { .view = view };
	struct ban_query query = {
		.scope = BAN_COVERING, .active_at = INT64_MIN, .observed = true
	};
	char ref[BAN_REF_SIZE];
	struct ban ban;

	if (read_who(view->q, &query.who) && query.who.bits == ADDR_BITS) {
		view->found = true;
		view->address = query.who.addr;
	} else if (proc_ref_read(view->q, ref) != NULL &&
		   store_ban_find(store, ref, &ban)) {
		view->found = true;
		view->address = ban.who.addr;
		query.who = ban.who;
	} else {
		return;
	}
	about->client = engine_client(conf, &view->address);
	engine_standing(store, conf, &view->address, now, &about->standing);
	about->on_list = store_allow_find(
	    store, &view->address, now, &about->allow);
	about->forwards = conf_forwards(conf, &about->client);
	store_event_sums(
	    store, &about->client, now - conf->keep_events, take_event, about);
	store_tally_sum(store, &about->client,
	    tally_hour(now - conf->keep_tallies), tally_hour(now),
	    &about->tally);
	engine_repute(store, conf, &about->client, NULL, now, &about->repute);
	for (size_t i = 0; i < conf->policy.rules; i++) {
		engine_outlook(store, conf, &about->client,
		    &conf->policy.rule[i], now, &about->outlook[i]);
		read_networks(view, store, &conf->policy.rule[i], about);
	}
	store_ban_each(store, &query, take_ban, &search);
}

/* ---- all of it ---- */

static void
read_state(struct operator_view *view, struct store *store)
{
	const struct conf *conf = view->conf;
	const int64_t now = view->now;
	const struct suspects_query suspects = { .active_at = now,
		.since = now - REPUTATION_SPAN,
		.most = OPERATOR_FEW };

	engine_states(store, view->state);
	engine_brake(store, conf, now, &view->brake);
	engine_losses(store, now, &view->lost);
	store_numbers(store, &view->numbers);
	store_ban_suspects(store, &suspects, take_suspect, view);
}

bool
operator_read(struct operator_view *view, const struct conf *conf,
    enum operator_part part, const char *q, int64_t now)
{
	const bool all = part == OPERATOR_OVERVIEW;
	struct store *store;
	bool fine;

	*view = (struct operator_view){
		.part = part, .now = now, .conf = conf, .q = q != NULL ? q : ""
	};
	if (store_open(&store, conf->database, STORE_READ, TIMEOUT_MS,
		view->why) != STORE_OK) {
		return false;
	}
	store_read(store);
	if (all) {
		read_state(view, store);
	}
	if (all || part == OPERATOR_BLOCKS) {
		find_bans(view, store);
	}
	if (all || part == OPERATOR_ALLOWED) {
		store_allow_each(store, now, take_allow, view);
	}
	if (all || part == OPERATOR_CHANGES) {
		store_audit_each(store, take_change, view);
	}
	if (part == OPERATOR_ADDRESS) {
		read_address(view, store);
	}
	fine = store_read_end(store) == STORE_OK;
	if (!fine) {
		(void)text_copy(
		    view->why, sizeof(view->why), store_error(store));
	}
	store_close(store);
	return fine;
}

/* ---- for programs ---- */

static void
add_ban(struct json *json, const struct operator_ban *row, bool suspect)
{
	const struct ban *ban = &row->ban;
	char text[NET_TEXT_SIZE];

	json_object(json, NULL);
	json_string(json, "client", net_format(&ban->who, text));
	json_string(json, "reason", reason_name(ban->reason));
	json_string(json, "rule", ban->rule);
	json_int(json, "step", ban->step);
	json_time(json, "begins", ban->begins);
	json_time(json, "ends", ban->ends);
	json_time(json, "cleared", ban->cleared);
	json_bool(json, "observed", ban->observed);
	json_string(json, "ref", ban->ref);
	json_int(json, "hits", ban->hits);
	json_string(json, "note", ban->note);
	if (suspect) {
		json_int(json, "accepted", row->accepted);
	}
	json_object_end(json);
}

static void
add_life(struct json *json, const struct state *life, const char *name)
{
	if (!life->there) {
		json_raw(json, name, "null");
		return;
	}
	json_object(json, name);
	json_string(json, "value", life->value);
	json_time(json, "since", life->since);
	json_object_end(json);
}

static void
add_state(struct json *json, const struct operator_view *view)
{
	json_string(json, "mode", conf_mode_name(view->conf->mode));
	json_string(json, "policy", view->conf->policy.name);
	json_string(json, "database", view->conf->database);
	if (view->why[0] != '\0') {
		json_string(json, "error", view->why);
		return;
	}
	json_object(json, "brake");
	json_bool(json, "on", view->brake.on);
	json_time(json, "since", view->brake.since);
	json_object_end(json);
	json_object(json, "services");
	add_life(json, &view->state[STATE_MILTER], "milter");
	add_life(json, &view->state[STATE_WATCH], "watch");
	json_object_end(json);
	json_object(json, "lost");
	for (size_t i = 0; i < LOSS_SORTS; i++) {
		json_int(json, words_at(&loss_words, i), view->lost.number[i]);
	}
	json_object_end(json);
	json_array(json, "suspects");
	for (size_t i = 0; i < view->suspects; i++) {
		add_ban(json, &view->suspect[i], true);
	}
	json_array_end(json);
}

static void
add_bans(struct json *json, const struct operator_view *view)
{
	json_array(json, "bans");
	for (size_t i = 0; i < view->bans.count; i++) {
		add_ban(json, &view->ban[i], false);
	}
	json_array_end(json);
	json_int(json, "more", view->bans.more);
}

static void
add_allowed(struct json *json, const struct operator_view *view)
{
	char text[NET_TEXT_SIZE];

	json_array(json, "allowed");
	for (size_t i = 0; i < view->allows.count; i++) {
		const struct allow *allow = &view->allow[i];

		json_object(json, NULL);
		json_string(json, "network", net_format(&allow->net, text));
		json_time(json, "until", allow->until);
		json_string(json, "note", allow->note);
		json_object_end(json);
	}
	json_array_end(json);
}

static void
add_changes(struct json *json, const struct operator_view *view)
{
	json_array(json, "changes");
	for (size_t i = 0; i < view->changes.count; i++) {
		const struct operator_change *change = &view->change[i];

		json_object(json, NULL);
		json_time(json, "at", change->at);
		json_string(json, "who", change->who);
		json_string(json, "what", change->what);
		json_string(json, "subject", change->subject);
		json_string(json, "note", change->note);
		json_object_end(json);
	}
	json_array_end(json);
}

static void
add_refused(struct json *json, const struct stats *stats)
{
	json_array(json, "refused");
	for (size_t i = 0; i < STATS_DAYS; i++) {
		char day[TIME_TEXT_SIZE];

		text_from_time(
		    stats->day[i].day, day)[sizeof("2026-11-21") - 1] = '\0';
		json_object(json, NULL);
		json_string(json, "day", day);
		for (size_t cause = 0; cause < cause_words.count; cause++) {
			json_int(json, words_at(&cause_words, cause),
			    stats->day[i].sum[DAILY_REFUSED][cause]);
		}
		json_object_end(json);
	}
	json_array_end(json);
}

static void
add_address(struct json *json, const struct operator_view *view)
{
	const struct operator_address *about = &view->about;
	char text[NET_TEXT_SIZE];

	json_string(json, "ip", addr_format(&view->address, text));
	json_string(json, "client", net_format(&about->client, text));
	json_string(
	    json, "verdict", standing_verdict_name(about->standing.verdict));
	json_string(
	    json, "reputation", reputation_name(about->repute.reputation));
	json_array(json, "events");
	for (size_t i = 0; i < about->events; i++) {
		const struct event_sum *sum = &about->event[i];

		json_object(json, NULL);
		json_string(json, "kind", kind_name(sum->kind));
		json_string(json, "source", sum->source);
		json_int(json, "count", sum->count);
		json_time(json, "first", sum->first);
		json_time(json, "last", sum->last);
		json_object_end(json);
	}
	json_array_end(json);
}

void
operator_json(const struct operator_view *view, const struct stats *stats,
    struct json *json)
{
	const bool all = view->part == OPERATOR_OVERVIEW;

	json_object(json, NULL);
	if (all || view->why[0] != '\0') {
		add_state(json, view);
	}
	if (view->part == OPERATOR_ADDRESS && view->found) {
		add_address(json, view);
	}
	if (all || view->part == OPERATOR_BLOCKS || view->found) {
		add_bans(json, view);
	}
	if (all || view->part == OPERATOR_ALLOWED) {
		add_allowed(json, view);
	}
	if (all || view->part == OPERATOR_CHANGES) {
		add_changes(json, view);
	}
	if (stats != NULL) {
		add_refused(json, stats);
	}
	json_time(json, "checked_at", view->now);
	json_object_end(json);
}
