/*
 * The HTTP server: connections, limits and threads.  Only this file, http.c and
 * the certificate know libmicrohttpd and what is below it.
 */
#include "web/web.h"

#include <limits.h>
#include <microhttpd.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proc.h"
#include "conf/conf.h"
#include "web/certificate.h"
#include "web/http.h"
#include "web/listener.h"
#include "web/site.h"

enum {
	THREADS = LOOKUP_READERS,
	IDLE_SECONDS = 10,
	DRAIN_MOMENTS = 20 /* of 5 ms, until it stops */
};

/* ---- what libmicrohttpd calls ---- */

/* How many connections there may be of an address: of a proxy's any number. */
static int
may_have(struct web *web, const struct sockaddr *from)
{
	struct addr address;
	bool proxied = !addr_from_sockaddr(from, &address);

	(void)pthread_mutex_lock(&web->lock);
	proxied = proxied || visitor_is_proxy(web->site->conf, &address);
	(void)pthread_mutex_unlock(&web->lock);
	return proxied ? INT_MAX : DEADLINES_EACH;
}

static void
on_connection(void *cls, struct MHD_Connection *connection, void **context,
    enum MHD_ConnectionNotificationCode code)
{
	const struct handler *handler = cls;
	const union MHD_ConnectionInfo *info;
	int fd;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (*context != NULL) {
			deadlines_leave(handler->deadlines, *context);
		}
		return;
	}
	info = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	fd = info != NULL ? info->connect_fd : -1;
	info = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	*context = fd >= 0 && info != NULL
		       ? deadlines_take(handler->deadlines, fd,
			     info->client_addr,
			     handler->is_for_dovecot
				 ? INT_MAX
				 : may_have(handler->web, info->client_addr),
			     proc_ticks())
		       : NULL;
}

static void
on_completed(void *cls, struct MHD_Connection *connection, void **state,
    enum MHD_RequestTerminationCode code)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct deadline *deadline = info != NULL ? info->socket_context : NULL;

	(void)cls;
	http_forget(*state);
	if (deadline != NULL && code == MHD_REQUEST_TERMINATED_COMPLETED_OK) {
		atomic_store(&deadline->since, proc_ticks());
	}
}

/* ---- daemons ---- */

/* A host that is missing is ours to tell: newer ones would, by themselves. */
#if MHD_VERSION >= 0x00097701
#define A_HOST_IS_OURS MHD_OPTION_CLIENT_DISCIPLINE_LVL, -3
#else
#define A_HOST_IS_OURS MHD_OPTION_STRICT_FOR_CLIENT, 0
#endif

/*
 * Serve on a socket, by so many threads.  Of several either may come to have
 * all connections that there can be, since they take them as they come.
 *
 * epoll, as libmicrohttpd 0.9.75 uses it, misses the end of a client who hangs
 * up right behind his last byte, until the time is out: so it polls.
 */
static struct MHD_Daemon *
start_daemon(int socket, unsigned threads, struct handler *handler, bool secure)
{
	/* Nothing older than TLS 1.2; the rest is the library's choice. */
	static char versions[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, versions },
		{ MHD_OPTION_END, 0, NULL },
	};

	/* Dovecot ends a connection that is idle for 10 s, and we not before. */
	const unsigned idle = handler->is_for_dovecot ? 2 * IDLE_SECONDS
						      : IDLE_SECONDS;

	return MHD_start_daemon(MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_ITC |
				    (secure ? (unsigned)MHD_USE_TLS : 0U),
	    0, NULL, NULL, http_request, handler, MHD_OPTION_LISTEN_SOCKET,
	    socket, MHD_OPTION_THREAD_POOL_SIZE, threads > 1 ? threads : 0U,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)DEADLINES_MAX,
	    MHD_OPTION_CONNECTION_TIMEOUT, idle,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)WEB_REQUEST_MAX,
	    MHD_OPTION_UNESCAPE_CALLBACK, http_unescape, NULL,
	    MHD_OPTION_URI_LOG_CALLBACK, http_target, NULL, A_HOST_IS_OURS,
	    MHD_OPTION_NOTIFY_CONNECTION, on_connection, handler,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_ARRAY,
	    secure ? tls : tls + 1,
	    secure ? MHD_OPTION_HTTPS_CERT_CALLBACK2 : MHD_OPTION_END,
	    certificate_retrieve, MHD_OPTION_END);
}

