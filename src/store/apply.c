/*
 * What other hosts sent is stored, and what two hosts made of the same becomes
 * one again.
 *
 * All of it is as the others said it: a peer may be of another version, and
 * what cannot be read is left out.  What is written meanwhile is not sent on.
 */
#include <string.h>

#include "base/text.h"
#include "store/db.h"
#include "store/shared.h"

/* What follows from an entry only here, as not all have what it meets, is to be
 * sent. */
static void
let_send(struct store *store, bool send)
{
	db_run(store, "UPDATE share SET applying = :applying",
	    DB_WITH(db_int(":applying", !send)));
}

/* ---- who sent it ---- */

static int64_t
find_peer(struct store *store, const char *name)
{
	static const char find[] = "SELECT id FROM peer WHERE name = :name";
	const struct db_value named[] = { db_text(":name", name),
		{ .name = NULL } };
	int64_t id = db_number(store, find, named, 0);

	if (id == 0) {
		db_run(store, "INSERT INTO peer (name) VALUES (:name)", named);
		id = db_number(store, find, named, 0);
	}
	return id;
}

/* ---- sorts of entries ---- */

struct applying {
	struct store *store;
	const struct share_entry *entry;
	int64_t peer;
};

/* A statement on the entry: its values are ":body" and ":peer". */
static sqlite3_stmt *
query(const struct applying *applying, const char *sql)
{
	return db_query(applying->store, sql,
	    DB_WITH(db_text(":body", applying->entry->body),
		db_int(":peer", applying->peer),
		db_text(":host", applying->entry->host)));
}

static void
run(const struct applying *applying, const char *sql)
{
	(void)db_row(applying->store, query(applying, sql));
}

static bool
apply_event(const struct applying *applying)
{
	sqlite3_stmt *row = query(applying,
	    "SELECT :body ->> 'client', :body ->> 'address',"
	    " :body ->> 'kind', :body ->> 'at', :body ->> 'source',"
	    " :body ->> 'key', :body ->> 'detail', :body ->> 'doubtful' WHERE"
	    " json_valid(:body)");
	struct event event;
	bool fine;

	if (!db_row(applying->store, row)) {
		return false;
	}
	event = (struct event){ .at = sqlite3_column_int64(row, 3),
		.source = db_words(row, 4),
		.key = (const char *)sqlite3_column_text(row, 5),
		.detail = (const char *)sqlite3_column_text(row, 6),
		.doubtful = sqlite3_column_int(row, 7) != 0,
		.host = applying->peer };
	fine = net_parse(db_words(row, 0), &event.client) &&
	       addr_parse(db_words(row, 1), &event.address) &&
	       net_contains_addr(&event.client, &event.address) &&
	       words_parse(&kind_words, db_words(row, 2), &event.kind) &&
	       event.at > 0 && event.at < INT64_MAX / 2 &&
	       strlen(event.source) < STORE_SOURCE_SIZE &&
	       (event.key == NULL || strlen(event.key) < STORE_KEY_SIZE);
	if (fine) {
		db_event_put(applying->store, &event);
	}
	db_reset(row);
	return fine;
}

/* A ban that is there under that ref.  It is the same one if hosts drew it from
 * the same; of its words and times those of the lower host stay. */
static void
merge_ban(const struct applying *applying)
{
	run(applying, "UPDATE ban SET hits = hits + :body ->> 'hits', told ="
		      " max(ifnull(told, :body ->> 'told'),"
		      " ifnull(:body ->> 'told', told)), mistake ="
		      " max(mistake, :body ->> 'mistake'), observed ="
		      " max(observed, :body ->> 'observed'), cleared ="
		      " min(ifnull(cleared, :body ->> 'cleared'),"
		      " ifnull(:body ->> 'cleared', cleared)) WHERE ref ="
		      " :body ->> 'ref'");
	run(applying,
	    "UPDATE ban SET host = :peer, step = :body ->> 'step', ends ="
	    " :body ->> 'ends', stage = :body ->> 'stage', service ="
	    " :body ->> 'service', honest = :body ->> 'honest', code ="
	    " :body ->> 'code', enhanced = :body ->> 'enhanced', phrase ="
	    " :body ->> 'phrase', own = :body ->> 'own', again_code ="
	    " :body ->> 'again_code', again_enhanced ="
	    " :body ->> 'again_enhanced', again_phrase ="
	    " :body ->> 'again_phrase', again_own = :body ->> 'again_own',"
	    " note = :body ->> 'note', say = :body ->> 'say' WHERE ref ="
	    " :body ->> 'ref' AND changed = 0 AND :host < " DB_NAME_OF("host"));
}

