/*
 * Words and what they stand for: the vocabulary of settings, arguments and
 * rows.
 *
 * A table of words is an array by the values of an enum, of texts or of
 * structs that begin with one.  Nothing here allocates or does I/O.
 */
#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

struct text;

struct words {
	const void *first;
	size_t stride; /* bytes from one to the next */
	size_t count;
};

/* That of an array. */
#define WORDS_OF(array)                                                        \
	{                                                                      \
		(array), sizeof((array)[0]),                                   \
		    sizeof(array) / sizeof((array)[0])                         \
	}

/* The word at a place below `count`. */
const char *words_at(const struct words *words, size_t place);

/* The place of `word` (exact), or `count`. */
size_t words_find(const struct words *words, const char *word);

/* Read a word into an enum whose values are the places: `out` points to it,
 * and is left alone on false. */
bool words_parse(const struct words *words, const char *word, void *out);

/* Write "milter, watch or none". */
void words_list(struct text *to, const struct words *words);

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
const char *words_nearest(const struct words *words, const char *written);

#endif