/* Whether requests are still to be answered: told by their connections. */
static bool
is_busy(struct MHD_Daemon *daemon)
{
	const union MHD_DaemonInfo *info = NULL;

	if (daemon != NULL) {
		info = MHD_get_daemon_info(
		    daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
	}
	return info != NULL && info->num_connections > 0;
}

/* Ends the daemons of a listener and leaves its sockets to their owner (which
 * needs MHD_USE_ITC): they would close somebody else's descriptors.  Requests
 * that are there already get their answer. */
static void
stop_daemons(struct MHD_Daemon *daemon[static LISTENER_SOCKETS])
{
	const struct timespec moment = { .tv_nsec = 5000000 };
	bool busy = true;

	for (size_t i = 0; i < LISTENER_SOCKETS; i++) {
		if (daemon[i] != NULL) {
			(void)MHD_quiesce_daemon(daemon[i]);
		}
	}
	for (int i = 0; i < DRAIN_MOMENTS && busy; i++) {
		busy = false;
		for (size_t j = 0; j < LISTENER_SOCKETS; j++) {
			busy = busy || is_busy(daemon[j]);
		}
		if (busy) {
			(void)nanosleep(&moment, NULL);
		}
	}
	for (size_t i = 0; i < LISTENER_SOCKETS; i++) {
		if (daemon[i] != NULL) {
			MHD_stop_daemon(daemon[i]);
			daemon[i] = NULL;
		}
	}
}

/* ---- where it listens ---- */

static const struct {
	const char *begun; /* what the log says */
	void (*answer)(
	    const struct request *request, struct response *response);
	bool may_be_secure;
} serves[LISTENER_KINDS] = {
	[LISTENER_METRICS] = { "metrics on", metrics_answer, false },
	[LISTENER_AUTH_POLICY] = { "Dovecot's questions on", auth_policy_answer,
	    false },
	[LISTENER_OPERATOR] = { "operator's page on", routes_operator, false },
	[LISTENER_PAGE] = { "listening on", routes_answer, true },
};

/* Serve on the listener of that place in the list: by as many threads on one
 * socket as on several with one each. */
static bool
begin(struct web *web, size_t place)
{
	const struct listener *listener = &web->listeners.one[place];
	const bool secure = serves[listener->serves].may_be_secure &&
			    web->site->conf->web.certificate[0] != '\0';
	const unsigned threads = listener->socket[1] < 0 ? THREADS : 1U;
	char name[LISTENER_TEXT_SIZE];

	(void)listener_name(listener->socket[0], secure, name);
	for (size_t i = 0; i < LISTENER_SOCKETS; i++) {
		if (listener->socket[i] < 0) {
			continue;
		}
		web->daemon[place][i] = start_daemon(listener->socket[i],
		    threads, &web->handler[listener->serves], secure);
		if (web->daemon[place][i] == NULL) {
			log_warn("the server could not be started on %s", name);
			stop_daemons(web->daemon[place]);
			return false;
		}
	}
	log_info("%s %s", serves[listener->serves].begun, name);
	return true;
}

/* The place of that listener in a list, or its end. */
static size_t
find_listener(const struct listeners *listeners, const struct listener *wanted)
{
	size_t place = 0;

	while (place < listeners->count &&
	       !listener_same(&listeners->one[place], wanted)) {
		place++;
	}
	return place;
}

bool
server_listen(struct web *web, const struct listeners *listeners)
{
	struct listeners before = web->listeners;
	struct MHD_Daemon
	    *daemon[LISTENER_KINDS * CONF_LISTEN_MAX][LISTENER_SOCKETS];
	char name[LISTENER_TEXT_SIZE];
	bool fine = true;

	memcpy(daemon, web->daemon, sizeof(daemon));
	memset(web->daemon, 0, sizeof(web->daemon));
	web->listeners = *listeners;
	for (size_t i = 0; i < before.count; i++) {
		struct listener *one = &before.one[i];
		const size_t place = find_listener(listeners, one);

		if (place < listeners->count) {
			/* It has it already. */
			listener_close(&web->listeners.one[place]);
			web->listeners.one[place] = *one;
			memcpy(
			    web->daemon[place], daemon[i], sizeof(daemon[i]));
			continue;
		}
		log_info("not listening on %s any more",
		    listener_name(one->socket[0], false, name));
		stop_daemons(daemon[i]);
		listener_close(one);
	}
	for (size_t i = 0; i < web->listeners.count; i++) {
		if (web->daemon[i][0] == NULL) {
			fine = begin(web, i) && fine;
		}
	}
	return fine;
}

/* ---- the whole ---- */

/* Answer by this configuration from now on; false where there is no memory. */
static bool
use_conf(struct web *web, struct conf *conf)
{
	struct site *site = site_new(conf);
	struct site *old;

	if (site == NULL) {
		return false;
	}
	(void)pthread_mutex_lock(&web->lock);
	old = web->site;
	web->site = site;
	(void)pthread_mutex_unlock(&web->lock);
	if (old != NULL) {
		site_drop(old);
	}
	stats_reset(&web->stats);
	return true;
}

bool
server_start(
    struct web *web, struct conf *conf, const struct listeners *listeners)
{
	char why[STORE_ERROR_SIZE];

	(void)pthread_mutex_init(&web->lock, NULL);
	for (int kind = 0; kind < LISTENER_KINDS; kind++) {
		const bool is_for_dovecot = kind == LISTENER_AUTH_POLICY;

		web->handler[kind] = (struct handler){ web, serves[kind].answer,
			is_for_dovecot ? &web->auth_policy.deadlines
				       : &web->deadlines,
			is_for_dovecot };
	}
	(void)pthread_mutex_init(&web->deadlines.lock, NULL);
	(void)pthread_mutex_init(&web->auth_policy.deadlines.lock, NULL);
	rate_init(&web->rate);
	lookup_init(&web->lookup);
	(void)pthread_mutex_init(&web->stats.lock, NULL);
	(void)pthread_cond_init(&web->stats.counted, NULL);
	if (!use_conf(web, conf)) {
		log_warn("out of memory");
		return false;
	}
	/* Say at once what a first visitor would find. */
	(void)lookup_check(&web->lookup, conf, proc_now(), why);
	lookup_tick(&web->lookup, conf);
	if (!lookup_is_big(conf)) {
		inspection_wait(&web->lookup.inspection);
		stats_tick(&web->stats, conf);
	}
	return server_listen(web, listeners);
}

void
server_reload(struct web *web, struct conf *conf)
{
	const bool was = web->site->conf->web.certificate[0] != '\0';

	if (!use_conf(web, conf)) {
		log_warn("out of memory: the pages stay as they were");
		return;
	}
	for (size_t i = 0; i < web->listeners.count; i++) {
		if (serves[web->listeners.one[i].serves].may_be_secure &&
		    was != (conf->web.certificate[0] != '\0')) {
			stop_daemons(web->daemon[i]);
			(void)begin(web, i);
		}
	}
}

void
server_tick(struct web *web)
{
	deadlines_sweep(&web->deadlines, proc_ticks());
	deadlines_sweep(&web->auth_policy.deadlines, proc_ticks());
	lookup_tick(&web->lookup, web->site->conf);
	stats_tick(&web->stats, web->site->conf);
}

void
server_stop(struct web *web)
{
	for (size_t i = 0; i < web->listeners.count; i++) {
		stop_daemons(web->daemon[i]);
	}
	lookup_close(&web->lookup);
	if (web->site != NULL) {
		site_drop(web->site);
	}
}
