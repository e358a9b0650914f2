/*
 * What the engine remembers.
 *
 * A narrow contract over one database; everything above works through it and
 * nothing above knows which database that is.  A struct store is one handle:
 * it is used by one thread at a time and its owner locks it.  Writing verbs
 * belong inside store_begin() ... store_commit(); reading verbs may stand
 * alone.  No verb reads a clock.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "core/ban.h"
#include "core/kind.h"
#include "core/tally.h"

struct store;

enum store_result {
	STORE_OK,
	STORE_NONE,  /* fine, and there is nothing */
	STORE_BUSY,  /* another program holds it; trying again may help */
	STORE_FAILED /* unusable: full, read-only, damaged ... */
};

enum store_mode {
	STORE_READ,    /* must exist; never written */
	STORE_WRITE,   /* created and migrated where needed */
	STORE_SCRATCH, /* in memory, for this handle alone; no path */
	STORE_SERVE    /* as STORE_WRITE, and the caller alone calls
			store_checkpoint(), lest a commit pay for it */
};

enum {
	STORE_ERROR_SIZE = 512,
	STORE_KEY_SIZE = 65,
	STORE_SOURCE_SIZE = 33,
	STORE_SECRET_SIZE = 16,
	STORE_CURSOR_SIZE = 513
};

/*
 * Open the database at `path`.  `patience` as store_patience().  On anything
 * but STORE_OK *out is NULL and `error` says why, beginning with the path; a
 * database that is newer than the program, not SQLite or not videur's is
 * left untouched.  The folder of a new database must exist; created files
 * are 0660 and, made by root, owned like their folder.
 */
enum store_result store_open(struct store **out, const char *path,
    enum store_mode mode, int patience, char error[static STORE_ERROR_SIZE]);
void store_close(struct store *store);

/* Why the newest verb of this handle did not succeed; borrowed until the
 * next verb. */
const char *store_error(const struct store *store);

/* How many milliseconds a verb waits for another program's lock. */
void store_patience(struct store *store, int milliseconds);

/* begin takes the write lock at once.  rollback always succeeds, and may
 * follow a failed begin or commit. */
enum store_result store_begin(struct store *store);
enum store_result store_commit(struct store *store);
void store_rollback(struct store *store);

/* Read several things as they stood at one moment, and cheaper than one by
 * one; end it soon, since the log cannot be moved away meanwhile. */
enum store_result store_snapshot(struct store *store);
void store_snapshot_end(struct store *store);

/* A number that changes whenever another handle committed something. */
enum store_result store_version(struct store *store, int64_t *version);

/* Whether the file this handle holds is no longer the one at its path. */
bool store_moved(struct store *store);

/* Whether the newest failure was that the file or its side files cannot be
 * written.  The handles of one process share the side files as the first of
 * them found them: only once all are closed does a new one look again. */
bool store_read_only(const struct store *store);

/* Move what was committed into the main file, as far as no one is in the
 * way.  Never waits. */
enum store_result store_checkpoint(struct store *store);

/* ---- events ---- */

struct event {
	struct net client;
	struct addr address;
	enum kind kind;
	int64_t at;
	const char *source; /* "milter", "report", "postfix" ... */
	const char *key;    /* keyed hash of a user name, or NULL */
	const char
	    *detail; /* never a recipient, user name or log text; or NULL */
};

enum store_result store_event_put(
    struct store *store, const struct event *event);

/* How many events of a client, of these kinds, there are with
 * after < at <= until; counting stops at `most`. */
struct event_query {
	struct net client;
	uint32_t kinds;
	int64_t after;
	int64_t until;
	int64_t most;
	/* Failures of a user who logged in since (a mark with his key for
	 * `reason`) do not count. */
	enum reason reason;
	/* Of one key, so many count in a clock hour; 0: all. */
	int64_t same_key;
};
enum store_result store_event_count(
    struct store *store, const struct event_query *query, int64_t *count);

/* The youngest time of a client's events of these kinds with
 * from <= at < before; STORE_NONE where there is none. */
enum store_result store_event_youngest(struct store *store,
    const struct net *client, uint32_t kinds, int64_t from, int64_t before,
    int64_t *at);

