#include "doctor/facts.h"

#include <sys/types.h>

#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>
#include <string.h>

#include "base/proc.h"
#include "base/text.h"

enum {
	ANSWER_MAX = 16 * 1024,
	TRY_SECONDS = 2,
	TRIES = 1,
	MX_HEAD = 2 /* bytes of the preference before the name */
};

/* ---- answers ---- */

static void
add_host(struct mx_domain *out, const char *name)
{
	/* "." says that the domain takes no mail. */
	if (out->hosts < MX_HOSTS_MAX && name[0] != '\0' &&
	    strcmp(name, ".") != 0) {
		out->host[out->hosts].addresses = 0;
		out->hosts += text_copy(
		    out->host[out->hosts].name, MX_NAME_SIZE, name);
	}
}

bool
mx_read(const unsigned char *answer, size_t len, struct mx_domain *hosts,
    struct mx_host *addresses)
{
	ns_msg message;

	if (len > ANSWER_MAX || ns_initparse(answer, (int)len, &message) != 0) {
		return false;
	}
	for (int i = 0; i < ns_msg_count(message, ns_s_an); i++) {
		/* IPv4 is ::ffff:a.b.c.d. */
		struct addr addr = { .byte = { [10] = 0xff, [11] = 0xff } };
		char name[NS_MAXDNAME];
		ns_type type;
		size_t size;
		ns_rr record;

		if (ns_parserr(&message, ns_s_an, i, &record) != 0) {
			return false;
		}
		type = ns_rr_type(record);
		size = type == ns_t_a ? 4 : sizeof(addr.byte);
		if (addresses != NULL &&
		    (type == ns_t_a || type == ns_t_aaaa) &&
		    ns_rr_rdlen(record) == size &&
		    addresses->addresses < MX_ADDRESSES_MAX) {
			memcpy(addr.byte + sizeof(addr.byte) - size,
			    ns_rr_rdata(record), size);
			addresses->address[addresses->addresses++] = addr;
		}
		if (hosts == NULL || type != ns_t_mx ||
		    ns_rr_rdlen(record) <= MX_HEAD) {
			continue;
		}
		if (ns_name_uncompress(ns_msg_base(message),
			ns_msg_end(message), ns_rr_rdata(record) + MX_HEAD,
			name, sizeof(name)) < 0) {
			return false;
		}
		add_host(hosts, name);
	}
	return true;
}

/* ---- questions ---- */

struct asking {
	struct __res_state resolver;
	int64_t deadline;
	unsigned char answer[ANSWER_MAX];
	size_t len;
};

static enum mx_answer
ask(struct asking *asking, const char *name, ns_type type)
{
	int len;

	if (proc_ticks() > asking->deadline) {
		return MX_UNASKED;
	}
	len = res_nquery(&asking->resolver, name, ns_c_in, (int)type,
	    asking->answer, sizeof(asking->answer));
	if (len < 0) {
		int why = asking->resolver.res_h_errno;

		return why == HOST_NOT_FOUND || why == NO_DATA ? MX_NOTHING
							       : MX_FAILED;
	}
	/* A longer answer is told in full length and given in part. */
	asking->len = (size_t)len < ANSWER_MAX ? (size_t)len : ANSWER_MAX;
	return MX_FOUND;
}

static void
look_at_domain(struct asking *asking, struct mx_domain *domain)
{
	static const ns_type types[] = { ns_t_a, ns_t_aaaa };

	domain->answer = domain->bare ? MX_NOTHING
				      : ask(asking, domain->name, ns_t_mx);
	if (domain->answer == MX_FOUND &&
	    !mx_read(asking->answer, asking->len, domain, NULL)) {
		domain->answer = MX_FAILED;
	} else if (domain->answer == MX_NOTHING) {
		/* Mail goes to the domain's own address (RFC 5321 5.1). */
		add_host(domain, domain->name);
	}
	for (size_t i = 0; i < domain->hosts * 2; i++) {
		struct mx_host *host = &domain->host[i / 2];
		enum mx_answer answer = ask(asking, host->name, types[i % 2]);

		if (answer == MX_FOUND &&
		    !mx_read(asking->answer, asking->len, NULL, host)) {
			answer = MX_FAILED;
		}
		if (answer == MX_FAILED || answer == MX_UNASKED) {
			domain->answer = answer;
		}
	}
}

void
mx_look(struct mx_domain *domain, size_t domains, int64_t milliseconds)
{
	struct asking asking = { .deadline = proc_ticks() + milliseconds };
	bool able = res_ninit(&asking.resolver) == 0;

	if (able) {
		asking.resolver.retrans = TRY_SECONDS;
		asking.resolver.retry = TRIES;
		/* The names are whole: nothing of a search list is added. */
		asking.resolver.options &= ~(u_long)(RES_DNSRCH | RES_DEFNAMES);
	}
	for (size_t i = 0; i < domains; i++) {
		domain[i].hosts = 0;
		domain[i].answer = MX_FAILED;
		if (able) {
			look_at_domain(&asking, &domain[i]);
		}
	}
	if (able) {
		res_nclose(&asking.resolver);
	}
}
