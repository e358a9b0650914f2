/*
 * libconfuse, driven by a table of keys.
 *
 * The library reads the grammar (keys, lists, sections, include); every value
 * reaches us as text and is handed to its key's setter at the moment it is
 * read, so that a complaint has the right line.  What the library lets pass
 * is refused here: a key or section given twice, a titled section that lacks
 * a key it needs.  Only the first error is told, as "FILE:LINE: what".
 */
#ifndef CONF_PARSE_H
#define CONF_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"

enum {
	PARSE_DEPTH_MAX = 8,   /* includes inside one another */
	PARSE_FILES_MAX = 64,  /* files one configuration may include */
	PARSE_KEYS_MAX = 64,   /* of a grammar */
	PARSE_SECTION_MAX = 20 /* keys at the top, or of one section */
};

/* One key: where it stands, what it is by default, how it is read. */
struct key {
	const char *section; /* NULL at the top */
	const char *name;
	const char *def; /* as written, a list's items parted by commas */
	/* Read `value` into `field`.  NULL where it is fine, else a complaint
	 * that goes on from the key and its value: "must be ...".  For a list
	 * a NULL value empties it, and each item follows by itself. */
	const char *(*set)(
	    const struct key *key, void *field, const char *value);
	size_t offset; /* of the field in its struct */
	size_t size;   /* of the field, for texts */
	int64_t min;   /* for numbers */
	int64_t max;
	bool list;
	bool required; /* in a titled section */
};

struct grammar {
	const struct key *keys; /* keys of a section stand together */
	size_t count;
	const char *titled; /* the section with a title, many times; or NULL */
	/* A titled section begins: gives back its struct, or NULL and in
	 * *wrong a complaint. */
	void *(*begin)(void *target, const char *title, const char **wrong);
	/* It has ended: NULL where it is fine, else a complaint. */
	const char *(*check)(const void *section);
	bool include; /* whether include("...") is understood */
};

/* Where a key was given; line 0 where it was not. */
struct parse_place {
	const char *key; /* which one, at the top; set by the caller */
	char file[CONF_PATH_SIZE];
	int line;
};

/* Set every field of `target` (and of a titled section's struct, with
 * `section` its name) to its default. */
void parse_defaults(
    const struct grammar *grammar, const char *section, void *target);

/*
 * Read `text`, which is changed, into `target`; `file` is the name that
 * messages and includes go by.  `place` may be NULL.
 */
bool parse_text(const struct grammar *grammar, void *target, const char *file,
    char *text, struct parse_place *place, char error[static CONF_ERROR_SIZE]);

#endif
