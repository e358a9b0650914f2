#include "watch/tail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "watch/rotation.h"

enum {
	/* Seconds by which the reference of yearless times may be behind. */
	CLOCK_SLACK = 3600,
	/* ms until files that could not be looked at are tried again. */
	AGAIN = 2000,
	LOOK_AGAIN = 1 /* ticks that are over already */
};

struct tail *
tail_new(const char *path, bool once)
{
	struct tail *tail = calloc(1, sizeof(*tail));

	if (tail != NULL) {
		reader_init(&tail->reader);
		tail->once = once;
		(void)text_copy(tail->path, sizeof(tail->path), path);
	}
	return tail;
}

void
tail_free(struct tail *tail)
{
	if (tail != NULL) {
		reader_close(&tail->reader);
		free(tail);
	}
}

void
tail_start(struct tail *tail, const unsigned char key[static HASH_KEY_SIZE],
    const struct position *position, enum conf_start start)
{
	memcpy(tail->key, key, sizeof(tail->key));
	tail->start = start;
	tail->known = position != NULL;
	if (position != NULL) {
		tail->stood = *position;
	}
}

/* Whether it stands in a file from which it took no line. */
static bool
is_untouched(const struct tail *tail)
{
	return tail->standing && tail->reader.lines.offset == 0;
}

/* By which the files are known that were read.  An inode alone proves little:
 * until a file's first line is taken, it is the last one of the file before
 * that tells where to go on, and the inode which file came next. */
bool
tail_position(const struct tail *tail, struct position *position)
{
	if (!tail->standing) {
		*position = tail->stood;
		return tail->known;
	}
	reader_position(&tail->reader, tail->key, position);
	if (is_untouched(tail) && tail->left.offset > 0) {
		*position = tail->left;
		position->device = tail->reader.file.device;
		position->inode = tail->reader.file.inode;
	}
	return tail->known;
}

bool
tail_is_restless(const struct tail *tail)
{
	return tail->leave_at != 0;
}

/* ---- files ---- */

/* Once a minute, where the log itself cannot be opened. */
static void
complain(struct tail *tail, enum log_file_result result, int error, int64_t now)
{
	int64_t held;

	if ((result == LOG_FILE_STRANGE || result == LOG_FILE_UNREADABLE) &&
	    log_gate_open(&tail->gate, now, &held)) {
		log_warn("%s: %s", tail->path,
		    result == LOG_FILE_STRANGE ? "not a regular file"
					       : strerrordesc_np(error));
	}
}

/* What a time without its year means depends on when it was written. */
static void
set_clock(struct tail *tail)
{
	int64_t written = log_file_stat(&tail->reader.file).written;
	int64_t behind = written - tail->clock.reference;

	if (behind < -CLOCK_SLACK || behind > CLOCK_SLACK) {
		tail->clock = rules_clock(written);
	}
}

/* The reader has opened another file, perhaps the log itself. */
static void
turn(struct tail *tail, bool own)
{
	tail->standing = true;
	tail->known = true;
	tail->dry = false;
	tail->behind = !own;
	tail->leave_at = 0;
	tail->turns++;
	set_clock(tail);
}

/* There is nothing to read from: remember where it stood, and look again at
 * once. */
static void
step_back(struct tail *tail, const struct position *stood)
{
	reader_close(&tail->reader);
	tail->standing = false;
	tail->stood = *stood;
	tail->leave_at = LOOK_AGAIN;
}

/* False where the files are not what they were when the plan was made. */
static bool
go_to(struct tail *tail, const struct rotation *rotation,
    struct rotation_next next, const struct position *at)
{
	struct reader *reader = &tail->reader;

