#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "core/standing.h"
#include "ctl/ctl.h"
#include "doctor/facts.h"
#include "engine/engine.h"

/* ---- status ---- */

static void
count_allow(void *to, const struct allow *allow)
{
	(void)allow;
	++*(int64_t *)to;
}

struct names_count {
	int64_t now;
	int64_t all;
	int64_t old;
	struct allow_name first; /* of the old ones */
};

static void
count_name(void *to, const struct allow_name *name)
{
	struct names_count *count = to;

	count->all++;
	if (engine_name_is_old(name, count->now) && count->old++ == 0) {
		count->first = *name;
	}
}

/* Those on the allow list, and which of them DNS does not answer for. */
static void
put_names(struct ctl *ctl)
{
	struct names_count count = { .now = ctl->now };
	const struct allow_name *first = &count.first;

	store_names_each(ctl->store, count_name, &count);
	output_object("allowed_names", NULL);
	output_int("names", count.all);
	output_int("old", count.old);
	output_end();
	if (count.old > 0) {
		output_line("", "%s of %s without an answer of DNS: %s, %s",
		    piece_count(count.old, "name", "names"),
		    piece("%" PRId64, count.all), first->name,
		    first->answered == 0
			? "never"
			: piece("the last %s ago",
			      piece_duration(ctl->now - first->answered)));
	}
}

static void
put_database(struct ctl *ctl, const struct store_numbers *numbers)
{
	const char *holder = numbers->holder;

	output_string("database", ctl->conf->database);
	output_int("bytes", numbers->bytes);
	output_int("log_bytes", numbers->log);
	output_string("log_held_by", holder[0] != '\0' ? holder : NULL);
	output_int("schema", numbers->version);
	output_line("database", "%s, %s, schema version %" PRId64,
	    ctl->conf->database, piece_size(numbers->bytes), numbers->version);
	if (holder[0] != '\0') {
		output_line("LOG FULL",
		    "%s, and nothing is written: %s reads an old state of the "
		    "database; end that",
		    piece_size(numbers->log), holder);
	}
}

/* For how long each table keeps what. */
static void
put_kept(const struct conf *conf)
{
	const int64_t bans = conf->policy.memory + conf->keep_bans;

	output_object("keep", NULL);
	output_int("events", conf->keep_events);
	output_int("tallies", conf->keep_tallies);
	output_int("bans", bans);
	output_int("audit", conf->keep_audit);
	output_int("daily", conf->keep_daily);
	output_end();
	output_line("kept", "events %s, tallies %s, bans %s",
	    piece_short(conf->keep_events), piece_short(conf->keep_tallies),
	    piece_short(bans));
	output_line("", "audit %s, sums by day %s",
	    piece_short(conf->keep_audit), piece_short(conf->keep_daily));
}

static void
put_families(const char *name, int64_t ipv4, int64_t ipv6)
{
	output_object(name, NULL);
	output_int("ipv4", ipv4);
	output_int("ipv6", ipv6);
	output_end();
}

static void
put_bans(const struct ban_counts *counts, int64_t observed)
{
	const int64_t *addresses = counts->addresses;
	const int64_t *networks = counts->networks;
	int64_t all = 0;

	for (size_t i = 0; i < CAUSE_COUNT; i++) {
		all += counts->bans[i];
	}
	put_families(
	    "listed", addresses[0] + networks[0], addresses[1] + networks[1]);
	put_families("addresses", addresses[0], addresses[1]);
	put_families("networks", networks[0], networks[1]);
	output_line("bans", "%" PRId64 " active, of %s and %s", all,
	    piece_count(addresses[0] + addresses[1], "address", "addresses"),
	    piece_count(networks[0] + networks[1], "network", "networks"));
	output_object("reasons", NULL);
	for (size_t i = 0; i < CAUSE_COUNT; i++) {
		output_int(words_at(&cause_words, i), counts->bans[i]);
		if (counts->bans[i] > 0) {
			output_line("", "%" PRId64 " %s%s", counts->bans[i],
			    i == CAUSE_MANUAL ? "" : "for ",
			    i == CAUSE_MANUAL ? "by hand"
					      : words_at(&cause_words, i));
		}
	}
	output_end();
	output_int("observed", observed);
	if (observed > 0) {
		output_line("", "%s", bans_observed(observed));
	}
}

