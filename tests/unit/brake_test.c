/*
 * The brake, client by client: who counts, what puts it on, whom it spares and
 * what its release forgives.  In franceserv one virus is a ban, where no more
 * than nine messages of that hour were accepted.
 */
#include "fixture.h"

enum {
	BANS = 5, /* as configured by default */
	LONG_AGO = 2 * DAY
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

/* A client of whom so much was accepted the day before yesterday. */
static const char *
client(struct fixture *fixture, int number, int64_t accepted)
{
	static char address[32];

	(void)snprintf(address, sizeof(address), "198.51.100.%d", number);
	if (accepted > 0) {
		fixture_accepted(
		    fixture, address, T0 - LONG_AGO, accepted, accepted);
	}
	return address;
}

static const char *
honest(struct fixture *fixture, int number)
{
	return client(fixture, number, 3);
}

static struct outcome
virus(struct fixture *fixture, const char *address, int64_t at)
{
	return fixture_deed(fixture, address, KIND_VIRUS, at, at);
}

static struct brake_counts
look(struct fixture *fixture, int64_t now)
{
	struct brake_counts counts;

	assert_int_equal(
	    engine_brake_counts(fixture->store, fixture->conf, now, &counts),
	    STORE_OK);
	return counts;
}

static bool
is_on(struct fixture *fixture, int64_t now)
{
	return look(fixture, now).brake.on;
}

static void
release(struct fixture *fixture, int64_t now)
{
	assert_int_equal(store_begin(fixture->store), STORE_OK);
	assert_int_equal(engine_brake_release(fixture->store, now), STORE_OK);
	assert_int_equal(store_commit(fixture->store), STORE_OK);
}

/* Bans of so many honest clients from `first` on, a second apart, the last one
 * at `last`. */
static void
some(struct fixture *fixture, int first, int count, int64_t last)
{
	for (int i = 0; i < count; i++) {
		(void)virus(
		    fixture, honest(fixture, first + i), last - count + 1 + i);
	}
}

/* ---- what puts it on ---- */

static void
the_fifth_honest_client_puts_it_on(void **state)
{
	struct fixture *fixture = *state;
	struct outcome outcome;

	for (int i = 1; i < BANS; i++) {
		outcome = virus(fixture, honest(fixture, i), T0 + i);
		check_int("a ban as any other", (int64_t)outcome.bans, 1);
		check_int("of an honest client", outcome.ban[0].honest, true);
		check_int("enforced", outcome.ban[0].observed, false);
		check_int("not yet on", outcome.braked, false);
		check_int("nor said to be", is_on(fixture, T0 + i), false);
		check_int("so many count", look(fixture, T0 + i).clients, i);
	}
	check_int("it was never on", look(fixture, T0 + 4).brake.since, 0);
	outcome = virus(fixture, honest(fixture, BANS), T0 + BANS);
	check_int("the fifth puts it on", outcome.braked, true);
	check_int("and is told of", (int64_t)outcome.bans, 1);
	check_int("as one that is observed", outcome.ban[0].observed, true);
	check_int("of an honest client", outcome.ban[0].honest, true);
	check_int("on", is_on(fixture, T0 + BANS), true);
	check_int(
	    "since then", look(fixture, T0 + BANS).brake.since, T0 + BANS);
	check_int("it refuses nobody",
	    fixture_banned(fixture, "198.51.100.5", T0 + BANS), false);
	for (int i = 1; i < BANS; i++) {
		check_int("the first four stay in force",
		    fixture_banned(fixture, client(fixture, i, 0), T0 + BANS),
		    true);
	}
	outcome = virus(fixture, honest(fixture, 6), T0 + 6);
	check_int("the sixth is observed", outcome.ban[0].observed, true);
	check_int("and does not put it on again", outcome.braked, false);
	check_int("it is on since the fifth", look(fixture, T0 + 6).brake.since,
	    T0 + BANS);
}

static void
what_does_not_put_it_on(void **state)
{
	static const struct {
		const char *sentence;
		int64_t accepted; /* of each client */
		int64_t ago;      /* when that was */
		int64_t apart;    /* seconds from one to the next */
		bool want;
	} rows[] = {
		{ "five honest clients at once do", 3, LONG_AGO, 0, true },
		{ "two accepted messages are too few", 2, LONG_AGO, 0, false },
		{ "29 days ago is not too long", 3, 29 * DAY, 0, true },
		{ "31 days ago is", 3, 31 * DAY, 0, false },
		{ "five within ten minutes do", 3, LONG_AGO, 149, true },
		{ "five in more than ten minutes do not", 3, LONG_AGO, 150,
		    false },
	};
	struct fixture *fixture = *state;

	for (size_t row = 0; row < COUNT(rows); row++) {
		int64_t t = T0 + (int64_t)row * DAY;

		for (int i = 0; i < BANS; i++) {
			char address[32];

			(void)snprintf(address, sizeof(address), "203.0.%zu.%d",
			    113 + row, i + 1);
			fixture_accepted(fixture, address, t - rows[row].ago,
			    rows[row].accepted, 0);
			(void)virus(fixture, address, t + i * rows[row].apart);
		}
		check_int(rows[row].sentence, is_on(fixture, t + HOUR),
		    rows[row].want);
		release(fixture, t + HOUR);
	}
}

static void
a_botnet_cannot_put_it_on(void **state)
{
	struct fixture *fixture = *state;
	struct outcome outcome;

	for (int i = 1; i <= 50; i++) {
		outcome = virus(fixture, client(fixture, i, 0), T0 + i);
		check_int(
		    "a stranger is not honest", outcome.ban[0].honest, false);
		check_int("and enforced", outcome.ban[0].observed, false);
	}
	check_int("fifty strangers", is_on(fixture, T0 + 50), false);
	some(fixture, 101, BANS, T0 + 60);
	check_int("five honest ones", is_on(fixture, T0 + 60), true);
	outcome = virus(fixture, client(fixture, 90, 0), T0 + 61);
	check_int("strangers are banned while it is on",
	    outcome.ban[0].observed, false);
	check_int("and refused",
	    fixture_banned(fixture, "198.51.100.90", T0 + 61), true);
	check_int("as those before",
	    fixture_banned(fixture, "198.51.100.1", T0 + 61), true);
}

/* Who sends three fine messages must not switch it on with one address. */
static void
one_client_counts_once(void **state)
{
	static const struct {
		enum kind kind;
		int count;
	} deeds[] = { { KIND_VIRUS, 1 }, { KIND_SPAM, 5 }, { KIND_AUTH, 10 },
		{ KIND_COMMAND, 20 } };
	struct fixture *fixture = *state;
	const char *address = honest(fixture, 1);
	int64_t t = T0;

	fixture->conf->brake_bans = 3;
	for (size_t i = 0; i < COUNT(deeds); i++) {
		for (int n = 0; n < deeds[i].count; n++) {
			(void)fixture_deed(
			    fixture, address, deeds[i].kind, t, t);
			t++;
		}
	}
	check_int("four bans",
	    (int64_t)fixture_standing(fixture, address, t).bans, 4);
	check_int("of one client", look(fixture, t).clients, 1);
	check_int("are not three clients", is_on(fixture, t), false);
	some(fixture, 2, 1, t);
	check_int("nor are two", is_on(fixture, t), false);
	for (int n = 1; n <= 10; n++) {
		(void)fixture_deed(
		    fixture, "198.51.100.2", KIND_AUTH, t + n, t + n);
	}
	t += 11;
	check_int(
	    "not even by one more ban of the second", is_on(fixture, t), false);
	some(fixture, 3, 1, t + 1);
	check_int("three are", is_on(fixture, t + 1), true);
}

static void
a_mistaken_ban_does_not_count(void **state)
{
	struct fixture *fixture = *state;
	const struct clearing clearing = { .who = net_of("198.51.100.1"),
		.mistake = true };
	int64_t lifted;

	some(fixture, 1, BANS - 1, T0 + 10);
	assert_int_equal(engine_clear(fixture->store, fixture->conf, &clearing,
			     T0 + 20, &lifted),
	    STORE_OK);
	check_int("three are left", look(fixture, T0 + 20).clients, 3);
	some(fixture, 10, 1, T0 + 30);
	check_int("the next is but the fourth", is_on(fixture, T0 + 30), false);
	some(fixture, 11, 1, T0 + 31);
	check_int("and one more the fifth", is_on(fixture, T0 + 31), true);
}

static void
what_is_not_flushed_yet_makes_honest(void **state)
{
	struct fixture *fixture = *state;
	const struct tally unflushed = { .accepted = 1 };
	const struct deed deed = { .address = addr_of("198.51.100.1"),
		.kind = KIND_VIRUS,
		.at = T0,
		.source = "test" };
	struct outcome outcome;

	(void)client(fixture, 1, 2);
	assert_int_equal(engine_observe(fixture->store, fixture->conf, &deed,
			     &unflushed, T0, &outcome),
	    STORE_OK);
	check_int("two messages and one", outcome.ban[0].honest, true);
}

/* ---- while it is on ---- */

static void
a_ban_held_back_is_written_once(void **state)
{
	struct fixture *fixture = *state;
	const char *address;
	struct outcome outcome;

	some(fixture, 1, BANS, T0);
	address = honest(fixture, 20);
	outcome = virus(fixture, address, T0 + 1);
	check_int("held back", (int64_t)outcome.bans, 1);
	for (int i = 2; i < 10; i++) {
		outcome = virus(fixture, address, T0 + i);
		check_int("no further deed writes it again",
		    (int64_t)outcome.bans, 0);
		check_int("nor puts the brake on", outcome.braked, false);
		check_int("but each is stored", outcome.stored, true);
	}
	outcome = virus(fixture, address, T0 + 1 + DAY);
	check_int(
	    "when it would be over the next is due", (int64_t)outcome.bans, 1);
	check_int("observed as well", outcome.ban[0].observed, true);
	check_int(
	    "as the first step, for none was enforced", outcome.ban[0].step, 1);
}

static void
late_deeds_while_it_is_on(void **state)
{
	struct fixture *fixture = *state;
	const char *address;
	struct outcome outcome;

	some(fixture, 1, BANS, T0);
	address = honest(fixture, 20);
	outcome = fixture_deed(
	    fixture, address, KIND_VIRUS, T0 - 2 * HOUR, T0 + 1);
	check_int("what was before the brake and comes late is held back",
	    outcome.ban[0].observed, true);
	check_int("from its own time on", outcome.ban[0].begins, T0 - 2 * HOUR);
}

static void
bans_by_hand_know_no_brake(void **state)
{
	struct fixture *fixture = *state;
	struct ban ban = { .reason = REASON_SPAM, .ends = T0 + HOUR };

	some(fixture, 1, BANS, T0);
	ban.who = net_of(honest(fixture, 20));
	assert_int_equal(
	    engine_ban(fixture->store, fixture->conf, &ban, T0 + 1), STORE_OK);
	check_int("enforced", ban.observed, false);
	check_int("and not counted", ban.honest, false);
	check_int("it refuses",
	    fixture_banned(fixture, "198.51.100.20", T0 + 1), true);
}

static void
where_there_is_no_brake(void **state)
{
	static const struct {
		const char *sentence;
		int64_t bans;
		enum conf_mode mode;
	} rows[] = {
		{ "it is not wanted", 0, CONF_ENFORCE },
		{ "nothing is enforced", BANS, CONF_OBSERVE },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		fixture->conf->brake_bans = rows[i].bans;
		fixture->conf->mode = rows[i].mode;
		some(fixture, 1, 20, T0 + (int64_t)i * 2 * DAY);
		check_int(rows[i].sentence,
		    is_on(fixture, T0 + (int64_t)i * 2 * DAY), false);
		check_int("and nobody is told to be honest",
		    virus(
			fixture, honest(fixture, 30), T0 + (int64_t)i * 2 * DAY)
			.ban[0]
			.honest,
		    false);
	}
	fixture->conf->mode = CONF_ENFORCE;
	check_int("of what was observed nothing counts",
	    look(fixture, T0 + 2 * DAY).clients, 0);
	fixture->conf->brake_bans = BANS;
	some(fixture, 1, BANS, T0 + 10 * DAY);
	check_int("on", is_on(fixture, T0 + 10 * DAY), true);
	fixture->conf->brake_bans = 0;
	check_int("one that is no longer wanted holds nothing back",
	    virus(fixture, honest(fixture, 40), T0 + 10 * DAY).ban[0].observed,
	    false);
}

/* ---- its release ---- */

static void
a_new_round_after_the_release(void **state)
{
	struct fixture *fixture = *state;
	struct outcome outcome;

	some(fixture, 1, BANS, T0);
	release(fixture, T0 + MINUTE);
	check_int("off", is_on(fixture, T0 + MINUTE), false);
	check_int(
	    "since then", look(fixture, T0 + MINUTE).brake.since, T0 + MINUTE);
	check_int("nobody counts", look(fixture, T0 + MINUTE).clients, 0);
	for (int i = 1; i < BANS; i++) {
		outcome = virus(
		    fixture, honest(fixture, 20 + i), T0 + MINUTE + i);
		check_int(
		    "four are banned again", outcome.ban[0].observed, false);
	}
	outcome = virus(fixture, honest(fixture, 30), T0 + 2 * MINUTE);
	check_int("the fifth puts it on again", outcome.braked, true);
	check_int("and is observed", outcome.ban[0].observed, true);
	check_int("what was held back stays so",
	    fixture_banned(fixture, "198.51.100.5", T0 + 2 * MINUTE), false);
}

/* Whom a broken map made look bad its first slip must not ban. */
static void
what_was_before_the_release_is_forgiven(void **state)
{
	static const struct {
		const char *sentence;
		int64_t accepted;
		int before, after; /* the release; unknown recipients */
		bool want;
	} rows[] = {
		{ "held back before, one slip after", 3, 40, 1, false },
		{ "one below before, one slip after", 3, 19, 1, false },
		{ "nineteen slips after", 3, 40, 19, false },
		{ "twenty are new ground for a ban", 3, 40, 20, true },
		{ "a stranger's are never forgiven", 0, 19, 1, true },
	};
	struct fixture *fixture = *state;

	some(fixture, 1, BANS, T0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *address = client(
		    fixture, 20 + (int)i, rows[i].accepted);

		for (int n = 0; n < rows[i].before; n++) {
			(void)fixture_deed(
			    fixture, address, KIND_RECIPIENT, T0 + n, T0 + n);
		}
	}
	release(fixture, T0 + MINUTE);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *address = client(fixture, 20 + (int)i, 0);
		int64_t t = T0 + 2 * MINUTE;

		for (int n = 0; n < rows[i].after; n++, t++) {
			(void)fixture_deed(
			    fixture, address, KIND_RECIPIENT, t, t);
		}
		check_int(rows[i].sentence, fixture_banned(fixture, address, t),
		    rows[i].want);
	}
}

