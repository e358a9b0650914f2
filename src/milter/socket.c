#include "milter/milter.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

enum {
	FOLDER_MODE = 0750,
	NOBODY_YET = 0177, /* umask: only we */
	GROUP_BUFFER = 4096,
	WHY_SIZE = 128
};

static void
warn_errno(const char *path, const char *what)
{
	char why[WHY_SIZE];

	log_warn("%s: %s: %s", path, what, strerror_r(errno, why, sizeof(why)));
}

/* Hand a path to the group that may connect.  Not being allowed to is worth
 * a warning; the MTA may have other ways in. */
static void
give_to_group(const char *path, const char *name)
{
	char buffer[GROUP_BUFFER];
	struct group group;
	struct group *found = NULL;

	if (name[0] == '\0' ||
	    getgrnam_r(name, &group, buffer, sizeof(buffer), &found) != 0 ||
	    found == NULL) {
		return;
	}
	if (chown(path, (uid_t)-1, found->gr_gid) != 0) {
		warn_errno(path, "cannot be given to the socket's group");
	}
}

static bool
make_folder(const char *path, const struct conf *conf)
{
	char folder[CONF_PATH_SIZE];

	(void)file_folder(path, folder, sizeof(folder));
	if (mkdir(folder, FOLDER_MODE) != 0) {
		if (errno == EEXIST) {
			return true;
		}
		warn_errno(folder, "cannot be made");
		return false;
	}
	/* Whatever the umask says. */
	if (chmod(folder, FOLDER_MODE) != 0) {
		warn_errno(folder, "cannot be given its mode");
	}
	give_to_group(folder, conf->milter.socket_group);
	return true;
}

/* Whether a program listens at this socket: one that was left behind refuses,
 * and one that is only busy (EAGAIN) is there. */
static bool
is_answered(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int fd = socket(
	    AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool answered = false;

	if (fd >= 0 &&
	    text_copy(address.sun_path, sizeof(address.sun_path), path)) {
		answered = connect(fd, (const struct sockaddr *)&address,
			       sizeof(address)) == 0 ||
			   errno == EAGAIN;
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	return answered;
}

static mode_t umask_before;

bool
socket_prepare(const char *path, const struct conf *conf)
{
	if (path[0] == '\0') {
		return true;
	}
	/* libmilter would take the socket away from the one that listens,
	 * which then runs on and is never asked again. */
	if (is_answered(path)) {
		log_warn("%s: another program listens here: is videur-milter "
			 "running already?",
		    path);
		return false;
	}
	if (!make_folder(path, conf)) {
		return false;
	}
	umask_before = umask(NOBODY_YET);
	return true;
}

bool
socket_finish(const char *path, const struct conf *conf)
{
	if (path[0] == '\0') {
		return true;
	}
	(void)umask(umask_before);
	give_to_group(path, conf->milter.socket_group);
	if (chmod(path, (mode_t)conf->milter.socket_mode) != 0) {
		warn_errno(path, "cannot be given its mode");
		return false;
	}
	return true;
}
