#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "export/forms.h"

/* An address of which no list says anything, and its TXT record. */
#define NOT_LISTED "Not listed"

enum {
	IPSET_LONGEST = 2147483 /* seconds; ipset 8 */
};

static const char *const forms[EXPORT_FORMS] = {
	[EXPORT_RBLDNSD] = "rbldnsd",
	[EXPORT_BIND] = "bind",
	[EXPORT_NFTABLES] = "nftables",
	[EXPORT_IPSET] = "ipset",
	[EXPORT_POSTFIX] = "postfix",
	[EXPORT_EXIM] = "exim",
	[EXPORT_CSV] = "csv",
	[EXPORT_JSON] = "json",
};
const struct words export_words = WORDS_OF(forms);

enum service
export_service(enum export_form form)
{
	switch (form) {
	case EXPORT_NFTABLES:
	case EXPORT_IPSET:
		return SERVICE_SUBMISSION;
	case EXPORT_POSTFIX:
	case EXPORT_EXIM:
		return SERVICE_MX;
	case EXPORT_RBLDNSD:
	case EXPORT_BIND:
	case EXPORT_CSV:
	case EXPORT_JSON:
	case EXPORT_FORMS:
		break;
	}
	return SERVICE_ANY;
}

/* ---- the parts ---- */

static const struct export_ban *
ban_at(const struct export_list *list, size_t row)
{
	return table_row(&list->bans, row);
}

/* "192.0.2.7/32": with its length in any case. */
static void
put_net(FILE *to, const struct net *net)
{
	char text[ADDR_TEXT_SIZE];

	fprintf(to, "%s/%d", addr_format(&net->addr, text),
	    net->bits - (net_is_v4(net) ? ADDR_V4_OFFSET : 0));
}

/* What a list tells who asks: the ban's phrase and the page.  `address` is the
 * one asked for, or what the reader puts it in for.  What has a meaning in a
 * zone is written as an apostrophe. */
static void
put_listed(FILE *to, const struct export_list *list,
    const struct export_ban *ban, const char *address)
{
	const struct reply *reply = table_row(&list->replies, ban->reply);
	const char *url = list->conf->lookup_url;

	for (const char *c = reply->phrase; *c != '\0'; c++) {
		putc(strchr("\"\\$;", *c) == NULL ? *c : '\'', to);
	}
	if (url[0] != '\0') {
		fprintf(to, ", see %s?ip=%s", url, address);
	}
}

/* The reply to who comes from there, as the milter gives it; of a network's
 * clients the table does not know which one it is. */
static void
put_reply(
    FILE *to, const struct export_list *list, const struct export_ban *ban)
{
	const bool one = ban->who.bits == ADDR_BITS;
	char who[NET_TEXT_SIZE];
	char line[REPLY_TEXT_SIZE];

	(void)net_format(&ban->who, who);
	fputs(reply_line(table_row(&list->replies, ban->reply),
		  one ? who : NULL, one ? NULL : who, ban->ends,
		  list->conf->lookup_url, ban->ref, line),
	    to);
}

static void
put_head(FILE *to, const struct export_list *list, const char *comment)
{
	char now[TIME_TEXT_SIZE];

	fprintf(to, "%s videur: %zu networks, %s\n", comment, list->nets.rows,
	    text_from_time(list->now, now));
}

/* ---- rbldnsd ---- */

static void
put_dataset(FILE *to, const struct export_list *list, bool v4)
{
	fprintf(to, "$DATASET %s @\n", v4 ? "ip4set" : "ip6trie");
	fprintf(to, "%s :127.0.0.%d:Test entry\n",
	    v4 ? "127.0.0.2" : "::ffff:127.0.0.2", EXPORT_TEST);
	for (size_t i = 0; i < list->bans.rows; i++) {
		const struct export_ban *ban = ban_at(list, i);

		if (net_is_v4(&ban->who) == v4) {
			put_net(to, &ban->who);
			fprintf(to, " :127.0.0.%d:", EXPORT_CODE + ban->reason);
			put_listed(to, list, ban, "$");
			putc('\n', to);
		}
	}
	for (size_t i = 0; i < list->allows.rows; i++) {
		const struct net *net = table_row(&list->allows, i);

		if (net_is_v4(net) == v4) {
			putc('!', to);
			put_net(to, net);
			putc('\n', to);
		}
	}
}

