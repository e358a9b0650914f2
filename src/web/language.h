/*
 * The languages the page speaks, and which of them a visitor wants.
 */
#ifndef WEB_LANGUAGE_H
#define WEB_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>

enum language {
	LANGUAGE_EN,
	LANGUAGE_FR,
	LANGUAGE_COUNT
};

/* "en", "fr". */
const char *language_tag(enum language language);

/* What it calls itself. */
const char *language_name(enum language language);

/* The letter of its word for "day", as in "3 d". */
char language_day(enum language language);

/* The file of its phrases. */
const char *language_phrases_file(enum language language);

/* Which of them a site speaks, the one it falls back on first. */
struct languages {
	enum language language[LANGUAGE_COUNT];
	size_t count; /* at least 1 */
};

/* Those of the tags that are ours, in that order; all where there is none. */
struct languages languages_of(const char *const *tags, size_t count);

/* Whether the site speaks `tag`, which may be NULL. */
bool languages_hold(const struct languages *spoken, const char *tag);

/*
 * `asked` is the address's own wish (?lang=) and wins where the site speaks
 * it; `accept` is the Accept-Language header (RFC 9110 12.5.4).  Either may be
 * NULL.  The heaviest language wins, of two alike the first named.
 */
enum language language_pick(
    const struct languages *spoken, const char *asked, const char *accept);

#endif
