/*
 * A VFS for SQLite whose n-th change fails, preloaded into a program
 * (LD_PRELOAD).
 *
 * FAULTS names a file of struct control, which the driver of the test maps as
 * well: it says which change fails, and sees how many there were.  Changes are
 * writes, syncs, truncations, removals and growth of the -shm, of any file,
 * counted over all programs that share the control.  Without FAULTS nothing
 * is put in between.
 */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum how {
	HOW_ERROR, /* nothing is written */
	HOW_FULL,  /* likewise, and it is said that the disk is full */
	HOW_SHORT  /* half is written */
};

struct control {
	_Atomic uint64_t changes; /* so far */
	_Atomic uint64_t first;   /* that fails, counted from 1; 0: none */
	_Atomic uint64_t last;
	_Atomic uint64_t how;
	_Atomic uint64_t failed; /* so far */
};

struct file {
	sqlite3_file base;
	sqlite3_file *real; /* behind this struct */
};

static struct control *control;
static sqlite3_vfs *real_vfs;
static sqlite3_vfs faulty_vfs;

static sqlite3_file *
real(sqlite3_file *file)
{
	return ((struct file *)(void *)file)->real;
}

/* One more change: whether it fails. */
static bool
fails(void)
{
	uint64_t number = atomic_fetch_add(&control->changes, 1) + 1;
	uint64_t first = atomic_load(&control->first);

	if (first == 0 || number < first ||
	    number > atomic_load(&control->last)) {
		return false;
	}
	(void)atomic_fetch_add(&control->failed, 1);
	return true;
}

static int
error_of(int otherwise)
{
	return atomic_load(&control->how) == HOW_FULL ? SQLITE_FULL : otherwise;
}

/* ---- what changes a file ---- */

static int
file_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 at)
{
	if (!fails()) {
		return real(file)->pMethods->xWrite(
		    real(file), bytes, size, at);
	}
	if (atomic_load(&control->how) == HOW_SHORT) {
		(void)real(file)->pMethods->xWrite(
		    real(file), bytes, size / 2, at);
	}
	return error_of(SQLITE_IOERR_WRITE);
}

static int
file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	return fails() ? SQLITE_IOERR_TRUNCATE
		       : real(file)->pMethods->xTruncate(real(file), size);
}

static int
file_sync(sqlite3_file *file, int flags)
{
	return fails() ? SQLITE_IOERR_FSYNC
		       : real(file)->pMethods->xSync(real(file), flags);
}

static int
file_shm_map(
    sqlite3_file *file, int region, int size, int grow, void volatile **memory)
{
	if (grow && fails()) {
		return error_of(SQLITE_IOERR_SHMMAP);
	}
	return real(file)->pMethods->xShmMap(
	    real(file), region, size, grow, memory);
}

static int
vfs_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
	(void)vfs;
	return fails() ? SQLITE_IOERR_DELETE
		       : real_vfs->xDelete(real_vfs, path, sync);
}

/* ---- what does not ---- */

static int
file_close(sqlite3_file *file)
{
	return real(file)->pMethods->xClose(real(file));
}

static int
file_read(sqlite3_file *file, void *bytes, int size, sqlite3_int64 at)
{
	return real(file)->pMethods->xRead(real(file), bytes, size, at);
}

static int
file_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return real(file)->pMethods->xFileSize(real(file), size);
}

static int
file_lock(sqlite3_file *file, int lock)
{
	return real(file)->pMethods->xLock(real(file), lock);
}

static int
file_unlock(sqlite3_file *file, int lock)
{
	return real(file)->pMethods->xUnlock(real(file), lock);
}

static int
file_reserved(sqlite3_file *file, int *reserved)
{
	return real(file)->pMethods->xCheckReservedLock(real(file), reserved);
}

static int
file_control(sqlite3_file *file, int what, void *with)
{
	return real(file)->pMethods->xFileControl(real(file), what, with);
}

static int
file_sector(sqlite3_file *file)
{
	return real(file)->pMethods->xSectorSize(real(file));
}

static int
file_traits(sqlite3_file *file)
{
	return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static int
file_shm_lock(sqlite3_file *file, int at, int count, int flags)
{
	return real(file)->pMethods->xShmLock(real(file), at, count, flags);
}

static void
file_shm_barrier(sqlite3_file *file)
{
	real(file)->pMethods->xShmBarrier(real(file));
}

static int
file_shm_unmap(sqlite3_file *file, int gone)
{
	return real(file)->pMethods->xShmUnmap(real(file), gone);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2, /* files are not mapped: all writes come by here */
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_unlock,
	.xCheckReservedLock = file_reserved,
	.xFileControl = file_control,
	.xSectorSize = file_sector,
	.xDeviceCharacteristics = file_traits,
	.xShmMap = file_shm_map,
	.xShmLock = file_shm_lock,
	.xShmBarrier = file_shm_barrier,
	.xShmUnmap = file_shm_unmap,
};

static int
vfs_open(sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *file, int flags,
    int *got)
{
	struct file *one = (struct file *)(void *)file;
	int result;

	(void)vfs;
	one->real = (sqlite3_file *)(void *)(one + 1);
	result = real_vfs->xOpen(real_vfs, path, one->real, flags, got);
	one->base.pMethods = one->real->pMethods == NULL ? NULL : &methods;
	return result;
}

/* Before main(): the default of all that is opened from now on. */
__attribute__((constructor)) static void
put_in_between(void)
{
	const char *path = getenv("FAULTS"); /* NOLINT(concurrency-mt-unsafe) */
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	void *memory;

	if (path == NULL) {
		return;
	}
	memory = fd < 0 ? MAP_FAILED
			: mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE,
			      MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED || sqlite3_initialize() != SQLITE_OK) {
		abort();
	}
	(void)close(fd);
	control = memory;
	real_vfs = sqlite3_vfs_find(NULL);
	faulty_vfs = *real_vfs;
	faulty_vfs.szOsFile += (int)sizeof(struct file);
	faulty_vfs.pNext = NULL;
	faulty_vfs.zName = "faulty";
	faulty_vfs.xOpen = vfs_open;
	faulty_vfs.xDelete = vfs_delete;
	if (sqlite3_vfs_register(&faulty_vfs, 1) != SQLITE_OK) {
		abort();
	}
}
