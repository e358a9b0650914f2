/*
 * Inside the store: one SQLite handle, its statements and its errors.
 *
 * A statement is prepared at its first use and kept; it is bound by name, and
 * reset before the verb that used it returns.  An error sticks to the handle
 * until the bracket ends: meanwhile there are no statements, and what is done
 * with NULL for a statement does nothing.  Only files of this folder include
 * this header.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <limits.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#include "base/table.h"
#include "base/text.h"
#include "store/store.h"

/* "vide" in ASCII: application_id of our databases. */
#define DB_APPLICATION_ID 0x76696465

enum {
	DB_PLACES = 8,
	DB_STATEMENTS = 256,  /* more than twice as many as there are */
	DB_FILES = 3,         /* the main one, -wal and -shm */
	DB_HEADER = 100,      /* bytes of an SQLite file's */
	DB_HEADER_PAGES = 28, /* where it says how many it has */
	DB_PAGE = 4096,
	DB_WAITING_MAX = 1024 /* rows that wait */
};

struct db_statement {
	const char *sql; /* known by its address */
	sqlite3_stmt *statement;
	bool awaits;                /* rows that wait are written before it */
	char client[NET_TEXT_SIZE]; /* bound to ":client" */
	/* Where its first values are bound, by their names' addresses. */
	const char *name[DB_PLACES];
	uint8_t place[DB_PLACES];
};

/* A file, by what it keeps under another name; all zero: not there. */
struct db_file {
	dev_t device;
	ino_t inode;
};

/* The main file at a moment in which nothing was being moved into it. */
struct db_main {
	bool known;
	struct db_moved {
		uint32_t salt;   /* one more each time the log begins anew */
		uint32_t frames; /* in it */
		uint32_t moved;  /* of them */
	} log;
	off_t size;
	struct timespec written;
	unsigned char header[DB_HEADER];
};

/* Tables of networks. */
enum db_table {
	DB_BAN,
	DB_ALLOW,
	DB_TABLES
};

/* For IPv4 and IPv6, in its family's own count; not yet read: `known` is
 * false. */
struct db_lengths {
	bool known[2];
	bool there[2][ADDR_BITS + 1];
};

/* What a statement reads as a table named "waiting", with columns c0 to c19. */
struct db_shown {
	void (*show)(sqlite3_context *context, const void *row, int column);
	const void *const *row;
	size_t rows;
};

struct store {
	sqlite3 *db; /* NULL where the database is to be opened anew */
	struct db_statement statement[DB_STATEMENTS];
	char *path; /* NULL: in memory */
	enum store_mode mode;
	int timeout;

	bool bracket;   /* one is open */
	bool rehearsed; /* and nothing of it is to stay */
	enum store_result status;
	char error[STORE_ERROR_SIZE];
	bool broken;       /* a verb failed since it was opened */
	bool refused;      /* the last one, for what it was given */
	bool read_only;    /* because it cannot be written */
	int era;           /* in which it was opened; 0: it is not open */
	int64_t opened;    /* how often */
	int64_t log_tried; /* bytes of the log when it was moved last */

	/* The secret, once it was asked for; a rollback forgets it. */
	bool has_secret;
	unsigned char secret[STORE_SECRET_SIZE];

	/* Good logins (logins.c). */
	struct table logins;
	int64_t login_newest; /* of them and those before; INT64_MIN */

	/* Rows of the open transaction that wait, of all tables and of each
	 * (waiting.c). */
	size_t waiting;
	size_t events;
	struct waiting_event *event[DB_WAITING_MAX];
	struct table tallies;
	struct table resets;
	struct db_shown shown;
	bool awaits; /* what is being prepared: see db_statement */

	/* Events of the open transaction by kind, that the sums by day have
	 * still to be told of. */
	int64_t sum_day;
	int64_t sum[KIND_COUNT];

	/* Which lengths of networks the tables hold, as far as it is known
	 * (around.c). */
	struct db_lengths lengths[DB_TABLES];
	int64_t lengths_of; /* store_changes() then */
	bool lengths_hold;  /* in the transaction that is open */

	/* Bans of one question; they stay until the next. */
	struct ban *ban;
	size_t bans;
	size_t ban_room;

	/* Its files (files.c). */
	struct db_file file[DB_FILES]; /* as they were opened */
	struct db_main main;           /* as it was at the last look */
	const unsigned char *index;    /* of its log, shared; or NULL */
	int doubts;      /* how many there had been when it was opened */
	int64_t mend_at; /* no attempt to put them right before, in ticks */
	char notice[STORE_KEY_SIZE]; /* to the administrator; or empty */
	bool moved;  /* what it had open last is no longer there */
	bool locked; /* who opened it holds the lock on the folder */
};

