#include "milter/session.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "core/standing.h"
#include "core/tally.h"
#include "engine/engine.h"
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
	int64_t accepted;   /* of them */
};

struct session {
	const struct desk *desk;
	struct conf *conf; /* our reference */
	struct visitor visitor;
	bool known;  /* has an address */
	bool exempt; /* no database is needed to know that no ban touches it */
	enum service service;

	/* What the client did so far. */
	bool greeted;
	bool authenticated;
	bool counted;   /* as a session */
	bool hit;       /* as one that was refused */
	bool refused;   /* something was, by whomever */
	bool told_helo; /* the event `helo` was recorded */
	struct transaction now;

	/* The only recipient of a transaction that may turn out to be a
	 * call-out is not counted before that is known. */
	bool held;
	bool probed;       /* held, and its transaction ended so */
	int64_t probed_at; /* when */

	struct opinion opinion;
};

struct session *
session_new(const struct desk *desk, struct conf *conf)
{
	struct session *session = calloc(1, sizeof(*session));

	if (session == NULL) {
		return NULL;
	}
	session->desk = desk;
	session->conf = conf;
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

void
session_connect(
    struct session *session, const struct addr *address, enum service service)
{
	session->known = address != NULL;
	session->service = service;
	session->visitor.conf = session->conf;
	session->visitor.patience = DESK_PATIENCE;
	if (address != NULL) {
		session->exempt = standing_never_banned(address) ||
				  conf_allows(session->conf, address);
		session->visitor.address = *address;
		session->visitor.client = engine_client(session->conf, address);
	}
}

/* ---- counting ---- */

static bool
counts(const struct session *session)
{
	return session->known && !session->authenticated;
}

static void
tell_tally(struct session *session, const struct tally *more, int64_t now)
{
	session->desk->tally(session->desk->self, &session->visitor.client,
	    tally_hour(now), more);
}

/* Count the session at the first thing it does: the MTA itself opens and
 * closes connections (XCLIENT) that never get so far. */
static void
count_session(struct session *session, int64_t now)
{
	if (!session->counted && counts(session)) {
		session->counted = true;
		tell_tally(session, &(struct tally){ .sessions = 1 }, now);
	}
}

static void
count_recipient(struct session *session, int64_t now)
{
	tell_tally(session, &(struct tally){ .recipients = 1 }, now);
}

/* The held recipient is an ordinary one. */
static void
release_held(struct session *session, int64_t now)
{
	if (session->held && counts(session)) {
		count_recipient(session, now);
	}
	session->held = false;
	session->probed = false;
}

/* Something was refused: no call-out does that. */
static void
note_refusal(struct session *session, int64_t now)
{
	session->refused = true;
	release_held(session, now);
}

static void
tell(struct session *session, enum kind kind, const char *detail, int64_t at,
    int64_t now)
{
	struct deed deed = {
		.address = session->visitor.address,
		.kind = kind,
		.at = at,
		.source = "milter",
		.detail = detail,
	};

	if (session->conf->source[kind] == CONF_MILTER && counts(session)) {
		session->desk->observe(
		    session->desk->self, &session->visitor, &deed, now);
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
	count_session(session, now);
	note_refusal(session, now);
	if (!session->hit) {
		session->hit = true;
		session->desk->hit(
		    session->desk->self, &session->visitor, ban, now);
	}
}

static void
answer_ban(
    const struct session *session, const struct ban *ban, struct answer *answer)
{
	char who[ADDR_TEXT_SIZE];

	memcpy(answer->code, ban->reply.code, sizeof(answer->code));
	memcpy(answer->enhanced, ban->reply.enhanced, sizeof(answer->enhanced));
	(void)reply_phrase(&ban->reply,
	    addr_format(&session->visitor.address, who), ban->ends,
	    session->conf->lookup_url, ban->ref, answer->text);
}

static void
answer_unavailable(struct answer *answer)
{
	(void)text_copy(answer->code, sizeof(answer->code), "451");
	(void)text_copy(answer->enhanced, sizeof(answer->enhanced), "4.7.1");
	(void)text_copy(answer->text, sizeof(answer->text),
	    "Service unavailable - try again later");
}

/* What the client hears at a stage; `spared` recipients hear nothing of
 * bans. */
static bool
judge(struct session *session, enum stage stage, bool spared, int64_t now,
    struct answer *answer)
{
	const struct ban *ban;

	if (!session->known || session->exempt) {
		return false;
	}
	if (!opinion_refresh(
		&session->opinion, session->desk, &session->visitor, now)) {
		if (session->conf->milter.on_error == CONF_ACCEPT ||
		    stage == STAGE_HELO) {
			return false;
		}
		note_refusal(session, now);
		answer_unavailable(answer);
		return true;
	}
	ban = speaker(session, stage);
	if (ban == NULL || spared) {
		return false;
	}
	answer_ban(session, ban, answer);
	count_hit(session, ban, now);
	return true;
}

/* ---- the steps of a session ---- */

/* The transaction is over without a message. */
static void
end_transaction(struct session *session, int64_t now)
{
	struct transaction *mail = &session->now;

	if (session->held && mail->open && !mail->data && !session->probed) {
		session->probed = true;
		session->probed_at = now;
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
	}
	count_session(session, now);
	refused = judge(session, STAGE_MAIL, false, now, answer);
	session->now.open = true;
	session->now.refused = refused;
	session->now.callout = sender->path != NULL &&
			       offence_callout_sender(sender->path);
	if (!session->greeted && !session->told_helo) {
		session->told_helo = true;
		tell(session, KIND_HELO, "no HELO", now, now);
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
	enum kind kind;
	struct answer unsaid;

	(void)judge(
	    session, STAGE_RCPT, spares(session, recipient), now, &unsaid);
	note_refusal(session, now);
	if (offence_of_rejection(recipient->status, recipient->text, &kind) &&
	    !told_enough(session, kind)) {
		tell(session, kind,
		    offence_is_status(recipient->status) ? recipient->status
							 : NULL,
		    now, now);
	}
}

static void
note_accepted(struct session *session, int64_t now)
{
	struct transaction *mail = &session->now;

	mail->accepted++;
	if (!counts(session)) {
		return;
	}
	if (mail->callout && mail->recipients == 1 && !session->refused &&
	    !session->probed) {
		session->held = true;
		return;
	}
	if (!session->probed) {
		release_held(session, now);
	}
	count_recipient(session, now);
}

bool
session_rcpt(struct session *session, const struct recipient *recipient,
    int64_t now, struct answer *answer)
{
	if (!session->known) {
		return false;
	}
	count_session(session, now);
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
	count_session(session, now);
	note_refusal(session, now);
	tell(session, KIND_COMMAND, NULL, now, now);
}

void
session_data(struct session *session, int64_t now)
{
	session->now.data = true;
	if (!session->probed) {
		release_held(session, now);
	}
}

void
session_header(struct session *session, const char *name, const char *value)
{
	struct transaction *mail = &session->now;

	if (!counts(session)) {
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
	struct tally more = { .messages = 1 };

	mail->data = true; /* not every MTA reports DATA */
	if (counts(session)) {
		if (mail->spam) {
			tell(session, KIND_SPAM, NULL, now, now);
		}
		if (mail->virus) {
			tell(session, KIND_VIRUS, NULL, now, now);
		}
		more.accepted = !mail->spam && !mail->virus;
		tell_tally(session, &more, now);
		if (!session->probed) {
			release_held(session, now);
		}
	}
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
	if (session->probed && !session->refused) {
		tell(session, KIND_PROBE, NULL, session->probed_at, now);
	}
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
