#include "base/notify.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/proc.h"
#include "base/text.h"

static void
tell(const char *state)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes it */
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un manager = { .sun_family = AF_UNIX };
	socklen_t size = offsetof(struct sockaddr_un, sun_path);
	int fd;

	if (path == NULL ||
	    !text_copy(manager.sun_path, sizeof(manager.sun_path), path)) {
		return;
	}
	size += (socklen_t)strlen(path);
	if (path[0] == '@') { /* an abstract name */
		manager.sun_path[0] = '\0';
	}
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		(void)sendto(fd, state, strlen(state),
		    MSG_NOSIGNAL | MSG_DONTWAIT,
		    (const struct sockaddr *)&manager, size);
		(void)close(fd);
	}
}

void
notify_ready(void)
{
	tell("READY=1");
}

void
notify_reloading(void)
{
	struct timespec now;
	char state[64];

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	(void)text_print(state, sizeof(state),
	    "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
	    now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000);
	tell(state);
}

void
notify_stopping(void)
{
	tell("STOPPING=1");
}

void
notify_alive(void)
{
	static int64_t due; /* by proc_ticks() */
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes it */
	const char *watchdog = getenv("WATCHDOG_USEC");
	int64_t limit;

	if (watchdog != NULL && proc_ticks() >= due &&
	    text_to_int(watchdog, 1, INT64_MAX, &limit)) {
		tell("WATCHDOG=1");
		due = proc_ticks() + limit / 1000 / 4;
	}
}
