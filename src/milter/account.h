/*
 * What a session is charged with: its account with the desk.
 *
 * Sessions, recipients, messages and deeds of a client are told here; what of
 * them counts, and when, is decided in one place.  Nothing counts of a client
 * without an address, nor once the session is authenticated.
 */
#ifndef MILTER_ACCOUNT_H
#define MILTER_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/kind.h"
#include "milter/desk.h"

struct account {
	const struct desk *desk; /* borrowed */
	struct visitor visitor;
	bool open;    /* what is told counts */
	bool counted; /* as a session */
	bool refused; /* something was, by whomever */

	/* The only recipient of a transaction that may turn out to be a
	 * call-out is not counted before that is known. */
	bool held;
	bool probed;       /* held, and its transaction ended so */
	int64_t probed_at; /* when */
};

/* Nothing is counted before account_open(). */
void account_init(
    struct account *account, const struct desk *desk, const struct conf *conf);
void account_open(struct account *account, const struct addr *address);
/* From now on nothing counts: the session is authenticated. */
void account_end(struct account *account);

/* Count the session, once, at the first thing it does: the MTA itself opens
 * and closes connections (XCLIENT) that never get so far. */
void account_session(struct account *account, int64_t now);

/* A recipient was accepted; `alone` where it is the only one so far of a
 * transaction that looks like a call-out. */
void account_recipient(struct account *account, bool alone, int64_t now);

/* The transaction goes on to its message, and is no call-out. */
void account_data(struct account *account, int64_t now);

/* The end of a message was seen; `accepted` where it made no event. */
void account_message(struct account *account, bool accepted, int64_t now);

/* The transaction ended without a message. */
void account_unfinished(struct account *account, int64_t now);

/* Something was refused: no call-out does that. */
void account_refusal(struct account *account, int64_t now);

/* The client did something wrong; told where the milter is whom the
 * configuration lets count it.  `detail` may be NULL. */
void account_deed(
    struct account *account, enum kind kind, const char *detail, int64_t now);

/* It named a recipient that does not exist, `path` as SMTP gave it or NULL.
 * Where a rule asks how often it is the same one, the deed has its key. */
void account_guess(
    struct account *account, const char *path, const char *detail, int64_t now);

/* The session ended: tell whether it was a call-out. */
void account_close(struct account *account, int64_t now);

#endif
