#include "watch/reader.h"

#include <string.h>

#include "rules/rules.h"

static size_t
least(int64_t a, size_t b)
{
	return a < (int64_t)b ? (size_t)a : b;
}

void
reader_init(struct reader *reader)
{
	*reader = (struct reader){ .file = LOGFILE_NONE };
}

void
reader_turn_to(struct reader *reader, const struct logfile *file)
{
	logfile_close(&reader->file);
	reader->file = *file;
	reader->facts = (struct logfile_facts){ .size = 0 };
	reader->offset = 0;
	/* Lest it is truncated before the first line is read. */
	reader->head_len = logfile_read(
	    &reader->file, 0, reader->head, sizeof(reader->head));
	reader->line_len = 0;
	reader->at = reader->seen = reader->end = 0;
	reader->dropped = 0;
	reader->newest_len = 0;
}

void
reader_close(struct reader *reader)
{
	logfile_close(&reader->file);
}

/* ---- where to stand ---- */

bool
reader_stand(struct reader *reader, int64_t offset, size_t line_len)
{
	size_t head_len = least(offset, READER_HEAD_MAX);

	if (!logfile_read_all(&reader->file, 0, reader->head, head_len) ||
	    !logfile_read_all(&reader->file, offset - (int64_t)line_len,
		reader->line, line_len)) {
		return false;
	}
	reader->offset = offset;
	reader->head_len = head_len;
	reader->line_len = line_len;
	return true;
}

bool
reader_stand_at_end(struct reader *reader)
{
	int64_t size = logfile_facts(&reader->file).size;
	size_t len = least(size, sizeof(reader->buf));
	int64_t from = size - (int64_t)len;
	const char *newline;
	const char *before;
	size_t line;

	if (!logfile_read_all(&reader->file, from, reader->buf, len)) {
		return false;
	}
	newline = memrchr(reader->buf, '\n', len);
	if (newline == NULL) {
		/* One line so far, or one so long that its end may as well
		 * be taken for a line. */
		return from == 0 || reader_stand(reader, size, READER_LINE_MAX);
	}
	line = (size_t)(newline - reader->buf) + 1;
	from += (int64_t)line;
	before = memrchr(reader->buf, '\n', line - 1);
	if (before != NULL) {
		line = (size_t)(newline - before);
	}
	return reader_stand(
	    reader, from, least((int64_t)line, READER_LINE_MAX));
}

void
reader_position(const struct reader *reader,
    const unsigned char key[static HASH_KEY_SIZE], struct position *position)
{
	size_t head_len = least(reader->offset, reader->head_len);
	bool in_buf = reader->newest_len > 0;
	size_t line_len = in_buf ? reader->newest_len : reader->line_len;

	*position = (struct position){ .device = reader->file.device,
		.inode = reader->file.inode,
		.offset = reader->offset,
		.head_len = (int64_t)head_len,
		.line_len = (int64_t)line_len };
	if (reader->offset > 0) {
		(void)hash_text(
		    key, reader->head, head_len, position->head_hash);
		(void)hash_text(key,
		    in_buf ? reader->buf + reader->newest : reader->line,
		    line_len, position->line_hash);
	}
}

/* ---- reading ---- */

/* Behind all that was read. */
static int64_t
read_to(const struct reader *reader)
{
	return reader->offset + reader->dropped +
	       (int64_t)(reader->end - reader->at);
}

bool
reader_is_dry(const struct reader *reader)
{
	struct logfile_facts facts;

	/* A compressed one is never written to. */
	if (reader->file.gz != NULL) {
		return true;
	}
	facts = logfile_facts(&reader->file);
	return facts.size == read_to(reader) &&
	       facts.written == reader->facts.written &&
	       facts.written_ns == reader->facts.written_ns;
}

/* The last line is about to move in the buffer: keep it. */
static void
keep_newest(struct reader *reader)
{
	if (reader->newest_len > 0) {
		memcpy(reader->line, reader->buf + reader->newest,
		    reader->newest_len);
		reader->line_len = reader->newest_len;
		reader->newest_len = 0;
	}
}

/* Take `count` bytes out of the buffer at `from`. */
static void
cut_out(struct reader *reader, size_t from, size_t count)
{
	memmove(reader->buf + from, reader->buf + from + count,
	    reader->end - from - count);
	reader->end -= count;
	reader->dropped += (int64_t)count;
}

static size_t
count_nul(const char *bytes, size_t len)
{
	size_t count = 0;

	while (count < len && bytes[count] == '\0') {
		count++;
	}
	return count;
}

