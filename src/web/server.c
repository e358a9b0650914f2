/*
 * The HTTP server: connections, limits and threads.  Only this file and the
 * certificate (listener.c) know libmicrohttpd and what is below it.
 */
#include "web/web.h"

#include <ctype.h>
#include <limits.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proc.h"
#include "conf/conf.h"
#include "web/listener.h"
#include "web/site.h"

enum {
	THREADS = LOOKUP_READERS,
	/* Either thread may come to have all connections that there can be,
	 * since they take them as they come. */
	CONNECTIONS_MAX = DEADLINES_MAX / THREADS,
	IDLE_SECONDS = 10,
	DRAIN_MOMENTS = 20, /* of 5 ms, until it stops */
	AGAIN_SECONDS = 10  /* where the database cannot be read */
};

/* ---- what came in ---- */

size_t
server_unescape(void *cls, struct MHD_Connection *connection, char *text)
{
	char *out = text;

	(void)cls;
	(void)connection;
	for (const char *at = text; *at != '\0'; at++, out++) {
		char digits[3] = "";
		char byte = '\0';

		if (*at == '%' && isxdigit((unsigned char)at[1]) &&
		    isxdigit((unsigned char)at[2])) {
			memcpy(digits, at + 1, 2);
			byte = (char)strtoul(digits, NULL, 16);
		}
		*out = *at;
		if (byte != '\0') {
			*out = byte;
			at += 2;
		}
	}
	*out = '\0';
	return (size_t)(out - text);
}

/* What of the headers may stand there several times. */
struct repeated {
	struct text forwarded; /* X-Forwarded-For, joined by commas */
	int hosts;
	bool is_host; /* all of them can be one: RFC 9112 3.2, RFC 3986 3.2 */
};

static enum MHD_Result
add_repeated(
    void *to, enum MHD_ValueKind kind, const char *name, const char *value)
{
	static const char of_host[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    "-._~%!$&'()*+,;=:[]";
	struct repeated *all = to;

	(void)kind;
	if (value == NULL) {
		return MHD_YES;
	}
	if (strcasecmp(name, "X-Forwarded-For") == 0) {
		text_add(&all->forwarded, all->forwarded.len > 0 ? "," : "");
		text_add(&all->forwarded, value);
	} else if (strcasecmp(name, "Host") == 0) {
		all->hosts++;
		all->is_host &= value[strspn(value, of_host)] == '\0';
	}
	return MHD_YES;
}

static enum MHD_Result
add_asked(
    void *to, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct request *request = to;

	(void)kind;
	if (strcmp(name, "ip") == 0 && value != NULL &&
	    request->asks <= ASKED_MAX) {
		request->asked[request->asks++] = value;
	}
	return MHD_YES;
}

/*
 * The path of what is asked for: in absolute form (RFC 9112 3.2.2) that of a
 * page at whatever host, since there is one site here; "*" of OPTIONS as it
 * is.  NULL where it has no such form, as that of CONNECT.
 */
static const char *
path_of_target(const char *target, const char *method)
{
	const bool scheme = strncasecmp(target, "http://", 7) == 0 ||
			    strncasecmp(target, "https://", 8) == 0;

	if (scheme) {
		target = strchr(strstr(target, "//") + 2, '/');
		return target != NULL ? target : "/";
	}
	return target[0] == '/' ||
		       (strcmp(target, "*") == 0 &&
			   strcmp(method, MHD_HTTP_METHOD_OPTIONS) == 0)
		   ? target
		   : NULL;
}

/* What the client sent, and who it is. */
static void
read_request(struct MHD_Connection *connection, const char *version,
    struct request *request)
{
	const struct {
		enum MHD_ValueKind kind;
		const char *name;
		const char **value;
	} values[] = {
		{ MHD_GET_ARGUMENT_KIND, "ref", &request->ref },
		{ MHD_GET_ARGUMENT_KIND, "lang", &request->lang },
		{ MHD_GET_ARGUMENT_KIND, "as", &request->as },
		{ MHD_GET_ARGUMENT_KIND, "v", &request->v },
		{ MHD_GET_ARGUMENT_KIND, "q", &request->q },
		{ MHD_GET_ARGUMENT_KIND, "command", &request->command },
		{ MHD_HEADER_KIND, "Host", &request->host },
		{ MHD_HEADER_KIND, "Accept", &request->accept },
		{ MHD_HEADER_KIND, "Accept-Language",
		    &request->accept_language },
	};
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	char buf[WEB_REQUEST_MAX]; /* as long as all headers together */
	struct repeated all = { .is_host = true };
	struct addr peer;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		*values[i].value = MHD_lookup_connection_value(
		    connection, values[i].kind, values[i].name);
	}
	(void)MHD_get_connection_values(
	    connection, MHD_GET_ARGUMENT_KIND, add_asked, request);
	request->ip = request->asked[0];
	request->secret = MHD_lookup_connection_value(connection,
	    MHD_HEADER_KIND, auth_policy_header(request->site->conf, buf));
	text_init(&all.forwarded, buf, sizeof(buf));
	(void)MHD_get_connection_values(
	    connection, MHD_HEADER_KIND, add_repeated, &all);
	if (all.hosts > 1 || !all.is_host ||
	    (all.hosts == 0 && strcmp(version, MHD_HTTP_VERSION_1_0) != 0)) {
		request->wrong = MHD_HTTP_BAD_REQUEST;
	}
	request->visitor_known = info != NULL && !all.forwarded.cut &&
				 visitor_address(request->site->conf,
				     info->client_addr, buf, &request->visitor);
	request->unbelieved = (all.forwarded.len > 0 ||
				  MHD_lookup_connection_value(connection,
				      MHD_HEADER_KIND, "Forwarded") != NULL) &&
			      info != NULL &&
			      addr_from_sockaddr(info->client_addr, &peer) &&
			      !visitor_is_proxy(request->site->conf, &peer);
	request->foreign = MHD_lookup_connection_value(
			       connection, MHD_HEADER_KIND, "Origin") != NULL;
}

