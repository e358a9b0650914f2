/*
 * libconfuse, driven by a table of keys.
 *
 * The library reads the grammar (keys, lists, sections, include); every value
 * reaches us as text and is handed to its key's setter at the moment it is
 * read, so that a complaint has the right line.  What the library lets pass
 * conf/given.h refuses.  Only the first error is told, as "FILE:LINE: what".
 */
#ifndef CONF_PARSE_H
#define CONF_PARSE_H

#include <stdbool.h>

#include "conf/conf.h"

struct grammar;

enum {
	PARSE_DEPTH_MAX = 8, /* includes inside one another */
	PARSE_FILES_MAX = 64 /* files one configuration may include */
};

/* Where a key was given; line 0 where it was not. */
struct parse_place {
	const char *key; /* which one, at the top; set by the caller */
	char file[CONF_PATH_SIZE];
	int line;
};

/*
 * Read `text` into `target`, which holds the defaults; `file` is the name that
 * messages and includes go by.  `place` may be NULL.
 */
bool parse_text(const struct grammar *grammar, void *target, const char *file,
    const char *text, struct parse_place *place,
    char error[static CONF_ERROR_SIZE]);

#endif