static void
write_rbldnsd(FILE *to, const struct export_list *list)
{
	put_head(to, list, "#");
	put_dataset(to, list, true);
	put_dataset(to, list, false);
}

/* ---- BIND: names turned round, of bytes (IPv4) or half bytes (IPv6) ---- */

/* The labels of a name, and how many a whole address has. */
struct dns_shape {
	unsigned first; /* bit of the address its first label begins at */
	unsigned width; /* bits of a label */
	unsigned most;
};

static struct dns_shape
dns_shape(const struct net *net)
{
	return net_is_v4(net) ? (struct dns_shape){ ADDR_V4_OFFSET, 8, 4 }
			      : (struct dns_shape){ 0, 4, 32 };
}

/* "*.2.0.192 ": the first `labels` labels of an address. */
static void
put_name(FILE *to, const struct addr *addr, const struct dns_shape *shape,
    unsigned labels)
{
	fputs(labels < shape->most ? "*." : "", to);
	while (labels-- > 0) {
		const unsigned bit = shape->first + labels * shape->width;
		const unsigned byte = addr->byte[bit / 8];

		if (shape->width == 8) {
			fprintf(to, "%u", byte);
		} else {
			fprintf(to, "%x", bit % 8 == 0 ? byte >> 4 : byte & 15);
		}
		putc(labels > 0 ? '.' : ' ', to);
	}
}

/* The bans of a network, under a name of it; of none, that it is there and has
 * no address. */
static void
put_records(FILE *to, const struct export_list *list,
    const struct export_net *net, const struct addr *addr,
    const struct dns_shape *shape, unsigned labels)
{
	char text[ADDR_TEXT_SIZE];

	if (net == NULL) {
		put_name(to, addr, shape, labels);
		fputs("TXT \"" NOT_LISTED "\"\n", to);
		return;
	}
	for (enum reason reason = 0; reason < REASON_COUNT; reason++) {
		if ((net->reasons & 1U << reason) == 0) {
			continue;
		}
		put_name(to, addr, shape, labels);
		fprintf(to, "A 127.0.0.%u\n", EXPORT_CODE + (unsigned)reason);
		put_name(to, addr, shape, labels);
		fputs("TXT \"", to);
		put_listed(to, list, export_ban(list, &net->net, reason),
		    addr_format(addr, text));
		fputs("\"\n", to);
	}
}

/*
 * A network takes as many names as its last label has values.  A name hides
 * the wildcards of wider networks from all that lies beside it on its way up
 * (RFC 4592, 2.2.3): they are said again there.
 */
static void
put_zone_net(FILE *to, const struct export_list *list, const struct net *net,
    const struct export_net *listed)
{
	const struct dns_shape shape = dns_shape(net);
	const unsigned length = net->bits - shape.first;
	const unsigned labels = (length + shape.width - 1) / shape.width;
	const unsigned values = 1U << (labels * shape.width - length);
	const unsigned last = shape.first + (labels - 1) * shape.width;
	const unsigned shift = 8 - shape.width - last % 8;
	const struct export_net *wider;
	unsigned bits = net->bits;
	unsigned below = labels;

	for (unsigned i = 0; i < values; i++) {
		struct addr addr = net->addr;

		addr.byte[last / 8] |= (uint8_t)(i << shift);
		put_records(to, list, listed, &addr, &shape, labels);
	}
	while ((wider = export_around(list, net, &bits)) != NULL) {
		const unsigned own = (bits - shape.first + shape.width - 1) /
				     shape.width;

		for (; below > own + 1; below--) {
			const struct net step = net_cut(&net->addr,
			    shape.first + (below - 1) * shape.width);

			put_records(
			    to, list, wider, &step.addr, &shape, below - 1);
		}
	}
}

/* "hostmaster.example.org." of an address (RFC 1035, 8). */
static void
put_mailbox(FILE *to, const char *address)
{
	bool local = true;

	for (const char *c = address; *c != '\0'; c++) {
		if (*c == '@') {
			putc('.', to);
			local = false;
		} else {
			fprintf(to, "%s%c", local && *c == '.' ? "\\" : "", *c);
		}
	}
	putc('.', to);
}

