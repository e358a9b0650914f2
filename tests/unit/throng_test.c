/*
 * Who is here: slots, hours and room, told in sentences.  Time is a number.
 */
#include "check.h"

#include <pthread.h>
#include <stdatomic.h>

#include "core/tally.h"
#include "milter/pending.h"
#include "milter/throng.h"

enum {
	T0 = 1795284000, /* a full hour */
	HOUR = 3600,
	CROWD = 8,
	ROUNDS = 2000
};

static const struct limit two[LIMIT_KINDS] = {
	[LIMIT_CONNECTIONS] = { .most = { 2, 2, 2 } },
};
static const struct limit ten_an_hour[LIMIT_KINDS] = {
	[LIMIT_HOURLY] = { .most = { 10, 10, 10 } },
};

struct hall {
	struct pending *pending;
	struct throng *throng;
};

static void
open_hall(struct hall *hall)
{
	hall->pending = pending_new();
	assert_non_null(hall->pending);
	hall->throng = throng_new(hall->pending);
	assert_non_null(hall->throng);
	throng_use(hall->throng);
}

static void
close_hall(struct hall *hall)
{
	throng_free(hall->throng);
	pending_free(hall->pending);
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
come(struct hall *hall, const struct net *client, int64_t sessions, int64_t at)
{
	throng_tally(hall->throng, client, tally_hour(at),
	    &(struct tally){ .sessions = sessions });
}

/* A session of its own, and nothing can be learned. */
static enum limit_kind
admit(struct hall *hall, const struct net *client, const struct limit *limit,
    int64_t now)
{
	struct presence presence = { .ban = 0 };
	const struct throng_case session = { .client = client,
		.limit = limit,
		.presence = &presence,
		.blindly = true,
		.now = now };
	enum throng_need need;

	return throng_admit(hall->throng, &session, &need);
}

static void
learn(struct hall *hall, const struct net *client, int64_t current,
    int64_t before, int64_t now)
{
	const struct throng_sessions sessions = { .current = current,
		.before = before };

	throng_learn_sessions(hall->throng, client, &sessions, now);
}

/* What one session sees of the hourly limit after others came. */
static void
hours(void **state)
{
	static const struct {
		const char *sentence;
		int64_t before;   /* the database says, of the hour before */
		int64_t sessions; /* and of this one */
		int64_t pending;  /* came before that was asked */
		int64_t more;     /* came since */
		int64_t at;       /* seconds into the hour */
		enum limit_kind want;
	} rows[] = {
		{ "nobody came", 0, 0, 0, 0, 0, LIMIT_KINDS },
		{ "ten are ten", 0, 10, 0, 0, 0, LIMIT_KINDS },
		{ "eleven are too many", 0, 11, 0, 0, 0, LIMIT_HOURLY },
		{ "what is not written yet counts", 0, 5, 6, 0, 0,
		    LIMIT_HOURLY },
		{ "what came since counts", 0, 5, 0, 6, 0, LIMIT_HOURLY },
		{ "all of it, once", 0, 4, 3, 3, 0, LIMIT_KINDS },
		{ "all of it and one", 0, 4, 3, 4, 0, LIMIT_HOURLY },
		{ "the hour before counts whole at its end", 11, 0, 0, 0, 0,
		    LIMIT_HOURLY },
		{ "half of it half an hour later", 20, 0, 0, 0, 1800,
		    LIMIT_KINDS },
		{ "beside what this hour has", 20, 1, 0, 0, 1800,
		    LIMIT_HOURLY },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct net client = client_number(1);
		const int64_t now = T0 + rows[i].at;
		struct hall hall;

		open_hall(&hall);
		come(&hall, &client, rows[i].pending, now);
		learn(&hall, &client, rows[i].sessions, rows[i].before, now);
		come(&hall, &client, rows[i].more, now);
		check_int(rows[i].sentence,
		    admit(&hall, &client, ten_an_hour, now), rows[i].want);
		close_hall(&hall);
	}
}

/* The clock goes on while a client is known. */
static void
next_hour(void **state)
{
	const struct net client = client_number(1);
	struct hall hall;

	(void)state;
	open_hall(&hall);
	learn(&hall, &client, 11, 0, T0);
	check_int("this hour is the one before in the next",
	    admit(&hall, &client, ten_an_hour, T0 + HOUR), LIMIT_HOURLY);
	come(&hall, &client, 1, T0 + HOUR - 1);
	check_int("whoever is late counts there",
	    admit(&hall, &client, ten_an_hour, T0 + HOUR + 600), LIMIT_KINDS);
	come(&hall, &client, 1, T0 + HOUR + 600);
	check_int("(12 * 3000 / 3600 = 10, and one more)",
	    admit(&hall, &client, ten_an_hour, T0 + HOUR + 600), LIMIT_HOURLY);
	check_int("two hours later all is forgotten",
	    admit(&hall, &client, ten_an_hour, T0 + 3 * HOUR), LIMIT_KINDS);
	learn(&hall, &client, 11, 0, T0);
	check_int("a clock that goes back is followed",
	    admit(&hall, &client, ten_an_hour, T0), LIMIT_HOURLY);
	close_hall(&hall);
}

/* What a session must learn first: it holds a slot, came in time, has sent so
 * many messages; so many others hold one or came in this hour. */
static void
needs(void **state)
{
	static const struct limit by_reputation[LIMIT_KINDS] = {
		[LIMIT_CONNECTIONS] = { .most = { 0, 3, 2 } },
		[LIMIT_MESSAGES] = { .most = { 5, 4, 0 } },
		[LIMIT_HOURLY] = { .most = { 9, 9, 3 } },
	};
	static const struct {
		const char *sentence;
		struct presence presence;
		int others;
		bool counted; /* its sessions were learned */
		int64_t came;
		bool known; /* its reputation was, with ban 7 */
		enum throng_need want;
	} rows[] = {
		{ "the hour's sessions come first", { .ban = 0 }, 0, false, 0,
		    false, THRONG_SESSIONS },
		{ "within the worst client's limits nothing matters",
		    { .ban = 0 }, 1, true, 3, false, THRONG_NOTHING },
		{ "one more at once, and it does", { .ban = 0 }, 2, true, 3,
		    false, THRONG_REPUTATION },
		{ "or one more in the hour", { .ban = 0 }, 1, true, 4, false,
		    THRONG_REPUTATION },
		{ "or as many messages as the worst may send",
		    { .messages = 4 }, 0, true, 3, false, THRONG_REPUTATION },
		{ "fewer do not matter", { .messages = 3 }, 0, true, 3, false,
		    THRONG_NOTHING },
		{ "what is known is known", { .ban = 7 }, 3, true, 20, true,
		    THRONG_NOTHING },
		{ "until there is a newer ban", { .ban = 8 }, 2, true, 3, true,
		    THRONG_REPUTATION },
		{ "who has a slot and came in time needs nothing",
		    { .slot = true, .timely = true }, 3, false, 20, false,
		    THRONG_NOTHING },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct net client = client_number(1);
		struct presence presence = rows[i].presence;
		const struct throng_case session = { .client = &client,
			.limit = by_reputation,
			.presence = &presence,
			.now = T0 };
		enum throng_need need;
		struct hall hall;

		open_hall(&hall);
		for (int n = 0; n < rows[i].others; n++) {
			(void)admit(&hall, &client, two, T0);
		}
		for (int n = 2; n < rows[i].others; n++) {
			(void)admit(&hall, &client, by_reputation, T0);
		}
		if (rows[i].counted) {
			learn(&hall, &client, rows[i].came, 0, T0);
		}
		if (rows[i].known) {
			throng_learn_reputation(
			    hall.throng, &client, REPUTATION_NEUTRAL, 7, T0);
		}
		(void)throng_admit(hall.throng, &session, &need);
		check_int(rows[i].sentence, need, rows[i].want);
		check_int("who has to learn is not let in yet",
		    need == THRONG_NOTHING || !presence.slot, true);
		close_hall(&hall);
	}
}

static void
reputations_age(void **state)
{
	const struct net client = client_number(1);
	static const struct limit poor_one[LIMIT_KINDS] = {
		[LIMIT_CONNECTIONS] = { .most = { 2, 2, 1 } },
	};
	struct presence presence = { .ban = 0 };
	struct throng_case session = { .client = &client,
		.limit = poor_one,
		.presence = &presence,
		.now = T0 };
	enum throng_need need;
	struct hall hall;

	(void)state;
	open_hall(&hall);
	(void)admit(&hall, &client, poor_one, T0);
	throng_learn_reputation(hall.throng, &client, REPUTATION_POOR, 0, T0);
	check_int("a poor client has one slot",
	    throng_admit(hall.throng, &session, &need), LIMIT_CONNECTIONS);
	session.now = T0 + HOUR;
	(void)throng_admit(hall.throng, &session, &need);
	check_int("in another hour it may be better", need, THRONG_REPUTATION);
	throng_learn_reputation(
	    hall.throng, &client, REPUTATION_POOR, 0, T0 + HOUR);
	throng_use(hall.throng);
	(void)throng_admit(hall.throng, &session, &need);
	check_int("or by another policy", need, THRONG_REPUTATION);
	throng_learn_reputation(
	    hall.throng, &client, REPUTATION_NEUTRAL, 0, T0 + HOUR);
	check_int("and then has two",
	    throng_admit(hall.throng, &session, &need), LIMIT_KINDS);
	check_int("nothing more is needed", need, THRONG_NOTHING);
	close_hall(&hall);
}

static void
before_any_limit(void **state)
{
	const struct net client = client_number(1);
	struct hall hall;

	(void)state;
	hall.pending = pending_new();
	hall.throng = throng_new(hall.pending);
	assert_non_null(hall.throng);
	come(&hall, &client, 3, T0);
	check_int(
	    "nobody is remembered", (int64_t)throng_count(hall.throng), 0);
	check_int(
	    "but counted", pending_sessions(hall.pending, &client, T0), 3);
	close_hall(&hall);
	throng_free(NULL);
}

/* ---- room ---- */

static void
bounded(void **state)
{
	const struct net holder = client_number(0);
	struct hall hall;

	(void)state;
	open_hall(&hall);
	assert_int_equal(admit(&hall, &holder, two, T0), LIMIT_KINDS);
	assert_int_equal(admit(&hall, &holder, two, T0), LIMIT_KINDS);
	for (uint32_t i = 1; i < 3 * THRONG_MAX; i++) {
		const struct net client = client_number(i * 2654435761U);

		learn(&hall, &client, 11, 0, T0);
		if (admit(&hall, &client, ten_an_hour, T0) != LIMIT_HOURLY) {
			fail_msg("number %u found no room", i);
		}
	}
	check_int(
	    "it holds no more", (int64_t)throng_count(hall.throng), THRONG_MAX);
	check_int("who holds a slot was not pushed out",
	    admit(&hall, &holder, two, T0), LIMIT_CONNECTIONS);
	throng_leave(hall.throng, &holder);
	check_int("and can give it back", admit(&hall, &holder, two, T0),
	    LIMIT_KINDS);
	close_hall(&hall);
}

static void
full_of_holders(void **state)
{
	const struct net late = client_number(THRONG_MAX);
	const struct net first = client_number(0);
	struct hall hall;

	(void)state;
	open_hall(&hall);
	for (uint32_t i = 0; i < THRONG_MAX; i++) {
		const struct net client = client_number(i);

		assert_int_equal(admit(&hall, &client, two, T0), LIMIT_KINDS);
	}
	for (int i = 0; i < 3; i++) {
		check_int("for whom there is no room, there is no limit",
		    admit(&hall, &late, two, T0), LIMIT_KINDS);
	}
	throng_leave(hall.throng, &late);
	throng_leave(hall.throng, &first);
	check_int("the table is as it was", (int64_t)throng_count(hall.throng),
	    THRONG_MAX);
	close_hall(&hall);
}

static void
who_is_met_stays(void **state)
{
	const struct net friend = client_number(1);
	struct hall hall;

	(void)state;
	open_hall(&hall);
	learn(&hall, &friend, 11, 0, T0);
	for (uint32_t i = 2; i < 2 * THRONG_MAX; i++) {
		const struct net client = client_number(i);

		learn(&hall, &client, 1, 0, T0);
		check_int("one that comes again and again stays known",
		    admit(&hall, &friend, ten_an_hour, T0), LIMIT_HOURLY);
	}
	close_hall(&hall);
}

/* ---- many at once ---- */

struct bustle {
	struct hall hall;
	struct net client;
	atomic_int inside;
	atomic_int most;
	atomic_int refused;
};

static void *
come_and_go(void *arg)
{
	struct bustle *bustle = arg;

	for (int i = 0; i < ROUNDS; i++) {
		const struct net other = client_number((uint32_t)i);
		int inside;

		(void)admit(&bustle->hall, &other, ten_an_hour, T0);
		if (admit(&bustle->hall, &bustle->client, two, T0) !=
		    LIMIT_KINDS) {
			atomic_fetch_add(&bustle->refused, 1);
			continue;
		}
		inside = atomic_fetch_add(&bustle->inside, 1) + 1;
		if (inside > atomic_load(&bustle->most)) {
			atomic_store(&bustle->most, inside);
		}
		atomic_fetch_sub(&bustle->inside, 1);
		throng_leave(bustle->hall.throng, &bustle->client);
	}
	return NULL;
}

static void
bustling(void **state)
{
	struct bustle bustle = { .client = client_number(1 << 30) };
	pthread_t thread[CROWD];

	(void)state;
	open_hall(&bustle.hall);
	for (size_t i = 0; i < CROWD; i++) {
		assert_int_equal(
		    pthread_create(&thread[i], NULL, come_and_go, &bustle), 0);
	}
	for (size_t i = 0; i < CROWD; i++) {
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	}
	if (atomic_load(&bustle.most) > 2) {
		fail_msg("%d were inside at once", atomic_load(&bustle.most));
	}
	for (int i = 0; i < 2; i++) {
		check_int("in the end all slots are free",
		    admit(&bustle.hall, &bustle.client, two, T0), LIMIT_KINDS);
	}
	check_int("both of them", admit(&bustle.hall, &bustle.client, two, T0),
	    LIMIT_CONNECTIONS);
	close_hall(&bustle.hall);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hours),
		cmocka_unit_test(next_hour),
		cmocka_unit_test(needs),
		cmocka_unit_test(reputations_age),
		cmocka_unit_test(before_any_limit),
		cmocka_unit_test(bounded),
		cmocka_unit_test(full_of_holders),
		cmocka_unit_test(who_is_met_stays),
		cmocka_unit_test(bustling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
