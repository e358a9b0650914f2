/*
 * What the store sums up: bans of honest clients, and sums by day and by
 * client.
 */
#include "fixture.h"

static struct ban
ban_of(const char *who, const char *ref, int64_t begins)
{
	struct ban ban = { .who = net_of(who),
		.reason = REASON_SPAM,
		.rule = "spam",
		.step = 1,
		.begins = begins,
		.ends = begins + HOUR,
		.stage = STAGE_RCPT,
		.service = SERVICE_MX,
		.honest = true };

	assert_null(reply_parse("550 5.7.1 No", "OWN_1", &ban.reply));
	(void)text_copy(ban.ref, sizeof(ban.ref), ref);
	return ban;
}

static bool
count_ban(void *to, const struct ban *ban)
{
	(void)ban;
	++*(int64_t *)to;
	return true;
}

static void
how_many_are_honest(void **state)
{
	static const struct {
		const char *sentence;
		int64_t after, until;
		int64_t want;
	} rows[] = {
		{ "all but those that are not honest", T0 - 1, T0 + HOUR, 5 },
		{ "the first second is left out", T0, T0 + HOUR, 1 },
		{ "the last one is not", T0 - 1, T0, 4 },
		{ "nobody before", 0, T0 - 1, 0 },
	};
	static const struct {
		const char *who, *ref;
		int64_t begins;
		bool honest, observed;
	} bans[] = {
		{ "203.0.113.1", "AAAAAA", T0, true, false },
		{ "203.0.113.1", "BBBBBB", T0, true, false },
		{ "2001:db8::/64", "CCCCCC", T0 + 1, true, false },
		{ "203.0.113.3", "DDDDDD", T0, true, true },
		{ "203.0.113.4", "EEEEEE", T0, false, false },
		{ "203.0.113.5", "FFFFFF", T0, true, false },
	};
	struct fixture *fixture = *state;
	const int64_t last = COUNT(bans); /* its id */

	for (size_t i = 0; i < COUNT(bans); i++) {
		struct ban ban = ban_of(
		    bans[i].who, bans[i].ref, bans[i].begins);

		ban.honest = bans[i].honest;
		ban.observed = bans[i].observed;
		fixture_ban(fixture, &ban);
	}
	assert_int_equal(
	    store_ban_clear(fixture->store, last, T0, true), STORE_OK);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct ban_query query = { .scope = BAN_HONEST,
			.after = rows[i].after,
			.until = rows[i].until };
		int64_t count = 0;

		assert_int_equal(
		    store_ban_each(fixture->store, &query, count_ban, &count),
		    STORE_OK);
		check_int(rows[i].sentence, count, rows[i].want);
	}
}

/* ---- sums by day ---- */

static void
add_row(void *to, const struct daily_row *row)
{
	text_addf(to, "%lld %d %s %lld\n", (long long)row->day / STORE_DAY,
	    (int)row->what, row->name, (long long)row->number);
}

static void
check_days(struct fixture *fixture, const char *sentence, int64_t from,
    const char *want)
{
	char got[512];
	struct text text;

	text_init(&text, got, sizeof(got));
	assert_int_equal(
	    store_daily_each(fixture->store, from, add_row, &text), STORE_OK);
	check_text(sentence, got, want);
}

static void
sums_by_day(void **state)
{
	static const struct {
		int64_t at;
		enum daily what;
		const char *name;
		int64_t number;
	} rows[] = {
		{ 10 * STORE_DAY, DAILY_EVENT, "spam", 1 },
		{ 11 * STORE_DAY - 1, DAILY_EVENT, "spam", 2 },
		{ 11 * STORE_DAY, DAILY_EVENT, "spam", 4 },
		{ 10 * STORE_DAY, DAILY_EVENT, "virus", 8 },
		{ 10 * STORE_DAY, DAILY_BAN, "spam", 16 },
		{ 10 * STORE_DAY, DAILY_SESSIONS, "", 32 },
		{ -1, DAILY_EVENT, "spam", 64 },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(
		    store_daily_add(fixture->store, rows[i].at, rows[i].what,
			rows[i].name, rows[i].number),
		    STORE_OK);
	}
	check_days(fixture, "by day, and by their names", 0,
	    "10 1 spam 16\n10 0 spam 3\n10 0 virus 8\n10 4  32\n"
	    "11 0 spam 4\n");
	check_days(fixture, "from within a day it is whole", 11 * STORE_DAY - 1,
	    "10 1 spam 16\n10 0 spam 3\n10 0 virus 8\n10 4  32\n"
	    "11 0 spam 4\n");
	check_days(
	    fixture, "from the next day on", 11 * STORE_DAY, "11 0 spam 4\n");
	check_days(fixture, "before 1970 days are days", -1,
	    "-1 0 spam 64\n10 1 spam 16\n10 0 spam 3\n10 0 virus 8\n"
	    "10 4  32\n11 0 spam 4\n");
}

/* ---- sums by client ---- */

static void
add_client(void *to, const struct net *client, const struct tally *sum)
{
	char who[NET_TEXT_SIZE];

	text_addf(to, "%s %lld %lld %lld\n", net_format(client, who),
	    (long long)sum->sessions, (long long)sum->accepted,
	    (long long)sum->kind[KIND_VOLUME]);
}

static void
sums_by_client(void **state)
{
	static const struct {
		const char *who;
		int64_t hour, sessions;
	} rows[] = {
		{ "203.0.113.1", T0, 1 },
		{ "203.0.113.1", T0 + HOUR, 2 },
		{ "203.0.113.1", T0 + 2 * HOUR, 4 },
		{ "2001:db8::/64", T0, 8 },
	};
	struct fixture *fixture = *state;
	char got[256];
	struct text text;

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct net net = net_of(rows[i].who);
		struct tally tally = { .sessions = rows[i].sessions,
			.accepted = 1 };

		tally.kind[KIND_VOLUME] = 3;
		assert_int_equal(
		    store_tally_add(fixture->store, &net, rows[i].hour, &tally),
		    STORE_OK);
	}
	text_init(&text, got, sizeof(got));
	assert_int_equal(
	    store_tally_each(fixture->store, T0, T0 + HOUR, add_client, &text),
	    STORE_OK);
	check_text("each with the hours asked for", got,
	    "2001:db8::/64 8 1 3\n203.0.113.1 3 2 6\n");
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, fixture_up, fixture_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(how_many_are_honest),
		TEST(sums_by_day),
		TEST(sums_by_client),
	};

	return cmocka_run_group_tests_name("sums", tests, NULL, NULL);
}
