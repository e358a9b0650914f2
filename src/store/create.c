/*
 * A new database file, and bringing an old one up to date.
 *
 * A new one is made under another name and moved into its place, so that nobody
 * ever meets one that is not ours yet; programs that start together take
 * turns by a lock on the folder.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "store/db.h"

/* schema/NNN-what.sql, in order; the n-th makes version n. */
extern const struct embedded schema_files[];

enum {
	FILE_MODE = 0660,
	LOCK_WAIT = 5000 /* ms */
};

static void
fail_errno(struct store *store)
{
	char why[128];

	db_fail(store, STORE_FAILED, strerror_r(errno, why, sizeof(why)));
}

/* A path of at least one byte is there. */
static bool
is_filled(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && (st.st_size > 0 || !S_ISREG(st.st_mode));
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

/* Whose it is stands in the first page, never only in a WAL: a look at the
 * file's bytes finds it. */
static bool
make_ours(struct store *store, const char *path)
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
		db_fail(store, STORE_FAILED, sqlite3_errmsg(db));
	}
	(void)sqlite3_close(db);
	return rc == SQLITE_OK;
}

/* False where there is none then. */
static bool
make_at(struct store *store, const char *path, int folder)
{
	if (!make_file(path, folder)) {
		fail_errno(store);
		return false;
	}
	if (!make_ours(store, path)) {
		(void)unlink(path);
		return false;
	}
	return true;
}

struct store *
db_create_at(struct store *store, const char *path, int folder)
{
	char error[STORE_ERROR_SIZE];
	struct store *made = NULL;

	if (make_at(store, path, folder) &&
	    db_open(&made, path, STORE_WRITE, 0, true, error) != STORE_OK) {
		db_fail(store, STORE_FAILED, error);
		(void)unlink(path);
	}
	return made;
}

void
db_create(struct store *store)
{
	char fresh[PATH_MAX];
	struct text text;
	int folder;

	if (is_filled(store->path)) {
		return;
	}
	text_init(&text, fresh, sizeof(fresh));
	text_addf(&text, "%s.new", store->path);
	folder = text.cut ? -1 : db_folder_lock(store, LOCK_EX, LOCK_WAIT);
	if (folder < 0) {
		errno = text.cut ? ENAMETOOLONG : errno;
		fail_errno(store);
		return;
	}
	if (!is_filled(store->path) && make_at(store, fresh, folder)) {
		db_files_clear(store);
		if (rename(fresh, store->path) != 0) {
			fail_errno(store);
			(void)unlink(fresh);
		}
	}
	(void)close(folder);
}

/* ---- bringing it up to date ---- */

int64_t
db_program_version(void)
{
	int64_t count = 0;

	while (schema_files[count].name != NULL) {
		count++;
	}
	return count;
}

void
db_script(struct store *store, const char *sql)
{
	if (store->status == STORE_OK) {
		(void)db_check(
		    store, sqlite3_exec(store->db, sql, NULL, NULL, NULL));
	}
}

int64_t
db_user_version(struct store *store)
{
	return store->status != STORE_OK
		   ? -1
		   : db_number(store, "PRAGMA user_version", NULL, -1);
}

void
db_migrate(struct store *store)
{
	int64_t version = db_user_version(store);
	char pragma[64];
	struct text text;

	if (store->status != STORE_OK || version == db_program_version()) {
		return;
	}
	/* Another program may be doing the same: look again once it is ours
	 * alone. */
	db_script(store, "BEGIN IMMEDIATE");
	version = db_user_version(store);
	while (store->status == STORE_OK && version < db_program_version()) {
		db_script(store, schema_files[version].data);
		text_init(&text, pragma, sizeof(pragma));
		text_addf(
		    &text, "PRAGMA user_version = %lld", (long long)++version);
		db_script(store, pragma);
	}
	db_script(store, "COMMIT");
	store_rollback(store);
}
