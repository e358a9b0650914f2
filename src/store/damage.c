/*
 * A damaged database: finding it out, and saving what can be read of it, row by
 * row and past what cannot, into a new one.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/proc.h"
#include "base/text.h"
#include "store/db.h"

/* Who checks, and where somebody may tell it to leave off. */
struct check {
	struct store *store;
	const atomic_bool *leave;
	int64_t until; /* on proc_ticks(); 0: without end */
};

static int
is_to_end(void *of)
{
	const struct check *check = of;

	return (check->leave != NULL && atomic_load(check->leave)) ||
	       (check->until != 0 && proc_ticks() > check->until) ||
	       db_log_is_wanted(check->store);
}

void
store_check(struct store *store, int64_t most, const atomic_bool *leave,
    void (*each)(void *to, const char *complaint), void *to)
{
	struct check check = { store, leave,
		most > 0 ? proc_ticks() + most : 0 };
	sqlite3_stmt *row = db_query(store, "PRAGMA quick_check(20)", NULL);

	if (store->db != NULL) {
		sqlite3_progress_handler(store->db, 100000, is_to_end, &check);
	}
	while (db_row(store, row)) {
		if (strcmp(db_words(row, 0), "ok") != 0) {
			each(to, db_words(row, 0));
		}
	}
	if (store->db != NULL) {
		sqlite3_progress_handler(store->db, 0, NULL, NULL);
	}
}

/* What cannot be learned anew comes first.  The second is what its rows come
 * in the order of. */
static const char *const tables[][2] = { { "allow", "rowid" },
	{ "ban", "rowid" }, { "audit", "rowid" }, { "allow_name", "rowid" },
	{ "allow_network", "rowid" }, { "correspondent", "rowid" },
	{ "mark", "rowid" }, { "state", "rowid" }, { "position", "rowid" },
	{ "queue", "rowid" }, { "allow_gone", "rowid" }, { "peer", "id" },
	{ "share", "id" }, { "share_out", "seq" }, { "share_hits", "ref" },
	{ "ban_folded", "rowid" }, { "event", "rowid" }, { "tally", "rowid" },
	{ "share_tally", "hour" }, { "prefix", "hour" }, { "daily", "day" } };

enum {
	ROWS = 4096,        /* of a transaction */
	NEWEST = 100000,    /* of a table are saved in a hurry */
	LOST_MAX = 1000000, /* entries that were to be sent */
	TABLES = sizeof(tables) / sizeof(tables[0])
};

/* ---- rows ---- */

/* A table on its way: its rows, each behind the number that orders them, and
 * how they are put. */
struct rescue {
	sqlite3 *from;
	sqlite3 *to;
	struct store *store; /* whose that is */
	const char *table;
	const char *order;
	int64_t until; /* on proc_ticks(); 0: without end */
	sqlite3_stmt *put;
	int64_t rows;
	int64_t gaps;
};

static sqlite3_stmt *
rows_after(const struct rescue *rescue, int64_t after)
{
	char *sql = sqlite3_mprintf("SELECT %s, * FROM \"%w\" NOT INDEXED"
				    " WHERE %s > %lld ORDER BY 1",
	    rescue->order, rescue->table, rescue->order, (long long)after);
	sqlite3_stmt *rows = NULL;

	if (sql != NULL) {
		(void)sqlite3_prepare_v2(rescue->from, sql, -1, &rows, NULL);
	}
	sqlite3_free(sql);
	return rows;
}

/* The columns that a row of the old database has. */
static bool
prepare_put(struct rescue *rescue, sqlite3_stmt *rows)
{
	const int columns = sqlite3_column_count(rows) - 1;
	sqlite3_str *text = sqlite3_str_new(rescue->to);
	char *sql;

	sqlite3_str_appendf(
	    text, "INSERT OR IGNORE INTO \"%w\" (", rescue->table);
	for (int i = 1; i <= columns; i++) {
		sqlite3_str_appendf(text, "%s\"%w\"", i > 1 ? ", " : "",
		    sqlite3_column_name(rows, i));
	}
	sqlite3_str_appendall(text, ") VALUES (?");
	for (int i = 1; i < columns; i++) {
		sqlite3_str_appendall(text, ", ?");
	}
	sqlite3_str_appendall(text, ")");
	sql = sqlite3_str_finish(text);
	if (sql != NULL) {
		(void)sqlite3_prepare_v2(
		    rescue->to, sql, -1, &rescue->put, NULL);
	}
	sqlite3_free(sql);
	return rescue->put != NULL;
}

