/*
 * The process beside the one that follows the logs: what may take its time, or
 * must do what that one has given up (ask the DNS).  It restarts where it
 * crashes, and ends with the process that started it.
 */
#ifndef WATCH_UPKEEP_H
#define WATCH_UPKEEP_H

#include <sys/types.h>

/* Start it, with the configuration at `path` (NULL: the default), before the
 * caller restricts itself.  To HUP it reads that again.  Its process id; -1
 * after a log line. */
pid_t upkeep_start(const char *path);

#endif
