/*
 * How far reading has come, shown at a terminal.
 *
 * Nothing is shown in the first second: most input is read by then.
 */
#ifndef CTL_PROGRESS_H
#define CTL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct progress {
	FILE *to;     /* borrowed; NULL shows nothing */
	int64_t next; /* when to show it again, in milliseconds */
	bool shown;
};

/* `ticks` here and below is proc_ticks(). */
struct progress progress_begin(FILE *to, int64_t ticks);

/* So many lines are read, and `done` of `total` bytes; a total of 0 is not
 * known. */
void progress_step(struct progress *progress, int64_t done, int64_t total,
    int64_t lines, int64_t ticks);

/* Take it off the screen. */
void progress_end(struct progress *progress);

#endif
