/*
 * Until when each connection may wait, and how many there may be.
 *
 * libmicrohttpd hangs up on a silent client; one that sends a byte now and
 * then could stay for good.  So each connection must have brought a whole
 * request, and got its answer, DEADLINES_SECONDS after it came or had its last
 * one; with DEADLINES_CROWDED connections the one that has waited longest for
 * its own request has to go for each that comes; and of one address there may
 * be DEADLINES_EACH.
 *
 * A connection is ended by shutting its socket down, which libmicrohttpd then
 * finds closed.  Any thread may call.
 */
#ifndef WEB_DEADLINES_H
#define WEB_DEADLINES_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

struct sockaddr;

enum {
	DEADLINES_SECONDS = 15,
	DEADLINES_MAX = 1024,
	DEADLINES_CROWDED = 480,
	DEADLINES_EACH = 32
};

enum deadlines_cause {
	DEADLINES_SLOW, /* no whole request in time */
	DEADLINES_FULL, /* had to make room */
	DEADLINES_CAUSES
};

struct deadline {
	bool used;
	bool waits; /* false: is shut down, and not closed yet */
	int socket;
	int64_t since;
	struct addr from; /* all zero where it comes by a unix socket */
};

struct deadlines {
	pthread_mutex_t lock;
	struct deadline connection[DEADLINES_MAX];
	int used;
	atomic_llong
	    hung_up[DEADLINES_CAUSES]; /* so far; any thread reads it */
};

void deadlines_init(struct deadlines *deadlines);

/* Whether the address may have one more connection. */
bool deadlines_admit(struct deadlines *deadlines, const struct sockaddr *from);

/* A connection on `socket` has come, at `ticks` (milliseconds); NULL where
 * there are too many, and then nobody watches over it. */
struct deadline *deadlines_take(struct deadlines *deadlines, int socket,
    const struct sockaddr *from, int64_t ticks);
/* It got an answer. */
void deadlines_served(
    struct deadlines *deadlines, struct deadline *deadline, int64_t ticks);
/* It is about to be closed. */
void deadlines_leave(struct deadlines *deadlines, struct deadline *deadline);

/* Shut down those whose time is over; to be called every second. */
void deadlines_sweep(struct deadlines *deadlines, int64_t ticks);

#endif
