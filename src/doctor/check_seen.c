#include <errno.h>
#include <stdlib.h>
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
	NAME_SIZE = 128
};

/* ---- scanners ---- */

/* What stands between strangers and videur. */
struct ahead {
	struct conf_list scanners;
	bool unknown; /* and something whose name tells nothing */
};

/* `filter` is what its name tells, or NULL. */
static void
note_filter(struct ahead *ahead, const struct known_filter *filter, bool ours)
{
	struct conf_list *names = &ahead->scanners;

	if (filter == NULL) {
		ahead->unknown |= !ours;
	} else if (filter->scanner != NULL && names->items < CONF_LIST_MAX &&
		   !conf_list_has(names, filter->scanner)) {
		(void)text_copy(names->item[names->items++], CONF_PATH_SIZE,
		    filter->scanner);
	}
}

static void
note_filters(
    struct ahead *ahead, const char *list, const struct milter_view *view)
{
	struct milters milters;

	milters_read(list, &milters);
	for (size_t i = 0; i < milters.milters; i++) {
		const char *address = milters.milter[i].address;

		note_filter(ahead, known_filter_of(address),
		    milter_same(address, view) != SAME_NOT);
	}
}

static void
note_sendmail(const struct facts *facts, struct ahead *ahead)
{
	const struct sendmail *sendmail = &facts->sendmail;

	for (size_t i = 0; i < sendmail->daemons; i++) {
		const char *list = sendmail->daemon[i].filters;
		char name[SENDMAIL_NAME_SIZE];

		while (sendmail_word(&list, name, sizeof(name))) {
			const struct sendmail_filter *filter = sendmail_find(
			    sendmail, name);

			if (filter != NULL) {
				note_filter(ahead,
				    sendmail_known_filter(filter),
				    sendmail_is_ours(facts, filter));
			}
		}
	}
}

/* Amavis learns whose message it is by XFORWARD alone. */
static void
check_forwarding(
    struct diagnosis *out, const struct mta *mta, const char *content_filter)
{
	char transport[NAME_SIZE];
	struct text text;

	text_init(&text, transport, sizeof(transport));
	text_add_bytes(&text, content_filter, strcspn(content_filter, ":"));
	text_add(&text, "/unix");
	if (known_filter_of(content_filter) != NULL &&
	    strcmp(
		mta_get_own(mta, transport, "smtp_send_xforward_command", NULL),
		"yes") != 0) {
		diagnosis_say(out, "scanner-blind", content_filter, transport);
	}
}

/* Say it with the names of the configuration, and one more or less. */
static void
say_scanner(const struct conf *conf, struct diagnosis *out, const char *finding,
    const char *name, bool more)
{
	char list[REMARK_TEXT_SIZE / 2];
	struct text text;

	text_init(&text, list, sizeof(list));
	for (size_t i = 0; i < conf->scanners; i++) {
		if (strcmp(conf->scanner[i], name) != 0) {
			text_addf(&text, "%s%s", text.len > 0 ? ", " : "",
			    conf->scanner[i]);
		}
	}
	if (more) {
		text_addf(&text, "%s%s", text.len > 0 ? ", " : "", name);
	}
	diagnosis_say(out, finding, name, list);
}

void
check_scanners(const struct facts *facts, struct diagnosis *out)
{
	static const char *const lists[] = { "smtpd_milters",
		"smtpd_proxy_filter", "content_filter" };
	const struct conf *conf = facts->conf;
	struct ahead ahead = { .unknown = false };
	struct conf_list named = { .items = conf->scanners };

	for (size_t i = 0; i < conf->scanners; i++) {
		(void)text_copy(
		    named.item[i], CONF_PATH_SIZE, conf->scanner[i]);
	}
	for (size_t i = 0; i <= facts->instances; i++) {
		const struct mta *mta = &facts->mta[i];
		const struct milter_view view = { .listen = conf->milter.listen,
			.queue = mta_get(mta, "queue_directory"),
			.same = facts->same };

		for (size_t j = 0; j < mta->services * 3; j++) {
			const char *list = mta_get_own(
			    mta, mta->service[j / 3].name, lists[j % 3], NULL);

			note_filters(&ahead, list, &view);
			if (j % 3 == 2) {
				check_forwarding(out, mta, list);
			}
		}
	}
	note_sendmail(facts, &ahead);
	for (size_t i = 0; i < ahead.scanners.items; i++) {
		if (!conf_list_has(&named, ahead.scanners.item[i])) {
			say_scanner(conf, out, "scanner-unnamed",
			    ahead.scanners.item[i], true);
		}
	}
	for (size_t i = 0; i < conf->scanners; i++) {
		/* What is not known may be one of a name of its own. */
		if ((facts->mta[0].state == MTA_THERE ||
			facts->sendmail.there) &&
		    !ahead.unknown &&
		    known_filter_of(conf->scanner[i]) != NULL &&
		    !conf_list_has(&ahead.scanners, conf->scanner[i])) {
			say_scanner(conf, out, "scanner-absent",
			    conf->scanner[i], false);
		}
	}
}

/* ---- what the milter saw ---- */

static const char *const losses[LOSS_SORTS] = {
	[LOSS_EVENTS] = "lost-events",
	[LOSS_COUNTS] = "lost-counts",
	[LOSS_RECIPIENTS] = "lost-recipients",
	[LOSS_GAPS] = "lost-gaps",
};

