#include "check.h"

#include "base/text.h"
#include "core/standing.h"

static void
ranges_that_are_never_banned(void **state)
{
	static const struct {
		const char *address;
		bool want;
	} rows[] = {
		{ "0.0.0.0", true },
		{ "0.255.255.255", true },
		{ "1.0.0.0", false },
		{ "9.255.255.255", false },
		{ "10.0.0.0", true },
		{ "10.255.255.255", true },
		{ "11.0.0.0", false },
		{ "100.63.255.255", false },
		{ "100.64.0.0", true },
		{ "100.127.255.255", true },
		{ "100.128.0.0", false },
		{ "127.0.0.1", true },
		{ "128.0.0.0", false },
		{ "169.254.1.1", true },
		{ "169.255.0.0", false },
		{ "172.15.255.255", false },
		{ "172.16.0.0", true },
		{ "172.31.255.255", true },
		{ "172.32.0.0", false },
		{ "192.168.3.4", true },
		{ "192.169.0.0", false },
		{ "223.255.255.255", false },
		{ "224.0.0.0", true },
		{ "255.255.255.255", true },
		{ "::ffff:127.0.0.1", true },
		{ "64:ff9b::a00:1", true },
		{ "::", true },
		{ "::1", true },
		{ "::2", false },
		{ "fbff::1", false },
		{ "fc00::1", true },
		{ "fdff::1", true },
		{ "fe7f::1", false },
		{ "fe80::1", true },
		{ "febf::1", true },
		{ "fec0::1", false },
		{ "ff02::1", true },
		{ "192.0.2.1", false },
		{ "198.51.100.1", false },
		{ "203.0.113.1", false },
		{ "2001:db8::1", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addr addr;

		assert_true(addr_parse(rows[i].address, &addr));
		check_int(rows[i].address, standing_never_banned(&addr),
		    rows[i].want);
	}
}

/* A standing of up to two bans, the last-ending first. */
struct sketch {
	enum reason reason;
	enum service service;
	enum stage stage;
	int64_t hits;
};

static void
who_speaks(void **state)
{
	enum {
		NOBODY = -1
	};
	static const struct {
		const char *sentence;
		struct sketch ban[2];
		size_t bans;
		struct session_facts facts;
		int want; /* which ban */
	} rows[] = {
#define ERRORS { REASON_ERROR, SERVICE_MX, STAGE_RCPT, 0 }
#define LOGINS                                                                 \
	{                                                                      \
		REASON_AUTH, SERVICE_SUBMISSION, STAGE_HELO, 0                 \
	}
		{ "nobody is banned", { { 0 } }, 0,
		    { SERVICE_MX, STAGE_RCPT, false, false }, NOBODY },
		{ "an error ban speaks at RCPT", { ERRORS }, 1,
		    { SERVICE_MX, STAGE_RCPT, false, false }, 0 },
		{ "an error ban is silent at MAIL", { ERRORS }, 1,
		    { SERVICE_MX, STAGE_MAIL, false, false }, NOBODY },
		{ "an error ban is silent at HELO", { ERRORS }, 1,
		    { SERVICE_MX, STAGE_HELO, false, false }, NOBODY },
		{ "with nine hits it is silent at MAIL",
		    { { REASON_ERROR, SERVICE_MX, STAGE_RCPT, 9 } }, 1,
		    { SERVICE_MX, STAGE_MAIL, false, false }, NOBODY },
		{ "with ten hits it speaks at MAIL",
		    { { REASON_ERROR, SERVICE_MX, STAGE_RCPT, 10 } }, 1,
		    { SERVICE_MX, STAGE_MAIL, false, false }, 0 },
		{ "but not at HELO",
		    { { REASON_ERROR, SERVICE_MX, STAGE_RCPT, 10 } }, 1,
		    { SERVICE_MX, STAGE_HELO, false, false }, NOBODY },
		{ "an mx ban does not touch submission", { ERRORS }, 1,
		    { SERVICE_SUBMISSION, STAGE_RCPT, false, false }, NOBODY },
		{ "every rule fits a service that is not known", { ERRORS }, 1,
		    { SERVICE_ANY, STAGE_RCPT, false, false }, 0 },
		{ "an auth ban speaks at HELO on submission", { LOGINS }, 1,
		    { SERVICE_SUBMISSION, STAGE_HELO, false, false }, 0 },
		{ "and again at MAIL", { LOGINS }, 1,
		    { SERVICE_SUBMISSION, STAGE_MAIL, false, false }, 0 },
		{ "an auth ban is nothing to mx", { LOGINS }, 1,
		    { SERVICE_MX, STAGE_RCPT, false, false }, NOBODY },
		{ "an authenticated session passes an error ban",
		    { { REASON_ERROR, SERVICE_ANY, STAGE_RCPT, 10 } }, 1,
		    { SERVICE_SUBMISSION, STAGE_RCPT, true, false }, NOBODY },
		{ "an authenticated session hears an auth ban", { LOGINS }, 1,
		    { SERVICE_SUBMISSION, STAGE_MAIL, true, false }, 0 },
		{ "of two that fit the last-ending speaks",
		    { { REASON_SPAM, SERVICE_MX, STAGE_RCPT, 0 }, ERRORS }, 2,
		    { SERVICE_MX, STAGE_RCPT, false, false }, 0 },
		{ "a longer error ban does not silence an auth ban",
		    { { REASON_ERROR, SERVICE_ANY, STAGE_RCPT, 0 }, LOGINS }, 2,
		    { SERVICE_SUBMISSION, STAGE_HELO, false, false }, 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct standing standing = { .verdict = rows[i].bans > 0
							    ? STANDING_BANNED
							    : STANDING_CLEAR,
			.bans = rows[i].bans };
		const struct ban *refusal;

		for (size_t n = 0; n < rows[i].bans; n++) {
			standing.ban[n].reason = rows[i].ban[n].reason;
			standing.ban[n].service = rows[i].ban[n].service;
			standing.ban[n].stage = rows[i].ban[n].stage;
			standing.ban[n].hits = rows[i].ban[n].hits;
		}
		refusal = standing_refusal(&standing, &rows[i].facts);
		check_int(rows[i].sentence,
		    refusal == NULL ? NOBODY : refusal - standing.ban,
		    rows[i].want);
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
