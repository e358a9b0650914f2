#include "logs/log_lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* ---- lines in a buffer ---- */

static size_t
count_zeros(const char *bytes, size_t len)
{
	size_t count = 0;

	while (count < len && bytes[count] == '\0') {
		count++;
	}
	return count;
}

void
line_buffer_begin(struct line_buffer *lines, int64_t offset)
{
	lines->offset = offset;
	lines->last = lines->last_len = 0;
	lines->at = lines->seen = lines->end = 0;
	lines->dropped = 0;
}

/* Take the line whose text ends before bytes[end]; the next one begins at
 * bytes[next]. */
static void
take(struct line_buffer *lines, size_t end, size_t next, const char **text,
    size_t *len)
{
	size_t zeros = count_zeros(lines->bytes + lines->at, end - lines->at);

	*text = lines->bytes + lines->at + zeros;
	*len = end - lines->at - zeros;
	*len = *len < LOG_LINE_MAX ? *len : LOG_LINE_MAX;
	/* There is a gap behind the first bytes of a line that was too long. */
	lines->last = lines->dropped > 0 && end >= LOG_LINE_MAX ? LOG_LINE_MAX
								: lines->at;
	lines->last_len = next - lines->last;
	lines->offset += lines->dropped + (int64_t)(next - lines->at);
	lines->dropped = 0;
	lines->at = lines->seen = next;
}

bool
line_buffer_next(struct line_buffer *lines, const char **text, size_t *len)
{
	const char *newline = memchr(
	    lines->bytes + lines->seen, '\n', lines->end - lines->seen);
	size_t end;

	if (newline == NULL) {
		lines->seen = lines->end;
		return false;
	}
	end = (size_t)(newline - lines->bytes);
	take(lines, end, end + 1, text, len);
	return true;
}

bool
line_buffer_rest(struct line_buffer *lines, const char **text, size_t *len)
{
	if (lines->at == lines->end) {
		return false;
	}
	take(lines, lines->end, lines->end, text, len);
	return true;
}

char *
line_buffer_room(struct line_buffer *lines, size_t *room)
{
	size_t from = 0;
	size_t cut = 0;

	memmove(lines->bytes, lines->bytes + lines->at, lines->end - lines->at);
	lines->end -= lines->at;
	lines->at = 0;
	lines->last_len = 0;
	/* Of a line that fills the buffer only its first bytes are kept. */
	if (lines->end == LINE_BUFFER_SIZE) {
		cut = count_zeros(lines->bytes, lines->end);
		if (cut == 0) {
			from = LOG_LINE_MAX;
			cut = lines->end - from;
		}
		memmove(lines->bytes + from, lines->bytes + from + cut,
		    lines->end - from - cut);
		lines->end -= cut;
		lines->dropped += (int64_t)cut;
	}
	lines->seen = lines->end;
	*room = LINE_BUFFER_SIZE - lines->end;
	return lines->bytes + lines->end;
}

void
line_buffer_add(struct line_buffer *lines, size_t len)
{
	lines->end += len;
}

int64_t
line_buffer_read_to(const struct line_buffer *lines)
{
	return lines->offset + lines->dropped +
	       (int64_t)(lines->end - lines->at);
}

/* ---- a log from start to end ---- */

static void
say(char error[static LOG_ERROR_SIZE], const char *name, const char *why)
{
	struct text text;

	text_init(&text, error, LOG_ERROR_SIZE);
	text_addf(&text, "%s: %s", name, why);
}

struct log_reader *
log_reader_open(const char *path, char error[static LOG_ERROR_SIZE])
{
	struct log_reader *reader = malloc(sizeof(*reader));
	const char *name = strcmp(path, "-") == 0 ? "stdin" : path;
	enum log_file_result result;

	if (reader == NULL) {
		say(error, name, strerrordesc_np(errno));
		return NULL;
	}
	result = log_file_open_any(&reader->file, path);
	if (result != LOG_FILE_OPEN) {
		say(error, name,
		    result == LOG_FILE_STRANGE ? "is a folder"
					       : strerrordesc_np(errno));
		free(reader);
		return NULL;
	}
	reader->name = name;
	reader->stat = log_file_stat(&reader->file);
	reader->number = 0;
	reader->error[0] = '\0';
	line_buffer_begin(&reader->lines, 0);
	return reader;
}

void
log_reader_close(struct log_reader *reader)
{
	log_file_close(&reader->file);
	free(reader);
}

enum log_reader_result
log_reader_next(struct log_reader *reader, const char **text, size_t *len)
{
	struct line_buffer *lines = &reader->lines;

	while (!line_buffer_next(lines, text, len)) {
		size_t room;
		char *to = line_buffer_room(lines, &room);
		size_t got = log_file_read(
		    &reader->file, line_buffer_read_to(lines), to, room);

		if (got > 0) {
			line_buffer_add(lines, got);
		} else if (reader->file.wrong != NULL) {
			say(reader->error, reader->name, reader->file.wrong);
			return LOG_READER_FAILED;
		} else if (!line_buffer_rest(lines, text, len)) {
			return LOG_READER_END;
		} else {
			break;
		}
	}
	reader->number++;
	return LOG_READER_LINE;
}
