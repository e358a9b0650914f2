#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "doctor/checks.h"
#include "doctor/facts.h"

enum {
	/* The clocks of log and file agree better than this, in seconds; a
	 * zone that is wrong is so by half-hours. */
	LAG_SLACK = 120,
	HALF_HOUR = 1800,
	/* Of fewer lines, sessions or messages nothing is concluded. */
	LINES_LEAST = 100,
	SESSIONS_LEAST = 100,
	MESSAGES_LEAST = 500,
	UNKNOWN_SIZE = 128
};

/* ---- scanners ---- */

/* What stands between strangers and videur. */
struct ahead {
	const char *scanner[CONF_SCANNERS_MAX];
	size_t scanners;
	bool unknown; /* and something whose name tells nothing */
};

static void
note_filters(
    struct ahead *ahead, const char *list, const struct milter_view *view)
{
	struct milters milters;

	milters_read(list, &milters);
	for (size_t i = 0; i < milters.milters; i++) {
		const char *address = milters.milter[i].address;
		const struct filter *filter = filter_of(address);
		bool known = filter != NULL && filter->scanner == NULL;

		if (filter == NULL) {
			ahead->unknown |= milter_same(address, view) ==
					  SAME_NOT;
			continue;
		}
		for (size_t j = 0; j < ahead->scanners && !known; j++) {
			known = strcmp(ahead->scanner[j], filter->scanner) == 0;
		}
		if (!known && ahead->scanners < CONF_SCANNERS_MAX) {
			ahead->scanner[ahead->scanners++] = filter->scanner;
		}
	}
}

/* Amavis learns whose message it is by XFORWARD alone. */
static void
check_forwarding(
    struct diagnosis *out, const struct mta *mta, const char *content_filter)
{
	char transport[UNKNOWN_SIZE];
	struct text text;

	text_init(&text, transport, sizeof(transport));
	text_add_bytes(&text, content_filter, strcspn(content_filter, ":"));
	text_add(&text, "/unix");
	if (content_filter[0] == '\0' || filter_of(content_filter) == NULL ||
	    strcmp(mta_get_own(mta,
		       &(const struct mta_service){ .name = transport },
		       "smtp_send_xforward_command", NULL),
		"yes") == 0) {
		return;
	}
	diagnosis_add(out, HEALTH_PROBLEM, NULL,
	    "%s is not told whose message it scans: its verdicts cannot be "
	    "counted",
	    content_filter);
	diagnosis_fix(
	    out, "postconf -P '%s/smtp_send_xforward_command=yes'", transport);
}

/* "videur.conf: milter { scanner = {...} }" with those of the configuration,
 * and one more or less. */
static void
fix_scanners(const struct conf *conf, struct diagnosis *out, const char *more,
    const char *less)
{
	char list[REMARK_TEXT_SIZE / 2];
	struct text text;

	text_init(&text, list, sizeof(list));
	for (size_t i = 0; i < conf->scanners; i++) {
		if (strcmp(conf->scanner[i], less) != 0) {
			text_addf(&text, "%s%s", text.len > 0 ? ", " : "",
			    conf->scanner[i]);
		}
	}
	text_addf(
	    &text, "%s%s", text.len > 0 && more[0] != '\0' ? ", " : "", more);
	diagnosis_fix(out, "videur.conf: milter { scanner = {%s} }", list);
}

void
check_scanners(const struct facts *facts, struct diagnosis *out)
{
	const struct conf *conf = facts->conf;
	struct ahead ahead = { .scanners = 0 };

	for (size_t i = 0; i <= facts->instances; i++) {
		const struct mta *mta = &facts->mta[i];
		const struct milter_view view = { .listen = conf->milter.listen,
			.queue = mta_get(mta, "queue_directory"),
			.same = facts->same };

		for (size_t j = 0; j < mta->services; j++) {
			static const char *const lists[] = { "smtpd_milters",
				"smtpd_proxy_filter", "content_filter" };
			const char *list = "";

			for (size_t k = 0; k < 3; k++) {
				list = mta_get_own(
				    mta, &mta->service[j], lists[k], NULL);
				note_filters(&ahead, list, &view);
			}
			check_forwarding(out, mta, list);
		}
	}
	for (size_t i = 0; i < ahead.scanners; i++) {
		bool named = false;

		for (size_t j = 0; j < conf->scanners; j++) {
			named |= strcmp(conf->scanner[j], ahead.scanner[i]) ==
				 0;
		}
		if (!named) {
			diagnosis_add(out, HEALTH_WARNING, NULL,
			    "%s scans mail here and is not named: what it "
			    "finds is not counted",
			    ahead.scanner[i]);
			fix_scanners(conf, out, ahead.scanner[i], "");
		}
	}
	for (size_t i = 0; i < conf->scanners; i++) {
		/* One of another name may be what is not known. */
		bool there = ahead.unknown ||
			     filter_of(conf->scanner[i]) == NULL;

		for (size_t j = 0; j < ahead.scanners; j++) {
			there |= strcmp(conf->scanner[i], ahead.scanner[j]) ==
				 0;
		}
		if (!there && facts->mta[0].state == MTA_THERE) {
			diagnosis_add(out, HEALTH_PROBLEM, NULL,
			    "%s is trusted and does not scan mail here: anybody "
			    "can write the header that it would",
			    conf->scanner[i]);
			fix_scanners(conf, out, "", conf->scanner[i]);
		}
	}
}

