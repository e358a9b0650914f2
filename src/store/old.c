/*
 * Verbs of before, until nobody calls them.
 */
#include <string.h>

#include "store/db.h"

enum store_result
store_snapshot(struct store *store)
{
	store_read(store);
	return store->status;
}

void
store_snapshot_end(struct store *store)
{
	(void)store_read_end(store);
}

enum store_result
store_version(struct store *store, int64_t *version)
{
	*version = store_changes(store);
	return store->status;
}

bool
store_moved(struct store *store)
{
	int moved = 0;

	return sqlite3_file_control(store->db, "main", SQLITE_FCNTL_HAS_MOVED,
		   &moved) == SQLITE_OK &&
	       moved != 0;
}

bool
store_read_only(const struct store *store)
{
	return store->read_only;
}

enum store_result
store_checkpoint(struct store *store)
{
	(void)(db_ready(store) &&
	       db_check(store, sqlite3_wal_checkpoint_v2(store->db, "main",
				   SQLITE_CHECKPOINT_PASSIVE, NULL, NULL)));
	return store->status;
}

enum store_result
store_ban_hit(struct store *store, int64_t id, int64_t hits, int64_t told)
{
	store_record(store, &(struct store_record){
				.hits = &(struct ban_hits){ id, hits, told } });
	return store->status;
}

enum store_result
store_ban_listed(struct store *store, int64_t now, int64_t *v4, int64_t *v6)
{
	struct ban_counts counts;

	store_ban_counts(store, now, &counts);
	*v4 = counts.v4;
	*v6 = counts.v6;
	return store->status;
}

enum store_result
store_ban_live(
    struct store *store, int64_t now, int64_t live[static REASON_COUNT])
{
	struct ban_counts counts;

	store_ban_counts(store, now, &counts);
	memcpy(live, counts.bans, sizeof(counts.bans));
	return store->status;
}

static enum store_result
as_found(const struct store *store, bool found)
{
	return store->status == STORE_OK && !found ? STORE_NONE : store->status;
}

enum store_result
store_allow_covers(struct store *store, const struct addr *address, int64_t now,
    struct allow *out)
{
	return as_found(store, store_allow_find(store, address, now, out));
}

enum store_result
store_tally_add(struct store *store, const struct net *client, int64_t hour,
    const struct tally *tally)
{
	store_record(
	    store, &(struct store_record){
		       .tally = &(struct tally_row){ *client, hour, *tally } });
	return store->status;
}

enum store_result
store_daily_add(struct store *store, int64_t at, enum daily what,
    const char *name, int64_t number)
{
	store_record(
	    store, &(struct store_record){
		       .sum = &(struct daily_row){ at, what, name, number } });
	return store->status;
}

enum store_result
store_position_put(
    struct store *store, const char *source, const struct position *position)
{
	store_record(store,
	    &(struct store_record){ .source = source, .position = position });
	return store->status;
}

enum store_result
store_position_get(
    struct store *store, const char *source, struct position *position)
{
	return as_found(store, store_position_find(store, source, position));
}

enum store_result
store_queue_get(struct store *store, const char *id, struct queue_entry *entry)
{
	return as_found(store, store_queue_find(store, id, entry));
}

enum store_result
store_state_get(struct store *store, const char *key, char *value, size_t size,
    int64_t *since)
{
	return as_found(
	    store, store_state_find(store, key, value, size, since));
}
