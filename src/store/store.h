/*
 * What the engine remembers.
 *
 * A narrow contract over one database; everything above works through it, and
 * nothing above knows which database that is, nor of its files.  A struct
 * store is one handle: it is used by one thread at a time, and its owner locks
 * it.  No verb reads a clock.
 *
 * Errors stick.  store_begin() or store_read() opens a bracket; once a verb in
 * it failed, all that follow do nothing and find nothing: false, 0, no call
 * back, and what they fill in is empty.  store_commit() or store_read_end()
 * ends the bracket and says what became of it, so that a caller asks once.
 * Brackets do not nest.  A verb that stands alone is a bracket of its own;
 * store_status() says what became of it.
 *
 * Writing verbs belong inside store_begin() ... store_commit().  What `each`
 * verbs call back must not call the store; texts they are given are borrowed
 * for the call.  One that gives back a bool stops the verb with false.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/words.h"
#include "core/kind.h"
#include "core/standing.h"

struct store;

enum store_result {
	STORE_OK,
	STORE_BUSY,  /* another program holds it; trying again may help */
	STORE_FAILED /* unusable: full, read-only, damaged ... */
};

enum store_mode {
	STORE_READ,    /* must exist; never written */
	STORE_WRITE,   /* created and migrated where needed */
	STORE_SCRATCH, /* in memory, for this handle alone; no path */
	STORE_SERVE    /* as STORE_WRITE, and store_tend() is called about once
			* a second: no commit pays for moving the log */
};

enum {
	STORE_ERROR_SIZE = 512,
	STORE_KEY_SIZE = 65,
	STORE_SOURCE_SIZE = 33,
	STORE_SECRET_SIZE = 16,
	STORE_CURSOR_SIZE = 513,
	STORE_HOLDER_SIZE = 48,
	STORE_HOST_SIZE = 64
};

/*
 * Open the database at `path`.  `timeout` as store_timeout().  On anything
 * but STORE_OK *out is NULL and `error` says why, beginning with the path; a
 * database that is newer than the program, not SQLite or not videur's is
 * left untouched.  The folder of a new database must exist; created files
 * are 0660 and, made by root, owned like their folder.
 */
enum store_result store_open(struct store **out, const char *path,
    enum store_mode mode, int timeout, char error[static STORE_ERROR_SIZE]);
void store_close(struct store *store);

/* The file beside the database that one who only reads it writes to as well:
 * readers' locks.  False where its path does not fit. */
bool store_locks_file(const char *path, char *out, size_t size);

/* A number that stays the same as long as no file of the database is replaced,
 * deleted or comes to be. */
uint64_t store_files(const char *path);

/* How many milliseconds a verb waits for another program's lock. */
void store_timeout(struct store *store, int milliseconds);

/*
 * Look after a handle that stays open: some times a second for each, between
 * its brackets.  Moves what was committed out of the log (STORE_SERVE), which
 * may take as long as the disk needs but waits for no program.  Where the
 * database failed it is opened anew, and where it was deleted or replaced the
 * one that is there now is opened: then *anew, if given, is set, and what was
 * learned from the old one (secret, positions) no longer holds.
 *
 * Where its files were deleted, cut, written over by others or are damaged, a
 * handle that may write puts that right, which takes most of a second: what can
 * be read is saved in a new database, the old files are put aside under a name
 * with a date (which is why this reads a clock), a line goes to the log, and
 * STORE_STATE_DAMAGED is set.  Of several programs one does it; the others find
 * STORE_BUSY meanwhile.  Without a database every bracket fails, and the next
 * call tries again.
 */
enum store_result store_tend(struct store *store, bool *anew);

/* A number, at least 0, that changes whenever another handle committed
 * something or this one was opened anew: what was found under the same number
 * still holds.  -1 where it cannot be told. */
int64_t store_changes(struct store *store);

/* A number for what is committed, whoever did that: the same number, the same
 * content.  0 where it cannot be told.  It costs no lock and asks the database
 * nothing, and another thread may use the handle meanwhile, but not open it,
 * tend it or close it. */
uint64_t store_glance(const struct store *store);

/* ---- brackets and errors ---- */

/* Takes the write lock at once.  Whoever writes keeps the log short: where it
 * is full and another program reads what only the log still holds, nothing is
 * written, and this is STORE_BUSY.  After a failure store_commit() or
 * store_rollback() is still due. */
