#include "web/response.h"

#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "conf/language.h"
#include "web/site.h"

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

void
response_say(struct response *response, unsigned status, const char *words)
{
	response->status = status;
	response->type = "text/plain; charset=utf-8";
	text_add(&response->body, words);
}

struct json
response_json(struct response *response, unsigned status)
{
	struct json json;

	response->type = "application/json";
	response->status = status;
	json_init(&json, json_to_text, &response->body);
	return json;
}

void
response_page(const struct request *request, struct page *page, unsigned status,
    struct response *response)
{
	const struct languages *spoken = &request->site->languages;
	struct stats stats;

	/* In panic nobody needs them, and beside an answer they would be of
	 * another moment. */
	if (page->kind == PAGE_FORM &&
	    stats_get(&request->web->stats, request->site->conf, STATS_BLOCKED,
		&stats)) {
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
		response_say(response, 500, "Internal error\n");
	}
	page->stats = NULL; /* they are ours */
}

bool
request_wants_calendar(const struct request *request)
{
	return request->as != NULL && strcmp(request->as, "ics") == 0;
}

bool
request_wants_json(const struct request *request)
{
	return text_after(request->path, "/api/") != NULL ||
	       (strcmp(request->path, "/") == 0 &&
		   !request_wants_calendar(request) &&
		   negotiate_json(request->accept));
}

void
response_refuse(const struct request *request, enum page_kind kind,
    struct response *response)
{
	const struct error_said *said = &refusals[kind];
	struct page page = { .kind = kind,
		.input = request->ip,
		.ref = request->ref,
		.asked = request->asked,
		.asks = request->asks };
	struct json json;

	if (!request_wants_json(request)) {
		response_page(request, &page, said->status, response);
		return;
	}
	json = response_json(response, said->status);
	json_object(&json, NULL);
	json_string(&json, "error", said->error);
	json_object_end(&json);
	text_add_char(&response->body, '\n');
}

const char *
response_error(enum page_kind kind)
{
	return refusals[kind].error;
}
