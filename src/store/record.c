/*
 * What a session asks and tells: standing, evidence, record; and what is kept
 * of it, events and sums by day.
 */
#include <stdlib.h>
#include <string.h>

#include "base/proc.h"
#include "base/text.h"
#include "base/words.h"
#include "store/db.h"

/* ---- events ---- */

/* The events of one kind in a window; those of a user who has logged in
 * since are left out.  Later than the last login of all is most of them. */
#define OF_KIND                                                                \
	" FROM event AS e WHERE client = :client AND kind = :kind"             \
	" AND at > :after AND at <= :until"                                    \
	" AND (NOT :sure OR NOT doubtful) AND (key IS NULL OR at >"            \
	" ifnull((SELECT max(at) FROM mark WHERE client = :client"             \
	" AND reason = :reason AND key > ''), :after) OR NOT EXISTS"           \
	" (SELECT 1 FROM mark AS m WHERE m.client = e.client"                  \
	" AND m.reason = :reason AND m.key = e.key AND m.at >= e.at))"

#define OF_KIND_WITH(query, kind)                                              \
	db_client(&(query)->client), db_text(":kind", kind_name(kind)),        \
	    db_int(":after", (query)->after),                                  \
	    db_int(":until", (query)->until),                                  \
	    db_int(":sure", (query)->sure && (kind) == KIND_RECIPIENT),        \
	    db_text(":reason", reason_name((query)->reason))

int64_t
store_event_count(struct store *store, const struct event_query *query)
{
	bool own = db_enter(store);
	int64_t count = 0;

	db_logins_write(store, &query->client);
	for (enum kind kind = 0; kind < KIND_COUNT && count < query->most;
	     kind++) {
		if ((query->kinds & kind_bit(kind)) != 0) {
			count += db_number(store,
			    "SELECT count(*) FROM (SELECT 1" OF_KIND
			    " LIMIT :most)",
			    DB_WITH(OF_KIND_WITH(query, kind),
				db_int(":most", query->most - count)),
			    0);
		}
	}
	return db_leave(store, own) == STORE_OK ? count : 0;
}

bool
store_event_newest(struct store *store, const struct event_query *query,
    struct addr *address, int64_t *at)
{
	bool own = db_enter(store);
	bool found = false;

	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		sqlite3_stmt *row;

		if ((query->kinds & kind_bit(kind)) == 0) {
			continue;
		}
		row = db_query(store,
		    "SELECT address, at" OF_KIND " ORDER BY at DESC LIMIT 1",
		    DB_WITH(OF_KIND_WITH(query, kind)));
		while (db_row(store, row)) {
			const int64_t newest = sqlite3_column_int64(row, 1);

			if ((!found || newest > *at) &&
			    addr_parse(db_words(row, 0), address)) {
				found = true;
				*at = newest;
			}
		}
	}
	return db_leave(store, own) == STORE_OK && found;
}

/* How many there are of a key. */
struct key_row {
	char key[STORE_KEY_SIZE];
	int64_t events;
};

/* Tell of all keys, and forget them; false where `each` has enough. */
static bool
tell_keys(struct table *keys, bool (*each)(void *to, int64_t events), void *to)
{
	bool more = true;

	for (size_t i = 0; i < keys->rows && more; i++) {
		more = each(to, ((struct key_row *)table_row(keys, i))->events);
	}
	table_clear(keys);
	return more;
}

/* One of a key, mostly that of the one before; false without memory. */
static bool
add_key(struct table *keys, struct key_row **last, const char *text)
{
	char key[STORE_KEY_SIZE] = "";

	if (*last == NULL || strcmp((*last)->key, text) != 0) {
		(void)text_copy(key, sizeof(key), text);
		*last = table_add(keys, key, NULL);
	}
	if (*last != NULL) {
		(*last)->events++;
	}
	return *last != NULL;
}

