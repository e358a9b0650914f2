/*
 * What a client did, and what becomes of it: the event is kept, each rule
 * judges it, and a ban may begin.
 */
#include <ctype.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "engine/judge.h"

enum {
	STORM_CLIENTS = 5,  /* that had logged in well, fail */
	STORM_WITHIN = 600, /* seconds, and nobody logs in */
	HOUR = 3600,
	FULL_MAX = 64,   /* full hours and kinds of one window */
	JUDGED_EACH = 16 /* of events that are no longer kept */
};

struct net
engine_client(const struct conf *conf, const struct addr *address)
{
	return net_around(address, conf->client_ipv4, conf->client_ipv6);
}

/* ---- keys ---- */

char *
engine_hash(const unsigned char secret[static STORE_SECRET_SIZE],
    const char *name, char key[static HASH_TEXT_SIZE])
{
	unsigned char folded[ENGINE_KEYED_MAX];
	size_t len = 0;

	for (; len < sizeof(folded) && name[len] != '\0'; len++) {
		folded[len] = (unsigned char)tolower((unsigned char)name[len]);
	}
	return hash_text(secret, folded, len, key);
}

void
engine_key(
    struct store *store, const char *name, char key[static HASH_TEXT_SIZE])
{
	unsigned char secret[STORE_SECRET_SIZE];

	key[0] = '\0';
	if (name[0] == '\0') {
		return;
	}
	store_secret(store, secret);
	if (store_status(store) == STORE_OK) {
		(void)engine_hash(secret, name, key);
	}
}

/* ---- standing ---- */

/* What the configuration and the address itself say: CLEAR where they say
 * nothing. */
static enum verdict
exemption(const struct conf *conf, const struct addr *address)
{
	return standing_never_banned(address) ? STANDING_NEVER
	       : conf_allows(conf, address)   ? STANDING_ALLOWED
					      : STANDING_CLEAR;
}

void
engine_standing(struct store *store, const struct conf *conf,
    const struct addr *address, int64_t now, struct standing *standing)
{
	standing->address = *address;
	standing->checked_at = now;
	standing->bans = 0;
	standing->verdict = exemption(conf, address);
	if (standing->verdict != STANDING_CLEAR) {
		return;
	}
	store_standing(store, standing);
}

/* ---- the last 30 days ---- */

struct month {
	struct repute *repute;
	const struct net *client;
	int64_t after;
	int64_t day;   /* the newest on which mail was accepted */
	int64_t first; /* the first hour in which it was */
};

static void
add_hour(void *to, int64_t hour, const struct tally *tally)
{
	struct month *month = to;

	tally_add(&month->repute->facts.tally, tally);
	if (tally->accepted == 0) {
		return;
	}
	if (hour - hour % STORE_DAY != month->day) {
		month->repute->days++;
		month->day = hour - hour % STORE_DAY;
	}
	month->first = month->first < hour ? month->first : hour;
	month->repute->span = hour - month->first;
}

/* One by hand, one of a wider network and one that was lifted say nothing of
 * the client. */
static bool
count_ban(void *to, const struct ban *ban)
{
	struct month *month = to;

	month->repute->facts.bans += ban->step > 0 && ban->cleared == 0 &&
				     !ban->mistake &&
				     net_equal(&ban->who, month->client) &&
				     ban->begins > month->after;
	return true;
}

void
engine_repute(struct store *store, const struct conf *conf,
    const struct net *client, const struct tally *unflushed, int64_t now,
    struct repute *repute)
{
	const struct ban_query query = {
		.scope = BAN_COVERING, .who = *client, .active_at = INT64_MIN
	};
	struct month month = { .repute = repute,
		.client = client,
		.after = now - REPUTATION_SPAN,
		.day = INT64_MIN,
		.first = INT64_MAX };

	*repute = (struct repute){ .days = 0 };
	store_tally_hours(store, client, tally_hour(month.after + 1),
	    tally_hour(now), add_hour, &month);
	if (unflushed != NULL) {
		tally_add(&repute->facts.tally, unflushed);
	}
	store_ban_each(store, &query, count_ban, &month);
	repute->reputation = reputation_of(&conf->policy.scale, &repute->facts);
}

/* Of the client that is judged, at `t`. */
static struct repute
repute_at(struct store *store, const struct judge_query *query, int64_t t)
{
	struct repute repute;

	engine_repute(
	    store, query->conf, &query->client, query->unflushed, t, &repute);
	return repute;
}

