/*
 * Lines out of a log, in bounded memory whatever it holds: of a line longer
 * than LOG_LINE_MAX its first bytes are given and the rest is passed over.
 *
 * A struct line_buffer finds lines in bytes it is given, for those who follow
 * a log by offsets.  A struct log_reader reads a log from its start to its
 * end, once.
 */
#ifndef LOGS_LOG_LINES_H
#define LOGS_LOG_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "logs/log_file.h"

enum {
	LOG_LINE_MAX = 8192, /* bytes that are given of a line */
	LINE_BUFFER_SIZE = 65536,
	LOG_ERROR_SIZE = 512
};

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

/* The next whole line, without its newline; false where more bytes are needed.
 * Borrowed until line_buffer_room().  Zeros that a line begins with are left
 * out: they are the hole of a writer that goes on at its old offset in a
 * truncated file. */
bool line_buffer_next(
    struct line_buffer *lines, const char **text, size_t *len);

/* The same for what the text ends with, behind its last newline; false where
 * that is nothing. */
bool line_buffer_rest(
    struct line_buffer *lines, const char **text, size_t *len);

/* Once there are no more lines: where to put what comes next, `*room` bytes at
 * most, never 0; then how many there were. */
char *line_buffer_room(struct line_buffer *lines, size_t *room);
void line_buffer_add(struct line_buffer *lines, size_t len);

/* The offset behind all that was added: what is to be read next. */
int64_t line_buffer_read_to(const struct line_buffer *lines);

struct log_reader {
	const char *name; /* borrowed; "stdin" for "-" */
	struct log_file file;
	struct log_file_stat stat;  /* as it was opened */
	int64_t number;             /* of the line given last, from 1 */
	char error[LOG_ERROR_SIZE]; /* begins with the name */
	struct line_buffer lines;
};

/* Open whatever log_file_open_any() can; the path is borrowed.  NULL with
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