/* ---- what goes out ---- */

static void
add_headers(struct MHD_Response *to, const struct response *response)
{
	static const char policy
	    [] = "default-src 'none'; style-src 'self'; script-src 'self'; "
		 "img-src 'self'; connect-src 'self'; form-action 'self'; "
		 "base-uri 'none'; frame-ancestors 'none'";
	const bool json = response->type != NULL &&
			  strcmp(response->type, "application/json") == 0;
	int64_t retry = response->retry_after;
	char seconds[24] = "";
	struct text text;

	if (retry <= 0 && response->status == MHD_HTTP_SERVICE_UNAVAILABLE) {
		retry = AGAIN_SECONDS;
	}
	if (retry > 0) {
		text_init(&text, seconds, sizeof(seconds));
		text_add_int(&text, retry, 0);
	}
	const struct {
		const char *name;
		const char *value; /* NULL: is not sent */
	} headers[] = {
		{ "Content-Security-Policy", policy },
		{ "X-Content-Type-Options", "nosniff" },
		{ "Referrer-Policy", "no-referrer" },
		{ "X-Robots-Tag", response->may_be_found ? NULL : "noindex" },
		{ "Content-Type", response->type },
		{ "Cache-Control",
		    response->for_good ? "public, max-age=31536000, immutable"
		    : response->may_be_cached ? "public, max-age=3600"
					      : "no-store" },
		{ "Content-Language", response->language },
		{ "Vary", response->vary },
		{ "Content-Disposition", response->file },
		/* What a program may ask, a page of any site may ask: it is
		 * told what strangers are, and nothing can be changed by
		 * asking. */
		{ "Access-Control-Allow-Origin",
		    json && !response->is_ours ? "*" : NULL },
		{ "Cross-Origin-Resource-Policy",
		    response->is_ours ? "same-origin" : NULL },
		{ "Allow", response->methods != NULL ? response->methods
			   : response->status == MHD_HTTP_METHOD_NOT_ALLOWED ||
				   response->tells_methods
			       ? "GET, HEAD"
			       : NULL },
		{ "X-Videur",
		    response->names_us ? "videur-web " VIDEUR_VERSION : NULL },
		{ "Retry-After", retry > 0 ? seconds : NULL },
	};

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		if (headers[i].value != NULL) {
			(void)MHD_add_response_header(
			    to, headers[i].name, headers[i].value);
		}
	}
}

/*
 * What libmicrohttpd cannot read, or for long, it answers before anybody is
 * asked, and there is no option for its page of HTML.  It is made by this
 * function, which the linker takes from the program before it takes the
 * library's own: so that a client gets the status alone.  Where a library binds
 * its calls to itself, the page is back.
 */
struct MHD_Response *
MHD_create_response_from_buffer(
    size_t size, void *buffer, enum MHD_ResponseMemoryMode mode)
{
	(void)size;
	(void)mode;
	return MHD_create_response_from_buffer_with_free_callback(
	    0, buffer, NULL);
}

#if MHD_VERSION >= 0x00097701
struct MHD_Response *
MHD_create_response_from_buffer_static(size_t size, const void *buffer)
{
	(void)size;
	(void)buffer;
	return MHD_create_response_empty(MHD_RF_NONE);
}
#endif

