/*
 * The brake, client by client: who counts, what puts it on, whom it spares and
 * what its release forgives.  In franceserv one virus is a ban, where no more
 * than nine messages of that hour were accepted.
 */
#include "script.h"

enum {
	BANS = 5 /* as configured by default */
};

static int
up(void **state)
{
	struct fixture *fixture;

	if (fixture_up(state) != 0) {
		return -1;
	}
	fixture = *state;
	fixture->conf->brake_bans = BANS;
	fixture->conf->brake_within = 10 * MINUTE;
	fixture->conf->brake_accepted = 3;
	return 0;
}

/* Clients from 198.51.100.FIRST on, of whom three messages were accepted the
 * day before yesterday. */
static void
honest(struct fixture *fixture, int first, int count)
{
	for (int i = 0; i < count; i++) {
		script(fixture, "-2d 198.51.100.%d accepted 3 3", first + i);
	}
}

/* Bans of so many honest clients, a second apart, the last one at `last`. */
static void
some(struct fixture *fixture, int first, int count, int last)
{
	honest(fixture, first, count);
	for (int i = 0; i < count; i++) {
		script(fixture, "%d 198.51.100.%d virus", last - count + 1 + i,
		    first + i);
	}
}

/* ---- what puts it on ---- */

static void
the_fifth_honest_client_puts_it_on(void **state)
{
	honest(*state, 1, 6);
	for (int i = 1; i < BANS; i++) {
		script(*state, "%d 198.51.100.%d virus = 1 honest", i, i);
		script(*state, "%d on = 0", i);
		script(*state, "%d clients = %d", i, i);
	}
	script(*state, "4 since = %d : it was never on", -T0);
	script(*state, "5 198.51.100.5 virus = 1 observed honest braked");
	script(*state, "5 on = 1");
	script(*state, "5 since = 5");
	script(*state, "5 198.51.100.5 banned = 0 : it refuses nobody");
	for (int i = 1; i < BANS; i++) {
		script(*state, "5 198.51.100.%d banned = 1 : in force", i);
	}
	script(*state, "6 198.51.100.6 virus = 1 observed honest : not again");
	script(*state, "6 since = 5");
}

static void
what_does_not_put_it_on(void **state)
{
	static const struct {
		const char *sentence;
		int accepted; /* of each client */
		int ago;      /* days since then */
		int apart;    /* seconds from one to the next */
		int want;
	} rows[] = {
		{ "five honest clients at once do", 3, 2, 0, 1 },
		{ "two accepted messages are too few", 2, 2, 0, 0 },
		{ "29 days ago is not too long", 3, 29, 0, 1 },
		{ "31 days ago is", 3, 31, 0, 0 },
		{ "five within ten minutes do", 3, 2, 149, 1 },
		{ "five in more than ten minutes do not", 3, 2, 150, 0 },
	};

	for (int row = 0; row < (int)COUNT(rows); row++) {
		for (int i = 0; i < BANS; i++) {
			script(*state, "%dd-%dd 203.0.%d.%d accepted %d 0", row,
			    rows[row].ago, 113 + row, i + 1,
			    rows[row].accepted);
			script(*state, "%dd+%d 203.0.%d.%d virus", row,
			    i * rows[row].apart, 113 + row, i + 1);
		}
		script(*state, "%dd+30m on = %d : %s", row, rows[row].want,
		    rows[row].sentence);
		script(*state, "%dd+30m release", row);
	}
}

static void
a_botnet_cannot_put_it_on(void **state)
{
	for (int i = 1; i <= 50; i++) {
		script(*state, "%d 198.51.100.%d virus = 1", i, i);
	}
	script(*state, "50 on = 0 : fifty strangers");
	some(*state, 101, BANS, 60);
	script(*state, "60 on = 1 : five honest ones");
	script(*state, "61 198.51.100.90 virus = 1 : strangers are banned");
	script(*state, "61 198.51.100.90 banned = 1 : and refused");
	script(*state, "61 198.51.100.1 banned = 1 : as those before");
}

/* Who sends three fine messages must not switch it on with one address. */
static void
one_client_counts_once(void **state)
{
	struct fixture *fixture = *state;

	fixture->conf->brake_bans = 3;
	honest(fixture, 1, 1);
	script(fixture, "0 198.51.100.1 virus 1 = 1 honest");
	script(fixture, "6 198.51.100.1 spam 5 = 1 honest");
	script(fixture, "17 198.51.100.1 auth 10 = 1 honest");
	script(fixture, "38 198.51.100.1 command 20 = 1 honest");
	script(fixture, "38 198.51.100.1 bans = 4");
	script(fixture, "38 clients = 1 : four bans of one client");
	script(fixture, "38 on = 0 : are not three clients");
	some(fixture, 2, 1, 38);
	script(fixture, "38 on = 0 : nor are two");
	script(fixture, "50 198.51.100.2 auth 10 = 1 honest");
	script(fixture, "50 on = 0 : not even by one more ban of the second");
	some(fixture, 3, 1, 51);
	script(fixture, "51 on = 1 : three are");
}

static void
a_mistaken_ban_does_not_count(void **state)
{
	some(*state, 1, BANS - 1, 10);
	script(*state, "20 198.51.100.1 mistake = 1");
	script(*state, "20 clients = 3");
	some(*state, 10, 1, 30);
	script(*state, "30 on = 0 : the next is but the fourth");
	some(*state, 11, 1, 31);
	script(*state, "31 on = 1 : and one more the fifth");
}

