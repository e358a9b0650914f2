#include "base/text.h"
#include "store/db.h"

/* The events of one kind in a window; those of a user who has logged in
 * since are left out. */
#define OF_KIND                                                                \
	" FROM event AS e WHERE client = :client AND kind = :kind"             \
	" AND at > :after AND at <= :until AND (key IS NULL OR NOT EXISTS"     \
	" (SELECT 1 FROM mark AS m WHERE m.client = e.client"                  \
	" AND m.reason = :reason AND m.key = e.key AND m.at >= e.at))"

static void
bind_query(sqlite3_stmt *statement, const struct event_query *query,
    enum kind kind, char client[static NET_TEXT_SIZE])
{
	db_bind_client(statement, &query->client, client);
	db_bind_text(statement, ":kind", kind_name(kind));
	db_bind_int(statement, ":after", query->after);
	db_bind_int(statement, ":until", query->until);
	db_bind_text(statement, ":reason", reason_name(query->reason));
}

int64_t
store_event_count(struct store *store, const struct event_query *query)
{
	char client[NET_TEXT_SIZE];
	bool own = db_enter(store);
	int64_t count = 0;

	for (int kind = 0; kind < KIND_COUNT && count < query->most; kind++) {
		sqlite3_stmt *statement;

		if ((query->kinds & kind_bit((enum kind)kind)) == 0) {
			continue;
		}
		statement = db_statement(store,
		    "SELECT count(*) FROM (SELECT 1" OF_KIND " LIMIT :most)");
		bind_query(statement, query, (enum kind)kind, client);
		db_bind_int(statement, ":most", query->most - count);
		count += db_number(store, statement, 0);
	}
	return db_leave(store, own) == STORE_OK ? count : 0;
}

void
store_event_keys(struct store *store, const struct event_query *query,
    bool (*each)(void *to, int64_t events), void *to)
{
	char client[NET_TEXT_SIZE];
	bool own = db_enter(store);
	bool more = true;

	for (int kind = 0; kind < KIND_COUNT && more; kind++) {
		sqlite3_stmt *statement;

		if ((query->kinds & kind_bit((enum kind)kind)) == 0) {
			continue;
		}
		statement = db_statement(store,
		    "SELECT count(*)" OF_KIND
		    " GROUP BY ifnull(key, id), at / 3600");
		bind_query(statement, query, (enum kind)kind, client);
		while (more && db_row(store, statement)) {
			more = each(to, sqlite3_column_int64(statement, 0));
		}
		if (!more) {
			db_reset(statement);
		}
	}
	(void)db_leave(store, own);
}

void
store_event_sums(struct store *store, const struct net *client, int64_t since,
    void (*each)(void *to, const struct event_sum *sum), void *to)
{
	sqlite3_stmt *statement = db_statement(store,
	    "SELECT kind, source, count(*), min(at), max(at) FROM event"
	    " WHERE client = :client AND at >= :since"
	    " GROUP BY kind, source ORDER BY kind, source");
	char text[NET_TEXT_SIZE];

	db_bind_client(statement, client, text);
	db_bind_int(statement, ":since", since);
	while (db_row(store, statement)) {
		struct event_sum sum = { 0 };

		if (!kind_parse(db_text(statement, 0), &sum.kind)) {
			continue; /* of a later version */
		}
		DB_COPY(sum.source, statement, 1);
		sum.count = sqlite3_column_int64(statement, 2);
		sum.first = sqlite3_column_int64(statement, 3);
		sum.last = sqlite3_column_int64(statement, 4);
		each(to, &sum);
	}
}
