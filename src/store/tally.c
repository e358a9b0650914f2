#include "base/text.h"
#include "base/words.h"
#include "store/db.h"

/* The columns behind the four sums, in the order of enum kind and under the
 * kinds' names. */
#define EACH_KIND(DO)                                                          \
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
#define COLUMN(kind) ", " #kind
#define SUM(kind)    ", sum(" #kind ")"
#define ADD(kind)                                                              \
	"INSERT INTO tally (client, hour, " #kind ")"                          \
	" VALUES (:client, :hour, :number) ON CONFLICT (client, hour)"         \
	" DO UPDATE SET " #kind " = " #kind " + excluded." #kind
#define ADD_NEXT(kind) ADD(kind),
#define KINDS          EACH_KIND(COLUMN)
#define SUMS           EACH_KIND(SUM)

/* Most rows are either of sessions without any event or of one event: each
 * way touches its own columns alone. */
void
db_tally_add(struct store *store, const struct tally_row *row)
{
	static const char *const sql[KIND_COUNT] = { EACH_KIND(ADD_NEXT) };
	const struct tally *tally = &row->tally;

	if (tally->logins != 0) {
		db_run(store, ADD(logins),
		    DB_WITH(db_client(&row->client), db_int(":hour", row->hour),
			db_int(":number", tally->logins)));
	}
	if ((tally->sessions | tally->messages | tally->recipients |
		tally->accepted) != 0) {
		db_run(store,
		    "INSERT INTO tally (client, hour, sessions, messages,"
		    " recipients, accepted) VALUES (:client, :hour, :sessions,"
		    " :messages, :recipients, :accepted)"
		    " ON CONFLICT (client, hour) DO UPDATE SET"
		    " sessions = sessions + excluded.sessions,"
		    " messages = messages + excluded.messages,"
		    " recipients = recipients + excluded.recipients,"
		    " accepted = accepted + excluded.accepted",
		    DB_WITH(db_client(&row->client), db_int(":hour", row->hour),
			db_int(":sessions", tally->sessions),
			db_int(":messages", tally->messages),
			db_int(":recipients", tally->recipients),
			db_int(":accepted", tally->accepted)));
	}
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		if (tally->kind[kind] != 0) {
			db_run(store, sql[kind],
			    DB_WITH(db_client(&row->client),
				db_int(":hour", row->hour),
				db_int(":number", tally->kind[kind])));
		}
	}
}

/* The five sums and the kinds, from that column on. */
static void
read_sums(sqlite3_stmt *row, int column, struct tally *tally)
{
	tally->sessions = sqlite3_column_int64(row, column);
	tally->messages = sqlite3_column_int64(row, column + 1);
	tally->recipients = sqlite3_column_int64(row, column + 2);
	tally->accepted = sqlite3_column_int64(row, column + 3);
	tally->logins = sqlite3_column_int64(row, column + 4);
	for (int i = 0; i < KIND_COUNT; i++) {
		tally->kind[i] = sqlite3_column_int64(row, column + 5 + i);
	}
}

void
store_tally_hours(struct store *store, const struct net *client, int64_t from,
    int64_t until,
    void (*each)(void *to, int64_t hour, const struct tally *tally), void *to)
{
	sqlite3_stmt *statement = db_query(store,
	    "SELECT hour, sessions, messages, recipients, accepted, logins" KINDS
	    " FROM tally WHERE client = :client"
	    " AND hour >= :from AND hour <= :until ORDER BY hour",
	    DB_WITH(db_client(client), db_int(":from", from),
		db_int(":until", until)));

	while (db_row(store, statement)) {
		struct tally tally;

		read_sums(statement, 1, &tally);
		each(to, sqlite3_column_int64(statement, 0), &tally);
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
	    "SELECT client, sum(sessions), sum(messages), sum(recipients),"
	    " sum(accepted), sum(logins)" SUMS
	    " FROM tally WHERE hour >= :from AND hour <= :until"
	    " GROUP BY client",
	    DB_WITH(db_int(":from", from), db_int(":until", until)));

	while (db_row(store, statement)) {
		struct tally sum;
		struct net client;

		if (net_parse(db_words(statement, 0), &client)) {
			read_sums(statement, 1, &sum);
			each(to, &client, &sum);
		}
	}
}

/* ---- sums by day ---- */

static const char *const names[DAILY_COUNT] = {
	[DAILY_EVENT] = "event",
	[DAILY_BAN] = "ban",
	[DAILY_REFUSED] = "refused",
	[DAILY_LIMITED] = "limited",
	[DAILY_SESSIONS] = "sessions",
	[DAILY_MESSAGES] = "messages",
	[DAILY_RECIPIENTS] = "recipients",
	[DAILY_ACCEPTED] = "accepted",
	[DAILY_LINES] = "lines",
	[DAILY_UNDERSTOOD] = "understood",
	[DAILY_FINDINGS] = "findings",
	[DAILY_DROPPED] = "dropped",
	[DAILY_SEEN] = "seen",
};
static const struct words what_words = WORDS_OF(names);

/* The first second of the day, before 1970 too. */
static int64_t
day_of(int64_t at)
{
	int64_t into = at % STORE_DAY;

	return at - into - (into < 0 ? STORE_DAY : 0);
}

void
db_daily_add(struct store *store, const struct daily_row *row)
{
	db_run(store,
	    "INSERT INTO daily (day, what, name, number)"
	    " VALUES (:day, :what, :name, :number)"
	    " ON CONFLICT (day, what, name) DO UPDATE"
	    " SET number = number + excluded.number",
	    DB_WITH(db_int(":day", day_of(row->day)),
		db_text(":what", names[row->what]), db_text(":name", row->name),
		db_int(":number", row->number)));
}

void
store_daily_each(struct store *store, int64_t from,
    void (*each)(void *to, const struct daily_row *row), void *to)
{
	sqlite3_stmt *statement = db_query(store,
	    "SELECT day, what, name, number FROM daily WHERE day >= :from"
	    " ORDER BY day, what, name",
	    DB_WITH(db_int(":from", day_of(from))));

	while (db_row(store, statement)) {
		struct daily_row row = { .day = sqlite3_column_int64(
					     statement, 0),
			.name = db_words(statement, 2),
			.number = sqlite3_column_int64(statement, 3) };
		size_t what = words_find(&what_words, db_words(statement, 1));

		if (what < DAILY_COUNT) { /* else of a later version */
			row.what = (enum daily)what;
			each(to, &row);
		}
	}
}

void
store_daily_sources(struct store *store, int64_t from,
    void (*each)(void *to, const struct source_seen *seen), void *to)
{
	sqlite3_stmt *row = db_query(store,
	    "SELECT name, sum(iif(what = 'lines', number, 0)),"
	    " sum(iif(what = 'understood', number, 0)),"
	    " sum(iif(what = 'findings', number, 0)),"
	    " sum(iif(what = 'dropped', number, 0))"
	    " FROM daily WHERE day >= :from AND what IN"
	    " ('lines', 'understood', 'findings', 'dropped')"
	    " GROUP BY name ORDER BY name",
	    DB_WITH(db_int(":from", day_of(from))));

	while (db_row(store, row)) {
		const struct source_seen seen = { .source = db_words(row, 0),
			.lines = sqlite3_column_int64(row, 1),
			.understood = sqlite3_column_int64(row, 2),
			.findings = sqlite3_column_int64(row, 3),
			.dropped = sqlite3_column_int64(row, 4) };

		each(to, &seen);
	}
}
