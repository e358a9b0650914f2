/*
 * The exact meaning of a ban: time moves by hand, one sentence a row.
 */
#include "fixture.h"

static const char client[] = "203.0.113.9";

/* So many deeds of a kind, a second apart, the last one at `last`; how many
 * bans began. */
static size_t
deeds(struct fixture *fixture, const char *address, enum kind kind, int count,
    int64_t last)
{
	size_t bans = 0;

	for (int i = count - 1; i >= 0; i--) {
		bans += fixture_deed(fixture, address, kind, last - i, last - i)
			    .bans;
	}
	return bans;
}

/* The client's only ban that is active then. */
static struct ban
only_ban(struct fixture *fixture, const char *address, int64_t now)
{
	struct standing standing = fixture_standing(fixture, address, now);

	assert_int_equal(standing.bans, 1);
	return standing.ban[0];
}

static int64_t
clear(struct fixture *fixture, const char *who, bool mistake, int64_t now)
{
	const struct clearing clearing = { .who = net_of(who),
		.mistake = mistake };
	int64_t lifted;

	assert_int_equal(store_begin(fixture->store), STORE_OK);
	assert_int_equal(engine_clear(fixture->store, fixture->conf, &clearing,
			     now, &lifted),
	    STORE_OK);
	assert_int_equal(store_commit(fixture->store), STORE_OK);
	return lifted;
}

static int64_t
allow(struct fixture *fixture, const char *net, int64_t until, int64_t now)
{
	const struct allow entry = { .net = net_of(net), .until = until };
	int64_t lifted;

	assert_int_equal(store_begin(fixture->store), STORE_OK);
	assert_int_equal(
	    engine_allow(fixture->store, fixture->conf, &entry, now, &lifted),
	    STORE_OK);
	assert_int_equal(store_commit(fixture->store), STORE_OK);
	return lifted;
}

static struct ban
put_by_hand(
    struct fixture *fixture, const char *who, int64_t lasts, int64_t now)
{
	struct ban ban = {
		.who = net_of(who), .reason = REASON_ERROR, .ends = now + lasts
	};

	assert_int_equal(store_begin(fixture->store), STORE_OK);
	assert_int_equal(
	    engine_ban(fixture->store, fixture->conf, &ban, now), STORE_OK);
	assert_int_equal(store_commit(fixture->store), STORE_OK);
	return ban;
}

/* ---- limits and schedules ---- */

static void
each_rule_fires_at_its_limit(void **state)
{
	static const struct {
		const char *sentence;
		enum kind kind;
		int limit;
		enum reason reason;
		const char *rule;
		int64_t lasts;
		const char *code;
	} rows[] = {
		{ "one virus", KIND_VIRUS, 1, REASON_VIRUS, "virus", DAY,
		    "500" },
		{ "five spams", KIND_SPAM, 5, REASON_SPAM, "spam", 3 * HOUR,
		    "500" },
		{ "five complaints", KIND_COMPLAINT, 5, REASON_SPAM, "spam",
		    3 * HOUR, "500" },
		{ "ten failed logins", KIND_AUTH, 10, REASON_AUTH, "auth",
		    2 * HOUR, "530" },
		{ "twenty wrong commands", KIND_COMMAND, 20, REASON_ERROR,
		    "errors", 2 * HOUR, "550" },
		{ "twenty bad HELOs", KIND_HELO, 20, REASON_ERROR, "errors",
		    2 * HOUR, "550" },
		{ "twenty bad senders", KIND_SENDER, 20, REASON_ERROR, "errors",
		    2 * HOUR, "550" },
		{ "twenty dropped connections", KIND_DISCONNECT, 20,
		    REASON_ERROR, "errors", 2 * HOUR, "550" },
		{ "twenty probes", KIND_PROBE, 20, REASON_ERROR, "errors",
		    2 * HOUR, "550" },
		{ "twenty relay attempts", KIND_RELAY, 20, REASON_ERROR,
		    "errors", 2 * HOUR, "550" },
		{ "twenty unknown recipients", KIND_RECIPIENT, 20, REASON_ERROR,
		    "dictionary", 2 * HOUR, "550" },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		char address[32];
		struct ban ban;

		(void)snprintf(
		    address, sizeof(address), "198.51.100.%zu", i + 1);
		check_int(rows[i].sentence,
		    (int64_t)deeds(
			fixture, address, rows[i].kind, rows[i].limit - 1, T0),
		    0);
		check_int("one below the limit nobody is banned",
		    fixture_banned(fixture, address, T0), false);
		check_int(rows[i].sentence,
		    (int64_t)deeds(fixture, address, rows[i].kind, 1, T0 + 1),
		    1);
		ban = only_ban(fixture, address, T0 + 1);
		check_text(rows[i].sentence, ban.rule, rows[i].rule);
		check_int(rows[i].sentence, ban.reason, rows[i].reason);
		check_int(rows[i].sentence, ban.begins, T0 + 1);
		check_int(
		    rows[i].sentence, ban.ends - ban.begins, rows[i].lasts);
		check_int(rows[i].sentence, ban.step, 1);
		check_text(rows[i].sentence, ban.reply.code, rows[i].code);
	}
}

