/*
 * Above the client: what the clients of one network did together, and whether
 * good mail came from there.
 */
#include <string.h>

#include "base/text.h"
#include "store/db.h"

int64_t
store_prefix_add(
    struct store *store, const struct net *net, const char *rule, int64_t hour)
{
	sqlite3_stmt *row = db_query(store,
	    "INSERT INTO prefix (hour, rule, client, events)"
	    " VALUES (:hour, :rule, :client, 1)"
	    " ON CONFLICT (hour, rule, client) DO UPDATE"
	    " SET events = events + 1 RETURNING events",
	    DB_WITH(
		db_int(":hour", hour), db_text(":rule", rule), db_client(net)));
	int64_t events = 0;

	while (db_row(store, row)) {
		events = sqlite3_column_int64(row, 0);
	}
	return events;
}

int64_t
store_prefix_sum(struct store *store, const struct net *net, const char *rule,
    int64_t after, int64_t until)
{
	const bool own = db_enter(store);
	int64_t sum = 0;

	for (int64_t hour = tally_hour(until); hour > after; hour -= 3600) {
		sum += db_number(store,
		    "SELECT events FROM prefix WHERE hour = :hour"
		    " AND rule = :rule AND client = :client",
		    DB_WITH(db_int(":hour", hour), db_text(":rule", rule),
			db_client(net)),
		    0);
	}
	return db_leave(store, own) == STORE_OK ? sum : 0;
}

int64_t
store_event_same(struct store *store, const struct event *event,
    enum reason reason, int64_t after, int64_t most)
{
	bool own = db_enter(store);
	int64_t count;

	db_logins_write(store, &event->client);
	count = db_number(store,
	    "SELECT count(*) FROM (SELECT 1 FROM event WHERE client = :client"
	    " AND kind = :kind AND at < :hour + 3600 AND at >= :hour"
	    " AND at > max(:after, ifnull((SELECT max(at) FROM mark"
	    " WHERE client = :client AND reason = :reason"
	    " AND key IN ('', :key)), :after))"
	    " AND key = :key LIMIT :most)",
	    DB_WITH(db_client(&event->client),
		db_text(":kind", kind_name(event->kind)),
		db_text(":key", event->key),
		db_text(":reason", reason_name(reason)),
		db_int(":hour", tally_hour(event->at)), db_int(":after", after),
		db_int(":most", most)),
	    0);
	return db_leave(store, own) == STORE_OK ? count : 0;
}

/* ---- inside ---- */

/* From `from` to what comes behind all that begin with it. */
struct text_range {
	char from[NET_TEXT_SIZE];
	char to[NET_TEXT_SIZE];
};

static void
set_range(struct text_range *range, const char *from, size_t len)
{
	(void)text_copy(range->from, sizeof(range->from), from);
	range->from[len] = '\0';
	memcpy(range->to, range->from, sizeof(range->to));
	range->to[len - 1]++; /* '.' and ':' have '/' and ';' behind them */
}

/*
 * Between which texts the clients in a network lie, others among them: those
 * that begin as its whole groups do.  Of IPv6 the last of these that are zero
 * may stand as "::" in a client's text (RFC 5952), and then nothing but zeros
 * follows up to a group behind them: so there are two ranges.
 */
static size_t
text_ranges(const struct net *net, struct text_range ranges[static 2])
{
	const bool v4 = net_is_v4(net);
	const size_t whole = v4 ? (net->bits - (size_t)ADDR_V4_OFFSET) / 8
				: net->bits / (size_t)16;
	char text[NET_TEXT_SIZE];
	struct text out;
	size_t filled = 0;

	text_init(&out, text, sizeof(text));
	for (size_t i = 0; i < whole; i++) {
		const uint8_t *byte = net->addr.byte;
		const unsigned group = v4 ? (unsigned)byte[12 + i]
					  : byte[2 * i] * 256U +
						byte[2 * i + 1];

		text_addf(&out, v4 ? "%u." : "%x:", group);
		filled = group != 0 ? out.len : filled;
	}
	set_range(&ranges[0], text, out.len);
	if (v4 || filled == out.len) {
		return 1;
	}
	text[filled] = ':';
	set_range(&ranges[1], text, filled + 1);
	return 2;
}

#define GOOD(of, what)                                                         \
	"SELECT client FROM tally" of                                          \
	" WHERE client >= :from AND client < :to AND hour >= :since AND " what

bool
store_good_inside(struct store *store, const struct net *net, int64_t since)
{
	/* clang-format off */
	static const char v4[] = GOOD("", "(accepted > 0 OR logins > 0)");
	static const char v6[] =
	    GOOD(" INDEXED BY tally_by_good",
		"(accepted > 0 OR logins > 0) AND instr(client, ':') > 0");
	/* clang-format on */
	struct text_range range[2];
	const size_t ranges = text_ranges(net, range);
	const bool own = db_enter(store);
	bool found = false;

	for (size_t i = 0; i < ranges && !found; i++) {
		sqlite3_stmt *row = db_query(store, net_is_v4(net) ? v4 : v6,
		    DB_WITH(db_text(":from", range[i].from),
			db_text(":to", range[i].to), db_int(":since", since)));

		while (!found && db_row(store, row)) {
			struct net client;

			found = net_parse(db_words(row, 0), &client) &&
				net_contains(net, &client);
		}
		if (found) {
			db_reset(row);
		}
	}
	return db_leave(store, own) == STORE_OK && found;
}

bool
store_event_inside(struct store *store, const struct inside_query *query,
    int64_t count[static KIND_COUNT])
{
	struct text_range range[2];
	const size_t ranges = text_ranges(&query->net, range);
	const bool own = db_enter(store);
	int64_t left = query->most;

	for (size_t i = 0; i < ranges; i++) {
		sqlite3_stmt *row = db_query(store,
		    "SELECT client, kind, at FROM event"
		    " INDEXED BY event_by_client"
		    " WHERE client >= :from AND client < :to LIMIT :most",
		    DB_WITH(db_text(":from", range[i].from),
			db_text(":to", range[i].to), db_int(":most", left)));

		while (db_row(store, row)) {
			const int64_t at = sqlite3_column_int64(row, 2);
			const size_t kind = words_find(
			    &kind_words, db_words(row, 1));
			struct net client;

			left--;
			if (at > query->after && at <= query->until &&
			    kind < KIND_COUNT &&
			    net_parse(db_words(row, 0), &client) &&
			    net_contains(&query->net, &client)) {
				count[kind]++;
			}
		}
	}
	return db_leave(store, own) == STORE_OK && left > 0;
}
