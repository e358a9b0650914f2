#include <string.h>

#include "store/db.h"

static const char *const names[DAILY_COUNT] = {
	[DAILY_EVENT] = "event",
	[DAILY_BAN] = "ban",
	[DAILY_REFUSED] = "refused",
	[DAILY_LIMITED] = "limited",
	[DAILY_SESSIONS] = "sessions",
	[DAILY_MESSAGES] = "messages",
	[DAILY_RECIPIENTS] = "recipients",
	[DAILY_ACCEPTED] = "accepted",
};

static bool
parse_name(const char *word, enum daily *what)
{
	for (unsigned i = 0; i < DAILY_COUNT; i++) {
		if (strcmp(word, names[i]) == 0) {
			*what = (enum daily)i;
			return true;
		}
	}
	return false;
}

/* The first second of the day, before 1970 too. */
static int64_t
day_of(int64_t at)
{
	int64_t into = at % STORE_DAY;

	return at - into - (into < 0 ? STORE_DAY : 0);
}

enum store_result
store_daily_add(struct store *store, int64_t at, enum daily what,
    const char *name, int64_t number)
{
	sqlite3_stmt *statement = db_statement(store, DB_DAILY_ADD,
	    "INSERT INTO daily (day, what, name, number)"
	    " VALUES (:day, :what, :name, :number)"
	    " ON CONFLICT (day, what, name) DO UPDATE"
	    " SET number = number + excluded.number");

	db_bind_int(statement, ":day", day_of(at));
	db_bind_text(statement, ":what", names[what]);
	db_bind_text(statement, ":name", name);
	db_bind_int(statement, ":number", number);
	return db_run(store, statement);
}

enum store_result
store_daily_each(struct store *store, int64_t from,
    void (*each)(void *to, const struct daily_row *row), void *to)
{
	sqlite3_stmt *statement = db_statement(store, DB_DAILY_EACH,
	    "SELECT day, what, name, number FROM daily WHERE day >= :from"
	    " ORDER BY day, what, name");
	enum store_result result;

	db_bind_int(statement, ":from", day_of(from));
	while ((result = db_row(store, statement)) == STORE_OK) {
		struct daily_row row = { .day = sqlite3_column_int64(
					     statement, 0),
			.name = db_text(statement, 2),
			.number = sqlite3_column_int64(statement, 3) };

		if (parse_name(db_text(statement, 1), &row.what)) {
			each(to, &row);
		}
	}
	return result == STORE_NONE ? STORE_OK : result;
}
