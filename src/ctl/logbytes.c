#include "ctl/logbytes.h"

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

struct logbytes_zip {
	z_stream stream;
	bool whole; /* a member has ended and none has begun */
};

static bool
fail(struct logbytes *bytes, const char *why)
{
	struct text text;

	text_init(&text, bytes->error, sizeof(bytes->error));
	text_addf(&text, "%s: %s", bytes->name, why);
	return false;
}

/* Add what is there to the raw bytes, which leave room. */
static bool
fill(struct logbytes *bytes)
{
	ssize_t got;

	do {
		got = read(bytes->fd, bytes->raw + bytes->have,
		    RAW_SIZE - bytes->have);
	} while (got < 0 && errno == EINTR);
	if (got < 0) {
		return fail(bytes, strerrordesc_np(errno));
	}
	bytes->have += (size_t)got;
	bytes->read += got;
	bytes->ended = got == 0;
	return true;
}

/* ---- opening ---- */

static bool
look_at_file(struct logbytes *bytes)
{
	struct stat st;

	if (fstat(bytes->fd, &st) != 0) {
		return fail(bytes, strerrordesc_np(errno));
	}
	if (S_ISDIR(st.st_mode)) {
		return fail(bytes, "is a folder");
	}
	bytes->regular = S_ISREG(st.st_mode) && bytes->fd != STDIN_FILENO;
	if (S_ISREG(st.st_mode)) {
		bytes->size = st.st_size;
		bytes->written = st.st_mtime;
	}
	return true;
}

static bool
start_zip(struct logbytes *bytes)
{
	struct logbytes_zip *zip = calloc(1, sizeof(*zip));

	if (zip == NULL || inflateInit2(&zip->stream, GZIP_ONLY) != Z_OK) {
		free(zip);
		return fail(bytes, "out of memory");
	}
	bytes->zip = zip;
	return true;
}

/* The first two bytes tell, whatever the name says. */
static bool
tell_zip(struct logbytes *bytes)
{
	while (bytes->have < 2 && !bytes->ended) {
		if (!fill(bytes)) {
			return false;
		}
	}
	if (bytes->have >= 2 && memcmp(bytes->raw, "\x1f\x8b", 2) == 0) {
		return start_zip(bytes);
	}
	return true;
}

bool
logbytes_open(struct logbytes *bytes, const char *path)
{
	bool standard = strcmp(path, "-") == 0;

	*bytes = (struct logbytes){
		.name = standard ? "stdin" : path,
		.written = INT64_MIN,
	};
	bytes->fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (bytes->fd < 0) {
		return fail(bytes, strerrordesc_np(errno));
	}
	bytes->raw = malloc(RAW_SIZE);
	if (bytes->raw == NULL) {
		(void)fail(bytes, "out of memory");
	} else if (look_at_file(bytes) && tell_zip(bytes)) {
		return true;
	}
	logbytes_close(bytes);
	return false;
}

void
logbytes_close(struct logbytes *bytes)
{
	if (bytes->zip != NULL) {
		(void)inflateEnd(&bytes->zip->stream);
		free(bytes->zip);
	}
	free(bytes->raw);
	if (bytes->fd > STDIN_FILENO) {
		(void)close(bytes->fd);
	}
	bytes->zip = NULL;
	bytes->raw = NULL;
	bytes->fd = -1;
}

/* ---- reading ---- */

static size_t
take_plain(struct logbytes *bytes, char *to, size_t size)
{
	size_t len = bytes->have - bytes->at;

	len = len < size ? len : size;
	memcpy(to, bytes->raw + bytes->at, len);
	bytes->at += len;
	return len;
}

/* Unpack what is there; *len may come back as 0 where more is needed. */
static bool
take_zip(struct logbytes *bytes, char *to, size_t size, size_t *len)
{
	struct logbytes_zip *zip = bytes->zip;
	z_stream *stream = &zip->stream;
	int result;

	stream->next_in = (Bytef *)bytes->raw + bytes->at;
	stream->avail_in = (uInt)(bytes->have - bytes->at);
	stream->next_out = (Bytef *)to;
	stream->avail_out = (uInt)size;
	zip->whole = zip->whole && stream->avail_in == 0;
	result = inflate(stream, Z_NO_FLUSH);
	bytes->at = bytes->have - stream->avail_in;
	*len = size - stream->avail_out;
	if (result == Z_STREAM_END) {
		/* What gzip made may stand one behind the other. */
		zip->whole = true;
		result = inflateReset(stream);
	}
	return result == Z_OK || result == Z_BUF_ERROR ||
	       fail(bytes, "is damaged");
}

static bool
take(struct logbytes *bytes, char *to, size_t size, size_t *len)
{
	if (bytes->zip != NULL) {
		return take_zip(bytes, to, size, len);
	}
	*len = take_plain(bytes, to, size);
	return true;
}

bool
logbytes_read(struct logbytes *bytes, char *to, size_t size, size_t *len)
{
	for (;;) {
		if (!take(bytes, to, size, len)) {
			return false;
		}
		if (*len > 0) {
			return true;
		}
		if (bytes->at < bytes->have) {
			continue; /* one member ended, the next begins */
		}
		if (bytes->ended) {
			return bytes->zip == NULL || bytes->zip->whole ||
			       fail(bytes, "is cut off");
		}
		bytes->at = 0;
		bytes->have = 0;
		if (!fill(bytes)) {
			return false;
		}
	}
}
