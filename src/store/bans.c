#include <stdlib.h>
#include <string.h>

#include "base/proc.h"
#include "base/text.h"
#include "core/reputation.h"
#include "store/db.h"

#define TEXTS                                                                  \
	"rule, code, enhanced, phrase, own, note, ref, again_code,"            \
	" again_enhanced, again_phrase, again_own, say"
/* The columns that are TEXTS. */
#define TEXT(field)                                                            \
	{                                                                      \
		offsetof(struct ban, field), sizeof(((struct ban *)0)->field)  \
	}
static const struct {
	size_t at;
	size_t size;
} texts[] = { TEXT(rule), TEXT(reply.code), TEXT(reply.enhanced),
	TEXT(reply.phrase), TEXT(reply.own), TEXT(note), TEXT(ref),
	TEXT(again.code), TEXT(again.enhanced), TEXT(again.phrase),
	TEXT(again.own), TEXT(say) };

enum {
	PAGE = 1024, /* bans of one question, */
	PAGE_FIRST = 16,
	TEXTS_COUNT = sizeof(texts) / sizeof(texts[0]),
	TEXTS_READ = 15, /* the first of them in DB_BAN_COLUMNS */
	TEXTS_PUT = 12   /* and of what is put */
};

/* ---- writing ---- */

/* The ref of a ban by a rule, from what several hosts know alike: they make the
 * same ban under the same ref.  One by hand is nobody else's. */
static void
make_ref(struct store *store, struct ban *ban, unsigned again)
{
	unsigned char secret[STORE_SECRET_SIZE];
	char client[NET_TEXT_SIZE];
	char what[NET_TEXT_SIZE + BAN_RULE_SIZE + 64];
	struct text text;

	if (ban_is_manual(ban)) {
		(void)proc_ref(ban->ref);
		return;
	}
	store_secret(store, secret);
	text_init(&text, what, sizeof(what));
	text_addf(&text, "%s %s %s %lld %u", net_format(&ban->who, client),
	    reason_name(ban->reason), ban->rule, (long long)ban->begins, again);
	(void)proc_ref_of(hash_bytes(secret, what, strlen(what)), ban->ref);
}

/* Two refs alike are rare, and met by making another. */
void
db_ban_put(struct store *store, struct ban *ban)
{
	bool draw = ban->ref[0] == '\0';
	unsigned again = 0;

	do {
		sqlite3_stmt *put = db_query(store,
		    "INSERT INTO ban (id, client, family, bits, reason, step,"
		    " begins, ends, observed, stage, service, honest, " TEXTS
		    ") VALUES ((SELECT 1 + max(ifnull((SELECT max(id) FROM ban),"
		    " 0), ifnull((SELECT max(id) FROM ban_folded), 0))),"
		    " :client, :family, :bits, :reason, :step,"
		    " :begins, :ends, :observed, :stage, :service, :honest,"
		    " ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
		    " ON CONFLICT (ref) DO NOTHING",
		    DB_WITH(DB_NET(&ban->who),
			db_text(":reason", reason_name(ban->reason)),
			db_int(":step", ban->step),
			db_int(":begins", ban->begins),
			db_int(":ends", ban->ends),
			db_int(":observed", ban->observed),
			db_text(":stage", stage_name(ban->stage)),
			db_text(":service", service_name(ban->service)),
			db_int(":honest", ban->honest)));

		if (draw) {
			make_ref(store, ban, again++);
		}
		for (int i = 0; put != NULL && i < TEXTS_COUNT; i++) {
			(void)sqlite3_bind_text(put, TEXTS_PUT + i,
			    (const char *)ban + texts[i].at, -1, SQLITE_STATIC);
		}
		(void)db_row(store, put);
	} while (draw && store->status == STORE_OK &&
		 sqlite3_changes(store->db) == 0);
	if (store->status == STORE_OK && sqlite3_changes(store->db) == 0) {
		db_fail(store, STORE_FAILED, "another ban has that ref");
	}
	if (store->status == STORE_OK) {
		ban->id = sqlite3_last_insert_rowid(store->db);
		db_length_is_there(store, DB_BAN, &ban->who);
	}
}