/* ---- the hours of a window ---- */

/* What the tallies say of the hours that a window touches. */
struct touched {
	const struct rule *rule;
	struct tally sum;
	/* Hours in which more happened than is kept. */
	struct full {
		int64_t hour;
		enum kind kind;
		int64_t number;
	} full[FULL_MAX];
	size_t fulls;
};

static void
touch_hour(void *to, int64_t hour, const struct tally *tally)
{
	struct touched *touched = to;

	tally_add(&touched->sum, tally);
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		if ((touched->rule->kinds & kind_bit((enum kind)kind)) != 0 &&
		    tally->kind[kind] > ENGINE_HOUR_MAX &&
		    touched->fulls < FULL_MAX) {
			touched->full[touched->fulls++] = (struct full){ hour,
				(enum kind)kind, tally->kind[kind] };
		}
	}
}

/* Leave only full hours that count as a whole, and let the window begin with
 * the first of them.  One that a reset or a ban cuts, or of which not all has
 * settled, counts by what is kept of it. */
static void
leave_whole(struct touched *touched, const struct policy_past *past,
    struct policy_window *window)
{
	const struct rule *rule = touched->rule;
	const bool reset = window->after > past->t - rule->within;
	size_t whole = 0;

	for (size_t i = 0; i < touched->fulls; i++) {
		const int64_t hour = touched->full[i].hour;
		bool cut = (reset && hour <= window->after) ||
			   (rule->settle > 0 && hour + HOUR > window->until);

		for (size_t n = 0; n < past->spans; n++) {
			cut |= past->span[n].from < hour + HOUR &&
			       past->span[n].until > hour;
		}
		if (!cut) {
			touched->full[whole++] = touched->full[i];
		}
	}
	touched->fulls = whole;
	if (whole > 0 && touched->full[0].hour <= window->after) {
		window->after = touched->full[0].hour - 1;
	}
}

/* ---- counting ---- */

struct counting {
	struct store *store;
	struct event_query events;
	struct policy_keys keys;
	int64_t need;
	int64_t bad; /* counted so far, up to what is needed */
};

static bool
add_key(void *to, int64_t events)
{
	struct counting *counting = to;
	const int64_t most = counting->keys.most;

	counting->bad += events < most ? events : most;
	return counting->bad < counting->need;
}

/* Count in one stretch, after < time <= until. */
static void
count_stretch(struct counting *counting, int64_t after, int64_t until)
{
	struct event_query *events = &counting->events;

	events->after = after;
	events->until = until;
	events->most = counting->need - counting->bad;
	if (after >= until || events->most <= 0) {
		return;
	}
	if (counting->keys.most == 0) {
		counting->bad += store_event_count(counting->store, events);
		return;
	}
	store_event_keys(counting->store, events, add_key, counting);
	if (counting->bad > counting->need) {
		counting->bad = counting->need;
	}
}

/* What happened in a full hour beside what is kept: this stands for all of
 * it, but where it shows that users or recipients are tried again and again,
 * which count a few times only. */
static int64_t
count_beyond(const struct counting *counting, const struct full *full)
{
	struct counting kept = *counting;

	kept.events.kinds = kind_bit(full->kind);
	kept.need = INT64_MAX;
	kept.bad = 0;
	count_stretch(&kept, full->hour - 1, full->hour + HOUR - 1);
	if (counting->keys.most > 0 &&
	    kept.bad < ENGINE_HOUR_MAX - ENGINE_HOUR_MAX / 10) {
		return 0;
	}
	return kept.bad * (full->number - ENGINE_HOUR_MAX) / ENGINE_HOUR_MAX;
}

/* Count in the window between the bans that held in it. */
static int64_t
count_window(struct counting *counting, const struct policy_window *window,
    const struct policy_past *past, const struct touched *touched)
{
	int64_t after = window->after;

	counting->bad = 0;
	for (size_t i = 0; i < past->spans; i++) {
		const struct policy_span *span = &past->span[i];

		count_stretch(counting, after,
		    span->from - 1 < window->until ? span->from - 1
						   : window->until);
		if (span->until - 1 > after) {
			after = span->until - 1;
		}
	}
	count_stretch(counting, after, window->until);
	/* A user counts once in all the window where it is an office. */
	for (size_t i = 0;
	     i < touched->fulls && counting->bad < counting->need &&
	     (counting->keys.most == 0 || counting->keys.hourly);
	     i++) {
		counting->bad += count_beyond(counting, &touched->full[i]);
	}
	return counting->bad < counting->need ? counting->bad : counting->need;
}