static void
put_state(struct ctl *ctl, const struct state *states, enum engine_state which)
{
	const char *name = engine_state_name(which);
	const struct state *state = &states[which];
	const char *value = state->value;
	const char *since = piece_time(state->since);
	const struct state *mode;

	if (!state->there) {
		output_string(name, NULL);
	} else {
		output_object(name, NULL);
		output_string("value", value);
		output_time("since", state->since);
		if (which == STATE_MILTER || which == STATE_WATCH) {
			mode = engine_state_mode(states, which);
			output_string("mode", mode->there ? mode->value : NULL);
		}
		output_end();
	}
	if (state->there && which == STATE_BRAKE) {
		output_line(name, "%s since %s", value, since);
	} else if (state->there && which == STATE_SUPPRESSED) {
		output_line("missed",
		    "%s log lines of the mail system, which the journal "
		    "dropped (RateLimitBurst=), last %s",
		    value, since);
	} else if (state->there && which != STATE_DAMAGED) {
		output_line(name, "last sign of life %s, %s ago%s%s%s", since,
		    piece_duration(ctl->now - state->since),
		    value[0] != '\0' ? " (" : "", value,
		    value[0] != '\0' ? ")" : "");
	} else if (which == STATE_MILTER || which == STATE_WATCH ||
		   which == STATE_SHARE) {
		output_line(name, "no sign of life yet");
	}
}

static void
put_losses(struct ctl *ctl, const struct state *state)
{
	struct losses lost;

	engine_losses(ctl->store, ctl->now, &lost);
	output_object("lost", NULL);
	for (size_t i = 0; i < LOSS_SORTS; i++) {
		output_int(words_at(&loss_words, i), lost.number[i]);
	}
	output_int("total", state->there ? state->number : 0);
	output_time("since", state->since);
	output_end();
	if (state->there) {
		output_line("lost",
		    "%s could not be stored, last %s; today and yesterday %s, "
		    "%s, %s, %s",
		    piece_count(state->number, "thing seen", "things seen"),
		    piece_time(state->since),
		    piece_count(lost.number[LOSS_EVENTS], "event", "events"),
		    piece_count(lost.number[LOSS_COUNTS], "count", "counts"),
		    piece_count(lost.number[LOSS_RECIPIENTS],
			"accepted recipient", "accepted recipients"),
		    piece_count(lost.number[LOSS_GAPS], "gap in a log",
			"gaps in logs"));
	}
}

/* ---- what reaches videur ---- */

static const struct layout sources = {
	.column = {
	    { "source", OF(source_seen, source), "LOG", 0 },
	    { "lines", OF(source_seen, lines), "LINES", COLUMN_RIGHT },
	    { "understood", OF(source_seen, understood), "UNDERSTOOD", COLUMN_RIGHT },
	    { "findings", OF(source_seen, findings), "FINDINGS", COLUMN_RIGHT },
	    { "dropped", OF(source_seen, dropped), "DROPPED", COLUMN_RIGHT },
	},
	.indent = 2,
};

static void
put_source(void *to, const struct source_seen *seen)
{
	(void)to;
	output_record(seen);
}

static void
put_seen(struct ctl *ctl)
{
	struct milter_seen seen;

	engine_seen(ctl->store, ctl->now, &seen);
	output_object("seen", NULL);
	output_int("sessions", seen.sessions);
	output_int("message_ends", seen.message_ends);
	output_int("verdict_headers", seen.verdict_headers);
	output_int("rejections", seen.rejections);
	output_int("asked", seen.asked);
	output_end();
	output_say("\nSeen by videur-milter today and yesterday:");
	output_say("  %s, %s, %s, %s",
	    piece_count(seen.sessions, "session", "sessions"),
	    piece_count(
		seen.message_ends, "end of a message", "ends of messages"),
	    piece_count(seen.verdict_headers, "header of a scanner",
		"headers of scanners"),
	    piece_count(seen.rejections, "rejection", "rejections"));
	output_say("\nRead by videur-watch today and yesterday:");
	output_table("sources", &sources);
	engine_sources(ctl->store, ctl->now, put_source, NULL);
	output_end_or("  nothing");
}

/* The mode that is configured, and services that run in another one. */
static void
put_mode(struct ctl *ctl, const struct state *states)
{
	const char *mode = conf_mode_name(ctl->conf->mode);
	struct observing observing;

	output_string("mode", mode);
	if (ctl->conf->mode == CONF_OBSERVE) {
		mode_observing(ctl, states, &observing);
		output_object("observing", NULL);
		output_time("since", observing.since);
		output_int("bans", observing.count.bans);
		output_int("suspects", observing.count.suspects);
		output_end();
		output_line("mode",
		    "observing%s, %s: \"videur enforce\" switches on",
		    piece_when(" since ", observing.since),
		    mode_observed(&observing));
	} else {
		output_line("mode", "%s", mode);
	}
	for (enum engine_state i = STATE_MILTER; i <= STATE_WATCH; i++) {
		const char *other = records_other_mode(
		    states, i, ctl->conf->mode, ctl->now);

		if (other != NULL) {
			output_line("",
			    "videur-%s still runs in mode %s: say \"videur "
			    "%s\"",
			    engine_state_name(i), other, mode);
		}
	}
}

