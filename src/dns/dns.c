#include "dns/dns.h"

#include <sys/types.h>

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>

#include "base/endpoint.h"
#include "base/proc.h"
#include "base/text.h"

enum {
	ANSWER_MAX = 16 * 1024,
	TRY_SECONDS = 2,
	TRIES = 1,
	MX_HEAD = 2 /* bytes of the preference before the name */
};

static const ns_type types[] = {
	[DNS_A] = ns_t_a,
	[DNS_AAAA] = ns_t_aaaa,
	[DNS_MX] = ns_t_mx,
	[DNS_TXT] = ns_t_txt,
};

struct dns {
	struct __res_state resolver;
	int64_t deadline;
	unsigned char answer[ANSWER_MAX];
};

/* ---- answers ---- */

/* Strings, each behind its length. */
static bool
read_text(const unsigned char *data, size_t len, struct dns_record *out)
{
	struct text text;

	text_init(&text, out->text, sizeof(out->text));
	for (size_t at = 0; at < len; at += 1U + data[at]) {
		if (data[at] > len - at - 1) {
			return false;
		}
		text_add_bytes(&text, (const char *)data + at + 1, data[at]);
	}
	/* A NUL in it would hide what follows. */
	out->cut = text.cut || strlen(out->text) != text.len;
	return true;
}

static bool
read_record(const ns_msg *message, const ns_rr *record, enum dns_type type,
    struct dns_record *out)
{
	const unsigned char *data = ns_rr_rdata(*record);
	const size_t len = ns_rr_rdlen(*record);

	/* IPv4 is ::ffff:a.b.c.d. */
	out->address = (struct addr){ .byte = { [10] = 0xff, [11] = 0xff } };
	switch (type) {
	case DNS_A:
	case DNS_AAAA:
		memcpy(out->address.byte + sizeof(out->address.byte) - len,
		    data, len);
		return true;
	case DNS_MX:
		return ns_name_uncompress(ns_msg_base(*message),
			   ns_msg_end(*message), data + MX_HEAD, out->name,
			   sizeof(out->name)) >= 0;
	case DNS_TXT:
		return read_text(data, len, out);
	}
	return false;
}

bool
dns_read(const unsigned char *answer, size_t len, enum dns_type type,
    bool (*each)(void *to, const struct dns_record *record), void *to)
{
	struct dns_record found = { .cut = false };
	ns_msg message;

	if (len > ANSWER_MAX || ns_initparse(answer, (int)len, &message) != 0) {
		return false;
	}
	for (int i = 0; i < ns_msg_count(message, ns_s_an); i++) {
		ns_rr record;

		if (ns_parserr(&message, ns_s_an, i, &record) != 0) {
			return false;
		}
		/* An alias on the way, or too short or long for its type. */
		if (ns_rr_type(record) != types[type] ||
		    (type == DNS_A && ns_rr_rdlen(record) != 4) ||
		    (type == DNS_AAAA && ns_rr_rdlen(record) != 16) ||
		    (type == DNS_MX && ns_rr_rdlen(record) <= MX_HEAD)) {
			continue;
		}
		if (!read_record(&message, &record, type, &found)) {
			return false;
		}
		if (!each(to, &found)) {
			break;
		}
	}
	return true;
}

/* ---- questions ---- */

enum dns_answer
dns_ask(struct dns *dns, const char *name, enum dns_type type,
    bool (*each)(void *to, const struct dns_record *record), void *to)
{
	int len;

	if (proc_ticks() > dns->deadline) {
		return DNS_UNASKED;
	}
	len = res_nquery(&dns->resolver, name, ns_c_in, (int)types[type],
	    dns->answer, sizeof(dns->answer));
	if (len < 0) {
		const int why = dns->resolver.res_h_errno;

		return why == HOST_NOT_FOUND || why == NO_DATA ? DNS_NOTHING
							       : DNS_FAILED;
	}
	/* A longer answer is told in full length and given in part. */
	return dns_read(dns->answer,
		   (size_t)len < ANSWER_MAX ? (size_t)len : ANSWER_MAX, type,
		   each, to)
		   ? DNS_FOUND
		   : DNS_FAILED;
}

/* Instead of those of resolv.conf. */
static bool
use_server(struct dns *dns, const char *server)
{
	struct sockaddr_in *first = &dns->resolver.nsaddr_list[0];
	struct endpoint endpoint;

	if (endpoint_parse(server, ENDPOINT_SERVER, &endpoint) != NULL) {
		return false;
	}
	*first = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons(endpoint.port) };
	dns->resolver.nscount = 1;
	return inet_pton(AF_INET, endpoint.host, &first->sin_addr) == 1;
}

struct dns *
dns_open(const char *server, int64_t milliseconds)
{
	struct dns *dns = calloc(1, sizeof(*dns));

	if (dns == NULL || res_ninit(&dns->resolver) != 0) {
		free(dns);
		return NULL;
	}
	dns->deadline = proc_ticks() + milliseconds;
	dns->resolver.retrans = TRY_SECONDS;
	dns->resolver.retry = TRIES;
	/* The names are whole: nothing of a search list is added. */
	dns->resolver.options &= ~(u_long)(RES_DNSRCH | RES_DEFNAMES);
	if (server[0] != '\0' && !use_server(dns, server)) {
		dns_close(dns);
		return NULL;
	}
	return dns;
}

void
dns_close(struct dns *dns)
{
	if (dns != NULL) {
		res_nclose(&dns->resolver);
		free(dns);
	}
}
