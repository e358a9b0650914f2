/*
 * What a finding counts for: users, logins, messages of those who had
 * logged in, and what a replay tallies.
 */
#include "fixture.h"

#include "base/hash.h"
#include "intake/intake.h"

static const char client[] = "203.0.113.9";

/* The configuration of the fixture gives every kind to the watcher. */
static int
up(void **state)
{
	struct fixture *fixture;

	(void)fixture_up(state);
	fixture = *state;
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		fixture->conf->source[kind] = CONF_WATCH;
	}
	return 0;
}

static struct finding
finding_of(enum finding_what what, const char *user, int64_t at)
{
	struct finding finding = { .what = what,
		.rule = "test-rule",
		.source = "test",
		.kind = KIND_AUTH,
		.address = addr_of(client),
		.at = at,
		.events = 1 };

	(void)text_copy(finding.user, sizeof(finding.user), user);
	return finding;
}

static struct intake_result
take_at(struct fixture *fixture, const struct finding *finding, int64_t now,
    bool replay)
{
	struct intake intake;
	struct intake_result result;

	intake_init(&intake, fixture->store, fixture->conf, replay);
	assert_int_equal(store_begin(fixture->store), STORE_OK);
	assert_int_equal(
	    intake_finding(&intake, finding, now, &result), STORE_OK);
	assert_int_equal(store_commit(fixture->store), STORE_OK);
	return result;
}

static struct intake_result
take_as(struct fixture *fixture, const struct finding *finding, bool replay)
{
	return take_at(fixture, finding, finding->at, replay);
}

static struct intake_result
take(struct fixture *fixture, const struct finding *finding)
{
	return take_as(fixture, finding, false);
}

/* A failed login of a user; whether a ban began. */
static bool
fail_login(struct fixture *fixture, const char *user, int64_t at)
{
	const struct finding finding = finding_of(FINDING_OFFENCE, user, at);

	return take(fixture, &finding).bans > 0;
}

static void
log_in(struct fixture *fixture, const char *user, int64_t at)
{
	const struct finding finding = finding_of(FINDING_LOGIN, user, at);

	(void)take(fixture, &finding);
}

static void
siphash_of_the_paper(void **state)
{
	/* Its test vector: bytes 0 to 14 under key bytes 0 to 15. */
	unsigned char key[HASH_KEY_SIZE];
	unsigned char bytes[15];
	char text[HASH_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(key); i++) {
		key[i] = (unsigned char)i;
	}
	memcpy(bytes, key, sizeof(bytes));
	check_text("fifteen bytes", hash_text(key, bytes, sizeof(bytes), text),
	    "a129ca6149be45e5");
}

static void
one_line_of_many_attempts(void **state)
{
	struct finding finding = finding_of(FINDING_OFFENCE, "joe", T0);
	struct intake_result result;

	finding.events = 3;
	result = take(*state, &finding);
	check_int("three events", result.events, 3);
	finding.events = 7;
	result = take(*state, &finding);
	check_int("seven more", result.events, 7);
	check_int("are ten and a ban", (int64_t)result.bans, 1);
}

static void
the_brake_is_told_of_once(void **state)
{
	struct fixture *fixture = *state;
	struct finding finding = finding_of(FINDING_OFFENCE, "joe", T0);
	struct intake_result result;

	fixture->conf->brake_bans = 1;
	fixture->conf->brake_within = 10 * MINUTE;
	fixture->conf->brake_accepted = 1;
	fixture_accepted(fixture, client, T0 - DAY, 1, 1);
	finding.events = 9;
	result = take(*state, &finding);
	check_int("nine failures are no ban", result.braked, false);
	finding.events = 3;
	result = take(*state, &finding);
	check_int("the tenth of twelve is one", (int64_t)result.bans, 1);
	check_int("held back", result.ban[0].observed, true);
	check_int("which puts it on", result.braked, true);
	result = take(*state, &finding);
	check_int("then it is on", result.braked, false);
}

static void
kinds_of_others_are_dropped(void **state)
{
	struct fixture *fixture = *state;
	struct finding finding = finding_of(FINDING_OFFENCE, "", T0);

	fixture->conf->source[KIND_AUTH] = CONF_MILTER;
	check_int("the milter's", take(fixture, &finding).events, 0);
	check_int("in a replay they are not",
	    take_as(fixture, &finding, true).events, 1);
	fixture->conf->source[KIND_AUTH] = CONF_NOBODY;
	check_int("nobody's", take(fixture, &finding).events, 0);
}

