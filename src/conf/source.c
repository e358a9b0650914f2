#include "conf/source.h"

#include <ctype.h>
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
		if (got == 0) {
			break;
		}
		if (got < 0 && errno != EINTR) {
			return -1;
		}
		if (got > 0) {
			len += (size_t)got;
		}
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
	if (len < 0) {
		say_errno(error);
	} else if (len > SOURCE_SIZE_MAX) {
		(void)text_copy(error, CONF_ERROR_SIZE, "is larger than 1 MiB");
	} else if (memchr(text, '\0', (size_t)len) != NULL) {
		(void)text_copy(
		    error, CONF_ERROR_SIZE, "holds a NUL byte and is no text");
	} else {
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
	if (fd < 0 || fstat(fd, &status) != 0) {
		say_errno(error);
	} else if (S_ISDIR(status.st_mode)) {
		(void)text_copy(
		    error, CONF_ERROR_SIZE, "is a folder, not a file");
	} else if (!S_ISREG(status.st_mode)) {
		(void)text_copy(
		    error, CONF_ERROR_SIZE, "is not a regular file");
	} else {
		text = read_text(fd, error);
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	return text;
}

/* A text being copied without its comments. */
struct cleaner {
	const char *at;
	char *out;
	int line;
	int depth;      /* open braces */
	int depth_line; /* where the outermost of them is */
	char last;      /* the last character that was no blank */
	bool fresh;     /* no word runs up to `at` */
};

/* Stands in `last` for the brace that opens a list: no text can hold it. */
#define LIST_BRACE '\001'

#define NEVER_CLOSED "a quote or a comment that begins here is never closed"

static void
copy_char(struct cleaner *cleaner)
{
	cleaner->line += *cleaner->at == '\n';
	*cleaner->out++ = *cleaner->at++;
}

static const char *
copy_quoted(struct cleaner *cleaner)
{
	const char quote = *cleaner->at;

	copy_char(cleaner);
	while (*cleaner->at != '\0' && *cleaner->at != quote) {
		if (*cleaner->at == '\\' && cleaner->at[1] != '\0') {
			copy_char(cleaner);
		}
		copy_char(cleaner);
	}
	if (*cleaner->at == '\0') {
		return NEVER_CLOSED;
	}
	copy_char(cleaner);
	cleaner->last = quote;
	cleaner->fresh = true;
	return NULL;
}

static void
skip_line_comment(struct cleaner *cleaner)
{
	while (*cleaner->at != '\0' && *cleaner->at != '\n') {
		cleaner->at++;
	}
	cleaner->fresh = true;
}

static const char *
skip_block_comment(struct cleaner *cleaner)
{
	const char *end = strstr(cleaner->at + 2, "*/");

	if (end == NULL) {
		return NEVER_CLOSED;
	}
	*cleaner->out++ = ' ';
	for (; cleaner->at < end + 2; cleaner->at++) {
		if (*cleaner->at == '\n') {
			*cleaner->out++ = '\n';
			cleaner->line++;
		}
	}
	return NULL;
}

static void
note_brace(struct cleaner *cleaner, char c)
{
	if (c == '{' && cleaner->depth++ == 0) {
		cleaner->depth_line = cleaner->line;
	} else if (c == '}') {
		cleaner->depth--;
		if (cleaner->last == LIST_BRACE) {
			*cleaner->out++ = SOURCE_EMPTY_LIST[0];
		}
	}
}

/* Any other character: what parts words and what opens and closes lists is
 * noted on the way. */
static const char *
copy_plain(struct cleaner *cleaner)
{
	const char c = *cleaner->at;

	if (c != '\0' && strchr("\t\n\r", c) == NULL &&
	    iscntrl((unsigned char)c)) {
		return "a control character does not belong here";
	}
	cleaner->fresh = strchr(" \t\r\n={}()+,*", c) != NULL;
	note_brace(cleaner, c);
	if (strchr(" \t\r\n", c) == NULL) {
		bool list = c == '{' && cleaner->last == '=';
		cleaner->last = c;
		if (list) {
			cleaner->last = LIST_BRACE;
		}
	}
	copy_char(cleaner);
	return NULL;
}

static const char *
clean_next(struct cleaner *cleaner)
{
	const char *at = cleaner->at;

	if (*at == '"' || *at == '\'') {
		return copy_quoted(cleaner);
	}
	/* Inside a word, as in http://mx.example, slashes begin none. */
	if (*at == '#' || (cleaner->fresh && at[0] == '/' && at[1] == '/')) {
		skip_line_comment(cleaner);
		return NULL;
	}
	if (cleaner->fresh && at[0] == '/' && at[1] == '*') {
		return skip_block_comment(cleaner);
	}
	return copy_plain(cleaner);
}

char *
source_clean(const char *text, const char **wrong, int *line)
{
	/* An empty list, two characters, grows by one. */
	char *clean = malloc(strlen(text) * 2 + 1);
	struct cleaner cleaner = {
		.at = text, .out = clean, .line = 1, .fresh = true
	};

	*line = 1;
	*wrong = clean == NULL ? "out of memory" : NULL;
	while (*wrong == NULL && *cleaner.at != '\0') {
		*line = cleaner.line;
		*wrong = clean_next(&cleaner);
	}
	if (*wrong == NULL && cleaner.depth > 0) {
		*line = cleaner.depth_line;
		*wrong = "a brace that opens here is never closed";
	}
	if (*wrong != NULL) {
		free(clean);
		return NULL;
	}
	*cleaner.out = '\0';
	return clean;
}

bool
source_beside(
    const char *path, const char *name, char joined[static CONF_PATH_SIZE])
{
	const char *slash = strrchr(path, '/');
	struct text text;

	text_init(&text, joined, CONF_PATH_SIZE);
	if (slash != NULL && name[0] != '/') {
		text_add_bytes(&text, path, (size_t)(slash - path) + 1);
	}
	text_add(&text, name);
	return !text.cut;
}
