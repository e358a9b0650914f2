#include "ctl/complete.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "core/policy.h"
#include "ctl/commands.h"
#include "export/forms.h"

enum {
	OFFERS = 200, /* of the database */
	LOOKED = 20000,
	TIMEOUT_MS = 200
};

static struct {
	const char *file;  /* of the configuration, or NULL */
	const char *begun; /* the word at the cursor */
	const char *stem;  /* what stands before each candidate: "--reason=" */
	int64_t offers;
	int64_t looked;
	int64_t now;
} shell;

/* False once there are enough. */
static bool
offer(const char *word, const char *what)
{
	const size_t stem = strlen(shell.stem);

	if (strncmp(shell.begun, shell.stem, stem) != 0 ||
	    strncmp(word, shell.begun + stem, strlen(shell.begun + stem)) !=
		0 ||
	    !text_is_plain(word)) {
		return true;
	}
	printf("%s%s\t%s\n", shell.stem, word, what);
	return ++shell.offers < OFFERS;
}

/* ---- from the database and the configuration ---- */

static bool
offer_ban(void *to, const struct ban *ban)
{
	const char *who = piece_net(&ban->who);
	const char *reason = reason_name(ban->reason);
	const char *left = piece_short(ban->ends - shell.now);

	(void)to;
	return offer(who, piece("%s, %s left, %s", reason, left, ban->ref)) &&
	       offer(ban->ref, piece("%s, %s left, %s", reason, left, who)) &&
	       ++shell.looked < LOOKED;
}

static void
offer_allow(void *to, const struct allow *allow)
{
	(void)to;
	(void)offer(piece_net(&allow->net),
	    text_is_plain(allow->note) ? allow->note : "");
}

/* Who is banned, or allowed. */
static void
offer_known(bool allowed)
{
	const struct ban_query active = {
		.scope = BAN_ANYBODY,
		.active_at = shell.now,
		.observed = true,
	};
	char error[CONF_ERROR_SIZE];
	char why[STORE_ERROR_SIZE];
	struct conf *conf = conf_load(shell.file, error);
	struct store *store = NULL;

	if (conf != NULL && store_open(&store, conf->database, STORE_READ,
				TIMEOUT_MS, why) == STORE_OK) {
		if (allowed) {
			store_allow_each(store, shell.now, offer_allow, NULL);
		} else {
			store_ban_each(store, &active, offer_ban, NULL);
		}
		store_close(store);
	}
	conf_drop(conf);
}

static void
offer_rules(void)
{
	char error[CONF_ERROR_SIZE];
	struct conf *conf = conf_load(shell.file, error);

	(void)offer(BAN_RULE_MANUAL, "by hand");
	for (size_t i = 0; conf != NULL && i < conf->policy.rules; i++) {
		(void)offer(conf->policy.rule[i].name, "");
	}
	conf_drop(conf);
}

static void
offer_policy(void *to, const char *name)
{
	(void)to;
	(void)offer(name, "");
}

/* ---- what a word or a value may be ---- */

/* An argument that is one of some words; false for all others. */
static bool
offer_word(enum argument argument)
{
	static const char *const lasts[] = { "2h", "12h", "1d", "7d", "4w",
		"1y", "forever" };
	static const struct words durations = WORDS_OF(lasts);
	static const struct {
		enum argument argument;
		const struct words *words;
	} of[] = {
		{ ARGUMENT_DURATION, &durations },
		{ ARGUMENT_SINCE, &durations },
		{ ARGUMENT_KIND, &kind_words },
		{ ARGUMENT_REASON, &reason_words },
		{ ARGUMENT_SERVICE, &service_words },
		{ ARGUMENT_SORT, &sort_words },
		{ ARGUMENT_FORMAT, &format_words },
		{ ARGUMENT_FORM, &export_words },
	};

	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		if (of[i].argument == argument) {
			for (size_t j = 0; j < of[i].words->count; j++) {
				(void)offer(words_at(of[i].words, j), "");
			}
			return true;
		}
	}
	return false;
}

static void
offer_argument(const struct command *command, enum argument argument)
{
	if (offer_word(argument)) {
		return;
	}
	if (argument == ARGUMENT_WHOM) {
		(void)offer("all", "everybody");
		offer_known(false);
	} else if (argument == ARGUMENT_ADDRESS || argument == ARGUMENT_WHO ||
		   argument == ARGUMENT_ASKED || argument == ARGUMENT_AMONG) {
		offer_known(command->run == allow_remove);
	} else if (argument == ARGUMENT_POLICY) {
		conf_policy_each(offer_policy, NULL);
	} else if (argument == ARGUMENT_RULE) {
		offer_rules();
	} else if (argument == ARGUMENT_FILE || argument == ARGUMENT_FILES) {
		puts(":file");
	}
}

/* ---- verbs ---- */

