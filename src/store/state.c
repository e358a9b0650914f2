/*
 * What the programs tell each other, what was changed by hand, and what the
 * watcher knows of its logs: how far each was read, whose message a queue id
 * is, and to whom users write.
 */
#include <string.h>

#include "base/proc.h"
#include "base/text.h"
#include "store/db.h"

void
store_state_put(
    struct store *store, const char *key, const char *value, int64_t since)
{
	db_run(store,
	    "INSERT INTO state (key, value, since)"
	    " VALUES (:key, :value, :since) ON CONFLICT (key) DO UPDATE"
	    " SET value = excluded.value, since = excluded.since",
	    DB_WITH(db_text(":key", key), db_text(":value", value),
		db_int(":since", since)));
}

bool
store_state_find(struct store *store, const char *key, char *value, size_t size,
    int64_t *since)
{
	sqlite3_stmt *statement = db_query(store,
	    "SELECT value, since FROM state WHERE key = :key",
	    DB_WITH(db_text(":key", key)));

	if (!db_row(store, statement)) {
		return false;
	}
	(void)text_copy(value, size, db_words(statement, 0));
	*since = sqlite3_column_int64(statement, 1);
	db_reset(statement);
	return true;
}

void
store_state_each(struct store *store,
    void (*each)(void *to, const char *key, const char *value, int64_t since),
    void *to)
{
	sqlite3_stmt *statement = db_query(
	    store, "SELECT key, value, since FROM state ORDER BY key", NULL);

	while (db_row(store, statement)) {
		each(to, db_words(statement, 0), db_words(statement, 1),
		    sqlite3_column_int64(statement, 2));
	}
}

void
store_audit_put(struct store *store, const struct audit *audit)
{
	db_run(store,
	    "INSERT INTO audit (at, who, what, subject, note)"
	    " VALUES (:at, :who, :what, :subject, :note)",
	    DB_WITH(db_int(":at", audit->at), db_text(":who", audit->who),
		db_text(":what", audit->what),
		db_text(":subject", audit->subject),
		db_text(":note", audit->note)));
}

static void
tell_audit(struct store *store, sqlite3_stmt *row,
    bool (*each)(void *to, const struct audit *audit), void *to)
{
	while (db_row(store, row)) {
		const struct audit audit = {
			.at = sqlite3_column_int64(row, 0),
			.who = db_words(row, 1),
			.what = db_words(row, 2),
			.subject = db_words(row, 3),
			.note = db_words(row, 4),
			.host = db_words(row, 5),
		};

		if (!each(to, &audit)) {
			db_reset(row);
			return;
		}
	}
}

void
store_audit_each(struct store *store,
    bool (*each)(void *to, const struct audit *audit), void *to)
{
	tell_audit(store,
	    db_query(store,
		"SELECT at, who, what, subject, note," DB_HOST_NAME
		" FROM audit ORDER BY at DESC, id DESC",
		NULL),
	    each, to);
}

void
store_audit_at(struct store *store, int64_t at,
    bool (*each)(void *to, const struct audit *audit), void *to)
{
	tell_audit(store,
	    db_query(store,
		"SELECT at, who, what, subject, note," DB_HOST_NAME
		" FROM audit WHERE at = :at ORDER BY id DESC",
		DB_WITH(db_int(":at", at))),
	    each, to);
}

/* ---- the secret ---- */

static const char secret_key[] = "secret";
/* The one before the host joined others, whose secret it has since. */
static const char own_key[] = "secret-own";

static void
put_secret(struct store *store, const char *key,
    const unsigned char secret[static STORE_SECRET_SIZE], int64_t since)
{
	char hex[2 * STORE_SECRET_SIZE + 1];
	struct text text;

	text_init(&text, hex, sizeof(hex));
	text_add_hex(&text, secret, STORE_SECRET_SIZE);
	store_state_put(store, key, hex, since);
	store->has_secret = false;
}

void
db_secret_share(struct store *store,
    const unsigned char secret[static STORE_SECRET_SIZE], int64_t now)
{
	unsigned char own[STORE_SECRET_SIZE];

	store_secret_own(store, own);
	put_secret(store, own_key, own, now);
	put_secret(store, secret_key, secret, now);
}

/* Read it, or draw one where there is none. */
static void
find_secret(struct store *store)
{
	/* One more shows what is longer. */
	char hex[2 * STORE_SECRET_SIZE + 2] = "";
	int64_t since;

	if (!store_state_find(store, secret_key, hex, sizeof(hex), &since)) {
		unsigned char drawn[STORE_SECRET_SIZE];

		proc_random(drawn, sizeof(drawn));
		put_secret(store, secret_key, drawn, 0);
		(void)store_state_find(
		    store, secret_key, hex, sizeof(hex), &since);
	}
	if (store->status == STORE_OK &&
	    !text_read_hex(hex, store->secret, STORE_SECRET_SIZE)) {
		db_fail(store, STORE_FAILED,
		    "the secret in table state is damaged");
	}
	store->has_secret = store->status == STORE_OK;
}

