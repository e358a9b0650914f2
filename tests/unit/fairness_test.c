/*
 * What makes the engine fair: forwarders, credit, distinct recipients, soft
 * steps and reputation; and what a change of policy and the sums by day make
 * of it.  The rules here are franceserv's, changed by a word each.
 */
#include "script.h"

/* ---- forwarders, credit ---- */

static void
a_forwarders_events_count_a_part(void **state)
{
	static const struct {
		const char *sentence, *listed, *address;
		int weight, spams, want;
	} rows[] = {
		{ "five spams of a stranger", "192.0.2.0/24", "198.51.100.1",
		    2000, 5, 1 },
		{ "24 of a forwarder are not yet five", "198.51.100.2",
		    "198.51.100.2", 2000, 24, 0 },
		{ "25 are", "198.51.100.3", "198.51.100.3", 2000, 25, 1 },
		{ "in a network of forwarders, too", "198.51.100.0/24",
		    "198.51.100.4", 2000, 24, 0 },
		{ "where each counts whole, five", "198.51.100.5",
		    "198.51.100.5", POLICY_RATIO_ONE, 5, 1 },
		{ "where none counts, a hundred are none", "198.51.100.6",
		    "198.51.100.6", 0, 100, 0 },
		{ "of IPv6 the whole client is meant", "2001:db8:1:2::25",
		    "2001:db8:1:2::7", 2000, 24, 0 },
		{ "but not the next one", "2001:db8:1:3::25",
		    "2001:db8:1:4::25", 2000, 5, 1 },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		fixture->conf->forwarders = 1;
		fixture->conf->forwarder[0] = net_of(rows[i].listed);
		script(fixture, "0 set spam weight %d", rows[i].weight);
		script(fixture, "200 %s spam %d = %d : %s", rows[i].address,
		    rows[i].spams, rows[i].want, rows[i].sentence);
	}
}

/* ---- one recipient, again and again ---- */

static int64_t
misses(struct fixture *fixture, const char *address, const char *const *name,
    size_t names, int count, int64_t apart)
{
	int64_t bans = 0;

	for (int i = 0; i < count; i++) {
		char key[HASH_TEXT_SIZE];
		int64_t at = T0 + i * apart;
		struct observation seen = { .address = addr_of(address),
			.kind = KIND_RECIPIENT,
			.at = at,
			.source = "test",
			.key = key };
		struct outcome outcome;

		store_begin(fixture->store);
		engine_key(fixture->store, name[(size_t)i % names], key);
		engine_observe(
		    fixture->store, fixture->conf, &seen, NULL, at, &outcome);
		assert_int_equal(store_commit(fixture->store), STORE_OK);
		bans += (int64_t)outcome.bans;
	}
	return bans;
}

static void
of_one_recipient_some_count(void **state)
{
	static const struct {
		const char *sentence;
		const char *name[3];
		size_t names;
		int64_t same;
		int count;
		int64_t apart, want;
	} rows[] = {
		{ "all of one count where nothing is said", { "a" }, 1, 0, 20,
		    1, 1 },
		{ "of one recipient two in a clock hour", { "a" }, 1, 2, 200, 1,
		    0 },
		{ "of one without regard to case", { "a@b", "A@B", "a@B" }, 3,
		    2, 200, 1, 0 },
		{ "three recipients make six", { "a", "b", "c" }, 3, 2, 200, 1,
		    0 },
		{ "ten each of two make twenty", { "a", "b" }, 2, 10, 20, 1,
		    1 },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		char address[32];

		(void)snprintf(
		    address, sizeof(address), "198.51.100.%zu", i + 1);
		script_rule(fixture, "dictionary")->same_recipient = rows[i]
									 .same;
		check_int(rows[i].sentence,
		    misses(fixture, address, rows[i].name, rows[i].names,
			rows[i].count, rows[i].apart),
		    rows[i].want);
	}
}

static void
distinct_recipients_count_each(void **state)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g",
		"h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s",
		"t" };
	struct fixture *fixture = *state;

	script_rule(fixture, "dictionary")->same_recipient = 1;
	check_int("nineteen",
	    misses(fixture, "203.0.113.9", names, COUNT(names), 19, 1), 0);
	check_int("and twenty",
	    misses(fixture, "198.51.100.1", names, COUNT(names), 20, 1), 1);
}

/* ---- soft steps, second replies ---- */

static void
the_second_reply_is_kept_with_the_ban(void **state)
{
	struct fixture *fixture = *state;
	struct ban_hits hit = { .hits = 1, .told = T0 + 1 };
	struct standing standing;

	assert_null(reply_parse("550 5.7.1 Still no", "AGAIN_1",
	    &script_rule(fixture, "virus")->again));
	script(fixture, "0 virus = 1");
	standing = fixture_standing(fixture, "203.0.113.9", T0);
	check_text("first the one", ban_reply(&standing.ban[0])->code, "500");
	hit.id = standing.ban[0].id;
	store_record(fixture->store, &(struct store_record){ .hits = &hit });
	standing = fixture_standing(fixture, "203.0.113.9", T0 + 1);
	check_text("then the other", ban_reply(&standing.ban[0])->code, "550");
	check_text(
	    "its phrase", ban_reply(&standing.ban[0])->phrase, "Still no");
	check_text("its own code", ban_reply(&standing.ban[0])->own, "AGAIN_1");
}

/* ---- reputation ---- */

