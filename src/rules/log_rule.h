/*
 * A rule, compiled, and the file it comes from.
 *
 * The language of patterns is PCRE2's, on bytes, with a few words in braces
 * for what log lines are made of ({client}, {queue} ...; the table is in
 * pattern.c).  A pattern stands at the beginning of the message, always; plain
 * parentheses do not capture.  A line's end in a pattern stands for nothing,
 * with the blanks around it ("\ " is one that stays).  Only named groups are
 * read; one name may be used in several alternatives.
 */
#ifndef RULES_LOG_RULE_H
#define RULES_LOG_RULE_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "rules/rules.h"

enum {
	RULE_LIST_MAX = 24,      /* patterns or tags in one list of a rule */
	RULE_PATTERNS_MAX = 512, /* to match, of all rules together */
	RULE_TAG_SIZE = 64,
	RULE_SOURCE_SIZE = 33,
	RULE_ABOUT_SIZE = 121,
	RULE_FILE_SIZE = 256,
	PATTERN_PREFIX_MAX = 48,
	PATTERN_SAME_MAX = 4 /* groups of one name */
};

enum pattern_group {
	GROUP_IP,
	GROUP_USER,
	GROUP_QUEUE,
	GROUP_EVENTS,
	GROUP_RECIPIENTS,
	GROUP_MESSAGES,
	GROUP_HEURISTIC,
	GROUP_NULLSENDER,
	GROUP_COUNT
};

struct pattern {
	pcre2_code *code;
	bool compiled; /* to code of this machine */
	/* The literal text it begins with, behind the queue id and ": " where
	 * `queue` is set: what the line is compared with first. */
	bool queue;
	size_t prefix_len;
	char prefix[PATTERN_PREFIX_MAX];
	uint8_t group[GROUP_COUNT][PATTERN_SAME_MAX]; /* 0: none */
};

struct rule_patterns {
	struct pattern item[RULE_LIST_MAX];
	size_t items;
};

/* Daemon tags: "postfix/smtpd", or with '*' for anything, nothing
 * included. */
struct rule_tags {
	char item[RULE_LIST_MAX][RULE_TAG_SIZE];
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
	struct rule_tags submission; /* of them, where users' mail comes in */
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

/* Compile a pattern.  A complaint, good until the next call of the thread, and
 * nothing to be freed then; or NULL. */
const char *pattern_compile(const char *text, struct pattern *pattern);

/* How many bytes of a message are "QUEUEID: "; 0 where it begins with none. */
size_t pattern_queue_span(const char *text, size_t len);

/* Whether the literal text is there; `queue` is the queue id's span. */
bool pattern_may_match(
    const struct pattern *pattern, const char *text, size_t len, size_t queue);

/* Add the rules of a file's text; `file` is its name in messages.  False with
 * `error`, a line "FILE:LINE:COLUMN: what" for each; what was added stays. */
bool rule_file_read(struct rules *rules, const char *file, const char *text,
    char error[static RULES_ERROR_SIZE]);

/* Forget all of them. */
void rule_file_clear(struct rules *rules);

/* Whether the rule looks at lines of that daemon. */
bool log_rule_wants(const struct log_rule *rule, const char *tag);
/* The service such a daemon is, ANY where the rule does not tell them apart. */
enum service log_rule_service(const struct log_rule *rule, const char *tag);

#endif
