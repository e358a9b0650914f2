/*
 * videur: the administrator's command.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proc.h"
#include "base/text.h"
#include "ctl/ctl.h"
#include "rules/rules.h"

/* ---- what the command takes ---- */

enum {
	COMMAND_WORDS_MAX = 2,
	/* A person waits for the answer, and can wait this long. */
	PATIENCE_MS = 5000,
	WHO_SIZE = 65
};

/* How a verb uses the database. */
enum access {
	ACCESS_NOT,  /* not at all; it reads the configuration itself */
	ACCESS_NONE, /* an empty one of its own */
	ACCESS_READ,
	ACCESS_WRITE,
	/* In brackets of its own. */
	ACCESS_READ_OWN,
	ACCESS_WRITE_OWN
};

struct command {
	const char *word[COMMAND_WORDS_MAX]; /* what it begins with */
	const char *usage;                   /* what follows those words */
	const char *help;                    /* one line */
	struct syntax syntax;
	enum access access;
	verb *run;
	/* What can be refused without the database, or NULL; it has said why
	 * where it gives back anything but EXIT_FINE. */
	verb *check;
};

#define O(name) (UINT64_C(1) << OPTION_##name)
#define SHAPES  (O(JSON) | O(CSV))

/* clang-format off */
static const struct command commands[] = {
	{ { "status" }, "[--json|--csv]",
	  "what is banned, counted, seen and alive",
	  { { 0 }, SHAPES }, ACCESS_READ, status_show, NULL },
	{ { "list" }, "[--reason R] [--all] [--json|--csv]",
	  "who is banned, latest end first",
	  { { 0 }, O(REASON) | O(ALL) | SHAPES }, ACCESS_READ, list_show, NULL },
	{ { "check" }, "IP [--json|--csv]", "whether an address is banned now",
	  { { ARGUMENT_ADDRESS }, SHAPES }, ACCESS_READ, list_check, NULL },
	{ { "explain" }, "IP [--json|--csv]", "everything known of an address",
	  { { ARGUMENT_ADDRESS }, SHAPES }, ACCESS_READ, explain_show, NULL },
	{ { "log" }, "[--json|--csv]", "what was changed by hand, newest first",
	  { { 0 }, SHAPES }, ACCESS_READ, list_changes, NULL },
	{ { "ban" }, "IP|NET DURATION [--reason R] [--say T] [--note T] [--force]",
	  "ban by hand; everybody may read what it says",
	  { { ARGUMENT_WHO, ARGUMENT_DURATION },
	      O(REASON) | O(SAY) | O(NOTE) | O(FORCE) },
	  ACCESS_WRITE, ban_add, ban_check },
	{ { "clear" }, "IP|NET|all [--reason R] [--note T] [--mistake]",
	  "lift bans and reset the counters",
	  { { ARGUMENT_WHOM }, O(REASON) | O(NOTE) | O(MISTAKE) },
	  ACCESS_WRITE, ban_clear, NULL },
	{ { "allow" }, "[list] [--json|--csv]",
	  "which networks are never refused",
	  { { 0 }, SHAPES }, ACCESS_READ, allow_list, NULL },
	{ { "allow", "add" }, "NET [--note T] [--for DURATION] [--force]",
	  "never refuse a network, and lift its bans",
	  { { ARGUMENT_WHO }, O(NOTE) | O(FOR) | O(FORCE) },
	  ACCESS_WRITE, allow_add, allow_check },
	{ { "allow", "remove" }, "NET", "take it off the allow list",
	  { { ARGUMENT_WHO }, 0 }, ACCESS_WRITE, allow_remove, NULL },
	{ { "report" }, "KIND IP [--at TIME] [--detail T]",
	  "report an offence of an address",
	  { { ARGUMENT_KIND, ARGUMENT_ADDRESS }, O(AT) | O(DETAIL) },
	  ACCESS_WRITE_OWN, report_one, NULL },
	{ { "report", "-" }, "",
	  "the same, lines of KIND IP [--at TIME] from standard input",
	  { { 0 }, 0 }, ACCESS_WRITE_OWN, report_lines, report_lines_check },
	{ { "export" },
	  "[--service S] [--reason R] [--out FILE [--watch]] FORM "
	  "[--] [COMMAND...]",
	  "the bans as rbldnsd, bind, nftables, ipset, postfix, exim, csv, json",
	  { { ARGUMENT_FORM }, O(SERVICE) | O(REASON) | O(OUT) | O(WATCH) },
	  ACCESS_READ_OWN, export_bans, export_check },
	{ { "brake" }, "[--json|--csv]",
	  "whether new bans of clients in good standing are held back",
	  { { 0 }, SHAPES }, ACCESS_READ, brake_show, NULL },
	{ { "brake", "release" }, "[--note T] [--json|--csv]",
	  "stop holding them back",
	  { { 0 }, O(NOTE) | SHAPES }, ACCESS_WRITE, brake_release, NULL },
	{ { "rules" }, "[list] [--json|--csv]", "how log lines are understood",
	  { { 0 }, SHAPES }, ACCESS_NONE, rules_list, NULL },
	{ { "rules", "test" }, "[--unmatched] [--json|--csv] FILE...",
	  "what the rules find in a log (\"-\": standard input; .gz too)",
	  { { ARGUMENT_FILES }, O(UNMATCHED) | SHAPES },
	  ACCESS_NONE, rules_test, NULL },
	{ { "replay" }, "[--policy P | --compare P Q] [--json|--csv] FILE...",
	  "who would have been banned, from old logs",
	  { { ARGUMENT_FILES }, O(POLICY) | O(COMPARE) | SHAPES },
	  ACCESS_NONE, replay_logs, replay_check },
	{ { "doctor" }, "[--fix] [--postfix DIR | --sendmail DIR]\n"
	  "          [--json|--csv]",
	  "what is wrong with this host, and how to fix it",
	  { { 0 }, O(FIX) | O(POSTFIX) | O(SENDMAIL) | SHAPES },
	  ACCESS_NONE, doctor_run, doctor_check },
	{ { "observe" }, "[--dry-run] [--note T] [--json|--csv]",
	  "only record what would be banned, from now on",
	  { { 0 }, O(DRY_RUN) | O(NOTE) | SHAPES },
	  ACCESS_WRITE_OWN, mode_observe, NULL },
	{ { "enforce" }, "[--dry-run] [--note T] [--json|--csv]",
	  "refuse who is banned, from now on; suspects are shown first",
	  { { 0 }, O(DRY_RUN) | O(NOTE) | SHAPES },
	  ACCESS_WRITE_OWN, mode_enforce, NULL },
	{ { "setup", "postfix" }, "[--undo] [--dry-run | --yes] [--no-reload]\n"
	  "          [--config DIR] [--note T] [--json|--csv]",
	  "put videur into Postfix's configuration, or take that back",
	  { { 0 }, O(CONFIG) | O(DRY_RUN) | O(YES) | O(UNDO) | O(NO_RELOAD) |
	      O(NOTE) | SHAPES },
	  ACCESS_NONE, setup_postfix, setup_check },
	{ { "config", "check" }, "[FILE]",
	  "whether the configuration, or FILE, and what it names are fine",
	  { { ARGUMENT_OPTIONAL, ARGUMENT_FILE }, 0 }, ACCESS_NOT, config_check, NULL },
	{ { "config", "show" }, "[--json|--csv]",
	  "every setting as it holds, and where it came from",
	  { { 0 }, SHAPES }, ACCESS_NOT, config_show, NULL },
	{ { "codes" }, "[--policy P] [--json|--csv]",
	  "what the policy says to clients, and when",
	  { { 0 }, O(POLICY) | SHAPES }, ACCESS_NONE, codes_show, NULL },
	{ { "decode" }, "[--json|--csv] TEXT...",
	  "what a refusal by a provider means (\"-\": lines of standard input)",
	  { { ARGUMENT_TEXT }, SHAPES }, ACCESS_NONE, decode_text, NULL },
	{ { "rescue" }, "FILE [--json|--csv]",
	  "save what can be read of a damaged database into a new one",
	  { { ARGUMENT_FILE }, SHAPES }, ACCESS_NONE, rescue_database,
	  rescue_check },
	{ { "rescue", "seen" }, "[--note T] [--json|--csv]",
	  "the files that were put aside need not be told of any more",
	  { { 0 }, O(NOTE) | SHAPES }, ACCESS_WRITE, rescue_seen, NULL },
};
/* clang-format on */

