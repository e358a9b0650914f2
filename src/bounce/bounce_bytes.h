/*
 * Looking at foreign bytes, for what reads a bounce: never behind their end,
 * and by no locale.
 */
#ifndef BOUNCE_BYTES_H
#define BOUNCE_BYTES_H

#include <stdbool.h>
#include <stddef.h>

struct bytes {
	const char *text; /* borrowed; may hold NUL */
	size_t len;
};

/* ASCII only; a word is made of letters, digits and '_'. */
bool bytes_is_digit(char c);
bool bytes_is_letter(char c);
bool bytes_is_word(char c);
bool bytes_is_space(char c); /* a line's end is one */
char bytes_upper(char c);

/* The byte at `at`, and the one before it; where there is none, a blank. */
char bytes_peek(const struct bytes *in, size_t at);
char bytes_before(const struct bytes *in, size_t at);

/* Where the white space at `at` ends; of very much, only so far. */
size_t bytes_skip_space(const struct bytes *in, size_t at);

bool bytes_are_digits(const struct bytes *in, size_t at, size_t count);

/* How many bytes at `at` are those words, in any case and with any white
 * space for a blank; 0 where they are not. */
size_t bytes_words(const struct bytes *in, size_t at, const char *words);

/* The same, and no word goes on behind them. */
size_t bytes_whole_words(const struct bytes *in, size_t at, const char *words);

/* How many bytes at `at` are an enhanced code "4.7.1" (RFC 3463), or 0. */
size_t bytes_enhanced(const struct bytes *in, size_t at);

#endif
