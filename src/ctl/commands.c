#include "ctl/commands.h"

#include <string.h>

#include "base/text.h"
#include "base/words.h"

enum {
	HELP_SIZE = 64, /* an option and how its value is named */
	HELP_AT = 20    /* where its text begins */
};

#define O(name) (UINT64_C(1) << OPTION_##name)
#define SHAPES  (O(JSON) | O(CSV) | O(UTC))
#define CHANGES (SHAPES | O(NOTE) | O(DRY_RUN))

/* clang-format off */
const struct command commands[] = {
	{ { "status" }, "", "what is banned, counted, seen and alive",
	  "status",
	  { { 0 }, SHAPES }, ACCESS_READ, status_show, NULL },
	{ { "list" }, "[IP|NET|REF|HOST...]", "who is banned, latest end first",
	  "list --reason auth --sort hits --limit 20",
	  { { ARGUMENT_OPTIONAL, ARGUMENT_AMONG },
	    O(REASON) | O(RULE) | O(SINCE) | O(ALL) | O(SUSPECTS) | O(SORT) |
	    O(LIMIT) | O(LONG) | O(HOST) | SHAPES },
	  ACCESS_READ_OWN, list_show, list_names_check },
	{ { "suspects" }, "",
	  "bans of clients whose mail was accepted: look at these first",
	  "suspects --limit 10",
	  { { 0 }, O(LIMIT) | SHAPES }, ACCESS_READ, list_suspects, NULL },
	{ { "check" }, "IP|REF|HOST...", "whether an address is banned now",
	  "check 203.0.113.7",
	  { { ARGUMENT_ASKED }, SHAPES }, ACCESS_READ, list_check, NULL },
	{ { "explain" }, "IP|REF|HOST...", "everything known of an address",
	  "explain 7K2M9Q",
	  { { ARGUMENT_ASKED }, SHAPES }, ACCESS_READ, explain_show, NULL },
	{ { "tail" }, "[IP|NET|REF|HOST...]",
	  "events, bans and changes as they happen",
	  "tail --kind auth --bans 192.0.2.0/24",
	  { { ARGUMENT_OPTIONAL, ARGUMENT_AMONG },
	    O(LIMIT) | O(KIND) | O(REASON) | O(BANS) | O(CHANGES) | SHAPES },
	  ACCESS_READ_OWN, tail_show, NULL },
	{ { "top" }, "", "who does most now, live; q quits",
	  "top --interval 5s",
	  { { 0 }, O(INTERVAL) | O(ONCE) | SHAPES },
	  ACCESS_READ_OWN, top_show, NULL },
	{ { "stats" }, "", "what each day brought, in numbers and bars",
	  "stats --days 7",
	  { { 0 }, O(DAYS) | O(SVG) | SHAPES }, ACCESS_READ, stats_show,
	  stats_check },
	{ { "digest" }, "", "what the last day brought, to be read or mailed",
	  "digest --since 7d --mail postmaster@example.org",
	  { { 0 }, O(SINCE) | O(MAIL) | SHAPES }, ACCESS_READ, digest_show, NULL },
	{ { "digest", "send" }, "",
	  "mail it to the address of \"digest\" in videur.conf",
	  "digest send",
	  { { 0 }, O(SINCE) | SHAPES }, ACCESS_READ, digest_send, NULL },
	{ { "log" }, "[IP|NET|REF|HOST...]",
	  "what was changed by hand, newest first",
	  "log --since 7d 203.0.113.0/24",
	  { { ARGUMENT_OPTIONAL, ARGUMENT_AMONG },
	    O(SINCE) | O(LIMIT) | SHAPES },
	  ACCESS_READ, list_changes, NULL },
	{ { "ban" }, "IP|NET|REF DURATION",
	  "ban by hand; everybody may read what it says",
	  "ban 192.0.2.0/24 7d --note \"snowshoe spam\"",
	  { { ARGUMENT_WHO, ARGUMENT_DURATION },
	    O(REASON) | O(SAY) | O(FORCE) | CHANGES }, ACCESS_WRITE, ban_add, ban_check },
	{ { "clear" }, "IP|NET|REF...|all",
	  "lift bans and reset the counters",
	  "clear 192.0.2.7 --mistake --note \"our scanner was wrong\"",
	  { { ARGUMENT_WHOM }, O(REASON) | O(MISTAKE) | CHANGES },
	  ACCESS_WRITE, ban_clear, NULL },
	{ { "allow" }, "[list]", "which networks are never refused",
	  "allow",
	  { { 0 }, O(LONG) | SHAPES }, ACCESS_READ, allow_list, NULL },
	{ { "allow", "names" }, "",
	  "names on the allow list, and when DNS last answered",
	  "allow names",
	  { { 0 }, SHAPES }, ACCESS_READ, allow_names, NULL },
	{ { "allow", "add" }, "[IP|NET|REF]",
	  "never refuse a network or a name's, and lift its bans",
	  "allow add 192.0.2.0/24 --for 2w --note \"a customer's move\"",
	  { { ARGUMENT_OPTIONAL, ARGUMENT_WHO },
	    O(NAME) | O(SPF) | O(FOR) | O(FORCE) | CHANGES },
	  ACCESS_WRITE, allow_add, allow_check },
	{ { "allow", "remove" }, "[IP|NET]", "take it off the allow list",
	  "allow remove 192.0.2.0/24",
	  { { ARGUMENT_OPTIONAL, ARGUMENT_WHO },
	    O(NAME) | O(SPF) | SHAPES | O(DRY_RUN) },
	  ACCESS_WRITE, allow_remove, allow_remove_check },
	{ { "forget" }, "IP|REF",
	  "take away all that is known of a client",
	  "forget 192.0.2.7 --dry-run",
	  { { ARGUMENT_ADDRESS }, CHANGES }, ACCESS_WRITE, forget_client, NULL },
	{ { "report" }, "KIND IP|REF", "report an offence of an address",
	  "report spam 203.0.113.7 --at 2026-11-21T18:05:42Z",
	  { { ARGUMENT_KIND, ARGUMENT_ADDRESS }, O(AT) | O(DETAIL) | SHAPES },
	  ACCESS_WRITE_OWN, report_one, NULL },
	{ { "report", "-" }, "",
	  "the same, lines of KIND IP [--at TIME] from standard input",
	  "report - <offences",
	  { { 0 }, SHAPES }, ACCESS_WRITE_OWN, report_lines,
	  report_lines_check },
	{ { "export" }, "FORM [-- COMMAND...]",
	  "the bans as rbldnsd, bind, nftables, ipset, postfix, exim, csv, json",
	  "export --out /etc/nftables.d/bans.nft nftables",
	  { { ARGUMENT_FORM },
	    O(SERVICE) | O(REASON) | O(OUT) | O(WATCH) },
	  ACCESS_READ_OWN, export_bans, export_check },
	{ { "export", "fbl" }, "[IP|NET|REF]",
	  "complaints and spam per address and day, for senders",
	  "export fbl 192.0.2.0/24 --days 1 --format arf",
	  { { ARGUMENT_OPTIONAL, ARGUMENT_WHO }, O(DAYS) | O(FORMAT) },
	  ACCESS_READ_OWN, export_fbl, NULL },
	{ { "import", "drop" }, "FILE",
	  "ban the networks of a DROP list (\"-\": standard input)",
	  "import drop drop_v4.json --for 2d",
	  { { ARGUMENT_FILE }, O(FOR) | O(REASON) | CHANGES },
	  ACCESS_WRITE_OWN, import_drop, NULL },
	{ { "import", "csv" }, "FILE",
	  "the bans that \"export csv\" or \"list --csv\" wrote",
	  "import csv bans.csv --dry-run",
	  { { ARGUMENT_FILE }, O(DRY_RUN) | SHAPES },
	  ACCESS_WRITE_OWN, import_csv, NULL },
	{ { "import", "json" }, "FILE",
	  "the bans that \"export json\" or \"list --json\" wrote",
	  "import json bans.json --dry-run",
	  { { ARGUMENT_FILE }, O(DRY_RUN) | SHAPES },
	  ACCESS_WRITE_OWN, import_json, NULL },
	{ { "import", "fail2ban" }, "FILE",
	  "the bans in fail2ban's database",
	  "import fail2ban /var/lib/fail2ban/fail2ban.sqlite3",
	  { { ARGUMENT_FILE }, O(FOR) | O(JAIL) | CHANGES },
	  ACCESS_WRITE_OWN, import_fail2ban, NULL },
	{ { "brake" }, "",
	  "whether new bans of clients in good standing are held back",
	  "brake",
	  { { 0 }, SHAPES }, ACCESS_READ, brake_show, NULL },
	{ { "brake", "release" }, "", "stop holding them back",
	  "brake release --note \"the resolver answers again\"",
	  { { 0 }, CHANGES }, ACCESS_WRITE, brake_release, NULL },
	{ { "rules" }, "[list]", "how log lines are understood",
	  "rules",
	  { { 0 }, SHAPES }, ACCESS_NONE, rules_list, NULL },
	{ { "rules", "test" }, "FILE...",
	  "what the rules find in a log (\"-\": standard input; .gz too)",
	  "rules test --unmatched /var/log/mail.log",
	  { { ARGUMENT_FILES }, O(UNMATCHED) | SHAPES },
	  ACCESS_NONE, rules_test, NULL },
	{ { "replay" }, "FILE...",
	  "who would have been banned, from old logs",
	  "replay --compare franceserv own /var/log/mail.log*",
	  { { ARGUMENT_FILES }, O(POLICY) | O(COMPARE) | SHAPES },
	  ACCESS_NONE, replay_logs, replay_check },
	{ { "doctor" }, "",
	  "what is wrong with this host, and how to fix it",
	  "doctor --fix",
	  { { 0 }, O(FIX) | O(POSTFIX) | O(SENDMAIL) | SHAPES },
	  ACCESS_NONE, doctor_run, doctor_check },
	{ { "observe" }, "",
	  "only record what would be banned, from now on",
	  "observe --note \"the new scanner\"",
	  { { 0 }, CHANGES }, ACCESS_WRITE_OWN, mode_observe, NULL },
	{ { "enforce" }, "",
	  "refuse who is banned, from now on; suspects are shown first",
	  "enforce --dry-run",
	  { { 0 }, CHANGES }, ACCESS_WRITE_OWN, mode_enforce, NULL },
	{ { "setup", "postfix" }, "",
	  "put videur into Postfix's configuration, or take that back",
	  "setup postfix --dry-run",
	  { { 0 }, O(CONFIG) | O(YES) | O(UNDO) | O(NO_RELOAD) | CHANGES },
	  ACCESS_NONE, setup_postfix, setup_check },
	{ { "config", "check" }, "[FILE]",
	  "whether the configuration, or FILE, and what it names are fine",
	  "config check /etc/videur/videur.conf.new",
	  { { ARGUMENT_OPTIONAL, ARGUMENT_FILE }, SHAPES }, ACCESS_NOT, config_check,
	  NULL },
	{ { "config", "show" }, "",
	  "every setting as it holds, and where it came from",
	  "config show",
	  { { 0 }, SHAPES }, ACCESS_NOT, config_show, NULL },
	{ { "codes" }, "", "what the policy says to clients, and when",
	  "codes --policy sfr",
	  { { 0 }, O(POLICY) | SHAPES }, ACCESS_NONE, codes_show, NULL },
	{ { "decode" }, "TEXT...",
	  "what a refusal by a provider means (\"-\": lines of standard input)",
	  "decode \"421 Service refused, please try later. OFR_999\"",
	  { { ARGUMENT_TEXT }, SHAPES }, ACCESS_NONE, decode_text, NULL },
	{ { "share", "status" }, "",
	  "how far this host and the others are with what they share",
	  "share status",
	  { { 0 }, SHAPES }, ACCESS_READ, share_status, share_check },
	{ { "share", "init" }, "[DATABASE]",
	  "make the schema on the PostgreSQL server",
	  "share init \"dbname=videur user=postgres\"",
	  { { ARGUMENT_OPTIONAL, ARGUMENT_FILE }, 0 }, ACCESS_NOT, share_init, NULL },
	{ { "share", "leave" }, "", "share no more",
	  "share leave",
	  { { 0 }, 0 }, ACCESS_NOT, share_leave, NULL },
	{ { "backup" }, "FILE",
	  "copy the database into a file, while all runs",
	  "backup /var/backups/videur.db",
	  { { ARGUMENT_FILE }, O(FORCE) | SHAPES }, ACCESS_NONE,
	  backup_database, backup_check },
	{ { "restore" }, "FILE",
	  "put such a copy in the place of the database; nothing is stopped",
	  "restore /var/backups/videur.db",
	  { { ARGUMENT_FILE }, CHANGES }, ACCESS_NONE, restore_database,
	  NULL },
	{ { "rescue" }, "FILE",
	  "save what can be read of a damaged database into a new one",
	  "rescue /var/lib/videur/saved.db",
	  { { ARGUMENT_FILE }, SHAPES }, ACCESS_NONE, rescue_database,
	  rescue_check },
	{ { "rescue", "seen" }, "",
	  "the files that were put aside need not be told of any more",
	  "rescue seen",
	  { { 0 }, CHANGES }, ACCESS_WRITE, rescue_seen, NULL },
};
/* clang-format on */

