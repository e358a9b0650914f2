#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "doctor/checks.h"
#include "doctor/facts.h"

void
check_postfix(const struct facts *facts, struct diagnosis *out)
{
	const struct mta *mta = &facts->mta;

	if (mta->state == MTA_NONE) {
		diagnosis_add(out, facts->asked ? HEALTH_PROBLEM : HEALTH_OK,
		    NULL,
		    "Postfix is not installed here: nothing of it was looked "
		    "at");
	} else if (mta->state == MTA_MUTE) {
		diagnosis_add(out,
		    facts->asked ? HEALTH_PROBLEM : HEALTH_WARNING,
		    "videur doctor --postfix DIR, where main.cf lies in DIR",
		    "Postfix cannot be asked, and nothing of it was looked "
		    "at: %s",
		    mta->error);
	} else if (mta->services == 0) {
		diagnosis_add(out, HEALTH_WARNING, NULL,
		    "no smtpd is in master.cf: Postfix takes no mail");
	}
}

/* ---- one smtpd, and our milter in its list ---- */

struct hook {
	const struct facts *facts;
	const struct mta_service *service;
	struct milter_view view;
	struct milters milters;
	size_t at; /* our milter's place; milters.milters: none */
	enum same_milter same;
};

static struct hook
hook_of(const struct facts *facts, const struct mta_service *service)
{
	struct hook hook = {
		.facts = facts,
		.service = service,
		.view = {
			.listen = facts->conf->milter.listen,
			.queue = facts->mta.queue,
			.chroot = service->chroot,
			.same = facts->same,
		},
	};

	milters_read(service->milters, &hook.milters);
	hook.at = milters_find(&hook.milters, &hook.view, &hook.same);
	return hook;
}

/* Where a setting of a service is written. */
static const char *
place(const struct mta_service *service, bool own)
{
	return own ? service->name : "main.cf";
}

/* What scanners hand back to Postfix on this host passes no milter again. */
static bool
takes_mail_back(const struct mta_service *service)
{
	return service->loopback && service->own_milters &&
	       service->milters[strspn(service->milters, " \t,")] == '\0';
}

/* "postconf -e 'NAME = VALUE'", or -P where the service has its own. */
static void
fix_setting(const struct hook *hook, struct diagnosis *out, bool own,
    const char *name, const char *value)
{
	const char *folder = hook->facts->mta.folder;
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
	fix_setting(
	    hook, out, hook->service->own_milters, "smtpd_milters", setting);
}

void
check_milters(const struct facts *facts, struct diagnosis *out)
{
	for (size_t i = 0; i < facts->mta.services; i++) {
		const struct mta_service *service = &facts->mta.service[i];
		const char *where = place(service, service->own_milters);
		struct hook hook = hook_of(facts, service);
		size_t count = hook.milters.milters;

		if (takes_mail_back(service)) {
			continue;
		}
		if (hook.milters.cut) {
			diagnosis_add(out, HEALTH_WARNING, NULL,
			    "%s: smtpd_milters is longer than was looked at",
			    where);
		} else if (hook.at == count) {
			diagnosis_add(out, HEALTH_PROBLEM, NULL,
			    "%s: videur-milter is not in smtpd_milters, so "
			    "that nobody is counted or refused",
			    where);
			fix_milters(&hook, out, true);
		} else if (hook.at + 1 < count) {
			diagnosis_add(out, HEALTH_PROBLEM, NULL,
			    "%s: videur-milter is not the last of "
			    "smtpd_milters: it does not learn what %s finds",
			    where, hook.milters.milter[count - 1].address);
			fix_milters(&hook, out, true);
		}
	}
}

void
check_action(const struct facts *facts, struct diagnosis *out)
{
	for (size_t i = 0; i < facts->mta.services; i++) {
		const struct mta_service *service = &facts->mta.service[i];
		struct hook hook = hook_of(facts, service);
		const char *action = service->action;
		bool own = service->own_action || service->own_milters;

		if (hook.at == hook.milters.milters) {
			continue; /* said already */
		}
		if (hook.milters.milter[hook.at].action[0] != '\0') {
			action = hook.milters.milter[hook.at].action;
			own = service->own_milters;
		}
		/* An administrator who would rather have mail wait has said
		 * so on both sides. */
		if (strcmp(action, "accept") == 0 ||
		    (strcmp(action, "tempfail") == 0 &&
			facts->conf->milter.on_error == CONF_TEMPFAIL)) {
			continue;
		}
		diagnosis_add(out, HEALTH_PROBLEM, NULL,
		    "%s: no mail would pass while videur-milter does not "
		    "answer (default action: %s)",
		    place(service, own), action);
		fix_milters(&hook, out, false);
	}
}

