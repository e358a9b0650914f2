#include "doctor/checks.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "doctor/facts.h"

enum {
	/* Services sign every ten seconds; a busy database may delay that. */
	SILENCE = 120
};

/* ---- what is said ---- */

void
diagnosis_add(struct diagnosis *out, enum health state, const char *fix,
    const char *format, ...)
{
	struct remark *remark;
	va_list args;

	out->open = 0;
	if (out->remarks == DIAGNOSIS_MAX) {
		out->lost += state != HEALTH_OK;
		return;
	}
	remark = &out->remark[out->remarks];
	*remark = (struct remark){ .check = out->check, .state = state };
	va_start(args, format);
	(void)vsnprintf(remark->what, sizeof(remark->what), format, args);
	va_end(args);
	for (size_t i = 0; i < out->remarks; i++) {
		if (out->remark[i].state == state &&
		    strcmp(out->remark[i].check, remark->check) == 0 &&
		    strcmp(out->remark[i].what, remark->what) == 0) {
			return;
		}
	}
	out->open = ++out->remarks;
	if (fix != NULL) {
		diagnosis_fix(out, "%s", fix);
	}
}

void
diagnosis_fix(struct diagnosis *out, const char *format, ...)
{
	va_list args;

	if (out->open != 0) {
		va_start(args, format);
		(void)vsnprintf(out->remark[out->open - 1].fix,
		    REMARK_TEXT_SIZE, format, args);
		va_end(args);
	}
}

size_t
diagnosis_count(const struct diagnosis *diagnosis, enum health state)
{
	size_t count = state == HEALTH_PROBLEM ? diagnosis->lost : 0;

	for (size_t i = 0; i < diagnosis->remarks; i++) {
		count += diagnosis->remark[i].state == state;
	}
	return count;
}

const char *
health_name(enum health state)
{
	static const char *const names[HEALTH_COUNT] = {
		[HEALTH_OK] = "ok",
		[HEALTH_FIXED] = "mended",
		[HEALTH_WARNING] = "warning",
		[HEALTH_PROBLEM] = "problem",
	};

	return names[state];
}

/* ---- the host and its services ---- */

static void
check_database(const struct facts *facts, struct diagnosis *out)
{
	const char *error = facts->records.error;

	if (facts->records.result != STORE_OK) {
		diagnosis_add(out, HEALTH_PROBLEM, NULL, "%s",
		    error[0] != '\0' ? error : "it cannot be used");
		diagnosis_fix(out,
		    "see that %s exists, is its services' user's, and its "
		    "disk is neither full nor read-only",
		    facts->conf->database);
	}
}

static bool
watches(const struct conf *conf)
{
	return strcmp(conf->watch.journal, "no") != 0 ||
	       conf->watch.files.items > 0;
}

static void
check_services(const struct facts *facts, struct diagnosis *out)
{
	static const char *const names[RECORDS_SERVICES] = {
		[RECORDS_MILTER] = "videur-milter",
		[RECORDS_WATCH] = "videur-watch",
	};

	for (size_t i = 0; i < RECORDS_SERVICES; i++) {
		int64_t alive = facts->records.alive[i];
		char ago[DURATION_TEXT_SIZE];

		if (i == RECORDS_WATCH && !watches(facts->conf)) {
			continue;
		}
		if (alive == 0) {
			diagnosis_add(out, HEALTH_PROBLEM, NULL,
			    "%s has never given a sign of life", names[i]);
		} else if (facts->now - alive > SILENCE) {
			diagnosis_add(out, HEALTH_PROBLEM, NULL,
			    "%s gave its last sign of life %s ago", names[i],
			    text_from_duration(facts->now - alive, ago));
		} else {
			continue;
		}
		diagnosis_fix(out, "systemctl restart %s", names[i]);
	}
}

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

static void
check_logs(const struct facts *facts, struct diagnosis *out)
{
	if (!facts->user_known) {
		diagnosis_add(out, HEALTH_PROBLEM, "videur.conf: user = videur",
		    "whom the services run as is not known: there is no user "
		    "\"%s\", or no folder of %s",
		    facts->conf->user, facts->conf->database);
		return;
	}
	if (!watches(facts->conf)) {
		diagnosis_add(out, HEALTH_WARNING,
		    "videur.conf: watch { journal = yes }",
		    "videur-watch follows no log: failed logins are not "
		    "counted");
	}
	for (size_t i = 0; i < facts->logs; i++) {
		check_log(facts, out, &facts->log[i]);
	}
}

