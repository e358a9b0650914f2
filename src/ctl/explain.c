#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "core/kind.h"
#include "core/policy.h"
#include "core/standing.h"
#include "ctl/ctl.h"
#include "engine/engine.h"

/* What decides whether anything is known of the address in the arguments, and
 * when it is forgotten; all else is read when it is told. */
struct known {
	struct ctl *ctl;
	struct net client;
	struct standing standing;
	struct tally tally; /* of all hours that are kept */
	int64_t last_event; /* 0 for none, as below */
	int64_t last_ban;   /* when the last of them ends */
	int64_t steps;      /* when the last step is forgotten */
};

/* The client's events by kind and source. */
static void
each_sum(
    struct known *known, void (*each)(void *to, const struct event_sum *sum))
{
	struct ctl *ctl = known->ctl;

	store_event_sums(ctl->store, &known->client,
	    ctl->now - ctl->conf->keep_events, each, known);
}

/* Every ban that holds or held the address, observed ones too. */
static void
each_ban(struct known *known, bool (*each)(void *to, const struct ban *ban))
{
	const struct ban_query query = {
		.scope = BAN_COVERING,
		.who = known->ctl->args.who,
		.active_at = INT64_MIN,
		.observed = true,
	};

	store_ban_each(known->ctl->store, &query, each, known);
}

static void
keep_last_event(void *to, const struct event_sum *sum)
{
	struct known *known = to;

	if (sum->last > known->last_event) {
		known->last_event = sum->last;
	}
}

static bool
keep_last_ban(void *to, const struct ban *ban)
{
	struct known *known = to;

	if (ban->ends > known->last_ban) {
		known->last_ban = ban->ends;
	}
	return true;
}

/* Whether there is anything to tell. */
static bool
gather(struct known *known)
{
	struct ctl *ctl = known->ctl;
	const struct addr *address = &ctl->args.address;

	known->client = engine_client(ctl->conf, address);
	engine_standing(
	    ctl->store, ctl->conf, address, ctl->now, &known->standing);
	each_sum(known, keep_last_event);
	each_ban(known, keep_last_ban);
	store_tally_sum(ctl->store, &known->client,
	    tally_hour(ctl->now - ctl->conf->keep_tallies),
	    tally_hour(ctl->now), &known->tally);
	return known->standing.verdict != STANDING_CLEAR ||
	       known->last_event != 0 || known->last_ban != 0 ||
	       !tally_empty(&known->tally);
}

/* ---- what is said now ---- */

static void
put_standing(struct known *known)
{
	struct ctl *ctl = known->ctl;
	struct output *out = &ctl->out;
	const struct standing *standing = &known->standing;
	const char *url = ctl->conf->lookup_url;
	char ip[ADDR_TEXT_SIZE];
	char client[NET_TEXT_SIZE];
	char line[REPLY_TEXT_SIZE];

	bans_standing(ctl, standing);
	output_string(out, "ip", addr_format(&standing->address, ip));
	output_string(out, "client", net_format(&known->client, client));
	output_string(out, "verdict", standing_verdict_name(standing->verdict));
	output_bool(out, "listed", standing->verdict == STANDING_BANNED);
	/* What the next session that a ban refuses is told, and later ones. */
	for (size_t i = 0; i < standing->bans; i++) {
		const struct ban *ban = &standing->ban[i];
		const struct reply *next = ban_reply(ban);

		output_say(out, "Next reply (ref %s): %s", ban->ref,
		    reply_line(next, ip, ban->ends, url, ban->ref, line));
		if (next != &ban->again && ban->again.code[0] != '\0') {
			output_say(out, "and after that: %s",
			    reply_line(&ban->again, ip, ban->ends, url,
				ban->ref, line));
		}
	}
	if (known->client.bits != ADDR_BITS) {
		output_say(out, "Counted together with all of %s.", client);
	}
}

/* ---- events and tallies ---- */

static const struct layout event_layout = {
	.indent = 2,
	.column = {
	    { "kind", "KIND", 0, 0 },
	    { "source", "SOURCE", 0, 0 },
	    { "count", "COUNT", COLUMN_RIGHT, 0 },
	    { "first", "FIRST", 0, 0 },
	    { "last", "LAST", 0, 0 },
	},
};