/* False for one that no host could have made. */
static bool
read_ban(const struct applying *applying, struct ban *ban)
{
	sqlite3_stmt *row = query(applying,
	    "SELECT 0, :body ->> 'client', :body ->> 'reason',"
	    " :body ->> 'stage', :body ->> 'service', :body ->> 'step',"
	    " :body ->> 'begins', :body ->> 'ends', :body ->> 'cleared',"
	    " :body ->> 'mistake', :body ->> 'observed', :body ->> 'hits',"
	    " :body ->> 'told', :body ->> 'honest', :peer, :body ->> 'rule',"
	    " :body ->> 'code', :body ->> 'enhanced', :body ->> 'phrase',"
	    " :body ->> 'own', :body ->> 'note', :body ->> 'ref',"
	    " :body ->> 'again_code', :body ->> 'again_enhanced',"
	    " :body ->> 'again_phrase', :body ->> 'again_own',"
	    " :body ->> 'say' WHERE json_valid(:body)");
	bool fine;

	if (!db_row(applying->store, row)) {
		return false;
	}
	fine = db_ban_read(row, ban) && ban->ref[0] != '\0' &&
	       ban->rule[0] != '\0' && ban->reply.code[0] != '\0' &&
	       ban->ends > ban->begins &&
	       !net_is_wider(&ban->who, BAN_WIDEST_V4, BAN_WIDEST_V6);
	db_reset(row);
	return fine;
}

static bool
apply_ban(const struct applying *applying)
{
	struct store *store = applying->store;
	struct db_whose whose;
	struct ban ban;
	struct ban there;
	char client[NET_TEXT_SIZE];
	const char *reason;

	if (!read_ban(applying, &ban)) {
		return false;
	}
	(void)net_format(&ban.who, client);
	reason = reason_name(ban.reason);
	db_unfold(store, client, reason);
	if (db_ban_whose(store, ban.ref, &whose)) {
		if (strcmp(whose.client, client) != 0 ||
		    strcmp(whose.reason, reason) != 0 ||
		    !store_ban_find(store, ban.ref, &there) ||
		    strcmp(there.rule, ban.rule) != 0 ||
		    there.begins != ban.begins) {
			db_fold(store, client, reason);
			return false;
		}
		merge_ban(applying);
	} else {
		db_ban_put(store, &ban);
		run(applying,
		    "UPDATE ban SET host = :peer, cleared ="
		    " :body ->> 'cleared', mistake = :body ->> 'mistake',"
		    " hits = :body ->> 'hits', told = :body ->> 'told',"
		    " changed = :body ->> 'changed' WHERE ref ="
		    " :body ->> 'ref'");
	}
	/* What counted anew before the ban was known. */
	let_send(store, true);
	db_run(store,
	    "UPDATE ban SET cleared = m.at FROM mark AS m WHERE ban.ref ="
	    " :ref AND m.client = ban.client AND m.reason = ban.reason AND"
	    " m.key = '' AND m.at >= ban.begins AND m.at <"
	    " ifnull(ban.cleared, ban.ends)",
	    DB_WITH(db_text(":ref", ban.ref)));
	let_send(store, false);
	db_fold(store, client, reason);
	return true;
}

/* A change to a ban: it is as if it had never been folded, and then folded
 * again, as it may stand now. */
static bool
change_ban(const struct applying *applying, const char *change)
{
	struct store *store = applying->store;
	sqlite3_stmt *row = query(
	    applying, "SELECT :body ->> 'ref' WHERE json_valid(:body)");
	char ref[BAN_REF_SIZE];
	struct db_whose whose;

	if (!db_row(store, row)) {
		return false;
	}
	DB_COPY(ref, row, 0);
	db_reset(row);
	/* One that is not there any more is forgotten. */
	if (db_ban_whose(store, ref, &whose)) {
		db_unfold(store, whose.client, whose.reason);
		run(applying, change);
		db_fold(store, whose.client, whose.reason);
	}
	return true;
}

