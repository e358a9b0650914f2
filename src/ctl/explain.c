#include <inttypes.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/table.h"
#include "base/text.h"
#include "core/kind.h"
#include "core/policy.h"
#include "core/standing.h"
#include "ctl/ctl.h"
#include "engine/engine.h"

enum {
	CAUSE_SIZE = 400
};

/* What is told, and what of it decides when all is forgotten. */
struct subject {
	struct ctl *ctl;
	struct net who; /* the address, or the network of the ban it is of */
	struct net client;
	int64_t first_event; /* 0 for none, as below */
	int64_t last_event;
	int64_t last_ban; /* when the last of them ends */
	int64_t steps;    /* when the last step is forgotten */
};

/* ---- what is said now ---- */

static void
put_standing(struct subject *subject, const struct standing *standing)
{
	struct ctl *ctl = subject->ctl;
	const char *url = ctl->conf->lookup_url;
	const char *ip = piece_addr(&standing->address);
	char line[REPLY_TEXT_SIZE];

	output_string("ip", ip);
	output_string("client", piece_net(&subject->client));
	output_string("verdict", standing_verdict_name(standing->verdict));
	output_bool("listed", standing->verdict == STANDING_BANNED);
	bans_standing(ctl, standing, true);
	/* What the next session that a ban refuses is told, and later ones. */
	for (size_t i = 0; i < standing->bans; i++) {
		const struct ban *ban = &standing->ban[i];
		const struct reply *next = ban_reply(ban);

		char text[NET_TEXT_SIZE];
		const char *network = ban_network(ban, text);

		if (!standing_heard(standing, ban)) {
			continue;
		}
		ip = piece_addr(&standing->address);
		output_say("Next reply (ref %s): %s", ban->ref,
		    reply_line(
			next, ip, network, ban->ends, url, ban->ref, line));
		if (next != &ban->again && ban->again.code[0] != '\0') {
			output_say("and after that: %s",
			    reply_line(&ban->again, ip, network, ban->ends, url,
				ban->ref, line));
		}
	}
	if (subject->client.bits != ADDR_BITS) {
		output_say("Counted together with all of %s.",
		    piece_net(&subject->client));
	}
}

/* ---- events and tallies ---- */

static const struct layout event_layout = {
	.column = {
	    { "kind", OF(event_sum, kind), "KIND", 0 },
	    { "source", OF(event_sum, source), "SOURCE", 0 },
	    { "count", OF(event_sum, count), "COUNT", COLUMN_RIGHT },
	    { "first", OF(event_sum, first), "FIRST", COLUMN_TIME },
	    { "last", OF(event_sum, last), "LAST", COLUMN_TIME },
	},
	.indent = 2,
};

static void
put_sum(void *to, const struct event_sum *sum)
{
	struct subject *subject = to;
	struct event_sum row = *sum;

	if (row.host[0] == '\0') {
		(void)text_copy(row.host, sizeof(row.host), hosts_name(0));
	}
	output_record(&row);
	if (subject->first_event == 0 || sum->first < subject->first_event) {
		subject->first_event = sum->first;
	}
	if (sum->last > subject->last_event) {
		subject->last_event = sum->last;
	}
}

/* Whether there was anything. */
static bool
put_events(struct subject *subject)
{
	struct ctl *ctl = subject->ctl;
	const struct conf *conf = ctl->conf;
	const struct layout layout = hosts_layout(&event_layout, "count",
	    (struct column){ "host", OF(event_sum, host), "HOST", 0 });
	struct tally tally = { .sessions = 0 };
	bool any;

	output_say(
	    "\nEvents, each kept %s:", piece_duration(conf->keep_events));
	output_table("events", &layout);
	store_event_sums(ctl->store, &subject->client,
	    ctl->now - conf->keep_events, put_sum, subject);
	any = output_end() > 0;
	if (!any) {
		output_say("  none");
	}
	store_tally_sum(ctl->store, &subject->client,
	    tally_hour(ctl->now - conf->keep_tallies), tally_hour(ctl->now),
	    &tally);
	output_object("tally", NULL);
	output_int("sessions", tally.sessions);
	output_int("messages", tally.messages);
	output_int("accepted", tally.accepted);
	output_int("recipients", tally.recipients);
	output_end();
	output_say("\nIn the last %s: %" PRId64 " sessions, %" PRId64
		   " messages (%" PRId64 " accepted without an event), %" PRId64
		   " recipients accepted",
	    piece_duration(conf->keep_tallies), tally.sessions, tally.messages,
	    tally.accepted, tally.recipients);
	return any || !tally_empty(&tally);
}

