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

void
db_script(struct store *store, const char *sql)
{
	if (store->status == STORE_OK) {
		(void)db_check(
		    store, sqlite3_exec(store->db, sql, NULL, NULL, NULL));
	}
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

	if (store->status == STORE_OK) {
		(void)db_check(
		    store, sqlite3_exec(store->db, "PRAGMA user_version",
			       read_int, &version, NULL));
	}
	return version;
}

void
db_migrate(struct store *store)
{
	int64_t version = db_user_version(store);
	char pragma[64];
	struct text text;

	if (store->status != STORE_OK || version == db_program_version()) {
		return;
	}
	/* Another program may be doing the same: look again once it is ours
	 * alone. */
	db_script(store, "BEGIN IMMEDIATE");
	version = db_user_version(store);
	while (store->status == STORE_OK && version < db_program_version()) {
		db_script(store, schema_files[version].data);
		text_init(&text, pragma, sizeof(pragma));
		text_addf(
		    &text, "PRAGMA user_version = %lld", (long long)++version);
		db_script(store, pragma);
	}
	db_script(store, "COMMIT");
	store_rollback(store);
}
