#include "watch/bell.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "conf/conf.h"

void
bell_open(struct bell *bell)
{
	bell->fd = epoll_create1(EPOLL_CLOEXEC);
	bell->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (bell->fd < 0 || bell->inotify < 0) {
		log_warn("no inotify: logs are looked at every now and then");
		return;
	}
	bell_descriptor(bell, bell->inotify);
}

void
bell_close(struct bell *bell)
{
	if (bell->inotify >= 0) {
		(void)close(bell->inotify);
	}
	if (bell->fd >= 0) {
		(void)close(bell->fd);
	}
	*bell = (struct bell){ .fd = -1, .inotify = -1 };
}

void
bell_folder(struct bell *bell, const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[CONF_PATH_SIZE];
	struct text text;

	text_init(&text, folder, sizeof(folder));
	text_add_bytes(&text, path, slash == path ? 1 : (size_t)(slash - path));
	(void)inotify_add_watch(bell->inotify, folder,
	    IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR);
}

/* By its descriptor, since its name may be another's by now.  The watch goes
 * with the inode; that of a rotated file hurts nobody until then. */
void
bell_file(struct bell *bell, int fd)
{
	char path[32];
	struct text text;

	text_init(&text, path, sizeof(path));
	text_addf(&text, "/proc/self/fd/%d", fd);
	(void)inotify_add_watch(bell->inotify, path, IN_MODIFY);
}

void
bell_descriptor(struct bell *bell, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	(void)epoll_ctl(bell->fd, EPOLL_CTL_ADD, fd, &event);
}

void
bell_quiet(struct bell *bell)
{
	char events[4096];

	while (read(bell->inotify, events, sizeof(events)) > 0) {
	}
}
