/*
 * What a client has done so far, and what that comes to under a rule: its last
 * 30 days, what counts in the rule's window, and how much is needed.
 */
#include <string.h>

#include "base/text.h"
#include "engine/judge.h"

enum {
	HOUR = 3600,  /* seconds */
	FULL_MAX = 64 /* full hours and kinds of one window */
};

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
		const struct full *full = &touched->full[i];

		if ((counting->events.kinds & kind_bit(full->kind)) != 0) {
			counting->bad += count_beyond(counting, full);
		}
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

/* Where a rule looks: its window, what the tallies say of its hours, and how
 * users and recipients count in it. */
struct view {
	struct policy_window window;
	struct touched touched;
	struct policy_keys keys;
	int64_t reset; /* the client's newest; INT64_MIN */
};

static struct counting
count_in(struct store *store, const struct judge_query *query,
    const struct view *view)
{
	return (struct counting){ .store = store,
		.events = { .client = query->client,
		    .kinds = query->rule->kinds,
		    .reason = query->rule->reason,
		    .hourly = view->keys.hourly },
		.keys = view->keys,
		.need = INT64_MAX };
}

/* Count what the rule counts.  Where that is enough for a ban, weigh the
 * client's history as well. */
static void
count(struct store *store, const struct judge_query *query,
    const struct view *view, struct judgement *out)
{
	const struct rule *rule = query->rule;
	const struct policy_window *window = &view->window;
	const struct touched *touched = &view->touched;
	struct counting counting = count_in(store, query, view);
	const int64_t least = need(query, &(struct judgement){ .accepted = 0 });
	const struct tally *month;
	struct repute repute;
	int64_t most;
	bool enough;

	counting.need = out->counts.need = need(query, out);
	/* There is no more than the tallies say: a day of full hours need not be
	 * counted to know that it is too little. */
	most = tally_of(&touched->sum, rule->kinds);
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
	engine_repute(store, query->conf, &query->client, query->unflushed,
	    out->t, &repute);
	month = &repute.facts.tally;
	out->trusted = policy_trusts(repute.reputation, repute.days);
	out->history = policy_history(
	    good(rule, month) - good(rule, &touched->sum),
	    tally_of(month, rule->kinds) -
		tally_of(&touched->sum, rule->kinds));
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

/* False where there is too little to be judged. */
static bool
look(struct store *store, const struct judge_query *query, struct view *view,
    struct judgement *out)
{
	const struct rule *rule = query->rule;
	const struct conf *conf = query->conf;
	const bool logins = (rule->kinds & kind_bit(KIND_AUTH)) != 0;
	struct evidence evidence;
	int64_t since;

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
		if (!query->before || evidence.ban[i].begins < out->t) {
			policy_past_add(&out->past, &evidence.ban[i]);
		}
	}
	*view = (struct view){ .touched.rule = rule,
		.keys = policy_keys(rule, evidence.users),
		.reset = evidence.reset };
	/* The window, from the newest reset, the ban that answered what came
	 * before, or the brake's release. */
	since = query->before && view->reset > out->t ? INT64_MIN : view->reset;
	view->window = policy_window(
	    rule, out->t, since > out->past.spent ? since : out->past.spent);
	view->window.after = engine_brake_forgive(
	    store, query, out->t, view->window.after);
	store_tally_hours(store, &query->client,
	    tally_hour(out->t - rule->within + 1), tally_hour(out->t),
	    touch_hour, &view->touched);
	if (query->unflushed != NULL) {
		tally_add(&view->touched.sum, query->unflushed);
	}
	leave_whole(&view->touched, &out->past, &view->window);
	return true;
}

bool
engine_judge(
    struct store *store, const struct judge_query *query, struct judgement *out)
{
	struct view view;

	if (!look(store, query, &view, out)) {
		return false;
	}
	out->accepted = good(query->rule, &view.touched.sum);
	count(store, query, &view, out);
	return store_status(store) == STORE_OK;
}

/* ---- why a ban began, and what follows it ---- */

/* The rule of a ban, where the policy still has it. */
static const struct rule *
rule_of(const struct policy *policy, const struct ban *ban)
{
	const struct rule *rule = policy_rule(policy, ban->rule);

	return rule != NULL && rule->reason == ban->reason ? rule : NULL;
}

/* Whether what was there when a client was judged at `t` is there still: no
 * event is forgotten, no reset came later, and no full hour has grown. */
static bool
is_whole(struct store *store, const struct judge_query *query,
    const struct view *view, int64_t t)
{
	struct evidence later;
	bool whole = view->reset <= t &&
		     t - query->rule->within >=
			 query->now - query->conf->keep_events;

	for (size_t i = 0; i < view->touched.fulls; i++) {
		whole &= view->touched.full[i].hour < tally_hour(t);
	}
	store_evidence(store,
	    &(struct evidence_query){ .client = query->client,
		.reason = query->rule->reason,
		.at = query->now,
		.logins = query->now - t },
	    &later);
	return whole && later.users == 0;
}

