/*
 * videur: the administrator's command.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/proc.h"
#include "conf/conf.h"
#include "ctl/args.h"
#include "ctl/commands.h"
#include "ctl/ctl.h"
#include "ctl/output.h"
#include "store/store.h"

/* What stands before the verb. */
struct opening {
	const char *file; /* NULL: the default */
	bool help;
	bool version;
	bool wrong;
};

static struct opening
read_opening(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	struct opening opening = { .file = NULL };
	int option;

	/* There is one thread. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while ((option = getopt_long(argc, argv, "+c:Vh", longs, NULL)) != -1) {
		if (option == 'c') {
			opening.file = optarg;
		} else if (option == 'h') {
			opening.help = true;
		} else if (option == 'V') {
			opening.version = true;
		} else {
			opening.wrong = true;
		}
	}
	return opening;
}

static enum exit_status
unknown_command(const struct args_words *words)
{
	if (words->words == 0) {
		output_complain("a verb is missing");
	} else {
		const char *near = command_nearest(words->word[0]);

		output_complain("unknown verb \"%s\"%s%s%s", words->word[0],
		    near != NULL ? ": did you mean \"" : "",
		    near != NULL ? near : "", near != NULL ? "\"?" : "");
	}
	command_help(stderr);
	return EXIT_USAGE;
}

/* Everything that can be refused is refused before the database is touched. */
static enum exit_status
run_command(const struct command *command, struct ctl *ctl)
{
	enum exit_status status = EXIT_FINE;

	if (command->check != NULL) {
		status = command->check(ctl);
	}
	if (status == EXIT_FINE) {
		status = ctl_open(ctl, command->mode) ? command->run(ctl)
						      : EXIT_DATABASE;
	}
	if (ctl->store != NULL) {
		store_close(ctl->store);
	}
	if (ctl->spool != NULL) {
		(void)fclose(ctl->spool);
	}
	return status;
}

static enum output_format
args_format(const struct args *args)
{
	if (args_given(args, OPTION_JSON)) {
		return OUTPUT_JSON;
	}
	return args_given(args, OPTION_CSV) ? OUTPUT_CSV : OUTPUT_TEXT;
}

static enum exit_status
run(const char *file, const struct command *command, const struct args *args)
{
	char error[CONF_ERROR_SIZE] = "";
	struct conf *conf = conf_load(file, error);
	struct ctl ctl = {
		.conf = conf,
		.file = file,
		.args = *args,
		.now = proc_now(),
	};
	enum exit_status status;

	if (conf == NULL) {
		output_wrong(error);
		return EXIT_USAGE;
	}
	output_init(&ctl.out, args_format(args));
	status = run_command(command, &ctl);
	conf_drop(conf);
	if (!output_close(&ctl.out)) {
		output_complain("standard output: %s", strerrordesc_np(errno));
		return status > EXIT_USAGE ? status : EXIT_USAGE;
	}
	return status;
}

static enum exit_status
speak(const char *file, const char *const *argv, size_t count)
{
	const struct command *command;
	struct args_words words;
	struct args args;
	char error[ARGS_ERROR_SIZE];

	args_split(argv, count, &words);
	command = command_find(&words);
	if (words.words == 1 && strcmp(words.word[0], "help") == 0) {
		command_help(stdout);
		return EXIT_FINE;
	}
	if (command == NULL) {
		return unknown_command(&words);
	}
	if ((words.given & option_bit(OPTION_HELP)) != 0) {
		command_usage(stdout, command);
		return EXIT_FINE;
	}
	if (!args_read(&words, command->word[0], command_length(command),
		&command->grammar, &args, error)) {
		output_complain("%s", error);
		command_usage(stderr, command);
		return EXIT_USAGE;
	}
	return run(file, command, &args);
}

int
main(int argc, char **argv)
{
	struct opening opening = read_opening(argc, argv);

	log_init("videur");
	tzset();
	if (opening.wrong) {
		command_help(stderr);
		return EXIT_USAGE;
	}
	if (opening.help) {
		command_help(stdout);
	} else if (opening.version) {
		printf("videur %s\n", VIDEUR_VERSION);
	} else {
		return (int)speak(opening.file,
		    (const char *const *)argv + optind,
		    (size_t)(argc - optind));
	}
	return EXIT_FINE;
}
