/*
 * Whole lines out of one log file that is written to.
 *
 * A line is taken only with its newline, and what was taken is remembered by
 * offset, by the file's first bytes and by the last line.  These two marks
 * are compared each time more is read, so that a file that was truncated and
 * has grown again is not taken for what it was.
 */
#ifndef WATCH_READER_H
#define WATCH_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/hash.h"
#include "logs/log_file.h"
#include "logs/log_lines.h"
#include "store/store.h"

enum {
	READER_HEAD_MAX = 256, /* bytes by which a file is known */
	READER_LINE_MAX = 1024 /* and of the last line: its last ones */
};

struct reader {
	struct log_file file;
	struct log_file_stat stat; /* when it was last found dry */
	struct line_buffer lines;
	/* The marks: as much of the file's start as was read, and of the last
	 * line taken, which may still stand in `lines` instead. */
	size_t head_len;
	size_t line_len;
	char head[READER_HEAD_MAX];
	char line[READER_LINE_MAX];
};

/* Before the first open: nothing is open. */
void reader_init(struct reader *reader);
void reader_close(struct reader *reader);

/* Open a file to read it from its start, in place of the one before. */
enum log_file_result reader_open(struct reader *reader, const char *path);

/* How much of a position is found in a file. */
enum reader_match {
	READER_OTHER, /* it begins with other bytes */
	READER_HEAD,  /* its first bytes, and not the last line */
	READER_BOTH
};

/* Before the first line: compare the marks, whose hashes have `key`, and go on
 * behind the last line where both are there. */
enum reader_match reader_go_to(struct reader *reader,
    const unsigned char key[static HASH_KEY_SIZE],
    const struct position *position);

/* Before the first line: go on behind the last whole line that is there.
 * False where it cannot be read. */
bool reader_go_to_end(struct reader *reader);

enum reader_result {
	READER_LINE,
	READER_DRY,    /* nothing more just now */
	READER_STRANGE /* the file is not what it was */
};

/* The next line without its newline, of which LOG_LINE_MAX bytes at most are
 * given; borrowed until the next call. */
enum reader_result reader_line(
    struct reader *reader, const char **line, size_t *len);

/* Whether the file is still as it was when it was found dry. */
bool reader_is_dry(const struct reader *reader);

/* What is to be remembered; `key` is that of its hashes. */
void reader_position(const struct reader *reader,
    const unsigned char key[static HASH_KEY_SIZE], struct position *position);

#endif
