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
#include "web/page.h"
#include "web/site.h"
#include "web/web.h"

enum {
	UNTRUSTED_MS = 3600 * 1000
};

/* Where the look-up for programs lives: of one address, and of several. */
static const char api_ip[] = "/api/v1/ip/";
static const char api_ips[] = "/api/v1/ips";

/* What is refused, and as what; programs are told in these words, people on
 * the page of that kind. */
static const struct error_said {
	unsigned status;
	const char *error;
} refusals[PAGE_KIND_COUNT] = {
	[PAGE_FORM] = { 400, "say which address" },
	[PAGE_TOO_LONG] = { 400, "at most 16 addresses at once" },
	[PAGE_NO_ADDRESS] = { 400, "not an IPv4 or IPv6 address" },
	[PAGE_NETWORK] = { 400, "a network; ask for a single address" },
	[PAGE_NEVER] = { 400, "in a private or reserved range, which is never "
			      "blocked" },
	[PAGE_US] = { 200, "an address of this host" },
	[PAGE_NOT_FOUND] = { 404, "there is no such path" },
	[PAGE_NOT_ALLOWED] = { 405, "only GET and HEAD are answered" },
	[PAGE_UNAVAILABLE] = { 503, "the database cannot be read now" },
	[PAGE_TOO_MANY] = { 429, "too many requests" },
};

static void
say(struct response *response, unsigned status, const char *words)
{
	response->status = status;
	response->type = "text/plain; charset=utf-8";
	text_add(&response->body, words);
}

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

/* Render a page; what does not depend on it is filled in. */
static void
answer_page(const struct request *request, struct page *page, unsigned status,
    struct response *response)
{
	const struct languages *spoken = &request->site->languages;
	struct stats stats;

	/* In panic nobody needs them, and beside an answer they would be of
	 * another moment. */
	if (page->kind == PAGE_FORM &&
	    stats_get(
		&request->web->stats, request->site->conf, false, &stats)) {
		page->stats = &stats;
	}
	page->language = negotiate_language(
	    spoken, request->lang, request->accept_language);
	page->language_asked = request->lang != NULL &&
			       languages_find(spoken, request->lang) != NULL;
	page->site = request->site;
	page->path = request->path;
	response->status = status;
	response->type = "text/html; charset=utf-8";
	response->language = page->language->tag;
	if (response->vary == NULL) {
		response->vary = "Accept-Language";
	}
	if (!page_render(page, &response->body)) {
		log_warn("the page for %s could not be written", request->path);
		text_init(
		    &response->body, response->body.buf, response->body.size);
		say(response, 500, "Internal error\n");
	}
	page->stats = NULL; /* they are ours */
}

/* Whether the end of a block is wanted as an entry for a calendar. */
static bool
wants_calendar(const struct request *request)
{
	return request->as != NULL && strcmp(request->as, "ics") == 0;
}

/* Whether it is for a program: by its path or, of the look-up, by the client's
 * wish. */
static bool
wants_json(const struct request *request)
{
	return text_after(request->path, "/api/") != NULL ||
	       (strcmp(request->path, "/") == 0 && !wants_calendar(request) &&
		   negotiate_json(request->accept));
}

/* Refuse, as a page of that kind or, to a program, as JSON. */
static void
refuse(const struct request *request, enum page_kind kind,
    struct response *response)
{
	const struct error_said *said = &refusals[kind];
	struct page page = { .kind = kind,
		.input = request->ip,
		.ref = request->ref,
		.asked = request->asked,
		.asks = request->asks };

	if (wants_json(request)) {
		refuse_json(response, said->status, said->error);
	} else {
		answer_page(request, &page, said->status, response);
	}
}

/* ---- how often ---- */

/* Refuse a visitor that asks too often; no database is asked.  Everybody behind a proxy that
 * is not trusted is one visitor: say so, once an hour. */
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
	refuse(request, PAGE_TOO_MANY, response);
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

/* ---- the look-up ---- */

/* Look for the ban of that ref where it is none of `standing`'s, which may be
 * NULL; false where the database cannot be read. */
static bool
find_past(const struct request *request, const char *ref,
    const struct standing *standing, struct lookup_past *past)
{
	char text[BAN_REF_SIZE];

	*past = (struct lookup_past){ .ban.id = 0 };
	if (page_read_ref(ref, text) == NULL ||
	    (standing != NULL && page_ref_ban(standing, text) != NULL)) {
		return true;
	}
	if (!lookup_past(&request->web->lookup, request->site->conf, text,
		request->now, past)) {
		return false;
	}
	/* One that was only observed refused nobody. */
	if (past->ban.observed ||
	    (standing != NULL &&
		(!net_contains_addr(&past->ban.who, &standing->address) ||
		    ban_over(&past->ban) > standing->checked_at))) {
		past->ban.id = 0;
	}
	return true;
}

