/*
 * The bytes of a log: a plain file, one compressed by gzip, a pipe or
 * standard input.  It knows nothing of lines.
 *
 * Offsets are those of the text: a compressed file is read as what it holds,
 * forwards at little cost and backwards at the cost of beginning anew.  A
 * pipe is read forwards only, and what is there is given without a wait for
 * more.
 */
#ifndef LOGS_LOG_FILE_H
#define LOGS_LOG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_stream;

struct log_file {
	int fd; /* -1: none is open */
	/* Where it is compressed or no regular file; owned. */
	struct log_stream *stream;
	bool regular; /* a file that was named: can be read again */
	int64_t device;
	int64_t inode;
	int64_t taken;     /* bytes as they lie there, read so far */
	const char *wrong; /* why the last read gave nothing; NULL: the end */
};

#define LOG_FILE_NONE                                                          \
	(struct log_file)                                                      \
	{                                                                      \
		.fd = -1                                                       \
	}

enum log_file_result {
	LOG_FILE_OPEN,
	LOG_FILE_MISSING,   /* there is nothing of that name */
	LOG_FILE_STRANGE,   /* a folder, a device: nothing to be read */
	LOG_FILE_UNREADABLE /* errno says why */
};

/*
 * Open the regular file at `path`, without ever waiting.  Its first bytes
 * tell whether it is compressed.  The struct may be copied, the copy then
 * being the one to close; it is LOG_FILE_NONE on anything but LOG_FILE_OPEN.
 */
enum log_file_result log_file_open(struct log_file *file, const char *path);

/* The same for whatever gives bytes; "-" is standard input.  Only a folder
 * is LOG_FILE_STRANGE.  Waits for a pipe's first bytes. */
enum log_file_result log_file_open_any(struct log_file *file, const char *path);

/* Harmless where none is open. */
void log_file_close(struct log_file *file);

bool log_file_is_compressed(const struct log_file *file);

/* What is known of it without reading. */
struct log_file_stat {
	int64_t size;    /* of the text; -1: compressed, not known */
	int64_t on_disk; /* the same as it lies there; 0: no regular file */
	int64_t written; /* when it was last written to, seconds; INT64_MIN
			  * where that is not known */
	int64_t written_ns;
};
struct log_file_stat log_file_stat(const struct log_file *file);

/* Read at most `len` bytes at `offset` (of a pipe those that come next); how
 * many there were, 0 at the end and where it cannot be read: see `wrong`. */
size_t log_file_read(
    struct log_file *file, int64_t offset, char *bytes, size_t len);

/* Whether all `len` bytes at `offset` were read. */
bool log_file_read_all(
    struct log_file *file, int64_t offset, char *bytes, size_t len);

#endif
