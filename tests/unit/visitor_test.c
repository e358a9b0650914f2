#include "check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>

#include "base/addr.h"
#include "conf/conf.h"
#include "web/negotiate.h"
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
	static const struct {
		const char *sentence, *from, *forwarded;
		const char *want; /* NULL: not known */
	} rows[] = {
		{ "a visitor", "192.0.2.7", "", "192.0.2.7" },
		{ "a visitor by IPv6", "2001:db8::7", "", "2001:db8::7" },
		{ "an IPv4 visitor on an IPv6 socket", "::ffff:192.0.2.7", "",
		    "192.0.2.7" },
		{ "a stranger's claim is not believed", "192.0.2.7",
		    "198.51.100.1", "192.0.2.7" },
		{ "a trusted proxy's is", "127.0.0.1", "198.51.100.1",
		    "198.51.100.1" },
		{ "a trusted proxy by IPv6", "2001:db8:1::9", "2001:db8::7",
		    "2001:db8::7" },
		{ "the proxy itself", "127.0.0.1", "", "127.0.0.1" },
		{ "the rightmost is what the proxy saw", "127.0.0.1",
		    "203.0.113.66, 198.51.100.1", "198.51.100.1" },
		{ "proxies in a row", "127.0.0.1",
		    "203.0.113.66, 198.51.100.1, 10.0.0.3,10.0.0.2",
		    "198.51.100.1" },
		{ "nobody but proxies", "127.0.0.1", "10.0.0.3, 10.0.0.2",
		    "10.0.0.3" },
		{ "rubbish before what counts", "127.0.0.1",
		    "<script>, 198.51.100.1", "198.51.100.1" },
		{ "rubbish where it counts", "127.0.0.1",
		    "198.51.100.1, unknown", NULL },
		{ "an empty place", "127.0.0.1", "198.51.100.1,", NULL },
		{ "with a port", "127.0.0.1", "198.51.100.1:4711",
		    "198.51.100.1" },
		{ "in brackets with a port", "127.0.0.1", "[2001:db8::7]:4711",
		    "2001:db8::7" },
		{ "too long to be one", "127.0.0.1",
		    "00000000000000000000000000000000000000000000000000000000"
		    "0000000000000000",
		    NULL },
		{ "a proxy on a unix socket", "unix", "198.51.100.1",
		    "198.51.100.1" },
		{ "a unix socket that says nothing", "unix", "", NULL },
	};
	struct conf *conf = calloc(1, sizeof(*conf));

	(void)state;
	assert_non_null(conf);
	assert_true(net_parse("127.0.0.0/8", &conf->web.trusted_proxy[0]));
	assert_true(net_parse("10.0.0.0/8", &conf->web.trusted_proxy[1]));
	assert_true(net_parse("2001:db8:1::/48", &conf->web.trusted_proxy[2]));
	conf->web.trusted_proxies = 3;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const union peer peer = peer_of(rows[i].from);
		char text[ADDR_TEXT_SIZE];
		struct addr got;
		bool known = visitor_address(
		    conf, &peer.sa, rows[i].forwarded, &got);

		check_int(rows[i].sentence, known, rows[i].want != NULL);
		if (known) {
			check_text(rows[i].sentence, addr_format(&got, text),
			    rows[i].want);
		}
	}
	assert_false(
	    visitor_address(conf, NULL, "192.0.2.7", &(struct addr){ 0 }));
	free(conf);
}