/* ---- judging ---- */

/* How many events the rule needs, by what was accepted in the window and in the
 * days before it. */
static int64_t
need(const struct judge_query *query, const struct judgement *judged)
{
	return policy_need(query->rule,
	    &(struct policy_merits){
		.accepted = judged->accepted + judged->history,
		.forwarder = conf_forwards(query->conf, &query->client) });
}

/* The side of a ratio that is accepted. */
static int64_t
good(const struct rule *rule, const struct tally *tally)
{
	return rule->ratio == 0 && rule->credit == 0 ? 0
	       : policy_counts_messages(rule)        ? tally->accepted
						     : tally->recipients;
}

/* And the one that is bad. */
static int64_t
bad(const struct rule *rule, const struct tally *tally)
{
	int64_t sum = 0;

	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		sum += (rule->kinds & kind_bit(kind)) != 0 ? tally->kind[kind]
							   : 0;
	}
	return sum;
}

/* Count what the rule counts.  Where that is enough for a ban, weigh the
 * client's history as well. */
static void
count(struct store *store, const struct judge_query *query, int64_t users,
    const struct policy_window *window, const struct touched *touched,
    struct judgement *out)
{
	const struct rule *rule = query->rule;
	struct counting counting = { .store = store,
		.events = { .client = query->client,
		    .kinds = rule->kinds,
		    .reason = rule->reason },
		.keys = policy_keys(rule, users) };
	const int64_t least = need(query, &(struct judgement){ .accepted = 0 });
	const struct tally *month;
	struct repute repute;
	int64_t most;
	bool enough;

	counting.events.hourly = counting.keys.hourly;
	counting.need = out->counts.need = need(query, out);
	/* There is no more than the tallies say: a day of full hours need not be
	 * counted to know that it is too little. */
	most = bad(rule, &touched->sum);
	if (most > ENGINE_HOUR_MAX && most < counting.need && !query->always) {
		out->spared = SPARED_ACCEPTED;
		return;
	}
	out->counts.bad = count_window(&counting, window, &out->past, touched);
	enough = out->counts.bad >= out->counts.need;
	if (!enough && !query->always) {
		out->spared = out->counts.bad >= least ? SPARED_ACCEPTED : 0;
		return;
	}
	repute = repute_at(store, query, out->t);
	month = &repute.facts.tally;
	out->trusted = policy_trusts(repute.reputation, repute.days);
	out->history = policy_history(
	    good(rule, month) - good(rule, &touched->sum),
	    bad(rule, month) - bad(rule, &touched->sum));
	counting.need = out->counts.need = need(query, out);
	if (out->history > 0) {
		out->counts.bad = count_window(
		    &counting, window, &out->past, touched);
	}
	if (out->counts.bad < out->counts.need) {
		out->spared = enough ? SPARED_HISTORY : 0;
		return;
	}
	if ((rule->kinds & kind_bit(KIND_RECIPIENT)) != 0 &&
	    month->accepted > 0) {
		counting.events.sure = true;
		out->counts.bad = policy_sure(out->counts.bad,
		    count_window(&counting, window, &out->past, touched));
		out->spared = out->counts.bad < out->counts.need
				  ? SPARED_BOUNCES
				  : 0;
	}
}

/* Collect everything policy_step() decides on; false where nothing can
 * follow. */
static bool
judge(
    struct store *store, const struct judge_query *query, struct judgement *out)
{
	const struct rule *rule = query->rule;
	const struct conf *conf = query->conf;
	const bool logins = (rule->kinds & kind_bit(KIND_AUTH)) != 0;
	struct touched touched = { .rule = rule };
	struct evidence evidence;
	struct policy_window window;

