/*
 * Putting the files of a database right.
 *
 * One program at a time does it, under a lock on their folder: a new database
 * is made of what can be read, all files of the old one get a name with a date,
 * and the new one takes their place.  It is always another inode, so that all
 * who work with the old files notice, and none of their pages, locks or logs
 * gets into the new ones.
 */
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/text.h"
#include "store/db.h"

enum {
	MOMENT = 20,       /* ms in which a set is deleted file by file */
	RESCUE_MS = 600,   /* as long as rows are saved */
	SETS_AN_HOUR = 20, /* put aside at most: a disk that fails goes on so */
	MEND_AGAIN = 10000 /* ms after an attempt that failed */
};

static const char quick_check[] = "PRAGMA quick_check(1)";

bool
db_is_sound(sqlite3 *db, const char *check)
{
	sqlite3_stmt *row = NULL;
	bool sound = db != NULL &&
		     sqlite3_prepare_v2(db, check, -1, &row, NULL) ==
			 SQLITE_OK &&
		     sqlite3_step(row) == SQLITE_ROW &&
		     strcmp(db_words(row, 0), "ok") == 0;

	(void)sqlite3_finalize(row);
	return sound;
}

static sqlite3 *
open_to_read(const char *name, int flags, const char *vfs)
{
	sqlite3 *db = NULL;

	if (sqlite3_open_v2(name, &db, SQLITE_OPEN_READONLY | flags, vfs) !=
	    SQLITE_OK) {
		(void)sqlite3_close(db);
		return NULL;
	}
	return db;
}

/* What a verb took for damage: looked at by handles of its own, twice, beside
 * the others.  Neither is one that is only busy. */
static bool
is_damaged(const struct store *store)
{
	bool damaged = true;

	for (int i = 0; damaged && i < 2; i++) {
		sqlite3 *db = open_to_read(store->path, 0, NULL);
		int rc;

		damaged = db != NULL &&
			  (!db_is_sound(db, quick_check) ||
			      !db_is_sound(db, "PRAGMA integrity_check(1)"));
		rc = sqlite3_errcode(db);
		damaged = damaged &&
			  (rc == SQLITE_OK || rc == SQLITE_ROW ||
			      rc == SQLITE_DONE || rc == SQLITE_CORRUPT ||
			      rc == SQLITE_NOTADB || rc == SQLITE_IOERR);
		(void)sqlite3_close(db);
	}
	return damaged;
}

/* Where the first page of a file is none any more, that of a new database
 * stands for it: it says where each table begins, and all of ours begin at the
 * same places.  Used with the lock on the folder alone. */
static unsigned char first_page[DB_PAGE];
static const sqlite3_io_methods *methods;
static sqlite3_io_methods instead;

static int
read_instead(sqlite3_file *file, void *to, int size, sqlite3_int64 from)
{
	const int rc = methods->xRead(file, to, size, from);

	if (from >= DB_PAGE || size > DB_PAGE - from) {
		return rc;
	}
	memcpy(to, first_page + from, (size_t)size);
	return SQLITE_OK;
}

static void
put_number(unsigned char *to, uint32_t number)
{
	for (int i = 0; i < 4; i++) {
		to[i] = (unsigned char)(number >> (24 - 8 * i));
	}
}