static void
lookups(void **state)
{
	static const struct {
		const char *sentence, *text;
		enum visitor_asks want;
		const char *address; /* where the want is FINE or NEVER */
	} rows[] = {
		{ "an IPv4 address", "192.0.2.7", VISITOR_ASKS_FINE,
		    "192.0.2.7" },
		{ "an IPv6 address", "2001:DB8:0::7", VISITOR_ASKS_FINE,
		    "2001:db8::7" },
		{ "an IPv4 address in IPv6", "::ffff:192.0.2.7",
		    VISITOR_ASKS_FINE, "192.0.2.7" },
		{ "in brackets, as the reply has it", "[192.0.2.7]",
		    VISITOR_ASKS_FINE, "192.0.2.7" },
		{ "blanks around it", "\t 192.0.2.7\r\n", VISITOR_ASKS_FINE,
		    "192.0.2.7" },
		{ "loopback", "127.0.0.1", VISITOR_ASKS_NEVER, "127.0.0.1" },
		{ "private", "fd00::1", VISITOR_ASKS_NEVER, "fd00::1" },
		{ "a network", "192.0.2.0/24", VISITOR_ASKS_NETWORK, NULL },
		{ "a network by IPv6", "2001:db8::/64", VISITOR_ASKS_NETWORK,
		    NULL },
		{ "nothing", "", VISITOR_ASKS_NO_ADDRESS, NULL },
		{ "blanks", "  ", VISITOR_ASKS_NO_ADDRESS, NULL },
		{ "brackets", "[]", VISITOR_ASKS_NO_ADDRESS, NULL },
		{ "one bracket", "[", VISITOR_ASKS_NO_ADDRESS, NULL },
		{ "a name", "mx.example.org", VISITOR_ASKS_NO_ADDRESS, NULL },
		{ "two addresses", "192.0.2.7 192.0.2.8",
		    VISITOR_ASKS_NO_ADDRESS, NULL },
		{ "a zone", "fe80::1%eth0", VISITOR_ASKS_NO_ADDRESS, NULL },
		{ "markup", "<b>192.0.2.7</b>", VISITOR_ASKS_NO_ADDRESS, NULL },
		{ "too long to be one",
		    "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:",
		    VISITOR_ASKS_NO_ADDRESS, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[ADDR_TEXT_SIZE];
		struct addr got;

		check_int(rows[i].sentence, visitor_asks(rows[i].text, &got),
		    rows[i].want);
		if (rows[i].address != NULL) {
			check_text(rows[i].sentence, addr_format(&got, text),
			    rows[i].address);
		}
	}
}

static void
languages(void **state)
{
	static const struct {
		const char *sentence, *spoken, *asked, *accept, *want;
	} rows[] = {
		{ "nothing said", "", NULL, NULL, "en" },
		{ "an empty header", "", NULL, "", "en" },
		{ "French", "", NULL, "fr", "fr" },
		{ "French of Switzerland", "", NULL, "fr-CH", "fr" },
		{ "in capitals", "", NULL, "FR-fr", "fr" },
		{ "the first of two alike", "", NULL, "fr, en", "fr" },
		{ "the first of two alike, English", "", NULL, "en, fr", "en" },
		{ "the heavier", "", NULL, "en;q=0.5, fr;q=0.8", "fr" },
		{ "the heavier, by a thousandth", "", NULL,
		    "fr;q=0.500, en;q=0.501", "en" },
		{ "as browsers send it", "", NULL,
		    "fr-FR,fr;q=0.9,en-US;q=0.8,en;q=0.7", "fr" },
		{ "a language we lack comes first", "", NULL,
		    "de, fr-CH;q=0.8, en;q=0.5", "fr" },
		{ "only languages we lack", "", NULL, "de, it;q=0.5", "en" },
		{ "a language that only begins like ours", "", NULL, "fro",
		    "en" },
		{ "English is not wanted", "", NULL, "en;q=0, *;q=0.5", "fr" },
		{ "French is not wanted", "", NULL, "fr;q=0", "en" },
		{ "neither is wanted", "", NULL, "fr;q=0, en;q=0", "en" },
		{ "anything", "", NULL, "*", "en" },
		{ "anything but rather French", "", NULL, "*;q=0.1, fr;q=0.2",
		    "fr" },
		{ "a weight that is none is not counted", "", NULL,
		    "fr;q=x, en;q=0.1", "en" },
		{ "a weight above one is not counted", "", NULL,
		    "fr;q=1.5, en;q=0.1", "en" },
		{ "other parameters and blanks", "", NULL,
		    "en;q=0.4 , fr ; level=1 ; q=0.6", "fr" },
		{ "rubbish", "", NULL, ",,;;q=,=,*;;", "en" },
		{ "the wish in the address wins", "", "fr", "en", "fr" },
		{ "in capitals too", "", "EN", "fr", "en" },
		{ "a wish we cannot fulfil does not", "", "de", "fr", "fr" },
		{ "an empty wish does not", "", "", "fr", "fr" },
		{ "the first is where nothing is said", "fr en", NULL, NULL,
		    "fr" },
		{ "a wish goes before it", "fr en", NULL, "en", "en" },
		{ "what it does not speak is not given", "fr", "en", "en",
		    "fr" },
		{ "a tag that is none of ours is passed over", "xx fr", NULL,
		    NULL, "fr" },
		{ "none of ours at all: both", "xx", "fr", NULL, "fr" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char tag[2][3];
		const char *const tags[] = { tag[0], tag[1] };
		const int count = sscanf(
		    rows[i].spoken, "%2s %2s", tag[0], tag[1]);
		const struct languages spoken = languages_of(
		    tags, count > 0 ? (size_t)count : 0);
		const enum language got = negotiate_language(
		    &spoken, rows[i].asked, rows[i].accept);

		check_text(
		    rows[i].sentence, language_facts[got].tag, rows[i].want);
	}
}

static void
json_or_page(void **state)
{
	static const struct {
		const char *sentence, *accept;
		bool want;
	} rows[] = {
		{ "nothing said", NULL, false },
		{ "an empty header", "", false },
		{ "JSON", "application/json", true },
		{ "in capitals", "Application/JSON", true },
		{ "anything", "*/*", false },
		{ "as browsers say",
		    "text/html,application/xhtml+xml,application/xml;q=0.9,"
		    "image/avif,image/webp,*/*;q=0.8",
		    false },
		{ "as libraries for programs say",
		    "application/json, text/plain, */*", true },
		{ "both alike", "application/json, text/html", false },
		{ "rather a page", "application/json;q=0.5, text/html", false },
		{ "rather JSON", "text/html;q=0.5 , application/json ;q=0.6",
		    true },
		{ "anything but JSON", "*/*, application/json;q=0", false },
		{ "with a parameter", "application/json;charset=utf-8", true },
		{ "a type that begins so", "application/jsonl", false },
		{ "rubbish", ";,q=,application/json;q=x,/", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		check_int(rows[i].sentence, negotiate_json(rows[i].accept),
		    rows[i].want);
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
			fine += rate_take(rate, &who, 6, rows[i].at, &wait);
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
		assert_true(rate_take(rate, &greedy, 60, 0, &wait));
	}
	for (int i = 0; i < 100000; i++) {
		struct addr one = addr_of("10.0.0.0");

		one.byte[13] = (uint8_t)(i >> 16);
		one.byte[14] = (uint8_t)(i >> 8);
		one.byte[15] = (uint8_t)i;
		assert_true(rate_take(rate, &one, 60, 0, &wait));
	}
	assert_false(rate_take(rate, &greedy, 60, 0, &wait));
	assert_true(rate_take(rate, &greedy, 0, 0, &wait)); /* no limit */
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
