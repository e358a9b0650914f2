#include "ctl/codes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "core/ban.h"
#include "core/policy.h"
#include "ctl/ctl.h"
#include "ctl/print.h"

enum {
	CELL_SIZE = 64,
	LIST_SIZE = 256
};

struct ban
codes_manual(void)
{
	struct ban ban = { .reason = REASON_ERROR }; /* where none is given */

	ban_by_hand(&ban);
	return ban;
}

static const char *
or_dash(const char *text)
{
	return text[0] != '\0' ? text : "-";
}

/* ---- replies to who is banned ---- */

static const char *const reply_head[] = { "CODE", "ENHANCED", "OWN", "RULE",
	"HEARD", "REASON", "STAGE", "SERVICE", "PHRASE" };

/* Who hears it. */
struct hearing {
	const char *rule;
	const char *when;
	enum reason reason;
	enum stage stage;
	enum service service;
};

static void
reply_row(struct table *table, const struct hearing *hearing,
    const struct reply *reply)
{
	table_row(
	    table, (const char *const[]){ reply->code, or_dash(reply->enhanced),
		       or_dash(reply->own), hearing->rule, hearing->when,
		       reason_name(hearing->reason), stage_name(hearing->stage),
		       service_name(hearing->service), reply->phrase });
}

static void
rule_replies(struct table *table, const struct rule *rule)
{
	bool twice = rule->again.code[0] != '\0';
	struct hearing hearing = {
		.rule = rule->name,
		.when = twice ? "first" : "always",
		.reason = rule->reason,
		.stage = rule->stage,
		.service = rule->service,
	};

	reply_row(table, &hearing, &rule->reply);
	if (twice) {
		hearing.when = "again";
		reply_row(table, &hearing, &rule->again);
	}
}

static void
put_replies(struct table *table, const struct policy *policy)
{
	struct ban ban = codes_manual();
	struct hearing hearing = {
		.rule = ban.rule,
		.when = "always",
		.reason = ban.reason,
		.stage = ban.stage,
		.service = ban.service,
	};

	for (size_t i = 0; i < policy->rules; i++) {
		rule_replies(table, &policy->rule[i]);
	}
	reply_row(table, &hearing, &ban.reply);
}

/* ---- what leads to a ban, and how long it lasts ---- */

static const char *const rule_head[] = { "RULE", "LIMIT", "LASTS", "SOFT",
	"COUNTS" };

/* "2h 4h 8h" */
static char *
say_durations(const struct rule *rule, char list[static LIST_SIZE])
{
	char lasts[DURATION_TEXT_SIZE];
	struct text text;

	text_init(&text, list, LIST_SIZE);
	for (size_t i = 0; i < rule->steps; i++) {
		text_addf(&text, "%s%s", i > 0 ? " " : "",
		    text_from_setting(rule->ban[i], lasts));
	}
	return list;
}

static char *
say_kinds(const struct rule *rule, char list[static LIST_SIZE])
{
	struct text text;

	text_init(&text, list, LIST_SIZE);
	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		if ((rule->kinds & kind_bit(kind)) != 0) {
			text_addf(&text, "%s%s", text.len > 0 ? " " : "",
			    kind_name(kind));
		}
	}
	return list;
}

static void
rule_row(struct table *table, const struct rule *rule)
{
	char within[DURATION_TEXT_SIZE];
	char limit[CELL_SIZE];
	char soft[CELL_SIZE] = "-";
	char lasts[LIST_SIZE];
	char kinds[LIST_SIZE];

	(void)snprintf(limit, sizeof(limit), "%" PRId64 " in %s", rule->limit,
	    text_from_setting(rule->within, within));
	if (rule->soft > 0) {
		(void)snprintf(soft, sizeof(soft), "%" PRId64, rule->soft);
	}
	table_row(table, (const char *const[]){ rule->name, limit,
			     or_dash(say_durations(rule, lasts)), soft,
			     say_kinds(rule, kinds) });
}

static void
put_rules(struct table *table, const struct policy *policy)
{
	for (size_t i = 0; i < policy->rules; i++) {
		rule_row(table, &policy->rule[i]);
	}
}

