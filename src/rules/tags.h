/*
 * Daemon tags as rules name them: "postfix/smtpd", or with one '*' for
 * anything, nothing included.
 */
#ifndef RULES_TAGS_H
#define RULES_TAGS_H

#include <stdbool.h>
#include <stddef.h>

enum {
	TAGS_MAX = 24
};

/* All zero to begin with; owns its items. */
struct tags {
	char *item[TAGS_MAX];
	size_t items;
};

/* NULL where it is fine, else a complaint that goes on from the value. */
const char *tags_add(struct tags *tags, const char *value);
void tags_clear(struct tags *tags);

/* Whether one of them is that tag, of `len` bytes. */
bool tags_fit(const struct tags *tags, const char *tag, size_t len);

/* For people: "a, b, but not c or d"; the caller frees it.  NULL without
 * memory. */
char *tags_describe(const struct tags *wanted, const struct tags *unwanted);

#endif
