#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "web/web.h"

enum {
	PATH_SIZE = 128
};

/* Folders "db", "run" and "other", each with a file "old". */
struct place {
	char root[PATH_SIZE / 2];
};

static void
path_of(const struct place *place, const char *name, char path[PATH_SIZE])
{
	(void)snprintf(path, PATH_SIZE, "%s/%s", place->root, name);
}

static int
open_in(const struct place *place, const char *name, int flags)
{
	char path[PATH_SIZE];

	path_of(place, name, path);
	return open(path, flags | O_CLOEXEC, 0600);
}

static void
build(struct place *place)
{
	static const char *const folders[] = { "db", "run", "other" };
	static const char *const files[] = { "db/old", "run/old", "other/old" };
	char path[PATH_SIZE];

	(void)snprintf(
	    place->root, sizeof(place->root), "/tmp/videur-unit-XXXXXX");
	assert_non_null(mkdtemp(place->root));
	for (size_t i = 0; i < COUNT(folders); i++) {
		int file;

		path_of(place, folders[i], path);
		assert_int_equal(mkdir(path, 0700), 0);
		file = open_in(place, files[i], O_WRONLY | O_CREAT);
		assert_true(file >= 0);
		assert_int_equal(write(file, "x", 1), 1);
		assert_int_equal(close(file), 0);
	}
}

static void
clear(const struct place *place)
{
	static const char *const all[] = { "db/old", "db/new", "run/old",
		"run/new", "other/old", "other/new", "db", "run", "other", "" };
	char path[PATH_SIZE];

	for (size_t i = 0; i < COUNT(all); i++) {
		path_of(place, all[i], path);
		(void)remove(path);
	}
}

static bool
can_open(const struct place *place, const char *name, int flags)
{
	int file = open_in(place, name, flags);

	return file >= 0 && close(file) == 0;
}

static bool
can_remove(const struct place *place, const char *name)
{
	char path[PATH_SIZE];

	path_of(place, name, path);
	return unlink(path) == 0;
}

static bool
can_run(void)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		(void)execl("/bin/true", "true", (char *)NULL);
		_exit(1);
	}
	return waitpid(child, &status, 0) == child && status == 0;
}

/* In a process of its own, since there is no way back.  Gives back the
 * number of the first row that is not so, 0 for none. */
static int
try_all(const struct place *place)
{
	char database[PATH_SIZE];
	char listen[PATH_SIZE];
	const char *const sockets[] = { listen, "127.0.0.1:8025" };

	path_of(place, "db/videur.db", database);
	(void)snprintf(
	    listen, sizeof(listen), "unix:%s/run/web.sock", place->root);
	if (!sandbox_enter(database, sockets, 2)) {
		return 1;
	}
	const bool so[] = { true, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1,
		can_open(place, "other/old", O_RDONLY),
		!can_open(place, "other/old", O_WRONLY),
		!can_open(place, "other/new", O_WRONLY | O_CREAT),
		!can_remove(place, "other/old"),
		can_open(place, "db/old", O_RDWR),
		can_open(place, "db/new", O_RDWR | O_CREAT),
		!can_remove(place, "db/old"),
		!can_open(place, "run/new", O_WRONLY | O_CREAT),
		!can_open(place, "run/old", O_WRONLY),
		can_remove(place, "run/old"), !can_run() };

	for (size_t i = 0; i < COUNT(so); i++) {
		if (!so[i]) {
			return (int)i + 1;
		}
	}
	return 0;
}

static void
what_is_left(void **state)
{
	static const char *const rows[] = { "all of it holds",
		"it can be given up", "no rights can be gained",
		"files are read", "but not written elsewhere", "nor made there",
		"nor removed", "SQLite's file for locks is written", "and made",
		"but not removed", "where the socket lies nothing is made",
		"nor written", "but the socket can be removed",
		"no program is started" };
	struct place place;
	int status;
	pid_t child;

	(void)state;
	if (syscall(SYS_landlock_create_ruleset, NULL, 0,
		LANDLOCK_CREATE_RULESET_VERSION) < 1) {
		print_message("this kernel knows no Landlock\n");
		skip();
	}
	build(&place);
	child = fork();
	if (child == 0) {
		_exit(try_all(&place));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	clear(&place);
	assert_true(WIFEXITED(status));
	assert_in_range(WEXITSTATUS(status), 0, COUNT(rows) - 1);
	check_int(rows[WEXITSTATUS(status)], WEXITSTATUS(status), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_left),
	};

	return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
