/*
 * The networks behind a name: the addresses of a host, or those that may send
 * for a domain by its SPF record (RFC 7208).
 *
 * A record is its owner's word and nobody else's: it is read within the limits
 * of RFC 7208 4.6.4 (ten terms that ask the DNS, two that find nothing, ten
 * hosts of one mx), and one that would allow much of the Internet is refused.
 */
#ifndef DNS_SPF_H
#define DNS_SPF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"
#include "dns/dns.h"

enum {
	SPF_NETS_MAX = 512,
	SPF_ERROR_SIZE = 256,
	/* Wider networks are refused: a large provider has some /15, */
	SPF_WIDEST_V4 = 14,
	SPF_WIDEST_V6 = 32,
	/* and in all no more than a network of these lengths holds. */
	SPF_ALL_V4 = 12,
	SPF_ALL_V6 = 28
};

struct spf_nets {
	struct net net[SPF_NETS_MAX]; /* each once, in order; none that is never
				       * banned anyway */
	size_t nets;
	char error[SPF_ERROR_SIZE]; /* why there is no answer; else empty */
	/* Of terms that nothing can be listed of, the last: macros, ptr,
	 * exists; else empty.  The other terms stand all the same. */
	char left_out[SPF_ERROR_SIZE];
};

/* Both: false with `error`, and no networks.  An answer without any address is
 * an error.  `name` is a host name without a dot at its end. */
bool spf_host(struct dns *dns, const char *name, struct spf_nets *out);
bool spf_domain(struct dns *dns, const char *name, struct spf_nets *out);

#endif
