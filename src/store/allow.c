#include "base/text.h"
#include "store/db.h"

void
store_allow_put(struct store *store, const struct allow *allow)
{
	db_run(store,
	    "INSERT INTO allow (network, family, bits, note, until)"
	    " VALUES (:client, :family, :bits, :note, nullif(:until, 0))"
	    " ON CONFLICT (network) DO UPDATE"
	    " SET note = excluded.note, until = excluded.until",
	    DB_WITH(DB_NET(&allow->net), db_text(":note", allow->note),
		db_int(":until", allow->until)));
}

bool
store_allow_remove(struct store *store, const struct net *net)
{
	db_run(store, "DELETE FROM allow WHERE network = :client",
	    DB_WITH(db_client(net)));
	return store->status == STORE_OK && sqlite3_changes(store->db) > 0;
}

/* Read a row of network, note, until. */
static bool
read_allow(sqlite3_stmt *row, struct allow *allow)
{
	*allow = (struct allow){ .until = sqlite3_column_int64(row, 2) };
	DB_COPY(allow->note, row, 1);
	return net_parse(db_words(row, 0), &allow->net);
}

bool
store_allow_find(struct store *store, const struct addr *address, int64_t now,
    struct allow *out)
{
	struct net who = net_cut(address, ADDR_BITS);
	int64_t length = -1;
	bool own = db_enter(store);
	bool found = false;
	struct allow entry;
	struct net around;

	while (
	    !found && db_next_around(store,
			  "SELECT min(bits) FROM allow WHERE family = :family"
			  " AND bits > :above AND bits <= :bits",
			  &who, &length, &around)) {
		sqlite3_stmt *statement = db_query(store,
		    "SELECT network, note, until FROM allow"
		    " WHERE network = :client"
		    " AND (until IS NULL OR until > :now)",
		    DB_WITH(db_client(&around), db_int(":now", now)));

		if (db_row(store, statement)) {
			found = read_allow(
			    statement, out != NULL ? out : &entry);
			db_reset(statement);
		}
	}
	(void)db_leave(store, own);
	return found;
}

void
store_allow_each(struct store *store, int64_t now,
    void (*each)(void *to, const struct allow *allow), void *to)
{
	sqlite3_stmt *statement = db_query(store,
	    "SELECT network, note, until FROM allow"
	    " WHERE until IS NULL OR until > :now"
	    " ORDER BY family, network",
	    DB_WITH(db_int(":now", now)));
	struct allow allow;

	while (db_row(store, statement)) {
		if (read_allow(statement, &allow)) {
			each(to, &allow);
		}
	}
}
