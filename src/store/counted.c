/*
 * Events of other hosts that are to be judged: those which a tally counts that
 * came now.
 */
#include "base/text.h"
#include "store/db.h"
#include "store/shared.h"

enum {
	ROWS = 256,    /* of one entry; none has as many */
	KIND_FIRST = 7 /* where the numbers by kind begin in a row */
};

struct counted_row {
	struct net client;
	int64_t hour;
	int64_t number[KIND_COUNT];
};

/* The rows of an entry; those that are no good are left out. */
static size_t
read_rows(struct store *store, const char *body, struct counted_row *rows)
{
	sqlite3_stmt *row = db_query(store,
	    "SELECT t.value ->> 0, t.value ->> 1, n.key - :first, n.value"
	    " FROM json_each(iif(json_valid(:body), :body, '[]')) AS t,"
	    " json_each(iif(t.type = 'array', t.value, '[]')) AS n"
	    " WHERE n.key >= :first AND n.key < :first + :kinds"
	    " AND n.type = 'integer' AND n.value > 0 ORDER BY t.key",
	    DB_WITH(db_text(":body", body), db_int(":first", KIND_FIRST),
		db_int(":kinds", KIND_COUNT)));
	size_t count = 0;

	while (db_row(store, row)) {
		const int64_t hour = sqlite3_column_int64(row, 1);
		struct net client;

		if (!net_parse(db_words(row, 0), &client)) {
			continue;
		}
		if (count == 0 || rows[count - 1].hour != hour ||
		    !net_equal(&rows[count - 1].client, &client)) {
			if (count == ROWS) {
				db_reset(row);
				break;
			}
			rows[count++] = (struct counted_row){ .client = client,
				.hour = hour };
		}
		rows[count - 1]
		    .number[sqlite3_column_int(row, 2)] = sqlite3_column_int64(
		    row, 3);
	}
	return count;
}

/* The newest events of one kind; gives back how many. */
static size_t
read_events(struct store *store, const char *host,
    const struct counted_row *counted, enum kind kind,
    struct share_event *events, size_t most)
{
	const int64_t number = counted->number[kind];
	size_t count = 0;
	sqlite3_stmt *row = db_query(store,
	    "SELECT address, at, source, key, doubtful FROM event"
	    " WHERE client = :client AND kind = :kind"
	    " AND at >= :hour AND at < :hour + 3600"
	    " AND host = (SELECT id FROM peer WHERE name = :host)"
	    " ORDER BY id DESC LIMIT :most",
	    DB_WITH(db_client(&counted->client),
		db_text(":kind", kind_name(kind)),
		db_int(":hour", counted->hour), db_text(":host", host),
		db_int(
		    ":most", number < (int64_t)most ? number : (int64_t)most)));

	while (db_row(store, row)) {
		struct share_event *out = &events[count];

		out->event = (struct event){ .client = counted->client,
			.kind = kind,
			.at = sqlite3_column_int64(row, 1),
			.source = out->source,
			.doubtful = sqlite3_column_int(row, 4) != 0 };
		DB_COPY(out->source, row, 2);
		DB_COPY(out->key, row, 3);
		out->event.key = out->key[0] != '\0' ? out->key : NULL;
		count += addr_parse(db_words(row, 0), &out->event.address);
	}
	return count;
}

size_t
store_share_counted(struct store *store, const struct share_entry *entry,
    struct share_event *events, size_t room)
{
	struct counted_row rows[ROWS];
	const bool own = db_enter(store);
	const size_t count = read_rows(store, entry->body, rows);
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
			if (rows[i].number[kind] > 0 && found < room) {
				found += read_events(store, entry->host,
				    &rows[i], kind, &events[found],
				    room - found);
			}
		}
	}
	return db_leave(store, own) == STORE_OK ? found : 0;
}
