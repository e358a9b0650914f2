#include "web/metrics.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "core/kind.h"
#include "core/limit.h"
#include "web/answer.h"
#include "web/numbers.h"
#include "web/seats.h"

/* Every status the server gives. */
static const unsigned statuses[] = { 200, 400, 404, 405, 429, 500, 503 };

enum {
	STATUSES = sizeof(statuses) / sizeof(statuses[0])
};

struct metrics {
	struct numbers_keeper *numbers;
	struct seats *seats;
	atomic_llong answered[STATUSES];
};

struct metrics *
metrics_new(struct numbers_keeper *numbers, struct seats *seats)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics));

	if (metrics != NULL) {
		metrics->numbers = numbers;
		metrics->seats = seats;
	}
	return metrics;
}

void
metrics_free(struct metrics *metrics)
{
	free(metrics);
}

void
metrics_count(struct metrics *metrics, unsigned status)
{
	for (size_t i = 0; i < STATUSES; i++) {
		if (statuses[i] == status) {
			atomic_fetch_add(&metrics->answered[i], 1);
		}
	}
}

/* ---- writing ---- */

/* What there is to write from. */
struct facts {
	struct metrics *metrics;
	bool known; /* the numbers are */
	struct numbers numbers;
};

static void
plain(struct text *out, const char *name, int64_t value)
{
	text_addf(out, "%s %lld\n", name, (long long)value);
}

/* Labels and their values are words of ours: nothing to escape. */
static void
labelled(struct text *out, const char *name, const char *label,
    const char *word, int64_t value)
{
	text_addf(
	    out, "%s{%s=\"%s\"} %lld\n", name, label, word, (long long)value);
}

static void
by_reason(struct text *out, const char *name, const int64_t *values)
{
	for (int i = 0; i < REASON_COUNT; i++) {
		labelled(out, name, "reason", reason_name((enum reason)i),
		    values[i]);
	}
}

static void
build(const struct facts *facts, const char *name, struct text *out)
{
	(void)facts;
	labelled(out, name, "version", VIDEUR_VERSION, 1);
}

static void
readable(const struct facts *facts, const char *name, struct text *out)
{
	plain(out, name, facts->known);
}

static void
collected(const struct facts *facts, const char *name, struct text *out)
{
	plain(out, name, facts->numbers.at);
}

static void
listed(const struct facts *facts, const char *name, struct text *out)
{
	labelled(out, name, "family", "ipv4", facts->numbers.v4);
	labelled(out, name, "family", "ipv6", facts->numbers.v6);
}

static void
active(const struct facts *facts, const char *name, struct text *out)
{
	by_reason(out, name, facts->numbers.listed);
}

static void
bans(const struct facts *facts, const char *name, struct text *out)
{
	by_reason(out, name, facts->numbers.counter.ban);
}

static void
refused(const struct facts *facts, const char *name, struct text *out)
{
	by_reason(out, name, facts->numbers.counter.refused);
}

static void
events(const struct facts *facts, const char *name, struct text *out)
{
	for (int i = 0; i < KIND_COUNT; i++) {
		labelled(out, name, "kind", kind_name((enum kind)i),
		    facts->numbers.counter.event[i]);
	}
}

static void
limited(const struct facts *facts, const char *name, struct text *out)
{
	for (int i = 0; i < LIMIT_KINDS; i++) {
		labelled(out, name, "limit", limit_name((enum limit_kind)i),
		    facts->numbers.counter.limited[i]);
	}
}

static void
sessions(const struct facts *facts, const char *name, struct text *out)
{
	plain(out, name, facts->numbers.counter.sessions);
}

static void
messages(const struct facts *facts, const char *name, struct text *out)
{
	plain(out, name, facts->numbers.counter.messages);
}

static void
accepted(const struct facts *facts, const char *name, struct text *out)
{
	plain(out, name, facts->numbers.counter.accepted);
}

static void
recipients(const struct facts *facts, const char *name, struct text *out)
{
	plain(out, name, facts->numbers.counter.recipients);
}

static void
bytes(const struct facts *facts, const char *name, struct text *out)
{
	plain(out, name, facts->numbers.database_bytes);
}

static void
schema(const struct facts *facts, const char *name, struct text *out)
{
	plain(out, name, facts->numbers.schema_version);
}

/* A program that never ran here has no sign of life. */
static void
life(const struct facts *facts, const char *name, struct text *out)
{
	const struct {
		const char *program;
		int64_t at;
	} programs[] = { { "milter", facts->numbers.milter_life },
		{ "watch", facts->numbers.watch_life } };

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		if (programs[i].at != 0) {
			labelled(out, name, "program", programs[i].program,
			    programs[i].at);
		}
	}
}

