#include "rules/set.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/embedded.h"
#include "base/text.h"
#include "conf/source.h"

/* The .rule files beside this one, by scripts/embed. */
extern const struct embedded rule_files[];

enum {
	FILES_MAX = 256
};

/* A rule file: compiled in, or the administrator's. */
struct file {
	const char *name;               /* without its folder; borrowed */
	const struct embedded *shipped; /* or NULL: in the folder */
};

struct file_list {
	struct file file[FILES_MAX];
	size_t files;
	struct dirent **entry; /* the folder's, by name */
	int entries;
};

static void
say_errno(char error[static RULES_ERROR_SIZE], const char *name)
{
	char reason[128];
	struct text what;

	text_init(&what, error, RULES_ERROR_SIZE);
	text_addf(
	    &what, "%s: %s", name, strerror_r(errno, reason, sizeof(reason)));
}

/* ---- which files ---- */

static int
is_rule_file(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return entry->d_name[0] != '.' && dot != NULL &&
	       strcmp(dot, ".rule") == 0;
}

/* By byte, whatever the locale. */
static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static bool
scan_folder(const char *folder, struct file_list *list,
    char error[static RULES_ERROR_SIZE])
{
	if (folder == NULL || folder[0] == '\0') {
		return true;
	}
	list->entries = scandir(folder, &list->entry, is_rule_file, by_name);
	if (list->entries < 0) {
		list->entries = 0;
		if (errno != ENOENT) {
			say_errno(error, folder);
			return false;
		}
	}
	return true;
}

static void
clear_list(struct file_list *list)
{
	for (int i = 0; i < list->entries; i++) {
		free(list->entry[i]);
	}
	free(list->entry);
}

static void
add_file(
    struct file_list *list, const char *name, const struct embedded *shipped)
{
	if (list->files < FILES_MAX) {
		list->file[list->files] = (struct file){ name, shipped };
	}
	list->files++;
}

static int
compare_files(const void *a, const void *b)
{
	return strcmp(
	    ((const struct file *)a)->name, ((const struct file *)b)->name);
}

/* The folder's files and those compiled in that it has none for, in the
 * order of their names. */
static bool
choose_files(struct file_list *list, const char *folder,
    char error[static RULES_ERROR_SIZE])
{
	for (int i = 0; i < list->entries; i++) {
		add_file(list, list->entry[i]->d_name, NULL);
	}
	for (const struct embedded *at = rule_files; at->name != NULL; at++) {
		bool replaced = false;

		for (int i = 0; i < list->entries; i++) {
			replaced |= strcmp(list->entry[i]->d_name, at->name) ==
				    0;
		}
		if (!replaced) {
			add_file(list, at->name, at);
		}
	}
	if (list->files > FILES_MAX) {
		struct text what;

		text_init(&what, error, RULES_ERROR_SIZE);
		text_addf(&what, "%s: more than %d rule files", folder,
		    (int)FILES_MAX);
		return false;
	}
	qsort(list->file, list->files, sizeof(list->file[0]), compare_files);
	return true;
}

/* ---- reading them ---- */

static bool
read_shipped(struct book *book, const struct embedded *shipped,
    char error[static RULES_ERROR_SIZE])
{
	char name[BOOK_FILE_SIZE];
	struct text out;

	text_init(&out, name, sizeof(name));
	text_addf(&out, "%s (built in)", shipped->name);
	return book_read(book, name, shipped->data, error);
}

static bool
read_own(struct book *book, const char *folder, const char *name,
    char error[static RULES_ERROR_SIZE])
{
	char path[BOOK_FILE_SIZE];
	char reason[CONF_ERROR_SIZE] = "its name is too long";
	struct text out;
	bool missing;
	bool fine;
	char *text;

	text_init(&out, path, sizeof(path));
	text_addf(&out, "%s/%s", folder, name);
	text = out.cut ? NULL : source_read(path, &missing, reason);
	if (text == NULL) {
		text_init(&out, error, RULES_ERROR_SIZE);
		text_addf(&out, "%s: %s", path, reason);
		return false;
	}
	fine = book_read(book, path, text, error);
	free(text);
	return fine;
}

static bool
read_files(
    struct book *book, const char *folder, char error[static RULES_ERROR_SIZE])
{
	struct file_list *list = calloc(1, sizeof(*list));
	bool fine;

	if (list == NULL) {
		say_errno(error, "rules");
		return false;
	}
	fine = scan_folder(folder, list, error) &&
	       choose_files(list, folder, error);
	for (size_t i = 0; fine && i < list->files; i++) {
		const struct file *file = &list->file[i];

		fine = file->shipped != NULL
			   ? read_shipped(book, file->shipped, error)
			   : read_own(book, folder, file->name, error);
	}
	clear_list(list);
	free(list);
	return fine;
}

/* ---- the set ---- */

static bool
flatten(struct rules *rules)
{
	size_t n = 0;

	rules->probe = calloc(rules->book.patterns + 1, sizeof(*rules->probe));
	if (rules->probe == NULL) {
		return false;
	}
	for (size_t i = 0; i < rules->book.rules; i++) {
		const struct book_rule *rule = rules->book.rule[i];

		for (size_t j = 0; j < rule->match.items; j++) {
			rules->probe[n++] = (struct probe){
				&rule->match.item[j], rule
			};
		}
	}
	rules->probes = n;
	return true;
}

struct rules *
rules_load(const char *folder, char error[static RULES_ERROR_SIZE])
{
	struct rules *rules = calloc(1, sizeof(*rules));

	error[0] = '\0';
	if (rules == NULL) {
		say_errno(error, "rules");
		return NULL;
	}
	if (!read_files(&rules->book, folder, error)) {
		rules_free(rules);
		return NULL;
	}
	if (!flatten(rules)) {
		say_errno(error, "rules");
		rules_free(rules);
		return NULL;
	}
	return rules;
}

void
rules_free(struct rules *rules)
{
	if (rules != NULL) {
		book_clear(&rules->book);
		free(rules->probe);
		free(rules);
	}
}

void
rules_each(const struct rules *rules,
    void (*each)(void *to, const struct rules_info *info), void *to)
{
	for (size_t i = 0; i < rules->book.rules; i++) {
		const struct book_rule *rule = rules->book.rule[i];
		const struct rules_info info = {
			.name = rule->name,
			.file = rule->file,
			.tags = rule->tags_text,
			.what = rule->what,
			.kind = rule->kind,
			.about = rule->about,
		};

		each(to, &info);
	}
}
