/*
 * The one meeting place of store and policy.
 *
 * Observations go in through engine_observe(), standings come out of
 * engine_standing(); what the administrator does by hand goes through the
 * verbs below them.  `now` is seconds since the epoch; nothing here reads a
 * clock.  Verbs that write need the caller's transaction.  What a failure
 * comes to is the store's: it sticks until the bracket ends, verbs find
 * nothing meanwhile, and the caller asks once, at its end.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/table.h"
#include "conf/conf.h"
#include "core/kind.h"
#include "core/reputation.h"
#include "core/standing.h"
#include "store/shared.h"
#include "store/store.h"

enum {
	ENGINE_BANS_MAX = 4,
	/* So many events of one client, kind and clock hour are kept; beyond
	 * them its tally alone grows, and what is kept stands for all. */
	ENGINE_HOUR_MAX = 500,
	ENGINE_KEYED_MAX = 256, /* bytes of a name that its key is made of */
	ENGINE_SHARED_BANS = 64
};

/* One thing an address did. */
struct observation {
	struct addr address;
	enum kind kind;
	int64_t at;
	const char *source;
	const char *key;    /* engine_key() of a name, or NULL */
	const char *detail; /* or NULL */
	/* Of a refused recipient: the sender is <>; and which of the refused
	 * ones of its message it is, 1 for the first; 0: not known. */
	bool null_sender;
	int nth;
	enum service service; /* where it was seen; ANY: not known */
};

/* What spared a client a ban, a bit each. */
enum {
	SPARED_ACCEPTED = 1, /* what was accepted beside it in the window */
	SPARED_HISTORY = 2,  /* and in the days before */
	SPARED_BOUNCES = 4,  /* it was refused to the null sender */
	SPARED_SOFT = 8,     /* the ban began, and answers 450 */
	SPARED_BITS = 4
};

/* So many more events of a client, of whatever kinds and not from before, can
 * come before one of a kind can begin a ban: until that time, and while nothing
 * else is written. */
struct leeway_found {
	int64_t events;
	int64_t ends;
};

/* What became of it. */
struct outcome {
	/* False: the address is allowed or never banned, or its message has
	 * had the most unknown recipients that count of such a client. */
	bool counted;
	/* It is kept as an event; else only tallied, as no ban can come of it
	 * while others hold, or enough of its hour are kept. */
	bool stored;
	/* That begin with it, or from now on hold on every service. */
	struct ban ban[ENGINE_BANS_MAX];
	size_t bans;
	unsigned spared;
	bool braked; /* it put the brake on */
	bool storm;  /* it shows that logins fail for all; once a storm */
	struct leeway_found leeway; /* behind it */
};

/* Who is counted when this address does something. */
struct net engine_client(const struct conf *conf, const struct addr *address);

/*
 * The keyed hash by which observations tell one user name or recipient from
 * another; empty for an empty name.  Case does not matter, as with most mail
 * servers.  In the caller's transaction: the secret is made at first use.
 */
void engine_key(
    struct store *store, const char *name, char key[static HASH_TEXT_SIZE]);
/* The same where the secret is at hand; gives back `key`. */
char *engine_hash(const unsigned char secret[static STORE_SECRET_SIZE],
    const char *name, char key[static HASH_TEXT_SIZE]);

/*
 * Record an observation and ban its client where a rule says so, in the
 * caller's transaction.  It costs the same whatever its client did before.  A
 * time after `now` is `now`.  `unflushed` holds what this process has seen of
 * the client and not yet written to its tallies, or is NULL.
 */
void engine_observe(struct store *store, const struct conf *conf,
    const struct observation *seen, const struct tally *unflushed, int64_t now,
    struct outcome *outcome);

/* Before any is observed: the leeway of a client that does something now. */
struct leeway_found engine_leeway(struct store *store, const struct conf *conf,
    const struct addr *address, enum kind kind, int64_t now);

/* Add to the sums by day. */
void engine_sum(struct store *store, enum daily what, const char *name,
    int64_t number, int64_t at);

/* What the watcher read today and yesterday, log by log. */
void engine_sources(struct store *store, int64_t now,
    void (*each)(void *to, const struct source_seen *seen), void *to);

/* What the milter saw in that time. */
struct milter_seen {
	int64_t sessions;
	int64_t message_ends;
	int64_t verdict_headers; /* of scanners that the configuration names */
	int64_t rejections;
	int64_t asked; /* of the sessions, whose client was looked up */
};
void engine_seen(struct store *store, int64_t now, struct milter_seen *seen);

/* Say in the service's log that a ban begins, once it is committed. */
void engine_log_ban(const struct ban *ban);

