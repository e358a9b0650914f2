/*
 * What this host sends to the others: the triggers that put it into the
 * outbox, and taking it from there.
 */
#include <string.h>

#include "base/text.h"
#include "store/db.h"
#include "store/shared.h"

/* A key in `state`: it shared before. */
#define LEFT "share-left"

enum {
	ROWS_TOGETHER = 100 /* tallies, or bans' hits, of one entry */
};

/* ---- rows as JSON ---- */

/* clang-format off */

/* Of a row of the table; `row` is "new." or what it is called in a query. */
#define EVENT_BODY(row)                                                        \
	"json_object('client', " row "client, 'address', " row "address,"      \
	" 'kind', " row "kind, 'at', " row "at, 'source', " row "source,"      \
	" 'key', " row "key, 'detail', " row "detail, 'doubtful', " row        \
	"doubtful)"
#define CLEAR_BODY(row)                                                        \
	"json_object('ref', " row "ref, 'cleared', " row "cleared,"            \
	" 'mistake', " row "mistake, 'observed', " row "observed)"
#define CHANGE_BODY(row)                                                       \
	"json_object('ref', " row "ref, 'at', " row "changed, 'ends', " row    \
	"ends, 'service', " row "service, 'note', " row "note, 'say', " row    \
	"say)"
#define MARK_BODY(row)                                                         \
	"json_object('client', " row "client, 'reason', " row "reason,"        \
	" 'key', " row "key, 'at', " row "at)"
#define ALLOW_BODY(row)                                                        \
	"json_object('network', " row "network, 'at', " row "at, 'note', " row \
	"note, 'until', " row "until)"
#define NAME_OF_ROW(row) row "how || ' ' || " row "name"
#define NAME_BODY(row)                                                         \
	"json_object('network', " NAME_OF_ROW(row) ", 'at', " row "at,"        \
	" 'how', " row "how, 'name', " row "name, 'note', " row "note,"        \
	" 'until', " row "until)"
#define GONE_BODY(row)                                                         \
	"json_object('network', " row "network, 'at', " row "at, 'gone', 1)"
#define AUDIT_BODY(row)                                                        \
	"json_object('at', " row "at, 'who', " row "who, 'what', " row         \
	"what, 'subject', " row "subject, 'note', " row "note)"
#define STATE_BODY(row)                                                        \
	"json_object('key', " row "key, 'value', " row "value, 'at', " row     \
	"since)"

/* The numbers of a tally, in the order of the table and of an entry. */
#define NUMBERS(row)                                                           \
	row "sessions, " row "messages, " row "recipients, " row "accepted, "  \
	row "logins, " row "spam, " row "virus, " row "complaint, "            \
	row "auth, " row "recipient, " row "sender, " row "helo, "             \
	row "command, " row "disconnect, " row "probe, " row "greylist, "      \
	row "relay, " row "volume"
#define EACH_NUMBER(DO)                                                        \
	DO(sessions) ", " DO(messages) ", " DO(recipients) ", "                \
	DO(accepted) ", " DO(logins) ", " DO(spam) ", " DO(virus) ", "         \
	DO(complaint) ", " DO(auth) ", " DO(recipient) ", " DO(sender) ", "    \
	DO(helo) ", " DO(command) ", " DO(disconnect) ", " DO(probe) ", "      \
	DO(greylist) ", " DO(relay) ", " DO(volume)
#define MORE(name)    "new." #name " - old." #name
#define ADDED(name)   #name " = " #name " + excluded." #name

#define KEEP(what) "(SELECT keep_" what " FROM share)"

/* ---- triggers ---- */

#define TRIGGER(name, when, condition)                                         \
	"CREATE TRIGGER share_" name " AFTER " when                            \
	" WHEN (SELECT applying FROM share) = 0" condition " BEGIN "
#define SEND(sort, key, keep, body)                                            \
	"INSERT INTO share_out (sort, key, keep, body) VALUES ('" sort         \
	"', " key ", " keep ", " body "); "
#define GONE_SORT(row) "iif(instr(" row "network, ' ') > 0, 'name', 'allow')"
#define SEND_GONE(row)                                                         \
	"INSERT INTO share_out (sort, key, keep, body) VALUES ("               \
	GONE_SORT(row) ", " row "network, " row "at + " KEEP("audit") ", "     \
	GONE_BODY(row) "); "
#define END "END; "

/* The table that they write to first: how much more there is than before. */
#define ADD_TALLY(values)                                                      \
	"INSERT INTO share_tally VALUES (new.client, new.hour, " values        \
	") ON CONFLICT (client, hour) DO UPDATE SET " EACH_NUMBER(ADDED) "; "

