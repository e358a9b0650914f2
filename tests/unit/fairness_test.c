/*
 * What makes the engine fair: forwarders, credit, distinct recipients, soft
 * steps and reputation; and what a change of policy and the sums by day make
 * of it.  The rules here are franceserv's, changed by a word each.
 */
#include "fixture.h"

static const char client[] = "203.0.113.9";

static struct rule *
rule_of(struct fixture *fixture, const char *name)
{
	struct policy *policy = &fixture->conf->policy;
	size_t i = 0;

	while (i < policy->rules && strcmp(policy->rule[i].name, name) != 0) {
		i++;
	}
	assert_true(i < policy->rules);
	return &policy->rule[i];
}

/* So many deeds of a kind, a second apart from `t` on; how many bans began. */
static int64_t
deeds(struct fixture *fixture, const char *address, enum kind kind, int count,
    int64_t t)
{
	int64_t bans = 0;

	for (int i = 0; i < count; i++) {
		bans += (int64_t)fixture_deed(
		    fixture, address, kind, t + i, t + i)
			    .bans;
	}
	return bans;
}

static void
forward(struct fixture *fixture, const char *net)
{
	fixture->conf->forwarder[fixture->conf->forwarders++] = net_of(net);
}

/* ---- forwarders, credit ---- */

static void
a_forwarders_events_count_a_part(void **state)
{
	static const struct {
		const char *sentence;
		const char *listed, *address;
		int64_t weight;
		int spams;
		int64_t want;
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
		fixture->conf->forwarders = 0;
		forward(fixture, rows[i].listed);
		rule_of(fixture, "spam")->weight = rows[i].weight;
		check_int(rows[i].sentence,
		    deeds(
			fixture, rows[i].address, KIND_SPAM, rows[i].spams, T0),
		    rows[i].want);
	}
}

