/*
 * IP addresses and networks.
 *
 * Both families live in one form: sixteen bytes, an IPv4 address as
 * ::ffff:a.b.c.d, so that nothing above needs a pair of functions.  Addresses
 * that carry an IPv4 address (::ffff:0:0/96, and the NAT64 prefix
 * 64:ff9b::/96, RFC 6052) are that IPv4 address from the moment they are read.
 *
 * This module knows text and sockaddr; it knows nothing of names or DNS.
 */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <stdbool.h>
#include <stdint.h>

struct sockaddr;

enum {
	ADDR_TEXT_SIZE = 46, /* longest address and its NUL */
	NET_TEXT_SIZE = 50,  /* longest network and its NUL */
	NET_COMPLAINT_SIZE = 180,
	ADDR_V4_OFFSET = 96, /* bits before an IPv4 address in our form */
	ADDR_BITS = 128
};

struct addr {
	uint8_t byte[16];
};

/* A network: `bits` counts on 128, an IPv4 /24 is 96 + 24; no bit of `addr`
 * is set behind them.  A single address is the network of 128 bits. */
struct net {
	struct addr addr;
	uint8_t bits;
};

/* Read "192.0.2.7" or "2001:db8::7".  False where it is anything else: no
 * zone, no brackets, no blanks.  `out` is left alone on false. */
bool addr_parse(const char *text, struct addr *out);

/* Take the address out of an AF_INET or AF_INET6 socket address; false for
 * any other family or NULL. */
bool addr_from_sockaddr(const struct sockaddr *sa, struct addr *out);

bool addr_is_v4(const struct addr *addr);

bool addr_equal(const struct addr *a, const struct addr *b);

/* Write the canonical text (RFC 5952 for IPv6); returns `text`. */
char *addr_format(const struct addr *addr, char text[static ADDR_TEXT_SIZE]);

/* Read "192.0.2.0/24", "2001:db8::/32" or a single address.  False where it
 * is anything else, or where bits are set behind the length: of 192.0.2.7/24
 * nobody can tell whether the address or the network was meant. */
bool net_parse(const char *text, struct net *out);

/* The two readings of such a text: the address before the slash and the
 * network around it.  False where it is neither address nor network. */
bool net_read(const char *text, struct addr *host, struct net *net);

/* Why net_parse() refuses it, to follow the text or a setting's name: "has
 * bits set behind its length: ...", with both readings, or "must be an
 * address or a network such as 192.0.2.0/24".  Returns `out`. */
char *net_complaint(const char *text, char out[static NET_COMPLAINT_SIZE]);

/* The network of `addr` that is `v4_bits` (0 to 32) or `v6_bits` (0 to 128)
 * long, by family. */
struct net net_around(
    const struct addr *addr, unsigned v4_bits, unsigned v6_bits);

/* The first `bits` (of 128) of `addr`. */
struct net net_cut(const struct addr *addr, unsigned bits);

/* Whether `inner` lies in `outer`, itself included.  Families never mix:
 * ::/0 holds no IPv4 address. */
bool net_contains(const struct net *outer, const struct net *inner);
bool net_contains_addr(const struct net *outer, const struct addr *addr);

bool net_equal(const struct net *a, const struct net *b);

bool net_is_v4(const struct net *net);

/* Whether its prefix is shorter than `v4_bits` (0 to 32) or `v6_bits`. */
bool net_is_wider(const struct net *net, unsigned v4_bits, unsigned v6_bits);

/* Write "192.0.2.7" for a single address, else "192.0.2.0/24"; returns
 * `text`. */
char *net_format(const struct net *net, char text[static NET_TEXT_SIZE]);

#endif
