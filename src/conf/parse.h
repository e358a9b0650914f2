/*
 * Configuration files, read by a table of keys.
 *
 *	file    = { setting | section | include }
 *	setting = KEY ("=" | "+=") (TEXT | "{" [TEXT { "," TEXT } [","]] "}")
 *	section = NAME [TITLE] "{" { setting } "}"
 *	include = "include" "(" FILE ")"
 *
 * Each value is handed to its key's setter.  A key, a plain section or a title
 * is given once; "+=" adds to a list or its default.  Reading goes on behind
 * an error, so that all of them are told.
 */
#ifndef CONF_PARSE_H
#define CONF_PARSE_H

#include <stdbool.h>

#include "conf/conf.h"
#include "conf/token.h"

struct grammar;

enum {
	PARSE_SIZE_MAX = 1024 * 1024, /* bytes of a file */
	PARSE_DEPTH_MAX = 8,          /* includes inside one another */
	PARSE_FILES_MAX = 64          /* files one configuration may include */
};

/* Where a key's value is; line 0 where it was not given. */
struct parse_place {
	const char *section; /* which one; set by the caller */
	const char *key;
	char file[CONF_PATH_SIZE];
	int line;
	int column;
};

/*
 * Read `text` into `target`, which holds the defaults; `file` is the name that
 * messages and includes go by.  False after errors; there may be warnings
 * either way.
 */
bool parse_text(const struct grammar *grammar, void *target, const char *file,
    const char *text, struct parse_place *places, size_t count,
    struct errors *errors);

#endif
