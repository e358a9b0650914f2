/*
 * What a configuration makes of the pages: templates and phrases of each
 * language, the style sheet with the owner's colour, the files beside it.
 *
 * All is read once, at start and at each reload, and shared by counting
 * references.  A file of the folder `templates` takes the place of the one
 * compiled in under its name (phrases: those it holds); one that is broken is
 * named in the log with its line, and the compiled-in one stays.
 */
#ifndef WEB_SITE_H
#define WEB_SITE_H

#include <stddef.h>

#include "web/visitor.h"

struct conf;
struct templates;

enum {
	SITE_FILES_MAX = 32,
	SITE_PATH_SIZE = 320,
	SITE_FILE_MAX = 512 * 1024 /* bytes */
};

struct site_file {
	const char *name; /* also in the URL */
	const char *type; /* Content-Type; NULL: is not served as it is */
	const char *data; /* the owner's, or what is compiled in */
	size_t size;
	char *own; /* the owner's, or NULL */
	char path[SITE_PATH_SIZE];
};

struct site {
	struct conf *conf;
	struct languages languages;
	struct templates *templates[LANGUAGE_COUNT];
	struct site_file file[SITE_FILES_MAX];
	size_t files;
	const char *logo; /* its path, below the site's root */
	char version[9];  /* another whenever a served file is, for URLs */
	unsigned references;
};

/* Of `conf` a reference is taken.  NULL where there is no memory. */
struct site *site_new(struct conf *conf);
struct site *site_hold(struct site *site);
void site_drop(struct site *site);

/* What is served under that name, or NULL. */
const struct site_file *site_file(const struct site *site, const char *name);

#endif
