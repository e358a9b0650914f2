/*
 * What a finding counts for: users, logins, messages of those who had
 * logged in, and what a replay tallies.
 */
#include "fixture.h"
#include "rows.h"

#include <inttypes.h>

#include "base/table.h"
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
	for (size_t i = 0; i < fixture->conf->policy.rules; i++) {
		fixture->conf->policy.rule[i].same_user = 0;
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
	struct intake intake = {
		.store = fixture->store, .conf = fixture->conf, .replay = replay
	};
	struct intake_result result;

	store_begin(fixture->store);
	intake_finding(&intake, finding, now, &result);
	assert_int_equal(store_commit(fixture->store), STORE_OK);
	return result;
}

static struct intake_result
take(struct fixture *fixture, const struct finding *finding)
{
	return take_at(fixture, finding, finding->at, false);
}

/* Failed logins of a user, a second apart from `at` on, none of which bans. */
static void
fail_logins(struct fixture *fixture, const char *user, int count, int64_t at)
{
	for (int i = 0; i < count; i++) {
		const struct finding finding = finding_of(
		    FINDING_OFFENCE, user, at + i);

		check_int(user, (int64_t)take(fixture, &finding).bans, 0);
	}
}

/* One more, that does. */
static void
banned_by(struct fixture *fixture, const char *user, int64_t at)
{
	const struct finding finding = finding_of(FINDING_OFFENCE, user, at);

	check_int(user, (int64_t)take(fixture, &finding).bans, 1);
}

