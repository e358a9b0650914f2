/*
 * What programs ask every site for: robots, icons beside those that the pages
 * name, and whom to tell of holes (RFC 9309, RFC 9116).
 */
#include "web/web.h"

#include "base/text.h"
#include "conf/conf.h"
#include "web/site.h"

enum {
	DAY = 24 * 3600,
	VALID_DAYS = 90
};

/* The pages may be found, but what is known of an address is for who asks for
 * that one. */
static const char robots[] = "User-agent: *\n"
			     "Disallow: /?\n"
			     "Disallow: /api/\n";

static void
answer_text(struct response *response)
{
	response->may_be_cached = true;
	response->type = "text/plain; charset=utf-8";
	response->status = 200;
}

void
well_known_robots(const struct request *request, struct response *response)
{
	(void)request;
	answer_text(response);
	text_add(&response->body, robots);
}

void
well_known_icon(const struct request *request, struct response *response)
{
	(void)request;
	response->may_be_cached = true;
	response->status = 204;
}

bool
well_known_security(const struct request *request, struct response *response)
{
	const char *contact = request->site->conf->contact;
	/* Whole days, so that it is one text for a day. */
	const int64_t until = request->now - request->now % DAY +
			      (int64_t)VALID_DAYS * DAY;
	char time[TIME_TEXT_SIZE];

	answer_text(response);
	text_addf(&response->body, "Contact: mailto:%s\nExpires: %s\n", contact,
	    text_from_time(until, time));
	return contact[0] != '\0';
}
