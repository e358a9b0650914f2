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
		diagnosis_say(out,
		    facts->asked ? "such-postfix-mute" : "postfix-mute",
		    mta->error[0] != '\0' ? mta->error : "it does not say why");
	} else if (mta->state == MTA_THERE && mta->services == 0) {
		diagnosis_say(out, "no-smtpd", NULL);
	} else if (mta->state == MTA_NONE && facts->other != NULL) {
		diagnosis_say(out, "other-server", facts->other);
	} else if (mta->state == MTA_NONE) {
		diagnosis_say(
		    out, facts->asked ? "no-such-postfix" : "no-postfix", NULL);
	}
}

/* ---- one smtpd, and our milter in its list ---- */

/* An administrator who would rather have mail wait has said so on both
 * sides. */
static bool
passes_mail(const struct hook *hook)
{
	return strcmp(hook->action, "accept") == 0 ||
	       (strcmp(hook->action, "tempfail") == 0 &&
		   hook->facts->conf->milter.on_error == CONF_TEMPFAIL);
}

void
each_service(const struct facts *facts, struct diagnosis *out, looker *look)
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

		milters_read(mta_get_own(out->mta, service->name,
				 "smtpd_milters", &hook.own_milters),
		    &hook.milters);
		hook.at = milters_find(&hook.milters, &hook.view, &hook.same);
		if (hook.at < hook.milters.milters) {
			hook.action = hook.milters.milter[hook.at].action;
			hook.action = hook.action[0] != '\0'
					  ? hook.action
					  : mta_get_own(hook.mta, service->name,
						"milter_default_action", NULL);
			hook.right = hook.same == SAME_MILTER &&
				     passes_mail(&hook);
		}
		hook.where = hook.own_milters ? service->name : "main.cf";
		if (!service->loopback || !hook.own_milters ||
		    hook.milters.milters > 0) {
			look(&hook, out);
		}
	}
}

/* For the service alone, or where that is not its `own` for all. */
static const char *
fix_setting(struct hook *hook, struct diagnosis *out, bool own,
    const char *name, const char *value)
{
	return diagnosis_change(
	    out, own ? hook->service->name : NULL, name, value);
}

/* The list as it should be.  Every line about it is the same one. */
static const char *
fix_milters(struct hook *hook, struct diagnosis *out)
{
	char setting[REMARK_TEXT_SIZE - 64];
	struct text text;

	text_init(&text, setting, sizeof(setting));
	milters_write(&hook->milters, &hook->view, hook->right, &text);
	return text.cut || hook->milters.cut
		   ? "end smtpd_milters with videur-milter's socket"
		   : fix_setting(hook, out, hook->own_milters, "smtpd_milters",
			 setting);
}

void
look_at_chain(struct hook *hook, struct diagnosis *out)
{
	const struct milters *milters = &hook->milters;
	size_t behind = hook->at + 1;

	/* What only signs or verifies may stand behind. */
	while (
	    behind < milters->milters &&
	    known_filter_of(milters->milter[behind].address) != NULL &&
	    known_filter_of(milters->milter[behind].address)->scanner == NULL) {
		behind++;
	}
	if (milters->cut) {
		diagnosis_say(out, "chain-cut", hook->where);
	} else if (hook->at == milters->milters) {
		diagnosis_say(out, "chain-without-us", hook->where,
		    fix_milters(hook, out));
	} else if (behind < milters->milters) {
		diagnosis_say(out, "chain-goes-on", hook->where,
		    fix_milters(hook, out), milters->milter[behind].address);
	}
}

void
look_at_action(struct hook *hook, struct diagnosis *out)
{
	bool own;

	if (hook->action != NULL && !passes_mail(hook)) {
		(void)mta_get_own(hook->mta, hook->service->name,
		    "milter_default_action", &own);
		own = hook->own_milters ||
		      (own && hook->milters.milter[hook->at].action[0] == '\0');
		diagnosis_say(out, "action",
		    own ? hook->service->name : "main.cf",
		    fix_milters(hook, out), hook->action);
	}
}

/* ---- settings ---- */

/* Settings of an smtpd that hide something from videur, or help strangers. */
static const struct {
	const char *check;
	const char *name;
	const char *want;
	const char *with; /* only where this restriction is used; or NULL */
	const char *finding;
} settings[] = {
	{ "helo", "smtpd_helo_required", "yes", NULL, "no-helo" },
	{ "smtpd", "disable_vrfy_command", "yes", NULL, "vrfy" },
	{ "smtpd", "smtpd_delay_reject", "yes", NULL, "refused-early" },
	{ "smtpd", "smtpd_proxy_filter", "", NULL, "proxy-filter" },
	{ "smtpd", "unknown_address_reject_code", "550",
	    "reject_unknown_sender_domain", "dead-domains" },
};

/* Which list of restrictions holds the word, or NULL. */
static const char *
restriction_with(const struct hook *hook, const char *word)
{
	static const char *const lists[] = { "smtpd_client_restrictions",
		"smtpd_helo_restrictions", "smtpd_sender_restrictions",
		"smtpd_relay_restrictions", "smtpd_recipient_restrictions",
		"smtpd_data_restrictions" };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (strstr(mta_get_own(
			       hook->mta, hook->service->name, lists[i], NULL),
			word) != NULL) {
			return lists[i];
		}
	}
	return NULL;
}

