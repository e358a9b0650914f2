/*
 * The languages the page speaks, and which of them a visitor wants.
 */
#ifndef WEB_LANGUAGE_H
#define WEB_LANGUAGE_H

#include <stdbool.h>

enum language {
	LANGUAGE_EN, /* where nothing else was asked for */
	LANGUAGE_FR,
	LANGUAGE_COUNT
};

/* "en", "fr". */
const char *language_tag(enum language language);

/* Whether `tag`, which may be NULL, is one of ours. */
bool language_is_spoken(const char *tag);

/* What it calls itself. */
const char *language_name(enum language language);

/* The letter of its word for "day", as in "3 d". */
char language_day(enum language language);

/* Its phrases, for template_render(). */
const char *language_phrases(enum language language);

/*
 * `asked` is the address's own wish (?lang=) and wins where we speak it;
 * `accept` is the Accept-Language header (RFC 9110 12.5.4).  Either may be
 * NULL.  The heaviest language wins, of two alike the first named.
 */
enum language language_pick(const char *asked, const char *accept);

#endif