enum {
	COMMANDS = sizeof(commands) / sizeof(commands[0])
};

static size_t
words_of(const struct command *command)
{
	return command->word[1] != NULL ? 2 : 1;
}

static const struct command *
find_command(const struct args *args)
{
	/* From the end, for "allow add" stands below "allow". */
	for (size_t i = COMMANDS; i-- > 0;) {
		size_t len = words_of(&commands[i]);
		bool fits = args->words >= len;

		for (size_t n = 0; fits && n < len; n++) {
			fits = strcmp(args->word[n], commands[i].word[n]) == 0;
		}
		if (fits) {
			return &commands[i];
		}
	}
	return NULL;
}

/* "videur allow add NET ..." */
static void
put_usage(FILE *to, const char *before, const struct command *command)
{
	fprintf(to, "%svideur", before);
	for (size_t i = 0; i < words_of(command); i++) {
		fprintf(to, " %s", command->word[i]);
	}
	fprintf(
	    to, "%s%s\n", command->usage[0] != '\0' ? " " : "", command->usage);
}

/* That of a command; of a verb alone, of all that begin with it. */
static void
put_usages(FILE *to, const struct command *command)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		if (&commands[i] == command ||
		    (words_of(command) == 1 &&
			strcmp(commands[i].word[0], command->word[0]) == 0)) {
			put_usage(to, "usage: ", &commands[i]);
		}
	}
}

