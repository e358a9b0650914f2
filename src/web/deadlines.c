#include "web/web.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

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
    const struct sockaddr *from, int each, int64_t ticks)
{
	struct deadline *deadline = NULL;
	struct deadline taken = {
		.used = true, .waits = true, .socket = socket, .since = ticks
	};
	int of_address = 1;
	int used = 0;

	(void)addr_from_sockaddr(from, &taken.from);
	(void)pthread_mutex_lock(&deadlines->lock);
	for (size_t i = 0; i < DEADLINES_MAX; i++) {
		struct deadline *one = &deadlines->connection[i];

		used += one->used;
		of_address += one->used && memcmp(&one->from, &taken.from,
					       sizeof(one->from)) == 0;
		deadline = one->used || deadline != NULL ? deadline : one;
	}
	if (of_address > each) {
		taken.waits = false;
		(void)shutdown(socket, SHUT_RDWR);
	} else if (used >= DEADLINES_CROWDED) {
		(void)hang_up(deadlines, INT64_MAX, DEADLINES_FULL);
	}
	if (deadline != NULL) {
		*deadline = taken;
	}
	(void)pthread_mutex_unlock(&deadlines->lock);
	return deadline;
}

void
deadlines_leave(struct deadlines *deadlines, struct deadline *deadline)
{
	(void)pthread_mutex_lock(&deadlines->lock);
	deadline->used = false;
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
