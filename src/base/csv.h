/*
 * Rows of CSV (RFC 4180), one a line: no field holds the end of one.
 */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include <stddef.h>

/*
 * Cut a line into its fields, in place, at each `separator`; quotes around a
 * field go.  What is wrong with it, or NULL with `*fields` set: at most `most`.
 */
const char *csv_split(
    char *line, char separator, char **field, size_t most, size_t *fields);

#endif
