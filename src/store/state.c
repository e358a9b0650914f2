/*
 * What the programs tell each other, and what was changed by hand.
 */
#include <string.h>

#include "base/proc.h"
#include "base/text.h"
#include "store/db.h"

void
store_state_put(
    struct store *store, const char *key, const char *value, int64_t since)
{
	sqlite3_stmt *statement = db_statement(store,
	    "INSERT INTO state (key, value, since)"
	    " VALUES (:key, :value, :since) ON CONFLICT (key) DO UPDATE"
	    " SET value = excluded.value, since = excluded.since");

	db_bind_text(statement, ":key", key);
	db_bind_text(statement, ":value", value);
	db_bind_int(statement, ":since", since);
	db_run(store, statement);
}

bool
store_state_find(struct store *store, const char *key, char *value, size_t size,
    int64_t *since)
{
	sqlite3_stmt *statement = db_statement(
	    store, "SELECT value, since FROM state WHERE key = :key");

	db_bind_text(statement, ":key", key);
	if (!db_row(store, statement)) {
		return false;
	}
	(void)text_copy(value, size, db_text(statement, 0));
	*since = sqlite3_column_int64(statement, 1);
	db_reset(statement);
	return true;
}

void
store_state_each(struct store *store,
    void (*each)(void *to, const char *key, const char *value, int64_t since),
    void *to)
{
	sqlite3_stmt *statement = db_statement(
	    store, "SELECT key, value, since FROM state ORDER BY key");

	while (db_row(store, statement)) {
		each(to, db_text(statement, 0), db_text(statement, 1),
		    sqlite3_column_int64(statement, 2));
	}
}

void
store_audit_put(struct store *store, const struct audit *audit)
{
	sqlite3_stmt *statement = db_statement(store,
	    "INSERT INTO audit (at, who, what, subject, note)"
	    " VALUES (:at, :who, :what, :subject, :note)");

	db_bind_int(statement, ":at", audit->at);
	db_bind_text(statement, ":who", audit->who);
	db_bind_text(statement, ":what", audit->what);
	db_bind_text(statement, ":subject", audit->subject);
	db_bind_text(statement, ":note", audit->note);
	db_run(store, statement);
}

/* ---- the secret ---- */

/* Two hexadecimal digits a byte. */
static bool
read_hex(const char *text, unsigned char *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < 2 * len; i++) {
		const char *digit = text[i] != '\0' ? strchr(digits, text[i])
						    : NULL;

		if (digit == NULL) {
			return false;
		}
		bytes[i / 2] = (unsigned char)(bytes[i / 2] << 4 |
					       (unsigned char)(digit - digits));
	}
	return text[2 * len] == '\0';
}

void
store_secret(
    struct store *store, unsigned char secret[static STORE_SECRET_SIZE])
{
	static const char key[] = "secret";
	char hex[2 * STORE_SECRET_SIZE + 2]; /* one more shows what is longer */
	bool own = db_enter(store);
	int64_t since;
	struct text text;

	if (!store_state_find(store, key, hex, sizeof(hex), &since)) {
		proc_random(secret, STORE_SECRET_SIZE);
		text_init(&text, hex, sizeof(hex));
		for (size_t i = 0; i < STORE_SECRET_SIZE; i++) {
			text_addf(&text, "%02x", secret[i]);
		}
		store_state_put(store, key, hex, 0);
	}
	if (!read_hex(hex, secret, STORE_SECRET_SIZE)) {
		db_fail(store, STORE_FAILED,
		    "the secret in table state is damaged");
	}
	if (store->status != STORE_OK) {
		memset(secret, 0, STORE_SECRET_SIZE);
	}
	(void)db_leave(store, own);
}
