/*
 * What the watcher knows of its logs: how far each was read, and whose message
 * a queue id is.
 */
#include "base/text.h"
#include "store/db.h"

void
db_position_put(
    struct store *store, const char *source, const struct position *position)
{
	sqlite3_stmt *statement = db_statement(store,
	    "REPLACE INTO position (source, device, inode, offset,"
	    " head_hash, head_len, line_hash, line_len, cursor) VALUES"
	    " (:source, :device, :inode, :offset, :head_hash, :head_len,"
	    " :line_hash, :line_len, :cursor)");

	db_bind_text(statement, ":source", source);
	db_bind_int(statement, ":device", position->device);
	db_bind_int(statement, ":inode", position->inode);
	db_bind_int(statement, ":offset", position->offset);
	db_bind_text(statement, ":head_hash", position->head_hash);
	db_bind_int(statement, ":head_len", position->head_len);
	db_bind_text(statement, ":line_hash", position->line_hash);
	db_bind_int(statement, ":line_len", position->line_len);
	db_bind_text(statement, ":cursor", position->cursor);
	db_run(store, statement);
}

bool
store_position_find(
    struct store *store, const char *source, struct position *position)
{
	sqlite3_stmt *row = db_statement(store,
	    "SELECT device, inode, offset, head_hash, head_len, line_hash,"
	    " line_len, cursor FROM position WHERE source = :source");

	db_bind_text(row, ":source", source);
	if (!db_row(store, row)) {
		return false;
	}
	*position = (struct position){ .device = sqlite3_column_int64(row, 0),
		.inode = sqlite3_column_int64(row, 1),
		.offset = sqlite3_column_int64(row, 2),
		.head_len = sqlite3_column_int64(row, 4),
		.line_len = sqlite3_column_int64(row, 6) };
	DB_COPY(position->head_hash, row, 3);
	DB_COPY(position->line_hash, row, 5);
	DB_COPY(position->cursor, row, 7);
	db_reset(row);
	return true;
}

void
store_queue_put(
    struct store *store, const char *id, const struct queue_entry *entry)
{
	/* Put again, a row takes a new id, so that ids follow time. */
	sqlite3_stmt *statement = db_statement(store,
	    "REPLACE INTO queue (queue, address, login, at)"
	    " VALUES (:queue, :address, :login, :at)");
	char address[ADDR_TEXT_SIZE];

	db_bind_text(statement, ":queue", id);
	db_bind_text(
	    statement, ":address", addr_format(&entry->address, address));
	db_bind_int(statement, ":login", entry->login);
	db_bind_int(statement, ":at", entry->at);
	db_run(store, statement);
}

void
store_queue_remove(struct store *store, const char *id)
{
	sqlite3_stmt *statement = db_statement(
	    store, "DELETE FROM queue WHERE queue = :queue");

	db_bind_text(statement, ":queue", id);
	db_run(store, statement);
}

bool
store_queue_find(struct store *store, const char *id, struct queue_entry *entry)
{
	sqlite3_stmt *row = db_statement(
	    store, "SELECT address, login, at FROM queue WHERE queue = :queue");
	bool found;

	db_bind_text(row, ":queue", id);
	if (!db_row(store, row)) {
		return false;
	}
	found = addr_parse(db_text(row, 0), &entry->address);
	entry->login = sqlite3_column_int(row, 1) != 0;
	entry->at = sqlite3_column_int64(row, 2);
	db_reset(row);
	return found;
}
