#include "doctor/checks.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/endpoint.h"
#include "base/text.h"
#include "doctor/facts.h"

/* ---- what is said ---- */

void
diagnosis_add(struct diagnosis *out, enum health state, const char *fix,
    const char *format, ...)
{
	struct remark *remark;
	struct text text;
	va_list args;

	out->open = 0;
	if (out->remarks == DIAGNOSIS_MAX) {
		out->lost += state != HEALTH_OK;
		return;
	}
	remark = &out->remark[out->remarks];
	*remark = (struct remark){ .check = out->check, .state = state };
	text_init(&text, remark->what, sizeof(remark->what));
	if (out->place != NULL) {
		text_addf(&text, "%s: ", out->place);
	}
	va_start(args, format);
	(void)vsnprintf(remark->what + text.len,
	    sizeof(remark->what) - text.len, format, args);
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
		[HEALTH_FIXED] = "fixed",
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
	} else if (facts->damage[0] != '\0') {
		diagnosis_add(out, HEALTH_PROBLEM, NULL, "%s is damaged: %s",
		    facts->conf->database, facts->damage);
		diagnosis_fix(out,
		    "stop the services; videur rescue %s.saved; mv it to %s",
		    facts->conf->database, facts->conf->database);
	}
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
		const char *version = facts->records.version[i];
		char ago[DURATION_TEXT_SIZE];

		if (i == RECORDS_WATCH && !facts_watches(facts->conf)) {
			continue;
		}
		if (alive == 0) {
			diagnosis_add(out, HEALTH_PROBLEM, NULL,
			    "%s has never given a sign of life", names[i]);
		} else if (facts->now - alive > RECORDS_SILENCE) {
			diagnosis_add(out, HEALTH_PROBLEM, NULL,
			    "%s gave its last sign of life %s ago", names[i],
			    text_from_duration(facts->now - alive, ago));
		} else if (strcmp(version, VIDEUR_VERSION) != 0) {
			diagnosis_add(out, HEALTH_WARNING, NULL,
			    "%s runs as version %s, and installed is %s",
			    names[i], version, VIDEUR_VERSION);
		} else {
			continue;
		}
		diagnosis_fix(out, "systemctl restart %s", names[i]);
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

/* Whether all who come to videur-web would come from one address: a proxy's,
 * which is not trusted to tell whom it serves. */
static bool
hides_visitors(const struct conf *conf)
{
	struct endpoint listen = { .port = 0 };
	struct addr addr;

	if (conf->lookup_url[0] == '\0' ||
	    endpoint_parse(conf->web.listen, ENDPOINT_SERVER, &listen) !=
		NULL ||
	    listen.is_unix) {
		return false;
	}
	if (!addr_parse(listen.host, &addr)) {
		(void)addr_parse("127.0.0.1", &addr); /* "localhost" */
	}
	if (!net_contains_addr(&facts_loopback[0], &addr) &&
	    !net_contains_addr(&facts_loopback[1], &addr)) {
		return text_after(conf->lookup_url, "https:") != NULL &&
		       conf->web.certificate[0] == '\0' &&
		       conf->web.trusted_proxies == 0;
	}
	for (size_t i = 0; i < conf->web.trusted_proxies; i++) {
		if (net_contains_addr(&conf->web.trusted_proxy[i], &addr)) {
			return false;
		}
	}
	return true;
}

/* Whether the host of the page has an address of this one.  True as well
 * where that cannot be told: all of ours are private ones. */
static bool
leads_here(const struct facts *facts)
{
	const struct mx_host *host = &facts->page_host.host[0];
	bool is_public = false;

	for (size_t i = 0; i < facts->owns; i++) {
		is_public |= !standing_never_banned_net(&facts->own[i]);
		for (size_t j = 0; j < host->addresses; j++) {
			if (net_contains_addr(
				&facts->own[i], &host->address[j])) {
				return true;
			}
		}
	}
	return !is_public;
}

static void
check_page(const struct facts *facts, struct diagnosis *out)
{
	const struct conf *conf = facts->conf;
	const struct mx_domain *host = &facts->page_host;

	if (conf->lookup_url[0] == '\0') {
		diagnosis_add(out, HEALTH_WARNING,
		    "videur.conf: lookup-url = "
		    "\"https://postmaster.example.org/\"",
		    "lookup-url is empty: replies name no page where a sender "
		    "can ask why");
	}
	if (conf->contact[0] == '\0') {
		diagnosis_add(out, HEALTH_WARNING,
		    "videur.conf: contact = \"postmaster@example.org\"",
		    "contact is empty: the page names nobody to write to");
	}
	if (facts->refused_contact != NULL) {
		diagnosis_add(out, HEALTH_PROBLEM,
		    "make that address, or name another in videur.conf",
		    "refused senders are told to write to %s, and Postfix "
		    "knows no such recipient",
		    facts->refused_contact);
	}
	if (facts->page == PAGE_SILENT || facts->page == PAGE_SICK) {
		diagnosis_add(out, HEALTH_PROBLEM,
		    "systemctl restart videur-web",
		    facts->page == PAGE_SILENT
			? "videur-web does not answer at %s: the page that "
			  "replies name is down"
			: "videur-web answers at %s that it cannot read the "
			  "database",
		    conf->web.listen);
	}
	if (host->name[0] != '\0' && host->answer == MX_FOUND &&
	    host->host[0].addresses == 0) {
		diagnosis_add(out, HEALTH_PROBLEM, NULL,
		    "lookup-url: the name %s has no address", host->name);
		diagnosis_fix(out, "host %s", host->name);
	} else if (host->name[0] != '\0' && host->hosts > 0 &&
		   host->host[0].addresses > 0 && !leads_here(facts)) {
		char address[ADDR_TEXT_SIZE];

		addr_format(&host->host[0].address[0], address);
		diagnosis_add(out, HEALTH_WARNING, NULL,
		    "lookup-url: %s is at %s, which is not this host",
		    host->name, address);
		diagnosis_fix(out, "host %s", host->name);
	}
	if (hides_visitors(conf)) {
		diagnosis_add(out, HEALTH_WARNING,
		    "videur.conf: web { trusted-proxies = {127.0.0.1, ::1} }, "
		    "or the proxy's address",
		    "a proxy stands in front of videur-web at %s and is not "
		    "named in trusted-proxies: all visitors together may make "
		    "the requests of one",
		    conf->web.listen);
	}
}