/* ---- what the milter saw ---- */

void
check_seen(const struct facts *facts, struct diagnosis *out)
{
	const struct conf *conf = facts->conf;
	const struct milter_seen *seen = &facts->records.seen;
	const struct {
		bool missed;
		const char *what, *fix;
	} rows[] = {
		{ seen->message_ends == 0,
		    "no message came to its end there: neither verdicts nor "
		    "accepted mail are counted",
		    "postconf smtpd_proxy_filter milter_protocol; the first "
		    "should be empty, the second 6" },
		{ seen->rejections == 0,
		    "nothing that Postfix refused was shown to it: unknown "
		    "recipients, senders and relaying are not counted",
		    "postconf smtpd_delay_reject milter_protocol; it should be "
		    "yes, and 6" },
		{ conf->milter.spam_header.items +
				conf->milter.virus_header.items >
			    0 &&
			seen->verdict_headers == 0 &&
			seen->message_ends >= MESSAGES_LEAST,
		    "no message had a header that is trusted as a verdict: "
		    "spam and viruses are not counted",
		    "look at the headers of a message that arrived; "
		    "videur.conf(5): scanner" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) &&
			   seen->sessions >= SESSIONS_LEAST;
	     i++) {
		if (rows[i].missed) {
			diagnosis_add(out, HEALTH_WARNING, rows[i].fix,
			    "videur-milter saw %" PRId64
			    " sessions since yesterday, and %s",
			    seen->sessions, rows[i].what);
		}
	}
	if (seen->sessions > 0) {
		diagnosis_add(out, HEALTH_OK, NULL,
		    "videur-milter saw %" PRId64 " sessions since yesterday, "
		    "%" PRId64 " messages, %" PRId64 " refusals and %" PRId64
		    " verdicts",
		    seen->sessions, seen->message_ends, seen->rejections,
		    seen->verdict_headers);
	}
}

/* ---- logs ---- */

static void
check_log(const struct facts *facts, struct diagnosis *out,
    const struct log_fact *log)
{
	const char *user = facts->user.name[0] != '\0' ? facts->user.name
						       : "videur";
	const char *group = log->is_journal ? "systemd-journal" : log->group;

	if (log->result == FACTS_UNKNOWN) {
		diagnosis_add(out, HEALTH_WARNING, "sudo videur doctor",
		    "whether the services' user can read %s is not known",
		    log->path);
	} else if (log->result == ENOENT && log->is_journal) {
		diagnosis_add(out, HEALTH_WARNING,
		    "videur.conf: watch { journal = no  files = "
		    "{\"/var/log/mail.log\"} }",
		    "systemd keeps no journal here");
	} else if (log->result == ENOENT) {
		diagnosis_add(out, HEALTH_PROBLEM,
		    "videur.conf: watch { files = {...} } names the logs "
		    "there are",
		    "%s is not there", log->path);
	} else if (log->result != 0) {
		diagnosis_add(out, HEALTH_PROBLEM, NULL,
		    "the services' user %s cannot read %s: %s",
		    facts->user.name, log->path, strerrordesc_np(log->result));
		if (group[0] != '\0') {
			diagnosis_fix(out,
			    "usermod -aG %s %s && "
			    "systemctl restart videur-watch",
			    group, user);
		} else {
			diagnosis_fix(
			    out, "setfacl -m u:%s:r %s", user, log->path);
		}
	}
}

