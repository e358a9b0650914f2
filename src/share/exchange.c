#include "share/exchange.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/proc.h"
#include "base/text.h"
#include "engine/engine.h"
#include "share/batch.h"

enum {
	RECEIVE_EVERY = 500, /* ms, beside what is notified */
	REPORT_EVERY = 5000,
	SIGN_EVERY = 10000,
	PRUNE_EVERY = 3600 * 1000,
	PRUNE_MOST = 1000 /* entries at a time */
};

/* ---- small things ---- */

/* Whether it is time for what was done at `*last`; then it is done now. */
static bool
is_due(int64_t *last, int64_t every)
{
	const int64_t now = proc_ticks();

	if (*last != 0 && now - *last < every) {
		return false;
	}
	*last = now;
	return true;
}

bool
exchange_commit(struct exchange *exchange)
{
	static struct log_gate gate;
	int64_t held;
	const enum store_result result = store_commit(exchange->store);

	if (result == STORE_FAILED &&
	    log_gate_open(&gate, proc_ticks() / 1000, &held)) {
		log_warn("%s; sharing waits until it can be written",
		    store_error(exchange->store));
	}
	return result == STORE_OK;
}

/* NOTIFY comes only where no pooler hands the session to others. */
static void
listen_there(struct server *server)
{
	PGresult *got = server_try(server, "SELECT pg_backend_pid()", 0, NULL);
	const bool own = got != NULL &&
			 server_number(got, 0, 0) == PQbackendPID(server->conn);

	PQclear(got);
	if (own) {
		got = server_try(server, "LISTEN videur", 0, NULL);
		server->listens = got != NULL;
		PQclear(got);
	}
}

/* ---- sending ---- */

/* Note what the server has; false where that has to be tried again. */
static bool
note_acked(struct exchange *exchange)
{
	if (exchange->acked == 0) {
		return true;
	}
	store_begin(exchange->store);
	store_share_sent(exchange->store, exchange->acked);
	if (!exchange_commit(exchange)) {
		return false;
	}
	exchange->self.sent = exchange->acked;
	exchange->acked = 0;
	return true;
}

/* The server takes no entry like this one: what is wrong with it must not keep
 * all others back. */
static bool
is_refused(const struct server *server)
{
	return server->conn != NULL && !server->stop &&
	       (strncmp(server->state, "22", 2) == 0 ||
		   strncmp(server->state, "23", 2) == 0);
}

static PGresult *
append(struct exchange *exchange, const struct batch *batch)
{
	char first[SERVER_NUMBER_SIZE];

	return server_try(exchange->server,
	    "SELECT videur.append($1::integer, $2, $3::bigint, $4::text[],"
	    " $5::text[], $6::bigint[], $7::text[])",
	    7,
	    (const char *const[]){ exchange->host, exchange->self.instance,
		server_text(batch->first, first), batch->list[BATCH_SORTS],
		batch->list[BATCH_KEYS], batch->list[BATCH_KEEPS],
		batch->list[BATCH_BODIES] });
}

/* In the place of one that the server refuses: its number is to be there. */
static PGresult *
append_void(struct exchange *exchange, const struct batch *batch)
{
	char first[SERVER_NUMBER_SIZE];

	log_warn("the server refuses entry %" PRId64
		 " of this host, which is left out: %s",
	    batch->first, exchange->server->why);
	return server_try(exchange->server,
	    "SELECT videur.append($1::integer, $2, $3::bigint,"
	    " '{void}', '{null}', '{0}', '{\"{}\"}')",
	    3,
	    (const char *const[]){ exchange->host, exchange->self.instance,
		server_text(batch->first, first) });
}

/* True where there is more to send. */
static bool
send_some(struct exchange *exchange)
{
	struct server *server = exchange->server;
	const int64_t changes = store_changes(exchange->store);
	const int64_t most = exchange->one_by_one ? 1 : EXCHANGE_MOST;
	struct batch batch;
	PGresult *got;
	bool more;

	if (!note_acked(exchange) || changes == exchange->changes ||
	    !batch_begin(&batch)) {
		return false;
	}
	(void)store_share_take(exchange->store, most, batch_add, &batch);
	if (!batch_end(&batch) || store_status(exchange->store) != STORE_OK) {
		batch_free(&batch);
		return false;
	}
	more = batch.count == most;
	if (batch.count == 0) {
		exchange->changes = changes;
		batch_free(&batch);
		return false;
	}
	got = append(exchange, &batch);
	if (got == NULL && is_refused(server) && batch.count == 1) {
		got = append_void(exchange, &batch);
	} else if (got == NULL && is_refused(server)) {
		exchange->one_by_one = true;
		batch_free(&batch);
		return true;
	}
	if (got != NULL) {
		exchange->acked = batch.first + batch.count - 1;
		if (!more) {
			exchange->changes = changes;
			exchange->one_by_one = false;
		}
		PQclear(got);
		more = note_acked(exchange) && more;
	} else if (server->conn != NULL && !server->stop) {
		server_lose(server, server->why);
	}
	batch_free(&batch);
	return more;
}

