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
