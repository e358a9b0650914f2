/*
 * The other hosts, as the server tells of them.
 */
#include "base/text.h"
#include "store/db.h"
#include "store/shared.h"

void
store_share_peer_put(struct store *store, const struct share_peer *peer)
{
	db_run(store,
	    "INSERT INTO peer (name, seen, version, policy, clock, position,"
	    " pending) VALUES (:name, :seen, :version, :policy, :clock,"
	    " :position, :pending) ON CONFLICT (name) DO UPDATE SET"
	    " seen = excluded.seen, version = excluded.version,"
	    " policy = excluded.policy, clock = excluded.clock,"
	    " position = excluded.position, pending = excluded.pending",
	    DB_WITH(db_text(":name", peer->name), db_int(":seen", peer->seen),
		db_text(":version", peer->version),
		db_text(":policy", peer->policy), db_int(":clock", peer->clock),
		db_int(":position", peer->position),
		db_int(":pending", peer->pending)));
}

void
store_share_peer_each(struct store *store,
    void (*each)(void *to, const struct share_peer *peer), void *to)
{
	sqlite3_stmt *row = db_query(store,
	    "SELECT id, name, seen, version, policy, clock, position, pending"
	    " FROM peer ORDER BY name",
	    NULL);

	while (db_row(store, row)) {
		struct share_peer peer = { .id = sqlite3_column_int64(row, 0),
			.seen = sqlite3_column_int64(row, 2),
			.clock = sqlite3_column_int64(row, 5),
			.position = sqlite3_column_int64(row, 6),
			.pending = sqlite3_column_int64(row, 7) };

		DB_COPY(peer.name, row, 1);
		DB_COPY(peer.version, row, 3);
		DB_COPY(peer.policy, row, 4);
		each(to, &peer);
	}
}
