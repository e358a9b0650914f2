#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/embedded.h"
#include "base/text.h"
#include "conf/parse.h"
#include "rules/rule_file.h"

/* The .rule files beside this one, by scripts/embed. */
extern const struct embedded rule_files[];

enum {
	FILES_MAX = 256
};

static bool
fail(char error[static RULES_ERROR_SIZE], const char *name, const char *why)
{
	struct text what;

	text_init(&what, error, RULES_ERROR_SIZE);
	text_addf(&what, "%s: %s", name, why);
	return false;
}

/* ---- the administrator's folder ---- */

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

struct folder {
	const char *path;
	struct dirent **entry; /* its rule files, by name */
	int entries;
};

/* ---- all files ---- */

/* The name behind `last` (NULL: the first) in the order of bytes, of the
 * folder's and the shipped files; *shipped is NULL where the folder has it,
 * which then takes the shipped one's place.  NULL behind the last. */
static const char *
next_name(const struct folder *folder, const char *last,
    const struct embedded **shipped)
{
	const char *next = NULL;

	*shipped = NULL;
	for (int i = 0; i < folder->entries && next == NULL; i++) {
		const char *name = folder->entry[i]->d_name;

		next = last == NULL || strcmp(name, last) > 0 ? name : NULL;
	}
	for (const struct embedded *at = rule_files; at->name != NULL; at++) {
		if ((last == NULL || strcmp(at->name, last) > 0) &&
		    (next == NULL || strcmp(at->name, next) < 0)) {
			next = at->name;
			*shipped = at;
		}
	}
	return next;
}

static bool
read_files(struct rules *rules, const struct folder *folder,
    char error[static RULES_ERROR_SIZE])
{
	const struct embedded *shipped;
	const char *name = NULL;
	size_t files = 0;
	bool fine = true;

	while (fine && (name = next_name(folder, name, &shipped)) != NULL) {
		char path[RULE_FILE_SIZE];
		struct text out;
		char *text;

		if (files++ == FILES_MAX) {
			return fail(
			    error, folder->path, "more than 256 rule files");
		}
		text_init(&out, path, sizeof(path));
		if (shipped != NULL) {
			text_addf(&out, "%s (built in)", name);
			fine = rule_file_read(
			    rules, path, shipped->data, error);
			continue;
		}
		text_addf(&out, "%s/%s", folder->path, name);
		if (out.cut) {
			return fail(error, path, "its name is too long");
		}
		text = parse_read(path, error);
		fine = text != NULL && rule_file_read(rules, path, text, error);
		free(text);
	}
	return fine;
}

/* ---- the set ---- */

struct rules *
rules_load(const char *folder, char error[static RULES_ERROR_SIZE])
{
	struct rules *rules = calloc(1, sizeof(*rules));
	struct folder own = { .path = folder };
	bool fine;
	size_t n = 0;

	if (folder != NULL && folder[0] != '\0') {
		own.entries = scandir(
		    folder, &own.entry, is_rule_file, by_name);
	}
	/* One that does not exist holds none. */
	fine = own.entries >= 0 || errno == ENOENT ||
	       fail(error, folder, strerrordesc_np(errno));
	if (rules == NULL) {
		fine = fail(error, "rules", "out of memory");
	}
	fine = fine && read_files(rules, &own, error);
	while (own.entries > 0) {
		free(own.entry[--own.entries]);
	}
	free(own.entry);
	if (fine) {
		rules->probe = calloc(
		    rules->patterns + 1, sizeof(*rules->probe));
		fine = rules->probe != NULL ||
		       fail(error, "rules", "out of memory");
	}
	if (!fine) {
		rules_free(rules);
		return NULL;
	}
	for (size_t i = 0; i < rules->rules; i++) {
		const struct log_rule *rule = rules->rule[i];

		for (size_t j = 0; j < rule->match.items; j++) {
			rules->probe[n++] = (struct probe){
				&rule->match.item[j], rule
			};
		}
	}
	return rules;
}

void
rules_free(struct rules *rules)
{
	if (rules != NULL) {
		free(rules->probe);
		rule_file_clear(rules);
		free(rules);
	}
}