/* What a ban does not reach. */
static void
check_reach(const struct facts *facts, struct diagnosis *out)
{
	static const char *const protocols[] = { "imap", "pop3", "sieve" };
	int64_t banned = facts->records.logins_banned;
	bool offered = false;

	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		offered |= strstr(facts->dovecot, protocols[i]) != NULL;
	}
	if (offered && banned > 0) {
		diagnosis_add(out, HEALTH_WARNING,
		    "hand them to the firewall: videur list --reason auth "
		    "--json",
		    "%" PRId64 " clients are banned for failed logins, and "
		    "can go on trying at Dovecot (%s): a ban refuses by SMTP "
		    "alone",
		    banned, facts->dovecot);
	} else if (offered) {
		diagnosis_add(out, HEALTH_OK, NULL,
		    "failed logins at Dovecot (%s) count, and a ban for them "
		    "refuses by SMTP alone",
		    facts->dovecot);
	}
}

/* ---- all checks ---- */

enum {
	NEEDS_POSTFIX = 1,
	NEEDS_RECORDS = 2,
	OF_EACH = 4 /* for each Postfix of this host */
};

/* clang-format off */
static const struct {
	const char *name;
	unsigned needs;
	checker *run;
	const char *fine; /* what is said where nothing is wrong */
} checks[] = {
	{ "database", 0, check_database,
	  "it can be read, and no page of it is damaged" },
	{ "own-addresses", 0, check_own_addresses,
	  "no address of this host is known" },
	{ "allow", NEEDS_RECORDS, check_allow,
	  "no network that is allowed is too wide" },
	{ "postfix", OF_EACH, check_postfix,
	  "its configuration can be read" },
	{ "mynetworks", NEEDS_POSTFIX | OF_EACH, check_mynetworks,
	  "every network that Postfix trusts is never banned" },
	{ "mx", NEEDS_POSTFIX, check_mx,
	  "every mail host of its domains is never banned" },
	{ "ssh", 0, check_ssh,
	  "this is no SSH session, as far as can be seen" },
	{ "proxy", NEEDS_RECORDS, check_proxy,
	  "clients come with their own addresses" },
	{ "milter-chain", NEEDS_POSTFIX | OF_EACH, check_milters,
	  "videur is the last milter of every smtpd" },
	{ "milter-action", NEEDS_POSTFIX | OF_EACH, check_action,
	  "mail passes where videur-milter does not answer" },
	{ "milter-socket", NEEDS_POSTFIX | OF_EACH, check_socket,
	  "Postfix can reach videur-milter" },
	{ "helo", NEEDS_POSTFIX | OF_EACH, check_settings,
	  "no client can log in before HELO" },
	{ "smtpd", NEEDS_POSTFIX | OF_EACH, check_settings,
	  "no setting hides from videur what clients do" },
	{ "logins", NEEDS_POSTFIX | OF_EACH, check_logins,
	  "a ban for failed logins holds wherever AUTH is offered" },
	{ "reach", NEEDS_RECORDS, check_reach,
	  "nothing but SMTP asks for passwords, as far as can be seen" },
	{ "scanners", 0, check_scanners,
	  "every scanner that is ahead is named, and every named one ahead" },
	{ "seen", NEEDS_RECORDS, check_seen,
	  "the milter saw too little yet to miss anything" },
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
		unsigned needs = checks[i].needs;
		bool ran = false;

		out->check = checks[i].name;
		for (size_t j = 0;
		     j <= ((needs & OF_EACH) != 0 ? facts->instances : 0);
		     j++) {
			out->mta = &facts->mta[j];
			out->place = j > 0 ? out->mta->folder : NULL;
			if (((needs & NEEDS_POSTFIX) == 0 ||
				out->mta->state == MTA_THERE) &&
			    ((needs & NEEDS_RECORDS) == 0 ||
				facts->records.result == STORE_OK)) {
				checks[i].run(facts, out);
				ran = true;
			}
		}
		out->place = NULL;
		if (ran && out->remarks + out->lost == before) {
			diagnosis_add(
			    out, HEALTH_OK, NULL, "%s", checks[i].fine);
		}
	}
}
