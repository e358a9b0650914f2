#include "web/server.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/proc.h"
#include "base/text.h"
#include "conf/conf.h"
#include "web/answer.h"
#include "web/listener.h"
#include "web/visitor.h"

enum {
	CONNECTIONS_MAX = 512,
	/* Of one address; where a proxy stands in front all are its own. */
	CONNECTIONS_EACH = 32,
	IDLE_SECONDS = 10,
	CONNECTION_MEMORY = 16 * 1024 /* request line and headers */
};

struct server {
	struct MHD_Daemon *daemon;
	struct reader *reader;          /* borrowed */
	struct numbers_keeper *numbers; /* borrowed */
	pthread_mutex_t lock;           /* of conf */
	struct conf *conf;
};

static const struct header {
	const char *name;
	const char *value;
} headers[] = {
	{ "Content-Security-Policy",
	    "default-src 'none'; style-src 'self'; img-src 'self'; "
	    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "Referrer-Policy", "no-referrer" },
	{ "X-Robots-Tag", "noindex" },
};

static struct conf *
current_conf(struct server *server)
{
	struct conf *conf;

	(void)pthread_mutex_lock(&server->lock);
	conf = conf_hold(server->conf);
	(void)pthread_mutex_unlock(&server->lock);
	return conf;
}

/* ---- what came in ---- */

static const char *
header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* An argument of the query; one that hides a NUL is as good as empty. */
static const char *
argument(struct MHD_Connection *connection, const char *name)
{
	const char *value = NULL;
	size_t size = 0;

	if (MHD_lookup_connection_value_n(connection, MHD_GET_ARGUMENT_KIND,
		name, strlen(name), &value, &size) != MHD_YES) {
		return NULL;
	}
	return value == NULL || strlen(value) != size ? "" : value;
}

static enum MHD_Result
add_forwarded(
    void *to, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct text *all = to;

	(void)kind;
	if (strcasecmp(name, "X-Forwarded-For") == 0 && value != NULL) {
		text_add(all, all->len > 0 ? "," : "");
		text_add(all, value);
	}
	return MHD_YES;
}

static void
find_visitor(struct MHD_Connection *connection, struct request *request)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	char buf[CONNECTION_MEMORY]; /* as long as all headers together */
	struct text forwarded;

	text_init(&forwarded, buf, sizeof(buf));
	(void)MHD_get_connection_values(
	    connection, MHD_HEADER_KIND, add_forwarded, &forwarded);
	request->visitor_known = info != NULL && !forwarded.cut &&
				 visitor_address(request->conf,
				     info->client_addr, buf, &request->visitor);
}

/* ---- what goes out ---- */

static void
add_headers(struct MHD_Response *response, const struct answer *answer)
{
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		(void)MHD_add_response_header(
		    response, headers[i].name, headers[i].value);
	}
	(void)MHD_add_response_header(
	    response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type);
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL,
	    answer->may_be_cached ? "public, max-age=3600" : "no-store");
	if (answer->in_language) {
		(void)MHD_add_response_header(response,
		    MHD_HTTP_HEADER_CONTENT_LANGUAGE,
		    language_tag(answer->language));
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_VARY,
		    MHD_HTTP_HEADER_ACCEPT_LANGUAGE);
	}
	if (answer->status == MHD_HTTP_METHOD_NOT_ALLOWED) {
		(void)MHD_add_response_header(
		    response, MHD_HTTP_HEADER_ALLOW, ANSWER_METHODS);
	}
	if (answer->status == MHD_HTTP_SERVICE_UNAVAILABLE) {
		(void)MHD_add_response_header(
		    response, MHD_HTTP_HEADER_RETRY_AFTER, "10");
	}
}

