#include "ctl/replay_say.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "base/text.h"
#include "ctl/print.h"
#include "ctl/trial.h"

enum {
	NUMBER_SIZE = 24,
	LINE_SIZE = 512
};

static const char *const heads[] = { "ADDRESS", "REASON", "RULE", "STEP",
	"SINCE", "FOR", "REFUSED", "MESSAGES", "RECIPIENTS", "LOST" };

enum {
	SUSPECT_COLUMNS = sizeof(heads) / sizeof(heads[0]),
	BAN_COLUMNS = 7, /* what was accepted is nothing for these */
	RIGHT = 1U << 3 | 1U << 5 | 1U << 6 | 1U << 7 | 1U << 8 | 1U << 9
};

static char *
number(int64_t value, char text[static NUMBER_SIZE])
{
	(void)snprintf(text, NUMBER_SIZE, "%" PRId64, value);
	return text;
}

/* ---- for people ---- */

static void
put_ban(struct table *table, const struct roll_client *client,
    const struct trial_ban *trial_ban)
{
	const struct ban *ban = &trial_ban->ban;
	char who[NET_TEXT_SIZE];
	char since[PRINT_TIME_SIZE];
	char lasts[DURATION_TEXT_SIZE];
	char numbers[5][NUMBER_SIZE];

	table_row(table,
	    (const char *const[]){ net_format(&ban->who, who),
		reason_name(ban->reason), ban->rule,
		number(ban->step, numbers[0]), print_time(ban->begins, since),
		text_from_duration(ban->ends - ban->begins, lasts),
		number(trial_ban->refused, numbers[1]),
		number(trial_accepted(client), numbers[2]),
		number(client->recipients, numbers[3]),
		number(trial_lost(trial_ban), numbers[4]) });
}

static int64_t
put_bans(struct table *table, const struct trial *trial, bool suspects)
{
	for (size_t i = 0; i < trial->bans; i++) {
		const struct roll_client
		    *client = &trial->roll.client[trial->ban[i].client];

		if (trial_suspects(client) == suspects) {
			put_ban(table, client, &trial->ban[i]);
		}
	}
	return table->rows;
}

/* A table of those that are suspects or of those that are not, under a line
 * that says what they are; nothing where there are none. */
static void
say_bans(const struct trial *trial, bool suspects, const char *what)
{
	struct table table;

	table_init(&table, heads, suspects ? SUSPECT_COLUMNS : BAN_COLUMNS,
	    RIGHT, "  ");
	if (put_bans(&table, trial, suspects) == 0) {
		return;
	}
	print_line("%s", what);
	table_print(&table);
	(void)put_bans(&table, trial, suspects);
	putchar('\n');
}

static void
say_input(const struct trial *trial, const struct replay_input *input)
{
	char lines[PRINT_COUNT_SIZE];
	char files[PRINT_COUNT_SIZE];
	char from[PRINT_TIME_SIZE];
	char until[PRINT_TIME_SIZE];

	print_line("read       %s of %s",
	    print_count(input->lines, "line", "lines", lines),
	    print_count(input->files, "file", "files", files));
	if (trial->from <= trial->until) {
		print_line("           %s to %s", print_time(trial->from, from),
		    print_time(trial->until, until));
	}
}

static void
say_offences(const struct trial *trial)
{
	char line[LINE_SIZE];
	struct text text;
	int64_t all = 0;

	text_init(&text, line, sizeof(line));
	for (int i = 0; i < KIND_COUNT; i++) {
		if (trial->offences[i] > 0) {
			text_addf(&text, "%s %" PRId64 " %s",
			    all > 0 ? "," : ":", trial->offences[i],
			    kind_name((enum kind)i));
		}
		all += trial->offences[i];
	}
	print_line("offences   %" PRId64 "%s", all, line);
	if (trial->allowed > 0) {
		print_line("           %" PRId64 " of them by who is allowed or"
			   " never banned",
		    trial->allowed);
	}
	if (trial->spared > 0) {
		print_line("           %" PRId64 " more not counted: by clients"
			   " that had logged in",
		    trial->spared);
	}
}

static void
say_sum(const struct trial *trial)
{
	const struct trial_sum sum = trial_sum(trial);
	char line[LINE_SIZE];
	struct text text;
	bool any = false;

	print_line("clients    %zu seen, %" PRId64 " with offences, %" PRId64
		   " banned, %" PRId64 " of these suspects",
	    trial->roll.clients, sum.offenders, sum.clients, sum.suspects);
	text_init(&text, line, sizeof(line));
	for (int i = 0; i < REASON_COUNT; i++) {
		if (sum.reason[i] > 0) {
			text_addf(&text, "%s %" PRId64 " for %s",
			    any ? "," : ":", sum.reason[i],
			    reason_name((enum reason)i));
			any = true;
		}
	}
	print_line("bans       %" PRId64 "%s", sum.bans, line);
	print_line("refused    %" PRId64 " attempts, with them %" PRId64
		   " messages that had been accepted",
	    sum.refused, sum.lost);
}

void
replay_say(const struct trial *trial, const struct replay_input *input)
{
	if (trial->bans == 0) {
		print_line("nobody would have been banned");
		putchar('\n');
	}
	say_bans(trial, true,
	    "suspects: banned, though mail of theirs was accepted");
	say_bans(trial, false, "bans");
	print_line("policy     %s", trial->conf->policy.name);
	say_input(trial, input);
	say_offences(trial);
	say_sum(trial);
}

/* ---- for programs ---- */

static void
say_ban_json(
    const struct roll_client *client, const struct trial_ban *trial_ban)
{
	const struct ban *ban = &trial_ban->ban;
	char who[NET_TEXT_SIZE];
	char reply[REPLY_TEXT_SIZE];
	struct json json;

	net_format(&ban->who, who);
	print_json_begin(&json);
	json_object(&json, NULL);
	json_string(&json, "client", who);
	json_string(&json, "reason", reason_name(ban->reason));
	json_string(&json, "rule", ban->rule);
	json_int(&json, "step", ban->step);
	json_time(&json, "begins", ban->begins);
	json_time(&json, "ends", ban->ends);
	json_int(&json, "refused", trial_ban->refused);
	json_int(&json, "lost", trial_lost(trial_ban));
	json_int(&json, "accepted", trial_accepted(client));
	json_int(&json, "recipients", client->recipients);
	json_bool(&json, "suspect", trial_suspects(client));
	/* Without the page, which knows nothing of such a ban. */
	json_string(&json, "reply",
	    reply_line(&ban->reply, who, ban->ends, NULL, NULL, reply));
	json_object_end(&json);
	print_json_end(&json);
}

void
replay_say_json(const struct trial *trial)
{
	for (size_t i = 0; i < trial->bans; i++) {
		say_ban_json(
		    &trial->roll.client[trial->ban[i].client], &trial->ban[i]);
	}
}
