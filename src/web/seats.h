/*
 * Who sits at the server's table, and since when.
 *
 * libmicrohttpd hangs up on who is silent; who sends a byte now and then could
 * keep his seat for good.  So each connection must have brought a whole
 * request, and got its answer, SEATS_SECONDS after it came or had its last
 * one; and where the house gets full, whoever has waited longest for his own
 * request has to go, so that a new visitor always finds a seat.
 *
 * A seat is given up by shutting its socket down, which libmicrohttpd then
 * finds closed.  Any thread may call.
 */
#ifndef WEB_SEATS_H
#define WEB_SEATS_H

#include <stdint.h>

struct seat;
struct seats;

enum {
	SEATS_SECONDS = 15
};

enum seats_cause {
	SEATS_SLOW, /* no whole request in time */
	SEATS_FULL, /* had to make room */
	SEATS_CAUSES
};

/* `crowded`: with so many connections the house is full.  NULL where there
 * is no memory. */
struct seats *seats_new(unsigned crowded);
void seats_free(struct seats *seats);

/* A connection on `socket` has come, at `ticks` (milliseconds); NULL where
 * there is no memory, and then nobody watches over it. */
struct seat *seats_take(struct seats *seats, int socket, int64_t ticks);
/* It got an answer. */
void seats_served(struct seats *seats, struct seat *seat, int64_t ticks);
/* It is about to be closed. */
void seats_leave(struct seats *seats, struct seat *seat);

/* Shut down those whose time is over; to be called every second. */
void seats_sweep(struct seats *seats, int64_t ticks);

/* How many were shut down so far. */
int64_t seats_hung_up(struct seats *seats, enum seats_cause cause);

#endif
