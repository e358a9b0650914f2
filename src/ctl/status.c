#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "core/standing.h"
#include "ctl/ctl.h"
#include "engine/engine.h"

/* Active bans that refuse nobody. */
struct observed {
	int64_t all;
	int64_t held; /* of these, by the brake */
};

static bool
count_observed(void *to, const struct ban *ban)
{
	struct observed *observed = to;

	observed->all += ban->observed;
	observed->held += ban->observed && ban->honest;
	return true;
}

static struct observed
read_observed(struct ctl *ctl)
{
	const struct ban_query active = {
		.scope = BAN_ANYBODY,
		.active_at = ctl->now,
		.observed = true,
	};
	struct observed observed = { .all = 0 };

	store_ban_each(ctl->store, &active, count_observed, &observed);
	return observed;
}

/* ---- status ---- */

static void
count_allow(void *to, const struct allow *allow)
{
	(void)allow;
	++*(int64_t *)to;
}

static void
put_database(struct ctl *ctl, const struct store_numbers *numbers)
{
	static const char *const units[] = { "bytes", "KB", "MB", "GB", "TB" };
	struct output *out = &ctl->out;
	double size = (double)numbers->bytes;
	size_t unit = 0;

	while (size >= 1000 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		size /= 1000;
		unit++;
	}
	output_string(out, "database", ctl->conf->database);
	output_int(out, "bytes", numbers->bytes);
	output_int(out, "schema", numbers->version);
	output_line(out, "database", "%s, %.*f %s, schema version %" PRId64,
	    ctl->conf->database, unit > 0 ? 1 : 0, size, units[unit],
	    numbers->version);
}

static void
put_bans(struct output *out, const struct ban_counts *counts, int64_t observed)
{
	output_object(out, "listed", NULL);
	output_int(out, "ipv4", counts->v4);
	output_int(out, "ipv6", counts->v6);
	output_end(out);
	output_line(out, "bans",
	    "%" PRId64 " active: %" PRId64 " IPv4, %" PRId64 " IPv6",
	    counts->v4 + counts->v6, counts->v4, counts->v6);
	output_object(out, "reasons", NULL);
	for (enum reason i = 0; i < REASON_COUNT; i++) {
		output_int(out, reason_name(i), counts->bans[i]);
		if (counts->bans[i] > 0) {
			output_line(out, "", "%" PRId64 " for %s",
			    counts->bans[i], reason_name(i));
		}
	}
	output_end(out);
	output_int(out, "observed", observed);
	if (observed > 0) {
		output_line(out, "",
		    "%" PRId64 " more only observed: they refuse nobody",
		    observed);
	}
}

static void
put_state(struct ctl *ctl, const struct state *states, enum engine_state which)
{
	struct output *out = &ctl->out;
	const char *name = engine_state_name(which);
	const struct state *state = &states[which];
	const char *value = state->value;
	const char *since = piece_time(state->since);

	if (!state->there) {
		output_string(out, name, NULL);
	} else {
		output_object(out, name, NULL);
		output_string(out, "value", value);
		output_time(out, "since", state->since);
		output_end(out);
	}
	if (state->there && which == STATE_BRAKE) {
		output_line(out, name, "%s since %s", value, since);
	} else if (state->there && which == STATE_SUPPRESSED) {
		output_line(out, "missed",
		    "%s log lines of the mail system, which the journal "
		    "dropped (RateLimitBurst=), last %s",
		    value, since);
	} else if (state->there) {
		output_line(out, name, "last sign of life %s, %s ago%s%s%s",
		    since, piece_duration(ctl->now - state->since),
		    value[0] != '\0' ? " (" : "", value,
		    value[0] != '\0' ? ")" : "");
	} else if (which == STATE_MILTER || which == STATE_WATCH) {
		output_line(out, name, "no sign of life yet");
	}
}

/* ---- what reaches videur ---- */

#define OF(member) COLUMN_OF(struct source_seen, member)
static const struct layout sources = {
	.column = {
	    { "source", OF(source), "LOG", 0 },
	    { "lines", OF(lines), "LINES", COLUMN_RIGHT },
	    { "understood", OF(understood), "UNDERSTOOD", COLUMN_RIGHT },
	    { "findings", OF(findings), "FINDINGS", COLUMN_RIGHT },
	    { "dropped", OF(dropped), "DROPPED", COLUMN_RIGHT },
	},
	.indent = 2,
};
#undef OF

static void
put_source(void *to, const struct source_seen *seen)
{
	output_record(to, seen);
}

static void
put_seen(struct ctl *ctl)
{
	struct output *out = &ctl->out;
	struct milter_seen seen;

	engine_seen(ctl->store, ctl->now, &seen);
	output_object(out, "seen", NULL);
	output_int(out, "sessions", seen.sessions);
	output_int(out, "message_ends", seen.message_ends);
	output_int(out, "verdict_headers", seen.verdict_headers);
	output_int(out, "rejections", seen.rejections);
	output_end(out);
	output_say(out, "\nSeen by videur-milter today and yesterday:");
	output_say(out, "  %s, %s, %s, %s",
	    piece_count(seen.sessions, "session", "sessions"),
	    piece_count(
		seen.message_ends, "end of a message", "ends of messages"),
	    piece_count(seen.verdict_headers, "header of a scanner",
		"headers of scanners"),
	    piece_count(seen.rejections, "rejection", "rejections"));
	output_say(out, "\nRead by videur-watch today and yesterday:");
	output_table(out, "sources", &sources);
	engine_sources(ctl->store, ctl->now, put_source, out);
	if (output_end(out) == 0) {
		output_say(out, "  nothing");
	}
}

