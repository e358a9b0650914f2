/*
 * What every table of rows needs: cmocka, and checks that say the row's
 * sentence when they fail.
 */
#ifndef UNIT_CHECK_H
#define UNIT_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline void
check_int(const char *sentence, int64_t got, int64_t want)
{
	if (got != want) {
		fail_msg("%s: got %lld, want %lld", sentence, (long long)got,
		    (long long)want);
	}
}

static inline void
check_text(const char *sentence, const char *got, const char *want)
{
	if (strcmp(got, want) != 0) {
		fail_msg("%s:\n  got  %s\n  want %s", sentence, got, want);
	}
}

#endif