/* An answer with a copy of this body, or NULL. */
static struct MHD_Response *
new_response(const struct text *body)
{
	char *copy = malloc(body->len + 1);
	struct MHD_Response *response = NULL;

	if (copy != NULL) {
		memcpy(copy, body->buf, body->len);
		response = MHD_create_response_from_buffer_with_free_callback(
		    body->len, copy, free);
	}
	if (response == NULL) {
		free(copy);
	}
	return response;
}

static bool
is_reading(const char *method)
{
	return strcmp(method, MHD_HTTP_METHOD_GET) == 0 ||
	       strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
}

/* A body that is read. */
struct upload {
	size_t len;
	bool too_long;
	char bytes[WEB_UPLOAD_MAX + 1];
};

static void
upload_add(struct upload *upload, const char *bytes, size_t len)
{
	upload->too_long |= len > WEB_UPLOAD_MAX - upload->len ||
			    memchr(bytes, '\0', len) != NULL;
	if (!upload->too_long) {
		memcpy(upload->bytes + upload->len, bytes, len);
		upload->len += len;
	}
}

/* What a request line says. */
struct asked {
	const char *method, *target, *version;
	bool too_long;
	const struct upload *upload; /* its body, or NULL */
};

/* Answer a whole request. */
static enum MHD_Result
answer(const struct handler *handler, struct MHD_Connection *connection,
    const struct asked *asked)
{
	struct web *web = handler->web;
	const char *path = path_of_target(asked->target, asked->method);
	struct request request = { .web = web,
		.now = proc_now(),
		.ticks = proc_ticks(),
		.reads = is_reading(asked->method),
		.path = path != NULL ? path : "/" };
	struct response response = { .status = 0 };
	/* Of the stack only what is written is touched, and a client that reads
	 * slowly holds no more than a copy as long as it is. */
	char body[WEB_BODY_MAX];
	enum MHD_Result result = MHD_NO;
	struct MHD_Response *to;
	struct site *site;

	(void)pthread_mutex_lock(&web->lock);
	site = site_hold(web->site);
	(void)pthread_mutex_unlock(&web->lock);
	request.site = site;
	text_init(&response.body, body, sizeof(body));
	read_request(connection, asked->version, &request);
	if (request.reads && path == NULL) {
		request.wrong = MHD_HTTP_BAD_REQUEST;
	}
	if (asked->too_long) {
		request.wrong = MHD_HTTP_URI_TOO_LONG;
	} else if (asked->upload != NULL) {
		request.body = asked->upload->bytes;
		request.wrong = asked->upload->too_long
				    ? MHD_HTTP_CONTENT_TOO_LARGE
				    : request.wrong;
	}
	handler->answer(&request, &response);
	to = new_response(&response.body);
	if (to != NULL) {
		add_headers(to, &response);
		result = MHD_queue_response(connection, response.status, to);
		MHD_destroy_response(to);
	}
	site_drop(site);
	return result;
}

/* ---- what libmicrohttpd calls ---- */

/* A host that is missing is ours to tell: newer ones would, by themselves. */
#if MHD_VERSION >= 0x00097701
#define A_HOST_IS_OURS MHD_OPTION_CLIENT_DISCIPLINE_LVL, -3
#else
#define A_HOST_IS_OURS MHD_OPTION_STRICT_FOR_CLIENT, 0
#endif

/* What a request's state may be. */
static char long_target; /* it is not to be read */
static char seen;        /* its headers were */

/* First of all, with what is asked for as it was sent. */
static void *
on_target(void *cls, const char *target, struct MHD_Connection *connection)
{
	(void)cls;
	(void)connection;
	return strlen(target) > WEB_TARGET_MAX ? &long_target : NULL;
}

/* What it is of a body, else NULL. */
static struct upload *
upload_of(void *state)
{
	return state != &seen && state != &long_target ? state : NULL;
}

/* Then with the headers alone, then with each piece of the body, then without
 * one.  Only Dovecot's is of use to us: else a method that is made for one is
 * answered (405) before it comes. */