/* Put the row that was read; one that is no good is a gap.  False where no row
 * can be put. */
static bool
put_row(struct rescue *rescue, sqlite3_stmt *rows)
{
	int rc;

	if (rescue->put == NULL && !prepare_put(rescue, rows)) {
		return false;
	}
	for (int i = 1; i < sqlite3_column_count(rows); i++) {
		(void)sqlite3_bind_value(
		    rescue->put, i, sqlite3_column_value(rows, i));
	}
	(void)sqlite3_step(rescue->put);
	rc = sqlite3_reset(rescue->put);
	if (rc == SQLITE_OK && sqlite3_changes(rescue->to) > 0) {
		rescue->rows++;
	} else {
		rescue->gaps++;
	}
	return rc == SQLITE_OK || (rc & 0xff) == SQLITE_CONSTRAINT;
}

static bool
can_read(const struct rescue *rescue, int64_t after)
{
	sqlite3_stmt *rows = rows_after(rescue, after);

	(void)sqlite3_step(rows);
	return sqlite3_finalize(rows) == SQLITE_OK && rows != NULL;
}

/* The least place behind `bad` from which rows can be read. */
static int64_t
behind_gap(const struct rescue *rescue, int64_t bad)
{
	int64_t good = bad;

	for (int64_t step = 1; !can_read(rescue, good); step *= 2) {
		if (step > INT64_MAX / 4 || good > INT64_MAX - step) {
			return INT64_MAX;
		}
		bad = good;
		good += step;
	}
	while (good - bad > 1) {
		const int64_t middle = bad + (good - bad) / 2;

		if (can_read(rescue, middle)) {
			good = middle;
		} else {
			bad = middle;
		}
	}
	return good;
}

/* Where there is little time, the newest rows of a table are what counts. */
static int64_t
before_newest(const struct rescue *rescue)
{
	char *sql = sqlite3_mprintf("SELECT max(%s) FROM \"%w\" NOT INDEXED",
	    rescue->order, rescue->table);
	sqlite3_stmt *newest = NULL;
	int64_t after = -1;

	if (sql != NULL && strcmp(rescue->order, "rowid") == 0 &&
	    sqlite3_prepare_v2(rescue->from, sql, -1, &newest, NULL) ==
		SQLITE_OK &&
	    sqlite3_step(newest) == SQLITE_ROW &&
	    sqlite3_column_int64(newest, 0) > NEWEST) {
		after = sqlite3_column_int64(newest, 0) - NEWEST;
	}
	(void)sqlite3_finalize(newest);
	sqlite3_free(sql);
	return after;
}

static bool
is_time(const struct rescue *rescue)
{
	return rescue->until == 0 || rescue->rows % 256 != 255 ||
	       proc_ticks() < rescue->until;
}

/* False where no row can be put. */
static bool
save_table(struct rescue *rescue)
{
	int64_t after = rescue->until == 0 ? -1 : before_newest(rescue);
	bool fine = true;
	bool whole = false;

	rescue->gaps += after >= 0;
	while (fine && !whole && after < INT64_MAX) {
		sqlite3_stmt *rows = rows_after(rescue, after);

		while (fine && is_time(rescue) &&
		       sqlite3_step(rows) == SQLITE_ROW) {
			after = sqlite3_column_int64(rows, 0);
			fine = put_row(rescue, rows);
			if (rescue->rows % ROWS == ROWS - 1) {
				store_go_on(rescue->store);
			}
		}
		whole = sqlite3_finalize(rows) == SQLITE_OK && rows != NULL;
		if (!is_time(rescue)) {
			rescue->gaps++;
			whole = true;
		}
		if (fine && !whole) {
			rescue->gaps++;
			after = behind_gap(rescue, after);
		}
	}
	(void)sqlite3_finalize(rescue->put);
	return fine;
}

/* ---- all of it ---- */

/* The number of the last entry that there was to be sent. */
static int64_t
last_entry(sqlite3 *from)
{
	sqlite3_stmt *last = NULL;
	int64_t seq = 0;

	if (sqlite3_prepare_v2(from,
		"SELECT seq FROM sqlite_sequence WHERE name = 'share_out'", -1,
		&last, NULL) == SQLITE_OK &&
	    sqlite3_step(last) == SQLITE_ROW) {
		seq = sqlite3_column_int64(last, 0);
	}
	(void)sqlite3_finalize(last);
	return seq;
}

