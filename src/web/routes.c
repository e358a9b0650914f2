/*
 * From a request to its response: the routes, and what they say.
 *
 * Knows HTTP's words (paths, status, content type) but no connection: the
 * server hands in what a client sent, and sends what comes out.
 */
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/words.h"
#include "conf/conf.h"
#include "core/standing.h"
#include "web/page.h"
#include "web/site.h"
#include "web/web.h"

/* Where the look-up for programs lives. */
static const char api_ip[] = "/api/v1/ip/";

static const char not_readable[] = "the database cannot be read now";

static void
say(struct response *response, unsigned status, const char *words)
{
	response->status = status;
	response->type = "text/plain; charset=utf-8";
	text_add(&response->body, words);
}

/* Seconds until a listed address will not be listed any more; 0: it is not. */
static int64_t
until_free(const struct standing *standing)
{
	return standing->bans > 0 ? standing->ban[0].ends - standing->checked_at
				  : 0;
}

/* ---- for programs: JSON ---- */

static struct json
begin_json(struct response *response, unsigned status)
{
	struct json json;

	response->type = "application/json";
	response->status = status;
	json_init(&json, json_to_text, &response->body);
	return json;
}

static void
refuse_json(struct response *response, unsigned status, const char *why)
{
	struct json json = begin_json(response, status);

	json_object(&json, NULL);
	json_string(&json, "error", why);
	json_object_end(&json);
	text_add_char(&response->body, '\n');
}

/* The standing of one address; anything but VISITOR_ASKS_FINE is refused. */
static void
answer_json(const struct request *request, enum visitor_asks asks,
    const struct addr *address, struct response *response)
{
	static const char *const why[] = {
		[VISITOR_ASKS_NO_ADDRESS] = "not an IPv4 or IPv6 address",
		[VISITOR_ASKS_NETWORK] = "a network; ask for a single address",
		[VISITOR_ASKS_NEVER] =
		    "in a private or reserved range, which is never blocked",
	};
	const struct conf *conf = request->site->conf;
	struct standing standing;
	struct json json;

	if (asks != VISITOR_ASKS_FINE) {
		refuse_json(response, 400, why[asks]);
		return;
	}
	if (!lookup_standing(&request->web->lookup, conf, address, request->now,
		&standing)) {
		refuse_json(response, 503, not_readable);
		return;
	}
	json = begin_json(response, 200);
	standing_json(&standing, conf->lookup_url, &json);
	text_add_char(&response->body, '\n');
	response->retry_after = until_free(&standing);
}

static void
answer_address(const struct request *request, struct response *response)
{
	struct addr address;
	const enum visitor_asks asks = visitor_asks(
	    request->path + sizeof(api_ip) - 1, &address);

	answer_json(request, asks, &address, response);
}

static void
add_words(struct json *json, const char *name, const struct words *words,
    const int64_t *numbers)
{
	json_object(json, name);
	for (size_t i = 0; i < words->count; i++) {
		json_int(json, words_at(words, i), numbers[i]);
	}
	json_object_end(json);
}

static void
add_day(struct json *json, const struct stats_day *day)
{
	const int64_t *cell = day->cell;
	char text[TIME_TEXT_SIZE];

	text_from_time(day->day, text)[sizeof("2026-11-21") - 1] = '\0';
	json_object(json, NULL);
	json_string(json, "day", text);
	add_words(json, "bans", &reason_words, &cell[STATS_BANS]);
	add_words(json, "refused", &reason_words, &cell[STATS_REFUSED]);
	add_words(json, "events", &kind_words, &cell[STATS_EVENTS]);
	add_words(json, "limited", &limit_words, &cell[STATS_LIMITED]);
	json_int(json, "sessions", cell[STATS_SESSIONS]);
	json_int(json, "messages", cell[STATS_MESSAGES]);
	json_int(json, "accepted", cell[STATS_ACCEPTED]);
	json_int(json, "recipients", cell[STATS_RECIPIENTS]);
	json_object_end(json);
}

