#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/db.h"

#define COLUMNS                                                                \
	"id, client, reason, rule, step, begins, ends, cleared, mistake,"      \
	" observed, hits, told, stage, service, code, enhanced, phrase,"       \
	" own, note, ref, again_code, again_enhanced, again_phrase,"           \
	" again_own, honest"

enum store_result
store_ban_put(struct store *store, const struct ban *ban)
{
	sqlite3_stmt *statement = db_statement(store, DB_BAN_PUT,
	    "INSERT INTO ban (client, family, bits, reason, rule, step,"
	    " begins, ends, observed, stage, service, code, enhanced,"
	    " phrase, own, note, ref, again_code, again_enhanced,"
	    " again_phrase, again_own, honest) VALUES (:client, :family,"
	    " :bits, :reason, :rule, :step, :begins, :ends, :observed,"
	    " :stage, :service, :code, :enhanced, :phrase, :own, :note, :ref,"
	    " :again_code, :again_enhanced, :again_phrase, :again_own,"
	    " :honest)"
	    " ON CONFLICT (ref) DO NOTHING");
	char client[NET_TEXT_SIZE];
	enum store_result result;

	db_bind_net(statement, &ban->who, client);
	db_bind_text(statement, ":reason", reason_name(ban->reason));
	db_bind_text(statement, ":rule", ban->rule);
	db_bind_int(statement, ":step", ban->step);
	db_bind_int(statement, ":begins", ban->begins);
	db_bind_int(statement, ":ends", ban->ends);
	db_bind_int(statement, ":observed", ban->observed);
	db_bind_text(statement, ":stage", stage_name(ban->stage));
	db_bind_text(statement, ":service", service_name(ban->service));
	db_bind_text(statement, ":code", ban->reply.code);
	db_bind_text(statement, ":enhanced", ban->reply.enhanced);
	db_bind_text(statement, ":phrase", ban->reply.phrase);
	db_bind_text(statement, ":own", ban->reply.own);
	db_bind_text(statement, ":note", ban->note);
	db_bind_text(statement, ":ref", ban->ref);
	db_bind_text(statement, ":again_code", ban->again.code);
	db_bind_text(statement, ":again_enhanced", ban->again.enhanced);
	db_bind_text(statement, ":again_phrase", ban->again.phrase);
	db_bind_text(statement, ":again_own", ban->again.own);
	db_bind_int(statement, ":honest", ban->honest);
	result = db_run(store, statement);
	return result == STORE_OK && sqlite3_changes(store->db) == 0
		   ? STORE_NONE
		   : result;
}

/* ---- reading ---- */

#define COPY(field, column)                                                    \
	(void)text_copy(field, sizeof(field), db_text(row, column))

/* Read a row of COLUMNS; false for words of another version. */
static bool
read_ban(sqlite3_stmt *row, struct ban *ban)
{
	*ban = (struct ban){ 0 };
	if (!net_parse(db_text(row, 1), &ban->who) ||
	    !reason_parse(db_text(row, 2), &ban->reason) ||
	    !stage_parse(db_text(row, 12), &ban->stage) ||
	    !service_parse(db_text(row, 13), &ban->service)) {
		return false;
	}
	ban->id = sqlite3_column_int64(row, 0);
	COPY(ban->rule, 3);
	ban->step = sqlite3_column_int(row, 4);
	ban->begins = sqlite3_column_int64(row, 5);
	ban->ends = sqlite3_column_int64(row, 6);
	ban->cleared = sqlite3_column_int64(row, 7);
	ban->mistake = sqlite3_column_int(row, 8) != 0;
	ban->observed = sqlite3_column_int(row, 9) != 0;
	ban->hits = sqlite3_column_int64(row, 10);
	ban->told = sqlite3_column_int64(row, 11);
	COPY(ban->reply.code, 14);
	COPY(ban->reply.enhanced, 15);
	COPY(ban->reply.phrase, 16);
	COPY(ban->reply.own, 17);
	COPY(ban->note, 18);
	COPY(ban->ref, 19);
	COPY(ban->again.code, 20);
	COPY(ban->again.enhanced, 21);
	COPY(ban->again.phrase, 22);
	COPY(ban->again.own, 23);
	ban->honest = sqlite3_column_int(row, 24) != 0;
	return true;
}

