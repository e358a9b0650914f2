/*
 * The database of fail2ban (https://github.com/fail2ban/fail2ban,
 * server/database.py), of which nothing is trusted.
 */
#include "base/text.h"
#include "store/db.h"

/* The newest first: since 0.11 `bips` has one row an address and jail, which
 * goes when its ban is lifted; before, only the configuration says how long a
 * ban lasts. */
static const char *const questions[] = {
	"SELECT ip, jail, timeofban, bantime FROM bips",
	"SELECT ip, jail, max(timeofban), bantime FROM bans GROUP BY ip, jail",
	"SELECT ip, jail, max(timeofban), 0 FROM bans GROUP BY ip, jail",
};

enum store_result
store_fail2ban(const char *path,
    void (*each)(void *to, const struct fail2ban_ban *ban), void *to,
    char error[static STORE_ERROR_SIZE])
{
	sqlite3 *db = db_open_file(path, SQLITE_OPEN_READONLY);
	sqlite3_stmt *row = NULL;
	struct text text;
	int result = SQLITE_CANTOPEN;

	text_init(&text, error, STORE_ERROR_SIZE);
	if (db != NULL) {
		/* Its views and triggers may call nothing. */
		(void)sqlite3_exec(
		    db, "PRAGMA trusted_schema = OFF", NULL, NULL, NULL);
		result = SQLITE_ERROR;
	}
	for (size_t i = 0; result == SQLITE_ERROR &&
			   i < sizeof(questions) / sizeof(questions[0]);
	     i++) {
		result = sqlite3_prepare_v2(db, questions[i], -1, &row, NULL);
	}
	while (row != NULL && (result = sqlite3_step(row)) == SQLITE_ROW) {
		const struct fail2ban_ban ban = { .ip = db_words(row, 0),
			.jail = db_words(row, 1),
			.at = sqlite3_column_int64(row, 2),
			.lasts = sqlite3_column_int64(row, 3) };

		each(to, &ban);
	}
	text_addf(&text, "%s: %s", path,
	    db == NULL               ? "cannot be opened"
	    : result == SQLITE_ERROR ? "is no database of fail2ban"
				     : sqlite3_errmsg(db));
	(void)sqlite3_finalize(row);
	(void)sqlite3_close(db);
	return result == SQLITE_DONE ? STORE_OK : STORE_FAILED;
}
