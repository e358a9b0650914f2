#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "core/kind.h"
#include "doctor/checks.h"
#include "doctor/facts.h"

enum {
	SMTP_PORT = 25
};

void
check_postfix(const struct facts *facts, struct diagnosis *out)
{
	const struct mta *mta = out->mta;

	if (mta->state == MTA_MUTE) {
		diagnosis_add(out,
		    facts->asked ? HEALTH_PROBLEM : HEALTH_WARNING,
		    "videur doctor --postfix DIR, where main.cf lies in DIR",
		    "Postfix cannot be asked, and nothing of it was looked "
		    "at: %s",
		    mta->error[0] != '\0' ? mta->error : "it does not say why");
	} else if (mta->state == MTA_THERE && mta->services == 0) {
		diagnosis_add(out, HEALTH_WARNING, NULL,
		    "no smtpd is in master.cf: Postfix takes no mail");
	} else if (mta->state == MTA_NONE && facts->other != NULL) {
		diagnosis_add(out, HEALTH_WARNING,
		    "see \"In front of Sendmail, Exim and OpenSMTPD\" in "
		    "README.md, and Sendmail in videur-milter(8)",
		    "this host has %s, of which nothing can be looked at "
		    "here: neither its filters nor its settings",
		    facts->other);
	} else if (mta->state == MTA_NONE) {
		diagnosis_add(out, facts->asked ? HEALTH_PROBLEM : HEALTH_OK,
		    NULL,
		    "Postfix is not installed here: nothing of it was looked "
		    "at");
	}
}

/* ---- one smtpd, and our milter in its list ---- */

struct hook {
	const struct facts *facts;
	const struct mta *mta;
	const struct mta_service *service;
	struct milter_view view;
	struct milters milters;
	size_t at; /* our milter's place; milters.milters: none */
	enum same_milter same;
	bool own_milters;  /* the service has a list of its own */
	const char *where; /* the place of that list */
};

/* Look at each smtpd, but for one that takes back on this host what a
 * scanner was given: that passes no milter again. */
static void
each_service(const struct facts *facts, struct diagnosis *out,
    void (*look)(const struct hook *hook, struct diagnosis *out))
{
	for (size_t i = 0; i < out->mta->services; i++) {
		const struct mta_service *service = &out->mta->service[i];
		struct hook hook = {
			.facts = facts,
			.mta = out->mta,
			.service = service,
			.view = {
				.listen = facts->conf->milter.listen,
				.queue = mta_get(out->mta, "queue_directory"),
				.chroot = service->chroot,
				.same = facts->same,
			},
		};

		milters_read(mta_get_own(out->mta, service, "smtpd_milters",
				 &hook.own_milters),
		    &hook.milters);
		hook.at = milters_find(&hook.milters, &hook.view, &hook.same);
		hook.where = hook.own_milters ? service->name : "main.cf";
		if (!service->loopback || !hook.own_milters ||
		    hook.milters.milters > 0) {
			look(&hook, out);
		}
	}
}

/* "postconf -e 'NAME = VALUE'", or -P where it is for the service alone. */
static void
fix_setting(const struct hook *hook, struct diagnosis *out, bool own,
    const char *name, const char *value)
{
	const char *folder = hook->mta->folder;
	char words[REMARK_TEXT_SIZE];
	char pair[REMARK_TEXT_SIZE];
	struct text text;

	text_init(&text, pair, sizeof(pair));
	if (own) {
		text_addf(&text, "%s/%s=", hook->service->name, name);
		postconf_pack(&text, value);
	} else {
		text_addf(&text, "%s = %s", name, value);
	}
	text_init(&text, words, sizeof(words));
	text_add(&text, "postconf ");
	if (folder[0] != '\0') {
		text_add(&text, "-c ");
		postconf_quote(&text, folder);
		text_add_char(&text, ' ');
	}
	text_add(&text, own ? "-P " : "-e ");
	postconf_quote(&text, pair);
	diagnosis_fix(out, "%s", words);
}

