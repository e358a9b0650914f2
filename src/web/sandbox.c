/*
 * Less than the user could do: what a server that only reads has no use for
 * is given up for good, so that a fault in it is nobody's tool.
 */
#include "web/web.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/endpoint.h"
#include "base/file.h"

#ifndef LANDLOCK_ACCESS_FS_REFER /* since 5.19 */
#define LANDLOCK_ACCESS_FS_REFER (UINT64_C(1) << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE /* since 6.2 */
#define LANDLOCK_ACCESS_FS_TRUNCATE (UINT64_C(1) << 14)
#endif

enum {
	PATH_SIZE = 512
};

static const uint64_t removing = LANDLOCK_ACCESS_FS_REMOVE_FILE;
static const uint64_t writing = LANDLOCK_ACCESS_FS_WRITE_FILE |
				LANDLOCK_ACCESS_FS_MAKE_REG |
				LANDLOCK_ACCESS_FS_TRUNCATE;

/* Leave rights below the folder that `path` lies in.  One that is not there
 * needs none. */
static bool
leave(int ruleset, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = rights };
	char folder[PATH_SIZE];
	bool fine;

	if (!file_folder(path, folder, sizeof(folder))) {
		errno = ENAMETOOLONG;
		return false;
	}
	rule.parent_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rule.parent_fd < 0) {
		return errno == ENOENT;
	}
	fine = syscall(SYS_landlock_add_rule, ruleset,
		   LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
	(void)close(rule.parent_fd);
	return fine;
}

bool
sandbox_enter(const char *database, const char *const *sockets, int count)
{
	const long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	const uint64_t newest = version < 2   ? LANDLOCK_ACCESS_FS_MAKE_SYM
				: version < 3 ? LANDLOCK_ACCESS_FS_REFER
					      : LANDLOCK_ACCESS_FS_TRUNCATE;
	/* All of that version, but those to read. */
	const uint64_t rights = (newest * 2 - 1) &
				~(uint64_t)(LANDLOCK_ACCESS_FS_READ_FILE |
					    LANDLOCK_ACCESS_FS_READ_DIR);
	const struct landlock_ruleset_attr attributes = {
		.handled_access_fs = rights
	};
	bool fine;
	int ruleset;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
		return false;
	}
	if (version < 1) {
		return true;
	}
	ruleset = (int)syscall(
	    SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0);
	if (ruleset < 0) {
		return false;
	}
	fine = leave(ruleset, database, writing & rights);
	for (int i = 0; i < count && fine; i++) {
		struct endpoint endpoint;

		if (endpoint_parse(sockets[i], ENDPOINT_SERVER, &endpoint) ==
			NULL &&
		    endpoint.is_unix) {
			fine = leave(ruleset, endpoint.path, removing);
		}
	}
	fine = fine && syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
	(void)close(ruleset);
	return fine;
}
