/*
 * A descriptor that can be read once a log may have changed.
 *
 * It holds an inotify queue for folders and open files, and whatever else is
 * to be awaited.  It may ring for nothing, and it may miss what happens on a
 * network file system: whoever waits looks every now and then anyway.
 */
#ifndef WATCH_BELL_H
#define WATCH_BELL_H

#include <stdbool.h>

struct bell {
	int fd; /* to wait for; -1 where there is none */
	int inotify;
};

/* Where it cannot be had it never rings. */
void bell_open(struct bell *bell);
void bell_close(struct bell *bell);

/* Ring for files that come to or go from the folder of `path`.  To be called
 * again every now and then: the folder may be another one by then. */
void bell_folder(struct bell *bell, const char *path);

/* Ring when the open file `fd` is written to. */
void bell_file(struct bell *bell, int fd);

/* Ring when `fd` can be read; until it is closed. */
void bell_descriptor(struct bell *bell, int fd);

/* Stop ringing for what happened so far. */
void bell_quiet(struct bell *bell);

#endif