void store_begin(struct store *store);
/* Ends the bracket.  On anything but STORE_OK nothing of it was written. */
enum store_result store_commit(struct store *store);
/* Where there is much to write: commit what was written so far, let others
 * write, and go on.  After store_pause() the bracket is closed, for questions
 * that take long, until store_go_on().  A failure sticks through both. */
void store_pause(struct store *store);
void store_go_on(struct store *store);
/* Nothing of what this bracket writes stays: store_commit() then says only
 * whether it could have been done. */
void store_rehearse(struct store *store);
/* Ends a bracket without a trace; harmless where there is none. */
void store_rollback(struct store *store);

/* Several questions to one moment, and cheaper than one by one.  End it soon:
 * the log cannot be moved away meanwhile. */
void store_read(struct store *store);
enum store_result store_read_end(struct store *store);

/* What became so far of this bracket, or of the verb that stood alone. */
enum store_result store_status(const struct store *store);
/* Why the newest failure came about; borrowed until the next bracket. */
const char *store_error(const struct store *store);

/* ---- the three of a session: standing, evidence, record ---- */

/* All that one judgement of a client needs.  Judged is at `t`: the time of
 * its youngest event of these kinds with at <= time < at + within. */
struct evidence_query {
	struct net client;
	uint32_t kinds; /* that the rule counts */
	enum reason reason;
	int64_t at;     /* and `t` where there is no such event */
	int64_t within; /* 0: judged is at `at` */
	int64_t window; /* seconds the rule looks back */
	int64_t least;  /* fewer events around `at` lead to nothing: then the
			 * rest is not looked up; 0: look in any case */
	int64_t logins; /* seconds that good logins are looked for; 0: none */
	bool bans_only; /* the rest stays as where there is nothing */
};
struct evidence {
	bool enough;           /* false: nothing else was looked up */
	int64_t t;             /* when it is judged */
	int64_t reset;         /* the newest for all keys; INT64_MIN */
	int64_t users;         /* that logged in well in (t - logins, t] */
	const struct ban *ban; /* of the reason that cover the client, observed
				* ones too, in no order; borrowed until the
				* next verb */
	size_t bans;
};
void store_evidence(struct store *store, const struct evidence_query *query,
    struct evidence *out);

/*
 * What there is about an address now.  `address` and `checked_at` are given;
 * filled in are verdict (CLEAR, ALLOWED by the list, or BANNED), and for a
 * banned one its bans.  Where that fails, CLEAR. `past`, if given, is to
 * hold all bans that cover it, as those of any reason would in evidence.
 */
void store_standing(
    struct store *store, struct standing *standing, struct evidence *past);

struct event {
	struct net client;
	struct addr address;
	enum kind kind;
	int64_t at;
	const char *source; /* "milter", "report", "postfix" ... */
	const char *key;    /* keyed hash of a user name, or NULL */
	/* Never a recipient, user name or log text; or NULL. */
	const char *detail;
	/* It may be no fault of the client's: a recipient refused to the null
	 * sender, a failed login where others worked. */
	bool doubtful;
	int64_t host; /* who saw it: 0 is this host */
};

/* What one client did in one hour. */
struct tally_row {
	struct net client;
	int64_t hour;
	struct tally tally;
};

/* Refused sessions of a ban. */
struct ban_hits {
	int64_t id;
	int64_t hits;
	int64_t told; /* when the newest of them was */
};

/* Sums of all clients by day, for statistics; the names stand so in the
 * database. */
enum daily {
	DAILY_EVENT,      /* by kind */
	DAILY_BAN,        /* by cause_words; enforced ones that began */
	DAILY_REFUSED,    /* sessions, by what the ban is counted by */
	DAILY_LIMITED,    /* sessions that met a limit, by its name */
	DAILY_SESSIONS,   /* of clients that are counted */
	DAILY_MESSAGES,   /* whose end was seen */
	DAILY_RECIPIENTS, /* accepted */
	DAILY_ACCEPTED,   /* messages that made no event */
	DAILY_LOST,       /* what could not be kept, by its sort */
	/* Of each log, by its name: lines read, lines a rule understood, what
	 * they told, and how much of that is not the watcher's to count. */
	DAILY_LINES,
	DAILY_UNDERSTOOD,
	DAILY_FINDINGS,
	DAILY_DROPPED,
	/* What the milter saw: "sessions", "message-ends", "verdict-headers",
	 * "rejections", "asked". */
	DAILY_SEEN,
	DAILY_COUNT
};
enum {
	STORE_DAY = 24 * 3600
};
struct daily_row {
	int64_t day; /* its first second; in a record any of them */
	enum daily what;
	const char *name; /* "" where there is none */
	int64_t number;
};

