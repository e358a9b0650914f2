#include "dns/spf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "core/standing.h"

enum {
	TERMS_MAX = 10, /* RFC 7208 4.6.4 */
	VOID_MAX = 2,
	MX_HOSTS_MAX = 10,
	V4_BITS = 32
};

/* One look-up, through all records that the first one leads to. */
struct spf {
	struct dns *dns;
	struct spf_nets *out;
	unsigned terms; /* that asked the DNS */
	unsigned voids; /* and found nothing */
	uint64_t v4;    /* addresses of IPv4, and /64 of IPv6, so far */
	uint64_t v6;
};

/* The first thing wrong is the one to tell; false. */
static bool __attribute__((format(printf, 2, 3)))
fail(struct spf *spf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (spf->out->error[0] == '\0') {
		(void)vsnprintf(
		    spf->out->error, sizeof(spf->out->error), format, args);
	}
	va_end(args);
	return false;
}

static bool
fail_dns(struct spf *spf, const char *name, enum dns_answer answer)
{
	return fail(spf, "%s: %s", name,
	    answer == DNS_UNASKED   ? "DNS takes too long"
	    : answer == DNS_FAILED  ? "DNS gives no answer"
	    : answer == DNS_NOTHING ? "there is no such name or record in DNS"
				    : "");
}

/* ---- networks ---- */

static bool
add(struct spf *spf, const struct net *net)
{
	struct spf_nets *out = spf->out;
	const bool v4 = net_is_v4(net);
	const unsigned bits = net->bits;
	char text[NET_TEXT_SIZE];

	for (size_t i = 0; i < out->nets; i++) {
		if (net_equal(&out->net[i], net)) {
			return true;
		}
	}
	if (net_is_wider(net, SPF_WIDEST_V4, SPF_WIDEST_V6)) {
		return fail(spf, "%s is wider than /%d: refused",
		    net_format(net, text), v4 ? SPF_WIDEST_V4 : SPF_WIDEST_V6);
	}
	if (standing_never_banned_net(net)) {
		return true;
	}
	if (v4) {
		spf->v4 += UINT64_C(1) << (ADDR_BITS - bits);
	} else {
		spf->v6 += bits < 64 ? UINT64_C(1) << (64 - bits) : 1;
	}
	if (out->nets == SPF_NETS_MAX) {
		return fail(
		    spf, "more than %d networks: refused", SPF_NETS_MAX);
	}
	if (spf->v4 > UINT64_C(1) << (V4_BITS - SPF_ALL_V4) ||
	    spf->v6 > UINT64_C(1) << (64 - SPF_ALL_V6)) {
		return fail(spf, "in all wider than a /%d: refused",
		    v4 ? SPF_ALL_V4 : SPF_ALL_V6);
	}
	out->net[out->nets++] = *net;
	return true;
}

/* Addresses on their way, each in a network of these lengths. */
struct addresses {
	struct spf *spf;
	unsigned v4;
	unsigned v6;
	size_t found;
};

static bool
take_address(void *to, const struct dns_record *record)
{
	struct addresses *addresses = to;
	const struct net net = net_around(
	    &record->address, addresses->v4, addresses->v6);

	addresses->found++;
	return add(addresses->spf, &net);
}

/* Of both families; false where it failed. */
static bool
add_host(struct addresses *addresses, const char *name)
{
	static const enum dns_type types[] = { DNS_A, DNS_AAAA };
	struct spf *spf = addresses->spf;

	for (size_t i = 0; i < 2; i++) {
		const enum dns_answer answer = dns_ask(
		    spf->dns, name, types[i], take_address, addresses);

		if (answer == DNS_FAILED || answer == DNS_UNASKED) {
			return fail_dns(spf, name, answer);
		}
	}
	return spf->out->error[0] == '\0';
}

/* ---- terms ---- */

static bool
count_term(struct spf *spf)
{
	return ++spf->terms <= TERMS_MAX ||
	       fail(spf, "more than %d terms ask the DNS: refused", TERMS_MAX);
}

static bool
count_void(struct spf *spf)
{
	return ++spf->voids <= VOID_MAX ||
	       fail(spf, "more than %d terms find nothing in DNS: refused",
		   VOID_MAX);
}

struct hosts {
	char name[MX_HOSTS_MAX][DNS_NAME_SIZE];
	size_t count;
	bool more;
};

static bool
take_mx(void *to, const struct dns_record *record)
{
	struct hosts *hosts = to;

	if (hosts->count == MX_HOSTS_MAX) {
		hosts->more = true;
		return false;
	}
	memcpy(hosts->name[hosts->count++], record->name, DNS_NAME_SIZE);
	return true;
}