static void
bind_query(sqlite3_stmt *statement, const struct ban_query *query)
{
	db_bind_int(statement, ":active", query->active_at);
	db_bind_int(statement, ":all", query->active_at == INT64_MIN);
	db_bind_int(statement, ":observed", query->observed);
	db_bind_text(statement, ":reason",
	    query->reason != NULL ? reason_name(*query->reason) : NULL);
}

/* Bans in memory, for lists that come from several look-ups. */
struct ban_list {
	struct ban *ban;
	size_t count;
	size_t room;
};

static bool
list_add(struct ban_list *list, const struct ban *ban)
{
	if (list->count == list->room) {
		size_t room = list->room == 0 ? 4 : list->room * 2;
		struct ban *more = realloc(
		    list->ban, room * sizeof(list->ban[0]));

		if (more == NULL) {
			return false;
		}
		list->ban = more;
		list->room = room;
	}
	list->ban[list->count++] = *ban;
	return true;
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

/* Add the bans of exactly `who` to a list. */
static enum store_result
gather_of(struct store *store, const struct ban_query *query,
    const struct net *who, struct ban_list *list)
{
	sqlite3_stmt *statement = db_statement(store, DB_BAN_OF,
	    "SELECT " COLUMNS " FROM ban WHERE client = :client"
	    " AND ends > :active"
	    " AND (:all OR (begins <= :active AND cleared IS NULL))"
	    " AND observed <= :observed"
	    " AND (:reason IS NULL OR reason = :reason)");
	char client[NET_TEXT_SIZE];
	enum store_result result;
	struct ban ban;

	bind_query(statement, query);
	db_bind_text(statement, ":client", net_format(who, client));
	while ((result = db_row(store, statement)) == STORE_OK) {
		if (read_ban(statement, &ban) && !list_add(list, &ban)) {
			db_reset(statement);
			(void)text_copy(store->error, sizeof(store->error),
			    "out of memory");
			return STORE_FAILED;
		}
	}
	return result == STORE_NONE ? STORE_OK : result;
}

/* Add the bans of every network that holds `who`. */
static enum store_result
gather_covering(
    struct store *store, const struct ban_query *query, struct ban_list *list)
{
	int64_t length = -1;

	for (;;) {
		sqlite3_stmt *statement = db_statement(store, DB_BAN_LENGTH,
		    "SELECT min(bits) FROM ban WHERE family = :family"
		    " AND bits > :above AND bits <= :most");
		enum store_result result = db_next_length(
		    store, statement, &query->who, length, &length);
		struct net around;

		if (result != STORE_OK || length < 0) {
			return result;
		}
		around = db_cut(&query->who, length);
		result = gather_of(store, query, &around, list);
		if (result != STORE_OK) {
			return result;
		}
	}
}

static enum store_result
each_gathered(struct store *store, const struct ban_query *query,
    bool (*each)(void *to, const struct ban *ban), void *to)
{
	struct ban_list list = { 0 };
	enum store_result result = query->scope == BAN_COVERING
				       ? gather_covering(store, query, &list)
				       : gather_of(
					     store, query, &query->who, &list);

	if (result == STORE_OK && list.count > 0) {
		qsort(list.ban, list.count, sizeof(list.ban[0]),
		    last_ending_first);
		for (size_t i = 0; i < list.count; i++) {
			if (!each(to, &list.ban[i])) {
				break;
			}
		}
	}
	free(list.ban);
	return result;
}

static enum store_result
each_of_all(struct store *store, const struct ban_query *query,
    bool (*each)(void *to, const struct ban *ban), void *to)
{
	sqlite3_stmt *statement = db_statement(store, DB_BAN_ALL,
	    "SELECT " COLUMNS " FROM ban WHERE ends > :active"
	    " AND (:all OR (begins <= :active AND cleared IS NULL))"
	    " AND observed <= :observed"
	    " AND (:reason IS NULL OR reason = :reason)"
	    " ORDER BY ends DESC, id DESC");
	enum store_result result;
	struct ban ban;

	bind_query(statement, query);
	while ((result = db_row(store, statement)) == STORE_OK) {
		if (!read_ban(statement, &ban) ||
		    (query->scope == BAN_INSIDE &&
			!net_contains(&query->who, &ban.who))) {
			continue;
		}
		if (!each(to, &ban)) {
			db_reset(statement);
			return STORE_OK;
		}
	}
	return result == STORE_NONE ? STORE_OK : result;
}

enum store_result
store_ban_each(struct store *store, const struct ban_query *query,
    bool (*each)(void *to, const struct ban *ban), void *to)
{
	bool gathered = query->scope == BAN_COVERING ||
			query->scope == BAN_EXACTLY;

	return gathered ? each_gathered(store, query, each, to)
			: each_of_all(store, query, each, to);
}

/* ---- changing ---- */

enum store_result
store_ban_clear(struct store *store, int64_t id, int64_t at, bool mistake)
{
	sqlite3_stmt *statement = db_statement(store, DB_BAN_CLEAR,
	    "UPDATE ban SET cleared = CASE"
	    " WHEN cleared IS NULL AND ends > :at THEN :at ELSE cleared END,"
	    " mistake = mistake OR :mistake WHERE id = :id");

	db_bind_int(statement, ":at", at);
	db_bind_int(statement, ":mistake", mistake);
	db_bind_int(statement, ":id", id);
	return db_run(store, statement);
}

enum store_result
store_ban_hit(struct store *store, int64_t id, int64_t hits, int64_t told)
{
	sqlite3_stmt *statement = db_statement(store, DB_BAN_HIT,
	    "UPDATE ban SET hits = hits + :hits,"
	    " told = max(ifnull(told, 0), :told) WHERE id = :id");

	db_bind_int(statement, ":hits", hits);
	db_bind_int(statement, ":told", told);
	db_bind_int(statement, ":id", id);
	return db_run(store, statement);
}

enum store_result
store_ban_honest(struct store *store, int64_t after, int64_t until,
    const struct net *but, int64_t *count)
{
	sqlite3_stmt *statement = db_statement(store, DB_BAN_HONEST,
	    "SELECT count(DISTINCT client) FROM ban WHERE honest"
	    " AND begins > :after AND begins <= :until AND observed = 0"
	    " AND mistake = 0 AND client IS NOT :but");
	char text[NET_TEXT_SIZE];
	enum store_result result;

	db_bind_int(statement, ":after", after);
	db_bind_int(statement, ":until", until);
	db_bind_text(
	    statement, ":but", but != NULL ? net_format(but, text) : NULL);
	result = db_row(store, statement);
	if (result == STORE_OK) {
		*count = sqlite3_column_int64(statement, 0);
		db_reset(statement);
	}
	return result;
}

enum store_result
store_ban_listed(struct store *store, int64_t now, int64_t *v4, int64_t *v6)
{
	/* A client with several bans counts once: by the newest of them.
	 * Grouping by family would tempt SQLite away from the index by end. */
	sqlite3_stmt *statement = db_statement(store, DB_BAN_LISTED,
	    "SELECT ifnull(sum(family = 4), 0), ifnull(sum(family = 6), 0)"
	    " FROM ban AS b WHERE ends > :now AND begins <= :now"
	    " AND cleared IS NULL AND observed = 0 AND NOT EXISTS"
	    " (SELECT 1 FROM ban AS o WHERE o.client = b.client"
	    " AND o.ends > :now AND o.begins <= :now"
	    " AND o.cleared IS NULL AND o.observed = 0 AND o.id > b.id)");
	enum store_result result;

	*v4 = 0;
	*v6 = 0;
	db_bind_int(statement, ":now", now);
	result = db_row(store, statement);
	if (result == STORE_OK) {
		*v4 = sqlite3_column_int64(statement, 0);
		*v6 = sqlite3_column_int64(statement, 1);
		db_reset(statement);
	}
	return result;
}

/* A sum for each reason: grouping by it would sort all live bans in memory. */
enum store_result
store_ban_live(
    struct store *store, int64_t now, int64_t live[static REASON_COUNT])
{
	static const char *const column[REASON_COUNT] = { ":0", ":1", ":2",
		":3", ":4", ":5" };
	sqlite3_stmt *statement = db_statement(store, DB_BAN_LIVE,
	    "SELECT total(reason = :0), total(reason = :1),"
	    " total(reason = :2), total(reason = :3), total(reason = :4),"
	    " total(reason = :5) FROM ban WHERE ends > :now"
	    " AND begins <= :now AND cleared IS NULL AND observed = 0");
	enum store_result result;

	memset(live, 0, REASON_COUNT * sizeof(live[0]));
	for (int i = 0; i < REASON_COUNT; i++) {
		db_bind_text(statement, column[i], reason_name((enum reason)i));
	}
	db_bind_int(statement, ":now", now);
	result = db_row(store, statement);
	if (result == STORE_OK) {
		for (int i = 0; i < REASON_COUNT; i++) {
			live[i] = sqlite3_column_int64(statement, i);
		}
		db_reset(statement);
	}
	return result;
}