/* Send the answer, whose body is given away. */
static enum MHD_Result
send_answer(struct MHD_Connection *connection, const struct answer *answer)
{
	enum MHD_Result result;
	struct MHD_Response *response = MHD_create_response_from_buffer(
	    answer->body.len, answer->body.buf, MHD_RESPMEM_MUST_FREE);

	if (response == NULL) {
		free(answer->body.buf);
		return MHD_NO;
	}
	add_headers(response, answer);
	result = MHD_queue_response(connection, answer->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result
handle(struct server *server, struct MHD_Connection *connection,
    const char *path, const char *method)
{
	char *body = malloc(ANSWER_SIZE_MAX);
	struct conf *conf = current_conf(server);
	struct request request = { .conf = conf,
		.reader = server->reader,
		.numbers = server->numbers,
		.now = proc_now(),
		.method = method,
		.path = path,
		.ip = argument(connection, "ip"),
		.ref = argument(connection, "ref"),
		.lang = argument(connection, "lang"),
		.accept_language = header(connection, "Accept-Language") };
	struct answer answer = { .status = 0 };

	if (body == NULL) {
		conf_drop(conf);
		return MHD_NO;
	}
	text_init(&answer.body, body, ANSWER_SIZE_MAX);
	find_visitor(connection, &request);
	answer_request(&request, &answer);
	conf_drop(conf);
	return send_answer(connection, &answer);
}

/* libmicrohttpd calls first with the headers alone, then with each piece of
 * the body, then without one.  A body is of no use to us: a method that is
 * made for one is answered (405) before it comes. */
static enum MHD_Result
on_request(/* NOLINT(readability-function-size): its parameters */
    void *cls, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload,
    size_t *upload_size,
    void **state) /* NOLINT(readability-non-const-parameter) */
{
	static char seen;

	(void)version;
	(void)upload;
	if (*upload_size > 0) {
		*upload_size = 0;
		return MHD_YES;
	}
	if (*state == NULL && (strcmp(method, MHD_HTTP_METHOD_GET) == 0 ||
				  strcmp(method, MHD_HTTP_METHOD_HEAD) == 0)) {
		*state = &seen;
		return MHD_YES;
	}
	return handle(cls, connection, url, method);
}

/* ---- start and stop ---- */

static struct MHD_Daemon *
start_daemon(struct server *server, int listener, const struct conf *conf)
{
	const bool proxied = listener_is_unix(listener) ||
			     conf->web.trusted_proxies > 0;

	/* epoll, as libmicrohttpd 0.9.75 uses it, misses the end of a client
	 * who hangs up right behind his last byte, until the time is out. */
	return MHD_start_daemon(MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_ITC, 0,
	    NULL, NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET, listener,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
	    MHD_OPTION_PER_IP_CONNECTION_LIMIT,
	    proxied ? 0U : (unsigned)CONNECTIONS_EACH,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
	    MHD_OPTION_END);
}

struct server *
server_start(int listener, struct reader *reader,
    struct numbers_keeper *numbers, struct conf *conf)
{
	struct server *server = calloc(1, sizeof(*server));

	if (server == NULL) {
		return NULL;
	}
	server->reader = reader;
	server->numbers = numbers;
	server->conf = conf_hold(conf);
	if (pthread_mutex_init(&server->lock, NULL) != 0) {
		conf_drop(server->conf);
		free(server);
		return NULL;
	}
	server->daemon = start_daemon(server, listener, conf);
	if (server->daemon == NULL) {
		server_stop(server);
		return NULL;
	}
	return server;
}

void
server_reload(struct server *server, struct conf *conf)
{
	struct conf *old;

	(void)pthread_mutex_lock(&server->lock);
	old = server->conf;
	server->conf = conf_hold(conf);
	(void)pthread_mutex_unlock(&server->lock);
	conf_drop(old);
}

void
server_stop(struct server *server)
{
	if (server->daemon != NULL) {
		/* Leaves the socket to its owner (and needs MHD_USE_ITC),
		 * who would else close somebody else's descriptor. */
		(void)MHD_quiesce_daemon(server->daemon);
		MHD_stop_daemon(server->daemon);
	}
	conf_drop(server->conf);
	(void)pthread_mutex_destroy(&server->lock);
	free(server);
}