void
store_ban_change(struct store *store, const struct ban *ban, int64_t now)
{
	db_run(store,
	    "UPDATE ban SET ends = :ends, note = :note, say = :say,"
	    " service = :service, changed = max(:now, changed + 1)"
	    " WHERE id = :id",
	    DB_WITH(db_int(":ends", ban->ends), db_int(":now", now),
		db_text(":note", ban->note), db_text(":say", ban->say),
		db_text(":service", service_name(ban->service)),
		db_int(":id", ban->id)));
}

void
store_ban_clear(struct store *store, int64_t id, int64_t at, bool mistake)
{
	db_run(store,
	    "UPDATE ban SET cleared = CASE"
	    " WHEN cleared IS NULL AND ends > :at THEN :at ELSE cleared END,"
	    " mistake = mistake OR :mistake WHERE id = :id",
	    DB_WITH(db_int(":at", at), db_int(":mistake", mistake),
		db_int(":id", id)));
}

/* ---- reading ---- */

bool
db_ban_read(sqlite3_stmt *row, struct ban *ban)
{
	*ban = (struct ban){ 0 };
	for (int i = 0; i < TEXTS_COUNT; i++) {
		(void)text_copy((char *)ban + texts[i].at, texts[i].size,
		    db_words(row, TEXTS_READ + i));
	}
	ban->id = sqlite3_column_int64(row, 0);
	ban->step = sqlite3_column_int(row, 5);
	ban->begins = sqlite3_column_int64(row, 6);
	ban->ends = sqlite3_column_int64(row, 7);
	ban->cleared = sqlite3_column_int64(row, 8);
	ban->mistake = sqlite3_column_int(row, 9) != 0;
	ban->observed = sqlite3_column_int(row, 10) != 0;
	ban->hits = sqlite3_column_int64(row, 11);
	ban->told = sqlite3_column_int64(row, 12);
	ban->honest = sqlite3_column_int(row, 13) != 0;
	ban->host = sqlite3_column_int64(row, 14);
	return net_parse(db_words(row, 1), &ban->who) &&
	       words_parse(&reason_words, db_words(row, 2), &ban->reason) &&
	       words_parse(&stage_words, db_words(row, 3), &ban->stage) &&
	       words_parse(&service_words, db_words(row, 4), &ban->service);
}

bool
store_ban_find(struct store *store, const char *ref, struct ban *ban)
{
	sqlite3_stmt *statement = db_query(store,
	    "SELECT " DB_BAN_COLUMNS " FROM ban WHERE ref = :ref",
	    DB_WITH(db_text(":ref", ref)));
	bool found = db_row(store, statement) && db_ban_read(statement, ban);

	db_reset(statement);
	if (!found) {
		statement = db_query(store,
		    "SELECT " DB_BAN_COLUMNS " FROM ban WHERE ref ="
		    " (SELECT stands FROM ban_folded WHERE ref = :ref)",
		    DB_WITH(db_text(":ref", ref)));
		found = db_row(store, statement) && db_ban_read(statement, ban);
		db_reset(statement);
	}
	return found;
}

void
store_ban_after(struct store *store, int64_t after, int64_t most,
    void (*each)(void *to, const struct ban *ban), void *to)
{
	sqlite3_stmt *row = db_query(store,
	    "SELECT " DB_BAN_COLUMNS " FROM ban WHERE id > :after ORDER BY id"
	    " LIMIT :most",
	    DB_WITH(db_int(":after", after), db_int(":most", most)));
	struct ban ban;

	while (db_row(store, row)) {
		if (db_ban_read(row, &ban)) {
			each(to, &ban);
		}
	}
}