static const char *const triggers[][2] = {
    { "share_event", TRIGGER("event", "INSERT ON event", " AND new.host = 0")
	SEND("event", "NULL", "new.at + " KEEP("events"), EVENT_BODY("new.")) END },
    { "share_ban", TRIGGER("ban", "INSERT ON ban", "")
	SEND("ban", "NULL", "new.ends + " KEEP("bans"), DB_BAN_BODY("new.")) END },
    { "share_ban_cleared", TRIGGER("ban_cleared", "UPDATE OF cleared, mistake, observed ON ban",
	" AND (new.cleared IS NOT old.cleared OR new.mistake <> old.mistake"
	" OR new.observed <> old.observed)")
	SEND("clear", "NULL", "new.ends + " KEEP("bans"), CLEAR_BODY("new.")) END },
    { "share_ban_changed", TRIGGER("ban_changed", "UPDATE OF changed ON ban", "")
	SEND("change", "NULL", "new.ends + " KEEP("bans"), CHANGE_BODY("new."))
	END },
    { "share_ban_hits", TRIGGER("ban_hits", "UPDATE OF hits ON ban", " AND new.hits > old.hits")
	"INSERT INTO share_hits VALUES (new.ref, new.hits - old.hits, new.told)"
	" ON CONFLICT (ref) DO UPDATE SET hits = hits + excluded.hits,"
	" told = max(told, excluded.told); " END },
    { "share_mark", TRIGGER("mark", "INSERT ON mark", "")
	SEND("mark", "NULL", "new.at + " KEEP("events"), MARK_BODY("new.")) END },
    { "share_mark_later", TRIGGER("mark_later", "UPDATE OF at ON mark", " AND new.at > old.at")
	SEND("mark", "NULL", "new.at + " KEEP("events"), MARK_BODY("new.")) END },
    { "share_allow", TRIGGER("allow", "INSERT ON allow", " AND NOT new.named")
	SEND("allow", "new.network", "new.until", ALLOW_BODY("new.")) END },
    { "share_allow_changed", TRIGGER("allow_changed", "UPDATE ON allow", " AND NOT new.named")
	SEND("allow", "new.network", "new.until", ALLOW_BODY("new.")) END },
    { "share_allow_gone", TRIGGER("allow_gone", "INSERT ON allow_gone", "")
	SEND_GONE("new.") END },
    { "share_allow_gone_again", TRIGGER("allow_gone_again", "UPDATE ON allow_gone", "")
	SEND_GONE("new.") END },
    { "share_name", TRIGGER("name", "INSERT ON allow_name", "")
	SEND("name", NAME_OF_ROW("new."), "new.until", NAME_BODY("new.")) END },
    { "share_name_changed", TRIGGER("name_changed", "UPDATE OF at ON allow_name",
	" AND new.at <> old.at")
	SEND("name", NAME_OF_ROW("new."), "new.until", NAME_BODY("new.")) END },
    { "share_audit", TRIGGER("audit", "INSERT ON audit", " AND new.host = 0")
	SEND("audit", "NULL", "new.at + " KEEP("audit"), AUDIT_BODY("new.")) END },
    { "share_state", TRIGGER("state", "INSERT ON state", " AND new.key LIKE 'brake%'")
	SEND("state", "new.key", "NULL", STATE_BODY("new.")) END },
    { "share_state_changed", TRIGGER("state_changed", "UPDATE ON state", " AND new.key LIKE 'brake%'"
	" AND (new.value <> old.value OR new.since <> old.since)")
	SEND("state", "new.key", "NULL", STATE_BODY("new.")) END },
    { "share_tally", TRIGGER("tally", "INSERT ON tally", "")
	ADD_TALLY(NUMBERS("new.")) END },
    { "share_tally_more", TRIGGER("tally_more", "UPDATE ON tally",
	" AND new.client = old.client AND new.hour = old.hour")
	ADD_TALLY(EACH_NUMBER(MORE)) END }
};

/* What is there when a host joins.  Bans come before the events that led to
 * them, so that nobody has to make them again. */