const size_t commands_count = sizeof(commands) / sizeof(commands[0]);

size_t
command_words(const struct command *command)
{
	return command->word[1] != NULL ? 2 : 1;
}

const struct command *
command_find(const char *const *word, size_t words)
{
	/* From the end, for "allow add" stands below "allow". */
	for (size_t i = commands_count; i-- > 0;) {
		size_t len = command_words(&commands[i]);
		bool fits = words >= len;

		for (size_t n = 0; fits && n < len; n++) {
			fits = strcmp(word[n], commands[i].word[n]) == 0;
		}
		if (fits) {
			return &commands[i];
		}
	}
	return NULL;
}

bool
command_lists(const struct command *command)
{
	return strcmp(command->usage, "[list]") == 0;
}

/* Of a verb's second words the nearest to what was written, or NULL; and all of
 * them, "" where it has none. */
static const char *
second_word(const char *first, const char *written, const char **all)
{
	struct nearest near = { .written = written };

	*all = "";
	for (size_t i = 0; i < commands_count; i++) {
		const struct command *one = &commands[i];

		if (one->word[1] != NULL && strcmp(one->word[0], first) == 0) {
			nearest_offer(&near, one->word[1]);
			*all = piece("%s%s%s", *all,
			    (*all)[0] != '\0' ? ", " : "", one->word[1]);
		}
	}
	return near.word;
}

