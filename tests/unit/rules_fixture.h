/*
 * The rules compiled in, and short ways to try a line.
 */
#ifndef UNIT_RULES_FIXTURE_H
#define UNIT_RULES_FIXTURE_H

#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "rules/rules.h"

enum {
	TRIED_AT = 1795304691,       /* 2026-11-21T23:44:51Z */
	TRIED_REFERENCE = 1795305600 /* midnight then */
};

struct tried {
	struct rules *rules;
	struct rules_scratch *scratch;
	struct rules_clock clock;
};

static inline void
tried_load(struct tried *tried, const char *folder)
{
	char error[RULES_ERROR_SIZE];

	tried->rules = rules_load(folder, error);
	if (tried->rules == NULL) {
		fail_msg("%s", error);
	}
	tried->scratch = rules_scratch_new(tried->rules);
	assert_non_null(tried->scratch);
	tried->clock = rules_clock(TRIED_REFERENCE);
}

static inline void
tried_free(struct tried *tried)
{
	rules_scratch_free(tried->scratch);
	rules_free(tried->rules);
}

static inline int
tried_up(void **state)
{
	struct tried *tried = calloc(1, sizeof(*tried));

	assert_non_null(tried);
	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	tzset();
	tried_load(tried, NULL);
	*state = tried;
	return 0;
}

static inline int
tried_down(void **state)
{
	tried_free(*state);
	free(*state);
	return 0;
}

/* Match a copy that ends where the line does, so that reading on is found. */
static inline bool
tried_match_bytes(struct tried *tried, const char *tag, const char *text,
    size_t len, struct finding *finding)
{
	char *copy = malloc(len > 0 ? len : 1);
	struct log_line line = {
		.text = copy, .len = len, .tag = tag, .at = TRIED_AT
	};
	bool found;

	assert_non_null(copy);
	if (len > 0) {
		memcpy(copy, text, len);
	}
	found = rules_match(
	    tried->rules, tried->scratch, &line, &tried->clock, finding);
	free(copy);
	return found;
}

static inline bool
tried_match(struct tried *tried, const char *text, struct finding *finding)
{
	return tried_match_bytes(tried, NULL, text, strlen(text), finding);
}

#endif
