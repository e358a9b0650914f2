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
#include "ctl/commands.h"
#include "ctl/complete.h"
#include "ctl/ctl.h"
#include "ctl/targets.h"
#include "engine/engine.h"
#include "rules/rules.h"

enum {
	/* A person waits for the answer, and can wait this long. */
	TIMEOUT_MS = 5000,
	WHO_SIZE = 65
};

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

enum output_format
ctl_format(const struct args *args)
{
	return args->value[OPTION_JSON] != NULL  ? OUTPUT_JSON
	       : args->value[OPTION_CSV] != NULL ? OUTPUT_CSV
						 : OUTPUT_TEXT;
}

struct net
ctl_client(const struct ctl *ctl, const struct target *target)
{
	return target->kind == TARGET_ADDRESS && target->ref[0] == '\0'
		   ? engine_client(ctl->conf, &target->address)
		   : target->who;
}

enum exit_status
ctl_each(struct ctl *ctl,
    enum exit_status (*answer)(struct ctl *ctl, const struct target *target))
{
	const struct args *args = ctl->args;
	enum exit_status worst = EXIT_FINE;

	if (args->several) {
		output_list(NULL);
	}
	for (size_t i = 0; i < args->targets; i++) {
		const enum exit_status status = answer(ctl, &args->target[i]);

		worst = status > worst ? status : worst;
	}
	if (args->several) {
		(void)output_end();
	}
	return worst;
}

/* ---- understanding and doing it ---- */

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
	result = store_open(&ctl->store, path, mode, TIMEOUT_MS, error);
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

/* Whether the words name somebody that only the database, or the system's
 * resolver, can tell of. */
static bool
names_any(const struct args *args, int kind)
{
	for (size_t i = 0; i < args->targets; i++) {
		if ((int)args->target[i].kind == kind) {
			return true;
		}
	}
	return false;
}

/* Put whom refs name in their place, and check what could not be before. */
static enum exit_status
find_refs(struct ctl *ctl, const struct command *command, struct args *args)
{
	if (!names_any(args, TARGET_REF)) {
		return EXIT_FINE;
	}
	if (!targets_find(ctl, args)) {
		return ctl_well(ctl, store_status(ctl->store)) ? EXIT_NO
							       : EXIT_DATABASE;
	}
	return command->check != NULL ? command->check(ctl) : EXIT_FINE;
}

/* Run a verb in its bracket. */
static enum exit_status
run_verb(struct ctl *ctl, const struct command *command, struct args *args)
{
	enum exit_status status;
	enum store_result result = STORE_OK;

	if (!open_database(ctl, command->access)) {
		return EXIT_DATABASE;
	}
	status = find_refs(ctl, command, args);
	if (status != EXIT_FINE) {
		return status;
	}
	if (command->access == ACCESS_READ) {
		store_read(ctl->store);
	} else if (command->access == ACCESS_WRITE) {
		store_begin(ctl->store);
	}
	if (command->access == ACCESS_WRITE &&
	    args->value[OPTION_DRY_RUN] != NULL) {
		store_rehearse(ctl->store);
		output_say("dry run: this would be done, and is not");
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

/* What reads the configuration itself, and no database. */
static enum exit_status
run_alone(
    const char *file, const struct command *command, const struct args *args)
{
	struct ctl ctl = { .file = file, .args = args, .now = proc_now() };
	enum exit_status status;

	output_init(ctl_format(args), false);
	status = command->run(&ctl);
	(void)output_close(true);
	return status;
}

/* Everything that can be refused is refused before the database is touched. */
static enum exit_status
run(const char *file, const struct command *command, struct args *args)
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
	output_init(ctl_format(args), keep);
	if (names_any(args, TARGET_NAME) && !targets_look_up(args)) {
		status = EXIT_NO;
	} else if (command->check != NULL && !names_any(args, TARGET_REF)) {
		status = command->check(&ctl);
	}
	if (status == EXIT_FINE) {
		status = run_verb(&ctl, command, args);
	}
	store_close(ctl.store);
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

/* "help ban" is "ban --help". */
static enum exit_status
help(const struct args *args)
{
	const struct command *command = command_find(
	    args->word + 1, args->words - 1);

	if (args->words == 1) {
		commands_help(stdout);
	} else if (command == NULL &&
		   (args->words != 2 ||
		       !commands_help_of(stdout, args->word[1]))) {
		command_unknown(args->word + 1, args->words - 1);
		return EXIT_USAGE;
	} else if (command != NULL &&
		   command_misspelt(command, args->word + 1, args->words - 1)) {
		return EXIT_USAGE;
	} else if (command != NULL) {
		command_help(stdout, command);
	}
	return EXIT_FINE;
}

static enum exit_status
speak(const char *file, char *const *argv)
{
	static struct args args; /* too large for a stack */
	const struct command *command;
	size_t skip;

	if (argv[0] != NULL && strcmp(argv[0], "complete") == 0) {
		return complete(file, argv + 1);
	}
	args_split(argv, &args);
	command = command_find(args.word, args.words);
	if (args.words == 0) {
		output_complain(
		    "a verb is missing (\"videur help\" lists them)");
		return EXIT_USAGE;
	}
	if (strcmp(args.word[0], "help") == 0) {
		return help(&args);
	}
	if (command == NULL && args.value[OPTION_HELP] != NULL &&
	    args.words == 1 && commands_help_of(stdout, args.word[0])) {
		return EXIT_FINE;
	}
	if (command == NULL) {
		command_unknown(args.word, args.words);
		return EXIT_USAGE;
	}
	if (args.value[OPTION_HELP] != NULL) {
		command_help(stdout, command);
		return EXIT_FINE;
	}
	skip = command_words(command);
	if (command_lists(command) && args.words > skip &&
	    strcmp(args.word[skip], "list") == 0) {
		skip++;
	}
	if (args.words > skip &&
	    command_misspelt(command, args.word, args.words)) {
		return EXIT_USAGE;
	}
	if (!args_read(&args, command->word[0], skip, &command->syntax)) {
		output_complain("%s", args.error);
		if (!args.meant) {
			command_usage(command);
		}
		return EXIT_USAGE;
	}
	if (args.value[OPTION_UTC] != NULL) {
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
		(void)setenv("TZ", "UTC", 1);
		tzset();
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
		commands_help(help);
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