static bool
add_mx(struct addresses *addresses, const char *name)
{
	struct spf *spf = addresses->spf;
	struct hosts hosts = { .count = 0 };
	const enum dns_answer answer = dns_ask(
	    spf->dns, name, DNS_MX, take_mx, &hosts);

	if (answer == DNS_FAILED || answer == DNS_UNASKED) {
		return fail_dns(spf, name, answer);
	}
	if (hosts.more) {
		return fail(spf, "%s has more than %d mail hosts: refused",
		    name, MX_HOSTS_MAX);
	}
	for (size_t i = 0; i < hosts.count; i++) {
		/* The root stands for "no mail" (RFC 7505). */
		if (hosts.name[i][0] != '\0' &&
		    strcmp(hosts.name[i], ".") != 0 &&
		    !add_host(addresses, hosts.name[i])) {
			return false;
		}
	}
	return true;
}

/* "/24//64" behind a or mx: *text is cut there.  False where it is none. */
static bool
read_lengths(char *text, struct addresses *out)
{
	char *slash = strchr(text, '/');
	char *second = slash != NULL ? strstr(slash, "//") : NULL;
	int64_t v4 = V4_BITS;
	int64_t v6 = ADDR_BITS;
	bool fine = true;

	if (second != NULL) {
		fine = text_to_int(second + 2, 0, ADDR_BITS, &v6);
		*second = '\0';
	}
	if (slash != NULL && slash != second) {
		fine = fine && text_to_int(slash + 1, 0, V4_BITS, &v4);
		*slash = '\0';
	}
	out->v4 = (unsigned)v4;
	out->v6 = (unsigned)v6;
	return fine;
}

/* a, a:NAME, a/24, mx and so on; `rest` is what follows the word. */
static bool
add_hosts(struct spf *spf, const char *domain, const char *rest, bool mx)
{
	struct addresses addresses = { .spf = spf };
	char name[DNS_NAME_SIZE + 16];

	if (!text_copy(name, sizeof(name), rest) ||
	    !read_lengths(name, &addresses) || strcmp(name, ":") == 0) {
		return fail(spf,
		    "%s: its SPF record has \"%.60s\", which is "
		    "no term",
		    domain, rest);
	}
	if (name[0] == ':') {
		domain = name + 1;
	}
	if (!count_term(spf) || !(mx ? add_mx : add_host)(&addresses, domain)) {
		return false;
	}
	return addresses.found > 0 || count_void(spf);
}

/* ip4 and ip6; bits behind the length mean nothing, as elsewhere in mail. */
static bool
add_literal(struct spf *spf, const char *domain, const char *text, bool v6)
{
	struct addr host;
	struct net net;

	if (!net_read(text, &host, &net) || (strchr(text, ':') != NULL) != v6) {
		return fail(spf,
		    "%s: \"%.60s\" in its SPF record is no "
		    "network",
		    domain, text);
	}
	return add(spf, &net);
}

static bool read_domain(struct spf *spf, const char *domain);

/* What cannot be told without a message is left out. */
static bool
leave_out(struct spf *spf, const char *domain, const char *term)
{

	(void)text_print(spf->out->left_out, sizeof(spf->out->left_out),
	    "%s of %s", term, domain);
	return true;
}

static bool
is_word(const char *term, size_t len, const char *word)
{
	return strlen(word) == len && strncasecmp(term, word, len) == 0;
}

/* One term behind its "+". */
static bool
read_term(struct spf *spf, const char *domain, const char *term)
{
	static const char word[] = TEXT_ALNUM;
	const size_t len = strspn(term, word);
	const char *rest = term + len;

	if (is_word(term, len, "all") && *rest == '\0') {
		return fail(spf,
		    "%s: its SPF record allows everybody (+all): "
		    "refused",
		    domain);
	}
	if (is_word(term, len, "ptr") || is_word(term, len, "exists") ||
	    strchr(rest, '%') != NULL) {
		return count_term(spf) && leave_out(spf, domain, term);
	}
	if ((is_word(term, len, "ip4") || is_word(term, len, "ip6")) &&
	    *rest == ':') {
		return add_literal(spf, domain, rest + 1, term[2] == '6');
	}
	if ((is_word(term, len, "a") || is_word(term, len, "mx")) &&
	    strchr(":/", *rest) != NULL) {
		return add_hosts(spf, domain, rest, is_word(term, len, "mx"));
	}
	if (is_word(term, len, "include") && *rest == ':') {
		return count_term(spf) && read_domain(spf, rest + 1);
	}
	return fail(spf, "%s: its SPF record has \"%.60s\", which is no term",
	    domain, term);
}

