#include "base/text.h"
#include "store/db.h"

/* The events of one kind in a window; those of a user who has logged in
 * since are left out. */
#define OF_KIND                                                                \
	" FROM event AS e WHERE client = :client AND kind = :kind"             \
	" AND at > :after AND at <= :until AND (key IS NULL OR NOT EXISTS"     \
	" (SELECT 1 FROM mark AS m WHERE m.client = e.client"                  \
	" AND m.reason = :reason AND m.key = e.key AND m.at >= e.at))"

#define OF_KIND_WITH(query, kind)                                              \
	db_client(&(query)->client), db_text(":kind", kind_name(kind)),        \
	    db_int(":after", (query)->after),                                  \
	    db_int(":until", (query)->until),                                  \
	    db_text(":reason", reason_name((query)->reason))

int64_t
store_event_count(struct store *store, const struct event_query *query)
{
	bool own = db_enter(store);
	int64_t count = 0;

	for (enum kind kind = 0; kind < KIND_COUNT && count < query->most;
	     kind++) {
		if ((query->kinds & kind_bit(kind)) != 0) {
			count += db_number(store,
			    "SELECT count(*) FROM (SELECT 1" OF_KIND
			    " LIMIT :most)",
			    DB_WITH(OF_KIND_WITH(query, kind),
				db_int(":most", query->most - count)),
			    0);
		}
	}
	return db_leave(store, own) == STORE_OK ? count : 0;
}

void
store_event_keys(struct store *store, const struct event_query *query,
    bool (*each)(void *to, int64_t events), void *to)
{
	bool own = db_enter(store);
	bool more = true;

	for (enum kind kind = 0; kind < KIND_COUNT && more; kind++) {
		sqlite3_stmt *row;

		if ((query->kinds & kind_bit(kind)) == 0) {
			continue;
		}
		row = db_query(store,
		    "SELECT count(*)" OF_KIND
		    " GROUP BY ifnull(key, id), at / 3600",
		    DB_WITH(OF_KIND_WITH(query, kind)));
		while (more && db_row(store, row)) {
			more = each(to, sqlite3_column_int64(row, 0));
		}
		if (!more) {
			db_reset(row);
		}
	}
	(void)db_leave(store, own);
}

void
store_event_sums(struct store *store, const struct net *client, int64_t since,
    void (*each)(void *to, const struct event_sum *sum), void *to)
{
	sqlite3_stmt *statement = db_query(store,
	    "SELECT kind, source, count(*), min(at), max(at) FROM event"
	    " WHERE client = :client AND at >= :since"
	    " GROUP BY kind, source ORDER BY kind, source",
	    DB_WITH(db_client(client), db_int(":since", since)));

	while (db_row(store, statement)) {
		struct event_sum sum = { 0 };

		if (!words_parse(
			&kind_words, db_words(statement, 0), &sum.kind)) {
			continue; /* of a later version */
		}
		DB_COPY(sum.source, statement, 1);
		sum.count = sqlite3_column_int64(statement, 2);
		sum.first = sqlite3_column_int64(statement, 3);
		sum.last = sqlite3_column_int64(statement, 4);
		each(to, &sum);
	}
}
