/*
 * A copy of the database while all run, and putting one back.
 *
 * SQLite's own copying (https://www.sqlite.org/backup.html) takes one moment of
 * a database that others write.  What is put back is another file, which takes
 * the old one's place while nobody can write: all who have the old one open
 * notice, and what they were about to write goes into the new one.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/proc.h"
#include "base/text.h"
#include "store/db.h"

enum {
	TIMEOUT = 5000, /* ms for another program that puts files in order */
	TRIES = 250,    /* of a moment in which the log is empty */
	NAP = 20        /* ms between them */
};

static const char quick_check[] = "PRAGMA quick_check(1)";

/* Why something failed, in front of which stands whose it is. */
static enum store_result
fail(char error[static STORE_ERROR_SIZE], const char *path, const char *why)
{
	struct text text;

	text_init(&text, error, STORE_ERROR_SIZE);
	text_addf(&text, "%s: %s", path, why);
	return STORE_FAILED;
}

static enum store_result
fail_errno(char error[static STORE_ERROR_SIZE], const char *path)
{
	char why[128];

	return fail(error, path, strerror_r(errno, why, sizeof(why)));
}

/* ---- copying ---- */

sqlite3 *
db_open_file(const char *path, int flags)
{
	sqlite3 *db = NULL;

	if (sqlite3_open_v2(path, &db, flags, NULL) != SQLITE_OK) {
		(void)sqlite3_close(db);
		return NULL;
	}
	(void)sqlite3_busy_timeout(db, TIMEOUT);
	return db;
}

/* All pages, of one moment: SQLite's result. */
static int
copy(sqlite3 *from, sqlite3 *to)
{
	sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");

	if (backup == NULL) {
		return sqlite3_errcode(to);
	}
	(void)sqlite3_backup_step(backup, -1);
	return sqlite3_backup_finish(backup);
}

static int64_t
version_of(sqlite3 *db)
{
	sqlite3_stmt *row = NULL;
	int64_t version = -1;

	if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &row, NULL) ==
		SQLITE_OK &&
	    sqlite3_step(row) == SQLITE_ROW) {
		version = sqlite3_column_int64(row, 0);
	}
	(void)sqlite3_finalize(row);
	return version;
}

/* Open one of ours that is sound; NULL with `error`. */
static sqlite3 *
open_sound(const char *path, char error[static STORE_ERROR_SIZE])
{
	sqlite3 *db = db_open_file(path, SQLITE_OPEN_READONLY);
	const char *why = db == NULL ? "cannot be opened" : db_not_ours(db);

	if (why == NULL && !db_is_sound(db, quick_check)) {
		why = "it is damaged: see \"videur help rescue\"";
	} else if (why == NULL && version_of(db) > db_program_version()) {
		why = "it is of a newer version than this program's";
	}
	if (why == NULL) {
		return db;
	}
	(void)fail(error, path, why);
	(void)sqlite3_close(db);
	return NULL;
}

/* ---- backup ---- */

/* Fill a new file, which is whole by itself then, without a log. */
static enum store_result
fill(const char *path, sqlite3 *from, char error[static STORE_ERROR_SIZE])
{
	enum store_result result = STORE_OK;
	sqlite3 *to = NULL;
	int fd = -1;

	(void)unlink(path);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		return fail_errno(error, path);
	}
	to = db_open_file(path, SQLITE_OPEN_READWRITE);
	if (to == NULL ||
	    sqlite3_exec(to, "PRAGMA synchronous = OFF", NULL, NULL, NULL) !=
		SQLITE_OK ||
	    copy(from, to) != SQLITE_OK ||
	    sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL,
		NULL) != SQLITE_OK) {
		result = fail(error, path,
		    to != NULL ? sqlite3_errmsg(to) : "cannot be opened");
	} else if (!db_is_sound(to, quick_check)) {
		result = fail(error, path,
		    "the copy is damaged, as the database may be: see \"videur "
		    "doctor\"");
	}
	(void)sqlite3_close(to);
	if (result == STORE_OK && fsync(fd) != 0) {
		result = fail_errno(error, path);
	}
	(void)close(fd);
	return result;
}

enum store_result
store_backup(const char *from, const char *to, int64_t *bytes,
    char error[static STORE_ERROR_SIZE])
{
	char fresh[PATH_MAX];
	struct text text;
	struct stat st = { .st_size = 0 };
	enum store_result result;
	sqlite3 *db;

	text_init(&text, fresh, sizeof(fresh));
	text_addf(&text, "%s.new", to);
	if (text.cut) {
		return fail(error, to, "too long a name");
	}
	db = db_open_file(from, SQLITE_OPEN_READONLY);
	if (db == NULL || db_not_ours(db) != NULL) {
		result = fail(error, from,
		    db != NULL ? db_not_ours(db) : "cannot be opened");
		(void)sqlite3_close(db);
		return result;
	}
	result = fill(fresh, db, error);
	(void)sqlite3_close(db);
	if (result == STORE_OK &&
	    (stat(fresh, &st) != 0 || rename(fresh, to) != 0)) {
		result = fail_errno(error, to);
	}
	if (result != STORE_OK) {
		(void)unlink(fresh);
	}
	*bytes = (int64_t)st.st_size;
	return result;
}

