#include "store/db.h"

/* Columns behind the four sums stand in the order of enum kind, under the
 * kinds' names. */
#define KINDS                                                                  \
	"spam, virus, complaint, auth, recipient, sender, helo, command,"      \
	" disconnect, probe, greylist, relay, volume"

static const struct {
	const char *parameter;
	enum kind kind;
} kinds[KIND_COUNT] = {
	{ ":spam", KIND_SPAM },
	{ ":virus", KIND_VIRUS },
	{ ":complaint", KIND_COMPLAINT },
	{ ":auth", KIND_AUTH },
	{ ":recipient", KIND_RECIPIENT },
	{ ":sender", KIND_SENDER },
	{ ":helo", KIND_HELO },
	{ ":command", KIND_COMMAND },
	{ ":disconnect", KIND_DISCONNECT },
	{ ":probe", KIND_PROBE },
	{ ":greylist", KIND_GREYLIST },
	{ ":relay", KIND_RELAY },
	{ ":volume", KIND_VOLUME },
};

#define ADD_SUMS                                                               \
	" ON CONFLICT (client, hour) DO UPDATE SET"                            \
	" sessions = sessions + excluded.sessions,"                            \
	" messages = messages + excluded.messages,"                            \
	" recipients = recipients + excluded.recipients,"                      \
	" accepted = accepted + excluded.accepted"

/* Most rows are of sessions without any event: they need not bind and add
 * a zero for every kind. */
static sqlite3_stmt *
add_sums_only(struct store *store)
{
	return db_statement(store, DB_TALLY_ADD,
	    "INSERT INTO tally (client, hour, sessions, messages,"
	    " recipients, accepted) VALUES (:client, :hour, :sessions,"
	    " :messages, :recipients, :accepted)" ADD_SUMS);
}

static sqlite3_stmt *
add_kinds_too(struct store *store, const struct tally *tally)
{
	sqlite3_stmt *statement = db_statement(store, DB_TALLY_ADD_KINDS,
	    "INSERT INTO tally (client, hour, sessions, messages,"
	    " recipients, accepted, " KINDS ") VALUES"
	    " (:client, :hour, :sessions, :messages, :recipients, :accepted,"
	    " :spam, :virus, :complaint, :auth, :recipient, :sender, :helo,"
	    " :command, :disconnect, :probe, :greylist, :relay, :volume)" ADD_SUMS
	    ","
	    " spam = spam + excluded.spam, virus = virus + excluded.virus,"
	    " complaint = complaint + excluded.complaint,"
	    " auth = auth + excluded.auth,"
	    " recipient = recipient + excluded.recipient,"
	    " sender = sender + excluded.sender,"
	    " helo = helo + excluded.helo,"
	    " command = command + excluded.command,"
	    " disconnect = disconnect + excluded.disconnect,"
	    " probe = probe + excluded.probe,"
	    " greylist = greylist + excluded.greylist,"
	    " relay = relay + excluded.relay,"
	    " volume = volume + excluded.volume");

	for (size_t i = 0; i < KIND_COUNT; i++) {
		db_bind_int(
		    statement, kinds[i].parameter, tally->kind[kinds[i].kind]);
	}
	return statement;
}

static bool
has_kinds(const struct tally *tally)
{
	int64_t any = 0;

	for (size_t i = 0; i < KIND_COUNT; i++) {
		any |= tally->kind[i];
	}
	return any != 0;
}

enum store_result
store_tally_add(struct store *store, const struct net *client, int64_t hour,
    const struct tally *tally)
{
	sqlite3_stmt *statement = has_kinds(tally) ? add_kinds_too(store, tally)
						   : add_sums_only(store);
	char text[NET_TEXT_SIZE];

	db_bind_text(statement, ":client", net_format(client, text));
	db_bind_int(statement, ":hour", hour);
	db_bind_int(statement, ":sessions", tally->sessions);
	db_bind_int(statement, ":messages", tally->messages);
	db_bind_int(statement, ":recipients", tally->recipients);
	db_bind_int(statement, ":accepted", tally->accepted);
	return db_run(store, statement);
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
