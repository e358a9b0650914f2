#include "base/text.h"
#include "store/db.h"

enum store_result
store_position_put(
    struct store *store, const char *source, const struct position *position)
{
	sqlite3_stmt *statement = db_statement(store, DB_POSITION_PUT,
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
	return db_run(store, statement);
}

enum store_result
store_position_get(
    struct store *store, const char *source, struct position *position)
{
	sqlite3_stmt *row = db_statement(store, DB_POSITION_GET,
	    "SELECT device, inode, offset, head_hash, head_len, line_hash,"
	    " line_len, cursor FROM position WHERE source = :source");
	enum store_result result;

	db_bind_text(row, ":source", source);
	result = db_row(store, row);
	if (result != STORE_OK) {
		return result;
	}
	*position = (struct position){ .device = sqlite3_column_int64(row, 0),
		.inode = sqlite3_column_int64(row, 1),
		.offset = sqlite3_column_int64(row, 2),
		.head_len = sqlite3_column_int64(row, 4),
		.line_len = sqlite3_column_int64(row, 6) };
	(void)text_copy(
	    position->head_hash, sizeof(position->head_hash), db_text(row, 3));
	(void)text_copy(
	    position->line_hash, sizeof(position->line_hash), db_text(row, 5));
	(void)text_copy(
	    position->cursor, sizeof(position->cursor), db_text(row, 7));
	db_reset(row);
	return STORE_OK;
}
