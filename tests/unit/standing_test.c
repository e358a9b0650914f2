#include "rows.h"

#include <inttypes.h>

#include "base/text.h"
#include "core/standing.h"

static void
ranges_that_are_never_banned(void **state)
{
	static const char *const never[] = { "0.0.0.0", "0.255.255.255",
		"10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255",
		"127.0.0.1", "169.254.1.1", "172.16.0.0", "172.31.255.255",
		"192.168.3.4", "224.0.0.0", "255.255.255.255",
		"::ffff:127.0.0.1", "64:ff9b::a00:1", "::", "::1", "fc00::1",
		"fdff::1", "fe80::1", "febf::1", "ff02::1" };
	static const char *const others[] = { "1.0.0.0", "9.255.255.255",
		"11.0.0.0", "100.63.255.255", "100.128.0.0", "128.0.0.0",
		"169.255.0.0", "172.15.255.255", "172.32.0.0", "192.169.0.0",
		"223.255.255.255", "::2", "fbff::1", "fe7f::1", "fec0::1",
		"192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1" };
	struct addr addr;

	(void)state;
	for (size_t i = 0; i < COUNT(never); i++) {
		assert_true(addr_parse(never[i], &addr));
		check_int(never[i], standing_never_banned(&addr), true);
	}
	for (size_t i = 0; i < COUNT(others); i++) {
		assert_true(addr_parse(others[i], &addr));
		check_int(others[i], standing_never_banned(&addr), false);
	}
}

static void
who_speaks(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "texts.rows", "who speaks");
	while (rows_next(&rows)) {
		struct standing standing = { .verdict = STANDING_CLEAR };
		struct session_facts facts = { .authenticated = rows_number(
						   &rows, 3) };
		const struct ban *refusal;

		for (const char *at = rows.field[0]; *at != '\0';
		     at += strcspn(at, ","), at += *at == ',') {
			struct ban *ban = &standing.ban[standing.bans++];
			char word[3][16];

			assert_int_equal(
			    sscanf(at, "%15s %15s %15s %" SCNd64, word[0],
				word[1], word[2], &ban->hits),
			    4);
			assert_true(
			    words_parse(&reason_words, word[0], &ban->reason) &&
			    words_parse(
				&service_words, word[1], &ban->service) &&
			    words_parse(&stage_words, word[2], &ban->stage));
			standing.verdict = STANDING_BANNED;
		}
		assert_true(
		    words_parse(&service_words, rows.field[1], &facts.service));
		assert_true(
		    words_parse(&stage_words, rows.field[2], &facts.stage));
		refusal = standing_refusal(&standing, &facts);
		rows_check_int(
		    &rows, 4, refusal == NULL ? -1 : refusal - standing.ban);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_that_are_never_banned),
		cmocka_unit_test(who_speaks),
	};

	return cmocka_run_group_tests_name("standing", tests, NULL, NULL);
}