static void
fix_milters(const struct hook *hook, struct diagnosis *out, bool keep)
{
	char setting[REMARK_TEXT_SIZE - 64];
	struct text text;

	text_init(&text, setting, sizeof(setting));
	milters_write(&hook->milters, &hook->view, keep, &text);
	if (text.cut || hook->milters.cut) {
		diagnosis_fix(
		    out, "end smtpd_milters with videur-milter's socket");
		return;
	}
	fix_setting(hook, out, hook->own_milters, "smtpd_milters", setting);
}

static void
look_at_chain(const struct hook *hook, struct diagnosis *out)
{
	const struct milters *milters = &hook->milters;
	size_t behind = hook->at + 1;

	/* What only signs or verifies may stand behind. */
	while (behind < milters->milters &&
	       filter_of(milters->milter[behind].address) != NULL &&
	       filter_of(milters->milter[behind].address)->scanner == NULL) {
		behind++;
	}
	if (milters->cut) {
		diagnosis_add(out, HEALTH_WARNING, NULL,
		    "%s: smtpd_milters is longer than was looked at",
		    hook->where);
	} else if (hook->at == milters->milters) {
		diagnosis_add(out, HEALTH_PROBLEM, NULL,
		    "%s: videur-milter is not in smtpd_milters, so that nobody "
		    "is counted or refused",
		    hook->where);
		fix_milters(hook, out, true);
	} else if (behind < milters->milters) {
		diagnosis_add(out, HEALTH_PROBLEM, NULL,
		    "%s: videur-milter is not the last of smtpd_milters: it "
		    "does not learn what %s finds",
		    hook->where, milters->milter[behind].address);
		fix_milters(hook, out, true);
	}
}

void
check_milters(const struct facts *facts, struct diagnosis *out)
{
	each_service(facts, out, look_at_chain);
}

static void
look_at_action(const struct hook *hook, struct diagnosis *out)
{
	bool own;
	const char *action = mta_get_own(
	    hook->mta, hook->service, "milter_default_action", &own);

	if (hook->at == hook->milters.milters) {
		return; /* said already */
	}
	own = own || hook->own_milters;
	if (hook->milters.milter[hook->at].action[0] != '\0') {
		action = hook->milters.milter[hook->at].action;
		own = hook->own_milters;
	}
	/* An administrator who would rather have mail wait has said so on both
	 * sides. */
	if (strcmp(action, "accept") == 0 ||
	    (strcmp(action, "tempfail") == 0 &&
		hook->facts->conf->milter.on_error == CONF_TEMPFAIL)) {
		return;
	}
	diagnosis_add(out, HEALTH_PROBLEM, NULL,
	    "%s: no mail would pass while videur-milter does not answer "
	    "(default action: %s)",
	    own ? hook->service->name : "main.cf", action);
	fix_milters(hook, out, false);
}

void
check_action(const struct facts *facts, struct diagnosis *out)
{
	each_service(facts, out, look_at_action);
}

/* ---- settings ---- */

/* Settings of an smtpd that hide something from videur. */
static const struct {
	const char *check;
	const char *name;
	const char *want;
	/* Only where this word stands in a list of restrictions. */
	const char *with;
	enum health state;
	const char *why; /* "NAME is VALUE: ..." */
	const char *fix; /* NULL: the setting as wanted */
} settings[] = {
	{ "helo", "smtpd_helo_required", "yes", NULL, HEALTH_PROBLEM,
	    "a banned client that skips HELO can still try passwords", NULL },
	{ "smtpd", "disable_vrfy_command", "yes", NULL, HEALTH_WARNING,
	    "with VRFY strangers ask which users there are, and Postfix asks "
	    "no milter: a ban does not stop them",
	    NULL },
	{ "smtpd", "smtpd_delay_reject", "yes", NULL, HEALTH_WARNING,
	    "what Postfix refuses at HELO and MAIL is not shown to a milter, "
	    "and not counted",
	    NULL },
	{ "smtpd", "smtpd_proxy_filter", "", NULL, HEALTH_WARNING,
	    "behind a proxy no milter sees a message: neither verdicts nor "
	    "accepted mail are counted, which ratios and the brake need",
	    "let the scanner be a milter, or run behind the queue: "
	    "content_filter instead of smtpd_proxy_filter" },
	{ "smtpd", "unknown_address_reject_code", "550",
	    "reject_unknown_sender_domain", HEALTH_WARNING,
	    "a sender's domain that does not exist is refused as one whose "
	    "name server is down, and not counted",
	    NULL },
};

