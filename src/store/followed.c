/*
 * Which networks bans and the allow list name, for who keeps that in memory.
 *
 * New bans are found by their ids; of all else that may name another network
 * triggers keep count (schema/009-followed.sql).
 */
#include <string.h>

#include "base/text.h"
#include "store/db.h"

static void
tell(sqlite3_stmt *row, int column,
    void (*each)(void *to, const struct net *net), void *to)
{
	struct net net;

	/* What is no network is found for no address. */
	if (net_parse(db_words(row, column), &net)) {
		each(to, &net);
	}
}

/* Whether what was told of still holds, and how many bans there are. */
static bool
look(struct store *store, struct store_followed *followed)
{
	const int64_t rewritten = followed->rewritten;
	char client[NET_TEXT_SIZE];
	sqlite3_stmt *row = db_query(store,
	    "SELECT ifnull((SELECT value FROM state WHERE key = 'rewritten'),"
	    " 0) + 1, (SELECT client FROM ban WHERE id = :id),"
	    " (SELECT max(id) FROM ban) - (SELECT min(id) FROM ban) + 1",
	    DB_WITH(db_int(":id", followed->ban)));

	if (!db_row(store, row)) {
		return false;
	}
	followed->rewritten = sqlite3_column_int64(row, 0);
	DB_COPY(client, row, 1);
	followed->about = sqlite3_column_int64(row, 2);
	db_reset(row);
	return rewritten == 0 || (rewritten == followed->rewritten &&
				     strcmp(client, followed->client) == 0);
}

enum store_told
store_follow(struct store *store, struct store_followed *followed, int64_t most,
    void (*each)(void *to, const struct net *net), void *to)
{
	const bool own = db_enter(store);
	const bool first = followed->rewritten == 0;
	const bool holds = look(store, followed);
	sqlite3_stmt *row;
	int64_t told = 0;

	if (first) {
		followed->ban = INT64_MIN;
		row = db_query(store, "SELECT network FROM allow", NULL);
		while (db_row(store, row)) {
			tell(row, 0, each, to);
		}
	}
	row = !holds ? NULL
		     : db_query(store,
			   "SELECT id, client FROM ban WHERE id > :after"
			   " ORDER BY id LIMIT :most",
			   DB_WITH(db_int(":after", followed->ban),
			       db_int(":most", most)));
	for (; db_row(store, row); told++) {
		followed->ban = sqlite3_column_int64(row, 0);
		DB_COPY(followed->client, row, 1);
		tell(row, 1, each, to);
	}
	return db_leave(store, own) != STORE_OK || !holds ? STORE_TOLD_WRONG
	       : told == most                             ? STORE_TOLD_SOME
							  : STORE_TOLD_ALL;
}