/* What was counted in memory and is to be added to the database. */
struct counted {
	enum {
		COUNTED_TALLY,   /* what a client did in an hour */
		COUNTED_HITS,    /* sessions that a ban refused */
		COUNTED_LIMITED, /* sessions that met a limit */
		COUNTED_SEEN     /* sessions in which something was seen */
	} what;
	struct net client;  /* of a tally */
	struct tally tally; /* of a tally */
	int64_t ban;        /* the id of a ban, forgotten ones too */
	int cause;          /* of the ban: ban_cause() */
	enum limit_kind limit;
	const char *seen; /* a literal, "message-ends": see DAILY_SEEN */
	int64_t times;    /* sessions */
	int64_t at;       /* of a tally its hour; else when the newest was */
};
/* Add it, and what follows of it to the sums by day. */
void engine_count(
    struct store *store, const struct counted *counted, size_t count);

/*
 * The brake, against a broken map, resolver or scanner that makes everybody
 * look bad.  It counts honest clients that get a new enforced ban by a rule.
 * The one that would be number brake_bans within brake_within seconds puts it
 * on.  While it is on, new bans of honest clients are stored as observed; all
 * others, those by hand and all that hold stay in force.  It stays on until it
 * is released, or for brake_quiet seconds without a further ban of an honest
 * client, observed or not.  In observe mode there is nothing to brake.
 *
 * Honest is who, in the REPUTATION_SPAN before the first of the bans that put it
 * on, logged in well; or of whom brake_accepted messages were accepted then, on
 * brake_days days, brake_span seconds from the first to the last, and for
 * brake_recipients recipients.
 */
struct brake {
	bool on;
	int64_t since; /* when it was put on or released; 0: never */
	int64_t cause; /* when the first ban that put it on began */
};
void engine_brake(struct store *store, const struct conf *conf, int64_t now,
    struct brake *brake);
/* The same, and how many clients count towards it now; while it is on those
 * since it was put on, which are none. */
struct brake_counts {
	struct brake brake;
	int64_t clients;
};
void engine_brake_counts(struct store *store, const struct conf *conf,
    int64_t now, struct brake_counts *counts);
/* Release it: bans from before `now` do not count towards it any more, and
 * events from before not against honest clients. */
void engine_brake_release(struct store *store, int64_t now);
/* Say loudly that it was put on, once that is committed. */
void engine_log_brake(const struct conf *conf);
/* Say loudly that logins fail for all, once that is committed. */
void engine_log_storm(void);

/* What was seen and could not be kept, by its sort.  To lose is to add to the
 * sums by day and to the state; what was lost today and yesterday. */
enum loss {
	LOSS_EVENTS,     /* there was no room to let them wait */
	LOSS_COUNTS,     /* rows of what was counted, the same */
	LOSS_RECIPIENTS, /* accepted ones, beyond those of a session that are
			  * to its credit */
	LOSS_GAPS, /* places in logs that were gone before they were read */
	LOSS_SORTS
};
extern const struct words loss_words;
struct losses {
	int64_t number[LOSS_SORTS];
};
void engine_lose(struct store *store, const struct losses *more, int64_t now);
void engine_losses(struct store *store, int64_t now, struct losses *losses);

/* What the programs tell each other, by key; the names stand so in the
 * database. */
enum engine_state {
	STATE_BRAKE,        /* "on" or "off" */
	STATE_BRAKE_CAUSE,  /* since when honest clients were banned for it */
	STATE_MILTER,       /* a sign of life: the version that runs */
	STATE_WATCH,        /* likewise */
	STATE_WATCH_BEHIND, /* seconds since all was read */
	STATE_SUPPRESSED,   /* log lines that the journal dropped, so far */
	STATE_CLOCK,        /* the newest time that was trusted */
	STATE_STORM,        /* logins failed for all, when last */
	STATE_LOST,         /* all that was lost so far, and when last */
	STATE_LOGINS,       /* failed on port 25, when last (to the hour) */
	STATE_DAMAGED,      /* files put aside and not seen yet; or empty */
	STATE_MILTER_MODE,  /* "observe" or "enforce": what it runs in, and
			     * since when without a break */
	STATE_WATCH_MODE,   /* likewise */
	STATE_NOTIFIED,     /* what the administrator was told of */
	STATE_SHARE,        /* a sign of life, as of the others */
	STATE_SHARE_LOST,   /* why there is no connection to the server, since
			     * when; empty: there is one */
	STATE_SHARE_MISSED, /* this host was away for too long: entries up to
			     * that one were gone */
	STATE_COUNT
};
struct state {
	bool there;
	int64_t since; /* when it was put */
	char value[STORE_KEY_SIZE];
	int64_t number; /* the value as one; -1 where it is none */
};
void engine_states(
    struct store *store, struct state states[static STATE_COUNT]);
