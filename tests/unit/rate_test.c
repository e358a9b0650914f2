#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/addr.h"
#include "web/negotiate.h"
#include "web/visitor.h"

enum {
	SECOND = 1000,
	MINUTE = 60 * SECOND
};

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

static void
no_rate_is_no_limit(void **state)
{
	struct rate *rate = new_rate();
	struct addr who = addr_of("192.0.2.7");
	int64_t wait;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		assert_true(rate_take(rate, &who, 0, 0, &wait));
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
	free(rate);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_visitors_requests),
		cmocka_unit_test(no_rate_is_no_limit),
		cmocka_unit_test(a_flood_shuts_nobody_out),
		cmocka_unit_test(json_or_page),
	};

	return cmocka_run_group_tests_name("rate", tests, NULL, NULL);
}
