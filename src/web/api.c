/*
 * Addresses for programs: what the page says of them, as JSON.
 */
#include "base/json.h"
#include "conf/conf.h"
#include "core/standing.h"
#include "web/page.h"
#include "web/site.h"
#include "web/web.h"

/* What the ban is for, as the page's heading says it. */
static void
put_reason(
    const struct request *request, const struct ban *ban, struct json *json)
{
	const struct site *site = request->site;
	const struct language *language = negotiate_language(
	    &site->languages, request->lang, request->accept_language);
	const struct section nothing = { .variable = NULL };
	char name[64];
	char words[PAGE_WORDS_SIZE];
	struct text out;

	(void)text_print(name, sizeof(name), "reason-%s", page_reason(ban));
	text_init(&out, words, sizeof(words));
	(void)template_render(
	    language->templates, name, TEMPLATE_PLAIN, &nothing, &out);
	json_string(json, "reason_text", words);
}

/* `ref` is NULL where it is not for this visitor; `next` 0 where nobody knows
 * how long the next ban would last. */
static void
put_ban(const struct request *request, const char *ip, const struct ban *ban,
    const char *ref, int64_t next, struct json *json)
{
	const struct reply *reply = ban_reply(ban);
	char text[NET_TEXT_SIZE];
	const char *network = ban_network(ban, text);
	char line[REPLY_TEXT_SIZE];

	json_object(json, NULL);
	json_string(json, "reason", reason_name(ban->reason));
	put_reason(request, ban, json);
	json_string(json, "rule", ban->rule);
	json_int(json, "step", ban->step);
	json_time(json, "begins", ban->begins);
	json_time(json, "ends", ban->ends);
	if (ref != NULL) {
		json_string(json, "ref", ref);
	} else {
		json_raw(json, "ref", "null");
	}
	json_string(json, "reply",
	    reply_line(reply, ip, network, ban->ends,
		request->site->conf->lookup_url, ref, line));
	json_bool(json, "temporary", reply->code[0] == '4');
	json_string(json, "service", service_name(ban->service));
	if (next > 0) {
		json_int(json, "next", next);
	} else {
		json_raw(json, "next", "null");
	}
	if (network != NULL) {
		json_string(json, "network", network);
	}
	if (ban->say[0] != '\0') {
		json_string(json, "say", ban->say);
	}
	json_object_end(json);
}

void
api_standing(const struct request *request, const struct standing *standing,
    const struct lookup_bans *bans, const char *ref, bool sees,
    struct json *json)
{
	const struct ban *asked = page_ref_ban(standing, ref);
	char ip[ADDR_TEXT_SIZE];

	json_object(json, NULL);
	json_string(json, "ip", addr_format(&standing->address, ip));
	json_bool(json, "listed", standing->verdict == STANDING_BANNED);
	json_array(json, "bans");
	for (size_t i = 0; i < standing->bans; i++) {
		const struct ban *ban = &standing->ban[i];

		put_ban(request, ip, ban,
		    sees || ban == asked ? ban->ref : NULL, bans->next[i].lasts,
		    json);
	}
	json_array_end(json);
	json_time(json, "checked_at", standing->checked_at);
	json_object_end(json);
}