static void
volume_alone_bans_nobody(void **state)
{
	check_int("no rule counts it",
	    (int64_t)deeds(*state, client, KIND_VOLUME, 50, T0), 0);
}

static void
kinds_of_one_rule_count_together(void **state)
{
	struct fixture *fixture = *state;

	check_int("ten commands",
	    (int64_t)deeds(fixture, client, KIND_COMMAND, 10, T0), 0);
	check_int("nine bad HELOs",
	    (int64_t)deeds(fixture, client, KIND_HELO, 9, T0 + 20), 0);
	check_int("and one relay attempt are twenty",
	    (int64_t)deeds(fixture, client, KIND_RELAY, 1, T0 + 21), 1);
}

static void
every_step_of_every_schedule(void **state)
{
	static const struct {
		const char *sentence;
		enum kind kind;
		int limit;
		int64_t lasts[7];
	} rows[] = {
		{ "errors", KIND_COMMAND, 20,
		    { 2 * HOUR, 4 * HOUR, 8 * HOUR, 16 * HOUR, DAY, DAY,
			DAY } },
		{ "dictionary", KIND_RECIPIENT, 20,
		    { 2 * HOUR, 4 * HOUR, 8 * HOUR, 16 * HOUR, DAY, DAY,
			DAY } },
		{ "auth", KIND_AUTH, 10,
		    { 2 * HOUR, 4 * HOUR, 8 * HOUR, 16 * HOUR, DAY, DAY,
			DAY } },
		{ "spam", KIND_SPAM, 5,
		    { 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, DAY, DAY, DAY } },
		{ "virus", KIND_VIRUS, 1,
		    { DAY, DAY, DAY, DAY, DAY, DAY, DAY } },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		char address[32];
		int64_t now = T0;

		(void)snprintf(
		    address, sizeof(address), "198.51.100.%zu", i + 1);
		for (int step = 1; step <= 7; step++) {
			struct ban ban;

			check_int(rows[i].sentence,
			    (int64_t)deeds(fixture, address, rows[i].kind,
				rows[i].limit, now),
			    1);
			ban = only_ban(fixture, address, now);
			check_int(rows[i].sentence, ban.step, step);
			check_int(rows[i].sentence, ban.ends - now,
			    rows[i].lasts[step - 1]);
			check_int("banned in the last second",
			    fixture_banned(fixture, address, ban.ends - 1),
			    true);
			check_int("free at the end",
			    fixture_banned(fixture, address, ban.ends), false);
			now = ban.ends + DAY;
		}
	}
}

static void
memory_forgives(void **state)
{
	static const struct {
		const char *sentence;
		int64_t later;
		int want_step;
	} rows[] = {
		{ "one second before memory ends it is the second",
		    90 * (int64_t)DAY - 1, 2 },
		{ "at its end it is the first again", 90 * (int64_t)DAY, 1 },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		char address[32];

		(void)snprintf(
		    address, sizeof(address), "198.51.100.%zu", i + 1);
		(void)fixture_deed(fixture, address, KIND_VIRUS, T0, T0);
		(void)fixture_deed(fixture, address, KIND_VIRUS,
		    T0 + rows[i].later, T0 + rows[i].later);
		check_int(rows[i].sentence,
		    only_ban(fixture, address, T0 + rows[i].later).step,
		    rows[i].want_step);
	}
}

