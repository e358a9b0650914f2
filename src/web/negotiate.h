/*
 * What a visitor's headers wish for: a language, and JSON or a page (RFC 9110
 * 12.4 and 12.5).
 */
#ifndef WEB_NEGOTIATE_H
#define WEB_NEGOTIATE_H

#include <stdbool.h>
#include <stddef.h>

/* Whether JSON is wanted, by the Accept header, NULL where there was none.  It
 * must be named (application/json), and weigh more than text/html where that
 * is named too: a client that takes anything gets the page. */
bool negotiate_json(const char *accept);

enum language {
	LANGUAGE_EN,
	LANGUAGE_FR,
	LANGUAGE_COUNT
};

struct language_facts {
	const char *tag;     /* "en" */
	const char *name;    /* what it calls itself */
	const char *phrases; /* the file of its phrases */
	char day;            /* the letter of its word for "day", as in "3 d" */
};
extern const struct language_facts language_facts[LANGUAGE_COUNT];

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
 * it; `accept` is the Accept-Language header.  Either may be NULL.  The
 * heaviest language wins, of two alike the first named.
 */
enum language negotiate_language(
    const struct languages *spoken, const char *asked, const char *accept);

#endif