/* ---- reputation ---- */

static double
percent(int64_t ratio)
{
	return (double)ratio * 100 / POLICY_RATIO_ONE;
}

static void
say_forwarder(const struct policy *policy)
{
	bool weighed = false;

	output_say("It is a known forwarder.");
	for (size_t i = 0; i < policy->rules; i++) {
		const struct rule *rule = &policy->rule[i];

		if (rule->weight != POLICY_RATIO_ONE) {
			output_say("  rule %s counts each of its events as %g",
			    rule->name,
			    (double)rule->weight / POLICY_RATIO_ONE);
			weighed = true;
		}
	}
	if (!weighed) {
		output_say("  no rule has a weight for it: each event counts");
	}
}

static void
put_reputation(struct subject *subject)
{
	struct ctl *ctl = subject->ctl;
	const struct reputation_scale *scale = &ctl->conf->policy.scale;
	bool forwards = conf_forwards(ctl->conf, &subject->client);
	struct repute repute;
	int64_t accepted;
	int64_t bad;

	engine_repute(
	    ctl->store, ctl->conf, &subject->client, NULL, ctl->now, &repute);
	accepted = repute.facts.tally.accepted;
	bad = reputation_bad(&repute.facts.tally);
	output_object("reputation", NULL);
	output_string("name", reputation_name(repute.reputation));
	output_int("accepted", accepted);
	output_int("bad", bad);
	output_int("bans", repute.facts.bans);
	output_int("good_messages", scale->good_messages);
	output_number("good_ratio", COLUMN_RATIO, scale->good_ratio);
	output_int("poor_bans", scale->poor_bans);
	output_int("poor_events", scale->poor_events);
	output_number("poor_ratio", COLUMN_RATIO, scale->poor_ratio);
	output_end();
	output_bool("forwarder", forwards);
	output_say("\nReputation %s, by the last %s: %s accepted, %s, %s",
	    reputation_name(repute.reputation), piece_duration(REPUTATION_SPAN),
	    piece_count(accepted, "message", "messages"),
	    piece_count(bad, "bad event", "bad events"),
	    piece_count(repute.facts.bans, "ban", "bans"));
	output_say("  good: no ban, %" PRId64
		   " or more messages, at most %g %% bad",
	    scale->good_messages, percent(scale->good_ratio));
	output_say("  poor: %s%" PRId64
		   " or more bad events, at least %g %% bad",
	    scale->poor_bans > 0
		? piece("%" PRId64 " or more bans, or ", scale->poor_bans)
		: "",
	    scale->poor_events, percent(scale->poor_ratio));
	if (forwards) {
		say_forwarder(&ctl->conf->policy);
	}
}

/* ---- rules ---- */

/* People read instead of the numbers: "12 of 20 in 1h", "12 in 1h, never
 * enough" where the ratio cannot be reached; "step 3, 8h, soft" of a ban that
 * answers 450; "30 accepted, ratio 0.5, credit 50". */
struct outlook_row {
	struct rule rule;
	struct outlook outlook; /* `need` 0 where no number suffices */
	const char *progress;
	const char *ban;
	const char *weighed;
};

