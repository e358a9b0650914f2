/*
 * The verbs: what each takes, as one table that running, help, usage and the
 * completion of shells read.
 */
#ifndef CTL_COMMANDS_H
#define CTL_COMMANDS_H

#include <stddef.h>
#include <stdio.h>

#include "ctl/ctl.h"

enum {
	COMMAND_WORDS_MAX = 2
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
	const char *usage;                   /* what follows, but options */
	const char *help;                    /* one line */
	const char *example;                 /* behind "videur " */
	struct syntax syntax;
	enum access access;
	verb *run;
	/* What can be refused without the database, or NULL; it has said why
	 * where it gives back anything but EXIT_FINE. */
	verb *check;
};

extern const struct command commands[];
extern const size_t commands_count;

/* How many words it begins with. */
size_t command_words(const struct command *command);

/* The one that these words begin; NULL where there is none. */
const struct command *command_find(const char *const *word, size_t words);

/* Whether "list" may follow, and means the same. */
bool command_lists(const struct command *command);

/* Say in one line that these words begin no verb, and which one may be meant. */
void command_unknown(const char *const *word, size_t words);
/* Whether the verb has to have been meant as another: "allow ad".  Then it has
 * said so. */
bool command_misspelt(
    const struct command *command, const char *const *word, size_t words);

/* "usage: videur allow add NET [OPTION...]" on standard error. */
void command_usage(const struct command *command);

/* All of them in short; one, and where it is a verb alone those that begin with
 * it, in full. */
void commands_help(FILE *to);
void command_help(FILE *to, const struct command *command);
/* Those that begin with that word; false where there is none. */
bool commands_help_of(FILE *to, const char *first);

#endif
