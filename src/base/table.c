#include "base/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/proc.h"
#include "base/text.h"

struct sip {
	uint64_t v0, v1, v2, v3;
};

static uint64_t
rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

/* Eight bytes, the lowest first. */
static uint64_t
word(const unsigned char *bytes, size_t len)
{
	uint64_t word = 0;

	for (size_t i = 0; i < len; i++) {
		word |= (uint64_t)bytes[i] << (8 * i);
	}
	return word;
}

static void
rounds(struct sip *s, int count)
{
	while (count-- > 0) {
		s->v0 += s->v1;
		s->v1 = rotate(s->v1, 13) ^ s->v0;
		s->v0 = rotate(s->v0, 32);
		s->v2 += s->v3;
		s->v3 = rotate(s->v3, 16) ^ s->v2;
		s->v0 += s->v3;
		s->v3 = rotate(s->v3, 21) ^ s->v0;
		s->v2 += s->v1;
		s->v1 = rotate(s->v1, 17) ^ s->v2;
		s->v2 = rotate(s->v2, 32);
	}
}

static void
take(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	rounds(s, 2);
	s->v0 ^= word;
}

uint64_t
hash_bytes(const unsigned char key[static HASH_KEY_SIZE], const void *bytes,
    size_t len)
{
	const unsigned char *at = bytes;
	uint64_t k0 = word(key, 8);
	uint64_t k1 = word(key + 8, 8);
	struct sip s = { k0 ^ UINT64_C(0x736f6d6570736575),
		k1 ^ UINT64_C(0x646f72616e646f6d),
		k0 ^ UINT64_C(0x6c7967656e657261),
		k1 ^ UINT64_C(0x7465646279746573) };
	uint64_t last = (uint64_t)len << 56;

	for (; len >= 8; len -= 8, at += 8) {
		take(&s, word(at, 8));
	}
	take(&s, last | word(at, len));
	s.v2 ^= 0xff;
	rounds(&s, 4);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

char *
hash_text(const unsigned char key[static HASH_KEY_SIZE], const void *bytes,
    size_t len, char text[static HASH_TEXT_SIZE])
{

	(void)text_print(
	    text, HASH_TEXT_SIZE, "%016" PRIx64, hash_bytes(key, bytes, len));
	return text;
}

enum {
	ROOM_FIRST = 64
};

void
table_init(struct table *table, size_t key_size, size_t row_size, size_t most)
{
	*table = (struct table){ .row_size = row_size,
		.key_size = key_size,
		.group_size = key_size,
		.most = most > 0 ? most : (size_t)INT32_MAX };
	proc_random(table->seed, sizeof(table->seed));
}

void
table_group(struct table *table, size_t size)
{
	table->group_size = size;
}

void
table_clear(struct table *table)
{
	free(table->row);
	free(table->link);
	free(table->first);
	table->row = NULL;
	table->link = NULL;
	table->first = NULL;
	table->rows = table->room = 0;
}

void *
table_row(const struct table *table, size_t number)
{
	return table->row + number * table->row_size;
}

size_t
table_number(const struct table *table, const void *row)
{
	return (size_t)((const unsigned char *)row - table->row) /
	       table->row_size;
}

static uint32_t
hash_of(const struct table *table, const void *key)
{
	return (uint32_t)hash_bytes(table->seed, key, table->group_size);
}

static uint32_t *
chain_of(const struct table *table, uint32_t hash)
{
	return &table->first[hash & (2 * table->room - 1)];
}

/* From `at`, a row's number + 1, the first row of a chain whose key agrees in
 * its first `len` bytes. */
static void *
seek(const struct table *table, uint32_t at, uint32_t hash, const void *key,
    size_t len)
{
	for (; at != 0; at = table->link[at - 1].next) {
		if (table->link[at - 1].hash == hash &&
		    memcmp(table_row(table, at - 1), key, len) == 0) {
			return table_row(table, at - 1);
		}
	}
	return NULL;
}

static void *
seek_all(const struct table *table, uint32_t hash, const void *key, size_t len)
{
	return table->rows == 0
		   ? NULL
		   : seek(table, *chain_of(table, hash), hash, key, len);
}

void *
table_find(const struct table *table, const void *key)
{
	return seek_all(table, hash_of(table, key), key, table->key_size);
}

void *
table_first(const struct table *table, const void *key)
{
	return seek_all(table, hash_of(table, key), key, table->group_size);
}

void *
table_next(const struct table *table, const void *row)
{
	const struct table_link *link = &table->link[table_number(table, row)];

	return seek(table, link->next, link->hash, row, table->group_size);
}

static void
put_in_chain(struct table *table, size_t number, uint32_t hash)
{
	uint32_t *first = chain_of(table, hash);

	table->link[number] = (struct table_link){ *first, hash };
	*first = (uint32_t)number + 1;
}

/* Twice the room, with all rows in their new chains.  What was had already
 * stays usable where memory ends half-way. */
static bool
grow(struct table *table)
{
	size_t room = table->room == 0 ? ROOM_FIRST : table->room * 2;
	unsigned char *row;
	struct table_link *link;
	uint32_t *first;

	row = reallocarray(table->row, room, table->row_size);
	if (row == NULL) {
		return false;
	}
	table->row = row;
	link = reallocarray(table->link, room, sizeof(*link));
	if (link == NULL) {
		return false;
	}
	table->link = link;
	first = calloc(2 * room, sizeof(*first));
	if (first == NULL) {
		return false;
	}
	free(table->first);
	table->first = first;
	table->room = room;
	for (size_t i = 0; i < table->rows; i++) {
		put_in_chain(table, i, link[i].hash);
	}
	return true;
}

void *
table_add(struct table *table, const void *key, bool *added)
{
	const uint32_t hash = hash_of(table, key);
	unsigned char *row = seek_all(table, hash, key, table->key_size);

	if (added != NULL) {
		*added = row == NULL;
	}
	if (row != NULL) {
		return row;
	}
	if (table->rows == table->most ||
	    (table->rows == table->room && !grow(table))) {
		return NULL;
	}
	row = table_row(table, table->rows);
	memcpy(row, key, table->key_size);
	memset(row + table->key_size, 0, table->row_size - table->key_size);
	put_in_chain(table, table->rows++, hash);
	return row;
}

/* What leads to a row: its chain's first, or the link of the one before. */
static uint32_t *
leads_to(struct table *table, size_t number)
{
	uint32_t *link = chain_of(table, table->link[number].hash);

	while (*link != number + 1) {
		link = &table->link[*link - 1].next;
	}
	return link;
}

void
table_remove(struct table *table, void *row)
{
	const size_t number = table_number(table, row);
	const size_t last = table->rows - 1;

	*leads_to(table, number) = table->link[number].next;
	if (number != last) {
		*leads_to(table, last) = (uint32_t)number + 1;
		table->link[number] = table->link[last];
		memcpy(row, table_row(table, last), table->row_size);
	}
	table->rows = last;
}

void *
array_grow(void *array, size_t count, size_t *room, size_t size)
{
	const size_t more = *room * 2 + 64;

	if (count < *room) {
		return array;
	}
	array = reallocarray(array, more, size);
	*room = array != NULL ? more : *room;
	return array;
}
