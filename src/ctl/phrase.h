/*
 * The command's grammar, as a table of phrases.
 */
#ifndef CTL_PHRASE_H
#define CTL_PHRASE_H

#include <stddef.h>
#include <stdio.h>

#include "base/proc.h"
#include "ctl/args.h"
#include "store/store.h"

struct ctl;

enum {
	PHRASE_WORDS_MAX = 2
};

struct phrase {
	const char *word[PHRASE_WORDS_MAX]; /* what it begins with */
	const char *usage;                  /* what follows those words */
	const char *help;                   /* one line */
	struct grammar grammar;
	/* What can be refused without the database, or NULL; it has said why
	 * where it gives back anything but EXIT_FINE. */
	enum exit_status (*check)(struct ctl *ctl);
	enum store_mode mode;
	enum exit_status (*run)(struct ctl *ctl);
};

/* The phrase that begins with most of these words, or NULL. */
const struct phrase *phrase_find(const struct args_words *words);

/* How many words it begins with. */
size_t phrase_length(const struct phrase *phrase);

/* The usage line of a phrase; of one that begins with a single word, those of
 * all that begin with it. */
void phrase_usage(FILE *to, const struct phrase *phrase);

/* Every phrase with its help. */
void phrase_help(FILE *to);

#endif