static void
put_sum(void *to, const struct event_sum *sum)
{
	struct output *out = &((struct known *)to)->ctl->out;

	output_row(out);
	output_string(out, "kind", kind_name(sum->kind));
	output_string(out, "source", sum->source);
	output_int(out, "count", sum->count);
	output_time(out, "first", sum->first);
	output_time(out, "last", sum->last);
	output_end(out);
}

static void
put_events(struct known *known)
{
	struct output *out = &known->ctl->out;
	const struct conf *conf = known->ctl->conf;
	const struct tally *tally = &known->tally;
	char kept[DURATION_TEXT_SIZE];

	output_say(out, "\nEvents, each kept %s:",
	    text_from_duration(conf->keep_events, kept));
	output_table(out, "events", &event_layout);
	each_sum(known, put_sum);
	if (output_end(out) == 0) {
		output_say(out, "  none");
	}
	output_object(out, "tally", NULL);
	output_int(out, "sessions", tally->sessions);
	output_int(out, "messages", tally->messages);
	output_int(out, "accepted", tally->accepted);
	output_int(out, "recipients", tally->recipients);
	output_end(out);
	output_say(out,
	    "\nIn the last %s: %" PRId64 " sessions, %" PRId64
	    " messages (%" PRId64 " accepted without an event), %" PRId64
	    " recipients accepted",
	    text_from_duration(conf->keep_tallies, kept), tally->sessions,
	    tally->messages, tally->accepted, tally->recipients);
}

/* ---- reputation ---- */

static double
percent(int64_t ratio)
{
	return (double)ratio * 100 / POLICY_RATIO_ONE;
}

static void
say_reputation(struct output *out, const struct repute *repute,
    const struct reputation_scale *scale)
{
	const struct reputation_facts *facts = &repute->facts;
	char span[DURATION_TEXT_SIZE];
	char accepted[OUTPUT_COUNT_SIZE];
	char bad[OUTPUT_COUNT_SIZE];
	char bans[OUTPUT_COUNT_SIZE];

	output_say(out, "\nReputation %s, by the last %s: %s accepted, %s, %s",
	    reputation_name(repute->reputation),
	    text_from_duration(REPUTATION_SPAN, span),
	    output_count(
		facts->tally.accepted, "message", "messages", accepted),
	    output_count(
		reputation_bad(&facts->tally), "bad event", "bad events", bad),
	    output_count(facts->bans, "ban", "bans", bans));
	output_say(out,
	    "  good: no ban, %" PRId64 " or more messages, at most %g %% bad",
	    scale->good_messages, percent(scale->good_ratio));
	bans[0] = '\0';
	if (scale->poor_bans > 0) {
		(void)snprintf(bans, sizeof(bans),
		    "%" PRId64 " or more bans, or ", scale->poor_bans);
	}
	output_say(out,
	    "  poor: %s%" PRId64 " or more bad events, at least %g %% bad",
	    bans, scale->poor_events, percent(scale->poor_ratio));
}

static void
say_forwarder(struct output *out, const struct policy *policy)
{
	bool weighed = false;

	output_say(out, "It is a known forwarder.");
	for (size_t i = 0; i < policy->rules; i++) {
		const struct rule *rule = &policy->rule[i];

		if (rule->weight != POLICY_RATIO_ONE) {
			output_say(out,
			    "  rule %s counts each of its events as %g",
			    rule->name,
			    (double)rule->weight / POLICY_RATIO_ONE);
			weighed = true;
		}
	}
	if (!weighed) {
		output_say(
		    out, "  no rule has a weight for it: each event counts");
	}
}