/* ---- receiving ---- */

/* Columns of what is asked for. */
enum {
	GOT_LAST,
	GOT_N,
	GOT_SEQ,
	GOT_HOST,
	GOT_SORT,
	GOT_KEY,
	GOT_KEEP,
	GOT_BODY
};

/* Apply what came; false where it is to be asked for again. */
static bool
apply(struct exchange *exchange, const PGresult *got, int rows)
{
	struct share_entry entry[EXCHANGE_MOST];
	static struct shared_outcome outcome; /* too large for a stack */
	struct share_self self;

	for (int i = 0; i < rows; i++) {
		entry[i] = (struct share_entry){
			.n = server_number(got, i, GOT_N),
			.seq = server_number(got, i, GOT_SEQ),
			.host = PQgetvalue(got, i, GOT_HOST),
			.sort = PQgetvalue(got, i, GOT_SORT),
			.key = PQgetisnull(got, i, GOT_KEY)
				   ? NULL
				   : PQgetvalue(got, i, GOT_KEY),
			.keep = PQgetisnull(got, i, GOT_KEEP)
				    ? INT64_MAX
				    : server_number(got, i, GOT_KEEP),
			.body = PQgetvalue(got, i, GOT_BODY),
		};
	}
	store_begin(exchange->store);
	if (!store_share_self(exchange->store, &self) ||
	    strcmp(self.instance, exchange->self.instance) != 0 ||
	    self.read > exchange->read) {
		store_rollback(exchange->store);
		if (store_status(exchange->store) == STORE_OK) {
			server_lose(exchange->server,
			    "another program changed how far this host has "
			    "read");
		}
		return false;
	}
	engine_share(exchange->store, exchange->conf, entry, (size_t)rows,
	    proc_now(), &outcome);
	store_share_read(exchange->store, entry[rows - 1].n);
	if (!exchange_commit(exchange)) {
		return false;
	}
	exchange->read = exchange->self.read = entry[rows - 1].n;
	for (size_t i = 0; i < outcome.bans; i++) {
		engine_log_ban(&outcome.ban[i]);
	}
	/* They may have led to bans of this host's own. */
	exchange->changes = -1;
	if (outcome.unknown > 0) {
		static struct log_gate gate;
		int64_t held;

		if (log_gate_open(&gate, proc_ticks() / 1000, &held)) {
			log_warn("%zu entries of other hosts were not "
				 "understood and are left out: is a newer "
				 "version there?",
			    outcome.unknown);
		}
	}
	return true;
}

/* True where there is more to read. */
static bool
receive_some(struct exchange *exchange)
{
	char read[SERVER_NUMBER_SIZE];
	char known[SERVER_NUMBER_SIZE];
	PGresult *got = server_ask(exchange->server,
	    "SELECT l.last, e.n, e.seq, h.name, e.sort, e.key, e.keep, e.body"
	    " FROM videur.log l LEFT JOIN LATERAL (SELECT * FROM videur.entry"
	    " WHERE n > $1::bigint AND host <> $2::integer"
	    " AND NOT (host = $3::integer AND seq <= $4::bigint) ORDER BY n"
	    " LIMIT 256) e ON true LEFT JOIN videur.host h ON h.id = e.host"
	    " ORDER BY e.n",
	    4,
	    (const char *const[]){ server_text(exchange->read, read),
		exchange->host, exchange->before,
		server_text(exchange->before_seq, known) });
	const int rows = got != NULL ? PQntuples(got) : 0;
	bool more = false;

	if (rows > 0) {
		exchange->last = server_number(got, 0, GOT_LAST);
		if (PQgetisnull(got, 0, GOT_N)) {
			exchange->read = exchange->last;
		} else {
			more = apply(exchange, got, rows) &&
			       rows == EXCHANGE_MOST;
		}
	}
	PQclear(got);
	return more;
}

/* ---- telling ---- */

/* What the server says of the others, one row each. */
static void
put_peers(struct exchange *exchange, const PGresult *got)
{
	const int64_t now = proc_now();

	for (int i = 0; i < PQntuples(got); i++) {
		struct share_peer peer = {
			.seen = PQgetisnull(got, i, 1)
				    ? 0
				    : now - server_number(got, i, 1),
			.clock = server_number(got, i, 4),
			.position = server_number(got, i, 5),
			.pending = server_number(got, i, 6),
		};

		(void)text_copy(
		    peer.name, sizeof(peer.name), PQgetvalue(got, i, 0));
		(void)text_copy(
		    peer.version, sizeof(peer.version), PQgetvalue(got, i, 2));
		(void)text_copy(
		    peer.policy, sizeof(peer.policy), PQgetvalue(got, i, 3));
		store_share_peer_put(exchange->store, &peer);
	}
}

/* Why there is no connection: libpq begins with where it tried. */
static const char *
short_why(const struct server *server)
{
	const char *failed = strstr(server->why, " failed: ");

	if (server->up || server->why[0] == '\0') {
		return server->up ? "" : "not connected yet";
	}
	return failed != NULL ? failed + 9 : server->why;
}