static void
answer_stats(const struct request *request, struct response *response)
{
	struct stats stats;
	struct json json;

	if (!stats_get(
		&request->web->stats, request->site->conf, true, &stats)) {
		refuse_json(response, 503, not_readable);
		return;
	}
	json = begin_json(response, 200);
	json_object(&json, NULL);
	json_time(&json, "checked_at", stats.at);
	json_object(&json, "listed");
	json_int(&json, "ipv4", stats.family[STATS_V4]);
	json_int(&json, "ipv6", stats.family[STATS_V6]);
	json_object_end(&json);
	add_words(&json, "bans", &reason_words, stats.listed);
	json_array(&json, "days");
	for (size_t i = 0; i < STATS_DAYS; i++) {
		add_day(&json, &stats.day[i]);
	}
	json_array_end(&json);
	json_object_end(&json);
	text_add_char(&response->body, '\n');
}

/* ---- for people: pages ---- */

/* Render a page; what does not depend on it is filled in. */
static void
answer_page(const struct request *request, struct page *page, unsigned status,
    struct response *response)
{
	const struct languages *spoken = &request->site->languages;

	page->language = negotiate_language(
	    spoken, request->lang, request->accept_language);
	page->language_asked = languages_hold(spoken, request->lang);
	page->site = request->site;
	page->path = request->path;
	response->status = status;
	response->type = "text/html; charset=utf-8";
	response->language = language_facts[page->language].tag;
	if (response->vary == NULL) {
		response->vary = "Accept-Language";
	}
	if (!page_render(page, &response->body)) {
		log_warn("the page for %s could not be written", request->path);
		text_init(
		    &response->body, response->body.buf, response->body.size);
		say(response, 500, "Internal error\n");
	}
}

/* Whether what was seen of an address may be shown: to a visitor from the same
 * client, or with the ref of one of its bans.  The ref of a wider network's ban
 * was told to others too. */
static bool
may_see(const struct request *request, const struct standing *standing)
{
	const struct conf *conf = request->site->conf;
	const struct net client = net_around(
	    &standing->address, conf->client_ipv4, conf->client_ipv6);
	const struct ban *ban = page_ref_ban(standing, request->ref);

	return (ban != NULL && net_contains(&client, &ban->who)) ||
	       (request->visitor_known &&
		   net_contains_addr(&client, &request->visitor));
}

/* The page about an address, NULL for the form alone; `own`: the visitor's. */
static void
answer_standing(const struct request *request, const struct addr *address,
    bool own, struct response *response)
{
	struct web *web = request->web;
	const struct conf *conf = request->site->conf;
	struct page page = { .kind = PAGE_FORM,
		.input = request->ip,
		.ref = request->ref,
		.own = own };
	char text[ADDR_TEXT_SIZE];
	struct standing standing;
	struct page_hours hours;
	struct stats stats;

	if (own) {
		page.input = addr_format(address, text);
	}
	if (!lookup_standing(
		&web->lookup, conf, address, request->now, &standing)) {
		page.kind = PAGE_UNAVAILABLE;
		answer_page(request, &page, 503, response);
		return;
	}
	if (stats_get(&web->stats, conf, false, &stats)) {
		page.stats = &stats;
	}
	if (address != NULL) {
		page.kind = PAGE_LOOKUP;
		page.standing = &standing;
		response->retry_after = until_free(&standing);
		if (standing.bans > 0 && may_see(request, &standing) &&
		    lookup_hours(
			&web->lookup, conf, address, request->now, &hours)) {
			page.hours = &hours;
		}
	}
	answer_page(request, &page, 200, response);
}

/* The look-up, as a page or, by the client's wish, as JSON: of the address that
 * is given, else of the visitor's own. */
static void
answer_look_up(const struct request *request, struct response *response)
{
	static const enum page_kind refusal[] = {
		[VISITOR_ASKS_NO_ADDRESS] = PAGE_NO_ADDRESS,
		[VISITOR_ASKS_NETWORK] = PAGE_NETWORK,
		[VISITOR_ASKS_NEVER] = PAGE_NEVER,
	};
	const bool json = negotiate_json(request->accept);
	const bool own = request->ip == NULL && request->visitor_known &&
			 !standing_never_banned(&request->visitor);
	const bool none = request->ip == NULL && !own;
	enum visitor_asks asks = VISITOR_ASKS_FINE;
	struct addr address = request->visitor;
	struct page page = { .input = request->ip };

	response->vary = "Accept, Accept-Language";
	if (request->ip != NULL) {
		asks = visitor_asks(request->ip, &address);
	}
	if (json && none) {
		refuse_json(response, 400, "say which address");
	} else if (json) {
		answer_json(request, asks, &address, response);
	} else if (asks != VISITOR_ASKS_FINE) {
		page.kind = refusal[asks];
		answer_page(request, &page, 400, response);
	} else {
		answer_standing(request, none ? NULL : &address, own, response);
	}
}