/* From when on a client's events count towards a reason: those up to `at` no
 * longer do. */
struct reset {
	struct net client;
	enum reason reason;
	const char *key; /* only those of this key; NULL: all */
	int64_t at;
};

/* How far one source has been read. */
struct position {
	int64_t device;
	int64_t inode;
	int64_t offset; /* behind the last line that was taken */
	char head_hash[STORE_KEY_SIZE]; /* of the file's first bytes */
	int64_t head_len;               /* of how many */
	char line_hash[STORE_KEY_SIZE]; /* of the last line that was taken */
	int64_t line_len;               /* of its bytes, newline included */
	char cursor[STORE_CURSOR_SIZE]; /* the journal's own */
};

/* What is to be kept of what happened; NULL for what there is not. */
struct store_record {
	const struct event *event;
	const struct tally_row *tally; /* added to that hour */
	const struct daily_row *sum;   /* added to that day */
	const struct ban_hits *hits;   /* added to that ban, if it is there */
	const struct reset *reset;     /* an older one gives way */
	const char *source;            /* a path or "journal", of: */
	const struct position *position;
	/* A new ban; its id is set, and where its ref is empty one is drawn.
	 * A ref that another ban has is a failure. */
	struct ban *ban;
};
void store_record(struct store *store, const struct store_record *record);

/* ---- events ---- */

struct event_query {
	struct net client;
	uint32_t kinds;
	int64_t after; /* after < at <= until */
	int64_t until;
	int64_t most; /* counting stops there */
	/* Failures of a user who logged in since (a reset with the key, for
	 * this reason) are left out. */
	enum reason reason;
	bool sure;   /* without doubtful recipients */
	bool hourly; /* by key: each clock hour apart */
};
int64_t store_event_count(struct store *store, const struct event_query *query);
/* Whose the newest of them was, and when; false where there is none.  `most` is
 * not looked at. */
bool store_event_newest(struct store *store, const struct event_query *query,
    struct addr *address, int64_t *at);
/* The count by key: how many of one kind and key there are.  One without a key
 * stands for itself.  `most` is not looked at. */
void store_event_keys(struct store *store, const struct event_query *query,
    bool (*each)(void *to, int64_t events), void *to);

/* One line per kind, source and host of what is stored of a client since a
 * time. */
struct event_sum {
	enum kind kind;
	char source[STORE_SOURCE_SIZE];
	char host[STORE_HOST_SIZE]; /* where it was seen; empty: here */
	int64_t count;
	int64_t first;
	int64_t last;
};
void store_event_sums(struct store *store, const struct net *client,
    int64_t since, void (*each)(void *to, const struct event_sum *sum),
    void *to);

/* ---- networks above the client ---- */

/* One more event that a rule counts for a network in that hour; gives back how
 * many there are. */
int64_t store_prefix_add(
    struct store *store, const struct net *net, const char *rule, int64_t hour);
/* How many there were in the hours with after < hour <= until; each is looked
 * up. */
int64_t store_prefix_sum(struct store *store, const struct net *net,
    const char *rule, int64_t after, int64_t until);
/* How many events of the kind and key of one there are in its clock hour, later
 * than the newest reset of the client's or the key's for the reason and than
 * `after`, up to `most`. */
int64_t store_event_same(struct store *store, const struct event *event,
    enum reason reason, int64_t after, int64_t most);
/* Whether a client in the network had mail accepted or logged in well in an
 * hour from `since` on.  The cost grows with the good clients around: not for
 * each event. */
bool store_good_inside(
    struct store *store, const struct net *net, int64_t since);
/* Add up, by kind, what is kept of all clients in a network.  False where not
 * all of it was looked at: what a large one did in all its time may be much. */
struct inside_query {
	struct net net;
	int64_t after; /* after < at <= until */
	int64_t until;
	int64_t most; /* events that are looked at, of any time */
};
bool store_event_inside(struct store *store, const struct inside_query *query,
    int64_t count[static KIND_COUNT]);

