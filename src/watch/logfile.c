#include "watch/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static bool
is_compressed(const char *path)
{
	size_t len = strlen(path);

	return len > 3 && strcmp(path + len - 3, ".gz") == 0;
}

/* zlib gets a descriptor of its own, which it closes. */
static bool
open_compressed(struct logfile *file)
{
	int fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);

	if (fd < 0) {
		return false;
	}
	file->gz = gzdopen(fd, "rb");
	if (file->gz == NULL) {
		(void)close(fd);
		errno = ENOMEM;
		return false;
	}
	return true;
}

static enum logfile_result
give_up(struct logfile *file, enum logfile_result result)
{
	int kept = errno;

	logfile_close(file);
	errno = kept;
	return result;
}

enum logfile_result
logfile_open(struct logfile *file, const char *path)
{
	struct stat st;

	*file = LOGFILE_NONE;
	/* A FIFO must not make us wait for its writer. */
	file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (file->fd < 0) {
		return errno == ENOENT || errno == ENOTDIR ? LOGFILE_MISSING
		       : errno == ENXIO                    ? LOGFILE_STRANGE
							   : LOGFILE_UNREADABLE;
	}
	if (fstat(file->fd, &st) != 0) {
		return give_up(file, LOGFILE_UNREADABLE);
	}
	if (!S_ISREG(st.st_mode)) {
		return give_up(file, LOGFILE_STRANGE);
	}
	file->device = (int64_t)st.st_dev;
	file->inode = (int64_t)st.st_ino;
	if (is_compressed(path) && !open_compressed(file)) {
		return give_up(file, LOGFILE_UNREADABLE);
	}
	return LOGFILE_OPEN;
}

void
logfile_close(struct logfile *file)
{
	if (file->gz != NULL) {
		(void)gzclose_r(file->gz);
	}
	if (file->fd >= 0) {
		(void)close(file->fd);
	}
	*file = LOGFILE_NONE;
}

struct logfile_facts
logfile_facts(const struct logfile *file)
{
	struct logfile_facts facts = { .size = 0 };
	struct stat st;

	if (fstat(file->fd, &st) == 0) {
		facts.size = file->gz != NULL ? -1 : (int64_t)st.st_size;
		facts.written = st.st_mtim.tv_sec;
		facts.written_ns = st.st_mtim.tv_nsec;
	}
	return facts;
}

/* What zlib has on its way to an error, such as a cut end, still counts. */
static size_t
read_compressed(struct logfile *file, int64_t offset, char *bytes, size_t len)
{
	int got;

	if (gztell(file->gz) != offset &&
	    gzseek(file->gz, offset, SEEK_SET) != offset) {
		return 0;
	}
	got = gzread(file->gz, bytes, (unsigned)len);
	return got > 0 ? (size_t)got : 0;
}

size_t
logfile_read(struct logfile *file, int64_t offset, char *bytes, size_t len)
{
	ssize_t got;

	if (file->gz != NULL) {
		return read_compressed(file, offset, bytes, len);
	}
	do {
		got = pread(file->fd, bytes, len, offset);
	} while (got < 0 && errno == EINTR);
	return got > 0 ? (size_t)got : 0;
}

bool
logfile_read_all(struct logfile *file, int64_t offset, char *bytes, size_t len)
{
	size_t all = 0;
	size_t got = 1;

	while (all < len && got > 0) {
		got = logfile_read(
		    file, offset + (int64_t)all, bytes + all, len - all);
		all += got;
	}
	return all == len;
}
