/*
 * From a request to its response: the routes, and what they say.
 *
 * Knows HTTP's words (paths, status, content type) but no connection: the
 * server hands in what a client sent, and sends what comes out.
 */
#include <string.h>

#include "base/endpoint.h"
#include "base/json.h"
#include "base/log.h"
#include "base/words.h"
#include "conf/conf.h"
#include "core/standing.h"
#include "web/operator.h"
#include "web/response.h"
#include "web/site.h"

enum {
	UNTRUSTED_MS = 3600 * 1000
};

/* ---- how often ---- */

/* Refuse a visitor that asks too often; no database is asked.  Everybody behind
 * a proxy that is not trusted is one visitor: say so, once an hour. */
static void
refuse_for_now(
    const struct request *request, int64_t wait, struct response *response)
{
	struct web *web = request->web;
	long long until = atomic_load(&web->untrusted_until);
	char who[ADDR_TEXT_SIZE];

	(void)addr_format(&request->visitor, who);
	atomic_fetch_add(&web->untrusted, request->unbelieved ? 1 : 0);
	if (request->unbelieved && request->ticks >= until &&
	    atomic_compare_exchange_strong(
		&web->untrusted_until, &until, request->ticks + UNTRUSTED_MS)) {
		log_warn("too many requests from %s, which asks for others "
			 "(X-Forwarded-For): if it is your proxy, name it in "
			 "trusted-proxies, or all its visitors share one rate",
		    who);
	}
	response->retry_after = wait;
	response_refuse(request, PAGE_TOO_MANY, response);
}

/* Take so many requests of the visitor's rate; where there are no more, refuse.
 * Nobody is counted whose address is not known, or is a proxy's own. */
static bool
take_rate(
    const struct request *request, unsigned requests, struct response *response)
{
	const struct conf *conf = request->site->conf;
	int64_t wait = 0;

	if (!request->visitor_known ||
	    visitor_is_proxy(conf, &request->visitor) ||
	    rate_take(&request->web->rate, &request->visitor, conf->web.rate,
		requests, request->ticks, &wait)) {
		return true;
	}
	refuse_for_now(request, wait, response);
	return false;
}

/* ---- statistics, sites, files ---- */

/* What is counted by the words, one after the other. */
static void
add_words(struct json *json, const char *name, const struct words *words,
    const int64_t *numbers)
{
	if (words == NULL) {
		json_int(json, name, numbers[0]);
		return;
	}
	json_object(json, name);
	for (size_t i = 0; i < words->count; i++) {
		json_int(json, words_at(words, i), numbers[i]);
	}
	json_object_end(json);
}

/* There are none: the database cannot be read, or they take a while. */
static void
refuse_stats(const struct request *request, struct response *response)
{
	if (stats_are_awaited(&request->web->stats)) {
		response_say(response, 503,
		    "The statistics are being counted: please come back in a "
		    "few seconds.\n");
	} else {
		response_refuse(request, PAGE_UNAVAILABLE, response);
	}
}

static void
answer_stats(const struct request *request, struct response *response)
{
	struct page page = { .kind = PAGE_STATS };
	struct stats stats;
	struct json json;

	/* Numbers of a database that cannot be read any more are none. */
	if (!lookup_standing(&request->web->lookup, request->site->conf,
		&request->visitor, request->now, &(struct standing){ 0 },
		NULL)) {
		response_refuse(request, PAGE_UNAVAILABLE, response);
		return;
	}
	if (!stats_get(&request->web->stats, request->site->conf, STATS_DATED,
		&stats)) {
		refuse_stats(request, response);
		return;
	}
	if (!request_wants_json(request)) {
		page.stats = &stats;
		response_page(request, &page, 200, response);
		return;
	}
	json = response_json(response, 200);
	json_object(&json, NULL);
	json_time(&json, "checked_at", stats.at);
	add_words(&json, "listed", &family_words, stats.family);
	add_words(&json, "addresses", &family_words, stats.addresses);
	add_words(&json, "networks", &family_words, stats.networks);
	add_words(&json, "bans", &cause_words, stats.listed);
	json_array(&json, "days");
	for (size_t i = 0; i < STATS_DAYS; i++) {
		const struct stats_day *day = &stats.day[i];
		char text[TIME_TEXT_SIZE];

		text_from_time(day->day, text)[sizeof("2026-11-21") - 1] = '\0';
		json_object(&json, NULL);
		json_string(&json, "day", text);
		for (size_t sum = 0; sum < STATS_SUMS; sum++) {
			add_words(&json, stats_sums[sum].name,
			    stats_sums[sum].words, day->sum[sum]);
		}
		json_object_end(&json);
	}
	json_array_end(&json);
	json_object_end(&json);
	text_add_char(&response->body, '\n');
}

