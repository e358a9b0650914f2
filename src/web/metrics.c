#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/words.h"
#include "core/kind.h"
#include "core/reputation.h"
#include "web/site.h"
#include "web/web.h"

/* ---- what there is to write from ---- */

/* In the order they are counted in. */
static const char *const statuses[WEB_STATUSES] = { "200", "204", "400", "404",
	"405", "414", "429", "500", "503" };

struct metric_values {
	int64_t one;
	int64_t readable; /* and the statistics are known */
	int64_t answered[WEB_STATUSES];
	int64_t hung_up[DEADLINES_CAUSES];
	int64_t untrusted;
	int64_t logins[AUTH_POLICY_ANSWERS];
	struct stats stats;
};

void
metrics_count(struct web *web, unsigned status)
{
	for (size_t i = 0; i < WEB_STATUSES; i++) {
		if (strtoul(statuses[i], NULL, 10) == status) {
			atomic_fetch_add(&web->answered[i], 1);
		}
	}
}

/* ---- what is written ---- */

/* Words of labels: all ours, with nothing to escape. */
static const char *const versions[] = { VIDEUR_VERSION };
static const char *const hang_ups[] = { "slow", "full" };
static const char *const logins[AUTH_POLICY_ANSWERS] = { "allowed", "refused",
	"observed", "unavailable", "report", "wrong" };
static const char *const programs[] = { "milter", "watch" };
/* As struct milter_seen has them. */
static const char *const seen[] = { "sessions", "message-ends",
	"verdict-headers", "rejections", "asked" };
static const struct words version_words = WORDS_OF(versions);
static const struct words status_words = WORDS_OF(statuses);
static const struct words hang_up_words = WORDS_OF(hang_ups);
static const struct words login_words = WORDS_OF(logins);
static const struct words program_words = WORDS_OF(programs);
static const struct words seen_words = WORDS_OF(seen);

static const char gauge[] = "gauge";
static const char counter[] = "counter";

#define VALUE(member) offsetof(struct metric_values, member)
#define STAT(member)  offsetof(struct metric_values, stats.member)
#define DAYS(first)   offsetof(struct metric_values, stats.counter.sum[first])

/* Each is one number, or one for each of the words that its label may have; a
 * label without words is the name of a log.  What is negative is not known and
 * left out. */
static const struct metric {
	const char *name;
	const char *type;
	const char *help;
	size_t offset; /* in struct metric_values */
	const char *label;
	const struct words *words;
} metrics[] = {
	{ "videur_build_info", gauge, "Version of videur-web; always 1.",
	    VALUE(one), "version", &version_words },
	{ "videur_database_readable", gauge,
	    "1 where the numbers below come from the database, else 0 and they "
	    "are left out.",
	    VALUE(readable), NULL, NULL },
	{ "videur_web_requests_total", counter,
	    "Requests to the page and the API, by HTTP status.",
	    VALUE(answered), "code", &status_words },
	{ "videur_web_hangups_total", counter,
	    "Connections closed because no whole request came in time (slow) "
	    "or room was needed (full).",
	    VALUE(hung_up), "cause", &hang_up_words },
	{ "videur_web_untrusted_proxy_requests_total", counter,
	    "Requests over the rate (429) that a proxy passed on which is not "
	    "in trusted-proxies.",
	    VALUE(untrusted), NULL, NULL },
	{ "videur_web_login_questions_total", counter,
	    "Dovecot's questions whether a client may log in, by answer.",
	    VALUE(logins), "answer", &login_words },
	{ "videur_collected_timestamp_seconds", gauge,
	    "When the numbers below were read from the database.", STAT(at),
	    NULL, NULL },
	{ "videur_listed", gauge,
	    "Addresses and networks with an active ban, by family; a network "
	    "is one, and so is who has several bans.",
	    STAT(family), "family", &family_words },
	{ "videur_listed_addresses", gauge,
	    "Single addresses with an active ban, by family.", STAT(addresses),
	    "family", &family_words },
	{ "videur_listed_networks", gauge,
	    "Networks with an active ban, by family; an IPv6 /64 is one.",
	    STAT(networks), "family", &family_words },
	{ "videur_bans_active", gauge,
	    "Active, enforced bans by reason; those by hand are \"manual\".",
	    STAT(listed), "reason", &cause_words },
	{ "videur_bans_total", counter,
	    "Enforced bans that began, by reason; those by hand are "
	    "\"manual\".",
	    DAYS(DAILY_BAN), "reason", &cause_words },
	{ "videur_events_total", counter, "Events stored, by kind.",
	    DAYS(DAILY_EVENT), "kind", &kind_words },
	{ "videur_refused_sessions_total", counter,
	    "Sessions refused because of a ban, by the ban's reason; by one "
	    "made by hand \"manual\".",
	    DAYS(DAILY_REFUSED), "reason", &cause_words },
	{ "videur_limited_sessions_total", counter,
	    "Sessions that met a limit, by the limit.", DAYS(DAILY_LIMITED),
	    "limit", &limit_words },
	{ "videur_sessions_total", counter,
	    "SMTP sessions of clients that are counted.", DAYS(DAILY_SESSIONS),
	    NULL, NULL },
	{ "videur_messages_total", counter, "Messages whose end was seen.",
	    DAYS(DAILY_MESSAGES), NULL, NULL },
	{ "videur_messages_accepted_total", counter,
	    "Messages that made no event.", DAYS(DAILY_ACCEPTED), NULL, NULL },
	{ "videur_recipients_accepted_total", counter, "Recipients accepted.",
	    DAYS(DAILY_RECIPIENTS), NULL, NULL },
	{ "videur_lost_total", counter,
	    "What was seen and could not be stored, by its sort.",
	    DAYS(DAILY_LOST), "what", &loss_words },
	{ "videur_database_damaged", gauge,
	    "1 where it was damaged and no administrator has seen it (videur "
	    "rescue seen), else 0.",
	    STAT(damaged), NULL, NULL },
	{ "videur_database_bytes", gauge, "Size of the database's main file.",
	    STAT(database_bytes), NULL, NULL },
	{ "videur_schema_version", gauge, "Version of the database's schema.",
	    STAT(schema_version), NULL, NULL },
	{ "videur_life_timestamp_seconds", gauge,
	    "Newest sign of life of another program of videur.", STAT(life),
	    "program", &program_words },
	{ "videur_watch_behind_seconds", gauge,
	    "How far the watcher is behind the logs, where it says so.",
	    STAT(watch_behind), NULL, NULL },
	{ "videur_brake", gauge, "1 while the brake is on, else 0.",
	    STAT(brake), NULL, NULL },
	{ "videur_milter_seen", gauge,
	    "What the milter saw today and yesterday (UTC).", STAT(seen),
	    "what", &seen_words },
	{ "videur_source_lines", gauge,
	    "Lines of a log read today and yesterday (UTC).",
	    STAT(source[0].lines), "source", NULL },
	{ "videur_source_understood", gauge,
	    "Those of them that a rule understood.", STAT(source[0].understood),
	    "source", NULL },
	{ "videur_source_findings", gauge, "Offences found in them.",
	    STAT(source[0].findings), "source", NULL },
	{ "videur_source_dropped", gauge,
	    "Those of them that another program is to count (sources).",
	    STAT(source[0].dropped), "source", NULL },
};

