/*
 * How many bans are live, and of how many.
 */
#include <stdlib.h>
#include <string.h>

#include "base/proc.h"
#include "base/table.h"
#include "store/db.h"

enum {
	/* Live ones are so many, and one in so many that are kept. */
	FEW = 1000,
	FEW_OF = 8,
	/* By the first bits of a hash: to sort many small lists is cheaper. */
	LIST_BITS = 10,
	LISTS = 1 << LIST_BITS
};

/* Who has a live ban, once for each: a hash of 64 bits, the last two of which
 * say what sort of client it is. */
struct clients {
	unsigned char key[HASH_KEY_SIZE];
	struct list {
		uint64_t *hash;
		size_t count;
		size_t room;
	} list[LISTS];
};

/* A single address is written without a length. */
static void
note_client(struct store *store, struct clients *clients, const char *client)
{
	const size_t len = strlen(client);
	const uint64_t sort = (memchr(client, '/', len) != NULL ? 2 : 0) |
			      (memchr(client, ':', len) != NULL ? 1 : 0);
	const uint64_t hash = hash_bytes(clients->key, client, len);
	struct list *list = &clients->list[hash >> (64 - LIST_BITS)];
	uint64_t *hashes = array_grow(
	    list->hash, list->count, &list->room, sizeof(uint64_t));

	if (hashes == NULL) {
		db_fail(store, STORE_FAILED, "out of memory");
		return;
	}
	list->hash = hashes;
	list->hash[list->count++] = (hash & ~UINT64_C(3)) | sort;
}

static int
by_number(const void *a, const void *b)
{
	const uint64_t one = *(const uint64_t *)a;
	const uint64_t other = *(const uint64_t *)b;

	return (one > other) - (one < other);
}

/* Each once; the list is forgotten. */
static void
count_clients(struct list *list, struct ban_counts *counts)
{
	if (list->count > 1) {
		qsort(list->hash, list->count, sizeof(uint64_t), by_number);
	}
	for (size_t i = 0; i < list->count; i++) {
		const uint64_t hash = list->hash[i];

		if (i == 0 || hash != list->hash[i - 1]) {
			((hash & 2) != 0 ? counts->networks
					 : counts->addresses)[hash & 1]++;
		}
	}
	free(list->hash);
}

/* By hand there are no steps. */
#define LIVE(from)                                                             \
	"SELECT client, iif(step, reason, 'manual') FROM ban " from            \
	" WHERE ends > :now AND begins <= :now AND cleared IS NULL"            \
	" AND observed = 0"

/* Live ones one by one by the index, or, where they are many of those that are
 * kept, all in the order in which they lie in the file. */
static sqlite3_stmt *
read_live(struct store *store, int64_t now)
{
	const int64_t few = FEW + db_number(store,
				      "SELECT (SELECT max(id) FROM ban)"
				      " - (SELECT min(id) FROM ban)",
				      NULL, 0) /
				      FEW_OF;
	const int64_t live = db_number(store,
	    "SELECT count(*) FROM (SELECT 1 FROM ban WHERE ends > :now"
	    " LIMIT :few)",
	    DB_WITH(db_int(":now", now), db_int(":few", few)), 0);

	return db_query(store,
	    live < few ? LIVE("INDEXED BY ban_by_end") : LIVE("NOT INDEXED"),
	    DB_WITH(db_int(":now", now)));
}

void
store_ban_counts(struct store *store, int64_t now, struct ban_counts *counts)
{
	struct clients *clients = calloc(1, sizeof(*clients));
	sqlite3_stmt *row = read_live(store, now);
	size_t cause;

	*counts = (struct ban_counts){ .bans = { 0 } };
	if (clients == NULL) {
		db_reset(row);
		db_fail(store, STORE_FAILED, "out of memory");
		return;
	}
	proc_random(clients->key, sizeof(clients->key));
	while (db_row(store, row)) {
		note_client(store, clients, db_words(row, 0));
		cause = words_find(&cause_words, db_words(row, 1));
		if (cause < CAUSE_COUNT) {
			counts->bans[cause]++;
		}
	}
	for (size_t i = 0; i < LISTS; i++) {
		count_clients(&clients->list[i], counts);
	}
	free(clients);
}

int64_t
store_ban_live(struct store *store, int64_t now, enum reason reason)
{
	return db_number(store,
	    "SELECT count(*) FROM ban NOT INDEXED WHERE ends > :now"
	    " AND begins <= :now AND cleared IS NULL AND observed = 0"
	    " AND reason = :reason",
	    DB_WITH(
		db_int(":now", now), db_text(":reason", reason_name(reason))),
	    0);
}

int64_t
store_ban_newest(struct store *store)
{
	return db_number(store, "SELECT max(begins) FROM ban", NULL, INT64_MIN);
}

void
store_ban_observed(
    struct store *store, int64_t now, struct ban_observed *observed)
{
	sqlite3_stmt *row = db_query(store,
	    "SELECT count(*), total(honest) FROM ban WHERE ends > :now"
	    " AND +begins <= :now AND cleared IS NULL AND observed <> 0",
	    DB_WITH(db_int(":now", now)));

	*observed = (struct ban_observed){ .all = 0 };
	if (db_row(store, row)) {
		observed->all = sqlite3_column_int64(row, 0);
		observed->held = sqlite3_column_int64(row, 1);
		db_reset(row);
	}
}
