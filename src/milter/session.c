#include "milter/session.h"

#include <stdlib.h>
#include <strings.h>

#include "base/text.h"
#include "milter/account.h"
#include "milter/classify.h"
#include "milter/hearing.h"

/* From one MAIL to its end. */
struct transaction {
	bool open;
	bool callout;     /* its sender is one of address verification */
	bool refused;     /* at MAIL, by us */
	bool told_sender; /* the event `sender` was recorded */
	bool data;
	bool spam; /* a trusted header says so */
	bool virus;
	int64_t recipients; /* asked for */
};

struct session {
	struct conf *conf; /* our reference */
	struct account account;
	struct hearing hearing;

	/* What the client did so far. */
	bool greeted;
	bool told_helo; /* the event `helo` was recorded */
	struct transaction now;
};

struct session *
session_new(const struct desk *desk, struct conf *conf)
{
	struct session *session = calloc(1, sizeof(*session));

	if (session == NULL) {
		return NULL;
	}
	session->conf = conf;
	account_init(&session->account, desk, conf);
	hearing_init(&session->hearing, conf, &session->account);
	return session;
}

const struct conf *
session_conf(const struct session *session)
{
	return session->conf;
}

enum service
session_service(const struct conf *conf, const char *port, const char *name)
{
	int64_t number;

	/* The usual name of Postfix's and Sendmail's submission daemons. */
	if (name != NULL && strcasecmp(name, "ORIGINATING") == 0) {
		return SERVICE_SUBMISSION;
	}
	if (port == NULL || !text_to_int(port, 1, UINT16_MAX, &number)) {
		return SERVICE_ANY;
	}
	for (size_t i = 0; i < conf->submission_ports; i++) {
		if (conf->submission_port[i] == number) {
			return SERVICE_SUBMISSION;
		}
	}
	return SERVICE_MX;
}

void
session_connect(
    struct session *session, const struct addr *address, enum service service)
{
	hearing_open(&session->hearing, address, service);
	if (address != NULL) {
		account_open(&session->account, address);
	}
}

/* The transaction is over without a message. */
static void
end_transaction(struct session *session, int64_t now)
{
	struct transaction *mail = &session->now;

	if (mail->open && !mail->data) {
		account_unfinished(&session->account, now);
	}
	*mail = (struct transaction){ .open = false };
}

bool
session_helo(struct session *session, int64_t now, struct answer *answer)
{
	end_transaction(session, now);
	session->greeted = true;
	return hearing_judge(&session->hearing, STAGE_HELO, false, now, answer);
}

bool
session_mail(struct session *session, const struct sender *sender, int64_t now,
    struct answer *answer)
{
	bool refused;

	end_transaction(session, now);
	if (sender->auth_type != NULL || sender->auth_authen != NULL) {
		session->hearing.authenticated = true;
		account_end(&session->account);
		hearing_leave(&session->hearing);
	}
	account_session(&session->account, now);
	refused = hearing_judge(
		      &session->hearing, STAGE_MAIL, false, now, answer) ||
		  hearing_measure(&session->hearing, now, answer);
	session->now.open = true;
	session->now.refused = refused;
	session->now.callout = sender->path != NULL &&
			       classify_callout(sender->path);
	if (!session->greeted && !session->told_helo) {
		session->told_helo = true;
		account_deed(&session->account, KIND_HELO, "no HELO", now);
	}
	return refused;
}

/* Whether this kind of rejection was recorded often enough. */
static bool
told_enough(struct session *session, enum kind kind)
{
	bool *told = kind == KIND_HELO     ? &session->told_helo
		     : kind == KIND_SENDER ? &session->now.told_sender
					   : NULL;
	bool before = told != NULL && *told;

	if (told != NULL) {
		*told = true;
	}
	return before;
}

/* One that was refused at MAIL and comes all the same is refused whomever it
 * writes to. */
static bool
spares(const struct session *session, const struct recipient *recipient)
{
	return recipient->path != NULL && !session->now.refused &&
	       reply_spares(recipient->path);
}

/* The MTA rejects the recipient; a banned client would have been refused
 * here as well. */
static void
note_rejection(
    struct session *session, const struct recipient *recipient, int64_t now)
{
	const char *status = classify_is_status(recipient->status)
				 ? recipient->status
				 : NULL;
	enum kind kind;
	struct answer unsaid;

	(void)hearing_judge(&session->hearing, STAGE_RCPT,
	    spares(session, recipient), now, &unsaid);
	account_refusal(&session->account, now);
	if (!classify_rejection(recipient->status, recipient->text, &kind) ||
	    told_enough(session, kind)) {
		return;
	}
	if (kind == KIND_RECIPIENT) {
		account_guess(&session->account, recipient->path, status, now);
	} else {
		account_deed(&session->account, kind, status, now);
	}
}

static void
note_accepted(struct session *session, int64_t now)
{
	struct transaction *mail = &session->now;

	account_recipient(
	    &session->account, mail->callout && mail->recipients == 1, now);
}

bool
session_rcpt(struct session *session, const struct recipient *recipient,
    int64_t now, struct answer *answer)
{
	if (!session->hearing.known) {
		return false;
	}
	account_session(&session->account, now);
	session->now.recipients++;
	if (recipient->rejected) {
		note_rejection(session, recipient, now);
		return false;
	}
	if (hearing_judge(&session->hearing, STAGE_RCPT,
		spares(session, recipient), now, answer)) {
		return true;
	}
	note_accepted(session, now);
	return false;
}

void
session_unknown(struct session *session, int64_t now)
{
	if (!session->hearing.known) {
		return;
	}
	account_session(&session->account, now);
	account_refusal(&session->account, now);
	account_deed(&session->account, KIND_COMMAND, NULL, now);
}

void
session_data(struct session *session, int64_t now)
{
	session->now.data = true;
	account_data(&session->account, now);
}

void
session_header(struct session *session, const char *name, const char *value)
{
	struct transaction *mail = &session->now;

	if (!session->account.open) {
		return;
	}
	mail->spam |= classify_header(
	    &session->conf->milter.spam_header, name, value);
	mail->virus |= classify_header(
	    &session->conf->milter.virus_header, name, value);
}

void
session_message(struct session *session, int64_t now)
{
	struct transaction *mail = &session->now;

	mail->data = true; /* not every MTA reports DATA */
	session->hearing.presence.messages++;
	if (mail->spam) {
		account_deed(&session->account, KIND_SPAM, NULL, now);
	}
	if (mail->virus) {
		account_deed(&session->account, KIND_VIRUS, NULL, now);
	}
	account_message(&session->account, !mail->spam && !mail->virus, now);
	end_transaction(session, now);
}

void
session_abort(struct session *session, int64_t now)
{
	end_transaction(session, now);
}

void
session_close(struct session *session, int64_t now)
{
	if (session == NULL) {
		return;
	}
	end_transaction(session, now);
	account_close(&session->account, now);
	hearing_leave(&session->hearing);
	session_free(session);
}

void
session_free(struct session *session)
{
	if (session == NULL) {
		return;
	}
	hearing_clear(&session->hearing);
	conf_drop(session->conf);
	free(session);
}