void
status_put_life(struct ctl *ctl)
{
	struct state states[STATE_COUNT];

	engine_states(ctl->store, states);
	output_object("services", NULL);
	put_state(ctl, states, STATE_MILTER);
	put_state(ctl, states, STATE_WATCH);
	if (conf_shares(ctl->conf)) {
		put_state(ctl, states, STATE_SHARE);
	}
	output_end();
}

enum exit_status
status_show(struct ctl *ctl)
{
	const struct conf *conf = ctl->conf;
	struct store *store = ctl->store;
	struct store_numbers numbers;
	struct ban_counts counts; /* active, enforced bans */
	struct ban_observed observed;
	struct state states[STATE_COUNT];
	struct brake brake;
	int64_t allowed = 0;

	store_numbers(store, &numbers);
	store_ban_counts(store, ctl->now, &counts);
	store_ban_observed(store, ctl->now, &observed);
	store_allow_each(store, ctl->now, count_allow, &allowed);
	engine_states(store, states);
	engine_brake(store, conf, ctl->now, &brake);
	if (brake.on) {
		output_line("BRAKE ON",
		    "new bans of clients with a good history refuse nobody: "
		    "see \"videur brake\"");
	} else if (brake.since != 0) {
		(void)text_copy(states[STATE_BRAKE].value,
		    sizeof(states[STATE_BRAKE].value), "off");
		states[STATE_BRAKE].since = brake.since;
	}
	if (states[STATE_DAMAGED].value[0] != '\0') {
		output_line("DAMAGED",
		    "the database was damaged at %s (%s): look at it, then "
		    "\"videur rescue seen\"",
		    piece_time(states[STATE_DAMAGED].since),
		    states[STATE_DAMAGED].value);
	}
	output_object(NULL, NULL);
	put_database(ctl, &numbers);
	put_mode(ctl, states);
	output_string("policy", conf->policy.name);
	output_line(
	    "policy", "%s, %zu rules", conf->policy.name, conf->policy.rules);
	put_bans(&counts, observed.all);
	output_int("events", numbers.events);
	output_line("events", "about %" PRId64, numbers.events);
	output_int("allowed", allowed);
	output_line("allowed", "%s by command, %zu by configuration",
	    piece_count(allowed, "network", "networks"), conf->allows);
	put_names(ctl);
	put_kept(conf);
	status_put_life(ctl);
	share_put(ctl);
	put_state(ctl, states, STATE_SUPPRESSED);
	put_losses(ctl, &states[STATE_LOST]);
	put_state(ctl, states, STATE_BRAKE);
	put_state(ctl, states, STATE_DAMAGED);
	put_seen(ctl);
	output_time("checked_at", ctl->now);
	output_end();
	return EXIT_FINE;
}

/* ---- brake ---- */

static void
put_brake(
    const struct ctl *ctl, const struct brake_counts *counts, int64_t held)
{
	const struct conf *conf = ctl->conf;

	output_object(NULL, NULL);
	output_bool("on", counts->brake.on);
	output_time("since", counts->brake.since);
	output_int("bans", conf->brake_bans);
	output_int("within", conf->brake_within);
	output_int("accepted", conf->brake_accepted);
	output_int("days", conf->brake_days);
	output_int("span", conf->brake_span);
	output_int("recipients", conf->brake_recipients);
	output_int("quiet", conf->brake_quiet);
	output_int("clients", counts->clients);
	output_int("held", held);
	output_time("checked_at", ctl->now);
	output_end();
}

