/*
 * The write-ahead log stays short, whatever is written and read.
 *
 * Whoever writes looks at its length first, with the write lock held, so that
 * it grows by one transaction at most.  A log that is long is moved into the
 * database; where that was not enough, since somebody reads a state of the
 * database that only the log still holds, nothing more is written until it can
 * be emptied.  The same where the disk has no room left to move it to: a log
 * must not eat that room.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/text.h"
#include "store/db.h"

enum {
	SHORT = 256 << 10, /* bytes that nobody minds */
	LONG = 16 << 20,   /* from which on it is moved; see turn_to_wal() */
	STEP = 4 << 20,    /* and again when it grew by so much */
	MOST = 48 << 20,   /* behind which nothing more is written */
	/* Bytes of the -shm file that SQLite locks for who reads. */
	LOCK_FIRST = 123,
	LOCK_LAST = 127
};

int64_t
db_log_size(struct store *store)
{
	sqlite3_file *file = NULL;
	sqlite3_int64 size = 0;

	if (store->db == NULL ||
	    sqlite3_file_control(store->db, "main",
		SQLITE_FCNTL_JOURNAL_POINTER, &file) != SQLITE_OK ||
	    file == NULL || file->pMethods == NULL ||
	    file->pMethods->xFileSize(file, &size) != SQLITE_OK) {
		return 0;
	}
	return size;
}

/* By the locks that the kernel lists: to open the file and close it again would
 * drop this process's own. */
void
db_log_holder(const struct store *store, char holder[static STORE_HOLDER_SIZE])
{
	char path[4096];
	char line[256];
	char comm[32] = "";
	struct text text;
	struct stat st;
	unsigned long inode;
	long long first;
	int pid;
	int found = 0;
	FILE *file;

	text_init(&text, path, sizeof(path));
	text_addf(&text, "%s-shm", store->path);
	file = stat(path, &st) == 0 ? fopen("/proc/locks", "re") : NULL;
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		/* NOLINTNEXTLINE(cert-err34-c): the kernel wrote it */
		if (sscanf(line, "%*s POSIX %*s READ %d %*x:%*x:%lu %lld", &pid,
			&inode, &first) == 3 &&
		    inode == st.st_ino && first >= LOCK_FIRST &&
		    first <= LOCK_LAST && pid != getpid()) {
			found = pid;
		}
	}
	if (file != NULL) {
		(void)fclose(file);
	}
	holder[0] = '\0';
	if (found <= 0) {
		return;
	}
	text_init(&text, path, sizeof(path));
	text_addf(&text, "/proc/%d/comm", found);
	file = fopen(path, "re");
	if (file != NULL) {
		if (fscanf(file, "%31[^\n]", comm) != 1) {
			comm[0] = '\0';
		}
		(void)fclose(file);
	}
	text_init(&text, holder, STORE_HOLDER_SIZE);
	text_addf(
	    &text, "%s%sprocess %d", comm, comm[0] != '\0' ? ", " : "", found);
}

/* Whether the disk has room to move a log to. */
static bool
has_room(const struct store *store, int64_t size)
{
	struct statvfs fs;

	return statvfs(store->path, &fs) != 0 ||
	       (int64_t)(fs.f_bavail * fs.f_frsize) > size;
}

int
db_log_is_wanted(void *store)
{
	return db_log_size(store) > MOST / 2;
}

enum db_log
db_log_look(struct store *store)
{
	const int64_t size = store->mode == STORE_SCRATCH ? 0
							  : db_log_size(store);

	if (size <= LONG) {
		store->log_tried = 0;
	}
	return size > MOST || (size > SHORT && !has_room(store, size))
		   ? DB_LOG_FULL
	       : size > LONG && size > store->log_tried + STEP ? DB_LOG_LONG
							       : DB_LOG_FINE;
}

/* True where nobody was in the way. */
static bool
move(struct store *store, int mode)
{
	const int rc = sqlite3_wal_checkpoint_v2(
	    store->db, "main", mode, NULL, NULL);

	return (rc & 0xff) != SQLITE_BUSY && db_check(store, rc);
}

void
db_log_move(struct store *store, enum db_log how)
{
	char holder[STORE_HOLDER_SIZE];
	char why[192];
	struct text text;

	store->log_tried = db_log_size(store);
	if (how == DB_LOG_LONG) {
		(void)move(store, SQLITE_CHECKPOINT_PASSIVE);
	} else if (!move(store, SQLITE_CHECKPOINT_TRUNCATE) &&
		   store->status == STORE_OK) {
		db_log_holder(store, holder);
		text_init(&text, why, sizeof(why));
		text_addf(&text,
		    "its log is full and cannot be emptied: %s reads an old "
		    "state of the database",
		    holder[0] != '\0' ? holder : "another program");
		db_fail(store, STORE_BUSY, why);
	}
}

void
db_log_tend(struct store *store)
{
	/* The second one stops who writes for as long as it takes: little is
	 * left for it then. */
	(void)sqlite3_busy_timeout(store->db, 0);
	if (move(store, SQLITE_CHECKPOINT_PASSIVE) &&
	    db_log_size(store) > LONG) {
		(void)move(store, SQLITE_CHECKPOINT_TRUNCATE);
	}
	(void)sqlite3_busy_timeout(store->db, store->timeout);
}
