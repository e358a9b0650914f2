/*
 * What is written when, what waits, and how long anybody waits for it: the
 * writer on a real database, with its thread only where that is the point.
 */
#include "fixture.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>

#include "base/log.h"
#include "base/proc.h"
#include "milter/database.h"
#include "milter/limits.h"
#include "milter/verdict.h"
#include "milter/writer.h"

enum {
	LIMIT = 20,        /* of the rule "dictionary" */
	LITTLE_MORE = 400, /* ms a loaded machine may add */
	CROWD = 16,        /* threads: more than all are waited for */
	CROWD_EVENTS = 40  /* of each */
};

/* The fixture's database in the writer's hands. */
struct place {
	struct fixture *fixture; /* its store is another program's */
	struct writer *writer;
	int64_t left; /* what the acting session may still wait */
};

static void
make(struct place *place, struct fixture *fixture)
{
	*place = (struct place){ .fixture = fixture,
		.left = DATABASE_DEADLINE };
	(void)text_copy(fixture->conf->database,
	    sizeof(fixture->conf->database), fixture->path);
	place->writer = writer_new(conf_hold(fixture->conf));
	assert_non_null(place->writer);
}

/* Without the thread. */
static void
begin(struct place *place, struct fixture *fixture)
{
	char error[STORE_ERROR_SIZE];

	make(place, fixture);
	if (!database_open(writer_database(place->writer), error)) {
		fail_msg("%s", error);
	}
}

static void
begin_thread(struct place *place, struct fixture *fixture)
{
	char error[STORE_ERROR_SIZE];

	make(place, fixture);
	if (!writer_start(place->writer, error)) {
		fail_msg("%s", error);
	}
}

static void
offend(struct place *place, const char *ip, int64_t at)
{
	writer_record(place->writer,
	    &(struct writer_event){ .conf = place->fixture->conf,
		.address = addr_of(ip),
		.kind = KIND_RECIPIENT,
		.at = at,
		.detail = "5.1.1" },
	    &place->left);
}

static void
offend_so_often(struct place *place, const char *ip, int times, int64_t at)
{
	for (int i = 0; i < times; i++) {
		offend(place, ip, at);
	}
}

static int64_t
events_of(struct place *place, const char *ip)
{
	const struct net who = net_of(ip);
	struct tally sum;

	store_tally_sum(place->fixture->store, &who, 0, INT64_MAX, &sum);
	return sum.kind[KIND_RECIPIENT];
}

/* What a new session reads of an address. */
static enum database_answer
ask(struct place *place, const char *ip, int64_t now, struct standing *standing)
{
	int64_t version = DATABASE_NO_VERSION;
	int64_t left = DATABASE_DEADLINE;

	standing->address = addr_of(ip);
	standing->checked_at = now;
	return database_standing(writer_database(place->writer),
	    place->fixture->conf, &left, &version, standing);
}

static void
add_tally(struct database *database, const struct net *client, int64_t hour,
    struct tally more)
{
	database_count(database,
	    &(struct counted){ .what = COUNTED_TALLY,
		.client = *client,
		.tally = more,
		.at = hour },
	    1);
}

static void
add_limited(struct database *database, enum limit_kind limit, int64_t at)
{
	database_count(database,
	    &(struct counted){
		.what = COUNTED_LIMITED, .limit = limit, .times = 1, .at = at },
	    1);
}

static void
check_standing(struct place *place, const char *sentence, const char *ip,
    int64_t now, enum verdict want)
{
	struct standing standing;

	assert_int_equal(ask(place, ip, now, &standing), DATABASE_NEW);
	check_int(sentence, standing.verdict, want);
}

/* ---- what is written when ---- */