/* Those of one kind; false where `each` has enough. */
static bool
count_keys(struct store *store, const struct event_query *query, enum kind kind,
    bool (*each)(void *to, int64_t events), void *to)
{
	sqlite3_stmt *row = db_query(store,
	    "SELECT at / 3600 * :hourly, key" OF_KIND " ORDER BY at",
	    DB_WITH(
		OF_KIND_WITH(query, kind), db_int(":hourly", query->hourly)));
	struct key_row *last = NULL;
	struct table keys;
	int64_t hour = 0;
	bool more = true;

	table_init(&keys, STORE_KEY_SIZE, sizeof(struct key_row), 0);
	while (more && db_row(store, row)) {
		if (sqlite3_column_int64(row, 0) != hour) {
			hour = sqlite3_column_int64(row, 0);
			last = NULL;
			more = tell_keys(&keys, each, to);
		}
		if (sqlite3_column_type(row, 1) == SQLITE_NULL) {
			more = more && each(to, 1);
		} else if (!add_key(&keys, &last, db_words(row, 1))) {
			db_fail(store, STORE_FAILED, "out of memory");
			more = false;
		}
	}
	if (!more) {
		db_reset(row);
	}
	more = more && tell_keys(&keys, each, to);
	table_clear(&keys);
	return more;
}

void
store_event_keys(struct store *store, const struct event_query *query,
    bool (*each)(void *to, int64_t events), void *to)
{
	bool own = db_enter(store);
	bool more = true;

	db_logins_write(store, &query->client);
	for (enum kind kind = 0; kind < KIND_COUNT && more; kind++) {
		more = (query->kinds & kind_bit(kind)) == 0 ||
		       count_keys(store, query, kind, each, to);
	}
	(void)db_leave(store, own);
}

