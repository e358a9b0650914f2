#include <stdio.h>
#include <string.h>

#include "base/embedded.h"
#include "base/text.h"
#include "store/db.h"

/* schema/NNN-what.sql, in order; the n-th makes version n. */
extern const struct embedded schema_files[];

int64_t
db_program_version(void)
{
	int64_t count = 0;

	while (schema_files[count].name != NULL) {
		count++;
	}
	return count;
}

static int
read_int(void *to, int columns, char **values, char **names)
{
	(void)names;
	if (columns != 1 || values[0] == NULL ||
	    !text_to_int(values[0], INT64_MIN + 1, INT64_MAX, to)) {
		return 1;
	}
	return 0;
}

int64_t
db_user_version(struct store *store)
{
	int64_t version = -1;

	(void)db_result(store, sqlite3_exec(store->db, "PRAGMA user_version",
				   read_int, &version, NULL));
	return version;
}

static enum store_result
run(struct store *store, const char *sql)
{
	return db_result(store, sqlite3_exec(store->db, sql, NULL, NULL, NULL));
}

/* All that is missing, in the caller's transaction. */
static enum store_result
run_missing(struct store *store)
{
	int64_t version = db_user_version(store);
	enum store_result result = version < 0 ? STORE_FAILED : STORE_OK;
	char pragma[64];
	struct text text;

	for (; result == STORE_OK && version < db_program_version();
	     version++) {
		result = run(store, schema_files[version].data);
		if (result == STORE_OK) {
			text_init(&text, pragma, sizeof(pragma));
			text_addf(&text, "PRAGMA user_version = %lld",
			    (long long)version + 1);
			result = run(store, pragma);
		}
	}
	return result;
}

enum store_result
db_migrate(struct store *store)
{
	enum store_result result;

	if (db_user_version(store) == db_program_version()) {
		return STORE_OK;
	}
	/* Another program may be doing the same: look again once it is ours
	 * alone. */
	result = run(store, "BEGIN IMMEDIATE");
	if (result == STORE_OK) {
		result = run_missing(store);
	}
	if (result == STORE_OK) {
		result = run(store, "COMMIT");
	}
	if (result != STORE_OK) {
		store_rollback(store);
	}
	return result;
}