void
store_secret(
    struct store *store, unsigned char secret[static STORE_SECRET_SIZE])
{
	bool own = db_enter(store);

	if (!store->has_secret) {
		find_secret(store);
	}
	if (store->status == STORE_OK) {
		memcpy(secret, store->secret, STORE_SECRET_SIZE);
	} else {
		memset(secret, 0, STORE_SECRET_SIZE);
	}
	(void)db_leave(store, own);
}

void
store_secret_own(
    struct store *store, unsigned char secret[static STORE_SECRET_SIZE])
{
	char hex[2 * STORE_SECRET_SIZE + 2] = "";
	int64_t since;

	if (!store_state_find(store, own_key, hex, sizeof(hex), &since) ||
	    !text_read_hex(hex, secret, STORE_SECRET_SIZE)) {
		store_secret(store, secret);
	}
}

/* ---- logs ---- */

void
db_position_put(
    struct store *store, const char *source, const struct position *position)
{
	db_run(store,
	    "REPLACE INTO position (source, device, inode, offset,"
	    " head_hash, head_len, line_hash, line_len, cursor) VALUES"
	    " (:source, :device, :inode, :offset, :head_hash, :head_len,"
	    " :line_hash, :line_len, :cursor)",
	    DB_WITH(db_text(":source", source),
		db_int(":device", position->device),
		db_int(":inode", position->inode),
		db_int(":offset", position->offset),
		db_text(":head_hash", position->head_hash),
		db_int(":head_len", position->head_len),
		db_text(":line_hash", position->line_hash),
		db_int(":line_len", position->line_len),
		db_text(":cursor", position->cursor)));
}

bool
store_position_find(
    struct store *store, const char *source, struct position *position)
{
	sqlite3_stmt *row = db_query(store,
	    "SELECT device, inode, offset, head_hash, head_len, line_hash,"
	    " line_len, cursor FROM position WHERE source = :source",
	    DB_WITH(db_text(":source", source)));

	if (!db_row(store, row)) {
		return false;
	}
	*position = (struct position){ .device = sqlite3_column_int64(row, 0),
		.inode = sqlite3_column_int64(row, 1),
		.offset = sqlite3_column_int64(row, 2),
		.head_len = sqlite3_column_int64(row, 4),
		.line_len = sqlite3_column_int64(row, 6) };
	DB_COPY(position->head_hash, row, 3);
	DB_COPY(position->line_hash, row, 5);
	DB_COPY(position->cursor, row, 7);
	db_reset(row);
	return true;
}

void
store_correspondent_put(
    struct store *store, const struct net *client, int64_t at)
{
	db_run(store,
	    "INSERT INTO correspondent (client, at) VALUES (:client, :hour)"
	    " ON CONFLICT (client) DO UPDATE SET at = excluded.at"
	    " WHERE excluded.at > at",
	    DB_WITH(db_client(client), db_int(":hour", tally_hour(at))));
}

int64_t
store_correspondent(struct store *store, const struct net *client)
{
	return db_number(store,
	    "SELECT at FROM correspondent WHERE client = :client",
	    DB_WITH(db_client(client)), INT64_MIN);
}

void
store_queue_put(
    struct store *store, const char *id, const struct queue_entry *entry)
{
	char address[ADDR_TEXT_SIZE];

	db_run(store,
	    "REPLACE INTO queue (queue, address, login, at)"
	    " VALUES (:queue, :address, :login, :at)",
	    DB_WITH(db_text(":queue", id),
		db_text(":address", addr_format(&entry->address, address)),
		db_int(":login", entry->login), db_int(":at", entry->at)));
}

void
store_queue_remove(struct store *store, const char *id)
{
	db_run(store, "DELETE FROM queue WHERE queue = :queue",
	    DB_WITH(db_text(":queue", id)));
}

bool
store_queue_find(struct store *store, const char *id, struct queue_entry *entry)
{
	sqlite3_stmt *row = db_query(store,
	    "SELECT address, login, at FROM queue WHERE queue = :queue",
	    DB_WITH(db_text(":queue", id)));
	bool found;

	if (!db_row(store, row)) {
		return false;
	}
	found = addr_parse(db_words(row, 0), &entry->address);
	entry->login = sqlite3_column_int(row, 1) != 0;
	entry->at = sqlite3_column_int64(row, 2);
	db_reset(row);
	return found;
}
