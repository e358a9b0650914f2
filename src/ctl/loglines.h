/*
 * The lines of a log file, in bounded memory whatever the file holds: of a
 * line longer than the rules look at, that much is given and the rest is
 * passed over.
 */
#ifndef CTL_LOGLINES_H
#define CTL_LOGLINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/logbytes.h"

enum loglines_result {
	LOGLINES_LINE,
	LOGLINES_END,
	LOGLINES_FAILED /* bytes.error says why */
};

struct loglines {
	struct logbytes bytes;
	char *text; /* what was read and not yet given */
	size_t at;
	size_t have;
	bool passing;   /* over the rest of a line that is too long */
	int64_t number; /* of the line that was given last, from 1 */
};

/* False with bytes.error set; then it is closed already. */
bool loglines_open(struct loglines *lines, const char *path);
void loglines_close(struct loglines *lines);

/* The text is not ended by NUL, has no line's end, and stays until the next
 * call. */
enum loglines_result loglines_next(
    struct loglines *lines, const char **text, size_t *len);

#endif