static void
commands_that_the_milter_is_not_told_of(void **state)
{
	struct fixture *fixture = *state;
	struct finding finding = finding_of(FINDING_OFFENCE, "", T0);

	finding.kind = KIND_COMMAND;
	fixture->conf->source[KIND_COMMAND] = CONF_MILTER;
	check_int("are counted", take(fixture, &finding).events, 1);
	finding.milter_saw = true;
	check_int("what it saw is not", take(fixture, &finding).events, 0);
	fixture->conf->source[KIND_COMMAND] = CONF_WATCH;
	check_int("but where all are the watcher's",
	    take(fixture, &finding).events, 1);
	finding.milter_saw = false;
	fixture->conf->source[KIND_COMMAND] = CONF_NOBODY;
	check_int("nobody's", take(fixture, &finding).events, 0);
}

static void
what_comes_of_a_refusal_is_no_offence(void **state)
{
	struct fixture *fixture = *state;
	struct finding finding = finding_of(FINDING_OFFENCE, "", T0);

	finding.kind = KIND_DISCONNECT;
	check_int("before the ban", take(fixture, &finding).events, 1);
	finding.kind = KIND_AUTH;
	finding.events = 10;
	check_int("a ban", (int64_t)take(fixture, &finding).bans, 1);
	finding.kind = KIND_DISCONNECT;
	finding.events = 1;
	finding.at = T0 + 60;
	check_int("hung up while banned", take(fixture, &finding).events, 0);
	check_int("a replay asks elsewhere",
	    take_as(fixture, &finding, true).events, 1);
	finding.kind = KIND_COMMAND;
	check_int("hung up on while banned", take(fixture, &finding).events, 0);
	finding.kind = KIND_RECIPIENT;
	check_int("another kind counts", take(fixture, &finding).events, 1);
	finding.kind = KIND_DISCONNECT;
	finding.at = T0 + 86400 * 2;
	check_int("after the ban", take(fixture, &finding).events, 1);
}

static void
a_good_login_clears_its_user(void **state)
{
	struct fixture *fixture = *state;

	for (int i = 0; i < 5; i++) {
		check_int(
		    "five of joe", fail_login(fixture, "joe", T0 + i), false);
		check_int("four of ann",
		    i < 4 && fail_login(fixture, "ann", T0 + i), false);
	}
	log_in(fixture, "JOE", T0 + 10);
	for (int i = 0; i < 5; i++) {
		check_int("joe's are forgiven, five more make nine",
		    fail_login(fixture, "tom", T0 + 20 + i), false);
	}
	check_int("ann's are not: the tenth",
	    fail_login(fixture, "tom", T0 + 30), true);
}

static void
a_login_forgives_only_what_was_before(void **state)
{
	struct fixture *fixture = *state;

	log_in(fixture, "joe", T0);
	for (int i = 1; i < 10; i++) {
		check_int(
		    "nine after it", fail_login(fixture, "joe", T0 + i), false);
	}
	check_int("and the tenth", fail_login(fixture, "joe", T0 + 10), true);
}

/* A clock that is wrong must not forgive what is still to come. */
static void
a_login_in_the_future_is_now(void **state)
{
	struct fixture *fixture = *state;
	const struct finding finding = finding_of(
	    FINDING_LOGIN, "joe", T0 + 1000);

	(void)take_at(fixture, &finding, T0, false);
	for (int i = 1; i < 10; i++) {
		check_int(
		    "nine after it", fail_login(fixture, "joe", T0 + i), false);
	}
	check_int("and the tenth", fail_login(fixture, "joe", T0 + 10), true);
}

static void
a_message_in_the_future_is_now(void **state)
{
	struct fixture *fixture = *state;
	struct finding finding = finding_of(FINDING_QUEUE, "joe", T0 + 1000);
	struct queue_entry entry;

	(void)text_copy(finding.queue, sizeof(finding.queue), "4ABCDE");
	(void)take_at(fixture, &finding, T0, false);
	assert_int_equal(
	    store_queue_get(fixture->store, "4ABCDE", &entry), STORE_OK);
	check_int("kept from now on", entry.at, T0);
}

