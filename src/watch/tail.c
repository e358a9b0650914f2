#include "watch/tail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"

enum {
	/* Seconds by which the reference of yearless times may be behind. */
	CLOCK_SLACK = 3600,
	/* ms until files that could not be looked at are tried again. */
	AGAIN = 2000,
	LOOK_AGAIN = 1 /* ticks that are over already */
};

struct tail *
tail_new(const char *path, bool once, const char *zone)
{
	struct tail *tail = calloc(1, sizeof(*tail));

	if (tail != NULL) {
		tail->file = LOG_FILE_NONE;
		tail->once = once;
		tail->clock = rules_clock(0, zone);
		(void)text_copy(tail->path, sizeof(tail->path), path);
	}
	return tail;
}

void
tail_use(struct tail *tail, const char *zone)
{
	tail->clock = rules_clock(tail->clock.reference, zone);
	tail->again = true;
}

void
tail_free(struct tail *tail)
{
	if (tail != NULL) {
		log_file_close(&tail->file);
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

/* ---- where it stands ---- */

static size_t
least(int64_t a, size_t b)
{
	return a < (int64_t)b ? (size_t)a : b;
}

/* The last bytes of the line taken last, and how many. */
static const char *
last_line(const struct tail *tail, size_t *len)
{
	const struct line_buffer *lines = &tail->lines;

	if (lines->last_len == 0) {
		*len = tail->line_len;
		return tail->line;
	}
	*len = least((int64_t)lines->last_len, sizeof(tail->line));
	return lines->bytes + lines->last + lines->last_len - *len;
}

/* Whether it stands in a file from which it took no line. */
static bool
is_untouched(const struct tail *tail)
{
	return tail->file.fd >= 0 && tail->lines.offset == 0;
}

/* By which the files are known that were read.  An inode alone proves little:
 * until a file's first line is taken, it is the last one of the file before
 * that tells where to go on, and the inode which file came next. */
bool
tail_position(const struct tail *tail, struct position *position)
{
	size_t head_len = least(tail->lines.offset, tail->head_len);
	size_t line_len;
	const char *line = last_line(tail, &line_len);

	if (tail->file.fd < 0) {
		*position = tail->stood;
		return tail->known;
	}
	*position = is_untouched(tail) ? tail->left : (struct position){ 0 };
	position->device = tail->file.device;
	position->inode = tail->file.inode;
	if (!is_untouched(tail)) {
		position->offset = tail->lines.offset;
		position->head_len = (int64_t)head_len;
		position->line_len = (int64_t)line_len;
		(void)hash_text(
		    tail->key, tail->head, head_len, position->head_hash);
		(void)hash_text(tail->key, line, line_len, position->line_hash);
	}
	return tail->known;
}

/* Stand at `offset` of the file, with the bytes before it as the last line. */
static bool
stand(struct tail *tail, int64_t offset, size_t line_len)
{
	if (line_len > sizeof(tail->line) ||
	    !log_file_read_all(&tail->file, offset - (int64_t)line_len,
		tail->line, line_len)) {
		return false;
	}
	tail->line_len = line_len;
	line_buffer_begin(&tail->lines, offset);
	return true;
}

/* Behind the last whole line that is there. */
static bool
stand_at_end(struct tail *tail)
{
	char *bytes = tail->lines.bytes;
	int64_t size = log_file_stat(&tail->file).size;
	size_t len = least(size, sizeof(tail->lines.bytes));
	int64_t from = size - (int64_t)len;
	const char *newline;
	const char *before;
	size_t line;

	if (!log_file_read_all(&tail->file, from, bytes, len)) {
		return false;
	}
	newline = memrchr(bytes, '\n', len);
	if (newline == NULL) {
		/* One line so far, or one so long that its end may as well
		 * be taken for a line. */
		return from == 0 || stand(tail, size, sizeof(tail->line));
	}
	line = (size_t)(newline - bytes) + 1;
	from += (int64_t)line;
	before = memrchr(bytes, '\n', line - 1);
	if (before != NULL) {
		line = (size_t)(newline - before);
	}
	return stand(tail, from, least((int64_t)line, sizeof(tail->line)));
}

/* As much of the file's start as there is. */
static size_t
read_head(struct tail *tail, char head[static ROTATION_HEAD_MAX])
{
	size_t len = 0;
	size_t got;

	do {
		got = log_file_read(&tail->file, (int64_t)len, head + len,
		    ROTATION_HEAD_MAX - len);
		len += got;
	} while (got > 0 && len < ROTATION_HEAD_MAX);
	return len;
}

/* ---- files ---- */

/* What a time without its year means depends on when it was written. */
static void
set_clock(struct tail *tail)
{
	int64_t written = log_file_stat(&tail->file).written;
	int64_t behind = written - tail->clock.reference;

	if (behind < -CLOCK_SLACK || behind > CLOCK_SLACK) {
		tail->clock.reference = written;
		tail->clock.prefix[0] = '\0';
	}
}

/* There is nothing to read from: remember where it stood, and look again at
 * once. */
static void
step_back(struct tail *tail, const struct position *stood)
{
	log_file_close(&tail->file);
	tail->stood = *stood;
	tail->leave_at = LOOK_AGAIN;
}

/* Turn to the file that is next, where `at` is remembered.  False where the
 * files are not what they were when they were looked at. */
static bool
turn_to(struct tail *tail, const struct rotation *rotation,
    struct rotation_next next, const struct position *at)
{
	log_file_close(&tail->file);
	if (!rotation_open(rotation, next.file, &tail->file)) {
		return false;
	}
	tail->was = (struct log_file_stat){ .size = 0 };
	/* Now, since it may be truncated before a line is read. */
	tail->head_len = read_head(tail, tail->head);
	tail->line_len = 0;
	line_buffer_begin(&tail->lines, 0);
	if (next.what == ROTATION_CONTINUE && at->offset > 0 &&
	    (!stand(tail, at->offset, (size_t)at->line_len) ||
		rotation_match(&tail->file, tail->key, at) != ROTATION_BOTH)) {
		return false;
	}
	if ((next.what == ROTATION_CUT ||
		(!tail->known && tail->start == CONF_NOW)) &&
	    !stand_at_end(tail)) {
		return false;
	}
	if (!rotation_holds(rotation)) {
		return false;
	}
	tail->again = next.what == ROTATION_CONTINUE;
	tail->left = *at;
	tail->known = true;
	tail->dry = false;
	tail->behind = !rotation->live || next.file != rotation->count - 1;
	tail->turns++;
	set_clock(tail);
	tail->gaps += next.what == ROTATION_CUT || next.what == ROTATION_LOST;
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

/* Whether the open file got nothing more since it was found dry.  One that is
 * compressed never gets more. */
static bool
is_still_dry(const struct tail *tail)
{
	struct log_file_stat now = log_file_stat(&tail->file);

	return log_file_is_compressed(&tail->file) ||
	       (now.size == line_buffer_read_to(&tail->lines) &&
		   now.written == tail->was.written &&
		   now.written_ns == tail->was.written_ns);
}

/* Find the file to go on with; `finished` where all of ours was read. */
static bool
go_on(struct tail *tail, int64_t now, bool finished)
{
	struct rotation *rotation = malloc(sizeof(*rotation));
	struct rotation_next next = { ROTATION_WAIT, 0 };
	struct position at;
	bool turned = false;
	int64_t held;

	if (rotation == NULL) {
		return false;
	}
	(void)tail_position(tail, &at);
	if (!rotation_look(rotation, tail->path, tail->key, &at)) {
		tail->leave_at = rotation->moving ? LOOK_AGAIN : tail->leave_at;
	} else if (finished && !is_still_dry(tail)) {
		/* It may have got more before what follows it was seen. */
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
	if ((rotation->own == LOG_FILE_STRANGE ||
		rotation->own == LOG_FILE_UNREADABLE) &&
	    log_gate_open(&tail->gate, now, &held)) {
		log_warn("%s: %s", tail->path,
		    rotation->own == LOG_FILE_STRANGE
			? "not a regular file"
			: strerrordesc_np(rotation->error));
	}
	if (next.what != ROTATION_WAIT) {
		turned = turn_to(tail, rotation, next, &at);
		if (!turned) {
			step_back(tail, &at);
		}
	}
	free(rotation);
	return turned;
}

/* A file that was read to its end is left for another one that goes by the
 * log's own name and in which something is written. */
bool
tail_look(struct tail *tail, int64_t now, int64_t ticks)
{
	const struct log_file *file = &tail->file;
	struct stat st;

	if (file->fd < 0) {
		tail->leave_at = 0;
		return go_on(tail, now, false);
	}
	set_clock(tail);
	if (!tail->dry) {
		return false;
	}
	/* Files in between matter while we catch up, and must be looked for
	 * only once: after that the log itself is what comes next. */
	if (!tail->behind && (stat(tail->path, &st) != 0 ||
				 !S_ISREG(st.st_mode) || st.st_size == 0 ||
				 ((int64_t)st.st_ino == file->inode &&
				     (int64_t)st.st_dev == file->device))) {
		tail->leave_at = 0;
		return false;
	}
	if (!tail->once && !log_file_is_compressed(file)) {
		if (tail->leave_at == 0) {
			tail->leave_at = ticks + TAIL_LINGER;
		}
		if (ticks < tail->leave_at) {
			return false;
		}
		tail->leave_at = ticks + AGAIN;
	}
	return go_on(tail, now, true);
}

/* ---- lines ---- */

/* Whether the file still has what it had. */
static bool
marks_hold(struct tail *tail)
{
	struct log_file *file = &tail->file;
	char bytes[ROTATION_LINE_MAX];

	return log_file_is_compressed(file) ||
	       (log_file_read_all(file, 0, bytes, tail->head_len) &&
		   memcmp(bytes, tail->head, tail->head_len) == 0 &&
		   log_file_read_all(file,
		       tail->lines.offset - (int64_t)tail->line_len, bytes,
		       tail->line_len) &&
		   memcmp(bytes, tail->line, tail->line_len) == 0);
}

/* Read more, or find it dry; false where the file is not what it was.  The
 * marks are compared after reading: where they hold, what was read came before
 * any truncation.  Whoever truncated it may have written as much again as there
 * was: then only its times tell. */
static bool
read_more(struct tail *tail)
{
	bool unchanged;
	const char *line = last_line(tail, &tail->line_len);
	char head[ROTATION_HEAD_MAX];
	size_t head_len = 0;
	size_t len;
	char *to;

	if (line != tail->line) {
		memcpy(tail->line, line, tail->line_len);
	}
	to = line_buffer_room(&tail->lines, &len);
	len = log_file_read(
	    &tail->file, line_buffer_read_to(&tail->lines), to, len);
	tail->dry = len == 0;
	if (tail->dry) {
		unchanged = is_still_dry(tail);
		tail->was = log_file_stat(&tail->file);
		return unchanged ||
		       (tail->was.size >= line_buffer_read_to(&tail->lines) &&
			   marks_hold(tail));
	}
	if (tail->head_len < sizeof(tail->head) &&
	    !log_file_is_compressed(&tail->file)) {
		head_len = read_head(tail, head);
	}
	if (!marks_hold(tail)) {
		return false;
	}
	if (head_len > tail->head_len) {
		memcpy(tail->head, head, head_len);
		tail->head_len = head_len;
	}
	line_buffer_add(&tail->lines, len);
	return true;
}

bool
tail_line(struct tail *tail, struct log_line *line)
{
	bool fine = true;
	struct position at;

	*line = (struct log_line){ .tag = NULL };
	while (tail->file.fd >= 0 && !line_buffer_next(&tail->lines, false,
					 &line->text, &line->len)) {
		fine = read_more(tail);
		if (!fine) {
			(void)tail_position(tail, &at);
			step_back(tail, &at);
		}
		if (!fine || tail->dry) {
			return false;
		}
	}
	if (tail->file.fd < 0) {
		return false;
	}
	/* Whoever wrote it may write more. */
	tail->dry = false;
	tail->leave_at = 0;
	return true;
}

bool
tail_again(struct tail *tail, struct log_line *line)
{
	size_t len;
	const char *text = last_line(tail, &len);
	bool again = tail->again && len > 0 && len < sizeof(tail->line);

	*line = (struct log_line){ .text = text, .len = len - again };
	tail->again = false;
	return again;
}
