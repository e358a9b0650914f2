#include "conf/language.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

#define PHRASES ".phrases"

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
	struct text out;

	text_init(&out, name, LANGUAGE_FILE_SIZE);
	text_addf(&out, "%s" PHRASES, tag);
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
