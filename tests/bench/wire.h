/*
 * The milter protocol, version 6, as Postfix speaks it: one session written
 * ahead into a buffer, cut into steps.
 *
 * A step is a run of packets that ends either with one the filter answers or
 * with the last of the session.  Nothing here knows sockets.
 */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	WIRE_BYTES = 16384,
	WIRE_STEPS = 96,
	WIRE_GUESSES = 50, /* of one session, at most */
	WIRE_STAGES = 7,   /* SMFIM_CONNECT ... SMFIM_EOH */
	WIRE_NAMES = 256   /* of the macros of one stage */
};

/* What the filter asked for when it negotiated. */
struct wire_terms {
	uint32_t skipped;                     /* SMFIP_NO* flags */
	char macros[WIRE_STAGES][WIRE_NAMES]; /* names, blanks between */
};

struct wire_step {
	size_t end;    /* in bytes[] */
	bool answered; /* by the filter, before the next may go */
};

struct wire_session {
	unsigned char bytes[WIRE_BYTES];
	size_t len;
	struct wire_step step[WIRE_STEPS];
	size_t steps;
};

/* The first packet: what Postfix 3.7 offers. */
void wire_offer(struct wire_session *session);

/* Read the filter's answer to it (without its length, from the command
 * letter on); false where it is none. */
bool wire_agree(
    struct wire_terms *terms, const unsigned char *answer, size_t len);

/* Who comes. */
enum wire_guest {
	WIRE_SENDER, /* brings one message for one recipient */
	/* Gives up after MAIL, whatever it was told, so that a filter that
	 * refuses it and one that does not do the same work. */
	WIRE_BANNED,
	WIRE_GUESSER /* no recipient of its exists, and the MTA says so */
};

/* Write the session of a guest at this IPv4 address; a guesser's has so many
 * recipients. */
void wire_write(struct wire_session *session, const struct wire_terms *terms,
    uint32_t address, enum wire_guest guest, int64_t recipients);

#endif
