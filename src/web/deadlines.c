#include "web/deadlines.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

void
deadlines_init(struct deadlines *deadlines)
{
	memset(deadlines, 0, sizeof(*deadlines));
	(void)pthread_mutex_init(&deadlines->lock, NULL);
}

bool
deadlines_admit(struct deadlines *deadlines, const struct sockaddr *from)
{
	struct addr addr;
	int count = 0;

	if (!addr_from_sockaddr(from, &addr)) {
		return true;
	}
	(void)pthread_mutex_lock(&deadlines->lock);
	for (size_t i = 0; i < DEADLINES_MAX; i++) {
		const struct deadline *one = &deadlines->connection[i];

		count += one->used &&
			 memcmp(&one->from, &addr, sizeof(addr)) == 0;
	}
	(void)pthread_mutex_unlock(&deadlines->lock);
	return count < DEADLINES_EACH;
}

/* Shut down the one that has waited longest, if it came or was served at
 * `until` or before; false where there is none. */
static bool
hang_up(struct deadlines *deadlines, int64_t until, enum deadlines_cause cause)
{
	struct deadline *longest = NULL;

	for (size_t i = 0; i < DEADLINES_MAX; i++) {
		struct deadline *one = &deadlines->connection[i];

		if (one->used && one->waits && one->since <= until &&
		    (longest == NULL || one->since < longest->since)) {
			longest = one;
		}
	}
	if (longest == NULL) {
		return false;
	}
	longest->waits = false;
	atomic_fetch_add(&deadlines->hung_up[cause], 1);
	(void)shutdown(longest->socket, SHUT_RDWR);
	return true;
}

struct deadline *
deadlines_take(struct deadlines *deadlines, int socket,
    const struct sockaddr *from, int64_t ticks)
{
	struct deadline *deadline = NULL;

	(void)pthread_mutex_lock(&deadlines->lock);
	if (deadlines->used >= DEADLINES_CROWDED) {
		(void)hang_up(deadlines, INT64_MAX, DEADLINES_FULL);
	}
	for (size_t i = 0; i < DEADLINES_MAX && deadline == NULL; i++) {
		if (!deadlines->connection[i].used) {
			deadline = &deadlines->connection[i];
		}
	}
	if (deadline != NULL) {
		*deadline = (struct deadline){ .used = true,
			.waits = true,
			.socket = socket,
			.since = ticks };
		(void)addr_from_sockaddr(from, &deadline->from);
		deadlines->used++;
	}
	(void)pthread_mutex_unlock(&deadlines->lock);
	return deadline;
}

void
deadlines_served(
    struct deadlines *deadlines, struct deadline *deadline, int64_t ticks)
{
	(void)pthread_mutex_lock(&deadlines->lock);
	deadline->since = ticks;
	(void)pthread_mutex_unlock(&deadlines->lock);
}

void
deadlines_leave(struct deadlines *deadlines, struct deadline *deadline)
{
	(void)pthread_mutex_lock(&deadlines->lock);
	deadline->used = false;
	deadlines->used--;
	(void)pthread_mutex_unlock(&deadlines->lock);
}

void
deadlines_sweep(struct deadlines *deadlines, int64_t ticks)
{
	const int64_t until = ticks - DEADLINES_SECONDS * INT64_C(1000);
	bool more;

	(void)pthread_mutex_lock(&deadlines->lock);
	do {
		more = hang_up(deadlines, until, DEADLINES_SLOW);
	} while (more);
	(void)pthread_mutex_unlock(&deadlines->lock);
}
