/*
 * How many bans are live, and of how many.
 */
#include <stdlib.h>
#include <string.h>

#include "base/proc.h"
#include "base/table.h"
#include "store/db.h"

/* Who has a live ban, once for each: a hash of 64 bits, the last two of which
 * say what sort of client it is. */
struct clients {
	unsigned char key[HASH_KEY_SIZE];
	uint64_t *hash;
	size_t count;
	size_t room;
};

/* A single address is written without a length. */
static void
note_client(
    struct store *store, struct clients *clients, const char *client, bool v6)
{
	const uint64_t sort = (strchr(client, '/') != NULL ? 2 : 0) |
			      (v6 ? 1 : 0);
	uint64_t *more;

	if (clients->count == clients->room) {
		clients->room = clients->room * 2 + 1024;
		more = reallocarray(
		    clients->hash, clients->room, sizeof(uint64_t));
		if (more == NULL) {
			db_fail(store, STORE_FAILED, "out of memory");
			clients->room = clients->count;
			return;
		}
		clients->hash = more;
	}
	clients->hash[clients->count++] = (hash_bytes(clients->key, client,
					       strlen(client)) &
					      ~UINT64_C(3)) |
					  sort;
}

static int
by_number(const void *a, const void *b)
{
	const uint64_t one = *(const uint64_t *)a;
	const uint64_t other = *(const uint64_t *)b;

	return (one > other) - (one < other);
}

static void
count_clients(struct clients *clients, struct ban_counts *counts)
{
	if (clients->count > 1) {
		qsort(
		    clients->hash, clients->count, sizeof(uint64_t), by_number);
	}
	for (size_t i = 0; i < clients->count; i++) {
		const uint64_t hash = clients->hash[i];

		if (i == 0 || hash != clients->hash[i - 1]) {
			((hash & 2) != 0 ? counts->networks
					 : counts->addresses)[hash & 1]++;
		}
	}
}

void
store_ban_counts(struct store *store, int64_t now, struct ban_counts *counts)
{
	/* Read from the index by end alone. */
	sqlite3_stmt *row = db_query(store,
	    "SELECT client, family, reason, step FROM ban WHERE ends > :now"
	    " AND begins <= :now AND cleared IS NULL AND observed = 0",
	    DB_WITH(db_int(":now", now)));
	struct clients clients = { .count = 0 };

	*counts = (struct ban_counts){ .bans = { 0 } };
	proc_random(clients.key, sizeof(clients.key));
	while (db_row(store, row)) {
		/* By hand there are no steps. */
		const size_t cause = sqlite3_column_int(row, 3) == 0
					 ? CAUSE_MANUAL
					 : words_find(
					       &cause_words, db_words(row, 2));

		note_client(store, &clients, db_words(row, 0),
		    sqlite3_column_int(row, 1) == 6);
		if (cause < CAUSE_COUNT) {
			counts->bans[cause]++;
		}
	}
	count_clients(&clients, counts);
	free(clients.hash);
}

int64_t
store_ban_live(struct store *store, int64_t now, enum reason reason)
{
	return db_number(store,
	    "SELECT count(*) FROM ban WHERE ends > :now AND begins <= :now"
	    " AND cleared IS NULL AND observed = 0 AND reason = :reason",
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
