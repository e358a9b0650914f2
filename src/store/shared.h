/*
 * What several hosts share: what is to be sent, and what the others did.
 *
 * Each host has a database of its own and decides alone.  Once it has joined,
 * triggers put whatever it stores into an outbox, in the transaction of the
 * change and whoever makes it; videur-share sends that to a log on a server,
 * whose entries all hosts read in one order, and applies what the others sent.
 * However the entries of several hosts meet, the same ones lead to the same
 * content: what is added up commutes, and of what can only be one thing the
 * later or the lower one stands.
 *
 * Verbs that write need the caller's transaction, but for store_share_take().
 */
#ifndef STORE_SHARED_H
#define STORE_SHARED_H

#include "store/store.h"

enum {
	SHARE_NAME_SIZE = 64,
	SHARE_INSTANCE_SIZE = 33,
	SHARE_SORT_SIZE = 16,
	SHARE_VERSION_SIZE = 32,
	SHARE_POLICY_SIZE = STORE_KEY_SIZE
};

/* One thing that is shared; texts are borrowed. */
struct share_entry {
	int64_t n;        /* its place in the server's log */
	int64_t seq;      /* its number on the host that sent it */
	const char *host; /* that one's name */
	const char *sort; /* "event", "ban" ... */
	const char *key;  /* a later one of this sort and key replaces it; NULL:
			   * none does.  Later: "at" of the body, then the name
			   * of the host. */
	int64_t keep;     /* the server may forget it then; INT64_MAX: never */
	const char *body; /* JSON */
};

/* How long the server keeps what is sent, in seconds. */
struct share_keep {
	int64_t events;
	int64_t tallies;
	int64_t bans; /* from their end */
	int64_t audit;
};

/* This host, once it has joined. */
struct share_self {
	char name[SHARE_NAME_SIZE];
	char instance[SHARE_INSTANCE_SIZE];
	int64_t joined;  /* when */
	int64_t sent;    /* the server has all up to this seq */
	int64_t last;    /* the highest seq there ever was */
	int64_t read;    /* what the others sent is here up to this n */
	int64_t pending; /* entries that are to be sent; deltas not counted */
};
/* False: it has not joined. */
bool store_share_self(struct store *store, struct share_self *self);

/*
 * Join: what is stored is to be sent, and all that comes.  The secret is that
 * of all hosts: what was hashed under another one (user names, refs) stays as
 * it is.  Takes some seconds at a million events, in one transaction.  Does
 * nothing where it has joined.
 */
void store_share_join(struct store *store, const char *name,
    const char *instance, const unsigned char secret[static STORE_SECRET_SIZE],
    const struct share_keep *keep, int64_t now);
/* Other times for what is sent from now on. */
void store_share_keep(struct store *store, const struct share_keep *keep);
/* Nothing is shared any more; what came from others stays.  Should it join
 * again, what was done before then is not sent again, but for the allow list
 * and resets. */
void store_share_leave(struct store *store);

/* Go on as another instance of this host: what is to be sent is numbered from
 * 1 on. */
void store_share_renew(struct store *store, const char *instance, int64_t now);

/* Tell the oldest `most` entries that are to be sent, in order and without a
 * gap; what was added up meanwhile becomes entries first.  Gives back how many
 * were told. */
int64_t store_share_take(struct store *store, int64_t most,
    void (*each)(void *to, const struct share_entry *entry), void *to);
/* The server has them up to that one. */
void store_share_sent(struct store *store, int64_t seq);

/* Store what another host sent; false where that is of a later version or not
 * whole, and left out. */
bool store_share_apply(struct store *store, const struct share_entry *entry);
/* An event, and its texts; it knows no detail. */
struct share_event {
	struct event event;
	char source[STORE_SOURCE_SIZE];
	char key[STORE_KEY_SIZE];
};
/* The events, the newest `room` of each host, kind and hour, that an applied
 * entry of the sort "tally" counts.  They are judged then and not before: what
 * else their host did then, and the bans it made of them, are known.  Gives back
 * how many there are; *events must not move. */
size_t store_share_counted(struct store *store, const struct share_entry *entry,
    struct share_event *events, size_t room);
/* What the others sent is here up to that n: lower than it was only where the
 * server lost the rest. */
void store_share_read(struct store *store, int64_t n);

/* ---- the others ---- */

struct share_peer {
	int64_t id;
	char name[SHARE_NAME_SIZE];
	int64_t seen; /* when the server heard of it last; 0: never */
	char version[SHARE_VERSION_SIZE];
	char policy[SHARE_POLICY_SIZE]; /* hash of what it runs */
	int64_t clock;    /* milliseconds that it is ahead of this host */
	int64_t position; /* how far it read the server's log */
	int64_t pending;  /* what it had not sent yet */
};
/* What the server says of one, by its name; one that is not known is added. */
void store_share_peer_put(struct store *store, const struct share_peer *peer);
/* All of them, by name. */
void store_share_peer_each(struct store *store,
    void (*each)(void *to, const struct share_peer *peer), void *to);

#endif