	if (!rotation_open(rotation, next.file, reader) ||
	    (next.what == ROTATION_CONTINUE && at->offset > 0 &&
		reader_go_to(reader, tail->key, at) != READER_BOTH) ||
	    ((next.what == ROTATION_CUT ||
		 (!tail->known && tail->start == CONF_NOW)) &&
		!reader_go_to_end(reader)) ||
	    !rotation_holds(rotation)) {
		return false;
	}
	turn(tail, rotation->live && next.file == rotation->count - 1);
	tail->left = *at;
	if (next.what == ROTATION_CUT) {
		log_warn("%s: its end is gone; going on behind what is left",
		    tail->path);
	} else if (next.what == ROTATION_LOST) {
		log_warn("%s: the file that was read is gone or truncated and "
			 "no rotated one is it: its last lines may be missed",
		    tail->path);
	}
	return true;
}

/* Find the file to go on with; `finished` where all of ours was read. */
static bool
go_on(struct tail *tail, int64_t now, bool finished)
{
	struct rotation *rotation = malloc(sizeof(*rotation));
	struct rotation_next next = { ROTATION_WAIT, 0 };
	struct position at;
	bool turned = false;

	if (rotation == NULL) {
		return false;
	}
	(void)tail_position(tail, &at);
	if (!rotation_look(rotation, tail->path, tail->key, &at)) {
		tail->leave_at = rotation->moving ? LOOK_AGAIN : tail->leave_at;
	} else if (finished && !reader_is_dry(&tail->reader)) {
		/* It may have got more since it ran dry, and before what
		 * follows it was seen. */
		tail->leave_at = 0;
		tail->dry = false;
	} else {
		tail->behind = false;
		tail->leave_at = 0;
		next = finished
			   ? rotation_follow(rotation, &at, is_untouched(tail))
			   : rotation_resume(rotation, &at);
		/* Where there is none, whatever comes is written from now. */
		tail->known |= !rotation->live;
	}
	complain(tail, rotation->own, rotation->error, now);
	if (next.what != ROTATION_WAIT) {
		turned = go_to(tail, rotation, next, &at);
		if (!turned) {
			step_back(tail, &at);
		}
	}
	free(rotation);
	return turned;
}

/* Whether the log's own name stands for another file than ours, in which
 * something is written. */
static bool
is_followed(const struct tail *tail)
{
	struct stat st;

	return stat(tail->path, &st) == 0 && S_ISREG(st.st_mode) &&
	       st.st_size > 0 &&
	       ((int64_t)st.st_ino != tail->reader.file.inode ||
		   (int64_t)st.st_dev != tail->reader.file.device);
}

/* Whether it is time to leave a file that was read to its end. */
static bool
may_leave(struct tail *tail, int64_t ticks)
{
	/* Files in between matter while we catch up, and must be looked for
	 * only once: after that the log itself is what comes next. */
	if (!is_followed(tail) && !tail->behind) {
		tail->leave_at = 0;
		return false;
	}
	if (tail->once || log_file_is_compressed(&tail->reader.file)) {
		return true;
	}
	if (tail->leave_at == 0) {
		tail->leave_at = ticks + TAIL_LINGER;
	}
	if (ticks < tail->leave_at) {
		return false;
	}
	tail->leave_at = ticks + AGAIN;
	return true;
}

bool
tail_look(struct tail *tail, int64_t now, int64_t ticks)
{
	if (!tail->standing) {
		tail->leave_at = 0;
		return go_on(tail, now, false);
	}
	set_clock(tail);
	return tail->dry && may_leave(tail, ticks) && go_on(tail, now, true);
}

/* ---- lines ---- */

bool
tail_line(struct tail *tail, struct log_line *line)
{
	struct position at;

	if (!tail->standing) {
		return false;
	}
	*line = (struct log_line){ .tag = NULL };
	switch (reader_line(&tail->reader, &line->text, &line->len)) {
	case READER_LINE:
		/* Whoever wrote it may write more. */
		tail->dry = false;
		tail->leave_at = 0;
		return true;
	case READER_STRANGE:
		(void)tail_position(tail, &at);
		step_back(tail, &at);
		break;
	case READER_DRY:
		tail->dry = true;
		break;
	}
	return false;
}
