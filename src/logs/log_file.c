#include "logs/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/text.h"

enum {
	RAW_SIZE = 32 * 1024,
	GZIP_ONLY = 16 + MAX_WBITS
};

/* Not by zlib's own file functions: they wait for a full buffer, which a pipe
 * that is still written to may not give for long. */
struct log_stream {
	z_stream zip; /* its input is what was read and not yet taken */
	bool packed;
	bool whole; /* a member has ended and none has begun */
	int64_t at; /* in the text */
	Bytef raw[RAW_SIZE];
};

/* Read more behind what is there; false at the end and on an error. */
static bool
fill(struct log_file *file)
{
	struct log_stream *stream = file->stream;
	size_t have;
	ssize_t got;

	if (stream->zip.avail_in == 0) {
		stream->zip.next_in = stream->raw;
	}
	have = (size_t)(stream->zip.next_in - stream->raw) +
	       stream->zip.avail_in;
	do {
		got = read(file->fd, stream->raw + have, RAW_SIZE - have);
	} while (got < 0 && errno == EINTR);
	if (got <= 0) {
		file->wrong = got < 0 ? strerrordesc_np(errno) : NULL;
		return false;
	}
	stream->zip.avail_in += (uInt)got;
	file->taken += got;
	return true;
}

/* The first two bytes tell whether it is compressed, where it may be.  A regular
 * file that is not needs no stream. */
static bool
open_stream(struct log_file *file, bool packed)
{
	struct log_stream *stream;

	if (file->regular && !packed) {
		return true;
	}
	stream = calloc(1, sizeof(*stream));
	file->stream = stream;
	if (stream == NULL) {
		return false;
	}
	while (stream->zip.avail_in < 2 && fill(file)) {
	}
	stream->packed = stream->zip.avail_in >= 2 &&
			 memcmp(stream->raw, "\x1f\x8b", 2) == 0;
	if (!stream->packed && file->regular) {
		free(stream);
		file->stream = NULL;
	}
	return file->wrong == NULL &&
	       (file->stream == NULL || !stream->packed ||
		   inflateInit2(&stream->zip, GZIP_ONLY) == Z_OK);
}

enum log_file_result
log_file_open(struct log_file *file, const char *path, enum log_file_kind kind)
{
	enum log_file_result result = LOG_FILE_UNREADABLE;
	bool any = kind == LOG_FILE_ANY;
	bool named = !any || strcmp(path, "-") != 0;
	/* A FIFO must not make us wait for its writer. */
	int flags = any ? 0 : O_NONBLOCK | O_NOCTTY;
	struct stat st;
	int kept;

	*file = LOG_FILE_NONE;
	file->fd = named ? open(path, O_RDONLY | O_CLOEXEC | flags)
			 : STDIN_FILENO;
	if (file->fd < 0) {
		return errno == ENOENT || errno == ENOTDIR ? LOG_FILE_MISSING
		       : errno == ENXIO                    ? LOG_FILE_STRANGE
							   : result;
	}
	if (fstat(file->fd, &st) == 0) {
		file->device = (int64_t)st.st_dev;
		file->inode = (int64_t)st.st_ino;
		file->regular = named && S_ISREG(st.st_mode);
		if (any ? S_ISDIR(st.st_mode) : !S_ISREG(st.st_mode)) {
			result = LOG_FILE_STRANGE;
		} else if (open_stream(file, kind != LOG_FILE_PLAIN)) {
			return LOG_FILE_OPEN;
		}
	}
	kept = errno;
	log_file_close(file);
	errno = kept;
	return result;
}

void
log_file_close(struct log_file *file)
{
	if (file->stream != NULL) {
		(void)inflateEnd(&file->stream->zip);
		free(file->stream);
	}
	if (file->fd > STDIN_FILENO) {
		(void)close(file->fd);
	}
	*file = LOG_FILE_NONE;
}

bool
log_file_is_compressed(const struct log_file *file)
{
	return file->stream != NULL && file->stream->packed;
}

struct log_file_stat
log_file_stat(const struct log_file *file)
{
	struct log_file_stat stat = { .written = INT64_MIN };
	struct stat st;

	if (fstat(file->fd, &st) == 0 && S_ISREG(st.st_mode)) {
		stat.on_disk = (int64_t)st.st_size;
		stat.written = st.st_mtim.tv_sec;
		stat.written_ns = st.st_mtim.tv_nsec;
	}
	stat.size = log_file_is_compressed(file) ? -1 : stat.on_disk;
	return stat;
}

/* ---- reading ---- */

/* What comes next in the text.  What is had on the way to an error, such as a
 * cut end, still counts. */
