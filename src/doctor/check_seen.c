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
	HALF_HOUR = 1800
};

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

void
check_logs(const struct facts *facts, struct diagnosis *out)
{
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
		check_log(facts, out, &facts->log[i]);
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
