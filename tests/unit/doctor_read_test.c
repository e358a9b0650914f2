#include "rows.h"

#include "base/proc.h"
#include "base/text.h"
#include "core/standing.h"
#include "doctor/facts.h"
#include "doctor/mta.h"

/* ---- lists and lines ---- */

static void
lists(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "postfix.rows", "lists");
	while (rows_next(&rows)) {
		const char *at = rows.field[0];
		char item[32];
		char buf[128];
		struct text got;

		text_init(&got, buf, sizeof(buf));
		while (postconf_item(&at, item, sizeof(item))) {
			text_addf(&got, "%s%s", got.len > 0 ? "|" : "", item);
		}
		rows_check(&rows, 1, buf);
		text_init(&got, buf, sizeof(buf));
		postconf_pack(&got, rows.field[0]);
		rows_check(&rows, 2, buf);
	}
}

static void
words_for_a_shell(void **state)
{
	char buf[64];
	struct text got;

	(void)state;
	text_init(&got, buf, sizeof(buf));
	text_add_quoted(&got, "it's $(id)");
	check_text(
	    "a quote is taken out of its quotes", buf, "'it'\\''s $(id)'");
}

static void
lines_of_postconf(void **state)
{
	char text[] = "a = 1\nno value\n\nb =\nc = x = y\na = 2\nlast = z";
	struct postconf lines = postconf_read(text);

	(void)state;
	check_text(
	    "the first of a name counts", postconf_get(&lines, "a"), "1");
	check_text(
	    "a value may hold the gap", postconf_get(&lines, "c"), "x = y");
	check_text(
	    "a last line without end", postconf_get(&lines, "last"), "z");
	check_text("an empty one", postconf_get(&lines, "b"), "");
	lines = postconf_read(NULL);
	assert_null(postconf_get(&lines, "a"));
}

/* ---- networks ---- */

static struct mta *
mta_of(const char *main, const char *fields, const char *overrides)
{
	struct mta *mta = calloc(1, sizeof(*mta));

	assert_non_null(mta);
	mta->said[MTA_MAIN] = postconf_read(strdup(main));
	mta->said[MTA_FIELDS] = postconf_read(strdup(fields));
	mta->said[MTA_OVERRIDES] = postconf_read(strdup(overrides));
	mta_read(mta);
	return mta;
}

/* Of one setting. */
static struct mta *
mta_with(const char *name, const char *value)
{
	char line[1024];

	(void)snprintf(line, sizeof(line), "%s = %s", name, value);
	return mta_of(line, "", "");
}

static void
mta_gone(struct mta *mta)
{
	mta_clear(mta);
	free(mta);
}

static void
networks(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "postfix.rows", "networks");
	while (rows_next(&rows)) {
		struct mta *mta = mta_with("mynetworks", rows.field[0]);

		check_int(
		    rows.sentence, (int64_t)mta->nets, rows_number(&rows, 1));
		check_int(rows.sentence, (int64_t)mta->unlisteds,
		    rows_number(&rows, 2));
		check_int(rows.sentence, mta->nets_cut, rows_number(&rows, 3));
		mta_gone(mta);
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
	struct rows rows;

	(void)state;
	rows_open(&rows, "postfix.rows", "what_may_be_allowed");
	while (rows_next(&rows)) {
		struct net net = net_of(rows.field[0]);

		check_int(rows.sentence,
		    net_is_wider(&net, ALLOW_WIDEST_V4, ALLOW_WIDEST_V6),
		    rows_number(&rows, 1));
		check_int(rows.sentence, standing_never_banned_net(&net),
		    rows_number(&rows, 2));
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
	static const char *const sames[] = {
		[SAME_NOT] = "not",
		[SAME_NAME] = "name",
		[SAME_UNREACHED] = "unreached",
		[SAME_MILTER] = "milter",
	};
	struct rows rows;

	(void)state;
	rows_open(&rows, "postfix.rows", "same_milters");
	while (rows_next(&rows)) {
		const struct milter_view view = { .listen = rows.field[0],
			.queue = "/q",
			.chroot = rows_number(&rows, 1) != 0,
			.same = same_text };

		rows_check(&rows, 3, sames[milter_same(rows.field[2], &view)]);
	}
}

static void
lists_of_milters(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "postfix.rows", "lists_of_milters");
	while (rows_next(&rows)) {
		const struct milter_view view = { .listen = rows.field[0],
			.queue = "/q",
			.same = same_text };
		struct milters milters;
		char buf[256];
		struct text got;

		milters_read(rows.field[1], &milters);
		text_init(&got, buf, sizeof(buf));
		milters_write(
		    &milters, &view, rows_number(&rows, 2) != 0, &got);
		rows_check(&rows, 3, buf);
	}
}

static void
actions(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "postfix.rows", "actions");
	while (rows_next(&rows)) {
		struct milters milters;

		milters_read(rows.field[0], &milters);
		check_int(rows.sentence, (int64_t)milters.milters, 1);
		check_text(rows.sentence, milters.milter[0].address, "unix:v");
		rows_check(&rows, 1, milters.milter[0].action);
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
	bool own;

	(void)state;
	check_int("each smtpd", (int64_t)mta->services, 2);
	check_text("the first", mta->service[0].name, "smtp/inet");
	check_int("its port", mta->service[0].port, 25);
	check_int("in a chroot", mta->service[0].chroot, true);
	check_int("for all", mta->service[0].loopback, false);
	check_text("its own chain",
	    mta_get_own(mta, "smtp/inet", "smtpd_milters", &own), "own");
	assert_true(own);
	check_text("the others' HELO",
	    mta_get_own(mta, "smtp/inet", "smtpd_helo_required", &own), "yes");
	assert_false(own);
	check_int("a port by its number", mta->service[1].port, 26);
	check_int("in none", mta->service[1].chroot, false);
	check_int("for this host", mta->service[1].loopback, true);
	check_text("nothing anywhere", mta_get(mta, "maillog_file"), "");
	mta_gone(mta);
	mta = mta_of("compatibility_level = 0\n",
	    "s/inet/chroot = -\ns/inet/command = smtpd\n", "");
	assert_true(mta->service[0].chroot);
	mta_gone(mta);
}

static void
domains(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "postfix.rows", "domains");
	while (rows_next(&rows)) {
		struct mta *mta = mta_with("mydestination", rows.field[0]);
		char buf[128];
		struct text got;

		text_init(&got, buf, sizeof(buf));
		for (size_t j = 0; j < mta->domains; j++) {
			text_addf(
			    &got, "%s%s", j > 0 ? " " : "", mta->domain[j]);
		}
		rows_check(&rows, 1, buf);
		mta_gone(mta);
	}
}

static void
more_domains_than_fit(void **state)
{
	char list[64 * (MTA_DOMAINS_MAX + 5)] = "mydestination = ";
	struct mta *mta;

	(void)state;
	for (int i = 0; i < MTA_DOMAINS_MAX + 5; i++) {
		(void)snprintf(list + strlen(list), 64, "d%d.test t:%d ", i, i);
	}
	mta = mta_of(list, "", "");
	check_int("domains", (int64_t)mta->domains, MTA_DOMAINS_MAX);
	check_int("tables", (int64_t)mta->unlisteds, MTA_TABLES_MAX);
	assert_true(mta->cut);
	mta_gone(mta);
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
	struct rows rows;

	(void)state;
	rows_open(&rows, "postfix.rows", "parents");
	while (rows_next(&rows)) {
		rows_check_int(&rows, 1, ssh_read_parent(rows.field[0]));
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
