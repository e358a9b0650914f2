#include "watch/tail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "watch/scene.h"

enum {
	/* Seconds by which the reference of yearless times may be behind. */
	CLOCK_SLACK = 3600,
	/* ms until files that could not be looked at are tried again. */
	AGAIN = 2000
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
	return tail->standing && tail->reader.offset == 0;
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
	return tail->leave_at != 0 || tail->strange;
}

/* ---- files ---- */

static void
complain(struct tail *tail, enum logfile_result result, int error, int64_t now)
{
	char why[128];
	int64_t held;

	if ((result != LOGFILE_STRANGE && result != LOGFILE_UNREADABLE) ||
	    !log_gate_open(&tail->gate, now, &held)) {
		return;
	}
	log_warn("%s: %s", tail->path,
	    result == LOGFILE_STRANGE ? "not a regular file"
				      : strerror_r(error, why, sizeof(why)));
}

/* What a time without its year means depends on when it was written. */
static void
set_clock(struct tail *tail)
{
	int64_t written = logfile_facts(&tail->reader.file).written;
	int64_t behind = written - tail->clock.reference;

	if (behind < -CLOCK_SLACK || behind > CLOCK_SLACK) {
		tail->clock = rules_clock(written);
	}
}

static void
turn_to(struct tail *tail, const struct logfile *file, bool own)
{
	reader_turn_to(&tail->reader, file);
	tail->standing = true;
	tail->known = true;
	tail->dry = false;
	tail->behind = !own;
	tail->leave_at = 0;
	tail->turns++;
	set_clock(tail);
}

/* There is nothing to read from; remember where it stood. */
static void
step_back(struct tail *tail, const struct position *stood)
{
	reader_close(&tail->reader);
	tail->standing = false;
	tail->stood = *stood;
}

/* A log that was never read before. */
static bool
begin(struct tail *tail, int64_t now)
{
	struct logfile file;
	enum logfile_result result = logfile_open(&file, tail->path);

	complain(tail, result, errno, now);
	switch (result) {
	case LOGFILE_OPEN:
		turn_to(tail, &file, true);
		if (tail->start == CONF_NOW &&
		    !reader_stand_at_end(&tail->reader)) {
			reader_close(&tail->reader);
			tail->standing = tail->known = false;
			return false;
		}
		return true;
	case LOGFILE_MISSING:
	case LOGFILE_STRANGE:
		/* Whatever comes is written from now on. */
		tail->stood = (struct position){ .offset = 0 };
		tail->known = true;
		break;
	case LOGFILE_UNREADABLE:
		break;
	}
	return false;
}

/* Behind the line that is remembered, if it is the one that is there. */
static bool
stand_behind(struct tail *tail, const struct position *at)
{
	struct reader *reader = &tail->reader;
	char head[STORE_KEY_SIZE];
	char line[STORE_KEY_SIZE];

	if (at->offset == 0) {
		return true;
	}
	if (!reader_stand(reader, at->offset, (size_t)at->line_len) ||
	    at->head_len > (int64_t)reader->head_len) {
		return false;
	}
	(void)hash_text(tail->key, reader->head, (size_t)at->head_len, head);
	(void)hash_text(tail->key, reader->line, reader->line_len, line);
	return strcmp(head, at->head_hash) == 0 &&
	       strcmp(line, at->line_hash) == 0;
}

static bool
stand(struct tail *tail, enum plan_what what, const struct position *at)
{
	switch (what) {
	case PLAN_CONTINUE:
		return stand_behind(tail, at);
	case PLAN_CUT:
		return reader_stand_at_end(&tail->reader);
	case PLAN_LOST:
	case PLAN_WAIT:
	case PLAN_BEGIN:
		break;
	}
	return true;
}

static void
tell(const struct tail *tail, enum plan_what what)
{
	if (what == PLAN_CUT) {
		log_warn("%s: its end is gone; going on behind what is left",
		    tail->path);
	} else if (what == PLAN_LOST) {
		log_warn("%s: the file that was read is gone or truncated and "
			 "no rotated one is it: its last lines may be missed",
		    tail->path);
	}
}

/* False where the files are not what they were when the plan was made. */
static bool
carry_out(struct tail *tail, const struct scene *scene, struct plan plan,
    const struct position *at)
{
	struct logfile file;

	if (!scene_open(scene, plan.file, &file)) {
		return false;
	}
	turn_to(tail, &file, scene->live && plan.file == scene->count - 1);
	if (!stand(tail, plan.what, at) || !scene_holds(scene)) {
		return false;
	}
	tail->left = *at;
	tell(tail, plan.what);
	return true;
}

/* To look again soon. */
static void
try_again(struct tail *tail)
{
	tail->strange = true;
	tail->leave_at = 1;
}

static struct plan
make_plan(struct tail *tail, const struct scene *scene,
    const struct position *at, bool finished)
{
	/* It may have got more since it ran dry, and before what follows it
	 * was seen. */
	if (finished && !reader_is_dry(&tail->reader)) {
		tail->leave_at = 0;
		tail->dry = false;
		return (struct plan){ PLAN_WAIT, 0 };
	}
	tail->behind = false;
	tail->leave_at = 0;
	return finished
		   ? plan_next(at, is_untouched(tail), scene->sights,
			 scene->count, scene->live)
		   : plan_resume(at, scene->sights, scene->count, scene->live);
}

/* Find the file to go on with; `finished` where all of ours was read. */
static bool
go_on(struct tail *tail, int64_t now, bool finished)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	struct position at;
	struct plan plan = { PLAN_WAIT, 0 };
	bool turned = false;

	if (scene == NULL) {
		return false;
	}
	(void)tail_position(tail, &at);
	if (scene_survey(scene, tail->path, tail->key, &at)) {
		plan = make_plan(tail, scene, &at, finished);
	} else if (scene->moving) {
		/* In the middle of a rotation. */
		try_again(tail);
	}
	complain(tail, scene->own, scene->error, now);
	if (plan.what != PLAN_WAIT) {
		turned = carry_out(tail, scene, plan, &at);
		if (!turned) {
			step_back(tail, &at);
			try_again(tail);
		}
	}
	free(scene);
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
	if (tail->once || tail->reader.file.gz != NULL) {
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
	tail->strange = false;
	if (!tail->known) {
		return begin(tail, now);
	}
	if (!tail->standing) {
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
		tail->strange = true;
		break;
	case READER_DRY:
		tail->dry = true;
		break;
	}
	return false;
}
