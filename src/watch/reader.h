/*
 * Whole lines out of one log file, in bounded memory.
 *
 * A line is taken only with its newline, and what was taken is remembered by
 * offset, by the file's first bytes and by the last line: each time more is
 * read they are compared, so that a file that was truncated and has grown
 * again is not taken for what it was.  Of a line that is too long the first
 * bytes are given and the rest is read past.
 */
#ifndef WATCH_READER_H
#define WATCH_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "store/store.h"
#include "watch/logfile.h"

enum {
	READER_BUFFER_SIZE = 32768,
	READER_HEAD_MAX = 256, /* bytes by which a file is known */
	READER_LINE_MAX = 1024 /* and of the last line; its last ones */
};

struct reader {
	struct logfile file;
	int64_t offset; /* behind the last line that was taken */
	/* As it was when it was last found dry. */
	struct logfile_facts facts;

	/* The marks. */
	size_t head_len; /* as much as was read, READER_HEAD_MAX at most */
	size_t line_len;
	char head[READER_HEAD_MAX];
	char line[READER_LINE_MAX];

	/* Read and not taken: buf[at..end), which lies at `offset`.  Of a line
	 * that is too long, `dropped` bytes were behind the first ones. */
	size_t at;
	size_t seen; /* there is no newline between at and here */
	size_t end;
	int64_t dropped;
	size_t newest; /* where in buf the last line still is */
	size_t newest_len;
	char buf[READER_BUFFER_SIZE];
};

void reader_init(struct reader *reader);

/* Read `file` from its start, which is a mark from now on; takes it over, and
 * closes the one before. */
void reader_turn_to(struct reader *reader, const struct logfile *file);
void reader_close(struct reader *reader);

/* Before the first line: go on at `offset`, behind a last line whose last
 * `line_len` bytes are a mark.  False where the file is too short. */
bool reader_stand(struct reader *reader, int64_t offset, size_t line_len);

/* Go on behind the last whole line that is there. */
bool reader_stand_at_end(struct reader *reader);

enum reader_result {
	READER_LINE,
	READER_DRY,    /* nothing more just now */
	READER_STRANGE /* the file is not what it was */
};

/* The next line without its newline, of which RULES_LINE_MAX bytes at most
 * are given; borrowed until the next call. */
enum reader_result reader_line(
    struct reader *reader, const char **line, size_t *len);

/* Whether the file is still as it was when it was found dry. */
bool reader_is_dry(const struct reader *reader);

/* What is to be remembered; `key` is that of its hashes. */
void reader_position(const struct reader *reader,
    const unsigned char key[static HASH_KEY_SIZE], struct position *position);

#endif
