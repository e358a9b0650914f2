/*
 * Rule files, read into one ordered list of log rules.
 */
#ifndef RULES_RULE_FILE_H
#define RULES_RULE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "rules/pattern.h"
#include "rules/rules.h"

enum {
	RULE_LIST_MAX = 24,      /* patterns or tags in one list of a rule */
	RULE_PATTERNS_MAX = 512, /* to match, of all rules together */
	RULE_TAG_SIZE = 64,
	RULE_SOURCE_SIZE = 33,
	RULE_ABOUT_SIZE = 121,
	RULE_FILE_SIZE = 256
};

/* Daemon tags: "postfix/smtpd", or with '*' for anything, nothing
 * included. */
struct rule_tags {
	char item[RULE_LIST_MAX][RULE_TAG_SIZE];
	size_t items;
};

struct rule_patterns {
	struct pattern item[RULE_LIST_MAX];
	size_t items;
};

struct log_rule {
	char name[RULES_NAME_SIZE];
	char file[RULE_FILE_SIZE];
	char stem[RULE_FILE_SIZE]; /* as struct finding.file has it */
	char about[RULE_ABOUT_SIZE];
	char source[RULE_SOURCE_SIZE];
	enum finding_what what; /* FINDING_NOTHING: what matches is ignored */
	enum kind kind;         /* KIND_COUNT where none is given */
	int64_t events;
	enum {
		MILTER_BLIND,
		MILTER_SAW,
		MILTER_NEVER /* nor could it */
	} milter_saw;
	struct rule_tags tags;
	struct rule_tags not_tags;
	struct rule_patterns match;
	struct rule_patterns not_match;
};

/* One pattern and the rule it stands in. */
struct probe {
	const struct pattern *pattern;
	const struct log_rule *rule;
	char first; /* the pattern's first byte, '\0' where it may be any */
};

/* All zero to begin with. */
struct rules {
	struct log_rule **rule; /* in the order they are tried */
	size_t rules;
	size_t patterns;     /* of all `match` together */
	struct probe *probe; /* these patterns, once all files are read */
	/* The file being read: its name and what it says of its rules. */
	const char *file;
	char source[RULE_SOURCE_SIZE];
};

/* Add the rules of a file's text; `file` is its name in messages.  False with
 * `error`, a line "FILE:LINE:COLUMN: what" for each; what was added stays. */
bool rule_file_read(struct rules *rules, const char *file, const char *text,
    char error[static RULES_ERROR_SIZE]);

/* Forget all of them. */
void rule_file_clear(struct rules *rules);

/* Whether the rule looks at lines of that daemon. */
bool log_rule_wants(const struct log_rule *rule, const char *tag);

#endif