static bool
apply_clear(const struct applying *applying)
{
	return change_ban(applying,
	    "UPDATE ban SET cleared = min(ifnull(cleared,"
	    " :body ->> 'cleared'), ifnull(:body ->> 'cleared', cleared)),"
	    " mistake = max(mistake, :body ->> 'mistake'), observed ="
	    " max(observed, :body ->> 'observed') WHERE ref = :body ->> 'ref'");
}

static bool
apply_change(const struct applying *applying)
{
	return change_ban(applying,
	    "UPDATE ban SET changed = :body ->> 'at', ends ="
	    " :body ->> 'ends', service = :body ->> 'service', note ="
	    " :body ->> 'note', say = :body ->> 'say' WHERE ref ="
	    " :body ->> 'ref' AND (changed < :body ->> 'at' OR (changed ="
	    " :body ->> 'at' AND ends < :body ->> 'ends'))");
}

static bool
apply_mark(const struct applying *applying)
{
	struct store *store = applying->store;
	sqlite3_stmt *row = query(applying,
	    "SELECT :body ->> 'client', :body ->> 'reason', :body ->> 'key',"
	    " :body ->> 'at' WHERE json_valid(:body)");
	struct reset reset = { .at = 0 };
	char client[NET_TEXT_SIZE];
	char key[HASH_TEXT_SIZE];
	bool fine;

	if (!db_row(store, row)) {
		return false;
	}
	fine = net_parse(db_words(row, 0), &reset.client) &&
	       words_parse(&reason_words, db_words(row, 1), &reset.reason) &&
	       text_copy(key, sizeof(key), db_words(row, 2));
	reset.key = key;
	reset.at = sqlite3_column_int64(row, 3);
	db_reset(row);
	if (!fine) {
		return false;
	}
	db_reset_put(store, &reset);
	if (key[0] == '\0') {
		const char *reason = reason_name(reset.reason);

		(void)net_format(&reset.client, client);
		db_unfold(store, client, reason);
		let_send(store, true);
		db_run(store,
		    "UPDATE ban SET cleared = :at WHERE client = :client AND"
		    " reason = :reason AND begins <= :at AND ifnull(cleared,"
		    " ends) > :at",
		    DB_WITH(db_int(":at", reset.at), db_text(":client", client),
			db_text(":reason", reason)));
		let_send(store, false);
		db_fold(store, client, reason);
	}
	return true;
}

/* Of a host that counted refused sessions of a folded ban, those are the
 * standing one's, too. */
static bool
apply_hits(const struct applying *applying)
{
	static const char *const sql[] = {
		"UPDATE ban SET hits = ban.hits + e.value ->> 1, told ="
		" max(ifnull(ban.told, 0), e.value ->> 2) FROM"
		" json_each(:body) AS e WHERE ban.ref = e.value ->> 0",
		"UPDATE ban SET hits = ban.hits + e.value ->> 1, told ="
		" max(ifnull(ban.told, 0), e.value ->> 2) FROM"
		" json_each(:body) AS e JOIN ban_folded AS f ON f.ref ="
		" e.value ->> 0 WHERE ban.ref = f.stands",
		"UPDATE ban_folded SET hits = ban_folded.hits + e.value ->> 1"
		" FROM json_each(:body) AS e WHERE ban_folded.ref = e.value"
		" ->> 0",
	};

	for (size_t i = 0; i < sizeof(sql) / sizeof(sql[0]); i++) {
		run(applying, sql[i]);
	}
	return true;
}

static bool
apply_tally(const struct applying *applying)
{
	run(applying,
	    "INSERT INTO tally (client, hour, sessions, messages, recipients,"
	    " accepted, logins, spam, virus, complaint, auth, recipient,"
	    " sender, helo, command, disconnect, probe, greylist, relay,"
	    " volume) SELECT value ->> 0, value ->> 1, value ->> 2,"
	    " value ->> 3, value ->> 4, value ->> 5, value ->> 6,"
	    " value ->> 7, value ->> 8, value ->> 9, value ->> 10,"
	    " value ->> 11, value ->> 12, value ->> 13, value ->> 14,"
	    " value ->> 15, value ->> 16, value ->> 17, value ->> 18,"
	    " value ->> 19 FROM json_each(:body) WHERE true ON CONFLICT"
	    " (client, hour) DO UPDATE SET"
	    " sessions = sessions + excluded.sessions,"
	    " messages = messages + excluded.messages,"
	    " recipients = recipients + excluded.recipients,"
	    " accepted = accepted + excluded.accepted,"
	    " logins = logins + excluded.logins, spam = spam + excluded.spam,"
	    " virus = virus + excluded.virus,"
	    " complaint = complaint + excluded.complaint,"
	    " auth = auth + excluded.auth,"
	    " recipient = recipient + excluded.recipient,"
	    " sender = sender + excluded.sender, helo = helo + excluded.helo,"
	    " command = command + excluded.command,"
	    " disconnect = disconnect + excluded.disconnect,"
	    " probe = probe + excluded.probe,"
	    " greylist = greylist + excluded.greylist,"
	    " relay = relay + excluded.relay,"
	    " volume = volume + excluded.volume");
	return true;
}