static enum MHD_Result
on_request(/* NOLINT(readability-function-size): its parameters */
    void *cls, struct MHD_Connection *connection, const char *path,
    const char *method, const char *version, const char *upload,
    size_t *upload_size, void **state)
{
	const struct handler *handler = cls;
	struct upload *body = upload_of(*state);
	const struct asked asked = { method, path, version,
		*state == &long_target, body };

	if (*upload_size > 0) {
		if (body != NULL) {
			upload_add(body, upload, *upload_size);
		}
		*upload_size = 0;
		return MHD_YES;
	}
	if (*state == NULL && handler->is_for_dovecot &&
	    strcmp(method, MHD_HTTP_METHOD_POST) == 0) {
		*state = calloc(1, sizeof(*body));
		return *state != NULL ? MHD_YES : MHD_NO;
	}
	if (*state == NULL && is_reading(method)) {
		*state = &seen;
		return MHD_YES;
	}
	return answer(handler, connection, &asked);
}

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
	free(upload_of(*state));
	if (deadline != NULL && code == MHD_REQUEST_TERMINATED_COMPLETED_OK) {
		atomic_store(&deadline->since, proc_ticks());
	}
}

/* ---- daemons ---- */

/*
 * Serve on a listener.  epoll, as libmicrohttpd 0.9.75 uses it, misses the end
 * of a client who hangs up right behind his last byte, until the time is out:
 * so it polls.
 */
static struct MHD_Daemon *
start_daemon(int listener, struct handler *handler, bool secure)
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
	    0, NULL, NULL, on_request, handler, MHD_OPTION_LISTEN_SOCKET,
	    listener, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)(THREADS * CONNECTIONS_MAX),
	    MHD_OPTION_CONNECTION_TIMEOUT, idle,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)WEB_REQUEST_MAX,
	    MHD_OPTION_UNESCAPE_CALLBACK, server_unescape, NULL,
	    MHD_OPTION_URI_LOG_CALLBACK, on_target, NULL, A_HOST_IS_OURS,
	    MHD_OPTION_NOTIFY_CONNECTION, on_connection, handler,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_ARRAY,
	    secure ? tls : tls + 1,
	    secure ? MHD_OPTION_HTTPS_CERT_CALLBACK2 : MHD_OPTION_END,
	    certificate_retrieve, MHD_OPTION_END);
}

/* Ends a daemon and leaves its socket to its owner (which needs
 * MHD_USE_ITC): it would close somebody else's descriptor.  Requests that are
 * there already get their answer. */
static void
stop_daemon(struct MHD_Daemon **daemon)
{
	const struct timespec moment = { .tv_nsec = 5000000 };
	const union MHD_DaemonInfo *info;

	if (*daemon != NULL) {
		(void)MHD_quiesce_daemon(*daemon);
		for (int i = 0; i < DRAIN_MOMENTS; i++) {
			info = MHD_get_daemon_info(
			    *daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
			if (info == NULL || info->num_connections == 0) {
				break;
			}
			(void)nanosleep(&moment, NULL);
		}
		MHD_stop_daemon(*daemon);
		*daemon = NULL;
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

static bool
is_secure(const struct conf *conf, const struct listener *listener)
{
	return serves[listener->serves].may_be_secure &&
	       conf->web.certificate[0] != '\0';
}

/* Serve on the listener of that place in the list. */
static bool
begin(struct web *web, size_t place)
{
	const struct listener *listener = &web->listeners.one[place];
	const bool secure = is_secure(web->site->conf, listener);
	char name[LISTENER_TEXT_SIZE];

	web->daemon[place] = start_daemon(
	    listener->socket, &web->handler[listener->serves], secure);
	(void)listener_name(listener->socket, secure, name);
	if (web->daemon[place] == NULL) {
		log_warn("the server could not be started on %s", name);
		return false;
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
	const struct listeners before = web->listeners;
	struct MHD_Daemon *daemon[LISTENER_KINDS * CONF_LISTEN_MAX];
	char name[LISTENER_TEXT_SIZE];
	bool fine = true;

	memcpy(daemon, web->daemon, sizeof(daemon));
	memset(web->daemon, 0, sizeof(web->daemon));
	web->listeners = *listeners;
	for (size_t i = 0; i < before.count; i++) {
		const struct listener *one = &before.one[i];
		const size_t place = find_listener(listeners, one);

		if (place < listeners->count) {
			/* It has it already. */
			(void)close(listeners->one[place].socket);
			web->listeners.one[place].socket = one->socket;
			web->daemon[place] = daemon[i];
			continue;
		}
		log_info("not listening on %s any more",
		    listener_name(one->socket, false, name));
		stop_daemon(&daemon[i]);
		(void)close(one->socket);
	}
	for (size_t i = 0; i < web->listeners.count; i++) {
		if (web->daemon[i] == NULL) {
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
	/* Say at once what a first visitor would find, and count. */
	(void)lookup_check(&web->lookup, conf, proc_now(), why);
	server_tick(web);
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
			stop_daemon(&web->daemon[i]);
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
		stop_daemon(&web->daemon[i]);
	}
	lookup_close(&web->lookup);
	if (web->site != NULL) {
		site_drop(web->site);
	}
}
