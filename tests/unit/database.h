/*
 * New databases: the store makes the first of a process, which takes as long as
 * most tests, and the others are copies.
 */
#ifndef UNIT_DATABASE_H
#define UNIT_DATABASE_H

#include "check.h"

#include <stdio.h>
#include <unistd.h>

#include "store/store.h"

static inline struct store *
new_database(const char *path)
{
	static unsigned char made[1 << 20];
	static size_t size;
	char error[STORE_ERROR_SIZE];
	const bool first = size == 0;
	struct store *store = NULL;
	FILE *file;

	if (first) {
		assert_int_equal(
		    store_open(&store, path, STORE_WRITE, 0, error), STORE_OK);
		store_close(store); /* all is in the one file then */
	}
	file = fopen(path, first ? "r" : "w");
	assert_non_null(file);
	size = first ? fread(made, 1, sizeof(made), file)
		     : fwrite(made, 1, size, file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(
	    store_open(&store, path, STORE_WRITE, 1000, error), STORE_OK);
	return store;
}

static inline void
remove_database(const char *path)
{
	static const char *const tails[] = { "", "-wal", "-shm", "-journal" };
	char side[160];

	for (size_t i = 0; i < COUNT(tails); i++) {
		(void)snprintf(side, sizeof(side), "%s%s", path, tails[i]);
		(void)unlink(side);
	}
}

#endif
