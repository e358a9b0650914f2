/*
 * What another user of this host can reach.
 *
 * Mode bits do not tell (there are access lists, and Linux has more than
 * both), so a child process becomes that user and tries.
 */
#ifndef DOCTOR_PROBE_H
#define DOCTOR_PROBE_H

#include <stddef.h>

#include "base/proc.h"

enum {
	PROBE_UNKNOWN = -1 /* only root can become another */
};

enum probe_how {
	PROBE_READ,   /* open it for reading */
	PROBE_SEARCH, /* pass through a folder */
	PROBE_CONNECT /* connect to a unix socket */
};

/* 0, or the error the user meets, or PROBE_UNKNOWN. */
int probe_as(
    const struct proc_user *user, const char *path, enum probe_how how);

/* The first folder on the way to `path` that the user cannot pass; false
 * where there is none. */
bool probe_blocked(
    const struct proc_user *user, const char *path, char *folder, size_t size);

#endif