void engine_state_put(struct store *store, enum engine_state which,
    const char *value, int64_t now);
void engine_state_put_number(
    struct store *store, enum engine_state which, int64_t number, int64_t now);
/* "brake", "milter" ... */
const char *engine_state_name(enum engine_state which);
/* The sign of life of a service, STATE_MILTER or STATE_WATCH, and the mode it
 * runs in. */
void engine_state_alive(struct store *store, enum engine_state service,
    enum conf_mode mode, int64_t now);
/* What it runs in, as far as it said so. */
const struct state *engine_state_mode(
    const struct state states[static STATE_COUNT], enum engine_state service);
/* Since when a service only observes; 0 where none says so. */
int64_t engine_observing(const struct state states[static STATE_COUNT]);

/* How another host differs from this one. */
enum peer_fault {
	PEER_AWAY, /* the server has not heard of it for ENGINE_PEER_AWAY s */
	PEER_VERSION,
	PEER_POLICY, /* of the same version */
	PEER_CLOCK,  /* by more than ENGINE_PEER_CLOCK ms */
	PEER_FAULTS
};
enum {
	ENGINE_PEER_AWAY = 60,
	ENGINE_PEER_CLOCK = 2000
};
extern const struct words peer_words;
/* Bits 1 << PEER_AWAY ...; `at` is when the server was asked. */
unsigned engine_peer_faults(
    const struct conf *conf, const struct share_peer *peer, int64_t at);

/* How it stands with what this host shares. */
struct sharing {
	bool joined;
	struct share_self self; /* once it has */
	int64_t asked;          /* the last sign of life; 0: none */
	bool connected;         /* as of then, which was not long ago */
	int64_t since;          /* connected or not */
	char why[512];          /* not; or empty */
	int64_t missed;         /* entries up to that one were gone; or 0 */
	int64_t missed_at;      /* when that was found */
	int64_t hosts;          /* others that share */
	int64_t differ;         /* those with a fault */
};
void engine_sharing(struct store *store, const struct conf *conf, int64_t now,
    struct sharing *sharing);

/* What the policy's scale makes of a client now; `unflushed` as in
 * engine_observe(). */
struct repute {
	enum reputation reputation;
	struct reputation_facts facts;
	int64_t days; /* on so many mail was accepted, */
	int64_t span; /* and so many seconds from the first to the last */
};
void engine_repute(struct store *store, const struct conf *conf,
    const struct net *client, const struct tally *unflushed, int64_t now,
    struct repute *repute);

/* When a user's message was last delivered to a client, where that spares it
 * bans by rules (`correspondents`): for spam, errors, recipients and volume, not
 * for logins and viruses, and not as a part of a network; else 0. */
int64_t engine_written_to(struct store *store, const struct conf *conf,
    const struct net *client, int64_t now);

/* Everything known about an address now. */
void engine_standing(struct store *store, const struct conf *conf,
    const struct addr *address, int64_t now, struct standing *standing);

/* Ban by hand; `ban->who`, reason, ends, note and what it says are given, the
 * rest is filled in.  The reply to it names the administrator.  One by hand that
 * holds for the same reason is changed: it ends then, and has those words if
 * any; its old end is put in `*was`. */
enum banned {
	BAN_NEW,
	BAN_PROLONGED,
	BAN_REPLACED /* it ends no later than before */
};
enum banned engine_ban(struct store *store, const struct conf *conf,
    struct ban *ban, int64_t now, int64_t *was);

/* Which bans to lift. */
struct clearing {
	bool everybody;
	struct net who;            /* where not everybody */
	const enum reason *reason; /* NULL: all */
	bool mistake;
};
/* Lift live bans and start counting anew after `now` for their clients, and
 * for `who` where it lies in one client: then all of that client is meant.
 * What reaches beyond stays.  Gives back how many were lifted.  Many are lifted
 * in several transactions, and what the bracket wrote before is committed
 * first, as by engine_allow(). */
int64_t engine_clear(struct store *store, const struct conf *conf,
    const struct clearing *clearing, int64_t now);

/* Allow a network and lift live bans of clients inside it; gives back how many
 * those were. */
int64_t engine_allow(struct store *store, const struct conf *conf,
    const struct allow *allow, int64_t now);

