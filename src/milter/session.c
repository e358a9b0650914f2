#include "milter/session.h"

#include <stdlib.h>
#include <strings.h>

#include "base/text.h"
#include "core/standing.h"
#include "milter/account.h"
#include "milter/offence.h"
#include "milter/opinion.h"

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
	bool known;  /* has an address */
	bool exempt; /* no database is needed to know that no ban touches it */
	enum service service;
	bool limited; /* the policy has limits */
	struct presence presence;

	/* What the client did so far. */
	bool greeted;
	bool authenticated;
	bool over;      /* counted as one that met a limit */
	bool hit;       /* counted as one that was refused */
	bool told_helo; /* the event `helo` was recorded */
	struct transaction now;

	struct opinion opinion;
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
	opinion_init(&session->opinion);
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

static bool
has_limits(const struct policy *policy)
{
	for (int i = 0; i < LIMIT_KINDS; i++) {
		if (limit_is_set(&policy->limit[i])) {
			return true;
		}
	}
	return false;
}

/* Give back the slot, where there is one. */
static void
leave(struct session *session)
{
	const struct account *account = &session->account;

	if (session->presence.slot) {
		account->desk->leave(account->desk->self,
		    &account->visitor.client, &session->presence);
	}
}

void
session_connect(
    struct session *session, const struct addr *address, enum service service)
{
	leave(session);
	session->limited = has_limits(&session->conf->policy);
	session->known = address != NULL;
	session->service = service;
	if (address != NULL) {
		session->exempt = standing_never_banned(address) ||
				  conf_allows(session->conf, address);
		account_open(&session->account, address);
	}
}

/* ---- who speaks ---- */

/* The ban that speaks to this session at a stage, or NULL. */
static const struct ban *
speaker(const struct session *session, enum stage stage)
{
	const struct session_facts facts = {
		.service = session->service,
		.stage = stage,
		.authenticated = session->authenticated,
	};

	return opinion_speaker(&session->opinion, &facts);
}

static void
count_hit(struct session *session, const struct ban *ban, int64_t now)
{
	struct account *account = &session->account;

	account_session(account, now);
	account_refusal(account, now);
	if (!session->hit) {
		session->hit = true;
		account->desk->hit(
		    account->desk->self, &account->visitor, ban, now);
	}
}

/* What the client hears at a stage; `spared` recipients hear nothing of
 * bans. */
static bool
judge(struct session *session, enum stage stage, bool spared, int64_t now,
    struct answer *answer)
{
	struct account *account = &session->account;
	const struct ban *ban;

	if (!session->known || session->exempt) {
		return false;
	}
	if (!opinion_refresh(
		&session->opinion, account->desk, &account->visitor, now)) {
		if (session->conf->milter.on_error == CONF_ACCEPT ||
		    stage == STAGE_HELO) {
			return false;
		}
		account_refusal(&session->account, now);
		answer_unavailable(answer);
		return true;
	}
	ban = speaker(session, stage);
	if (ban == NULL || spared) {
		return false;
	}
	answer_ban(answer, opinion_reply(&session->opinion, ban), ban,
	    &account->visitor);
	count_hit(session, ban, now);
	return true;
}

/* Whether limits are for this session: not for one that is authenticated or
 * came to submit mail, nor for a client that is allowed or may be. */
static bool
is_limited(const struct session *session)
{
	return session->limited && session->known && !session->exempt &&
	       !session->authenticated &&
	       session->service != SERVICE_SUBMISSION &&
	       session->opinion.version != DESK_NO_VERSION &&
	       session->opinion.verdict != STANDING_ALLOWED;
}

static void
count_over(struct session *session, enum limit_kind kind, int64_t now)
{
	struct account *account = &session->account;

	account_refusal(account, now);
	if (!session->over) {
		session->over = true;
		account->desk->limited(account->desk->self, kind, now);
		account_deed(account, KIND_VOLUME, limit_name(kind), now);
	}
}

/* What a client hears at MAIL that does too much. */
static bool
measure(struct session *session, int64_t now, struct answer *answer)
{
	struct account *account = &session->account;
	enum limit_kind over;

	if (!is_limited(session)) {
		return false;
	}
	session->presence.ban = opinion_newest(&session->opinion);
	over = account->desk->admit(
	    account->desk->self, &account->visitor, &session->presence, now);
	if (over == LIMIT_KINDS) {
		return false;
	}
	answer_limit(
	    answer, &session->conf->policy.limit[over], &account->visitor);
	count_over(session, over, now);
	return true;
}

/* ---- the steps of a session ---- */

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
	return judge(session, STAGE_HELO, false, now, answer);
}

bool
session_mail(struct session *session, const struct sender *sender, int64_t now,
    struct answer *answer)
{
	bool refused;

	end_transaction(session, now);
	if (sender->auth_type != NULL || sender->auth_authen != NULL) {
		session->authenticated = true;
		account_end(&session->account);
		leave(session);
	}
	account_session(&session->account, now);
	refused = judge(session, STAGE_MAIL, false, now, answer) ||
		  measure(session, now, answer);
	session->now.open = true;
	session->now.refused = refused;
	session->now.callout = sender->path != NULL &&
			       offence_callout_sender(sender->path);
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
	const char *status = offence_is_status(recipient->status)
				 ? recipient->status
				 : NULL;
	enum kind kind;
	struct answer unsaid;

	(void)judge(
	    session, STAGE_RCPT, spares(session, recipient), now, &unsaid);
	account_refusal(&session->account, now);
	if (!offence_of_rejection(recipient->status, recipient->text, &kind) ||
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
	if (!session->known) {
		return false;
	}
	account_session(&session->account, now);
	session->now.recipients++;
	if (recipient->rejected) {
		note_rejection(session, recipient, now);
		return false;
	}
	if (judge(
		session, STAGE_RCPT, spares(session, recipient), now, answer)) {
		return true;
	}
	note_accepted(session, now);
	return false;
}

void
session_unknown(struct session *session, int64_t now)
{
	if (!session->known) {
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
	mail->spam |= offence_of_header(
	    &session->conf->milter.spam_header, name, value);
	mail->virus |= offence_of_header(
	    &session->conf->milter.virus_header, name, value);
}

void
session_message(struct session *session, int64_t now)
{
	struct transaction *mail = &session->now;

	mail->data = true; /* not every MTA reports DATA */
	session->presence.messages++;
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
	leave(session);
	session_free(session);
}

void
session_free(struct session *session)
{
	if (session == NULL) {
		return;
	}
	opinion_clear(&session->opinion);
	conf_drop(session->conf);
	free(session);
}
