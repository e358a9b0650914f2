/*
 * What the words of a session say about a client.
 *
 * Pure reading of text: which kind of event a rejected recipient is, whether
 * a header is a scanner's verdict, whom everybody may write to.  Nothing here
 * knows a session or counts anything.
 */
#ifndef MILTER_CLASSIFY_H
#define MILTER_CLASSIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"
#include "core/kind.h"

enum {
	CLASSIFY_ADDRESS_SIZE = 257
};

/* An address as addresses are compared: without brackets, in small letters;
 * empty for NULL.  Of a longer one the beginning. */
void classify_address(
    const char *path, char address[static CLASSIFY_ADDRESS_SIZE]);

/* Whether such an address is open to banned clients as well: a postmaster's or
 * abuse@ (RFC 5321 4.5.1), or one that the owner named. */
bool classify_spared(const struct conf *conf, const char *address);

/*
 * The kind of event that a recipient rejected by the MTA is.  `status` is the
 * enhanced status code ("5.1.1") and `text` what follows it, either may be
 * NULL.  False where it says nothing about the client: what is refused for
 * now, but for greylisting, and any other reason.
 */
bool classify_rejection(const char *status, const char *text, enum kind *out);

/* What a header of a message says.  Only headers that the configuration trusts
 * are verdicts; those of these names are a scanner's, whatever they say. */
enum header {
	HEADER_OTHER,
	HEADER_CLEAN, /* a scanner's, and no verdict */
	HEADER_SPAM,
	HEADER_VIRUS
};
enum header classify_header(
    const struct conf *conf, const char *name, const char *value);

#endif