/* Those that may follow these words: of "allow" also "add". */
static void
offer_verbs(const char *const *word, size_t words)
{
	for (size_t i = 0; i < commands_count && words < COMMAND_WORDS_MAX;
	     i++) {
		const struct command *command = &commands[i];
		const bool first = i == 0 || strcmp(commands[i - 1].word[0],
						 command->word[0]) != 0;

		if (words == 0 && first) {
			(void)offer(command->word[0], command->help);
		} else if (words == 1 && command->word[1] != NULL &&
			   strcmp(word[0], command->word[0]) == 0) {
			(void)offer(command->word[1], command->help);
		} else if (words == 1 && command_lists(command) &&
			   strcmp(word[0], command->word[0]) == 0) {
			(void)offer("list", command->help);
		}
	}
	if (words == 0) {
		(void)offer("help", "what there is, or what a verb takes");
	}
}

static void
offer_options(const struct command *command)
{
	for (enum args_option i = 0; i < OPTION_COUNT; i++) {
		const struct option_kind *option = &args_options[i];

		if (args_takes(&command->syntax, i)) {
			(void)offer(option->name, option->help);
		}
	}
}

/* The words before the one at the cursor, without options. */
struct before {
	const char *word[ARGS_WORDS_MAX];
	size_t words;
	const struct option_kind *asks; /* for a value, which is begun */
	bool ended;                     /* by "--" */
};

/* The option that a word names, up to '='. */
static const struct option_kind *
option_of(const char *word)
{
	const size_t len = strcspn(word, "=");

	for (enum args_option i = 0; i < OPTION_COUNT; i++) {
		if (strlen(args_options[i].name) == len &&
		    strncmp(args_options[i].name, word, len) == 0) {
			return &args_options[i];
		}
	}
	return NULL;
}

static void
read_before(char *const *argv, struct before *out)
{
	const struct option_kind *option;
	int values = 0; /* that are still due */

	for (; argv[0] != NULL && argv[1] != NULL; argv++) {
		const char *word = argv[0];

		if (values > 0) {
			values--;
		} else if (!out->ended && strcmp(word, "--") == 0) {
			out->ended = true;
		} else if (!out->ended && word[0] == '-' && word[1] != '\0') {
			option = option_of(word);
			if (option != NULL && option->value != ARGUMENT_END) {
				out->asks = option;
				values = 1 - (strchr(word, '=') != NULL) +
					 (option ==
					     &args_options[OPTION_COMPARE]);
			}
		} else if (out->words < ARGS_WORDS_MAX) {
			out->word[out->words++] = word;
		}
	}
	out->asks = values > 0 ? out->asks : NULL;
}

/* Which of a verb's arguments the next word is. */
static enum argument
next_argument(const struct command *command, const struct before *before)
{
	const enum argument *argument = command->syntax.argument;
	size_t words = before->words - command_words(command);

	for (;; argument++) {
		if (*argument == ARGUMENT_OPTIONAL) {
			continue;
		}
		if (*argument == ARGUMENT_END || words == 0 ||
		    (*argument >= ARGUMENT_ASKED &&
			*argument <= ARGUMENT_WHOM) ||
		    *argument == ARGUMENT_FILES) {
			return *argument;
		}
		words--;
	}
}

static void
offer_for_verb(const struct before *before)
{
	const struct command *command = command_find(
	    before->word, before->words);
	const struct option_kind *option = option_of(shell.begun);
	const char *equals = strchr(shell.begun, '=');
	static char stem[ARGS_ERROR_SIZE]; /* shell.stem may be it */

	if (command == NULL) {
		offer_verbs(before->word, before->words);
	} else if (before->asks != NULL) {
		offer_argument(command, before->asks->value);
	} else if (!before->ended && option != NULL && equals != NULL) {
		(void)snprintf(stem, sizeof(stem), "%s=", option->name);
		shell.stem = stem;
		offer_argument(command, option->value);
	} else if (!before->ended && shell.begun[0] == '-') {
		offer_options(command);
	} else {
		enum argument next = next_argument(command, before);

		if (before->words == 1) {
			offer_verbs(before->word, before->words);
		}
		offer_argument(command, next);
		if (next == ARGUMENT_END) {
			offer_options(command);
		}
	}
}

enum exit_status
complete(const char *file, char *const *argv)
{
	static struct before before; /* too large for a stack */
	size_t last = 0;

	shell.file = file;
	shell.stem = "";
	shell.now = proc_now();
	while (argv[0] != NULL && argv[1] != NULL && argv[0][0] == '-') {
		if (strcmp(argv[0], "-c") == 0) {
			if (argv[2] == NULL) {
				puts(":file");
				return EXIT_FINE;
			}
			shell.file = argv[1];
			argv++;
		}
		argv++;
	}
	while (argv[last] != NULL && argv[last + 1] != NULL) {
		last++;
	}
	shell.begun = argv[0] != NULL ? argv[last] : "";
	read_before(argv, &before);
	if (before.words == 0 && shell.begun[0] == '-') {
		(void)offer("-c", "read another configuration");
		(void)offer("-h", "print help");
		(void)offer("-V", "print the version");
	} else if (before.words > 0 && strcmp(before.word[0], "help") == 0) {
		offer_verbs(before.word + 1, before.words - 1);
	} else {
		offer_for_verb(&before);
	}
	return EXIT_FINE;
}