	store_evidence(store,
	    &(struct evidence_query){ .client = query->client,
		.kinds = rule->kinds,
		.reason = rule->reason,
		.at = query->at,
		.within = query->always ? 0 : rule->within,
		.window = rule->within,
		.least = query->always                   ? 0
			 : rule->limit < ENGINE_HOUR_MAX ? rule->limit
							 : ENGINE_HOUR_MAX,
		.logins = logins ? POLICY_OFFICE_SPAN : 0 },
	    &evidence);
	if (!evidence.enough) {
		return false;
	}
	*out = (struct judgement){ .t = evidence.t };
	out->past = policy_past(rule, out->t, conf->policy.memory,
	    query->observed || conf->mode == CONF_OBSERVE);
	out->past.who = query->client;
	out->past.policy = &conf->policy;
	for (size_t i = 0; i < evidence.bans; i++) {
		policy_past_add(&out->past, &evidence.ban[i]);
	}
	/* The window, from the newest reset, the ban that answered what came
	 * before, or the brake's release. */
	window = policy_window(rule, out->t,
	    evidence.reset > out->past.spent ? evidence.reset
					     : out->past.spent);
	window.after = engine_brake_forgive(store, query, out->t, window.after);
	store_tally_hours(store, &query->client,
	    tally_hour(out->t - rule->within + 1), tally_hour(out->t),
	    touch_hour, &touched);
	if (query->unflushed != NULL) {
		tally_add(&touched.sum, query->unflushed);
	}
	leave_whole(&touched, &out->past, &window);
	out->accepted = good(rule, &touched.sum);
	count(store, query, evidence.users, &window, &touched, out);
	return store_status(store) == STORE_OK;
}

void
engine_outlook(struct store *store, const struct conf *conf,
    const struct net *client, const struct rule *rule, int64_t now,
    struct outlook *outlook)
{
	const struct judge_query query = { .conf = conf,
		.rule = rule,
		.client = *client,
		.at = now,
		.now = now,
		.always = true };
	struct judgement judged;

	*outlook = (struct outlook){ .rule = rule };
	if (judge(store, &query, &judged)) {
		outlook->counted = judged.counts.bad;
		outlook->need = judged.counts.need;
		outlook->accepted = judged.accepted;
		outlook->history = judged.history;
		outlook->steps = judged.past.steps;
		outlook->next = policy_duration(rule, judged.past.steps + 1);
		outlook->forgets = judged.past.steps > 0
				       ? judged.past.newest +
					     conf->policy.memory
				       : 0;
	}
}
/* ---- bans ---- */

void
engine_ban_put(struct store *store, const struct conf *conf, struct ban *ban)
{
	const struct daily_row sum = { .day = ban->begins,
		.what = DAILY_BAN,
		.name = reason_name(ban->reason),
		.number = 1 };

	ban->observed |= conf->mode == CONF_OBSERVE;
	ban->ref[0] = '\0';
	store_record(store, &(struct store_record){ .ban = ban,
				.sum = ban->observed ? NULL : &sum });
}

void
engine_reach_everywhere(struct ban *ban)
{
	ban->service = SERVICE_ANY;
	if (ban->note[0] == '\0') {
		(void)text_copy(ban->note, sizeof(ban->note),
		    "also on port 25, where passwords were tried");
	}
}

/* Ban the client, unless the brake holds that back and a ban that was held
 * back before stands for it. */
static void
ban(struct store *store, struct judge_query *query, struct judgement *judged,
    struct outcome *outcome)
{
	const struct policy_decision decision = policy_step(
	    &judged->past, &judged->counts);
	const struct net address = net_cut(&query->address, ADDR_BITS);
	struct brake_answer brake;
	struct ban *ban;

	if (!decision.ban || outcome->bans == ENGINE_BANS_MAX) {
		return;
	}
	ban = &outcome->ban[outcome->bans];
	*ban = policy_ban(
	    query->rule, &decision, &query->client, judged->trusted);
	brake = engine_brake_ask(store, query, judged->t);
	ban->honest = brake.honest;
	if (ban->reply.code[0] != query->rule->reply.code[0]) {
		outcome->spared |= SPARED_SOFT;
	}
	if (brake.held) {
		ban->observed = true;
		outcome->braked |= brake.braked;
		query->observed = true;
		if (!judge(store, query, judged) ||
		    !policy_step(&judged->past, &judged->counts).ban) {
			return;
		}
	}
	if (conf_is_own(&address, 0)) {
		return;
	}
	if (query->on_mx && ban->reason == REASON_AUTH &&
	    ban->service == SERVICE_SUBMISSION) {
		engine_reach_everywhere(ban);
	}
	engine_ban_put(store, query->conf, ban);
	outcome->bans += store_status(store) == STORE_OK;
}

/* ---- passwords on port 25 ---- */

