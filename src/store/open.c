#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "store/db.h"

enum {
	HEADER_SIZE = 100,       /* of an SQLite file */
	HEADER_APPLICATION = 68, /* where its application_id stands */
	NAP = 5                  /* milliseconds */
};

static enum store_result
refuse(struct store *store, const char *path, const char *why)
{
	struct text text;

	text_init(&text, store->error, sizeof(store->error));
	text_addf(&text, "%s: %s", path, why);
	return STORE_FAILED;
}

/*
 * Whose file is this?  Read from its bytes, since SQLite would recover or
 * checkpoint a stranger's database just by using it, and through SQLite's
 * own descriptor: closing another one would drop the locks that this
 * process's other handles hold on the file (POSIX).
 */
static enum store_result
check_header(struct store *store, const char *path)
{
	static const unsigned char id[4] = { DB_APPLICATION_ID >> 24 & 0xff,
		DB_APPLICATION_ID >> 16 & 0xff, DB_APPLICATION_ID >> 8 & 0xff,
		DB_APPLICATION_ID & 0xff };
	unsigned char header[HEADER_SIZE];
	sqlite3_file *file = NULL;
	sqlite3_int64 size = 0;

	if (sqlite3_file_control(store->db, "main", SQLITE_FCNTL_FILE_POINTER,
		&file) != SQLITE_OK ||
	    file == NULL || file->pMethods == NULL ||
	    file->pMethods->xFileSize(file, &size) != SQLITE_OK) {
		return refuse(store, path, "cannot be read");
	}
	if (size == 0) {
		return refuse(store, path, "the database is still empty");
	}
	if (size < HEADER_SIZE ||
	    file->pMethods->xRead(file, header, HEADER_SIZE, 0) != SQLITE_OK ||
	    memcmp(header, "SQLite format 3", 16) != 0) {
		return refuse(store, path, "not an SQLite database");
	}
	if (memcmp(header + HEADER_APPLICATION, id, sizeof(id)) != 0) {
		return refuse(store, path, "not a database of videur");
	}
	return STORE_OK;
}

static enum store_result
run(struct store *store, const char *sql)
{
	return db_result(store, sqlite3_exec(store->db, sql, NULL, NULL, NULL));
}

static enum store_result
open_file(struct store *store, const char *path, enum store_mode mode)
{
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
		    (mode == STORE_READ ? SQLITE_OPEN_READONLY
					: SQLITE_OPEN_READWRITE);
	struct stat st;
	char why[128];

	if (stat(path, &st) != 0) {
		return refuse(store, path, strerror_r(errno, why, sizeof(why)));
	}
	if (!S_ISREG(st.st_mode)) {
		return refuse(store, path, "not a regular file");
	}
	return db_result(store, sqlite3_open_v2(path, &store->db, flags, NULL));
}

/* Until the version is known nothing may change, not even by closing. */
static enum store_result
set_up(struct store *store, int patience)
{
	store_patience(store, patience);
	(void)sqlite3_db_config(
	    store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return run(store, "PRAGMA cache_size = -640;"
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
	if (result == STORE_OK) {
		/* Else every 16 MB, as much as the log may keep: pages that
		 * many events touch are moved once and not many times. */
		result = run(store, mode == STORE_SERVE
					? "PRAGMA wal_autocheckpoint = 0"
					: "PRAGMA wal_autocheckpoint = 4000");
	}
	(void)sqlite3_file_control(
	    store->db, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
	(void)sqlite3_db_config(
	    store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	return result;
}

static enum store_result
bring_up(
    struct store *store, const char *path, enum store_mode mode, int patience)
{
	bool write = mode != STORE_READ;
	enum store_result result = open_file(store, path, mode);

	if (result == STORE_OK) {
		result = check_header(store, path);
	}
	if (result == STORE_OK) {
		result = set_up(store, patience);
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

static enum store_result
bring_up_scratch(struct store *store)
{
	enum store_result result = db_result(
	    store, sqlite3_open(":memory:", &store->db));

	return result == STORE_OK ? db_migrate(store) : result;
}

enum store_result
store_open(struct store **out, const char *path, enum store_mode mode,
    int patience, char error[static STORE_ERROR_SIZE])
{
	enum store_result result = STORE_OK;
	struct store *store;

	*out = NULL;
	if (mode == STORE_WRITE || mode == STORE_SERVE) {
		result = db_create(path, error);
	}
	if (result != STORE_OK) {
		return result;
	}
	store = calloc(1, sizeof(*store));
	if (store == NULL) {
		(void)text_copy(error, STORE_ERROR_SIZE, "out of memory");
		return STORE_FAILED;
	}
	result = mode == STORE_SCRATCH ? bring_up_scratch(store)
				       : bring_up(store, path, mode, patience);
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
