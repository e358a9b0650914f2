/*
 * What people read: safe text, local times, aligned tables, complaints; and
 * JSON on standard output.
 *
 * Nothing that came from outside reaches the terminal with a control
 * character in it.
 */
#ifndef CTL_PRINT_H
#define CTL_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct json;

enum {
	PRINT_TIME_SIZE = 64,
	PRINT_COUNT_SIZE = 64,
	PRINT_COLUMNS_MAX = 10
};

/* Write text, every byte that is nothing to print as '?'. */
void print_safe(FILE *to, const char *text);

/* A line on standard output, made safe. */
void print_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line on standard error, made safe, "videur: " before it. */
void print_complaint(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* What is wrong with a file, "FILE:LINE: what", on standard error as it is,
 * but made safe. */
void print_wrong(const char *what);

/* "2026-11-21 19:05:42 CET": local time and its zone; returns `text`. */
char *print_time(int64_t at, char text[static PRINT_TIME_SIZE]);

/* "1 ban", "2 bans", "0 bans"; returns `text`. */
char *print_count(int64_t count, const char *one, const char *many,
    char text[static PRINT_COUNT_SIZE]);

/* Start JSON on standard output, and end it with a line's end. */
void print_json_begin(struct json *json);
void print_json_end(struct json *json);

/*
 * A table whose columns are as wide as what stands in them.  Every row is
 * given twice: first it is only measured, then, after table_print(), it is
 * written, so that no number of rows has to be held in memory.
 */
/* base/table.h has these names for something else. */
#define table_init printed_init
#define table_row  printed_row

struct table {
	const char *const *head; /* one a column; borrowed */
	size_t columns;
	uint32_t right;   /* bit n: column n is aligned to the right */
	const char *lead; /* what each line begins with; borrowed */
	size_t width[PRINT_COLUMNS_MAX];
	bool printing;
	int64_t rows; /* given since table_init() or table_print() */
};

void table_init(struct table *table, const char *const *head, size_t columns,
    uint32_t right, const char *lead);
/* All rows have been measured: write the head, rows follow. */
void table_print(struct table *table);
void table_row(struct table *table, const char *const *cell);

#endif