static void
at_once(void **state)
{
	struct place place;
	struct standing standing;
	const int64_t now = proc_now();

	begin_thread(&place, *state);
	for (int i = 1; i < LIMIT; i++) {
		place.left = DATABASE_DEADLINE;
		offend(&place, "203.0.113.9", now);
		check_int("an event is waited for",
		    events_of(&place, "203.0.113.9"), i);
	}
	check_standing(
	    &place, "one below the limit", "203.0.113.9", now, STANDING_CLEAR);
	offend(&place, "203.0.113.9", now);
	assert_int_equal(
	    ask(&place, "203.0.113.9", now, &standing), DATABASE_NEW);
	check_int("the limit", standing.verdict, STANDING_BANNED);
	check_int("the ban begins now", standing.ban[0].begins, now);
	writer_free(place.writer);
}

/* A session's standing holds until something changes. */
static void
versions(void **state)
{
	const struct addr address = addr_of("203.0.113.9");
	int64_t version = DATABASE_NO_VERSION;
	int64_t left = DATABASE_DEADLINE;
	struct fixture *fixture = *state;
	struct standing standing;
	struct place place;
	static const struct {
		const char *sentence;
		bool ours;
		bool other;
		enum database_answer want;
	} rows[] = {
		{ "a first question is answered", false, false, DATABASE_NEW },
		{ "the same again: it holds", false, false, DATABASE_HOLDS },
		{ "not after we wrote", true, false, DATABASE_NEW },
		{ "nor another program", false, true, DATABASE_NEW },
		{ "it holds again", false, false, DATABASE_HOLDS },
	};

	begin(&place, fixture);
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (rows[i].ours) {
			offend(&place, "203.0.113.9", T0);
		}
		if (rows[i].other) {
			const int64_t ticks = proc_ticks();

			(void)fixture_observe(
			    fixture, "203.0.113.10", KIND_SPAM, T0, T0);
			while (proc_ticks() == ticks) {
				/* Seen a millisecond later. */
			}
		}
		standing.address = address;
		standing.checked_at = T0;
		check_int(rows[i].sentence,
		    database_standing(writer_database(place.writer),
			fixture->conf, &left, &version, &standing),
		    rows[i].want);
	}
	writer_free(place.writer);
}

/* Accepted recipients that are not in the database yet spare a client. */
static void
unwritten(void **state)
{
	const struct net good = net_of("203.0.113.9");
	struct place place;

	begin(&place, *state);
	for (int i = 0; i < LIMIT; i++) {
		add_tally(writer_database(place.writer), &good, tally_hour(T0),
		    (struct tally){ .recipients = 2 });
		offend(&place, "203.0.113.9", T0);
		offend(&place, "203.0.113.10", T0);
	}
	check_standing(&place, "twice as many accepted recipients spare it",
	    "203.0.113.9", T0, STANDING_CLEAR);
	check_standing(
	    &place, "none do not", "203.0.113.10", T0, STANDING_BANNED);
	writer_free(place.writer);
}

static void
hits(void **state)
{
	struct place place;
	struct standing standing;

	begin(&place, *state);
	offend_so_often(&place, "203.0.113.9", LIMIT, T0);
	assert_int_equal(
	    ask(&place, "203.0.113.9", T0, &standing), DATABASE_NEW);
	writer_hit(place.writer, &standing.ban[0], T0, &place.left);
	assert_int_equal(
	    ask(&place, "203.0.113.9", T0, &standing), DATABASE_NEW);
	check_int("the first hit is written at once", standing.ban[0].hits, 1);
	writer_hit(place.writer, &standing.ban[0], T0, &place.left);
	writer_hit(place.writer, &standing.ban[0], T0 + 1, &place.left);
	assert_int_equal(
	    ask(&place, "203.0.113.9", T0, &standing), DATABASE_NEW);
	check_int("the others are not", standing.ban[0].hits, 1);
	writer_round(place.writer, T0 + 1);
	assert_int_equal(
	    ask(&place, "203.0.113.9", T0, &standing), DATABASE_NEW);
	check_int("but with the next round", standing.ban[0].hits, 3);
	check_int("with the newest one's time", standing.ban[0].told, T0 + 1);
	writer_free(place.writer);
}

