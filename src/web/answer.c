/*
 * Answers about addresses: what was asked for, for whom it is, and the page,
 * the JSON or the calendar's entry that says it.
 */
#include <string.h>

#include "base/json.h"
#include "base/proc.h"
#include "conf/conf.h"
#include "core/standing.h"
#include "engine/engine.h"
#include "web/response.h"
#include "web/site.h"

/* Look for the ban of that ref where it is none of `standing`'s, which may be
 * NULL; false where the database cannot be read. */
static bool
find_past(const struct request *request, const char *ref,
    const struct standing *standing, struct lookup_past *past)
{
	char text[BAN_REF_SIZE];

	*past = (struct lookup_past){ .ban.id = 0 };
	if (proc_ref_read(ref, text) == NULL ||
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

/* What was typed asks; `item` is what was read of that text already, or of
 * another, or NULL. */
static enum page_kind
read_typed(const char *typed, bool pasted, const struct visitor_item *item,
    struct visitor_asked *out)
{
	if (item == NULL || item->text != typed) {
		return kinds[visitor_asks(typed, pasted, out)];
	}
	*out = item->asked;
	return kinds[item->asks];
}

/* The address that is given, else that of the ref, else the visitor's own. */
static void
read_question(const struct request *request, const struct visitor_item *item,
    struct question *out)
{
	const char *in_path = text_after(request->path, RESPONSE_API_IP);
	const char *typed = in_path != NULL ? in_path : request->ip;
	const struct addr *visitor = &request->visitor;
	const struct net *who = &out->past.ban.who;
	char word[BAN_REF_SIZE];

	*out = (struct question){ .kind = PAGE_FORM };
	if (request->ref != NULL && request->ref[0] != '\0') {
		out->ref = request->ref;
	}
	if (in_path == NULL && proc_ref_read(typed, word) != NULL) {
		out->ref = typed; /* typed where an address belongs */
		typed = NULL;
	} else if (typed != NULL && (typed[0] != '\0' || out->ref == NULL)) {
		out->typed = true;
		out->kind = read_typed(
		    typed, in_path == NULL, item, &out->asked);
		if (out->kind == PAGE_US && request_wants_json(request)) {
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

/* Look up why its bans began and what was seen of it, as far as the visitor
 * may see that: of a ban whose ref he brought why it began. */
static void
look_closer(const struct request *request, struct page *page,
    struct lookup_bans *bans, struct lookup_hours *hours)
{
	const struct conf *conf = request->site->conf;
	const struct standing *standing = page->standing;
	const struct ban *asked = page_ref_ban(standing, page->ref);
	struct lookup *lookup = &request->web->lookup;

	if (page->sees && lookup_hours(lookup, conf, &standing->address,
			      request->now, hours)) {
		page->hours = hours;
	}
	if (page->sees || asked != NULL) {
		(void)lookup_why(
		    lookup, conf, standing, page->sees ? NULL : asked, bans);
	}
}

/* The page about an address; about none, the form alone. */
static void
answer_standing(const struct request *request, const struct question *question,
    const struct standing *standing, struct lookup_bans *bans,
    struct response *response)
{
	struct page page = { .kind = question->kind,
		.ref = question->ref,
		.own = question->own,
		.past = question->past.ban.id != 0 ? &question->past : NULL };
	char text[ADDR_TEXT_SIZE];
	struct lookup_hours hours;

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
		page.bans = bans;
		look_closer(request, &page, bans, &hours);
	}
	if (page.kind != PAGE_LOOKUP || !request_wants_calendar(request)) {
		response_page(request, &page, 200, response);
		return;
	}
	/* There is an entry for what ends; what does not is told in words. */
	page.kind = standing->bans > 0 ? PAGE_CALENDAR : PAGE_LOOKUP;
	response_page(request, &page, standing->bans > 0 ? 200 : 404, response);
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
	struct lookup_bans bans;

	*one = (struct page_one){ .kind = kinds[item->asks],
		.text = item->text };
	if (one->kind == PAGE_US && json != NULL) {
		one->kind = PAGE_LOOKUP;
	}
	if (one->kind != PAGE_LOOKUP && json != NULL) {
		json_object(json, NULL);
		json_string(json, "ip", item->text);
		json_string(json, "error", response_error(one->kind));
		json_object_end(json);
	}
	if (one->kind != PAGE_LOOKUP) {
		return true;
	}
	if (!lookup_standing(&request->web->lookup, request->site->conf,
		&item->asked.address, request->now, &standing, &bans)) {
		return false;
	}
	if (json != NULL) {
		api_standing(request, &standing, &bans, ref,
		    may_see(request, ref, &standing), json);
		return true;
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
	const bool program = request_wants_json(request);
	struct page_several several = { .checked_at = request->now };
	struct page page = { .kind = PAGE_SEVERAL,
		.several = &several,
		.ref = request->ref,
		.asked = request->asked,
		.asks = request->asks };
	struct json json;
	bool fine = true;

	if (program) {
		json = response_json(response, 200);
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
		response_refuse(request, PAGE_UNAVAILABLE, response);
	} else if (program) {
		json_array_end(&json);
		json_time(&json, "checked_at", request->now);
		json_object_end(&json);
		text_add_char(&response->body, '\n');
	} else {
		response_page(request, &page, 200, response);
	}
}

void
answer_several(const struct request *request, struct response *response)
{
	struct visitor_list list = { .count = 0 };

	response->vary = "Accept-Language";
	for (size_t i = 0; i < request->asks; i++) {
		visitor_list_add(&list, request->asked[i], false);
	}
	if (list.count == 0 || list.count > ASKED_MAX) {
		response_refuse(request,
		    list.count == 0 ? PAGE_FORM : PAGE_TOO_LONG, response);
		return;
	}
	answer_list(request, &list, response);
}

/* What was asked for is one address, or none. */
static void
answer_question(const struct request *request, const struct visitor_item *item,
    struct response *response)
{
	const struct conf *conf = request->site->conf;
	struct lookup *lookup = &request->web->lookup;
	struct question question;
	char why[STORE_ERROR_SIZE];
	struct standing standing;
	struct lookup_bans bans;
	struct json json;
	bool fine;

	read_question(request, item, &question);
	if (question.kind == PAGE_LOOKUP) {
		fine = lookup_standing(lookup, conf, &question.asked.address,
			   request->now, &standing, &bans) &&
		       find_past(
			   request, question.ref, &standing, &question.past);
	} else if (question.kind == PAGE_FORM && !request_wants_json(request)) {
		fine = lookup_check(lookup, conf, request->now, why);
	} else {
		response_refuse(request, question.kind, response);
		return;
	}
	if (!fine) {
		response_refuse(request, PAGE_UNAVAILABLE, response);
		return;
	}
	if (question.kind == PAGE_LOOKUP && standing.bans > 0) {
		response->retry_after = standing.ban[0].ends - request->now;
	}
	if (request_wants_json(request)) {
		json = response_json(response, 200);
		api_standing(request, &standing, &bans, question.ref,
		    may_see(request, question.ref, &standing), &json);
		text_add_char(&response->body, '\n');
	} else {
		answer_standing(request, &question, &standing, &bans, response);
	}
}

void
answer_look_up(const struct request *request, struct response *response)
{
	const bool in_path = text_after(request->path, RESPONSE_API_IP) != NULL;
	struct request one = *request;
	struct visitor_list list;

	response->vary = in_path ? "Accept-Language"
				 : "Accept, Accept-Language";
	list.count = 0; /* what it has no items for is not looked at */
	for (size_t i = 0; !in_path && i < request->asks; i++) {
		visitor_list_add(&list, request->asked[i], true);
	}
	if (list.count > ASKED_MAX) {
		response_refuse(request, PAGE_TOO_LONG, response);
	} else if (list.count > 1) {
		answer_list(request, &list, response);
	} else {
		one.ip = list.count == 1 ? list.item[0].text : request->ip;
		answer_question(
		    &one, list.count == 1 ? &list.item[0] : NULL, response);
	}
}
