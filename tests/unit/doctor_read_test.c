#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/proc.h"
#include "base/text.h"
#include "core/standing.h"
#include "doctor/mta.h"
#include "doctor/mx.h"
#include "doctor/postconf.h"
#include "doctor/ssh.h"

/* ---- lists and lines ---- */

static void
lists(void **state)
{
	static const struct {
		const char *sentence, *list;
		const char *items;  /* apart by '|' */
		const char *packed; /* for postconf -P */
	} rows[] = {
		{ "nothing", "", "", "" },
		{ "only what lies between", " ,\t, ", "", "" },
		{ "one", "unix:a", "unix:a", "unix:a" },
		{ "commas and blanks", "a, b\tc,d", "a|b|c|d", "a,b,c,d" },
		{ "braces hold together", "{ a, c=d }, e", "{ a, c=d }|e",
		    "{a,c=d},e" },
		{ "braces within braces", "x:{a, {b c}} d", "x:{a, {b c}}|d",
		    "x:{a,{b,c}},d" },
		{ "a setting in braces", "{ a, { b = c } }", "{ a, { b = c } }",
		    "{a,{b=c}}" },
		{ "a brace too many", "a} b", "a}|b", "a},b" },
		{ "a brace that is never closed", "{ a, b", "{ a, b", "{a,b" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *at = rows[i].list;
		char item[32];
		char buf[128];
		struct text got;

		text_init(&got, buf, sizeof(buf));
		while (postconf_item(&at, item, sizeof(item))) {
			text_addf(&got, "%s%s", got.len > 0 ? "|" : "", item);
		}
		check_text(rows[i].sentence, buf, rows[i].items);
		text_init(&got, buf, sizeof(buf));
		postconf_pack(&got, rows[i].list);
		check_text(rows[i].sentence, buf, rows[i].packed);
	}
}

static void
words_for_a_shell(void **state)
{
	char buf[64];
	struct text got;

	(void)state;
	text_init(&got, buf, sizeof(buf));
	postconf_quote(&got, "it's $(id)");
	check_text(
	    "a quote is taken out of its quotes", buf, "'it'\\''s $(id)'");
}

static void
lines_of_postconf(void **state)
{
	char text[] = "a = 1\nno value\n\nb =\nc = x = y\na = 2\nlast = z";
	struct postconf lines;

	(void)state;
	postconf_read(text, &lines);
	check_int("lines of that form", (int64_t)lines.lines, 4);
	check_text(
	    "the first of a name counts", postconf_get(&lines, "a"), "1");
	check_text(
	    "a value may hold the gap", postconf_get(&lines, "c"), "x = y");
	check_text(
	    "a last line without end", postconf_get(&lines, "last"), "z");
	assert_null(postconf_get(&lines, "b"));
}

static void
lines_without_end(void **state)
{
	size_t len = (size_t)(POSTCONF_LINES_MAX + 10) * strlen("k = v\n");
	char *text = malloc(len + 1);
	struct postconf *lines = malloc(sizeof(*lines));

	(void)state;
	assert_non_null(text);
	assert_non_null(lines);
	for (size_t i = 0; i < len; i++) {
		text[i] = "k = v\n"[i % strlen("k = v\n")];
	}
	text[len] = '\0';
	postconf_read(text, lines);
	check_int(
	    "no more than fit", (int64_t)lines->lines, POSTCONF_LINES_MAX);
	assert_true(lines->cut);
	free(lines);
	free(text);
}

/* ---- networks ---- */

static void
networks(void **state)
{
	static const struct {
		const char *sentence, *setting;
		int64_t nets, tables;
		bool cut;
	} rows[] = {
		{ "nothing", "", 0, 0, false },
		{ "both families", "127.0.0.0/8 [::1]/128", 2, 0, false },
		{ "a whole address in brackets", "[2001:db8::1]", 1, 0, false },
		{ "one that is left out", "!10.0.0.1 10.0.0.0/8", 1, 0, false },
		{ "one told twice", "10.0.0.0/8,10.0.0.0/8", 1, 0, false },
		{ "tables and files", "cidr:/x /y", 0, 2, false },
		{ "a table of braces", "inline:{ 10.0.0.1=x }", 0, 1, false },
		{ "a length too long", "10.0.0.0/33", 0, 0, true },
		{ "a name", "example.test", 0, 0, true },
		{ "a bracket without end", "[2001:db8::", 1, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct mta *mta = calloc(1, sizeof(*mta));

		assert_non_null(mta);
		mta_add_nets(mta, rows[i].setting, &mta->net_tables);
		check_int(rows[i].sentence, (int64_t)mta->nets, rows[i].nets);
		check_int(rows[i].sentence, (int64_t)mta->net_tables.tables,
		    rows[i].tables);
		check_int(rows[i].sentence, mta->nets_cut, rows[i].cut);
		free(mta);
	}
}

static struct net
net_of(const char *text)
{
	struct net net;

	assert_true(net_parse(text, &net));
	return net;
}

static void
what_may_be_allowed(void **state)
{
	static const struct {
		const char *sentence, *net;
		bool wide, never;
	} rows[] = {
		{ "a small network", "198.51.100.0/24", false, false },
		{ "the widest of IPv4", "198.51.0.0/16", false, false },
		{ "too wide", "198.50.0.0/15", true, false },
		{ "the widest of IPv6", "2001:db8::/32", false, false },
		{ "too wide of IPv6", "2001:db8::/31", true, false },
		{ "a private one", "10.0.0.0/8", true, true },
		{ "a part of one", "192.168.7.0/24", false, true },
		{ "one that reaches beyond", "192.168.0.0/15", true, false },
		{ "all there is", "0.0.0.0/0", true, false },
		{ "all of IPv6", "::/0", true, false },
		{ "multicast", "224.0.0.0/4", true, true },
		{ "the local ones of IPv6", "fc00::/7", true, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct net net = net_of(rows[i].net);

		check_int(rows[i].sentence,
		    net_is_wider(&net, ALLOW_WIDEST_V4, ALLOW_WIDEST_V6),
		    rows[i].wide);
		check_int(rows[i].sentence, standing_never_banned_net(&net),
		    rows[i].never);
	}
}

/* ---- the chain ---- */

static bool
same_text(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static void
same_milters(void **state)
{
	static const struct {
		const char *sentence, *listen;
		bool chroot;
		const char *address;
		enum same_milter want;
	} rows[] = {
		{ "a path within the queue", "unix:/q/v/s", false, "unix:v/s",
		    SAME_MILTER },
		{ "the same in a chroot", "unix:/q/v/s", true, "unix:v/s",
		    SAME_MILTER },
		{ "an absolute path", "unix:/q/v/s", false, "unix:/q/v/s",
		    SAME_MILTER },
		{ "in a chroot it leads elsewhere", "unix:/q/v/s", true,
		    "unix:/q/v/s", SAME_UNREACHED },
		{ "an absolute path of the chroot", "unix:/q/v/s", true,
		    "unix:/v/s", SAME_MILTER },
		{ "without the chroot it leads elsewhere", "unix:/q/v/s", false,
		    "unix:/v/s", SAME_UNREACHED },
		{ "libmilter's other words", "local:/q/v/s", false, "local:v/s",
		    SAME_MILTER },
		{ "libmilter's short form", "/q/v/s", false, "unix:v/s",
		    SAME_MILTER },
		{ "another's", "unix:/q/v/s", false, "unix:x/s", SAME_NOT },
		{ "one that is meant", "unix:/q/v/s", false,
		    "unix:videur/milter.sock", SAME_NAME },
		{ "a port", "inet:99@127.0.0.1", true, "inet:127.0.0.1:99",
		    SAME_MILTER },
		{ "a port without a host", "inet:99", false,
		    "inet:localhost:99", SAME_MILTER },
		{ "another port", "inet:99", false, "inet:localhost:9",
		    SAME_NOT },
		{ "IPv6", "inet6:99@::1", false, "inet:[::1]:99", SAME_MILTER },
		{ "a port is no path", "inet:99", false, "unix:99", SAME_NOT },
		{ "nothing", "inet:99", false, "", SAME_NOT },
		{ "half a word", "unix:/q/v/s", false, "unix:", SAME_NOT },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct milter_view view = { .listen = rows[i].listen,
			.queue = "/q",
			.chroot = rows[i].chroot,
			.same = same_text };

		check_int(rows[i].sentence, milter_same(rows[i].address, &view),
		    rows[i].want);
	}
}

static void
lists_of_milters(void **state)
{
	static const struct {
		const char *sentence, *listen, *setting;
		bool keep;
		const char *want;
	} rows[] = {
		{ "an empty one", "unix:/q/v/s", "", true,
		    "{ unix:v/s, default_action=accept }" },
		{ "behind the others", "unix:/q/v/s", "inet:h:1, { x:y }", true,
		    "inet:h:1, { x:y }, { unix:v/s, default_action=accept }" },
		{ "last, as it is written", "unix:/q/v/s",
		    "{ unix:v/s, command_timeout=5s }, inet:h:1", true,
		    "inet:h:1, { unix:v/s, command_timeout=5s }" },
		{ "once", "unix:/q/v/s", "unix:v/s, unix:v/s, inet:h:1", true,
		    "inet:h:1, unix:v/s" },
		{ "in place of one that was meant", "unix:/q/v/s",
		    "unix:videur.sock", false,
		    "{ unix:v/s, default_action=accept }" },
		{ "outside of the queue", "unix:/run/v/s", "", false,
		    "{ unix:/run/v/s, default_action=accept }" },
		{ "a folder that only begins like it", "unix:/queue/s", "",
		    false, "{ unix:/queue/s, default_action=accept }" },
		{ "a port", "inet:99@192.0.2.1", "", false,
		    "{ inet:192.0.2.1:99, default_action=accept }" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct milter_view view = { .listen = rows[i].listen,
			.queue = "/q",
			.same = same_text };
		struct milters milters;
		char buf[256];
		struct text got;

		milters_read(rows[i].setting, &milters);
		text_init(&got, buf, sizeof(buf));
		milters_write(&milters, &view, rows[i].keep, &got);
		check_text(rows[i].sentence, buf, rows[i].want);
	}
}

static void
actions(void **state)
{
	static const struct {
		const char *sentence, *setting, *want;
	} rows[] = {
		{ "none of its own", "unix:v", "" },
		{ "its own", "{ unix:v, default_action=accept }", "accept" },
		{ "in braces", "{unix:v,{ default_action = reject }}",
		    "reject" },
		{ "another setting", "{ unix:v, xdefault_action=reject }", "" },
		{ "an endless one",
		    "{ unix:v, default_action=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    " }",
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct milters milters;

		milters_read(rows[i].setting, &milters);
		check_int(rows[i].sentence, (int64_t)milters.milters, 1);
		check_text(
		    rows[i].sentence, milters.milter[0].address, "unix:v");
		check_text(
		    rows[i].sentence, milters.milter[0].action, rows[i].want);
	}
}

static void
endless_milters(void **state)
{
	char setting[4 * MILTER_TEXT_SIZE];
	struct milters milters;

	(void)state;
	memset(setting, 'a', sizeof(setting));
	setting[sizeof(setting) - 1] = '\0';
	milters_read(setting, &milters);
	check_int(
	    "a milter without end is left out", (int64_t)milters.milters, 0);
	assert_true(milters.cut);
	for (size_t i = 1; i < sizeof(setting) - 1; i += 2) {
		setting[i] = ',';
	}
	milters_read(setting, &milters);
	check_int("no more than fit", (int64_t)milters.milters, MILTERS_MAX);
	assert_true(milters.cut);
	milters_read("{ }", &milters);
	check_int("braces around nothing", (int64_t)milters.milters, 0);
}

/* ---- Postfix ---- */

static struct mta *
mta_of(const char *main, const char *fields, const char *overrides)
{
	struct mta *mta = calloc(1, sizeof(*mta));

	assert_non_null(mta);
	mta->state = MTA_THERE;
	mta->said[0] = strdup(main);
	mta->said[1] = strdup(fields);
	mta->said[2] = strdup(overrides);
	mta_read(mta);
	return mta;
}

static void
mta_gone(struct mta *mta)
{
	mta_clear(mta);
	free(mta);
}

static void
services_of_master_cf(void **state)
{
	struct mta *mta = mta_of(
	    "compatibility_level = 3.6\nsmtpd_milters = m\n"
	    "smtpd_helo_required = yes\nmilter_default_action = accept\n",
	    "smtp/inet/chroot = y\nsmtp/inet/command = smtpd\n"
	    "[::1]:26/inet/chroot = -\n[::1]:26/inet/command = smtpd -o a=b\n"
	    "pickup/unix/command = pickup\nx/inet/command = smtpdx\n"
	    "/command = smtpd\n",
	    "smtp/inet/smtpd_milters = own\n"
	    "[::1]:26/inet/smtpd_helo_required = no\n");

	(void)state;
	check_int("each smtpd", (int64_t)mta->services, 2);
	check_text("the first", mta->service[0].name, "smtp/inet");
	assert_true(mta->service[0].chroot);
	assert_false(mta->service[0].loopback);
	check_text("its own chain", mta->service[0].milters, "own");
	assert_true(mta->service[0].own_milters);
	check_text("the others' HELO", mta->service[0].helo, "yes");
	assert_false(mta->service[1].chroot);
	assert_true(mta->service[1].loopback);
	check_text("main.cf's chain", mta->service[1].milters, "m");
	check_text("its own HELO", mta->service[1].helo, "no");
	mta_gone(mta);
	mta = mta_of("compatibility_level = 0\n",
	    "s/inet/chroot = -\ns/inet/command = smtpd\n", "");
	assert_true(mta->service[0].chroot);
	mta_gone(mta);
}

static void
domains(void **state)
{
	static const struct {
		const char *sentence, *list, *want;
	} rows[] = {
		{ "names", "a.test, B.Test.", "a.test b.test" },
		{ "what lies below one", ".a.test", "a.test" },
		{ "told twice", "a.test a.TEST", "a.test" },
		{ "no name of the DNS", "localhost, localhost.a.test, a", "" },
		{ "left out", "!a.test", "" },
		{ "users", "u@a.test", "" },
		{ "addresses", "[192.0.2.1], 192.0.2.1", "" },
		{ "a shell's word", "$(id).test", "" },
		{ "dots", ". .. ... a..test", "" },
		{ "a table", "hash:/a.test", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct mta *mta = calloc(1, sizeof(*mta));
		char buf[128];
		struct text got;

		assert_non_null(mta);
		mta_add_domains(mta, rows[i].list, &mta->domain_tables);
		text_init(&got, buf, sizeof(buf));
		for (size_t j = 0; j < mta->domains; j++) {
			text_addf(
			    &got, "%s%s", j > 0 ? " " : "", mta->domain[j]);
		}
		check_text(rows[i].sentence, buf, rows[i].want);
		free(mta);
	}
}

static void
more_domains_than_fit(void **state)
{
	struct mta *mta = calloc(1, sizeof(*mta));

	(void)state;
	assert_non_null(mta);
	for (int i = 0; i < MTA_DOMAINS_MAX + 5; i++) {
		char name[64];

		(void)snprintf(name, sizeof(name), "d%d.test t:%d", i, i);
		mta_add_domains(mta, name, &mta->domain_tables);
	}
	check_int("domains", (int64_t)mta->domains, MTA_DOMAINS_MAX);
	check_int("tables", (int64_t)mta->domain_tables.tables, MTA_TABLES_MAX);
	assert_true(mta->cut);
	free(mta);
}

/* ---- DNS ---- */

/* example.test MX 10 mx.example.test and 20 the root, with compression. */
static const unsigned char mx_answer[] = { 0, 1, 0x81, 0x80, 0, 1, 0, 2, 0, 0,
	0, 0, 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 4, 't', 'e', 's', 't', 0, 0,
	15, 0, 1, 0xc0, 12, 0, 15, 0, 1, 0, 0, 0, 60, 0, 7, 0, 10, 2, 'm', 'x',
	0xc0, 12, 0xc0, 12, 0, 15, 0, 1, 0, 0, 0, 60, 0, 3, 0, 20, 0 };

/* One A and one AAAA record, and an A record of three bytes. */
static const unsigned char address_answer[] = { 0, 1, 0x81, 0x80, 0, 1, 0, 3, 0,
	0, 0, 0, 1, 'm', 0, 0, 1, 0, 1, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4,
	203, 0, 113, 25, 0xc0, 12, 0, 28, 0, 1, 0, 0, 0, 60, 0, 16, 0x20, 1,
	0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 25, 0xc0, 12, 0, 1, 0, 1, 0,
	0, 0, 60, 0, 3, 1, 2, 3 };

static void
answers(void **state)
{
	struct mx_domain *domain = calloc(1, sizeof(*domain));
	struct mx_host host = { .addresses = 0 };
	char text[ADDR_TEXT_SIZE];

	(void)state;
	assert_non_null(domain);
	assert_true(mx_read(mx_answer, sizeof(mx_answer), domain, NULL));
	check_int("a null MX is no host", (int64_t)domain->hosts, 1);
	check_text("its name", domain->host[0].name, "mx.example.test");
	assert_true(
	    mx_read(address_answer, sizeof(address_answer), NULL, &host));
	check_int("addresses of the right length", (int64_t)host.addresses, 2);
	check_text("IPv4", addr_format(&host.address[0], text), "203.0.113.25");
	check_text("IPv6", addr_format(&host.address[1], text), "2001:db8::19");
	free(domain);
}

/* Whatever comes, it is refused or read within bounds; sanitizers see to
 * that.  What is read never exceeds its room. */
static bool
read_hostile(const unsigned char *bytes, size_t len)
{
	bool whole = true;
	/* Of just that size, so that one byte too far is noticed. */
	unsigned char *answer = malloc(len > 0 ? len : 1);
	struct mx_domain *domain = calloc(1, sizeof(*domain));
	struct mx_host host = { .addresses = 0 };

	assert_non_null(answer);
	assert_non_null(domain);
	memcpy(answer, bytes, len);
	for (int again = 0; again < 12; again++) {
		whole &= mx_read(answer, len, domain, &host);
	}
	assert_true(domain->hosts <= MX_HOSTS_MAX);
	assert_true(host.addresses <= MX_ADDRESSES_MAX);
	for (size_t i = 0; i < domain->hosts; i++) {
		assert_true(
		    strnlen(domain->host[i].name, MX_NAME_SIZE) < MX_NAME_SIZE);
	}
	free(domain);
	free(answer);
	return whole;
}

static void
hostile_answers(void **state)
{
	static const struct {
		const unsigned char *bytes;
		size_t len;
	} whole[] = { { mx_answer, sizeof(mx_answer) },
		{ address_answer, sizeof(address_answer) } };
	static const unsigned char odd[] = { 0, 1, 12, 15, 63, 64, 0x7f, 0xc0,
		0xff };

	(void)state;
	for (size_t w = 0; w < COUNT(whole); w++) {
		unsigned char changed[128];

		for (size_t len = 0; len <= whole[w].len; len++) {
			check_int("only a whole answer is one",
			    read_hostile(whole[w].bytes, len),
			    len == whole[w].len);
		}
		for (size_t i = 0; i < whole[w].len * COUNT(odd); i++) {
			memcpy(changed, whole[w].bytes, whole[w].len);
			changed[i / COUNT(odd)] = odd[i % COUNT(odd)];
			(void)read_hostile(changed, whole[w].len);
		}
	}
}

/* ---- SSH ---- */

static void
sessions(void **state)
{
	static const struct {
		const char *sentence, *block;
		size_t len;
		const char *want; /* NULL: none */
	} rows[] = {
		{ "a connection", "A=1\0SSH_CONNECTION=192.0.2.7 1 2 3", 35,
		    "192.0.2.7" },
		{ "a client by IPv6", "SSH_CLIENT=2001:db8::7 1 2", 27,
		    "2001:db8::7" },
		{ "a zone behind it", "SSH_CLIENT=fe80::1%eth0 1 2", 28,
		    "fe80::1" },
		{ "a name that only ends so", "XSSH_CLIENT=192.0.2.7 1 2", 26,
		    NULL },
		{ "a value of another", "A=SSH_CLIENT=192.0.2.7 1 2", 27,
		    NULL },
		{ "nowhere", "SSH_CONNECTION=UNKNOWN 65535 UNKNOWN 65535", 43,
		    NULL },
		{ "nothing", "", 0, NULL },
		{ "no end", "SSH_CLIENT=192.0.2.7", 20, NULL },
		{ "only NUL bytes", "\0\0\0", 3, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addr addr;
		char text[ADDR_TEXT_SIZE] = "none";

		if (ssh_read_environment(rows[i].block, rows[i].len, &addr)) {
			addr_format(&addr, text);
		}
		check_text(rows[i].sentence, text,
		    rows[i].want != NULL ? rows[i].want : "none");
	}
}

static void
parents(void **state)
{
	static const struct {
		const char *sentence, *stat;
		int64_t want;
	} rows[] = {
		{ "a parent", "42 (sh) S 17 42 1 0", 17 },
		{ "a name that lies", "42 (a) S 99 (x) S 17 42", 17 },
		{ "the first process", "1 (init) S 0 1", 0 },
		{ "cut short", "42 (sh)", 0 },
		{ "cut shorter", "42 (sh) S", 0 },
		{ "nothing", "", 0 },
		{ "no number", "42 (sh) S x 1", 0 },
		{ "too large", "42 (sh) S 99999999999 1", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		check_int(rows[i].sentence, ssh_read_parent(rows[i].stat),
		    rows[i].want);
	}
}

/* ---- other programs ---- */

static void
programs(void **state)
{
	static const struct {
		const char *sentence;
		const char *argv[4];
		int64_t milliseconds;
		enum run_result want;
		size_t len;      /* of what it said */
		const char *why; /* in the error */
	} rows[] = {
		{ "what it says", { "echo", "one" }, 5000, RUN_FINE, 4, "" },
		{ "one that is missing", { "no-such-program" }, 5000,
		    RUN_MISSING, 0, "" },
		{ "one that fails", { "cat", "/nonexistent" }, 5000, RUN_FAILED,
		    0, "/nonexistent" },
		{ "one that never stops talking", { "yes" }, 5000, RUN_FINE,
		    RUN_OUTPUT_MAX, "" },
		{ "one that never ends", { "sleep", "60" }, 100, RUN_FAILED, 0,
		    "did not end" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t begun = proc_ticks();
		struct run_output output;

		check_int(rows[i].sentence,
		    run_program(rows[i].argv, rows[i].milliseconds, &output),
		    rows[i].want);
		check_int(rows[i].sentence,
		    output.text != NULL ? (int64_t)strlen(output.text) : 0,
		    (int64_t)rows[i].len);
		check_int(rows[i].sentence, output.cut,
		    rows[i].len == RUN_OUTPUT_MAX);
		assert_non_null(strstr(output.error, rows[i].why));
		assert_true(proc_ticks() - begun < 10000);
		free(output.text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists),
		cmocka_unit_test(words_for_a_shell),
		cmocka_unit_test(lines_of_postconf),
		cmocka_unit_test(lines_without_end),
		cmocka_unit_test(networks),
		cmocka_unit_test(what_may_be_allowed),
		cmocka_unit_test(same_milters),
		cmocka_unit_test(lists_of_milters),
		cmocka_unit_test(actions),
		cmocka_unit_test(endless_milters),
		cmocka_unit_test(services_of_master_cf),
		cmocka_unit_test(domains),
		cmocka_unit_test(more_domains_than_fit),
		cmocka_unit_test(answers),
		cmocka_unit_test(hostile_answers),
		cmocka_unit_test(sessions),
		cmocka_unit_test(parents),
		cmocka_unit_test(programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