static struct net
client_number(uint32_t number)
{
	struct addr addr = { .byte = { 0x20, 0x01, 0x0d, 0xb8 } };

	addr.byte[4] = (uint8_t)(number >> 24);
	addr.byte[5] = (uint8_t)(number >> 16);
	addr.byte[6] = (uint8_t)(number >> 8);
	addr.byte[7] = (uint8_t)number;
	return net_cut(&addr, 64);
}

static void
say_daily(void *to, const struct daily_row *row)
{
	static const char *const names[DAILY_COUNT] = { "event", "ban",
		"refused", "limited", "sessions", "messages", "recipients",
		"accepted" };

	text_addf(to, "%s%s%s %lld;", names[row->what],
	    row->name[0] == '\0' ? "" : " ", row->name, (long long)row->number);
}

static void
sums_by_day(void **state)
{
	const struct tally more = {
		.sessions = 1, .messages = 2, .recipients = 3, .accepted = 1
	};
	const int64_t today = T0 - T0 % DAY;
	struct fixture *fixture = *state;
	struct database *database;
	struct standing standing;
	struct place place;
	struct text text;
	char said[512];

	make(&place, fixture);
	database = writer_database(place.writer);
	database_use(writer_database(place.writer), fixture->store);
	offend_so_often(&place, "203.0.113.9", LIMIT, T0);
	assert_int_equal(
	    ask(&place, "203.0.113.9", T0, &standing), DATABASE_NEW);
	writer_hit(place.writer, &standing.ban[0], T0, &place.left);
	standing.ban[0].hits = 1;
	for (int round = 0; round < 2; round++) {
		/* The first is in vain: all is counted again. */
		database_use(writer_database(place.writer),
		    round == 0 ? NULL : fixture->store);
		writer_hit(place.writer, &standing.ban[0], T0, &place.left);
		add_limited(database, LIMIT_HOURLY, T0);
		add_limited(database, LIMIT_MESSAGES, T0);
		for (uint32_t i = 0; i < 300; i++) {
			struct net client = client_number(i);

			add_tally(database, &client, today, more);
			add_tally(database, &client, today - HOUR, more);
		}
		writer_round(place.writer, T0);
	}
	text_init(&text, said, sizeof(said));
	store_daily_each(fixture->store, today, say_daily, &text);
	check_text("each day's rows in its sums", said,
	    "accepted 600;ban error 1;event recipient 20;"
	    "limited hourly 2;limited messages 2;messages 1200;"
	    "recipients 1800;refused error 3;sessions 600;");
	text_init(&text, said, sizeof(said));
	store_daily_each(fixture->store, today - 1, say_daily, &text);
	check_int("yesterday's too",
	    strncmp(said, "accepted 600;messages 1200;recipients 1800;", 43),
	    0);
	writer_free(place.writer);
}

/* ---- a database in other hands ---- */

/* Whether another program finds that someone has the database open.  SQLite
 * says so by a shared lock on these bytes; the last one to close it, who finds
 * none, may remove the log under the others. */
