#include "web/server.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/proc.h"
#include "base/text.h"
#include "conf/conf.h"
#include "web/exchange.h"
#include "web/listener.h"
#include "web/metrics.h"
#include "web/rate.h"
#include "web/seats.h"
#include "web/site.h"
#include "web/tls.h"

enum {
	THREADS = 2,
	CONNECTIONS_MAX = 512,
	/* Of those at which the longest waiting has to go. */
	CONNECTIONS_CROWDED = CONNECTIONS_MAX - 32,
	/* Of one address; where a proxy stands in front all are its own. */
	CONNECTIONS_EACH = 32,
	METRICS_CONNECTIONS = 16,
	IDLE_SECONDS = 10,
	LEAVING_MS = 30 * 1000
};

struct server {
	struct server_parts parts;
	struct MHD_Daemon *page;
	struct MHD_Daemon *metrics_page; /* or NULL */
	/* Takes no new connections any more, and is stopped once those it has
	 * are gone, or then. */
	struct MHD_Daemon *leaving;
	int64_t leaving_until;
	struct tls tls; /* what `page` speaks with */
	bool proxied;   /* as `page` was started */
	struct rate *rate;
	struct seats *seats;
	struct metrics *metrics;
	pthread_mutex_t lock; /* of site */
	struct site *site;
};

/* ---- requests ---- */

static struct site *
current_site(struct server *server)
{
	struct site *site;

	(void)pthread_mutex_lock(&server->lock);
	site = site_hold(server->site);
	(void)pthread_mutex_unlock(&server->lock);
	return site;
}

/* libmicrohttpd calls first with the headers alone, then with each piece of
 * the body, then without one.  A body is of no use to us: a method that is
 * made for one is answered (405) before it comes.  Whether it is time. */
static bool
is_complete(const char *method, size_t *upload_size, void **state)
{
	static char seen;

	if (*upload_size > 0) {
		*upload_size = 0;
		return false;
	}
	if (*state == NULL && (strcmp(method, MHD_HTTP_METHOD_GET) == 0 ||
				  strcmp(method, MHD_HTTP_METHOD_HEAD) == 0)) {
		*state = &seen;
		return false;
	}
	return true;
}

static enum MHD_Result
on_request(/* NOLINT(readability-function-size): its parameters */
    void *cls, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload,
    size_t *upload_size, void **state)
{
	struct server *server = cls;
	enum MHD_Result result = MHD_YES;

	(void)version;
	(void)upload;
	if (is_complete(method, upload_size, state)) {
		const struct exchange exchange = { .site = current_site(server),
			.reader = server->parts.reader,
			.numbers = server->parts.numbers,
			.rate = server->rate,
			.metrics = server->metrics };

		result = exchange_page(&exchange, connection, url, method);
		site_drop(exchange.site);
	}
	return result;
}

static enum MHD_Result
on_metrics(/* NOLINT(readability-function-size): its parameters */
    void *cls, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload,
    size_t *upload_size, void **state)
{
	const struct server *server = cls;
	const struct exchange exchange = { .metrics = server->metrics };

	(void)version;
	(void)upload;
	return is_complete(method, upload_size, state)
		   ? exchange_metrics(&exchange, connection, url, method)
		   : MHD_YES;
}

/* ---- daemons ---- */

static void
say(char error[static SERVER_ERROR_SIZE], const char *why)
{
	(void)text_copy(error, SERVER_ERROR_SIZE, why);
}

static bool
is_proxied(const struct server *server, const struct conf *conf)
{
	return listener_is_unix(server->parts.listener) ||
	       conf->web.trusted_proxies > 0;
}

/*
 * A daemon for the page.  Either thread may come to have all connections that
 * there can be, since they take them as they come.  The options for TLS stand
 * in an array of their own, which is empty where there is none.
 *
 * epoll, as libmicrohttpd 0.9.75 uses it, misses the end of a client who
 * hangs up right behind his last byte, until the time is out: so it polls.
 */
static struct MHD_Daemon *
start_page(struct server *server, const struct tls *tls, bool proxied)
{
	const bool plain = tls->certificate == NULL;
	const struct MHD_OptionItem end = { MHD_OPTION_END, 0, NULL };
	const struct MHD_OptionItem secure[] = {
		plain ? end
		      : (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_CERT, 0,
			    tls->certificate },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, tls->key },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, tls_versions },
		end,
	};

	return MHD_start_daemon(MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_ITC |
				    (plain ? 0U : (unsigned)MHD_USE_TLS),
	    0, NULL, NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET,
	    server->parts.listener, MHD_OPTION_THREAD_POOL_SIZE,
	    (unsigned)THREADS, MHD_OPTION_CONNECTION_LIMIT,
	    (unsigned)(THREADS * CONNECTIONS_MAX),
	    MHD_OPTION_PER_IP_CONNECTION_LIMIT,
	    proxied ? 0U : (unsigned)CONNECTIONS_EACH,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)EXCHANGE_MEMORY,
	    MHD_OPTION_UNESCAPE_CALLBACK, exchange_unescape, NULL,
	    MHD_OPTION_NOTIFY_CONNECTION, exchange_connection, server->seats,
	    MHD_OPTION_NOTIFY_COMPLETED, exchange_completed, server->seats,
	    MHD_OPTION_ARRAY, secure, MHD_OPTION_END);
}