static void
put_help(FILE *to)
{
	fputs("usage: videur [-c FILE] [-V] [-h] VERB ...\n\n", to);
	for (size_t i = 0; i < COMMANDS; i++) {
		put_usage(to, "  ", &commands[i]);
		fprintf(to, "      %s\n", commands[i].help);
	}
	fputs("\nDurations are 90s 10m 2h 7d, times 2026-11-21T18:05:42Z or "
	      "@SECONDS.\n",
	    to);
}

/* ---- what verbs share ---- */

bool
ctl_well(struct ctl *ctl, enum store_result result)
{
	const char *why;

	if (result == STORE_OK) {
		return true;
	}
	why = store_error(ctl->store);
	if (result == STORE_BUSY) {
		output_complain("the database is busy (%s)", why);
	} else if (why[0] != '\0') {
		output_complain("%s", why);
	} else {
		output_complain("%s: cannot be used", ctl->conf->database);
	}
	return false;
}

void
ctl_audit(struct ctl *ctl, const char *what, const char *subject)
{
	char who[WHO_SIZE];
	struct audit audit = {
		.at = ctl->now,
		.who = who,
		.what = what,
		.subject = subject,
		.note = ctl->note,
	};

	proc_who(who, sizeof(who));
	store_audit_put(ctl->store, &audit);
}

bool
ctl_policy(const struct ctl *ctl, const char *name, struct policy *out)
{
	char error[CONF_ERROR_SIZE] = "";
	bool fine = conf_policy(name, ctl->file, out, error);

	if (!fine) {
		output_wrong(error);
	}
	return fine;
}

struct rules *
ctl_rules(const struct ctl *ctl)
{
	char error[RULES_ERROR_SIZE] = "";
	struct rules *rules = rules_load(ctl->conf->watch.rules, error);

	if (error[0] != '\0') {
		output_wrong(error);
	}
	return rules;
}

/* ---- understanding and doing it ---- */

static enum exit_status
unknown_command(const struct args *args)
{
	struct nearest near = { .written = args->word[0] };

	if (args->words == 0) {
		output_complain("a verb is missing");
		put_help(stderr);
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < COMMANDS; i++) {
		nearest_offer(&near, commands[i].word[0]);
	}
	output_complain(
	    "unknown verb \"%s\"%s%s%s (\"videur help\" lists them)",
	    near.written, near.word != NULL ? ": did you mean \"" : "",
	    near.word != NULL ? near.word : "", near.word != NULL ? "\"?" : "");
	return EXIT_USAGE;
}

/* Open the database; false after a complaint. */
static bool
open_database(struct ctl *ctl, enum access how)
{
	const char *path = ctl->conf->database;
	char error[STORE_ERROR_SIZE] = "";
	enum store_mode mode = how == ACCESS_NONE ? STORE_SCRATCH
			       : how == ACCESS_READ || how == ACCESS_READ_OWN
				   ? STORE_READ
				   : STORE_WRITE;
	enum store_result result;

	if (mode == STORE_READ && access(path, F_OK) != 0 && errno == ENOENT) {
		output_complain("no database yet at %s", path);
		return false;
	}
	result = store_open(&ctl->store, path, mode, PATIENCE_MS, error);
	if (result == STORE_BUSY) {
		output_complain("the database is busy (%s)", error);
	} else if (result != STORE_OK) {
		output_complain("%s", error);
	}
	return result == STORE_OK;
}

bool
ctl_open(struct ctl *ctl)
{
	store_close(ctl->store);
	ctl->store = NULL;
	return open_database(ctl, ACCESS_WRITE);
}

