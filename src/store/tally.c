/*
 * What each client did in each hour.
 */
#include <string.h>

#include "store/db.h"

/* The columns, in the order of struct tally and of enum kind in it. */
#define EACH_OTHER(DO)                                                         \
	DO(messages)                                                           \
	DO(recipients)                                                         \
	DO(accepted)                                                           \
	DO(logins)                                                             \
	DO(spam)                                                               \
	DO(virus)                                                              \
	DO(complaint)                                                          \
	DO(auth)                                                               \
	DO(recipient)                                                          \
	DO(sender)                                                             \
	DO(helo)                                                               \
	DO(command)                                                            \
	DO(disconnect)                                                         \
	DO(probe)                                                              \
	DO(greylist)                                                           \
	DO(relay)                                                              \
	DO(volume)
#define COLUMN(name) ", " #name
#define ADD(name)    ", " #name " = " #name " + excluded." #name
#define SUM(name)    ", sum(" #name ")"

enum {
	TALLY_COLUMNS = sizeof(struct tally) / sizeof(int64_t)
};

/* One that waits. */
struct waiting_tally {
	struct tally_key {
		struct net client;
		uint8_t unused[7]; /* a key has no padding */
		int64_t hour;
	} key;
	char client[NET_TEXT_SIZE];
	int only; /* the column of its only number; or TALLY_COLUMNS */
	struct tally tally;
};

void
db_tallies_init(struct store *store)
{
	table_init(&store->tallies, sizeof(struct tally_key),
	    sizeof(struct waiting_tally), DB_WAITING_MAX);
	/* All hours of a client can be walked. */
	table_group(&store->tallies, offsetof(struct tally_key, hour));
}

void
db_tally_add(struct store *store, const struct tally_row *row)
{
	const struct tally_key key = { .client = row->client,
		.hour = row->hour };
	struct waiting_tally *waiting;
	bool added;

	if (!db_waiting_put(store)) {
		return;
	}
	waiting = table_add(&store->tallies, &key, &added);
	if (waiting == NULL) {
		db_fail(store, STORE_FAILED, "out of memory");
		return;
	}
	if (added) {
		(void)net_format(&row->client, waiting->client);
	}
	tally_add(&waiting->tally, &row->tally);
	db_waiting_end(store);
}

static int
only_column(const struct tally *tally)
{
	int64_t number[TALLY_COLUMNS];
	int only = TALLY_COLUMNS;
	int numbers = 0;

	memcpy(number, tally, sizeof(number));
	for (int i = 0; i < TALLY_COLUMNS; i++) {
		if (number[i] != 0) {
			only = i;
			numbers++;
		}
	}
	return numbers == 1 ? only : TALLY_COLUMNS;
}

static void
show_tally(sqlite3_context *context, const void *row, int column)
{
	const struct waiting_tally *waiting = row;
	int64_t number[TALLY_COLUMNS];

	if (column == 0) {
		sqlite3_result_text(
		    context, waiting->client, -1, SQLITE_STATIC);
	} else if (column == 1) {
		sqlite3_result_int64(context, waiting->key.hour);
	} else {
		column = waiting->only < TALLY_COLUMNS ? waiting->only
						       : column - 2;
		memcpy(number, &waiting->tally, sizeof(number));
		sqlite3_result_int64(context, number[column]);
	}
}

/* Most often there is one number to add, which is a third of the work. */
#define ONE(name)                                                              \
	"INSERT INTO tally (client, hour, " #name                              \
	") SELECT c0, c1, c2 FROM waiting WHERE true"                          \
	" ON CONFLICT (client, hour) DO UPDATE"                                \
	" SET " #name " = " #name " + excluded." #name,

void
db_tallies_write(struct store *store)
{
	/* clang-format off */
	static const char *const sql[TALLY_COLUMNS + 1] = {
		ONE(sessions) EACH_OTHER(ONE)
		"INSERT INTO tally (client, hour, sessions" EACH_OTHER(COLUMN)
		") SELECT * FROM waiting WHERE true"
		" ON CONFLICT (client, hour) DO UPDATE"
		" SET sessions = sessions + excluded.sessions" EACH_OTHER(ADD)
	};
	/* clang-format on */
	const void *row[DB_WAITING_MAX];
	size_t rows[TALLY_COLUMNS + 1] = { 0 };

	for (size_t i = 0; i < store->tallies.rows; i++) {
		struct waiting_tally *waiting = table_row(&store->tallies, i);

		waiting->only = only_column(&waiting->tally);
		rows[waiting->only]++;
	}
	for (int column = 0; column <= TALLY_COLUMNS; column++) {
		struct db_shown shown = { .show = show_tally, .row = row };

		for (size_t i = 0; shown.rows < rows[column]; i++) {
			const struct waiting_tally *waiting = table_row(
			    &store->tallies, i);

			row[shown.rows] = waiting;
			shown.rows += waiting->only == column;
		}
		db_waiting_take(store, sql[column], &shown);
	}
}

