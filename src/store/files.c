/*
 * The three files of a database as one thing.
 *
 * A handle knows by their inodes the files it opened, and by the log's own
 * account whether somebody else wrote into the main one.  What is wrong with
 * them is put right elsewhere (mend.c).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
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
	LOCK_NAP = 5, /* ms */
	/* The header of a file (https://www.sqlite.org/fileformat.html). */
	HEADER_CHANGES = 24,
	/* The index of the log (https://www.sqlite.org/walformat.html). */
	INDEX_SIZE = 32768,
	INDEX_HEADER = 48,
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

const char *
db_file_path(const char *stem, int which, char path[static PATH_MAX])
{
	struct text text;

	text_init(&text, path, PATH_MAX);
	text_addf(&text, "%s%s", stem, ends[which]);
	return path;
}

bool
db_file_stat(const char *stem, int which, struct stat *st)
{
	char path[PATH_MAX];

	return stat(db_file_path(stem, which, path), st) == 0;
}

int
db_folder_lock(struct store *store, int how, int timeout)
{
	char folder[PATH_MAX];
	int fd = -1;

	if (file_folder(store->path, folder, sizeof(folder))) {
		fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	while (fd >= 0 && flock(fd, how | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK || (timeout -= LOCK_NAP) < 0) {
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

	return db_file_stat(store->path, 2, &st) && st.st_size >= INDEX_SIZE &&
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

/* The index begins with its header, twice (https://www.sqlite.org/walformat.html):
 * who writes changes the second one first. */
uint64_t
store_glance(const struct store *store)
{
	static const unsigned char key[HASH_KEY_SIZE] = "";
	unsigned char one[INDEX_HEADER], two[INDEX_HEADER];

	if (store->index == NULL) {
		return 0;
	}
	memcpy(one, store->index, sizeof(one));
	atomic_thread_fence(memory_order_seq_cst);
	memcpy(two, store->index + INDEX_HEADER, sizeof(two));
	return one[INDEX_READY] == 0 || memcmp(one, two, sizeof(one)) != 0
		   ? 0
		   : hash_bytes(key, one, sizeof(one)) | 1;
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
	if (!db_file_stat(store->path, 1, &st)) {
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
	if (!read_moved(store, &log) || !db_file_stat(store->path, 0, &st) ||
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

void
db_files_trust(struct store *store)
{
	store->doubts = atomic_load(&doubts);
	store->main.known = false;
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

	if (db_file_stat(store->path, 2, &st) && st.st_size > index_size) {
		index_size = st.st_size;
	}
	if (index_path[0] == '\0' && !store->locked) {
		(void)db_file_path(store->path, 2, index_path);
		(void)sigaction(SIGBUS, &action, NULL);
	}
}

static void
note_files(struct store *store)
{
	struct stat st;

	if (!db_file_stat(store->path, 0, &st)) {
		return; /* it may come back */
	}
	for (int i = 0; i < DB_FILES; i++) {
		store->file[i] = db_file_stat(store->path, i, &st)
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
	store->index = index_of(store);
}

static bool
is_file(const char *stem, int which, const struct db_file *file)
{
	struct stat st;

	return db_file_stat(stem, which, &st) && st.st_dev == file->device &&
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

bool
db_log_is_left(const struct store *store)
{
	struct stat st;

	return db_file_stat(store->path, 0, &st) &&
	       !is_file(store->path, 0, &store->file[0]) &&
	       (is_file(store->path, 1, &store->file[1]) ||
		   is_file(store->path, 2, &store->file[2]));
}

void
db_files_busy(struct store *store)
{
	db_fail(store, STORE_BUSY, "another program puts it right just now");
}

bool
db_files_enter(struct store *store, int *folder)
{
	if (db_log_is_left(store)) {
		db_fail(store, STORE_BUSY,
		    "it was replaced, and the log beside it is the old one's");
	} else if (!store->locked) {
		*folder = db_folder_lock(store, LOCK_SH, store->timeout);
		if (*folder < 0 && errno == EWOULDBLOCK) {
			db_files_busy(store);
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
		   (off_t)header_number(now, DB_HEADER_PAGES) * DB_PAGE >
		       now->size);
}

enum db_files
db_files_look(struct store *store)
{
	struct db_main now;
	struct stat side;
	struct stat st;
	bool written;

	if (!db_file_stat(store->path, 0, &st)) {
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
	if (db_file_stat(store->path, 2, &side) && side.st_size < index_size &&
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

/* ---- for those who keep no handle ---- */

/* SQLite follows a link to the database first. */
static const char *
real_path(const char *path, char real[static PATH_MAX])
{
	return realpath(path, real) != NULL ? real : path;
}

bool
store_locks_file(const char *path, char *out, size_t size)
{
	char real[PATH_MAX];
	char locks[PATH_MAX];

	return text_copy(
	    out, size, db_file_path(real_path(path, real), 2, locks));
}

uint64_t
store_files(const char *path)
{
	char real[PATH_MAX];
	uint64_t sum = 0;
	struct stat st;

	path = real_path(path, real);
	for (int i = 0; i < DB_FILES; i++) {
		sum *= UINT64_C(0x100000001b3); /* FNV's prime */
		if (db_file_stat(path, i, &st)) {
			sum += (uint64_t)st.st_ino + 1;
		}
	}
	return sum;
}
