/*
 * SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash that cannot be
 * guessed at without its key, for user names and for the marks by which a
 * log file is known again.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

enum {
	HASH_KEY_SIZE = 16,
	HASH_TEXT_SIZE = 17 /* sixteen hexadecimal digits and NUL */
};

uint64_t hash_bytes(const unsigned char key[static HASH_KEY_SIZE],
    const void *bytes, size_t len);

/* The same as text; returns `text`. */
char *hash_text(const unsigned char key[static HASH_KEY_SIZE],
    const void *bytes, size_t len, char text[static HASH_TEXT_SIZE]);

#endif
