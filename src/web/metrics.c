#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "core/kind.h"
#include "core/limit.h"
#include "web/site.h"
#include "web/web.h"

/* ---- what there is to write from ---- */

static const struct {
	unsigned status;
	const char *word;
} statuses[WEB_STATUSES] = {
	{ 200, "200" },
	{ 400, "400" },
	{ 404, "404" },
	{ 405, "405" },
	{ 429, "429" },
	{ 500, "500" },
	{ 503, "503" },
};

struct facts {
	int64_t one;
	int64_t readable; /* and the statistics are known */
	int64_t answered[WEB_STATUSES];
	int64_t hung_up[DEADLINES_CAUSES];
	struct stats stats;
};

void
metrics_count(struct web *web, unsigned status)
{
	for (size_t i = 0; i < WEB_STATUSES; i++) {
		if (statuses[i].status == status) {
			atomic_fetch_add(&web->answered[i], 1);
		}
	}
}

static struct facts
gather(const struct request *request)
{
	struct web *web = request->web;
	struct facts facts = { .one = 1 };

	facts.readable = stats_all(
	    &web->stats, request->site->conf, &facts.stats);
	for (size_t i = 0; i < WEB_STATUSES; i++) {
		facts.answered[i] = atomic_load(&web->answered[i]);
	}
	for (int i = 0; i < DEADLINES_CAUSES; i++) {
		facts.hung_up[i] = deadlines_hung_up(
		    &web->deadlines, (enum deadlines_cause)i);
	}
	return facts;
}

/* ---- what is written ---- */

/* Words of labels: all ours, with nothing to escape. */
static const char *
version_word(int i)
{
	(void)i;
	return VIDEUR_VERSION;
}

static const char *
status_word(int i)
{
	return statuses[i].word;
}

static const char *
cause_word(int i)
{
	return i == DEADLINES_SLOW ? "slow" : "full";
}

static const char *
family_word(int i)
{
	return i == STATS_V4 ? "ipv4" : "ipv6";
}

static const char *
program_word(int i)
{
	return i == STATS_MILTER ? "milter" : "watch";
}

static const char *
kind_word(int i)
{
	return kind_name((enum kind)i);
}

static const char *
reason_word(int i)
{
	return reason_name((enum reason)i);
}

static const char *
limit_word(int i)
{
	return limit_name((enum limit_kind)i);
}

static const char gauge[] = "gauge";
static const char counter[] = "counter";

#define FACT(member)  offsetof(struct facts, member)
#define STAT(member)  offsetof(struct facts, stats.member)
#define COUNT(member) offsetof(struct facts, stats.counter.member)

/* Each is one number, or `count` in a row with a label whose values `word`
 * gives.  What is negative is not known and left out. */
static const struct metric {
	const char *name;
	const char *type;
	const char *help;
	size_t offset; /* in struct facts */
	const char *label;
	const char *(*word)(int i);
	int count;
} metrics[] = {
	{ "videur_build_info", gauge, "Version of videur-web; always 1.",
	    FACT(one), "version", version_word, 1 },
	{ "videur_database_readable", gauge,
	    "1 where the numbers below come from the database, else 0 and they "
	    "are left out.",
	    FACT(readable), NULL, NULL, 1 },
	{ "videur_web_requests_total", counter,
	    "Requests to the page and the API, by HTTP status.", FACT(answered),
	    "code", status_word, WEB_STATUSES },
	{ "videur_web_hangups_total", counter,
	    "Connections closed because no whole request came in time (slow) "
	    "or room was needed (full).",
	    FACT(hung_up), "cause", cause_word, DEADLINES_CAUSES },
	{ "videur_collected_timestamp_seconds", gauge,
	    "When the numbers below were read from the database.", STAT(at),
	    NULL, NULL, 1 },
	{ "videur_listed", gauge,
	    "Clients and networks with an active ban, by family.", STAT(family),
	    "family", family_word, STATS_FAMILIES },
	{ "videur_bans_active", gauge, "Active, enforced bans by reason.",
	    STAT(listed), "reason", reason_word, REASON_COUNT },
	{ "videur_bans_total", counter, "Enforced bans that began, by reason.",
	    COUNT(ban), "reason", reason_word, REASON_COUNT },
	{ "videur_events_total", counter, "Events stored, by kind.",
	    COUNT(event), "kind", kind_word, KIND_COUNT },
	{ "videur_refused_sessions_total", counter,
	    "Sessions refused because of a ban, by the ban's reason.",
	    COUNT(refused), "reason", reason_word, REASON_COUNT },
	{ "videur_limited_sessions_total", counter,
	    "Sessions that met a limit, by the limit.", COUNT(limited), "limit",
	    limit_word, LIMIT_KINDS },
	{ "videur_sessions_total", counter,
	    "SMTP sessions of clients that are counted.", COUNT(sessions), NULL,
	    NULL, 1 },
	{ "videur_messages_total", counter, "Messages whose end was seen.",
	    COUNT(messages), NULL, NULL, 1 },
	{ "videur_messages_accepted_total", counter,
	    "Messages that made no event.", COUNT(accepted), NULL, NULL, 1 },
	{ "videur_recipients_accepted_total", counter, "Recipients accepted.",
	    COUNT(recipients), NULL, NULL, 1 },
	{ "videur_database_bytes", gauge, "Size of the database's main file.",
	    STAT(database_bytes), NULL, NULL, 1 },
	{ "videur_schema_version", gauge, "Version of the database's schema.",
	    STAT(schema_version), NULL, NULL, 1 },
	{ "videur_life_timestamp_seconds", gauge,
	    "Newest sign of life of another program of videur.", STAT(life),
	    "program", program_word, STATS_PROGRAMS },
	{ "videur_watch_behind_seconds", gauge,
	    "How far the watcher is behind the logs, where it says so.",
	    STAT(watch_behind), NULL, NULL, 1 },
	{ "videur_brake", gauge, "1 while the brake is on, else 0.",
	    STAT(brake), NULL, NULL, 1 },
};

static void
write_metric(
    const struct metric *metric, const struct facts *facts, struct text *out)
{
	text_addf(out, "# HELP %s %s\n# TYPE %s %s\n", metric->name,
	    metric->help, metric->name, metric->type);
	for (int i = 0; i < metric->count; i++) {
		int64_t value;

		memcpy(&value,
		    (const char *)facts + metric->offset +
			(size_t)i * sizeof(value),
		    sizeof(value));
		if (value >= 0 && metric->label == NULL) {
			text_addf(
			    out, "%s %lld\n", metric->name, (long long)value);
		} else if (value >= 0) {
			text_addf(out, "%s{%s=\"%s\"} %lld\n", metric->name,
			    metric->label, metric->word(i), (long long)value);
		}
	}
}

void
metrics_answer(const struct request *request, struct response *response)
{
	struct facts facts;

	response->type = "text/plain; charset=utf-8";
	if (strcmp(request->path, "/metrics") != 0) {
		response->status = 404;
		text_add(&response->body, "only /metrics is here\n");
		return;
	}
	if (strcmp(request->method, "GET") != 0 &&
	    strcmp(request->method, "HEAD") != 0) {
		response->status = 405;
		text_add(&response->body, "only GET and HEAD are answered\n");
		return;
	}
	response->status = 200;
	response->type = "text/plain; version=0.0.4; charset=utf-8";
	facts = gather(request);
	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
		/* Without the database, what is ours alone. */
		if (facts.readable || metrics[i].offset < FACT(stats)) {
			write_metric(&metrics[i], &facts, &response->body);
		}
	}
}
