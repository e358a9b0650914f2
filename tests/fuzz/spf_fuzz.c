/*
 * Whatever the records of a domain say, they are read within their limits: each
 * line is what the next question is answered with.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "core/standing.h"
#include "dns/spf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	/* Ten terms ask, an mx of them for ten hosts, each of two families; and
	 * the record itself. */
	QUESTIONS_MAX = 1 + 10 * (1 + 10 * 2)
};

/* In the place of a resolver: what is left to answer with. */
struct dns {
	const char *at;
	const char *end;
	size_t questions;
};

/* "-" is a name that is not there, "!" a server that is not. */
enum dns_answer
dns_ask(struct dns *dns, const char *name, enum dns_type type,
    bool (*each)(void *to, const struct dns_record *record), void *to)
{
	struct dns_record record = { .cut = false };
	const char *line = dns->at;
	size_t len;

	if (name[0] == '\0' || ++dns->questions > QUESTIONS_MAX) {
		abort();
	}
	while (dns->at < dns->end && *dns->at != '\n') {
		dns->at++;
	}
	len = (size_t)(dns->at - line);
	dns->at += dns->at < dns->end;
	if (len == 0 || line[0] == '-') {
		return DNS_NOTHING;
	}
	if (line[0] == '!') {
		return DNS_FAILED;
	}
	record.cut = len >= sizeof(record.text);
	memcpy(record.text, line, record.cut ? sizeof(record.text) - 1 : len);
	memcpy(record.name, line,
	    len < sizeof(record.name) ? len : sizeof(record.name) - 1);
	if (type == DNS_A || type == DNS_AAAA) {
		if (!addr_parse(record.text, &record.address) ||
		    addr_is_v4(&record.address) != (type == DNS_A)) {
			return DNS_NOTHING;
		}
	}
	(void)each(to, &record);
	return DNS_FOUND;
}

static void
check(const struct spf_nets *nets, bool answered)
{
	if (answered != (nets->error[0] == '\0') ||
	    answered != (nets->nets > 0) || nets->nets > SPF_NETS_MAX) {
		abort();
	}
	for (size_t i = 0; i < nets->nets; i++) {
		if (net_is_wider(&nets->net[i], SPF_WIDEST_V4, SPF_WIDEST_V6) ||
		    standing_never_banned_net(&nets->net[i])) {
			abort();
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct spf_nets nets;
	const char *text = (const char *)data;
	struct dns dns = { .at = text, .end = text + size };

	check(&nets, spf_domain(&dns, "example.org", &nets));
	dns = (struct dns){ .at = text, .end = text + size };
	check(&nets, spf_host(&dns, "mail.example.org", &nets));
	return 0;
}