static void
the_edges_of_within(void **state)
{
	static const struct {
		const char *sentence;
		int64_t later; /* the twentieth, after the first */
		size_t want;
	} rows[] = {
		{ "the first still counts one second before an hour is over",
		    HOUR - 1, 1 },
		{ "after an hour it does not", HOUR, 0 },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		char address[32];

		(void)snprintf(
		    address, sizeof(address), "198.51.100.%zu", i + 1);
		(void)fixture_deed(fixture, address, KIND_COMMAND, T0, T0);
		(void)deeds(fixture, address, KIND_COMMAND, 18, T0 + 100);
		check_int(rows[i].sentence,
		    (int64_t)fixture_deed(fixture, address, KIND_COMMAND,
			T0 + rows[i].later, T0 + rows[i].later)
			.bans,
		    (int64_t)rows[i].want);
	}
}

/* ---- ratio and settle ---- */

static void
the_ratio_spares_large_honest_senders(void **state)
{
	static const struct {
		const char *sentence;
		enum kind kind;
		int bad;
		int64_t messages, recipients;
		size_t want;
	} rows[] = {
		{ "25 dead recipients among 100 accepted", KIND_RECIPIENT, 25,
		    0, 100, 0 },
		{ "25 dead recipients among 10 accepted", KIND_RECIPIENT, 25, 0,
		    10, 1 },
		{ "20 among 20 is one half", KIND_RECIPIENT, 20, 0, 20, 1 },
		{ "20 among 21 is less", KIND_RECIPIENT, 20, 0, 21, 0 },
		{ "accepted messages do not help a dictionary attack",
		    KIND_RECIPIENT, 20, 1000, 0, 1 },
		{ "5 spams among 11 messages", KIND_SPAM, 5, 11, 0, 1 },
		{ "5 spams among 12 messages", KIND_SPAM, 5, 12, 0, 0 },
		{ "accepted recipients do not help a spammer", KIND_SPAM, 5, 0,
		    1000, 1 },
		{ "one virus among 9 messages", KIND_VIRUS, 1, 9, 0, 1 },
		{ "one virus among 10 messages", KIND_VIRUS, 1, 10, 0, 0 },
		{ "logins have no ratio", KIND_AUTH, 10, 1000, 1000, 1 },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		char address[32];

		(void)snprintf(
		    address, sizeof(address), "198.51.100.%zu", i + 1);
		fixture_accepted(
		    fixture, address, T0, rows[i].messages, rows[i].recipients);
		check_int(rows[i].sentence,
		    (int64_t)deeds(
			fixture, address, rows[i].kind, rows[i].bad, T0 + 600),
		    (int64_t)rows[i].want);
	}
}

static void
the_ratio_looks_at_the_hours_of_the_window(void **state)
{
	struct fixture *fixture = *state;

	fixture_accepted(fixture, "198.51.100.1", T0 - 1, 0, 100);
	check_int("the hour before is touched by the window",
	    (int64_t)deeds(
		fixture, "198.51.100.1", KIND_RECIPIENT, 20, T0 + 600),
	    0);
	fixture_accepted(fixture, "198.51.100.2", T0 - HOUR - 1, 0, 100);
	check_int("two hours before is not",
	    (int64_t)deeds(
		fixture, "198.51.100.2", KIND_RECIPIENT, 20, T0 + 600),
	    1);
}

static void
what_is_not_flushed_yet_counts(void **state)
{
	struct fixture *fixture = *state;
	const struct tally unflushed = { .recipients = 100 };
	const struct deed deed = { .address = addr_of(client),
		.kind = KIND_RECIPIENT,
		.at = T0,
		.source = "test" };
	struct outcome outcome;

	(void)deeds(fixture, client, KIND_RECIPIENT, 19, T0 - 1);
	assert_int_equal(store_begin(fixture->store), STORE_OK);
	assert_int_equal(engine_observe(fixture->store, fixture->conf, &deed,
			     &unflushed, T0, &outcome),
	    STORE_OK);
	check_int("a hundred accepted just now", (int64_t)outcome.bans, 0);
	store_rollback(fixture->store);
	check_int("without them",
	    (int64_t)fixture_deed(fixture, client, KIND_RECIPIENT, T0, T0).bans,
	    1);
}