/* ---- records ---- */

struct record {
	char text[DNS_TEXT_SIZE];
	unsigned count;
	bool cut;
};

static bool
take_record(void *to, const struct dns_record *found)
{
	struct record *record = to;
	const char *rest = strncasecmp(found->text, "v=spf1", 6) == 0
			       ? found->text + 6
			       : NULL;

	if (rest != NULL && (*rest == ' ' || *rest == '\0')) {
		record->count++;
		record->cut |= found->cut;
		memcpy(record->text, rest, strlen(rest) + 1);
	}
	return record->count < 2;
}

static bool
find_record(struct spf *spf, const char *domain, struct record *record)
{
	const enum dns_answer answer = dns_ask(
	    spf->dns, domain, DNS_TXT, take_record, record);

	if (answer == DNS_FAILED || answer == DNS_UNASKED) {
		return fail_dns(spf, domain, answer);
	}
	if (record->count != 1) {
		return fail(spf, "%s has %s SPF record", domain,
		    record->count == 0 ? "no" : "more than one");
	}
	return (!record->cut && text_is_plain(record->text)) ||
	       fail(spf, "the SPF record of %s is too long or no text", domain);
}

/* Modifiers are "name=value", and count wherever they stand. */
static const char *
value_of(const char *term, const char *name)
{
	const size_t len = strlen(name);

	return strncasecmp(term, name, len) == 0 && term[len] == '='
		   ? term + len + 1
		   : NULL;
}

/* Only what the record passes is taken; what it fails, softly or not, before
 * that is not taken away again: the same owner wrote both. */
static bool
read_record(struct spf *spf, const char *domain, char *text)
{
	const char *redirect = NULL;
	char *save = NULL;
	bool all = false;

	for (char *term = strtok_r(text, " ", &save); term != NULL;
	     term = strtok_r(NULL, " ", &save)) {
		const bool passes = strchr("-~?", *term) == NULL;

		if (value_of(term, "redirect") != NULL) {
			redirect = value_of(term, "redirect");
		} else if (term[strcspn(term, "=:/")] != '=' && !all) {
			/* No modifier, as "redirect=". */
			all = !passes && strcasecmp(term + 1, "all") == 0;
			if (passes &&
			    !read_term(spf, domain, term + (*term == '+'))) {
				return false;
			}
		}
	}
	if (redirect == NULL || all) {
		return true;
	}
	if (strchr(redirect, '%') != NULL) {
		return leave_out(spf, domain, "redirect");
	}
	return count_term(spf) && read_domain(spf, redirect);
}

/* No deeper than TERMS_MAX, as each step counts. */
static bool
read_domain(struct spf *spf, const char *domain)
{
	struct record *record = calloc(1, sizeof(*record));
	char name[DNS_NAME_SIZE];
	bool fine = record != NULL && text_copy(name, sizeof(name), domain) &&
		    name[0] != '\0';

	if (!fine) {
		(void)fail(spf, "\"%.60s\" is no name", domain);
	}
	fine = fine && find_record(spf, name, record) &&
	       read_record(spf, name, record->text);
	free(record);
	return fine;
}

/* ---- the two of them ---- */

static int
by_address(const void *left, const void *right)
{
	const struct net *a = left;
	const struct net *b = right;
	const int by = memcmp(&a->addr, &b->addr, sizeof(a->addr));

	return by != 0 ? by : a->bits - b->bits;
}

static bool
finish(struct spf *spf, const char *name, bool fine)
{
	struct spf_nets *out = spf->out;

	if (fine && out->nets == 0) {
		fine = fail(spf, "%s: no address that could be banned", name);
	}
	if (fine) {
		qsort(out->net, out->nets, sizeof(out->net[0]), by_address);
	} else {
		out->nets = 0;
	}
	return fine;
}

bool
spf_host(struct dns *dns, const char *name, struct spf_nets *out)
{
	struct spf spf = { .dns = dns, .out = out };
	struct addresses addresses = {
		.spf = &spf, .v4 = V4_BITS, .v6 = ADDR_BITS
	};

	*out = (struct spf_nets){ .nets = 0 };
	return finish(&spf, name,
	    add_host(&addresses, name) &&
		(addresses.found > 0 || fail_dns(&spf, name, DNS_NOTHING)));
}

bool
spf_domain(struct dns *dns, const char *name, struct spf_nets *out)
{
	struct spf spf = { .dns = dns, .out = out };

	*out = (struct spf_nets){ .nets = 0 };
	return finish(&spf, name, read_domain(&spf, name));
}
