#include "store/db.h"

enum store_result
store_queue_put(
    struct store *store, const char *id, const struct queue_entry *entry)
{
	/* Put again, a row takes a new id, so that ids follow time. */
	sqlite3_stmt *statement = db_statement(store, DB_QUEUE_PUT,
	    "REPLACE INTO queue (queue, address, login, at)"
	    " VALUES (:queue, :address, :login, :at)");
	char address[ADDR_TEXT_SIZE];

	db_bind_text(statement, ":queue", id);
	db_bind_text(
	    statement, ":address", addr_format(&entry->address, address));
	db_bind_int(statement, ":login", entry->login);
	db_bind_int(statement, ":at", entry->at);
	return db_run(store, statement);
}

enum store_result
store_queue_remove(struct store *store, const char *id)
{
	sqlite3_stmt *statement = db_statement(
	    store, DB_QUEUE_REMOVE, "DELETE FROM queue WHERE queue = :queue");

	db_bind_text(statement, ":queue", id);
	return db_run(store, statement);
}

enum store_result
store_queue_get(struct store *store, const char *id, struct queue_entry *entry)
{
	sqlite3_stmt *row = db_statement(store, DB_QUEUE_GET,
	    "SELECT address, login, at FROM queue WHERE queue = :queue");
	enum store_result result;

	db_bind_text(row, ":queue", id);
	result = db_row(store, row);
	if (result == STORE_OK) {
		if (!addr_parse(db_text(row, 0), &entry->address)) {
			result = STORE_NONE;
		}
		entry->login = sqlite3_column_int(row, 1) != 0;
		entry->at = sqlite3_column_int64(row, 2);
		db_reset(row);
	}
	return result;
}
