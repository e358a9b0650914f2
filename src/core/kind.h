/*
 * The vocabulary: what a client did (kind), what a ban is for (reason), where
 * in a session a ban takes effect (stage) and to which service it applies;
 * and the tally of what one client did in one hour.
 *
 * Every word here stands so in the database, the configuration and on screen.
 * A new kind is one value below, one row of kind.c's table, its column in
 * the schema and its phrases for the page.
 */
#ifndef CORE_KIND_H
#define CORE_KIND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/words.h"

enum kind {
	KIND_SPAM,
	KIND_VIRUS,
	KIND_COMPLAINT,
	KIND_AUTH,
	KIND_RECIPIENT,
	KIND_SENDER,
	KIND_HELO,
	KIND_COMMAND,
	KIND_DISCONNECT,
	KIND_PROBE,
	KIND_GREYLIST,
	KIND_RELAY,
	KIND_VOLUME,
	KIND_COUNT
};

enum reason {
	REASON_SPAM,
	REASON_VIRUS,
	REASON_AUTH,
	REASON_ERROR,
	REASON_RECIPIENT,
	REASON_VOLUME,
	REASON_COUNT
};

/* In the order a session passes them. */
enum stage {
	STAGE_HELO,
	STAGE_MAIL,
	STAGE_RCPT,
	STAGE_COUNT
};

/* As a rule's setting, ANY fits every session; as a session's property it
 * means "not known", and every rule fits it. */
enum service {
	SERVICE_ANY,
	SERVICE_MX,
	SERVICE_SUBMISSION,
	SERVICE_COUNT
};

/* The words, each at the place of its value: words_parse() reads one. */
extern const struct words kind_words;
extern const struct words reason_words;
extern const struct words stage_words;
extern const struct words service_words;

/* The word for a value. */
const char *kind_name(enum kind kind);
const char *reason_name(enum reason reason);
const char *stage_name(enum stage stage);
const char *service_name(enum service service);

/* What bans are counted by: their reasons, and of those made by hand "manual",
 * whatever reason they were given. */
enum {
	CAUSE_MANUAL = REASON_COUNT,
	CAUSE_COUNT
};
extern const struct words cause_words;

/* Which program counts it where the configuration does not say: "milter",
 * "watch" or "none". */
const char *kind_source(enum kind kind);

/* The kinds that a ban for that reason is for in most policies, a bit each. */
uint32_t reason_kinds(enum reason reason);

/* Whether it is done by a message rather than by a recipient or a session:
 * the other side of a ratio is accepted messages then. */
bool kind_of_message(enum kind kind);

/* Whether it spoils a reputation.  Greylisting meets every honest server
 * once; and going over a limit must not, or a poor reputation would feed on
 * itself. */
bool kind_is_bad(enum kind kind);

/* A set of kinds, one bit each. */
static inline uint32_t
kind_bit(enum kind kind)
{
	return UINT32_C(1) << kind;
}

/* The other side of a ratio. */
enum {
	RATIO_ONE = 10000 /* a ratio of 1.0 */
};

struct tally {
	int64_t sessions;   /* connections */
	int64_t messages;   /* messages whose end was seen */
	int64_t recipients; /* that a message was delivered to */
	int64_t accepted;   /* messages accepted that made no event */
	int64_t logins;     /* good ones */
	int64_t kind[KIND_COUNT];
};

void tally_add(struct tally *sum, const struct tally *more);
bool tally_empty(const struct tally *tally);
/* What it has of these kinds, a bit each. */
int64_t tally_of(const struct tally *tally, uint32_t which);

/* The hour, in seconds since the epoch, that a time lies in. */
int64_t tally_hour(int64_t at);

#endif
