/*
 * Clients against limits: hours, slots and room, on the real engine over a
 * database in memory.  Time is a number.
 */
#include "session_script.h"

#include "core/kind.h"
#include "milter/verdict.h"

enum {
	T0 = NOW - NOW % HOUR
};

static const struct limit two[LIMIT_KINDS] = {
	[LIMIT_CONNECTIONS] = { .most = { 2, 2, 2 } },
};
static const struct limit ten_an_hour[LIMIT_KINDS] = {
	[LIMIT_HOURLY] = { .most = { 10, 10, 10 } },
};

static void
begin(struct play *place, const struct limit *limit)
{
	struct conf *conf = play_conf();

	memcpy(conf->policy.limit, limit, sizeof(conf->policy.limit));
	play_begin(place, conf, "203.0.113.9", "25");
}

static struct peer
client_number(const struct play *place, uint32_t number)
{
	struct addr addr = { .byte = { 0x20, 0x01, 0x0d, 0xb8 } };
	struct peer peer;

	addr.byte[4] = (uint8_t)(number >> 24);
	addr.byte[5] = (uint8_t)(number >> 16);
	addr.byte[6] = (uint8_t)(number >> 8);
	addr.byte[7] = (uint8_t)number;
	verdict_init(&peer, writer_database(place->writer), place->conf);
	verdict_connect(&peer, &addr, SERVICE_MX);
	return peer;
}

static void
come(struct play *place, const struct peer *peer, int64_t sessions, int64_t at)
{
	for (int64_t i = 0; i < sessions; i++) {
		limits_count(place->limits, &peer->client, at);
	}
}

/* One session more. */
static enum limit_kind
admit(struct play *place, struct peer *peer, int64_t now)
{
	peer->presence = (struct presence){ .slot = false };
	return limits_admit(place->limits, peer, now);
}

static void
leave(struct play *place, struct peer *peer)
{
	peer->presence.slot = true;
	limits_leave(place->limits, peer);
}

static void
store_sessions(
    struct play *place, const struct peer *peer, int64_t hour, int64_t sessions)
{
	const struct tally_row row = { .client = peer->client,
		.hour = hour,
		.tally = { .sessions = sessions } };

	play_write(place, &(struct store_record){ .tally = &row });
}

/* ---- hours ---- */

/* What one session sees of the hourly limit after others came. */
static void
hours(void **state)
{
	static const struct {
		const char *sentence;
		int64_t before;    /* the database has, of the hour before */
		int64_t sessions;  /* and of this one */
		int64_t unwritten; /* came before that was read */
		int64_t more;      /* came since */
		int64_t at;        /* seconds into the hour */
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
		const int64_t now = T0 + rows[i].at;
		struct play place;
		struct peer peer;

		begin(&place, ten_an_hour);
		peer = client_number(&place, 1);
		store_sessions(&place, &peer, T0 - HOUR, rows[i].before);
		store_sessions(&place, &peer, T0, rows[i].sessions);
		come(&place, &peer, rows[i].unwritten, now);
		(void)admit(&place, &peer, now);
		come(&place, &peer, rows[i].more, now);
		check_int(
		    rows[i].sentence, admit(&place, &peer, now), rows[i].want);
		writer_round(place.writer, now);
		check_int(
		    rows[i].sentence, admit(&place, &peer, now), rows[i].want);
		play_end(&place);
	}
}

/* The clock goes on while a client is known. */
static void
next_hour(void **state)
{
	struct play place;
	struct peer peer;

	(void)state;
	begin(&place, ten_an_hour);
	peer = client_number(&place, 1);
	store_sessions(&place, &peer, T0, 11);
	check_int("too many", admit(&place, &peer, T0), LIMIT_HOURLY);
	check_int("this hour is the one before in the next",
	    admit(&place, &peer, T0 + HOUR), LIMIT_HOURLY);
	come(&place, &peer, 1, T0 + HOUR - 1);
	check_int("whoever is late counts there",
	    admit(&place, &peer, T0 + HOUR + 600), LIMIT_KINDS);
	come(&place, &peer, 1, T0 + HOUR + 600);
	check_int("(12 * 3000 / 3600 = 10, and one more)",
	    admit(&place, &peer, T0 + HOUR + 600), LIMIT_HOURLY);
	check_int("two hours later all is forgotten",
	    admit(&place, &peer, T0 + 3 * HOUR), LIMIT_KINDS);
	play_end(&place);
}

/* ---- room ---- */

static void
bounded(void **state)
{
	struct play place;
	struct peer holder;
	struct peer friend;

	(void)state;
	begin(&place, two);
	holder = client_number(&place, 0);
	friend = client_number(&place, 1);
	assert_int_equal(admit(&place, &holder, T0), LIMIT_KINDS);
	assert_int_equal(admit(&place, &holder, T0), LIMIT_KINDS);
	place.conf->policy.limit[LIMIT_HOURLY] = ten_an_hour[LIMIT_HOURLY];
	come(&place, &friend, 11, T0);
	for (uint32_t i = 2; i < 3 * LIMITS_CLIENTS; i++) {
		struct peer peer = client_number(&place, i * 2654435761U);

		if (admit(&place, &peer, T0) != LIMIT_KINDS) {
			fail_msg("number %u is over a limit", i);
		}
		leave(&place, &peer);
		if (i % 1000 == 0) {
			check_int("one that comes again and again stays known",
			    admit(&place, &friend, T0), LIMIT_HOURLY);
			leave(&place, &friend);
		}
	}
	check_int("a holder of slots is not pushed out",
	    admit(&place, &holder, T0), LIMIT_CONNECTIONS);
	leave(&place, &holder);
	check_int(
	    "and can give them back", admit(&place, &holder, T0), LIMIT_KINDS);
	play_end(&place);
}

static void
full_of_holders(void **state)
{
	struct play place;
	struct peer first;
	struct peer late;

	(void)state;
	begin(&place, two);
	for (uint32_t i = 0; i < LIMITS_CLIENTS; i++) {
		struct peer peer = client_number(&place, i);

		assert_int_equal(admit(&place, &peer, T0), LIMIT_KINDS);
		assert_int_equal(admit(&place, &peer, T0), LIMIT_KINDS);
	}
	late = client_number(&place, LIMITS_CLIENTS);
	for (int i = 0; i < 3; i++) {
		check_int("for whom there is no room, there is no limit",
		    admit(&place, &late, T0), LIMIT_KINDS);
	}
	leave(&place, &late);
	first = client_number(&place, 0);
	check_int("the others keep theirs", admit(&place, &first, T0),
	    LIMIT_CONNECTIONS);
	play_end(&place);
}

static void
before_any_limit(void **state)
{
	static const struct limit none[LIMIT_KINDS] = { { .most = { 0 } } };
	struct play place;
	struct peer peer;
	struct tally sum;

	(void)state;
	begin(&place, none);
	peer = client_number(&place, 1);
	come(&place, &peer, 3, T0);
	check_int("no limit", admit(&place, &peer, T0), LIMIT_KINDS);
	writer_round(place.writer, T0);
	store_tally_sum(place.store, &peer.client, T0, T0, &sum);
	check_int("but counted", sum.sessions, 3);
	place.conf->policy.limit[LIMIT_HOURLY].most[REPUTATION_NEUTRAL] = 2;
	limits_use(place.limits);
	check_int(
	    "as a later policy finds", admit(&place, &peer, T0), LIMIT_HOURLY);
	play_end(&place);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hours),
		cmocka_unit_test(next_hour),
		cmocka_unit_test(bounded),
		cmocka_unit_test(full_of_holders),
		cmocka_unit_test(before_any_limit),
	};

	return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
