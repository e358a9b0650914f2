/*
 * What the words of an MTA or a scanner say about a client.
 *
 * Pure reading of text: which kind of event a rejected recipient is, whether
 * a header is a scanner's verdict, whether a sender is that of a call-out.
 * Nothing here knows a session or counts anything.
 */
#ifndef MILTER_CLASSIFY_H
#define MILTER_CLASSIFY_H

#include <stdbool.h>

#include "conf/conf.h"
#include "core/kind.h"

/*
 * The kind of event that a recipient rejected by the MTA is.  `status` is the
 * enhanced status code ("5.1.1") and `text` what follows it, either may be
 * NULL.  False where it says nothing about the client: what is refused for
 * now, but for greylisting and "Relay access denied", and any other reason.
 */
bool classify_rejection(const char *status, const char *text, enum kind *out);

/*
 * Whether a header is one of `trusted`, each "Name: beginning of the value".
 * Case does not matter, and a fold or a run of blanks is one blank.
 */
bool classify_header(
    const struct conf_list *trusted, const char *name, const char *value);

/* Whether a sender, as SMTP gave it, is one that address verification uses:
 * the empty one or postmaster at any domain. */
bool classify_callout(const char *path);

/* Whether it reads as an enhanced status code ("5.1.1", RFC 3463). */
bool classify_is_status(const char *text);

#endif
