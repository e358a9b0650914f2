/*
 * A configuration file's text, made safe for libconfuse.
 *
 * Its scanner ends the process when it is given a folder or a read fails,
 * stops without a word at a NUL byte, takes an unclosed comment for the rest
 * of the file and the file's end for a missing brace, counts lines wrongly
 * behind any comment, and tells nobody of an empty list.  So files are read here, whole and bounded, and rewritten a
 * little before the library sees them.  Knows nothing of keys.
 */
#ifndef CONF_SOURCE_H
#define CONF_SOURCE_H

#include <stdbool.h>

#include "conf/conf.h"

enum {
	SOURCE_SIZE_MAX = 1024 * 1024
};

/*
 * Read a regular file; the caller frees the text.  NULL with `error` ("why",
 * without the file's name) and *missing, true where there is none of that
 * name.
 */
char *source_read(
    const char *path, bool *missing, char error[static CONF_ERROR_SIZE]);

/* Stands for the one item of a list that has none; no file can hold it. */
#define SOURCE_EMPTY_LIST "\001"

/*
 * A copy of `text` with the same lines, without comments (# and // to the end
 * of the line, and C's), and with SOURCE_EMPTY_LIST in each "= {}"; the caller
 * frees it.  NULL where something is wrong, with a complaint in *wrong and in
 * *line where that began.
 */
char *source_clean(const char *text, const char **wrong, int *line);

/* Write the folder of `path` and `name` below it; a `name` from the root
 * stands for itself.  False where it does not fit. */
bool source_beside(
    const char *path, const char *name, char joined[static CONF_PATH_SIZE]);

#endif