/* ---- restore ---- */

/* A new database beside the old one, with what is in `from`, of this program's
 * version, and known as what takes the place of `kept`. */
static bool
make_fresh(struct store *store, sqlite3 *from, const char *fresh,
    const char *kept, int folder)
{
	char error[STORE_ERROR_SIZE] = "";
	char side[PATH_MAX];
	struct store *to = db_create_at(store, fresh, folder);
	bool fine = to != NULL && copy(from, to->db) == SQLITE_OK;

	if (to != NULL && !fine) {
		db_fail(store, STORE_FAILED, sqlite3_errmsg(to->db));
	}
	store_close(to);
	to = NULL;
	if (fine &&
	    db_open(&to, fresh, STORE_WRITE, 0, true, error) != STORE_OK) {
		db_fail(store, STORE_FAILED, error);
		fine = false;
	}
	if (fine) {
		store_state_put(to, STORE_STATE_RESTORED, kept, proc_now());
		db_script(to, "PRAGMA wal_checkpoint(TRUNCATE)");
		fine = store_status(to) == STORE_OK;
	}
	store_close(to);
	for (int i = 1; i < DB_FILES; i++) {
		(void)unlink(db_file_path(fresh, i, side));
	}
	return fine;
}

/* Keep all others from writing in a moment in which the main file alone is all
 * of the database: whatever ends this program then, one of the two is there,
 * whole. */
static bool
stop_writers(struct store *store)
{
	struct stat st;

	for (int i = 0; i < TRIES; i++) {
		(void)sqlite3_wal_checkpoint_v2(
		    store->db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
		if (sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL,
			NULL) == SQLITE_OK) {
			if (!db_file_stat(store->path, 1, &st) ||
			    st.st_size == 0) {
				return true;
			}
			(void)sqlite3_exec(
			    store->db, "ROLLBACK", NULL, NULL, NULL);
		}
		(void)sqlite3_sleep(NAP);
	}
	db_fail(store, STORE_BUSY, "others read and write it all the time");
	return false;
}

/* With the lock on the folder. */
static void
put_in_place(
    struct store *store, sqlite3 *from, int folder, char kept[static PATH_MAX])
{
	char fresh[PATH_MAX];
	char side[PATH_MAX];
	struct text text;

	text_init(&text, fresh, sizeof(fresh));
	text_addf(&text, "%s.new", store->path);
	if (text.cut || !db_aside_name(store->path, "replaced", kept)) {
		db_fail(store, STORE_FAILED,
		    "there is no name for the old one: too many were replaced "
		    "within an hour");
		return;
	}
	if (!make_fresh(store, from, fresh, strrchr(kept, '-'), folder) ||
	    !stop_writers(store)) {
		(void)unlink(fresh);
		return;
	}
	(void)db_aside_put(store, kept, true);
	if (rename(fresh, store->path) != 0) {
		db_fail(store, STORE_FAILED, "cannot be replaced");
		(void)unlink(fresh);
		(void)unlink(kept);
	}
	/* There is nothing in them. */
	for (int i = 1; i < DB_FILES; i++) {
		(void)unlink(db_file_path(kept, i, side));
	}
}

enum store_result
store_restore(const char *path, const char *from, char kept[PATH_MAX],
    bool *fits, char error[static STORE_ERROR_SIZE])
{
	sqlite3 *db = open_sound(from, error);
	enum store_result result = STORE_FAILED;
	struct store *store = NULL;
	int folder = -1;

	*fits = db != NULL;
	if (db == NULL || kept == NULL) {
		(void)sqlite3_close(db);
		return *fits ? STORE_OK : STORE_FAILED;
	}
	if (store_open(&store, path, STORE_WRITE, TIMEOUT, error) == STORE_OK) {
		folder = db_folder_lock(store, LOCK_EX, TIMEOUT);
		if (folder >= 0) {
			put_in_place(store, db, folder, kept);
			(void)close(folder);
		} else {
			db_files_busy(store);
		}
		result = store_status(store);
		(void)text_copy(error, STORE_ERROR_SIZE, store_error(store));
		(void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	}
	store_close(store);
	(void)sqlite3_close(db);
	return result;
}