static void
the_greylist_settles_first(void **state)
{
	static const struct {
		const char *sentence;
		int64_t later;
		size_t want;
	} rows[] = {
		{ "the twentieth has not settled", 6 * (int64_t)HOUR - 1, 0 },
		{ "now it has", 6 * (int64_t)HOUR, 1 },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		char address[32];
		int64_t now = T0 + rows[i].later;

		(void)snprintf(
		    address, sizeof(address), "198.51.100.%zu", i + 1);
		check_int("twenty at once ban nobody",
		    (int64_t)deeds(fixture, address, KIND_GREYLIST, 20, T0), 0);
		check_int(rows[i].sentence,
		    (int64_t)fixture_deed(
			fixture, address, KIND_GREYLIST, now, now)
			.bans,
		    (int64_t)rows[i].want);
	}
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
	struct fixture *fixture = *state;
	unsigned random = 1;

	for (int order = 0; order < ORDERS; order++) {
		int64_t at[EVENTS];
		char address[32];
		struct ban ban;
		size_t bans = 0;

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
		(void)snprintf(address, sizeof(address), "198.51.%d.%d",
		    100 + order / 100, order % 100);
		for (int i = 0; i < EVENTS; i++) {
			bans += fixture_deed(
			    fixture, address, KIND_AUTH, at[i], T0 + DAY)
				    .bans;
		}
		check_int("one ban", (int64_t)bans, 1);
		ban = only_ban(fixture, address, T0 + 2700);
		check_int("it begins with the youngest", ban.begins, T0 + 2700);
		check_int(
		    "and lasts two hours", ban.ends, T0 + 2700 + 2 * HOUR);
	}
}

static void
late_batches(void **state)
{
	struct fixture *fixture = *state;

	check_int("a live ban",
	    (int64_t)deeds(fixture, client, KIND_AUTH, 10, T0), 1);
	check_int("a late batch inside it changes nothing",
	    (int64_t)deeds(fixture, client, KIND_AUTH, 30, T0 + 600), 0);
	check_int("a late batch just before it would overlap it",
	    (int64_t)deeds(fixture, client, KIND_AUTH, 30, T0 - HOUR), 0);
	check_int("a late batch well before it is a ban of its own",
	    (int64_t)deeds(fixture, client, KIND_AUTH, 10, T0 - 4 * HOUR), 1);
	check_int("that is over already: only the live one shows",
	    only_ban(fixture, client, T0 + 600).begins, T0);
	check_int("steps are never renumbered",
	    only_ban(fixture, client, T0 + 600).step, 1);
	check_int("but the late one is a step of the next",
	    (int64_t)deeds(fixture, client, KIND_AUTH, 10, T0 + 3 * HOUR), 1);
	check_int(
	    "the third", only_ban(fixture, client, T0 + 3 * HOUR).step, 3);
}

static void
the_future_is_now(void **state)
{
	struct fixture *fixture = *state;

	(void)fixture_deed(fixture, client, KIND_VIRUS, T0 + DAY, T0);
	check_int("a clock that runs ahead",
	    only_ban(fixture, client, T0).begins, T0);
}

/* ---- in and after a ban ---- */

static void
deeds_inside_a_ban_do_not_count(void **state)
{
	struct fixture *fixture = *state;
	int64_t ends = T0 + 2 * HOUR;

	(void)deeds(fixture, client, KIND_COMMAND, 20, T0);
	check_int("nineteen until its last second",
	    (int64_t)deeds(fixture, client, KIND_COMMAND, 19, ends - 1), 0);
	check_int("the one that comes at its end is the first",
	    (int64_t)deeds(fixture, client, KIND_COMMAND, 1, ends), 0);
	check_int("it takes nineteen more",
	    (int64_t)deeds(fixture, client, KIND_COMMAND, 18, ends + 20), 0);
	check_int("to be the second ban",
	    (int64_t)deeds(fixture, client, KIND_COMMAND, 1, ends + 21), 1);
	check_int("of four hours", only_ban(fixture, client, ends + 21).ends,
	    ends + 21 + 4 * HOUR);
}

static void
what_led_to_a_ban_leads_to_no_other(void **state)
{
	struct fixture *fixture = *state;
	struct rule *virus = &fixture->conf->policy.rule[0];
	int64_t ends = T0 + 2 * HOUR;

	/* A ban shorter than the window: the old events are still in it. */
	assert_string_equal(virus->name, "virus");
	virus->limit = 3;
	virus->ban[0] = 2 * HOUR;
	check_int("three viruses a minute apart",
	    (int64_t)(fixture_deed(fixture, client, KIND_VIRUS, T0 - 120, T0)
			  .bans +
		      fixture_deed(fixture, client, KIND_VIRUS, T0 - 60, T0)
			  .bans +
		      fixture_deed(fixture, client, KIND_VIRUS, T0, T0).bans),
	    1);
	check_int("one more after the ban is the first of new ones",
	    (int64_t)deeds(fixture, client, KIND_VIRUS, 1, ends + 1), 0);
	check_int("it takes three",
	    (int64_t)deeds(fixture, client, KIND_VIRUS, 2, ends + 10), 1);
}