/* ---- errors ---- */

/* Keep why `rc` came and that it sticks; true for SQLITE_OK. */
bool db_check(struct store *store, int rc);
/* The same of something that is not SQLite's. */
void db_fail(struct store *store, enum store_result status, const char *why);

/* Whether a verb failed for what it was given, not for the database: then it
 * sticks no more.  For who rolls back to a savepoint. */
bool db_refused(struct store *store);

/* Start afresh where no bracket is open; false where an error sticks, or
 * there is no database. */
bool db_ready(struct store *store);

/* Around a verb of several statements: their errors stick from one to the
 * next where the verb stands alone, too. */
bool db_enter(struct store *store);
enum store_result db_leave(struct store *store, bool own);

/* ---- statements ---- */

/* A value of a statement, by its name there. */
struct db_value {
	const char *name; /* NULL behind the last one */
	enum {
		DB_INT,
		DB_TEXT,
		DB_CLIENT
	} type;
	int64_t number;
	const void *what; /* a text, where NULL binds NULL, or a network */
};
#define DB_WITH(...)                                                           \
	(const struct db_value[])                                              \
	{                                                                      \
		__VA_ARGS__,                                                   \
		{                                                              \
			.name = NULL                                           \
		}                                                              \
	}

static inline struct db_value
db_int(const char *name, int64_t number)
{
	return (struct db_value){ name, DB_INT, number, NULL };
}

/* `text` must live until the statement is reset. */
static inline struct db_value
db_text(const char *name, const char *text)
{
	return (struct db_value){ name, DB_TEXT, 0, text };
}

/* ":client", and with it ":family" and ":bits". */
static inline struct db_value
db_client(const struct net *net)
{
	return (struct db_value){ ":client", DB_CLIENT, 0, net };
}
#define DB_NET(net)                                                            \
	db_client(net), db_int(":family", db_family(net)),                     \
	    db_int(":bits", db_bits(net))
int db_family(const struct net *net);
int64_t db_bits(const struct net *net); /* in its family's own count */

/* The statement of a text that is a constant, with its values (NULL: none);
 * NULL where db_ready() is false. */
sqlite3_stmt *db_query(
    struct store *store, const char *sql, const struct db_value *values);

/* The same for who looks himself at the rows that wait. */
sqlite3_stmt *db_query_apart(
    struct store *store, const char *sql, const struct db_value *values);

/* The next row.  Where there is none, the statement is reset; where the
 * caller has enough before, it calls db_reset(). */
bool db_row(struct store *store, sqlite3_stmt *statement);
void db_reset(sqlite3_stmt *statement);
/* Run a statement to its end. */
void db_run(
    struct store *store, const char *sql, const struct db_value *values);
/* The first column of its only row; `otherwise` where it is null or there is
 * none. */
int64_t db_number(struct store *store, const char *sql,
    const struct db_value *values, int64_t otherwise);

/* The name of a row's `host`; empty: this one's. */
#define DB_HOST_NAME                                                           \
	" iif(host = 0, '', ifnull((SELECT name FROM peer"                     \
	" WHERE peer.id = host), ''))"
/* A text column; never NULL. */
const char *db_words(sqlite3_stmt *statement, int column);
/* Copy it into an array, as far as it fits. */
#define DB_COPY(array, statement, column)                                      \
	(void)text_copy(array, sizeof(array), db_words(statement, column))

/* ---- files (files.c, mend.c) ---- */

/* The path of one of the DB_FILES; `stem` is that of the main one. */
const char *db_file_path(
    const char *stem, int which, char path[static PATH_MAX]);
bool db_file_stat(const char *stem, int which, struct stat *st);

/* store_open(); `locked`: the caller holds the lock on the folder. */
enum store_result db_open(struct store **out, const char *path,
    enum store_mode mode, int timeout, bool locked,
    char error[static STORE_ERROR_SIZE]);
/* Close the database; the handle stays. */
void db_close(struct store *store);

/* Lock the folder of a database: LOCK_SH to open it, LOCK_EX to put its files
 * in order.  A descriptor, or -1: EWOULDBLOCK where another program holds it
 * for longer than `timeout` milliseconds. */
int db_folder_lock(struct store *store, int how, int timeout);

enum db_files {
	DB_FILES_FINE,
	DB_FILES_GONE,    /* the main one */
	DB_FILES_OTHER,   /* another main one is there */
	DB_FILES_TORN,    /* a file beside it went, is another or was cut */
	DB_FILES_WRITTEN, /* by a program that knows nothing of the log */
	DB_FILES_SUSPECT  /* there may be damage in them */
};
/* A handle of this process found damage; others are to look for it.  This one
 * did, and found none. */
