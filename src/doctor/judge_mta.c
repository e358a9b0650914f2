#include "doctor/checks.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "doctor/chain.h"
#include "doctor/diagnosis.h"
#include "doctor/facts.h"
#include "doctor/list.h"

enum {
	SETTING_SIZE = SYMPTOM_TEXT_SIZE - 64
};

void
check_postfix(const struct facts *facts, struct diagnosis *diagnosis)
{
	const struct mta *mta = &facts->mta;

	switch (mta->state) {
	case MTA_NONE:
		diagnosis_add(diagnosis,
		    facts->asked ? HEALTH_PROBLEM : HEALTH_OK,
		    "Postfix is not installed here: nothing of it was looked "
		    "at");
		return;
	case MTA_MUTE:
		diagnosis_add(diagnosis,
		    facts->asked ? HEALTH_PROBLEM : HEALTH_WARNING,
		    "Postfix cannot be asked, and nothing of it was looked "
		    "at: %s",
		    mta->error);
		diagnosis_mend(diagnosis,
		    "videur doctor --postfix DIR, where main.cf lies in DIR");
		return;
	case MTA_THERE:
		break;
	}
	if (mta->services == 0) {
		diagnosis_add(diagnosis, HEALTH_WARNING,
		    "no smtpd is in master.cf: Postfix takes no mail");
	}
}

/* ---- words all share ---- */

/* Where a setting of a service is written. */
static const char *
place(const struct mta_service *service, bool own)
{
	return own ? service->name : "main.cf";
}

/* "postconf -e 'NAME = VALUE'", or -P where a service has its own. */
static void
mend_setting(const struct facts *facts, struct diagnosis *diagnosis,
    const struct mta_service *service, const char *name, const char *value)
{
	char words[SYMPTOM_TEXT_SIZE];
	char pair[SYMPTOM_TEXT_SIZE];
	struct text text;

	text_init(&text, pair, sizeof(pair));
	if (service != NULL) {
		text_addf(&text, "%s/%s=", service->name, name);
		list_pack(&text, value);
	} else {
		text_addf(&text, "%s = %s", name, value);
	}
	text_init(&text, words, sizeof(words));
	text_add(&text, "postconf ");
	if (facts->mta.folder[0] != '\0') {
		text_add(&text, "-c ");
		list_quote(&text, facts->mta.folder);
		text_add_char(&text, ' ');
	}
	text_add(&text, service != NULL ? "-P " : "-e ");
	list_quote(&text, pair);
	diagnosis_mend(diagnosis, "%s", words);
}

static struct chain_view
view_of(const struct facts *facts, const struct mta_service *service)
{
	return (struct chain_view){
		.listen = facts->conf->milter.listen,
		.queue = facts->mta.queue,
		.chroot = service->chroot,
		.same = facts->same,
	};
}

static void
mend_chain(const struct facts *facts, struct diagnosis *diagnosis,
    const struct mta_service *service, const struct chain *chain, bool keep)
{
	const struct chain_view view = view_of(facts, service);
	char setting[SETTING_SIZE];
	struct text text;

	text_init(&text, setting, sizeof(setting));
	chain_mended(chain, &view, keep, &text);
	if (!text.cut && !chain->cut) {
		mend_setting(facts, diagnosis,
		    service->own_chain ? service : NULL, "smtpd_milters",
		    setting);
	} else {
		diagnosis_mend(
		    diagnosis, "end smtpd_milters with videur-milter's socket");
	}
}

/* ---- each smtpd ---- */

typedef void judge_service(const struct facts *facts,
    struct diagnosis *diagnosis, const struct mta_service *service);

static void
each_service(const struct facts *facts, struct diagnosis *diagnosis,
    judge_service *judge)
{
	for (size_t i = 0; i < facts->mta.services; i++) {
		judge(facts, diagnosis, &facts->mta.service[i]);
	}
}

/* What scanners hand back to Postfix on this host passes no milter again. */
static bool
takes_mail_back(const struct mta_service *service)
{
	return service->loopback && service->own_chain &&
	       service->milters[strspn(service->milters, " \t,")] == '\0';
}

static void
judge_chain(const struct facts *facts, struct diagnosis *diagnosis,
    const struct mta_service *service)
{
	const struct chain_view view = view_of(facts, service);
	struct chain chain;
	enum chain_kin kin;
	size_t at;

	if (takes_mail_back(service)) {
		return;
	}
	chain_read(service->milters, &chain);
	at = chain_find(&chain, &view, &kin);
	if (chain.cut) {
		diagnosis_add(diagnosis, HEALTH_WARNING,
		    "%s: smtpd_milters is longer than was looked at",
		    place(service, service->own_chain));
	} else if (at == chain.milters) {
		diagnosis_add(diagnosis, HEALTH_PROBLEM,
		    "%s: videur-milter is not in smtpd_milters, so that nobody "
		    "is counted or refused",
		    place(service, service->own_chain));
		mend_chain(facts, diagnosis, service, &chain, true);
	} else if (at + 1 < chain.milters) {
		diagnosis_add(diagnosis, HEALTH_PROBLEM,
		    "%s: videur-milter is not the last of smtpd_milters: it "
		    "does not learn what %s finds",
		    place(service, service->own_chain),
		    chain.milter[chain.milters - 1].address);
		mend_chain(facts, diagnosis, service, &chain, true);
	}
}

void
check_chain(const struct facts *facts, struct diagnosis *diagnosis)
{
	each_service(facts, diagnosis, judge_chain);
}