static void
the_second_a_ban_begins_is_inside_it(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < fixture->conf->policy.rules; i++) {
		fixture->conf->policy.rule[i].within = DAY;
	}
	(void)put_by_hand(fixture, client, HOUR, T0);
	for (int i = 0; i < 19; i++) {
		(void)fixture_deed(fixture, client, KIND_COMMAND, T0, T0);
	}
	check_int("nineteen in that very second count no more",
	    (int64_t)deeds(fixture, client, KIND_COMMAND, 1, T0 + 2 * HOUR), 0);
	for (int i = 0; i < 19; i++) {
		(void)fixture_deed(
		    fixture, client, KIND_COMMAND, T0 - 1, T0 + 2 * HOUR);
	}
	check_int("nineteen in the second before it do",
	    (int64_t)only_ban(fixture, client, T0 + 2 * HOUR).step, 1);
}

static void
bans_of_different_reasons_overlap(void **state)
{
	struct fixture *fixture = *state;
	struct standing standing;

	(void)deeds(fixture, client, KIND_COMMAND, 20, T0);
	(void)deeds(fixture, client, KIND_AUTH, 10, T0 + 60);
	(void)deeds(fixture, client, KIND_VIRUS, 1, T0 + 120);
	standing = fixture_standing(fixture, client, T0 + 120);
	check_int("three at once", (int64_t)standing.bans, 3);
	check_int(
	    "the last-ending first", standing.ban[0].reason, REASON_VIRUS);
	check_int("then", standing.ban[1].reason, REASON_AUTH);
	check_int("then", standing.ban[2].reason, REASON_ERROR);
	check_int("each is its own first step", standing.ban[1].step, 1);
}

static void
rules_of_one_reason_do_not_overlap_and_share_steps(void **state)
{
	struct fixture *fixture = *state;

	(void)deeds(fixture, client, KIND_COMMAND, 20, T0);
	check_int("a dictionary attack within an error ban",
	    (int64_t)deeds(fixture, client, KIND_RECIPIENT, 40, T0 + 60), 0);
	check_int("and after it",
	    (int64_t)deeds(fixture, client, KIND_RECIPIENT, 20, T0 + 3 * HOUR),
	    1);
	check_int("is the second step for errors",
	    only_ban(fixture, client, T0 + 3 * HOUR).step, 2);
}

/* ---- by hand ---- */

static void
clearing(void **state)
{
	struct fixture *fixture = *state;

	(void)deeds(fixture, client, KIND_COMMAND, 20, T0);
	check_int(
	    "one ban is lifted", clear(fixture, client, false, T0 + 60), 1);
	check_int("at once", fixture_banned(fixture, client, T0 + 60), false);
	check_int("the next deed does not ban again",
	    (int64_t)deeds(fixture, client, KIND_COMMAND, 1, T0 + 61), 0);
	check_int("twenty new ones do, a second step",
	    (int64_t)deeds(fixture, client, KIND_COMMAND, 19, T0 + 90), 1);
	check_int("of four hours", only_ban(fixture, client, T0 + 90).ends,
	    T0 + 90 + 4 * HOUR);
	check_int("nothing is left to lift",
	    clear(fixture, "198.51.100.1", false, T0 + 91), 0);
}

static void
clearing_and_offending_in_the_same_second(void **state)
{
	struct fixture *fixture = *state;

	(void)fixture_deed(fixture, client, KIND_VIRUS, T0, T0);
	check_int("cleared in the second it began",
	    clear(fixture, client, false, T0), 1);
	check_int("a deed in that second is before the clearing",
	    (int64_t)fixture_deed(fixture, client, KIND_VIRUS, T0, T0).bans, 0);
	check_int(
	    "and nobody is banned", fixture_banned(fixture, client, T0), false);
	check_int("one in the next second counts",
	    (int64_t)fixture_deed(fixture, client, KIND_VIRUS, T0 + 1, T0 + 1)
		.bans,
	    1);
	check_int("and the cleared one was a step",
	    only_ban(fixture, client, T0 + 1).step, 2);
}

