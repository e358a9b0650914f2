#include "store/db.h"

#include <string.h>

#include "base/text.h"

/* ---- errors ---- */

static const char *
database_name(const struct store *store)
{
	const char *name = sqlite3_db_filename(store->db, "main");

	return name != NULL ? name : "the database";
}

enum store_result
db_result(struct store *store, int rc)
{
	struct text text;

	if (rc == SQLITE_OK || rc == SQLITE_ROW) {
		return STORE_OK;
	}
	if (rc == SQLITE_DONE) {
		return STORE_NONE;
	}
	text_init(&text, store->error, sizeof(store->error));
	text_addf(
	    &text, "%s: %s", database_name(store), sqlite3_errmsg(store->db));
	/* The low byte is the plain code, SQLITE_BUSY_SNAPSHOT and its like
	 * included. */
	rc &= 0xff;
	store->read_only = rc == SQLITE_READONLY;
	return rc == SQLITE_BUSY || rc == SQLITE_LOCKED ? STORE_BUSY
							: STORE_FAILED;
}

const char *
store_error(const struct store *store)
{
	return store->error;
}

bool
store_read_only(const struct store *store)
{
	return store->read_only;
}

/* ---- statements ---- */

sqlite3_stmt *
db_statement(struct store *store, enum db_statement which, const char *sql)
{
	sqlite3_stmt **statement = &store->statement[which];

	if (*statement == NULL) {
		int rc = sqlite3_prepare_v3(store->db, sql, -1,
		    SQLITE_PREPARE_PERSISTENT, statement, NULL);

		(void)db_result(store, rc);
	}
	return *statement;
}

void
db_bind_int(sqlite3_stmt *statement, const char *name, int64_t value)
{
	if (statement != NULL) {
		(void)sqlite3_bind_int64(statement,
		    sqlite3_bind_parameter_index(statement, name), value);
	}
}

void
db_bind_text(sqlite3_stmt *statement, const char *name, const char *value)
{
	if (statement != NULL) {
		(void)sqlite3_bind_text(statement,
		    sqlite3_bind_parameter_index(statement, name), value, -1,
		    SQLITE_STATIC);
	}
}

void
db_bind_bytes(
    sqlite3_stmt *statement, const char *name, const void *bytes, int len)
{
	if (statement != NULL) {
		(void)sqlite3_bind_blob(statement,
		    sqlite3_bind_parameter_index(statement, name), bytes, len,
		    SQLITE_STATIC);
	}
}

void
db_reset(sqlite3_stmt *statement)
{
	(void)sqlite3_reset(statement);
	(void)sqlite3_clear_bindings(statement);
}

enum store_result
db_row(struct store *store, sqlite3_stmt *statement)
{
	enum store_result result;

	if (statement == NULL) {
		return db_result(store, sqlite3_errcode(store->db));
	}
	result = db_result(store, sqlite3_step(statement));
	if (result != STORE_OK) {
		db_reset(statement);
	}
	return result;
}

enum store_result
db_run(struct store *store, sqlite3_stmt *statement)
{
	enum store_result result = db_row(store, statement);

	if (result == STORE_OK) {
		db_reset(statement);
	}
	return result == STORE_NONE ? STORE_OK : result;
}

const char *
db_text(sqlite3_stmt *statement, int column)
{
	const unsigned char *text = sqlite3_column_text(statement, column);

	return text != NULL ? (const char *)text : "";
}

/* ---- networks ---- */

static int
family(const struct net *net)
{
	return net_is_v4(net) ? 4 : 6;
}

static int64_t
length(const struct net *net)
{
	return net_is_v4(net) ? net->bits - ADDR_V4_OFFSET : net->bits;
}

void
db_bind_net(sqlite3_stmt *statement, const struct net *net,
    char text[static NET_TEXT_SIZE])
{
	db_bind_text(statement, ":client", net_format(net, text));
	db_bind_int(statement, ":family", family(net));
	db_bind_int(statement, ":bits", length(net));
}

enum store_result
db_next_length(struct store *store, sqlite3_stmt *statement,
    const struct net *inner, int64_t above, int64_t *next)
{
	enum store_result result;

	*next = -1;
	if (above >= length(inner)) {
		return STORE_OK;
	}
	db_bind_int(statement, ":family", family(inner));
	db_bind_int(statement, ":above", above);
	db_bind_int(statement, ":most", length(inner));
	result = db_row(store, statement);
	if (result == STORE_OK) {
		if (sqlite3_column_type(statement, 0) == SQLITE_INTEGER) {
			*next = sqlite3_column_int64(statement, 0);
		}
		db_reset(statement);
	}
	return result == STORE_NONE ? STORE_OK : result;
}

struct net
db_cut(const struct net *inner, int64_t bits)
{
	return net_cut(&inner->addr,
	    (unsigned)bits + (net_is_v4(inner) ? (unsigned)ADDR_V4_OFFSET : 0));
}

/* ---- transactions ---- */

enum store_result
store_begin(struct store *store)
{
	return db_run(store, db_statement(store, DB_BEGIN, "BEGIN IMMEDIATE"));
}

enum store_result
store_commit(struct store *store)
{
	return db_run(store, db_statement(store, DB_COMMIT, "COMMIT"));
}

void
store_rollback(struct store *store)
{
	if (sqlite3_get_autocommit(store->db) == 0) {
		(void)db_run(
		    store, db_statement(store, DB_ROLLBACK, "ROLLBACK"));
	}
}

enum store_result
store_snapshot(struct store *store)
{
	return db_run(store, db_statement(store, DB_SNAPSHOT, "BEGIN"));
}

void
store_snapshot_end(struct store *store)
{
	store_rollback(store);
}

void
store_patience(struct store *store, int milliseconds)
{
	(void)sqlite3_busy_timeout(store->db, milliseconds);
}

enum store_result
store_version(struct store *store, int64_t *version)
{
	sqlite3_stmt *statement = db_statement(
	    store, DB_VERSION, "PRAGMA data_version");
	enum store_result result = db_row(store, statement);

	if (result == STORE_OK) {
		*version = sqlite3_column_int64(statement, 0);
		db_reset(statement);
	}
	return result;
}

bool
store_moved(struct store *store)
{
	int moved = 0;

	return sqlite3_file_control(store->db, "main", SQLITE_FCNTL_HAS_MOVED,
		   &moved) == SQLITE_OK &&
	       moved != 0;
}

enum store_result
store_checkpoint(struct store *store)
{
	return db_result(store, sqlite3_wal_checkpoint_v2(store->db, "main",
				    SQLITE_CHECKPOINT_PASSIVE, NULL, NULL));
}

enum store_result
store_numbers(struct store *store, struct store_numbers *numbers)
{
	sqlite3_stmt *statement = db_statement(store, DB_NUMBERS,
	    "SELECT (SELECT page_count FROM pragma_page_count())"
	    " * (SELECT page_size FROM pragma_page_size()),"
	    " (SELECT ifnull(max(id), 0) FROM event)"
	    " - (SELECT ifnull(min(id), 1) FROM event) + 1,"
	    " (SELECT user_version FROM pragma_user_version())");
	enum store_result result = db_row(store, statement);

	if (result == STORE_OK) {
		numbers->bytes = sqlite3_column_int64(statement, 0);
		numbers->events = sqlite3_column_int64(statement, 1);
		numbers->version = sqlite3_column_int64(statement, 2);
		db_reset(statement);
	}
	return result;
}
