#include "web/answer.h"

#include <string.h>

#include "base/log.h"
#include "conf/conf.h"
#include "core/standing.h"
#include "web/accept.h"
#include "web/api.h"
#include "web/lookup.h"
#include "web/numbers.h"
#include "web/page.h"
#include "web/rate.h"
#include "web/reader.h"
#include "web/site.h"
#include "web/visitor.h"

int64_t
answer_until_free(const struct standing *standing)
{
	return standing->bans > 0 ? standing->ban[0].ends - standing->checked_at
				  : 0;
}

/* Render the page of `view`; what both of us know is filled in. */
static void
give_page(const struct request *request, struct page_view *view,
    unsigned status, struct answer *answer)
{
	const struct languages *spoken = site_languages(request->site);

	answer->status = status;
	answer->type = "text/html; charset=utf-8";
	answer->in_language = true;
	if (answer->vary == NULL) {
		answer->vary = "Accept-Language";
	}
	answer->language = language_pick(
	    spoken, request->lang, request->accept_language);
	view->language = answer->language;
	view->language_asked = languages_hold(spoken, request->lang);
	view->site = request->site;
	view->path = request->path;
	if (!page_render(view, &answer->body)) {
		log_warn("the page for %s could not be written", request->path);
		text_init(&answer->body, answer->body.buf, answer->body.size);
		text_add(&answer->body, "Internal error\n");
		answer->status = 500;
		answer->type = "text/plain; charset=utf-8";
	}
}

/* What an answer is made of, apart from what was asked. */
struct material {
	struct standing standing;
	struct page_hours hours;
	struct numbers numbers;
};

/* What a page of that kind says of the whole host, where that is known. */
static void
tell_numbers(const struct request *request, struct page_view *view,
    struct numbers *numbers)
{
	if ((view->kind == PAGE_STATS ? numbers_newest : numbers_listed)(
		request->numbers, numbers)) {
		view->numbers = numbers;
	}
}

/* Whether what was seen of an address may be shown: to who comes from the same
 * client, or has the ref of one of its bans.  The ref of a wider network's ban
 * was told to others too. */
static bool
may_see(const struct request *request, const struct standing *standing)
{
	const struct net client = net_around(&standing->address,
	    request->conf->client_ipv4, request->conf->client_ipv6);
	const struct ban *ban = page_ref_ban(standing, request->ref);

	return (ban != NULL && net_contains(&client, &ban->who)) ||
	       (request->visitor_known &&
		   net_contains_addr(&client, &request->visitor));
}

/* Look the address up; the page says so where that cannot be done. */
static unsigned
look_up(const struct request *request, const struct addr *address,
    struct material *material, struct page_view *view)
{
	if (!reader_standing(request->reader, request->conf, address,
		request->now, &material->standing)) {
		view->kind = PAGE_UNAVAILABLE;
		return 503;
	}
	view->kind = PAGE_ANSWER;
	tell_numbers(request, view, &material->numbers);
	view->standing = &material->standing;
	if (material->standing.bans > 0 &&
	    may_see(request, &material->standing) &&
	    reader_hours(request->reader, request->conf, address, request->now,
		&material->hours)) {
		view->hours = &material->hours;
	}
	return 200;
}

/* The page without an answer. */
static unsigned
only_form(const struct request *request, struct material *material,
    struct page_view *view)
{
	if (!reader_check(request->reader, request->conf)) {
		view->kind = PAGE_UNAVAILABLE;
		return 503;
	}
	view->kind = PAGE_FORM;
	tell_numbers(request, view, &material->numbers);
	return 200;
}

/* The address that is asked for: given, or the visitor's own. */
struct question {
	enum lookup lookup;
	bool none; /* neither is there */
	bool own;
	struct addr address;
};

static struct question
read_question(const struct request *request)
{
	struct question question = { .lookup = LOOKUP_FINE };

	if (request->ip != NULL) {
		question.lookup = lookup_parse(request->ip, &question.address);
		return question;
	}
	question.address = request->visitor;
	question.own = request->visitor_known;
	question.none = !question.own ||
			standing_never_banned(&question.address);
	return question;
}

static void
answer_page(const struct request *request, const struct question *question,
    struct answer *answer)
{
	static const enum page_kind refusal[] = {
		[LOOKUP_FINE] = PAGE_ANSWER,
		[LOOKUP_NO_ADDRESS] = PAGE_NO_ADDRESS,
		[LOOKUP_NETWORK] = PAGE_NETWORK,
		[LOOKUP_NEVER] = PAGE_NEVER,
	};
	char own[ADDR_TEXT_SIZE];
	struct material material;
	struct page_view view = { .input = request->ip, .ref = request->ref };
	unsigned status = 400;

