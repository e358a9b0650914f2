/*
 * The three files of a database as one thing.
 *
 * A handle knows by their inodes the files it opened, and by the log's own
 * account whether somebody else wrote into the main one.  What is wrong with
 * them is put right by one program at a time, under a lock on their folder: a
 * new database is made of what can be read, all files of the old one get a
 * name with a date, and the new one takes their place.  It is always another
 * inode, so that all who work with the old files notice, and none of their
 * pages, locks or logs gets into the new ones.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
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
	LOCK_NAP = 5,      /* ms */
	MEND_AGAIN = 10000, /* ms after an attempt that failed */
	/* The header of a file (https://www.sqlite.org/fileformat.html). */
	HEADER_CHANGES = 24,
	HEADER_PAGES = 28,
	/* The index of the log (https://www.sqlite.org/walformat.html). */
	INDEX_SIZE = 32768,
	INDEX_READY = 12,
	INDEX_PAGE = 14,
	INDEX_FRAMES = 16,
	INDEX_SALT = 32,
	INDEX_MOVED = 96,
	INDEX_MOVING = 128,
	LOG_HEADER = 32,
	LOG_FRAME = 24
};

static const char *const ends[DB_FILES] = { "", "-wal", "-shm" };
static const char being_mended[] = "another program puts it right just now";

/* The path of one of the files; `stem` is that of the main one. */
static const char *
path_of(const char *stem, int which, char path[static PATH_MAX])
{
	struct text text;

	text_init(&text, path, PATH_MAX);
	text_addf(&text, "%s%s", stem, ends[which]);
	return path;
}

static bool
look_at(const char *stem, int which, struct stat *st)
{
	char path[PATH_MAX];

	return stat(path_of(stem, which, path), st) == 0;
}

