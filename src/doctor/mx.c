#include "doctor/facts.h"

#include <string.h>

#include "base/text.h"
#include "dns/dns.h"

/* ---- answers ---- */

static bool
add_host(void *to, const struct dns_record *record)
{
	struct mx_domain *out = to;

	/* "." says that the domain takes no mail. */
	if (out->hosts < MX_HOSTS_MAX && record->name[0] != '\0' &&
	    strcmp(record->name, ".") != 0) {
		out->host[out->hosts].addresses = 0;
		out->hosts += text_copy(
		    out->host[out->hosts].name, MX_NAME_SIZE, record->name);
	}
	return true;
}

static bool
add_address(void *to, const struct dns_record *record)
{
	struct mx_host *out = to;

	if (out->addresses < MX_ADDRESSES_MAX) {
		out->address[out->addresses++] = record->address;
	}
	return true;
}

bool
mx_read(const unsigned char *answer, size_t len, struct mx_domain *hosts,
    struct mx_host *addresses)
{
	return (hosts == NULL ||
		   dns_read(answer, len, DNS_MX, add_host, hosts)) &&
	       (addresses == NULL ||
		   (dns_read(answer, len, DNS_A, add_address, addresses) &&
		       dns_read(
			   answer, len, DNS_AAAA, add_address, addresses)));
}

/* ---- questions ---- */

static void
look_at_domain(struct dns *dns, struct mx_domain *domain)
{
	static const enum dns_type types[] = { DNS_A, DNS_AAAA };

	domain->answer = domain->bare ? DNS_NOTHING
				      : dns_ask(dns, domain->name, DNS_MX,
					    add_host, domain);
	if (domain->answer == DNS_NOTHING) {
		/* Mail goes to the domain's own address (RFC 5321 5.1). */
		domain->hosts = domain->name[0] != '\0';
		domain->host[0].addresses = 0;
		(void)text_copy(
		    domain->host[0].name, MX_NAME_SIZE, domain->name);
	}
	for (size_t i = 0; i < domain->hosts * 2; i++) {
		struct mx_host *host = &domain->host[i / 2];
		const enum dns_answer answer = dns_ask(
		    dns, host->name, types[i % 2], add_address, host);

		if (answer == DNS_FAILED || answer == DNS_UNASKED) {
			domain->answer = answer;
		}
	}
}

void
mx_look(struct mx_domain *domain, size_t domains, int64_t milliseconds)
{
	struct dns *dns = dns_open("", milliseconds);

	for (size_t i = 0; i < domains; i++) {
		domain[i].hosts = 0;
		domain[i].answer = DNS_FAILED;
		if (dns != NULL) {
			look_at_domain(dns, &domain[i]);
		}
	}
	dns_close(dns);
}