static const char all[] =
    "INSERT INTO share_out (sort, keep, body)"
    " SELECT 'ban', ends + " KEEP("bans") ", " DB_BAN_BODY("") " FROM ban"
    " ORDER BY id;"
    "INSERT INTO share_out (sort, keep, body)"
    " SELECT 'audit', at + " KEEP("audit") ", " AUDIT_BODY("") " FROM audit"
    " ORDER BY id;"
    "INSERT INTO share_tally SELECT client, hour, " NUMBERS("") " FROM tally"
    " WHERE true ON CONFLICT DO NOTHING;"
    "INSERT INTO share_out (sort, keep, body)"
    " SELECT 'event', at + " KEEP("events") ", " EVENT_BODY("") " FROM event"
    " ORDER BY id;";
/* And what may be told twice: all there is of it where the host had left, as
 * nobody knows any more what of the rest came from others. */
static const char settings[] =
    "INSERT INTO share_out (sort, keep, body)"
    " SELECT 'mark', at + " KEEP("events") ", " MARK_BODY("") " FROM mark"
    " ORDER BY id;"
    "INSERT INTO share_out (sort, key, keep, body)"
    " SELECT 'allow', network, until, " ALLOW_BODY("") " FROM allow"
    " WHERE NOT named;"
    "INSERT INTO share_out (sort, key, keep, body)"
    " SELECT 'name', " NAME_OF_ROW("") ", until, " NAME_BODY("")
    " FROM allow_name;"
    "INSERT INTO share_out (sort, key, keep, body)"
    " SELECT " GONE_SORT("") ", network, at + " KEEP("audit") ", " GONE_BODY("")
    " FROM allow_gone;"
    "INSERT INTO share_out (sort, key, body)"
    " SELECT 'state', key, " STATE_BODY("") " FROM state"
    " WHERE key LIKE 'brake%';";
/* clang-format on */

/* ---- joining and leaving ---- */

bool
store_share_self(struct store *store, struct share_self *self)
{
	sqlite3_stmt *row = db_query(store,
	    "SELECT name, instance, joined, sent, read,"
	    " (SELECT count(*) FROM share_out),"
	    " (SELECT seq FROM sqlite_sequence WHERE name = 'share_out')"
	    " FROM share",
	    NULL);

	*self = (struct share_self){ .joined = 0 };
	if (!db_row(store, row)) {
		return false;
	}
	DB_COPY(self->name, row, 0);
	DB_COPY(self->instance, row, 1);
	self->joined = sqlite3_column_int64(row, 2);
	self->sent = sqlite3_column_int64(row, 3);
	self->read = sqlite3_column_int64(row, 4);
	self->pending = sqlite3_column_int64(row, 5);
	self->last = sqlite3_column_int64(row, 6);
	db_reset(row);
	return true;
}

void
store_share_join(struct store *store, const char *name, const char *instance,
    const unsigned char secret[static STORE_SECRET_SIZE],
    const struct share_keep *keep, int64_t now)
{
	const bool own = db_enter(store);
	struct share_self self;
	char left[SHARE_NAME_SIZE];
	int64_t at;

	if (!store_share_self(store, &self)) {
		db_run(store,
		    "INSERT INTO share (id, name, instance, joined, sent,"
		    " read, keep_events, keep_tallies, keep_bans, keep_audit)"
		    " VALUES (1, :name, :instance, :now, 0, 0, 0, 0, 0, 0)",
		    DB_WITH(db_text(":name", name),
			db_text(":instance", instance), db_int(":now", now)));
		store_share_keep(store, keep);
		db_secret_share(store, secret, now);
		db_share_triggers(store);
		db_script(store, settings);
		if (!store_state_find(store, LEFT, left, sizeof(left), &at)) {
			db_script(store, all);
		}
	}
	(void)db_leave(store, own);
}

static void
drop_triggers(struct store *store)
{
	for (size_t i = 0; i < sizeof(triggers) / sizeof(triggers[0]); i++) {
		char sql[64];
		struct text text;

		text_init(&text, sql, sizeof(sql));
		text_addf(&text, "DROP TRIGGER IF EXISTS %s", triggers[i][0]);
		db_script(store, sql);
	}
}

void
db_share_triggers(struct store *store)
{
	drop_triggers(store);
	for (size_t i = 0; i < sizeof(triggers) / sizeof(triggers[0]); i++) {
		db_script(store, triggers[i][1]);
	}
}

void
store_share_keep(struct store *store, const struct share_keep *keep)
{
	db_run(store,
	    "UPDATE share SET keep_events = :events, keep_tallies = :tallies,"
	    " keep_bans = :bans, keep_audit = :audit",
	    DB_WITH(db_int(":events", keep->events),
		db_int(":tallies", keep->tallies), db_int(":bans", keep->bans),
		db_int(":audit", keep->audit)));
}