static void
put_reputation(struct known *known)
{
	struct ctl *ctl = known->ctl;
	struct output *out = &ctl->out;
	const struct reputation_scale *scale = &ctl->conf->policy.scale;
	bool forwards = conf_forwards(ctl->conf, &known->client);
	struct repute repute;

	engine_repute(
	    ctl->store, ctl->conf, &known->client, NULL, ctl->now, &repute);
	output_object(out, "reputation", NULL);
	output_string(out, "name", reputation_name(repute.reputation));
	output_int(out, "accepted", repute.facts.tally.accepted);
	output_int(out, "bad", reputation_bad(&repute.facts.tally));
	output_int(out, "bans", repute.facts.bans);
	output_int(out, "good_messages", scale->good_messages);
	output_ratio(out, "good_ratio", scale->good_ratio);
	output_int(out, "poor_bans", scale->poor_bans);
	output_int(out, "poor_events", scale->poor_events);
	output_ratio(out, "poor_ratio", scale->poor_ratio);
	output_end(out);
	output_bool(out, "forwarder", forwards);
	say_reputation(out, &repute, scale);
	if (forwards) {
		say_forwarder(out, &ctl->conf->policy);
	}
}

/* ---- rules ---- */

static const struct layout rule_layout = {
	.indent = 2,
	.column = {
	    { "rule", "RULE", 0, 0 },
	    { "reason", "REASON", 0, 0 },
	    { "progress", "COUNTED", 0, 0 },
	    { "ban", "NEXT BAN", 0, 0 },
	    { "forgets", "STEPS FORGOTTEN", 0, 0 },
	    { "weighed", "", COLUMN_WRAP, 0 },
	},
};

/* What people read instead of the numbers: "12 of 20 in 1h", "12 in 1h, never
 * enough" where the ratio cannot be reached; "step 3, 8h, soft" of a ban that
 * answers 450; "30 accepted, ratio 0.5, credit 50". */
static void
say_outlook(struct output *out, const struct outlook *outlook)
{
	const struct rule *rule = outlook->rule;
	char lasts[OUTPUT_TIME_SIZE];
	char within[OUTPUT_TIME_SIZE];
	char weighed[OUTPUT_TIME_SIZE * 2];
	struct text text;

	output_short_duration(rule->within, within);
	if (outlook->need == INT64_MAX) {
		output_cell(out, "progress", "%" PRId64 " in %s, never enough",
		    outlook->counted, within);
	} else {
		output_cell(out, "progress", "%" PRId64 " of %" PRId64 " in %s",
		    outlook->counted, outlook->need, within);
	}
	if (outlook->next == 0) {
		output_cell(out, "ban", "never");
	} else {
		output_cell(out, "ban", "step %" PRId64 ", %s%s",
		    outlook->steps + 1,
		    output_short_duration(outlook->next, lasts),
		    outlook->steps < rule->soft ? ", soft" : "");
	}
	if (rule->ratio == 0 && rule->credit == 0) {
		return;
	}
	text_init(&text, weighed, sizeof(weighed));
	text_addf(&text, "%" PRId64 " accepted", outlook->accepted);
	if (rule->ratio != 0) {
		text_addf(&text, ", ratio %g",
		    (double)rule->ratio / (double)POLICY_RATIO_ONE);
	}
	if (rule->credit != 0) {
		text_addf(&text, ", credit %" PRId64, rule->credit);
	}
	output_cell(out, "weighed", "%s", weighed);
}

/* `need` is none where no number suffices, `next` where no ban would come. */
static void
put_rule(struct output *out, const struct outlook *outlook)
{
	const struct rule *rule = outlook->rule;

	output_row(out);
	output_string(out, "rule", rule->name);
	output_string(out, "reason", reason_name(rule->reason));
	output_int(out, "within", rule->within);
	output_int(out, "counted", outlook->counted);
	if (outlook->need == INT64_MAX) {
		output_none(out, "need");
	} else {
		output_int(out, "need", outlook->need);
	}
	output_int(out, "accepted", outlook->accepted);
	output_nonzero(out, "credit", rule->credit);
	output_ratio(out, "weight", rule->weight);
	output_nonzero(out, "soft", rule->soft);
	output_int(out, "steps", outlook->steps);
	output_nonzero(out, "next", outlook->next);
	output_time(out, "forgets", outlook->forgets);
	say_outlook(out, outlook);
	output_end(out);
}