static void
behind(const struct facts *facts, const char *name, struct text *out)
{
	if (facts->numbers.watch_behind >= 0) {
		plain(out, name, facts->numbers.watch_behind);
	}
}

static void
brake(const struct facts *facts, const char *name, struct text *out)
{
	plain(out, name, facts->numbers.brake);
}

static void
requests(const struct facts *facts, const char *name, struct text *out)
{
	for (size_t i = 0; i < STATUSES; i++) {
		text_addf(out, "%s{code=\"%u\"} %lld\n", name, statuses[i],
		    atomic_load(&facts->metrics->answered[i]));
	}
}

static void
hung_up(const struct facts *facts, const char *name, struct text *out)
{
	labelled(out, name, "cause", "slow",
	    (int64_t)seats_hung_up(facts->metrics->seats, SEATS_SLOW));
	labelled(out, name, "cause", "full",
	    (int64_t)seats_hung_up(facts->metrics->seats, SEATS_FULL));
}

static const char gauge[] = "gauge";
static const char counter[] = "counter";

static const struct metric {
	const char *name;
	const char *type;
	const char *help;
	bool always; /* also while the database cannot be read */
	void (*write)(
	    const struct facts *facts, const char *name, struct text *out);
} table[] = {
	{ "videur_build_info", gauge, "Version of videur-web; always 1.", true,
	    build },
	{ "videur_database_readable", gauge,
	    "1 where the numbers below come from the database, else 0 and they "
	    "are left out.",
	    true, readable },
	{ "videur_web_requests_total", counter,
	    "Requests to the page and the API, by HTTP status.", true,
	    requests },
	{ "videur_web_hangups_total", counter,
	    "Connections closed because no whole request came in time (slow) "
	    "or room was needed (full).",
	    true, hung_up },
	{ "videur_collected_timestamp_seconds", gauge,
	    "When the numbers below were read from the database.", false,
	    collected },
	{ "videur_listed", gauge,
	    "Clients and networks with an active ban, by family.", false,
	    listed },
	{ "videur_bans_active", gauge, "Active, enforced bans by reason.",
	    false, active },
	{ "videur_bans_total", counter, "Enforced bans that began, by reason.",
	    false, bans },
	{ "videur_events_total", counter, "Events stored, by kind.", false,
	    events },
	{ "videur_refused_sessions_total", counter,
	    "Sessions refused because of a ban, by the ban's reason.", false,
	    refused },
	{ "videur_limited_sessions_total", counter,
	    "Sessions that met a limit, by the limit.", false, limited },
	{ "videur_sessions_total", counter,
	    "SMTP sessions of clients that are counted.", false, sessions },
	{ "videur_messages_total", counter, "Messages whose end was seen.",
	    false, messages },
	{ "videur_messages_accepted_total", counter,
	    "Messages that made no event.", false, accepted },
	{ "videur_recipients_accepted_total", counter, "Recipients accepted.",
	    false, recipients },
	{ "videur_database_bytes", gauge, "Size of the database's main file.",
	    false, bytes },
	{ "videur_schema_version", gauge, "Version of the database's schema.",
	    false, schema },
	{ "videur_life_timestamp_seconds", gauge,
	    "Newest sign of life of another program of videur.", false, life },
	{ "videur_watch_behind_seconds", gauge,
	    "How far the watcher is behind the logs, where it says so.", false,
	    behind },
	{ "videur_brake", gauge, "1 while the brake is on, else 0.", false,
	    brake },
};

static void
write_all(const struct facts *facts, struct text *out)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct metric *metric = &table[i];

		if (metric->always || facts->known) {
			text_addf(out, "# HELP %s %s\n# TYPE %s %s\n",
			    metric->name, metric->help, metric->name,
			    metric->type);
			metric->write(facts, metric->name, out);
		}
	}
}

void
metrics_answer(struct metrics *metrics, const struct request *request,
    struct answer *answer)
{
	struct facts facts = { .metrics = metrics };

	answer->type = "text/plain; charset=utf-8";
	if (strcmp(request->path, "/metrics") != 0) {
		answer->status = 404;
		text_add(&answer->body, "only /metrics is here\n");
	} else if (strcmp(request->method, "GET") != 0 &&
		   strcmp(request->method, "HEAD") != 0) {
		answer->status = 405;
		text_add(&answer->body, "only GET and HEAD are answered\n");
	} else {
		facts.known = numbers_newest(metrics->numbers, &facts.numbers);
		answer->status = 200;
		answer->type = "text/plain; version=0.0.4; charset=utf-8";
		write_all(&facts, &answer->body);
	}
}
