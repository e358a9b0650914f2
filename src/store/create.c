/*
 * A new database file.
 *
 * It is made under another name and moved into its place, so that nobody
 * ever meets one that is not ours yet; programs that start together take
 * turns by a lock on the folder.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "store/db.h"

enum {
	FILE_MODE = 0660,
	PATH_SIZE = 4096
};

static enum store_result
refuse_errno(char *error, const char *path)
{
	char why[128];
	struct text text;

	text_init(&text, error, STORE_ERROR_SIZE);
	text_addf(&text, "%s: %s", path, strerror_r(errno, why, sizeof(why)));
	return STORE_FAILED;
}

/* A path of at least one byte is there. */
static bool
is_filled(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && (st.st_size > 0 || !S_ISREG(st.st_mode));
}

static int
open_folder(const char *path)
{
	char folder[PATH_SIZE];
	const char *slash = strrchr(path, '/');
	struct text text;

	text_init(&text, folder, sizeof(folder));
	if (slash == NULL) {
		text_add(&text, ".");
	} else {
		text_add_bytes(&text, path, (size_t)(slash - path) + 1);
	}
	return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* SQLite gives its side files mode and owner of the main one.  Made by root,
 * a file belongs to the owner of its folder. */
static bool
make_file(const char *path, int folder)
{
	struct stat st;
	bool made;
	int fd;

	if (unlink(path) != 0 && errno != ENOENT) {
		return false;
	}
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	if (fd < 0) {
		return false;
	}
	made = fchmod(fd, FILE_MODE) == 0 && fstat(folder, &st) == 0 &&
	       (geteuid() != 0 || fchown(fd, st.st_uid, st.st_gid) == 0);
	(void)close(fd);
	return made;
}

/* Our mark stands in the first page, never only in a WAL: a look at the
 * file's bytes finds it. */
static enum store_result
mark_as_ours(const char *path, char *error)
{
	char sql[128];
	struct text text;
	sqlite3 *db = NULL;
	int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);

	text_init(&text, sql, sizeof(sql));
	text_addf(&text,
	    "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA application_id = %d",
	    DB_APPLICATION_ID);
	if (rc == SQLITE_OK) {
		rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
	}
	if (rc != SQLITE_OK) {
		text_init(&text, error, STORE_ERROR_SIZE);
		text_addf(&text, "%s: %s", path, sqlite3_errmsg(db));
	}
	(void)sqlite3_close(db);
	return rc == SQLITE_OK ? STORE_OK : STORE_FAILED;
}

static enum store_result
make_and_move(const char *path, int folder, char *error)
{
	char fresh[PATH_SIZE];
	struct text text;
	enum store_result result;

	text_init(&text, fresh, sizeof(fresh));
	text_addf(&text, "%s.new", path);
	if (text.cut) {
		errno = ENAMETOOLONG;
		return refuse_errno(error, path);
	}
	if (!make_file(fresh, folder)) {
		return refuse_errno(error, path);
	}
	result = mark_as_ours(fresh, error);
	if (result == STORE_OK && rename(fresh, path) != 0) {
		result = refuse_errno(error, path);
	}
	if (result != STORE_OK) {
		(void)unlink(fresh);
	}
	return result;
}

enum store_result
db_create(const char *path, char *error)
{
	enum store_result result = STORE_OK;
	int folder;

	if (is_filled(path)) {
		return STORE_OK;
	}
	folder = open_folder(path);
	if (folder < 0 || flock(folder, LOCK_EX) != 0) {
		result = refuse_errno(error, path);
	} else if (!is_filled(path)) {
		result = make_and_move(path, folder, error);
	}
	if (folder >= 0) {
		(void)close(folder);
	}
	return result;
}
