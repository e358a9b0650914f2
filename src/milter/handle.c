#include "milter/handle.h"

#include <stddef.h>
#include <time.h>

void
handle_init(struct handle *handle, enum store_mode mode)
{
	*handle = (struct handle){ .mode = mode };
	(void)pthread_mutex_init(&handle->mutex, NULL);
}

void
handle_clear(struct handle *handle)
{
	handle_drop(handle);
	(void)pthread_mutex_destroy(&handle->mutex);
}

static struct timespec
in_milliseconds(int64_t milliseconds)
{
	struct timespec at;

	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += milliseconds / 1000;
	at.tv_nsec += milliseconds % 1000 * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

bool
handle_take(struct handle *handle, int64_t milliseconds)
{
	struct timespec deadline;

	/* Mostly it is free, and then the clock need not be read. */
	if (pthread_mutex_trylock(&handle->mutex) == 0) {
		return true;
	}
	if (milliseconds <= 0) {
		return false;
	}
	deadline = in_milliseconds(milliseconds);
	return pthread_mutex_clocklock(
		   &handle->mutex, CLOCK_MONOTONIC, &deadline) == 0;
}

void
handle_give(struct handle *handle)
{
	(void)pthread_mutex_unlock(&handle->mutex);
}

static bool
needs_mending(struct handle *handle)
{
	bool needs;

	(void)pthread_mutex_lock(&handle->mutex);
	needs = handle->store == NULL || handle->failed;
	(void)pthread_mutex_unlock(&handle->mutex);
	return needs;
}

static void
replace(struct handle *handle, struct store *store)
{
	struct store *old;

	(void)pthread_mutex_lock(&handle->mutex);
	old = handle->store;
	handle->store = store;
	handle->generation++;
	handle->failed = false;
	handle->read_only = false;
	(void)pthread_mutex_unlock(&handle->mutex);
	store_close(old);
}

enum store_result
handle_mend(struct handle *handle, const char *path, int patience,
    char error[static STORE_ERROR_SIZE])
{
	struct store *store;
	enum store_result result;

	if (!needs_mending(handle)) {
		return STORE_OK;
	}
	/* Opening takes its time; nobody waits for it. */
	result = store_open(&store, path, handle->mode, patience, error);
	if (result == STORE_OK) {
		replace(handle, store);
	}
	return result;
}

void
handle_drop(struct handle *handle)
{
	replace(handle, NULL);
}
