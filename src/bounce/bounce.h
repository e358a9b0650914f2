/*
 * A refusal of one of the four providers, understood.
 *
 * Senders meet these replies in a bounce, a log or a mail of their own
 * customers: FranceServ's phrases (Free uses the same), SFR's SFR_IN_1nn,
 * laposte.net's LPN and Orange's OFR and OUK, whose last three digits are the
 * reason; phrases without any code; and what videur puts behind them.  What
 * they mean stands in providers.table.
 */
#ifndef BOUNCE_BOUNCE_H
#define BOUNCE_BOUNCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "bounce/bounce_table.h"
#include "core/ban.h"
#include "core/reply.h"

enum {
	BOUNCE_FINDS_MAX = 16,
	BOUNCE_OWN_SIZE = 16 /* "LPN027_503" */
};

/* One thing that was found; texts are empty where there is none. */
struct bounce_find {
	uint32_t providers;
	const struct bounce_meaning *meaning; /* NULL: a code of the provider's
					       * form, but its reason is not
					       * known */
	char own[BOUNCE_OWN_SIZE]; /* the provider's code, in capitals */
	const char *phrase; /* the words that were found; NULL with a code */
	char code[REPLY_CODE_SIZE];
	char enhanced[REPLY_ENHANCED_SIZE];
	enum bounce_outcome outcome;
	/* What videur says besides. */
	bool has_address;
	struct addr address;
	int64_t ends; /* 0 where it does not say */
	char ref[BAN_REF_SIZE];
};

struct bounce {
	struct bounce_find find[BOUNCE_FINDS_MAX]; /* in the text's order */
	size_t finds;
	size_t known; /* of them, whose meaning is known */
	bool more;    /* there was more than fits */
};

/*
 * Find all of them in a reply, a log line or a whole report of non-delivery.
 * Any bytes, any length, in time that grows with the length alone.  Case does
 * not matter, and a phrase may be broken over lines.  What is said twice is
 * given once; a phrase beside a known code of the same provider is part of
 * it.  The SMTP code is the one a find stands behind in the same reply.
 * False where nothing of a known meaning was found.
 */
bool bounce_decode(const char *text, size_t len, struct bounce *out);

#endif