static const struct layout rule_layout = {
	.column = {
	    { "rule", OF(outlook_row, rule.name), "RULE", 0 },
	    { "reason", OF(outlook_row, rule.reason), "REASON", 0 },
	    { "within", OF(outlook_row, rule.within), NULL, 0 },
	    { "counted", OF(outlook_row, outlook.counted), NULL, 0 },
	    { "need", OF(outlook_row, outlook.need), NULL, COLUMN_OPTIONAL },
	    { "progress", OF(outlook_row, progress), "COUNTED", COLUMN_PEOPLE },
	    { "accepted", OF(outlook_row, outlook.accepted), NULL, 0 },
	    { "history", OF(outlook_row, outlook.history), NULL,
		COLUMN_OPTIONAL },
	    { "credit", OF(outlook_row, rule.credit), NULL, COLUMN_OPTIONAL },
	    { "weight", OF(outlook_row, rule.weight), NULL, COLUMN_RATIO },
	    { "soft", OF(outlook_row, rule.soft), NULL, COLUMN_OPTIONAL },
	    { "steps", OF(outlook_row, outlook.steps), NULL, 0 },
	    { "next", OF(outlook_row, outlook.next), NULL, COLUMN_OPTIONAL },
	    { "ban", OF(outlook_row, ban), "NEXT BAN", COLUMN_PEOPLE },
	    { "forgets", OF(outlook_row, outlook.forgets), "STEPS FORGOTTEN",
	        COLUMN_TIME },
	    { "weighed", OF(outlook_row, weighed), "", COLUMN_WRAP | COLUMN_PEOPLE },
	},
	.indent = 2,
};

static void
put_rule(const struct outlook *outlook)
{
	const struct rule *rule = outlook->rule;
	const bool never = outlook->need == INT64_MAX;
	struct outlook_row row = {
		.rule = *rule,
		.outlook = *outlook,
		.progress = piece("%" PRId64 "%s in %s%s", outlook->counted,
		    never ? "" : piece(" of %" PRId64, outlook->need),
		    piece_short(rule->within), never ? ", never enough" : ""),
		.ban = "never",
	};

	row.outlook.need = never ? 0 : outlook->need;
	if (outlook->next != 0) {
		row.ban = piece("step %" PRId64 ", %s%s", outlook->steps + 1,
		    piece_short(outlook->next),
		    outlook->steps < rule->soft ? ", soft" : "");
	}
	if (rule->ratio != 0 || rule->credit != 0) {
		row.weighed = piece("%" PRId64 " accepted%s%s%s",
		    outlook->accepted,
		    outlook->history > 0
			? piece(" and %" PRId64 " for the 30 days before",
			      outlook->history)
			: "",
		    rule->ratio != 0 ? piece(", ratio %g", (double)rule->ratio /
							       POLICY_RATIO_ONE)
				     : "",
		    rule->credit != 0 ? piece(", credit %" PRId64, rule->credit)
				      : "");
	}
	output_record(&row);
}

static void
put_rules(struct subject *subject)
{
	struct ctl *ctl = subject->ctl;
	const struct policy *policy = &ctl->conf->policy;

	output_say(
	    "\nRules of policy %s; a ban is remembered as a step for %s:",
	    policy->name, piece_duration(policy->memory));
	output_table("rules", &rule_layout);
	for (size_t i = 0; i < policy->rules; i++) {
		struct outlook outlook;

		engine_outlook(ctl->store, ctl->conf, &subject->client,
		    &policy->rule[i], ctl->now, &outlook);
		put_rule(&outlook);
		if (outlook.forgets > subject->steps) {
			subject->steps = outlook.forgets;
		}
	}
	output_end();
}

/* ---- networks around it ---- */

struct network_row {
	struct net network;
	const char *rule;
	int64_t counted;
	int64_t need;
	int64_t steps;
	const char *progress;
};

static const struct layout network_layout = {
	.column = {
	    { "network", OF(network_row, network), "NETWORK", 0 },
	    { "rule", OF(network_row, rule), "RULE", 0 },
	    { "counted", OF(network_row, counted), NULL, 0 },
	    { "need", OF(network_row, need), NULL, 0 },
	    { "progress", OF(network_row, progress), "COUNTED", COLUMN_PEOPLE },
	    { "steps", OF(network_row, steps), "BANS", COLUMN_RIGHT },
	},
	.indent = 2,
};