void
store_share_leave(struct store *store)
{
	struct share_self self;

	if (!store_share_self(store, &self)) {
		return;
	}
	store_state_put(store, LEFT, self.name, self.joined);
	drop_triggers(store);
	db_script(store, "DELETE FROM share; DELETE FROM share_out;"
			 "DELETE FROM share_tally; DELETE FROM share_hits;"
			 "DELETE FROM sqlite_sequence"
			 " WHERE name = 'share_out'");
}

void
store_share_renew(struct store *store, const char *instance, int64_t now)
{
	static const char *const numbered[] = {
		"UPDATE share_out SET seq = seq - (SELECT sent FROM share)",
		"UPDATE sqlite_sequence SET seq = seq - (SELECT sent FROM share)"
		" WHERE name = 'share_out'",
	};

	for (size_t i = 0; i < sizeof(numbered) / sizeof(numbered[0]); i++) {
		db_run(store, numbered[i], NULL);
	}
	db_run(store,
	    "UPDATE share SET instance = :instance, joined = :now, sent = 0",
	    DB_WITH(db_text(":instance", instance), db_int(":now", now)));
}

/* ---- taking ---- */

/* Some of what was added up becomes an entry: false where there was none. */
static bool
enclose(struct store *store, const char *enclose, const char *remove)
{
	db_run(store, enclose, DB_WITH(db_int(":rows", ROWS_TOGETHER)));
	if (store->status != STORE_OK || sqlite3_changes(store->db) == 0) {
		return false;
	}
	db_run(store, remove, DB_WITH(db_int(":rows", ROWS_TOGETHER)));
	return store->status == STORE_OK;
}

/* What was added up is as old as what is sent with it: a bracket of its own, so
 * that only what is committed is told. */
static void
enclose_all(struct store *store, int64_t most)
{
	int64_t entries = 0;

	if (db_number(store,
		"SELECT EXISTS (SELECT 1 FROM share_tally)"
		" OR EXISTS (SELECT 1 FROM share_hits)",
		NULL, 0) == 0) {
		return;
	}
	store_begin(store);
	while (
	    entries < most &&
	    enclose(store,
		"INSERT INTO share_out (sort, keep, body) SELECT 'tally',"
		" max(hour) + " KEEP(
		    "tallies") ","
			       " json_group_array(json_array(client, hour, " NUMBERS(
				   "") ")) FROM (SELECT * FROM share_tally"
				       " ORDER BY client, hour LIMIT :rows) HAVING count(*) > 0",
		"DELETE FROM share_tally WHERE (client, hour) IN"
		" (SELECT client, hour FROM share_tally"
		" ORDER BY client, hour LIMIT :rows)")) {
		entries++;
	}
	while (
	    entries < most &&
	    enclose(store,
		"INSERT INTO share_out (sort, keep, body) SELECT 'hits',"
		" max(told) + " KEEP(
		    "bans") ","
			    " json_group_array(json_array(ref, hits, told))"
			    " FROM (SELECT * FROM share_hits ORDER BY ref LIMIT :rows)"
			    " HAVING count(*) > 0",
		"DELETE FROM share_hits WHERE ref IN"
		" (SELECT ref FROM share_hits ORDER BY ref LIMIT :rows)")) {
		entries++;
	}
	(void)store_commit(store);
}

int64_t
store_share_take(struct store *store, int64_t most,
    void (*each)(void *to, const struct share_entry *entry), void *to)
{
	sqlite3_stmt *row;
	int64_t taken = 0;

	enclose_all(store, most);
	row = db_query(store,
	    "SELECT seq, sort, key, keep, body FROM share_out ORDER BY seq"
	    " LIMIT :most",
	    DB_WITH(db_int(":most", most)));
	for (; db_row(store, row); taken++) {
		const bool for_good = sqlite3_column_type(row, 3) ==
				      SQLITE_NULL;
		const struct share_entry entry = { .seq = sqlite3_column_int64(
						       row, 0),
			.host = "",
			.sort = db_words(row, 1),
			.key = (const char *)sqlite3_column_text(row, 2),
			.keep = for_good ? INT64_MAX
					 : sqlite3_column_int64(row, 3),
			.body = db_words(row, 4) };

		each(to, &entry);
	}
	return taken;
}

void
store_share_sent(struct store *store, int64_t seq)
{
	db_run(store, "DELETE FROM share_out WHERE seq <= :seq",
	    DB_WITH(db_int(":seq", seq)));
	db_run(store, "UPDATE share SET sent = :seq WHERE sent < :seq",
	    DB_WITH(db_int(":seq", seq)));
}