/* What the page is about, by what was asked for. */
static const enum page_kind kinds[] = {
	[VISITOR_ASKS_FINE] = PAGE_LOOKUP,
	[VISITOR_ASKS_NO_ADDRESS] = PAGE_NO_ADDRESS,
	[VISITOR_ASKS_NETWORK] = PAGE_NETWORK,
	[VISITOR_ASKS_NEVER] = PAGE_NEVER,
	[VISITOR_ASKS_US] = PAGE_US,
};

/* What somebody wants to know. */
struct question {
	enum page_kind kind; /* PAGE_LOOKUP, PAGE_FORM, or what is wrong */
	struct visitor_asked asked;
	const char *ref; /* as it was asked for; or NULL */
	bool typed;      /* the address was given */
	bool own;        /* the address is the visitor's */
	struct lookup_past past;
};

/* The address that is given, else that of the ref, else the visitor's own. */
static void
read_question(const struct request *request, struct question *out)
{
	const char *in_path = text_after(request->path, api_ip);
	const char *typed = in_path != NULL ? in_path : request->ip;
	const struct addr *visitor = &request->visitor;
	const struct net *who = &out->past.ban.who;
	char word[BAN_REF_SIZE];

	*out = (struct question){ .kind = PAGE_FORM };
	if (request->ref != NULL && request->ref[0] != '\0') {
		out->ref = request->ref;
	}
	if (in_path == NULL && page_read_ref(typed, word) != NULL) {
		out->ref = typed; /* typed where an address belongs */
		typed = NULL;
	} else if (typed != NULL && (typed[0] != '\0' || out->ref == NULL)) {
		out->typed = true;
		out->kind = kinds[visitor_asks(
		    typed, in_path == NULL, &out->asked)];
		if (out->kind == PAGE_US && wants_json(request)) {
			out->kind = PAGE_LOOKUP;
		}
		if (out->ref == NULL && out->asked.ref[0] != '\0') {
			out->ref = out->asked.ref;
		}
		return;
	}
	if (!find_past(request, out->ref, NULL, &out->past)) {
		out->kind = PAGE_UNAVAILABLE;
	} else if (request->visitor_known && !standing_never_banned(visitor) &&
		   (out->past.ban.id == 0 || net_contains_addr(who, visitor))) {
		out->kind = PAGE_LOOKUP;
		out->own = true;
		out->asked.address = *visitor;
	} else if (out->past.ban.id != 0) {
		out->kind = PAGE_LOOKUP;
		out->asked.address = who->addr;
	}
}

/*
 * Whether what concerns the client of this address alone is for this visitor:
 * he comes from the client, or brings the ref of a ban of it that is in force.
 * The ref of a wider network's ban was told to others too, and one that is
 * over may have been another holder's of the address.
 *
 * A visitor's address says nothing where others ask through it: a proxy, or a
 * page of another site in a browser of that network.
 */
static bool
may_see(const struct request *request, const char *ref,
    const struct standing *standing)
{
	const struct conf *conf = request->site->conf;
	const struct net client = engine_client(conf, &standing->address);
	const struct ban *ban = page_ref_ban(standing, ref);

	return (ban != NULL && net_contains(&client, &ban->who)) ||
	       (request->visitor_known && !request->unbelieved &&
		   !request->foreign &&
		   !visitor_is_proxy(conf, &request->visitor) &&
		   net_contains_addr(&client, &request->visitor));
}

/* The page about an address; about none, the form alone. */
static void
answer_standing(const struct request *request, const struct question *question,
    const struct standing *standing, struct response *response)
{
	const struct conf *conf = request->site->conf;
	struct page page = { .kind = question->kind,
		.ref = question->ref,
		.own = question->own,
		.past = question->past.ban.id != 0 ? &question->past : NULL };
	char text[ADDR_TEXT_SIZE];
	struct lookup_hours hours;
	struct lookup_bans bans;

	if (page.kind == PAGE_LOOKUP) {
		page.standing = standing;
		page.input = addr_format(&standing->address, text);
		page.asked = &page.input;
		page.asks = question->typed ? 1 : 0;
		/* Who asks nothing is no mail server as a rule: one line. */
		if (page.own && page.ref == NULL && standing->bans == 0) {
			page.kind = PAGE_FORM;
		}
	}
	if (page.kind == PAGE_LOOKUP && standing->bans > 0) {
		page.sees = may_see(request, page.ref, standing);
		if (page.sees &&
		    lookup_hours(&request->web->lookup, conf,
			&standing->address, request->now, &hours)) {
			page.hours = &hours;
		}
		if (lookup_bans(&request->web->lookup, conf, standing,
			page.sees, &bans)) {
			page.bans = &bans;
		}
	}
	if (page.kind != PAGE_LOOKUP || !wants_calendar(request)) {
		answer_page(request, &page, 200, response);
		return;
	}
	/* There is an entry for what ends; what does not is told in words. */
	page.kind = standing->bans > 0 ? PAGE_CALENDAR : PAGE_LOOKUP;
	answer_page(request, &page, standing->bans > 0 ? 200 : 404, response);
	if (response->status == 200) {
		response->type = "text/calendar; charset=utf-8";
		response->file = "attachment; filename=\"mail.ics\"";
	}
}

