/*
 * Files: read whole, compiled into a program, and the folders they lie in.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum {
	FILE_WHY_SIZE = 128,
	FILE_LINE_SIZE = 2048 /* the longest line that is read, with its NUL */
};

/*
 * Read a regular file of at most `most` bytes, with a NUL behind them; the
 * caller frees it.  Never waits, as opening a pipe would.  NULL where that
 * cannot be done, with `why` ("No such file or directory") and errno: ENOENT
 * or ENOTDIR where there is none, EISDIR, EFBIG, EINVAL where it is no
 * regular file.  `len` may be NULL.
 */
char *file_read(
    const char *path, size_t most, size_t *len, char why[static FILE_WHY_SIZE]);

/* The same of a text: no byte of it is NUL (errno EILSEQ). */
char *file_read_text(
    const char *path, size_t most, char why[static FILE_WHY_SIZE]);

/* Read the first size - 1 bytes of a file, fewer where it has no more, with a
 * NUL behind them; gives back how many, 0 where it cannot be read. */
size_t file_read_head(const char *path, char *buf, size_t size);

/* Read up to the next line's end, of what came from outside; what is wrong with
 * the line, or NULL.  At the end of `from` it is empty and `*end` is set. */
const char *file_line(FILE *from, char line[static FILE_LINE_SIZE], bool *end);

/* Put a text in the place of a file at once: who reads it sees the old or the
 * new one, whole.  It keeps the file's owner and mode; a new one has `mode`.  A
 * link stays, and what it names is replaced.  False with `why`, and all is as
 * it was. */
bool file_replace(const char *path, const char *text, unsigned mode,
    char why[static FILE_WHY_SIZE]);

/* Write the folder that `path` lies in: "/a" of "/a/b", "/" of "/a", "." of
 * "a".  False where it does not fit. */
bool file_folder(const char *path, char *folder, size_t size);

/* Write the path of `name` beside the file `path`: "/a/c" of "/a/b" and "c".
 * A name that begins with / stands for itself.  False where it does not
 * fit. */
bool file_beside(const char *path, const char *name, char *out, size_t size);

/* Whether two paths name the same file. */
bool file_same(const char *a, const char *b);

/* Whether a program listens at a unix socket, which one that is only busy does:
 * 0, else the errno of the attempt. */
int file_connect(const char *path);

/* A file that scripts/embed compiled in.  `data` has a NUL behind its `size`
 * bytes; a table ends with a NULL name. */
struct embedded {
	const char *name; /* the file's name without its folder */
	const char *data;
	size_t size;
};

/* The file of that name, or NULL. */
const struct embedded *embedded_find(
    const struct embedded *table, const char *name);

#endif