/* Those for which something was counted, or that were banned. */
static void
put_networks(struct subject *subject)
{
	struct ctl *ctl = subject->ctl;
	const struct policy *policy = &ctl->conf->policy;

	output_say("\nNetworks around it, all of their clients together:");
	output_table("networks", &network_layout);
	for (size_t i = 0; i < policy->rules; i++) {
		const struct rule *rule = &policy->rule[i];
		struct policy_wider wider[POLICY_WIDEN_MAX];
		const size_t count = policy_widen(
		    rule, &subject->client, wider);

		for (size_t j = 0; j < count; j++) {
			struct policy_past past;
			struct network_row row = { .network = wider[j].net,
				.rule = rule->name,
				.need = wider[j].need };

			row.counted = engine_counted(ctl->store, ctl->conf,
			    rule, &row.network, ctl->now, &past);
			row.steps = past.steps;
			row.progress = piece("%" PRId64 " of %" PRId64 " in %s",
			    row.counted, row.need, piece_short(rule->within));
			if (row.counted > 0 || row.steps > 0) {
				output_record(&row);
			}
		}
	}
	output_end_or("  none counted");
}

/* ---- bans ---- */

/* They are collected first: the store must not be asked while it tells. */
struct explained {
	struct explained_ban {
		struct ban ban;
		struct why why;
		struct next_ban next; /* while it holds */
	} * ban;
	size_t count;
	size_t room;
};

static bool
collect(void *to, const struct ban *ban)
{
	struct explained *all = to;

	all->ban = array_grow(
	    all->ban, all->count, &all->room, sizeof(*all->ban));
	if (all->ban == NULL) {
		log_panic("out of memory");
	}
	all->ban[all->count++] = (struct explained_ban){ .ban = *ban };
	return true;
}

/* ", 20 helo and 3 relay in 1h, next 4h". */
static const char *
cause_text(const struct explained_ban *one)
{
	const struct why *why = &one->why;
	char words[CAUSE_SIZE];
	struct text text;

	text_init(&text, words, sizeof(words));
	for (enum kind kind = 0; why->known && kind < KIND_COUNT; kind++) {
		if (why->count[kind] > 0) {
			text_addf(&text, "%s%" PRId64 " %s",
			    text.len > 0 ? " and " : ", ", why->count[kind],
			    kind_name(kind));
		}
	}
	if (why->known && why->together > 0) {
		text_add(&text, " together");
	} else if (why->together > 0) {
		text_addf(&text, ", %" PRId64 " together", why->together);
	}
	if (text.len > 0) {
		text_addf(&text, " in %s", piece_short(why->within));
	}
	if (one->next.lasts > 0) {
		text_addf(&text, ", next %s", piece_short(one->next.lasts));
	}
	return piece("%s", words);
}

/* ", refused at RCPT TO, port 25" of one that holds now. */
static const char *
where_text(const struct standing *standing, const struct ban *ban)
{
	for (size_t i = 0; i < standing->bans; i++) {
		if (standing->ban[i].id == ban->id) {
			return piece(
			    ", %s", bans_where(standing, &standing->ban[i]));
		}
	}
	return "";
}

/* What was counted for those of which that is known, by their refs. */
static void
put_causes(const struct explained *all)
{
	output_table("causes", NULL);
	for (size_t i = 0; i < all->count; i++) {
		const struct explained_ban *one = &all->ban[i];

		if (!one->why.known && one->why.together == 0 &&
		    one->next.lasts == 0) {
			continue;
		}
		output_row();
		output_string("ref", one->ban.ref);
		output_int("within", one->why.within);
		output_object("counted", NULL);
		for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
			if (one->why.known && one->why.count[kind] > 0) {
				output_int(
				    kind_name(kind), one->why.count[kind]);
			}
		}
		output_end();
		output_number("together", COLUMN_OPTIONAL, one->why.together);
		output_number("next", COLUMN_OPTIONAL, one->next.lasts);
		output_end();
	}
	output_end();
	/* Refs of those that are observed because the brake was on. */
	output_list("held");
	for (size_t i = 0; i < all->count; i++) {
		const struct ban *ban = &all->ban[i].ban;

		if (ban->observed && ban->honest) {
			output_string(NULL, ban->ref);
		}
	}
	output_end();
}

