/*
 * videur-web as a whole: what it serves from, what comes in and what goes out.
 */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/text.h"
#include "web/listener.h"
#include "web/lookup.h"
#include "web/visitor.h"

struct MHD_Daemon;
struct json;
struct request;
struct response;
struct site;
struct sockaddr;

enum {
	WEB_STATUSES = 9, /* that are ever given */
	WEB_BODY_MAX = 512 * 1024,
	/* Of a request line and its headers, together with what is made of them
	 * and the headers of the answer. */
	WEB_REQUEST_MAX = 24 * 1024,
	/* Of the address that is asked for: what the form's field holds, each
	 * byte as %XX, fits in. */
	WEB_TARGET_MAX = 16000,
	WEB_UPLOAD_MAX = 8 * 1024 /* of a body, where one is read */
};

/* ---- connections: how long and how many (deadlines.c) ---- */

/*
 * libmicrohttpd hangs up on a silent client; one that sends a byte now and
 * then could stay for good.  So each connection must have brought a whole
 * request, and got its answer, DEADLINES_SECONDS after it came or had its last
 * one; with DEADLINES_CROWDED connections the one that has waited longest for
 * its own request has to go for each that comes; and of one address there may
 * be DEADLINES_EACH.
 *
 * A connection is ended by shutting its socket down, which libmicrohttpd then
 * finds closed.  Any thread may call.
 */
enum {
	DEADLINES_SECONDS = 15,
	DEADLINES_MAX = 1024,
	DEADLINES_CROWDED = 480,
	DEADLINES_EACH = 32
};

enum deadlines_cause {
	DEADLINES_SLOW, /* no whole request in time */
	DEADLINES_FULL, /* had to make room */
	DEADLINES_CAUSES
};

struct deadline {
	bool used;
	bool waits; /* false: is shut down, and not closed yet */
	int socket;
	atomic_llong since; /* ticks: it came, or got an answer */
	struct addr from;   /* all zero where it comes by a unix socket */
};

struct deadlines {
	pthread_mutex_t lock;
	struct deadline connection[DEADLINES_MAX];
	/* So far; any thread reads it. */
	atomic_llong hung_up[DEADLINES_CAUSES];
};

/* A connection on `socket` has come, at `ticks` (milliseconds); its address may
 * have `each`.  NULL where there are too many, and then nobody watches over
 * it. */
struct deadline *deadlines_take(struct deadlines *deadlines, int socket,
    const struct sockaddr *from, int each, int64_t ticks);
/* It is about to be closed. */
void deadlines_leave(struct deadlines *deadlines, struct deadline *deadline);

/* Shut down those whose time is over; to be called every second. */
void deadlines_sweep(struct deadlines *deadlines, int64_t ticks);

/* ---- Dovecot's questions (auth_policy.c) ---- */

enum {
	AUTH_POLICY_HEADER_SIZE = CONF_TEXT_SIZE
};

enum auth_policy_answer {
	AUTH_POLICY_ALLOWED,
	AUTH_POLICY_REFUSED,
	AUTH_POLICY_OBSERVED,    /* allowed; a ban would have refused it */
	AUTH_POLICY_UNAVAILABLE, /* allowed, without a database */
	AUTH_POLICY_REPORT,      /* was no question */
	AUTH_POLICY_WRONG,       /* neither */
	AUTH_POLICY_ANSWERS
};

struct auth_policy {
	/* Its own: no flood of visitors may hang up on Dovecot. */
	struct deadlines deadlines;
	atomic_llong answered[AUTH_POLICY_ANSWERS];
	/* Until when (ticks) no more is logged. */
	atomic_llong observed_until;
	atomic_llong wrong_until;
};

/* The name of the header that holds the secret; returns `name`. */
const char *auth_policy_header(
    const struct conf *conf, char name[static AUTH_POLICY_HEADER_SIZE]);

/* Answer a request to `auth-policy`. */
void auth_policy_answer(
    const struct request *request, struct response *response);

/* ---- the whole ---- */

/* Who answers the requests of a daemon. */
struct handler {
	struct web *web;
	void (*answer)(
	    const struct request *request, struct response *response);
	struct deadlines *deadlines; /* of its connections */
	bool is_for_dovecot; /* who posts, in any number of connections */
};

