#include "ctl/explain.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "core/ban.h"
#include "core/policy.h"
#include "ctl/ctl.h"
#include "ctl/merits.h"
#include "ctl/print.h"
#include "ctl/say.h"
#include "ctl/story.h"

enum {
	CELL_SIZE = 64
};

static const char *const event_head[] = { "KIND", "SOURCE", "COUNT", "FIRST",
	"LAST" };

static void
event_row(void *to, const struct event_sum *sum)
{
	char count[CELL_SIZE];
	char first[PRINT_TIME_SIZE];
	char last[PRINT_TIME_SIZE];

	(void)snprintf(count, sizeof(count), "%" PRId64, sum->count);
	table_row(to,
	    (const char *const[]){ kind_name(sum->kind), sum->source, count,
		print_time(sum->first, first), print_time(sum->last, last) });
}

static enum store_result
tell_events(struct ctl *ctl, const struct story *story)
{
	char kept[DURATION_TEXT_SIZE];
	struct table table;
	enum store_result result;

	putchar('\n');
	print_line("Events, each kept %s:",
	    text_from_duration(ctl->conf->keep_events, kept));
	table_init(&table, event_head,
	    sizeof(event_head) / sizeof(event_head[0]), 1U << 2, "  ");
	result = story_each_sum(ctl, story, event_row, &table);
	if (result == STORE_OK && table.rows == 0) {
		print_line("  none");
	} else if (result == STORE_OK) {
		table_print(&table);
		result = story_each_sum(ctl, story, event_row, &table);
	}
	return result;
}

static void
tell_tally(const struct ctl *ctl, const struct story *story)
{
	const struct tally *tally = &story->tally;
	char kept[DURATION_TEXT_SIZE];

	putchar('\n');
	print_line("In the last %s: %" PRId64 " sessions, %" PRId64
		   " messages (%" PRId64 " accepted without an event), %" PRId64
		   " recipients accepted",
	    text_from_duration(ctl->conf->keep_tallies, kept), tally->sessions,
	    tally->messages, tally->accepted, tally->recipients);
}

static const char *const rule_head[] = { "RULE", "REASON", "COUNTED", "WITHIN",
	"ACCEPTED", "STEPS", "NEXT BAN", "STEPS FORGOTTEN" };

/* "12 of 20"; "12, too few at any number" where the ratio cannot be reached. */
static char *
say_counted(const struct prospect *prospect, char cell[static CELL_SIZE])
{
	if (prospect->need == INT64_MAX) {
		(void)snprintf(cell, CELL_SIZE, "%" PRId64 ", never enough",
		    prospect->counted);
	} else {
		(void)snprintf(cell, CELL_SIZE, "%" PRId64 " of %" PRId64,
		    prospect->counted, prospect->need);
	}
	return cell;
}

/* "30, ratio 0.5, credit 50" */
static char *
say_accepted(const struct prospect *prospect, char cell[static CELL_SIZE])
{
	const struct rule *rule = prospect->rule;
	struct text text;

	text_init(&text, cell, CELL_SIZE);
	if (rule->ratio == 0 && rule->credit == 0) {
		text_add(&text, "-");
		return cell;
	}
	text_addf(&text, "%" PRId64, prospect->accepted);
	if (rule->ratio != 0) {
		text_addf(&text, ", ratio %g",
		    (double)rule->ratio / POLICY_RATIO_ONE);
	}
	if (rule->credit != 0) {
		text_addf(&text, ", credit %" PRId64, rule->credit);
	}
	return cell;
}

/* "step 3, 8 h"; ", soft" behind it where it answers 450. */
static char *
say_next(const struct prospect *prospect, char cell[static CELL_SIZE])
{
	char lasts[DURATION_TEXT_SIZE];

	if (prospect->next == 0) {
		(void)text_copy(cell, CELL_SIZE, "never");
	} else {
		(void)snprintf(cell, CELL_SIZE, "step %" PRId64 ", %s%s",
		    prospect->steps + 1,
		    text_from_duration(prospect->next, lasts),
		    prospect->steps < prospect->rule->soft ? ", soft" : "");
	}
	return cell;
}

static void
rule_row(struct table *table, const struct prospect *prospect)
{
	char counted[CELL_SIZE];
	char within[DURATION_TEXT_SIZE];
	char accepted[CELL_SIZE];
	char steps[CELL_SIZE];
	char next[CELL_SIZE];
	char forgotten[PRINT_TIME_SIZE];

	(void)snprintf(steps, sizeof(steps), "%" PRId64, prospect->steps);
	table_row(table, (const char *const[]){ prospect->rule->name,
			     reason_name(prospect->rule->reason),
			     say_counted(prospect, counted),
			     text_from_duration(prospect->rule->within, within),
			     say_accepted(prospect, accepted), steps,
			     say_next(prospect, next),
			     prospect->forgets != 0
				 ? print_time(prospect->forgets, forgotten)
				 : "-" });
}

static void
tell_rules(const struct ctl *ctl, const struct story *story)
{
	char memory[DURATION_TEXT_SIZE];
	struct table table;

	putchar('\n');
	print_line("Rules of policy %s; a ban is remembered as a step for %s:",
	    ctl->conf->policy.name,
	    text_from_duration(ctl->conf->policy.memory, memory));
	table_init(&table, rule_head, sizeof(rule_head) / sizeof(rule_head[0]),
	    1U << 5, "  ");
	for (size_t i = 0; i < story->prospects; i++) {
		rule_row(&table, &story->prospect[i]);
	}
	table_print(&table);
	for (size_t i = 0; i < story->prospects; i++) {
		rule_row(&table, &story->prospect[i]);
	}
}