static struct MHD_Daemon *
start_metrics(struct server *server)
{
	return MHD_start_daemon(MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_ITC, 0,
	    NULL, NULL, on_metrics, server, MHD_OPTION_LISTEN_SOCKET,
	    server->parts.metrics, MHD_OPTION_CONNECTION_LIMIT,
	    (unsigned)METRICS_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
	    (unsigned)IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)EXCHANGE_MEMORY, MHD_OPTION_END);
}

/* Ends a daemon and leaves its socket to its owner (which needs
 * MHD_USE_ITC): it would close somebody else's descriptor. */
static void
stop_daemon(struct MHD_Daemon **daemon)
{
	if (*daemon != NULL) {
		(void)MHD_quiesce_daemon(*daemon);
		MHD_stop_daemon(*daemon);
		*daemon = NULL;
	}
}

/* Let another daemon take the new connections from now on. */
static bool
renew(struct server *server, const struct tls *tls, bool proxied)
{
	struct MHD_Daemon *next = start_page(server, tls, proxied);

	if (next == NULL) {
		return false;
	}
	stop_daemon(&server->leaving);
	server->leaving = server->page;
	server->leaving_until = proc_ticks() + LEAVING_MS;
	(void)MHD_quiesce_daemon(server->leaving);
	server->page = next;
	server->proxied = proxied;
	return true;
}

static bool
start_daemons(struct server *server, char error[static SERVER_ERROR_SIZE])
{
	if (!tls_is_usable(&server->tls, error)) {
		return false;
	}
	server->page = start_page(server, &server->tls, server->proxied);
	if (server->page != NULL && server->parts.metrics >= 0) {
		server->metrics_page = start_metrics(server);
	}
	if (server->page == NULL ||
	    (server->parts.metrics >= 0 && server->metrics_page == NULL)) {
		say(error, "the server could not be started");
		return false;
	}
	return true;
}

/* ---- start and stop ---- */

static struct server *
new_server(const struct server_parts *parts, struct conf *conf)
{
	struct server *server = calloc(1, sizeof(*server));

	if (server == NULL) {
		return NULL;
	}
	if (pthread_mutex_init(&server->lock, NULL) != 0) {
		free(server);
		return NULL;
	}
	server->parts = *parts;
	server->site = site_new(conf);
	server->rate = rate_new();
	server->seats = seats_new(CONNECTIONS_CROWDED);
	if (server->seats != NULL) {
		server->metrics = metrics_new(parts->numbers, server->seats);
	}
	if (server->site == NULL || server->rate == NULL ||
	    server->metrics == NULL) {
		server_stop(server);
		return NULL;
	}
	return server;
}

struct server *
server_start(const struct server_parts *parts, struct conf *conf,
    struct tls *tls, char error[static SERVER_ERROR_SIZE])
{
	struct server *server = new_server(parts, conf);

	if (server == NULL) {
		say(error, "out of memory");
		tls_clear(tls);
		return NULL;
	}
	server->tls = *tls;
	server->proxied = is_proxied(server, conf);
	if (!start_daemons(server, error)) {
		server_stop(server);
		return NULL;
	}
	return server;
}

static void
use_conf(struct server *server, struct conf *conf)
{
	struct site *site = site_new(conf);
	struct site *old;

	if (site == NULL) {
		log_warn("the pages stay as they were");
		return;
	}
	(void)pthread_mutex_lock(&server->lock);
	old = server->site;
	server->site = site;
	(void)pthread_mutex_unlock(&server->lock);
	site_drop(old);
}

bool
server_reload(struct server *server, struct conf *conf, struct tls *tls,
    char error[static SERVER_ERROR_SIZE])
{
	const bool proxied = is_proxied(server, conf);
	const bool other = tls != NULL && !tls_equal(tls, &server->tls);
	bool fine = !other || tls_is_usable(tls, error);

	use_conf(server, conf);
	if (fine && (other || proxied != server->proxied)) {
		fine = renew(server, other ? tls : &server->tls, proxied);
		if (!fine) {
			say(error, "no other server could be started");
		}
	}
	if (fine && other) {
		tls_clear(&server->tls);
		server->tls = *tls;
	} else if (tls != NULL) {
		tls_clear(tls);
	}
	return fine;
}

void
server_tick(struct server *server)
{
	const int64_t ticks = proc_ticks();
	const union MHD_DaemonInfo *info;

	seats_sweep(server->seats, ticks);
	if (server->leaving != NULL) {
		info = MHD_get_daemon_info(
		    server->leaving, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
		if (info == NULL || info->num_connections == 0 ||
		    ticks >= server->leaving_until) {
			stop_daemon(&server->leaving);
		}
	}
}

void
server_stop(struct server *server)
{
	stop_daemon(&server->leaving);
	stop_daemon(&server->page);
	stop_daemon(&server->metrics_page);
	metrics_free(server->metrics);
	seats_free(server->seats);
	rate_free(server->rate);
	tls_clear(&server->tls);
	if (server->site != NULL) {
		site_drop(server->site);
	}
	(void)pthread_mutex_destroy(&server->lock);
	free(server);
}
