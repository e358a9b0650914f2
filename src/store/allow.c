#include "base/text.h"
#include "store/db.h"

void
store_allow_put(struct store *store, const struct allow *allow)
{
	sqlite3_stmt *statement = db_statement(store,
	    "INSERT INTO allow (network, family, bits, note, until)"
	    " VALUES (:client, :family, :bits, :note, nullif(:until, 0))"
	    " ON CONFLICT (network) DO UPDATE"
	    " SET note = excluded.note, until = excluded.until");
	char network[NET_TEXT_SIZE];

	db_bind_net(statement, &allow->net, network);
	db_bind_text(statement, ":note", allow->note);
	db_bind_int(statement, ":until", allow->until);
	db_run(store, statement);
}

bool
store_allow_remove(struct store *store, const struct net *net)
{
	sqlite3_stmt *statement = db_statement(
	    store, "DELETE FROM allow WHERE network = :client");
	char network[NET_TEXT_SIZE];

	db_bind_client(statement, net, network);
	db_run(store, statement);
	return store->status == STORE_OK && sqlite3_changes(store->db) > 0;
}

/* Read a row of network, note, until. */
static bool
read_allow(sqlite3_stmt *row, struct allow *allow)
{
	*allow = (struct allow){ .until = sqlite3_column_int64(row, 2) };
	DB_COPY(allow->note, row, 1);
	return net_parse(db_text(row, 0), &allow->net);
}

/* The live entry of exactly this network. */
static bool
find_exactly(
    struct store *store, const struct net *net, int64_t now, struct allow *out)
{
	sqlite3_stmt *statement = db_statement(store,
	    "SELECT network, note, until FROM allow WHERE network = :client"
	    " AND (until IS NULL OR until > :now)");
	char network[NET_TEXT_SIZE];
	bool found;

	db_bind_client(statement, net, network);
	db_bind_int(statement, ":now", now);
	if (!db_row(store, statement)) {
		return false;
	}
	found = read_allow(statement, out);
	db_reset(statement);
	return found;
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

	while (!found &&
	       db_next_around(store,
		   db_statement(store,
		       "SELECT min(bits) FROM allow WHERE family = :family"
		       " AND bits > :above AND bits <= :most"),
		   &who, &length, &around)) {
		found = find_exactly(
		    store, &around, now, out != NULL ? out : &entry);
	}
	(void)db_leave(store, own);
	return found;
}

void
store_allow_each(struct store *store, int64_t now,
    void (*each)(void *to, const struct allow *allow), void *to)
{
	sqlite3_stmt *statement = db_statement(store,
	    "SELECT network, note, until FROM allow"
	    " WHERE until IS NULL OR until > :now"
	    " ORDER BY family, network");
	struct allow allow;

	db_bind_int(statement, ":now", now);
	while (db_row(store, statement)) {
		if (read_allow(statement, &allow)) {
			each(to, &allow);
		}
	}
}
