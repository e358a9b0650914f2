#include "milter/session.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/table.h"
#include "base/text.h"
#include "core/kind.h"
#include "milter/classify.h"
#include "milter/database.h"
#include "milter/limits.h"
#include "milter/writer.h"

enum {
	/* Different recipients that count to the credit of one session. */
	RECIPIENTS_MAX = 1024,
	RECIPIENTS_STEP = 16
};

/* What a session may show, so that one can tell what the MTA or a scanner does
 * not. */
enum seen {
	SEEN_SESSION,
	SEEN_END,
	SEEN_HEADER,
	SEEN_REJECTION,
	SEEN_ASKED, /* the database, about its client */
	SEEN_COUNT
};
static const char *const seen_names[SEEN_COUNT] = {
	[SEEN_SESSION] = "sessions",
	[SEEN_END] = "message-ends",
	[SEEN_HEADER] = "verdict-headers",
	[SEEN_REJECTION] = "rejections",
	[SEEN_ASKED] = "asked",
};

/* From one MAIL to its end. */
struct transaction {
	bool null_sender;
	bool callout;         /* its sender is one of address verification */
	bool refused;         /* at MAIL, by us */
	bool recorded_sender; /* the event `sender` was recorded */
	bool data;
	bool ended;    /* as a message does */
	bool ordinary; /* it goes to others than those who are always open */
	bool spam;     /* a trusted header says so */
	bool virus;
	int recipients; /* asked for */
	int unknown;    /* of them */
};

struct session {
	struct conf *conf;     /* our reference */
	struct writer *writer; /* borrowed, as the next */
	struct limits *limits;
	struct database *database; /* the writer's */
	struct peer peer;

	struct refusal refusal; /* of the newest step that was refused */

	/* What was recorded of it. */
	bool counts;  /* what it does is counted */
	bool counted; /* as a session */
	bool seen[SEEN_COUNT];
	bool refused;       /* something was, by whomever */
	bool hit;           /* as one that a ban refused */
	bool over;          /* as one that met a limit */
	bool recorded_helo; /* the event `helo` */

	/* What the client did so far. */
	bool greeted;
	bool probed;       /* a transaction ended as a call-out does */
	int64_t probed_at; /* when */
	struct transaction now;

	/* Hashes of the recipients that were accepted, each once: first those
	 * a message was delivered to, then those of this transaction. */
	uint64_t *recipient;
	size_t recipients;
	size_t delivered;
};