static void
the_phone_and_the_guesser(void **state)
{
	struct fixture *fixture = *state;
	struct rule *auth = &fixture->conf->policy.rule[2];

	assert_string_equal(auth->name, "auth");
	auth->same_user = 1;
	for (int i = 0; i < 40; i++) {
		check_int("the phone with its old password",
		    fail_login(fixture, "joe", T0 + i), false);
	}
	for (int i = 0; i < 8; i++) {
		char user[16];

		(void)snprintf(user, sizeof(user), "user%d", i);
		check_int("eight other mailboxes",
		    fail_login(fixture, user, T0 + 100 + i), false);
	}
	check_int(
	    "the tenth mailbox", fail_login(fixture, "user8", T0 + 200), true);
}

static void
failures_without_a_user_count_each(void **state)
{
	struct fixture *fixture = *state;

	fixture->conf->policy.rule[2].same_user = 1;
	for (int i = 0; i < 9; i++) {
		check_int("nine", fail_login(fixture, "", T0 + i), false);
	}
	check_int("ten", fail_login(fixture, "", T0 + 9), true);
}

static void
messages_of_users_never_count(void **state)
{
	struct fixture *fixture = *state;
	struct finding queue = finding_of(FINDING_QUEUE, "joe", T0);
	struct finding spam = finding_of(FINDING_OFFENCE, "", T0 + 1);

	(void)text_copy(queue.queue, sizeof(queue.queue), "4ABC123");
	(void)text_copy(spam.queue, sizeof(spam.queue), "4ABC123");
	spam.kind = KIND_SPAM;
	(void)take(fixture, &queue);
	check_int("joe had logged in", take(fixture, &spam).events, 0);
	queue.user[0] = '\0';
	(void)take(fixture, &queue);
	check_int(
	    "the id came again, of a stranger", take(fixture, &spam).events, 1);
	(void)text_copy(spam.queue, sizeof(spam.queue), "4XYZ");
	check_int("an id nobody told of", take(fixture, &spam).events, 1);
}

static void
a_replay_tallies_what_was_accepted(void **state)
{
	struct fixture *fixture = *state;
	struct finding session = finding_of(FINDING_SESSION, "", T0);
	const struct net net = net_of(client);
	struct tally sum;

	session.recipients = 5;
	session.messages = 2;
	(void)take(fixture, &session);
	assert_int_equal(
	    store_tally_sum(fixture->store, &net, T0, T0, &sum), STORE_OK);
	check_int("the watcher leaves it to the milter", sum.sessions, 0);
	(void)take_as(fixture, &session, true);
	assert_int_equal(
	    store_tally_sum(fixture->store, &net, T0, T0, &sum), STORE_OK);
	check_int("one session", sum.sessions, 1);
	check_int("five recipients", sum.recipients, 5);
	check_int("two messages", sum.accepted, 2);
}

static void
no_user_name_is_stored(void **state)
{
	static char bytes[1 << 20];
	struct fixture *fixture = *state;
	char path[128];
	static const char *const tails[] = { "", "-wal" };

	(void)fail_login(fixture, "secretive-joe", T0);
	log_in(fixture, "secretive-joe", T0 + 1);
	for (size_t i = 0; i < COUNT(tails); i++) {
		FILE *file;
		size_t len;

		(void)snprintf(
		    path, sizeof(path), "%s%s", fixture->path, tails[i]);
		file = fopen(path, "rb");
		assert_non_null(file);
		len = fread(bytes, 1, sizeof(bytes), file);
		assert_int_equal(fclose(file), 0);
		assert_null(memmem(bytes, len, "secretive-joe", 13));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, fixture_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(siphash_of_the_paper),
		TEST(one_line_of_many_attempts),
		TEST(the_brake_is_told_of_once),
		TEST(kinds_of_others_are_dropped),
		TEST(commands_that_the_milter_is_not_told_of),
		TEST(what_comes_of_a_refusal_is_no_offence),
		TEST(a_good_login_clears_its_user),
		TEST(a_login_forgives_only_what_was_before),
		TEST(a_login_in_the_future_is_now),
		TEST(a_message_in_the_future_is_now),
		TEST(the_phone_and_the_guesser),
		TEST(failures_without_a_user_count_each),
		TEST(messages_of_users_never_count),
		TEST(a_replay_tallies_what_was_accepted),
		TEST(no_user_name_is_stored),
	};

	return cmocka_run_group_tests_name("intake", tests, NULL, NULL);
}