/* The pages that are about no address. */
static void
answer_site(const struct request *request, struct response *response)
{
	struct page page = { .kind = page_of_path(request->path) };
	struct stats stats;

	if (stats_get(&request->web->stats, request->site->conf,
		page.kind == PAGE_STATS, &stats)) {
		page.stats = &stats;
	}
	answer_page(request, &page, 200, response);
}

static void
answer_file(const struct request *request, struct response *response)
{
	const struct site_file *file = site_file(
	    request->site, strrchr(request->path, '/') + 1);
	struct page page = { .kind = PAGE_NOT_FOUND };

	if (file == NULL) { /* there is no logo */
		answer_page(request, &page, 404, response);
		return;
	}
	response->type = file->type;
	response->status = 200;
	response->may_be_cached = true;
	text_add_bytes(&response->body, file->data, file->size);
}

static void
answer_health(const struct request *request, struct response *response)
{
	const bool fine = lookup_standing(&request->web->lookup,
	    request->site->conf, NULL, request->now, NULL);

	say(response, fine ? 200 : 503,
	    fine ? "ok\n" : "the database cannot be read\n");
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
	{ api_ip, false, false, answer_address },
	{ "/api/v1/stats", true, false, answer_stats },
	{ "/api/v1/openapi.json", true, true, answer_file },
	{ "/healthz", true, true, answer_health },
	{ "/codes", true, false, answer_site },
	{ "/durations", true, false, answer_site },
	{ "/why", true, false, answer_site },
	{ "/faq", true, false, answer_site },
	{ "/stats", true, false, answer_site },
	{ "/style.css", true, true, answer_file },
	{ "/page.js", true, true, answer_file },
	{ "/icon.svg", true, true, answer_file },
	{ "/logo", true, true, answer_file },
};

static bool
is_api(const char *path)
{
	return strncmp(path, "/api/", 5) == 0;
}

/* Refuse as a page or, to a program, as JSON. */
static void
refuse(const struct request *request, bool found, struct response *response)
{
	struct page page = { .kind = found ? PAGE_NOT_ALLOWED
					   : PAGE_NOT_FOUND };
	const unsigned status = found ? 405 : 404;

	if (is_api(request->path)) {
		refuse_json(response, status,
		    found ? "only GET and HEAD are answered"
			  : "there is no such path");
	} else {
		answer_page(request, &page, status, response);
	}
}

/* Refuse a visitor that asks too often: cheaply. */
static void
refuse_for_now(
    const struct request *request, int64_t wait, struct response *response)
{
	char who[ADDR_TEXT_SIZE];

	response->retry_after = wait;
	if (is_api(request->path) || negotiate_json(request->accept)) {
		refuse_json(response, 429, "too many requests");
		return;
	}
	say(response, 429, "");
	text_addf(&response->body,
	    "Too many requests from %s. Please try again in %lld s.\n"
	    "Trop de requêtes. Veuillez réessayer dans %lld s.\n",
	    addr_format(&request->visitor, who), (long long)wait,
	    (long long)wait);
}

void
routes_answer(const struct request *request, struct response *response)
{
	const struct conf *conf = request->site->conf;
	const struct route *route = routes;
	const struct route *end = routes + sizeof(routes) / sizeof(routes[0]);
	int64_t wait = 0;

	while (
	    route < end && (route->whole ? strcmp(request->path, route->path)
					 : strncmp(request->path, route->path,
					       strlen(route->path))) != 0) {
		route++;
	}
	/* Nobody is counted whose address is not known, or is a proxy's own. */
	if ((route == end || !route->free) && request->visitor_known &&
	    !visitor_is_proxy(conf, &request->visitor) &&
	    !rate_take(&request->web->rate, &request->visitor, conf->web.rate,
		request->ticks, &wait)) {
		refuse_for_now(request, wait, response);
	} else if (route == end || (strcmp(request->method, "GET") != 0 &&
				       strcmp(request->method, "HEAD") != 0)) {
		refuse(request, route != end, response);
	} else {
		route->answer(request, response);
	}
	metrics_count(request->web, response->status);
}
