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

#include "web/language.h"

struct book;
struct conf;
struct site;

/* A file that is served as it is. */
struct site_file {
	const char *name; /* in the URL */
	const char *type; /* Content-Type */
	const char *data;
	size_t size;
};

/* Of `conf` a reference is taken.  NULL where there is no memory. */
struct site *site_new(struct conf *conf);
struct site *site_hold(struct site *site);
void site_drop(struct site *site);

const struct conf *site_conf(const struct site *site);
const struct languages *site_languages(const struct site *site);
const struct book *site_book(const struct site *site, enum language language);

/* NULL where there is none of that name. */
const struct site_file *site_file(const struct site *site, const char *name);

/* Changes whenever one of the files does, for their URLs. */
const char *site_version(const struct site *site);

/* The path of the logo, below the site's root. */
const char *site_logo(const struct site *site);

#endif
