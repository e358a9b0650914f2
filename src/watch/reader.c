#include "watch/reader.h"

#include <string.h>

static size_t
least(int64_t a, size_t b)
{
	return a < (int64_t)b ? (size_t)a : b;
}

void
reader_init(struct reader *reader)
{
	reader->file = LOG_FILE_NONE;
}

void
reader_close(struct reader *reader)
{
	log_file_close(&reader->file);
}

/* As much of the file's start as there is. */
static size_t
read_head(struct reader *reader, char head[static READER_HEAD_MAX])
{
	size_t len = 0;
	size_t got;

	do {
		got = log_file_read(&reader->file, (int64_t)len, head + len,
		    READER_HEAD_MAX - len);
		len += got;
	} while (got > 0 && len < READER_HEAD_MAX);
	return len;
}

enum log_file_result
reader_open(struct reader *reader, const char *path)
{
	enum log_file_result result;

	reader_close(reader);
	result = log_file_open(&reader->file, path);
	if (result == LOG_FILE_OPEN) {
		reader->stat = (struct log_file_stat){ .size = 0 };
		line_buffer_begin(&reader->lines, 0);
		/* Now, since it may be truncated before a line is read. */
		reader->head_len = read_head(reader, reader->head);
		reader->line_len = 0;
	}
	return result;
}

/* ---- positions ---- */

/* Stand at `offset`, with the bytes before it as the last line. */
static bool
stand(struct reader *reader, int64_t offset, size_t line_len)
{
	if (!log_file_read_all(&reader->file, offset - (int64_t)line_len,
		reader->line, line_len)) {
		return false;
	}
	reader->line_len = line_len;
	line_buffer_begin(&reader->lines, offset);
	return true;
}

/* Lengths come from the database: nothing else keeps them in bounds. */
static bool
in_bounds(const struct position *position)
{
	return position->head_len > 0 &&
	       position->head_len <= READER_HEAD_MAX &&
	       position->head_len <= position->offset &&
	       position->line_len >= 0 &&
	       position->line_len <= READER_LINE_MAX &&
	       position->line_len <= position->offset;
}

/* A compressed file is read up to the line only where its head is right: that
 * takes time. */
enum reader_match
reader_go_to(struct reader *reader,
    const unsigned char key[static HASH_KEY_SIZE],
    const struct position *position)
{
	char hash[HASH_TEXT_SIZE];

	if (!in_bounds(position) ||
	    position->head_len > (int64_t)reader->head_len) {
		return READER_OTHER;
	}
	(void)hash_text(key, reader->head, (size_t)position->head_len, hash);
	if (strcmp(hash, position->head_hash) != 0) {
		return READER_OTHER;
	}
	if (!stand(reader, position->offset, (size_t)position->line_len)) {
		return READER_HEAD;
	}
	(void)hash_text(key, reader->line, reader->line_len, hash);
	return strcmp(hash, position->line_hash) == 0 ? READER_BOTH
						      : READER_HEAD;
}

bool
reader_go_to_end(struct reader *reader)
{
	char *bytes = reader->lines.bytes;
	int64_t size = log_file_stat(&reader->file).size;
	size_t len = least(size, sizeof(reader->lines.bytes));
	int64_t from = size - (int64_t)len;
	const char *newline;
	const char *before;
	size_t line;

	if (!log_file_read_all(&reader->file, from, bytes, len)) {
		return false;
	}
	newline = memrchr(bytes, '\n', len);
	if (newline == NULL) {
		/* One line so far, or one so long that its end may as well
		 * be taken for a line. */
		return from == 0 || stand(reader, size, READER_LINE_MAX);
	}
	line = (size_t)(newline - bytes) + 1;
	from += (int64_t)line;
	before = memrchr(bytes, '\n', line - 1);
	if (before != NULL) {
		line = (size_t)(newline - before);
	}
	return stand(reader, from, least((int64_t)line, READER_LINE_MAX));
}