/* Read a text out of JSON (RFC 8259), at a path such as "$.remote", or "true" or
 * "false"; empty where it is not there or longer than the room.  False where it is no JSON. */
bool store_json_text(struct store *store, const char *json, const char *path,
    char *out, size_t size);

/* ---- bans ---- */

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
	bool later;                /* and those that are later or were lifted */
	bool observed;             /* observed ones too */
	const enum reason *reason; /* NULL: any */
};
/* Calls `each` for every ban, the last-ending first, then the newest first;
 * thousands of them are not of one moment, even in one bracket. */
void store_ban_each(struct store *store, const struct ban_query *query,
    bool (*each)(void *to, const struct ban *ban), void *to);

/* Those that were written behind an id, the oldest first, at most `most`. */
void store_ban_after(struct store *store, int64_t after, int64_t most,
    void (*each)(void *to, const struct ban *ban), void *to);

/* The ban of that ref, over or not; false where there is none. */
bool store_ban_find(struct store *store, const char *ref, struct ban *ban);

/* How many honest clients (see struct ban) have an enforced ban that began with
 * after < begins <= until and was no mistake, but for `but` (NULL: none); in
 * `first`, if given, when the first of these bans began, INT64_MAX. */
int64_t store_ban_honest(struct store *store, int64_t after, int64_t until,
    const struct net *but, int64_t *first);
/* When the newest ban of an honest client began, observed ones too; INT64_MIN
 * for none. */
int64_t store_ban_honest_newest(struct store *store);

/* Write a new end, service and words of a ban, changed at `now`. */
void store_ban_change(struct store *store, const struct ban *ban, int64_t now);

/* Whether a client logged in well in an hour with from <= hour <= until. */
bool store_logged_in(
    struct store *store, const struct net *client, int64_t from, int64_t until);
/* When the newest good login of anybody was, up to then; INT64_MIN. */
int64_t store_login_newest(struct store *store, int64_t until);
/* Of how many clients logins failed doubtfully with after < at <= until;
 * `most` is enough. */
int64_t store_login_failures(
    struct store *store, int64_t after, int64_t until, int64_t most);
/* Their bans for it that began after `after` refuse nobody any more. */
void store_login_forgive(struct store *store, int64_t after, int64_t until);

/* Mark a ban as cleared at `at`; `mistake` as well takes it out of the
 * steps (also of one cleared or over before). */
void store_ban_clear(struct store *store, int64_t id, int64_t at, bool mistake);

/* Bans that hold at `active_at`, or with `observed` those that were only
 * observed from then on and not lifted; of these the suspects
 * (core/reputation.h), by what was accepted of them after `since` and before
 * the ban began: `most` with most of it.  Looked at are the 20,000 that end
 * last. */
struct suspects_query {
	bool observed;
	int64_t active_at;
	int64_t since;
	int64_t most;
};
void store_ban_suspects(struct store *store, const struct suspects_query *query,
    void (*each)(void *to, const struct ban *ban, int64_t accepted), void *to);
/* How many bans there are of which it finds the suspects, and how many of
 * those; `most` is not looked at. */
struct suspects_count {
	int64_t bans;
	int64_t suspects;
};
struct suspects_count store_ban_suspects_count(
    struct store *store, const struct suspects_query *query);

/* What is active and enforced.  The cost grows with it: half a second and 16 MB
 * at a million. */
struct ban_counts {
	/* Who has any: single addresses and networks (an IPv6 /64 is one) apart,
	 * each of IPv4 and of IPv6. */
	int64_t addresses[2];
	int64_t networks[2];
	int64_t bans[CAUSE_COUNT]; /* by cause_words */
};
void store_ban_counts(
    struct store *store, int64_t now, struct ban_counts *counts);

/* How many of them are for a reason, by hand or not. */
int64_t store_ban_live(struct store *store, int64_t now, enum reason reason);

/* When the ban began that did so last, whatever became of it; INT64_MIN. */
int64_t store_ban_newest(struct store *store);

/* Active bans that refuse nobody. */
struct ban_observed {
	int64_t all;
	int64_t held; /* of these, by the brake */
};
void store_ban_observed(
    struct store *store, int64_t now, struct ban_observed *observed);

/* ---- allow ---- */

struct allow {
	struct net net;
	char note[BAN_NOTE_SIZE];
	int64_t until; /* 0: for good */
	bool named;    /* it is there only because a name gave it */
};
/* By hand; adding a network again replaces its note and end. */
void store_allow_put(
    struct store *store, const struct allow *allow, int64_t now);