/* The bans for failed logins that cover a client. */
struct reach {
	enum service service; /* where it tries */
	bool reached;         /* one holds there */
	bool found;           /* none does, and this one elsewhere: */
	struct ban ban;
};

static bool
look_at_reach(void *to, const struct ban *ban)
{
	struct reach *reach = to;

	reach->reached |= ban->service == SERVICE_ANY ||
			  ban->service == reach->service;
	if (!reach->found) {
		reach->ban = *ban;
	}
	reach->found = true;
	return !reach->reached;
}

/* A login failed on port 25.  A ban of the client's for that, which holds on
 * the submission service, holds there too from now on; that of a network does
 * for this client alone, by a ban of its own for as long. */
static void
follow_to_mx(struct store *store, const struct conf *conf,
    const struct event *event, struct outcome *outcome)
{
	const enum reason reason = REASON_AUTH;
	const struct ban_query query = { .scope = BAN_COVERING,
		.who = event->client,
		.active_at = event->at,
		.reason = &reason };
	struct reach reach = { .service = SERVICE_MX };
	struct state states[STATE_COUNT];
	struct ban *ban = &reach.ban;

	engine_states(store, states);
	if (engine_due(states[STATE_LOGINS].since + HOUR, event->at, HOUR)) {
		engine_state_put(store, STATE_LOGINS, "", event->at);
	}
	store_ban_each(store, &query, look_at_reach, &reach);
	if (!reach.found || reach.reached) {
		return;
	}
	engine_reach_everywhere(ban);
	if (net_equal(&ban->who, &event->client)) {
		store_ban_change(store, ban);
	} else {
		ban->who = event->client;
		ban->begins = event->at;
		ban->step = 0;
		ban->hits = ban->told = 0;
		engine_ban_put(store, conf, ban);
	}
	outcome->ban[outcome->bans++] = *ban;
}

/* ---- observing ---- */

/* Whether the client is one of those that logged in well before and are not to
 * be blamed now, since logins fail for all: see engine_log_storm(). */
static bool
is_storm(
    struct store *store, const struct event *event, struct outcome *outcome)
{
	struct state states[STATE_COUNT];
	int64_t after = event->at - STORM_WITHIN;
	int64_t login;

	if (!event->doubtful || event->kind != KIND_AUTH) {
		return false;
	}
	login = store_login_newest(store, event->at);
	after = login > after ? login : after;
	if (store_login_failures(store, after, event->at, STORM_CLIENTS) <
	    STORM_CLIENTS) {
		return false;
	}
	engine_states(store, states);
	if (states[STATE_STORM].since <= after) {
		outcome->storm = true;
		store_login_forgive(store, after, event->at);
	}
	if (states[STATE_STORM].since < event->at) {
		engine_state_put(store, STATE_STORM, "", event->at);
	}
	return true;
}

/* Bans around an event of a client. */
struct around {
	const struct conf *conf;
	int64_t at;
	uint32_t reasons; /* of those that hold then, a bit each */
	bool cut;         /* one held in a part of its clock hour */
};

static bool
look_around(void *to, const struct ban *ban)
{
	struct around *around = to;
	const int64_t hour = tally_hour(around->at);

	if (ban->observed && around->conf->mode != CONF_OBSERVE) {
		return true;
	}
	around->cut |= ban->begins < hour + HOUR && ban_over(ban) > hour;
	if (ban->begins <= around->at && around->at < ban_over(ban)) {
		around->reasons |= UINT32_C(1) << ban->reason;
	}
	return true;
}

/*
 * Whether an event is to be kept, the `number`th of its kind and hour.  Not
 * one that bans have answered: they hold for the reason of every rule that
 * counts it, so that it will never count.  Nor one of a full hour; where a ban
 * held in that hour, the number says less than what was kept.
 */
static bool
is_kept(struct store *store, const struct conf *conf, const struct event *event,
    int64_t number, bool *answered)
{
	struct around around = { .conf = conf, .at = event->at };
	const int64_t hour = tally_hour(event->at);
	uint32_t reasons = 0;

	store_ban_each(store,
	    &(struct ban_query){ .scope = BAN_COVERING,
		.who = event->client,
		.active_at = hour,
		.later = true,
		.observed = true },
	    look_around, &around);
	for (size_t i = 0; i < conf->policy.rules; i++) {
		const struct rule *rule = &conf->policy.rule[i];

		if ((rule->kinds & kind_bit(event->kind)) != 0) {
			reasons |= UINT32_C(1) << rule->reason;
		}
	}
	*answered = around.reasons != 0 && (reasons & ~around.reasons) == 0;
	return !*answered &&
	       (number <= ENGINE_HOUR_MAX ||
		   (around.cut &&
		       store_event_count(store,
			   &(struct event_query){ .client = event->client,
			       .kinds = kind_bit(event->kind),
			       .after = hour - 1,
			       .until = hour + HOUR - 1,
			       .most = ENGINE_HOUR_MAX }) < ENGINE_HOUR_MAX));
}