void db_files_doubt(void);
void db_files_trust(struct store *store);
/* Whether the log at the path is that of another main file, which was there
 * before: nobody but those who had it open knows. */
bool db_log_is_left(const struct store *store);
/* Another program has the lock for putting them right. */
void db_files_busy(struct store *store);
/* Before they are opened: false, with the handle's status, where a log lies
 * beside them that is not theirs, or another program puts them right. */
bool db_files_enter(struct store *store, int *folder);
/* Note the files that were opened just now. */
void db_files_note(struct store *store);
/* Note how the main one is after something was moved into it. */
void db_files_moved(struct store *store);
/* What became of them since. */
enum db_files db_files_look(struct store *store);
/* Whether what is written now reaches the files at the path. */
bool db_files_hold(struct store *store);
/* Put them right, for a handle that may write; what follows is to be opened.
 * False where there was nothing to do, or it cannot be done now: then the
 * handle's status says why. */
bool db_files_mend(struct store *store, enum db_files found);
/* With the lock on the folder: put aside the log of a main file that is not
 * there any more. */
void db_files_clear(struct store *store);
/* With the lock on the folder: the name of a set that is put aside now,
 * "PATH.WHAT-DATE"; false where too many were within an hour. */
bool db_aside_name(
    const char *path, const char *what, char aside[static PATH_MAX]);
/* Put those files aside that are of the old set; the main one stays as well
 * until another is moved over it.  How many there were. */
int db_aside_put(const struct store *store, const char *aside, bool main);
/* Write down what the administrator is to be told; `opened`: of what was
 * opened just now. */
void db_files_tell(struct store *store, bool opened);

/* Whether a check, "PRAGMA quick_check(1)", finds nothing wrong with it; false
 * for NULL. */
bool db_is_sound(sqlite3 *db, const char *check);

/* Save the rows of `from` in `to`, until a time on proc_ticks(); 0: all.  False
 * where nothing can be written. */
bool db_rescue(sqlite3 *from, struct store *to, int64_t until,
    struct store_rescued *counts);

/* Open a file by itself, which need not be ours; NULL where that cannot be
 * done. */
sqlite3 *db_open_file(const char *path, int flags);

/* Whose file is this?  Read from its bytes, since SQLite would recover or
 * checkpoint a stranger's database just by using it.  NULL where it is ours,
 * else what it is. */
const char *db_not_ours(sqlite3 *db);

/* Make a database where there is none or an empty file; fine where there is
 * anything else. */
void db_create(struct store *store);
/* Make one at `path`, for the caller that holds the lock on the folder: NULL
 * where that fails, and `store` says why. */
struct store *db_create_at(struct store *store, const char *path, int folder);

/* Bring a database to the version of this program. */
void db_migrate(struct store *store);
/* Its version, or -1. */
int64_t db_user_version(struct store *store);
/* The version this program works with. */
int64_t db_program_version(void);
/* Run a text of statements that is run once. */
void db_script(struct store *store, const char *sql);

/* ---- the log ---- */

/* For sqlite3_progress_handler(): ends what reads for long and is in the way of
 * a log that grows; STORE_BUSY then. */
int db_log_is_wanted(void *store);
/* Where a bracket only reads: let go of the moment it reads, and go on at a
 * later one.  Between statements. */
void db_renew(struct store *store);

enum db_log {
	DB_LOG_FINE,
	DB_LOG_LONG, /* to be moved, as far as that goes at once */
	DB_LOG_FULL  /* to be emptied before anything is written */
};
/* How long the log is, for who holds the write lock. */
enum db_log db_log_look(struct store *store);
/* Outside any transaction.  One that is full and cannot be emptied within the
 * handle's timeout: STORE_BUSY. */
void db_log_move(struct store *store, enum db_log how);
/* Move what can be moved without waiting for any program. */
void db_log_tend(struct store *store);
/* Bytes of its file; what lies in them may have been moved already. */
int64_t db_log_size(struct store *store);
/* Another process that reads in the log; empty where none is known. */
void db_log_holder(
    const struct store *store, char holder[static STORE_HOLDER_SIZE]);

/* ---- between files of this folder ---- */

