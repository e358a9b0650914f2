/*
 * What the providers' codes and phrases mean, as providers.table says: the
 * file explains itself.  It is compiled in.
 */
#ifndef BOUNCE_TABLE_H
#define BOUNCE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum {
	BOUNCE_MEANINGS_MAX = 96,
	BOUNCE_PHRASES_MAX = 64,
	BOUNCE_SHARED_MAX = 16,
	BOUNCE_TEXTS_SIZE = 16 * 1024,
	BOUNCE_ERROR_SIZE = 128
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

/* What a provider means by it; all texts are the table's. */
struct bounce_meaning {
	uint32_t providers;          /* bounce_bit() of each that means this */
	char code[4];                /* "x01"; empty: it has none */
	enum bounce_outcome outcome; /* where the text has no SMTP code */
	bool old;                    /* no longer given */
	const char *means;
	const char *lasts; /* in words; NULL: not known */
	char lasts_text[DURATION_TEXT_SIZE];
	int64_t seconds; /* where it is always exactly that; 0 */
	const char *remedy;
};

/* Words that tell a refusal without a code. */
struct bounce_phrase {
	const char *text; /* a blank stands for any white space */
	const struct bounce_meaning *meaning;
};

struct bounce_table {
	struct bounce_meaning meaning[BOUNCE_MEANINGS_MAX];
	size_t meanings;
	struct bounce_phrase phrase[BOUNCE_PHRASES_MAX];
	size_t phrases;
	struct {
		const char *name;
		const char *text;
	} shared[BOUNCE_SHARED_MAX];
	size_t shareds;
	char texts[BOUNCE_TEXTS_SIZE];
	size_t used; /* bytes of texts */
};

/* Read a table; false with `error`, "LINE: what is wrong", else empty.  What was read
 * points into *out, which must not move. */
bool bounce_table_read(const char *text, struct bounce_table *out,
    char error[static BOUNCE_ERROR_SIZE]);

/* The compiled-in table, read at the first call; for one thread. */
const struct bounce_table *bounce_table(void);

/* What that reason, three digits, means for one of these providers, or
 * NULL. */
const struct bounce_meaning *bounce_meaning(
    uint32_t providers, const char *code);

/* "laposte" as in the name of the policy, and "laposte.net" for people. */
const char *bounce_provider_name(enum bounce_provider provider);
const char *bounce_provider_title(enum bounce_provider provider);

static inline uint32_t
bounce_bit(enum bounce_provider provider)
{
	return UINT32_C(1) << provider;
}

#endif
