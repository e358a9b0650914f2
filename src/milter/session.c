#include "milter/session.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "core/kind.h"
#include "milter/classify.h"
#include "milter/counters.h"
#include "milter/database.h"
#include "milter/limits.h"
#include "milter/writer.h"

/* From one MAIL to its end. */
struct transaction {
	bool open;
	bool callout;         /* its sender is one of address verification */
	bool refused;         /* at MAIL, by us */
	bool recorded_sender; /* the event `sender` was recorded */
	bool data;
	bool spam; /* a trusted header says so */
	bool virus;
	int64_t recipients; /* asked for */
};

struct session {
	struct conf *conf;     /* our reference */
	struct writer *writer; /* borrowed, as the next */
	struct limits *limits;
	struct counters *counters; /* the writer's */
	struct peer peer;

	struct refusal refusal; /* of the newest step that was refused */

	/* What was recorded of it. */
	bool counts;        /* what it does is counted */
	bool counted;       /* as a session */
	bool refused;       /* something was, by whomever */
	bool hit;           /* as one that a ban refused */
	bool over;          /* as one that met a limit */
	bool recorded_helo; /* the event `helo` */

	/* What the client did so far. */
	bool greeted;
	struct transaction now;

	/* The only recipient of a transaction that may turn out to be a
	 * call-out is not counted before that is known. */
	bool held;
	bool probed;       /* held, and its transaction ended so */
	int64_t probed_at; /* when */
};