static size_t
read_on(struct log_file *file, char *bytes, size_t len)
{
	struct log_stream *stream = file->stream;
	z_stream *zip = &stream->zip;
	int result = Z_OK;

	zip->next_out = (Bytef *)bytes;
	zip->avail_out = (uInt)len;
	while (zip->avail_out == len && result == Z_OK) {
		if (zip->avail_in == 0 && !fill(file)) {
			if (file->wrong == NULL && stream->packed &&
			    !stream->whole) {
				file->wrong = "is cut off";
			}
			return 0;
		}
		if (!stream->packed) {
			len = len < zip->avail_in ? len : zip->avail_in;
			memcpy(bytes, zip->next_in, len);
			zip->next_in += len;
			zip->avail_in -= (uInt)len;
			return len;
		}
		result = inflate(zip, Z_NO_FLUSH);
		/* What gzip made may stand one behind the other. */
		stream->whole = result == Z_STREAM_END;
		if (stream->whole) {
			result = inflateReset(zip);
		} else if (result == Z_BUF_ERROR) {
			result = Z_OK;
		}
	}
	if (zip->avail_out == len) {
		file->wrong = "is damaged";
	}
	len -= zip->avail_out;
	stream->at += (int64_t)len;
	return len;
}

/* Come to `offset` of a compressed text, from its start where that lies
 * behind; false at its end and on an error. */
static bool
seek_packed(struct log_file *file, int64_t offset)
{
	struct log_stream *stream = file->stream;
	char passed[4096];

	if (offset < stream->at) {
		if (lseek(file->fd, 0, SEEK_SET) != 0 ||
		    inflateReset(&stream->zip) != Z_OK) {
			file->wrong = "cannot be read again";
			return false;
		}
		stream->zip.avail_in = 0;
		stream->at = 0;
	}
	while (stream->at < offset) {
		size_t left = (size_t)(offset - stream->at);

		if (read_on(file, passed,
			left < sizeof(passed) ? left : sizeof(passed)) == 0) {
			return false;
		}
	}
	return true;
}

size_t
log_file_read(struct log_file *file, int64_t offset, char *bytes, size_t len)
{
	ssize_t got;

	file->wrong = NULL;
	if (file->stream != NULL) {
		return !file->stream->packed || seek_packed(file, offset)
			   ? read_on(file, bytes, len)
			   : 0;
	}
	do {
		got = pread(file->fd, bytes, len, offset);
	} while (got < 0 && errno == EINTR);
	if (got < 0) {
		file->wrong = strerrordesc_np(errno);
		return 0;
	}
	file->taken = offset + got;
	return (size_t)got;
}

bool
log_file_read_all(
    struct log_file *file, int64_t offset, char *bytes, size_t len)
{
	size_t all = 0;
	size_t got = 1;

	while (all < len && got > 0) {
		got = log_file_read(
		    file, offset + (int64_t)all, bytes + all, len - all);
		all += got;
	}
	return all == len;
}

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

bool
line_buffer_next(
    struct line_buffer *lines, bool rest, const char **text, size_t *len)
{
	const char *newline = memchr(
	    lines->bytes + lines->seen, '\n', lines->end - lines->seen);
	size_t end = newline != NULL ? (size_t)(newline - lines->bytes)
				     : lines->end;
	size_t next = end + (newline != NULL);
	size_t zeros;

	lines->seen = next;
	if (newline == NULL && (!rest || lines->at == lines->end)) {
		return false;
	}
	zeros = count_zeros(lines->bytes + lines->at, end - lines->at);
	*text = lines->bytes + lines->at + zeros;
	*len = end - lines->at - zeros;
	*len = *len < LOG_LINE_MAX ? *len : LOG_LINE_MAX;
	/* There is a gap behind the first bytes of a line that was too long. */
	lines->last = lines->dropped > 0 && end >= LOG_LINE_MAX ? LOG_LINE_MAX
								: lines->at;
	lines->last_len = next - lines->last;
	lines->offset += lines->dropped + (int64_t)(next - lines->at);
	lines->dropped = 0;
	lines->at = next;
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

	(void)text_print(error, LOG_ERROR_SIZE, "%s: %s", name, why);
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
	result = log_file_open(&reader->file, path, LOG_FILE_ANY);
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

	while (!line_buffer_next(lines, false, text, len)) {
		size_t room;
		char *to = line_buffer_room(lines, &room);
		size_t got = log_file_read(
		    &reader->file, line_buffer_read_to(lines), to, room);

		if (got > 0) {
			line_buffer_add(lines, got);
		} else if (reader->file.wrong != NULL) {
			say(reader->error, reader->name, reader->file.wrong);
			return LOG_READER_FAILED;
		} else if (!line_buffer_next(lines, true, text, len)) {
			return LOG_READER_END;
		} else {
			break;
		}
	}
	reader->number++;
	return LOG_READER_LINE;
}