struct session *
session_new(struct writer *writer, struct limits *limits, struct conf *conf)
{
	struct session *session = calloc(1, sizeof(*session));

	if (session != NULL) {
		session->conf = conf;
		session->writer = writer;
		session->limits = limits;
		session->database = writer_database(writer);
		verdict_init(&session->peer, session->database, conf);
	}
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

/* ---- what is counted ---- */

/* Count the session, once, at the first thing it does: the MTA itself opens
 * and closes connections (XCLIENT) that never get so far. */
static void
count_session(struct session *session, int64_t now)
{
	if (!session->counted && session->counts) {
		session->counted = session->seen[SEEN_SESSION] = true;
		limits_count(session->limits, &session->peer.client, now);
	}
}

/* A recipient that was accepted is not to the client's credit before a message
 * is delivered to it, and then once a session. */
static void
note_recipient(struct session *session, const char *address)
{
	static const unsigned char key[HASH_KEY_SIZE] = "";
	const uint64_t hash = hash_bytes(key, address, strlen(address));
	const size_t count = session->recipients;

	for (size_t i = 0; i < count; i++) {
		if (session->recipient[i] == hash) {
			return;
		}
	}
	if (count % RECIPIENTS_STEP == 0) {
		uint64_t *more = count == RECIPIENTS_MAX
				     ? NULL
				     : realloc(session->recipient,
					   (count + RECIPIENTS_STEP) *
					       sizeof(*more));

		if (more == NULL) {
			database_lose(session->database, LOSS_RECIPIENTS, 1);
			return;
		}
		session->recipient = more;
	}
	session->recipient[session->recipients++] = hash;
}

/* The client did something wrong.  `detail` and `name` may be NULL. */
static void
record(struct session *session, enum kind kind, int64_t at, const char *detail,
    const char *name)
{
	struct writer_event event = { .conf = session->conf,
		.address = session->peer.address,
		.kind = kind,
		.null_sender = session->now.null_sender,
		.nth = kind == KIND_RECIPIENT ? session->now.unknown : 0,
		.at = at };

	if (!session->counts ||
	    !conf_counts(session->conf, kind, CONF_MILTER, NULL)) {
		return;
	}
	(void)text_copy(
	    event.detail, sizeof(event.detail), detail == NULL ? "" : detail);
	(void)text_copy(
	    event.name, sizeof(event.name), name == NULL ? "" : name);
	writer_record(session->writer, &event, &session->peer.left);
}

/* ---- what it is told ---- */

/* What the client is told at a stage: true where it is refused.  `spared`
 * recipients are refused by no ban. */
static bool
refused_by_ban(
    struct session *session, enum stage stage, bool spared, int64_t now)
{
	struct peer *peer = &session->peer;
	const struct ban *ban;

	if (!peer->known || peer->exempt) {
		return false;
	}
	if (!verdict_refresh(peer, now)) {
		if (session->conf->milter.on_error == CONF_ACCEPT ||
		    stage == STAGE_HELO) {
			return false;
		}
		session->refused = true;
		session->refusal = (struct refusal){ .code = "451",
			.enhanced = "4.7.1",
			.text = "Service unavailable - try again later" };
		return true;
	}
	/* After ten hits MAIL is open only where the owner named who is open
	 * always, and only until the session was refused once: who guesses at
	 * recipients learns no more than in one transaction. */
	ban = verdict_ban(
	    peer, stage, !session->hit && conf_names_open(session->conf));
	if (ban == NULL || spared) {
		return false;
	}
	verdict_refuse(peer, ban, &session->refusal);
	count_session(session, now);
	session->refused = true;
	if (!session->hit) {
		session->hit = true;
		writer_hit(session->writer, ban, now, &peer->left);
	}
	return true;
}

/* The same of a client at MAIL that does too much.  Limits are not for a
 * session that is authenticated or came to submit mail, nor for a client that
 * is allowed or may be. */
static bool
refused_by_limit(struct session *session, int64_t now)
{
	struct peer *peer = &session->peer;
	enum limit_kind over;

	if (!peer->known || peer->exempt || peer->authenticated ||
	    peer->service == SERVICE_SUBMISSION ||
	    peer->version == DATABASE_NO_VERSION ||
	    peer->verdict == STANDING_ALLOWED) {
		return false;
	}
	over = limits_admit(session->limits, peer, now);
	if (over == LIMIT_KINDS) {
		return false;
	}
	verdict_refuse_limit(
	    peer, &session->conf->policy.limit[over], &session->refusal);
	session->refused = true;
	if (!session->over) {
		session->over = true;
		database_count(session->database,
		    &(struct counted){ .what = COUNTED_LIMITED,
			.limit = over,
			.times = 1,
			.at = now },
		    1);
		record(session, KIND_VOLUME, now, limit_name(over), NULL);
	}
	return true;
}

/* ---- its steps ---- */

void
session_connect(
    struct session *session, const struct addr *address, enum service service)
{
	limits_leave(session->limits, &session->peer);
	verdict_connect(&session->peer, address, service);
	session->counts |= address != NULL;
}

/* Whether a message is to the client's credit: neither one that a scanner
 * tagged, nor one of the null sender, nor what goes to those alone who are open
 * to banned clients as well, nor any while a ban of the client holds. */
static bool
is_credit(struct session *session, int64_t now)
{
	const struct transaction *mail = &session->now;

	if (session->refused && session->peer.known && !session->peer.exempt) {
		/* What was refused may have set off a ban. */
		(void)verdict_refresh(&session->peer, now);
	}
	return mail->ordinary && !mail->null_sender && !mail->spam &&
	       !mail->virus && verdict_newest(&session->peer) == 0;
}

/* The transaction is over.  One of a call-out asks for a single recipient, and
 * ends with that. */
void
session_end(struct session *session, int64_t now)
{
	const struct transaction *mail = &session->now;
	struct counted more = { .what = COUNTED_TALLY,
		.client = session->peer.client,
		.tally.messages = 1,
		.at = tally_hour(now) };

	if (mail->callout && mail->recipients == 1 && !mail->data &&
	    !session->refused && !session->probed) {
		session->probed = true;
		session->probed_at = now;
	}
	if (session->counts && mail->data &&
	    (session->peer.exempt
		    ? mail->ended
		    : database_message(session->database, mail->ended))) {
		session->peer.presence.messages++;
		if (is_credit(session, now)) {
			more.tally.accepted = 1;
			more.tally.recipients = (int64_t)(session->recipients -
							  session->delivered);
			session->delivered = session->recipients;
		}
		database_count(session->database, &more, 1);
	}
	session->recipients = session->delivered;
	session->now = (struct transaction){ .data = false };
}

struct refusal *
session_helo(struct session *session, int64_t now)
{
	session_end(session, now);
	session->greeted = true;
	return refused_by_ban(session, STAGE_HELO, false, now)
		   ? &session->refusal
		   : NULL;
}

struct refusal *
session_mail(struct session *session, const struct sender *sender, int64_t now)
{
	char address[CLASSIFY_ADDRESS_SIZE];
	bool refused;

	classify_address(sender->path, address);
	session_end(session, now);
	if (sender->auth_type != NULL || sender->auth_authen != NULL) {
		session->peer.authenticated = true;
		session->counts = false;
		limits_leave(session->limits, &session->peer);
	}
	count_session(session, now);
	refused = refused_by_ban(session, STAGE_MAIL, false, now) ||
		  refused_by_limit(session, now);
	session->now.refused = refused;
	session->now.null_sender = sender->path != NULL && address[0] == '\0';
	session->now.callout = session->now.null_sender ||
			       text_after(address, "postmaster@") != NULL ||
			       strcmp(address, "postmaster") == 0;
	if (!session->greeted && !session->recorded_helo) {
		session->recorded_helo = true;
		record(session, KIND_HELO, now, "no HELO", NULL);
	}
	return refused ? &session->refusal : NULL;
}

/* The MTA rejects the recipient: an event, but of a bad HELO only one a
 * session, and of a bad sender one a MAIL.  Where a rule asks how often an
 * unknown recipient is the same one, the event has its key. */
static void
note_rejection(struct session *session, const struct recipient *recipient,
    const char *address, int64_t now)
{
	const struct policy *policy = &session->conf->policy;
	const char *status = recipient->status;
	const char *name = NULL;
	enum kind kind;

	session->refused = true;
	session->seen[SEEN_REJECTION] = true;
	if (!classify_rejection(status, recipient->text, &kind)) {
		return;
	}
	if (kind == KIND_RECIPIENT) {
		session->now.unknown++;
		for (size_t i = 0; i < policy->rules; i++) {
			if (policy->rule[i].same_recipient > 0 &&
			    (policy->rule[i].kinds & kind_bit(kind)) != 0) {
				name = address;
			}
		}
	}
	if ((kind == KIND_HELO && session->recorded_helo) ||
	    (kind == KIND_SENDER && session->now.recorded_sender)) {
		return;
	}
	session->recorded_helo |= kind == KIND_HELO;
	session->now.recorded_sender |= kind == KIND_SENDER;
	record(session, kind, now,
	    status[strspn(status, "0123456789.")] == '\0' ? status : NULL,
	    name);
}

struct refusal *
session_rcpt(
    struct session *session, const struct recipient *recipient, int64_t now)
{
	char address[CLASSIFY_ADDRESS_SIZE];
	bool spared;
	bool refused;

	if (!session->peer.known) {
		return NULL;
	}
	classify_address(recipient->path, address);
	count_session(session, now);
	session->now.recipients++;
	spared = classify_spared(session->conf, address);
	/* One that was refused at MAIL and comes all the same is refused
	 * whomever it writes to. */
	refused = refused_by_ban(
	    session, STAGE_RCPT, spared && !session->now.refused, now);
	if (recipient->rejected) {
		/* A banned client would have been refused here as well. */
		note_rejection(session, recipient, address, now);
		return NULL;
	}
	if (refused) {
		return &session->refusal;
	}
	if (!spared) {
		session->now.ordinary = true;
		note_recipient(session, address);
	}
	return NULL;
}

void
session_unknown(struct session *session, int64_t now)
{
	if (session->peer.known) {
		count_session(session, now);
		session->refused = true;
		record(session, KIND_COMMAND, now, NULL, NULL);
	}
}

void
session_data(struct session *session, int64_t now)
{
	(void)now;
	session->now.data = true;
}

void
session_header(struct session *session, const char *name, const char *value)
{
	const enum header says = classify_header(session->conf, name, value);

	session->seen[SEEN_HEADER] |= says != HEADER_OTHER;
	session->now.spam |= says == HEADER_SPAM;
	session->now.virus |= says == HEADER_VIRUS;
}

void
session_message(struct session *session, int64_t now)
{
	struct transaction *mail = &session->now;

	session->seen[SEEN_END] = true;
	if (mail->spam) {
		record(session, KIND_SPAM, now, NULL, NULL);
	}
	if (mail->virus) {
		record(session, KIND_VIRUS, now, NULL, NULL);
	}
	mail->data = true; /* not every MTA reports DATA */
	mail->ended = true;
	session_end(session, now);
}

void
session_close(struct session *session, int64_t now)
{
	if (session == NULL) {
		return;
	}
	session_end(session, now);
	if (session->probed && !session->refused) {
		record(session, KIND_PROBE, session->probed_at, NULL, NULL);
	}
	session->seen[SEEN_ASKED] = session->counted && session->peer.asked;
	for (int i = 0; i < SEEN_COUNT; i++) {
		const struct counted one = { .what = COUNTED_SEEN,
			.seen = seen_names[i],
			.times = 1,
			.at = now };

		if (session->seen[i] && session->counts &&
		    !session->peer.exempt) {
			database_count(session->database, &one, 1);
		}
	}
	limits_leave(session->limits, &session->peer);
	session_free(session);
}

void
session_free(struct session *session)
{
	if (session != NULL) {
		verdict_clear(&session->peer);
		free(session->recipient);
		conf_drop(session->conf);
		free(session);
	}
}