/* False where it was not there by hand. */
bool store_allow_remove(
    struct store *store, const struct net *net, int64_t now);
/* The widest live entry that holds the address.  `out` may be NULL. */
bool store_allow_find(struct store *store, const struct addr *address,
    int64_t now, struct allow *out);
/* Those that are live. */
void store_allow_each(struct store *store, int64_t now,
    void (*each)(void *to, const struct allow *allow), void *to);

/* ---- names on the allow list ---- */

enum allow_how {
	ALLOW_HOST, /* the addresses of a host */
	ALLOW_SPF   /* what the SPF record of a domain allows */
};
extern const struct words allow_how_words;

enum {
	ALLOW_NAME_SIZE = 256,
	ALLOW_ERROR_SIZE = 256
};
struct allow_name {
	int64_t id;
	enum allow_how how;
	char name[ALLOW_NAME_SIZE]; /* in small letters */
	char note[BAN_NOTE_SIZE];
	int64_t until;    /* 0: for good */
	int64_t asked;    /* when DNS was asked last */
	int64_t answered; /* and when it last gave an answer; 0: never */
	char error[ALLOW_ERROR_SIZE]; /* why it gave none the last time */
	int64_t networks;             /* of that answer; only read */
};
/* One that is there is changed; an `answered` of 0 leaves what it is.  Sets
 * its id. */
void store_name_put(struct store *store, struct allow_name *name);
/* Fill in the one of that `how` and `name`; false where there is none. */
bool store_name_find(struct store *store, struct allow_name *name);
void store_name_remove(struct store *store, int64_t id, int64_t now);
/* What its newest answer gave, instead of what the last one did. */
void store_name_networks(
    struct store *store, int64_t id, const struct net *nets, size_t count);
/* Bring the allow list in line with what the names give; due after each of
 * these changes.  What is there by hand stays until it ends. */
void store_names_apply(struct store *store, int64_t now);
/* All of them, by name. */
void store_names_each(struct store *store,
    void (*each)(void *to, const struct allow_name *name), void *to);

/* ---- correspondents ---- */

/* A user's message was delivered to that client; an hour is one time. */
void store_correspondent_put(
    struct store *store, const struct net *client, int64_t at);
/* When one last was; INT64_MIN: never. */
int64_t store_correspondent(struct store *store, const struct net *client);

/* ---- networks that bans and the allow list name ---- */

/* How far they were told of; all zero: not at all. */
struct store_followed {
	int64_t ban;                /* the last one's id, */
	char client[NET_TEXT_SIZE]; /* and of whom it is */
	int64_t rewritten; /* of what is not behind it, how often so far */
	int64_t about;     /* how many bans there are, at most */
};
enum store_told {
	STORE_TOLD_ALL,
	STORE_TOLD_SOME, /* there are more */
	STORE_TOLD_WRONG /* what was told is not all of what lies before, or it
			  * failed: begin again with all zero */
};
/* Tell of those not told of before, for who keeps them in memory: of `most`
 * bans, whatever became of them, and at the beginning of all of the allow
 * list. */
enum store_told store_follow(struct store *store,
    struct store_followed *followed, int64_t most,
    void (*each)(void *to, const struct net *net), void *to);

/* ---- tallies and sums by day ---- */

/* Sum of a client's hours with from <= hour <= until. */
void store_tally_sum(struct store *store, const struct net *client,
    int64_t from, int64_t until, struct tally *sum);
/* Those hours, in order of time. */
void store_tally_hours(struct store *store, const struct net *client,
    int64_t from, int64_t until,
    void (*each)(void *to, int64_t hour, const struct tally *tally), void *to);
/* Each client's sum of them.  Goes through the whole table: not for a
 * session. */
void store_tally_each(struct store *store, int64_t from, int64_t until,
    void (*each)(void *to, const struct net *client, const struct tally *sum),
    void *to);

/* The sums of the days from that of `from` on, in order of time. */
void store_daily_each(struct store *store, int64_t from,
    void (*each)(void *to, const struct daily_row *row), void *to);

