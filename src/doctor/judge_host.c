#include "doctor/checks.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "doctor/diagnosis.h"
#include "doctor/facts.h"

enum {
	/* Services sign every ten seconds; a busy database may delay that. */
	SILENCE = 120
};

void
check_database(const struct facts *facts, struct diagnosis *diagnosis)
{
	if (facts->records.result == STORE_OK) {
		return;
	}
	diagnosis_add(diagnosis, HEALTH_PROBLEM, "%s",
	    facts->records.error[0] != '\0' ? facts->records.error
					    : "it cannot be used");
	diagnosis_mend(diagnosis,
	    "see that %s exists, is its services' user's, and its disk is "
	    "neither full nor read-only",
	    facts->conf->database);
}

/* ---- services ---- */

static bool
watches(const struct conf *conf)
{
	return strcmp(conf->watch.journal, "no") != 0 ||
	       conf->watch.files.items > 0;
}

static void
judge_service(const struct facts *facts, struct diagnosis *diagnosis,
    const char *name, int64_t alive)
{
	char ago[DURATION_TEXT_SIZE];

	if (alive == 0) {
		diagnosis_add(diagnosis, HEALTH_PROBLEM,
		    "%s has never given a sign of life", name);
	} else if (facts->now - alive > SILENCE) {
		diagnosis_add(diagnosis, HEALTH_PROBLEM,
		    "%s gave its last sign of life %s ago", name,
		    text_from_duration(facts->now - alive, ago));
	} else {
		return;
	}
	diagnosis_mend(diagnosis, "systemctl restart %s", name);
}

void
check_services(const struct facts *facts, struct diagnosis *diagnosis)
{
	const struct records *records = &facts->records;

	judge_service(
	    facts, diagnosis, "videur-milter", records->alive[RECORDS_MILTER]);
	if (watches(facts->conf)) {
		judge_service(facts, diagnosis, "videur-watch",
		    records->alive[RECORDS_WATCH]);
	}
}

/* ---- logs ---- */

static void
mend_log(const struct facts *facts, struct diagnosis *diagnosis,
    const struct log_fact *log)
{
	const char *user = facts->user.name[0] != '\0' ? facts->user.name
						       : "videur";
	const char *group = log->is_journal ? "systemd-journal" : log->group;

	if (group[0] != '\0') {
		diagnosis_mend(diagnosis,
		    "usermod -aG %s %s && systemctl restart videur-watch",
		    group, user);
	} else {
		diagnosis_mend(
		    diagnosis, "setfacl -m u:%s:r %s", user, log->path);
	}
}

static void
judge_log(const struct facts *facts, struct diagnosis *diagnosis,
    const struct log_fact *log)
{
	if (log->result == 0) {
		return;
	}
	if (log->result == PROBE_UNKNOWN) {
		diagnosis_add(diagnosis, HEALTH_WARNING,
		    "whether the services' user can read %s is not known",
		    log->path);
		diagnosis_mend(diagnosis, "sudo videur doctor");
	} else if (log->result == ENOENT && log->is_journal) {
		diagnosis_add(
		    diagnosis, HEALTH_WARNING, "systemd keeps no journal here");
		diagnosis_mend(diagnosis,
		    "videur.conf: watch { journal = no  files = "
		    "{\"/var/log/mail.log\"} }");
	} else if (log->result == ENOENT) {
		diagnosis_add(
		    diagnosis, HEALTH_PROBLEM, "%s is not there", log->path);
		diagnosis_mend(diagnosis,
		    "videur.conf: watch { files = {...} } names the logs "
		    "there are");
	} else {
		diagnosis_add(diagnosis, HEALTH_PROBLEM,
		    "the services' user %s cannot read %s: %s",
		    facts->user.name, log->path, strerrordesc_np(log->result));
		mend_log(facts, diagnosis, log);
	}
}

void
check_logs(const struct facts *facts, struct diagnosis *diagnosis)
{
	if (!facts->user_known) {
		diagnosis_add(diagnosis, HEALTH_PROBLEM,
		    "whom the services run as is not known: there is no user "
		    "\"%s\", or no folder of %s",
		    facts->conf->user, facts->conf->database);
		diagnosis_mend(diagnosis, "videur.conf: user = videur");
		return;
	}
	if (!watches(facts->conf)) {
		diagnosis_add(diagnosis, HEALTH_WARNING,
		    "videur-watch follows no log: failed logins are not "
		    "counted");
		diagnosis_mend(
		    diagnosis, "videur.conf: watch { journal = yes }");
	}
	for (size_t i = 0; i < facts->logs; i++) {
		judge_log(facts, diagnosis, &facts->log[i]);
	}
}

/* ---- clock ---- */

static void
say_ahead(struct diagnosis *diagnosis, const char *what, int64_t at)
{
	char text[TIME_TEXT_SIZE];

	if (at == 0) {
		return;
	}
	diagnosis_add(diagnosis, HEALTH_PROBLEM,
	    "the clock jumped: the database holds %s of %s, which is still to "
	    "come",
	    what, text_from_time(at, text));
	diagnosis_mend(
	    diagnosis, "timedatectl set-ntp true; then see \"videur list\"");
}

void
check_clock(const struct facts *facts, struct diagnosis *diagnosis)
{
	const struct records *records = &facts->records;

	if (records->result == STORE_OK) {
		say_ahead(diagnosis, "a sign of life", records->sign_ahead);
		say_ahead(diagnosis, "a ban", records->ban_ahead);
		if (records->event_ahead) {
			diagnosis_add(diagnosis, HEALTH_PROBLEM,
			    "the clock jumped: the database counts events of "
			    "hours still to come");
			diagnosis_mend(diagnosis, "timedatectl set-ntp true");
		}
	}
	if (facts->clock_adrift) {
		diagnosis_add(diagnosis, HEALTH_WARNING,
		    "nothing keeps this host's clock right");
		diagnosis_mend(diagnosis, "timedatectl set-ntp true");
	}
}

/* ---- the page ---- */

void
check_page(const struct facts *facts, struct diagnosis *diagnosis)
{
	if (facts->conf->lookup_url[0] == '\0') {
		diagnosis_add(diagnosis, HEALTH_WARNING,
		    "lookup-url is empty: replies name no page where a sender "
		    "can ask why");
		diagnosis_mend(diagnosis,
		    "videur.conf: lookup-url = "
		    "\"https://postmaster.example.org/\"");
	}
	if (facts->conf->contact[0] == '\0') {
		diagnosis_add(diagnosis, HEALTH_WARNING,
		    "contact is empty: the page names nobody to write to");
		diagnosis_mend(diagnosis,
		    "videur.conf: contact = \"postmaster@example.org\"");
	}
}
