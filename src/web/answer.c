#include "web/answer.h"

#include <string.h>

#include "base/embedded.h"
#include "base/log.h"
#include "conf/conf.h"
#include "core/standing.h"
#include "web/api.h"
#include "web/lookup.h"
#include "web/numbers.h"
#include "web/page.h"
#include "web/reader.h"

extern const struct embedded web_files[];

#define API_PATH "/api/v1/ip/"

/* Render the page of `view`; what both of us know is filled in. */
static void
give_page(const struct request *request, struct page_view *view,
    unsigned status, struct answer *answer)
{
	answer->status = status;
	answer->type = "text/html; charset=utf-8";
	answer->in_language = true;
	answer->language = language_pick(
	    request->lang, request->accept_language);
	view->language = answer->language;
	view->language_asked = language_is_spoken(request->lang);
	view->conf = request->conf;
	view->path = request->path;
	if (!page_render(view, &answer->body)) {
		log_warn("the page for %s could not be written", request->path);
		text_init(&answer->body, answer->body.buf, answer->body.size);
		text_add(&answer->body, "Internal error\n");
		answer->status = 500;
		answer->type = "text/plain; charset=utf-8";
	}
}

/* How many are listed, where that is known. */
static void
tell_listed(const struct request *request, struct page_view *view)
{
	struct numbers numbers;

	view->counted = numbers_newest(request->numbers, &numbers);
	if (view->counted) {
		view->v4 = numbers.v4;
		view->v6 = numbers.v6;
	}
}

/* Look the address up; the page says so where that cannot be done. */
static unsigned
look_up(const struct request *request, const struct addr *address,
    struct standing *standing, struct page_view *view)
{
	if (!reader_standing(request->reader, request->conf, address,
		request->now, standing)) {
		view->kind = PAGE_UNAVAILABLE;
		return 503;
	}
	tell_listed(request, view);
	view->kind = PAGE_ANSWER;
	view->standing = standing;
	return 200;
}

/* The page without an answer. */
static unsigned
only_form(const struct request *request, struct page_view *view)
{
	if (!reader_check(request->reader, request->conf)) {
		view->kind = PAGE_UNAVAILABLE;
		return 503;
	}
	tell_listed(request, view);
	view->kind = PAGE_FORM;
	return 200;
}

static void
answer_page(const struct request *request, struct answer *answer)
{
	static const enum page_kind refusal[] = {
		[LOOKUP_FINE] = PAGE_ANSWER,
		[LOOKUP_NO_ADDRESS] = PAGE_NO_ADDRESS,
		[LOOKUP_NETWORK] = PAGE_NETWORK,
		[LOOKUP_NEVER] = PAGE_NEVER,
	};
	char own[ADDR_TEXT_SIZE];
	struct standing standing;
	struct page_view view = { .input = request->ip, .ref = request->ref };
	struct addr address = request->visitor;
	enum lookup lookup = LOOKUP_FINE;
	unsigned status = 400;

	if (request->ip != NULL) {
		lookup = lookup_parse(request->ip, &address);
	} else if (request->visitor_known) {
		view.own = true;
		view.input = addr_format(&address, own);
	}
	if (lookup != LOOKUP_FINE) {
		view.kind = refusal[lookup];
	} else if (request->ip == NULL &&
		   (!view.own || standing_never_banned(&address))) {
		view.input = NULL;
		status = only_form(request, &view);
	} else {
		status = look_up(request, &address, &standing, &view);
	}
	give_page(request, &view, status, answer);
}

static void
answer_api(const struct request *request, struct answer *answer)
{
	answer->type = "application/json";
	answer->status = api_address(request->reader, request->conf,
	    request->path + strlen(API_PATH), request->now, &answer->body);
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

static void
answer_style(const struct request *request, struct answer *answer)
{
	const struct embedded *file = embedded_find(web_files, "style.css");

	(void)request;
	answer->type = "text/css; charset=utf-8";
	answer->status = 200;
	answer->may_be_cached = true;
	text_add_bytes(&answer->body, file->data, file->size);
}

static const struct route {
	const char *path;
	bool whole; /* and not only its beginning */
	void (*answer)(const struct request *request, struct answer *answer);
} routes[] = {
	{ "/", true, answer_page },
	{ API_PATH, false, answer_api },
	{ "/healthz", true, answer_health },
	{ "/style.css", true, answer_style },
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
	answer->type = "application/json";
	answer->status = status;
	api_error(status == 404 ? "there is no such path"
				: "only GET and HEAD are answered",
	    &answer->body);
}

void
answer_request(const struct request *request, struct answer *answer)
{
	const struct route *route = find_route(request->path);

	if (route == NULL) {
		refuse(request, 404, PAGE_NOT_FOUND, answer);
	} else if (strcmp(request->method, "GET") != 0 &&
		   strcmp(request->method, "HEAD") != 0) {
		refuse(request, 405, PAGE_NOT_ALLOWED, answer);
	} else {
		route->answer(request, answer);
	}
}
