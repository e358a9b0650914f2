/*
 * Which hosts take mail for a domain, by DNS.
 *
 * mx_read() takes an answer's bytes, which anybody may have made up, and is
 * pure; mx_look() asks the host's resolver, within a limit of time.
 */
#ifndef DOCTOR_MX_H
#define DOCTOR_MX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

enum {
	MX_DOMAINS_MAX = 64,
	MX_HOSTS_MAX = 8,
	MX_ADDRESSES_MAX = 8,
	MX_NAME_SIZE = 256
};

enum mx_answer {
	MX_FOUND,
	MX_NOTHING, /* the domain or such a record is not there */
	MX_FAILED,  /* no answer, or none that can be read */
	MX_UNASKED  /* the time was over before its turn */
};

struct mx_host {
	char name[MX_NAME_SIZE];
	struct addr address[MX_ADDRESSES_MAX];
	size_t addresses;
};

struct mx_domain {
	char name[MX_NAME_SIZE];
	bool bare; /* a host: only its own addresses are looked up */
	enum mx_answer answer;
	struct mx_host host[MX_HOSTS_MAX];
	size_t hosts;
};

/* Take the hosts out of an answer of MX records, or add the addresses of one
 * of A or AAAA records; either may be NULL.  False where it is no answer.  A
 * null MX (RFC 7505) names no host. */
bool mx_read(const unsigned char *answer, size_t len, struct mx_domain *hosts,
    struct mx_host *addresses);

/* Look up the names of `domain`.  It ends within `milliseconds`, and the few
 * seconds a last question may take. */
void mx_look(struct mx_domain *domain, size_t domains, int64_t milliseconds);

#endif