static void
what_explains_a_client_knows_of_the_release(void **state)
{
	struct fixture *fixture = *state;
	const struct rule *rule = policy_rule(
	    &fixture->conf->policy, "dictionary");
	const char *address = honest(fixture, 20);
	const struct net net = net_of(address);
	struct prospect prospect;

	for (int n = 0; n < 7; n++) {
		(void)fixture_deed(
		    fixture, address, KIND_RECIPIENT, T0 + n, T0 + n);
	}
	assert_int_equal(engine_prospect(fixture->store, fixture->conf, &net,
			     rule, T0 + MINUTE, &prospect),
	    STORE_OK);
	check_int("seven before", prospect.counted, 7);
	release(fixture, T0 + MINUTE);
	assert_int_equal(engine_prospect(fixture->store, fixture->conf, &net,
			     rule, T0 + 2 * MINUTE, &prospect),
	    STORE_OK);
	check_int("none after", prospect.counted, 0);
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
		TEST(a_ban_held_back_is_written_once),
		TEST(late_deeds_while_it_is_on),
		TEST(bans_by_hand_know_no_brake),
		TEST(where_there_is_no_brake),
		TEST(a_new_round_after_the_release),
		TEST(what_was_before_the_release_is_forgiven),
		TEST(what_explains_a_client_knows_of_the_release),
	};

	return cmocka_run_group_tests_name("brake", tests, NULL, NULL);
}