static void
judge_action(const struct facts *facts, struct diagnosis *diagnosis,
    const struct mta_service *service)
{
	const struct chain_view view = view_of(facts, service);
	const char *action = service->action;
	const char *where;
	struct chain chain;
	enum chain_kin kin;
	size_t at;

	chain_read(service->milters, &chain);
	at = chain_find(&chain, &view, &kin);
	if (at == chain.milters) {
		return; /* said already */
	}
	where = place(service, service->own_action || service->own_chain);
	if (chain.milter[at].action[0] != '\0') {
		action = chain.milter[at].action;
		where = place(service, service->own_chain);
	}
	/* One who would rather have mail wait has said so on both sides. */
	if (strcmp(action, "accept") == 0 ||
	    (strcmp(action, "tempfail") == 0 &&
		facts->conf->milter.on_error == CONF_TEMPFAIL)) {
		return;
	}
	diagnosis_add(diagnosis, HEALTH_PROBLEM,
	    "%s: where videur-milter does not answer, Postfix does \"%s\" with "
	    "all mail",
	    where, action);
	mend_chain(facts, diagnosis, service, &chain, false);
}

void
check_action(const struct facts *facts, struct diagnosis *diagnosis)
{
	each_service(facts, diagnosis, judge_action);
}

static void
judge_helo(const struct facts *facts, struct diagnosis *diagnosis,
    const struct mta_service *service)
{
	if (strcmp(service->helo, "yes") == 0 || takes_mail_back(service)) {
		return;
	}
	diagnosis_add(diagnosis, HEALTH_PROBLEM,
	    "%s: smtpd_helo_required is not yes: who leaves out HELO can try "
	    "passwords while banned",
	    place(service, service->own_helo));
	mend_setting(facts, diagnosis, service->own_helo ? service : NULL,
	    "smtpd_helo_required", "yes");
}

void
check_helo(const struct facts *facts, struct diagnosis *diagnosis)
{
	each_service(facts, diagnosis, judge_helo);
}

/* ---- the socket ---- */

/* No name in smtpd_milters could make it reach our socket. */
static void
say_outside(const struct chain_view *view, struct diagnosis *diagnosis,
    const struct mta_service *service)
{
	diagnosis_add(diagnosis, HEALTH_PROBLEM,
	    "%s: smtpd is in a chroot and cannot reach %s, which lies outside "
	    "of %s",
	    service->name, view->listen, view->queue);
	diagnosis_mend(diagnosis,
	    "videur.conf: milter { listen = \"unix:%s/videur/milter.sock\" }; "
	    "then in smtpd_milters: unix:videur/milter.sock",
	    view->queue);
}

static void
judge_socket(const struct facts *facts, struct diagnosis *diagnosis,
    const struct mta_service *service)
{
	const struct chain_view view = view_of(facts, service);
	struct chain chain;
	enum chain_kin kin;
	size_t at;

	chain_read(service->milters, &chain);
	at = chain_find(&chain, &view, &kin);
	if (kin == KIN_OURS || takes_mail_back(service)) {
		return;
	}
	if (service->chroot && chain_outside(&view)) {
		say_outside(&view, diagnosis, service);
	} else if (at < chain.milters) {
		diagnosis_add(diagnosis, HEALTH_PROBLEM,
		    "%s: %s of smtpd_milters is not where videur-milter "
		    "listens, %s%s",
		    place(service, service->own_chain),
		    chain.milter[at].address, view.listen,
		    service->chroot ? ", seen from smtpd's chroot" : "");
		mend_chain(facts, diagnosis, service, &chain, false);
	}
}

/* It lies where it should, and yet Postfix's user does not get through. */
static void
say_denied(const struct facts *facts, struct diagnosis *diagnosis)
{
	const struct door_fact *door = &facts->door;
	const char *path = strchr(facts->conf->milter.listen, '/');

	if (door->blocked[0] != '\0') {
		diagnosis_add(diagnosis, HEALTH_PROBLEM,
		    "Postfix's user %s cannot pass through %s to %s",
		    door->owner.name, door->blocked, path);
		diagnosis_mend(diagnosis, "chgrp %s %s && chmod g+x %s",
		    door->owner.name, door->blocked, door->blocked);
		return;
	}
	diagnosis_add(diagnosis, HEALTH_PROBLEM,
	    "Postfix's user %s may not connect to %s", door->owner.name, path);
	diagnosis_mend(diagnosis,
	    "videur.conf: milter { socket-mode = \"0660\"  socket-group = "
	    "\"%s\" }; then systemctl restart videur-milter",
	    door->owner.name);
}

static void
judge_door(const struct facts *facts, struct diagnosis *diagnosis)
{
	static const char start[] = "systemctl start videur-milter";
	const char *path = strchr(facts->conf->milter.listen, '/');

	switch (facts->door.result) {
	case 0:
		return;
	case PROBE_UNKNOWN:
		diagnosis_add(diagnosis, HEALTH_WARNING,
		    "whether Postfix's user may connect to %s is not known",
		    path);
		diagnosis_mend(diagnosis, "sudo videur doctor");
		return;
	case EACCES:
		say_denied(facts, diagnosis);
		return;
	case ENOENT:
		diagnosis_add(
		    diagnosis, HEALTH_PROBLEM, "%s is not there", path);
		diagnosis_mend(diagnosis, start);
		return;
	case ECONNREFUSED:
		diagnosis_add(diagnosis, HEALTH_PROBLEM,
		    "nobody listens at %s, or it is no socket", path);
		diagnosis_mend(diagnosis, start);
		return;
	default:
		diagnosis_add(diagnosis, HEALTH_PROBLEM,
		    "%s cannot be connected to: %s", path,
		    strerrordesc_np(facts->door.result));
	}
}

void
check_socket(const struct facts *facts, struct diagnosis *diagnosis)
{
	each_service(facts, diagnosis, judge_socket);
	if (facts->door.is_unix) {
		judge_door(facts, diagnosis);
	}
}
