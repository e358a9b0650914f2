/*
 * Templates: text with holes, read once and filled often.
 *
 *   {{name}}               the variable's text, escaped for HTML; a variable
 *                          may instead name a phrase or write its own markup,
 *                          and a name that is no variable is a phrase or a
 *                          template
 *   {{#name}}...{{/name}}  once for each section of the variable's list; of a
 *                          variable with anything else, once unless it is
 *                          empty
 *   {{^name}}...{{/name}}  once where {{#name}} would write nothing; of a
 *                          phrase or template both go by whether it is empty
 *   {{! remark }}          nothing
 *
 * A newline straight after a block's opening or closing is not written, so
 * that those may stand in lines of their own.
 *
 * A phrase is a line "name = text" of a phrase file, continued by lines that
 * begin with a blank; it is a template too and sees the same variables.  One
 * that goes with a number has forms, and "other" must be among them:
 *
 *	name[variable one] = {{variable}} block
 *	name[variable other] = {{variable}} blocks
 *
 * Which form a number has the file says itself, "plural[one] = n = 1", by the
 * rules of web/plural.h, and so it says what there is to know of its language
 * (enum template_fact).  What a language has no phrase for comes from a file to fall
 * back on, by that file's plurals, and is marked with its language where it
 * stands in HTML.
 *
 * Templates and phrases are ours and may hold markup; only variables carry
 * what others wrote.
 */
#ifndef WEB_TEMPLATE_H
#define WEB_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct page_data;
struct text;

/* ---- what the holes are filled with ---- */

enum variable_kind {
	VARIABLE_TEXT,   /* nothing where it is NULL or empty */
	VARIABLE_NUMBER, /* which the forms of phrases go by */
	VARIABLE_PHRASE,
	VARIABLE_LIST,
	VARIABLE_MARKUP
};

/* One name and what stands for it.  All borrowed.  A page has some hundreds of
 * them: they are small. */
struct variable {
	struct variable *next; /* of the section */
	uint16_t name;         /* its place among the names of the templates */
	unsigned char kind;    /* of enum variable_kind */
	unsigned char width;   /* digits of a number, with zeros before it */
	union {
		struct {
			const char *text; /* of a number how it is written, or
					   * NULL for its digits */
			int64_t number;
		};
		struct {
			const char *phrase;  /* its name, or how it begins */
			const char *rest;    /* and goes on, or NULL */
			const char *instead; /* another's name, for languages
					      * without that one, or NULL */
		};
		struct section *list; /* its first section */
		struct {
			void (*write)(const void *what, struct text *out);
			const void *what;
		};
	};
};

/* Variables that are set together.  Those of an inner section hide those
 * around it; a name that no section has is empty. */
struct section {
	struct variable *variable; /* the first, or NULL */
	struct section *next;      /* of the list */
	struct page_data *data;    /* where its variables are put, or NULL */
};

/* ---- templates and phrases of one language ---- */

struct templates;

/* Where they come from.  The text stays the caller's, for as long as the
 * templates live. */
struct template_source {
	const char *name;  /* of the template; of phrases, their language */
	const char *shown; /* what errors call the file */
	const char *text;
	size_t size;
	bool phrases;  /* the file holds phrases, else it is one template */
	bool fallback; /* phrases for what those behind it lack */
};

enum {
	TEMPLATE_ERROR_SIZE = 512
};

/* What is wrong, "FILE:LINE: what", and in which source. */
struct template_error {
	size_t source;
	char what[TEMPLATE_ERROR_SIZE];
};

/* What variables there are.  All borrowed, for as long as the templates
 * live. */
struct template_names {
	const char *const *name;
	size_t count;
	/* Those that are the same in all that is written: they stand in the
	 * templates from the start.  Or NULL. */
	const struct section *fixed;
};

/*
 * Read all sources, those to fall back on first; of two entries of one name
 * the later wins.  NULL, with `error` set, where a name is unknown, a block
 * open, a form of no number, or templates name each other in a ring, and where
 * there is no memory.
 */
struct templates *templates_new(const struct template_source *sources,
    size_t count, const struct template_names *names,
    struct template_error *error);
void templates_free(struct templates *templates);

/* Tell, each in a line "FILE:LINE: what", what is wrong with the phrases of
 * one of the sources they were read from and did no harm: two of one name, and
 * one that nothing needs. */
void templates_tell(const struct templates *templates,
    const struct template_source *sources, size_t source,
    void (*tell)(const char *line));

/* How many phrases the language itself lacks; the first of them, as far as
 * there is room, are added to `names`, ", " between them.  *of is how many
 * there are to be had. */
size_t templates_lacks(
    const struct templates *templates, struct text *names, size_t *of);

/* What a file of phrases says of its language. */
enum template_fact {
	TEMPLATE_NAME,      /* "language-name": what it calls itself */
	TEMPLATE_ALSO,      /* "language-also": tags it stands in for */
	TEMPLATE_DIRECTION, /* "language-direction": ltr or rtl */
	TEMPLATE_FACTS
};

/* Add it, or nothing where the language itself does not say it. */
void templates_fact(const struct templates *templates, enum template_fact fact,
    struct text *out);

enum template_form {
	TEMPLATE_HTML,
	TEMPLATE_PLAIN /* without escaping, for what is no HTML */
};

/* Add the template or phrase of that name to `out`, filled.  False where it
 * did not fit or a variable names a phrase that is not there; what is in
 * `out` then is not to be shown.  Any thread may ask. */
bool template_render(const struct templates *templates, const char *name,
    enum template_form form, const struct section *section, struct text *out);

/* Add text with &, <, >, " and ' as character references and control
 * characters as '?'. */
void template_escape(struct text *out, const char *text, size_t len);

#endif
