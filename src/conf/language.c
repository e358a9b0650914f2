#include "conf/language.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

#define PHRASES ".phrases"

enum {
	OWN_FILE_MAX = 512 * 1024 /* bytes */
};

static const char blanks[] = " \t\n";

/* ---- which there are ---- */

/* How many of these characters stand at `at` before the next '-'; 0 where
 * others do. */
static size_t
subtag(const char *at, const char *characters)
{
	const size_t len = strspn(at, characters);

	return at[len] == '-' || at[len] == '\0' ? len : 0;
}

bool
language_is_tag(const char *tag)
{
	static const char small[] = "abcdefghijklmnopqrstuvwxyz";
	static const char capitals[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t len = subtag(tag, small);

	if (len != 2 && len != 3) {
		return false;
	}
	tag += len;
	/* A script, "-Hant". */
	if (*tag == '-' && isupper((unsigned char)tag[1]) &&
	    subtag(tag + 2, small) == 3) {
		tag += 5;
	}
	/* A country, or a part of the world, "-419". */
	if (*tag == '-' && (subtag(tag + 1, capitals) == 2 ||
			       subtag(tag + 1, "0123456789") == 3)) {
		tag += 1 + strcspn(tag + 1, "-");
	}
	return *tag == '\0';
}

bool
language_of_file(const char *name, char tag[static LANGUAGE_TAG_SIZE])
{
	const size_t len = strcspn(name, ".");

	if (len >= LANGUAGE_TAG_SIZE || strcmp(name + len, PHRASES) != 0) {
		return false;
	}
	memcpy(tag, name, len);
	tag[len] = '\0';
	return language_is_tag(tag);
}

char *
language_file(const char *tag, char name[static LANGUAGE_FILE_SIZE])
{

	(void)text_print(name, LANGUAGE_FILE_SIZE, "%s" PHRASES, tag);
	return name;
}

bool
language_list_has(const struct language_list *list, const char *tag)
{
	size_t i = 0;

	while (i < list->count && strcmp(list->tag[i], tag) != 0) {
		i++;
	}
	return i < list->count;
}

static void
add(struct language_list *list, const char *name)
{
	char tag[LANGUAGE_TAG_SIZE];

	if (!language_of_file(name, tag) || language_list_has(list, tag)) {
		return;
	}
	if (list->count == LANGUAGES_MAX) {
		list->more = true;
		return;
	}
	(void)text_copy(list->tag[list->count++], LANGUAGE_TAG_SIZE, tag);
}

static int
by_tag(const void *left, const void *right)
{
	const bool first = strcmp(left, LANGUAGE_FALLBACK) == 0;

	return first || strcmp(right, LANGUAGE_FALLBACK) == 0
		   ? (first ? -1 : 1)
		   : strcmp(left, right);
}

void
language_list(const char *folder, struct language_list *out)
{
	DIR *dir = folder[0] != '\0' ? opendir(folder) : NULL;
	const struct dirent *entry;

	*out = (struct language_list){ .count = 0 };
	for (size_t i = 0; phrase_files[i].name != NULL; i++) {
		add(out, phrase_files[i].name);
	}
	/* The stream is this thread's alone. */
	while (dir != NULL &&
	       (entry = readdir(dir)) != /* NOLINT(concurrency-mt-unsafe) */
		   NULL) {
		add(out, entry->d_name);
	}
	if (dir != NULL) {
		(void)closedir(dir);
	}
	qsort(out->tag, out->count, LANGUAGE_TAG_SIZE, by_tag);
}

/* ---- files of phrases ---- */

/* Go behind the line at *at and those that continue it; gives back where its
 * text ends. */
static const char *
end_of_entry(const char **at, const char *end)
{
	const char *begin = *at;
	const char *stop;

	do {
		stop = memchr(*at, '\n', (size_t)(end - *at));
		*at = stop != NULL ? stop + 1 : end;
	} while (*at < end && strchr(" \t", **at) != NULL);
	stop = *at;
	while (stop > begin && strchr(blanks, stop[-1]) != NULL) {
		stop--;
	}
	return stop;
}

/* Read "NAME" or "NAME[FORM]"; false where it is neither. */
static bool
read_name(const char *begin, const char *end, struct phrase *out)
{
	const char *form = memchr(begin, '[', (size_t)(end - begin));

	if (begin == end || form == begin || isspace((unsigned char)*begin) ||
	    memchr(begin, '\n', (size_t)(end - begin)) != NULL ||
	    (form != NULL && end[-1] != ']')) {
		return false;
	}
	out->name_len = (size_t)((form != NULL ? form : end) - begin);
	if (form != NULL) {
		out->form = form + 1;
		out->form_len = (size_t)(end - 1 - out->form);
	}
	return true;
}

enum phrase_result
phrase_next(const char **at, const char *end, struct phrase *out)
{
	const char *stop;
	const char *sign;

	do {
		if (*at == end) {
			return PHRASE_END;
		}
		*out = (struct phrase){ .name = *at };
		stop = end_of_entry(at, end);
	} while (stop == out->name || *out->name == '#');
	sign = memmem(out->name, (size_t)(*at - out->name), " = ", 3);
	if (sign == NULL || !read_name(out->name, sign, out)) {
		return PHRASE_WRONG;
	}
	out->text = sign + 3;
	while (out->text < stop && strchr(blanks, *out->text) != NULL) {
		out->text++;
	}
	out->text_len = stop > out->text ? (size_t)(stop - out->text) : 0;
	return PHRASE_FOUND;
}

/* ---- what is wrong with one ---- */

/* Whether it says something of the language, and is no phrase. */
static bool
is_setting(const struct phrase *phrase)
{
	return strncmp(phrase->name, "language-", 9) == 0 ||
	       strncmp(phrase->name, "plural[", 7) == 0;
}

/* A comment is no text. */
static bool
is_empty(const struct phrase *phrase)
{
	return phrase->text_len == 0 ||
	       (strncmp(phrase->text, "{{!", 3) == 0 &&
		   memmem(phrase->text, phrase->text_len, "}}", 2) ==
		       phrase->text + phrase->text_len - 2);
}

static bool
has_phrase(const char *text, size_t size, const struct phrase *wanted)
{
	const char *at = text;
	struct phrase phrase;
	enum phrase_result result;

	while (
	    (result = phrase_next(&at, text + size, &phrase)) != PHRASE_END) {
		if (result == PHRASE_FOUND &&
		    phrase.name_len == wanted->name_len &&
		    memcmp(phrase.name, wanted->name, wanted->name_len) == 0) {
			return true;
		}
	}
	return false;
}

/* Whether a phrase of that name is compiled in, in whatever language. */
static bool
is_built_in(const struct phrase *phrase)
{
	bool is = false;

	for (const struct embedded *file = phrase_files; file->name != NULL;
	     file++) {
		is |= has_phrase(file->data, file->size, phrase);
	}
	return is;
}

/* Whether a file of the owner's shows the phrase. */
static bool
is_shown(const char *folder, const struct phrase *phrase)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	char wanted[LANGUAGE_NAMES_SIZE];
	struct text text;
	bool is = false;

	text_init(&text, wanted, sizeof(wanted));
	text_add(&text, "{{");
	text_add_bytes(&text, phrase->name, phrase->name_len);
	text_add(&text, "}}");
	while (dir != NULL && !is && !text.cut &&
	       (entry = readdir(dir)) != /* NOLINT(concurrency-mt-unsafe) */
		   NULL) {
		char why[FILE_WHY_SIZE];
		char path[PATH_MAX];
		char *own;

		(void)text_print(
		    path, sizeof(path), "%s/%s", folder, entry->d_name);
		own = file_read_text(path, OWN_FILE_MAX, why);
		is = own != NULL && strstr(own, wanted) != NULL;
		free(own);
	}
	if (dir != NULL) {
		(void)closedir(dir);
	}
	return is;
}