/* One of several, to a program in `json`, else for the page; false where the
 * database cannot be read. */
static bool
answer_one(const struct request *request, const struct visitor_item *item,
    struct page_one *one, struct json *json)
{
	const char *ref = item->asked.ref[0] != '\0' ? item->asked.ref
						     : request->ref;
	const struct ban *asked;
	struct standing standing;

	*one = (struct page_one){ .kind = kinds[item->asks],
		.text = item->text };
	if (one->kind == PAGE_US && json != NULL) {
		one->kind = PAGE_LOOKUP;
	}
	if (one->kind != PAGE_LOOKUP && json != NULL) {
		json_object(json, NULL);
		json_string(json, "ip", item->text);
		json_string(json, "error", refusals[one->kind].error);
		json_object_end(json);
	}
	if (one->kind != PAGE_LOOKUP) {
		return true;
	}
	if (!lookup_standing(&request->web->lookup, request->site->conf,
		&item->asked.address, request->now, &standing)) {
		return false;
	}
	if (json != NULL) {
		return api_standing(request, &standing, ref,
		    may_see(request, ref, &standing), json);
	}
	(void)addr_format(&standing.address, one->ip);
	asked = page_ref_ban(&standing, ref);
	if (asked != NULL) {
		memcpy(one->ref, asked->ref, sizeof(one->ref));
	}
	for (size_t i = 0; i < standing.bans; i++) {
		one->causes |= UINT32_C(1) << ban_cause(&standing.ban[i]);
	}
	one->ends = standing.bans > 0 ? standing.ban[0].ends : 0;
	return true;
}

/* All of a list, as {"answers":[...],"checked_at"} or as a page. */
static void
answer_list(const struct request *request, const struct visitor_list *list,
    struct response *response)
{
	const bool program = wants_json(request);
	struct page_several several = { .checked_at = request->now };
	struct page page = { .kind = PAGE_SEVERAL,
		.several = &several,
		.ref = request->ref,
		.asked = request->asked,
		.asks = request->asks };
	struct json json;
	bool fine = true;

	if (program) {
		json = begin_json(response, 200);
		json_object(&json, NULL);
		json_array(&json, "answers");
	}
	while (fine && several.count < list->count) {
		fine = answer_one(request, &list->item[several.count],
		    &several.one[several.count], program ? &json : NULL);
		several.count++;
	}
	if (!fine) {
		text_init(
		    &response->body, response->body.buf, response->body.size);
		refuse(request, PAGE_UNAVAILABLE, response);
	} else if (program) {
		json_array_end(&json);
		json_time(&json, "checked_at", request->now);
		json_object_end(&json);
		text_add_char(&response->body, '\n');
	} else {
		answer_page(request, &page, 200, response);
	}
}

/* GET /api/v1/ips: each `ip` is answered, in their order. */
static void
answer_several(const struct request *request, struct response *response)
{
	struct visitor_list list = { .count = 0 };

	response->vary = "Accept-Language";
	for (size_t i = 0; i < request->asks; i++) {
		visitor_list_add(&list, request->asked[i], false);
	}
	if (list.count == 0 || list.count > ASKED_MAX) {
		refuse(request, list.count == 0 ? PAGE_FORM : PAGE_TOO_LONG,
		    response);
		return;
	}
	answer_list(request, &list, response);
}

/* What was asked for is one address, or none. */
static void
answer_question(const struct request *request, struct response *response)
{
	const struct conf *conf = request->site->conf;
	struct lookup *lookup = &request->web->lookup;
	struct question question;
	char why[STORE_ERROR_SIZE];
	struct standing standing;
	struct json json;
	bool fine;

	read_question(request, &question);
	if (question.kind == PAGE_LOOKUP) {
		fine = lookup_standing(lookup, conf, &question.asked.address,
			   request->now, &standing) &&
		       find_past(
			   request, question.ref, &standing, &question.past);
	} else if (question.kind == PAGE_FORM && !wants_json(request)) {
		fine = lookup_check(lookup, conf, request->now, why);
	} else {
		refuse(request, question.kind, response);
		return;
	}
	if (!fine) {
		refuse(request, PAGE_UNAVAILABLE, response);
		return;
	}
	if (question.kind == PAGE_LOOKUP && standing.bans > 0) {
		response->retry_after = standing.ban[0].ends - request->now;
	}
	if (wants_json(request)) {
		json = begin_json(response, 200);
		if (!api_standing(request, &standing, question.ref,
			may_see(request, question.ref, &standing), &json)) {
			refuse(request, PAGE_UNAVAILABLE, response);
			return;
		}
		text_add_char(&response->body, '\n');
	} else {
		answer_standing(request, &question, &standing, response);
	}
}

