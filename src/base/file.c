#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"

enum {
	MIB = 1024 * 1024
};

/* O_NONBLOCK: opening a pipe nobody writes to must not hang. */
static int
open_file(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

/* Read until the end of the file or `size` bytes; gives back how many, or
 * -1. */
static ssize_t
read_up_to(int fd, char *buf, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t got = read(fd, buf + len, size - len);

		if (got == 0 || (got < 0 && errno != EINTR)) {
			return got < 0 ? -1 : (ssize_t)len;
		}
		len += got > 0 ? (size_t)got : 0;
	}
	return (ssize_t)len;
}

/* All of an open file; NULL with errno set.  It may grow while it is read,
 * and one of /proc says that it is empty. */
static char *
read_whole(int fd, size_t most, size_t *len)
{
	struct stat status;
	char *text;
	char *shrunk;
	ssize_t got;

	if (fstat(fd, &status) != 0) {
		return NULL;
	}
	if (!S_ISREG(status.st_mode)) {
		errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
		return NULL;
	}
	text = malloc(most + 1);
	if (text == NULL) {
		return NULL;
	}
	got = read_up_to(fd, text, most + 1);
	if (got < 0 || (size_t)got > most) {
		errno = got < 0 ? errno : EFBIG;
		free(text);
		return NULL;
	}
	*len = (size_t)got;
	text[*len] = '\0';
	shrunk = realloc(text, *len + 1);
	if (shrunk != NULL) {
		text = shrunk;
	}
	return text;
}

char *
file_read(
    const char *path, size_t most, size_t *len, char why[static FILE_WHY_SIZE])
{
	int fd = open_file(path);
	size_t length = 0;
	char *found = fd >= 0 ? read_whole(fd, most, &length) : NULL;
	const int kept = errno;
	char reason[FILE_WHY_SIZE];
	struct text text;

	text_init(&text, why, FILE_WHY_SIZE);
	if (found == NULL && kept == EFBIG) {
		text_addf(&text, "is larger than %zu %s",
		    most >> (most >= MIB ? 20 : 10),
		    most >= MIB ? "MiB" : "KiB");
	} else if (found == NULL) {
		text_add(&text, kept == EISDIR ? "is a folder, not a file"
				: kept == EINVAL
				    ? "is not a regular file"
				    : strerror_r(kept, reason, sizeof(reason)));
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	if (len != NULL) {
		*len = length;
	}
	errno = kept;
	return found;
}

char *
file_read_text(const char *path, size_t most, char why[static FILE_WHY_SIZE])
{
	size_t len;
	char *text = file_read(path, most, &len, why);

	if (text != NULL && memchr(text, '\0', len) != NULL) {
		(void)text_copy(
		    why, FILE_WHY_SIZE, "holds a NUL byte and is no text");
		free(text);
		text = NULL;
		errno = EILSEQ;
	}
	return text;
}

size_t
file_read_head(const char *path, char *buf, size_t size)
{
	int fd = open_file(path);
	ssize_t len = fd >= 0 ? read_up_to(fd, buf, size - 1) : 0;

	if (fd >= 0) {
		(void)close(fd);
	}
	buf[len > 0 ? len : 0] = '\0';
	return len > 0 ? (size_t)len : 0;
}

const char *
file_line(FILE *from, char line[static FILE_LINE_SIZE], bool *end)
{
	size_t len = 0;
	int c;

	while ((c = getc(from)) != EOF && c != '\n') {
		if (c == '\0') {
			return "a NUL byte";
		}
		if (len + 1 == FILE_LINE_SIZE) {
			return "longer than 2047 bytes";
		}
		line[len++] = (char)c;
	}
	line[len] = '\0';
	*end = c == EOF && len == 0;
	return *end && ferror(from) ? "cannot be read" : NULL;
}

static bool
write_whole(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		const ssize_t put = write(fd, text, left);

		if (put < 0 && errno != EINTR) {
			return false;
		}
		text += put > 0 ? put : 0;
		left -= put > 0 ? (size_t)put : 0;
	}
	return fsync(fd) == 0;
}

/* The folder must know of it, too, before it is safe from a loss of power. */
static void
sync_folder(const char *path)
{
	char folder[PATH_MAX];
	int fd = file_folder(path, folder, sizeof(folder))
		     ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
		     : -1;

	if (fd >= 0) {
		(void)fsync(fd);
		(void)close(fd);
	}
}

bool
file_replace(const char *path, const char *text, unsigned mode,
    char why[static FILE_WHY_SIZE])
{
	struct stat old = { .st_mode = mode };
	const bool was = stat(path, &old) == 0;
	char real[PATH_MAX];
	char fresh[PATH_MAX];
	bool whole;
	bool done = false;
	int kept;
	int fd;

	if (realpath(path, real) == NULL) {
		(void)text_copy(real, sizeof(real), path);
	}
	whole = text_print(fresh, sizeof(fresh), "%s.XXXXXX", real);
	errno = ENAMETOOLONG;
	fd = whole ? mkostemp(fresh, O_CLOEXEC) : -1;
	if (fd >= 0) {
		done = (!was || fchown(fd, old.st_uid, old.st_gid) == 0) &&
		       fchmod(fd, old.st_mode & 07777) == 0 &&
		       write_whole(fd, text) && rename(fresh, real) == 0;
		kept = errno;
		(void)close(fd);
		if (done) {
			sync_folder(real);
		} else {
			(void)unlink(fresh);
		}
		errno = kept;
	}
	(void)text_copy(why, FILE_WHY_SIZE, done ? "" : strerrordesc_np(errno));
	return done;
}

bool
file_folder(const char *path, char *folder, size_t size)
{
	const char *slash = strrchr(path, '/');
	struct text text;

	text_init(&text, folder, size);
	if (slash == NULL) {
		text_add(&text, ".");
	} else {
		text_add_bytes(
		    &text, path, slash == path ? 1 : (size_t)(slash - path));
	}
	return !text.cut;
}

bool
file_beside(const char *path, const char *name, char *out, size_t size)
{
	const char *slash = name[0] == '/' ? NULL : strrchr(path, '/');
	struct text text;

	text_init(&text, out, size);
	if (slash != NULL) {
		text_add_bytes(&text, path, (size_t)(slash - path) + 1);
	}
	text_add(&text, name);
	return !text.cut;
}

bool
file_same(const char *a, const char *b)
{
	struct stat one;
	struct stat other;

	return strcmp(a, b) == 0 ||
	       (stat(a, &one) == 0 && stat(b, &other) == 0 &&
		   one.st_dev == other.st_dev && one.st_ino == other.st_ino);
}

int
file_connect(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int result = ENAMETOOLONG;
	int fd;

	if (text_copy(to.sun_path, sizeof(to.sun_path), path)) {
		fd = socket(
		    AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		result = fd >= 0 && (connect(fd, (const struct sockaddr *)&to,
					 sizeof(to)) == 0 ||
					errno == EAGAIN)
			     ? 0
			     : errno;
		if (fd >= 0) {
			(void)close(fd);
		}
	}
	return result;
}

const struct embedded *
embedded_find(const struct embedded *table, const char *name)
{
	for (; table->name != NULL; table++) {
		if (strcmp(table->name, name) == 0) {
			return table;
		}
	}
	return NULL;
}
