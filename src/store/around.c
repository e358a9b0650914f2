/*
 * Networks that hold another: which of them to ask a table for.
 */
#include <string.h>

#include "store/db.h"

static const char *const next_length[DB_TABLES] = {
	/* What the index leaves out (schema/013-smaller.sql) may be there. */
	[DB_BAN] = "SELECT min(bits) FROM (SELECT min(bits) AS bits FROM ban"
		   " WHERE family = :family AND bits NOT IN (32, 64)"
		   " AND bits > :above AND bits <= :bits"
		   " UNION ALL SELECT 32 UNION ALL SELECT 64)"
		   " WHERE bits > :above AND bits <= :bits",
	[DB_ALLOW] = "SELECT min(bits) FROM allow WHERE family = :family"
		     " AND bits > :above AND bits <= :bits"
};

/* The least length above `above` and up to `bits` that a table holds of the
 * family, or -1: a few index steps, however many rows there are. */
static int64_t
ask_length(struct store *store, enum db_table table, int family, int64_t above,
    int64_t bits)
{
	return db_number(store, next_length[table],
	    DB_WITH(db_int(":family", family), db_int(":above", above),
		db_int(":bits", bits)),
	    -1);
}

void
db_length_is_there(
    struct store *store, enum db_table table, const struct net *net)
{
	store->lengths[table].there[!net_is_v4(net)][db_bits(net)] = true;
}

void
db_lengths_forget(struct store *store)
{
	memset(store->lengths, 0, sizeof(store->lengths));
}

/* What was found holds until another handle has committed: then all are read
 * again.  This one's own are added as it writes them. */
static const bool *
read_lengths(struct store *store, enum db_table table, int family)
{
	struct db_lengths *lengths = &store->lengths[table];
	const bool v6 = family == 6;
	int64_t changes;

	if (!store->lengths_hold) {
		changes = store_changes(store);
		if (changes < 0 || changes != store->lengths_of) {
			db_lengths_forget(store);
		}
		store->lengths_of = changes;
		store->lengths_hold = true;
	}
	if (!lengths->known[v6]) {
		for (int64_t at = -1; (at = ask_length(store, table, family, at,
					   ADDR_BITS)) >= 0;) {
			lengths->there[v6][at] = true;
		}
		lengths->known[v6] = store->status == STORE_OK;
	}
	return lengths->there[v6];
}

bool
db_next_around(struct store *store, enum db_table table,
    const struct net *inner, int64_t *length, struct net *around)
{
	const int family = db_family(inner);
	const int64_t bits = db_bits(inner);
	const bool *there;

	if (*length >= bits) {
		return false;
	}
	if (store->status == STORE_OK &&
	    sqlite3_get_autocommit(store->db) == 0) {
		there = read_lengths(store, table, family);
		do {
			++*length;
		} while (*length <= bits && !there[*length]);
	} else {
		*length = ask_length(store, table, family, *length, bits);
	}
	if (*length < 0 || *length > bits) {
		return false;
	}
	*around = net_cut(&inner->addr,
	    (unsigned)*length +
		(net_is_v4(inner) ? (unsigned)ADDR_V4_OFFSET : 0));
	return true;
}
