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
	db_run(store,
	    "REPLACE INTO position (source, device, inode, offset,"
	    " head_hash, head_len, line_hash, line_len, cursor) VALUES"
	    " (:source, :device, :inode, :offset, :head_hash, :head_len,"
	    " :line_hash, :line_len, :cursor)",
	    DB_WITH(db_text(":source", source),
		db_int(":device", position->device),
		db_int(":inode", position->inode),
		db_int(":offset", position->offset),
		db_text(":head_hash", position->head_hash),
		db_int(":head_len", position->head_len),
		db_text(":line_hash", position->line_hash),
		db_int(":line_len", position->line_len),
		db_text(":cursor", position->cursor)));
}

bool
store_position_find(
    struct store *store, const char *source, struct position *position)
{
	sqlite3_stmt *row = db_query(store,
	    "SELECT device, inode, offset, head_hash, head_len, line_hash,"
	    " line_len, cursor FROM position WHERE source = :source",
	    DB_WITH(db_text(":source", source)));

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
	char address[ADDR_TEXT_SIZE];

	db_run(store,
	    "REPLACE INTO queue (queue, address, login, at)"
	    " VALUES (:queue, :address, :login, :at)",
	    DB_WITH(db_text(":queue", id),
		db_text(":address", addr_format(&entry->address, address)),
		db_int(":login", entry->login), db_int(":at", entry->at)));
}

void
store_queue_remove(struct store *store, const char *id)
{
	db_run(store, "DELETE FROM queue WHERE queue = :queue",
	    DB_WITH(db_text(":queue", id)));
}

bool
store_queue_find(struct store *store, const char *id, struct queue_entry *entry)
{
	sqlite3_stmt *row = db_query(store,
	    "SELECT address, login, at FROM queue WHERE queue = :queue",
	    DB_WITH(db_text(":queue", id)));
	bool found;

	if (!db_row(store, row)) {
		return false;
	}
	found = addr_parse(db_words(row, 0), &entry->address);
	entry->login = sqlite3_column_int(row, 1) != 0;
	entry->at = sqlite3_column_int64(row, 2);
	db_reset(row);
	return found;
}
