#include "base/text.h"
#include "store/db.h"

enum store_result
store_allow_put(struct store *store, const struct allow *allow)
{
	sqlite3_stmt *statement = db_statement(store, DB_ALLOW_PUT,
	    "INSERT INTO allow (network, family, bits, note, until)"
	    " VALUES (:client, :family, :bits, :note, nullif(:until, 0))"
	    " ON CONFLICT (network) DO UPDATE"
	    " SET note = excluded.note, until = excluded.until");
	char network[NET_TEXT_SIZE];

	db_bind_net(statement, &allow->net, network);
	db_bind_text(statement, ":note", allow->note);
	db_bind_int(statement, ":until", allow->until);
	return db_run(store, statement);
}

enum store_result
store_allow_remove(struct store *store, const struct net *net)
{
	sqlite3_stmt *statement = db_statement(store, DB_ALLOW_REMOVE,
	    "DELETE FROM allow WHERE network = :network");
	char network[NET_TEXT_SIZE];
	enum store_result result;

	db_bind_text(statement, ":network", net_format(net, network));
	result = db_run(store, statement);
	return result == STORE_OK && sqlite3_changes(store->db) == 0
		   ? STORE_NONE
		   : result;
}

/* Read a row of network, note, until. */
static bool
read_allow(sqlite3_stmt *row, struct allow *allow)
{
	*allow = (struct allow){ .until = sqlite3_column_int64(row, 2) };
	(void)text_copy(allow->note, sizeof(allow->note), db_text(row, 1));
	return net_parse(db_text(row, 0), &allow->net);
}

/* The live entry of exactly this network. */
static enum store_result
entry_of(
    struct store *store, const struct net *net, int64_t now, struct allow *out)
{
	sqlite3_stmt *statement = db_statement(store, DB_ALLOW_OF,
	    "SELECT network, note, until FROM allow WHERE network = :network"
	    " AND (until IS NULL OR until > :now)");
	char network[NET_TEXT_SIZE];
	struct allow entry;
	enum store_result result;

	db_bind_text(statement, ":network", net_format(net, network));
	db_bind_int(statement, ":now", now);
	result = db_row(store, statement);
	if (result == STORE_OK) {
		if (!read_allow(statement, out != NULL ? out : &entry)) {
			result = STORE_NONE;
		}
		db_reset(statement);
	}
	return result;
}

enum store_result
store_allow_covers(struct store *store, const struct addr *address, int64_t now,
    struct allow *out)
{
	struct net who = net_cut(address, ADDR_BITS);
	int64_t length = -1;

	for (;;) {
		sqlite3_stmt *statement = db_statement(store, DB_ALLOW_LENGTH,
		    "SELECT min(bits) FROM allow WHERE family = :family"
		    " AND bits > :above AND bits <= :most");
		enum store_result result = db_next_length(
		    store, statement, &who, length, &length);
		struct net around;

		if (result != STORE_OK) {
			return result;
		}
		if (length < 0) {
			return STORE_NONE;
		}
		around = db_cut(&who, length);
		result = entry_of(store, &around, now, out);
		if (result != STORE_NONE) {
			return result;
		}
	}
}

enum store_result
store_allow_each(struct store *store, int64_t now,
    void (*each)(void *to, const struct allow *allow), void *to)
{
	sqlite3_stmt *statement = db_statement(store, DB_ALLOW_ALL,
	    "SELECT network, note, until FROM allow"
	    " WHERE until IS NULL OR until > :now"
	    " ORDER BY family, network");
	enum store_result result;
	struct allow allow;

	db_bind_int(statement, ":now", now);
	while ((result = db_row(store, statement)) == STORE_OK) {
		if (read_allow(statement, &allow)) {
			each(to, &allow);
		}
	}
	return result == STORE_NONE ? STORE_OK : result;
}
