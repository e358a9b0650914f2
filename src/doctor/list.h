/*
 * The lists of Postfix's settings: items apart by commas and blanks, where
 * what stands in braces is one item.
 */
#ifndef DOCTOR_LIST_H
#define DOCTOR_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct text;

/* Take the next item of *at and move behind it; false where there is none.
 * An item that does not fit is given cut. */
bool list_next(const char **at, char *item, size_t size);

/* Write a list without a blank, as `postconf -P` wants it. */
void list_pack(struct text *to, const char *list);

/* Write a word so that a shell takes it as one. */
void list_quote(struct text *to, const char *word);

#endif
