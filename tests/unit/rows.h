/*
 * Rows out of tests/data: "== NAME" begins a table; each row is its sentence
 * and then, behind a tab, its fields, with " | " between them.  "-" is
 * an empty one and "none" NULL.
 */
#ifndef UNIT_ROWS_H
#define UNIT_ROWS_H

#include "check.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	ROWS_FIELDS = 8
};

struct rows {
	FILE *file;
	size_t count;
	char sentence[160];
	char line[1024];
	const char *field[ROWS_FIELDS]; /* "" behind the last */
};

static inline void
rows_open(struct rows *rows, const char *file, const char *table)
{
	char path[64], head[64];

	(void)snprintf(path, sizeof(path), "tests/data/%s", file);
	(void)snprintf(head, sizeof(head), "== %s\n", table);
	rows->count = 0;
	rows->file = fopen(path, "r");
	assert_non_null(rows->file);
	do {
		if (fgets(rows->line, sizeof(rows->line), rows->file) == NULL) {
			fail_msg("%s: no table %s", path, table);
		}
	} while (strcmp(rows->line, head) != 0);
}

/* The next line of the table; false, and closed, behind the last. */
static inline bool
rows_line(struct rows *rows, char *line, int size)
{
	if (fgets(line, size, rows->file) == NULL ||
	    strncmp(line, "== ", 3) == 0) {
		assert_true(rows->count > 0);
		assert_int_equal(fclose(rows->file), 0);
		return false;
	}
	line[strcspn(line, "\n")] = '\0';
	rows->count++;
	return true;
}

/* "\\n", "\\r", "\\t", "\\x7f" and "\\\\" in a field. */
static inline void
rows_unescape(char *at)
{
	static const char signs[] = "nrt\\", bytes[] = "\n\r\t\\";
	char *to = at;

	for (; *at != '\0'; at++, to++) {
		const char *sign = *at == '\\' ? strchr(signs, at[1]) : NULL;
		unsigned byte;

		*to = *at;
		if (sign != NULL && *sign != '\0') {
			*to = bytes[sign - signs];
			at++;
		} else if (sscanf(at, "\\x%2x", &byte) == 1) {
			*to = (char)byte;
			at += 3;
		}
	}
	*to = '\0';
}

static inline bool
rows_next(struct rows *rows)
{
	char *at = rows->line + 1;

	do {
		if (!rows_line(
			rows, rows->sentence, (int)sizeof(rows->sentence))) {
			return false;
		}
	} while (rows->sentence[0] == '\0');
	assert_true(rows_line(rows, rows->line, (int)sizeof(rows->line)));
	check_int(rows->sentence, rows->line[0], '\t');
	for (size_t i = 0; i < ROWS_FIELDS; i++) {
		char *end = strstr(at, " | ");
		char *next = end != NULL ? end + 3 : at + strlen(at);

		if (end != NULL) {
			*end = '\0';
		}
		rows->field[i] = strcmp(at, "none") == 0 ? NULL
				 : strcmp(at, "-") == 0  ? ""
							 : at;
		rows_unescape(at);
		at = next;
	}
	return true;
}

static inline int64_t
rows_number(const struct rows *rows, size_t field)
{
	return strtoll(rows->field[field], NULL, 10);
}

/* A field against what came. */
static inline void
rows_check(const struct rows *rows, size_t field, const char *got)
{
	check_text(rows->sentence, got, rows->field[field]);
}

static inline void
rows_check_int(const struct rows *rows, size_t field, int64_t got)
{
	check_int(rows->sentence, got, rows_number(rows, field));
}

#endif
