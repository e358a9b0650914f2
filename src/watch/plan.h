/*
 * Which file of a log to read, and from where.
 *
 * Pure: given what is remembered of a log and what lies on disk under its
 * name and its rotated names, it says where reading goes on.  A file is the
 * one remembered where its first bytes and the last line that was taken are
 * what they were; its inode proves nothing, since that is used again, kept by
 * a truncation and changed by a copy.
 */
#ifndef WATCH_PLAN_H
#define WATCH_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

/* One file that is there. */
struct sight {
	int64_t device;
	int64_t inode;
	int64_t size; /* of its text; -1: not known, and not empty */
	/* Of its bytes where those that are remembered were; empty where it
	 * is too short for them. */
	char head_hash[STORE_KEY_SIZE];
	char line_hash[STORE_KEY_SIZE];
};

enum plan_what {
	PLAN_WAIT,     /* there is nothing to go on with */
	PLAN_CONTINUE, /* in `file`, behind the last line that was taken */
	PLAN_CUT,      /* in `file`, which lost its end, from its end on */
	PLAN_BEGIN,    /* in `file`, from its start */
	PLAN_LOST      /* as PLAN_BEGIN; what was remembered is gone, and what
			  was written to it or after it may be missed */
};

struct plan {
	enum plan_what what;
	size_t file;
};

/*
 * `sights` are the files in the order they were written, the oldest first.
 * Where `live` is true, the last of them is the one that is written to now.
 *
 * A rotation is many steps, and what is seen may be the state between any two
 * of them: the log's name is missing, a file is there compressed and plain, a
 * copy is there in part or whole beside its original.
 *
 * What is remembered may be the last line of one file and the inode of the
 * next one, from which no line was taken.
 */
struct plan plan_resume(const struct position *remembered,
    const struct sight *sights, size_t count, bool live);

/* The same once all of the file that is open was read, whose inode is the one
 * that is remembered.  `untouched`: without a line taken from it. */
struct plan plan_next(const struct position *remembered, bool untouched,
    const struct sight *sights, size_t count, bool live);

#endif