static const char *const ban_head[] = { "REF", "SINCE", "UNTIL", "REASON",
	"RULE", "STEP", "HITS", "STATE", "BANNED", "NOTE" };

struct ban_table {
	struct table table;
	int64_t now;
};

/* As everywhere; of one that the brake held back, that it did. */
static const char *
say_ban(const struct ban *ban, int64_t now)
{
	if (!ban->observed || !ban->honest || ban->mistake ||
	    ban->cleared != 0) {
		return say_state(ban, now);
	}
	return now < ban->ends ? "held by the brake" : "held, over";
}

static bool
ban_row(void *to, const struct ban *ban)
{
	struct ban_table *bans = to;
	char since[PRINT_TIME_SIZE];
	char until[PRINT_TIME_SIZE];
	char step[CELL_SIZE];
	char hits[CELL_SIZE];
	char who[NET_TEXT_SIZE];

	(void)snprintf(step, sizeof(step), "%d", ban->step);
	(void)snprintf(hits, sizeof(hits), "%" PRId64, ban->hits);
	table_row(&bans->table,
	    (const char *const[]){ ban->ref, print_time(ban->begins, since),
		print_time(ban_over(ban), until), reason_name(ban->reason),
		ban->rule, step, hits, say_ban(ban, bans->now),
		net_format(&ban->who, who), ban->note });
	return true;
}

static enum store_result
tell_bans(struct ctl *ctl, const struct story *story)
{
	struct ban_table bans = { .now = story->now };
	enum store_result result;

	putchar('\n');
	print_line("Bans, the last-ending first:");
	table_init(&bans.table, ban_head,
	    sizeof(ban_head) / sizeof(ban_head[0]), 1U << 5 | 1U << 6, "  ");
	result = story_each_ban(ctl, ban_row, &bans);
	if (result == STORE_OK && bans.table.rows == 0) {
		print_line("  none");
	} else if (result == STORE_OK) {
		table_print(&bans.table);
		result = story_each_ban(ctl, ban_row, &bans);
	}
	return result;
}

/* What the next session that a ban speaks to hears, and later ones. */
static void
tell_replies(const struct ctl *ctl, const struct story *story)
{
	const char *url = ctl->conf->lookup_url;
	char ip[ADDR_TEXT_SIZE];
	char line[REPLY_TEXT_SIZE];

	addr_format(&story->standing.address, ip);
	for (size_t i = 0; i < story->standing.bans; i++) {
		const struct ban *ban = &story->standing.ban[i];
		const struct reply *next = ban_reply(ban);

		print_line("It hears next of %s: %s", ban->ref,
		    reply_line(next, ip, ban->ends, url, ban->ref, line));
		if (next != &ban->again && ban->again.code[0] != '\0') {
			print_line("   and after that: %s",
			    reply_line(&ban->again, ip, ban->ends, url,
				ban->ref, line));
		}
	}
}

static void
tell_gone(const char *what, int64_t at)
{
	char when[PRINT_TIME_SIZE];

	if (at != 0) {
		print_line("  %-7s %s", what, print_time(at, when));
	}
}

static void
tell_forgetting(const struct ctl *ctl, const struct story *story)
{
	struct forgetting gone = story_forgetting(ctl->conf, story);

	putchar('\n');
	print_line("Forgotten, if nothing more happens:");
	if (gone.events == 0 && gone.steps == 0 && gone.bans == 0) {
		print_line("  there is nothing to forget");
	}
	tell_gone("events", gone.events);
	tell_gone("steps", gone.steps);
	tell_gone("bans", gone.bans);
}

static enum store_result
tell(struct ctl *ctl, const struct story *story)
{
	char client[NET_TEXT_SIZE];
	enum store_result result = say_standing(ctl, &story->standing);

	if (result == STORE_OK) {
		tell_replies(ctl, story);
		print_line(
		    "It is counted as %s.", net_format(&story->client, client));
		result = tell_events(ctl, story);
	}
	if (result == STORE_OK) {
		tell_tally(ctl, story);
		merits_tell(ctl->conf, story);
		tell_rules(ctl, story);
		result = tell_bans(ctl, story);
	}
	if (result == STORE_OK) {
		tell_forgetting(ctl, story);
	}
	return result;
}

enum exit_status
explain_address(struct ctl *ctl)
{
	struct story story = { .prospects = 0 };
	enum store_result result = story_gather(ctl, &story);
	char address[ADDR_TEXT_SIZE];

	if (result == STORE_OK && args_given(&ctl->args, OPTION_JSON)) {
		result = story_json(ctl, &story);
	} else if (result == STORE_OK && story_known(&story)) {
		result = tell(ctl, &story);
	} else if (result == STORE_OK) {
		print_line("nothing is known of %s",
		    addr_format(&ctl->args.address, address));
	}
	if (result != STORE_OK) {
		return ctl_failed(ctl, result);
	}
	return story_known(&story) ? EXIT_FINE : EXIT_NO;
}
