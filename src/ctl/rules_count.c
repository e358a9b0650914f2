#include "ctl/rules_count.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctl/print.h"
#include "ctl/rules.h"

enum {
	NUMBER_SIZE = 24
};

static void
add_rule(void *to, const struct rules_info *info)
{
	struct rules_count *count = to;
	size_t width = strlen(info->name);

	if (info->what == FINDING_OFFENCE && width > count->width) {
		count->width = width;
	}
	if (count->rules < RULES_COUNTS_MAX) {
		count->rule[count->rules++] = (struct rule_count){
			.rule = info->name,
			.what = info->what,
			.kind = info->kind,
		};
	}
}

void
rules_count_begin(struct rules_count *count, const struct rules *rules)
{
	memset(count, 0, sizeof(*count));
	rules_each(rules, add_rule, count);
}

void
rules_count_add(struct rules_count *count, const struct finding *finding)
{
	bool offence = finding->what == FINDING_OFFENCE;

	count->matched += offence;
	count->others += !offence;
	count->events += offence ? finding->events : 0;
	for (size_t i = 0; i < count->rules; i++) {
		struct rule_count *rule = &count->rule[i];

		if (strcmp(rule->rule, finding->rule) == 0) {
			rule->lines++;
			rule->events += offence ? finding->events : 0;
			return;
		}
	}
}

static void
put_rule(struct table *table, const struct rule_count *rule)
{
	bool offence = rule->what == FINDING_OFFENCE;
	char lines[NUMBER_SIZE];
	char events[NUMBER_SIZE];

	(void)snprintf(lines, sizeof(lines), "%" PRId64, rule->lines);
	(void)snprintf(events, sizeof(events), "%" PRId64, rule->events);
	table_row(table, (const char *const[]){ rule->rule,
			     rules_finds(rule->what, rule->kind), lines,
			     offence ? events : "-" });
}

static void
put_rules(const struct rules_count *count, struct table *table)
{
	for (size_t i = 0; i < count->rules; i++) {
		if (count->rule[i].lines > 0) {
			put_rule(table, &count->rule[i]);
		}
	}
}

static void
say_rules(const struct rules_count *count)
{
	static const char *const heads[] = { "RULE", "FINDS", "LINES",
		"EVENTS" };
	struct table table;

	table_init(&table, heads, sizeof(heads) / sizeof(heads[0]),
	    1U << 2 | 1U << 3, "");
	put_rules(count, &table);
	if (table.rows > 0) {
		table_print(&table);
		put_rules(count, &table);
		putchar('\n');
	}
}

void
rules_count_say(const struct rules_count *count, int64_t took)
{
	char events[PRINT_COUNT_SIZE];

	say_rules(count);
	took = took > 0 ? took : 1;
	print_line("lines      %" PRId64, count->lines);
	print_line("matched    %" PRId64 ", %s", count->matched,
	    print_count(count->events, "event", "events", events));
	if (count->others > 0) {
		print_line("           %" PRId64
			   " more tell of sessions, logins and queue ids",
		    count->others);
	}
	print_line("unmatched  %" PRId64,
	    count->lines - count->matched - count->others);
	if (count->spared > 0) {
		print_line("           %" PRId64
			   " of them of clients that had logged in",
		    count->spared);
	}
	print_line("seconds    %" PRId64 ".%03" PRId64 ", %" PRId64
		   " lines a second",
	    took / 1000, took % 1000, count->lines * 1000 / took);
}
