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

#include "base/words.h"
#include "core/kind.h"
#include "ctl/target.h"

enum {
	ARGS_WORDS_MAX = 512, /* a shell's "mail.log*" may be many */
	ARGS_MAX = 3,         /* arguments of one verb */
	ARGS_ERROR_SIZE = 320,
	ARGS_DETAIL_MAX = 200
};

/* What a word or the value of an option is. */
enum argument {
	ARGUMENT_END,
	ARGUMENT_OPTIONAL, /* none itself: what follows may be left out */
	/* One of whom: */
	ARGUMENT_ADDRESS, /* an address or a ref */
	ARGUMENT_WHO,     /* the same, or a network */
	/* All words that are left, "-" for those of standard input: */
	ARGUMENT_ASKED,    /* addresses, refs and names of hosts */
	ARGUMENT_AMONG,    /* the same, and networks */
	ARGUMENT_WHOM,     /* addresses, networks and refs; or "all" */
	ARGUMENT_DURATION, /* "2h" */
	ARGUMENT_KIND,     /* "spam" */
	ARGUMENT_FILE,     /* a path that need not exist */
	ARGUMENT_FILES,    /* paths or "-": all words that are left */
	ARGUMENT_TEXT,     /* a text or "-": all words that are left */
	ARGUMENT_FORM,     /* of an export, and a command: all that are left */
	/* of options only */
	ARGUMENT_DETAIL,
	ARGUMENT_FORMAT,
	ARGUMENT_JAILS, /* "NAME=REASON,..." */
	ARGUMENT_HOST,  /* the name of one, or of a domain */
	ARGUMENT_MAIL,  /* an address */
	ARGUMENT_NOTE,
	ARGUMENT_NUMBER,
	ARGUMENT_PEER, /* a host of those that share */
	ARGUMENT_POLICY,
	ARGUMENT_REASON,
	ARGUMENT_RULE,
	ARGUMENT_SERVICE,
	ARGUMENT_SINCE, /* a time, or a duration before now */
	ARGUMENT_SORT,
	ARGUMENT_TIME
};

enum args_option {
	OPTION_ALL,
	OPTION_AT,
	OPTION_BANS,
	OPTION_CHANGES,
	OPTION_COMPARE,
	OPTION_CONFIG,
	OPTION_CSV,
	OPTION_DAYS,
	OPTION_DETAIL,
	OPTION_DRY_RUN,
	OPTION_FIX,
	OPTION_FOR,
	OPTION_FORCE,
	OPTION_FORMAT,
	OPTION_HELP,
	OPTION_HOST,
	OPTION_INTERVAL,
	OPTION_JAIL,
	OPTION_JSON,
	OPTION_KIND,
	OPTION_LIMIT,
	OPTION_LONG,
	OPTION_MAIL,
	OPTION_MISTAKE,
	OPTION_NAME,
	OPTION_NOTE,
	OPTION_NO_RELOAD,
	OPTION_ONCE,
	OPTION_OUT,
	OPTION_POLICY,
	OPTION_POSTFIX,
	OPTION_REASON,
	OPTION_RULE,
	OPTION_SAY,
	OPTION_SENDMAIL,
	OPTION_SERVICE,
	OPTION_SINCE,
	OPTION_SORT,
	OPTION_SPF,
	OPTION_SUSPECTS,
	OPTION_SVG,
	OPTION_UNDO,
	OPTION_UNMATCHED,
	OPTION_UTC,
	OPTION_WATCH,
	OPTION_YES,
	OPTION_COUNT
};

/* What each option is; `value` is ARGUMENT_END where it takes none. */
struct option_kind {
	const char *name; /* "--note" */
	char letter;      /* 'h' of "-h", or 0 */
	enum argument value;
	const char *shown; /* "T": how help names its value */
	const char *help;
};
extern const struct option_kind args_options[OPTION_COUNT];

/* By what `list` can be sorted. */
enum sort_key {
	SORT_ENDS,
	SORT_BEGINS,
	SORT_ADDRESS,
	SORT_REASON,
	SORT_RULE,
	SORT_STEP,
	SORT_HITS,
	SORT_KEYS
};
extern const struct words sort_words;

/* How `export fbl` writes. */
enum fbl_format {
	FBL_CSV,
	FBL_JSON,
	FBL_ARF
};
extern const struct words format_words;

/* What a verb takes. */
struct syntax {
	enum argument argument[ARGS_MAX + 1]; /* in order */
	uint64_t options; /* UINT64_C(1) << OPTION_ALL ... */
};

/* All texts are borrowed. */
struct args {
	const char *word[ARGS_WORDS_MAX];
	size_t words;
	/* As it was given, of one without a value its name; NULL: it was
	 * not given. */
	const char *value[OPTION_COUNT];
	const char *second;          /* value of --compare, which has two */
	char error[ARGS_ERROR_SIZE]; /* the first thing wrong, or empty */
	bool meant;                  /* and it says what can stand there */

	/* ---- what args_read() understood; 0 where it was not given ---- */
	size_t targets; /* in `target` */
	bool several;   /* more than one may be answered */
	int64_t duration;
	enum kind kind;
	enum reason reason;
	enum service service;
	enum sort_key sort;
	enum fbl_format format;
	int64_t at;
	int64_t since; /* negative: so many seconds before now */
	int64_t limit;
	/* Paths, or a text's words: the last of `word`. */
	const char *const *file;
	size_t files;
	struct target target[ARGS_WORDS_MAX]; /* large: the last */
};

/* Tell options from words, of which NULL is the end; an error stays in
 * `out->error`. */
void args_split(char *const *argv, struct args *out);

/* Understand the words behind the first `skip` of them, and the options;
 * `verb` is named where it does not take one.  Reads standard input where "-"
 * stands for targets.  False with `args->error`. */
bool args_read(struct args *args, const char *verb, size_t skip,
    const struct syntax *syntax);

/* Whether a verb takes that option. */
bool args_takes(const struct syntax *syntax, enum args_option option);

/* The reason that "NAME=REASON,..." gives a name; false where it gives it none,
 * and for NULL. */
bool args_jail(const char *jails, const char *name, enum reason *reason);

#endif
