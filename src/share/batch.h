/*
 * Entries on their way to the server: lists as PostgreSQL writes arrays.
 */
#ifndef SHARE_BATCH_H
#define SHARE_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "store/shared.h"

enum batch_list {
	BATCH_SORTS,
	BATCH_KEYS,
	BATCH_KEEPS,
	BATCH_BODIES,
	BATCH_LISTS
};

struct batch {
	char *list[BATCH_LISTS]; /* after batch_end() */
	size_t size[BATCH_LISTS];
	FILE *file[BATCH_LISTS];
	int64_t first; /* seq of the first */
	int64_t count;
};

/* False where there is no memory; then there is nothing to free. */
bool batch_begin(struct batch *batch);
/* For store_share_take(). */
void batch_add(void *to, const struct share_entry *entry);
/* False where there was no memory. */
bool batch_end(struct batch *batch);
void batch_free(struct batch *batch);

#endif