/* What a question asks, but for whose bans. */
#define ASKED                                                                  \
	" ends > :active AND observed <= :observed"                            \
	" AND (:all OR (begins <= :active AND cleared IS NULL))"               \
	" AND (:reason IS NULL OR reason = :reason)"
#define ASKED_WITH(query)                                                      \
	db_int(":active", (query)->active_at),                                 \
	    db_int(":observed", (query)->observed),                            \
	    db_int(":all", (query)->later || (query)->active_at == INT64_MIN), \
	    db_text(":reason", (query)->reason == NULL                         \
				   ? NULL                                      \
				   : reason_name(*(query)->reason))

/* Where a row stands in the order of store_ban_each(). */
struct ban_place {
	int64_t ends;
	int64_t id;
};

/* Add the bans of a statement to the store's list; how many rows it had, and
 * where the last of them stands. */
static int64_t
gather_rows(
    struct store *store, sqlite3_stmt *statement, struct ban_place *last)
{
	int64_t rows = 0;
	bool fine;

	for (; db_row(store, statement); rows++) {
		if (store->bans == store->ban_room) {
			size_t room = store->ban_room * 2 + 4;
			struct ban *more = reallocarray(
			    store->ban, room, sizeof(*more));

			if (more == NULL) {
				db_fail(store, STORE_FAILED, "out of memory");
				db_reset(statement);
				return rows;
			}
			store->ban = more;
			store->ban_room = room;
		}
		fine = db_ban_read(statement, &store->ban[store->bans]);
		*last = (struct ban_place){ store->ban[store->bans].ends,
			store->ban[store->bans].id };
		store->bans += fine;
	}
	return rows;
}

/* Those of exactly `who`. */
static void
gather_of(
    struct store *store, const struct ban_query *query, const struct net *who)
{
	struct ban_place last;

	(void)gather_rows(store,
	    db_query(store,
		"SELECT " DB_BAN_COLUMNS
		" FROM ban WHERE client = :client AND" ASKED,
		DB_WITH(db_client(who), ASKED_WITH(query))),
	    &last);
}

static int
last_ending_first(const void *left, const void *right)
{
	const struct ban *a = left;
	const struct ban *b = right;

	if (a->ends != b->ends) {
		return a->ends < b->ends ? 1 : -1;
	}
	return a->id < b->id ? 1 : a->id > b->id ? -1 : 0;
}

void
db_ban_gather(struct store *store, const struct ban_query *query)
{
	int64_t length = -1;
	struct net around;

	store->bans = 0;
	if (query->scope == BAN_EXACTLY) {
		gather_of(store, query, &query->who);
	}
	while (query->scope == BAN_COVERING &&
	       db_next_around(store, DB_BAN, &query->who, &length, &around)) {
		gather_of(store, query, &around);
	}
	if (store->status != STORE_OK) {
		store->bans = 0;
	}
	if (store->bans > 1) {
		qsort(store->ban, store->bans, sizeof(store->ban[0]),
		    last_ending_first);
	}
}

void
store_ban_each(struct store *store, const struct ban_query *query,
    bool (*each)(void *to, const struct ban *ban), void *to)
{
	struct ban_place last = { INT64_MAX, INT64_MAX };
	bool more = true;

	if (query->scope == BAN_COVERING || query->scope == BAN_EXACTLY) {
		bool own = db_enter(store);

		db_ban_gather(store, query);
		for (size_t i = 0; i < store->bans; i++) {
			if (!each(to, &store->ban[i])) {
				break;
			}
		}
		(void)db_leave(store, own);
		return;
	}
	/* Page by page, so that no snapshot is held for all of many, nor while
	 * `each` writes to a pager. */
	for (int64_t page = PAGE_FIRST, rows = page; rows == page && more;) {
		page = page < PAGE ? page * 4 : PAGE;
		store->bans = 0;
		rows = gather_rows(store,
		    db_query(store,
			"SELECT " DB_BAN_COLUMNS " FROM ban WHERE" ASKED
			" AND ends <= :ends AND (ends < :ends OR id < :id)"
			" ORDER BY ends DESC, id DESC LIMIT :page",
			DB_WITH(ASKED_WITH(query), db_int(":ends", last.ends),
			    db_int(":id", last.id), db_int(":page", page))),
		    &last);
		db_renew(store);
		for (size_t i = 0;
		     i < store->bans && more && store->status == STORE_OK;
		     i++) {
			const struct ban *ban = &store->ban[i];

			more = (query->scope == BAN_INSIDE &&
				   !net_contains(&query->who, &ban->who)) ||
			       each(to, ban);
		}
	}
}

