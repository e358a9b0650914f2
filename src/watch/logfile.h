/*
 * A log file on disk, plain or compressed by gzip, read at any offset.
 *
 * Offsets are those of the text: a compressed file is read as what it holds,
 * forwards at little cost and backwards at the cost of beginning anew.  It
 * knows nothing of lines.
 */
#ifndef WATCH_LOGFILE_H
#define WATCH_LOGFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gzFile_s;

struct logfile {
	int fd;              /* -1: none is open */
	struct gzFile_s *gz; /* where it is compressed */
	int64_t device;
	int64_t inode;
};

#define LOGFILE_NONE                                                           \
	(struct logfile)                                                       \
	{                                                                      \
		.fd = -1                                                       \
	}

enum logfile_result {
	LOGFILE_OPEN,
	LOGFILE_MISSING,   /* there is nothing of that name */
	LOGFILE_STRANGE,   /* a folder, a device: nothing to be read */
	LOGFILE_UNREADABLE /* errno says why */
};

/* Open the regular file at `path`; one whose name ends with ".gz" is taken
 * as compressed.  *file is LOGFILE_NONE on anything but LOGFILE_OPEN. */
enum logfile_result logfile_open(struct logfile *file, const char *path);

/* Harmless where none is open. */
void logfile_close(struct logfile *file);

/* What is known of it without reading. */
struct logfile_facts {
	int64_t size;    /* of the text; -1: compressed, not known */
	int64_t written; /* when it was last written to, seconds */
	int64_t written_ns;
};
struct logfile_facts logfile_facts(const struct logfile *file);

/* Read at most `len` bytes at `offset`; how many there were, 0 at the end
 * and where it cannot be read. */
size_t logfile_read(
    struct logfile *file, int64_t offset, char *bytes, size_t len);

/* Whether all `len` bytes at `offset` were read. */
bool logfile_read_all(
    struct logfile *file, int64_t offset, char *bytes, size_t len);

#endif
