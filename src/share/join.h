/*
 * A host's place on the server: taken once, found again at each connection,
 * left; and what is done where the two do not remember the same.
 */
#ifndef SHARE_JOIN_H
#define SHARE_JOIN_H

#include <stdbool.h>

#include "share/exchange.h"

enum {
	JOIN_FORMAT = 1 /* of the server's schema that this program knows */
};

/* Whether the server has the schema that this program knows; false with the
 * connection lost. */
bool join_format(struct server *server);

/* After each connection, before anything else: fills in exchange->self and what
 * belongs to it.  False with the connection lost. */
bool join_server(struct exchange *exchange);

/* Share no more, in the caller's transaction: should this host join again, it
 * reads on from where it was. */
void join_leave(struct store *store);

#endif