int64_t
store_ban_honest(struct store *store, int64_t after, int64_t until,
    const struct net *but, int64_t *first)
{
	static const struct net nobody;
	sqlite3_stmt *row = db_query(store,
	    "SELECT count(DISTINCT client), min(begins) FROM ban WHERE honest"
	    " AND begins > :after AND begins <= :until"
	    " AND NOT observed AND NOT mistake AND client <> :client",
	    DB_WITH(db_client(but != NULL ? but : &nobody),
		db_int(":after", after), db_int(":until", until)));
	int64_t clients = 0;

	if (first != NULL) {
		*first = INT64_MAX;
	}
	if (db_row(store, row)) {
		clients = sqlite3_column_int64(row, 0);
		if (first != NULL && clients > 0) {
			*first = sqlite3_column_int64(row, 1);
		}
		db_reset(row);
	}
	return clients;
}

int64_t
store_ban_honest_newest(struct store *store)
{
	return db_number(
	    store, "SELECT max(begins) FROM ban WHERE honest", NULL, INT64_MIN);
}

/* Of which a question about suspects is, with what was accepted of each. */
#define LOOKED_AT(which)                                                       \
	" FROM (SELECT *, (SELECT ifnull(sum(accepted), 0) FROM tally"         \
	" WHERE tally.client = ban.client AND hour > :since"                   \
	" AND hour <= ban.begins) AS welcome FROM ban WHERE ends > :at"        \
	" AND cleared IS NULL AND " which " ORDER BY ends DESC LIMIT 20000)"
#define ENFORCED "observed = 0 AND +begins <= :at"
#define OBSERVED "observed <> 0 AND +begins >= :at"
#define SUSPECTS(which)                                                        \
	"SELECT " DB_BAN_COLUMNS ", welcome" LOOKED_AT(                        \
	    which) " WHERE welcome >= :least ORDER BY welcome DESC, id DESC LIMIT :most"
#define COUNT(which)                                                           \
	"SELECT count(*), total(welcome >= :least)" LOOKED_AT(which)

void
store_ban_suspects(struct store *store, const struct suspects_query *query,
    void (*each)(void *to, const struct ban *ban, int64_t accepted), void *to)
{
	sqlite3_stmt *row = db_query(store,
	    query->observed ? SUSPECTS(OBSERVED) : SUSPECTS(ENFORCED),
	    DB_WITH(db_int(":since", query->since),
		db_int(":at", query->active_at),
		db_int(":least", SUSPECT_ACCEPTED),
		db_int(":most", query->most)));
	struct ban ban;

	while (db_row(store, row)) {
		if (db_ban_read(row, &ban)) {
			each(to, &ban,
			    sqlite3_column_int64(
				row, sqlite3_column_count(row) - 1));
		}
	}
}

struct suspects_count
store_ban_suspects_count(
    struct store *store, const struct suspects_query *query)
{
	sqlite3_stmt *row = db_query(store,
	    query->observed ? COUNT(OBSERVED) : COUNT(ENFORCED),
	    DB_WITH(db_int(":since", query->since),
		db_int(":at", query->active_at),
		db_int(":least", SUSPECT_ACCEPTED)));
	struct suspects_count count = { .bans = 0 };

	if (db_row(store, row)) {
		count.bans = sqlite3_column_int64(row, 0);
		count.suspects = sqlite3_column_int64(row, 1);
		db_reset(row);
	}
	return count;
}

