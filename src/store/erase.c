/*
 * Forgetting one client, as who is behind it may ask for (GDPR, article 17).
 */
#include <string.h>

#include "base/text.h"
#include "store/db.h"

enum {
	ROWS = 500 /* of a transaction: others get their turn in between */
};

/* Rows of a table that have the client's name, and how to remove some of them:
 * the bytes are written over, not only given free. */
struct by_client {
	const char *table;
	const char *remove;
};

/* clang-format off */
#define NAMED(table)                                                           \
	{ #table, "DELETE FROM " #table " WHERE id IN (SELECT id FROM " #table \
	    " WHERE client = :client LIMIT :most)" }
/* clang-format on */

static const struct by_client named[] = { NAMED(event), NAMED(tally),
	NAMED(mark), NAMED(ban), NAMED(ban_folded), NAMED(correspondent) };

static int64_t
remove_named(struct store *store, const struct by_client *table,
    const struct net *client)
{
	int64_t rows = 0;
	int changed = ROWS;

	while (changed == ROWS && store->status == STORE_OK) {
		db_run(store, table->remove,
		    DB_WITH(db_client(client), db_int(":most", ROWS)));
		changed = store->status == STORE_OK ? sqlite3_changes(store->db)
						    : 0;
		rows += changed;
		if (changed == ROWS) {
			store_go_on(store);
		}
	}
	return rows;
}

/* Whether a text names the client, an address or a network in it. */
static bool
names(const char *text, const struct net *client)
{
	struct net net;

	return net_parse(text, &net) && net_contains(client, &net);
}

/* The rows whose address is looked at one by one: there are few of these. */
static int64_t
change_those(struct store *store, const struct net *client, const char *select,
    const char *change)
{
	int64_t rows = 0;
	int64_t last = 0;
	bool more = true;

	while (more) {
		sqlite3_stmt *row = db_query(
		    store, select, DB_WITH(db_int(":last", last)));

		more = false;
		while (!more && db_row(store, row)) {
			last = sqlite3_column_int64(row, 0);
			more = names(db_words(row, 1), client);
		}
		if (more) {
			db_reset(row);
			db_run(store, change, DB_WITH(db_int(":id", last)));
			rows++;
		}
	}
	return rows;
}

size_t
store_erase(struct store *store, const struct net *client,
    struct store_erased erased[static STORE_ERASE_TABLES])
{
	size_t tables = 0;

	db_script(store, "PRAGMA secure_delete = ON");
	erased[tables].table = "audit";
	erased[tables++].rows = change_those(store, client,
	    "SELECT id, subject FROM audit WHERE id > :last ORDER BY id",
	    "UPDATE audit SET subject = 'forgotten', note = NULL"
	    " WHERE id = :id");
	erased[tables].table = "queue";
	erased[tables++].rows = change_those(store, client,
	    "SELECT id, address FROM queue WHERE id > :last ORDER BY id",
	    "DELETE FROM queue WHERE id = :id");
	/* What is to be sent keeps its number. */
	db_run(store, "DELETE FROM share_tally WHERE client = :client",
	    DB_WITH(db_client(client)));
	db_run(store,
	    "UPDATE share_out SET body = (SELECT json_group_array("
	    "json(value)) FROM json_each(share_out.body)"
	    " WHERE value ->> 0 <> :client) WHERE sort = 'tally'"
	    " AND EXISTS (SELECT 1 FROM json_each(share_out.body)"
	    " WHERE value ->> 0 = :client)",
	    DB_WITH(db_client(client)));
	erased[tables].table = "share_out";
	erased[tables].rows = change_those(store, client,
	    "SELECT seq, ifnull(body ->> '$.client', body ->> '$.subject')"
	    " FROM share_out WHERE seq > :last AND sort <> 'tally'"
	    " ORDER BY seq",
	    "UPDATE share_out SET sort = 'tally', key = NULL, body = '[]'"
	    " WHERE seq = :id");
	tables += erased[tables].rows > 0;
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		erased[tables].table = named[i].table;
		erased[tables].rows = remove_named(store, &named[i], client);
		/* Told of a host that shares alone. */
		tables += erased[tables].rows > 0 ||
			  strcmp(named[i].table, "ban_folded") != 0;
	}
	return tables;
}
