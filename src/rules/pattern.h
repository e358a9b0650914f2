/*
 * One pattern of a rule, compiled.
 *
 * The language is PCRE2's, on bytes, with a few words in braces for what log
 * lines are made of ({client}, {queue} ...; the table is in pattern.c).  A
 * pattern stands at the beginning of the message, always; plain parentheses
 * do not capture.  A line's end in a pattern stands for nothing, with the blanks
 * around it ("\ " is one that stays).  Only named groups are read: ip, user, queue, events, recipients
 * and messages; one name may be used in several alternatives.
 */
#ifndef RULES_PATTERN_H
#define RULES_PATTERN_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

enum {
	PATTERN_PREFIX_MAX = 48,
	PATTERN_SAME_MAX = 4, /* groups of one name */
	PATTERN_ERROR_SIZE = 256
};

struct pattern {
	pcre2_code *code;
	/* The literal text it begins with, behind the queue id and ": " where
	 * `queue` is set: what the line is compared with first. */
	bool queue;
	size_t prefix_len;
	char prefix[PATTERN_PREFIX_MAX];
	uint8_t group[GROUP_COUNT][PATTERN_SAME_MAX]; /* 0: none */
};

/* False with a complaint in `error`; nothing is to be freed then. */
bool pattern_compile(const char *text, struct pattern *pattern,
    char error[static PATTERN_ERROR_SIZE]);
void pattern_clear(struct pattern *pattern);

/* How many bytes of a message are "QUEUEID: "; 0 where it begins with none. */
size_t pattern_queue_span(const char *text, size_t len);

/* Whether the literal text is there; `queue` is the queue id's span. */
bool pattern_may_match(
    const struct pattern *pattern, const char *text, size_t len, size_t queue);

#endif
