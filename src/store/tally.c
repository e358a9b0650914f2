#include "base/text.h"
#include "store/db.h"

/* Columns behind the four sums stand in the order of enum kind, under the
 * kinds' names. */
#define KINDS                                                                  \
	"spam, virus, complaint, auth, recipient, sender, helo, command,"      \
	" disconnect, probe, greylist, relay, volume"

static enum store_result
add_sums(struct store *store, const char *client, int64_t hour,
    const struct tally *tally)
{
	sqlite3_stmt *statement = db_statement(store, DB_TALLY_ADD,
	    "INSERT INTO tally (client, hour, sessions, messages,"
	    " recipients, accepted) VALUES (:client, :hour, :sessions,"
	    " :messages, :recipients, :accepted)"
	    " ON CONFLICT (client, hour) DO UPDATE SET"
	    " sessions = sessions + excluded.sessions,"
	    " messages = messages + excluded.messages,"
	    " recipients = recipients + excluded.recipients,"
	    " accepted = accepted + excluded.accepted");

	db_bind_text(statement, ":client", client);
	db_bind_int(statement, ":hour", hour);
	db_bind_int(statement, ":sessions", tally->sessions);
	db_bind_int(statement, ":messages", tally->messages);
	db_bind_int(statement, ":recipients", tally->recipients);
	db_bind_int(statement, ":accepted", tally->accepted);
	return db_run(store, statement);
}

/* Its column has the kind's name. */
static enum store_result
add_kind(struct store *store, const char *client, int64_t hour, enum kind kind,
    int64_t number)
{
	enum db_statement which = (enum db_statement)(
	    (int)DB_TALLY_ADD_KIND + (int)kind);
	const char *column = kind_name(kind);
	sqlite3_stmt *statement;
	char sql[192];
	struct text text;

	text_init(&text, sql, sizeof(sql));
	text_addf(&text,
	    "INSERT INTO tally (client, hour, %s)"
	    " VALUES (:client, :hour, :number)"
	    " ON CONFLICT (client, hour) DO UPDATE"
	    " SET %s = %s + excluded.%s",
	    column, column, column, column);
	statement = db_statement(store, which, sql);
	db_bind_text(statement, ":client", client);
	db_bind_int(statement, ":hour", hour);
	db_bind_int(statement, ":number", number);
	return db_run(store, statement);
}

static bool
has_sums(const struct tally *tally)
{
	return (tally->sessions | tally->messages | tally->recipients |
		   tally->accepted) != 0;
}

/* Most rows are either of sessions without any event or of one event: each
 * way touches its own columns alone. */
enum store_result
store_tally_add(struct store *store, const struct net *client, int64_t hour,
    const struct tally *tally)
{
	char text[NET_TEXT_SIZE];
	enum store_result result = STORE_OK;

	(void)net_format(client, text);
	if (has_sums(tally)) {
		result = add_sums(store, text, hour, tally);
	}
	for (int kind = 0; result == STORE_OK && kind < KIND_COUNT; kind++) {
		if (tally->kind[kind] != 0) {
			result = add_kind(store, text, hour, (enum kind)kind,
			    tally->kind[kind]);
		}
	}
	return result;
}

/* The four sums and the kinds, from that column on. */
static void
read_sums(sqlite3_stmt *row, int column, struct tally *tally)
{
	tally->sessions = sqlite3_column_int64(row, column);
	tally->messages = sqlite3_column_int64(row, column + 1);
	tally->recipients = sqlite3_column_int64(row, column + 2);
	tally->accepted = sqlite3_column_int64(row, column + 3);
	for (int i = 0; i < KIND_COUNT; i++) {
		tally->kind[i] = sqlite3_column_int64(row, column + 4 + i);
	}
}

enum store_result
store_tally_sum(struct store *store, const struct net *client, int64_t from,
    int64_t until, struct tally *sum)
{
	sqlite3_stmt *statement = db_statement(store, DB_TALLY_SUM,
	    "SELECT sessions, messages, recipients, accepted, " KINDS
	    " FROM tally WHERE client = :client"
	    " AND hour >= :from AND hour <= :until");
	char text[NET_TEXT_SIZE];
	enum store_result result;

	*sum = (struct tally){ 0 };
	db_bind_text(statement, ":client", net_format(client, text));
	db_bind_int(statement, ":from", from);
	db_bind_int(statement, ":until", until);
	while ((result = db_row(store, statement)) == STORE_OK) {
		struct tally row;

		read_sums(statement, 0, &row);
		tally_add(sum, &row);
	}
	return result == STORE_NONE ? STORE_OK : result;
}

enum store_result
store_tally_hours(struct store *store, const struct net *client, int64_t from,
    int64_t until,
    void (*each)(void *to, int64_t hour, const struct tally *tally), void *to)
{
	sqlite3_stmt *statement = db_statement(store, DB_TALLY_HOURS,
	    "SELECT hour, sessions, messages, recipients, accepted, " KINDS
	    " FROM tally WHERE client = :client"
	    " AND hour >= :from AND hour <= :until ORDER BY hour");
	char text[NET_TEXT_SIZE];
	enum store_result result;

	db_bind_text(statement, ":client", net_format(client, text));
	db_bind_int(statement, ":from", from);
	db_bind_int(statement, ":until", until);
	while ((result = db_row(store, statement)) == STORE_OK) {
		struct tally tally;

		read_sums(statement, 1, &tally);
		each(to, sqlite3_column_int64(statement, 0), &tally);
	}
	return result == STORE_NONE ? STORE_OK : result;
}

enum store_result
store_tally_each(struct store *store, int64_t from, int64_t until,
    void (*each)(void *to, const struct net *client, const struct tally *sum),
    void *to)
{
	sqlite3_stmt *statement = db_statement(store, DB_TALLY_EACH,
	    "SELECT client, sum(sessions), sum(messages), sum(recipients),"
	    " sum(accepted), sum(spam), sum(virus), sum(complaint), sum(auth),"
	    " sum(recipient), sum(sender), sum(helo), sum(command),"
	    " sum(disconnect), sum(probe), sum(greylist), sum(relay),"
	    " sum(volume) FROM tally WHERE hour >= :from AND hour <= :until"
	    " GROUP BY client");
	enum store_result result;

	db_bind_int(statement, ":from", from);
	db_bind_int(statement, ":until", until);
	while ((result = db_row(store, statement)) == STORE_OK) {
		struct tally sum;
		struct net client;

		if (net_parse(db_text(statement, 0), &client)) {
			read_sums(statement, 1, &sum);
			each(to, &client, &sum);
		}
	}
	return result == STORE_NONE ? STORE_OK : result;
}