/* ---- limits ---- */

static const char *const limit_head[] = { "LIMIT", "GOOD", "NEUTRAL", "POOR",
	"CODE", "ENHANCED", "OWN", "PHRASE" };

bool
codes_limits(const struct limit *limit)
{
	for (int i = 0; i < REPUTATION_COUNT; i++) {
		if (limit->most[i] > 0) {
			return true;
		}
	}
	return false;
}

static void
put_limits(struct table *table, const struct policy *policy)
{
	char most[REPUTATION_COUNT][CELL_SIZE];

	for (enum limit_kind kind = 0; kind < LIMIT_KINDS; kind++) {
		const struct limit *limit = &policy->limit[kind];
		const struct reply *reply = &limit->reply;

		for (int i = 0; i < REPUTATION_COUNT; i++) {
			(void)snprintf(
			    most[i], CELL_SIZE, "%" PRId64, limit->most[i]);
			if (limit->most[i] == 0) {
				(void)text_copy(most[i], CELL_SIZE, "-");
			}
		}
		if (codes_limits(limit)) {
			table_row(table,
			    (const char *const[]){ limit_name(kind),
				most[REPUTATION_GOOD], most[REPUTATION_NEUTRAL],
				most[REPUTATION_POOR], reply->code,
				or_dash(reply->enhanced), or_dash(reply->own),
				reply->phrase });
		}
	}
}

/* ---- all of it ---- */

typedef void filler(struct table *table, const struct policy *policy);

struct chapter {
	const char *title;
	const char *none; /* where it has no rows */
	const char *const *head;
	size_t columns;
	uint32_t right;
	filler *fill;
};

#define HEAD(head) (head), sizeof(head) / sizeof((head)[0])

static const struct chapter chapters[] = {
	{ "Replies to who is banned:", NULL, HEAD(reply_head), 0, put_replies },
	{ "What leads to a ban, and how long each lasts:", "none",
	    HEAD(rule_head), 1U << 3, put_rules },
	{ "Limits by reputation:", "none", HEAD(limit_head),
	    1U << 1 | 1U << 2 | 1U << 3, put_limits },
};

static void
tell_chapter(const struct chapter *chapter, const struct policy *policy)
{
	struct table table;

	putchar('\n');
	print_line("%s", chapter->title);
	table_init(
	    &table, chapter->head, chapter->columns, chapter->right, "  ");
	chapter->fill(&table, policy);
	if (table.rows == 0) {
		print_line("  %s", chapter->none);
	} else {
		table_print(&table);
		chapter->fill(&table, policy);
	}
}

static bool
any_soft(const struct policy *policy)
{
	for (size_t i = 0; i < policy->rules; i++) {
		if (policy->rule[i].soft > 0) {
			return true;
		}
	}
	return false;
}

static void
tell(const struct policy *policy)
{
	char memory[DURATION_TEXT_SIZE];

	print_line("policy %s, each ban is a step of the next for %s",
	    policy->name, text_from_duration(policy->memory, memory));
	for (size_t i = 0; i < sizeof(chapters) / sizeof(chapters[0]); i++) {
		tell_chapter(&chapters[i], policy);
		if (chapters[i].fill == put_rules && any_soft(policy)) {
			print_line("  SOFT: so many first steps answer 450 "
				   "instead of 5xx");
		}
	}
}

enum exit_status
codes_show(struct ctl *ctl)
{
	const struct args *args = &ctl->args;
	char error[CONF_ERROR_SIZE] = "";
	struct policy *other = NULL;
	const struct policy *policy = &ctl->conf->policy;

	if (args_given(args, OPTION_POLICY)) {
		other = malloc(sizeof(*other));
		policy = other;
		if (other == NULL) {
			print_complaint("out of memory");
			return EXIT_DATABASE;
		}
		if (!conf_policy(args->policy[0], ctl->file, other, error)) {
			print_wrong(error);
			free(other);
			return EXIT_USAGE;
		}
	}
	if (args_given(args, OPTION_JSON)) {
		codes_json(policy);
	} else {
		tell(policy);
	}
	free(other);
	return EXIT_FINE;
}