/* One line per kind and source of what is stored of a client since a time. */
struct event_sum {
	enum kind kind;
	char source[STORE_SOURCE_SIZE];
	int64_t count;
	int64_t first;
	int64_t last;
};
enum store_result store_event_sums(struct store *store,
    const struct net *client, int64_t since,
    void (*each)(void *to, const struct event_sum *sum), void *to);

/* ---- bans ---- */

/* STORE_NONE where another ban has that ref: take another and try again. */
enum store_result store_ban_put(struct store *store, const struct ban *ban);

/* Which bans; all conditions must hold. */
struct ban_query {
	enum {
		BAN_COVERING, /* those that hold `who` in them */
		BAN_INSIDE,   /* those that lie in `who` */
		BAN_EXACTLY,  /* those of `who` itself */
		BAN_ANYBODY
	} scope;
	struct net who;
	int64_t active_at;         /* only those active then; INT64_MIN: all */
	bool observed;             /* observed ones too */
	const enum reason *reason; /* NULL: any */
};
/* Calls `each` for every ban, the last-ending first, then the newest first;
 * stops where it returns false.  `each` must not call the store. */
enum store_result store_ban_each(struct store *store,
    const struct ban_query *query,
    bool (*each)(void *to, const struct ban *ban), void *to);

/* Mark a ban as cleared at `at`; `mistake` as well takes it out of the
 * steps (also of one cleared or over before). */
enum store_result store_ban_clear(
    struct store *store, int64_t id, int64_t at, bool mistake);

/* Add refused sessions; `told` is the newest one's time. */
enum store_result store_ban_hit(
    struct store *store, int64_t id, int64_t hits, int64_t told);

/* How many honest clients (see struct ban) beside `but`, or NULL, have an
 * enforced ban that began with after < begins <= until; bans lifted as
 * mistaken are left out. */
enum store_result store_ban_honest(struct store *store, int64_t after,
    int64_t until, const struct net *but, int64_t *count);

/* How many clients and networks have an active, enforced ban, by family.
 * Its cost grows with them: about a second at a million. */
enum store_result store_ban_listed(
    struct store *store, int64_t now, int64_t *v4, int64_t *v6);

/* How many active, enforced bans there are for each reason, at a like cost. */
enum store_result store_ban_live(
    struct store *store, int64_t now, int64_t live[static REASON_COUNT]);

/* ---- allow ---- */

struct allow {
	struct net net;
	char note[BAN_NOTE_SIZE];
	int64_t until; /* 0: for good */
};
/* Adding a network again replaces its note and end. */
enum store_result store_allow_put(
    struct store *store, const struct allow *allow);
/* STORE_NONE where it was not there. */
enum store_result store_allow_remove(
    struct store *store, const struct net *net);
/* The widest live entry that holds the address; STORE_NONE for none.
 * `out` may be NULL. */
enum store_result store_allow_covers(struct store *store,
    const struct addr *address, int64_t now, struct allow *out);
enum store_result store_allow_each(struct store *store, int64_t now,
    void (*each)(void *to, const struct allow *allow), void *to);

/* ---- tallies ---- */

enum store_result store_tally_add(struct store *store, const struct net *client,
    int64_t hour, const struct tally *tally);
/* Sum of the hours with from <= hour <= until. */
enum store_result store_tally_sum(struct store *store, const struct net *client,
    int64_t from, int64_t until, struct tally *sum);

/* A client's hours with from <= hour <= until, in order of time.  `each` must
 * not call the store. */
enum store_result store_tally_hours(struct store *store,
    const struct net *client, int64_t from, int64_t until,
    void (*each)(void *to, int64_t hour, const struct tally *tally), void *to);

/* Each client's sum of the hours with from <= hour <= until.  Goes through the
 * whole table: not for a session.  `each` must not call the store. */
enum store_result store_tally_each(struct store *store, int64_t from,
    int64_t until,
    void (*each)(void *to, const struct net *client, const struct tally *sum),
    void *to);

/* ---- sums of all clients by day, for statistics ---- */

