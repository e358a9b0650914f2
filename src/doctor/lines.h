/*
 * "NAME = VALUE", a line each, as postconf prints it; "KEY<tab>VALUE" of
 * postmap.
 */
#ifndef DOCTOR_LINES_H
#define DOCTOR_LINES_H

#include <stdbool.h>
#include <stddef.h>

enum {
	LINES_MAX = 2048
};

struct lines {
	struct {
		char *name;
		const char *value;
	} line[LINES_MAX];
	size_t lines;
	bool cut; /* there were more */
};

/* Split `text` in place; names and values are borrowed from it.  Lines of
 * another form are passed over. */
void lines_split(char *text, const char *between, struct lines *out);

/* The value of the first line of that name, or NULL. */
const char *lines_get(const struct lines *lines, const char *name);

#endif