/* A row of bans as JSON; `row` is "new." or what it is called in a query. */
#define DB_BAN_BODY(row)                                                       \
	"json_object('client', " row "client, 'reason', " row "reason,"        \
	" 'rule', " row "rule, 'step', " row "step, 'begins', " row "begins,"  \
	" 'ends', " row "ends, 'cleared', " row "cleared, 'mistake', " row     \
	"mistake, 'observed', " row "observed, 'hits', " row                   \
	"hits, 'told', " row "told, 'stage', " row "stage, 'service', " row    \
	"service,"                                                             \
	" 'honest', " row "honest, 'code', " row "code, 'enhanced', " row      \
	"enhanced, 'phrase', " row "phrase, 'own', " row "own, 'note', " row   \
	"note, 'ref', " row "ref, 'again_code', " row "again_code,"            \
	" 'again_enhanced', " row "again_enhanced, 'again_phrase', " row       \
	"again_phrase, 'again_own', " row "again_own, 'say', " row "say,"      \
	" 'changed', " row "changed)"
/* A row of these columns, or of the same values from elsewhere; false for words
 * of another version. */
#define DB_BAN_COLUMNS                                                         \
	"id, client, reason, stage, service, step, begins, ends, cleared,"     \
	" mistake, observed, hits, told, honest, host, rule, code, enhanced,"  \
	" phrase, own, note, ref, again_code, again_enhanced, again_phrase,"   \
	" again_own, say"
bool db_ban_read(sqlite3_stmt *row, struct ban *ban);
void db_ban_put(struct store *store, struct ban *ban);
/* What a host is called, of a row's `host`. */
#define DB_NAME_OF(host)                                                       \
	"CASE " host " WHEN 0 THEN (SELECT name FROM share)"                   \
	" ELSE (SELECT name FROM peer WHERE id = " host ") END"

/* Of whom a ban is, folded or not; false where there is none of that ref. */
struct db_whose {
	char client[NET_TEXT_SIZE];
	char reason[16];
};
bool db_ban_whose(struct store *store, const char *ref, struct db_whose *whose);
/* Put back what was folded of the bans of a client for a reason; and fold again
 * what overlaps, after any change of them. */
void db_unfold(struct store *store, const char *client, const char *reason);
void db_fold(struct store *store, const char *client, const char *reason);

/* The next of the networks around `inner`, the widest first, by the lengths a
 * table holds: begin with `*length` = -1. */
bool db_next_around(struct store *store, enum db_table table,
    const struct net *inner, int64_t *length, struct net *around);
/* A network of that length is written; of many, all are to be read again. */
void db_length_is_there(
    struct store *store, enum db_table table, const struct net *net);
void db_lengths_forget(struct store *store);
/* The secret of all hosts becomes this one's; the one before stays as its
 * own. */
void db_secret_share(struct store *store,
    const unsigned char secret[static STORE_SECRET_SIZE], int64_t now);
/* The triggers of a host that shares, as of this version. */
void db_share_triggers(struct store *store);
/* Read into store->ban the bans that cover `query->who` or are exactly its,
 * the last-ending first, then the newest. */
void db_ban_gather(struct store *store, const struct ban_query *query);

/* ---- rows that wait (waiting.c) ---- */

/* For a database that was opened just now. */
void db_waiting_init(struct store *store);
/* Around a row that is to wait.  False where an error sticks. */
bool db_waiting_put(struct store *store);
void db_waiting_end(struct store *store);
/* Let the statement take the rows. */
void db_waiting_take(
    struct store *store, const char *sql, const struct db_shown *rows);
/* Write all; or give them up. */
void db_waiting_write(struct store *store);
void db_waiting_forget(struct store *store);

void db_event_put(struct store *store, const struct event *event);
void db_events_write(struct store *store);
void db_events_forget(struct store *store);
void db_tally_add(struct store *store, const struct tally_row *row);
void db_tallies_init(struct store *store);
void db_tallies_write(struct store *store);
/* An older one gives way. */
void db_reset_put(struct store *store, const struct reset *reset);
void db_resets_write(struct store *store);

/* Good logins.  To begin with; and after what they say was written may not be
 * in the database. */
void db_logins_init(struct store *store);
void db_logins_forget(struct store *store);
/* One more, written now or later; of no user, at once. */
void db_login_put(struct store *store, const struct reset *reset);
/* An event was stored that the next of its user takes back. */
void db_login_failed(struct store *store, const struct event *event);
/* Write what is kept of a client, before anything is asked of it. */
void db_logins_write(struct store *store, const struct net *client);
void db_daily_add(struct store *store, const struct daily_row *row);
/* Write what db_daily_add() kept back, before it is read or committed. */
void db_daily_write(struct store *store);
void db_position_put(
    struct store *store, const char *source, const struct position *position);

#endif
