/*
 * Two hosts that did not hear of each other may ban one client for the same: that
 * which began first stands, and the other is folded into it.
 */
#include <string.h>

#include "store/db.h"
#include "store/shared.h"

void
db_unfold(struct store *store, const char *client, const char *reason)
{
	char ref[BAN_REF_SIZE];
	bool more = true;

	while (more) {
		sqlite3_stmt *row = db_query(store,
		    "SELECT ref FROM ban_folded WHERE client = :client AND"
		    " reason = :reason LIMIT 1",
		    DB_WITH(db_text(":client", client),
			db_text(":reason", reason)));

		more = db_row(store, row);
		if (!more) {
			return;
		}
		DB_COPY(ref, row, 0);
		db_reset(row);
		db_run(store,
		    "UPDATE ban SET hits = hits - (SELECT hits FROM"
		    " ban_folded WHERE ref = :ref) WHERE ref = (SELECT stands"
		    " FROM ban_folded WHERE ref = :ref)",
		    DB_WITH(db_text(":ref", ref)));
		db_run(store,
		    "INSERT INTO ban (id, client, family, bits, reason, rule,"
		    " step, begins, ends, cleared, mistake, observed, hits,"
		    " told, stage, service, honest, code, enhanced, phrase,"
		    " own, note, ref, again_code, again_enhanced,"
		    " again_phrase, again_own, say, changed, host) SELECT id,"
		    " client, body ->> '$.family', body ->> '$.bits', reason,"
		    " body ->> '$.rule', body ->> '$.step',"
		    " body ->> '$.begins', ends, body ->> '$.cleared',"
		    " body ->> '$.mistake', body ->> '$.observed', hits,"
		    " body ->> '$.told', body ->> '$.stage',"
		    " body ->> '$.service', body ->> '$.honest',"
		    " body ->> '$.code', body ->> '$.enhanced',"
		    " body ->> '$.phrase', body ->> '$.own',"
		    " body ->> '$.note', ref, body ->> '$.again_code',"
		    " body ->> '$.again_enhanced', body ->> '$.again_phrase',"
		    " body ->> '$.again_own', body ->> '$.say',"
		    " body ->> '$.changed', host FROM ban_folded WHERE ref ="
		    " :ref",
		    DB_WITH(db_text(":ref", ref)));
		db_run(store, "DELETE FROM ban_folded WHERE ref = :ref",
		    DB_WITH(db_text(":ref", ref)));
		more = store->status == STORE_OK;
	}
}

static void
fold(struct store *store, int64_t id, int64_t into)
{
	const struct db_value both[] = { db_int(":id", id),
		db_int(":into", into), { .name = NULL } };

	db_run(store,
	    "INSERT INTO ban_folded (id, ref, client, reason, ends, stands,"
	    " host, hits, body) SELECT id, ref, client, reason, ends, (SELECT"
	    " ref FROM ban WHERE id = :into), host, hits, json_set(" DB_BAN_BODY(
		"") ", '$.family', family, '$.bits', bits) FROM ban WHERE id"
		    " = :id",
	    both);
	db_run(store,
	    "UPDATE ban SET hits = hits + (SELECT hits FROM ban WHERE id ="
	    " :id) WHERE id = :into",
	    both);
	db_run(store, "DELETE FROM ban WHERE id = :id",
	    DB_WITH(db_int(":id", id)));
}

enum {
	OVERLAPPING = 64 /* bans of one client and reason, looked at */
};

/* The order in which they stand is the same on all hosts, whichever arrived
 * first.  One that was lifted makes room from then on. */
void
db_fold(struct store *store, const char *client, const char *reason)
{
	struct standing_ban {
		int64_t id;
		int64_t over;
		bool observed;
	} stands[OVERLAPPING];
	struct folding {
		int64_t id;
		int64_t into;
	} folds[OVERLAPPING];
	size_t standing = 0;
	size_t folding = 0;
	sqlite3_stmt *row;

	db_unfold(store, client, reason);
	row = db_query(store,
	    "SELECT id, begins, min(ends, ifnull(cleared, ends)), observed"
	    " FROM ban WHERE client = :client AND reason = :reason AND rule"
	    " <> '" BAN_RULE_MANUAL
	    "' ORDER BY begins, " DB_NAME_OF("host") ", ref",
	    DB_WITH(db_text(":client", client), db_text(":reason", reason)));
	while (db_row(store, row)) {
		const struct standing_ban ban = { sqlite3_column_int64(row, 0),
			sqlite3_column_int64(row, 2),
			sqlite3_column_int(row, 3) != 0 };
		const int64_t begins = sqlite3_column_int64(row, 1);
		size_t at = standing;

		while (at > 0 && (stands[at - 1].observed != ban.observed ||
				     stands[at - 1].over <= begins)) {
			at--;
		}
		if (at > 0 && folding < OVERLAPPING && ban.over > begins) {
			folds[folding++] = (struct folding){ ban.id,
				stands[at - 1].id };
		} else {
			/* Of many the newest are enough: the others are over. */
			if (standing == OVERLAPPING) {
				memmove(stands, stands + 1,
				    sizeof(stands) - sizeof(stands[0]));
				standing--;
			}
			stands[standing++] = ban;
		}
	}
	for (size_t i = 0; i < folding; i++) {
		fold(store, folds[i].id, folds[i].into);
	}
}

bool
db_ban_whose(struct store *store, const char *ref, struct db_whose *whose)
{
	sqlite3_stmt *row = db_query(store,
	    "SELECT client, reason FROM ban WHERE ref = :ref UNION ALL SELECT"
	    " client, reason FROM ban_folded WHERE ref = :ref",
	    DB_WITH(db_text(":ref", ref)));

	if (!db_row(store, row)) {
		return false;
	}
	DB_COPY(whose->client, row, 0);
	DB_COPY(whose->reason, row, 1);
	db_reset(row);
	return true;
}