/* The pages that are about no address. */
static void
answer_site(const struct request *request, struct response *response)
{
	struct page page = { .kind = page_of_path(request->path) };

	response_page(request, &page, 200, response);
}

static void
answer_file(const struct request *request, struct response *response)
{
	const struct site_file *file = site_file(
	    request->site, strrchr(request->path, '/') + 1);

	if (file == NULL) { /* there is no logo */
		response_refuse(request, PAGE_NOT_FOUND, response);
		return;
	}
	response->type = file->type;
	response->status = 200;
	response->may_be_cached = true;
	response->for_good = request->v != NULL &&
			     strcmp(request->v, request->site->version) == 0;
	text_add_bytes(&response->body, file->data, file->size);
}

static void
answer_security(const struct request *request, struct response *response)
{
	if (!well_known_security(request, response)) {
		text_init(
		    &response->body, response->body.buf, response->body.size);
		response->may_be_cached = false;
		response_refuse(request, PAGE_NOT_FOUND, response);
	}
}

static void
answer_health(const struct request *request, struct response *response)
{
	struct web *web = request->web;
	char why[STORE_ERROR_SIZE];

	response->names_us = true;
	if (!lookup_check(
		&web->lookup, request->site->conf, request->now, why)) {
		response_say(response, 503, "");
		text_addf(
		    &response->body, "the database cannot be read: %s\n", why);
		return;
	}
	if (!lookup_health(
		&web->lookup, request->site->conf, request->now, why)) {
		response_say(response, 503, "");
		text_addf(&response->body, "%s\n", why);
		return;
	}
	response_say(response, 200, "ok\n");
	if (inspection_is_awaited(&web->lookup.inspection)) {
		text_add(&response->body,
		    "warning: the database is still being inspected for "
		    "damage\n");
	}
	if (request->unbelieved ||
	    request->ticks < atomic_load(&web->untrusted_until)) {
		text_add(&response->body,
		    "warning: requests come through a proxy that is not in "
		    "trusted-proxies\n");
	}
}

/* ---- routes ---- */

static const struct route {
	const char *path;
	bool whole; /* and not only its beginning */
	bool free;  /* of the visitor's rate: it costs next to nothing */
	void (*answer)(
	    const struct request *request, struct response *response);
} routes[] = {
	{ "/", true, false, answer_look_up },
	{ RESPONSE_API_IP, false, false, answer_look_up },
	{ RESPONSE_API_IPS, true, false, answer_several },
	{ "/api/v1/stats", true, false, answer_stats },
	{ "/api/v1/openapi.json", true, true, answer_file },
	{ "/healthz", true, true, answer_health },
	{ "/codes", true, false, answer_site },
	{ "/durations", true, false, answer_site },
	{ "/why", true, false, answer_site },
	{ "/faq", true, false, answer_site },
	{ "/stats", true, false, answer_stats },
	{ "/style.css", true, true, answer_file },
	{ "/page.js", true, true, answer_file },
	{ "/icon.svg", true, true, answer_file },
	{ "/logo", true, true, answer_file },
	{ "/robots.txt", true, true, well_known_robots },
	{ "/favicon.ico", true, true, well_known_icon },
	{ "/apple-touch-icon.png", true, true, well_known_icon },
	{ "/apple-touch-icon-precomposed.png", true, true, well_known_icon },
	{ "/.well-known/security.txt", true, true, answer_security },
};

/* Whether it is a page about no address. */
static bool
is_page(const struct route *route)
{
	return route->path[1] != '\0' &&
	       page_of_path(route->path) != PAGE_NOT_FOUND;
}

/* A page is meant with a slash at its end, too. */
static bool
leads_to(const char *path, const struct route *route)
{
	const char *rest = text_after(path, route->path);

	return rest != NULL && (!route->whole || rest[0] == '\0' ||
				   (is_page(route) && strcmp(rest, "/") == 0));
}

/* What is wrong with a request by itself, or asks for nothing that is here;
 * false where it is none. */
static bool
answer_odd(const struct request *request, struct response *response)
{
	if (request->wrong == 414) {
		response_say(
		    response, 414, "The address of the page is too long.\n");
	} else if (request->wrong != 0) {
		response_say(response, request->wrong,
		    "This request is not HTTP/1.1.\n");
	} else if (strcmp(request->path, "*") == 0) {
		response->status = 204; /* OPTIONS: of all that is here */
		response->tells_methods = true;
	}
	return response->status != 0;
}