void
check_seen(const struct facts *facts, struct diagnosis *out)
{
	const struct conf *conf = facts->conf;
	const struct milter_seen *seen = &facts->records.seen;
	bool enough = seen->sessions >= SESSIONS_LEAST;
	const struct losses *lost = &facts->records.lost;
	char numbers[5][NUMBER_SIZE];
	char since[TIME_TEXT_SIZE];
	const char *const words[REMARK_WORDS] = {
		diagnosis_number(seen->sessions, numbers[0]),
		diagnosis_number(seen->message_ends, numbers[1]),
		diagnosis_number(seen->rejections, numbers[2]),
		diagnosis_number(seen->verdict_headers, numbers[3]),
	};

	for (size_t i = 0; i < LOSS_SORTS; i++) {
		if (lost->number[i] > 0) {
			diagnosis_say(out, losses[i],
			    diagnosis_number(lost->number[i], numbers[4]));
		}
	}
	if (facts->records.brake.on) {
		diagnosis_say(out, "brake-on",
		    text_from_time(facts->records.brake.since, since));
	}
	if (enough && seen->message_ends == 0) {
		diagnosis_add(out, "no-message-seen", words);
	}
	if (enough && seen->rejections == 0) {
		diagnosis_add(out, "no-refusal-seen", words);
	}
	if (seen->message_ends >= MESSAGES_LEAST &&
	    seen->verdict_headers == 0 &&
	    conf->milter.spam_header.items + conf->milter.virus_header.items >
		0) {
		diagnosis_add(out, "no-verdict-seen", words);
	}
	if (seen->sessions > 0) {
		diagnosis_add(out, "seen", words);
	}
}

/* ---- logs ---- */

/* Whether it can be read, and in which zone its times are. */
static void
check_log(const struct facts *facts, struct diagnosis *out,
    const struct log_fact *log)
{
	const char *user = facts->user.name[0] != '\0' ? facts->user.name
						       : "videur";
	const char *group = log->is_journal ? "systemd-journal" : log->group;
	int64_t behind = log->last > 0 ? log->written - log->last : 0;
	int64_t lag = llabs(behind);
	char by[DURATION_TEXT_SIZE];

	if (log->result == FACTS_UNKNOWN) {
		diagnosis_say(out, "log-untried", log->path);
	} else if (log->result == ENOENT) {
		diagnosis_say(out,
		    log->is_journal ? "no-journal" : "log-missing", log->path);
	} else if (log->result != 0) {
		diagnosis_say(out,
		    group[0] != '\0' ? "log-closed-to-group" : "log-closed",
		    log->path, facts->user.name, strerrordesc_np(log->result),
		    user, group);
	}
	if (lag > LAG_SLACK &&
	    (lag + LAG_SLACK) % HALF_HOUR <= 2LL * LAG_SLACK) {
		diagnosis_say(out, "log-zone", log->path,
		    text_from_duration(lag, by),
		    behind > 0 ? "behind" : "ahead of");
	}
}

/* What was read of it. */
static void
check_source(const struct facts *facts, struct diagnosis *out,
    const struct log_fact *log)
{
	const struct milter_seen *seen = &facts->records.seen;
	struct source_seen read = { .lines = 0 };
	char numbers[4][NUMBER_SIZE];

	for (size_t i = 0; i < facts->records.sources; i++) {
		if (strcmp(facts->records.source[i].name,
			log->is_journal ? "journal" : log->path) == 0) {
			read = facts->records.source[i].seen;
		}
	}
	if (read.lines > 0 || seen->sessions >= SESSIONS_LEAST) {
		diagnosis_say(out,
		    read.lines == 0 ? "log-still"
		    : read.lines >= LINES_LEAST &&
			    read.understood * 100 < read.lines
			? "log-foreign"
		    : read.dropped >= LINES_LEAST && seen->rejections == 0
			? "log-left"
			: "log-read",
		    log->path, diagnosis_number(read.lines, numbers[0]),
		    diagnosis_number(read.understood, numbers[1]),
		    diagnosis_number(read.findings, numbers[2]),
		    diagnosis_number(read.dropped, numbers[3]));
	}
}

/* Postfix's own log file, where it writes one. */
static void
check_maillog(
    const struct facts *facts, struct diagnosis *out, const struct mta *mta)
{
	const char *file = mta_get(mta, "maillog_file");
	bool followed = file[0] != '/'; /* none, or a container's output */

	for (size_t i = 0; i < facts->logs; i++) {
		followed = followed || facts->same(facts->log[i].path, file);
	}
	if (!followed) {
		diagnosis_say(out, "maillog-unfollowed", file);
	}
}

void
check_logs(const struct facts *facts, struct diagnosis *out)
{
	if (!facts->user_known) {
		diagnosis_say(out, "user-unknown", facts->conf->user,
		    facts->conf->database);
		return;
	}
	if (!conf_watches(facts->conf)) {
		diagnosis_say(out, "no-logs", NULL);
	}
	for (size_t i = 0; i < facts->logs; i++) {
		check_log(facts, out, &facts->log[i]);
		check_source(facts, out, &facts->log[i]);
	}
	for (size_t i = 0; i <= facts->instances; i++) {
		check_maillog(facts, out, &facts->mta[i]);
	}
	if (facts->unit != NULL) {
		diagnosis_say(out, "unit-unknown", facts->unit);
	}
}
