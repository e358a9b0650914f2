#include <string.h>

#include "base/text.h"
#include "store/db.h"

enum store_result
store_event_put(struct store *store, const struct event *event)
{
	sqlite3_stmt *statement = db_statement(store, DB_EVENT_PUT,
	    "INSERT INTO event"
	    " (client, address, kind, at, source, key, detail) VALUES"
	    " (:client, :address, :kind, :at, :source, :key, :detail)");
	char client[NET_TEXT_SIZE];
	char address[ADDR_TEXT_SIZE];

	db_bind_text(statement, ":client", net_format(&event->client, client));
	db_bind_text(
	    statement, ":address", addr_format(&event->address, address));
	db_bind_text(statement, ":kind", kind_name(event->kind));
	db_bind_int(statement, ":at", event->at);
	db_bind_text(statement, ":source", event->source);
	db_bind_text(statement, ":key", event->key);
	db_bind_text(statement, ":detail", event->detail);
	return db_run(store, statement);
}

/* One number of one kind, STORE_NONE where it is null.  The statement's
 * other parameters are bound. */
static enum store_result
ask_kind(struct store *store, sqlite3_stmt *statement, const struct net *client,
    enum kind kind, int64_t *number)
{
	char text[NET_TEXT_SIZE];
	enum store_result result;

	db_bind_text(statement, ":client", net_format(client, text));
	db_bind_text(statement, ":kind", kind_name(kind));
	result = db_row(store, statement);
	if (result == STORE_OK) {
		if (sqlite3_column_type(statement, 0) == SQLITE_NULL) {
			result = STORE_NONE;
		}
		*number = sqlite3_column_int64(statement, 0);
		db_reset(statement);
	}
	return result;
}

/* The events of one kind in a window; those of a user who has logged in
 * since are left out. */
#define OF_KIND                                                                \
	" FROM event AS e WHERE client = :client AND kind = :kind"             \
	" AND at > :after AND at <= :until AND (key IS NULL OR NOT EXISTS"     \
	" (SELECT 1 FROM mark AS m WHERE m.client = e.client"                  \
	" AND m.reason = :reason AND m.key = e.key AND m.at >= e.at))"

static sqlite3_stmt *
count_statement(struct store *store, bool same_key)
{
	if (!same_key) {
		return db_statement(store, DB_EVENT_COUNT,
		    "SELECT count(*) FROM (SELECT 1" OF_KIND " LIMIT :most)");
	}
	/* Of a key so many a clock hour; those without a key stand each for
	 * itself. */
	return db_statement(store, DB_EVENT_COUNT_KEYS,
	    "SELECT ifnull(sum(min(times, :same)), 0) FROM"
	    " (SELECT count(*) AS times" OF_KIND
	    " GROUP BY ifnull(key, id), at / 3600)");
}

enum store_result
store_event_count(
    struct store *store, const struct event_query *query, int64_t *count)
{
	*count = 0;
	for (int kind = 0; kind < KIND_COUNT && *count < query->most; kind++) {
		sqlite3_stmt *statement;
		enum store_result result;
		int64_t more = 0;

		if ((query->kinds & kind_bit((enum kind)kind)) == 0) {
			continue;
		}
		statement = count_statement(store, query->same_key > 0);
		db_bind_int(statement, ":after", query->after);
		db_bind_int(statement, ":until", query->until);
		db_bind_text(statement, ":reason", reason_name(query->reason));
		if (query->same_key > 0) {
			db_bind_int(statement, ":same", query->same_key);
		} else {
			db_bind_int(statement, ":most", query->most - *count);
		}
		result = ask_kind(
		    store, statement, &query->client, (enum kind)kind, &more);
		if (result != STORE_OK) {
			return result;
		}
		*count += more;
	}
	if (*count > query->most) {
		*count = query->most;
	}
	return STORE_OK;
}

enum store_result
store_event_youngest(struct store *store, const struct net *client,
    uint32_t kinds, int64_t from, int64_t before, int64_t *at)
{
	enum store_result found = STORE_NONE;

	for (int kind = 0; kind < KIND_COUNT; kind++) {
		sqlite3_stmt *statement;
		enum store_result result;
		int64_t youngest = 0;

		if ((kinds & kind_bit((enum kind)kind)) == 0) {
			continue;
		}
		statement = db_statement(store, DB_EVENT_YOUNGEST,
		    "SELECT max(at) FROM event"
		    " WHERE client = :client AND kind = :kind"
		    " AND at >= :from AND at < :before");
		db_bind_int(statement, ":from", from);
		db_bind_int(statement, ":before", before);
		result = ask_kind(
		    store, statement, client, (enum kind)kind, &youngest);
		if (result == STORE_OK) {
			*at = found == STORE_NONE || youngest > *at ? youngest
								    : *at;
			found = STORE_OK;
		} else if (result != STORE_NONE) {
			return result;
		}
	}
	return found;
}

enum store_result
store_event_sums(struct store *store, const struct net *client, int64_t since,
    void (*each)(void *to, const struct event_sum *sum), void *to)
{
	sqlite3_stmt *statement = db_statement(store, DB_EVENT_SUMS,
	    "SELECT kind, source, count(*), min(at), max(at) FROM event"
	    " WHERE client = :client AND at >= :since"
	    " GROUP BY kind, source ORDER BY kind, source");
	char text[NET_TEXT_SIZE];
	enum store_result result;

	db_bind_text(statement, ":client", net_format(client, text));
	db_bind_int(statement, ":since", since);
	while ((result = db_row(store, statement)) == STORE_OK) {
		struct event_sum sum = { 0 };

		if (!kind_parse(db_text(statement, 0), &sum.kind)) {
			continue; /* of a later version */
		}
		(void)text_copy(
		    sum.source, sizeof(sum.source), db_text(statement, 1));
		sum.count = sqlite3_column_int64(statement, 2);
		sum.first = sqlite3_column_int64(statement, 3);
		sum.last = sqlite3_column_int64(statement, 4);
		each(to, &sum);
	}
	return result == STORE_NONE ? STORE_OK : result;
}
