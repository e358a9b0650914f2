/*
 * The one meeting place of store and policy.
 *
 * Deeds go in through engine_observe(), standings come out of
 * engine_standing(); what the administrator does by hand goes through the
 * verbs below them.  `now` is seconds since the epoch; nothing here reads a
 * clock.  Verbs that write need the caller's transaction.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/hash.h"
#include "conf/conf.h"
#include "core/ban.h"
#include "core/standing.h"
#include "core/tally.h"
#include "store/store.h"

enum {
	ENGINE_BANS_MAX = 4,
	ENGINE_KEYED_MAX = 256 /* bytes of a name that its key is made of */
};

/* One thing an address did. */
struct deed {
	struct addr address;
	enum kind kind;
	int64_t at;
	const char *source;
	const char *key;    /* engine_key() of a name, or NULL */
	const char *detail; /* or NULL */
};

/* What became of it. */
struct outcome {
	bool stored; /* false: the address is allowed or never banned */
	struct ban ban[ENGINE_BANS_MAX]; /* that begin with it */
	size_t bans;
	bool braked; /* it put the brake on */
};

/* Who is counted when this address does something. */
struct net engine_client(const struct conf *conf, const struct addr *address);

/*
 * The keyed hash by which deeds tell one user name or recipient from another;
 * empty for an empty name.  Case does not matter, as with most mail servers.
 * In the caller's transaction: the secret is made at first use.
 */
enum store_result engine_key(
    struct store *store, const char *name, char key[static HASH_TEXT_SIZE]);
/* The same where the secret is at hand; gives back `key`. */
char *engine_hash(const unsigned char secret[static STORE_SECRET_SIZE],
    const char *name, char key[static HASH_TEXT_SIZE]);

/*
 * Record a deed and ban its client where a rule says so, in the caller's
 * transaction.  A time after `now` is `now`.  `unflushed` holds what this
 * process has seen of the client and not yet written to its tallies, or is
 * NULL.
 */
enum store_result engine_observe(struct store *store, const struct conf *conf,
    const struct deed *deed, const struct tally *unflushed, int64_t now,
    struct outcome *outcome);

/* Say in the service's log that a ban begins, once it is committed. */
void engine_log_ban(const struct ban *ban);

/*
 * The brake, against a broken map, resolver or scanner that makes everybody
 * look bad.  It counts honest clients, those with brake_accepted messages
 * accepted in the REPUTATION_SPAN before, that get a new enforced ban by a
 * rule.  The one that would be number brake_bans within brake_within seconds
 * puts it on.  While it is on, new bans of honest clients are stored as
 * observed; all others, those by hand and all that hold stay in force.  It
 * stays on until it is released.  In observe mode there is nothing to brake.
 */
struct brake {
	bool on;
	int64_t since; /* when it was put on or released; 0: never */
};
enum store_result engine_brake(struct store *store, struct brake *brake);
/* The same, and how many clients count towards it now; while it is on those
 * since it was put on, which are none. */
struct brake_counts {
	struct brake brake;
	int64_t clients;
};
enum store_result engine_brake_counts(struct store *store,
    const struct conf *conf, int64_t now, struct brake_counts *counts);
/* Release it: bans from before `now` do not count towards it any more, and
 * events from before not against honest clients. */
enum store_result engine_brake_release(struct store *store, int64_t now);
/* Say loudly that it was put on, once that is committed. */
void engine_log_brake(const struct conf *conf);

/* What the policy's scale makes of a client now; `unflushed` as in
 * engine_observe(). */
struct repute {
	enum reputation reputation;
	struct reputation_facts facts;
};
enum store_result engine_repute(struct store *store, const struct conf *conf,
    const struct net *client, const struct tally *unflushed, int64_t now,
    struct repute *repute);

/* Everything known about an address now. */
enum store_result engine_standing(struct store *store, const struct conf *conf,
    const struct addr *address, int64_t now, struct standing *standing);

/* Ban by hand; `ban->who`, reason, ends and note are given, the rest is
 * filled in.  The reply to it names the administrator. */
enum store_result engine_ban(
    struct store *store, const struct conf *conf, struct ban *ban, int64_t now);

/* Which bans to lift. */
struct clearing {
	bool everybody;
	struct net who;            /* where not everybody */
	const enum reason *reason; /* NULL: all */
	bool mistake;
};
/* Lift live bans and start counting anew after `now` for their clients, and
 * for `who` where it is one client.  Network bans that reach beyond `who`
 * stay. */
enum store_result engine_clear(struct store *store, const struct conf *conf,
    const struct clearing *clearing, int64_t now, int64_t *lifted);

/* Allow a network and lift live bans of clients inside it. */
enum store_result engine_allow(struct store *store, const struct conf *conf,
    const struct allow *allow, int64_t now, int64_t *lifted);

/* One step of forgetting; call again later while *removed is not 0. */
enum store_result engine_expire(struct store *store, const struct conf *conf,
    int64_t now, int64_t *removed);

/* What one rule makes of a client now, for `explain`. */
struct prospect {
	const struct rule *rule;
	int64_t counted;  /* events the rule counts now */
	int64_t need;     /* it acts at so many; INT64_MAX: at no number */
	int64_t accepted; /* other side of the ratio */
	int64_t steps;    /* bans of its reason it remembers */
	int64_t next;     /* seconds the next ban would last; 0: never */
	int64_t forgets;  /* when the newest of those steps is forgotten; 0 */
};
enum store_result engine_prospect(struct store *store, const struct conf *conf,
    const struct net *client, const struct rule *rule, int64_t now,
    struct prospect *prospect);

#endif