struct web {
	struct listeners listeners; /* what is served; its sockets are owned */
	struct MHD_Daemon
	    *daemon[LISTENER_KINDS * CONF_LISTEN_MAX][LISTENER_SOCKETS];
	struct handler handler[LISTENER_KINDS];
	struct deadlines deadlines;
	struct rate rate;
	struct lookup lookup;
	struct stats_keeper stats;
	struct auth_policy auth_policy;
	atomic_llong answered[WEB_STATUSES]; /* by status */
	/* Requests over the rate by a proxy that is not trusted, and until
	 * when (ticks) no more is said of it. */
	atomic_llong untrusted;
	atomic_llong untrusted_until;
	pthread_mutex_t lock; /* of site */
	struct site *site;
};

/* ---- requests (routes.c) ---- */

/* What came in.  All borrowed; texts are NULL where they were not sent. */
struct request {
	struct web *web;
	const struct site *site;
	int64_t now;
	int64_t ticks;    /* proc_ticks() */
	bool reads;       /* GET or HEAD */
	unsigned wrong;   /* status of one that is wrong by itself, or 0 */
	const char *path; /* without the query */
	const char *ip;   /* the arguments; of several the first */
	const char *ref;
	const char *lang;
	const char *as; /* "ics" */
	const char *v;  /* version of a file */
	const char *q;
	const char *host;
	const char *accept;
	const char *accept_language;
	const char *command; /* Dovecot's, with its secret and a body, which is
			      * NULL unless there may be one */
	const char *secret;
	const char *body;
	/* Each `ip`; of more than are ever answered not all. */
	const char *asked[ASKED_MAX + 1];
	size_t asks; /* how many of them are here */
	bool visitor_known;
	bool unbelieved; /* it says for whom it asks, but is no trusted proxy */
	bool foreign;    /* a page of another site may read the answer */
	struct addr visitor;
};

/* What goes out.  The caller gives `body`. */
struct response {
	unsigned status;
	const char *type;     /* Content-Type, or NULL: there is no body */
	const char *language; /* its tag, or NULL: in none */
	const char *vary;     /* which headers it depends on, or NULL */
	int64_t retry_after;  /* seconds until it may change; 0: not said */
	const char *file;     /* name to keep it by, or NULL */
	bool may_be_cached;
	bool for_good;     /* and never changes */
	bool may_be_found; /* by who looks for pages and not for an address */
	bool tells_methods;
	const char *methods; /* that would be right; NULL: GET and HEAD */
	bool names_us;       /* program and version */
	bool is_ours;        /* no page of another site may read it */
	struct text body;
};

/* Answer a request to the page and the API. */
void routes_answer(const struct request *request, struct response *response);

/*
 * One address as JSON (api.c): {"ip","listed","bans":[...],"checked_at"}, with
 * the bans in force, the last-ending first.  `ref` is what was asked for, or
 * NULL; without `sees` no other ref is told.
 */
void api_standing(const struct request *request,
    const struct standing *standing, const struct lookup_bans *bans,
    const char *ref, bool sees, struct json *json);

/* robots.txt; the icons that browsers ask for by themselves; security.txt, false
 * where nobody is named to write to (well_known.c). */
void well_known_robots(
    const struct request *request, struct response *response);
void well_known_icon(const struct request *request, struct response *response);
bool well_known_security(
    const struct request *request, struct response *response);

/* Answer a request to the operator's page. */
void routes_operator(const struct request *request, struct response *response);

/* Answer GET /metrics, in Prometheus's text format 0.0.4, and nothing else;
 * the manual page explains the names (metrics.c). */
void metrics_answer(const struct request *request, struct response *response);
/* One more request was answered with this HTTP status; any thread. */
void metrics_count(struct web *web, unsigned status);

/* ---- the server (server.c) ---- */

/*
 * Serve by `conf`, of which a reference is taken, on the listeners.  Two
 * threads answer on each, so that one slow look-up holds nobody else up.
 * False, after a log line, where it cannot be done.
 */
bool server_start(
    struct web *web, struct conf *conf, const struct listeners *listeners);

/*
 * Serve on these from now on.  Those that are served already stay as they are,
 * and what is not among them any more is served to the end of its requests;
 * the sockets that are not needed are closed.  False, after a log line, where
 * one cannot be served.
 */
bool server_listen(struct web *web, const struct listeners *listeners);

/*
 * Answer by this configuration from the next request on.  Open connections are
 * served to their end, unless TLS is switched on or off.
 */
void server_reload(struct web *web, struct conf *conf);

/* What has to be done about every second. */
void server_tick(struct web *web);

void server_stop(struct web *web);

#endif