void
engine_why(struct store *store, const struct conf *conf, const struct ban *ban,
    int64_t now, struct why *why)
{
	const struct rule *rule = rule_of(&conf->policy, ban);
	const struct net client = engine_client(conf, &ban->who.addr);
	const struct judge_query query = { .conf = conf,
		.rule = rule,
		.client = ban->who,
		.at = ban->begins,
		.now = now,
		.always = true,
		.before = true,
		.observed = ban->observed };
	struct judgement judged;
	struct counting counting;
	struct view view;
	uint32_t counted = 0;
	uint32_t seen = 0; /* in the hours of the window */
	int64_t sum = 0;

	*why = (struct why){ .known = false };
	if (rule != NULL && !net_equal(&client, &ban->who)) {
		engine_why_together(store, &query, why);
	}
	if (rule == NULL || !net_equal(&client, &ban->who) ||
	    !look(store, &query, &view, &judged)) {
		return;
	}
	counting = count_in(store, &query, &view);
	why->within = rule->within;
	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		const uint32_t bit = rule->kinds & kind_bit(kind);

		counting.events.kinds = bit;
		why->count[kind] = bit == 0
				       ? 0
				       : count_window(&counting, &view.window,
					     &judged.past, &view.touched);
		sum += why->count[kind];
		counted |= why->count[kind] > 0 ? bit : 0;
		seen |= view.touched.sum.kind[kind] > 0 ? bit : 0;
	}
	/* Less than the rule needs: it is another one now, or some of it is
	 * gone. */
	why->known = sum >= rule->limit &&
		     is_whole(store, &query, &view, judged.t);
	why->kinds = why->known ? counted : counted | seen;
}

/* Whether a ban is of the same reason, and of the network of `ban` or one around
 * it. */
static bool
goes_with(const struct ban *other, const struct ban *ban)
{
	return other->reason == ban->reason &&
	       net_contains(&other->who, &ban->who);
}

/* When the last of the bans that hold at `at`, and of those that hold when they
 * end, is over. */
static int64_t
free_from(const struct evidence *evidence, const struct ban *ban, bool observed,
    int64_t at)
{
	for (size_t i = 0; i < evidence->bans;) {
		const struct ban *other = &evidence->ban[i++];

		if (goes_with(other, ban) && (observed || !other->observed) &&
		    other->begins <= at && ban_over(other) > at) {
			at = ban_over(other);
			i = 0;
		}
	}
	return at;
}

struct next_ban
engine_follows(const struct conf *conf, const struct ban *ban, int64_t now,
    const struct evidence *evidence)
{
	static const struct rule gone;
	const struct policy *policy = &conf->policy;
	const struct rule *rule = rule_of(policy, ban);
	const bool observed = conf->mode == CONF_OBSERVE;
	struct next_ban next = { .at = now };
	struct policy_past past;

	if (ban_is_manual(ban)) {
		return next;
	}
	next.at = free_from(evidence, ban, observed, now);
	past = policy_past(
	    rule != NULL ? rule : &gone, next.at, policy->memory, observed);
	past.who = ban->who;
	for (size_t i = 0; i < evidence->bans; i++) {
		if (goes_with(&evidence->ban[i], ban)) {
			policy_past_add(&past, &evidence->ban[i]);
		}
	}
	next.step = past.steps + 1;
	next.lasts = policy_duration(past.rule, next.step);
	for (size_t i = 0; i < policy->rules; i++) {
		const int64_t lasts = policy_duration(
		    &policy->rule[i], next.step);

		if (policy->rule[i].reason == ban->reason &&
		    lasts > next.most) {
			next.most = lasts;
		}
	}
	return next;
}

struct next_ban
engine_next(struct store *store, const struct conf *conf, const struct ban *ban,
    int64_t now)
{
	struct evidence evidence = { .bans = 0 };

	/* What follows one by hand is not asked of the others. */
	if (!ban_is_manual(ban)) {
		store_evidence(store,
		    &(struct evidence_query){ .client = ban->who,
			.reason = ban->reason,
			.at = now,
			.bans_only = true },
		    &evidence);
	}
	return engine_follows(conf, ban, now, &evidence);
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
	struct ban ban = { .who = *client, .reason = rule->reason };
	struct judgement judged;
	struct next_ban next;

	*outlook = (struct outlook){ .rule = rule };
	(void)text_copy(ban.rule, sizeof(ban.rule), rule->name);
	if (engine_judge(store, &query, &judged)) {
		outlook->counted = judged.counts.bad;
		outlook->need = judged.counts.need;
		outlook->accepted = judged.accepted;
		outlook->history = judged.history;
		next = engine_next(store, conf, &ban, now);
		outlook->steps = next.step - 1;
		outlook->next = next.lasts;
		outlook->forgets = judged.past.steps > 0
				       ? judged.past.newest +
					     conf->policy.memory
				       : 0;
	}
}
