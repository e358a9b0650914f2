#include "base/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/proc.h"

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