/* Whether a word stands in one of the lists of restrictions. */
static bool
restricts(const struct hook *hook, const char *word)
{
	static const char *const lists[] = { "smtpd_client_restrictions",
		"smtpd_helo_restrictions", "smtpd_sender_restrictions",
		"smtpd_relay_restrictions", "smtpd_recipient_restrictions",
		"smtpd_data_restrictions" };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (strstr(
			mta_get_own(hook->mta, hook->service, lists[i], NULL),
			word) != NULL) {
			return true;
		}
	}
	return false;
}

static void
look_at_settings(const struct hook *hook, struct diagnosis *out)
{
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		const char *name = settings[i].name;
		bool own;
		const char *value = mta_get_own(
		    hook->mta, hook->service, name, &own);

		if (strcmp(settings[i].check, out->check) != 0 ||
		    strcmp(value, settings[i].want) == 0 ||
		    (settings[i].with != NULL &&
			!restricts(hook, settings[i].with))) {
			continue;
		}
		diagnosis_add(out, settings[i].state, settings[i].fix,
		    "%s: %s is %s: %s", own ? hook->service->name : "main.cf",
		    name, value[0] != '\0' ? value : "empty", settings[i].why);
		if (settings[i].fix == NULL) {
			fix_setting(hook, out, own, name, settings[i].want);
		}
	}
}

void
check_settings(const struct facts *facts, struct diagnosis *out)
{
	each_service(facts, out, look_at_settings);
}

/* ---- logins ---- */

static void
look_at_logins(const struct hook *hook, struct diagnosis *out)
{
	const struct conf *conf = hook->facts->conf;
	const struct mta_service *service = hook->service;
	const char *daemon = mta_get_own(
	    hook->mta, service, "milter_macro_daemon_name", NULL);
	const char *logs = mta_get_own(hook->mta, service, "syslog_name", NULL);
	bool submission = strcmp(daemon, "ORIGINATING") == 0;
	bool only_there = false;

	for (size_t i = 0; i < conf->submission_ports; i++) {
		submission |= conf->submission_port[i] == service->port;
	}
	for (size_t i = 0; i < conf->policy.rules; i++) {
		only_there |= conf->policy.rule[i].service ==
				  SERVICE_SUBMISSION &&
			      (conf->policy.rule[i].kinds &
				  kind_bit(KIND_AUTH)) != 0;
	}
	if (strcmp(
		mta_get_own(hook->mta, service, "smtpd_sasl_auth_enable", NULL),
		"yes") != 0) {
		return;
	}
	if (!submission && only_there && service->port == SMTP_PORT) {
		diagnosis_add(out, HEALTH_PROBLEM, NULL,
		    "%s: port 25 offers AUTH, and a ban for failed logins "
		    "holds for submission alone: passwords can still be tried "
		    "here",
		    service->name);
		fix_setting(hook, out, true, "smtpd_sasl_auth_enable", "no");
	} else if (!submission && only_there) {
		diagnosis_add(out, HEALTH_PROBLEM, NULL,
		    "%s: it offers AUTH and is not known as a submission "
		    "service: a ban for failed logins does not hold here",
		    service->name);
		fix_setting(
		    hook, out, true, "milter_macro_daemon_name", "ORIGINATING");
	} else if (submission && strstr(logs, "submission") == NULL &&
		   strstr(logs, "smtps") == NULL &&
		   strstr(logs, "msa") == NULL) {
		/* As postfix-smtpd.rule tells them apart. */
		diagnosis_add(out, HEALTH_WARNING, NULL,
		    "%s: it logs as %s, as port 25 does: connections that "
		    "users lose count as those of strangers",
		    service->name, logs);
		fix_setting(
		    hook, out, true, "syslog_name", "postfix/submission");
	}
}

