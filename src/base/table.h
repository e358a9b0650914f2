/*
 * A keyed hash, and a hash table of rows that begin with their key.
 *
 * The rows stand in one block without gaps, 0 to rows - 1, so that they can be
 * walked; the block grows as it is filled, up to a most.  Where a key stands
 * depends on a seed of this process: nobody outside can aim many keys at one
 * place.  No lock; the owner has one where threads share it.
 *
 * Keys are compared by their bytes: of a struct, clear the padding.  Rows move
 * when others are added or removed: pointers to them last until then.
 */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	HASH_KEY_SIZE = 16,
	HASH_TEXT_SIZE = 17 /* sixteen hexadecimal digits and NUL */
};

/*
 * SipHash-2-4 (Aumasson and Bernstein, 2012): cannot be guessed at without
 * its key.  Also for user names and for the marks by which a log file is
 * known again.
 */
uint64_t hash_bytes(const unsigned char key[static HASH_KEY_SIZE],
    const void *bytes, size_t len);

/* The same as text; returns `text`. */
char *hash_text(const unsigned char key[static HASH_KEY_SIZE],
    const void *bytes, size_t len, char text[static HASH_TEXT_SIZE]);

struct table_link {
	uint32_t next; /* row + 1 of the next in this chain, 0 for none */
	uint32_t hash;
};

struct table {
	unsigned char *row;
	size_t rows;
	size_t row_size;
	size_t key_size;
	size_t group_size; /* see table_group() */
	size_t most;
	struct table_link *link; /* one for each row */
	uint32_t *first;         /* row + 1 of each chain's first, 0: none */
	size_t room;             /* of row and link; 2 * room chains */
	unsigned char seed[HASH_KEY_SIZE];
};

/* An empty table of at most `most` rows (0: 2^31) of `row_size` bytes, the
 * first `key_size` of which are the key. */
void table_init(
    struct table *table, size_t key_size, size_t row_size, size_t most);

/* Remove all rows and give back their memory. */
void table_clear(struct table *table);

/* The row of that key, or NULL. */
void *table_find(const struct table *table, const void *key);

/* The row of that key, added where there is none, all zero behind the key.
 * *added, unless NULL, says which.  NULL where it would be one too many or
 * there is no memory. */
void *table_add(struct table *table, const void *key, bool *added);

/* Remove a row; the last one takes its place.  Walk from the last to the
 * first to remove on the way. */
void table_remove(struct table *table, void *row);

/* The row with that number, and the number of a row. */
void *table_row(const struct table *table, size_t number);
size_t table_number(const struct table *table, const void *row);

/*
 * Rows whose keys agree in their first `size` bytes can be walked as well:
 * say so right after table_init(), then table_first() and table_next() give
 * one after the other, in no order; NULL behind the last.
 */
void table_group(struct table *table, size_t size);
void *table_first(const struct table *table, const void *key);
void *table_next(const struct table *table, const void *row);

/* An array of `count` without keys, with room for one more: where it stands
 * now.  NULL where there is no memory, and it stays as it was. */
void *array_grow(void *array, size_t count, size_t *room, size_t size);

#endif
