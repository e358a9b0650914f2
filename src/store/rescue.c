/*
 * Saving what can be read of a damaged database, row by row and past what
 * cannot, into a new one.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "store/db.h"

/* What cannot be learned anew comes first.  The second is what its rows come
 * in the order of. */
static const char *const tables[][2] = { { "allow", "rowid" },
	{ "ban", "rowid" }, { "audit", "rowid" }, { "mark", "rowid" },
	{ "state", "rowid" }, { "event", "rowid" }, { "tally", "rowid" },
	{ "daily", "day" }, { "position", "rowid" }, { "queue", "rowid" } };

enum {
	TABLES = sizeof(tables) / sizeof(tables[0])
};

/* ---- the copy ---- */

/* What the disk cannot give becomes zeroes. */
static bool
copy_file(const char *from, const char *to)
{
	static const char zeroes[4096];
	char bytes[sizeof(zeroes)];
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = in < 0
		      ? -1
		      : open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct stat st;
	bool fine = out >= 0 && fstat(in, &st) == 0;

	for (off_t at = 0; fine && at < st.st_size;) {
		ssize_t len = pread(in, bytes, sizeof(bytes), at);
		const bool bad = len < 0 && errno == EIO;

		if (bad || len == 0) {
			len = sizeof(bytes);
		}
		fine = len > 0 && pwrite(out, bad ? zeroes : bytes, (size_t)len,
				      at) == len;
		at += len;
	}
	if (in >= 0) {
		(void)close(in);
	}
	if (out >= 0) {
		fine &= close(out) == 0;
	}
	return fine;
}

static void
remove_database(const char *path)
{
	static const char *const tails[] = { "", "-wal", "-shm", "-journal" };
	char side[PATH_MAX];
	struct text text;

	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		text_init(&text, side, sizeof(side));
		text_addf(&text, "%s%s", path, tails[i]);
		(void)unlink(side);
	}
}

/* Open a copy of the database and its log; NULL for fine. */
static const char *
open_copy(const char *from, const char *copy, sqlite3 **db)
{
	char log[2][PATH_MAX];
	struct text text;

	for (int i = 0; i < 2; i++) {
		text_init(&text, log[i], sizeof(log[i]));
		text_addf(&text, "%s-wal", i == 0 ? from : copy);
	}
	remove_database(copy);
	if (!copy_file(from, copy) ||
	    (access(log[0], F_OK) == 0 && !copy_file(log[0], log[1]))) {
		return strerror(errno);
	}
	if (sqlite3_open_v2(copy, db, SQLITE_OPEN_READWRITE, NULL) !=
	    SQLITE_OK) {
		return sqlite3_errmsg(*db);
	}
	/* What is not understood of the schema is no reason to give up. */
	(void)sqlite3_exec(
	    *db, "PRAGMA writable_schema = ON", NULL, NULL, NULL);
	return db_not_ours(*db);
}

/* ---- rows ---- */

/* A table on its way: its rows, each behind the number that orders them, and
 * how they are put. */
struct rescue {
	sqlite3 *from;
	sqlite3 *to;
	const char *table;
	const char *order;
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

/* False where no row can be put. */
static bool
save_table(struct rescue *rescue)
{
	int64_t after = -1;
	bool fine = true;
	bool whole = false;

	while (fine && !whole && after < INT64_MAX) {
		sqlite3_stmt *rows = rows_after(rescue, after);

		while (fine && sqlite3_step(rows) == SQLITE_ROW) {
			after = sqlite3_column_int64(rows, 0);
			fine = put_row(rescue, rows);
		}
		whole = sqlite3_finalize(rows) == SQLITE_OK && rows != NULL;
		if (fine && !whole) {
			rescue->gaps++;
			after = behind_gap(rescue, after);
		}
	}
	(void)sqlite3_finalize(rescue->put);
	return fine;
}

/* ---- all of it ---- */

/* NULL for fine. */
static const char *
save_tables(sqlite3 *from, struct store *to, struct store_rescued *counts)
{
	int64_t rows = 0;

	for (size_t i = 0; i < TABLES; i++) {
		struct rescue rescue = { .from = from,
			.to = to->db,
			.table = tables[i][0],
			.order = tables[i][1] };
		bool fine;

		store_begin(to);
		fine = store_status(to) == STORE_OK && save_table(&rescue);
		if (store_commit(to) != STORE_OK || !fine) {
			return fine ? store_error(to) : sqlite3_errmsg(to->db);
		}
		rows += rescue.rows;
		counts->table[i].table = rescue.table;
		counts->table[i].rows = rescue.rows;
		counts->table[i].gaps = rescue.gaps;
	}
	counts->tables = TABLES;
	return rows > 0 ? NULL : "nothing in it can be read";
}

enum store_result
store_rescue(const char *from, const char *to, struct store_rescued *counts,
    char error[static STORE_ERROR_SIZE])
{
	char copy[PATH_MAX];
	sqlite3 *db = NULL;
	struct store *store = NULL;
	const char *why;
	struct text text;

	*counts = (struct store_rescued){ .tables = 0 };
	text_init(&text, copy, sizeof(copy));
	text_addf(&text, "%s.damaged", to);
	if (text.cut || access(to, F_OK) == 0) {
		text_init(&text, error, STORE_ERROR_SIZE);
		text_addf(&text, "%s: it exists already", to);
		return STORE_FAILED;
	}
	why = open_copy(from, copy, &db);
	if (why != NULL) {
		text_init(&text, error, STORE_ERROR_SIZE);
		text_addf(&text, "%s: %s", from, why);
	} else if (store_open(&store, to, STORE_WRITE, 0, error) == STORE_OK) {
		why = save_tables(db, store, counts);
		if (why != NULL) {
			text_init(&text, error, STORE_ERROR_SIZE);
			text_addf(&text, "%s: %s", from, why);
		}
	}
	(void)sqlite3_close(db);
	remove_database(copy);
	if (why != NULL && store != NULL) {
		store_close(store);
		store = NULL;
		remove_database(to);
		return STORE_FAILED;
	}
	if (store == NULL) {
		return STORE_FAILED;
	}
	store_close(store);
	return STORE_OK;
}