/* Put a name on the allow list, or note that DNS answered for it: these
 * networks of it are allowed from now on, and no others.  Gives back how many
 * bans that lifted, in several transactions as engine_allow() does. */
int64_t engine_allow_name(struct store *store, const struct conf *conf,
    struct allow_name *name, const struct net *nets, size_t count, int64_t now);
/* The same where DNS gave no answer, for that reason: what it gave before
 * stays for ENGINE_NAME_KEPT seconds after its last answer. */
enum {
	ENGINE_NAME_KEPT = 30 * 24 * 3600,
	ENGINE_NAME_OLD = 24 * 3600 /* an answer so old is worth a word */
};
void engine_name_failed(struct store *store, struct allow_name *name,
    const char *error, int64_t now);
/* Whether the last answer is so old that somebody should know. */
bool engine_name_is_old(const struct allow_name *name, int64_t now);

/* What a batch of other hosts' entries came to. */
struct shared_outcome {
	size_t unknown; /* of a later version, or not whole: left out */
	/* Bans that begin with it, as far as there is room. */
	struct ban ban[ENGINE_SHARED_BANS];
	size_t bans;
};
/* Store what other hosts sent, in the caller's transaction, and then judge
 * their events, each at its own time: what they made of it is among it, so that
 * it is not made again. */
void engine_share(struct store *store, const struct conf *conf,
    const struct share_entry *entries, size_t count, int64_t now,
    struct shared_outcome *outcome);

/* One step of forgetting; gives back how many rows went: call again later
 * while it is not 0. */
int64_t engine_prune(struct store *store, const struct conf *conf, int64_t now);
/*
 * The same for a service, whose clock may be wrong: `ticks` are milliseconds
 * of the monotonic clock.  A `now` more than a day from the newest one that was
 * trusted is not, until that has lasted for an hour: nothing goes meanwhile;
 * the audit and allow entries that ran out go after a day of it.  Times that
 * lie in the future of one that is trusted become `now`.
 */
int64_t engine_maintain(
    struct store *store, const struct conf *conf, int64_t now, int64_t ticks);
/* Whether what is done `every` so many seconds, and next at `at`, is due: a
 * clock that was set back makes it due at once. */
static inline bool
engine_due(int64_t at, int64_t now, int64_t every)
{
	return now >= at || at > now + every;
}

/* What one rule makes of a client now, for `explain`. */
struct outlook {
	const struct rule *rule;
	int64_t counted;  /* events the rule counts now */
	int64_t need;     /* it acts at so many; INT64_MAX: at no number */
	int64_t accepted; /* other side of the ratio */
	int64_t history;  /* and what the 30 days before add to it */
	int64_t steps;    /* bans of its reason it remembers by then */
	int64_t next;     /* engine_next(): seconds it lasts; 0: never */
	int64_t forgets;  /* when the newest of those steps is forgotten; 0 */
};
void engine_outlook(struct store *store, const struct conf *conf,
    const struct net *client, const struct rule *rule, int64_t now,
    struct outlook *outlook);

/* Why a ban began: what its rule counted of its client up to then.  Of one by
 * hand or of another policy nothing is known. */
struct why {
	int64_t within;            /* in so many seconds */
	uint32_t kinds;            /* what was seen in them; 0: not known */
	int64_t together;          /* of a network: so much was counted of its
				    * clients; 0: not known, or of a client */
	bool known;                /* nothing of it is forgotten: */
	int64_t count[KIND_COUNT]; /* the numbers that led to it */
};
void engine_why(struct store *store, const struct conf *conf,
    const struct ban *ban, int64_t now, struct why *why);

/*
 * The ban that would follow one of a rule: its client does the same again as
 * soon as nothing holds it.  Later it is never longer, as bans are forgotten
 * meanwhile.
 */
struct next_ban {
	int64_t at;    /* the first moment it can begin */
	int64_t step;  /* which of its reason it is */
	int64_t lasts; /* seconds; 0: that rule is gone, or made by hand */
	int64_t most;  /* the longest of any rule for the reason; 0: none */
};
struct next_ban engine_next(struct store *store, const struct conf *conf,
    const struct ban *ban, int64_t now);
/* engine_standing(), and what follows each of its bans: asked at once. */
void engine_standing_next(struct store *store, const struct conf *conf,
    const struct addr *address, int64_t now, struct standing *standing,
    struct next_ban *next);

/* What a rule counts at `t` for a network that it widens to, and what the
 * network's earlier bans mean for it. */
int64_t engine_counted(struct store *store, const struct conf *conf,
    const struct rule *rule, const struct net *net, int64_t t,
    struct policy_past *past);

#endif