static void
write_bind(FILE *to, const struct export_list *list)
{
	static const char test6[] =
	    "2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0";
	const char *contact = list->conf->contact;

	put_head(to, list, ";");
	fputs("$TTL 60\n@ SOA localhost. ", to);
	put_mailbox(to, contact[0] != '\0' ? contact : "postmaster@localhost");
	fprintf(to, " %" PRIu32 " 3600 600 604800 60\n@ NS localhost.\n",
	    (uint32_t)list->now);
	fprintf(to, "2.0.0.127 A 127.0.0.%d\n%s A 127.0.0.%d\n", EXPORT_TEST,
	    test6, EXPORT_TEST);
	for (size_t i = 0; i < list->nets.rows; i++) {
		const struct export_net *net = table_row(&list->nets, i);

		put_zone_net(to, list, &net->net, net);
	}
	for (size_t i = 0; i < list->allows.rows; i++) {
		put_zone_net(to, list, table_row(&list->allows, i), NULL);
	}
}

/* ---- nftables ---- */

/* An element of a set, with a comma before each but the first. */
static void
put_element(FILE *to, const struct net *net, size_t *count)
{
	fputs((*count)++ == 0 ? " elements = {\n\t\t\t" : ",\n\t\t\t", to);
	put_net(to, net);
}

static void
put_allow_set(FILE *to, const struct export_list *list, int version)
{
	size_t count = 0;

	fprintf(to,
	    "\tset allow%d {\n\t\ttype ipv%d_addr; flags interval; auto-merge;",
	    version, version);
	for (size_t i = 0; i < list->allows.rows; i++) {
		const struct net *net = table_row(&list->allows, i);

		if (net_is_v4(net) == (version == 4)) {
			put_element(to, net, &count);
		}
	}
	fputs(count > 0 ? " }\n\t}\n" : "\n\t}\n", to);
}

/* A set of bans.  Networks of one length never overlap, so that in a set of
 * its own each has its timeout. */
struct ban_set {
	enum reason reason;
	int version;
	int length;
};
enum {
	SETS_MAX = REASON_COUNT * (33 + 129)
};

static bool
in_set(const struct ban_set *set, const struct export_ban *ban)
{
	const bool v4 = net_is_v4(&ban->who);

	return set->reason == ban->reason && (set->version == 4) == v4 &&
	       set->length == ban->who.bits - (v4 ? ADDR_V4_OFFSET : 0);
}

/* Those that have any. */
static size_t
find_sets(const struct export_list *list, struct ban_set set[static SETS_MAX])
{
	size_t sets = 0;

	for (size_t i = 0; i < list->bans.rows; i++) {
		const struct export_ban *ban = ban_at(list, i);
		const bool v4 = net_is_v4(&ban->who);
		size_t at = 0;

		while (at < sets && !in_set(&set[at], ban)) {
			at++;
		}
		if (at == sets) {
			set[sets++] = (struct ban_set){ .reason = ban->reason,
				.version = v4 ? 4 : 6,
				.length = ban->who.bits -
					  (v4 ? ADDR_V4_OFFSET : 0) };
		}
	}
	return sets;
}

static void
put_set_name(FILE *to, const struct ban_set *set)
{
	fprintf(
	    to, "%s%d_%d", reason_name(set->reason), set->version, set->length);
}

static void
put_ban_set(FILE *to, const struct export_list *list, const struct ban_set *set)
{
	size_t count = 0;

	fputs("\tset ", to);
	put_set_name(to, set);
	fprintf(to, " {\n\t\ttype ipv%d_addr; flags interval, timeout;",
	    set->version);
	for (size_t i = 0; i < list->bans.rows; i++) {
		const struct export_ban *ban = ban_at(list, i);

		if (in_set(set, ban)) {
			put_element(to, &ban->who, &count);
			fprintf(
			    to, " timeout %" PRId64 "s", ban->ends - list->now);
		}
	}
	fputs(" }\n\t}\n", to);
}

/* On the ports of submission passwords are guessed, and on those where mail is
 * read as well. */
static void
put_ports(FILE *to, const struct export_list *list)
{
	if (list->service == SERVICE_MX) {
		fputs("25", to);
		return;
	}
	fputs("{ ", to);
	for (size_t i = 0; i < list->conf->submission_ports; i++) {
		fprintf(to, "%d, ", list->conf->submission_port[i]);
	}
	fputs("110, 143, 993, 995, 4190 }", to);
}

