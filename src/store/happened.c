/*
 * What happened, in the order in which it was written: for who follows it.
 */
#include <string.h>

#include "store/db.h"

/* Of each sort: its rows behind one, and the newest. */
static const struct {
	const char *after;
	const char *newest;
} sorts[HAPPENED_SORTS] = {
	[HAPPENED_EVENT] = { "SELECT id, at, address, kind, ifnull(source || ': ' || detail,"
			     " source) FROM event WHERE id > :after ORDER BY id LIMIT :most",
	    "SELECT max(id) FROM event" },
	[HAPPENED_BAN] = { "SELECT id, begins, client, reason, iif(observed, 'observed, ', '')"
			   " || iif(step > 0, rule || ', step ' || step, 'by hand')"
			   " || ', ref ' || ref || iif(note <> '', ', ' || note, '')"
			   " FROM ban WHERE id > :after ORDER BY id LIMIT :most",
	    "SELECT max(id) FROM ban" },
	[HAPPENED_CHANGE] = { "SELECT id, at, subject, what, 'by ' || who ||"
			      " ifnull(': ' || note, '')"
			      " FROM audit WHERE id > :after ORDER BY id LIMIT :most",
	    "SELECT max(id) FROM audit" },
};

int64_t
store_happened_newest(struct store *store, enum happened_sort sort)
{
	return db_number(store, sorts[sort].newest, NULL, 0);
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
