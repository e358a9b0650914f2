/*
 * What several logs tell, in the order of time.
 *
 * Of each log the first finding is looked for; then always the log whose next
 * finding is the oldest gives it.  So logs may be named in any order, and the
 * logs of two services of the same days run side by side.  Only logs whose
 * time has come stay open.
 */
#ifndef REPLAY_MERGE_H
#define REPLAY_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/rules.h"

struct merge;

/* Told now and then how far it has come: so many lines are read, and `done`
 * of `total` bytes; a total of 0 is not known. */
struct merge_progress {
	void (*tell)(void *to, int64_t done, int64_t total, int64_t lines);
	void *to;
};

enum merge_result {
	MERGE_FINDING,
	MERGE_END,
	MERGE_FAILED /* a log cannot be read: `error` says which and why */
};

/*
 * Look into all logs; `clock` has their zone, and a time for the end of what
 * has none of its own, as a pipe.  All that is given is borrowed, `error` too, which is set
 * where NULL comes back.
 */
struct merge *merge_open(const struct rules *rules, const char *const *path,
    size_t paths, const struct rules_clock *clock,
    const struct merge_progress *progress, char error[static LOG_ERROR_SIZE]);
void merge_close(struct merge *merge);

/* The finding stays until the next call. */
enum merge_result merge_next(
    struct merge *merge, const struct finding **finding);

/* How many lines were read; right at the end only. */
int64_t merge_lines(const struct merge *merge);

#endif
