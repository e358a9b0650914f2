/*
 * What many log files tell, in the order of time.
 *
 * Of each file the first finding is looked for; then always the file whose
 * next finding is the oldest gives it.  So files may be named in any order,
 * and the logs of two services of the same days run side by side.  Only files
 * whose time has come stay open.
 */
#ifndef CTL_FINDINGS_H
#define CTL_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/rules.h"

struct progress;
struct findings;

enum findings_result {
	FINDINGS_ONE,
	FINDINGS_END,
	FINDINGS_FAILED /* after a complaint */
};

/*
 * Look into all files; `now` stands for the end of what has no time of its
 * own, as a pipe.  All that is given is borrowed.  NULL after a complaint.
 */
struct findings *findings_open(const struct rules *rules,
    const char *const *path, size_t paths, int64_t now,
    struct progress *progress);
void findings_close(struct findings *findings);

/* The finding stays until the next call. */
enum findings_result findings_next(
    struct findings *findings, const struct finding **finding);

/* How many lines were read; right at the end only. */
int64_t findings_lines(const struct findings *findings);

#endif
