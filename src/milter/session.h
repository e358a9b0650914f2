/*
 * One SMTP session of one client: what it did and what it is told.
 *
 * The milter reports each step that the MTA reports to it; the session asks
 * who the client is, refuses it with the reply of the ban that applies or, at
 * MAIL, of the limit it is over, and gives events, tallies and hits to the
 * writer.  It knows nothing of libmilter, of threads or of the database; `now`
 * is seconds since the epoch.
 *
 * A session is used by one thread at a time.  One without an address (a unix
 * socket's) passes untouched.  One that is authenticated is refused by bans
 * for `auth` alone, and from then on nothing of it is counted.
 */
#ifndef MILTER_SESSION_H
#define MILTER_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "conf/conf.h"
#include "core/kind.h"
#include "milter/verdict.h"

struct limits;
struct session;
struct writer;

/* `writer` and `limits` are borrowed for the session's life; the reference of
 * `conf` passes to the session, which keeps it to the end.  NULL without
 * memory, and then the reference stays with the caller. */
struct session *session_new(
    struct writer *writer, struct limits *limits, struct conf *conf);
const struct conf *session_conf(const struct session *session);

/* The service a session came to, by the MTA's {daemon_port} and
 * {daemon_name}, either may be NULL: not known without them. */
enum service session_service(
    const struct conf *conf, const char *port, const char *name);

/* A client connected; `address` is NULL where it has none. */
void session_connect(
    struct session *session, const struct addr *address, enum service service);

/* HELO or EHLO.  Like the next two: the refusal, borrowed until the next step,
 * or NULL where the client passes. */
struct refusal *session_helo(struct session *session, int64_t now);

/* MAIL.  Texts may be NULL where the MTA has none. */
struct sender {
	const char *path; /* as SMTP gave it */
	const char *auth_type;
	const char *auth_authen;
};
struct refusal *session_mail(
    struct session *session, const struct sender *sender, int64_t now);

/* RCPT.  One that the MTA rejects itself is never refused again. */
struct recipient {
	const char *path; /* as SMTP gave it */
	bool rejected;
	const char *status; /* of the rejection, "5.1.1", or NULL */
	const char *text;   /* of the rejection, or NULL */
};
struct refusal *session_rcpt(
    struct session *session, const struct recipient *recipient, int64_t now);

/* A command that the MTA does not know. */
void session_unknown(struct session *session, int64_t now);

void session_data(struct session *session, int64_t now);
void session_header(
    struct session *session, const char *name, const char *value);
/* The end of a message was seen. */
void session_message(struct session *session, int64_t now);
/* The transaction is over, with or without that. */
void session_end(struct session *session, int64_t now);

/* The client left: record what that means, and free the session.  NULL is
 * fine, here and below. */
void session_close(struct session *session, int64_t now);
/* Free it and record nothing. */
void session_free(struct session *session);

#endif