struct session *
session_new(struct writer *writer, struct limits *limits, struct conf *conf)
{
	struct session *session = calloc(1, sizeof(*session));

	if (session != NULL) {
		session->conf = conf;
		session->writer = writer;
		session->limits = limits;
		session->counters = writer_counters(writer);
		verdict_init(&session->peer, writer_database(writer), conf);
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

static void
tally(struct session *session, const struct tally *more, int64_t now)
{
	counters_add(session->counters,
	    &(struct counted){ .what = COUNTED_TALLY,
		.client = session->peer.client,
		.tally = *more,
		.at = tally_hour(now) },
	    1);
}

/* Count the session, once, at the first thing it does: the MTA itself opens
 * and closes connections (XCLIENT) that never get so far. */
static void
count_session(struct session *session, int64_t now)
{
	if (!session->counted && session->counts) {
		session->counted = true;
		limits_count(session->limits, &session->peer.client, now);
	}
}

/* The held recipient is an ordinary one. */
static void
release_held(struct session *session, int64_t now)
{
	if (session->held && session->counts) {
		tally(session, &(struct tally){ .recipients = 1 }, now);
	}
	session->held = false;
	session->probed = false;
}

/* Something was refused: no call-out does that. */
static void
count_refusal(struct session *session, int64_t now)
{
	session->refused = true;
	release_held(session, now);
}

static void
count_recipient(struct session *session, int64_t now)
{
	const struct transaction *mail = &session->now;

	if (!session->counts) {
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
	tally(session, &(struct tally){ .recipients = 1 }, now);
}

/* The client did something wrong.  `detail` and `name` may be NULL. */
static void
record(struct session *session, enum kind kind, int64_t at, const char *detail,
    const char *name)
{
	struct writer_event event = { .conf = session->conf,
		.address = session->peer.address,
		.kind = kind,
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

/* It named a recipient that does not exist, `path` as SMTP gave it or NULL.
 * Where a rule asks how often it is the same one, the event has its key. */
static void
record_guess(
    struct session *session, const char *path, const char *status, int64_t now)
{
	const struct policy *policy = &session->conf->policy;
	char name[WRITER_NAME_SIZE];
	struct text out;
	bool wanted = false;

	for (size_t i = 0; i < policy->rules; i++) {
		wanted |= policy->rule[i].same_recipient > 0 &&
			  (policy->rule[i].kinds & kind_bit(KIND_RECIPIENT)) !=
			      0;
	}
	text_init(&out, name, sizeof(name));
	if (path != NULL && wanted) {
		path += path[0] == '<';
		text_add_bytes(&out, path, strcspn(path, ">"));
	}
	record(session, KIND_RECIPIENT, now, status, name);
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
		count_refusal(session, now);
		verdict_refuse_unknown(&session->refusal);
		return true;
	}
	ban = verdict_ban(peer, stage);
	if (ban == NULL || spared) {
		return false;
	}
	verdict_refuse(peer, ban, &session->refusal);
	count_session(session, now);
	count_refusal(session, now);
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
	count_refusal(session, now);
	if (!session->over) {
		session->over = true;
		counters_add(session->counters,
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

/* The transaction is over without a message. */
static void
end_transaction(struct session *session, int64_t now)
{
	struct transaction *mail = &session->now;

	if (mail->open && !mail->data && session->held && !session->probed) {
		session->probed = true;
		session->probed_at = now;
	}
	*mail = (struct transaction){ .open = false };
}

struct refusal *
session_helo(struct session *session, int64_t now)
{
	end_transaction(session, now);
	session->greeted = true;
	return refused_by_ban(session, STAGE_HELO, false, now)
		   ? &session->refusal
		   : NULL;
}

struct refusal *
session_mail(struct session *session, const struct sender *sender, int64_t now)
{
	bool refused;

	end_transaction(session, now);
	if (sender->auth_type != NULL || sender->auth_authen != NULL) {
		session->peer.authenticated = true;
		session->counts = false;
		limits_leave(session->limits, &session->peer);
	}
	count_session(session, now);
	refused = refused_by_ban(session, STAGE_MAIL, false, now) ||
		  refused_by_limit(session, now);
	session->now.open = true;
	session->now.refused = refused;
	session->now.callout = sender->path != NULL &&
			       classify_callout(sender->path);
	if (!session->greeted && !session->recorded_helo) {
		session->recorded_helo = true;
		record(session, KIND_HELO, now, "no HELO", NULL);
	}
	return refused ? &session->refusal : NULL;
}

/* The MTA rejects the recipient: an event, but of a bad HELO only one a
 * session, and of a bad sender one a MAIL. */
static void
note_rejection(
    struct session *session, const struct recipient *recipient, int64_t now)
{
	const char *status = classify_is_status(recipient->status)
				 ? recipient->status
				 : NULL;
	enum kind kind;
	bool *before;

	count_refusal(session, now);
	if (!classify_rejection(recipient->status, recipient->text, &kind)) {
		return;
	}
	if (kind == KIND_RECIPIENT) {
		record_guess(session, recipient->path, status, now);
		return;
	}
	before = kind == KIND_HELO     ? &session->recorded_helo
		 : kind == KIND_SENDER ? &session->now.recorded_sender
				       : NULL;
	if (before == NULL || !*before) {
		record(session, kind, now, status, NULL);
	}
	if (before != NULL) {
		*before = true;
	}
}

struct refusal *
session_rcpt(
    struct session *session, const struct recipient *recipient, int64_t now)
{
	bool spared;
	bool refused;

	if (!session->peer.known) {
		return NULL;
	}
	count_session(session, now);
	session->now.recipients++;
	/* One that was refused at MAIL and comes all the same is refused
	 * whomever it writes to. */
	spared = recipient->path != NULL && !session->now.refused &&
		 reply_spares(recipient->path);
	refused = refused_by_ban(session, STAGE_RCPT, spared, now);
	if (recipient->rejected) {
		/* A banned client would have been refused here as well. */
		note_rejection(session, recipient, now);
		return NULL;
	}
	if (!refused) {
		count_recipient(session, now);
	}
	return refused ? &session->refusal : NULL;
}

void
session_unknown(struct session *session, int64_t now)
{
	if (session->peer.known) {
		count_session(session, now);
		count_refusal(session, now);
		record(session, KIND_COMMAND, now, NULL, NULL);
	}
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
	const struct conf *conf = session->conf;

	if (session->counts) {
		session->now.spam |= classify_header(
		    &conf->milter.spam_header, name, value);
		session->now.virus |= classify_header(
		    &conf->milter.virus_header, name, value);
	}
}

void
session_message(struct session *session, int64_t now)
{
	struct transaction *mail = &session->now;

	session->peer.presence.messages++;
	if (mail->spam) {
		record(session, KIND_SPAM, now, NULL, NULL);
	}
	if (mail->virus) {
		record(session, KIND_VIRUS, now, NULL, NULL);
	}
	if (session->counts) {
		tally(session,
		    &(struct tally){ .messages = 1,
			.accepted = !mail->spam && !mail->virus },
		    now);
	}
	session_data(session, now); /* not every MTA reports DATA */
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
	/* It was a call-out: nothing was refused since. */
	if (session->probed) {
		record(session, KIND_PROBE, session->probed_at, NULL, NULL);
	}
	limits_leave(session->limits, &session->peer);
	session_free(session);
}

void
session_free(struct session *session)
{
	if (session != NULL) {
		verdict_clear(&session->peer);
		conf_drop(session->conf);
		free(session);
	}
}
