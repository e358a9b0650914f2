/*
 * What all sessions know of the database's version within one millisecond.
 *
 * A session asks for the version at each stage, which costs a lock; within
 * the millisecond in which another one asked it takes that answer.  What this
 * process itself writes shows at once: glance_void() makes the answer void,
 * also one that is on its way.  Lock-free.
 */
#ifndef MILTER_GLANCE_H
#define MILTER_GLANCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct glance {
	_Atomic int64_t seen;
	_Atomic int64_t voids;
};

void glance_init(struct glance *glance);

/* Whether `version` was seen in this millisecond of proc_ticks(). */
bool glance_has(struct glance *glance, int64_t version, int64_t ticks);

/* Before the version is asked for: a ticket for glance_put(). */
int64_t glance_begin(struct glance *glance);

/* It was this at `ticks`; no effect where glance_void() came since. */
void glance_put(
    struct glance *glance, int64_t ticket, int64_t version, int64_t ticks);

void glance_void(struct glance *glance);

#endif
