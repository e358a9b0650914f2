/*
 * Visitors of the page: who is asking, for whom, how often, and what their
 * headers wish for: JSON or a page, and a language (RFC 9110 12.4 and 12.5).
 */
#ifndef WEB_VISITOR_H
#define WEB_VISITOR_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/table.h"
#include "conf/language.h"
#include "core/standing.h"

struct conf;
struct sockaddr;
struct templates;

/*
 * The visitor's address.  X-Forwarded-For is a claim anybody can make: it is
 * believed only where the connection comes from a trusted proxy, and then from
 * the right, as far as the proxies named in it are trusted too.  `forwarded`
 * holds all such lines in their order, joined by commas, or is empty.  Whoever
 * comes in by a unix socket is a proxy of this host and trusted.  False where
 * the address cannot be known.
 */
bool visitor_address(const struct conf *conf, const struct sockaddr *peer,
    const char *forwarded, struct addr *out);

/* Whether the address is a trusted proxy's. */
bool visitor_is_proxy(const struct conf *conf, const struct addr *address);

enum {
	ASKED_MAX = 16,        /* addresses at once */
	VISITOR_WORD_SIZE = 64 /* "[v6]:port" */
};

enum visitor_asks {
	VISITOR_ASKS_FINE,
	VISITOR_ASKS_NO_ADDRESS,
	VISITOR_ASKS_NETWORK, /* only single addresses are looked up */
	VISITOR_ASKS_NEVER,   /* in a range that is never banned */
	VISITOR_ASKS_US       /* one of this host's own addresses */
};
struct visitor_asked {
	struct addr address;
	char ref[BAN_REF_SIZE]; /* that stands beside it; or empty */
};

/*
 * Read what was typed or pasted: an address, perhaps with a port or in brackets
 * as mail systems write it ("[IPv6:2001:db8::7]", RFC 5321 4.1.3); a link to
 * a page; a line of a log; or a whole report of non-delivery.  Of several
 * addresses it is the one that a reply of ours names, else the first that can
 * be looked up and is not this host's own.  `out->address` is set where the
 * result is FINE, NEVER or US.  Of a program (`pasted` false) the address alone
 * is expected.
 */
enum visitor_asks visitor_asks(
    const char *typed, bool pasted, struct visitor_asked *out);

/* Several questions, in the order they were asked in. */
struct visitor_list {
	struct visitor_item {
		const char *text;             /* as it was asked */
		char word[VISITOR_WORD_SIZE]; /* its copy, out of a list */
		enum visitor_asks asks;
		struct visitor_asked asked;
	} item[ASKED_MAX + 1];
	size_t count; /* beyond ASKED_MAX no more are added */
};

/* How many addresses a text lists, which does nothing but that, with blanks,
 * commas or lines between, and "and" or "IPv6:"; of any other text 1. */
size_t visitor_list_count(const char *typed);

/*
 * Add what was typed or pasted, which is borrowed: each address of such a text;
 * any other as one question.  What is empty asks nothing.  Of
 * a program (`pasted` false) each text is one question, empty or asked before;
 * of people no address is asked for twice.
 */
void visitor_list_add(
    struct visitor_list *list, const char *typed, bool pasted);

/*
 * How often one visitor may ask.
 *
 * Each visitor, an IPv4 address or an IPv6 /64, may make so many requests a
 * minute, all of them in one burst; they come back evenly.  The table has a
 * fixed size.  The visitor forgotten because it is full is the one that has
 * the most left, and begins anew: a flood from many addresses costs no memory
 * and shuts nobody out.  Places are found by a hash with a key of this
 * process, so that nobody can choose his neighbours.
 */
enum {
	RATE_SETS = 1024,
	RATE_PLACES = 8 /* in a set: 8192 visitors, 128 KiB */
};

struct rate {
	pthread_mutex_t lock;
	unsigned char key[HASH_KEY_SIZE];
	struct rate_entry {
		uint64_t who;
		/* Instead of what is left: when all of it will be there
		 * again, in microseconds; in the past: nothing is used.  Each
		 * request moves that on by a minute's share, and it may lie a
		 * minute ahead at most. */
		int64_t full_at;
	} entry[RATE_SETS][RATE_PLACES];
};

void rate_init(struct rate *rate);

/*
 * Whether so many more requests of `visitor` are fine at `ticks`, milliseconds
 * on a clock that never jumps; more than a minute's are as many.  `per_minute`
 * 0 is any number.  Where they are not, none is taken, and *wait says in how
 * many seconds they will be.  Any thread may ask.
 */
bool rate_take(struct rate *rate, const struct addr *visitor,
    unsigned per_minute, unsigned requests, int64_t ticks, int64_t *wait);

/* ---- what is wished for ---- */

/* Whether JSON is wanted, by the Accept header, NULL where there was none.  It
 * must be named (application/json), and weigh more than text/html where that
 * is named too: a client that takes anything gets the page. */
bool negotiate_json(const char *accept);

enum {
	LANGUAGE_WORD_SIZE = 64
};

/* A language of the page, as its file of phrases has it. */
struct language {
	char tag[LANGUAGE_TAG_SIZE];      /* "pt-BR", as the file is named */
	char also[LANGUAGE_WORD_SIZE];    /* tags it stands in for, parted by
					* blanks */
	char name[LANGUAGE_WORD_SIZE];    /* what it calls itself */
	char unit[4][LANGUAGE_WORD_SIZE]; /* day, hour, minute and second, as
					   * in "3 d" */
	char group[LANGUAGE_WORD_SIZE];   /* between thousands */
	char direction[4];                /* "rtl", else "ltr" or empty */
	struct templates *templates;
};

/* Which of them a site speaks, the one it falls back on first. */
struct languages {
	struct language language[LANGUAGES_MAX];
	size_t count; /* at least 1 */
};

/*
 * The language of the site for a tag that is wished for, or NULL; `tag` ends at
 * a blank, ',' or ';' too.  Looked up as RFC 4647 3.4 has it: by the whole tag,
 * then without its last parts, "de-AT" and then "de"; and then, which that does
 * not have, any language that begins as the tag does, so that "pt" and "pt-PT"
 * find "pt-BR" where there is no other.
 */
const struct language *languages_find(
    const struct languages *spoken, const char *tag);

/*
 * `asked` is the address's own wish (?lang=) and wins where the site speaks
 * it; `accept` is the Accept-Language header.  Either may be NULL.  The
 * heaviest language wins, of two alike the first named.
 */
const struct language *negotiate_language(
    const struct languages *spoken, const char *asked, const char *accept);

#endif
