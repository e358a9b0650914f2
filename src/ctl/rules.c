#include "ctl/rules.h"

#include <stdio.h>

#include "base/json.h"
#include "ctl/ctl.h"
#include "ctl/print.h"
#include "rules/rules.h"

/* What may be long comes last. */
static const char *const heads[] = { "NAME", "FINDS", "FILE", "ABOUT", "TAGS" };

enum {
	COLUMNS = sizeof(heads) / sizeof(heads[0])
};

const char *
rules_finds(enum finding_what what, enum kind kind)
{
	return what == FINDING_OFFENCE ? kind_name(kind) : finding_word(what);
}

struct rules *
rules_of(const struct ctl *ctl)
{
	char error[RULES_ERROR_SIZE] = "";
	struct rules *rules = rules_load(ctl->conf->watch.rules, error);

	if (rules == NULL) {
		print_wrong(error);
	}
	return rules;
}

static void
put_rule(void *to, const struct rules_info *info)
{
	table_row(to, (const char *const[]){ info->name,
			  rules_finds(info->what, info->kind), info->file,
			  info->about, info->tags });
}

static void
list_text(const struct rules *rules)
{
	struct table table;

	table_init(&table, heads, COLUMNS, 0, "");
	rules_each(rules, put_rule, &table);
	table_print(&table);
	rules_each(rules, put_rule, &table);
}

static void
put_rule_json(void *to, const struct rules_info *info)
{
	struct json *json = to;

	json_object(json, NULL);
	json_string(json, "name", info->name);
	json_string(json, "finding", finding_word(info->what));
	if (info->what == FINDING_OFFENCE) {
		json_string(json, "kind", kind_name(info->kind));
	} else {
		json_null(json, "kind");
	}
	json_string(json, "tags", info->tags);
	json_string(json, "file", info->file);
	json_string(json, "about", info->about);
	json_object_end(json);
}

static void
list_json(const struct rules *rules)
{
	struct json json;

	print_json_begin(&json);
	json_array(&json, NULL);
	rules_each(rules, put_rule_json, &json);
	json_array_end(&json);
	print_json_end(&json);
}

enum exit_status
rules_list(struct ctl *ctl)
{
	struct rules *rules = rules_of(ctl);

	if (rules == NULL) {
		return EXIT_USAGE;
	}
	if (args_given(&ctl->args, OPTION_JSON)) {
		list_json(rules);
	} else {
		list_text(rules);
	}
	rules_free(rules);
	return EXIT_FINE;
}