/* A log whose times lack their zone, and have one that we do not take. */
static void
check_zone(struct diagnosis *out, const struct log_fact *log)
{
	int64_t lag = log->last > 0 ? log->written - log->last : 0;
	int64_t size = lag < 0 ? -lag : lag;
	char by[DURATION_TEXT_SIZE];

	if (size > LAG_SLACK &&
	    (size + LAG_SLACK) % HALF_HOUR <= 2 * LAG_SLACK) {
		diagnosis_add(out, HEALTH_PROBLEM,
		    "videur.conf: watch { zone = \"UTC\" }, or the zone that "
		    "its times are in",
		    "the times in %s are %s %s the clock: they are in another "
		    "zone, and bans for what it tells end too early or late",
		    log->path, text_from_duration(size, by),
		    lag > 0 ? "behind" : "ahead of");
	}
}

/* Postfix's own log file, where it writes one. */
static void
check_maillog(
    const struct facts *facts, struct diagnosis *out, const struct mta *mta)
{
	const char *file = mta_get(mta, "maillog_file");

	if (file[0] != '/') {
		return;
	}
	for (size_t i = 0; i < facts->logs; i++) {
		if (facts->same(facts->log[i].path, file)) {
			return;
		}
	}
	diagnosis_add(out, HEALTH_PROBLEM, NULL,
	    "Postfix writes its log to %s (maillog_file), which videur-watch "
	    "does not follow",
	    file);
	diagnosis_fix(
	    out, "videur.conf: watch { files = {..., \"%s\"} }", file);
}

/* What was read of a log. */
static void
check_source(const struct facts *facts, struct diagnosis *out, const char *name,
    const struct source_seen *source)
{
	const struct milter_seen *seen = &facts->records.seen;

	if (source->lines >= LINES_LEAST &&
	    source->understood * 100 < source->lines) {
		diagnosis_add(out, HEALTH_PROBLEM, NULL,
		    "of %" PRId64 " lines in %s since yesterday %" PRId64
		    " were understood: what it tells is not counted",
		    source->lines, name, source->understood);
		diagnosis_fix(out, "videur rules test --unmatched %s", name);
	} else if (source->dropped >= LINES_LEAST && seen->rejections == 0) {
		diagnosis_add(out, HEALTH_WARNING,
		    "videur.conf: sources { ... }; see what the milter misses",
		    "%" PRId64 " offences in %s are the milter's to count, and "
		    "the milter saw no refusal",
		    source->dropped, name);
	} else if (source->lines > 0) {
		diagnosis_add(out, HEALTH_OK, NULL,
		    "%s: %" PRId64 " lines since yesterday, %" PRId64
		    " understood, %" PRId64 " findings, %" PRId64
		    " of them left to the milter",
		    name, source->lines, source->understood, source->findings,
		    source->dropped);
	} else if (seen->sessions >= SESSIONS_LEAST) {
		diagnosis_add(out, HEALTH_WARNING, NULL,
		    "nothing was read from %s since yesterday, and %" PRId64
		    " sessions came: it is not written any more",
		    name, seen->sessions);
		diagnosis_fix(out, "ls -l %s", name);
	}
}

void
check_logs(const struct facts *facts, struct diagnosis *out)
{
	static const struct source_seen nothing = { .lines = 0 };

	if (!facts->user_known) {
		diagnosis_add(out, HEALTH_PROBLEM, "videur.conf: user = videur",
		    "whom the services run as is not known: there is no user "
		    "\"%s\", or no folder of %s",
		    facts->conf->user, facts->conf->database);
		return;
	}
	if (!facts_watches(facts->conf)) {
		diagnosis_add(out, HEALTH_WARNING,
		    "videur.conf: watch { journal = yes }",
		    "videur-watch follows no log: failed logins are not "
		    "counted");
	}
	for (size_t i = 0; i < facts->logs; i++) {
		const struct source_seen *seen = &nothing;

		for (size_t j = 0; j < facts->records.sources; j++) {
			if (strcmp(facts->records.source[j].name,
				facts->log[i].is_journal
				    ? "journal"
				    : facts->log[i].path) == 0) {
				seen = &facts->records.source[j].seen;
			}
		}
		check_log(facts, out, &facts->log[i]);
		check_source(facts, out, facts->log[i].path, seen);
		check_zone(out, &facts->log[i]);
	}
	for (size_t i = 0; i <= facts->instances; i++) {
		check_maillog(facts, out, &facts->mta[i]);
	}
	if (facts->units[0] != '\0') {
		diagnosis_add(out, HEALTH_PROBLEM,
		    "journalctl -F _SYSTEMD_UNIT shows the units there are; "
		    "videur.conf: watch { units = {...} }",
		    "no unit %s ever wrote into the journal", facts->units);
	}
}
