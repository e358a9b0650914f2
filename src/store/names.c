/*
 * Names on the allow list, and the networks their last good answers gave.
 *
 * Those stand in the table of networks as well, so that nobody who asks for an
 * address has to know of names; one that is there by hand stays as it is.
 */
#include <string.h>

#include "base/text.h"
#include "store/db.h"

static const char *const how_names[] = {
	[ALLOW_HOST] = "name", [ALLOW_SPF] = "spf"
};

const struct words allow_how_words = WORDS_OF(how_names);

/* Whether what is by hand stays as it is. */
#define SAME "note = excluded.note AND until IS excluded.until"

void
store_name_put(struct store *store, struct allow_name *name)
{
	db_run(store,
	    "INSERT INTO allow_name (how, name, note, until, asked, answered,"
	    " error, at) VALUES (:how, :name, :note, nullif(:until, 0), :asked,"
	    " nullif(:answered, 0), :error, max(:asked, ifnull((SELECT at + 1"
	    " FROM allow_gone WHERE network = :how || ' ' || :name), 0)))"
	    " ON CONFLICT (how, name) DO UPDATE"
	    " SET note = excluded.note, until = excluded.until,"
	    " asked = excluded.asked, error = excluded.error,"
	    " answered = ifnull(excluded.answered, answered),"
	    " host = iif(" SAME ", host, 0),"
	    " at = iif(" SAME ", at, max(excluded.asked, at + 1))",
	    DB_WITH(db_text(":how", words_at(&allow_how_words, name->how)),
		db_text(":name", name->name), db_text(":note", name->note),
		db_int(":until", name->until), db_int(":asked", name->asked),
		db_int(":answered", name->answered),
		db_text(":error", name->error)));
	db_run(store,
	    "DELETE FROM allow_gone WHERE network = :how || ' ' || :name",
	    DB_WITH(db_text(":how", words_at(&allow_how_words, name->how)),
		db_text(":name", name->name)));
	name->id = db_number(store,
	    "SELECT id FROM allow_name WHERE how = :how AND name = :name",
	    DB_WITH(db_text(":how", words_at(&allow_how_words, name->how)),
		db_text(":name", name->name)),
	    0);
}

void
store_name_networks(
    struct store *store, int64_t id, const struct net *nets, size_t count)
{
	db_run(store, "DELETE FROM allow_network WHERE name_id = :id",
	    DB_WITH(db_int(":id", id)));
	for (size_t i = 0; i < count; i++) {
		db_run(store,
		    "INSERT OR IGNORE INTO allow_network (name_id, network,"
		    " family, bits) VALUES (:id, :client, :family, :bits)",
		    DB_WITH(db_int(":id", id), DB_NET(&nets[i])));
	}
}

void
store_name_remove(struct store *store, int64_t id, int64_t now)
{
	store_name_networks(store, id, NULL, 0);
	db_run(store,
	    "REPLACE INTO allow_gone (network, at, host)"
	    " SELECT how || ' ' || name, max(:now, at + 1), 0 FROM allow_name"
	    " WHERE id = :id",
	    DB_WITH(db_int(":id", id), db_int(":now", now)));
	db_run(store, "DELETE FROM allow_name WHERE id = :id",
	    DB_WITH(db_int(":id", id)));
}

void
store_names_apply(struct store *store, int64_t now)
{
	const bool own = db_enter(store);

	db_lengths_forget(store);
	db_run(store,
	    "DELETE FROM allow_network WHERE name_id NOT IN (SELECT id"
	    " FROM allow_name)",
	    NULL);
	db_run(store,
	    "DELETE FROM allow WHERE named"
	    " AND network NOT IN (SELECT network FROM allow_network)",
	    NULL);
	db_run(store,
	    "INSERT INTO allow (network, family, bits, note, until, named)"
	    " SELECT network, family, bits, max(iif(how = 'spf', 'SPF record"
	    " of ', '') || name || iif(note <> '', ': ' || note, '')),"
	    " iif(count(until) < count(*), NULL, max(until)), 1"
	    " FROM allow_network AS w JOIN allow_name AS n ON n.id = w.name_id"
	    " WHERE true GROUP BY network"
	    " ON CONFLICT (network) DO UPDATE SET note = excluded.note,"
	    " until = excluded.until, named = 1 WHERE named OR until <= :now",
	    DB_WITH(db_int(":now", now)));
	(void)db_leave(store, own);
}

#define NAME                                                                   \
	"SELECT id, how, name, note, until, asked, answered, error,"           \
	" (SELECT count(*) FROM allow_network WHERE name_id = n.id)"           \
	" FROM allow_name AS n "

static bool
read_name(sqlite3_stmt *row, struct allow_name *name)
{
	*name = (struct allow_name){ .id = sqlite3_column_int64(row, 0),
		.until = sqlite3_column_int64(row, 4),
		.asked = sqlite3_column_int64(row, 5),
		.answered = sqlite3_column_int64(row, 6),
		.networks = sqlite3_column_int64(row, 8) };
	DB_COPY(name->name, row, 2);
	DB_COPY(name->note, row, 3);
	DB_COPY(name->error, row, 7);
	return words_parse(&allow_how_words, db_words(row, 1), &name->how);
}

bool
store_name_find(struct store *store, struct allow_name *name)
{
	sqlite3_stmt *row = db_query(store,
	    NAME "WHERE how = :how AND name = :name",
	    DB_WITH(db_text(":how", words_at(&allow_how_words, name->how)),
		db_text(":name", name->name)));
	bool found = db_row(store, row);

	if (found) {
		found = read_name(row, name);
		db_reset(row);
	}
	return found;
}

void
store_names_each(struct store *store,
    void (*each)(void *to, const struct allow_name *name), void *to)
{
	sqlite3_stmt *row = db_query(store, NAME "ORDER BY name, how", NULL);
	struct allow_name name;

	while (db_row(store, row)) {
		if (read_name(row, &name)) {
			each(to, &name);
		}
	}
}
