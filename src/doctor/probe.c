#include "doctor/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"

enum {
	PATIENCE = 3, /* s: a network's file system may hang */
	GIVE_UP = 255 /* no error is so high */
};

static int
try_connect(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd;

	if (!text_copy(to.sun_path, sizeof(to.sun_path), path)) {
		return ENAMETOOLONG;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return errno;
	}
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0 ||
	    errno == EAGAIN) {
		errno = 0; /* a full queue is somebody who listens */
	}
	return errno;
}

static int
try(const char *path, enum probe_how how)
{
	switch (how) {
	case PROBE_READ:
		return open(path,
			   O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) >= 0
			   ? 0
			   : errno;
	case PROBE_SEARCH:
		return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0 ? 0
									: errno;
	case PROBE_CONNECT:
		break;
	}
	return try_connect(path);
}

int
probe_as(const struct proc_user *user, const char *path, enum probe_how how)
{
	bool is_me = geteuid() == user->uid;
	int status = 0;
	pid_t pid;

	if (geteuid() != 0 && !is_me) {
		return PROBE_UNKNOWN;
	}
	pid = fork();
	if (pid == 0) {
		(void)alarm(PATIENCE);
		_exit(geteuid() != 0 || proc_become(user) ? try(path, how)
							  : GIVE_UP);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR) {
			return PROBE_UNKNOWN;
		}
	}
	if (pid < 0 || !WIFEXITED(status) || WEXITSTATUS(status) == GIVE_UP) {
		return PROBE_UNKNOWN;
	}
	return WEXITSTATUS(status);
}

bool
probe_blocked(
    const struct proc_user *user, const char *path, char *folder, size_t size)
{
	for (const char *at = strchr(path + 1, '/'); at != NULL;
	     at = strchr(at + 1, '/')) {
		struct text text;

		text_init(&text, folder, size);
		text_add_bytes(&text, path, (size_t)(at - path));
		if (text.cut) {
			return false;
		}
		if (probe_as(user, folder, PROBE_SEARCH) > 0) {
			return true;
		}
	}
	return false;
}