bool
command_misspelt(
    const struct command *command, const char *const *word, size_t words)
{
	const char *near;
	const char *all;

	if (words < 2 || command->word[1] != NULL ||
	    command->syntax.argument[0] != ARGUMENT_END) {
		return false;
	}
	near = second_word(word[0], word[1], &all);
	if (near != NULL) {
		output_complain(
		    "unknown verb \"%s %s\": did you mean \"%s %s\"?", word[0],
		    word[1], word[0], near);
	}
	return near != NULL;
}

void
command_unknown(const char *const *words_given, size_t words)
{
	/* What other programs call it. */
	static const char *const names[][2] = {
		{ "ls", "list" },
		{ "show", "list" },
		{ "unban", "clear" },
		{ "del", "clear" },
		{ "delete", "clear" },
		{ "rm", "clear" },
		{ "remove", "clear" },
		{ "block", "ban" },
		{ "whitelist", "allow" },
		{ "add", "allow add" },
	};
	const char *word = words_given[0];
	const char *written = words > 1 ? words_given[1] : "";
	struct nearest near = { .written = word };
	const char *all;
	const char *second = second_word(word, written, &all);
	const bool two = all[0] != '\0';

	if (two && second == NULL) {
		output_complain("\"%s\" needs a second word: %s", word, all);
		return;
	}
	if (two) {
		word = piece("%s %s", word, written);
		near.word = piece("%s %s", words_given[0], second);
	}
	for (size_t i = 0; i < commands_count && !two; i++) {
		nearest_offer(&near, commands[i].word[0]);
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(word, names[i][0]) == 0) {
			near.word = names[i][1];
		}
	}
	output_complain(
	    "unknown verb \"%s\"%s%s%s (\"videur help\" lists them)", word,
	    near.word != NULL ? ": did you mean \"" : "",
	    near.word != NULL ? near.word : "", near.word != NULL ? "\"?" : "");
}

