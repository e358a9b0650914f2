/*
 * Who does most now: a picture that is drawn again and again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ctl/ctl.h"
#include "ctl/layout.h"
#include "ctl/piece.h"
#include "ctl/recent.h"
#include "ctl/terminal.h"
#include "engine/engine.h"

enum {
	INTERVAL = 2, /* seconds, where none is given */
	ROWS = 10,    /* of a part, where there is room */
	FIXED = 8,    /* lines of a picture that are no rows */
	WHO = 24,     /* columns of a new ban's client */
	CLOCK_SIZE = sizeof("21:18")
};

/* ---- the picture ---- */

struct rate_row {
	const char *kind;
	int64_t count[RECENT_SPANS];
	const char *rate[RECENT_SPANS];
	const char *clock;
	const char *reason;
	const char *who;
};

/* Two lists side by side. */
static const struct layout rates = {
	.column = {
	    { "kind", OF(rate_row, kind), "PER MINUTE", COLUMN_PEOPLE },
	    { "rate_1m", OF(rate_row, rate[0]), "1 MIN", COLUMN_PEOPLE | COLUMN_RIGHT | 5 * COLUMN_WIDTH },
	    { "rate_5m", OF(rate_row, rate[1]), "5 MIN", COLUMN_PEOPLE | COLUMN_RIGHT | 5 * COLUMN_WIDTH },
	    { "rate_15m", OF(rate_row, rate[2]), "15 MIN", COLUMN_PEOPLE | COLUMN_RIGHT | 5 * COLUMN_WIDTH },
	    { "clock", OF(rate_row, clock), "NEW BAN", COLUMN_PEOPLE },
	    { "reason", OF(rate_row, reason), "REASON", COLUMN_PEOPLE | 9 * COLUMN_WIDTH },
	    { "who", OF(rate_row, who), "OF", COLUMN_PEOPLE },
	},
	.people = true,
};

static const struct layout kinds = {
	.column = {
	    { "kind", OF(rate_row, kind), NULL, 0 },
	    { "events_1m", OF(rate_row, count[0]), NULL, 0 },
	    { "events_5m", OF(rate_row, count[1]), NULL, 0 },
	    { "events_15m", OF(rate_row, count[2]), NULL, 0 },
	},
	.programs = true,
};

static const struct layout new_bans = {
	.column = {
	    { "begins", OF(recent_ban, at), NULL, COLUMN_TIME },
	    { "client", OF(recent_ban, who), NULL, 0 },
	    { "reason", OF(recent_ban, reason), NULL, 0 },
	    { "text", OF(recent_ban, detail), NULL, 0 },
	},
	.programs = true,
};

struct busy_row {
	struct net client;
	int64_t events[RECENT_SPANS];
	const char *kind; /* of which there are most */
	const char *reason;
	const char *left;
	const char *ref;
};

static const struct layout busy = {
	.column = {
	    { "client", OF(busy_row, client), "BUSIEST", 23 * COLUMN_WIDTH },
	    { "events_1m", OF(busy_row, events[0]), "1 MIN", COLUMN_RIGHT },
	    { "events_5m", OF(busy_row, events[1]), "5 MIN", COLUMN_RIGHT },
	    { "events_15m", OF(busy_row, events[2]), "15 MIN", COLUMN_RIGHT },
	    { "kind", OF(busy_row, kind), "MOST", 9 * COLUMN_WIDTH },
	    { "reason", OF(busy_row, reason), "BANNED", COLUMN_OPTIONAL },
	    { "left", OF(busy_row, left), "LEFT", COLUMN_PEOPLE | COLUMN_RIGHT },
	    { "ref", OF(busy_row, ref), NULL, COLUMN_OPTIONAL },
	},
};

struct refused_row {
	const char *client;
	int64_t hits;
	int64_t at;
	int64_t ends;
	const char *clock;
	const char *reason;
	const char *ref;
};

static const struct layout turned = {
	.column = {
	    { "client", OF(refused_row, client), "REFUSED LATELY", 23 * COLUMN_WIDTH },
	    { "hits", OF(refused_row, hits), "HITS", COLUMN_RIGHT },
	    { "last", OF(refused_row, at), NULL, COLUMN_TIME },
	    { "clock", OF(refused_row, clock), "LAST", COLUMN_PEOPLE },
	    { "reason", OF(refused_row, reason), "BANNED", 9 * COLUMN_WIDTH },
	    { "ends", OF(refused_row, ends), "UNTIL", COLUMN_TIME },
	    { "ref", OF(refused_row, ref), "REF", 0 },
	},
};

static const char *
clock_of(int64_t at)
{
	struct tm local;
	char clock[CLOCK_SIZE];

	return localtime_r(&(time_t){ at }, &local) != NULL &&
		       strftime(clock, sizeof(clock), "%R", &local) > 0
		   ? piece("%s", clock)
		   : "";
}