static void
clearing_as_a_mistake(void **state)
{
	struct fixture *fixture = *state;

	(void)deeds(fixture, client, KIND_COMMAND, 20, T0);
	(void)clear(fixture, client, true, T0 + 60);
	(void)deeds(fixture, client, KIND_COMMAND, 20, T0 + 120);
	check_int("the step is given back",
	    only_ban(fixture, client, T0 + 120).step, 1);
	(void)clear(fixture, client, false, T0 + 180);
	check_int("said later, it is still heard",
	    clear(fixture, client, true, T0 + 240), 1);
	(void)deeds(fixture, client, KIND_COMMAND, 20, T0 + 300);
	check_int("that step too", only_ban(fixture, client, T0 + 300).step, 1);
}

static void
clearing_before_a_ban_is_due(void **state)
{
	struct fixture *fixture = *state;

	(void)deeds(fixture, client, KIND_COMMAND, 19, T0);
	check_int("there is nothing to lift",
	    clear(fixture, client, false, T0 + 1), 0);
	check_int("and yet counting starts anew",
	    (int64_t)deeds(fixture, client, KIND_COMMAND, 1, T0 + 2), 0);
}

static void
networks_by_hand(void **state)
{
	static const struct {
		const char *sentence, *net, *inside, *outside;
	} rows[] = {
		{ "one address", "192.0.2.7", "192.0.2.7", "192.0.2.8" },
		{ "a /25", "198.51.100.0/25", "198.51.100.127",
		    "198.51.100.128" },
		{ "a /13", "100.0.0.0/13", "100.7.255.255", "100.8.0.0" },
		{ "an IPv6 /48", "2001:db8:1::/48", "2001:db8:1:ffff::1",
		    "2001:db8:2::1" },
		{ "an IPv6 /65", "2001:db8:5::/65", "2001:db8:5::7",
		    "2001:db8:5:0:8000::7" },
		{ "one IPv6 address", "2001:db8:6::1/128", "2001:db8:6::1",
		    "2001:db8:6::2" },
		{ "a v4-mapped address", "203.0.113.0/24", "::ffff:203.0.113.9",
		    "::ffff:203.0.114.9" },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ban ban = put_by_hand(fixture, rows[i].net, HOUR, T0);

		check_text(rows[i].sentence, ban.rule, "manual");
		check_int(rows[i].sentence, ban.step, 0);
		check_int(rows[i].sentence,
		    fixture_banned(fixture, rows[i].inside, T0), true);
		check_int(rows[i].sentence,
		    fixture_banned(fixture, rows[i].outside, T0), false);
		check_int(rows[i].sentence,
		    fixture_banned(fixture, rows[i].inside, T0 + HOUR), false);
	}
	check_int("an address is not cleared out of a network",
	    clear(fixture, "198.51.100.5", false, T0), 0);
	check_int("the network itself is",
	    clear(fixture, "198.51.100.0/25", false, T0), 1);
	check_int("a network clears those inside it",
	    clear(fixture, "2001:db8::/32", false, T0), 3);
}

static void
a_manual_ban_is_no_step(void **state)
{
	struct fixture *fixture = *state;

	(void)put_by_hand(fixture, client, HOUR, T0);
	check_int("deeds inside it do not count",
	    (int64_t)deeds(fixture, client, KIND_COMMAND, 30, T0 + 60), 0);
	check_int("afterwards they do",
	    (int64_t)deeds(fixture, client, KIND_COMMAND, 20, T0 + 2 * HOUR),
	    1);
	check_int("as the first step",
	    only_ban(fixture, client, T0 + 2 * HOUR).step, 1);
}

static void
allowing(void **state)
{
	struct fixture *fixture = *state;

	(void)deeds(fixture, client, KIND_COMMAND, 20, T0);
	(void)deeds(fixture, "203.0.113.10", KIND_VIRUS, 1, T0);
	(void)deeds(fixture, "198.51.100.1", KIND_VIRUS, 1, T0);
	check_int("two clients are inside",
	    allow(fixture, "203.0.113.0/24", T0 + DAY, T0 + 1), 2);
	check_int("free", fixture_standing(fixture, client, T0 + 1).verdict,
	    STANDING_ALLOWED);
	check_int("the third is not",
	    fixture_banned(fixture, "198.51.100.1", T0 + 1), true);
	check_int("deeds of the allowed are not stored",
	    fixture_deed(fixture, client, KIND_VIRUS, T0 + 2, T0 + 2).stored,
	    false);
	check_int("when it is over they are",
	    fixture_deed(fixture, client, KIND_VIRUS, T0 + DAY, T0 + DAY)
		.stored,
	    true);
	check_int("it holds in its last second",
	    fixture_standing(fixture, client, T0 + DAY - 1).verdict,
	    STANDING_ALLOWED);
	check_int("and not at its end",
	    fixture_standing(fixture, client, T0 + DAY).verdict,
	    STANDING_BANNED);
}