/* Run a verb in its bracket. */
static enum exit_status
run_verb(struct ctl *ctl, const struct command *command)
{
	enum exit_status status;
	enum store_result result = STORE_OK;

	if (!open_database(ctl, command->access)) {
		return EXIT_DATABASE;
	}
	if (command->access == ACCESS_READ) {
		store_read(ctl->store);
	} else if (command->access == ACCESS_WRITE) {
		store_begin(ctl->store);
	}
	status = command->run(ctl);
	if (command->access == ACCESS_READ) {
		result = store_read_end(ctl->store);
	} else if (command->access == ACCESS_WRITE && status == EXIT_USAGE) {
		store_rollback(ctl->store);
	} else if (command->access == ACCESS_WRITE) {
		result = store_commit(ctl->store);
	}
	return ctl_well(ctl, result) ? status : EXIT_DATABASE;
}

static enum output_format
format_of(const struct args *args)
{
	return args->value[OPTION_JSON] != NULL  ? OUTPUT_JSON
	       : args->value[OPTION_CSV] != NULL ? OUTPUT_CSV
						 : OUTPUT_TEXT;
}

/* What reads the configuration itself, and no database. */
static enum exit_status
run_alone(
    const char *file, const struct command *command, const struct args *args)
{
	struct ctl ctl = { .file = file, .args = args, .now = proc_now() };
	enum exit_status status;

	output_init(format_of(args), false);
	status = command->run(&ctl);
	(void)output_close(true);
	return status;
}

/* Everything that can be refused is refused before the database is touched. */
static enum exit_status
run(const char *file, const struct command *command, const struct args *args)
{
	char error[CONF_ERROR_SIZE] = "";
	struct conf *conf = conf_load(file, error);
	struct ctl ctl = {
		.conf = conf,
		.file = file,
		.args = args,
		.note = args->value[OPTION_NOTE],
		.now = proc_now(),
	};
	const bool keep = command->access == ACCESS_READ ||
			  command->access == ACCESS_WRITE;
	enum exit_status status = EXIT_FINE;

	if (conf == NULL) {
		output_wrong(error);
		return EXIT_USAGE;
	}
	if (error[0] != '\0' &&
	    (command->run == status_show || command->run == doctor_run)) {
		output_wrong(error); /* warnings */
	}
	output_init(format_of(args), keep);
	if (command->check != NULL) {
		status = command->check(&ctl);
	}
	if (status == EXIT_FINE) {
		status = run_verb(&ctl, command);
	}
	if (ctl.store != NULL) {
		store_close(ctl.store);
	}
	if (ctl.spool != NULL) {
		(void)fclose(ctl.spool);
	}
	if (!output_close(status != EXIT_DATABASE)) {
		output_complain("out of memory");
		status = EXIT_DATABASE;
	}
	conf_drop(conf);
	return status;
}

static enum exit_status
speak(const char *file, char *const *argv)
{
	static struct args args; /* too large for a stack */
	const struct command *command;
	size_t skip;

	args_split(argv, &args);
	command = find_command(&args);
	if (args.words == 1 && strcmp(args.word[0], "help") == 0) {
		put_help(stdout);
		return EXIT_FINE;
	}
	if (command == NULL) {
		return unknown_command(&args);
	}
	if (args.value[OPTION_HELP] != NULL) {
		put_usages(stdout, command);
		return EXIT_FINE;
	}
	skip = words_of(command);
	if (text_after(command->usage, "[list]") != NULL && args.words > skip &&
	    strcmp(args.word[skip], "list") == 0) {
		skip++;
	}
	if (!args_read(&args, command->word[0], skip, &command->syntax)) {
		output_complain("%s", args.error);
		put_usages(stderr, command);
		return EXIT_USAGE;
	}
	if (command->run == config_check && args.words > skip) {
		file = args.word[skip];
	}
	return command->access == ACCESS_NOT ? run_alone(file, command, &args)
					     : run(file, command, &args);
}

int
main(int argc, char **argv)
{
	struct service_info service = { .name = "videur", .has_verbs = true };
	char *usage = NULL;
	size_t len;
	FILE *help = open_memstream(&usage, &len);
	enum exit_status status;
	struct options options;

	log_init("videur");
	tzset();
	if (help != NULL) {
		put_help(help);
		(void)fclose(help);
	}
	service.usage = usage != NULL ? usage : "";
	options = options_read(argc, argv, &service);
	status = options.done ? (enum exit_status)options.status
			      : speak(options.conf_path, argv + optind);
	free(usage);
	/* An answer nobody could read is no answer. */
	if (fflush(stdout) != 0 || ferror(stdout)) {
		output_complain("standard output: %s", strerrordesc_np(errno));
		status = status > EXIT_USAGE ? status : EXIT_USAGE;
	}
	return (int)status;
}