static struct rate_row
rate_of(const struct recent *recent, size_t kind)
{
	static const char *const others[] = { "all offences", "bans",
		"refused" }; /* from RECENT_ALL on */
	struct rate_row row = {
		.kind = kind < KIND_COUNT ? kind_name((enum kind)kind)
					  : others[kind - RECENT_ALL],
		.clock = "",
		.reason = "",
		.who = "",
	};

	for (size_t i = 0; i < RECENT_SPANS; i++) {
		row.count[i] = recent->count[kind][i];
		row.rate[i] = kind == RECENT_REFUSED && !recent->known[i]
				  ? "-"
				  : piece("%.1f", (double)row.count[i] * 60 /
						      (double)recent_spans[i]);
	}
	return row;
}

/* The kinds there were, most of them first; gives back how many. */
static size_t
order_kinds(const struct recent *recent, size_t order[static KIND_COUNT])
{
	size_t count = 0;

	for (size_t kind = 0; kind < KIND_COUNT; kind++) {
		size_t at = count;

		if (recent->count[kind][RECENT_SPANS - 1] == 0) {
			continue;
		}
		for (;
		     at > 0 && recent->count[order[at - 1]][RECENT_SPANS - 1] <
				   recent->count[kind][RECENT_SPANS - 1];
		     at--) {
			order[at] = order[at - 1];
		}
		order[at] = kind;
		count++;
	}
	return count;
}

static void
put_rates(const struct recent *recent, size_t most)
{
	size_t order[RECENT_COUNTS] = { RECENT_ALL };
	size_t count = 1 + order_kinds(recent, order + 1);
	const struct recent_ban *ban;
	struct rate_row row;

	output_table("kinds", &kinds);
	for (size_t i = 1; i < count; i++) {
		row = rate_of(recent, order[i]);
		output_record(&row);
	}
	output_end();
	output_table("bans", &new_bans);
	for (size_t i = 0; (ban = recent_ban_at(recent, i)) != NULL; i++) {
		output_record(ban);
	}
	output_end();
	count = count > most - 2 ? most - 2 : count;
	order[count++] = RECENT_BANS;
	order[count++] = RECENT_REFUSED;
	output_table(NULL, &rates);
	for (size_t i = 0; i < most; i++) {
		ban = recent_ban_at(recent, i);
		if (i >= count && ban == NULL) {
			break;
		}
		row = i < count ? rate_of(recent, order[i])
				: (struct rate_row){ .kind = "",
					  .rate = { "", "", "" } };
		row.clock = ban != NULL ? clock_of(ban->at) : "";
		row.reason = ban != NULL ? ban->reason : "";
		row.who = ban == NULL ? ""
			  : strlen(ban->who) <= WHO
			      ? ban->who
			      : piece("%.*s..", WHO - 2, ban->who);
		output_record(&row);
	}
	output_end();
}

static bool
take_longest(void *to, const struct ban *ban)
{
	*(struct ban *)to = *ban;
	return false;
}

static void
put_busy(struct recent *recent, size_t most)
{
	struct ctl *ctl = recent->ctl;

	output_table("busiest", &busy);
	for (size_t i = 0; i < most && i < recent->busy; i++) {
		const struct recent_client *client = recent->busiest[i];
		const struct ban_query query = { .scope = BAN_COVERING,
			.who = client->client,
			.active_at = ctl->now,
			.observed = true };
		struct ban ban = { .id = 0 };
		struct busy_row row = { .client = client->client };
		size_t kind = 0;

		memcpy(row.events, client->events, sizeof(row.events));
		for (size_t n = 1; n < KIND_COUNT; n++) {
			kind = client->of_kind[n] > client->of_kind[kind]
				   ? n
				   : kind;
		}
		row.kind = kind_name((enum kind)kind);
		store_ban_each(ctl->store, &query, take_longest, &ban);
		row.reason = ban.id != 0 ? reason_name(ban.reason) : "";
		row.left = ban.id != 0 ? bans_left(&ban, ctl->now) : "";
		row.ref = ban.ref;
		output_record(&row);
	}
	output_end_or("no offences in the last 15 minutes");
}

static void
put_refused_client(void *to, const struct refused_client *refused)
{
	const struct refused_row row = { .client = refused->who,
		.hits = refused->hits,
		.at = refused->at,
		.ends = refused->ends,
		.clock = clock_of(refused->at),
		.reason = refused->reason,
		.ref = refused->ref };

	(void)to;
	output_record(&row);
}

static void
put_refused(struct recent *recent, size_t most)
{
	struct ctl *ctl = recent->ctl;

	output_table("refused_lately", &turned);
	store_refused(ctl->store, ctl->now - RECENT_QUARTER, (int64_t)most,
	    put_refused_client, NULL);
	output_end_or("no session refused in the last 15 minutes");
}

