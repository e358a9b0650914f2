/*
 * What goes to the server and what comes from it, some at a time.
 *
 * Whatever ends this program, the server or the network between any two steps,
 * each entry arrives once: the server says how far it has this host's entries,
 * and how far its log was read is stored together with what was read.  The
 * database is locked while at most EXCHANGE_MOST entries are written, and never
 * while the server is waited for.
 */
#ifndef SHARE_EXCHANGE_H
#define SHARE_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"
#include "share/postgresql.h"
#include "store/shared.h"
#include "store/store.h"

enum {
	EXCHANGE_MOST = 256 /* entries at a time */
};

/* Set the first three; all else is nought. */
struct exchange {
	struct store *store;     /* borrowed */
	const struct conf *conf; /* borrowed */
	struct server *server;   /* borrowed */
	struct share_self self;
	char host[16];   /* what the server calls this host; empty: not yet */
	char before[16]; /* what it called this host before it joined anew */
	int64_t before_seq; /* of that all up to this is known here */
	int64_t read;       /* as self.read, or further: past own entries */
	int64_t last;       /* the newest in the server's log */
	int64_t changes;    /* store_changes() when all was sent */
	int64_t received;   /* when it was asked last, on proc_ticks() */
	int64_t reported;   /* likewise, to tell the server and the database */
	int64_t pruned;     /* likewise */
	int64_t signed_at;  /* likewise, a sign of life */
	int64_t acked;   /* the server has that seq, which is to be noted; 0 */
	int64_t missed;  /* entries up to that n were gone before they were
			     * read; 0: none */
	bool one_by_one; /* the server refused one of several */
	bool linked;     /* what the database has of the connection, */
	int pause;       /* and of how often it was tried */
	bool noted;      /* it has something of it */
};

/* After join_server(): send, receive, tell: what is due.  True where there is more at once.  Where
 * something goes wrong the connection is lost, or the database is tried
 * again. */
bool exchange_round(struct exchange *exchange, bool fresh, bool notified);

/* A sign of life, and whether there is a connection: what is due. */
void exchange_sign(struct exchange *exchange);

/* Whether a bracket of the database ended well, else after a log line: what was
 * to be done is tried again. */
bool exchange_commit(struct exchange *exchange);

#endif
