/*
 * The bytes of a log: a plain file, one compressed by gzip, a pipe or
 * standard input; and the lines in them, in bounded memory whatever it holds:
 * of a line longer than LOG_LINE_MAX its first bytes are given and the rest is
 * passed over.
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

enum log_file_kind {
	LOG_FILE_PLAIN,  /* a regular file, opened without ever waiting */
	LOG_FILE_PACKED, /* the same; its first bytes tell whether by gzip */
	LOG_FILE_ANY /* likewise, of whatever gives bytes but a folder; "-" is
			    standard input.  Waits for a pipe's first bytes. */
};

/* The struct may be copied, the copy then being the one to close; it is
 * LOG_FILE_NONE on anything but LOG_FILE_OPEN. */
enum log_file_result log_file_open(
    struct log_file *file, const char *path, enum log_file_kind kind);

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

/* ---- lines ---- */

enum {
	LOG_LINE_MAX = 8192, /* bytes that are given of a line */
	LINE_BUFFER_SIZE = 65536,
	LOG_ERROR_SIZE = 512
};

/* Finds lines in bytes it is given, for those who follow a log by offsets. */
struct line_buffer {
	int64_t offset; /* in the text, behind the last line that was taken */
	/* The end of that line with its newline, in `bytes`: all of it, or of
	 * one that was too long what is whole.  0 bytes once
	 * line_buffer_room() moved it away. */
	size_t last;
	size_t last_len;

	/* Read and not taken: bytes[at..end), which lies at `offset`.  Of a
	 * line that is too long, `dropped` bytes were behind the first ones. */
	size_t at;
	size_t seen; /* there is no newline between at and here */
	size_t end;
	int64_t dropped;
	char bytes[LINE_BUFFER_SIZE];
};

/* Empty it; what is added first lies at `offset`. */
void line_buffer_begin(struct line_buffer *lines, int64_t offset);

/* The next whole line, without its newline, or where the text ends and `rest`
 * is asked for, what stands behind its last newline; false where more bytes are
 * needed.  Borrowed until line_buffer_room().  Zeros that a line begins with
 * are left out: they are the hole of a writer that goes on at its old offset
 * in a truncated file. */
bool line_buffer_next(
    struct line_buffer *lines, bool rest, const char **text, size_t *len);

/* Once there are no more lines: where to put what comes next, `*room` bytes at
 * most, never 0; then how many there were. */
char *line_buffer_room(struct line_buffer *lines, size_t *room);
void line_buffer_add(struct line_buffer *lines, size_t len);

/* The offset behind all that was added: what is to be read next. */
int64_t line_buffer_read_to(const struct line_buffer *lines);

/* Reads a log from its start to its end, once. */
struct log_reader {
	const char *name; /* borrowed; "stdin" for "-" */
	struct log_file file;
	struct log_file_stat stat;  /* as it was opened */
	int64_t number;             /* of the line given last, from 1 */
	char error[LOG_ERROR_SIZE]; /* begins with the name */
	struct line_buffer lines;
};

/* Open whatever log_file_open() can; the path is borrowed.  NULL with
 * `error` set where that cannot be done. */
struct log_reader *log_reader_open(
    const char *path, char error[static LOG_ERROR_SIZE]);
void log_reader_close(struct log_reader *reader);

enum log_reader_result {
	LOG_READER_LINE,
	LOG_READER_END,
	LOG_READER_FAILED /* it cannot be read, is damaged or cut off: `error` */
};

/* The next line, borrowed until the next call; the last one may lack its
 * newline. */
enum log_reader_result log_reader_next(
    struct log_reader *reader, const char **text, size_t *len);

#endif
