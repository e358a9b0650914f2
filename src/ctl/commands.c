#include "ctl/commands.h"

#include <stdbool.h>
#include <string.h>

#include "base/words.h"
#include "ctl/verbs.h"

enum {
	ALL = 1U << OPTION_ALL,
	AT = 1U << OPTION_AT,
	COMPARE = 1U << OPTION_COMPARE,
	DETAIL = 1U << OPTION_DETAIL,
	FIX = 1U << OPTION_FIX,
	FOR = 1U << OPTION_FOR,
	MISTAKE = 1U << OPTION_MISTAKE,
	NOTE = 1U << OPTION_NOTE,
	POLICY = 1U << OPTION_POLICY,
	POSTFIX = 1U << OPTION_POSTFIX,
	REASON = 1U << OPTION_REASON,
	SHAPES = 1U << OPTION_JSON | 1U << OPTION_CSV,
	UNMATCHED = 1U << OPTION_UNMATCHED
};

/* clang-format off */
static const struct command commands[] = {
	{ { "status" }, "[--json|--csv]",
	  "what is banned, counted and alive",
	  { { ARGUMENT_END }, SHAPES },
	  NULL, STORE_READ, status_show },
	{ { "list" }, "[--reason R] [--all] [--json|--csv]",
	  "who is banned, latest end first",
	  { { ARGUMENT_END }, REASON | ALL | SHAPES },
	  NULL, STORE_READ, list_show },
	{ { "check" }, "IP [--json|--csv]",
	  "whether an address is banned now",
	  { { ARGUMENT_ADDRESS }, SHAPES },
	  NULL, STORE_READ, list_check },
	{ { "explain" }, "IP [--json|--csv]",
	  "everything known of an address",
	  { { ARGUMENT_ADDRESS }, SHAPES },
	  NULL, STORE_READ, explain_show },
	{ { "ban" }, "IP|NET DURATION [--reason R] [--note T]",
	  "ban by hand",
	  { { ARGUMENT_WHO, ARGUMENT_DURATION }, REASON | NOTE },
	  ban_check, STORE_WRITE, ban_add },
	{ { "clear" }, "IP|NET|all [--reason R] [--note T] [--mistake]",
	  "lift bans and reset the counters",
	  { { ARGUMENT_WHOM }, REASON | NOTE | MISTAKE },
	  NULL, STORE_WRITE, ban_clear },
	{ { "allow" }, "[list] [--json|--csv]",
	  "which networks are never refused",
	  { { ARGUMENT_END }, SHAPES },
	  NULL, STORE_READ, allow_list },
	{ { "allow", "list" }, NULL, NULL,
	  { { ARGUMENT_END }, SHAPES },
	  NULL, STORE_READ, allow_list },
	{ { "allow", "add" }, "NET [--note T] [--for DURATION]",
	  "never refuse a network, and lift its bans",
	  { { ARGUMENT_WHO }, NOTE | FOR },
	  NULL, STORE_WRITE, allow_add },
	{ { "allow", "remove" }, "NET",
	  "take it off the allow list",
	  { { ARGUMENT_WHO }, 0 },
	  NULL, STORE_WRITE, allow_remove },
	{ { "report" }, "KIND IP [--at TIME] [--detail T]",
	  "report an offence of an address",
	  { { ARGUMENT_KIND, ARGUMENT_ADDRESS }, AT | DETAIL },
	  NULL, STORE_WRITE, report_one },
	{ { "report", "-" }, "",
	  "the same, lines of KIND IP [--at TIME] from standard input",
	  { { ARGUMENT_END }, 0 },
	  report_lines_check, STORE_WRITE, report_lines },
	{ { "brake" }, "[--json|--csv]",
	  "whether new bans of clients in good standing are held back",
	  { { ARGUMENT_END }, SHAPES },
	  NULL, STORE_READ, brake_show },
	{ { "brake", "release" }, "[--note T] [--json|--csv]",
	  "stop holding them back",
	  { { ARGUMENT_END }, NOTE | SHAPES },
	  NULL, STORE_WRITE, brake_release },
	{ { "rules" }, "[list] [--json|--csv]",
	  "how log lines are understood",
	  { { ARGUMENT_END }, SHAPES },
	  NULL, STORE_SCRATCH, rules_list },
	{ { "rules", "list" }, NULL, NULL,
	  { { ARGUMENT_END }, SHAPES },
	  NULL, STORE_SCRATCH, rules_list },
	{ { "rules", "test" }, "[--unmatched] [--json|--csv] FILE...",
	  "what the rules find in a log (\"-\": standard input; .gz too)",
	  { { ARGUMENT_FILES }, UNMATCHED | SHAPES },
	  NULL, STORE_SCRATCH, rules_test },
	{ { "replay" }, "[--policy P | --compare P Q] [--json|--csv] FILE...",
	  "who would have been banned, from old logs",
	  { { ARGUMENT_FILES }, POLICY | COMPARE | SHAPES },
	  replay_check, STORE_SCRATCH, replay_logs },
	{ { "doctor" }, "[--fix] [--postfix DIR] [--json|--csv]",
	  "what is wrong with this host, and how to fix it",
	  { { ARGUMENT_END }, FIX | POSTFIX | SHAPES },
	  doctor_check, STORE_SCRATCH, doctor_run },
	{ { "codes" }, "[--policy P] [--json|--csv]",
	  "what the policy says to clients, and when",
	  { { ARGUMENT_END }, POLICY | SHAPES },
	  NULL, STORE_SCRATCH, codes_show },
	{ { "decode" }, "[--json|--csv] TEXT...",
	  "what a refusal by a provider means (\"-\": lines of standard input)",
	  { { ARGUMENT_TEXT }, SHAPES },
	  NULL, STORE_SCRATCH, decode_text },
};
/* clang-format on */

