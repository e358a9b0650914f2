#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "store/db.h"

enum {
	FILE_MODE = 0660,
	HEADER_SIZE = 100,       /* of an SQLite file */
	HEADER_APPLICATION = 68, /* where its application_id stands */
	NAP = 5                  /* milliseconds */
};

/* ---- the file, before SQLite sees it ---- */

static enum store_result
refuse(char *error, const char *path, const char *why)
{
	struct text text;

	text_init(&text, error, STORE_ERROR_SIZE);
	text_addf(&text, "%s: %s", path, why);
	return STORE_FAILED;
}

static enum store_result
refuse_errno(char *error, const char *path)
{
	char why[128];

	return refuse(error, path, strerror_r(errno, why, sizeof(why)));
}

/* Made by root, a file belongs to the owner of its folder. */
static bool
give_to_folder(int fd, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder;
	struct stat st;
	bool given;

	if (geteuid() != 0) {
		return true;
	}
	folder = slash == NULL ? strdup(".")
			       : strndup(path, (size_t)(slash - path) + 1);
	given = folder != NULL && stat(folder, &st) == 0 &&
		fchown(fd, st.st_uid, st.st_gid) == 0;
	free(folder);
	return given;
}

/* SQLite gives its side files mode and owner of the main one, so that one
 * must be right from the start. */
static enum store_result
create(const char *path, char *error)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	enum store_result result = STORE_OK;

	if (fd < 0) {
		return errno == EEXIST ? STORE_OK : refuse_errno(error, path);
	}
	if (fchmod(fd, FILE_MODE) != 0 || !give_to_folder(fd, path)) {
		result = refuse_errno(error, path);
	}
	(void)close(fd);
	return result;
}

/*
 * Whose file is this?  Read from its bytes, since SQLite would recover or
 * checkpoint a stranger's database just by opening it.  Ours has its
 * application_id in the main file from the first transaction on.
 */
static enum store_result
check_header(const char *path, char *error)
{
	static const unsigned char id[4] = { DB_APPLICATION_ID >> 24 & 0xff,
		DB_APPLICATION_ID >> 16 & 0xff, DB_APPLICATION_ID >> 8 & 0xff,
		DB_APPLICATION_ID & 0xff };
	unsigned char header[HEADER_SIZE];
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t got;

	if (fd < 0) {
		return refuse_errno(error, path);
	}
	got = fstat(fd, &st) == 0 && S_ISREG(st.st_mode)
		  ? read(fd, header, sizeof(header))
		  : -1;
	(void)close(fd);
	if (got < 0) {
		return refuse(error, path, "not a regular file");
	}
	if (got == 0) {
		return STORE_NONE;
	}
	if (got < HEADER_SIZE || memcmp(header, "SQLite format 3", 16) != 0) {
		return refuse(error, path, "not an SQLite database");
	}
	if (memcmp(header + HEADER_APPLICATION, id, sizeof(id)) != 0) {
		return refuse(error, path, "not a database of videur");
	}
	return STORE_OK;
}

/* ---- the handle ---- */

static enum store_result
run(struct store *store, const char *sql)
{
	return db_result(store, sqlite3_exec(store->db, sql, NULL, NULL, NULL));
}

