#include "store/db.h"

#include <string.h>

#include "base/text.h"

enum {
	OTHERS_TURN =
	    5 /* ms: who waits for the lock does not ask all the time */
};

/* ---- errors ---- */

void
db_fail(struct store *store, enum store_result status, const char *why)
{
	struct text text;

	text_init(&text, store->error, sizeof(store->error));
	text_addf(&text, "%s: %s",
	    store->path != NULL ? store->path : "the database", why);
	store->status = status;
	store->broken |= status == STORE_FAILED;
}

bool
db_check(struct store *store, int rc)
{
	/* The low byte is the plain code, SQLITE_BUSY_SNAPSHOT and its like
	 * included. */
	int plain = rc & 0xff;

	if (plain == SQLITE_OK || plain == SQLITE_ROW || plain == SQLITE_DONE) {
		return true;
	}
	db_fail(store,
	    plain == SQLITE_BUSY || plain == SQLITE_LOCKED ||
		    plain == SQLITE_INTERRUPT
		? STORE_BUSY
		: STORE_FAILED,
	    store->db != NULL ? sqlite3_errmsg(store->db) : "out of memory");
	store->refused = plain == SQLITE_CONSTRAINT ||
			 plain == SQLITE_MISMATCH || plain == SQLITE_ERROR;
	store->read_only = plain == SQLITE_READONLY;
	if (plain == SQLITE_CORRUPT || plain == SQLITE_NOTADB ||
	    rc == SQLITE_IOERR_READ || rc == SQLITE_IOERR_SHORT_READ) {
		db_files_doubt();
	}
	return false;
}

bool
db_refused(struct store *store)
{
	const bool refused = store->status == STORE_FAILED && store->refused;

	if (refused) {
		store->status = STORE_OK;
		store->broken = false;
	}
	return refused;
}

bool
db_ready(struct store *store)
{
	if (!store->bracket) {
		store->status = STORE_OK;
		if (store->db == NULL) {
			db_fail(store, STORE_FAILED,
			    "the database is to be opened anew");
		}
	}
	return store->status == STORE_OK;
}

bool
db_enter(struct store *store)
{
	bool own = !store->bracket;

	(void)db_ready(store);
	store->bracket = true;
	return own;
}

enum store_result
db_leave(struct store *store, bool own)
{
	store->bracket = !own;
	return store->status;
}

enum store_result
store_status(const struct store *store)
{
	return store->status;
}

const char *
store_error(const struct store *store)
{
	return store->error;
}

/* ---- statements ---- */

int
db_family(const struct net *net)
{
	return net_is_v4(net) ? 4 : 6;
}

int64_t
db_bits(const struct net *net)
{
	return net_is_v4(net) ? net->bits - ADDR_V4_OFFSET : net->bits;
}

/* Where the `i`th value is bound. */
static int
place_of(struct db_statement *slot, size_t i, const char *name)
{
	int place;

	if (i < DB_PLACES && slot->name[i] == name) {
		return slot->place[i];
	}
	place = sqlite3_bind_parameter_index(slot->statement, name);
	if (i < DB_PLACES && place <= UINT8_MAX) {
		slot->name[i] = name;
		slot->place[i] = (uint8_t)place;
	}
	return place;
}

static void
bind(struct db_statement *slot, size_t i, const struct db_value *value)
{
	sqlite3_stmt *statement = slot->statement;
	const int place = place_of(slot, i, value->name);

	switch (value->type) {
	case DB_INT:
		(void)sqlite3_bind_int64(statement, place, value->number);
		break;
	case DB_TEXT:
		(void)sqlite3_bind_text(
		    statement, place, value->what, -1, SQLITE_STATIC);
		break;
	case DB_CLIENT:
		(void)sqlite3_bind_text(statement, place,
		    net_format(value->what, slot->client), -1, SQLITE_STATIC);
		break;
	}
}

/* Where the statement of a text is kept, prepared at its first use. */
static struct db_statement *
slot_of(struct store *store, const char *sql)
{
	struct db_statement *slot;
	size_t at = (uintptr_t)sql / 8 % DB_STATEMENTS;

	while (store->statement[at].sql != NULL &&
	       store->statement[at].sql != sql) {
		at = (at + 1) % DB_STATEMENTS;
	}
	slot = &store->statement[at];
	if (slot->statement == NULL) {
		slot->sql = sql;
		store->awaits = false;
		(void)db_check(store,
		    sqlite3_prepare_v3(store->db, sql, -1,
			SQLITE_PREPARE_PERSISTENT, &slot->statement, NULL));
		slot->awaits = store->awaits;
	}
	return slot;
}

sqlite3_stmt *
db_query_apart(
    struct store *store, const char *sql, const struct db_value *values)
{
	struct db_statement *slot = db_ready(store) ? slot_of(store, sql)
						    : NULL;

	for (size_t i = 0; slot != NULL && slot->statement != NULL &&
			   values != NULL && values[i].name != NULL;
	     i++) {
		bind(slot, i, &values[i]);
	}
	return slot != NULL ? slot->statement : NULL;
}