int
db_folder_lock(struct store *store, int how, int patience)
{
	char folder[PATH_MAX];
	int fd = -1;

	if (file_folder(store->path, folder, sizeof(folder))) {
		fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	while (fd >= 0 && flock(fd, how | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK || (patience -= LOCK_NAP) < 0) {
			(void)close(fd);
			return -1;
		}
		(void)sqlite3_sleep(LOCK_NAP);
	}
	return fd;
}

/* ---- what a handle knows of its files ---- */

/* The index of the log, which all share; NULL where there is none. */
static const unsigned char *
index_of(struct store *store)
{
	sqlite3_file *file = NULL;
	void volatile *index = NULL;
	struct stat st;

	return look_at(store->path, 2, &st) && st.st_size >= INDEX_SIZE &&
		       sqlite3_file_control(store->db, "main",
			   SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK &&
		       file->pMethods->iVersion >= 2 &&
		       file->pMethods->xShmMap(
			   file, 0, INDEX_SIZE, 0, &index) == SQLITE_OK
		   ? (const unsigned char *)(uintptr_t)index
		   : NULL;
}

static uint32_t
number_at(const unsigned char *index, int place)
{
	uint32_t number;

	memcpy(&number, index + place, sizeof(number));
	return number;
}

/* How much of the log was moved; false while it is being moved, or the index
 * tells nothing. */
static bool
read_moved(struct store *store, struct db_moved *log)
{
	const unsigned char *index = index_of(store);

	if (index == NULL) {
		return false;
	}
	log->salt = ntohl(number_at(index, INDEX_SALT));
	log->frames = number_at(index, INDEX_FRAMES);
	log->moved = number_at(index, INDEX_MOVED);
	return number_at(index, INDEX_MOVING) == log->moved;
}

/* Whether the log lacks frames that its index knows. */
static bool
is_log_cut(struct store *store)
{
	const unsigned char *index = index_of(store);
	uint32_t frames, again;
	uint16_t page;
	struct stat st;

	if (index == NULL) {
		return false;
	}
	frames = number_at(index, INDEX_FRAMES);
	memcpy(&page, index + INDEX_PAGE, sizeof(page));
	if (!look_at(store->path, 1, &st)) {
		return false;
	}
	/* Emptied by who began it anew, the index knew first. */
	atomic_thread_fence(memory_order_seq_cst);
	again = number_at(index, INDEX_FRAMES);
	return frames > 0 && frames == again && page > 1 &&
	       st.st_size <
		   LOG_HEADER + (off_t)frames * (LOG_FRAME + (off_t)page);
}

/* The main file as it is while nothing is moved into it; false where that
 * cannot be told now. */
static bool
look_at_main(struct store *store, struct db_main *now)
{
	struct db_moved log;
	sqlite3_file *file = NULL;
	struct stat st;

	memset(now, 0, sizeof(*now));
	if (!read_moved(store, &log) || !look_at(store->path, 0, &st) ||
	    sqlite3_file_control(store->db, "main", SQLITE_FCNTL_FILE_POINTER,
		&file) != SQLITE_OK) {
		return false;
	}
	now->size = st.st_size;
	now->written = st.st_mtim;
	(void)file->pMethods->xRead(
	    file, now->header, (int)sizeof(now->header), 0);
	if (!read_moved(store, &now->log) || log.salt != now->log.salt ||
	    log.moved != now->log.moved) {
		return false;
	}
	now->known = true;
	return true;
}

static atomic_int doubts;

void
db_files_doubt(void)
{
	(void)atomic_fetch_add(&doubts, 1);
}

/* ---- an index that is cut while it is mapped ---- */

/* Of the newest handle; a process has one database. */
static char index_path[PATH_MAX];
static _Atomic off_t index_size;
static atomic_bool index_cut;

/* Empty the index and make it as long as it was: the next program to read
 * makes it anew from the log.  The descriptor stays open, for closing it would
 * drop the locks that this process has on the file.  False where it is not
 * cut. */
static bool
lengthen_index(void)
{
	const int fd = open(index_path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 || st.st_size >= index_size ||
	    ftruncate(fd, 0) != 0 || ftruncate(fd, index_size) != 0) {
		return false;
	}
	atomic_store(&index_cut, true);
	return true;
}

/* Whoever touches what was cut off gets SIGBUS.  Where it is not the file at
 * the path, others have put it aside: nobody needs it any more. */
static void
bear_cut(int number, siginfo_t *info, void *unused)
{
	static void *last;
	static int again;
	const int kept = errno;
	const uintptr_t page = (uintptr_t)info->si_addr & ~(uintptr_t)0xfff;

	(void)unused;
	if (info->si_code != BUS_ADRERR) { /* somebody sent it */
		(void)signal(number, SIG_DFL);
		(void)raise(number);
		return;
	}
	again = info->si_addr == last ? again + 1 : 0;
	last = info->si_addr;
	if (!lengthen_index() && again > 3 &&
	    mmap((void *)page, 0x1000, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) {
		(void)signal(number, SIG_DFL);
	}
	errno = kept;
}

static void
expect_cuts(const struct store *store)
{
	const struct sigaction action = { .sa_sigaction = bear_cut,
		.sa_flags = SA_SIGINFO };
	struct stat st;

	if (look_at(store->path, 2, &st) && st.st_size > index_size) {
		index_size = st.st_size;
	}
	if (index_path[0] == '\0' && !store->locked) {
		(void)path_of(store->path, 2, index_path);
		(void)sigaction(SIGBUS, &action, NULL);
	}
}

static void
note_files(struct store *store)
{
	struct stat st;

	if (!look_at(store->path, 0, &st)) {
		return; /* it may come back */
	}
	for (int i = 0; i < DB_FILES; i++) {
		store->file[i] = look_at(store->path, i, &st)
				     ? (struct db_file){ st.st_dev, st.st_ino }
				     : (struct db_file){ 0, 0 };
	}
	store->doubts = atomic_load(&doubts);
}

void
db_files_note(struct store *store)
{
	note_files(store);
	(void)look_at_main(store, &store->main);
	expect_cuts(store);
}

static bool
is_file(const char *stem, int which, const struct db_file *file)
{
	struct stat st;

	return look_at(stem, which, &st) && st.st_dev == file->device &&
	       st.st_ino == file->inode;
}

void
db_files_moved(struct store *store)
{
	struct db_main now;

	if (store->mode == STORE_SERVE && look_at_main(store, &now)) {
		store->main = now;
	}
}

/* Whether the log at the path is that of another main file, which was there
 * before: nobody but those who had it open knows. */
static bool
is_log_left(const struct store *store)
{
	struct stat st;

	return look_at(store->path, 0, &st) &&
	       !is_file(store->path, 0, &store->file[0]) &&
	       (is_file(store->path, 1, &store->file[1]) ||
		   is_file(store->path, 2, &store->file[2]));
}

bool
db_files_enter(struct store *store, int *folder)
{
	if (is_log_left(store)) {
		db_fail(store, STORE_BUSY,
		    "it was replaced, and the log beside it is the old one's");
	} else if (!store->locked) {
		*folder = db_folder_lock(store, LOCK_SH, store->patience);
		if (*folder < 0 && errno == EWOULDBLOCK) {
			db_fail(store, STORE_BUSY, being_mended);
		}
	}
	note_files(store);
	return store->status == STORE_OK;
}

bool
db_files_hold(struct store *store)
{
	const unsigned char *index;

	if (store->path == NULL) {
		return true;
	}
	index = index_of(store);
	if (!is_file(store->path, 0, &store->file[0]) || index == NULL ||
	    index[INDEX_READY] == 0) {
		db_fail(store, STORE_BUSY, "its files were replaced");
	}
	return store->status == STORE_OK;
}

static uint32_t
header_number(const struct db_main *main, int place)
{
	const unsigned char *at = main->header + place;

	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	       (uint32_t)at[2] << 8 | at[3];
}

/* Whether nothing of the log was moved between the two.  Of one that was begun
 * anew that cannot be told: while a reader kept it from that, more may have
 * been added and moved. */
static bool
nothing_moved(const struct db_moved *then, const struct db_moved *now)
{
	return now->salt == then->salt && now->moved == then->moved;
}

/* Whether the main file cannot have become what it is, whatever was moved into
 * it meanwhile.  Of a log that is moved in part a page that has a newer frame
 * is not, and the file may end before it. */
static bool
is_wrong(const struct db_main *then, const struct db_main *now)
{
	return header_number(now, HEADER_CHANGES) <
		   header_number(then, HEADER_CHANGES) ||
	       (now->log.moved == now->log.frames &&
		   (off_t)header_number(now, HEADER_PAGES) * DB_PAGE >
		       now->size);
}

enum db_files
db_files_look(struct store *store)
{
	struct db_main now;
	struct stat side;
	struct stat st;
	bool written;

	if (!look_at(store->path, 0, &st)) {
		return errno == ENOENT ? DB_FILES_GONE : DB_FILES_FINE;
	}
	if (!is_file(store->path, 0, &store->file[0])) {
		return DB_FILES_OTHER;
	}
	for (int i = 1; i < DB_FILES; i++) {
		if (store->file[i].inode != 0 &&
		    !is_file(store->path, i, &store->file[i])) {
			return DB_FILES_TORN;
		}
	}
	if (look_at(store->path, 2, &side) && side.st_size < index_size &&
	    store->mode != STORE_READ) {
		(void)lengthen_index();
	}
	if (is_log_cut(store)) {
		return DB_FILES_TORN;
	}
	if (st.st_size < DB_HEADER) {
		return DB_FILES_WRITTEN;
	}
	if (store->doubts != atomic_load(&doubts)) {
		return DB_FILES_SUSPECT;
	}
	if (!look_at_main(store, &now)) {
		return DB_FILES_FINE;
	}
	if (is_wrong(&store->main, &now)) {
		return DB_FILES_WRITTEN;
	}
	written = store->main.known &&
		  nothing_moved(&store->main.log, &now.log) &&
		  (now.size != store->main.size ||
		      now.written.tv_sec != store->main.written.tv_sec ||
		      now.written.tv_nsec != store->main.written.tv_nsec);
	if (!written) {
		store->main = now;
		return DB_FILES_FINE;
	}
	/* A touch of the file is none of its content. */
	return now.size == store->main.size &&
		       memcmp(now.header, store->main.header,
			   sizeof(now.header)) == 0
		   ? DB_FILES_SUSPECT
		   : DB_FILES_WRITTEN;
}

/* ---- putting it right ---- */

static const char quick_check[] = "PRAGMA quick_check(1)";

/* Whether a database is sound. */
static bool
is_sound(sqlite3 *db, const char *check)
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
			  (!is_sound(db, quick_check) ||
			      !is_sound(db, "PRAGMA integrity_check(1)"));
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
	put_number(first_page + HEADER_PAGES, (uint32_t)(size / DB_PAGE));
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
	const bool whole = is_sound(alone, quick_check) &&
			   (found == DB_FILES_WRITTEN ||
			       !is_sound(both, quick_check));
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

/* The name of a set that is put aside now; false where too many were. */
static bool
name_aside(const char *path, char aside[static PATH_MAX])
{
	const int64_t now = proc_now();
	char when[TIME_TEXT_SIZE];
	char pattern[PATH_MAX];
	size_t recent = 0;
	struct text text;
	struct stat st;
	glob_t sets;

	text_init(&text, pattern, sizeof(pattern));
	text_addf(&text, "%s.damaged-*Z", path);
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
		text_addf(&text, "%s.damaged-%.13s%.2s%.3s", path, when,
		    when + 14, when + 17);
		if (!look_at(aside, 0, &st) && !look_at(aside, 1, &st)) {
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

/* Put those files aside that are of the old set; the main one stays as well
 * until another is moved over it.  How many there were. */
static int
put_aside(const struct store *store, const char *aside, bool main)
{
	char from[PATH_MAX];
	char to[PATH_MAX];
	int moved = 0;

	for (int i = DB_FILES - 1; i >= (main ? 0 : 1); i--) {
		(void)path_of(store->path, i, from);
		(void)path_of(aside, i, to);
		moved += (i == 0 ? link(from, to) : rename(from, to)) == 0;
	}
	return moved;
}

void
db_files_tell(struct store *store, bool opened)
{
	if (store->mode == STORE_READ) {
		return;
	}
	if (opened) {
		atomic_store(&index_cut, false);
	}
	if (atomic_load(&index_cut) && atomic_exchange(&index_cut, false)) {
		(void)text_copy(store->notice, sizeof(store->notice),
		    "its -shm was cut; nothing is lost");
		log_line(LOG_ERR,
		    "%s-shm WAS CUT while in use; it is made anew, and nothing "
		    "is lost",
		    store->path);
	}
	if (store->notice[0] != '\0') {
		store_state_put(
		    store, STORE_STATE_DAMAGED, store->notice, proc_now());
		store->notice[0] = '\0';
	}
}

/* With the lock on the folder: make a new one and put it in place. */
static void
renew(struct store *store, enum db_files found, int folder)
{
	static const char *const why[] = {
		[DB_FILES_GONE] = "IT WAS DELETED",
		[DB_FILES_TORN] =
		    "ITS LOG (-wal, -shm) WAS DELETED OR REPLACED",
		[DB_FILES_WRITTEN] = "ANOTHER PROGRAM WROTE OVER IT",
		[DB_FILES_SUSPECT] = "IT IS DAMAGED",
	};
	struct store_rescued counts = { .tables = 0 };
	char aside[PATH_MAX] = "";
	char fresh[PATH_MAX];
	char side[PATH_MAX];
	struct store *to = NULL;
	struct text text;
	struct stat st;
	bool whole = found == DB_FILES_GONE && !look_at(store->path, 1, &st) &&
		     !look_at(store->path, 2, &st);
	bool fine;

	text_init(&text, fresh, sizeof(fresh));
	text_addf(&text, "%s.new", store->path);
	if (!whole && !name_aside(store->path, aside)) {
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
		(void)unlink(path_of(fresh, i, side));
	}
	if (fine && !whole) {
		(void)put_aside(store, aside, true);
	}
	if (fine && rename(fresh, store->path) == 0) {
		log_line(LOG_ERR,
		    "%s: %s: a new database is in its place, with %lld rows "
		    "saved%s%s%s",
		    store->path, why[found], (long long)counts.rows,
		    counts.gaps > 0 ? " and some lost" : "",
		    whole ? "" : "; the old files are put aside as ", aside);
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

	if (name_aside(store->path, aside) &&
	    put_aside(store, aside, false) > 0) {
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
		db_fail(store, STORE_BUSY, being_mended);
		return false;
	}
	/* It may have been done meanwhile. */
	store->status = STORE_OK;
	found = db_files_look(store);
	if (found == DB_FILES_SUSPECT && !is_damaged(store)) {
		store->doubts = atomic_load(&doubts);
		store->main.known = false;
		found = DB_FILES_FINE;
	}
	if (found == DB_FILES_OTHER && is_log_left(store)) {
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
