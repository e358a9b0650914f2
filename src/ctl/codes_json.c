#include "base/json.h"
#include "core/policy.h"
#include "ctl/codes.h"
#include "ctl/print.h"

static void
put_text_json(struct json *json, const char *name, const char *text)
{
	if (text[0] != '\0') {
		json_string(json, name, text);
	} else {
		json_null(json, name);
	}
}

static void
reply_json(struct json *json, const struct reply *reply)
{
	char words[REPLY_TEXT_SIZE];

	json_string(json, "code", reply->code);
	put_text_json(json, "enhanced", reply->enhanced);
	put_text_json(json, "own", reply->own);
	json_string(json, "phrase", reply->phrase);
	json_string(json, "reply", reply_words(reply, words));
}

static void
counting_json(struct json *json, const struct rule *rule)
{
	json_array(json, "kinds");
	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		if ((rule->kinds & kind_bit(kind)) != 0) {
			json_string(json, NULL, kind_name(kind));
		}
	}
	json_array_end(json);
	json_int(json, "limit", rule->limit);
	json_int(json, "within", rule->within);
	json_array(json, "ban");
	for (size_t i = 0; i < rule->steps; i++) {
		json_int(json, NULL, rule->ban[i]);
	}
	json_array_end(json);
	json_int(json, "soft", rule->soft);
}

static void
rule_json(struct json *json, const struct rule *rule)
{
	json_object(json, NULL);
	json_string(json, "rule", rule->name);
	json_string(json, "reason", reason_name(rule->reason));
	counting_json(json, rule);
	json_string(json, "stage", stage_name(rule->stage));
	json_string(json, "service", service_name(rule->service));
	reply_json(json, &rule->reply);
	if (rule->again.code[0] != '\0') {
		json_object(json, "again");
		reply_json(json, &rule->again);
		json_object_end(json);
	} else {
		json_null(json, "again");
	}
	json_object_end(json);
}

static void
limits_json(struct json *json, const struct policy *policy)
{
	json_array(json, "limits");
	for (enum limit_kind kind = 0; kind < LIMIT_KINDS; kind++) {
		const struct limit *limit = &policy->limit[kind];

		if (!codes_limits(limit)) {
			continue;
		}
		json_object(json, NULL);
		json_string(json, "limit", limit_name(kind));
		for (enum reputation i = 0; i < REPUTATION_COUNT; i++) {
			if (limit->most[i] > 0) {
				json_int(
				    json, reputation_name(i), limit->most[i]);
			} else {
				json_null(json, reputation_name(i));
			}
		}
		reply_json(json, &limit->reply);
		json_object_end(json);
	}
	json_array_end(json);
}

static void
manual_json(struct json *json)
{
	struct ban ban = codes_manual();

	json_object(json, "manual");
	json_string(json, "rule", ban.rule);
	json_string(json, "reason", reason_name(ban.reason));
	json_string(json, "stage", stage_name(ban.stage));
	json_string(json, "service", service_name(ban.service));
	reply_json(json, &ban.reply);
	json_object_end(json);
}

void
codes_json(const struct policy *policy)
{
	struct json json;

	print_json_begin(&json);
	json_object(&json, NULL);
	json_string(&json, "policy", policy->name);
	json_int(&json, "memory", policy->memory);
	json_array(&json, "rules");
	for (size_t i = 0; i < policy->rules; i++) {
		rule_json(&json, &policy->rule[i]);
	}
	json_array_end(&json);
	limits_json(&json, policy);
	manual_json(&json);
	json_object_end(&json);
	print_json_end(&json);
}
