/*
 * The bytes of a log file, plain or compressed by gzip, or of standard input.
 *
 * zlib's own file functions wait for a full buffer, which a pipe that is
 * still written to may not give for long; here what is there is given.
 */
#ifndef CTL_LOGBYTES_H
#define CTL_LOGBYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LOGBYTES_ERROR_SIZE = 512
};

struct logbytes_zip;

struct logbytes {
	const char *name; /* borrowed; "stdin" for "-" */
	int fd;
	char *raw; /* bytes as they lie there, not yet taken */
	size_t at;
	size_t have;
	bool ended;               /* nothing more comes from `fd` */
	struct logbytes_zip *zip; /* NULL: the file is plain */
	bool regular;             /* a file, which can be read again */
	int64_t read;             /* bytes taken from `fd` */
	int64_t size;             /* of the file; 0 where not known */
	int64_t written;          /* when it was; INT64_MIN where not known */
	char error[LOGBYTES_ERROR_SIZE]; /* begins with the name */
};

/* False with `error` set where it cannot be opened or is a folder; then it is
 * closed already. */
bool logbytes_open(struct logbytes *bytes, const char *path);
void logbytes_close(struct logbytes *bytes);

/* Give up to `size` bytes; *len is 0 at the end only.  False with `error` set
 * where it cannot be read, is damaged or cut off. */
bool logbytes_read(struct logbytes *bytes, char *to, size_t size, size_t *len);

#endif
