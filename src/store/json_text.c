/*
 * JSON that came from outside, read by SQLite's functions for it.
 */
#include "base/text.h"
#include "store/db.h"

bool
store_json_text(struct store *store, const char *json, const char *path,
    char *out, size_t size)
{
	sqlite3_stmt *row = db_query(store,
	    "SELECT json_valid(:json), CASE WHEN json_valid(:json)"
	    " THEN CASE json_type(:json, :path)"
	    " WHEN 'text' THEN json_extract(:json, :path)"
	    " WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' END END",
	    DB_WITH(db_text(":json", json), db_text(":path", path)));
	bool fine = false;

	out[0] = '\0';
	while (db_row(store, row)) {
		fine = sqlite3_column_int(row, 0) != 0;
		if (!text_copy(out, size, db_words(row, 1))) {
			out[0] = '\0';
		}
	}
	return fine;
}
