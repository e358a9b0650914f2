#include "rows.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/addr.h"

static void
addresses_read_and_written(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "texts.rows", "addresses");
	while (rows_next(&rows)) {
		struct addr addr;
		char text[ADDR_TEXT_SIZE];
		bool ok = addr_parse(rows.field[0], &addr);

		check_int(rows.sentence, ok, rows.field[1] != NULL);
		if (ok) {
			check_text(rows.sentence, addr_format(&addr, text),
			    rows.field[1]);
		}
	}
}

static void
networks_of_any_length(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "texts.rows", "networks");
	while (rows_next(&rows)) {
		struct net net;
		char text[NET_TEXT_SIZE];
		bool ok = net_parse(rows.field[0], &net);

		check_int(rows.sentence, ok, rows.field[1] != NULL);
		if (ok) {
			check_text(rows.sentence, net_format(&net, text),
			    rows.field[1]);
		}
	}
}

static void
networks_hold_addresses(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "texts.rows", "hold");
	while (rows_next(&rows)) {
		struct net outer, inner;

		assert_true(net_parse(rows.field[0], &outer));
		assert_true(net_parse(rows.field[1], &inner));
		check_int(rows.sentence, net_contains(&outer, &inner),
		    rows_number(&rows, 2));
	}
}

static void
clients_are_cut_by_family(void **state)
{
	static const struct {
		const char *sentence, *address;
		unsigned v4, v6;
		const char *want;
	} rows[] = {
		{ "IPv4 by address", "192.0.2.7", 32, 64, "192.0.2.7" },
		{ "IPv6 by /64", "2001:db8:1:2:3::7", 32, 64,
		    "2001:db8:1:2::/64" },
		{ "other lengths are settings: /24", "192.0.2.7", 24, 56,
		    "192.0.2.0/24" },
		{ "other lengths are settings: /56", "2001:db8:1:2:3::7", 24,
		    56, "2001:db8:1::/56" },
		{ "a v4-mapped address is cut as IPv4", "::ffff:192.0.2.7", 24,
		    64, "192.0.2.0/24" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addr addr;
		struct net net;
		char text[NET_TEXT_SIZE];

		assert_true(addr_parse(rows[i].address, &addr));
		net = net_around(&addr, rows[i].v4, rows[i].v6);
		check_text(
		    rows[i].sentence, net_format(&net, text), rows[i].want);
	}
}

static void
socket_addresses_of_both_families(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr unix_address = { .sa_family = AF_UNIX };
	struct addr addr;
	char text[ADDR_TEXT_SIZE];

	(void)state;
	assert_int_equal(inet_pton(AF_INET, "192.0.2.7", &in.sin_addr), 1);
	assert_int_equal(
	    inet_pton(AF_INET6, "::ffff:192.0.2.8", &in6.sin6_addr), 1);
	assert_true(addr_from_sockaddr((struct sockaddr *)&in, &addr));
	assert_string_equal(addr_format(&addr, text), "192.0.2.7");
	assert_true(addr_from_sockaddr((struct sockaddr *)&in6, &addr));
	assert_string_equal(addr_format(&addr, text), "192.0.2.8");
	assert_false(addr_from_sockaddr(&unix_address, &addr));
	assert_false(addr_from_sockaddr(NULL, &addr));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_read_and_written),
		cmocka_unit_test(networks_of_any_length),
		cmocka_unit_test(networks_hold_addresses),
		cmocka_unit_test(clients_are_cut_by_family),
		cmocka_unit_test(socket_addresses_of_both_families),
	};

	return cmocka_run_group_tests_name("addr", tests, NULL, NULL);
}