void
check_logins(const struct facts *facts, struct diagnosis *out)
{
	each_service(facts, out, look_at_logins);
}

/* ---- the socket ---- */

static void
look_at_socket_name(const struct hook *hook, struct diagnosis *out)
{
	const char *listen = hook->view.listen;

	if (hook->same == SAME_MILTER) {
		return;
	}
	if (hook->view.chroot && milter_is_outside(&hook->view)) {
		/* No name in smtpd_milters could make it reach our socket. */
		diagnosis_add(out, HEALTH_PROBLEM, NULL,
		    "%s: smtpd is in a chroot and cannot reach %s, which lies "
		    "outside of %s",
		    hook->service->name, listen, hook->view.queue);
		diagnosis_fix(out,
		    "videur.conf: milter { listen = "
		    "\"unix:%s/videur/milter.sock\" }; then in smtpd_milters: "
		    "unix:videur/milter.sock",
		    hook->view.queue);
	} else if (hook->at < hook->milters.milters) {
		diagnosis_add(out, HEALTH_PROBLEM, NULL,
		    "%s: %s of smtpd_milters is not where videur-milter "
		    "listens, %s%s",
		    hook->where, hook->milters.milter[hook->at].address, listen,
		    hook->view.chroot ? ", seen from smtpd's chroot" : "");
		fix_milters(hook, out, false);
	}
}

static void
look_at_connection(const struct facts *facts, struct diagnosis *out)
{
	const struct socket_fact *socket = &facts->socket;
	const char *user = socket->owner.name;
	const char *path = socket->path;
	bool alive = facts->now - facts->records.alive[RECORDS_MILTER] <=
		     RECORDS_SILENCE;

	switch (socket->result) {
	case 0:
		break;
	case FACTS_UNKNOWN:
		diagnosis_add(out, HEALTH_WARNING, "sudo videur doctor",
		    "whether Postfix's user may connect to %s is not known",
		    path);
		break;
	case EACCES:
		if (socket->blocked[0] != '\0') {
			diagnosis_add(out, HEALTH_PROBLEM, NULL,
			    "Postfix's user %s cannot pass through %s to %s",
			    user, socket->blocked, path);
			diagnosis_fix(out, "chgrp %s %s && chmod g+x %s", user,
			    socket->blocked, socket->blocked);
			break;
		}
		diagnosis_add(out, HEALTH_PROBLEM, NULL,
		    "Postfix's user %s may not connect to %s", user, path);
		diagnosis_fix(out,
		    "videur.conf: milter { socket-mode = \"0660\"  "
		    "socket-group = \"%s\" }; then systemctl restart "
		    "videur-milter",
		    user);
		break;
	case ENOENT:
	case ECONNREFUSED:
		diagnosis_add(out, HEALTH_PROBLEM, NULL, "%s%s%s",
		    socket->result == ENOENT ? "" : "nobody listens at ", path,
		    socket->result == ENOENT ? " is not there"
					     : ", or it is no socket");
		diagnosis_fix(out, "systemctl %s videur-milter",
		    alive ? "restart" : "start");
		break;
	default:
		diagnosis_add(out, HEALTH_PROBLEM, NULL,
		    "%s cannot be connected to: %s", path,
		    strerrordesc_np(socket->result));
	}
}

void
check_socket(const struct facts *facts, struct diagnosis *out)
{
	each_service(facts, out, look_at_socket_name);
	if (facts->socket.path != NULL && out->mta == &facts->mta[0]) {
		look_at_connection(facts, out);
	}
}
