/*
 * The languages of the page: each is a file of phrases, TAG.phrases, compiled
 * in or in the owner's folder `templates`.
 *
 * Knows which there are and how such a file is read; what its phrases say is
 * the page's business.
 */
#ifndef CONF_LANGUAGE_H
#define CONF_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/file.h"

enum {
	LANGUAGES_MAX = 24,
	LANGUAGE_TAG_SIZE = 12, /* "zh-Hant-TW" */
	LANGUAGE_FILE_SIZE = LANGUAGE_TAG_SIZE + 8
};

/* Those compiled in, by scripts/embed. */
extern const struct embedded phrase_files[];

/* What other languages lack is said in this one. */
#define LANGUAGE_FALLBACK "en"

/* Whether it is a language's tag as files are named: "de", "pt-BR",
 * "zh-Hant", as RFC 5646 2.1.1 writes them. */
bool language_is_tag(const char *tag);

/* Whether a file of that name is one of phrases, and of which language. */
bool language_of_file(const char *name, char tag[static LANGUAGE_TAG_SIZE]);
/* The name of its file; returns `name`. */
char *language_file(const char *tag, char name[static LANGUAGE_FILE_SIZE]);

struct language_list {
	char tag[LANGUAGES_MAX][LANGUAGE_TAG_SIZE];
	size_t count;
	bool more; /* than there is room for */
};

/* All there are, the one fallen back on first, the others by their tags.
 * `folder` may be empty; one that cannot be read holds none. */
void language_list(const char *folder, struct language_list *out);
bool language_list_has(const struct language_list *list, const char *tag);

/* ---- files of phrases ---- */

/* One phrase: a line "NAME = TEXT" or "NAME[FORM] = TEXT", continued by lines
 * that begin with a blank.  All borrowed from the file's text. */
struct phrase {
	const char *name; /* where its line begins */
	size_t name_len;
	const char *form; /* or NULL */
	size_t form_len;
	const char *text;
	size_t text_len;
};

enum phrase_result {
	PHRASE_FOUND,
	PHRASE_END,
	PHRASE_WRONG /* `name` is the line, which is none */
};

/* Read the next phrase from *at on, which goes behind it. */
enum phrase_result phrase_next(
    const char **at, const char *end, struct phrase *out);

enum {
	LANGUAGE_NAMES_SIZE = 160
};

/* What is wrong with an owner's file of phrases.  Of the names there are as many
 * as fit, ", " between them. */
struct language_faults {
	char wrong[LANGUAGE_NAMES_SIZE]; /* a line that is none; or empty */
	size_t lacks; /* phrases that neither it nor what is compiled in has */
	char lacking[LANGUAGE_NAMES_SIZE];
	size_t unknown; /* that no page shows */
	char strange[LANGUAGE_NAMES_SIZE];
};

/* Look at the file of that language in `folder`; false where there is none that
 * can be read. */
bool language_check(
    const char *folder, const char *tag, struct language_faults *out);

#endif
