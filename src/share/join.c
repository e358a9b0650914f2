#include "share/join.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/proc.h"
#include "base/text.h"
#include "share/batch.h"

static struct share_keep
keep_of(const struct conf *conf)
{
	return (struct share_keep){ .events = conf->keep_events,
		.tallies = conf->keep_tallies,
		.bans = conf->policy.memory + conf->keep_bans,
		.audit = conf->keep_audit };
}

bool
join_format(struct server *server)
{
	PGresult *got = server_try(server,
	    "SELECT value FROM videur.setting WHERE name = 'format'", 0, NULL);
	bool fine;

	if (got == NULL) {
		if (strcmp(server->state, "3F000") == 0 ||
		    strcmp(server->state, "42P01") == 0) {
			server_lose(server,
			    "the database has no schema videur: \"videur share "
			    "init\" makes it");
		} else if (strcmp(server->state, "42501") == 0) {
			server_lose(server,
			    "this login may not read the schema videur: GRANT "
			    "videur_host TO it");
		} else if (server->conn != NULL && !server->stop) {
			server_lose(server, server->why);
		}
		return false;
	}
	fine = PQntuples(got) == 1 && server_number(got, 0, 0) == JOIN_FORMAT;
	PQclear(got);
	if (!fine) {
		server_lose(server,
		    "the schema videur on the server is of another version "
		    "than this program: update what is older");
	}
	return fine;
}

static void
draw_instance(char instance[static SHARE_INSTANCE_SIZE])
{
	unsigned char bytes[(SHARE_INSTANCE_SIZE - 1) / 2];
	struct text text;

	proc_random(bytes, sizeof(bytes));
	text_init(&text, instance, SHARE_INSTANCE_SIZE);
	text_add_hex(&text, bytes, sizeof(bytes));
}

static bool
lose_database(struct exchange *exchange)
{
	server_lose(
	    exchange->server, "the database could not be written to join");
	return false;
}

/* What a host that comes for the first time, or anew, puts into its
 * database. */
static bool
join_here(struct exchange *exchange, const char *hex)
{
	const struct share_keep keep = keep_of(exchange->conf);
	struct share_self *self = &exchange->self;
	const int64_t read = self->read;
	unsigned char secret[STORE_SECRET_SIZE] = { 0 };

	if (!text_read_hex(hex, secret, sizeof(secret))) {
		server_lose(exchange->server, "the server has no secret");
		return false;
	}
	store_begin(exchange->store);
	store_share_join(exchange->store, exchange->conf->share_name,
	    self->instance, secret, &keep, proc_now());
	store_share_read(exchange->store, read);
	if (!exchange_commit(exchange) ||
	    !store_share_self(exchange->store, self)) {
		return lose_database(exchange);
	}
	log_info("joined as %s: %" PRId64 " entries are to be sent", self->name,
	    self->pending);
	return true;
}

/* What the server knows and this host does not fit together: its own entries
 * up to `seq`, and all up to `n`; expired ones up to `pruned` are gone. */
static bool
compare(struct exchange *exchange, int64_t seq, int64_t n, int64_t pruned)
{
	const struct share_self *self = &exchange->self;
	char text[SERVER_NUMBER_SIZE];

	exchange->read = self->read;
	if (seq < self->sent) {
		log_warn("THE SERVER LOST WHAT IT HAD: of this host it has "
			 "%" PRId64 " entries and had %" PRId64
			 "; the others lack those that they had not read; it "
			 "goes on with what follows",
		    seq, self->sent);
		if (!server_do(exchange->server,
			"SELECT videur.resume($1::integer, $2, $3::bigint)", 3,
			(const char *const[]){ exchange->host, self->instance,
			    server_text(self->sent, text) })) {
			return false;
		}
	}
	if (n < self->read) {
		log_warn("THE SERVER LOST WHAT IT HAD: its log ends at %" PRId64
			 " and was read up to %" PRId64
			 "; it is read on from there",
		    n, self->read);
		store_begin(exchange->store);
		store_share_read(exchange->store, n);
		if (!exchange_commit(exchange)) {
			return lose_database(exchange);
		}
		exchange->read = exchange->self.read = n;
	}
	if (self->read > 0 && self->read < pruned) {
		exchange->missed = pruned;
		log_warn("this host was away for longer than what is shared is "
			 "kept: entries %" PRId64 " to %" PRId64
			 " have expired in part before it read them",
		    self->read + 1, pruned);
	}
	return true;
}

