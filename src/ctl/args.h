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

/* What a word or the value of an option is. */
enum argument {
	ARGUMENT_END,
	ARGUMENT_ADDRESS,  /* one address */
	ARGUMENT_WHO,      /* an address or a network */
	ARGUMENT_WHOM,     /* the same, or "all" */
	ARGUMENT_DURATION, /* "2h" */
	ARGUMENT_KIND,     /* "spam" */
	ARGUMENT_FILES,    /* paths or "-": all words that are left */
	ARGUMENT_TEXT,     /* a text or "-": all words that are left */
	/* of options only */
	ARGUMENT_DETAIL,
	ARGUMENT_FOLDER,
	ARGUMENT_LASTING, /* the duration of --for */
	ARGUMENT_NOTE,
	ARGUMENT_POLICY,
	ARGUMENT_REASON,
	ARGUMENT_TIME
};

enum {
	OPTION_COUNT = 15
};

enum args_option {
	OPTION_ALL = 1U << 0,
	OPTION_AT = 1U << 1,
	OPTION_COMPARE = 1U << 2,
	OPTION_CSV = 1U << 3,
	OPTION_DETAIL = 1U << 4,
	OPTION_FIX = 1U << 5,
	OPTION_FOR = 1U << 6,
	OPTION_HELP = 1U << 7,
	OPTION_JSON = 1U << 8,
	OPTION_MISTAKE = 1U << 9,
	OPTION_NOTE = 1U << 10,
	OPTION_POLICY = 1U << 11,
	OPTION_POSTFIX = 1U << 12,
	OPTION_REASON = 1U << 13,
	OPTION_UNMATCHED = 1U << 14
};

/* What a verb takes. */
struct syntax {
	enum argument argument[ARGS_MAX + 1]; /* all needed, in order */
	uint32_t options;                     /* args_option */
};

/* Words and options apart, not yet understood; all borrowed. */
struct args_words {
	const char *word[ARGS_WORDS_MAX];
	size_t words;
	const char *value[OPTION_COUNT]; /* NULL where there is none */
	const char *second;              /* value of the one that has two */
	uint32_t given;                  /* args_option */
	char error[ARGS_ERROR_SIZE];     /* the first thing wrong, or empty */
};

/* The fields of arguments and options that were not given are 0. */
struct args {
	uint32_t given; /* args_option */
	struct addr address;
	struct net who; /* a single address is the network of 128 bits */
	char complaint[NET_COMPLAINT_SIZE]; /* about a network */
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
 * `verb` is named where it does not take one.  False with `from->error`. */
bool args_read(struct args_words *from, const char *verb, size_t skip,
    const struct syntax *syntax, struct args *out);

static inline bool
args_given(const struct args *args, enum args_option option)
{
	return (args->given & option) != 0;
}

#endif
