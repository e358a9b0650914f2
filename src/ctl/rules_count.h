/*
 * What `rules test` counts, rule by rule and in all, and how it tells it.
 */
#ifndef CTL_RULES_COUNT_H
#define CTL_RULES_COUNT_H

#include <stddef.h>
#include <stdint.h>

#include "rules/rules.h"

enum {
	RULES_COUNTS_MAX = 512 /* more rules are counted in all only */
};

/* What one rule matched. */
struct rule_count {
	const char *rule; /* borrowed */
	enum finding_what what;
	enum kind kind;
	int64_t lines;
	int64_t events;
};

struct rules_count {
	struct rule_count rule[RULES_COUNTS_MAX];
	size_t rules;
	size_t width; /* of the longest name of a rule for offences */
	int64_t lines;
	int64_t matched; /* lines that tell of an offence */
	int64_t events;
	int64_t spared; /* such lines too, of clients that had logged in */
	int64_t others; /* lines that tell of something else */
};

/* Begin with all at 0; too large for the stack. */
void rules_count_begin(struct rules_count *count, const struct rules *rules);

/* A line has told of this. */
void rules_count_add(struct rules_count *count, const struct finding *finding);

/* The table and the totals, for people; it took so many milliseconds. */
void rules_count_say(const struct rules_count *count, int64_t took);

#endif
