/*
 * Words and what they stand for: the vocabulary of settings, arguments and
 * rows.
 *
 * A table of words is an array by the values of an enum.  Nothing here
 * allocates or does I/O.
 */
#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

struct text;

/* The place of `word` (exact), or `count`. */
size_t words_find(const char *const *words, size_t count, const char *word);

/* Write "milter, watch or none". */
void words_list(struct text *to, const char *const *words, size_t count);

/*
 * The nearest of several words to one that was written, for "did you mean":
 * begin with { .written = ... } and offer one after the other.  `word` is
 * then the nearest, borrowed, or NULL where none is near enough to be meant.
 */
struct nearest {
	const char *written;
	const char *word;
	size_t distance;
};
void nearest_offer(struct nearest *nearest, const char *word);

/* The same over a table of words. */
const char *words_nearest(
    const char *const *words, size_t count, const char *written);

#endif