/* What was of this host under the name of an instance that it is no longer. */
#define WAS      "share-was"      /* the instance, and its newest seq here */
#define WAS_READ "share-was-read" /* likewise, and how far it had read */

static void
put_before(struct store *store, const struct share_self *self, int64_t seq)
{
	store_state_put(store, WAS, self->instance, seq);
	store_state_put(store, WAS_READ, self->instance, self->read);
}

void
join_leave(struct store *store)
{
	struct share_self self;

	if (store_share_self(store, &self)) {
		put_before(store, &self, self.last);
		store_share_leave(store);
	}
}

/* What this host was before, by the server's number, and what of that it has;
 * and, where it joins `anew`, that it goes on reading from where it was.  False
 * with the connection lost. */
static bool
find_before(struct exchange *exchange, bool anew)
{
	char instance[STORE_KEY_SIZE];
	int64_t read;
	PGresult *got;

	(void)text_copy(exchange->before, sizeof(exchange->before), "0");
	exchange->before_seq = 0;
	if (!store_state_find(exchange->store, WAS, instance, sizeof(instance),
		&exchange->before_seq) ||
	    !store_state_find(
		exchange->store, WAS_READ, instance, sizeof(instance), &read)) {
		return true;
	}
	got = server_ask(exchange->server,
	    "SELECT id FROM videur.host WHERE instance = $1", 1,
	    (const char *const[]){ instance });
	if (got == NULL) {
		return false;
	}
	if (PQntuples(got) == 1) {
		(void)text_copy(exchange->before, sizeof(exchange->before),
		    PQgetvalue(got, 0, 0));
		if (anew) {
			exchange->self.read = read;
		}
	}
	PQclear(got);
	return true;
}

/* The server has this host's entries up to `seq`.  Those that are still to be
 * sent here are the same where only its answer was lost; `*other` is set where
 * they are not: a copy of the database was put back, which has the beginning of
 * them at most.  False with the connection lost. */
static bool
compare_sent(struct exchange *exchange, int64_t seq, bool *other)
{
	struct share_self *self = &exchange->self;
	char first[SERVER_NUMBER_SIZE];
	struct batch batch;
	int64_t same = 0;
	PGresult *got = NULL;

	while (self->sent < seq && !*other && batch_begin(&batch)) {
		(void)store_share_take(
		    exchange->store, EXCHANGE_MOST, batch_add, &batch);
		if (!batch_end(&batch)) {
			batch_free(&batch);
			break;
		}
		got = server_try(exchange->server,
		    "SELECT coalesce(min(u.i) FILTER (WHERE e.sort <> 'void'"
		    " AND (e.sort <> u.sort OR e.body <> u.body::jsonb)),"
		    " count(*) + 1) - 1 FROM unnest($3::text[], $4::text[])"
		    " WITH ORDINALITY AS u (sort, body, i) LEFT JOIN"
		    " videur.entry e ON e.host = $1::integer"
		    " AND e.seq = $2::bigint + u.i - 1",
		    4,
		    (const char *const[]){ exchange->host,
			server_text(batch.first, first),
			batch.list[BATCH_SORTS], batch.list[BATCH_BODIES] });
		same = got != NULL ? server_number(got, 0, 0) : 0;
		if (same > seq - self->sent) {
			same = seq - self->sent;
		}
		*other = self->sent + same < seq && same < EXCHANGE_MOST;
		PQclear(got);
		batch_free(&batch);
		if (exchange->server->conn == NULL || exchange->server->stop) {
			return false;
		}
		store_begin(exchange->store);
		store_share_sent(exchange->store, self->sent + same);
		if (!exchange_commit(exchange)) {
			break;
		}
		self->sent += same;
	}
	if (self->sent < seq && !*other) {
		return lose_database(exchange);
	}
	return true;
}