sqlite3_stmt *
db_query(struct store *store, const char *sql, const struct db_value *values)
{
	if (store->waiting > 0 && db_ready(store) &&
	    slot_of(store, sql)->awaits) {
		db_waiting_write(store);
	}
	return db_query_apart(store, sql, values);
}

void
db_reset(sqlite3_stmt *statement)
{
	(void)sqlite3_reset(statement);
	(void)sqlite3_clear_bindings(statement);
}

bool
db_row(struct store *store, sqlite3_stmt *statement)
{
	int rc;

	if (statement == NULL) {
		return false;
	}
	rc = sqlite3_step(statement);
	if (rc == SQLITE_ROW) {
		return true;
	}
	(void)db_check(store, rc);
	db_reset(statement);
	return false;
}

void
db_run(struct store *store, const char *sql, const struct db_value *values)
{
	sqlite3_stmt *statement = db_query(store, sql, values);

	while (db_row(store, statement)) {
		/* What a pragma answers. */
	}
}

int64_t
db_number(struct store *store, const char *sql, const struct db_value *values,
    int64_t otherwise)
{
	sqlite3_stmt *statement = db_query(store, sql, values);
	int64_t number = otherwise;

	if (db_row(store, statement)) {
		if (sqlite3_column_type(statement, 0) != SQLITE_NULL) {
			number = sqlite3_column_int64(statement, 0);
		}
		db_reset(statement);
	}
	return number;
}

const char *
db_words(sqlite3_stmt *statement, int column)
{
	const unsigned char *text = sqlite3_column_text(statement, column);

	return text != NULL ? (const char *)text : "";
}

/* ---- brackets ---- */

static void
open_bracket(struct store *store, const char *sql)
{
	db_run(store, sql, NULL);
	store->bracket = true;
	store->lengths_hold = false;
}

void
store_begin(struct store *store)
{
	static const char begin[] = "BEGIN IMMEDIATE";
	enum db_log log;

	open_bracket(store, begin);
	log = store->status == STORE_OK ? db_log_look(store) : DB_LOG_FINE;
	if (log == DB_LOG_FINE) {
		return;
	}
	store_rollback(store);
	db_log_move(store, log);
	store->bracket = true;
	db_run(store, begin, NULL);
	if (store->status == STORE_OK && db_log_look(store) == DB_LOG_FULL) {
		db_fail(store, STORE_BUSY, "its log is full");
	}
}

void
store_read(struct store *store)
{
	open_bracket(store, "BEGIN");
}

void
store_rehearse(struct store *store)
{
	store->rehearsed = true;
}

enum store_result
store_commit(struct store *store)
{
	if (store->status == STORE_OK && !store->rehearsed) {
		db_daily_write(store);
	}
	if (store->status == STORE_OK && !store->rehearsed &&
	    db_files_hold(store)) {
		db_run(store, "COMMIT", NULL);
	}
	store_rollback(store);
	return store->status;
}

void
store_pause(struct store *store)
{
	if (!store->rehearsed) {
		store->bracket = store_commit(store) != STORE_OK;
	}
}

void
store_go_on(struct store *store)
{
	if (store->rehearsed) {
		return;
	}
	if (store->bracket) {
		store_pause(store);
		(void)sqlite3_sleep(OTHERS_TURN);
	}
	if (store->status == STORE_OK) {
		store_begin(store);
	}
	store->bracket = true;
}

/* The first failure is the one to tell, whatever becomes of this. */
void
store_rollback(struct store *store)
{
	const bool open = store->db != NULL &&
			  sqlite3_get_autocommit(store->db) == 0;
	const enum store_result first = store->status;

	db_waiting_forget(store);
	if (open) {
		store->status = STORE_OK;
		db_run(store, "ROLLBACK", NULL);
		store->status = first;
	}
	/* What was written with it is not: SQLite may have ended it itself. */
	if (open || first != STORE_OK) {
		store->has_secret = false;
		db_logins_forget(store);
	}
	memset(store->sum, 0, sizeof(store->sum));
	store->bracket = false;
	store->rehearsed = false;
}

void
db_renew(struct store *store)
{
	if (store->bracket && store->status == STORE_OK &&
	    sqlite3_txn_state(store->db, "main") == SQLITE_TXN_READ) {
		db_run(store, "COMMIT", NULL);
		open_bracket(store, "BEGIN");
	}
}

enum store_result
store_read_end(struct store *store)
{
	store_rollback(store);
	return store->status;
}

void
store_timeout(struct store *store, int milliseconds)
{
	store->timeout = milliseconds;
	if (store->db != NULL) {
		(void)sqlite3_busy_timeout(store->db, milliseconds);
	}
}

int64_t
store_changes(struct store *store)
{
	int64_t version = db_number(store, "PRAGMA data_version", NULL, -1);

	/* One that no other database of this handle had. */
	return version < 0
		   ? -1
		   : (version & UINT32_MAX) | (store->opened & INT32_MAX) << 32;
}
