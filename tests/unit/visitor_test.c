#include "rows.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "base/addr.h"
#include "conf/conf.h"
#include "web/visitor.h"

enum {
	SECOND = 1000,
	MINUTE = 60 * SECOND
};

union peer {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
};

/* A connection from an address; "unix" is one by a unix socket. */
static union peer
peer_of(const char *from)
{
	union peer peer = { .in6.sin6_family = AF_INET6 };

	if (strcmp(from, "unix") == 0) {
		peer.sa.sa_family = AF_UNIX;
	} else if (strchr(from, ':') == NULL) {
		peer.sa.sa_family = AF_INET;
		assert_int_equal(
		    inet_pton(AF_INET, from, &peer.in.sin_addr), 1);
	} else {
		assert_int_equal(
		    inet_pton(AF_INET6, from, &peer.in6.sin6_addr), 1);
	}
	return peer;
}

static void
visitors(void **state)
{
	struct conf *conf = calloc(1, sizeof(*conf));
	struct rows rows;

	(void)state;
	assert_non_null(conf);
	assert_true(net_parse("127.0.0.0/8", &conf->web.trusted_proxy[0]));
	assert_true(net_parse("10.0.0.0/8", &conf->web.trusted_proxy[1]));
	assert_true(net_parse("2001:db8:1::/48", &conf->web.trusted_proxy[2]));
	conf->web.trusted_proxies = 3;
	rows_open(&rows, "visitors.rows", "visitors");
	while (rows_next(&rows)) {
		const union peer peer = peer_of(rows.field[0]);
		char text[ADDR_TEXT_SIZE];
		struct addr got;
		bool known = visitor_address(
		    conf, &peer.sa, rows.field[1], &got);

		check_int(rows.sentence, known, rows.field[2] != NULL);
		if (known) {
			rows_check(&rows, 2, addr_format(&got, text));
		}
	}
	assert_false(
	    visitor_address(conf, NULL, "192.0.2.7", &(struct addr){ 0 }));
	free(conf);
}

static void
lookups(void **state)
{
	static const char *const asks[] = {
		[VISITOR_ASKS_FINE] = "fine",
		[VISITOR_ASKS_NEVER] = "never",
		[VISITOR_ASKS_NETWORK] = "network",
		[VISITOR_ASKS_NO_ADDRESS] = "no address",
		[VISITOR_ASKS_US] = "us",
	};
	struct visitor_asked got;
	struct rows rows;

	(void)state;
	check_int("control bytes around it",
	    visitor_asks("\t 192.0.2.7\r\n", true, &got), VISITOR_ASKS_FINE);
	rows_open(&rows, "visitors.rows", "lookups");
	while (rows_next(&rows)) {
		char text[ADDR_TEXT_SIZE];

		rows_check(
		    &rows, 1, asks[visitor_asks(rows.field[0], true, &got)]);
		if (rows.field[2] != NULL) {
			rows_check(&rows, 2, addr_format(&got.address, text));
		}
		if (rows.field[3][0] != '\0') {
			rows_check(&rows, 3, got.ref);
		}
	}
}

static void
languages(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "visitors.rows", "languages");
	while (rows_next(&rows)) {
		static struct languages spoken;
		const char *at = rows.field[0];
		int len;

		spoken.count = 0;
		while (sscanf(at, "%11s%n", spoken.language[spoken.count].tag,
			   &len) == 1) {
			spoken.count++;
			at += len;
		}
		rows_check(&rows, 3,
		    negotiate_language(&spoken, rows.field[1], rows.field[2])
			->tag);
	}
}

static void
json_or_page(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "visitors.rows", "json_or_page");
	while (rows_next(&rows)) {
		rows_check_int(&rows, 1, negotiate_json(rows.field[0]));
	}
}

static struct addr
addr_of(const char *text)
{
	struct addr addr;

	assert_true(addr_parse(text, &addr));
	return addr;
}

static struct rate *
new_rate(void)
{
	struct rate *rate = malloc(sizeof(*rate));

	assert_non_null(rate);
	rate_init(rate);
	return rate;
}

static void
a_visitors_requests(void **state)
{
	static const struct {
		const char *sentence, *who;
		int64_t at;
		int times;
		int fine;     /* of them */
		int64_t wait; /* after the last */
	} rows[] = {
		{ "a minute's worth at once", "192.0.2.7", 0, 6, 6, 0 },
		{ "and not one more", "192.0.2.7", 0, 1, 0, 10 },
		{ "asking again costs nothing", "192.0.2.7", 9 * SECOND, 5, 0,
		    1 },
		{ "a share of the minute later one", "192.0.2.7", 10 * SECOND,
		    2, 1, 10 },
		{ "another visitor has his own", "192.0.2.8", 10 * SECOND, 6, 6,
		    0 },
		{ "by IPv6 the /64 is one visitor", "2001:db8::1", 10 * SECOND,
		    6, 6, 0 },
		{ "whatever the address in it", "2001:db8::2", 10 * SECOND, 1,
		    0, 10 },
		{ "the next /64 is another", "2001:db8:0:1::1", 10 * SECOND, 6,
		    6, 0 },
		{ "half a minute gives half of it", "192.0.2.8", 40 * SECOND, 5,
		    3, 10 },
		{ "never more than a minute's worth", "192.0.2.7",
		    1000 * MINUTE, 10, 6, 10 },
	};
	struct rate *rate = new_rate();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addr who = addr_of(rows[i].who);
		int fine = 0;
		int64_t wait = -1;

		for (int n = 0; n < rows[i].times; n++) {
			fine += rate_take(rate, &who, 6, 1, rows[i].at, &wait);
		}
		check_int(rows[i].sentence, fine, rows[i].fine);
		check_int(rows[i].sentence, wait, rows[i].wait);
	}
	free(rate);
}

/* Many more visitors than there are places: all are let in, and who used
 * all of his is forgotten last. */
static void
a_flood_shuts_nobody_out(void **state)
{
	struct rate *rate = new_rate();
	struct addr greedy = addr_of("198.51.100.1");
	int64_t wait;

	(void)state;
	for (int i = 0; i < 60; i++) {
		assert_true(rate_take(rate, &greedy, 60, 1, 0, &wait));
	}
	for (int i = 0; i < 100000; i++) {
		struct addr one = addr_of("10.0.0.0");

		one.byte[13] = (uint8_t)(i >> 16);
		one.byte[14] = (uint8_t)(i >> 8);
		one.byte[15] = (uint8_t)i;
		assert_true(rate_take(rate, &one, 60, 1, 0, &wait));
	}
	assert_false(rate_take(rate, &greedy, 60, 1, 0, &wait));
	assert_true(rate_take(rate, &greedy, 0, 1, 0, &wait)); /* no limit */
	free(rate);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(visitors),
		cmocka_unit_test(lookups),
		cmocka_unit_test(languages),
		cmocka_unit_test(json_or_page),
		cmocka_unit_test(a_visitors_requests),
		cmocka_unit_test(a_flood_shuts_nobody_out),
	};

	return cmocka_run_group_tests_name("visitor", tests, NULL, NULL);
}