static void
a_reputation_is_of_the_last_month(void **state)
{
	const struct tally unflushed = { .accepted = 1 };
	const struct net net = net_of("203.0.113.9");
	struct fixture *fixture = *state;
	struct repute got;

	fixture->conf->policy.scale = (struct reputation_scale){
		.good_messages = 20,
		.good_ratio = 500,
		.poor_bans = 2,
		.poor_events = 20,
		.poor_ratio = 5000
	};
	script(fixture, "0 good = 0 : a new client");
	script(fixture, "0 accepted 19 0");
	script(fixture, "0 good = 0 : 19 messages");
	engine_repute(
	    fixture->store, fixture->conf, &net, &unflushed, T0, &got);
	check_int("and one not flushed yet", got.reputation, REPUTATION_GOOD);
	check_int("its numbers", got.facts.tally.accepted, 20);
	script(fixture, "1d accepted 1 0");
	script(fixture, "30d-1 good = 1 : the first hour still counts");
	script(fixture, "30d+1h good = 0 : an hour later no more");
}

/* ---- another policy ---- */

static void
steps_of_a_reason_outlive_their_rule(void **state)
{
	struct fixture *fixture = *state;

	script(fixture, "0 spam 5 = 1");
	(void)text_copy(
	    script_rule(fixture, "spam")->name, BAN_RULE_SIZE, "junk");
	script(fixture, "20 spam 5 = 0 : while the old ban holds");
	script(fixture, "20 rule = spam");
	script(fixture, "1d spam 5 = 1");
	script(fixture, "1d rule = junk");
	script(fixture, "1d step = 2 : as the next step");
}

/* ---- sums by day ---- */

/* What was counted in memory: tallies, refused sessions, limits met. */
static void
what_was_counted_is_added_and_summed(void **state)
{
	struct fixture *fixture = *state;
	struct counted counted[] = {
		{ .what = COUNTED_TALLY,
		    .client = net_of("203.0.113.9"),
		    .tally = { .sessions = 2, .messages = 1, .accepted = 1 },
		    .at = T0 },
		{ .what = COUNTED_TALLY,
		    .client = net_of("203.0.113.8"),
		    .tally = { .sessions = 3, .recipients = 7 },
		    .at = T0 + DAY },
		{ .what = COUNTED_HITS,
		    .cause = REASON_VIRUS,
		    .times = 4,
		    .at = T0 + 5 },
		{ .what = COUNTED_LIMITED,
		    .limit = (enum limit_kind)0,
		    .times = 6,
		    .at = T0 + 6 },
	};
	struct standing standing;
	struct tally sum;

	script(fixture, "0 virus = 1");
	counted[2].ban = fixture_standing(fixture, "203.0.113.9", T0).ban[0].id;
	store_begin(fixture->store);
	engine_count(fixture->store, counted, COUNT(counted));
	assert_int_equal(store_commit(fixture->store), STORE_OK);
	standing = fixture_standing(fixture, "203.0.113.9", T0 + 5);
	check_int("hits of the ban", standing.ban[0].hits, 4);
	check_int("the newest", standing.ban[0].told, T0 + 5);
	store_tally_sum(
	    fixture->store, &counted[1].client, T0 + DAY, T0 + DAY, &sum);
	check_int("the tally of a client", sum.recipients, 7);
	script(fixture, "0 daily sessions = 2");
	script(fixture, "0 daily messages = 1");
	script(fixture, "0 daily accepted = 1");
	script(fixture, "1d daily sessions = 3");
	script(fixture, "1d daily recipients = 7");
	script(fixture, "0 daily refused virus = 4");
	script(
	    fixture, "0 daily limited %s = 6", limit_name((enum limit_kind)0));
}

static void
days_are_forgotten_whole(void **state)
{
	struct fixture *fixture = *state;
	const int into = T0 % DAY;

	script(fixture, "0 helo");
	fixture->conf->keep_daily = 10 * DAY;
	script(fixture, "11d-%d prune", into + 1);
	script(fixture, "0 daily event helo = 1 : its last second is young");
	script(
	    fixture, "11d-%d prune = 1 : then it goes, and is counted", into);
	script(fixture, "0 daily event helo = 0");
}

static void
the_state_of_the_programs(void **state)
{
	struct fixture *fixture = *state;
	struct state states[STATE_COUNT];

	engine_state_put(fixture->store, STATE_MILTER, "1.2.3", T0);
	engine_state_put_number(fixture->store, STATE_SUPPRESSED, 17, T0 + 1);
	store_state_put(fixture->store, "of a later version", "x", T0);
	engine_states(fixture->store, states);
	check_text("a version", states[STATE_MILTER].value, "1.2.3");
	check_int("which is no number", states[STATE_MILTER].number, -1);
	check_int("since when", states[STATE_MILTER].since, T0);
	check_int("a number", states[STATE_SUPPRESSED].number, 17);
	check_int("nothing of the watcher", states[STATE_WATCH].there, false);
}

static void
scripts(void **state)
{
	(void)state;
	script_file("tests/data/fairness.script");
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, fixture_up, fixture_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scripts),
		TEST(a_forwarders_events_count_a_part),
		TEST(of_one_recipient_some_count),
		TEST(distinct_recipients_count_each),
		TEST(the_second_reply_is_kept_with_the_ban),
		TEST(a_reputation_is_of_the_last_month),
		TEST(steps_of_a_reason_outlive_their_rule),
		TEST(what_was_counted_is_added_and_summed),
		TEST(days_are_forgotten_whole),
		TEST(the_state_of_the_programs),
	};

	return cmocka_run_group_tests_name("fairness", tests, NULL, NULL);
}
