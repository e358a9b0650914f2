#include "web/exchange.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/proc.h"
#include "base/text.h"
#include "web/answer.h"
#include "web/metrics.h"
#include "web/seats.h"
#include "web/site.h"
#include "web/visitor.h"

enum {
	AGAIN_SECONDS = 10 /* where the database cannot be read */
};

static const struct header {
	const char *name;
	const char *value;
} headers[] = {
	{ "Content-Security-Policy",
	    "default-src 'none'; style-src 'self'; script-src 'self'; "
	    "img-src 'self'; form-action 'self'; base-uri 'none'; "
	    "frame-ancestors 'none'" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "Referrer-Policy", "no-referrer" },
	{ "X-Robots-Tag", "noindex" },
};

/* ---- what came in ---- */

static const char *
header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static const char *
argument(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(
	    connection, MHD_GET_ARGUMENT_KIND, name);
}

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;
	int value = at != NULL ? (int)(at - digits) : -1;

	return value < 16 ? value : value - 6;
}

size_t
exchange_unescape(void *cls, struct MHD_Connection *connection, char *text)
{
	char *out = text;

	(void)cls;
	(void)connection;
	for (const char *at = text; *at != '\0'; at++, out++) {
		int high = *at == '%' ? hex_digit(at[1]) : -1;
		int low = high >= 0 ? hex_digit(at[2]) : -1;

		*out = *at;
		if (low >= 0 && high + low > 0) {
			*out = (char)(high * 16 + low);
			at += 2;
		}
	}
	*out = '\0';
	return (size_t)(out - text);
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
	char buf[EXCHANGE_MEMORY]; /* as long as all headers together */
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
add(struct MHD_Response *response, const char *name, const char *value)
{
	(void)MHD_add_response_header(response, name, value);
}

static void
add_retry(struct MHD_Response *response, const struct answer *answer)
{
	int64_t seconds = answer->retry_after;
	char buf[24];
	struct text text;

	if (seconds <= 0 && answer->status == MHD_HTTP_SERVICE_UNAVAILABLE) {
		seconds = AGAIN_SECONDS;
	}
	if (seconds > 0) {
		text_init(&text, buf, sizeof(buf));
		text_addf(&text, "%lld", (long long)seconds);
		add(response, MHD_HTTP_HEADER_RETRY_AFTER, buf);
	}
}

static void
add_headers(struct MHD_Response *response, const struct answer *answer)
{
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		add(response, headers[i].name, headers[i].value);
	}
	add(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type);
	add(response, MHD_HTTP_HEADER_CACHE_CONTROL,
	    answer->may_be_cached ? "public, max-age=3600" : "no-store");
	if (answer->in_language) {
		add(response, MHD_HTTP_HEADER_CONTENT_LANGUAGE,
		    language_tag(answer->language));
	}
	if (answer->vary != NULL) {
		add(response, MHD_HTTP_HEADER_VARY, answer->vary);
	}
	/* What a program may ask, a page of any site may ask: it is the same
	 * for everybody, and nothing can be changed by asking. */
	if (strcmp(answer->type, "application/json") == 0) {
		add(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN, "*");
	}
	if (answer->status == MHD_HTTP_METHOD_NOT_ALLOWED) {
		add(response, MHD_HTTP_HEADER_ALLOW, ANSWER_METHODS);
	}
	add_retry(response, answer);
}

/* Send the answer, whose body is given away. */
static enum MHD_Result
send_answer(struct MHD_Connection *connection, const struct answer *answer)
{
	/* The buffer is as large as an answer may be; who reads slowly is
	 * to hold no more of it than his own takes. */
	char *body = realloc(answer->body.buf, answer->body.len + 1);
	enum MHD_Result result;
	struct MHD_Response *response;

	if (body == NULL) {
		body = answer->body.buf;
	}
	response = MHD_create_response_from_buffer(
	    answer->body.len, body, MHD_RESPMEM_MUST_FREE);
	if (response == NULL) {
		free(body);
		return MHD_NO;
	}
	add_headers(response, answer);
	result = MHD_queue_response(connection, answer->status, response);
	MHD_destroy_response(response);
	return result;
}

static bool
begin(struct answer *answer)
{
	char *body = malloc(ANSWER_SIZE_MAX);

	*answer = (struct answer){ .status = 0 };
	if (body != NULL) {
		text_init(&answer->body, body, ANSWER_SIZE_MAX);
	}
	return body != NULL;
}

enum MHD_Result
exchange_page(const struct exchange *exchange,
    struct MHD_Connection *connection, const char *path, const char *method)
{
	struct request request = { .conf = site_conf(exchange->site),
		.site = exchange->site,
		.reader = exchange->reader,
		.numbers = exchange->numbers,
		.rate = exchange->rate,
		.now = proc_now(),
		.ticks = proc_ticks(),
		.method = method,
		.path = path,
		.ip = argument(connection, "ip"),
		.ref = argument(connection, "ref"),
		.lang = argument(connection, "lang"),
		.accept = header(connection, "Accept"),
		.accept_language = header(connection, "Accept-Language") };
	struct answer answer;

	if (!begin(&answer)) {
		return MHD_NO;
	}
	find_visitor(connection, &request);
	answer_request(&request, &answer);
	metrics_count(exchange->metrics, answer.status);
	return send_answer(connection, &answer);
}

enum MHD_Result
exchange_metrics(const struct exchange *exchange,
    struct MHD_Connection *connection, const char *path, const char *method)
{
	const struct request request = { .method = method, .path = path };
	struct answer answer;

	if (!begin(&answer)) {
		return MHD_NO;
	}
	metrics_answer(exchange->metrics, &request, &answer);
	return send_answer(connection, &answer);
}

/* ---- connections ---- */

static struct seat *
seat_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info != NULL ? info->socket_context : NULL;
}

void
exchange_connection(void *cls, struct MHD_Connection *connection,
    void **context, enum MHD_ConnectionNotificationCode code)
{
	struct seats *seats = cls;
	const union MHD_ConnectionInfo *info;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (*context != NULL) {
			seats_leave(seats, *context);
		}
		return;
	}
	info = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	*context = info != NULL
		       ? seats_take(seats, info->connect_fd, proc_ticks())
		       : NULL;
}

void
exchange_completed(void *cls, struct MHD_Connection *connection, void **state,
    enum MHD_RequestTerminationCode code)
{
	struct seats *seats = cls;
	struct seat *seat = seat_of(connection);

	(void)state;
	if (seat != NULL && code == MHD_REQUEST_TERMINATED_COMPLETED_OK) {
		seats_served(seats, seat, proc_ticks());
	}
}