static void
write_nftables(FILE *to, const struct export_list *list)
{
	static struct ban_set set[SETS_MAX]; /* too large for a stack */
	const size_t sets = find_sets(list, set);

	put_head(to, list, "#");
	/* The first line makes the second one work where there is none. */
	fputs("table inet videur\ndelete table inet videur\n"
	      "table inet videur {\n",
	    to);
	put_allow_set(to, list, 4);
	put_allow_set(to, list, 6);
	for (size_t i = 0; i < sets; i++) {
		put_ban_set(to, list, &set[i]);
	}
	fputs(
	    "\tchain input {\n"
	    "\t\ttype filter hook input priority filter - 10; policy accept;\n"
	    "\t\tip saddr @allow4 return\n"
	    "\t\tip6 saddr @allow6 return\n",
	    to);
	for (size_t i = 0; i < sets; i++) {
		fputs("\t\ttcp dport ", to);
		put_ports(to, list);
		fprintf(to, " %s saddr @", set[i].version == 4 ? "ip" : "ip6");
		put_set_name(to, &set[i]);
		fputs(" counter drop\n", to);
	}
	fputs("\t}\n}\n", to);
}

/* ---- ipset ---- */

/* A set is filled beside the one in use and swapped in.  Within it the longest
 * prefix decides. */
static void
put_ipset(FILE *to, const struct export_list *list, int version)
{
	/* Fixed, for a set of other parameters could not be swapped in. */
	static const char shape[] = "timeout 0 maxelem 4194304";
	char text[NET_TEXT_SIZE];

	for (int i = 0; i < 2; i++) {
		fprintf(to, "create -exist videur%d%s hash:net family %s %s\n",
		    version, i == 0 ? "" : "-new",
		    version == 4 ? "inet" : "inet6", shape);
	}
	fprintf(to, "flush videur%d-new\n", version);
	for (size_t i = 0; i < list->nets.rows; i++) {
		const struct export_net *net = table_row(&list->nets, i);
		const int64_t left = ban_at(list, net->first)->ends - list->now;

		if (net_is_v4(&net->net) == (version == 4)) {
			fprintf(to, "add videur%d-new %s timeout %" PRId64 "\n",
			    version, net_format(&net->net, text),
			    left < IPSET_LONGEST ? left : IPSET_LONGEST);
		}
	}
	for (size_t i = 0; i < list->allows.rows; i++) {
		const struct net *net = table_row(&list->allows, i);

		if (net_is_v4(net) == (version == 4)) {
			fprintf(to, "add videur%d-new %s timeout 0 nomatch\n",
			    version, net_format(net, text));
		}
	}
	fprintf(to, "swap videur%d-new videur%d\ndestroy videur%d-new\n",
	    version, version, version);
}

static void
write_ipset(FILE *to, const struct export_list *list)
{
	put_head(to, list, "#");
	put_ipset(to, list, 4);
	put_ipset(to, list, 6);
}

/* ---- tables of mail servers: the first line that fits counts ---- */

/* A line for each network: behind `quote`, and what allows it or its reply. */
static void
put_table(FILE *to, const struct export_list *list, const char *quote,
    const char *allow, const char *refuse)
{
	put_head(to, list, "#");
	for (size_t i = 0; i < list->allows.rows; i++) {
		fputs(quote, to);
		put_net(to, table_row(&list->allows, i));
		fprintf(to, "%s%s\n", quote, allow);
	}
	for (size_t i = 0; i < list->nets.rows; i++) {
		const struct export_net *net = table_row(&list->nets, i);

		fputs(quote, to);
		put_net(to, &net->net);
		fprintf(to, "%s%s", quote, refuse);
		put_reply(to, list, ban_at(list, net->first));
		putc('\n', to);
	}
}

static void
write_postfix(FILE *to, const struct export_list *list)
{
	put_table(to, list, "", " DUNNO", " ");
}

static void
write_exim(FILE *to, const struct export_list *list)
{
	put_table(to, list, "\"", ":", ": ");
}

void
export_write(FILE *to, const struct export_list *list)
{
	static void (*const writers[EXPORT_CSV])(
	    FILE * to, const struct export_list *list) = {
		[EXPORT_RBLDNSD] = write_rbldnsd,
		[EXPORT_BIND] = write_bind,
		[EXPORT_NFTABLES] = write_nftables,
		[EXPORT_IPSET] = write_ipset,
		[EXPORT_POSTFIX] = write_postfix,
		[EXPORT_EXIM] = write_exim,
	};

	writers[list->form](to, list);
}