/* How much of one log was understood. */
struct source_seen {
	const char *source; /* a path, or "journal"; borrowed for the call */
	int64_t lines;
	int64_t understood;
	int64_t findings;
	int64_t dropped; /* findings that are another program's to count */
};
/* The sums of it from the day of `from` on, log by log, by name. */
void store_daily_sources(struct store *store, int64_t from,
    void (*each)(void *to, const struct source_seen *seen), void *to);

/* ---- logs: what the watcher knows of them ---- */

/* `source` is a path, or "journal". */
bool store_position_find(
    struct store *store, const char *source, struct position *position);

/* Whose message a queue id is.  Put again it is replaced: ids come again. */
struct queue_entry {
	struct addr address;
	bool login; /* the client had logged in */
	int64_t at;
};
void store_queue_put(
    struct store *store, const char *id, const struct queue_entry *entry);
/* An id that tells nothing any more; fine where it is not there. */
void store_queue_remove(struct store *store, const char *id);
bool store_queue_find(
    struct store *store, const char *id, struct queue_entry *entry);

/* ---- secret, state, audit ---- */

/* The key under which user names are hashed, made at first use: needs the
 * caller's transaction.  Zeroes where that fails. */
void store_secret(
    struct store *store, unsigned char secret[static STORE_SECRET_SIZE]);
/* The same before the host joined others, and since: for what is of this host
 * alone, such as how far its logs were read. */
void store_secret_own(
    struct store *store, unsigned char secret[static STORE_SECRET_SIZE]);

/* The engine names the keys, but for that under which the store itself notes
 * what it put aside: the name of the main file, or why there is none. */
#define STORE_STATE_DAMAGED "damaged"
/* What store_restore() put back, by the name of what it replaced. */
#define STORE_STATE_RESTORED "restored"
void store_state_put(
    struct store *store, const char *key, const char *value, int64_t since);
/* A value that does not fit is cut. */
bool store_state_find(struct store *store, const char *key, char *value,
    size_t size, int64_t *since);
void store_state_each(struct store *store,
    void (*each)(void *to, const char *key, const char *value, int64_t since),
    void *to);

struct audit {
	int64_t at;
	const char *who;
	const char *what;    /* "ban", "clear", "allow add" ... */
	const char *subject; /* the address, network or "all" */
	const char *note;    /* or NULL */
	const char *host;    /* where; only read, empty: here */
};
void store_audit_put(struct store *store, const struct audit *audit);
/* The newest first. */
void store_audit_each(struct store *store,
    bool (*each)(void *to, const struct audit *audit), void *to);
/* Those of one second. */
void store_audit_at(struct store *store, int64_t at,
    bool (*each)(void *to, const struct audit *audit), void *to);

/* ---- what happened ---- */

enum happened_sort {
	HAPPENED_EVENT,
	HAPPENED_BAN,
	HAPPENED_CHANGE, /* by hand: the audit */
	HAPPENED_SORTS
};
struct happened {
	enum happened_sort sort;
	int64_t id; /* in the order in which they were written, of its sort */
	int64_t at;
	const char *who;  /* an address, a network, or whom a change is about */
	const char *what; /* kind, reason or verb */
	const char *text; /* the rest, for people */
};
/* The highest id of a sort; 0: there is none. */
int64_t store_happened_newest(struct store *store, enum happened_sort sort);
/* The id behind which all stands that happened after `since`, but no more than
 * the newest `most`. */
int64_t store_happened_before(
    struct store *store, enum happened_sort sort, int64_t since, int64_t most);
/* What was written behind that id, the oldest first, at most `most`. */
void store_happened(struct store *store, enum happened_sort sort, int64_t after,
    int64_t most, void (*each)(void *to, const struct happened *happened),
    void *to);

/* A client with a session that a ban refused; texts are borrowed. */
struct refused_client {
	const char *who;
	const char *reason;
	int64_t hits; /* all that this ban refused */
	int64_t at;   /* the last of them */
	int64_t ends;
	const char *ref;
};
/* Those refused after `since`, most hits first: `most`, of the 1,000 that were
 * refused last. */
void store_refused(struct store *store, int64_t since, int64_t most,
    void (*each)(void *to, const struct refused_client *refused), void *to);

/* ---- housekeeping ---- */

struct store_numbers {
	int64_t bytes;   /* of the main file */
	int64_t events;  /* about: from the lowest to the highest id */
	int64_t version; /* of the schema */
	int64_t log;     /* bytes of the write-ahead log */
	/* Who keeps it from being emptied, where nothing more is written for
	 * that: "sqlite3, process 4711"; else empty. */
	char holder[STORE_HOLDER_SIZE];
};
void store_numbers(struct store *store, struct store_numbers *numbers);

