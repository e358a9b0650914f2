#include "store/db.h"

enum store_result
store_mark_put(struct store *store, const struct net *client,
    enum reason reason, const char *key, int64_t at)
{
	/* A row that moves takes a new id, so that ids follow time and old
	 * marks can be forgotten in their order. */
	sqlite3_stmt *statement = db_statement(store, DB_MARK_PUT,
	    "INSERT INTO mark (client, reason, key, at)"
	    " VALUES (:client, :reason, :key, :at)"
	    " ON CONFLICT (client, reason, key) DO UPDATE"
	    " SET at = excluded.at, id = (SELECT max(id) + 1 FROM mark)"
	    " WHERE excluded.at > at");
	char text[NET_TEXT_SIZE];

	db_bind_text(statement, ":client", net_format(client, text));
	db_bind_text(statement, ":reason", reason_name(reason));
	db_bind_text(statement, ":key", key != NULL ? key : "");
	db_bind_int(statement, ":at", at);
	return db_run(store, statement);
}

enum store_result
store_mark_newest(struct store *store, const struct net *client,
    enum reason reason, int64_t *at)
{
	sqlite3_stmt *statement = db_statement(store, DB_MARK_NEWEST,
	    "SELECT at FROM mark"
	    " WHERE client = :client AND reason = :reason AND key = ''");
	char text[NET_TEXT_SIZE];
	enum store_result result;

	db_bind_text(statement, ":client", net_format(client, text));
	db_bind_text(statement, ":reason", reason_name(reason));
	result = db_row(store, statement);
	if (result == STORE_OK) {
		*at = sqlite3_column_int64(statement, 0);
		db_reset(statement);
	}
	return result;
}
