/*
 * The pages, in words.
 *
 * page_render() turns what is known into HTML by the templates and phrases of
 * a site.  It knows nothing of HTTP, of the database or of the clock;
 * everything it says is in struct page_view and in the configuration.
 */
#ifndef WEB_PAGE_H
#define WEB_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/reputation.h"
#include "core/tally.h"
#include "web/language.h"

struct ban;
struct numbers;
struct site;
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
	PAGE_CODES,       /* the active policy's replies */
	PAGE_DURATIONS,   /* how long its bans last */
	PAGE_WHY,         /* what its rules count */
	PAGE_FAQ,         /* questions and answers */
	PAGE_STATS,       /* what `numbers` say */
	PAGE_KIND_COUNT
};

enum {
	PAGE_HOURS = 48
};

#define PAGE_HOUR INT64_C(3600)

/* What was seen of a client, hour by hour, and what that has come to. */
struct page_hours {
	enum reputation reputation;
	int64_t from; /* the first hour; the last is that of now */
	struct tally hour[PAGE_HOURS];
};

struct page_view {
	enum page_kind kind;
	enum language language;
	bool language_asked; /* by ?lang=: links and form keep it */
	const struct site *site;
	const char *path;                /* as asked for, for links back */
	const char *input;               /* what stands in the field, or NULL */
	const char *ref;                 /* as asked for, or NULL */
	bool own;                        /* the address is the visitor's own */
	const struct standing *standing; /* of PAGE_ANSWER */
	const struct page_hours *hours;  /* NULL: not for this visitor */
	const struct numbers *numbers;   /* NULL: not known now; but for
					  * PAGE_STATS only how many are listed */
};

/* The page of that path ("/codes"), or PAGE_NOT_FOUND; PAGE_FORM for "/". */
enum page_kind page_of_path(const char *path);

/* The ban that has this ref, as a visitor wrote it (NULL for none), or NULL. */
const struct ban *page_ref_ban(
    const struct standing *standing, const char *ref);

/* Add the page to `out`; false where it did not fit or a template of the
 * owner's is wrong, and then it is not to be shown. */
bool page_render(const struct page_view *view, struct text *out);

#endif