/* All columns, behind another one. */
static struct tally
read_tally(sqlite3_stmt *row)
{
	int64_t number[TALLY_COLUMNS] = { 0 };
	struct tally tally;

	for (int i = 0; i < TALLY_COLUMNS; i++) {
		number[i] = sqlite3_column_int64(row, 1 + i);
	}
	memcpy(&tally, number, sizeof(tally));
	return tally;
}

/* The next of the client's hours that waits, behind `after`; or NULL. */
static const struct waiting_tally *
next_waiting(const struct store *store, const struct net *client, int64_t after,
    int64_t until)
{
	const struct tally_key key = { .client = *client };
	const struct waiting_tally *next = NULL;

	for (const struct waiting_tally *row =
		 table_first(&store->tallies, &key);
	     row != NULL; row = table_next(&store->tallies, row)) {
		if (row->key.hour > after && row->key.hour <= until &&
		    (next == NULL || row->key.hour < next->key.hour)) {
			next = row;
		}
	}
	return next;
}

void
store_tally_hours(struct store *store, const struct net *client, int64_t from,
    int64_t until,
    void (*each)(void *to, int64_t hour, const struct tally *tally), void *to)
{
	sqlite3_stmt *statement = db_query_apart(store,
	    "SELECT hour, sessions" EACH_OTHER(
		COLUMN) " FROM tally WHERE client = :client"
			" AND hour >= :from AND hour <= :until ORDER BY hour",
	    DB_WITH(db_client(client), db_int(":from", from),
		db_int(":until", until)));
	const struct waiting_tally *waiting = next_waiting(
	    store, client, from - 1, until);
	bool more = db_row(store, statement);

	while (more || waiting != NULL) {
		int64_t hour = more ? sqlite3_column_int64(statement, 0)
				    : INT64_MAX;
		struct tally tally = { 0 };

		if (waiting != NULL && waiting->key.hour < hour) {
			hour = waiting->key.hour;
		} else {
			tally = read_tally(statement);
			more = db_row(store, statement);
		}
		if (waiting != NULL && waiting->key.hour == hour) {
			tally_add(&tally, &waiting->tally);
			waiting = next_waiting(store, client, hour, until);
		}
		each(to, hour, &tally);
	}
}

static void
add_hour(void *to, int64_t hour, const struct tally *tally)
{
	(void)hour;
	tally_add(to, tally);
}

void
store_tally_sum(struct store *store, const struct net *client, int64_t from,
    int64_t until, struct tally *sum)
{
	*sum = (struct tally){ 0 };
	store_tally_hours(store, client, from, until, add_hour, sum);
}

void
store_tally_each(struct store *store, int64_t from, int64_t until,
    void (*each)(void *to, const struct net *client, const struct tally *sum),
    void *to)
{
	sqlite3_stmt *statement = db_query(store,
	    "SELECT client, sum(sessions)" EACH_OTHER(
		SUM) " FROM tally WHERE hour >= :from AND hour <= :until"
		     " GROUP BY client",
	    DB_WITH(db_int(":from", from), db_int(":until", until)));

	while (db_row(store, statement)) {
		const struct tally sum = read_tally(statement);
		struct net client;

		if (net_parse(db_words(statement, 0), &client)) {
			each(to, &client, &sum);
		}
	}
}

bool
store_logged_in(
    struct store *store, const struct net *client, int64_t from, int64_t until)
{
	const struct waiting_tally *waiting = next_waiting(
	    store, client, from - 1, until);
	sqlite3_stmt *row;
	bool found = false;

	while (waiting != NULL && !found) {
		found = waiting->tally.logins > 0;
		waiting = next_waiting(store, client, waiting->key.hour, until);
	}
	if (!found) {
		row = db_query_apart(store,
		    "SELECT 1 FROM tally WHERE client = :client"
		    " AND hour >= :from AND hour <= :until AND logins > 0"
		    " LIMIT 1",
		    DB_WITH(db_client(client), db_int(":from", from),
			db_int(":until", until)));
		found = db_row(store, row);
		if (found) {
			db_reset(row);
		}
	}
	return found;
}
