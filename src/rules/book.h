/*
 * Rule files, read into one ordered list of rules.
 */
#ifndef RULES_BOOK_H
#define RULES_BOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "rules/pattern.h"
#include "rules/rules.h"
#include "rules/tags.h"

enum {
	BOOK_PATTERNS_MAX = 512, /* of all rules together */
	BOOK_MATCH_MAX = 24,     /* patterns of one rule */
	BOOK_SOURCE_SIZE = 33,
	BOOK_ABOUT_SIZE = 121,
	BOOK_FILE_SIZE = 256
};

struct book_patterns {
	struct pattern item[BOOK_MATCH_MAX];
	size_t items;
};

struct book_rule {
	char name[RULES_NAME_SIZE];
	char file[BOOK_FILE_SIZE];
	char about[BOOK_ABOUT_SIZE];
	char source[BOOK_SOURCE_SIZE];
	enum finding_what what; /* FINDING_NOTHING: what matches is ignored */
	enum kind kind;         /* KIND_COUNT where none is given */
	int64_t events;
	bool milter_saw;
	struct tags tags;
	struct tags not_tags;
	struct book_patterns match;
	struct book_patterns not_match;
	char *tags_text; /* both, for people */
};

/* All zero to begin with. */
struct book {
	struct book_rule **rule;
	size_t rules;
	size_t patterns; /* of all `match` together */
	/* The file being read: its name and what it says of its rules. */
	const char *file;
	char source[BOOK_SOURCE_SIZE];
};

/* Add the rules of a file's text; `file` is its name in messages.  False with
 * `error` as "FILE:LINE: what". */
bool book_read(struct book *book, const char *file, const char *text,
    char error[static RULES_ERROR_SIZE]);
void book_clear(struct book *book);

/* Whether the rule looks at lines of that daemon. */
bool book_rule_wants(const struct book_rule *rule, const char *tag, size_t len);

#endif