static void
write_label(const char *label, const char *word, struct text *out)
{
	text_addf(out, "{%s=\"", label);
	for (; *word != '\0'; word++) {
		if (*word == '"' || *word == '\\') {
			text_add_char(out, '\\');
		}
		text_add_bytes(out, *word == '\n' ? "?" : word, 1);
	}
	text_add(out, "\"}");
}

static void
write_metric(const struct metric *metric, const struct metric_values *values,
    struct text *out)
{
	const bool by_log = metric->label != NULL && metric->words == NULL;
	const size_t stride = by_log ? sizeof(struct stats_source)
				     : sizeof(int64_t);
	const size_t count = by_log                  ? values->stats.sources
			     : metric->words != NULL ? metric->words->count
						     : 1;

	text_addf(out, "# HELP %s %s\n# TYPE %s %s\n", metric->name,
	    metric->help, metric->name, metric->type);
	for (size_t i = 0; i < count; i++) {
		const char *word = by_log ? values->stats.source[i].name
				   : metric->words != NULL
				       ? words_at(metric->words, i)
				       : "";
		int64_t value;

		memcpy(&value,
		    (const char *)values + metric->offset + i * stride,
		    sizeof(value));
		if (value < 0) {
			continue;
		}
		text_add(out, metric->name);
		if (metric->label != NULL) {
			write_label(metric->label, word, out);
		}
		text_addf(out, " %lld\n", (long long)value);
	}
}

void
metrics_answer(const struct request *request, struct response *response)
{
	struct web *web = request->web;
	struct metric_values values = { .one = 1 };

	response->type = "text/plain; version=0.0.4; charset=utf-8";
	response->status = strcmp(request->path, "/metrics") != 0 ? 404
			   : !request->reads                      ? 405
								  : 200;
	if (response->status != 200) {
		response->type = "text/plain; charset=utf-8";
		text_add(
		    &response->body, response->status == 404
					 ? "only /metrics is here\n"
					 : "only GET and HEAD are answered\n");
		return;
	}
	values.readable = stats_get(
	    &web->stats, request->site->conf, STATS_NEW, &values.stats);
	for (size_t i = 0; i < WEB_STATUSES; i++) {
		values.answered[i] = atomic_load(&web->answered[i]);
	}
	values.untrusted = atomic_load(&web->untrusted);
	for (size_t i = 0; i < DEADLINES_CAUSES; i++) {
		values.hung_up[i] = atomic_load(&web->deadlines.hung_up[i]);
	}
	for (size_t i = 0; i < AUTH_POLICY_ANSWERS; i++) {
		values.logins[i] = atomic_load(&web->auth_policy.answered[i]);
	}
	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
		if (values.readable || metrics[i].offset < VALUE(stats)) {
			write_metric(&metrics[i], &values, &response->body);
		}
	}
}