static void
put_today(const struct recent *recent, int64_t interval)
{
	struct ctl *ctl = recent->ctl;
	const char *by = "";
	int64_t all = 0;
	struct brake brake;

	engine_brake(ctl->store, ctl->conf, ctl->now, &brake);
	output_string("mode", conf_mode_name(ctl->conf->mode));
	output_bool("brake", brake.on);
	output_object("refused_today", NULL);
	for (size_t i = 0; i < CAUSE_COUNT; i++) {
		const int64_t number = recent->refused_today[i];

		output_int(words_at(&cause_words, i), number);
		all += number;
		by = number == 0 ? by
				 : piece("%s%s%s %" PRId64, by,
				       by[0] != '\0' ? ", " : "",
				       words_at(&cause_words, i), number);
	}
	output_end();
	output_int("sessions_today", recent->sessions_today);
	output_say("%s  mode %s%s%s", piece_time(ctl->now),
	    conf_mode_name(ctl->conf->mode),
	    brake.on ? ", THE BRAKE IS ON" : "",
	    interval == 0
		? ""
		: piece("  every %s, q quits", piece_short(interval)));
	output_say("today (UTC): %s refused%s%s%s",
	    piece_count(all, "session", "sessions"), all > 0 ? " (" : "", by,
	    all > 0 ? ")" : "");
}

/* In so many lines; `interval` 0: there is only one picture. */
static void
put_picture(struct recent *recent, size_t lines, int64_t interval)
{
	const size_t rows = lines > FIXED + 3 ? lines - FIXED : 3;
	size_t of_rates = rows * 2 / 5;
	size_t of_refused = rows / 4;

	of_rates = of_rates < 3 ? 3 : of_rates > ROWS ? ROWS : of_rates;
	of_refused = of_refused < 1 ? 1 : of_refused;
	output_object(NULL, NULL);
	output_time("checked_at", recent->ctl->now);
	put_today(recent, interval);
	output_gap();
	put_rates(recent, of_rates);
	output_gap();
	put_busy(recent,
	    rows > of_rates + of_refused ? rows - of_rates - of_refused : 1);
	output_gap();
	put_refused(recent, of_refused);
	output_end();
}

/* ---- again and again ---- */

/* A picture of what there is now. */
static enum store_result
look(struct recent *recent, size_t lines, int64_t interval)
{
	struct ctl *ctl = recent->ctl;
	const long here = output_here();
	enum store_result result;
	bool other = false;

	ctl->now = proc_now();
	if (store_tend(ctl->store, &other) == STORE_OK && other) {
		recent_restart(recent);
	}
	store_read(ctl->store);
	recent_look(recent);
	put_picture(recent, lines, interval);
	result = store_read_end(ctl->store);
	recent->begun = result == STORE_OK;
	if (result != STORE_OK) {
		output_restart(here);
	}
	return result;
}

/* One picture, or one after the other for programs. */
static enum exit_status
show_plainly(struct recent *recent, int64_t interval, bool once)
{
	const struct args *args = recent->ctl->args;
	const struct timespec nap = { .tv_sec = interval };
	enum store_result result;

	do {
		output_init(ctl_format(args), true);
		result = look(recent, FIXED + 3 * ROWS, 0);
		if (!output_close(result == STORE_OK)) {
			output_complain("out of memory");
			return EXIT_DATABASE;
		}
	} while (!once && fflush(stdout) == 0 && nanosleep(&nap, NULL) == 0);
	return ctl_well(recent->ctl, result) ? EXIT_FINE : EXIT_DATABASE;
}

static enum exit_status
show_live(struct recent *recent, int64_t interval)
{
	enum terminal_event event = TERMINAL_DRAW;
	int64_t next = 0; /* picture, by proc_ticks() */
	char key = '\0';
	bool fine = true;

	while (fine && event != TERMINAL_END && key != 'q' && key != 'Q') {
		const int64_t ticks = proc_ticks();
		const size_t lines = terminal_lines();

		if (ticks >= next || event == TERMINAL_DRAW || key == ' ') {
			output_init(OUTPUT_TEXT, true);
			if (look(recent, lines, interval) != STORE_OK) {
				output_say("the database cannot be read now "
					   "(%s); q quits",
				    store_error(recent->ctl->store));
			}
			fine = output_draw(lines);
			next = ticks + interval * 1000;
		}
		key = '\0';
		event = terminal_wait(next > ticks ? next - ticks : 0, &key);
	}
	return fine ? EXIT_FINE : EXIT_DATABASE;
}

enum exit_status
top_show(struct ctl *ctl)
{
	static struct recent recent; /* too large for a stack */
	const struct args *args = ctl->args;
	const enum output_format format = ctl_format(args);
	const bool once = args->value[OPTION_ONCE] != NULL ||
			  format == OUTPUT_CSV ||
			  (format == OUTPUT_TEXT && !terminal_is_there());
	const int64_t interval = args->value[OPTION_INTERVAL] != NULL
				     ? args->duration
				     : INTERVAL;
	enum exit_status status;

	if (!recent_init(&recent, ctl)) {
		output_complain("out of memory");
		return EXIT_DATABASE;
	}
	if (once || format != OUTPUT_TEXT || !terminal_open()) {
		status = show_plainly(&recent, interval, once);
	} else {
		status = show_live(&recent, interval);
		terminal_close();
	}
	recent_clear(&recent);
	output_init(format, false); /* for the caller to close */
	return status;
}
