#include "store/db.h"

/*
 * Ids follow the order of arrival, so the lowest are the oldest but for what
 * came late.  Looking only at the lowest `most` ids keeps a step short at any
 * size; a late row waits until those before it have gone.
 */
#define OLDEST(table, column)                                                  \
	"DELETE FROM " table " WHERE id IN (SELECT id FROM"                    \
	" (SELECT id, " column " AS at FROM " table                            \
	" ORDER BY id LIMIT :most) WHERE at < :before)"

static enum store_result
prune(struct store *store, sqlite3_stmt *statement, int64_t before, int most,
    int64_t *removed)
{
	enum store_result result;

	db_bind_int(statement, ":before", before);
	db_bind_int(statement, ":most", most);
	result = db_run(store, statement);
	if (result == STORE_OK) {
		*removed += sqlite3_changes(store->db);
	}
	return result;
}

/* Give some of the emptied pages back to the file system. */
static enum store_result
give_back(struct store *store)
{
	sqlite3_stmt *statement = db_statement(
	    store, DB_VACUUM, "PRAGMA incremental_vacuum(64)");
	enum store_result result;

	while ((result = db_row(store, statement)) == STORE_OK) {
	}
	return result == STORE_NONE ? STORE_OK : result;
}

enum store_result
store_prune(struct store *store, const struct store_prune *before, int most,
    int64_t *removed)
{
	const struct {
		enum db_statement which;
		const char *sql;
		int64_t before;
	} tables[] = {
		{ DB_PRUNE_EVENT, OLDEST("event", "at"), before->events },
		{ DB_PRUNE_TALLY, OLDEST("tally", "hour"), before->tallies },
		{ DB_PRUNE_BAN, OLDEST("ban", "ends"), before->bans },
		{ DB_PRUNE_MARK, OLDEST("mark", "at"), before->marks },
		{ DB_PRUNE_AUDIT, OLDEST("audit", "at"), before->audit },
		{ DB_PRUNE_QUEUE, OLDEST("queue", "at"), before->queue },
		/* A handful of rows; their order is not time's. */
		{ DB_PRUNE_ALLOW, "DELETE FROM allow WHERE until < :before",
		    before->now },
		/* Some rows a day, each kept until all of its day is old. */
		{ DB_PRUNE_DAILY, "DELETE FROM daily WHERE day <= :before",
		    before->daily - STORE_DAY },
	};

	*removed = 0;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		enum store_result result = prune(store,
		    db_statement(store, tables[i].which, tables[i].sql),
		    tables[i].before, most, removed);

		if (result != STORE_OK) {
			return result;
		}
	}
	return *removed > 0 ? give_back(store) : STORE_OK;
}
