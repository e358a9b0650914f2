/*
 * The vocabulary: what a client did (kind), what a ban is for (reason), where
 * in a session a ban speaks (stage) and to which service it applies.
 *
 * Every word here stands so in the database, the configuration and on screen.
 */
#ifndef CORE_KIND_H
#define CORE_KIND_H

#include <stdbool.h>
#include <stdint.h>

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

/* The word for a value, and the value of a word (exact, lower case). */
const char *kind_name(enum kind kind);
bool kind_parse(const char *word, enum kind *out);
const char *reason_name(enum reason reason);
bool reason_parse(const char *word, enum reason *out);
const char *stage_name(enum stage stage);
bool stage_parse(const char *word, enum stage *out);
const char *service_name(enum service service);
bool service_parse(const char *word, enum service *out);

/* A set of kinds, one bit each. */
static inline uint32_t
kind_bit(enum kind kind)
{
	return UINT32_C(1) << kind;
}

#endif