static void
stand_in(sqlite3 *db, struct store *fresh)
{
	sqlite3_int64 size = 0;
	sqlite3_file *file = NULL;
	unsigned char *whole;

	if (db_not_ours(db) == NULL ||
	    sqlite3_file_control(
		db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
	    file->pMethods->xFileSize(file, &size) != SQLITE_OK) {
		return;
	}
	whole = sqlite3_serialize(fresh->db, "main", NULL, 0);
	if (whole == NULL) {
		return;
	}
	memcpy(first_page, whole, sizeof(first_page));
	sqlite3_free(whole);
	put_number(first_page + DB_HEADER_PAGES, (uint32_t)(size / DB_PAGE));
	methods = file->pMethods;
	instead = *methods;
	instead.xRead = read_instead;
	file->pMethods = &instead;
}

/* The files by themselves: with the log, which is gone through anew and of
 * which nothing is left, or the main one alone. */
static sqlite3 *
open_files(const char *path, bool log, struct store *fresh)
{
	sqlite3 *db;
	char uri[3 * PATH_MAX];
	struct text text;

	text_init(&text, uri, sizeof(uri));
	text_add(&text, "file:");
	for (const char *at = path; *at != '\0'; at++) {
		text_addf(&text, strchr("%?#", *at) != NULL ? "%%%02x" : "%c",
		    (unsigned char)*at);
	}
	text_add(&text, "?immutable=1");
	db = log ? open_to_read(path, 0, "unix-none")
		 : open_to_read(uri, SQLITE_OPEN_URI, NULL);
	if (db != NULL) {
		stand_in(db, fresh);
		/* What is not understood of the schema stops nothing. */
		(void)sqlite3_exec(db,
		    "PRAGMA locking_mode = EXCLUSIVE;"
		    "PRAGMA writable_schema = ON",
		    NULL, NULL, NULL);
	}
	return db;
}

/* Save what can be read into `to`; false where it has no room for it, or there
 * is nothing to read from: that is no damage. */
static bool
save(struct store *store, enum db_files found, struct store *to,
    struct store_rescued *counts)
{
	const int64_t until = proc_ticks() + RESCUE_MS;
	/* What the handle holds of files that went; else what is there.  Where
	 * the main file is whole by itself and was written over, or is not
	 * whole with the log, the log is not its own. */
	const bool own = found == DB_FILES_GONE || found == DB_FILES_TORN;
	sqlite3 *alone = own ? NULL : open_files(store->path, false, to);
	sqlite3 *both = own ? store->db : open_files(store->path, true, to);
	const bool whole = db_is_sound(alone, quick_check) &&
			   (found == DB_FILES_WRITTEN ||
			       !db_is_sound(both, quick_check));
	struct store_rescued more = { .rows = 0 };
	bool fine = both != NULL &&
		    db_rescue(whole ? alone : both, to, until, counts);

	/* Where a row could not be read, one from before it was moved may. */
	if (fine && !whole && alone != NULL && counts->gaps > 0) {
		fine = db_rescue(alone, to, until, &more);
		counts->rows += more.rows;
	}
	if (!own) {
		(void)sqlite3_close(both);
	}
	(void)sqlite3_close(alone);
	return fine;
}

bool
db_aside_name(const char *path, const char *what, char aside[static PATH_MAX])
{
	const int64_t now = proc_now();
	char when[TIME_TEXT_SIZE];
	char pattern[PATH_MAX];
	size_t recent = 0;
	struct text text;
	struct stat st;
	glob_t sets;

	text_init(&text, pattern, sizeof(pattern));
	text_addf(&text, "%s.%s-*Z", path, what);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): under the folder's lock */
	if (glob(pattern, GLOB_NOSORT, NULL, &sets) == 0) {
		for (size_t i = 0; i < sets.gl_pathc; i++) {
			recent += stat(sets.gl_pathv[i], &st) == 0 &&
				  st.st_ctim.tv_sec > now - 3600;
		}
		globfree(&sets);
	}
	for (int64_t at = now; at < now + SETS_AN_HOUR; at++) {
		/* Without colons, which not every program takes in a name. */
		(void)text_from_time(at, when);
		text_init(&text, aside, PATH_MAX);
		text_addf(&text, "%s.%s-%.13s%.2s%.3s", path, what, when,
		    when + 14, when + 17);
		if (!db_file_stat(aside, 0, &st) &&
		    !db_file_stat(aside, 1, &st)) {
			return recent < SETS_AN_HOUR && !text.cut;
		}
	}
	return false;
}

static const char *
name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

int
db_aside_put(const struct store *store, const char *aside, bool main)
{
	char from[PATH_MAX];
	char to[PATH_MAX];
	int moved = 0;

	for (int i = DB_FILES - 1; i >= (main ? 0 : 1); i--) {
		(void)db_file_path(store->path, i, from);
		(void)db_file_path(aside, i, to);
		moved += (i == 0 ? link(from, to) : rename(from, to)) == 0;
	}
	return moved;
}

