/*
 * Inside the store: one SQLite handle, its statements and its errors.
 *
 * A statement is prepared at its first use and kept; it is bound by name, and
 * reset before the verb that used it returns.  Only files of this folder
 * include this header.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

/* "vide" in ASCII: application_id of our databases. */
#define DB_APPLICATION_ID 0x76696465

enum db_statement {
	DB_BEGIN,
	DB_SNAPSHOT,
	DB_COMMIT,
	DB_ROLLBACK,
	DB_VERSION,
	DB_NUMBERS,
	DB_EVENT_PUT,
	DB_EVENT_COUNT,
	DB_EVENT_COUNT_KEYS,
	DB_EVENT_YOUNGEST,
	DB_EVENT_SUMS,
	DB_BAN_PUT,
	DB_BAN_LENGTH,
	DB_BAN_OF,
	DB_BAN_ALL,
	DB_BAN_CLEAR,
	DB_BAN_HIT,
	DB_BAN_HONEST,
	DB_BAN_LISTED,
	DB_BAN_LIVE,
	DB_ALLOW_PUT,
	DB_ALLOW_REMOVE,
	DB_ALLOW_LENGTH,
	DB_ALLOW_OF,
	DB_ALLOW_ALL,
	DB_TALLY_ADD,
	DB_TALLY_ADD_KIND, /* one for each kind */
	DB_TALLY_ADD_KIND_LAST = DB_TALLY_ADD_KIND + KIND_COUNT - 1,
	DB_TALLY_SUM,
	DB_TALLY_HOURS,
	DB_TALLY_EACH,
	DB_DAILY_ADD,
	DB_DAILY_EACH,
	DB_MARK_PUT,
	DB_MARK_NEWEST,
	DB_POSITION_PUT,
	DB_POSITION_GET,
	DB_QUEUE_PUT,
	DB_QUEUE_GET,
	DB_QUEUE_REMOVE,
	DB_SECRET_PUT,
	DB_SECRET_GET,
	DB_STATE_PUT,
	DB_STATE_GET,
	DB_STATE_ALL,
	DB_AUDIT_PUT,
	DB_PRUNE_EVENT,
	DB_PRUNE_TALLY,
	DB_PRUNE_BAN,
	DB_PRUNE_MARK,
	DB_PRUNE_AUDIT,
	DB_PRUNE_QUEUE,
	DB_PRUNE_ALLOW,
	DB_PRUNE_DAILY,
	DB_VACUUM,
	DB_STATEMENTS
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *statement[DB_STATEMENTS];
	char error[STORE_ERROR_SIZE];
	bool read_only; /* the error is that it cannot be written */
};

/* The statement, prepared and ready to bind; NULL with the error kept. */
sqlite3_stmt *db_statement(
    struct store *store, enum db_statement which, const char *sql);

void db_bind_int(sqlite3_stmt *statement, const char *name, int64_t value);
/* `value` must live until the statement is reset; NULL binds NULL. */
void db_bind_text(sqlite3_stmt *statement, const char *name, const char *value);

void db_bind_bytes(
    sqlite3_stmt *statement, const char *name, const void *bytes, int len);

/* Run to the end and reset.  A NULL statement gives the error kept. */
enum store_result db_run(struct store *store, sqlite3_stmt *statement);

/* The next row: STORE_OK, or STORE_NONE at the end.  Reset it after the last
 * one with db_reset(), or by going on to STORE_NONE or an error. */
enum store_result db_row(struct store *store, sqlite3_stmt *statement);
void db_reset(sqlite3_stmt *statement);

/* A text column; never NULL. */
const char *db_text(sqlite3_stmt *statement, int column);

/* Keep why `rc` came and say what it means. */
enum store_result db_result(struct store *store, int rc);

/* Make a database where there is none or an empty file; fine where there is
 * anything else.  `error` is of STORE_ERROR_SIZE. */
enum store_result db_create(const char *path, char *error);

/* Bring a database to the version of this program. */
enum store_result db_migrate(struct store *store);

/* Its version, or -1. */
int64_t db_user_version(struct store *store);

/* The version this program works with. */
int64_t db_program_version(void);

/* Bind ":client", ":family" and ":bits" of a network; `text` holds the first
 * until the statement is reset. */
void db_bind_net(sqlite3_stmt *statement, const struct net *net,
    char text[static NET_TEXT_SIZE]);

/*
 * The next longer length that a table holds for the family of `inner`, in
 * that family's own count, or -1 where there is none up to `inner`'s.
 * `statement` gives the least length above ":above" and up to ":most" of
 * ":family".  Begin with `above` = -1.  It takes a few index steps, however
 * many rows there are.
 */
enum store_result db_next_length(struct store *store, sqlite3_stmt *statement,
    const struct net *inner, int64_t above, int64_t *next);

/* `inner` cut to a length in its family's own count of bits. */
struct net db_cut(const struct net *inner, int64_t bits);

#endif