enum {
	COMMANDS = sizeof(commands) / sizeof(commands[0])
};

size_t
command_length(const struct command *command)
{
	size_t len = 0;

	while (len < COMMAND_WORDS_MAX && command->word[len] != NULL) {
		len++;
	}
	return len;
}

static bool
begins_with(const struct args_words *words, const struct command *command)
{
	size_t len = command_length(command);

	if (words->words < len) {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		if (strcmp(words->word[i], command->word[i]) != 0) {
			return false;
		}
	}
	return true;
}

const struct command *
command_find(const struct args_words *words)
{
	const struct command *best = NULL;

	for (size_t i = 0; i < COMMANDS; i++) {
		if (begins_with(words, &commands[i]) &&
		    (best == NULL ||
			command_length(&commands[i]) > command_length(best))) {
			best = &commands[i];
		}
	}
	return best;
}

const char *
command_nearest(const char *word)
{
	struct nearest nearest = { .written = word };

	for (size_t i = 0; i < COMMANDS; i++) {
		nearest_offer(&nearest, commands[i].word[0]);
	}
	return nearest.word;
}

/* "videur allow add NET ..." */
static void
put_usage(FILE *to, const struct command *command)
{
	fputs("videur", to);
	for (size_t i = 0; i < command_length(command); i++) {
		fprintf(to, " %s", command->word[i]);
	}
	if (command->usage[0] != '\0') {
		fprintf(to, " %s", command->usage);
	}
}

/* One without usage is another way of writing the one before it. */
static const struct command *
main_form(const struct command *command)
{
	while (command->usage == NULL) {
		command--;
	}
	return command;
}

void
command_usage(FILE *to, const struct command *command)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		bool wanted = command_length(command) > 1
				  ? &commands[i] == main_form(command)
				  : strcmp(commands[i].word[0],
					command->word[0]) == 0;

		if (!wanted || commands[i].usage == NULL) {
			continue;
		}
		fputs("usage: ", to);
		put_usage(to, &commands[i]);
		putc('\n', to);
	}
}

void
command_help(FILE *to)
{
	fputs("usage: videur [-c FILE] [-V] [-h] VERB ...\n\n", to);
	for (size_t i = 0; i < COMMANDS; i++) {
		if (commands[i].usage == NULL) {
			continue;
		}
		fputs("  ", to);
		put_usage(to, &commands[i]);
		fprintf(to, "\n      %s\n", commands[i].help);
	}
	fputs("\nDurations are 90s 10m 2h 7d, times 2026-11-21T18:05:42Z or "
	      "@SECONDS.\n",
	    to);
}
