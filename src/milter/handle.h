/*
 * One handle of the database, shared by threads behind a mutex.
 *
 * Whoever uses it takes it with a deadline and gives it back.  There may be
 * no store in it: while the database cannot be opened, and while it is opened
 * anew.
 */
#ifndef MILTER_HANDLE_H
#define MILTER_HANDLE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

struct handle {
	pthread_mutex_t mutex;
	enum store_mode mode;
	struct store *store; /* owned, or NULL; used with the mutex held */
	int64_t generation;  /* how many stores it has seen */
	bool failed;         /* a verb failed; another store may do better */
	bool read_only;      /* failed, because it cannot be written */
};

void handle_init(struct handle *handle, enum store_mode mode);
/* Closes the store, too. */
void handle_clear(struct handle *handle);

/* Wait at most so many milliseconds for it.  On true the mutex is held,
 * whether or not there is a store. */
bool handle_take(struct handle *handle, int64_t milliseconds);
void handle_give(struct handle *handle);

/*
 * Where there is no store or it failed, open another and put it in; the old
 * one stays where that cannot be done.  For one thread only.  STORE_OK where
 * there is nothing to mend; `error` as store_open().
 */
enum store_result handle_mend(struct handle *handle, const char *path,
    int patience, char error[static STORE_ERROR_SIZE]);

/* Close the store and leave none. */
void handle_drop(struct handle *handle);

#endif