static bool
seen_in_use(const struct fixture *fixture)
{
	struct flock lock = { .l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = 0x40000002,
		.l_len = 510 };
	pid_t child = fork();
	int status = 0;

	assert_true(child >= 0);
	if (child == 0) {
		int fd = open(fixture->path, O_RDWR | O_CLOEXEC);

		_exit(fd < 0 || fcntl(fd, F_GETLK, &lock) != 0 ||
		      lock.l_type == F_UNLCK);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void
in_use(void **state)
{
	struct fixture *fixture = *state;
	struct place place;

	begin(&place, fixture);
	database_tend_log(writer_database(place.writer));
	check_int("others see that we use it", seen_in_use(fixture), true);
	store_close(fixture->store);
	check_int("also when one more handle came and went",
	    seen_in_use(fixture), true);
	writer_free(place.writer);
	check_int("and that we do no more", seen_in_use(fixture), false);
	fixture->store = fixture_open(fixture, STORE_WRITE);
}

static void *
roll_back_soon(void *arg)
{
	const struct timespec while_locked = { .tv_nsec = 50000000 };

	(void)nanosleep(&while_locked, NULL);
	store_rollback(arg);
	return NULL;
}

/* Each session waits its own time, whatever the one before met. */
static void
locked(void **state)
{
	struct fixture *fixture = *state;
	const int64_t now = proc_now() - 60;
	struct standing standing;
	struct place place;
	pthread_t other;
	int64_t began;

	begin_thread(&place, fixture);
	store_begin(fixture->store);
	began = proc_ticks();
	for (int i = 0; i < LIMIT; i++) {
		offend(&place, "203.0.113.9", now + i);
	}
	if (proc_ticks() - began > DATABASE_DEADLINE + LITTLE_MORE) {
		fail_msg("20 events of a session took %lld ms",
		    (long long)(proc_ticks() - began));
	}
	check_standing(&place, "reading goes on meanwhile", "203.0.113.10", now,
	    STANDING_CLEAR);
	check_int("nothing is written", events_of(&place, "203.0.113.9"), 0);
	place.left = DATABASE_DEADLINE;
	assert_int_equal(
	    pthread_create(&other, NULL, roll_back_soon, fixture->store), 0);
	offend(&place, "203.0.113.10", now);
	assert_int_equal(pthread_join(other, NULL), 0);
	check_int("the next is told when the lock is gone",
	    events_of(&place, "203.0.113.10"), 1);
	check_int("and all before", events_of(&place, "203.0.113.9"), LIMIT);
	assert_int_equal(
	    ask(&place, "203.0.113.9", now, &standing), DATABASE_NEW);
	check_int("not before the last of them", (int64_t)standing.bans, 0);
	assert_int_equal(
	    ask(&place, "203.0.113.9", now + LIMIT, &standing), DATABASE_NEW);
	check_int(
	    "from their own time on", standing.ban[0].begins, now + LIMIT - 1);
	writer_free(place.writer);
}

static void
starts_locked(void **state)
{
	struct fixture *fixture = *state;
	struct standing standing;
	struct place place;

	store_begin(fixture->store);
	begin(&place, fixture);
	offend(&place, "203.0.113.9", T0);
	store_rollback(fixture->store);
	check_int("nothing yet", events_of(&place, "203.0.113.9"), 0);
	database_tend(writer_database(place.writer));
	writer_round(place.writer, T0);
	check_int("later", events_of(&place, "203.0.113.9"), 1);
	assert_int_equal(
	    ask(&place, "203.0.113.9", T0, &standing), DATABASE_NEW);
	writer_free(place.writer);
}

static void
deleted(void **state)
{
	struct fixture *fixture = *state;
	struct database *database;
	struct place place;

	begin(&place, fixture);
	database = writer_database(place.writer);
	database_tend_log(database);
	offend(&place, "203.0.113.9", T0);
	store_close(fixture->store);
	remove_database(fixture->path);
	for (int round = 0; round < 3; round++) {
		database_tend(database);
		database_tend_log(database);
	}
	offend(&place, "203.0.113.9", T0);
	fixture->store = fixture_open(fixture, STORE_WRITE);
	check_int("a new one, with what came since",
	    events_of(&place, "203.0.113.9"), 1);
	check_standing(
	    &place, "which is read, too", "203.0.113.9", T0, STANDING_CLEAR);
	writer_free(place.writer);
}

static void
refused(void **state)
{
	struct fixture *fixture = *state;
	struct conf *conf = fixture->conf;
	char error[STORE_ERROR_SIZE];
	struct writer *writer;

	/* What is in the way is no database, or there is no folder. */
	for (int i = 0; i < 2; i++) {
		struct text text;

		text_init(&text, conf->database, sizeof(conf->database));
		text_addf(&text, "%s%s", fixture->folder,
		    i == 0 ? "" : "/nonexistent/videur.db");
		writer = writer_new(conf_hold(conf));
		check_int(conf->database, writer_start(writer, error), false);
		assert_memory_equal(
		    error, conf->database, strlen(fixture->folder));
		writer_free(writer);
	}
}

/* Stopping waits for another program's lock, and writes. */
static void
stops_locked(void **state)
{
	struct fixture *fixture = *state;
	const struct net client = net_of("203.0.113.9");
	struct tally sum;
	struct place place;
	pthread_t other;

	begin_thread(&place, fixture);
	store_begin(fixture->store);
	place.left = 0;
	offend(&place, "203.0.113.9", T0);
	add_tally(writer_database(place.writer), &client, T0,
	    (struct tally){ .sessions = 3 });
	assert_int_equal(
	    pthread_create(&other, NULL, roll_back_soon, fixture->store), 0);
	writer_free(place.writer);
	assert_int_equal(pthread_join(other, NULL), 0);
	check_int("what waited", events_of(&place, "203.0.113.9"), 1);
	store_tally_sum(fixture->store, &client, T0, T0, &sum);
	check_int("and what was counted", sum.sessions, 3);
}

static void
reloads(void **state)
{
	struct fixture *fixture = *state;
	struct conf *fresh = fixture_conf();
	struct place place;
	struct conf *got;

	begin(&place, fixture);
	offend_so_often(&place, "203.0.113.9", LIMIT - 1, T0);
	fresh->policy.rules = 0;
	writer_reload(place.writer, fresh);
	got = writer_conf(place.writer);
	assert_ptr_equal(got, fresh);
	conf_drop(got);
	offend(&place, "203.0.113.9", T0);
	check_standing(&place, "a session is judged by its own configuration",
	    "203.0.113.9", T0, STANDING_BANNED);
	writer_free(place.writer);
}

/* ---- many at once ---- */

struct crowd {
	struct place place;
	struct limits *limits;
	int64_t now;
	atomic_int admitted;
	atomic_int inside;
	atomic_int most; /* inside at once */
};

static void *
one_of_many(void *arg)
{
	struct crowd *crowd = arg;
	struct place place = crowd->place;
	const struct addr address = addr_of("203.0.113.9");

	for (int i = 0; i < CROWD_EVENTS; i++) {
		struct standing standing = { .bans = 0 };
		struct peer peer;

		verdict_init(
		    &peer, writer_database(place.writer), place.fixture->conf);
		verdict_connect(&peer, &address, SERVICE_MX);
		limits_count(crowd->limits, &peer.client, crowd->now);
		if (limits_admit(crowd->limits, &peer, crowd->now) ==
		    LIMIT_KINDS) {
			int inside = atomic_fetch_add(&crowd->inside, 1) + 1;

			if (inside > atomic_load(&crowd->most)) {
				atomic_store(&crowd->most, inside);
			}
			atomic_fetch_add(&crowd->admitted, 1);
			atomic_fetch_sub(&crowd->inside, 1);
		}
		place.left = DATABASE_DEADLINE;
		offend(&place, "203.0.113.9", crowd->now);
		(void)ask(&place, "203.0.113.9", crowd->now, &standing);
		if (standing.bans > 0) {
			writer_hit(place.writer, &standing.ban[0], crowd->now,
			    &place.left);
		}
		limits_leave(crowd->limits, &peer);
	}
	return NULL;
}

/* Many sessions of one client, with one limit; all is written then. */
static void
let_come(struct crowd *crowd, struct fixture *fixture, enum limit_kind kind,
    int64_t most)
{
	pthread_t thread[CROWD];

	*crowd = (struct crowd){ .now = proc_now() };
	for (int i = 0; i < REPUTATION_COUNT; i++) {
		fixture->conf->policy.limit[kind].most[i] = most;
	}
	begin_thread(&crowd->place, fixture);
	crowd->limits = limits_new(writer_database(crowd->place.writer));
	limits_use(crowd->limits);
	for (size_t i = 0; i < CROWD; i++) {
		assert_int_equal(
		    pthread_create(&thread[i], NULL, one_of_many, crowd), 0);
	}
	for (size_t i = 0; i < CROWD; i++) {
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	}
	limits_free(crowd->limits);
	writer_free(crowd->place.writer);
}

/* However many come at the same time, none is missed or counted twice. */
static void
a_crowd_in_an_hour(void **state)
{
	enum {
		MOST = 50,
		ALL = CROWD * CROWD_EVENTS
	};
	const struct net client = net_of("203.0.113.9");
	struct fixture *fixture = *state;
	struct crowd crowd;
	struct tally sum;
	int admitted;

	let_come(&crowd, fixture, LIMIT_HOURLY, MOST);
	/* Two threads may both be counted before either is let in. */
	admitted = atomic_load(&crowd.admitted);
	if (admitted > MOST || admitted <= MOST - CROWD) {
		fail_msg("%d of %d were let in", admitted, MOST);
	}
	store_tally_sum(
	    fixture->store, &client, crowd.now - HOUR, crowd.now, &sum);
	check_int("each session is tallied once", sum.sessions, ALL);
	check_int("each event", sum.kind[KIND_RECIPIENT], ALL);
}

static void
a_crowd_at_once(void **state)
{
	struct crowd crowd;

	let_come(&crowd, *state, LIMIT_CONNECTIONS, 2);
	if (atomic_load(&crowd.most) > 2) {
		fail_msg("%d were inside at once", atomic_load(&crowd.most));
	}
	check_int("some came in", atomic_load(&crowd.admitted) > 0, true);
}

/* ---- what waits ---- */

static void
the_queue_is_bounded(void **state)
{
	enum {
		TOO_MANY = 7
	};
	struct fixture *fixture = *state;
	struct losses losses;
	struct place place;

	make(&place, fixture);
	fixture->conf->policy.rules = 0;
	offend_so_often(&place, "203.0.113.9", WRITER_QUEUE_MAX + TOO_MANY, T0);
	database_use(writer_database(place.writer), fixture->store);
	/* A slow machine writes less in a round. */
	for (int i = 0; i < 100; i++) {
		writer_round(place.writer, T0);
	}
	check_int("it holds so many", events_of(&place, "203.0.113.9"),
	    WRITER_QUEUE_MAX);
	engine_losses(fixture->store, T0, &losses);
	check_int("the rest is counted", losses.number[LOSS_EVENTS], TOO_MANY);
	offend(&place, "203.0.113.9", T0);
	writer_round(place.writer, T0);
	check_int("and then there is room again",
	    events_of(&place, "203.0.113.9"), WRITER_QUEUE_MAX + 1);
	writer_free(place.writer);
}

static void
counters_are_bounded(void **state)
{
	struct database *database = database_new("");
	const struct tally one = { .sessions = 1 };
	struct counted rows[64];
	int64_t sessions = 0;
	size_t taken;

	(void)state;
	for (uint32_t i = 0; i < DATABASE_COUNTS_MAX + 5; i++) {
		struct net client = client_number(i * 2654435761U);

		add_tally(database, &client, 3600, one);
	}
	while (
	    (taken = database_take_counts(database, rows, COUNT(rows))) > 0) {
		sessions += (int64_t)taken;
	}
	check_int("all else comes out", sessions, DATABASE_COUNTS_MAX);
	database_free(database);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, fixture_up, fixture_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(at_once),
		TEST(versions),
		TEST(unwritten),
		TEST(hits),
		TEST(sums_by_day),
		TEST(in_use),
		TEST(locked),
		TEST(starts_locked),
		TEST(deleted),
		TEST(refused),
		TEST(stops_locked),
		TEST(reloads),
		TEST(a_crowd_in_an_hour),
		TEST(a_crowd_at_once),
		TEST(the_queue_is_bounded),
		cmocka_unit_test(counters_are_bounded),
	};

	log_init("writer_test");
	return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