static void
log_in(struct fixture *fixture, const char *user, int64_t at, int64_t now)
{
	const struct finding finding = finding_of(FINDING_LOGIN, user, at);

	(void)take_at(fixture, &finding, now, false);
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
a_sender_counts_once_a_message(void **state)
{
	struct finding finding = finding_of(FINDING_OFFENCE, "", T0);

	finding.kind = KIND_SENDER;
	(void)text_copy(finding.queue, sizeof(finding.queue), "6ARD8YOO000684");
	check_int("at the first recipient", take(*state, &finding).events, 1);
	check_int("at the next", take(*state, &finding).events, 0);
	finding.kind = KIND_RELAY;
	check_int("all else each time", take(*state, &finding).events, 1);
	finding.kind = KIND_SENDER;
	(void)text_copy(finding.queue, sizeof(finding.queue), "6ARD8YOO000685");
	check_int("the next message's", take(*state, &finding).events, 1);
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
whose_kinds_are_counted(void **state)
{
	static const char *const sources[] = { "milter", "watch", "nobody",
		"unsaid" };
	const struct words words = WORDS_OF(sources);
	struct fixture *fixture = *state;
	struct conf *conf = fixture->conf;
	struct rows rows;

	conf->scanner_log.items = 1;
	(void)text_copy(conf->scanner_log.item[0],
	    sizeof(conf->scanner_log.item[0]), "clamav-milter");
	rows_open(&rows, "intake.rows", "whose_kinds_are_counted");
	while (rows_next(&rows)) {
		struct finding finding = finding_of(FINDING_OFFENCE, "", T0);

		assert_true(
		    words_parse(&kind_words, rows.field[0], &finding.kind));
		assert_true(words_parse(
		    &words, rows.field[1], &conf->source[finding.kind]));
		finding.file = rows.field[2];
		finding.milter_saw = strstr(rows.field[3], "saw") != NULL;
		finding.milter_never = strstr(rows.field[3], "never") != NULL;
		finding.heuristic = strstr(rows.field[3], "PUA") != NULL;
		conf->milter.heuristics = strstr(rows.field[3], "=virus")
					      ? KIND_VIRUS
					      : KIND_SPAM;
		rows_check_int(&rows, 4,
		    take_at(fixture, &finding, T0,
			strstr(rows.field[3], "replay") != NULL)
			.events);
		rows_check(&rows, 5, kind_name(intake_kind(conf, &finding)));
	}
}

static void
what_comes_of_a_refusal_is_no_offence(void **state)
{
	static const struct {
		const char *sentence;
		int64_t at;
		enum kind kind;
		int events;
		bool replay;
		int64_t want;
	} rows[] = {
		{ "before the ban", 0, KIND_DISCONNECT, 1, false, 1 },
		{ "ten failed logins: a ban", 0, KIND_AUTH, 10, false, 10 },
		{ "hung up while banned", 60, KIND_DISCONNECT, 1, false, 0 },
		{ "a replay asks elsewhere", 60, KIND_DISCONNECT, 1, true, 1 },
		{ "hung up on while banned", 60, KIND_COMMAND, 1, false, 0 },
		{ "another kind counts", 60, KIND_RECIPIENT, 1, false, 1 },
		{ "after the ban", 2 * DAY, KIND_DISCONNECT, 1, false, 1 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct finding finding = finding_of(
		    FINDING_OFFENCE, "", T0 + rows[i].at);

		finding.kind = rows[i].kind;
		finding.events = rows[i].events;
		check_int(rows[i].sentence,
		    take_at(*state, &finding, finding.at, rows[i].replay)
			.events,
		    rows[i].want);
	}
}

static void
a_good_login_clears_its_user(void **state)
{
	struct fixture *fixture = *state;
	const struct net net = net_of(client);
	struct tally sum;

	fail_logins(*state, "joe", 5, T0);
	fail_logins(*state, "ann", 4, T0);
	log_in(*state, "JOE", T0 + 10, T0 + 10);
	store_tally_sum(fixture->store, &net, T0, T0, &sum);
	check_int("one good login", sum.logins, 1);
	fail_logins(*state, "tom", 5, T0 + 20); /* with ann's they are nine */
	banned_by(*state, "tom", T0 + 30);
}

static void
a_login_forgives_only_what_was_before(void **state)
{
	log_in(*state, "joe", T0, T0);
	fail_logins(*state, "joe", 9, T0 + 1);
	banned_by(*state, "joe", T0 + 10);
}

/* A clock that is wrong must not forgive what is still to come. */
static void
a_login_in_the_future_is_now(void **state)
{
	log_in(*state, "joe", T0 + 1000, T0);
	fail_logins(*state, "joe", 9, T0 + 1);
	banned_by(*state, "joe", T0 + 10);
}

static void
a_message_in_the_future_is_now(void **state)
{
	struct fixture *fixture = *state;
	struct finding finding = finding_of(FINDING_QUEUE, "joe", T0 + 1000);
	struct queue_entry entry;

	(void)text_copy(finding.queue, sizeof(finding.queue), "4ABCDE");
	(void)take_at(fixture, &finding, T0, false);
	assert_true(store_queue_find(fixture->store, "4ABCDE", &entry));
	check_int("kept from now on", entry.at, T0);
}

static void
the_phone_and_the_guesser(void **state)
{
	struct fixture *fixture = *state;
	struct rule *auth = &fixture->conf->policy.rule[2];

	assert_string_equal(auth->name, "auth");
	auth->same_user = 1;
	/* A phone with its old password, then other mailboxes. */
	fail_logins(fixture, "joe", 40, T0);
	for (int i = 0; i < 8; i++) {
		char user[16];

		(void)snprintf(user, sizeof(user), "user%d", i);
		fail_logins(fixture, user, 1, T0 + 100 + i);
	}
	banned_by(fixture, "user8", T0 + 200);
}

static void
failures_without_a_user_count_each(void **state)
{
	struct fixture *fixture = *state;

	fixture->conf->policy.rule[2].same_user = 1;
	fail_logins(fixture, "", 9, T0);
	banned_by(fixture, "", T0 + 9);
}

/* Steps are "fail PID COUNT", "login PID", "hangup PID COUNT" and "end PID", a
 * second apart. */
static void
a_failed_mechanism_and_a_good_login(void **state)
{
	struct rows rows;

	((struct fixture *)*state)->conf->policy.rule[2].same_user = 3;
	rows_open(&rows, "intake.rows", "sessions");
	while (rows_next(&rows)) {
		struct fixture *fixture = *state;
		struct intake intake = { .store = fixture->store,
			.conf = fixture->conf };
		struct intake_result result = { .bans = 0 };
		char steps[256];
		char *rest = steps;
		int64_t at = T0;
		size_t bans = 0;

		store_begin(fixture->store);
		(void)text_copy(steps, sizeof(steps), rows.field[0]);
		for (char *step; (step = strsep(&rest, ",")) != NULL;) {
			struct finding finding = finding_of(
			    FINDING_OFFENCE, "", at);
			char word[8];

			assert_true(sscanf(step, "%7s %" SCNd64 " %d", word,
					&finding.pid, &finding.events) >= 2);
			finding.what = word[0] == 'l'   ? FINDING_LOGIN
				       : word[0] == 'e' ? FINDING_SESSION
							: FINDING_OFFENCE;
			finding.kind = word[0] == 'h' ? KIND_DISCONNECT
						      : KIND_AUTH;
			assert_true(
			    intake_wants(&intake, &finding) || word[0] == 'e');
			intake_finding(&intake, &finding, at, &result);
			bans += result.bans;
			at += strchr(step, '=') == NULL;
		}
		store_rollback(fixture->store);
		rows_check_int(&rows, 1, (int64_t)bans);
	}
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
	store_tally_sum(fixture->store, &net, T0, T0, &sum);
	check_int("the watcher leaves it to the milter", sum.sessions, 0);
	(void)take_at(fixture, &session, T0, true);
	store_tally_sum(fixture->store, &net, T0, T0, &sum);
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

	fail_logins(fixture, "secretive-joe", 1, T0);
	log_in(fixture, "secretive-joe", T0 + 1, T0 + 1);
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
		TEST(a_sender_counts_once_a_message),
		TEST(the_brake_is_told_of_once),
		TEST(whose_kinds_are_counted),
		TEST(what_comes_of_a_refusal_is_no_offence),
		TEST(a_good_login_clears_its_user),
		TEST(a_login_forgives_only_what_was_before),
		TEST(a_login_in_the_future_is_now),
		TEST(a_message_in_the_future_is_now),
		TEST(the_phone_and_the_guesser),
		TEST(failures_without_a_user_count_each),
		TEST(a_failed_mechanism_and_a_good_login),
		TEST(messages_of_users_never_count),
		TEST(a_replay_tallies_what_was_accepted),
		TEST(no_user_name_is_stored),
	};

	return cmocka_run_group_tests_name("intake", tests, NULL, NULL);
}