void
check_helo(const struct facts *facts, struct diagnosis *out)
{
	for (size_t i = 0; i < facts->mta.services; i++) {
		const struct mta_service *service = &facts->mta.service[i];
		struct hook hook = hook_of(facts, service);

		if (strcmp(service->helo, "yes") == 0 ||
		    takes_mail_back(service)) {
			continue;
		}
		diagnosis_add(out, HEALTH_PROBLEM, NULL,
		    "%s: smtpd_helo_required is not yes: a banned client that "
		    "skips HELO can still try passwords",
		    place(service, service->own_helo));
		fix_setting(&hook, out, service->own_helo,
		    "smtpd_helo_required", "yes");
	}
}

/* ---- the socket ---- */

static void
check_name_of_socket(const struct hook *hook, struct diagnosis *out)
{
	const struct mta_service *service = hook->service;
	const char *listen = hook->view.listen;

	if (hook->same == SAME_MILTER || takes_mail_back(service)) {
		return;
	}
	if (service->chroot && milter_is_outside(&hook->view)) {
		/* No name in smtpd_milters could make it reach our socket. */
		diagnosis_add(out, HEALTH_PROBLEM, NULL,
		    "%s: smtpd is in a chroot and cannot reach %s, which lies "
		    "outside of %s",
		    service->name, listen, hook->view.queue);
		diagnosis_fix(out,
		    "videur.conf: milter { listen = "
		    "\"unix:%s/videur/milter.sock\" }; then in smtpd_milters: "
		    "unix:videur/milter.sock",
		    hook->view.queue);
	} else if (hook->at < hook->milters.milters) {
		diagnosis_add(out, HEALTH_PROBLEM, NULL,
		    "%s: %s of smtpd_milters is not where videur-milter "
		    "listens, %s%s",
		    place(service, service->own_milters),
		    hook->milters.milter[hook->at].address, listen,
		    service->chroot ? ", seen from smtpd's chroot" : "");
		fix_milters(hook, out, false);
	}
}

static void
check_connection(const struct facts *facts, struct diagnosis *out)
{
	static const char start[] = "systemctl start videur-milter";
	const struct socket_fact *socket = &facts->socket;
	const char *user = socket->owner.name;

	if (socket->result == 0) {
		return;
	}
	if (socket->result == FACTS_UNKNOWN) {
		diagnosis_add(out, HEALTH_WARNING, "sudo videur doctor",
		    "whether Postfix's user may connect to %s is not known",
		    socket->path);
	} else if (socket->result == EACCES && socket->blocked[0] != '\0') {
		diagnosis_add(out, HEALTH_PROBLEM, NULL,
		    "Postfix's user %s cannot pass through %s to %s", user,
		    socket->blocked, socket->path);
		diagnosis_fix(out, "chgrp %s %s && chmod g+x %s", user,
		    socket->blocked, socket->blocked);
	} else if (socket->result == EACCES) {
		diagnosis_add(out, HEALTH_PROBLEM, NULL,
		    "Postfix's user %s may not connect to %s", user,
		    socket->path);
		diagnosis_fix(out,
		    "videur.conf: milter { socket-mode = \"0660\"  "
		    "socket-group = \"%s\" }; then systemctl restart "
		    "videur-milter",
		    user);
	} else if (socket->result == ENOENT) {
		diagnosis_add(out, HEALTH_PROBLEM, start, "%s is not there",
		    socket->path);
	} else if (socket->result == ECONNREFUSED) {
		diagnosis_add(out, HEALTH_PROBLEM, start,
		    "nobody listens at %s, or it is no socket", socket->path);
	} else {
		diagnosis_add(out, HEALTH_PROBLEM, NULL,
		    "%s cannot be connected to: %s", socket->path,
		    strerrordesc_np(socket->result));
	}
}

void
check_socket(const struct facts *facts, struct diagnosis *out)
{
	for (size_t i = 0; i < facts->mta.services; i++) {
		struct hook hook = hook_of(facts, &facts->mta.service[i]);

		check_name_of_socket(&hook, out);
	}
	if (facts->socket.path != NULL) {
		check_connection(facts, out);
	}
}