enum exit_status
status_show(struct ctl *ctl)
{
	const struct conf *conf = ctl->conf;
	struct output *out = &ctl->out;
	struct store *store = ctl->store;
	struct store_numbers numbers;
	struct ban_counts counts; /* active, enforced bans */
	struct observed observed;
	struct state states[STATE_COUNT];
	int64_t allowed = 0;
	bool observe = conf->mode == CONF_OBSERVE;

	store_numbers(store, &numbers);
	store_ban_counts(store, ctl->now, &counts);
	observed = read_observed(ctl);
	store_allow_each(store, ctl->now, count_allow, &allowed);
	engine_states(store, states);
	if (strcmp(states[STATE_BRAKE].value, "on") == 0) {
		output_line(out, "BRAKE ON",
		    "new bans of clients whose mail was accepted before "
		    "refuse nobody: see \"videur brake\"");
	}
	output_object(out, NULL, NULL);
	put_database(ctl, &numbers);
	output_string(out, "mode", observe ? "observe" : "enforce");
	output_line(out, "mode", "%s",
	    observe ? "observe: new bans refuse nobody" : "enforce");
	output_string(out, "policy", conf->policy.name);
	output_line(out, "policy", "%s, %zu rules", conf->policy.name,
	    conf->policy.rules);
	put_bans(out, &counts, observed.all);
	output_int(out, "events", numbers.events);
	output_line(out, "events", "about %" PRId64, numbers.events);
	output_int(out, "allowed", allowed);
	output_line(out, "allowed", "%s by command, %zu by configuration",
	    piece_count(allowed, "network", "networks"), conf->allows);
	output_object(out, "services", NULL);
	put_state(ctl, states, STATE_MILTER);
	put_state(ctl, states, STATE_WATCH);
	output_end(out);
	put_state(ctl, states, STATE_SUPPRESSED);
	put_state(ctl, states, STATE_BRAKE);
	put_seen(ctl);
	output_time(out, "checked_at", ctl->now);
	output_end(out);
	return EXIT_FINE;
}

/* ---- brake ---- */

enum exit_status
brake_show(struct ctl *ctl)
{
	const struct conf *conf = ctl->conf;
	struct output *out = &ctl->out;
	struct brake_counts counts;
	const struct brake *brake = &counts.brake;
	const char *since;
	int64_t held;

	engine_brake_counts(ctl->store, conf, ctl->now, &counts);
	held = read_observed(ctl).held;
	since = piece_time(brake->since);
	if (brake->since == 0) {
		output_say(out, "the brake is off");
	} else if (brake->on) {
		output_say(out,
		    "THE BRAKE IS ON since %s: new bans of clients whose mail "
		    "was accepted before refuse nobody",
		    since);
	} else {
		output_say(
		    out, "the brake is off, since its release at %s", since);
	}
	if (conf->mode == CONF_OBSERVE) {
		output_say(out, "mode is observe: there is nothing to brake");
	} else if (conf->brake_bans == 0) {
		output_say(out,
		    "the configuration has none (bans = 0): it holds nothing "
		    "back");
	}
	output_say(out,
	    "it counts clients with %" PRId64 " or more messages accepted in "
	    "the last %s, and goes on for %" PRId64 " with a new ban within %s",
	    conf->brake_accepted, piece_duration(REPUTATION_SPAN),
	    conf->brake_bans, piece_duration(conf->brake_within));
	if (brake->on || held > 0) {
		output_say(
		    out, "bans held back that would hold now: %" PRId64, held);
	}
	output_say(out, "%s%s",
	    brake->on
		? "look at maps, resolver and scanner, then: videur brake "
		  "release"
		: piece_count(counts.clients, "client counts", "clients count"),
	    brake->on ? "" : " now");
	output_object(out, NULL, NULL);
	output_bool(out, "on", brake->on);
	output_time(out, "since", brake->since);
	output_int(out, "bans", conf->brake_bans);
	output_int(out, "within", conf->brake_within);
	output_int(out, "accepted", conf->brake_accepted);
	output_int(out, "clients", counts.clients);
	output_int(out, "held", held);
	output_time(out, "checked_at", ctl->now);
	output_end(out);
	return brake->on ? EXIT_NO : EXIT_FINE;
}

enum exit_status
brake_release(struct ctl *ctl)
{
	struct output *out = &ctl->out;
	struct brake brake;

	engine_brake(ctl->store, &brake);
	if (brake.on) {
		engine_brake_release(ctl->store, ctl->now);
		ctl_audit(ctl, "brake release", "all");
		output_say(out, "released the brake, which was on since %s",
		    piece_time(brake.since));
	} else {
		output_say(out, "the brake is not on");
	}
	output_object(out, NULL, NULL);
	output_bool(out, "released", brake.on);
	output_time(out, "since", brake.since);
	output_time(out, "checked_at", ctl->now);
	output_end(out);
	return brake.on ? EXIT_FINE : EXIT_NO;
}
