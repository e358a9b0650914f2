/*
 * The words behind the verb, as values.
 *
 * Options may stand anywhere among the words, "--note T" or "--note=T"; "--"
 * ends them.  What is wrong comes back as one sentence without a full stop;
 * the caller says where it stood.
 */
#ifndef CTL_ARGS_H
#define CTL_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "core/kind.h"

enum {
	ARGS_WORDS_MAX = 512, /* a shell's "mail.log*" may be many */
	ARGS_MAX = 3,         /* arguments of one verb */
	ARGS_ERROR_SIZE = 256,
	ARGS_DETAIL_MAX = 200
};

enum argument {
	ARGUMENT_END,
	ARGUMENT_ADDRESS,  /* one address */
	ARGUMENT_WHO,      /* an address or a network */
	ARGUMENT_WHOM,     /* the same, or "all" */
	ARGUMENT_DURATION, /* "2h" */
	ARGUMENT_KIND,     /* "spam" */
	ARGUMENT_FILES,    /* paths or "-": all words that are left */
	ARGUMENT_TEXT      /* a text or "-": all words that are left */
};

enum args_option {
	OPTION_ALL,
	OPTION_AT,
	OPTION_COMPARE,
	OPTION_CSV,
	OPTION_DETAIL,
	OPTION_FIX,
	OPTION_FOR,
	OPTION_HELP,
	OPTION_JSON,
	OPTION_MISTAKE,
	OPTION_NOTE,
	OPTION_POLICY,
	OPTION_POSTFIX,
	OPTION_REASON,
	OPTION_UNMATCHED,
	OPTION_COUNT
};

static inline uint32_t
option_bit(enum args_option option)
{
	return UINT32_C(1) << option;
}

/* What a verb takes. */
struct syntax {
	enum argument argument[ARGS_MAX + 1]; /* all needed, in order */
	uint32_t options;                     /* option_bit() of each */
};

/* Words and options apart, not yet understood; all borrowed. */
struct args_words {
	const char *word[ARGS_WORDS_MAX];
	size_t words;
	const char *value[OPTION_COUNT]; /* NULL where there is none */
	const char *second;              /* value of the one that has two */
	uint32_t given;                  /* option_bit() of each */
	char error[ARGS_ERROR_SIZE];     /* the first thing wrong, or empty */
};

/* The fields of arguments and options that were not given are 0. */
struct args {
	uint32_t given; /* option_bit() of each */
	struct addr address;
	struct net who; /* a single address is the network of 128 bits */
	bool single;    /* `who` was written as an address */
	bool everybody; /* "all" stood for `who` */
	int64_t duration;
	enum kind kind;
	enum reason reason;
	const char *note;   /* borrowed */
	const char *detail; /* borrowed */
	int64_t at;
	int64_t lasting; /* --for */
	/* --policy, or both of --compare; NULL where not given. */
	const char *policy[2];
	const char *postfix; /* --postfix; borrowed */
	/* Paths, or a text's words; borrowed, as the texts in it. */
	const char *const *file;
	size_t files;
};

/* Tell options from words; an error stays in `out->error`. */
void args_split(const char *const *argv, size_t count, struct args_words *out);

/* Understand the words behind the first `skip` of them, and the options;
 * `verb` is named where it does not take one. */
bool args_read(const struct args_words *from, const char *verb, size_t skip,
    const struct syntax *syntax, struct args *out,
    char error[static ARGS_ERROR_SIZE]);

static inline bool
args_given(const struct args *args, enum args_option option)
{
	return (args->given & option_bit(option)) != 0;
}

#endif