static void
answer_look_up(const struct request *request, struct response *response)
{
	const bool in_path = text_after(request->path, api_ip) != NULL;
	struct visitor_list list = { .count = 0 };
	struct request one = *request;

	response->vary = in_path ? "Accept-Language"
				 : "Accept, Accept-Language";
	for (size_t i = 0; !in_path && i < request->asks; i++) {
		visitor_list_add(&list, request->asked[i], true);
	}
	if (list.count > ASKED_MAX) {
		refuse(request, PAGE_TOO_LONG, response);
	} else if (list.count > 1) {
		answer_list(request, &list, response);
	} else {
		one.ip = list.count == 1 ? list.item[0].text : request->ip;
		answer_question(&one, response);
	}
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

static void
answer_stats(const struct request *request, struct response *response)
{
	struct page page = { .kind = PAGE_STATS };
	struct stats stats;
	struct json json;

	/* Numbers of a database that cannot be read any more are none. */
	if (!lookup_standing(&request->web->lookup, request->site->conf,
		&request->visitor, request->now, &(struct standing){ 0 }) ||
	    !stats_get(
		&request->web->stats, request->site->conf, true, &stats)) {
		refuse(request, PAGE_UNAVAILABLE, response);
		return;
	}
	if (!wants_json(request)) {
		page.stats = &stats;
		answer_page(request, &page, 200, response);
		return;
	}
	json = begin_json(response, 200);
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

	answer_page(request, &page, 200, response);
}

static void
answer_file(const struct request *request, struct response *response)
{
	const struct site_file *file = site_file(
	    request->site, strrchr(request->path, '/') + 1);

	if (file == NULL) { /* there is no logo */
		refuse(request, PAGE_NOT_FOUND, response);
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
		refuse(request, PAGE_NOT_FOUND, response);
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
		say(response, 503, "");
		text_addf(
		    &response->body, "the database cannot be read: %s\n", why);
		return;
	}
	if (!lookup_health(
		&web->lookup, request->site->conf, request->now, why)) {
		say(response, 503, "");
		text_addf(&response->body, "%s\n", why);
		return;
	}
	say(response, 200, "ok\n");
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
	{ api_ip, false, false, answer_look_up },
	{ api_ips, true, false, answer_several },
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
		say(response, 414, "The address of the page is too long.\n");
	} else if (request->wrong != 0) {
		say(response, request->wrong,
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
	size_t count = pasted || strcmp(request->path, api_ips) == 0
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
	struct text text;

	if (host == NULL) {
		return true;
	}
	text_init(&text, with_port, sizeof(with_port));
	text_addf(&text, "%s:0", host);
	return (endpoint_parse(host, ENDPOINT_SERVER, &endpoint) == NULL ||
		   (!text.cut && endpoint_parse(with_port, ENDPOINT_SERVER,
				     &endpoint) == NULL)) &&
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
	};
	struct stats stats;
	struct json json;

	response->vary = "Accept, Accept-Language";
	if (part == OPERATOR_OVERVIEW &&
	    stats_get(&request->web->stats, conf, true, &stats)) {
		page.stats = &stats;
	}
	if (!negotiate_json(request->accept)) {
		answer_page(request, &page, status, response);
		return;
	}
	json = begin_json(response, status);
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
		say(response, 421, "only asked for as localhost\n");
	} else if (!request->reads) {
		say(response, 405, "only GET and HEAD are answered\n");
	} else if (i < count) {
		answer_operator(request, operator_routes[i].part, response);
	} else if (request->path[0] == '/' &&
		   site_file(request->site, request->path + 1) != NULL) {
		answer_file(request, response);
	} else {
		say(response, 404, "there is no such page\n");
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
	if ((route == end || !route->free) &&
	    !take_rate(request, requests_in(request), response)) {
		/* It is refused. */
	} else if (answer_odd(request, response)) {
		/* That is all. */
	} else if (route == end || !request->reads) {
		refuse(request,
		    route == end ? PAGE_NOT_FOUND : PAGE_NOT_ALLOWED, response);
	} else {
		route->answer(request, response);
		response->may_be_found = response->status == 200 &&
					 is_page(route);
	}
	metrics_count(request->web, response->status);
}