/* Postfix's default defers what it does not relay, which is no offence. */
static void
look_at_relaying(struct hook *hook, struct diagnosis *out)
{
	static const char word[] = "defer_unauth_destination";
	const char *name = restriction_with(hook, word);
	char wanted[REMARK_TEXT_SIZE];
	const char *value;
	const char *at;
	struct text text;
	bool own;

	if (name == NULL) {
		return;
	}
	value = mta_get_own(hook->mta, hook->service->name, name, &own);
	at = strstr(value, word);
	text_init(&text, wanted, sizeof(wanted));
	text_add_bytes(&text, value, (size_t)(at - value));
	text_add(&text, "reject");
	text_add(&text, at + strlen("defer"));
	diagnosis_say(out, "relay-deferred",
	    own ? hook->service->name : "main.cf",
	    fix_setting(hook, out, own, name, text.cut ? NULL : wanted), name);
}

void
look_at_settings(struct hook *hook, struct diagnosis *out)
{
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		const char *name = settings[i].name;
		const char *want = settings[i].want;
		bool own;
		const char *value = mta_get_own(
		    hook->mta, hook->service->name, name, &own);

		if (strcmp(settings[i].check, out->check) == 0 &&
		    strcmp(value, want) != 0 &&
		    (settings[i].with == NULL ||
			restriction_with(hook, settings[i].with) != NULL)) {
			diagnosis_say(out, settings[i].finding,
			    own ? hook->service->name : "main.cf",
			    fix_setting(hook, out, own, name, want), name,
			    value[0] != '\0' ? value : "empty");
		}
	}
	if (strcmp(out->check, "smtpd") == 0) {
		look_at_relaying(hook, out);
	}
}

/* ---- logins ---- */

bool
is_submission_port(const struct conf *conf, int port)
{
	for (size_t i = 0; i < conf->submission_ports; i++) {
		if (conf->submission_port[i] == port) {
			return true;
		}
	}
	return false;
}

bool
auth_bans_submission_alone(const struct conf *conf)
{
	for (size_t i = 0; i < conf->policy.rules; i++) {
		const struct rule *rule = &conf->policy.rule[i];

		if (rule->service == SERVICE_SUBMISSION &&
		    (rule->kinds & kind_bit(KIND_AUTH)) != 0) {
			return true;
		}
	}
	return false;
}

void
look_at_logins(struct hook *hook, struct diagnosis *out)
{
	const struct conf *conf = hook->facts->conf;
	const struct mta *mta = hook->mta;
	const struct mta_service *service = hook->service;
	const char *logs = mta_get_own(mta, service->name, "syslog_name", NULL);
	bool submission = strcmp(mta_get_own(mta, service->name,
				     "milter_macro_daemon_name", NULL),
			      "ORIGINATING") == 0;
	bool only_there = auth_bans_submission_alone(conf);

	submission |= is_submission_port(conf, service->port);
	if (strcmp(
		mta_get_own(mta, service->name, "smtpd_sasl_auth_enable", NULL),
		"yes") != 0) {
		return;
	}
	if (!submission && only_there && service->port == SMTP_PORT) {
		diagnosis_say(out, "auth-on-25", service->name,
		    fix_setting(
			hook, out, true, "smtpd_sasl_auth_enable", "no"));
	} else if (!submission && only_there) {
		diagnosis_say(out, "auth-elsewhere", service->name,
		    fix_setting(hook, out, true, "milter_macro_daemon_name",
			"ORIGINATING"));
	} else if (submission && strstr(logs, "submission") == NULL &&
		   strstr(logs, "smtps") == NULL &&
		   strstr(logs, "msa") == NULL) {
		/* As postfix-smtpd.rule tells them apart. */
		diagnosis_say(out, "submission-unnamed", service->name,
		    fix_setting(
			hook, out, true, "syslog_name", "postfix/submission"),
		    logs);
	}
}

/* ---- the socket ---- */

static void
look_at_socket_name(struct hook *hook, struct diagnosis *out)
{
	const struct milter_view *view = &hook->view;

	if (hook->same == SAME_MILTER) {
		return;
	}
	if (view->chroot && milter_is_outside(view)) {
		/* No name in smtpd_milters could make it reach our socket. */
		diagnosis_say(out, "out-of-chroot", hook->service->name,
		    view->listen, view->queue);
	} else if (hook->at < hook->milters.milters) {
		diagnosis_say(out, "other-socket", hook->where,
		    fix_milters(hook, out),
		    hook->milters.milter[hook->at].address, view->listen,
		    view->chroot ? ", seen from smtpd's chroot" : "");
	}
}

void
check_socket(const struct facts *facts, struct diagnosis *out)
{
	static const struct {
		int result;
		const char *finding;
	} known[] = { { FACTS_UNKNOWN, "socket-untried" },
		{ ENOENT, "socket-missing" }, { ECONNREFUSED, "socket-deaf" },
		{ EACCES, "socket-closed" } };
	const struct socket_fact *socket = &facts->socket;
	const char *finding = "socket-broken";
	/* One that lives and is not reached listens to nobody. */
	bool alive = facts->now - facts->records.state[STATE_MILTER].since <=
		     RECORDS_SILENCE;

	each_service(facts, out, look_at_socket_name);
	if (socket->path == NULL || socket->result == 0) {
		return;
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].result == socket->result) {
			finding = known[i].finding;
		}
	}
	diagnosis_say(out,
	    socket->blocked[0] != '\0' ? "socket-folder" : finding,
	    socket->owner.name, socket->path, socket->blocked,
	    alive ? "restart" : "start", strerrordesc_np(socket->result));
}