void
store_event_sums(struct store *store, const struct net *client, int64_t since,
    void (*each)(void *to, const struct event_sum *sum), void *to)
{
	sqlite3_stmt *statement = db_query(store,
	    "SELECT kind, source, count(*), min(at), max(at)," DB_HOST_NAME
	    " FROM event WHERE client = :client AND at >= :since"
	    " GROUP BY kind, source, host ORDER BY kind, source, host",
	    DB_WITH(db_client(client), db_int(":since", since)));

	while (db_row(store, statement)) {
		struct event_sum sum = { 0 };

		if (!words_parse(
			&kind_words, db_words(statement, 0), &sum.kind)) {
			continue; /* of a later version */
		}
		DB_COPY(sum.source, statement, 1);
		sum.count = sqlite3_column_int64(statement, 2);
		sum.first = sqlite3_column_int64(statement, 3);
		sum.last = sqlite3_column_int64(statement, 4);
		DB_COPY(sum.host, statement, 5);
		each(to, &sum);
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
	[DAILY_LOST] = "lost",
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

static void
put_daily(struct store *store, const struct daily_row *row)
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

/* A batch has many events of few kinds, nearly always of one day. */
void
db_daily_add(struct store *store, const struct daily_row *row)
{
	const size_t kind = row->what == DAILY_EVENT
				? words_find(&kind_words, row->name)
				: KIND_COUNT;

	if (kind >= KIND_COUNT || store->status != STORE_OK ||
	    sqlite3_get_autocommit(store->db) != 0) {
		put_daily(store, row);
		return;
	}
	if (store->sum_day != day_of(row->day)) {
		db_daily_write(store);
		store->sum_day = day_of(row->day);
	}
	store->sum[kind] += row->number;
}

void
db_daily_write(struct store *store)
{
	for (size_t kind = 0; kind < KIND_COUNT; kind++) {
		if (store->sum[kind] != 0) {
			put_daily(
			    store, &(struct daily_row){ .day = store->sum_day,
				       .what = DAILY_EVENT,
				       .name = kind_name((enum kind)kind),
				       .number = store->sum[kind] });
			store->sum[kind] = 0;
		}
	}
}

void
store_daily_each(struct store *store, int64_t from,
    void (*each)(void *to, const struct daily_row *row), void *to)
{
	sqlite3_stmt *statement;

	db_daily_write(store);
	statement = db_query(store,
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

/* ---- standing ---- */

void
store_standing(
    struct store *store, struct standing *standing, struct evidence *past)
{
	const int64_t now = standing->checked_at;
	const struct ban_query query = { .scope = BAN_COVERING,
		.who = net_cut(&standing->address, ADDR_BITS),
		.active_at = past != NULL ? INT64_MIN : now,
		.observed = past != NULL };
	bool own = db_enter(store);

	standing->verdict = STANDING_CLEAR;
	standing->bans = 0;
	store->bans = 0;
	if (store_allow_find(store, &standing->address, now, NULL)) {
		standing->verdict = STANDING_ALLOWED;
	} else {
		db_ban_gather(store, &query);
	}
	for (size_t i = 0;
	     i < store->bans && standing->bans < STANDING_BANS_MAX; i++) {
		const struct ban *ban = &store->ban[i];

		if (ban_active(ban, now) && !ban->observed) {
			standing->verdict = STANDING_BANNED;
			standing->ban[standing->bans++] = *ban;
		}
	}
	if (past != NULL) {
		*past = (struct evidence){ .t = now,
			.reset = INT64_MIN,
			.ban = store->ban,
			.bans = store->bans };
	}
	(void)db_leave(store, own);
}

/* ---- evidence ---- */

/* The time of the youngest event that is judged together with that at `at`. */
static int64_t
youngest(struct store *store, const struct evidence_query *query)
{
	int64_t youngest = query->at;

	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		if ((query->kinds & kind_bit(kind)) != 0) {
			int64_t at = db_number(store,
			    "SELECT max(at) FROM event"
			    " WHERE client = :client AND kind = :kind"
			    " AND at >= :from AND at < :before",
			    DB_WITH(db_client(&query->client),
				db_text(":kind", kind_name(kind)),
				db_int(":from", query->at),
				db_int(":before", query->at + query->within)),
			    youngest);

			youngest = at > youngest ? at : youngest;
		}
	}
	return youngest;
}

void
store_evidence(struct store *store, const struct evidence_query *query,
    struct evidence *out)
{
	bool own = db_enter(store);

	db_logins_write(store, &query->client);
	*out = (struct evidence){ .t = query->at, .reset = INT64_MIN };
	/* Whether there are enough events around the one that is judged,
	 * whatever window it is judged in and whatever resets, bans and ratio
	 * say.  Most are the first or second of their client: this spares them
	 * all else. */
	out->enough = query->least <= 0 ||
		      store_event_count(
			  store, &(struct event_query){ .client = query->client,
				     .kinds = query->kinds,
				     .after = query->at - query->window,
				     .until = query->at + query->window,
				     .most = query->least,
				     .reason = query->reason }) >= query->least;
	if (out->enough && !query->bans_only) {
		out->t = youngest(store, query);
		out->reset = db_number(store,
		    "SELECT at FROM mark WHERE client = :client"
		    " AND reason = :reason AND key = ''",
		    DB_WITH(db_client(&query->client),
			db_text(":reason", reason_name(query->reason))),
		    INT64_MIN);
		if (query->logins > 0) {
			out->users = db_number(store,
			    "SELECT count(*) FROM mark"
			    " WHERE client = :client AND reason = :reason"
			    " AND key <> '' AND at > :after AND at <= :until",
			    DB_WITH(db_client(&query->client),
				db_text(":reason", reason_name(query->reason)),
				db_int(":after", out->t - query->logins),
				db_int(":until", out->t)),
			    0);
		}
	}
	if (out->enough) {
		db_ban_gather(store, &(struct ban_query){ .scope = BAN_COVERING,
					 .who = query->client,
					 .active_at = INT64_MIN,
					 .observed = true,
					 .reason = &query->reason });
		out->ban = store->ban;
		out->bans = store->bans;
	}
	out->enough &= db_leave(store, own) == STORE_OK;
}

/* ---- record ---- */

/* An event that waits; its words stand behind it. */
struct waiting_event {
	struct event event;
	char client[NET_TEXT_SIZE];
	char address[ADDR_TEXT_SIZE];
	char words[];
};

static char *
copy_words(char **room, const char *words)
{
	char *copy = NULL;

	if (words != NULL) {
		copy = *room;
		*room = stpcpy(copy, words) + 1;
	}
	return copy;
}

static size_t
length(const char *words)
{
	return words != NULL ? strlen(words) + 1 : 0;
}

void
db_event_put(struct store *store, const struct event *event)
{
	struct waiting_event *waiting;
	char *room;

	if (!db_waiting_put(store)) {
		return;
	}
	waiting = malloc(sizeof(*waiting) + length(event->source) +
			 length(event->key) + length(event->detail));
	if (waiting == NULL) {
		db_fail(store, STORE_FAILED, "out of memory");
		return;
	}
	room = waiting->words;
	waiting->event = *event;
	waiting->event.source = copy_words(&room, event->source);
	waiting->event.key = copy_words(&room, event->key);
	waiting->event.detail = copy_words(&room, event->detail);
	(void)net_format(&event->client, waiting->client);
	(void)addr_format(&event->address, waiting->address);
	store->event[store->events++] = waiting;
	db_login_failed(store, event);
	db_waiting_end(store);
}

static void
show_event(sqlite3_context *context, const void *row, int column)
{
	const struct waiting_event *waiting = row;
	const struct event *event = &waiting->event;
	const char *words[] = { waiting->client, waiting->address,
		kind_name(event->kind), NULL, event->source, event->key,
		event->detail };

	switch (column) {
	case 3:
		sqlite3_result_int64(context, event->at);
		break;
	case 7:
		sqlite3_result_int(context, event->doubtful);
		break;
	case 8:
		sqlite3_result_int64(context, event->host);
		break;
	default:
		sqlite3_result_text(context, words[column], -1, SQLITE_STATIC);
	}
}

void
db_events_write(struct store *store)
{
	db_waiting_take(store,
	    "INSERT INTO event (client, address, kind, at, source, key, detail,"
	    " doubtful, host) SELECT c0, c1, c2, c3, c4, c5, c6, c7, c8"
	    " FROM waiting",
	    &(struct db_shown){ .show = show_event,
		.row = (const void *const *)store->event,
		.rows = store->events });
}

void
db_events_forget(struct store *store)
{
	while (store->events > 0) {
		free(store->event[--store->events]);
	}
}

/* A ban that was folded meanwhile is counted with the one that stands. */
static void
add_hits(struct store *store, const struct ban_hits *hits)
{
	db_run(store,
	    "UPDATE ban SET hits = hits + :hits,"
	    " told = max(ifnull(told, 0), :told) WHERE id = :id",
	    DB_WITH(db_int(":hits", hits->hits), db_int(":told", hits->told),
		db_int(":id", hits->id)));
	if (store->status == STORE_OK && sqlite3_changes(store->db) == 0) {
		db_run(store,
		    "UPDATE ban SET hits = hits + :hits,"
		    " told = max(ifnull(told, 0), :told)"
		    " WHERE ref = (SELECT stands FROM ban_folded"
		    " WHERE id = :id)",
		    DB_WITH(db_int(":hits", hits->hits),
			db_int(":told", hits->told), db_int(":id", hits->id)));
	}
}

void
store_record(struct store *store, const struct store_record *record)
{
	const struct reset *reset = record->reset;
	bool own = db_enter(store);

	if (record->event != NULL) {
		db_event_put(store, record->event);
	}
	if (record->tally != NULL) {
		db_tally_add(store, record->tally);
	}
	if (record->sum != NULL) {
		db_daily_add(store, record->sum);
	}
	if (record->hits != NULL) {
		add_hits(store, record->hits);
	}
	if (reset != NULL) {
		db_login_put(store, reset);
	}
	if (record->position != NULL) {
		db_position_put(store, record->source, record->position);
	}
	if (record->ban != NULL) {
		db_ban_put(store, record->ban);
	}
	(void)db_leave(store, own);
}
