#include "ctl/story.h"

#include "base/json.h"
#include "core/ban.h"
#include "ctl/ctl.h"
#include "ctl/merits.h"
#include "ctl/print.h"

static void
put_time(struct json *json, const char *name, int64_t at)
{
	if (at != 0) {
		json_time(json, name, at);
	} else {
		json_null(json, name);
	}
}

static void
event_json(void *to, const struct event_sum *sum)
{
	struct json *json = to;

	json_object(json, NULL);
	json_string(json, "kind", kind_name(sum->kind));
	json_string(json, "source", sum->source);
	json_int(json, "count", sum->count);
	json_time(json, "first", sum->first);
	json_time(json, "last", sum->last);
	json_object_end(json);
}

static void
tally_json(struct json *json, const struct tally *tally)
{
	json_object(json, "tally");
	json_int(json, "sessions", tally->sessions);
	json_int(json, "messages", tally->messages);
	json_int(json, "accepted", tally->accepted);
	json_int(json, "recipients", tally->recipients);
	json_object_end(json);
}

/* Null where the rule does not say so. */
static void
put_setting(struct json *json, const char *name, int64_t value)
{
	if (value != 0) {
		json_int(json, name, value);
	} else {
		json_null(json, name);
	}
}

/* `need` is null where no number suffices, `next` where no ban would come. */
static void
prospect_json(struct json *json, const struct prospect *prospect)
{
	const struct rule *rule = prospect->rule;

	json_object(json, NULL);
	json_string(json, "rule", rule->name);
	json_string(json, "reason", reason_name(rule->reason));
	json_int(json, "within", rule->within);
	json_int(json, "counted", prospect->counted);
	if (prospect->need == INT64_MAX) {
		json_null(json, "need");
	} else {
		json_int(json, "need", prospect->need);
	}
	json_int(json, "accepted", prospect->accepted);
	put_setting(json, "credit", rule->credit);
	json_ratio(json, "weight", rule->weight, POLICY_RATIO_ONE);
	put_setting(json, "soft", rule->soft);
	json_int(json, "steps", prospect->steps);
	if (prospect->next == 0) {
		json_null(json, "next");
	} else {
		json_int(json, "next", prospect->next);
	}
	put_time(json, "forgets", prospect->forgets);
	json_object_end(json);
}

struct ban_json {
	struct json *json; /* borrowed */
	const char *lookup_url;
};

static bool
ban_json(void *to, const struct ban *ban)
{
	const struct ban_json *bans = to;

	standing_ban_json(ban, bans->lookup_url, bans->json);
	return true;
}

static bool
held_json(void *to, const struct ban *ban)
{
	if (ban->observed && ban->honest) {
		json_string(to, NULL, ban->ref);
	}
	return true;
}

static void
put_forgetting(struct json *json, const struct forgetting *gone)
{
	json_object(json, "forgotten");
	put_time(json, "events", gone->events);
	put_time(json, "steps", gone->steps);
	put_time(json, "bans", gone->bans);
	json_object_end(json);
}

static void
open_json(struct json *json, const struct story *story)
{
	char text[NET_TEXT_SIZE];

	json_object(json, NULL);
	json_string(json, "ip", addr_format(&story->standing.address, text));
	json_string(json, "client", net_format(&story->client, text));
	json_string(
	    json, "verdict", standing_verdict_name(story->standing.verdict));
	json_bool(json, "listed", story->standing.verdict == STANDING_BANNED);
}

enum store_result
story_json(struct ctl *ctl, const struct story *story)
{
	struct json json;
	struct ban_json bans = { &json, ctl->conf->lookup_url };
	struct forgetting gone = story_forgetting(ctl->conf, story);
	enum store_result result;

	print_json_begin(&json);
	open_json(&json, story);
	json_array(&json, "events");
	result = story_each_sum(ctl, story, event_json, &json);
	json_array_end(&json);
	tally_json(&json, &story->tally);
	merits_json(ctl->conf, story, &json);
	json_array(&json, "rules");
	for (size_t i = 0; i < story->prospects; i++) {
		prospect_json(&json, &story->prospect[i]);
	}
	json_array_end(&json);
	json_array(&json, "bans");
	if (result == STORE_OK) {
		result = story_each_ban(ctl, ban_json, &bans);
	}
	json_array_end(&json);
	/* Refs of those that are observed because the brake was on. */
	json_array(&json, "held");
	if (result == STORE_OK) {
		result = story_each_ban(ctl, held_json, &json);
	}
	json_array_end(&json);
	put_forgetting(&json, &gone);
	json_time(&json, "checked_at", story->now);
	json_object_end(&json);
	print_json_end(&json);
	return result;
}