/* Of what was done by hand to a network or name, here or there, the last counts:
 * by its time, then by the host's name.  `known` asks what is there. */
#define IS_LAST(known)                                                         \
	"NOT EXISTS (SELECT 1 FROM (" known " UNION ALL"                       \
	" SELECT at, host FROM allow_gone"                                     \
	" WHERE network = :body ->> 'network') AS known"                       \
	" WHERE (known.at, " DB_NAME_OF(                                       \
	    "known.host") ")"                                                  \
			  " > (:body ->> 'at', :host))"

static void
put_gone(const struct applying *applying)
{
	run(applying, "INSERT INTO allow_gone VALUES (:body ->> 'network',"
		      " :body ->> 'at', :peer)");
}

static bool
apply_allow(const struct applying *applying)
{
	struct store *store = applying->store;
	sqlite3_stmt *row = query(applying,
	    "SELECT :body ->> 'network', :body ->> 'gone', " IS_LAST(
		"SELECT at, host FROM allow WHERE network ="
		" :body ->> 'network' AND NOT named") " WHERE json_valid(:body)");
	struct net net;
	bool fine;
	bool gone;
	bool last;

	if (!db_row(store, row)) {
		return false;
	}
	fine = net_parse(db_words(row, 0), &net) &&
	       !net_is_wider(&net, BAN_WIDEST_V4, BAN_WIDEST_V6);
	gone = sqlite3_column_int(row, 1) != 0;
	last = sqlite3_column_int(row, 2) != 0;
	db_reset(row);
	if (!fine || !last) {
		return fine;
	}
	run(applying,
	    "DELETE FROM allow_gone WHERE network = :body ->> 'network'");
	if (gone) {
		run(applying, "DELETE FROM allow WHERE network ="
			      " :body ->> 'network' AND NOT named");
		put_gone(applying);
		return true;
	}
	db_run(store,
	    "INSERT INTO allow (network, family, bits, note, until, at, host)"
	    " VALUES (:client, :family, :bits, :body ->> 'note',"
	    " :body ->> 'until', :body ->> 'at', :peer) ON CONFLICT (network)"
	    " DO UPDATE SET note = excluded.note, until = excluded.until,"
	    " at = excluded.at, host = excluded.host, named = 0",
	    DB_WITH(DB_NET(&net), db_text(":body", applying->entry->body),
		db_int(":peer", applying->peer)));
	return true;
}

/* Its networks are what DNS says here. */
static bool
apply_name(const struct applying *applying)
{
	struct store *store = applying->store;
	sqlite3_stmt *row = query(applying,
	    "SELECT :body ->> 'gone', :body ->> 'at', " IS_LAST(
		"SELECT at, host FROM allow_name WHERE how || ' ' || name ="
		" :body ->> 'network'") " WHERE"
					" json_valid(:body) AND substr(:body ->> 'network', 1, 4)"
					" IN ('name', 'spf ') AND length(:body ->> 'network') <"
					" 256 AND :body ->> 'network' NOT GLOB '*[^a-z0-9._ -]*'");
	bool gone;
	bool last;
	int64_t at;

	if (!db_row(store, row)) {
		return false;
	}
	gone = sqlite3_column_int(row, 0) != 0;
	at = sqlite3_column_int64(row, 1);
	last = sqlite3_column_int(row, 2) != 0;
	db_reset(row);
	if (!last) {
		return true;
	}
	run(applying,
	    "DELETE FROM allow_gone WHERE network = :body ->> 'network'");
	if (gone) {
		run(applying,
		    "DELETE FROM allow_name WHERE how || ' ' || name ="
		    " :body ->> 'network'");
		put_gone(applying);
		store_names_apply(store, at);
		return true;
	}
	run(applying,
	    "INSERT INTO allow_name (how, name, note, until, asked, error,"
	    " at, host) SELECT :body ->> 'how', :body ->> 'name',"
	    " :body ->> 'note', :body ->> 'until', 0, '', :body ->> 'at',"
	    " :peer WHERE (:body ->> 'how') || ' ' || (:body ->> 'name') ="
	    " :body ->> 'network' ON CONFLICT (how, name) DO UPDATE SET"
	    " note = excluded.note, until = excluded.until, at = excluded.at,"
	    " host = excluded.host");
	return true;
}