/* ---- allow ---- */

/* When what is done by hand to a network now is done: behind all that was done
 * to it, here or on another host, whose clock may be ahead. */
static int64_t
allow_time(struct store *store, const struct net *net, int64_t now)
{
	return db_number(store,
	    "SELECT max(:now, ifnull(max(at) + 1, 0)) FROM"
	    " (SELECT at FROM allow WHERE network = :client UNION ALL"
	    " SELECT at FROM allow_gone WHERE network = :client)",
	    DB_WITH(db_client(net), db_int(":now", now)), now);
}

void
store_allow_put(struct store *store, const struct allow *allow, int64_t now)
{
	const bool own = db_enter(store);

	now = allow_time(store, &allow->net, now);
	db_length_is_there(store, DB_ALLOW, &allow->net);
	db_run(store, "DELETE FROM allow_gone WHERE network = :client",
	    DB_WITH(db_client(&allow->net)));
	db_run(store,
	    "INSERT INTO allow (network, family, bits, note, until, at)"
	    " VALUES (:client, :family, :bits, :note, nullif(:until, 0), :now)"
	    " ON CONFLICT (network) DO UPDATE"
	    " SET note = excluded.note, until = excluded.until, named = 0,"
	    " at = excluded.at, host = 0",
	    DB_WITH(DB_NET(&allow->net), db_text(":note", allow->note),
		db_int(":until", allow->until), db_int(":now", now)));
	(void)db_leave(store, own);
}

bool
store_allow_remove(struct store *store, const struct net *net, int64_t now)
{
	const bool own = db_enter(store);
	bool removed;

	now = allow_time(store, net, now);
	db_run(store, "DELETE FROM allow WHERE network = :client AND NOT named",
	    DB_WITH(db_client(net)));
	removed = store->status == STORE_OK && sqlite3_changes(store->db) > 0;
	if (removed) {
		db_run(store,
		    "REPLACE INTO allow_gone (network, at, host)"
		    " VALUES (:client, :now, 0)",
		    DB_WITH(db_client(net), db_int(":now", now)));
	}
	return db_leave(store, own) == STORE_OK && removed;
}

/* Read a row of network, note, until, named. */
static bool
read_allow(sqlite3_stmt *row, struct allow *allow)
{
	*allow = (struct allow){ .until = sqlite3_column_int64(row, 2),
		.named = sqlite3_column_int(row, 3) != 0 };
	DB_COPY(allow->note, row, 1);
	return net_parse(db_words(row, 0), &allow->net);
}

bool
store_allow_find(struct store *store, const struct addr *address, int64_t now,
    struct allow *out)
{
	struct net who = net_cut(address, ADDR_BITS);
	int64_t length = -1;
	bool own = db_enter(store);
	bool found = false;
	struct allow entry;
	struct net around;

	while (
	    !found && db_next_around(store, DB_ALLOW, &who, &length, &around)) {
		sqlite3_stmt *statement = db_query(store,
		    "SELECT network, note, until, named FROM allow"
		    " WHERE network = :client"
		    " AND (until IS NULL OR until > :now)",
		    DB_WITH(db_client(&around), db_int(":now", now)));

		if (db_row(store, statement)) {
			found = read_allow(
			    statement, out != NULL ? out : &entry);
			db_reset(statement);
		}
	}
	(void)db_leave(store, own);
	return found;
}

void
store_allow_each(struct store *store, int64_t now,
    void (*each)(void *to, const struct allow *allow), void *to)
{
	sqlite3_stmt *statement = db_query(store,
	    "SELECT network, note, until, named FROM allow"
	    " WHERE until IS NULL OR until > :now"
	    " ORDER BY family, network",
	    DB_WITH(db_int(":now", now)));
	struct allow allow;

	while (db_row(store, statement)) {
		if (read_allow(statement, &allow)) {
			each(to, &allow);
		}
	}
}
