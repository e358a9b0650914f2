/*
 * Files compiled into a program by scripts/embed.
 */
#ifndef BASE_EMBEDDED_H
#define BASE_EMBEDDED_H

#include <stddef.h>

/* `data` has a NUL behind its `size` bytes; a table ends with a NULL name. */
struct embedded {
	const char *name; /* the file's name without its folder */
	const char *data;
	size_t size;
};

/* The file of that name, or NULL. */
const struct embedded *embedded_find(
    const struct embedded *table, const char *name);

#endif
