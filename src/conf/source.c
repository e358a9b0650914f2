#include "conf/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

static void
say_errno(char error[static CONF_ERROR_SIZE])
{
	char reason[128];

	(void)text_copy(
	    error, CONF_ERROR_SIZE, strerror_r(errno, reason, sizeof(reason)));
}

/* Read until the end of the file or SOURCE_SIZE_MAX + 1 bytes: a file may
 * grow between fstat() and now. */
static ssize_t
read_all(int fd, char *text)
{
	size_t len = 0;

	while (len <= SOURCE_SIZE_MAX) {
		ssize_t got = read(fd, text + len, SOURCE_SIZE_MAX + 1 - len);
		if (got == 0)
			break;
		if (got < 0 && errno != EINTR)
			return -1;
		if (got > 0)
			len += (size_t)got;
	}
	return (ssize_t)len;
}

static char *
read_text(int fd, char error[static CONF_ERROR_SIZE])
{
	char *text = malloc(SOURCE_SIZE_MAX + 2);
	ssize_t len;

	if (text == NULL) {
		say_errno(error);
		return NULL;
	}
	len = read_all(fd, text);
	if (len < 0)
		say_errno(error);
	else if (len > SOURCE_SIZE_MAX)
		(void)text_copy(error, CONF_ERROR_SIZE, "is larger than 1 MiB");
	else if (memchr(text, '\0', (size_t)len) != NULL)
		(void)text_copy(
		    error, CONF_ERROR_SIZE, "holds a NUL byte: not a text");
	else {
		text[len] = '\0';
		return text;
	}
	free(text);
	return NULL;
}

char *
source_read(const char *path, bool *missing, char error[static CONF_ERROR_SIZE])
{
	struct stat status;
	char *text = NULL;
	/* O_NONBLOCK: opening a pipe nobody writes to must not hang. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	*missing = fd < 0 && (errno == ENOENT || errno == ENOTDIR);
	if (fd < 0 || fstat(fd, &status) != 0)
		say_errno(error);
	else if (S_ISDIR(status.st_mode))
		(void)text_copy(
		    error, CONF_ERROR_SIZE, "is a folder, not a file");
	else if (!S_ISREG(status.st_mode))
		(void)text_copy(
		    error, CONF_ERROR_SIZE, "is not a regular file");
	else
		text = read_text(fd, error);
	if (fd >= 0)
		(void)close(fd);
	return text;
}

static char *
blank_line_comment(char *at)
{
	while (*at != '\0' && *at != '\n')
		*at++ = ' ';
	return at;
}

/* NULL where it is never closed. */
static char *
blank_block_comment(char *at, int *line)
{
	char *end = strstr(at + 2, "*/");

	if (end == NULL)
		return NULL;
	for (; at < end + 2; at++) {
		if (*at == '\n')
			(*line)++;
		else
			*at = ' ';
	}
	return at;
}

static char *
skip_quoted(char *at, int *line)
{
	const char quote = *at++;

	for (; *at != '\0' && *at != quote; at++) {
		if (*at == '\\' && at[1] != '\0')
			at++;
		if (*at == '\n')
			(*line)++;
	}
	return *at == quote ? at + 1 : NULL;
}

/* Inside a word, as in http://mx.example, slashes begin no comment. */
static bool
parts_words(char c)
{
	return strchr(" \t\r\n={}()+,*\"'", c) != NULL;
}

const char *
source_blank_comments(char *text, int *line)
{
	char *at = text;
	bool fresh = true; /* no word runs up to here */

	*line = 1;
	while (*at != '\0') {
		int began = *line;
		if (*at == '"' || *at == '\'') {
			at = skip_quoted(at, line);
			fresh = true;
		} else if (*at == '#' ||
			   (fresh && at[0] == '/' && at[1] == '/')) {
			at = blank_line_comment(at);
			fresh = true;
		} else if (fresh && at[0] == '/' && at[1] == '*') {
			at = blank_block_comment(at, line);
		} else {
			fresh = parts_words(*at);
			*line += *at++ == '\n';
		}
		if (at == NULL) {
			*line = began;
			return "a quote or a comment that begins here is "
			       "never closed";
		}
	}
	return NULL;
}

bool
source_beside(
    const char *path, const char *name, char joined[static CONF_PATH_SIZE])
{
	const char *slash = strrchr(path, '/');
	struct text text;

	text_init(&text, joined, CONF_PATH_SIZE);
	if (slash != NULL && name[0] != '/')
		text_add_bytes(&text, path, (size_t)(slash - path) + 1);
	text_add(&text, name);
	return !text.cut;
}
