/*
 * What the providers' codes and phrases mean, as rows.
 *
 * Source are the providers' postmaster pages and senders' help pages; where
 * those do not tell, neither does a row.
 */
#ifndef BOUNCE_TABLE_H
#define BOUNCE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "bounce/bounce.h"

/* Words that tell a refusal without a code. */
struct bounce_phrase {
	const char *text; /* a blank stands for any white space */
	uint32_t providers;
	const char *key; /* of the meaning */
};

/* The phrase number `i`, or NULL behind the last. */
const struct bounce_phrase *bounce_phrase(size_t i);

/* What that key means for one of these providers, or NULL. */
const struct bounce_meaning *bounce_meaning(
    uint32_t providers, const char *key);

#endif