/* What is older than these times may go. */
struct store_prune {
	int64_t events;
	int64_t tallies;
	int64_t bans; /* by their end */
	int64_t resets;
	int64_t audit;
	int64_t queue;  /* queue ids */
	int64_t daily;  /* sums by day */
	int64_t allows; /* by their end */
	int64_t correspondents;
};
/* Remove at most `most` rows, the oldest of each table first; where nothing is
 * old, give a few of the emptied pages back to the disk, but for those that
 * are soon needed again.  Gives back how many went: 0, there is nothing left to
 * do. */
int64_t store_prune(
    struct store *store, const struct store_prune *before, int most);

/* Nothing lies in the future: what does becomes `now`, and a ban from then
 * lasts as long as it was to.  Some of each table at a time. */
void store_settle(struct store *store, int64_t now);
/* When the newest of what is kept happened; INT64_MIN where there is none. */
int64_t store_newest(struct store *store);

/* Look for damage (PRAGMA quick_check): each complaint, some at most.  Takes
 * long on a big database, and gives up (STORE_BUSY) after some milliseconds (0:
 * never), where the log grows meanwhile, or *leave, unless NULL, becomes true,
 * which any thread may set.  What makes it unreadable is the verb's failure. */
void store_check(struct store *store, int64_t most, const atomic_bool *leave,
    void (*each)(void *to, const char *complaint), void *to);

/* What was saved of a damaged database, table by table. */
enum {
	RESCUED_TABLES = 24
};
struct store_rescued {
	struct {
		const char *table;
		int64_t rows;
		int64_t gaps; /* places where rows could not be read */
	} table[RESCUED_TABLES];
	size_t tables;
	int64_t rows; /* of all */
	int64_t gaps;
};
/*
 * Save what can be read of the database at `from` into a new one at `to`,
 * which must not exist: allow list, bans and audit first.  The one at `from` is
 * only read.  Anything but STORE_OK: nothing is at `to`, and `error` says why.
 */
enum store_result store_rescue(const char *from, const char *to,
    struct store_rescued *counts, char error[static STORE_ERROR_SIZE]);

/* What went of one client, table by table. */
enum {
	STORE_ERASE_TABLES = 9
};
struct store_erased {
	const char *table;
	int64_t rows;
};
/*
 * Remove all that names a client: its events, counts, resets and bans, queue
 * ids, and what the audit says of it, whose lines stay without it.  In the
 * caller's transaction, in steps.  Gives back how many tables there are.  What
 * other programs have in memory and write later comes back.
 */
size_t store_erase(struct store *store, const struct net *client,
    struct store_erased erased[static STORE_ERASE_TABLES]);

/*
 * Copy the database at `from`, as it is at one moment, while others write, into
 * a file that is whole by itself, of mode 0600: `to` is there whole, or as it
 * was.  `bytes` is its size.  Anything but STORE_OK: `error` says why.
 */
enum store_result store_backup(const char *from, const char *to, int64_t *bytes,
    char error[static STORE_ERROR_SIZE]);

/*
 * Put a copy of the database at `from` in the place of the one at `path`, which
 * is kept under the name `kept`, while others have it open: they notice, and
 * write into the new one what they were about to write.  Whatever interrupts
 * it, there is the old or the new one, whole.  Where `kept` is NULL it is only
 * looked whether `from` fits: one of ours, sound, and not newer than this
 * program.  Anything but STORE_OK: the old one, and `error` says why.
 */
enum store_result store_restore(const char *path, const char *from,
    char kept[PATH_MAX], bool *fits, char error[static STORE_ERROR_SIZE]);

/* A ban of fail2ban's; texts are borrowed for the call. */
struct fail2ban_ban {
	const char *ip;
	const char *jail;
	int64_t at;
	int64_t lasts; /* seconds; negative: for good; 0: it does not say */
};
/*
 * The newest ban of each address and jail in fail2ban's database, which is only
 * read.  Anything but STORE_OK: `error` says why, and what was told is not all.
 */
enum store_result store_fail2ban(const char *path,
    void (*each)(void *to, const struct fail2ban_ban *ban), void *to,
    char error[static STORE_ERROR_SIZE]);

#endif
