#include <string.h>

#include "base/proc.h"
#include "base/text.h"
#include "store/db.h"

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

static enum store_result
make_secret(struct store *store)
{
	sqlite3_stmt *statement = db_statement(store, DB_SECRET_PUT,
	    "INSERT INTO state (key, value, since)"
	    " VALUES ('secret', lower(hex(:random)), 0)");
	unsigned char random[STORE_SECRET_SIZE];

	proc_random(random, sizeof(random));
	db_bind_bytes(statement, ":random", random, sizeof(random));
	return db_run(store, statement);
}

static enum store_result
read_secret(struct store *store, unsigned char secret[static STORE_SECRET_SIZE])
{
	sqlite3_stmt *row = db_statement(store, DB_SECRET_GET,
	    "SELECT value FROM state WHERE key = 'secret'");
	enum store_result result = db_row(store, row);

	if (result == STORE_OK) {
		if (!read_hex(db_text(row, 0), secret, STORE_SECRET_SIZE)) {
			(void)text_copy(store->error, sizeof(store->error),
			    "the secret in table state is damaged");
			result = STORE_FAILED;
		}
		db_reset(row);
	}
	return result;
}

enum store_result
store_secret(
    struct store *store, unsigned char secret[static STORE_SECRET_SIZE])
{
	enum store_result result = read_secret(store, secret);

	if (result == STORE_NONE) {
		result = make_secret(store);
		if (result == STORE_OK) {
			result = read_secret(store, secret);
		}
	}
	return result;
}
