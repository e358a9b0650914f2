/*
 * Which addresses the benchmark speaks of.
 *
 * Both fill and milter_load number them: a database filled with N bans holds
 * the addresses 0 to N - 1, and any higher number is a client without a ban.
 * Neighbouring numbers lie far apart in the address space, as real clients
 * do, so that no look-up finds its page warm by the order of insertion.
 */
#ifndef BENCH_ADDRESS_H
#define BENCH_ADDRESS_H

#include <stdint.h>

enum {
	BENCH_ADDRESSES = 1 << 28
};

/* An IPv4 address in 32.0.0.0/4, another one for each number. */
static inline uint32_t
bench_address(uint32_t number)
{
	return UINT32_C(0x20000000) |
	       ((number * UINT32_C(0x9e3779b1)) & (BENCH_ADDRESSES - 1));
}

#endif