/*
 * Make room for more of a line that fills the buffer.  Zeros before it are
 * the hole that a writer leaves who goes on at its old offset in a truncated
 * file; else only its first bytes are kept.
 */
static void
make_room(struct reader *reader)
{
	size_t zeros = count_nul(reader->buf, reader->end);

	if (zeros > 0) {
		cut_out(reader, 0, zeros);
	} else {
		cut_out(reader, RULES_LINE_MAX, reader->end - RULES_LINE_MAX);
	}
	reader->seen = reader->end;
}

/* Whether the file still has what it had.  A compressed one is never
 * written to. */
static bool
marks_hold(struct reader *reader)
{
	char bytes[READER_LINE_MAX];

	if (reader->file.gz != NULL) {
		return true;
	}
	return logfile_read_all(&reader->file, 0, bytes, reader->head_len) &&
	       memcmp(bytes, reader->head, reader->head_len) == 0 &&
	       logfile_read_all(&reader->file,
		   reader->offset - (int64_t)reader->line_len, bytes,
		   reader->line_len) &&
	       memcmp(bytes, reader->line, reader->line_len) == 0;
}

/* There is nothing at `end`.  Whoever truncated the file may have written as
 * much again as there was: then only its times tell. */
static enum reader_result
look_dry(struct reader *reader, int64_t end)
{
	struct logfile_facts was = reader->facts;

	if (reader->file.gz != NULL) {
		return READER_DRY;
	}
	reader->facts = logfile_facts(&reader->file);
	if (reader->facts.size < end) {
		return READER_STRANGE;
	}
	if (reader->facts.written == was.written &&
	    reader->facts.written_ns == was.written_ns) {
		return READER_DRY;
	}
	return marks_hold(reader) ? READER_DRY : READER_STRANGE;
}

static void
keep_head(struct reader *reader, int64_t from, const char *bytes, size_t len)
{
	size_t known;

	if (from > (int64_t)reader->head_len ||
	    from + (int64_t)len <= (int64_t)reader->head_len) {
		return;
	}
	known = reader->head_len - (size_t)from;
	len = least((int64_t)(len - known), READER_HEAD_MAX - reader->head_len);
	memcpy(reader->head + reader->head_len, bytes + known, len);
	reader->head_len += len;
}

/* Read more.  The marks are compared after it: where they hold, what was
 * read came before any truncation. */
static enum reader_result
refill(struct reader *reader)
{
	int64_t from;
	size_t got;
	char *to;

	keep_newest(reader);
	memmove(
	    reader->buf, reader->buf + reader->at, reader->end - reader->at);
	reader->end -= reader->at;
	reader->seen -= reader->at;
	reader->at = 0;
	if (reader->end == sizeof(reader->buf)) {
		make_room(reader);
	}
	to = reader->buf + reader->end;
	from = read_to(reader);
	got = logfile_read(
	    &reader->file, from, to, sizeof(reader->buf) - reader->end);
	if (got == 0) {
		return look_dry(reader, from);
	}
	if (!marks_hold(reader)) {
		return READER_STRANGE;
	}
	keep_head(reader, from, to, got);
	reader->end += got;
	return READER_LINE;
}

/* The line that ends with buf[newline]. */
static void
take(struct reader *reader, size_t newline, const char **line, size_t *len)
{
	/* Behind the first bytes of a line that was too long there is a gap,
	 * over which no mark may reach. */
	size_t whole = reader->at;
	size_t zeros;

	if (reader->dropped > 0 && newline >= RULES_LINE_MAX) {
		whole = RULES_LINE_MAX;
	}
	reader->newest_len = least(
	    (int64_t)(newline + 1 - whole), READER_LINE_MAX);
	reader->newest = newline + 1 - reader->newest_len;
	zeros = count_nul(reader->buf + reader->at, newline - reader->at);
	*line = reader->buf + reader->at + zeros;
	*len = least((int64_t)(newline - reader->at - zeros), RULES_LINE_MAX);
	reader->offset += reader->dropped + (int64_t)(newline + 1 - reader->at);
	reader->dropped = 0;
	reader->at = reader->seen = newline + 1;
}

enum reader_result
reader_line(struct reader *reader, const char **line, size_t *len)
{
	enum reader_result result = READER_LINE;

	while (result == READER_LINE) {
		const char *newline = memchr(reader->buf + reader->seen, '\n',
		    reader->end - reader->seen);

		if (newline != NULL) {
			take(
			    reader, (size_t)(newline - reader->buf), line, len);
			return READER_LINE;
		}
		reader->seen = reader->end;
		result = refill(reader);
	}
	return result;
}
