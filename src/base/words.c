#include "base/words.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"

enum {
	LENGTH_MAX = 40 /* longer words are like no other */
};

const char *
words_at(const struct words *words, size_t place)
{
	const char *row = words->first;

	return *(
	    const char *const *)(const void *)(row + place * words->stride);
}

size_t
words_find(const struct words *words, const char *word)
{
	size_t i = 0;

	while (i < words->count && strcmp(words_at(words, i), word) != 0) {
		i++;
	}
	return i;
}

bool
words_parse(const struct words *words, const char *word, void *out)
{
	size_t place = words_find(words, word);

	if (place == words->count) {
		return false;
	}
	*(unsigned *)out = (unsigned)place;
	return true;
}

void
words_list(struct text *to, const struct words *words)
{
	for (size_t i = 0; i < words->count; i++) {
		if (i > 0) {
			text_add(to, i + 1 < words->count ? ", " : " or ");
		}
		text_add(to, words_at(words, i));
	}
}

static bool
same_letter(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many letters have to be put in, left out, changed or swapped with their
 * neighbour (optimal string alignment), whatever their case. */
static size_t
distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	/* Three lines of the matrix, by turns. */
	size_t line[3][LENGTH_MAX + 1];

	for (size_t j = 0; j <= b_len; j++) {
		line[0][j] = j;
	}
	for (size_t i = 1; i <= a_len; i++) {
		size_t *here = line[i % 3];
		const size_t *up = line[(i - 1) % 3];
		const size_t *two_up = line[(i + 1) % 3];

		here[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			here[j] = least(least(up[j], here[j - 1]) + 1,
			    up[j - 1] + !same_letter(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
			    same_letter(a[i - 2], b[j - 1])) {
				here[j] = least(here[j], two_up[j - 2] + 1);
			}
		}
	}
	return line[a_len % 3][b_len];
}

void
nearest_offer(struct nearest *nearest, const char *word)
{
	const size_t written = strlen(nearest->written);
	const size_t len = strlen(word);
	size_t far;

	if (written > LENGTH_MAX || len > LENGTH_MAX) {
		return;
	}
	far = distance(nearest->written, written, word, len);
	/* A third of the letters may be wrong: of "limt" one. */
	if (far * 3 <= written + 1 &&
	    (nearest->word == NULL || far < nearest->distance)) {
		nearest->word = word;
		nearest->distance = far;
	}
}

const char *
words_nearest(const struct words *words, const char *written)
{
	struct nearest nearest = { .written = written };

	for (size_t i = 0; i < words->count; i++) {
		nearest_offer(&nearest, words_at(words, i));
	}
	return nearest.word;
}