/* The last bytes of the line taken last, and how many. */
static const char *
last_line(const struct reader *reader, size_t *len)
{
	const struct line_buffer *lines = &reader->lines;

	if (lines->last_len == 0) {
		*len = reader->line_len;
		return reader->line;
	}
	*len = least((int64_t)lines->last_len, READER_LINE_MAX);
	return lines->bytes + lines->last + lines->last_len - *len;
}

void
reader_position(const struct reader *reader,
    const unsigned char key[static HASH_KEY_SIZE], struct position *position)
{
	size_t head_len = least(reader->lines.offset, reader->head_len);
	size_t line_len;
	const char *line = last_line(reader, &line_len);

	*position = (struct position){ .device = reader->file.device,
		.inode = reader->file.inode,
		.offset = reader->lines.offset,
		.head_len = (int64_t)head_len,
		.line_len = (int64_t)line_len };
	if (position->offset > 0) {
		(void)hash_text(
		    key, reader->head, head_len, position->head_hash);
		(void)hash_text(key, line, line_len, position->line_hash);
	}
}

/* ---- reading ---- */

/* A compressed file is never written to. */
static bool
is_final(const struct reader *reader)
{
	return log_file_is_compressed(&reader->file);
}

static bool
is_written_to(
    const struct log_file_stat *stat, const struct log_file_stat *since)
{
	return stat->written != since->written ||
	       stat->written_ns != since->written_ns;
}

bool
reader_is_dry(const struct reader *reader)
{
	struct log_file_stat stat = log_file_stat(&reader->file);

	return is_final(reader) ||
	       (stat.size == line_buffer_read_to(&reader->lines) &&
		   !is_written_to(&stat, &reader->stat));
}

/* Whether the file still has what it had. */
static bool
marks_hold(struct reader *reader)
{
	struct log_file *file = &reader->file;
	char bytes[READER_LINE_MAX];

	return is_final(reader) ||
	       (log_file_read_all(file, 0, bytes, reader->head_len) &&
		   memcmp(bytes, reader->head, reader->head_len) == 0 &&
		   log_file_read_all(file,
		       reader->lines.offset - (int64_t)reader->line_len, bytes,
		       reader->line_len) &&
		   memcmp(bytes, reader->line, reader->line_len) == 0);
}

/* There is nothing more.  Whoever truncated the file may have written as much
 * again as there was: then only its times tell. */
static enum reader_result
look_dry(struct reader *reader)
{
	struct log_file_stat was = reader->stat;

	reader->stat = log_file_stat(&reader->file);
	if (!is_final(reader) &&
	    (reader->stat.size < line_buffer_read_to(&reader->lines) ||
		(is_written_to(&reader->stat, &was) && !marks_hold(reader)))) {
		return READER_STRANGE;
	}
	return READER_DRY;
}

/* Read more.  The marks are compared after it: where they hold, what was
 * read came before any truncation. */
static enum reader_result
refill(struct reader *reader)
{
	const char *line = last_line(reader, &reader->line_len);
	char head[READER_HEAD_MAX];
	size_t head_len = 0;
	size_t len;
	char *to;

	if (line != reader->line) {
		memcpy(reader->line, line, reader->line_len);
	}
	to = line_buffer_room(&reader->lines, &len);
	len = log_file_read(
	    &reader->file, line_buffer_read_to(&reader->lines), to, len);
	if (len == 0) {
		return look_dry(reader);
	}
	if (reader->head_len < READER_HEAD_MAX && !is_final(reader)) {
		head_len = read_head(reader, head);
	}
	if (!marks_hold(reader)) {
		return READER_STRANGE;
	}
	if (head_len > reader->head_len) {
		memcpy(reader->head, head, head_len);
		reader->head_len = head_len;
	}
	line_buffer_add(&reader->lines, len);
	return READER_LINE;
}

enum reader_result
reader_line(struct reader *reader, const char **line, size_t *len)
{
	enum reader_result result = READER_LINE;

	while (result == READER_LINE &&
	       !line_buffer_next(&reader->lines, line, len)) {
		result = refill(reader);
	}
	return result;
}
