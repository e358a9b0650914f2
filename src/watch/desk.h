/*
 * The database, for one watcher alone.
 *
 * Two watchers of the same logs would count everything twice, so each holds
 * a lock on the database's file for as long as it has it open.
 */
#ifndef WATCH_DESK_H
#define WATCH_DESK_H

#include "conf/conf.h"
#include "store/store.h"

struct desk {
	struct store *store; /* NULL: closed */
	int lock;
	char path[CONF_PATH_SIZE];
};

/* As store_open(); STORE_FAILED as well where another watcher has it. */
enum store_result desk_open(
    struct desk *desk, const char *path, char error[static STORE_ERROR_SIZE]);

/* Harmless where it is closed. */
void desk_close(struct desk *desk);

#endif
