/*
 * The exact meaning of a ban: time moves by hand, one sentence a line.
 */
#include "script.h"

/* ---- limits and schedules ---- */

static void
each_rule_fires_at_its_limit(void **state)
{
	static const struct {
		const char *kind;
		int limit;
		const char *reason, *rule, *lasts, *code;
	} rows[] = {
		{ "virus", 1, "virus", "virus", "24h", "500" },
		{ "spam", 5, "spam", "spam", "3h", "500" },
		{ "complaint", 5, "spam", "spam", "3h", "500" },
		{ "auth", 10, "auth", "auth", "2h", "530" },
		{ "command", 20, "error", "errors", "2h", "550" },
		{ "helo", 20, "error", "errors", "2h", "550" },
		{ "sender", 20, "error", "errors", "2h", "550" },
		{ "disconnect", 20, "error", "errors", "2h", "550" },
		{ "probe", 20, "error", "errors", "2h", "550" },
		{ "relay", 20, "error", "errors", "2h", "550" },
		{ "recipient", 20, "error", "dictionary", "2h", "550" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char who[32];

		(void)snprintf(who, sizeof(who), "198.51.100.%zu", i + 1);
		script(*state, "0 %s %s %d = 0 : one below the limit", who,
		    rows[i].kind, rows[i].limit - 1);
		script(*state, "0 %s banned = 0", who);
		script(*state, "1 %s %s = 1 : at the limit", who, rows[i].kind);
		script(*state, "1 %s rule = %s", who, rows[i].rule);
		script(*state, "1 %s reason = %s", who, rows[i].reason);
		script(*state, "1 %s begins = 1", who);
		script(*state, "1 %s ends = 1+%s", who, rows[i].lasts);
		script(*state, "1 %s step = 1", who);
		script(*state, "1 %s code = %s", who, rows[i].code);
	}
}

static void
every_step_of_every_schedule(void **state)
{
	static const struct {
		const char *kind;
		int limit;
		int hours[7];
	} rows[] = {
		{ "command", 20, { 2, 4, 8, 16, 24, 24, 24 } },
		{ "recipient", 20, { 2, 4, 8, 16, 24, 24, 24 } },
		{ "auth", 10, { 2, 4, 8, 16, 24, 24, 24 } },
		{ "spam", 5, { 3, 6, 12, 24, 24, 24, 24 } },
		{ "virus", 1, { 24, 24, 24, 24, 24, 24, 24 } },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		for (int step = 1, hour = 0; step <= 7; step++) {
			char who[32];

			(void)snprintf(
			    who, sizeof(who), "198.51.100.%zu", i + 1);
			script(*state, "%dh %s %s %d = 1", hour, who,
			    rows[i].kind, rows[i].limit);
			script(*state, "%dh %s step = %d", hour, who, step);
			hour += rows[i].hours[step - 1];
			script(*state, "%dh-1 %s banned = 1 : last second",
			    hour, who);
			script(
			    *state, "%dh %s banned = 0 : its end", hour, who);
			hour += 24;
		}
	}
}

/* ---- ratio and settle ---- */

static void
what_is_not_flushed_yet_counts(void **state)
{
	struct fixture *fixture = *state;
	const struct tally unflushed = { .recipients = 100 };
	const struct observation seen = { .address = addr_of("203.0.113.9"),
		.kind = KIND_RECIPIENT,
		.at = T0,
		.source = "test" };
	struct outcome outcome;

	script(fixture, "-1 recipient 19 = 0");
	store_begin(fixture->store);
	engine_observe(
	    fixture->store, fixture->conf, &seen, &unflushed, T0, &outcome);
	check_int("a hundred accepted just now", (int64_t)outcome.bans, 0);
	store_rollback(fixture->store);
	script(fixture, "0 recipient = 1 : without them");
}

/* ---- order of arrival ---- */

/* The same events in every tried order; each order is a client. */
static void
any_order_gives_the_same_ban(void **state)
{
	enum {
		EVENTS = 10,
		ORDERS = 200
	};
	unsigned random = 1;

	for (int order = 0; order < ORDERS; order++) {
		int64_t at[EVENTS];
		char who[32];
		size_t bans = 0;

		(void)snprintf(who, sizeof(who), "198.51.%d.%d",
		    100 + order / 100, order % 100);
		for (int i = 0; i < EVENTS; i++) {
			at[i] = T0 + i * 300;
		}
		for (int i = EVENTS - 1; i > 0; i--) {
			int64_t kept = at[i];
			unsigned other;

			random = random * 1103515245U + 12345U;
			other = (random >> 16) % (unsigned)(i + 1);
			at[i] = at[other];
			at[other] = kept;
		}
		for (int i = 0; i < EVENTS; i++) {
			bans += fixture_observe(
			    *state, who, KIND_AUTH, at[i], T0 + DAY)
				    .bans;
		}
		check_int("one ban", (int64_t)bans, 1);
		script(*state, "2700 %s begins = 2700 : the youngest", who);
		script(*state, "2700 %s ends = 2h+2700", who);
	}
}

/* ---- by hand ---- */

static void
who_is_never_banned(void **state)
{
	static const char *const addresses[] = { "127.0.0.1", "10.1.2.3",
		"192.168.1.1", "::1", "fe80::1", "fd00::1", "::ffff:10.0.0.1" };
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(addresses); i++) {
		script(fixture, "0 %s stores virus = 0", addresses[i]);
		script(fixture, "0 %s verdict = never banned", addresses[i]);
	}
	fixture->conf->allow[fixture->conf->allows++] = net_of(
	    "203.0.113.0/24");
	script(fixture, "0 stores virus = 0 : the configuration allows, too");
	script(fixture, "0 verdict = allowed");
}

/* ---- IPv6, observe, explain, forget ---- */

static void
a_slash_64_is_one_client(void **state)
{
	for (int i = 0; i < 20; i++) {
		script(*state, "%d 2001:db8:bad:1:%x::%x command = %d", i,
		    i + 1, i, i == 19);
	}
	script(*state, "20 2001:db8:bad:1:abcd::1 banned = 1");
	script(*state, "20 2001:db8:bad:2::1 banned = 0");
}

static void
what_a_rule_makes_of_a_client(void **state)
{
	struct fixture *fixture = *state;
	const struct net net = net_of("203.0.113.9");
	struct outlook outlook;

	script(fixture, "0 recipient 20 = 1");
	script(fixture, "3h recipient 7 = 0");
	script(fixture, "3h accepted 0 30");
	engine_outlook(fixture->store, fixture->conf, &net,
	    policy_rule(&fixture->conf->policy, "dictionary"), T0 + 3 * HOUR,
	    &outlook);
	check_int("counted", outlook.counted, 7);
	check_int("needed beside what was accepted", outlook.need, 30);
	check_int("accepted", outlook.accepted, 30);
	check_int("steps", outlook.steps, 1);
	check_int("the next would last", outlook.next, 4 * HOUR);
	check_int(
	    "until all is forgotten", outlook.forgets, T0 + 90 * (int64_t)DAY);
}

static void
scripts(void **state)
{
	(void)state;
	script_file("tests/data/engine.script");
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, fixture_up, fixture_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scripts),
		TEST(each_rule_fires_at_its_limit),
		TEST(every_step_of_every_schedule),
		TEST(what_is_not_flushed_yet_counts),
		TEST(any_order_gives_the_same_ban),
		TEST(who_is_never_banned),
		TEST(a_slash_64_is_one_client),
		TEST(what_a_rule_makes_of_a_client),
	};

	return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
