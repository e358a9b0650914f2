/*
 * The reply that is being read: what was found in it, and what holds for all
 * of that.  Only when it ends can be told which of it belongs together.
 */
#ifndef BOUNCE_REPLY_H
#define BOUNCE_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bounce/bounce.h"

struct bounce_reply {
	struct bounce_find common; /* SMTP code, address, end and ref */
	struct bounce_find find[BOUNCE_FINDS_MAX];
	size_t finds;
	bool continued; /* "450-": another line of it follows */
};

/* Add what was found: providers, meaning (or NULL), own code or phrase.  False
 * where there is no room. */
bool bounce_reply_add(
    struct bounce_reply *reply, const struct bounce_find *find);

/* Give what it comes to, and begin another one. */
void bounce_reply_end(struct bounce_reply *reply, struct bounce *out);

#endif
