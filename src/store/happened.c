/*
 * What happened, in the order in which it was written: for who follows it.
 */
#include <string.h>

#include "store/db.h"

/* Where it was, unless here. */
#define ON_HOST                                                                \
	" || ifnull(', on ' || (SELECT name FROM peer WHERE peer.id = host)"   \
	", '')"

/* Of each sort: its rows behind one, the newest, and the first from a time
 * on. */
static const struct {
	const char *after;
	const char *newest;
	const char *since;
} sorts[HAPPENED_SORTS] = {
	[HAPPENED_EVENT] = { "SELECT id, at, address, kind, ifnull(source || ': ' || detail,"
			     " source)" ON_HOST
			     " FROM event WHERE id > :after ORDER BY id LIMIT :most",
	    "SELECT max(id) FROM event",
	    "SELECT min(id) FROM event WHERE at > :since" },
	[HAPPENED_BAN] = { "SELECT id, begins, client, reason, iif(observed, 'observed, ', '')"
			   " || iif(step > 0, rule || ', step ' || step, 'by hand')"
			   " || ', ref ' || ref || iif(note <> '', ', ' || note, '')" ON_HOST
			   " FROM ban WHERE id > :after ORDER BY id LIMIT :most",
	    "SELECT max(id) FROM ban",
	    "SELECT min(id) FROM ban WHERE begins > :since" },
	[HAPPENED_CHANGE] = { "SELECT id, at, subject, what, 'by ' || who ||"
			      " ifnull(': ' || note, '')" ON_HOST
			      " FROM audit WHERE id > :after ORDER BY id LIMIT :most",
	    "SELECT max(id) FROM audit",
	    "SELECT min(id) FROM audit WHERE at > :since" },
};

int64_t
store_happened_newest(struct store *store, enum happened_sort sort)
{
	return db_number(store, sorts[sort].newest, NULL, 0);
}

int64_t
store_happened_before(
    struct store *store, enum happened_sort sort, int64_t since, int64_t most)
{
	const int64_t newest = store_happened_newest(store, sort);
	const int64_t first = db_number(store, sorts[sort].since,
	    DB_WITH(db_int(":since", since)), newest + 1);

	return first - 1 > newest - most ? first - 1 : newest - most;
}

void
store_happened(struct store *store, enum happened_sort sort, int64_t after,
    int64_t most, void (*each)(void *to, const struct happened *happened),
    void *to)
{
	sqlite3_stmt *row = db_query(store, sorts[sort].after,
	    DB_WITH(db_int(":after", after), db_int(":most", most)));

	while (db_row(store, row)) {
		const struct happened happened = { .sort = sort,
			.id = sqlite3_column_int64(row, 0),
			.at = sqlite3_column_int64(row, 1),
			.who = db_words(row, 2),
			.what = db_words(row, 3),
			.text = db_words(row, 4) };

		each(to, &happened);
	}
}

void
store_refused(struct store *store, int64_t since, int64_t most,
    void (*each)(void *to, const struct refused_client *refused), void *to)
{
	sqlite3_stmt *row = db_query(store,
	    "SELECT client, reason, hits, told, ends, ref FROM"
	    " (SELECT * FROM ban WHERE told > :since ORDER BY told DESC"
	    " LIMIT 1000) ORDER BY hits DESC, told DESC LIMIT :most",
	    DB_WITH(db_int(":since", since), db_int(":most", most)));

	while (db_row(store, row)) {
		const struct refused_client refused = {
			.who = db_words(row, 0),
			.reason = db_words(row, 1),
			.hits = sqlite3_column_int64(row, 2),
			.at = sqlite3_column_int64(row, 3),
			.ends = sqlite3_column_int64(row, 4),
			.ref = db_words(row, 5),
		};

		each(to, &refused);
	}
}