static void
allowed_deeds_are_tallied(void **state)
{
	struct fixture *fixture = *state;
	const struct net net = net_of(client);
	struct tally sum;

	(void)allow(fixture, client, 0, T0);
	(void)fixture_deed(fixture, client, KIND_SPAM, T0, T0);
	assert_int_equal(
	    store_tally_sum(fixture->store, &net, T0, T0, &sum), STORE_OK);
	check_int("one spam", sum.kind[KIND_SPAM], 1);
}

static void
a_client_that_was_allowed_begins_anew(void **state)
{
	struct fixture *fixture = *state;

	(void)deeds(fixture, client, KIND_COMMAND, 19, T0);
	(void)allow(fixture, client, T0 + 11, T0 + 10);
	check_int("what it did before has been forgiven",
	    (int64_t)deeds(fixture, client, KIND_COMMAND, 1, T0 + 20), 0);
	check_int("it takes as many as ever",
	    (int64_t)deeds(fixture, client, KIND_COMMAND, 19, T0 + 60), 1);
}

static void
an_allowed_address_wins_over_its_network(void **state)
{
	struct fixture *fixture = *state;

	(void)put_by_hand(fixture, "203.0.113.0/24", HOUR, T0);
	(void)allow(fixture, client, 0, T0);
	check_int("the address", fixture_standing(fixture, client, T0).verdict,
	    STANDING_ALLOWED);
	check_int("its neighbour",
	    fixture_standing(fixture, "203.0.113.10", T0).verdict,
	    STANDING_BANNED);
}

static void
private_ranges_are_never_banned(void **state)
{
	static const char *const addresses[] = { "127.0.0.1", "10.1.2.3",
		"192.168.1.1", "::1", "fe80::1", "fd00::1", "::ffff:10.0.0.1" };
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(addresses); i++) {
		check_int(addresses[i],
		    fixture_deed(fixture, addresses[i], KIND_VIRUS, T0, T0)
			.stored,
		    false);
		check_int(addresses[i],
		    fixture_standing(fixture, addresses[i], T0).verdict,
		    STANDING_NEVER);
	}
}

static void
the_configuration_allows_too(void **state)
{
	struct fixture *fixture = *state;

	fixture->conf->allow[fixture->conf->allows++] = net_of(
	    "203.0.113.0/24");
	check_int("not stored",
	    fixture_deed(fixture, client, KIND_VIRUS, T0, T0).stored, false);
	check_int("allowed", fixture_standing(fixture, client, T0).verdict,
	    STANDING_ALLOWED);
}

/* ---- IPv6 ---- */

static void
a_slash_64_is_one_client(void **state)
{
	struct fixture *fixture = *state;
	size_t bans = 0;

	for (int i = 0; i < 20; i++) {
		char address[64];

		(void)snprintf(address, sizeof(address),
		    "2001:db8:bad:1:%x::%x", i + 1, i);
		bans += fixture_deed(
		    fixture, address, KIND_COMMAND, T0 + i, T0 + i)
			    .bans;
	}
	check_int("twenty addresses, one client", (int64_t)bans, 1);
	check_int("any other address of it",
	    fixture_banned(fixture, "2001:db8:bad:1:abcd::1", T0 + 20), true);
	check_int("none of the next",
	    fixture_banned(fixture, "2001:db8:bad:2::1", T0 + 20), false);
}

/* ---- observe ---- */

