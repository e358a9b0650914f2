/*
 * A refusal of one of the four providers, understood.
 *
 * Senders meet these replies in a bounce, a log or a mail of their own
 * customers: FranceServ's phrases (Free uses the same), SFR's SFR_IN_1nn,
 * laposte.net's LPN and Orange's OFR and OUK, whose last three digits are the
 * reason; phrases without any code; and what videur puts behind them.  What
 * they mean stands in providers.conf, which explains itself and is compiled
 * in.
 */
#ifndef BOUNCE_BOUNCE_H
#define BOUNCE_BOUNCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/text.h"
#include "core/reply.h"
#include "core/standing.h"

/* ---- what the codes and phrases mean ---- */

enum {
	BOUNCE_FINDS_MAX = 16,
	BOUNCE_OWN_SIZE = 16, /* "LPN027_503" */
	BOUNCE_MEANINGS_MAX = 96,
	BOUNCE_PHRASES_MAX = 64,
	BOUNCE_ADVICE_MAX = 16,
	BOUNCE_TITLE_SIZE = 32,
	BOUNCE_TEXT_SIZE = 320
};

enum bounce_provider {
	BOUNCE_FRANCESERV,
	BOUNCE_FREE,
	BOUNCE_SFR,
	BOUNCE_LAPOSTE,
	BOUNCE_ORANGE,
	BOUNCE_VIDEUR, /* any host that runs videur */
	BOUNCE_PROVIDERS
};

enum bounce_outcome {
	BOUNCE_UNSAID,    /* neither the text nor the code tells */
	BOUNCE_TEMPORARY, /* the sender tries again by itself */
	BOUNCE_FINAL      /* the message came back */
};

/* What a provider means by it. */
struct bounce_meaning {
	uint32_t providers;          /* bounce_bit() of each that means this */
	char code[4];                /* "x01"; empty: it has none */
	enum bounce_outcome outcome; /* where the text has no SMTP code */
	unsigned old;                /* 1: no longer given */
	char means[BOUNCE_TEXT_SIZE];
	char lasts[BOUNCE_TEXT_SIZE]; /* in words; empty: not known */
	int64_t seconds;              /* where it is always exactly that; 0 */
	char remedy[BOUNCE_TEXT_SIZE];
};

/* Words that tell a refusal without a code. */
struct bounce_phrase {
	char text[100]; /* a blank stands for any white space */
	const struct bounce_meaning *meaning;
};

struct bounce_table {
	struct bounce_meaning meaning[BOUNCE_MEANINGS_MAX];
	size_t meanings;
	struct bounce_phrase phrase[BOUNCE_PHRASES_MAX];
	size_t phrases;
};

/* The compiled-in table, read at the first call; for one thread. */
const struct bounce_table *bounce_table(void);

/* What that reason, three digits, means for one of these providers, or
 * NULL. */
const struct bounce_meaning *bounce_meaning(
    uint32_t providers, const char *code);

extern const struct bounce_names {
	const char *name;  /* "laposte", as in the name of the policy */
	const char *title; /* "laposte.net", for people */
} bounce_providers[BOUNCE_PROVIDERS];

static inline uint32_t
bounce_bit(enum bounce_provider provider)
{
	return UINT32_C(1) << provider;
}

/* ---- what stands in a text ---- */

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
	bool more; /* there was more than fits */
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
