/*
 * Where a program listens, as mail software writes it: the syntax alone.
 * Nothing is looked up or opened.
 */
#ifndef BASE_ENDPOINT_H
#define BASE_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

enum {
	ENDPOINT_PATH_SIZE = 108, /* of sockaddr_un */
	ENDPOINT_HOST_SIZE = 256
};

enum endpoint_form {
	/* libmilter's: unix:PATH, local:PATH, a PATH that begins with /,
	 * inet:PORT[@HOST], inet6:PORT[@HOST] */
	ENDPOINT_MILTER,
	/* a server's: HOST:PORT with an IPv4 address or "localhost",
	 * [IPV6]:PORT, unix:PATH; port 0 takes a free one */
	ENDPOINT_SERVER,
	/* Postfix's name of a milter: as libmilter's, and inet:HOST:PORT; a
	 * PATH that does not begin with / lies below queue_directory */
	ENDPOINT_POSTFIX
};

struct endpoint {
	bool is_unix;
	char path[ENDPOINT_PATH_SIZE]; /* of a unix socket, else empty */
	char host[ENDPOINT_HOST_SIZE]; /* without brackets; empty: none given */
	uint16_t port;
};

/* Read one of the forms.  NULL where it is fine, else what is wrong, and
 * `out` is left alone. */
const char *endpoint_parse(
    const char *text, enum endpoint_form form, struct endpoint *out);

/* Whether only one of two places of a server can be listened on: a port of all
 * addresses is that port of each, of [::] those of IPv4 too, and localhost is
 * both of its addresses.  Port 0 is another one each time. */
bool endpoint_overlaps(
    const struct endpoint *one, const struct endpoint *other);

/* Whether nobody but programs of this host can reach it: a unix socket,
 * localhost or a loopback address. */
bool endpoint_is_local(const struct endpoint *endpoint);

#endif
