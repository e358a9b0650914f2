/*
 * Opening a database, looking after it, and opening it anew.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "store/db.h"

enum {
	HEADER_APPLICATION = 68, /* where its application_id stands */
	NAP = 5                  /* milliseconds */
};

/* Through SQLite's own descriptor: closing another one would drop the locks
 * that this process's other handles hold on the file (POSIX). */
const char *
db_not_ours(sqlite3 *db)
{
	static const unsigned char id[4] = { DB_APPLICATION_ID >> 24 & 0xff,
		DB_APPLICATION_ID >> 16 & 0xff, DB_APPLICATION_ID >> 8 & 0xff,
		DB_APPLICATION_ID & 0xff };
	unsigned char header[DB_HEADER];
	sqlite3_file *file = NULL;
	sqlite3_int64 size = 0;

	if (sqlite3_file_control(
		db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
	    file == NULL || file->pMethods == NULL ||
	    file->pMethods->xFileSize(file, &size) != SQLITE_OK) {
		return "cannot be read";
	}
	if (size == 0) {
		return "the database is still empty";
	}
	if (size < DB_HEADER ||
	    file->pMethods->xRead(file, header, DB_HEADER, 0) != SQLITE_OK ||
	    memcmp(header, "SQLite format 3", 16) != 0) {
		return "not an SQLite database";
	}
	return memcmp(header + HEADER_APPLICATION, id, sizeof(id)) != 0
		   ? "not a database of videur"
		   : NULL;
}

/* Nobody asks how much memory it has: else each allocation waits for the other
 * threads' to count it. */
static void
count_no_memory(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static void
open_file(struct store *store)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
		    (store->mode == STORE_READ ? SQLITE_OPEN_READONLY
					       : SQLITE_OPEN_READWRITE);
	const char *why = NULL;
	struct stat st;
	char buf[128];

	(void)pthread_once(&once, count_no_memory);
	if (stat(store->path, &st) != 0) {
		why = strerror_r(errno, buf, sizeof(buf));
	} else if (!S_ISREG(st.st_mode)) {
		why = "not a regular file";
	} else if (db_check(store,
		       sqlite3_open_v2(store->path, &store->db, flags, NULL))) {
		why = db_not_ours(store->db);
	}
	if (why != NULL) {
		db_fail(store, STORE_FAILED, why);
	}
}

/* Until the version is known nothing may change, not even by closing. */
static void
set_up(struct store *store)
{
	int64_t newest = db_program_version();
	int64_t version;
	struct text text;
	char why[128];

	(void)sqlite3_busy_timeout(store->db, store->timeout);
	db_waiting_init(store);
	(void)sqlite3_db_config(
	    store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	/* What one transaction changes should fit, or pages go into the log
	 * again and again. */
	db_script(store, store->mode == STORE_WRITE
			     ? "PRAGMA cache_size = -4096"
			     : "PRAGMA cache_size = -640");
	db_script(store, "PRAGMA temp_store = MEMORY;"
			 "PRAGMA synchronous = NORMAL");
	/* The triggers of a host that shares use json_object(), which SQLite
	 * runs in a schema that is trusted only. */
	if (store->mode == STORE_READ) {
		db_script(store, "PRAGMA trusted_schema = OFF");
	}
	version = db_user_version(store);
	if (store->status != STORE_OK || version == newest ||
	    (store->mode != STORE_READ && version < newest)) {
		return;
	}
	text_init(&text, why, sizeof(why));
	text_addf(&text, "its version %lld is %s than this program's, %lld",
	    (long long)version, version > newest ? "newer" : "older",
	    (long long)newest);
	db_fail(store, STORE_FAILED, why);
}

/* WAL that outlives its last user, so that a reader alone can open it. */
static void
turn_to_wal(struct store *store)
{
	int timeout = store->timeout;
	int persist = 1;

	db_script(store, "PRAGMA journal_mode = WAL");
	/* SQLite does not wait where two programs do so at once: we do. */
	for (; store->status == STORE_BUSY && timeout > 0; timeout -= NAP) {
		(void)sqlite3_sleep(NAP);
		store->status = STORE_OK;
		db_script(store, "PRAGMA journal_mode = WAL");
	}
	db_script(store, "PRAGMA journal_size_limit = 16777216");
	/* Who begins to write looks after the log. */
	db_script(store, "PRAGMA wal_autocheckpoint = 0");
	(void)sqlite3_file_control(
	    store->db, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
	(void)sqlite3_db_config(
	    store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
}

/* ---- leaving a file together ---- */

/*
 * SQLite shares the index of the log among all handles of a process: one that
 * was opened when it could not be written stays so until the last of them has
 * gone.  So they leave together, each when it is tended next, and none comes
 * back before that.
 */
static pthread_mutex_t leaving = PTHREAD_MUTEX_INITIALIZER;
static int era = 1; /* the next begins when all are to leave */
static int handles; /* open ones of this era, */
static int former;  /* and of those before */

static bool
enter_era(struct store *store)
{
	(void)pthread_mutex_lock(&leaving);
	if (former == 0) {
		store->era = era;
		handles++;
	}
	(void)pthread_mutex_unlock(&leaving);
	return store->era != 0;
}

static void
leave_era(struct store *store)
{
	(void)pthread_mutex_lock(&leaving);
	if (store->era != 0) {
		*(store->era == era ? &handles : &former) -= 1;
		store->era = 0;
	}
	(void)pthread_mutex_unlock(&leaving);
}

/* Whether it is to leave: all are where one finds that it could write now. */
static bool
is_former(const struct store *store)
{
	bool is;

	(void)pthread_mutex_lock(&leaving);
	if (store->era == era && store->read_only &&
	    access(store->path, W_OK) == 0) {
		former += handles;
		handles = 0;
		era++;
	}
	is = store->era != 0 && store->era != era;
	(void)pthread_mutex_unlock(&leaving);
	return is;
}

/* What lies at the path, while nobody puts its files in order. */
static void
open_path(struct store *store)
{
	const bool writes = store->mode != STORE_READ;
	int folder = -1;

	if (writes) {
		db_create(store);
	}
	if (store->status == STORE_OK && db_files_enter(store, &folder)) {
		if (store->locked || enter_era(store)) {
			open_file(store);
		} else {
			db_fail(store, STORE_BUSY,
			    "it can be written again: one moment");
		}
	}
	if (store->status == STORE_OK) {
		set_up(store);
	}
	if (store->status == STORE_OK && writes) {
		db_migrate(store);
		turn_to_wal(store);
		(void)db_user_version(store);
	}
	if (store->status == STORE_OK) {
		db_files_note(store);
	}
	if (folder >= 0) {
		(void)close(folder);
	}
}

/* False where nothing is open then. */
static bool
open_database(struct store *store)
{
	const bool writes = store->mode != STORE_READ;

	store->status = STORE_OK;
	if (store->mode == STORE_SCRATCH) {
		(void)db_check(store, sqlite3_open(":memory:", &store->db));
		db_waiting_init(store);
		db_migrate(store);
		return store->status == STORE_OK;
	}
	open_path(store);
	if (store->status == STORE_FAILED && writes && store->db != NULL &&
	    db_files_look(store) == DB_FILES_SUSPECT &&
	    db_files_mend(store, DB_FILES_SUSPECT)) {
		db_close(store);
		store->status = STORE_OK;
		open_path(store);
	}
	if (store->status != STORE_OK) {
		(void)is_former(store);
		db_close(store);
		return false;
	}
	store->opened++;
	store->has_secret = false;
	db_logins_forget(store);
	store->broken = store->read_only = false;
	db_files_tell(store, true);
	return true;
}

enum store_result
db_open(struct store **out, const char *path, enum store_mode mode, int timeout,
    bool locked, char error[static STORE_ERROR_SIZE])
{
	struct store *store = calloc(1, sizeof(*store));
	char real[PATH_MAX];
	enum store_result result;
	struct stat st;

	*out = NULL;
	if (store != NULL && mode != STORE_SCRATCH) {
		/* SQLite follows a link first. */
		store->path = lstat(path, &st) == 0 && S_ISLNK(st.st_mode) &&
				      realpath(path, real) != NULL
				  ? strdup(real)
				  : strdup(path);
	}
	if (store == NULL || (mode != STORE_SCRATCH && store->path == NULL)) {
		free(store);
		(void)text_copy(error, STORE_ERROR_SIZE, "out of memory");
		return STORE_FAILED;
	}
	store->mode = mode;
	store->timeout = timeout;
	db_logins_init(store);
	db_tallies_init(store);
	store->locked = locked;
	if (open_database(store)) {
		*out = store;
		return STORE_OK;
	}
	result = store->status;
	(void)text_copy(error, STORE_ERROR_SIZE, store->error);
	store_close(store);
	return result;
}

enum store_result
store_open(struct store **out, const char *path, enum store_mode mode,
    int timeout, char error[static STORE_ERROR_SIZE])
{
	return db_open(out, path, mode, timeout, false, error);
}

void
db_close(struct store *store)
{
	if (store->db == NULL) {
		leave_era(store);
		return;
	}
	for (size_t i = 0; i < DB_STATEMENTS; i++) {
		(void)sqlite3_finalize(store->statement[i].statement);
		store->statement[i] = (struct db_statement){ .sql = NULL };
	}
	store->index = NULL;
	(void)sqlite3_close(store->db);
	store->db = NULL;
	store->bracket = false;
	leave_era(store);
}

void
store_close(struct store *store)
{
	if (store == NULL) {
		return;
	}
	db_close(store);
	db_logins_forget(store);
	db_waiting_forget(store);
	free(store->ban);
	free(store->path);
	free(store);
}

/* ---- looking after it ---- */

/* Whether what the handle has open is to be left; where it may write, what is
 * wrong with the files has been put right then. */
static bool
is_over(struct store *store)
{
	const bool former_one = is_former(store);
	const enum db_files found = db_files_look(store);

	if (found != DB_FILES_FINE && store->mode != STORE_READ &&
	    db_files_mend(store, found)) {
		store->moved = true;
		return true;
	}
	if (found == DB_FILES_FINE) {
		db_files_tell(store, false);
	}
	store->moved |= found == DB_FILES_OTHER || found == DB_FILES_GONE;
	return former_one || store->status != STORE_OK || store->broken ||
	       (found != DB_FILES_FINE && found != DB_FILES_SUSPECT);
}

enum store_result
store_tend(struct store *store, bool *anew)
{
	if (anew != NULL) {
		*anew = false;
	}
	if (store->mode == STORE_SCRATCH) {
		return STORE_OK;
	}
	store->status = STORE_OK;
	/* It is another once this host shares with others. */
	store->has_secret = false;
	if (store->db != NULL && is_over(store)) {
		db_close(store);
	}
	if (store->db != NULL) {
		if (store->mode == STORE_SERVE) {
			db_log_tend(store);
		}
		db_files_moved(store);
	} else if (open_database(store)) {
		if (anew != NULL) {
			*anew = store->moved;
		}
		store->moved = false;
	}
	return store->status;
}