/* This database is not the one that joined: it comes as another instance of the
 * same host.  What it had sent and lost is read like what others did, and what
 * it did since is sent. */
static bool
begin_anew(struct exchange *exchange)
{
	struct share_self *self = &exchange->self;
	char instance[SHARE_INSTANCE_SIZE];

	log_warn("the database was put back: this host joins anew, and what it "
		 "had sent since is read from the server");
	draw_instance(instance);
	store_begin(exchange->store);
	put_before(exchange->store, self, self->sent);
	store_share_renew(exchange->store, instance, proc_now());
	if (!exchange_commit(exchange) ||
	    !store_share_self(exchange->store, self)) {
		return lose_database(exchange);
	}
	return true;
}

/* Ask the server for a place, `anew` or that which this host has; false with
 * the connection lost.  `*unknown` is set where the server has entries of this
 * instance that are not those of this database. */
static bool
join_there(struct exchange *exchange, bool anew, bool *unknown)
{
	struct share_self *self = &exchange->self;
	char before[STORE_KEY_SIZE] = "";
	int64_t seq;
	PGresult *got;
	bool fine;

	(void)store_state_find(
	    exchange->store, WAS, before, sizeof(before), &seq);
	got = server_ask(exchange->server,
	    "SELECT host, last_seq, last_n, pruned, secret"
	    " FROM videur.join_host($1, $2, $3, $4)",
	    4,
	    (const char *const[]){ exchange->conf->share_name, self->instance,
		VIDEUR_VERSION, before });
	if (got == NULL) {
		return false;
	}
	(void)text_copy(
	    exchange->host, sizeof(exchange->host), PQgetvalue(got, 0, 0));
	seq = server_number(got, 0, 1);
	*unknown = false;
	fine = (anew || compare_sent(exchange, seq, unknown)) &&
	       find_before(exchange, anew) &&
	       (!anew || join_here(exchange, PQgetvalue(got, 0, 4))) &&
	       (*unknown || compare(exchange, seq, server_number(got, 0, 2),
				server_number(got, 0, 3)));
	exchange->acked = 0;
	PQclear(got);
	return fine;
}

/* What the configuration says now of how long the server keeps what is sent. */
static void
put_keep(struct exchange *exchange)
{
	const struct share_keep keep = keep_of(exchange->conf);

	store_begin(exchange->store);
	store_share_keep(exchange->store, &keep);
	(void)exchange_commit(exchange);
}

bool
join_server(struct exchange *exchange)
{
	const char *name = exchange->conf->share_name;
	struct share_self *self = &exchange->self;
	const bool joined = store_share_self(exchange->store, self);
	bool unknown = false;

	exchange->host[0] = '\0';
	if (store_status(exchange->store) != STORE_OK) {
		server_lose(exchange->server, "the database cannot be read");
		return false;
	}
	if (joined && strcmp(self->name, name) != 0) {
		char why[SERVER_WHY_SIZE];

		(void)snprintf(why, sizeof(why),
		    "this host joined as %s and is to be %s now: \"videur "
		    "share leave\" comes first",
		    self->name, name);
		server_lose(exchange->server, why);
		return false;
	}
	if (!join_format(exchange->server)) {
		return false;
	}
	if (!joined && self->instance[0] == '\0') {
		draw_instance(self->instance);
	}
	if (!join_there(exchange, !joined, &unknown) ||
	    (unknown && (!begin_anew(exchange) ||
			    !join_there(exchange, false, &unknown)))) {
		return false;
	}
	put_keep(exchange);
	return true;
}