static void
what_is_not_flushed_yet_makes_honest(void **state)
{
	struct fixture *fixture = *state;
	const struct tally unflushed = { .accepted = 1 };
	const struct observation seen = { .address = addr_of("203.0.113.9"),
		.kind = KIND_VIRUS,
		.at = T0,
		.source = "test" };
	struct outcome outcome;

	script(fixture, "-2d accepted 2 2");
	engine_observe(
	    fixture->store, fixture->conf, &seen, &unflushed, T0, &outcome);
	check_int("two messages and one", outcome.ban[0].honest, true);
}

/* ---- while it is on ---- */

static void
while_it_is_on(void **state)
{
	struct fixture *fixture = *state;

	some(fixture, 1, BANS, 0);
	honest(fixture, 20, 3);
	script(fixture, "1 198.51.100.20 virus = 1 observed honest");
	for (int i = 2; i < 10; i++) {
		script(fixture, "%d 198.51.100.20 virus = 0 : not again", i);
	}
	script(fixture, "10 198.51.100.20 stores virus = 1 : but stored");
	script(fixture,
	    "1 198.51.100.21 virus 1 at -2h = 1 observed honest : late");
	script(fixture, "1 198.51.100.22 hand 1h");
	script(fixture, "1 198.51.100.22 banned = 1 : by hand nothing brakes");
	script(fixture, "1 clients = 0");
	script(fixture, "1h+1 on = 0 : an hour after the newest of them");
	script(fixture, "1d+1 198.51.100.20 virus = 1 honest : enforced");
}

static void
where_there_is_no_brake(void **state)
{
	struct fixture *fixture = *state;

	fixture->conf->brake_bans = 0;
	some(fixture, 1, 20, 0);
	script(fixture, "0 on = 0 : it is not wanted");
	script(fixture, "0 198.51.100.30 virus = 1 : nobody is honest");
	fixture->conf->brake_bans = BANS;
	script(fixture, "2d mode observe");
	some(fixture, 1, 20, 2 * DAY);
	script(fixture, "2d on = 0 : nothing is enforced");
	script(fixture, "2d 198.51.100.31 virus = 1 observed");
	script(fixture, "2d clients = 0 : of what was observed nothing counts");
	script(fixture, "10d mode enforce");
	some(fixture, 1, BANS, 10 * DAY);
	script(fixture, "10d on = 1");
	fixture->conf->brake_bans = 0;
	honest(fixture, 40, 1);
	script(fixture, "10d 198.51.100.40 virus = 1 : no longer wanted");
}

/* ---- its release ---- */

static void
a_new_round_after_the_release(void **state)
{
	some(*state, 1, BANS, 0);
	script(*state, "1m release");
	script(*state, "1m on = 0");
	script(*state, "1m since = 1m");
	script(*state, "1m clients = 0");
	honest(*state, 21, 5);
	for (int i = 1; i < BANS; i++) {
		script(
		    *state, "1m+%d 198.51.100.%d virus = 1 honest", i, 20 + i);
	}
	script(*state, "2m 198.51.100.25 virus = 1 observed honest braked");
	script(*state, "2m 198.51.100.5 banned = 0 : held back stays so");
}

/* Whom a broken map made look bad its first slip must not ban. */
static void
what_was_before_the_release_is_forgiven(void **state)
{
	static const struct {
		const char *sentence;
		int honest;
		int before, after; /* the release; unknown recipients */
		int want;
	} rows[] = {
		{ "held back before, one slip after", 1, 40, 1, 0 },
		{ "one below before, one slip after", 1, 19, 1, 0 },
		{ "nineteen slips after", 1, 40, 19, 0 },
		{ "twenty are new ground for a ban", 1, 40, 20, 1 },
		{ "a stranger's are never forgiven", 0, 19, 1, 1 },
	};

	some(*state, 1, BANS, 0);
	for (int i = 0; i < (int)COUNT(rows); i++) {
		honest(*state, 20 + i, rows[i].honest);
		script(*state, "40 198.51.100.%d recipient %d", 20 + i,
		    rows[i].before);
	}
	script(*state, "1m release");
	for (int i = 0; i < (int)COUNT(rows); i++) {
		script(*state, "2m+20 198.51.100.%d recipient %d", 20 + i,
		    rows[i].after);
		script(*state, "2m+20 198.51.100.%d banned = %d : %s", 20 + i,
		    rows[i].want, rows[i].sentence);
	}
}

static void
what_explains_a_client_knows_of_the_release(void **state)
{
	struct fixture *fixture = *state;
	const struct rule *rule = policy_rule(
	    &fixture->conf->policy, "dictionary");
	const struct net net = net_of("198.51.100.20");
	struct outlook outlook;

	honest(fixture, 20, 1);
	script(fixture, "6 198.51.100.20 recipient 7 = 0");
	engine_outlook(
	    fixture->store, fixture->conf, &net, rule, T0 + MINUTE, &outlook);
	check_int("seven before", outlook.counted, 7);
	script(fixture, "1m release");
	engine_outlook(fixture->store, fixture->conf, &net, rule,
	    T0 + 2 * MINUTE, &outlook);
	check_int("none after", outlook.counted, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, fixture_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_fifth_honest_client_puts_it_on),
		TEST(what_does_not_put_it_on),
		TEST(a_botnet_cannot_put_it_on),
		TEST(one_client_counts_once),
		TEST(a_mistaken_ban_does_not_count),
		TEST(what_is_not_flushed_yet_makes_honest),
		TEST(while_it_is_on),
		TEST(where_there_is_no_brake),
		TEST(a_new_round_after_the_release),
		TEST(what_was_before_the_release_is_forgiven),
		TEST(what_explains_a_client_knows_of_the_release),
	};

	return cmocka_run_group_tests_name("brake", tests, NULL, NULL);
}
