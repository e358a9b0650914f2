/*
 * Questions to the Domain Name System, through glibc's resolver: each ends in
 * time, and an answer is bytes from a stranger.
 */
#ifndef DNS_DNS_H
#define DNS_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

enum {
	DNS_NAME_SIZE = 256,
	DNS_TEXT_SIZE = 4096 /* of one TXT record, its strings together */
};

enum dns_answer {
	DNS_FOUND,
	DNS_NOTHING, /* the name or such a record is not there */
	DNS_FAILED,  /* no answer, or none that can be read */
	DNS_UNASKED  /* the time was over before its turn */
};

enum dns_type {
	DNS_A,
	DNS_AAAA,
	DNS_MX,
	DNS_TXT
};

struct dns;

/* `server` is "192.0.2.53:53", or empty for those of resolv.conf(5).  All
 * questions together end within `milliseconds`, and the few seconds that the
 * last of them may take.  NULL where there is no memory or no such server. */
struct dns *dns_open(const char *server, int64_t milliseconds);
void dns_close(struct dns *dns);

struct dns_record {
	struct addr address;      /* of A and AAAA */
	char name[DNS_NAME_SIZE]; /* of MX */
	/* of TXT; what is longer is cut, which `cut` says */
	char text[DNS_TEXT_SIZE];
	bool cut;
};

/* Ask, and tell each record of that type, until `each` gives back false;
 * aliases (CNAME) were followed by the server.  `name` is taken as it stands.
 * An answer that cannot be read is DNS_FAILED, though some of it may have been
 * told. */
enum dns_answer dns_ask(struct dns *dns, const char *name, enum dns_type type,
    bool (*each)(void *to, const struct dns_record *record), void *to);

/* What dns_ask() makes of an answer; false where it is none. */
bool dns_read(const unsigned char *answer, size_t len, enum dns_type type,
    bool (*each)(void *to, const struct dns_record *record), void *to);

#endif