/* "videur allow add NET" */
static void
put_words(FILE *to, const char *before, const struct command *command)
{
	fprintf(to, "%svideur", before);
	for (size_t i = 0; i < command_words(command); i++) {
		fprintf(to, " %s", command->word[i]);
	}
	fprintf(
	    to, "%s%s", command->usage[0] != '\0' ? " " : "", command->usage);
}

void
command_usage(const struct command *command)
{
	put_words(stderr, "usage: ", command);
	fputs(command->syntax.options != 0 ? " [OPTION...]\n" : "\n", stderr);
}

/* "  --note T            a note for administrators" */
static void
put_option(FILE *to, const struct option_kind *option)
{
	char name[HELP_SIZE];
	struct text text;

	text_init(&text, name, sizeof(name));
	if (option->letter != 0) {
		text_addf(&text, "-%c, ", option->letter);
	}
	text_addf(&text, "%s%s%s", option->name,
	    option->shown != NULL ? " " : "",
	    option->shown != NULL ? option->shown : "");
	fprintf(to, "  %-*s  %s\n", HELP_AT, name, option->help);
}

static void
put_help(FILE *to, const struct command *command)
{
	put_words(to, "usage: ", command);
	fprintf(to, " [OPTION...]\n  %s\n", command->help);
	for (enum args_option i = 0; i < OPTION_COUNT; i++) {
		if (args_takes(&command->syntax, i)) {
			put_option(to, &args_options[i]);
		}
	}
	fprintf(to, "  for example: videur %s\n", command->example);
}

void
command_help(FILE *to, const struct command *command)
{
	if (command_words(command) > 1) {
		put_help(to, command);
	} else {
		(void)commands_help_of(to, command->word[0]);
	}
}

bool
commands_help_of(FILE *to, const char *first)
{
	bool any = false;

	for (size_t i = 0; i < commands_count; i++) {
		if (strcmp(commands[i].word[0], first) == 0) {
			fputs(any ? "\n" : "", to);
			put_help(to, &commands[i]);
			any = true;
		}
	}
	return any;
}

void
commands_help(FILE *to)
{
	fputs("usage: videur [-c FILE] [-V] [-h] VERB ...\n\n", to);
	for (size_t i = 0; i < commands_count; i++) {
		put_words(to, "  ", &commands[i]);
		fprintf(to, "\n      %s\n", commands[i].help);
	}
	fputs("\nDurations are 90s 10m 2h 7d 2w 1y, times 2026-11-21T18:05:42Z "
	      "or @SECONDS.\n"
	      "REF is the reference of a ban, as the reply and the page have "
	      "it; \"-\" stands\n"
	      "for words of standard input.  \"videur help VERB\" tells the "
	      "options of a verb.\n",
	    to);
}