/* What a request counts for: each address that it asks for. */
static unsigned
requests_in(const struct request *request)
{
	const bool pasted = strcmp(request->path, "/") == 0;
	size_t count = pasted || strcmp(request->path, RESPONSE_API_IPS) == 0
			   ? request->asks
			   : 0;

	for (size_t i = 0; pasted && i < request->asks; i++) {
		count += visitor_list_count(request->asked[i]) - 1;
	}
	return count == 0          ? 1U
	       : count < ASKED_MAX ? (unsigned)count
				   : ASKED_MAX;
}

/* ---- the operator's page ---- */

static const struct operator_route {
	const char *path;
	enum operator_part part;
} operator_routes[] = {
	{ "/", OPERATOR_OVERVIEW },
	{ "/blocks", OPERATOR_BLOCKS },
	{ "/allowed", OPERATOR_ALLOWED },
	{ "/changes", OPERATOR_CHANGES },
	{ "/address", OPERATOR_ADDRESS },
};

/* Whether a browser or program asked for this host by a name that no other
 * site can have: what a page of another site has its visitor's browser ask
 * (DNS rebinding) is not answered. */
static bool
is_asked_locally(const char *host)
{
	struct endpoint endpoint;
	char with_port[ENDPOINT_HOST_SIZE];

	if (host == NULL) {
		return true;
	}
	return (endpoint_parse(host, ENDPOINT_SERVER, &endpoint) == NULL ||
		   (text_print(with_port, sizeof(with_port), "%s:0", host) &&
		       endpoint_parse(with_port, ENDPOINT_SERVER, &endpoint) ==
			   NULL)) &&
	       !endpoint.is_unix && endpoint_is_local(&endpoint);
}

static void
answer_operator(const struct request *request, enum operator_part part,
    struct response *response)
{
	const struct conf *conf = request->site->conf;
	const char *typed = request->q != NULL ? request->q : request->ip;
	struct operator_view view;
	const bool fine = operator_read(&view, conf, part, typed, request->now);
	const unsigned status = fine ? 200 : 503;
	struct page page = {
		.kind = part == OPERATOR_ADDRESS ? PAGE_OPERATOR_ADDRESS
						 : PAGE_OPERATOR,
		.view = &view,
		.input = typed,
		.asked = &typed,
		.asks = typed != NULL ? 1 : 0,
	};
	struct stats stats;
	struct json json;

	response->vary = "Accept, Accept-Language";
	if (part == OPERATOR_OVERVIEW &&
	    stats_get(&request->web->stats, conf, STATS_NEW, &stats)) {
		page.stats = &stats;
	}
	if (!negotiate_json(request->accept)) {
		response_page(request, &page, status, response);
		return;
	}
	json = response_json(response, status);
	operator_json(&view, page.stats, &json);
	text_add_char(&response->body, '\n');
}

void
routes_operator(const struct request *request, struct response *response)
{
	const size_t count = sizeof(operator_routes) /
			     sizeof(operator_routes[0]);
	size_t i = 0;

	response->is_ours = true;
	while (
	    i < count && strcmp(request->path, operator_routes[i].path) != 0) {
		i++;
	}
	if (answer_odd(request, response)) {
		/* That is all. */
	} else if (!is_asked_locally(request->host)) {
		response_say(response, 421, "only asked for as localhost\n");
	} else if (!request->reads) {
		response_say(response, 405, "only GET and HEAD are answered\n");
	} else if (i < count) {
		answer_operator(request, operator_routes[i].part, response);
	} else if (request->path[0] == '/' &&
		   site_file(request->site, request->path + 1) != NULL) {
		answer_file(request, response);
	} else {
		response_say(response, 404, "there is no such page\n");
	}
}

void
routes_answer(const struct request *request, struct response *response)
{
	const struct route *route = routes;
	const struct route *end = routes + sizeof(routes) / sizeof(routes[0]);

	while (route < end && !leads_to(request->path, route)) {
		route++;
	}
	if (((route == end || !route->free) &&
		!take_rate(request, requests_in(request), response)) ||
	    answer_odd(request, response)) {
		/* That is all. */
	} else if (route == end || !request->reads) {
		response_refuse(request,
		    route == end ? PAGE_NOT_FOUND : PAGE_NOT_ALLOWED, response);
	} else {
		route->answer(request, response);
		response->may_be_found = response->status == 200 &&
					 is_page(route);
	}
	metrics_count(request->web, response->status);
}
