/*
 * Whatever a log's file holds, plain or compressed, its lines are bounded, it
 * has an end, and the same bytes are read at the same place again.  What was
 * compressed by gzip gives the same lines as before.
 *
 * The first byte says whether the rest is the file as it lies there (0), or a
 * text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "logs/log_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	PACKED_MAX = 64 * 1024,
	PLACES = 4,
	TAKEN = 100,
	GZIP = 16 + MAX_WBITS
};

/* What is told of all lines: how many, and what they hold. */
struct told {
	int64_t lines;
	uLong sum;
};

static void
need(bool fine)
{
	if (!fine) {
		abort();
	}
}

static int
file_of(const void *bytes, size_t size, char path[static 32])
{
	int fd = memfd_create("log", MFD_CLOEXEC);

	need(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
	(void)snprintf(path, 32, "/proc/self/fd/%d", fd);
	return fd;
}

static struct told
read_lines(const char *path)
{
	struct told told = { 0, crc32(0, NULL, 0) };
	char error[LOG_ERROR_SIZE] = "";
	struct log_reader *reader = log_reader_open(path, error);
	enum log_reader_result result = LOG_READER_END;
	const char *text;
	size_t len;

	need(reader != NULL);
	while ((result = log_reader_next(reader, &text, &len)) ==
	       LOG_READER_LINE) {
		need(len <= LOG_LINE_MAX && memchr(text, '\n', len) == NULL);
		told.sum = crc32(told.sum, (const Bytef *)text, (uInt)len);
		told.sum = crc32(told.sum, (const Bytef *)"\n", 1);
		need(reader->number == ++told.lines);
	}
	need(result == LOG_READER_END ||
	     strncmp(reader->error, path, strlen(path)) == 0);
	log_reader_close(reader);
	return told;
}

/* Forwards and backwards. */
static void
read_places(const char *path, const uint8_t *data, size_t size)
{
	struct log_file file;
	char one[TAKEN];
	char other[TAKEN];

	need(log_file_open(&file, path, LOG_FILE_PACKED) == LOG_FILE_OPEN);
	for (size_t i = 0; i < PLACES && i < size; i++) {
		int64_t offset = data[i] * (int64_t)data[size - 1 - i];
		size_t got = log_file_read(&file, offset, one, TAKEN);

		need(got <= TAKEN);
		(void)log_file_read(&file, offset / 2, other, TAKEN);
		need(log_file_read(&file, offset, other, got) == got &&
		     memcmp(one, other, got) == 0);
	}
	log_file_close(&file);
}

static size_t
pack(const uint8_t *data, size_t size, Bytef packed[static PACKED_MAX])
{
	z_stream zip = { .next_in = (Bytef *)(uintptr_t)data,
		.avail_in = (uInt)size,
		.next_out = packed,
		.avail_out = PACKED_MAX };

	need(deflateInit2(&zip, 1, Z_DEFLATED, GZIP, 8, Z_DEFAULT_STRATEGY) ==
	     Z_OK);
	need(deflate(&zip, Z_FINISH) == Z_STREAM_END);
	need(deflateEnd(&zip) == Z_OK);
	return PACKED_MAX - zip.avail_out;
}

/* But that of one that is taken for compressed itself. */
static void
compare(const char *path, const uint8_t *data, size_t size)
{
	static Bytef packed[PACKED_MAX];
	struct told plain = read_lines(path);
	struct told unpacked;
	char other[32];
	int fd = file_of(packed, pack(data, size, packed), other);

	unpacked = read_lines(other);
	need(plain.lines == unpacked.lines && plain.sum == unpacked.sum);
	read_places(other, data, size);
	(void)close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[32];
	int fd;

	if (size < 2) {
		return 0;
	}
	fd = file_of(data + 1, size - 1, path);
	if (data[0] != 0 && data[1] != 0x1f) {
		compare(path, data + 1, size - 1);
	} else {
		(void)read_lines(path);
	}
	read_places(path, data + 1, size - 1);
	(void)close(fd);
	return 0;
}