static void
observing(void **state)
{
	struct fixture *fixture = *state;
	struct outcome outcome;

	fixture->conf->mode = CONF_OBSERVE;
	outcome = fixture_deed(fixture, client, KIND_VIRUS, T0, T0);
	check_int("a ban is written", (int64_t)outcome.bans, 1);
	check_int("as observed", outcome.ban[0].observed, true);
	check_int(
	    "it refuses nobody", fixture_banned(fixture, client, T0), false);
	check_int("there is one, not one a deed",
	    (int64_t)fixture_deed(fixture, client, KIND_VIRUS, T0 + 1, T0 + 1)
		.bans,
	    0);
	fixture->conf->mode = CONF_ENFORCE;
	check_int("once enforced it is for good nothing",
	    fixture_banned(fixture, client, T0 + 2), false);
	outcome = fixture_deed(fixture, client, KIND_VIRUS, T0 + 2, T0 + 2);
	check_int("and stands in nobody's way", (int64_t)outcome.bans, 1);
	check_int("nor is it a step", outcome.ban[0].step, 1);
	check_int(
	    "now it refuses", fixture_banned(fixture, client, T0 + 2), true);
}

/* ---- explain, forget ---- */

static void
what_a_rule_makes_of_a_client(void **state)
{
	struct fixture *fixture = *state;
	const struct net net = net_of(client);
	struct prospect prospect;

	(void)deeds(fixture, client, KIND_RECIPIENT, 20, T0);
	(void)deeds(fixture, client, KIND_RECIPIENT, 7, T0 + 3 * HOUR);
	fixture_accepted(fixture, client, T0 + 3 * HOUR, 0, 30);
	assert_int_equal(engine_prospect(fixture->store, fixture->conf, &net,
			     policy_rule(&fixture->conf->policy, "dictionary"),
			     T0 + 3 * HOUR, &prospect),
	    STORE_OK);
	check_int("counted", prospect.counted, 7);
	check_int("needed beside what was accepted", prospect.need, 30);
	check_int("accepted", prospect.accepted, 30);
	check_int("steps", prospect.steps, 1);
	check_int("the next would last", prospect.next, 4 * HOUR);
	check_int(
	    "until all is forgotten", prospect.forgets, T0 + 90 * (int64_t)DAY);
}

static void
forgetting(void **state)
{
	struct fixture *fixture = *state;
	const struct net net = net_of(client);
	int64_t removed;
	int64_t late = T0 + 121 * (int64_t)DAY;
	int64_t count;

	(void)deeds(fixture, client, KIND_COMMAND, 20, T0);
	assert_int_equal(
	    engine_expire(fixture->store, fixture->conf, late, &removed),
	    STORE_OK);
	/* 20 events, the tallies of the two hours they lie in, one ban. */
	check_int("a step takes what is old", removed, 23);
	assert_int_equal(
	    engine_expire(fixture->store, fixture->conf, late, &removed),
	    STORE_OK);
	check_int("then nothing is left", removed, 0);
	count = store_event_count(
	    fixture->store, &(struct event_query){ .client = net,
				.kinds = UINT32_MAX,
				.after = 0,
				.until = late,
				.most = 100 });
	check_int("no event", count, 0);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, fixture_up, fixture_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_rule_fires_at_its_limit),
		TEST(volume_alone_bans_nobody),
		TEST(kinds_of_one_rule_count_together),
		TEST(every_step_of_every_schedule),
		TEST(memory_forgives),
		TEST(the_edges_of_within),
		TEST(the_ratio_spares_large_honest_senders),
		TEST(the_ratio_looks_at_the_hours_of_the_window),
		TEST(what_is_not_flushed_yet_counts),
		TEST(the_greylist_settles_first),
		TEST(any_order_gives_the_same_ban),
		TEST(late_batches),
		TEST(the_future_is_now),
		TEST(deeds_inside_a_ban_do_not_count),
		TEST(what_led_to_a_ban_leads_to_no_other),
		TEST(the_second_a_ban_begins_is_inside_it),
		TEST(bans_of_different_reasons_overlap),
		TEST(rules_of_one_reason_do_not_overlap_and_share_steps),
		TEST(clearing),
		TEST(clearing_and_offending_in_the_same_second),
		TEST(clearing_as_a_mistake),
		TEST(clearing_before_a_ban_is_due),
		TEST(networks_by_hand),
		TEST(a_manual_ban_is_no_step),
		TEST(allowing),
		TEST(allowed_deeds_are_tallied),
		TEST(a_client_that_was_allowed_begins_anew),
		TEST(an_allowed_address_wins_over_its_network),
		TEST(private_ranges_are_never_banned),
		TEST(the_configuration_allows_too),
		TEST(a_slash_64_is_one_client),
		TEST(observing),
		TEST(what_a_rule_makes_of_a_client),
		TEST(forgetting),
	};

	return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