/* What is summed; the names stand so in the database. */
enum daily {
	DAILY_EVENT,      /* by kind */
	DAILY_BAN,        /* by reason; enforced ones that began */
	DAILY_REFUSED,    /* sessions, by reason of the ban */
	DAILY_LIMITED,    /* sessions that met a limit, by its name */
	DAILY_SESSIONS,   /* of clients that are counted */
	DAILY_MESSAGES,   /* whose end was seen */
	DAILY_RECIPIENTS, /* accepted */
	DAILY_ACCEPTED,   /* messages that made no event */
	DAILY_COUNT
};
enum {
	STORE_DAY = 24 * 3600
};

/* Add to the day that `at` lies in; `name` is "" where there is none. */
enum store_result store_daily_add(struct store *store, int64_t at,
    enum daily what, const char *name, int64_t number);
/* The rows of the days from that of `from` on, in order of time. */
struct daily_row {
	int64_t day; /* its first second */
	enum daily what;
	const char *name; /* borrowed for the call */
	int64_t number;
};
enum store_result store_daily_each(struct store *store, int64_t from,
    void (*each)(void *to, const struct daily_row *row), void *to);

/* ---- marks: counting starts after them ---- */

/* `key` NULL: for every user.  An older mark gives way, a newer one stays. */
enum store_result store_mark_put(struct store *store, const struct net *client,
    enum reason reason, const char *key, int64_t at);
/* The newest mark without a key; STORE_NONE for none. */
enum store_result store_mark_newest(struct store *store,
    const struct net *client, enum reason reason, int64_t *at);

/* ---- logs: what the watcher knows of them ---- */

/* How far one source has been read. */
struct position {
	int64_t device;
	int64_t inode;
	int64_t offset; /* behind the last line that was taken */
	char head_hash[STORE_KEY_SIZE]; /* of the file's first bytes */
	int64_t head_len;               /* of how many */
	char line_hash[STORE_KEY_SIZE]; /* of the last line that was taken */
	int64_t line_len;               /* of its bytes, newline included */
	char cursor[STORE_CURSOR_SIZE]; /* the journal's own mark */
};
/* `source` is a path, or "journal". */
enum store_result store_position_put(
    struct store *store, const char *source, const struct position *position);
enum store_result store_position_get(
    struct store *store, const char *source, struct position *position);

/* Whose message a queue id is.  Put again it is replaced: ids come again. */
struct queue_entry {
	struct addr address;
	bool login; /* the client had logged in */
	int64_t at;
};
enum store_result store_queue_put(
    struct store *store, const char *id, const struct queue_entry *entry);
/* An id that tells nothing any more; fine where it is not there. */
enum store_result store_queue_remove(struct store *store, const char *id);
enum store_result store_queue_get(
    struct store *store, const char *id, struct queue_entry *entry);

/* The key under which user names are hashed, made at first use: needs the
 * caller's transaction. */
enum store_result store_secret(
    struct store *store, unsigned char secret[static STORE_SECRET_SIZE]);

/* ---- state, audit ---- */

enum store_result store_state_put(
    struct store *store, const char *key, const char *value, int64_t since);
/* One of them; STORE_NONE where it is not there.  A value that does not fit
 * is cut. */
enum store_result store_state_get(struct store *store, const char *key,
    char *value, size_t size, int64_t *since);
enum store_result store_state_each(struct store *store,
    void (*each)(void *to, const char *key, const char *value, int64_t since),
    void *to);

struct audit {
	int64_t at;
	const char *who;
	const char *what;    /* "ban", "clear", "allow add" ... */
	const char *subject; /* the address, network or "all" */
	const char *note;    /* or NULL */
};
enum store_result store_audit_put(
    struct store *store, const struct audit *audit);

/* ---- housekeeping ---- */

struct store_numbers {
	int64_t bytes;   /* of the main file */
	int64_t events;  /* about: from the lowest to the highest id */
	int64_t version; /* of the schema */
};
enum store_result store_numbers(
    struct store *store, struct store_numbers *numbers);

/* What is older than these times may go. */
struct store_prune {
	int64_t events;
	int64_t tallies;
	int64_t bans; /* by their end */
	int64_t marks;
	int64_t audit;
	int64_t queue; /* queue ids */
	int64_t daily; /* sums by day */
	int64_t now;   /* for allow entries that ran out */
};
/* Remove at most `most` rows of each table, the lowest ids first; gives back
 * how many went. */
enum store_result store_prune(struct store *store,
    const struct store_prune *before, int most, int64_t *removed);

#endif
