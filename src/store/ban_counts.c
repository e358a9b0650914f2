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
	/* By the first bits of a hash: to sort many small parts is cheaper. */
	PART_BITS = 10,
	PARTS = 1 << PART_BITS
};

/* Who has a live ban, once for each: a hash of 64 bits, the last two of which
 * say what sort of client it is. */
struct clients {
	unsigned char key[HASH_KEY_SIZE];
	uint64_t *hash;
	size_t count;
	size_t room;
	size_t part[PARTS + 1]; /* how many are in the one before */
};

/* A single address is written without a length. */
static void
note_client(struct store *store, struct clients *clients, const char *client)
{
	const size_t len = strlen(client);
	const uint64_t sort = (memchr(client, '/', len) != NULL ? 2 : 0) |
			      (memchr(client, ':', len) != NULL ? 1 : 0);
	const uint64_t hash = hash_bytes(clients->key, client, len);
	uint64_t *more = array_grow(
	    clients->hash, clients->count, &clients->room, sizeof(uint64_t));

	if (more == NULL) {
		db_fail(store, STORE_FAILED, "out of memory");
		return;
	}
	clients->hash = more;
	clients->hash[clients->count++] = (hash & ~UINT64_C(3)) | sort;
	clients->part[(hash >> (64 - PART_BITS)) + 1]++;
}

static int
by_number(const void *a, const void *b)
{
	const uint64_t one = *(const uint64_t *)a;
	const uint64_t other = *(const uint64_t *)b;

	return (one > other) - (one < other);
}

/* Each of a part once. */
static void
count_part(uint64_t *hash, size_t count, struct ban_counts *counts)
{
	qsort(hash, count, sizeof(*hash), by_number);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || hash[i] != hash[i - 1]) {
			((hash[i] & 2) != 0 ? counts->networks
					    : counts->addresses)[hash[i] & 1]++;
		}
	}
}

static void
count_clients(
    struct store *store, struct clients *clients, struct ban_counts *counts)
{
	uint64_t *parted = calloc(clients->count + 1, sizeof(*parted));

	if (parted == NULL) {
		db_fail(store, STORE_FAILED, "out of memory");
		return;
	}
	for (size_t i = 0; i < PARTS; i++) {
		clients->part[i + 1] += clients->part[i];
	}
	for (size_t i = 0; i < clients->count; i++) {
		const uint64_t hash = clients->hash[i];

		parted[clients->part[hash >> (64 - PART_BITS)]++] = hash;
	}
	for (size_t i = 0, from = 0; i < PARTS; from = clients->part[i++]) {
		count_part(parted + from, clients->part[i] - from, counts);
	}
	free(parted);
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
	struct clients clients = { .count = 0 };
	sqlite3_stmt *row = read_live(store, now);
	size_t cause;

	*counts = (struct ban_counts){ .bans = { 0 } };
	proc_random(clients.key, sizeof(clients.key));
	while (db_row(store, row)) {
		note_client(store, &clients, db_words(row, 0));
		cause = words_find(&cause_words, db_words(row, 1));
		if (cause < CAUSE_COUNT) {
			counts->bans[cause]++;
		}
	}
	count_clients(store, &clients, counts);
	free(clients.hash);
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
