#include "check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sandbox.h"

/* Make folders, each with a file "old", and go there. */
static void
build(char root[])
{
	static const char *const folders[] = { "db", "run", "other", "side" };
	char old[16];

	assert_non_null(mkdtemp(root));
	assert_int_equal(chdir(root), 0);
	for (size_t i = 0; i < COUNT(folders); i++) {
		assert_int_equal(mkdir(folders[i], 0700), 0);
		(void)snprintf(old, sizeof(old), "%s/old", folders[i]);
		assert_int_equal(close(creat(old, 0600)), 0);
	}
}

static void
clear(const char *root)
{
	static const char *const all[] = { "db/old", "db/new", "run/old",
		"run/new", "other/old", "other/new", "side/old", "db", "run",
		"other", "side" };

	for (size_t i = 0; i < COUNT(all); i++) {
		(void)remove(all[i]);
	}
	assert_int_equal(chdir("/"), 0);
	(void)rmdir(root);
}

/* What is tried, and whether it must work. */
static const struct {
	const char *sentence;
	enum {
		OPEN,
		REMOVE,
		RUN,
		CALL
	} what;
	const char *name;
	int flags;
	bool want;
} rows[] = {
	{ "files are read", OPEN, "other/old", O_RDONLY, true },
	{ "but not written elsewhere", OPEN, "other/old", O_WRONLY, false },
	{ "nor made there", OPEN, "other/new", O_WRONLY | O_CREAT, false },
	{ "nor removed", REMOVE, "other/old", 0, false },
	{ "the database is written", OPEN, "db/old", O_RDWR, true },
	{ "but not emptied", OPEN, "db/old", O_RDWR | O_TRUNC, false },
	{ "and made", OPEN, "db/new", O_RDWR | O_CREAT, true },
	{ "and removed", REMOVE, "db/old", 0, true },
	{ "where the socket lies nothing is made", OPEN, "run/new",
	    O_WRONLY | O_CREAT, false },
	{ "nor written", OPEN, "run/old", O_WRONLY, false },
	{ "but the socket can be removed", REMOVE, "run/old", 0, true },
	{ "a file alone is written", OPEN, "side/old", O_RDWR, true },
	{ "and not removed", REMOVE, "side/old", 0, false },
	{ "there is a way to the log", CALL, NULL, AF_UNIX, true },
	{ "and none to the network", CALL, NULL, AF_INET, false },
	{ "no program is started", RUN, NULL, 0, false },
};

static bool
works(size_t row)
{
	int status;
	pid_t child;

	switch (rows[row].what) {
	case OPEN:
		return open(rows[row].name, rows[row].flags, 0600) >= 0;
	case REMOVE:
		return unlink(rows[row].name) == 0;
	case CALL:
		return socket(rows[row].flags, SOCK_DGRAM, 0) >= 0;
	case RUN:
		break;
	}
	child = fork();
	if (child == 0) {
		(void)execl("/bin/true", "true", (char *)NULL);
		_exit(1);
	}
	return waitpid(child, &status, 0) == child && status == 0;
}

/* In a process of its own, since there is no way back.  Gives back the first
 * row that is not so, or how many there are. */
static size_t
try_all(const char *root)
{
	char listen[64];
	const struct sandbox_place places[] = {
		{ "db/videur.db", SANDBOX_WRITE },
		{ listen, SANDBOX_REMOVE },
		{ "side/old", SANDBOX_CHANGE },
		{ "", SANDBOX_WRITE },
	};
	size_t row = 0;

	(void)snprintf(listen, sizeof(listen), "%s/run/web.sock", root);
	sandbox_calls(false);
	sandbox_files(places, COUNT(places));
	while (row < COUNT(rows) && works(row) == rows[row].want) {
		row++;
	}
	return row;
}

static void
what_is_left(void **state)
{
	char root[] = "/tmp/videur-unit-XXXXXX";
	int status;
	pid_t child;

	(void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	skip(); /* they write reports where they like */
#endif
	if (!sandbox_has_landlock()) {
		skip();
	}
	build(root);
	child = fork();
	if (child == 0) {
		_exit((int)try_all(root));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	clear(root);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) < (int)COUNT(rows)) {
		fail_msg("%s", rows[WEXITSTATUS(status)].sentence);
	}
	check_int("all of it holds", WEXITSTATUS(status), COUNT(rows));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_left),
	};

	return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