static bool
is_trusted(struct store *store, const struct judge_query *query, int64_t t)
{
	const struct repute repute = repute_at(store, query, t);

	return policy_trusts(repute.reputation, repute.days);
}

/* Let each rule that counts the event judge, and what is above the client. */
static void
judge_all(struct store *store, struct judge_query *query,
    const struct event *event, struct outcome *outcome)
{
	const struct policy *policy = &query->conf->policy;

	query->storm = is_storm(store, event, outcome);
	for (size_t i = 0; i < policy->rules; i++) {
		struct judgement judged;

		query->rule = &policy->rule[i];
		query->observed = false;
		if ((query->rule->kinds & kind_bit(event->kind)) != 0 &&
		    judge(store, query, &judged)) {
			outcome->spared |= judged.spared;
			ban(store, query, &judged, outcome);
		}
	}
	if (outcome->stored) {
		engine_widen(store, query, event, outcome);
	}
}

void
engine_observe(struct store *store, const struct conf *conf,
    const struct observation *seen, const struct tally *unflushed, int64_t now,
    struct outcome *outcome)
{
	struct event event = { .client = engine_client(conf, &seen->address),
		.address = seen->address,
		.kind = seen->kind,
		.at = seen->at < now ? seen->at : now,
		.source = seen->source,
		.key = seen->key,
		.detail = seen->detail,
		.doubtful = seen->null_sender };
	struct judge_query query = { .conf = conf,
		.client = event.client,
		.address = seen->address,
		.at = event.at,
		.on_mx = seen->kind == KIND_AUTH && seen->service == SERVICE_MX,
		.now = now,
		.unflushed = unflushed };
	struct tally_row tally = { .client = event.client,
		.hour = tally_hour(event.at) };
	const struct daily_row sum = { .day = event.at,
		.what = DAILY_EVENT,
		.name = kind_name(event.kind),
		.number = 1 };
	const enum verdict exempt = exemption(conf, &seen->address);
	int64_t number = 0;
	bool answered;

	*outcome = (struct outcome){ .stored = false };
	tally.tally.kind[event.kind] = 1;
	if (exempt == STANDING_NEVER) {
		/* A proxy that hides its clients shows by that. */
		store_record(store, &(struct store_record){ .tally = &tally });
		return;
	}
	if (exempt == STANDING_ALLOWED ||
	    store_allow_find(store, &seen->address, now, NULL)) {
		return;
	}
	if (seen->kind == KIND_RECIPIENT && seen->nth > POLICY_UNKNOWN_MAX &&
	    is_trusted(store, &query, event.at)) {
		return;
	}
	if (seen->kind == KIND_AUTH) {
		event.doubtful = store_logged_in(
		    store, &event.client, event.at - REPUTATION_SPAN, event.at);
	}
	if (query.on_mx) {
		follow_to_mx(store, conf, &event, outcome);
	}
	outcome->counted = true;
	store_record(
	    store, &(struct store_record){
		       .tally = &tally, .tallied = &number, .sum = &sum });
	outcome->stored = is_kept(store, conf, &event, number, &answered);
	if (outcome->stored) {
		store_record(store, &(struct store_record){ .event = &event });
	} else if (answered || number % JUDGED_EACH != 0) {
		return;
	}
	judge_all(store, &query, &event, outcome);
}

void
engine_log_ban(const struct ban *ban)
{
	char who[NET_TEXT_SIZE];
	char until[TIME_TEXT_SIZE];

	log_info("%s %s %s step %d until %s ref %s (%s)%s%s%s",
	    ban->observed ? "would ban" : "ban", net_format(&ban->who, who),
	    reason_name(ban->reason), ban->step,
	    text_from_time(ban->ends, until), ban->ref, ban->rule,
	    ban->observed && ban->honest ? ", held back by the brake" : "",
	    ban->note[0] != '\0' ? ", " : "", ban->note);
}
