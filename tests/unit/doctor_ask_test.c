#include "check.h"

#include <stdlib.h>

#include "base/proc.h"
#include "doctor/mx.h"
#include "doctor/postconf.h"
#include "doctor/ssh.h"

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
static void
read_hostile(const unsigned char *bytes, size_t len)
{
	/* Of just that size, so that one byte too far is noticed. */
	unsigned char *answer = malloc(len > 0 ? len : 1);
	struct mx_domain *domain = calloc(1, sizeof(*domain));
	struct mx_host host = { .addresses = 0 };

	assert_non_null(answer);
	assert_non_null(domain);
	memcpy(answer, bytes, len);
	for (int again = 0; again < 12; again++) {
		(void)mx_read(answer, len, domain, &host);
	}
	assert_true(domain->hosts <= MX_HOSTS_MAX);
	assert_true(host.addresses <= MX_ADDRESSES_MAX);
	for (size_t i = 0; i < domain->hosts; i++) {
		assert_true(
		    strnlen(domain->host[i].name, MX_NAME_SIZE) < MX_NAME_SIZE);
	}
	free(domain);
	free(answer);
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
			read_hostile(whole[w].bytes, len);
		}
		for (size_t i = 0; i < whole[w].len * COUNT(odd); i++) {
			memcpy(changed, whole[w].bytes, whole[w].len);
			changed[i / COUNT(odd)] = odd[i % COUNT(odd)];
			read_hostile(changed, whole[w].len);
		}
	}
}

static void
cut_answers_are_refused(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof(mx_answer); len++) {
		struct mx_domain *domain = calloc(1, sizeof(*domain));

		assert_non_null(domain);
		assert_false(mx_read(mx_answer, len, domain, NULL));
		free(domain);
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
	struct run_output output;
	int64_t begun;

	(void)state;
	check_int("what it says",
	    run_program(
		(const char *const[]){ "echo", "one", NULL }, 5000, &output),
	    RUN_FINE);
	check_text("whole", output.text, "one\n");
	free(output.text);
	check_int("one that is missing",
	    run_program((const char *const[]){ "no-such-program", NULL }, 5000,
		&output),
	    RUN_MISSING);
	check_int("one that fails",
	    run_program((const char *const[]){ "cat", "/nonexistent", NULL },
		5000, &output),
	    RUN_FAILED);
	assert_non_null(strstr(output.error, "/nonexistent"));
	check_int("one that never stops talking",
	    run_program((const char *const[]){ "yes", NULL }, 5000, &output),
	    RUN_FINE);
	assert_true(output.cut);
	check_int(
	    "as much as fits", (int64_t)strlen(output.text), RUN_OUTPUT_MAX);
	free(output.text);
	begun = proc_ticks();
	check_int("one that never ends",
	    run_program(
		(const char *const[]){ "sleep", "60", NULL }, 100, &output),
	    RUN_FAILED);
	assert_true(proc_ticks() - begun < 10000);
	assert_null(output.text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(hostile_answers),
		cmocka_unit_test(cut_answers_are_refused),
		cmocka_unit_test(sessions),
		cmocka_unit_test(parents),
		cmocka_unit_test(programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
