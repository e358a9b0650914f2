#include "base/text.h"
#include "store/db.h"

enum store_result
store_state_put(
    struct store *store, const char *key, const char *value, int64_t since)
{
	sqlite3_stmt *statement = db_statement(store, DB_STATE_PUT,
	    "INSERT INTO state (key, value, since)"
	    " VALUES (:key, :value, :since) ON CONFLICT (key) DO UPDATE"
	    " SET value = excluded.value, since = excluded.since");

	db_bind_text(statement, ":key", key);
	db_bind_text(statement, ":value", value);
	db_bind_int(statement, ":since", since);
	return db_run(store, statement);
}

enum store_result
store_state_get(struct store *store, const char *key, char *value, size_t size,
    int64_t *since)
{
	sqlite3_stmt *statement = db_statement(store, DB_STATE_GET,
	    "SELECT value, since FROM state WHERE key = :key");
	enum store_result result;

	db_bind_text(statement, ":key", key);
	result = db_row(store, statement);
	if (result == STORE_OK) {
		(void)text_copy(value, size, db_text(statement, 0));
		*since = sqlite3_column_int64(statement, 1);
		db_reset(statement);
	}
	return result;
}

enum store_result
store_state_each(struct store *store,
    void (*each)(void *to, const char *key, const char *value, int64_t since),
    void *to)
{
	sqlite3_stmt *statement = db_statement(store, DB_STATE_ALL,
	    "SELECT key, value, since FROM state ORDER BY key");
	enum store_result result;

	while ((result = db_row(store, statement)) == STORE_OK) {
		each(to, db_text(statement, 0), db_text(statement, 1),
		    sqlite3_column_int64(statement, 2));
	}
	return result == STORE_NONE ? STORE_OK : result;
}