static void
accepted_mail_is_to_a_clients_credit(void **state)
{
	static const struct {
		const char *sentence;
		enum kind kind;
		const char *rule;
		int64_t messages, recipients;
		int bad;
		int64_t want;
	} rows[] = {
		{ "five spams, nothing accepted", KIND_SPAM, "spam", 0, 0, 5,
		    1 },
		{ "ten messages forgive one", KIND_SPAM, "spam", 10, 0, 5, 0 },
		{ "but not two", KIND_SPAM, "spam", 10, 0, 6, 1 },
		{ "nine forgive none", KIND_SPAM, "spam", 9, 0, 5, 1 },
		{ "recipients forgive no spam", KIND_SPAM, "spam", 0, 100, 5,
		    1 },
		{ "recipients forgive recipients", KIND_RECIPIENT, "dictionary",
		    0, 10, 20, 0 },
		{ "messages do not", KIND_RECIPIENT, "dictionary", 100, 0, 20,
		    1 },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rule *rule = rule_of(fixture, rows[i].rule);
		char address[32];

		(void)snprintf(
		    address, sizeof(address), "198.51.100.%zu", i + 1);
		rule->ratio = 0;
		rule->credit = 10;
		fixture_accepted(
		    fixture, address, T0, rows[i].messages, rows[i].recipients);
		check_int(rows[i].sentence,
		    deeds(fixture, address, rows[i].kind, rows[i].bad, T0 + 60),
		    rows[i].want);
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
		struct deed deed = { .address = addr_of(address),
			.kind = KIND_RECIPIENT,
			.at = at,
			.source = "test",
			.key = key };
		struct outcome outcome;

		assert_int_equal(store_begin(fixture->store), STORE_OK);
		assert_int_equal(
		    engine_key(fixture->store, name[(size_t)i % names], key),
		    STORE_OK);
		assert_int_equal(engine_observe(fixture->store, fixture->conf,
				     &deed, NULL, at, &outcome),
		    STORE_OK);
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
		rule_of(fixture, "dictionary")->same_recipient = rows[i].same;
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

	rule_of(fixture, "dictionary")->same_recipient = 1;
	check_int(
	    "nineteen", misses(fixture, client, names, COUNT(names), 19, 1), 0);
	check_int("and twenty",
	    misses(fixture, "198.51.100.1", names, COUNT(names), 20, 1), 1);
}

/* ---- soft steps ---- */

static void
the_first_steps_are_soft(void **state)
{
	static const char *const want[] = { "450", "450", "500", "500" };
	struct fixture *fixture = *state;
	struct ban ban = { .reason = REASON_SPAM, .ends = T0 + HOUR };

	rule_of(fixture, "spam")->soft = 2;
	for (size_t i = 0; i < COUNT(want); i++) {
		int64_t t = T0 + (int64_t)i * 2 * DAY;
		struct standing standing;

		(void)deeds(fixture, client, KIND_SPAM, 5, t);
		standing = fixture_standing(fixture, client, t + 5);
		check_int(want[i], (int64_t)standing.bans, 1);
		check_int("the step", standing.ban[0].step, (int64_t)i + 1);
		check_text("its code", standing.ban[0].reply.code, want[i]);
		check_int("the enhanced one goes with it",
		    standing.ban[0].reply.enhanced[0], want[i][0]);
	}
	ban.who = net_of("198.51.100.1");
	assert_int_equal(
	    engine_ban(fixture->store, fixture->conf, &ban, T0), STORE_OK);
	check_text("by hand no step is soft",
	    fixture_standing(fixture, "198.51.100.1", T0).ban[0].reply.code,
	    "550");
}

static void
the_second_reply_is_kept_with_the_ban(void **state)
{
	struct fixture *fixture = *state;
	struct standing standing;

	assert_null(reply_parse("550 5.7.1 Still no", "AGAIN_1",
	    &rule_of(fixture, "virus")->again));
	(void)deeds(fixture, client, KIND_VIRUS, 1, T0);
	standing = fixture_standing(fixture, client, T0);
	check_text("first the one", ban_reply(&standing.ban[0])->code, "500");
	assert_int_equal(
	    store_ban_hit(fixture->store, standing.ban[0].id, 1, T0 + 1),
	    STORE_OK);
	standing = fixture_standing(fixture, client, T0 + 1);
	check_text("then the other", ban_reply(&standing.ban[0])->code, "550");
	check_text(
	    "its phrase", ban_reply(&standing.ban[0])->phrase, "Still no");
	check_text("its own code", ban_reply(&standing.ban[0])->own, "AGAIN_1");
}

/* ---- reputation ---- */

static struct repute
repute(struct fixture *fixture, const struct tally *unflushed, int64_t now)
{
	const struct net net = net_of(client);
	struct repute repute;

	assert_int_equal(engine_repute(fixture->store, fixture->conf, &net,
			     unflushed, now, &repute),
	    STORE_OK);
	return repute;
}

static void
a_reputation_is_of_the_last_month(void **state)
{
	const struct tally unflushed = { .accepted = 1 };
	struct fixture *fixture = *state;
	struct repute got;

	fixture->conf->policy.scale = (struct reputation_scale){
		.good_messages = 20,
		.good_ratio = 500,
		.poor_bans = 2,
		.poor_events = 20,
		.poor_ratio = 5000
	};
	check_int("a new client", repute(fixture, NULL, T0).reputation,
	    REPUTATION_NEUTRAL);
	fixture_accepted(fixture, client, T0, 19, 0);
	check_int("19 messages", repute(fixture, NULL, T0).reputation,
	    REPUTATION_NEUTRAL);
	got = repute(fixture, &unflushed, T0);
	check_int(
	    "and one that is not flushed yet", got.reputation, REPUTATION_GOOD);
	check_int("its numbers", got.facts.tally.accepted, 20);
	fixture_accepted(fixture, client, T0 + DAY, 1, 0);
	check_int("30 days later the first hour still counts",
	    repute(fixture, NULL, T0 + 30 * (int64_t)DAY - 1).reputation,
	    REPUTATION_GOOD);
	check_int("an hour later no more",
	    repute(fixture, NULL, T0 + 30 * (int64_t)DAY + HOUR).reputation,
	    REPUTATION_NEUTRAL);
}

static void
which_bans_are_held_against_it(void **state)
{
	struct fixture *fixture = *state;
	const struct clearing mistake = { .who = net_of(client),
		.mistake = true };
	struct ban ban = { .who = net_of("203.0.113.0/24"),
		.reason = REASON_ERROR,
		.ends = T0 + HOUR };
	int64_t lifted;

	(void)deeds(fixture, client, KIND_VIRUS, 1, T0);
	check_int("a ban", repute(fixture, NULL, T0).facts.bans, 1);
	assert_int_equal(
	    engine_ban(fixture->store, fixture->conf, &ban, T0 + 1), STORE_OK);
	check_int("one by hand of its network",
	    repute(fixture, NULL, T0 + 1).facts.bans, 2);
	assert_int_equal(engine_clear(fixture->store, fixture->conf, &mistake,
			     T0 + 2, &lifted),
	    STORE_OK);
	check_int(
	    "not a mistaken one", repute(fixture, NULL, T0 + 2).facts.bans, 1);
	fixture->conf->mode = CONF_OBSERVE;
	(void)deeds(fixture, client, KIND_VIRUS, 1, T0 + 3);
	check_int(
	    "not an observed one", repute(fixture, NULL, T0 + 3).facts.bans, 1);
	check_int("30 days later it does not count",
	    repute(fixture, NULL, T0 + 1 + 30 * (int64_t)DAY).facts.bans, 0);
	check_int("a second before it does",
	    repute(fixture, NULL, T0 + 30 * (int64_t)DAY).facts.bans, 1);
}

/* ---- another policy ---- */

static void
another_policy(struct fixture *fixture, const char *name)
{
	char error[CONF_ERROR_SIZE];

	if (!conf_policy(
		name, CONF_DEFAULT_FILE, &fixture->conf->policy, error)) {
		fail_msg("%s", error);
	}
}

/* As many as the rule asks for, and once they have settled one more; when that
 * ban begins. */
static int64_t
greylisted(struct fixture *fixture, int64_t t)
{
	check_int("first they settle",
	    deeds(fixture, client, KIND_GREYLIST, 20, t), 0);
	t += 7 * HOUR;
	check_int(
	    "then they count", deeds(fixture, client, KIND_GREYLIST, 1, t), 1);
	return t;
}

static void
a_policy_can_be_changed_at_any_time(void **state)
{
	struct fixture *fixture = *state;
	struct standing standing;
	struct ban before;
	int64_t t;

	(void)greylisted(fixture, T0);
	t = greylisted(fixture, T0 + 2 * DAY);
	before = fixture_standing(fixture, client, t).ban[0];
	check_text("a ban of this rule", before.rule, "greylist");
	check_int("for the second time", before.step, 2);
	another_policy(fixture, "sfr");
	assert_null(policy_rule(&fixture->conf->policy, "greylist"));
	standing = fixture_standing(fixture, client, t);
	check_text(
	    "it holds without its rule", standing.ban[0].ref, before.ref);
	check_text("under its name", standing.ban[0].rule, "greylist");
	check_text("in its words", standing.ban[0].reply.phrase,
	    "Too many errors from your IP");
	check_text("and its code", standing.ban[0].reply.code, "550");
	check_int("to its last second",
	    fixture_banned(fixture, client, before.ends - 1), true);
	check_int("and no longer", fixture_banned(fixture, client, before.ends),
	    false);
	check_int("the kinds of the rule that is gone ban nobody",
	    deeds(fixture, client, KIND_GREYLIST, 40, T0 + 4 * DAY), 0);
	another_policy(fixture, "franceserv");
	t = greylisted(fixture, T0 + 6 * DAY);
	check_int("steps go on where they were",
	    fixture_standing(fixture, client, t).ban[0].step, 3);
}

static void
steps_of_a_reason_outlive_their_rule(void **state)
{
	struct fixture *fixture = *state;
	struct standing standing;

	(void)deeds(fixture, client, KIND_SPAM, 5, T0);
	(void)text_copy(rule_of(fixture, "spam")->name, BAN_RULE_SIZE, "junk");
	(void)deeds(fixture, client, KIND_SPAM, 5, T0 + 10);
	standing = fixture_standing(fixture, client, T0 + 20);
	check_int("while the old ban holds no other begins",
	    (int64_t)standing.bans, 1);
	check_text("it is the old one", standing.ban[0].rule, "spam");
	(void)deeds(fixture, client, KIND_SPAM, 5, T0 + DAY);
	standing = fixture_standing(fixture, client, T0 + DAY + 5);
	check_text("then one of the new rule", standing.ban[0].rule, "junk");
	check_int("as the next step", standing.ban[0].step, 2);
}

/* ---- sums by day ---- */

struct daily_find {
	enum daily what;
	const char *name;
	int64_t day;
	int64_t number; /* found; 0 for none */
};

static void
find_daily(void *to, const struct daily_row *row)
{
	struct daily_find *find = to;

	if (row->what == find->what && row->day == find->day &&
	    strcmp(row->name, find->name) == 0) {
		find->number += row->number;
	}
}

static int64_t
daily(struct fixture *fixture, enum daily what, const char *name, int64_t day)
{
	struct daily_find find = { .what = what, .name = name, .day = day };

	assert_int_equal(
	    store_daily_each(fixture->store, 0, find_daily, &find), STORE_OK);
	return find.number;
}

static void
what_is_summed_by_day(void **state)
{
	const int64_t today = T0 - T0 % DAY;
	struct fixture *fixture = *state;
	struct ban ban = { .who = net_of("198.51.100.1"),
		.reason = REASON_ERROR };

	(void)deeds(fixture, client, KIND_VIRUS, 3, T0);
	(void)deeds(fixture, client, KIND_SPAM, 5, T0 + DAY);
	(void)deeds(fixture, "192.168.1.1", KIND_VIRUS, 1, T0);
	check_int("viruses, but none of who is never banned",
	    daily(fixture, DAILY_EVENT, "virus", today), 3);
	check_int(
	    "one ban for them", daily(fixture, DAILY_BAN, "virus", today), 1);
	check_int("spam on its own day",
	    daily(fixture, DAILY_EVENT, "spam", today + DAY), 5);
	check_int("not on that before",
	    daily(fixture, DAILY_EVENT, "spam", today), 0);
	fixture->conf->mode = CONF_OBSERVE;
	(void)deeds(fixture, "198.51.100.2", KIND_VIRUS, 1, T0);
	check_int("an observed one is no ban",
	    daily(fixture, DAILY_BAN, "virus", today), 1);
	check_int("what led to it is an event",
	    daily(fixture, DAILY_EVENT, "virus", today), 4);
	fixture->conf->mode = CONF_ENFORCE;
	ban.ends = T0 + HOUR;
	assert_int_equal(
	    engine_ban(fixture->store, fixture->conf, &ban, T0), STORE_OK);
	check_int(
	    "one by hand is", daily(fixture, DAILY_BAN, "error", today), 1);
	(void)fixture_deed(fixture, client, KIND_HELO, T0 + DAY, T0 + 2 * DAY);
	check_int("what comes late goes to its own day",
	    daily(fixture, DAILY_EVENT, "helo", today + DAY), 1);
}

static void
days_are_forgotten_whole(void **state)
{
	const int64_t today = T0 - T0 % DAY;
	struct fixture *fixture = *state;
	int64_t removed;

	(void)deeds(fixture, client, KIND_HELO, 1, T0);
	fixture->conf->keep_daily = 10 * DAY;
	assert_int_equal(engine_expire(fixture->store, fixture->conf,
			     today + 11 * (int64_t)DAY - 1, &removed),
	    STORE_OK);
	check_int("a day is kept while its last second is young",
	    daily(fixture, DAILY_EVENT, "helo", today), 1);
	assert_int_equal(engine_expire(fixture->store, fixture->conf,
			     today + 11 * (int64_t)DAY, &removed),
	    STORE_OK);
	check_int(
	    "then it is gone", daily(fixture, DAILY_EVENT, "helo", today), 0);
	check_int("and was counted", removed, 1);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, fixture_up, fixture_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_forwarders_events_count_a_part),
		TEST(accepted_mail_is_to_a_clients_credit),
		TEST(of_one_recipient_some_count),
		TEST(distinct_recipients_count_each),
		TEST(the_first_steps_are_soft),
		TEST(the_second_reply_is_kept_with_the_ban),
		TEST(a_reputation_is_of_the_last_month),
		TEST(which_bans_are_held_against_it),
		TEST(a_policy_can_be_changed_at_any_time),
		TEST(steps_of_a_reason_outlive_their_rule),
		TEST(what_is_summed_by_day),
		TEST(days_are_forgotten_whole),
	};

	return cmocka_run_group_tests_name("fairness", tests, NULL, NULL);
}
