/*
 * What is wrong with a file: a line "FILE:LINE:COLUMN: what" for each error,
 * up to a bounded number.
 */
#ifndef CONF_ERRORS_H
#define CONF_ERRORS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

enum {
	ERRORS_MAX = 20,       /* are told; of more their number */
	ERRORS_WHAT_SIZE = 512 /* of one without its place */
};

struct errors {
	struct text text; /* the lines; the caller's buffer */
	int found;
	int told;
	bool lost; /* see errors_add_lost() */
};

struct place {
	const char *file; /* borrowed */
	int line;         /* 0: nowhere */
	int column;
};

/* Add one.  What was read and cannot be shown, as control characters and
 * halves of letters, is '?'. */
void errors_add(struct errors *errors, const struct place *at,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* `what` is given at two places. */
void errors_add_twice(struct errors *errors, const struct place *at,
    const char *what, const struct place *first);

/* Something does not stand where it must, so what follows may not either:
 * this is told only as the first of its kind, until the reader clears `lost`
 * because it found its way again. */
void errors_add_lost(struct errors *errors, const struct place *at,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Behind the last: say how many were not told. */
void errors_end(struct errors *errors, const char *file);

#endif
