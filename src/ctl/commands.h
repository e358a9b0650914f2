/*
 * What the command takes, as a table: verbs, their words and options, and their
 * help.
 */
#ifndef CTL_COMMANDS_H
#define CTL_COMMANDS_H

#include <stddef.h>
#include <stdio.h>

#include "base/proc.h"
#include "ctl/args.h"
#include "store/store.h"

struct ctl;

enum {
	COMMAND_WORDS_MAX = 2
};

struct command {
	const char *word[COMMAND_WORDS_MAX]; /* what it begins with */
	const char *usage;                   /* what follows those words */
	const char *help;                    /* one line */
	struct grammar grammar;
	/* What can be refused without the database, or NULL; it has said why
	 * where it gives back anything but EXIT_FINE. */
	enum exit_status (*check)(struct ctl *ctl);
	enum store_mode mode;
	enum exit_status (*run)(struct ctl *ctl);
};

/* The one that begins with most of these words, or NULL. */
const struct command *command_find(const struct args_words *words);

/* The verb nearest to a word that is none, or NULL. */
const char *command_nearest(const char *word);

/* How many words it begins with. */
size_t command_length(const struct command *command);

/* Its usage line; of one that begins with a single word, those of all that
 * begin with it. */
void command_usage(FILE *to, const struct command *command);

/* All of them with their help. */
void command_help(FILE *to);

#endif
