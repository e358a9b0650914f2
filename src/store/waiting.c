/*
 * Rows of the open transaction that wait: a table takes all of its own in one
 * statement, which opens the table and its indexes once, where one for each
 * would cost twice as much.  They are written before any statement runs that
 * could miss them, before the transaction ends, and where they have become
 * many.
 */
#include <string.h>

#include "store/db.h"

/* What the statement that runs now reads, as a table named "waiting". */
struct shown {
	sqlite3_vtab base;
	struct store *store;
};

struct cursor {
	sqlite3_vtab_cursor base;
	struct store *store;
	size_t row;
};

static int
connect(sqlite3 *db, void *store, int words, const char *const *word,
    sqlite3_vtab **out, char **error)
{
	struct shown *shown = sqlite3_malloc(sizeof(*shown));

	(void)words;
	(void)word;
	(void)error;
	if (shown == NULL) {
		return SQLITE_NOMEM;
	}
	*shown = (struct shown){ .store = store };
	*out = &shown->base;
	return sqlite3_declare_vtab(db,
	    "CREATE TABLE waiting (c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10,"
	    " c11, c12, c13, c14, c15, c16, c17, c18, c19)");
}

static int
disconnect(sqlite3_vtab *base)
{
	sqlite3_free(base);
	return SQLITE_OK;
}

static int
plan(sqlite3_vtab *base, sqlite3_index_info *info)
{
	(void)base;
	(void)info;
	return SQLITE_OK;
}

static int
open_cursor(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
	struct cursor *cursor = sqlite3_malloc(sizeof(*cursor));

	if (cursor == NULL) {
		return SQLITE_NOMEM;
	}
	*cursor = (struct cursor){ .store = ((struct shown *)base)->store };
	*out = &cursor->base;
	return SQLITE_OK;
}

static int
close_cursor(sqlite3_vtab_cursor *base)
{
	sqlite3_free(base);
	return SQLITE_OK;
}

static int
first(sqlite3_vtab_cursor *base, int number, const char *text, int values,
    sqlite3_value **value)
{
	(void)number;
	(void)text;
	(void)values;
	(void)value;
	((struct cursor *)base)->row = 0;
	return SQLITE_OK;
}

static int
next(sqlite3_vtab_cursor *base)
{
	((struct cursor *)base)->row++;
	return SQLITE_OK;
}

static int
is_behind(sqlite3_vtab_cursor *base)
{
	const struct cursor *cursor = (const struct cursor *)base;

	return cursor->row >= cursor->store->shown.rows;
}

static int
show(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
	const struct cursor *cursor = (const struct cursor *)base;
	const struct db_shown *rows = &cursor->store->shown;

	rows->show(context, rows->row[cursor->row], column);
	return SQLITE_OK;
}

static int
number(sqlite3_vtab_cursor *base, sqlite3_int64 *number)
{
	*number = (sqlite3_int64)((struct cursor *)base)->row;
	return SQLITE_OK;
}

/* Told of all that a statement does while it is prepared: whether it could miss
 * rows that wait, or come before what led to it where another host reads on. */
static int
note_use(void *to, int action, const char *table, const char *column,
    const char *database, const char *trigger)
{
	struct store *store = to;

	(void)column;
	(void)database;
	(void)trigger;
	store->awaits |= action == SQLITE_TRANSACTION ||
			 action == SQLITE_SAVEPOINT ||
			 (action == SQLITE_INSERT &&
			     strcmp(table, "ban") == 0) ||
			 (table != NULL && (strcmp(table, "event") == 0 ||
					       strcmp(table, "tally") == 0 ||
					       strcmp(table, "mark") == 0));
	return SQLITE_OK;
}

void
db_waiting_init(struct store *store)
{
	/* Without a way to create it, it is there by its name alone. */
	static const sqlite3_module module = { .xConnect = connect,
		.xBestIndex = plan,
		.xDisconnect = disconnect,
		.xOpen = open_cursor,
		.xClose = close_cursor,
		.xFilter = first,
		.xNext = next,
		.xEof = is_behind,
		.xColumn = show,
		.xRowid = number };

	(void)db_check(store, sqlite3_create_module_v2(
				  store->db, "waiting", &module, store, NULL));
	(void)sqlite3_set_authorizer(store->db, note_use, store);
}

void
db_waiting_take(
    struct store *store, const char *sql, const struct db_shown *rows)
{
	if (rows->rows > 0) {
		store->shown = *rows;
		db_run(store, sql, NULL);
		store->shown.rows = 0;
	}
}

bool
db_waiting_put(struct store *store)
{
	if (store->waiting == DB_WAITING_MAX) {
		db_waiting_write(store);
	}
	if (!db_ready(store)) {
		return false;
	}
	store->waiting++;
	return true;
}

void
db_waiting_end(struct store *store)
{
	if (sqlite3_get_autocommit(store->db) != 0) {
		db_waiting_write(store);
	}
}

void
db_waiting_write(struct store *store)
{
	if (store->waiting > 0) {
		store->waiting = 0;
		db_events_write(store);
		db_tallies_write(store);
		db_resets_write(store);
		db_waiting_forget(store);
	}
}

void
db_waiting_forget(struct store *store)
{
	store->waiting = 0;
	db_events_forget(store);
	table_clear(&store->tallies);
	table_clear(&store->resets);
}