static void
check_clock(const struct facts *facts, struct diagnosis *out)
{
	static const char fix[] = "timedatectl set-ntp true";
	const struct records *records = &facts->records;
	const struct {
		const char *what;
		int64_t at;
	} ahead[] = { { "a sign of life", records->sign_ahead },
		{ "a ban", records->ban_ahead } };

	for (size_t i = 0; i < sizeof(ahead) / sizeof(ahead[0]); i++) {
		char at[TIME_TEXT_SIZE];

		if (records->result == STORE_OK && ahead[i].at != 0) {
			diagnosis_add(out, HEALTH_PROBLEM, NULL,
			    "the clock jumped: the database holds %s of %s, "
			    "which is still to come",
			    ahead[i].what, text_from_time(ahead[i].at, at));
			diagnosis_fix(out, "%s; then see \"videur list\"", fix);
		}
	}
	if (records->result == STORE_OK && records->event_ahead) {
		diagnosis_add(out, HEALTH_PROBLEM, fix,
		    "the clock jumped: the database counts events of hours "
		    "still to come");
	}
	if (facts->clock_adrift) {
		diagnosis_add(out, HEALTH_WARNING, fix,
		    "this host's clock is not synchronised");
	}
}

static void
check_page(const struct facts *facts, struct diagnosis *out)
{
	if (facts->conf->lookup_url[0] == '\0') {
		diagnosis_add(out, HEALTH_WARNING,
		    "videur.conf: lookup-url = "
		    "\"https://postmaster.example.org/\"",
		    "lookup-url is empty: replies name no page where a sender "
		    "can ask why");
	}
	if (facts->conf->contact[0] == '\0') {
		diagnosis_add(out, HEALTH_WARNING,
		    "videur.conf: contact = \"postmaster@example.org\"",
		    "contact is empty: the page names nobody to write to");
	}
}

/* ---- all checks ---- */

enum {
	NEEDS_POSTFIX = 1,
	NEEDS_RECORDS = 2
};

/* clang-format off */
static const struct {
	const char *name;
	unsigned needs;
	checker *run;
	const char *fine; /* what is said where nothing is wrong */
} checks[] = {
	{ "database", 0, check_database,
	  "it can be read" },
	{ "own-addresses", 0, check_own_addresses,
	  "no address of this host is known" },
	{ "postfix", 0, check_postfix,
	  "its configuration can be read" },
	{ "mynetworks", NEEDS_POSTFIX, check_mynetworks,
	  "every network that Postfix trusts is never banned" },
	{ "mx", NEEDS_POSTFIX, check_mx,
	  "every mail host of its domains is never banned" },
	{ "ssh", 0, check_ssh,
	  "this is no SSH session, as far as can be seen" },
	{ "proxy", NEEDS_RECORDS, check_proxy,
	  "clients come with their own addresses" },
	{ "milter-chain", NEEDS_POSTFIX, check_milters,
	  "videur is the last milter of every smtpd" },
	{ "milter-action", NEEDS_POSTFIX, check_action,
	  "mail passes where videur-milter does not answer" },
	{ "milter-socket", NEEDS_POSTFIX, check_socket,
	  "Postfix can reach videur-milter" },
	{ "helo", NEEDS_POSTFIX, check_helo,
	  "no client can log in before HELO" },
	{ "services", NEEDS_RECORDS, check_services,
	  "they are alive" },
	{ "logs", 0, check_logs,
	  "videur-watch can read them" },
	{ "clock", 0, check_clock,
	  "it is kept right, and nothing lies in the future" },
	{ "page", 0, check_page,
	  "refused senders are told where to ask" },
};
/* clang-format on */

void
diagnose(const struct facts *facts, struct diagnosis *out)
{
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		size_t before = out->remarks + out->lost;

		if (((checks[i].needs & NEEDS_POSTFIX) != 0 &&
			facts->mta.state != MTA_THERE) ||
		    ((checks[i].needs & NEEDS_RECORDS) != 0 &&
			facts->records.result != STORE_OK)) {
			continue;
		}
		out->check = checks[i].name;
		checks[i].run(facts, out);
		if (out->remarks + out->lost == before) {
			diagnosis_add(
			    out, HEALTH_OK, NULL, "%s", checks[i].fine);
		}
	}
}
