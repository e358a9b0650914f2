#include "ctl/replay_say.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "base/text.h"
#include "ctl/print.h"
#include "replay/simulate.h"

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
put_ban(struct table *table, const struct replay_client *client,
    const struct replay_ban *held)
{
	const struct ban *ban = &held->ban;
	char who[NET_TEXT_SIZE];
	char since[PRINT_TIME_SIZE];
	char lasts[DURATION_TEXT_SIZE];
	char numbers[5][NUMBER_SIZE];

	table_row(table,
	    (const char *const[]){ net_format(&ban->who, who),
		reason_name(ban->reason), ban->rule,
		number(ban->step, numbers[0]), print_time(ban->begins, since),
		text_from_duration(ban->ends - ban->begins, lasts),
		number(held->refused, numbers[1]),
		number(client_accepted(client), numbers[2]),
		number(client->recipients, numbers[3]),
		number(client_lost(held), numbers[4]) });
}

static int64_t
put_bans(
    struct table *table, const struct simulation *simulation, bool suspects)
{
	for (size_t i = 0; i < clients_bans(simulation->clients); i++) {
		const struct replay_ban *held = clients_ban(
		    simulation->clients, i + 1);
		const struct replay_client *client = clients_of(
		    simulation->clients, held);

		if (client_is_suspect(client) == suspects) {
			put_ban(table, client, held);
		}
	}
	return table->rows;
}

/* A table of those that are suspects or of those that are not, under a line
 * that says what they are; nothing where there are none. */
static void
say_bans(const struct simulation *simulation, bool suspects, const char *what)
{
	struct table table;

	table_init(&table, heads, suspects ? SUSPECT_COLUMNS : BAN_COLUMNS,
	    RIGHT, "  ");
	if (put_bans(&table, simulation, suspects) == 0) {
		return;
	}
	print_line("%s", what);
	table_print(&table);
	(void)put_bans(&table, simulation, suspects);
	putchar('\n');
}

static void
say_input(const struct simulation *simulation, const struct replay_input *input)
{
	char lines[PRINT_COUNT_SIZE];
	char files[PRINT_COUNT_SIZE];
	char from[PRINT_TIME_SIZE];
	char until[PRINT_TIME_SIZE];

	print_line("read       %s of %s",
	    print_count(input->lines, "line", "lines", lines),
	    print_count(input->files, "file", "files", files));
	if (simulation->from <= simulation->until) {
		print_line("           %s to %s",
		    print_time(simulation->from, from),
		    print_time(simulation->until, until));
	}
}

static void
say_offences(const struct simulation *simulation)
{
	char line[LINE_SIZE];
	struct text text;
	int64_t all = 0;

	text_init(&text, line, sizeof(line));
	for (int i = 0; i < KIND_COUNT; i++) {
		if (simulation->offences[i] > 0) {
			text_addf(&text, "%s %" PRId64 " %s",
			    all > 0 ? "," : ":", simulation->offences[i],
			    kind_name((enum kind)i));
		}
		all += simulation->offences[i];
	}
	print_line("offences   %" PRId64 "%s", all, line);
	if (simulation->allowed > 0) {
		print_line("           %" PRId64 " of them by who is allowed or"
			   " never banned",
		    simulation->allowed);
	}
	if (simulation->spared > 0) {
		print_line("           %" PRId64 " more not counted: by clients"
			   " that had logged in",
		    simulation->spared);
	}
}

static void
say_sum(const struct simulation *simulation)
{
	const struct clients_sum sum = clients_sum(simulation->clients);
	char line[LINE_SIZE];
	struct text text;
	bool any = false;

	print_line("clients    %" PRId64 " seen, %" PRId64
		   " with offences, %" PRId64 " banned, %" PRId64
		   " of these suspects",
	    sum.seen, sum.offenders, sum.banned, sum.suspects);
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
replay_say(
    const struct simulation *simulation, const struct replay_input *input)
{
	if (clients_bans(simulation->clients) == 0) {
		print_line("nobody would have been banned");
		putchar('\n');
	}
	say_bans(simulation, true,
	    "suspects: banned, though mail of theirs was accepted");
	say_bans(simulation, false, "bans");
	print_line("policy     %s", simulation->conf->policy.name);
	say_input(simulation, input);
	say_offences(simulation);
	say_sum(simulation);
}

/* ---- for programs ---- */

static void
say_ban_json(const struct replay_client *client, const struct replay_ban *held)
{
	const struct ban *ban = &held->ban;
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
	json_int(&json, "refused", held->refused);
	json_int(&json, "lost", client_lost(held));
	json_int(&json, "accepted", client_accepted(client));
	json_int(&json, "recipients", client->recipients);
	json_bool(&json, "suspect", client_is_suspect(client));
	/* Without the page, which knows nothing of such a ban. */
	json_string(&json, "reply",
	    reply_line(&ban->reply, who, ban->ends, NULL, NULL, reply));
	json_object_end(&json);
	print_json_end(&json);
}

void
replay_say_json(const struct simulation *simulation)
{
	for (size_t i = 0; i < clients_bans(simulation->clients); i++) {
		const struct replay_ban *held = clients_ban(
		    simulation->clients, i + 1);

		say_ban_json(clients_of(simulation->clients, held), held);
	}
}
