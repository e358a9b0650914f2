/*
 * The rules compiled in, short ways to try a line, and rows out of tests/data.
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
	tried->clock = rules_clock(TRIED_REFERENCE, NULL);
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

/* A line of a daemon, as syslog has it; one that has a time of its own is
 * given as it is. */
static inline bool
tried_match_daemon(
    struct tried *tried, const char *text, struct finding *finding)
{
	char line[16384];
	bool dated = strchr("0123456789@<{", text[0]) != NULL ||
		     strncmp(text, "Nov 21 ", 7) == 0;
	bool no_host = strncmp(text, "imap-login: ", 12) == 0;

	(void)snprintf(line, sizeof(line), "%s%s%s",
	    dated ? "" : "Nov 21 23:44:51 ", dated || no_host ? "" : "mx ",
	    text);
	return tried_match(tried, line, finding);
}

/* ---- tests/data ---- */

static inline FILE *
data_open(const char *name)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "tests/data/%s", name);
	file = fopen(path, "r");
	if (file == NULL) {
		fail_msg("cannot open %s", path);
	}
	return file;
}

/* The next line without its end, or NULL; the caller frees it. */
static inline char *
data_line(FILE *file)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len = getline(&line, &size, file);

	if (len <= 0) {
		free(line);
		return NULL;
	}
	line[strcspn(line, "\n")] = '\0';
	return line;
}

/* Rows of a sentence ("# ..."), a line and what is wanted ("=> ..."). */
typedef void data_check(struct tried *tried, const char *sentence,
    const char *line, const char *want);

static inline void
data_rows(const char *name, struct tried *tried, data_check *check)
{
	FILE *file = data_open(name);
	char *sentence = NULL;
	char *line = NULL;
	char *read;
	size_t rows = 0;

	while ((read = data_line(file)) != NULL) {
		if (strncmp(read, "=> ", 3) == 0) {
			assert_non_null(sentence);
			assert_non_null(line);
			check(tried, sentence + 2, line, read + 3);
			rows++;
		}
		if (strncmp(read, "# ", 2) == 0) {
			free(sentence);
			sentence = read;
		} else {
			free(line);
			line = read;
		}
	}
	free(sentence);
	free(line);
	assert_int_equal(fclose(file), 0);
	assert_true(rows > 0);
}

#endif
