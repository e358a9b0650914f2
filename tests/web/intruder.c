/*
 * What could be done from inside a process: preloaded into it, tries on
 * SIGUSR2 what each line of the file $INTRUDER says, "WHAT PATH", and writes
 * the line and "done" or the error to standard error.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int
opens(const char *path, int flags)
{
	const int fd = open(path, flags | O_CLOEXEC, 0600);

	return fd < 0 ? -1 : close(fd);
}

static int
binds(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int result;

	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	result = bind(fd, (const struct sockaddr *)&sun, sizeof(sun));
	return close(fd) == 0 ? result : -1;
}

static int
try(const char *what, const char *path)
{
	return strcmp(what, "read") == 0     ? opens(path, O_RDONLY)
	       : strcmp(what, "write") == 0  ? opens(path, O_RDWR)
	       : strcmp(what, "empty") == 0  ? opens(path, O_WRONLY | O_TRUNC)
	       : strcmp(what, "make") == 0   ? opens(path, O_CREAT | O_WRONLY)
	       : strcmp(what, "remove") == 0 ? unlink(path)
	       : strcmp(what, "rename") == 0 ? rename(path, "/tmp/intruder")
	       : strcmp(what, "link") == 0   ? symlink("/", path)
	       : strcmp(what, "folder") == 0 ? mkdir(path, 0700)
	       : strcmp(what, "bind") == 0   ? binds(path)
					     : socket(AF_INET, SOCK_STREAM, 0);
}

static void
intrude(int number)
{
	FILE *lines = fopen(getenv("INTRUDER"), "r");
	char what[16];
	char path[256];

	(void)number;
	while (
	    lines != NULL && fscanf(lines, "%15s %255s\n", what, path) == 2) {
		const int result = try(what, path);

		(void)fprintf(stderr, "intruder: %s %s: %s\n", what, path,
		    result < 0 ? strerrorname_np(errno) : "done");
	}
	(void)fprintf(stderr, "intruder: end\n");
}

__attribute__((constructor)) static void
begin(void)
{
	(void)signal(SIGUSR2, intrude);
}
