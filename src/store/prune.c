/*
 * Housekeeping: forgetting what is old, times of a clock that was wrong, and
 * size.
 */
#include "store/db.h"

/* By an index over the time, so that a step is short at any size and whatever
 * the ids are. */
#define OLDEST(table, column)                                                  \
	"DELETE FROM " table " WHERE id IN (SELECT id FROM " table             \
	" WHERE " column " < :before ORDER BY " column " LIMIT :most)"

enum {
	/* Pages that are empty and stay for what comes next: one in so many,
	 * and some. */
	SPARE_ONE_IN = 8,
	SPARE = 256
};

/* Give some emptied pages back to the file system; gives back how many. */
static int64_t
give_back(struct store *store)
{
	static const char spare[] = "PRAGMA freelist_count";
	const int64_t pages = db_number(store, "PRAGMA page_count", NULL, 0);
	const int64_t empty = db_number(store, spare, NULL, 0);

	if (empty <= pages / SPARE_ONE_IN + SPARE) {
		return 0;
	}
	db_run(store, "PRAGMA incremental_vacuum(64)", NULL);
	return empty - db_number(store, spare, NULL, empty);
}

int64_t
store_prune(struct store *store, const struct store_prune *before, int most)
{
	const struct {
		const char *sql;
		int64_t before;
	} tables[] = {
		{ OLDEST("event", "at"), before->events },
		{ OLDEST("tally", "hour"), before->tallies },
		{ "DELETE FROM prefix WHERE (hour, rule, client) IN"
		  " (SELECT hour, rule, client FROM prefix"
		  " WHERE hour < :before ORDER BY hour LIMIT :most)",
		    before->events },
		{ OLDEST("ban", "ends"), before->bans },
		{ OLDEST("ban_folded", "ends"), before->bans },
		{ OLDEST("mark", "at"), before->resets },
		{ OLDEST("audit", "at"), before->audit },
		{ OLDEST("queue", "at"), before->queue },
		{ OLDEST("correspondent", "at"), before->correspondents },
		/* A handful of rows each. */
		{ "DELETE FROM allow WHERE until < :before", before->allows },
		{ "DELETE FROM allow_gone WHERE at < :before", before->audit },
		{ "DELETE FROM allow_name WHERE until < :before",
		    before->allows },
		/* Some rows a day, each kept until all of its day is old. */
		{ "DELETE FROM daily WHERE day <= :before",
		    before->daily - STORE_DAY },
	};
	bool own = db_enter(store);
	int64_t removed = 0;

	for (size_t i = 0;
	     i < sizeof(tables) / sizeof(tables[0]) && removed < most; i++) {
		db_run(store, tables[i].sql,
		    DB_WITH(db_int(":before", tables[i].before),
			db_int(":most", most - removed)));
		if (store->status == STORE_OK) {
			removed += sqlite3_changes(store->db);
		}
	}
	if (removed == 0) {
		removed = give_back(store);
	}
	return db_leave(store, own) == STORE_OK ? removed : 0;
}

/* Clocks of hosts that share differ, and what one saw is to stay the same on
 * all: only what is further off is wrong. */
#define LATE ":now + 3600 * EXISTS (SELECT 1 FROM share)"

/* Some at a time, as everything that is written. */
#define SETTLED(table, set, column)                                            \
	"UPDATE " table " SET " set " WHERE id IN (SELECT id FROM " table      \
	" WHERE " column " > " LATE " LIMIT 250)"

void
store_settle(struct store *store, int64_t now)
{
	static const char *const sql[] = {
		SETTLED("event", "at = :now", "at"),
		SETTLED("mark", "at = :now", "at"),
		SETTLED("ban", "ends = ends - begins + :now, begins = :now",
		    "begins"),
		SETTLED("audit", "at = :now", "at"),
		SETTLED("queue", "at = :now", "at"),
		SETTLED("correspondent", "at = :now", "at"),
		"UPDATE state SET since = :now WHERE since > :now",
		/* Of an hour that has a row the later one stays: it counts
		 * for nothing until then. */
		"UPDATE OR IGNORE tally SET hour = :now - :now % 3600"
		" WHERE id IN (SELECT id FROM tally AS t WHERE hour > " LATE
		" AND NOT EXISTS (SELECT 1 FROM tally WHERE client = t.client"
		" AND hour = :now - :now % 3600) LIMIT 250)",
	};
	const bool own = db_enter(store);

	for (size_t i = 0; i < sizeof(sql) / sizeof(sql[0]); i++) {
		db_run(store, sql[i], DB_WITH(db_int(":now", now)));
	}
	(void)db_leave(store, own);
}

int64_t
store_newest(struct store *store)
{
	return db_number(store,
	    "SELECT max(at) FROM (SELECT max(at) AS at FROM event UNION ALL"
	    " SELECT max(hour) FROM tally UNION ALL"
	    " SELECT max(begins) FROM ban UNION ALL"
	    " SELECT max(at) FROM audit)",
	    NULL, INT64_MIN);
}

void
store_numbers(struct store *store, struct store_numbers *numbers)
{
	sqlite3_stmt *statement = db_query(store,
	    "SELECT (SELECT page_count FROM pragma_page_count())"
	    " * (SELECT page_size FROM pragma_page_size()),"
	    " (SELECT ifnull(max(id), 0) FROM event)"
	    " - (SELECT ifnull(min(id), 1) FROM event) + 1,"
	    " (SELECT user_version FROM pragma_user_version())",
	    NULL);

	*numbers = (struct store_numbers){ .bytes = 0 };
	if (db_row(store, statement)) {
		numbers->bytes = sqlite3_column_int64(statement, 0);
		numbers->events = sqlite3_column_int64(statement, 1);
		numbers->version = sqlite3_column_int64(statement, 2);
		db_reset(statement);
	}
	numbers->log = db_log_size(store);
	if (db_log_look(store) == DB_LOG_FULL) {
		db_log_holder(store, numbers->holder);
	}
}
