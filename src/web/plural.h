/*
 * Plurals: which form of a phrase goes with a number.
 *
 * The forms are the categories of CLDR, and a rule is written as CLDR writes
 * its own (Unicode TR 35, part 3, "Language Plural Rules"), for whole numbers:
 *
 *	n = 1
 *	n % 10 = 2..4 and n % 100 != 12..14
 *	i = 0 or n % 10 = 0,5..9
 *
 * n and i are the number without its sign; v, w, f, t, c and e, which tell of
 * decimals, are 0, so that a rule can be pasted as it is.
 */
#ifndef WEB_PLURAL_H
#define WEB_PLURAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/words.h"

/* In the order in which their rules are tried. */
enum plural {
	PLURAL_ZERO,
	PLURAL_ONE,
	PLURAL_TWO,
	PLURAL_FEW,
	PLURAL_MANY,
	PLURAL_OTHER, /* has no rule: what no other holds for */
	PLURAL_COUNT
};

extern const struct words plural_words;

/* Whether the rule holds for the number.  False where `len` bytes are no rule,
 * which is the same for any number. */
bool plural_holds(const char *rule, size_t len, int64_t number, bool *holds);

#endif
