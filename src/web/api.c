#include "web/api.h"

#include <stddef.h>
#include <string.h>

#include "base/addr.h"
#include "base/embedded.h"
#include "base/json.h"
#include "base/text.h"
#include "conf/conf.h"
#include "core/kind.h"
#include "core/limit.h"
#include "core/standing.h"
#include "web/answer.h"
#include "web/numbers.h"
#include "web/reader.h"

extern const struct embedded web_files[];

static struct json
begin(struct answer *answer, unsigned status)
{
	struct json json;

	answer->type = "application/json";
	answer->status = status;
	json_init(&json, json_to_text, &answer->body);
	return json;
}

void
api_refuse(unsigned status, const char *why, struct answer *answer)
{
	struct json json = begin(answer, status);

	json_object(&json, NULL);
	json_string(&json, "error", why);
	json_object_end(&json);
	text_add_char(&answer->body, '\n');
}

/* ---- one address ---- */

void
api_refuse_lookup(enum lookup lookup, struct answer *answer)
{
	static const char
	    never[] = "in a private or reserved range, which is never blocked";
	static const char *const why[] = {
		[LOOKUP_FINE] = "say which address",
		[LOOKUP_NO_ADDRESS] = "not an IPv4 or IPv6 address",
		[LOOKUP_NETWORK] = "a network; ask for a single address",
		[LOOKUP_NEVER] = never,
	};

	api_refuse(400, why[lookup], answer);
}

void
api_standing(const struct request *request, const struct addr *address,
    struct answer *answer)
{
	struct standing standing;
	struct json json;

	if (!reader_standing(request->reader, request->conf, address,
		request->now, &standing)) {
		api_refuse(503, "the database cannot be read now", answer);
		return;
	}
	json = begin(answer, 200);
	standing_json(&standing, request->conf->lookup_url, &json);
	text_add_char(&answer->body, '\n');
	answer->retry_after = answer_until_free(&standing);
}

void
api_address(const struct request *request, struct answer *answer)
{
	struct addr address;
	enum lookup lookup = lookup_parse(
	    request->path + strlen(API_ADDRESS), &address);

	if (lookup != LOOKUP_FINE) {
		api_refuse_lookup(lookup, answer);
	} else {
		api_standing(request, &address, answer);
	}
}

/* ---- the whole host ---- */

static void
add_reasons(struct json *json, const char *name, const int64_t *numbers)
{
	json_object(json, name);
	for (int i = 0; i < REASON_COUNT; i++) {
		json_int(json, reason_name((enum reason)i), numbers[i]);
	}
	json_object_end(json);
}

static void
add_day(struct json *json, const struct numbers_day *day)
{
	char text[TIME_TEXT_SIZE];

	text_from_time(day->day, text)[sizeof("2026-11-21") - 1] = '\0';
	json_object(json, NULL);
	json_string(json, "day", text);
	add_reasons(json, "bans", day->ban);
	add_reasons(json, "refused", day->refused);
	json_object(json, "events");
	for (int i = 0; i < KIND_COUNT; i++) {
		json_int(json, kind_name((enum kind)i), day->event[i]);
	}
	json_object_end(json);
	json_object(json, "limited");
	for (int i = 0; i < LIMIT_KINDS; i++) {
		json_int(json, limit_name((enum limit_kind)i), day->limited[i]);
	}
	json_object_end(json);
	json_int(json, "sessions", day->sessions);
	json_int(json, "messages", day->messages);
	json_int(json, "accepted", day->accepted);
	json_int(json, "recipients", day->recipients);
	json_object_end(json);
}

void
api_stats(const struct request *request, struct answer *answer)
{
	struct numbers numbers;
	struct json json;

	if (!numbers_newest(request->numbers, &numbers)) {
		api_refuse(503, "the database cannot be read now", answer);
		return;
	}
	json = begin(answer, 200);
	json_object(&json, NULL);
	json_time(&json, "checked_at", numbers.at);
	json_object(&json, "listed");
	json_int(&json, "ipv4", numbers.v4);
	json_int(&json, "ipv6", numbers.v6);
	json_object_end(&json);
	add_reasons(&json, "bans", numbers.listed);
	json_array(&json, "days");
	for (size_t i = 0; i < NUMBERS_DAYS; i++) {
		add_day(&json, &numbers.day[i]);
	}
	json_array_end(&json);
	json_object_end(&json);
	text_add_char(&answer->body, '\n');
}

void
api_description(const struct request *request, struct answer *answer)
{
	const struct embedded *file = embedded_find(web_files, "openapi.json");

	(void)request;
	answer->type = "application/json";
	answer->status = 200;
	answer->may_be_cached = true;
	text_add_bytes(&answer->body, file->data, file->size);
}
