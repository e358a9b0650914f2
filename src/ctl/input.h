/*
 * Lines that come from outside.
 */
#ifndef CTL_INPUT_H
#define CTL_INPUT_H

#include <stdbool.h>
#include <stdio.h>

enum {
	INPUT_LINE_SIZE = 1024 /* the longest line, with its NUL */
};

/* Read up to the next line's end; what is wrong with it, or NULL.  At the end
 * of `from` it is empty and `*end` is set. */
const char *input_line(
    FILE *from, char line[static INPUT_LINE_SIZE], bool *end);

#endif