static void
log_new(const struct store *store, enum db_files found,
    const struct store_rescued *counts, const char *aside)
{
	static const char *const why[] = {
		[DB_FILES_GONE] = "IT WAS DELETED",
		[DB_FILES_TORN] =
		    "ITS LOG (-wal, -shm) WAS DELETED OR REPLACED",
		[DB_FILES_WRITTEN] = "ANOTHER PROGRAM WROTE OVER IT",
		[DB_FILES_SUSPECT] = "IT IS DAMAGED",
	};

	log_line(LOG_ERR,
	    "%s: %s: a new database is in its place, with %lld rows "
	    "saved%s%s%s",
	    store->path, why[found], (long long)counts->rows,
	    counts->gaps > 0 ? " and some lost" : "",
	    aside[0] != '\0' ? "; the old files are put aside as " : "", aside);
}

/* With the lock on the folder: make a new one and put it in place. */
static void
renew(struct store *store, enum db_files found, int folder)
{
	struct store_rescued counts = { .tables = 0 };
	char aside[PATH_MAX] = "";
	char fresh[PATH_MAX];
	char side[PATH_MAX];
	struct store *to = NULL;
	struct text text;
	struct stat st;
	bool whole = found == DB_FILES_GONE &&
		     !db_file_stat(store->path, 1, &st) &&
		     !db_file_stat(store->path, 2, &st);
	bool fine;

	text_init(&text, fresh, sizeof(fresh));
	text_addf(&text, "%s.new", store->path);
	if (!whole && !db_aside_name(store->path, "damaged", aside)) {
		db_fail(store, STORE_FAILED,
		    "damaged again and again: it is left as it is for an hour");
		return;
	}
	to = db_create_at(store, fresh, folder);
	if (to == NULL) {
		return;
	}
	/* Who writes meanwhile waits, and finds at the commit that all this has
	 * moved. */
	(void)sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	fine = whole || save(store, found, to, &counts);
	/* To the administrator, whoever asks, until it is seen. */
	(void)text_copy(to->notice, sizeof(to->notice),
	    whole ? "it was deleted" : name_of(aside));
	db_files_tell(to, true);
	db_script(to, "PRAGMA wal_checkpoint(TRUNCATE)");
	fine = fine && store_status(to) == STORE_OK;
	store_close(to);
	for (int i = 1; i < DB_FILES; i++) {
		(void)unlink(db_file_path(fresh, i, side));
	}
	if (fine && !whole) {
		(void)db_aside_put(store, aside, true);
	}
	if (fine && rename(fresh, store->path) == 0) {
		log_new(store, found, &counts, aside);
	} else {
		db_fail(store, STORE_FAILED,
		    "damaged, and a new one cannot be made: is the disk full?");
		(void)unlink(fresh);
	}
}

void
db_files_clear(struct store *store)
{
	char aside[PATH_MAX];
	struct text text;

	if (db_aside_name(store->path, "damaged", aside) &&
	    db_aside_put(store, aside, false) > 0) {
		text_init(&text, store->notice, sizeof(store->notice));
		text_addf(&text, "%s-wal", name_of(aside));
		log_line(LOG_ERR,
		    "%s: THE LOG BESIDE IT IS NOT ITS OWN, but that of a "
		    "file which was deleted or replaced: put aside as %s-wal",
		    store->path, aside);
	}
}

bool
db_files_mend(struct store *store, enum db_files found)
{
	const int64_t now = proc_ticks();
	int folder;

	if (now < store->mend_at) {
		return false;
	}
	if (found == DB_FILES_GONE) {
		(void)sqlite3_sleep(MOMENT);
	}
	folder = db_folder_lock(store, LOCK_EX, 0);
	if (folder < 0) {
		db_files_busy(store);
		return false;
	}
	/* It may have been done meanwhile. */
	store->status = STORE_OK;
	found = db_files_look(store);
	if (found == DB_FILES_SUSPECT && !is_damaged(store)) {
		db_files_trust(store);
		found = DB_FILES_FINE;
	}
	if (found == DB_FILES_OTHER && db_log_is_left(store)) {
		db_files_clear(store);
	} else if (found == DB_FILES_OTHER) {
		/* All of them are others. */
	} else if (found != DB_FILES_FINE) {
		renew(store, found, folder);
	}
	(void)close(folder);
	if (store->status != STORE_OK) {
		store->mend_at = now + MEND_AGAIN;
	}
	return found != DB_FILES_FINE && store->status == STORE_OK;
}
