/*
 * One log followed through appends, rotations and truncations, in bounded
 * memory.
 *
 * Where reading stands is told as a struct position, and a tail that is given
 * one goes on there: in the file that is remembered, wherever that has gone
 * meanwhile, then in those written since, then in the log itself.
 *
 * A line is taken only with its newline, and what was taken is remembered by
 * offset, by the file's first bytes and by the last line.  These two marks are
 * compared each time more is read, so that a file that was truncated and has
 * grown again is not taken for what it was.
 *
 * tail_look() sees what happened to the files, tail_line() reads.  Nothing
 * here reads a clock or waits.
 */
#ifndef WATCH_TAIL_H
#define WATCH_TAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/table.h"
#include "conf/conf.h"
#include "logs/log_file.h"
#include "rules/rules.h"
#include "store/store.h"
#include "watch/rotation.h"

enum {
	/* ms a new file must have had something in it before the old one is
	 * left: who writes may be late to turn to it. */
	TAIL_LINGER = 300
};

struct tail {
	char path[CONF_PATH_SIZE];
	unsigned char key[HASH_KEY_SIZE]; /* of the hashes of positions */
	enum conf_start start;
	bool once; /* do not linger: what is there now is all */

	/* The file that is read, LOG_FILE_NONE while there is none. */
	struct log_file file;
	struct log_file_stat was; /* when it was last found dry */
	struct line_buffer lines;
	/* Its marks: as much of its start as was read, and the last line
	 * taken, which may still stand in `lines` instead. */
	size_t head_len;
	size_t line_len;
	char head[ROTATION_HEAD_MAX];
	char line[ROTATION_LINE_MAX];

	struct position left;  /* where it stood before it turned to the file */
	struct position stood; /* and where, while there is no file */
	bool known;            /* false until the log's beginning was found */

	bool dry;    /* there were no more lines in the file */
	bool behind; /* rotated files written later may be there */
	/* Ticks when to look again, whatever inotify says; 0: at leisure. */
	int64_t leave_at;
	/* Places where lines were missed, that are not stored yet. */
	int64_t gaps;
	unsigned turns;           /* how often it turned to a file */
	bool again;               /* the clock forgot the last line */
	struct rules_clock clock; /* of the lines' times */
	struct log_gate gate;
};

/* NULL without memory.  `zone` is that of its clock, borrowed. */
struct tail *tail_new(const char *path, bool once, const char *zone);
void tail_free(struct tail *tail);

/* Zone and rules are others from now on. */
void tail_use(struct tail *tail, const char *zone);

/* Before the first look: go on at a position, or where it is NULL begin as
 * `start` says.  `key` is that of the hashes. */
void tail_start(struct tail *tail,
    const unsigned char key[static HASH_KEY_SIZE],
    const struct position *position, enum conf_start start);

/*
 * Once there are no more lines: see whether there is a file to open or to go
 * on to.  `now` is seconds, `ticks` milliseconds.  True where it turned to
 * another file.
 */
bool tail_look(struct tail *tail, int64_t now, int64_t ticks);

/* The next line, for rules_match() with the tail's clock, LOG_LINE_MAX bytes
 * of it at most; false where there is none now.  Borrowed until the next
 * call. */
bool tail_line(struct tail *tail, struct log_line *line);

/* The line taken last once more, for the clock alone, which may need it to
 * know what "last message repeated" means; true once after a start. */
bool tail_again(struct tail *tail, struct log_line *line);

/* Where it stands; false where that is not known yet. */
bool tail_position(const struct tail *tail, struct position *position);

#endif