static bool
apply_audit(const struct applying *applying)
{
	run(applying,
	    "INSERT INTO audit (at, who, what, subject, note, host) SELECT"
	    " :body ->> 'at', :body ->> 'who', :body ->> 'what',"
	    " :body ->> 'subject', :body ->> 'note', :peer WHERE"
	    " json_type(:body, '$.at') = 'integer' AND json_type(:body,"
	    " '$.who') = 'text' AND json_type(:body, '$.what') = 'text' AND"
	    " json_type(:body, '$.subject') = 'text'");
	return true;
}

/* The brake's: the later one counts, of two at once that which is on. */
static bool
apply_state(const struct applying *applying)
{
	run(applying,
	    "INSERT INTO state (key, value, since) SELECT :body ->> 'key',"
	    " :body ->> 'value', :body ->> 'at' WHERE :body ->> 'key' LIKE"
	    " 'brake%' AND json_type(:body, '$.at') = 'integer' AND"
	    " json_type(:body, '$.value') = 'text' ON CONFLICT (key) DO"
	    " UPDATE SET value = excluded.value, since = excluded.since WHERE"
	    " excluded.since > since OR (excluded.since = since AND"
	    " excluded.value > value)");
	return true;
}

/* In the place of an entry that the server refused. */
static bool
apply_void(const struct applying *applying)
{
	return applying->peer != 0;
}

static const struct {
	const char *sort;
	bool (*apply)(const struct applying *applying);
	/* One row, of which its host says that it is not to be sent on: most
	 * entries are, and need nothing around them. */
	bool single;
} sorts[] = {
	{ "event", apply_event, true },
	{ "tally", apply_tally, false },
	{ "ban", apply_ban, false },
	{ "hits", apply_hits, false },
	{ "clear", apply_clear, false },
	{ "change", apply_change, false },
	{ "mark", apply_mark, false },
	{ "allow", apply_allow, false },
	{ "name", apply_name, false },
	{ "audit", apply_audit, true },
	{ "state", apply_state, false },
	{ "void", apply_void, true },
};

/* A statement fails of what an entry says where it breaks a rule of its table;
 * that is the entry's fault and not the database's.  So it is tried by
 * itself. */
bool
store_share_apply(struct store *store, const struct share_entry *entry)
{
	struct applying applying = { .store = store, .entry = entry };
	bool applied;
	size_t sort = 0;

	while (sort < sizeof(sorts) / sizeof(sorts[0]) &&
	       strcmp(sorts[sort].sort, entry->sort) != 0) {
		sort++;
	}
	if (sort == sizeof(sorts) / sizeof(sorts[0]) ||
	    store->status != STORE_OK) {
		return false;
	}
	applying.peer = find_peer(store, entry->host);
	if (!sorts[sort].single) {
		db_run(store, "SAVEPOINT entry", NULL);
		let_send(store, false);
		db_lengths_forget(store);
	}
	applied = sorts[sort].apply(&applying);
	/* What the database refuses shows now. */
	db_waiting_write(store);
	if (db_refused(store)) {
		applied = false;
		if (!sorts[sort].single) {
			db_run(store, "ROLLBACK TO entry", NULL);
		}
	}
	if (!sorts[sort].single) {
		let_send(store, true);
		db_run(store, "RELEASE entry", NULL);
	}
	return applied;
}

void
store_share_read(struct store *store, int64_t n)
{
	db_run(store, "UPDATE share SET read = :n WHERE read <> :n",
	    DB_WITH(db_int(":n", n)));
}
