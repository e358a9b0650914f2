/*
 * The SMTP reply to a banned client.
 *
 * A policy gives its fixed part: code, enhanced code, phrase and perhaps a
 * code of its own.  Around that phrase, which senders' software matches to
 * the letter, the full text says who is blocked, until when and where to read
 * more (RFC 5321 4.2, RFC 3463).
 */
#ifndef CORE_REPLY_H
#define CORE_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	REPLY_CODE_SIZE = 4,
	REPLY_ENHANCED_SIZE = 10, /* "5.999.999" */
	REPLY_PHRASE_SIZE = 191,
	REPLY_OWN_SIZE = 33,
	REPLY_WORDS_MAX = 190, /* characters of phrase and own code together */
	REPLY_URL_MAX = 160,   /* characters of lookup-url */
	REPLY_TEXT_SIZE = 511  /* 510 octets and NUL (RFC 5321 4.5.3.1.5) */
};

struct reply {
	char code[REPLY_CODE_SIZE];         /* "550" */
	char enhanced[REPLY_ENHANCED_SIZE]; /* "5.7.1", or empty */
	char phrase[REPLY_PHRASE_SIZE];
	char own[REPLY_OWN_SIZE]; /* "SFR_IN_104", or empty */
};

/*
 * Read "550 5.7.1 Too many errors from your IP" (the enhanced code may be
 * missing) and the policy's own code, NULL or empty for none.  Returns NULL
 * where it is fine, else what is wrong with it: only codes 4xx and 5xx, an
 * enhanced code of the same class, printable ASCII without '%', not too long.
 * With a phrase and an own code that come apart, ask reply_fits() in the end.
 */
const char *reply_parse(const char *text, const char *own, struct reply *out);

/* Whether phrase and own code together leave room for all that is added. */
bool reply_fits(const struct reply *reply);

/* The policy's part alone: "550 5.7.1 Too many errors from your IP", and the
 * own code behind it; returns `text`. */
char *reply_words(const struct reply *reply, char text[static REPLY_TEXT_SIZE]);

/*
 * The text after code and enhanced code, as it is told to `who` (the text of
 * an address, or of a network in a list):
 *
 *   Too many errors from your IP [192.0.2.7], blocked until
 *   2026-11-21T18:05:42Z. See https://postmaster.example/?ip=192.0.2.7&ref=7K2M9Q
 *
 * and last the own code.  Left out are `who` and `ref` where they are NULL,
 * the end where it is 0 (limits have none), "See" where lookup_url is NULL or
 * empty.  All fits for a URL of REPLY_URL_MAX.  Where `network` is not NULL and
 * there is room, " with all of 2001:db8:1::/48" stands behind the end.  Returns
 * `text`.
 */
char *reply_phrase(const struct reply *reply, const char *who,
    const char *network, int64_t ends, const char *lookup_url, const char *ref,
    char text[static REPLY_TEXT_SIZE]);

/* The whole line, code and enhanced code first; returns `text`. */
char *reply_line(const struct reply *reply, const char *who,
    const char *network, int64_t ends, const char *lookup_url, const char *ref,
    char text[static REPLY_TEXT_SIZE]);

/* Whether a recipient is always reachable (RFC 5321 4.5.1): postmaster,
 * postmaster@ and abuse@ any domain, in any case.  `path` is as SMTP gave
 * it, with or without angle brackets. */
bool reply_spares(const char *path);

#endif
