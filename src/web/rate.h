/*
 * How often one visitor may ask.
 *
 * Each visitor, an IPv4 address or an IPv6 /64, may make so many requests a
 * minute, all of them at once if he likes; they come back to him evenly.  The
 * table has a fixed size.  Who is forgotten because it is full is whoever has
 * the most left, and a visitor who was forgotten begins anew: a flood from
 * many addresses costs no memory and shuts nobody out.  Places are found by a
 * hash with a key of this process, so that nobody can choose his neighbours.
 */
#ifndef WEB_RATE_H
#define WEB_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct addr;
struct rate;

/* NULL where there is no memory. */
struct rate *rate_new(void);
void rate_free(struct rate *rate);

/*
 * Whether one more request of `visitor` is fine at `ticks`, milliseconds on a
 * clock that never jumps.  `per_minute` 0 is any number.  Where it is not,
 * *wait says in how many seconds the next one will be.  Any thread may ask.
 */
bool rate_take(struct rate *rate, const struct addr *visitor,
    unsigned per_minute, int64_t ticks, int64_t *wait);

#endif
