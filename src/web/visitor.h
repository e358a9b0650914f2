/*
 * Who is asking, and for whom.
 *
 * X-Forwarded-For is a claim anybody can make: it is believed only where the
 * connection comes from a trusted proxy, and then from the right, as far as
 * the proxies named in it are trusted too.
 */
#ifndef WEB_VISITOR_H
#define WEB_VISITOR_H

#include <stdbool.h>

struct addr;
struct conf;
struct sockaddr;

/*
 * The visitor's address.  `forwarded` holds all X-Forwarded-For lines in
 * their order, joined by commas, or is empty.  Whoever comes in by a unix
 * socket is a proxy of this host and trusted.  False where it cannot be
 * known.
 */
bool visitor_address(const struct conf *conf, const struct sockaddr *peer,
    const char *forwarded, struct addr *out);

/* Whether the address is a trusted proxy's. */
bool visitor_is_proxy(const struct conf *conf, const struct addr *address);

#endif