/* Every ban that holds or held the address, observed ones too; whether there
 * is one. */
static bool
put_bans(struct subject *subject, const struct standing *standing)
{
	struct ctl *ctl = subject->ctl;
	struct layout layout = bans_layout_hosts();
	struct explained all = { .count = 0 };
	const struct ban_query query = {
		.scope = BAN_COVERING,
		.who = subject->who,
		.active_at = INT64_MIN,
		.observed = true,
	};

	layout.shown = " begins until reason left ref hits detail ";
	layout.indent = 2;
	store_ban_each(ctl->store, &query, collect, &all);
	output_say("\nBans, latest end first:");
	output_table("bans", &layout);
	for (size_t i = 0; i < all.count; i++) {
		struct explained_ban *one = &all.ban[i];
		const struct ban *ban = &one->ban;
		const char *lifted;

		engine_why(ctl->store, ctl->conf, ban, ctl->now, &one->why);
		if (ban_active(ban, ctl->now) && !ban->observed) {
			one->next = engine_next(
			    ctl->store, ctl->conf, ban, ctl->now);
		}
		lifted = traces_lifted(ctl, ban);
		bans_row(ctl, ban, NULL,
		    piece("%s%s%s%s%s%s", cause_text(one),
			hosts_name(0)[0] != '\0' ? ", by " : "",
			hosts_name(ban->host), lifted[0] != '\0' ? ", " : "",
			lifted, where_text(standing, ban)));
		if (ban->ends > subject->last_ban) {
			subject->last_ban = ban->ends;
		}
	}
	output_end();
	if (all.count == 0) {
		output_say("  none");
	}
	put_causes(&all);
	free(all.ban);
	return all.count > 0;
}

/* ---- all of it ---- */

/* When something is forgotten; 0: there is nothing. */
static void
put_forgotten(const char *name, int64_t at)
{
	output_time(name, at);
	if (at != 0) {
		output_line(piece("  %s", name), "%s", piece_time(at));
	}
}

static enum exit_status
explain_one(struct ctl *ctl, const struct target *target)
{
	const struct conf *conf = ctl->conf;
	const struct addr *address = &target->address;
	const long here = output_here();
	struct subject subject = {
		.ctl = ctl,
		.who = target->who,
		.client = engine_client(conf, address),
	};
	struct standing standing;
	bool anything;

	(void)hosts_read(ctl);
	engine_standing(ctl->store, conf, address, ctl->now, &standing);
	anything = standing.verdict != STANDING_CLEAR;
	output_object(NULL, NULL);
	put_standing(&subject, &standing);
	output_time("written_to",
	    engine_written_to(ctl->store, conf, &subject.client, ctl->now));
	anything |= put_events(&subject);
	put_reputation(&subject);
	put_rules(&subject);
	put_networks(&subject);
	anything |= put_bans(&subject, &standing);
	traces_logs(ctl, address,
	    subject.first_event != 0 ? subject.first_event
				     : ctl->now - conf->keep_events);
	output_say("\nForgotten, if nothing more happens:");
	output_object("forgotten", NULL);
	put_forgotten("events", subject.last_event != 0
				    ? subject.last_event + conf->keep_events
				    : 0);
	put_forgotten("steps", subject.steps);
	put_forgotten("bans",
	    subject.last_ban != 0
		? subject.last_ban + conf->policy.memory + conf->keep_bans
		: 0);
	output_end();
	if (subject.last_event == 0 && subject.steps == 0 &&
	    subject.last_ban == 0) {
		output_say("  there is nothing to forget");
	}
	output_time("checked_at", ctl->now);
	output_end();
	if (!anything) {
		output_restart(here);
		output_say("nothing is known of %s", piece_addr(address));
	}
	return anything ? EXIT_FINE : EXIT_NO;
}

enum exit_status
explain_show(struct ctl *ctl)
{
	return ctl_each(ctl, explain_one);
}
