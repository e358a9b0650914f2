/*
 * A word for somebody: an address, a network, the ref of a ban, the name of a
 * host, or everybody.
 */
#ifndef CTL_TARGET_H
#define CTL_TARGET_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/proc.h"
#include "core/kind.h"

/* One of whom a verb is to speak, or whom it is to change. */
struct target {
	const char *word; /* as it was written */
	enum {
		TARGET_ADDRESS,
		TARGET_NET,
		TARGET_REF, /* until it is looked up (ctl/targets.h) */
		TARGET_NAME,
		TARGET_ALL
	} kind;
	struct addr address; /* of a network its first */
	struct net who;      /* a single address is the network of 128 bits */
	char ref[PROC_REF_SIZE]; /* of the ban that named it; else empty */
	enum reason reason;      /* of that ban */
};

/* What may stand beside addresses and refs. */
enum {
	TARGET_NETS = 1,
	TARGET_NAMES = 2,
	TARGET_EVERYBODY = 4
};

/* Understand a word; a ref is read in small letters too.  False where it is
 * none of that. */
bool target_read(const char *word, unsigned also, struct target *out);

/* Whether it may be the name of a host: with a dot in it, and a letter behind
 * the last one. */
bool target_is_host(const char *word);

/* The next word of standard input, up to a blank or a line's end; NULL at its
 * end.  It stays until the program ends; there may be 64 KB of them. */
const char *target_next_word(void);

#endif
