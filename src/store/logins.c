/*
 * Good logins.  Each is a reset of its user's failures, and most are the same
 * telephone's as an hour ago: a reset that takes nothing back is kept in memory
 * until another handle could miss it.
 *
 * Written at once is the first of a client and user, and one behind a failure;
 * before this handle asks what a client did, whatever it still keeps of it.
 * What a sudden end loses are times of logins that nobody had failed before,
 * each by LATE at most.
 */
#include <string.h>

#include "base/text.h"
#include "store/db.h"

enum {
	LATE = 6 * 3600, /* seconds that a reset may wait */
	LOGINS_MAX = 1 << 16
};

struct login {
	struct login_key {
		struct net client;
		char key[HASH_TEXT_SIZE];
	} key;
	bool failed; /* since `written` */
	bool there;  /* in the database: */
	int64_t written;
	int64_t at; /* the newest */
};

/* A reset that waits. */
struct waiting_reset {
	struct reset_key {
		struct net client;
		uint8_t reason;
		char key[HASH_TEXT_SIZE];
	} key;
	char client[NET_TEXT_SIZE];
	int64_t at;
};

void
db_logins_init(struct store *store)
{
	table_init(&store->logins, sizeof(struct login_key),
	    sizeof(struct login), LOGINS_MAX);
	table_group(&store->logins, offsetof(struct login_key, key));
	store->login_newest = INT64_MIN;
	table_init(&store->resets, sizeof(struct reset_key),
	    sizeof(struct waiting_reset), DB_WAITING_MAX);
}

void
db_logins_forget(struct store *store)
{
	table_clear(&store->logins);
	store->login_newest = INT64_MIN;
}

void
db_reset_put(struct store *store, const struct reset *reset)
{
	struct reset_key key = { .client = reset->client,
		.reason = (uint8_t)reset->reason };
	struct waiting_reset *waiting;
	bool added;

	if (!db_waiting_put(store)) {
		return;
	}
	if (reset->key != NULL &&
	    !text_copy(key.key, sizeof(key.key), reset->key)) {
		db_fail(store, STORE_FAILED, "a key that is too long");
		return;
	}
	waiting = table_add(&store->resets, &key, &added);
	if (waiting == NULL) {
		db_fail(store, STORE_FAILED, "out of memory");
		return;
	}
	if (added || reset->at > waiting->at) {
		(void)net_format(&reset->client, waiting->client);
		waiting->at = reset->at;
	}
	db_waiting_end(store);
}

static void
show_reset(sqlite3_context *context, const void *row, int column)
{
	const struct waiting_reset *reset = row;
	const char *words[] = { reset->client,
		reason_name((enum reason)reset->key.reason), reset->key.key };

	if (column < 3) {
		sqlite3_result_text(context, words[column], -1, SQLITE_STATIC);
	} else {
		sqlite3_result_int64(context, reset->at);
	}
}

void
db_resets_write(struct store *store)
{
	const void *row[DB_WAITING_MAX];

	for (size_t i = 0; i < store->resets.rows; i++) {
		row[i] = table_row(&store->resets, i);
	}
	db_waiting_take(store,
	    "INSERT INTO mark (client, reason, key, at)"
	    " SELECT c0, c1, c2, c3 FROM waiting WHERE true"
	    " ON CONFLICT (client, reason, key) DO UPDATE"
	    " SET at = excluded.at WHERE excluded.at > at",
	    &(struct db_shown){
		.show = show_reset, .row = row, .rows = store->resets.rows });
}

static void
write_login(struct store *store, struct login *login)
{
	db_reset_put(store, &(struct reset){ .client = login->key.client,
				.reason = REASON_AUTH,
				.key = login->key.key,
				.at = login->at });
	if (store->status == STORE_OK) {
		login->written = login->at;
		login->there = true;
		login->failed = false;
	}
}

void
db_login_put(struct store *store, const struct reset *reset)
{
	struct login_key key = { .client = reset->client };
	struct login *login;
	bool added;

	if (reset->reason != REASON_AUTH || reset->key == NULL ||
	    !text_copy(key.key, sizeof(key.key), reset->key)) {
		db_reset_put(store, reset);
		return;
	}
	if (store->logins.rows == LOGINS_MAX) {
		for (size_t i = 0; i < store->logins.rows; i++) {
			write_login(store, table_row(&store->logins, i));
		}
		table_clear(&store->logins);
	}
	login = table_add(&store->logins, &key, &added);
	if (login == NULL) {
		db_reset_put(store, reset);
		return;
	}
	if (added || reset->at > login->at) {
		login->at = reset->at;
	}
	if (login->at > store->login_newest) {
		store->login_newest = login->at;
	}
	if (!login->there || login->failed ||
	    login->at - login->written >= LATE) {
		write_login(store, login);
	}
}

void
db_login_failed(struct store *store, const struct event *event)
{
	struct login_key key = { .client = event->client };
	struct login *login = NULL;

	if (event->key != NULL &&
	    text_copy(key.key, sizeof(key.key), event->key)) {
		login = table_find(&store->logins, &key);
	}
	if (login != NULL) {
		login->failed = true;
	}
}

void
db_logins_write(struct store *store, const struct net *client)
{
	const struct login_key key = { .client = *client };

	for (struct login *login = table_first(&store->logins, &key);
	     login != NULL; login = table_next(&store->logins, login)) {
		if (login->at > login->written) {
			write_login(store, login);
		}
	}
}

/* ---- what they tell ---- */

int64_t
store_login_newest(struct store *store, int64_t until)
{
	int64_t newest = db_number(store,
	    "SELECT max(at) FROM mark WHERE key <> '' AND at <= :until",
	    DB_WITH(db_int(":until", until)), INT64_MIN);

	if (store->login_newest <= until) {
		return store->login_newest > newest ? store->login_newest
						    : newest;
	}
	for (size_t i = 0; i < store->logins.rows; i++) {
		const struct login *login = table_row(&store->logins, i);

		if (login->at <= until && login->at > newest) {
			newest = login->at;
		}
	}
	return newest;
}

#define DOUBTFUL_LOGINS                                                        \
	"(SELECT DISTINCT client FROM event WHERE kind = 'auth' AND doubtful"  \
	" AND at > :after AND at <= :until LIMIT :most)"

int64_t
store_login_failures(
    struct store *store, int64_t after, int64_t until, int64_t most)
{
	return db_number(store, "SELECT count(*) FROM " DOUBTFUL_LOGINS,
	    DB_WITH(db_int(":after", after), db_int(":until", until),
		db_int(":most", most)),
	    0);
}

void
store_login_forgive(struct store *store, int64_t after, int64_t until)
{
	db_run(store,
	    "UPDATE ban SET observed = 1 WHERE client IN " DOUBTFUL_LOGINS
	    " AND reason = 'auth' AND step > 0 AND begins > :after"
	    " AND cleared IS NULL",
	    DB_WITH(db_int(":after", after), db_int(":until", until),
		db_int(":most", -1)));
}