	if (question->lookup != LOOKUP_FINE) {
		view.kind = refusal[question->lookup];
	} else if (question->none) {
		status = only_form(request, &material, &view);
	} else {
		if (question->own) {
			view.own = true;
			view.input = addr_format(&question->address, own);
		}
		status = look_up(request, &question->address, &material, &view);
		if (status == 200) {
			answer->retry_after = answer_until_free(
			    &material.standing);
		}
	}
	give_page(request, &view, status, answer);
}

/* The look-up, as a page or, by the client's wish, as JSON. */
static void
answer_look_up(const struct request *request, struct answer *answer)
{
	const struct question question = read_question(request);

	answer->vary = "Accept, Accept-Language";
	if (!accept_json(request->accept)) {
		answer_page(request, &question, answer);
	} else if (question.none || question.lookup != LOOKUP_FINE) {
		api_refuse_lookup(question.lookup, answer);
	} else {
		api_standing(request, &question.address, answer);
	}
}

static void
answer_health(const struct request *request, struct answer *answer)
{
	bool fine = reader_check(request->reader, request->conf);

	answer->type = "text/plain; charset=utf-8";
	answer->status = fine ? 200 : 503;
	text_add(
	    &answer->body, fine ? "ok\n" : "the database cannot be read\n");
}

/* The pages that are about no address. */
static void
answer_site(const struct request *request, struct answer *answer)
{
	struct page_view view = { .kind = page_of_path(request->path) };
	struct numbers numbers;

	tell_numbers(request, &view, &numbers);
	give_page(request, &view, 200, answer);
}

static void
answer_file(const struct request *request, struct answer *answer)
{
	const struct site_file *file = site_file(
	    request->site, request->path + 1);

	if (file == NULL) { /* there is no logo */
		struct page_view view = { .kind = PAGE_NOT_FOUND };

		give_page(request, &view, 404, answer);
		return;
	}
	answer->type = file->type;
	answer->status = 200;
	answer->may_be_cached = true;
	text_add_bytes(&answer->body, file->data, file->size);
}

static const struct route {
	const char *path;
	bool whole; /* and not only its beginning */
	bool free;  /* of the visitor's rate: it costs next to nothing */
	void (*answer)(const struct request *request, struct answer *answer);
} routes[] = {
	{ "/", true, false, answer_look_up },
	{ API_ADDRESS, false, false, api_address },
	{ "/api/v1/stats", true, false, api_stats },
	{ "/api/v1/openapi.json", true, true, api_description },
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

static const struct route *
find_route(const char *path)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		const char *known = routes[i].path;

		if (routes[i].whole
			? strcmp(path, known) == 0
			: strncmp(path, known, strlen(known)) == 0) {
			return &routes[i];
		}
	}
	return NULL;
}

static bool
is_api(const char *path)
{
	return strncmp(path, "/api/", 5) == 0;
}

/* Refuse as a page or, to a program, as JSON. */
static void
refuse(const struct request *request, unsigned status, enum page_kind kind,
    struct answer *answer)
{
	struct page_view view = { .kind = kind };

	if (!is_api(request->path)) {
		give_page(request, &view, status, answer);
		return;
	}
	api_refuse(status,
	    status == 404 ? "there is no such path"
			  : "only GET and HEAD are answered",
	    answer);
}

/* Cheap, since it is said to those who ask too often. */
static void
refuse_for_now(
    const struct request *request, int64_t wait, struct answer *answer)
{
	char who[ADDR_TEXT_SIZE];

	answer->retry_after = wait;
	if (is_api(request->path) || accept_json(request->accept)) {
		api_refuse(429, "too many requests", answer);
		return;
	}
	answer->status = 429;
	answer->type = "text/plain; charset=utf-8";
	text_addf(&answer->body,
	    "Too many requests from %s. Please try again in %lld s.\n"
	    "Trop de requêtes. Veuillez réessayer dans %lld s.\n",
	    addr_format(&request->visitor, who), (long long)wait,
	    (long long)wait);
}

/* Whether the visitor may ask once more.  Nobody is counted whose address is
 * not known, or is a proxy's own. */
static bool
admit(const struct request *request, int64_t *wait)
{
	return !request->visitor_known ||
	       visitor_is_proxy(request->conf, &request->visitor) ||
	       rate_take(request->rate, &request->visitor,
		   request->conf->web.rate, request->ticks, wait);
}

void
answer_request(const struct request *request, struct answer *answer)
{
	const struct route *route = find_route(request->path);
	int64_t wait;

	if ((route == NULL || !route->free) && !admit(request, &wait)) {
		refuse_for_now(request, wait, answer);
	} else if (route == NULL) {
		refuse(request, 404, PAGE_NOT_FOUND, answer);
	} else if (strcmp(request->method, "GET") != 0 &&
		   strcmp(request->method, "HEAD") != 0) {
		refuse(request, 405, PAGE_NOT_ALLOWED, answer);
	} else {
		route->answer(request, answer);
	}
}