/* Until the version is known nothing may change, not even by closing. */
static enum store_result
open_handle(struct store *store, const char *path, bool write, int patience)
{
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
		    (write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
	int rc = sqlite3_open_v2(path, &store->db, flags, NULL);

	if (rc != SQLITE_OK) {
		return db_result(store, rc);
	}
	store_patience(store, patience);
	(void)sqlite3_db_config(
	    store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return run(store, "PRAGMA cache_size = -1024;"
			  "PRAGMA temp_store = MEMORY;"
			  "PRAGMA trusted_schema = OFF;"
			  "PRAGMA synchronous = NORMAL");
}

static enum store_result
check_version(struct store *store, const char *path, bool write)
{
	int64_t version = db_user_version(store);
	struct text text;

	if (version < 0) {
		return db_result(store, sqlite3_errcode(store->db));
	}
	if (version == db_program_version() ||
	    (write && version < db_program_version())) {
		return STORE_OK;
	}
	text_init(&text, store->error, sizeof(store->error));
	text_addf(&text, "%s: its version %lld is %s than this program's, %lld",
	    path, (long long)version,
	    version > db_program_version() ? "newer" : "older",
	    (long long)db_program_version());
	return STORE_FAILED;
}

/* The identity of a new database, in one transaction and not in the WAL, so
 * that check_header() finds it whatever happens later. */
static enum store_result
make_ours(struct store *store)
{
	char sql[128];
	struct text text;
	enum store_result result = run(store, "PRAGMA auto_vacuum = 2");

	if (result == STORE_OK) {
		result = run(store, "BEGIN EXCLUSIVE");
	}
	if (result != STORE_OK) {
		return result;
	}
	text_init(&text, sql, sizeof(sql));
	text_addf(
	    &text, "PRAGMA application_id = %d; COMMIT", DB_APPLICATION_ID);
	return run(store, sql);
}

/* SQLite does not wait where two programs turn to WAL at once: we do. */
static enum store_result
turn_to_wal(struct store *store, int patience)
{
	enum store_result result;

	for (;; patience -= NAP) {
		result = run(store, "PRAGMA journal_mode = WAL");
		if (result != STORE_BUSY || patience <= 0) {
			return result;
		}
		(void)sqlite3_sleep(NAP);
	}
}

/* WAL that outlives its last user, so that a reader alone can open it. */
static enum store_result
settle(struct store *store, enum store_mode mode, int patience)
{
	int persist = 1;
	enum store_result result = turn_to_wal(store, patience);

	if (result == STORE_OK) {
		result = run(store, "PRAGMA journal_size_limit = 16777216");
	}
	if (result == STORE_OK && mode == STORE_SERVE) {
		result = run(store, "PRAGMA wal_autocheckpoint = 0");
	}
	(void)sqlite3_file_control(
	    store->db, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
	(void)sqlite3_db_config(
	    store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	return result;
}

static enum store_result
bring_up(struct store *store, const char *path, enum store_mode mode,
    int patience, bool empty)
{
	bool write = mode != STORE_READ;
	enum store_result result = open_handle(store, path, write, patience);

	if (result == STORE_OK && empty) {
		result = make_ours(store);
	}
	if (result == STORE_OK) {
		result = check_version(store, path, write);
	}
	if (result == STORE_OK && write) {
		result = db_migrate(store);
	}
	if (result == STORE_OK && write) {
		result = settle(store, mode, patience);
	}
	return result;
}

enum store_result
store_open(struct store **out, const char *path, enum store_mode mode,
    int patience, char error[static STORE_ERROR_SIZE])
{
	enum store_result result = STORE_OK;
	struct store *store;

	*out = NULL;
	if (mode != STORE_READ) {
		result = create(path, error);
	}
	if (result == STORE_OK) {
		result = check_header(path, error);
	}
	if (result == STORE_NONE && mode == STORE_READ) {
		return refuse(error, path, "the database is still empty");
	}
	if (result != STORE_OK && result != STORE_NONE) {
		return result;
	}
	store = calloc(1, sizeof(*store));
	if (store == NULL) {
		return refuse_errno(error, path);
	}
	result = bring_up(store, path, mode, patience, result == STORE_NONE);
	if (result != STORE_OK) {
		(void)text_copy(error, STORE_ERROR_SIZE, store->error);
		store_close(store);
		return result == STORE_BUSY ? STORE_BUSY : STORE_FAILED;
	}
	*out = store;
	return STORE_OK;
}

void
store_close(struct store *store)
{
	if (store == NULL) {
		return;
	}
	for (size_t i = 0; i < DB_STATEMENTS; i++) {
		(void)sqlite3_finalize(store->statement[i]);
	}
	(void)sqlite3_close(store->db);
	free(store);
}