enum exit_status
brake_show(struct ctl *ctl)
{
	const struct conf *conf = ctl->conf;
	struct brake_counts counts;
	const struct brake *brake = &counts.brake;
	const char *since;
	struct ban_observed observed;

	engine_brake_counts(ctl->store, conf, ctl->now, &counts);
	store_ban_observed(ctl->store, ctl->now, &observed);
	since = piece_time(brake->since);
	if (brake->since == 0) {
		output_say("the brake is off");
	} else if (brake->on) {
		output_say(
		    "THE BRAKE IS ON since %s: new bans of clients with a good "
		    "history refuse nobody",
		    since);
	} else {
		output_say("the brake is off, since its release at %s", since);
	}
	if (conf->mode == CONF_OBSERVE) {
		output_say("mode is observe: there is nothing to brake");
	} else if (conf->brake_bans == 0) {
		output_say(
		    "the configuration has none (bans = 0): it holds nothing "
		    "back");
	}
	output_say(
	    "it counts clients that logged in well in the last %s, or had %" PRId64
	    " or more messages accepted, on %" PRId64 " days or more, %s from "
	    "the first to the last, for %" PRId64 " recipients or more",
	    piece_duration(REPUTATION_SPAN), conf->brake_accepted,
	    conf->brake_days, piece_duration(conf->brake_span),
	    conf->brake_recipients);
	output_say("it goes on for %" PRId64 " of them with a new ban within "
		   "%s, and is released after %s without one",
	    conf->brake_bans, piece_duration(conf->brake_within),
	    piece_duration(conf->brake_quiet));
	if (brake->on || observed.held > 0) {
		output_say("bans held back that would hold now: %" PRId64,
		    observed.held);
	}
	output_say("%s%s",
	    brake->on
		? "look at maps, resolver and scanner, then: videur brake "
		  "release"
		: piece_count(counts.clients, "client counts", "clients count"),
	    brake->on ? "" : " now");
	put_brake(ctl, &counts, observed.held);
	return brake->on ? EXIT_NO : EXIT_FINE;
}

enum exit_status
brake_release(struct ctl *ctl)
{
	struct brake brake;

	engine_brake(ctl->store, ctl->conf, ctl->now, &brake);
	if (brake.on) {
		engine_brake_release(ctl->store, ctl->now);
		ctl_audit(ctl, "brake release", "all");
		output_say("released the brake, which was on since %s",
		    piece_time(brake.since));
	} else {
		output_say("the brake is not on");
	}
	output_object(NULL, NULL);
	output_bool("released", brake.on);
	output_time("since", brake.since);
	output_time("checked_at", ctl->now);
	output_end();
	return brake.on ? EXIT_FINE : EXIT_NO;
}

/* ---- rescue ---- */

struct rescue_row {
	const char *table;
	int64_t rows;
	int64_t gaps;
};

static const struct layout tables = {
	.column = {
	    { "table", OF(rescue_row, table), "TABLE", 0 },
	    { "rows", OF(rescue_row, rows), "SAVED", COLUMN_RIGHT },
	    { "gaps", OF(rescue_row, gaps), "GAPS", COLUMN_RIGHT },
	},
};

enum exit_status
rescue_check(struct ctl *ctl)
{
	if (access(ctl->args->word[1], F_OK) == 0) {
		output_complain("%s exists already", ctl->args->word[1]);
		return EXIT_USAGE;
	}
	return EXIT_FINE;
}

enum exit_status
rescue_database(struct ctl *ctl)
{
	static struct store_rescued rescued; /* too large for a stack */
	const char *to = ctl->args->word[1];
	char error[STORE_ERROR_SIZE] = "";

	if (store_rescue(ctl->conf->database, to, &rescued, error) !=
	    STORE_OK) {
		output_complain("%s", error);
		return EXIT_DATABASE;
	}
	output_table(NULL, &tables);
	for (size_t i = 0; i < rescued.tables; i++) {
		const struct rescue_row row = {
			.table = rescued.table[i].table,
			.rows = rescued.table[i].rows,
			.gaps = rescued.table[i].gaps,
		};

		output_record(&row);
	}
	output_end();
	output_say("saved %s of %s in %s",
	    piece_count(rescued.rows, "row", "rows"), ctl->conf->database, to);
	if (rescued.gaps > 0) {
		output_say("%s could not be read; what stood there is lost",
		    piece_count(rescued.gaps, "place", "places"));
	}
	output_say(
	    "now stop videur-milter, videur-watch and videur-web, put %s in "
	    "the place of the old file, owned as that was, and start them "
	    "again",
	    to);
	return rescued.gaps > 0 ? EXIT_NO : EXIT_FINE;
}

enum exit_status
rescue_seen(struct ctl *ctl)
{
	struct state states[STATE_COUNT];
	const struct state *damaged = &states[STATE_DAMAGED];
	bool was;

	engine_states(ctl->store, states);
	was = damaged->value[0] != '\0';
	if (was) {
		engine_state_put(ctl->store, STATE_DAMAGED, "", ctl->now);
		ctl_audit(ctl, "rescue seen", damaged->value);
	}
	output_object(NULL, NULL);
	output_bool("seen", was);
	output_string("what", was ? damaged->value : NULL);
	output_time("checked_at", ctl->now);
	output_end();
	if (was) {
		output_say("seen: %s, of %s; the files stay where they are",
		    damaged->value, piece_time(damaged->since));
	} else {
		output_say("nothing was damaged that is not seen");
	}
	return was ? EXIT_FINE : EXIT_NO;
}