static void
add_name(struct text *names, const struct phrase *phrase)
{
	if (names->len + phrase->name_len + 3 < names->size) {
		text_add(names, names->len > 0 ? ", " : "");
		text_add_bytes(names, phrase->name, phrase->name_len);
	}
}

/* Which of the phrases compiled in for the language fallen back on are neither
 * in `own` nor compiled in for this one. */
static void
find_lacks(const char *tag, const char *own, struct language_faults *out)
{
	char name[LANGUAGE_FILE_SIZE];
	const struct embedded *all = embedded_find(
	    phrase_files, language_file(LANGUAGE_FALLBACK, name));
	const struct embedded *built_in = embedded_find(
	    phrase_files, language_file(tag, name));
	const char *at = all->data;
	struct phrase phrase;
	struct phrase before = { .name = "" };
	struct text names;

	text_init(&names, out->lacking, sizeof(out->lacking));
	while (
	    phrase_next(&at, all->data + all->size, &phrase) == PHRASE_FOUND) {
		const bool again = before.name_len == phrase.name_len &&
				   memcmp(before.name, phrase.name,
				       phrase.name_len) == 0;

		before = phrase;
		if (!again && !is_setting(&phrase) && !is_empty(&phrase) &&
		    !has_phrase(own, strlen(own), &phrase) &&
		    (built_in == NULL ||
			!has_phrase(built_in->data, built_in->size, &phrase))) {
			out->lacks++;
			add_name(&names, &phrase);
		}
	}
}

bool
language_check(const char *folder, const char *tag, struct language_faults *out)
{
	char name[LANGUAGE_FILE_SIZE];
	char why[FILE_WHY_SIZE];
	char path[PATH_MAX];
	enum phrase_result result;
	struct phrase phrase;
	struct text text;
	const char *at;
	char *own;

	*out = (struct language_faults){ .lacks = 0 };
	(void)text_print(
	    path, sizeof(path), "%s/%s", folder, language_file(tag, name));
	own = file_read_text(path, OWN_FILE_MAX, why);
	if (own == NULL) {
		return false;
	}
	find_lacks(tag, own, out);
	text_init(&text, out->strange, sizeof(out->strange));
	at = own;
	while ((result = phrase_next(&at, own + strlen(own), &phrase)) !=
	       PHRASE_END) {
		if (result == PHRASE_WRONG && out->wrong[0] == '\0') {
			struct text line;

			text_init(&line, out->wrong, sizeof(out->wrong));
			text_add_bytes(
			    &line, phrase.name, strcspn(phrase.name, "\n"));
		} else if (result == PHRASE_FOUND && !is_setting(&phrase) &&
			   /* There are as many as places. */
			   strncmp(phrase.name, "zone-", 5) != 0 &&
			   !is_built_in(&phrase) &&
			   !is_shown(folder, &phrase)) {
			out->unknown++;
			add_name(&text, &phrase);
		}
	}
	free(own);
	return true;
}
