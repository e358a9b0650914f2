#include "web/http.h"

#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/proc.h"
#include "base/text.h"
#include "conf/conf.h"
#include "web/site.h"
#include "web/web.h"

enum {
	AGAIN_SECONDS = 10 /* where the database cannot be read */
};

/* ---- what came in ---- */

size_t
http_unescape(void *cls, struct MHD_Connection *connection, char *text)
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
	static const char of_host[] = TEXT_ALNUM "-._~%!$&'()*+,;=:[]";
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

/* And what Dovecot alone sends. */
static void
read_question(struct MHD_Connection *connection, struct request *request)
{
	char name[AUTH_POLICY_HEADER_SIZE];

	request->command = MHD_lookup_connection_value(
	    connection, MHD_GET_ARGUMENT_KIND, "command");
	request->secret = MHD_lookup_connection_value(connection,
	    MHD_HEADER_KIND, auth_policy_header(request->site->conf, name));
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
	if (handler->is_for_dovecot) {
		read_question(connection, &request);
	}
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

/* What a request's state may be. */
static char long_target; /* it is not to be read */
static char seen;        /* its headers were */

/* First of all, with what is asked for as it was sent. */
void *
http_target(void *cls, const char *target, struct MHD_Connection *connection)
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

void
http_forget(void *state)
{
	free(upload_of(state));
}

/* Then with the headers alone, then with each piece of the body, then without
 * one.  Only Dovecot's is of use to us: else a method that is made for one is
 * answered (405) before it comes. */
enum MHD_Result
http_request(/* NOLINT(readability-function-size): its parameters */
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