static void
put_rules(struct known *known)
{
	struct ctl *ctl = known->ctl;
	const struct policy *policy = &ctl->conf->policy;
	char memory[DURATION_TEXT_SIZE];

	output_say(&ctl->out,
	    "\nRules of policy %s; a ban is remembered as a step for %s:",
	    policy->name, text_from_duration(policy->memory, memory));
	output_table(&ctl->out, "rules", &rule_layout);
	for (size_t i = 0; i < policy->rules; i++) {
		struct outlook outlook;

		engine_outlook(ctl->store, ctl->conf, &known->client,
		    &policy->rule[i], ctl->now, &outlook);
		put_rule(&ctl->out, &outlook);
		if (outlook.forgets > known->steps) {
			known->steps = outlook.forgets;
		}
	}
	output_end(&ctl->out);
}

/* ---- bans ---- */

static const struct layout ban_layout = {
	.indent = 2,
	.column = {
	    { "ref", "REF", 0, 0 },
	    { "begins", "SINCE", 0, 0 },
	    { "until", "UNTIL", 0, 0 },
	    { "reason", "REASON", 0, 0 },
	    { "hits", "HITS", COLUMN_RIGHT, 0 },
	    { "state", "STATE", 0, 0 },
	    { "detail", "", COLUMN_WRAP, 0 },
	},
};

static bool
put_ban(void *to, const struct ban *ban)
{
	bans_row(((struct known *)to)->ctl, ban, NULL);
	return true;
}

static bool
put_held(void *to, const struct ban *ban)
{
	if (ban->observed && ban->honest) {
		output_string(&((struct known *)to)->ctl->out, NULL, ban->ref);
	}
	return true;
}

static void
put_bans(struct known *known)
{
	struct output *out = &known->ctl->out;

	output_say(out, "\nBans, latest end first:");
	output_table(out, "bans", &ban_layout);
	each_ban(known, put_ban);
	if (output_end(out) == 0) {
		output_say(out, "  none");
	}
	/* Refs of those that are observed because the brake was on. */
	output_list(out, "held");
	each_ban(known, put_held);
	output_end(out);
}

/* ---- when it is forgotten ---- */

static const struct layout forgotten_layout = {
	.indent = 2,
	.column = { { "events", "events", 0, 0 }, { "steps", "steps", 0, 0 },
	    { "bans", "bans", 0, 0 } },
};

static void
put_forgotten(const struct known *known)
{
	struct output *out = &known->ctl->out;
	const struct conf *conf = known->ctl->conf;
	int64_t events = known->last_event;
	int64_t bans = known->last_ban;

	if (events != 0) {
		events += conf->keep_events;
	}
	if (bans != 0) {
		bans += conf->policy.memory + conf->keep_bans;
	}
	output_say(out, "\nForgotten, if nothing more happens:");
	output_object(out, "forgotten", &forgotten_layout);
	output_time(out, "events", events);
	output_time(out, "steps", known->steps);
	output_time(out, "bans", bans);
	output_end(out);
	if (events == 0 && known->steps == 0 && bans == 0) {
		output_say(out, "  there is nothing to forget");
	}
}

enum exit_status
explain_show(struct ctl *ctl)
{
	struct known known = { .ctl = ctl };
	struct output *out = &ctl->out;
	char address[ADDR_TEXT_SIZE];
	bool anything;

	store_read(ctl->store);
	anything = gather(&known);
	if (store_status(ctl->store) == STORE_OK) {
		if (out->format == OUTPUT_TEXT && !anything) {
			output_say(out, "nothing is known of %s",
			    addr_format(&ctl->args.address, address));
		} else {
			output_object(out, NULL, NULL);
			put_standing(&known);
			put_events(&known);
			put_reputation(&known);
			put_rules(&known);
			put_bans(&known);
			put_forgotten(&known);
			output_time(out, "checked_at", ctl->now);
			output_end(out);
		}
	}
	if (!ctl_well(ctl, store_read_end(ctl->store))) {
		return EXIT_DATABASE;
	}
	return anything ? EXIT_FINE : EXIT_NO;
}
