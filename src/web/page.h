/*
 * The look-up page, in words.
 *
 * page_render() turns what is known into HTML by the template page.html and
 * the phrases of a language.  It knows nothing of HTTP, of the database or of
 * the clock; everything it says is in struct page_view.
 */
#ifndef WEB_PAGE_H
#define WEB_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "web/language.h"

struct conf;
struct standing;
struct text;

/* What the page has to say besides the form. */
enum page_kind {
	PAGE_FORM,        /* nothing yet */
	PAGE_ANSWER,      /* what `standing` says */
	PAGE_NO_ADDRESS,  /* the input is no address */
	PAGE_NETWORK,     /* the input is a network */
	PAGE_NEVER,       /* the input is in a range that is never banned */
	PAGE_NOT_FOUND,   /* there is no such page */
	PAGE_NOT_ALLOWED, /* nothing but GET and HEAD */
	PAGE_UNAVAILABLE, /* the database cannot be read now */
	PAGE_KIND_COUNT
};

struct page_view {
	enum page_kind kind;
	enum language language;
	bool language_asked; /* by ?lang=: links and form keep it */
	const struct conf *conf;
	const char *path;                /* as asked for, for links back */
	const char *input;               /* what stands in the field, or NULL */
	const char *ref;                 /* as asked for, or NULL */
	bool own;                        /* the address is the visitor's own */
	const struct standing *standing; /* of PAGE_ANSWER */
	bool counted;                    /* v4 and v6 are known */
	int64_t v4;                      /* addresses listed */
	int64_t v6;
};

/* Add the page to `out`; false where it did not fit or the templates are
 * wrong, and then it is not to be shown. */
bool page_render(const struct page_view *view, struct text *out);

#endif