static void
put_link(struct exchange *exchange)
{
	const struct server *server = exchange->server;
	const int64_t now = proc_now();
	const char *why = short_why(server);
	char was[SERVER_WHY_SIZE];
	int64_t since;
	bool there;

	engine_state_put(exchange->store, STATE_SHARE, VIDEUR_VERSION, now);
	there = store_state_find(exchange->store,
	    engine_state_name(STATE_SHARE_LOST), was, sizeof(was), &since);
	if (!there || strcmp(was, why) != 0) {
		engine_state_put(exchange->store, STATE_SHARE_LOST, why,
		    there && was[0] != '\0' && why[0] != '\0' ? since : now);
	}
	if (exchange->missed > 0) {
		engine_state_put_number(exchange->store, STATE_SHARE_MISSED,
		    exchange->missed, proc_now());
	}
	exchange->linked = server->up;
	exchange->pause = server->pause;
	exchange->noted = true;
}

/* Tell the server how this host is, and the database how the others are. */
static bool
report(struct exchange *exchange)
{
	char hash[HASH_TEXT_SIZE];
	char position[SERVER_NUMBER_SIZE];
	char clock_ms[SERVER_NUMBER_SIZE];
	char pending[SERVER_NUMBER_SIZE];
	struct share_self self;
	struct timespec now;
	PGresult *got;

	if (!store_share_self(exchange->store, &self)) {
		return true; /* it left meanwhile, or the database is busy */
	}
	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (!server_do(exchange->server,
		"SELECT videur.report($1::integer, $2, $3::bigint, $4::bigint,"
		" $5, $6, $7::bigint)",
		7,
		(const char *const[]){ exchange->host, self.instance,
		    server_text(exchange->read, position),
		    server_text(
			now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000,
			clock_ms),
		    conf_policy_hash(exchange->conf, hash), VIDEUR_VERSION,
		    server_text(self.pending, pending) })) {
		return false;
	}
	got = server_ask(exchange->server,
	    "SELECT h.name, CASE WHEN h.ended IS NULL THEN"
	    " floor(extract(epoch FROM clock_timestamp() - h.seen))::bigint END,"
	    " h.version, h.policy, h.clock_ms - me.clock_ms, h.position,"
	    " h.pending FROM (SELECT DISTINCT ON (name) * FROM videur.host"
	    " ORDER BY name, id DESC) h, videur.host me"
	    " WHERE me.id = $1::integer AND h.name <> me.name",
	    1, (const char *const[]){ exchange->host });
	if (got == NULL) {
		return false;
	}
	store_begin(exchange->store);
	put_peers(exchange, got);
	put_link(exchange);
	store_share_read(exchange->store, exchange->read);
	if (exchange_commit(exchange)) {
		exchange->signed_at = proc_ticks();
	}
	PQclear(got);
	return true;
}

void
exchange_sign(struct exchange *exchange)
{
	const bool changed = !exchange->noted ||
			     exchange->linked != exchange->server->up ||
			     exchange->pause != exchange->server->pause;

	if (is_due(&exchange->signed_at, SIGN_EVERY) || changed) {
		exchange->signed_at = proc_ticks();
		store_begin(exchange->store);
		put_link(exchange);
		exchange->noted = exchange_commit(exchange) && exchange->noted;
	}
}

/* What has expired on the server goes, some of it. */
static bool
prune(struct exchange *exchange)
{
	char now[SERVER_NUMBER_SIZE];
	char most[SERVER_NUMBER_SIZE];
	PGresult *got = server_ask(exchange->server,
	    "SELECT videur.prune($1::bigint, $2::integer)", 2,
	    (const char *const[]){
		server_text(proc_now(), now), server_text(PRUNE_MOST, most) });

	if (got != NULL && server_number(got, 0, 0) >= PRUNE_MOST) {
		exchange->pruned = 0; /* more in the next round */
	}
	PQclear(got);
	return got != NULL;
}

/* ---- a round ---- */

bool
exchange_round(struct exchange *exchange, bool fresh, bool notified)
{
	struct server *server = exchange->server;
	bool more;

	if (fresh) {
		exchange->changes = -1;
		exchange->received = exchange->reported = 0;
		listen_there(server);
		if (server->conn == NULL || server->stop) {
			return false;
		}
	}
	more = send_some(exchange);
	if (server->conn != NULL && !server->stop &&
	    (is_due(&exchange->received, RECEIVE_EVERY) || notified || more)) {
		more = receive_some(exchange) || more;
		exchange->received = more ? 0 : proc_ticks();
	}
	if (server->conn == NULL || server->stop) {
		return false;
	}
	server_works(server);
	if (is_due(&exchange->reported, REPORT_EVERY) && !report(exchange)) {
		return false;
	}
	if (is_due(&exchange->pruned, PRUNE_EVERY) && !prune(exchange)) {
		return false;
	}
	return more;
}