/* A host that shared goes on: what it sends is numbered without a gap, so that
 * for entries that are lost there are empty ones. */
static void
go_on_sharing(sqlite3 *from, struct store *to)
{
	const int64_t sent = db_number(to, "SELECT sent FROM share", NULL, -1);
	const int64_t there = db_number(
	    to, "SELECT max(seq) FROM share_out", NULL, sent);
	int64_t last = last_entry(from);

	if (sent < 0) {
		return;
	}
	/* It may be damaged as well. */
	if (last < there || last - there > LOST_MAX) {
		last = there;
	}
	db_run(to,
	    "WITH RECURSIVE n (seq) AS (SELECT :sent UNION ALL"
	    " SELECT seq + 1 FROM n WHERE seq < :last)"
	    " INSERT OR IGNORE INTO share_out (seq, sort, keep, body)"
	    " SELECT seq, 'tally', 0, '[]' FROM n",
	    DB_WITH(db_int(":sent", sent), db_int(":last", last)));
	db_run(to, "DELETE FROM share_out WHERE seq <= :sent",
	    DB_WITH(db_int(":sent", sent)));
	db_share_triggers(to);
}

bool
db_rescue(sqlite3 *from, struct store *to, int64_t until,
    struct store_rescued *counts)
{
	bool fine = true;

	*counts = (struct store_rescued){ .tables = 0 };
	/* They would count what is not there yet. */
	(void)sqlite3_db_config(
	    to->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	for (; fine && counts->tables < TABLES; counts->tables++) {
		struct rescue rescue = { .from = from,
			.to = to->db,
			.store = to,
			.table = tables[counts->tables][0],
			.order = tables[counts->tables][1],
			.until = until };

		store_begin(to);
		fine = store_status(to) == STORE_OK && save_table(&rescue);
		fine &= store_commit(to) == STORE_OK;
		counts->table[counts->tables].table = rescue.table;
		counts->table[counts->tables].rows = rescue.rows;
		counts->table[counts->tables].gaps = rescue.gaps;
		counts->rows += rescue.rows;
		counts->gaps += rescue.gaps;
	}
	if (fine) {
		store_begin(to);
		go_on_sharing(from, to);
		fine = store_commit(to) == STORE_OK;
	}
	(void)sqlite3_db_config(
	    to->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 1, NULL);
	if (!fine && store_status(to) == STORE_OK) {
		db_fail(to, STORE_FAILED, "cannot be written");
	}
	return fine;
}

enum store_result
store_rescue(const char *from, const char *to, struct store_rescued *counts,
    char error[static STORE_ERROR_SIZE])
{
	struct store *store = NULL;
	const char *why = NULL;
	sqlite3 *db = NULL;
	bool fine = false;

	if (sqlite3_open_v2(from, &db, SQLITE_OPEN_READONLY, NULL) !=
	    SQLITE_OK) {
		why = sqlite3_errmsg(db);
	} else {
		/* What is not understood of the schema stops nothing. */
		(void)sqlite3_exec(
		    db, "PRAGMA writable_schema = ON", NULL, NULL, NULL);
		why = db_not_ours(db);
	}
	if (why != NULL) {
		(void)snprintf(error, STORE_ERROR_SIZE, "%s: %s", from, why);
	} else if (access(to, F_OK) == 0) {
		(void)snprintf(
		    error, STORE_ERROR_SIZE, "%s: it exists already", to);
	} else if (store_open(&store, to, STORE_WRITE, 0, error) == STORE_OK) {
		fine = db_rescue(db, store, 0, counts);
		if (fine && counts->rows == 0) {
			db_fail(store, STORE_FAILED, "nothing could be read");
			fine = false;
		}
		(void)text_copy(error, STORE_ERROR_SIZE, store_error(store));
		/* Its log is empty then: the file alone is all of it. */
		db_script(store, "PRAGMA wal_checkpoint(TRUNCATE)");
		store_close(store);
	}
	(void)sqlite3_close(db);
	if (store != NULL && !fine) {
		(void)unlink(to);
	}
	return fine ? STORE_OK : STORE_FAILED;
}
