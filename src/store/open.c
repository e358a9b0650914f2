/*
 * Opening a database, looking after it, and opening it anew.
 *
 * The handles of a process on one file share its side files, as the first of
 * them found them.  So they leave a file together: all are marked, each is
 * closed by its owner, and only then one of them looks at the path again.
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
	HEADER_SIZE = 100,       /* of an SQLite file */
	HEADER_APPLICATION = 68, /* where its application_id stands */
	NAP = 5                  /* milliseconds */
};

/* All handles with a path, and what they say of each other. */
static pthread_mutex_t all_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct store *all;

/* Through SQLite's own descriptor: closing another one would drop the locks
 * that this process's other handles hold on the file (POSIX). */
const char *
db_not_ours(sqlite3 *db)
{
	static const unsigned char id[4] = { DB_APPLICATION_ID >> 24 & 0xff,
		DB_APPLICATION_ID >> 16 & 0xff, DB_APPLICATION_ID >> 8 & 0xff,
		DB_APPLICATION_ID & 0xff };
	unsigned char header[HEADER_SIZE];
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
	if (size < HEADER_SIZE ||
	    file->pMethods->xRead(file, header, HEADER_SIZE, 0) != SQLITE_OK ||
	    memcmp(header, "SQLite format 3", 16) != 0) {
		return "not an SQLite database";
	}
	return memcmp(header + HEADER_APPLICATION, id, sizeof(id)) != 0
		   ? "not a database of videur"
		   : NULL;
}

static void
open_file(struct store *store)
{
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
		    (store->mode == STORE_READ ? SQLITE_OPEN_READONLY
					       : SQLITE_OPEN_READWRITE);
	const char *why = NULL;
	struct stat st;
	char buf[128];

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

	(void)sqlite3_busy_timeout(store->db, store->patience);
	(void)sqlite3_db_config(
	    store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	db_script(store, "PRAGMA cache_size = -640;"
			 "PRAGMA temp_store = MEMORY;"
			 "PRAGMA trusted_schema = OFF;"
			 "PRAGMA synchronous = NORMAL");
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
	int patience = store->patience;
	int persist = 1;

	db_script(store, "PRAGMA journal_mode = WAL");
	/* SQLite does not wait where two programs do so at once: we do. */
	for (; store->status == STORE_BUSY && patience > 0; patience -= NAP) {
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

/* Open what lies at the path; false where nothing is open then. */
static bool
open_database(struct store *store)
{
	bool writes = store->mode != STORE_READ;

	store->status = STORE_OK;
	if (store->mode == STORE_SCRATCH) {
		(void)db_check(store, sqlite3_open(":memory:", &store->db));
		db_migrate(store);
		return store->status == STORE_OK;
	}
	if (writes) {
		db_create(store);
	}
	if (store->status == STORE_OK) {
		open_file(store);
	}
	if (store->status == STORE_OK) {
		set_up(store);
	}
	if (store->status == STORE_OK && writes) {
		db_migrate(store);
		turn_to_wal(store);
	}
	if (store->status != STORE_OK) {
		db_close(store);
		return false;
	}
	(void)pthread_mutex_lock(&all_mutex);
	store->held = true;
	(void)pthread_mutex_unlock(&all_mutex);
	store->opened++;
	store->broken = store->read_only = false;
	return true;
}

enum store_result
store_open(struct store **out, const char *path, enum store_mode mode,
    int patience, char error[static STORE_ERROR_SIZE])
{
	struct store *store = calloc(1, sizeof(*store));
	enum store_result result;

	*out = NULL;
	if (store != NULL && mode != STORE_SCRATCH) {
		store->path = strdup(path);
	}
	if (store == NULL || (mode != STORE_SCRATCH && store->path == NULL)) {
		free(store);
		(void)text_copy(error, STORE_ERROR_SIZE, "out of memory");
		return STORE_FAILED;
	}
	store->mode = mode;
	store->patience = patience;
	(void)pthread_mutex_lock(&all_mutex);
	store->next = all;
	all = store;
	(void)pthread_mutex_unlock(&all_mutex);
	if (open_database(store)) {
		*out = store;
		return STORE_OK;
	}
	result = store->status;
	(void)text_copy(error, STORE_ERROR_SIZE, store->error);
	store_close(store);
	return result;
}

/* SQLite follows a link to the database first. */
static bool
side_file(const char *path, const char *suffix, char *out, size_t size)
{
	char real[PATH_MAX];
	struct text text;

	text_init(&text, out, size);
	text_addf(
	    &text, "%s%s", realpath(path, real) != NULL ? real : path, suffix);
	return !text.cut;
}

bool
store_locks_file(const char *path, char *out, size_t size)
{
	return side_file(path, "-shm", out, size);
}

uint64_t
store_files(const char *path)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	char file[PATH_MAX];
	uint64_t sum = 0;
	struct stat st;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		sum *= UINT64_C(0x100000001b3); /* FNV's prime */
		if (side_file(path, suffixes[i], file, sizeof(file)) &&
		    stat(file, &st) == 0) {
			sum += (uint64_t)st.st_ino + 1;
		}
	}
	return sum;
}

/* Whether the file was deleted or replaced. */
static bool
has_moved(struct store *store)
{
	int moved = 0;

	return sqlite3_file_control(store->db, "main", SQLITE_FCNTL_HAS_MOVED,
		   &moved) == SQLITE_OK &&
	       moved != 0;
}

void
db_close(struct store *store)
{
	if (store->db == NULL) {
		return;
	}
	store->moved |= has_moved(store);
	for (size_t i = 0; i < DB_STATEMENTS; i++) {
		(void)sqlite3_finalize(store->statement[i].statement);
		store->statement[i] = (struct db_statement){ .sql = NULL };
	}
	(void)sqlite3_close(store->db);
	store->db = NULL;
	store->bracket = false;
	(void)pthread_mutex_lock(&all_mutex);
	store->held = false;
	atomic_store(&store->stale, false);
	(void)pthread_mutex_unlock(&all_mutex);
}

void
store_close(struct store *store)
{
	struct store **at = &all;

	if (store == NULL) {
		return;
	}
	db_close(store);
	(void)pthread_mutex_lock(&all_mutex);
	while (*at != store) {
		at = &(*at)->next;
	}
	*at = store->next;
	(void)pthread_mutex_unlock(&all_mutex);
	free(store->ban);
	free(store->path);
	free(store);
}

/* ---- looking after it ---- */

/* Whether other handles have still to leave the file of this one; `all_do`
 * says that they are to, and this one, too. */
static bool
is_held(struct store *store, bool all_do)
{
	bool held = false;

	(void)pthread_mutex_lock(&all_mutex);
	for (struct store *at = all; at != NULL; at = at->next) {
		if (at->held && strcmp(at->path, store->path) == 0) {
			if (all_do) {
				atomic_store(&at->stale, true);
			}
			held |= at != store && atomic_load(&at->stale);
		}
	}
	(void)pthread_mutex_unlock(&all_mutex);
	return held;
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
	if (store->db != NULL &&
	    (has_moved(store) ||
		(store->read_only && access(store->path, W_OK) == 0))) {
		(void)is_held(store, true);
	}
	if (store->broken || atomic_load(&store->stale)) {
		db_close(store);
	}
	if (store->db != NULL) {
		if (store->mode == STORE_SERVE) {
			db_log_tend(store);
		}
	} else if (is_held(store, false)) {
		db_fail(store, STORE_BUSY,
		    "the file is another one, it is being opened anew");
	} else if (open_database(store)) {
		if (anew != NULL) {
			*anew = store->moved;
		}
		store->moved = false;
	}
	return store->status;
}
