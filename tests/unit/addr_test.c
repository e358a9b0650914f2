#include "check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/addr.h"

static void
addresses_read_and_written(void **state)
{
	static const struct {
		const char *sentence, *text, *want;
	} rows[] = {
		{ "an IPv4 address", "192.0.2.7", "192.0.2.7" },
		{ "an IPv6 address in any case", "2001:DB8::A", "2001:db8::a" },
		{ "the longest run of zeros is shortened",
		    "2001:db8:0:0:1:0:0:0", "2001:db8:0:0:1::" },
		{ "a v4-mapped address is IPv4", "::ffff:192.0.2.7",
		    "192.0.2.7" },
		{ "a v4-mapped address in hexadecimal is IPv4",
		    "::ffff:c000:207", "192.0.2.7" },
		{ "a NAT64 address is the IPv4 address it carries",
		    "64:ff9b::c000:207", "192.0.2.7" },
		{ "another prefix than NAT64's stays IPv6",
		    "64:ff9b:1::c000:207", "64:ff9b:1::c000:207" },
		{ "a v4-compatible address is not IPv4", "::192.0.2.7",
		    "::192.0.2.7" },
		{ "nothing is no address", "", NULL },
		{ "a name is no address", "localhost", NULL },
		{ "three numbers are no address", "192.0.2", NULL },
		{ "a number over 255 is no address", "192.0.2.256", NULL },
		{ "a leading zero could mean octal", "192.0.2.07", NULL },
		{ "a blank around it is refused", " 192.0.2.7", NULL },
		{ "brackets are refused", "[2001:db8::1]", NULL },
		{ "a zone is refused", "fe80::1%eth0", NULL },
		{ "a milter's prefix is refused", "IPv6:2001:db8::1", NULL },
		{ "a network is no address", "192.0.2.0/24", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addr addr;
		char text[ADDR_TEXT_SIZE];
		bool ok = addr_parse(rows[i].text, &addr);

		check_int(rows[i].sentence, ok, rows[i].want != NULL);
		if (ok) {
			check_text(rows[i].sentence, addr_format(&addr, text),
			    rows[i].want);
		}
	}
}

static void
networks_of_any_length(void **state)
{
	static const struct {
		const char *sentence, *text, *want;
	} rows[] = {
		{ "a single address is a network", "192.0.2.7", "192.0.2.7" },
		{ "/32 is a single address", "192.0.2.7/32", "192.0.2.7" },
		{ "bits set behind the length are refused", "192.0.2.7/24",
		    NULL },
		{ "so are they within a byte", "192.0.2.255/25", NULL },
		{ "a length within a byte", "192.0.2.128/25",
		    "192.0.2.128/25" },
		{ "everything IPv4", "0.0.0.0/0", "0.0.0.0/0" },
		{ "an IPv6 /64", "2001:db8:1:2::/64", "2001:db8:1:2::/64" },
		{ "an IPv6 /127", "2001:db8::2/127", "2001:db8::2/127" },
		{ "everything IPv6", "::/0", "::/0" },
		{ "a v4-mapped network is an IPv4 network",
		    "::ffff:192.0.2.0/120", "192.0.2.0/24" },
		{ "all mapped addresses are all of IPv4", "::ffff:0:0/96",
		    "0.0.0.0/0" },
		{ "a network across both families is refused", "::ffff:0:0/95",
		    NULL },
		{ "an IPv4 length over 32 is refused", "192.0.2.0/33", NULL },
		{ "an IPv6 length over 128 is refused", "2001:db8::/129",
		    NULL },
		{ "no length behind the slash is refused", "192.0.2.0/", NULL },
		{ "a negative length is refused", "192.0.2.0/-1", NULL },
		{ "a leading zero in the length is refused", "192.0.2.0/08",
		    NULL },
		{ "a mask is refused", "192.0.2.0/255.255.255.0", NULL },
		{ "two slashes are refused", "192.0.2.0/24/8", NULL },
		{ "text longer than any network is refused",
		    "1111111111111111111111111111111111111111111111111111111",
		    NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct net net;
		char text[NET_TEXT_SIZE];
		bool ok = net_parse(rows[i].text, &net);

		check_int(rows[i].sentence, ok, rows[i].want != NULL);
		if (ok) {
			check_text(rows[i].sentence, net_format(&net, text),
			    rows[i].want);
		}
	}
}

static void
networks_hold_addresses(void **state)
{
	static const struct {
		const char *sentence, *outer, *inner;
		bool want;
	} rows[] = {
		{ "a network holds itself", "192.0.2.0/24", "192.0.2.0/24", 1 },
		{ "its first address", "192.0.2.0/24", "192.0.2.0", 1 },
		{ "its last address", "192.0.2.0/24", "192.0.2.255", 1 },
		{ "not the one before", "192.0.2.0/24", "192.0.1.255", 0 },
		{ "not the one behind", "192.0.2.0/24", "192.0.3.0", 0 },
		{ "not a wider network", "192.0.2.0/24", "192.0.2.0/23", 0 },
		{ "a v4-mapped address", "192.0.2.0/24", "::ffff:192.0.2.9",
		    1 },
		{ "all of IPv6 holds no IPv4", "::/0", "192.0.2.1", 0 },
		{ "all of IPv4 holds no IPv6", "0.0.0.0/0", "2001:db8::1", 0 },
		{ "all of IPv6 holds IPv6", "::/0", "2001:db8::1", 1 },
		{ "another address of the /64", "2001:db8:0:1::/64",
		    "2001:db8:0:1:ffff::1", 1 },
		{ "none of the next /64", "2001:db8:0:1::/64",
		    "2001:db8:0:2::1", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct net outer, inner;

		assert_true(net_parse(rows[i].outer, &outer));
		assert_true(net_parse(rows[i].inner, &inner));
		check_int(rows[i].sentence, net_contains(&outer, &inner),
		    rows[i].want);
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
