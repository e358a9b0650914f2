#include "fixture.h"

#include "doctor/checks.h"
#include "doctor/facts.h"

static bool
same_text(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

struct visit {
	struct fixture *fixture;
	struct facts *facts;
	struct diagnosis *diagnosis;
};

/* A host without Postfix where all else is well. */
static struct visit
visit_of(struct fixture *fixture)
{
	struct visit visit = { .fixture = fixture,
		.facts = calloc(1, sizeof(struct facts)),
		.diagnosis = calloc(1, sizeof(struct diagnosis)) };

	assert_non_null(visit.facts);
	assert_non_null(visit.diagnosis);
	(void)text_copy(fixture->conf->watch.journal,
	    sizeof(fixture->conf->watch.journal), "yes");
	(void)text_copy(fixture->conf->lookup_url,
	    sizeof(fixture->conf->lookup_url), "https://a.test/");
	(void)text_copy(
	    fixture->conf->contact, sizeof(fixture->conf->contact), "a@b");
	visit.facts->conf = fixture->conf;
	visit.facts->now = T0;
	visit.facts->same = same_text;
	visit.facts->user_known = true;
	for (int i = 0; i < STATE_COUNT; i++) {
		visit.facts->records.state[i].since = T0 - 1;
		(void)text_copy(visit.facts->records.state[i].value,
		    STORE_KEY_SIZE, VIDEUR_VERSION);
	}
	return visit;
}

static void
visit_over(struct visit *visit)
{
	free(visit->diagnosis);
	facts_free(visit->facts);
}

/* The state of the first thing said of a check; HEALTH_COUNT for nothing. */
static enum health
state_of(const struct visit *visit, const char *check)
{
	for (size_t i = 0; i < visit->diagnosis->remarks; i++) {
		const struct remark *at = &visit->diagnosis->remark[i];

		if (strcmp(at->check, check) == 0) {
			return at->state;
		}
	}
	return HEALTH_COUNT;
}

static void
a_host_without_postfix(void **state)
{
	struct visit visit = visit_of(*state);

	diagnose(visit.facts, visit.diagnosis);
	check_int("nothing is wrong",
	    (int64_t)diagnosis_count(visit.diagnosis, HEALTH_PROBLEM), 0);
	check_int("Postfix is named", state_of(&visit, "postfix"), HEALTH_OK);
	check_int(
	    "its chain is not", state_of(&visit, "milter-chain"), HEALTH_COUNT);
	visit_over(&visit);
}

static void
what_the_database_tells(void **state)
{
	static const struct {
		const char *sentence, *check;
		enum health want;
		int64_t milter, sign, ban;
		const char *client;
		int64_t clients, counted, here;
	} rows[] = {
		{ "two minutes of silence", "services", HEALTH_OK,
		    .milter = T0 - 120 },
		{ "more", "services", HEALTH_PROBLEM, .milter = T0 - 121 },
		{ "never", "services", HEALTH_PROBLEM, .milter = 0 },
		{ "nothing ahead", "clock", HEALTH_OK, .sign = 0 },
		{ "a sign ahead", "clock", HEALTH_PROBLEM, .sign = T0 + 61 },
		{ "a ban ahead", "clock", HEALTH_PROBLEM, .ban = T0 + 61 },
		{ "nothing came", "proxy", HEALTH_OK, .clients = 0 },
		{ "all from a private one", "proxy", HEALTH_PROBLEM,
		    .client = "10.0.0.1", .clients = 1, .counted = 5 },
		{ "too few to tell", "proxy", HEALTH_OK, .client = "10.0.0.1",
		    .clients = 1, .counted = 4 },
		{ "this host left out", "proxy", HEALTH_PROBLEM,
		    .client = "10.0.0.1", .clients = 1, .counted = 5,
		    .here = 90 },
		{ "one of two", "proxy", HEALTH_OK, .client = "10.0.0.1",
		    .clients = 2, .counted = 50 },
		{ "a public one", "proxy", HEALTH_OK, .client = "203.0.113.1",
		    .clients = 1, .counted = 50 },
		{ "a private /64", "proxy", HEALTH_PROBLEM,
		    .client = "fd00::/64", .clients = 1, .counted = 50 },
		{ "all from here", "proxy", HEALTH_WARNING, .here = 5 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct visit visit = visit_of(*state);
		struct records *records = &visit.facts->records;

		records->state[STATE_MILTER].since = rows[i].milter;
		records->state[STATE_BRAKE].since = rows[i].sign;
		records->ban_begins = rows[i].ban;
		records->client = net_of(
		    rows[i].client != NULL ? rows[i].client : "10.0.0.1");
		records->clients = rows[i].clients;
		records->counted = rows[i].counted;
		records->counted_here = rows[i].here;
		diagnose(visit.facts, visit.diagnosis);
		check_int(rows[i].sentence, state_of(&visit, rows[i].check),
		    rows[i].want);
		visit_over(&visit);
	}
}

static void
records_of_a_database(void **state)
{
	struct fixture *fixture = *state;
	struct visit visit = visit_of(fixture);
	struct records *records = &visit.facts->records;
	const struct allow brief = { .net = net_of("198.51.100.0/24"),
		.until = T0 + HOUR };
	const struct allow lasting = { .net = net_of("198.51.100.7") };
	struct net inner = net_of("198.51.100.7");
	struct net beside = net_of("198.51.100.8");
	struct net outside = net_of("198.51.101.1");

	store_begin(fixture->store);
	store_allow_put(fixture->store, &brief);
	store_allow_put(fixture->store, &lasting);
	engine_state_put(fixture->store, STATE_WATCH, "", T0 + 61);
	fixture_accepted(fixture, "10.0.0.1", T0 - DAY - 2 * HOUR, 1, 1);
	fixture_accepted(fixture, "203.0.113.5", T0 + 2 * HOUR, 1, 1);
	assert_int_equal(store_commit(fixture->store), STORE_OK);
	(void)fixture_observe(fixture, "127.0.0.9", KIND_COMMAND, T0 - 5, T0);
	(void)fixture_observe(fixture, "203.0.113.9", KIND_COMMAND, T0 - 5, T0);
	facts_read_records(visit.facts, fixture->store);
	check_int("it was read", records->result, STORE_OK);
	check_int("clients of a day", records->clients, 1);
	check_int("this host is no client", records->counted_here, 1);
	check_int("a sign ahead", records->state[STATE_WATCH].since, T0 + 61);
	check_int("events ahead", records->event_ahead, true);
	assert_true(facts_allowed_until(visit.facts, &inner) == INT64_MAX);
	check_int("for a while", facts_allowed_until(visit.facts, &beside),
	    T0 + HOUR);
	check_int("not at all", facts_allowed_until(visit.facts, &outside), 0);
	visit_over(&visit);
}

static void
fixes(void **state)
{
	struct fixture *fixture = *state;
	struct visit visit = visit_of(fixture);
	struct fixes *found = calloc(1, sizeof(*found));

	assert_non_null(found);
	mta_add_nets(visit.facts->mta,
	    "127.0.0.0/8 198.51.100.0/24 198.0.0.0/8 203.0.113.1 "
	    "203.0.113.2");
	fixture->conf->allow[fixture->conf->allows++] = net_of("203.0.113.2");
	visit.facts->has_ssh = true;
	visit.facts->ssh = addr_of("2001:db8::9");
	fixes_find(visit.facts, found);
	check_int("what is bare, and not too wide", (int64_t)found->fixes, 3);
	check_int("for good", found->fix[0].allow.until, 0);
	check_int("the administrator for a week", found->fix[2].allow.until,
	    T0 + 7 * DAY);
	check_int("as a client", found->fix[2].allow.net.bits, 64);
	free(found);
	visit_over(&visit);
}

static void
more_remarks_than_fit(void **state)
{
	struct diagnosis *diagnosis = calloc(1, sizeof(*diagnosis));
	char number[NUMBER_SIZE];

	(void)state;
	assert_non_null(diagnosis);
	diagnosis->check = "x";
	for (int i = 0; i < DIAGNOSIS_MAX + 3; i++) {
		diagnosis_say(
		    diagnosis, "page-nowhere", diagnosis_number(i, number));
	}
	check_int(
	    "those that are kept", (int64_t)diagnosis->remarks, DIAGNOSIS_MAX);
	check_int("all are counted",
	    (int64_t)diagnosis_count(diagnosis, HEALTH_PROBLEM),
	    DIAGNOSIS_MAX + 3);
	check_text("the last one keeps its fix",
	    diagnosis->remark[DIAGNOSIS_MAX - 1].fix, "host 255");
	diagnosis->remarks = 2;
	diagnosis_say(diagnosis, "page-nowhere", "0");
	check_int("the same is said once", (int64_t)diagnosis->remarks, 2);
	free(diagnosis);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_host_without_postfix, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
		    what_the_database_tells, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
		    records_of_a_database, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
		    fixes, fixture_up, fixture_down),
		cmocka_unit_test(more_remarks_than_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
