#include "fixture.h"
#include "rows.h"

#include "doctor/checks.h"
#include "doctor/facts.h"

static const char main_cf
    [] = "smtpd_milters = { unix:videur/milter.sock, default_action=accept }\n"
	 "queue_directory = /q\nsmtpd_helo_required = yes\n"
	 "disable_vrfy_command = yes\nsmtpd_delay_reject = yes\n"
	 "unknown_address_reject_code = 450\nmilter_default_action = tempfail\n"
	 "smtpd_sasl_auth_enable = no\nsyslog_name = postfix\n";
static const char
    master_cf[] = "submission/inet/smtpd_sasl_auth_enable = yes\n"
		  "submission/inet/syslog_name = postfix/submission\n";

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
	for (int i = 0; i < STATE_LOST; i++) {
		visit.facts->records.state[i].since = T0 - 1;
		(void)text_copy(visit.facts->records.state[i].value,
		    STORE_KEY_SIZE, VIDEUR_VERSION);
	}
	visit.facts->records.state[STATE_DAMAGED].value[0] = '\0';
	return visit;
}

static void
visit_over(struct visit *visit)
{
	free(visit->diagnosis);
	facts_free(visit->facts);
}

/* The first thing that was said of a check, or "nothing". */
static const char *
finding_of(const struct visit *visit, const char *check)
{
	for (size_t i = 0; i < visit->diagnosis->remarks; i++) {
		if (strcmp(visit->diagnosis->remark[i].check, check) == 0) {
			return visit->diagnosis->remark[i].finding;
		}
	}
	return "nothing";
}

static void
a_host_without_postfix(void **state)
{
	struct visit visit = visit_of(*state);

	diagnose(visit.facts, visit.diagnosis);
	check_int("nothing is wrong",
	    (int64_t)diagnosis_count(visit.diagnosis, SEVERITY_PROBLEM), 0);
	check_text(
	    "Postfix is named", finding_of(&visit, "postfix"), "no-postfix");
	check_text(
	    "its chain is not", finding_of(&visit, "milter-chain"), "nothing");
	visit_over(&visit);
}

/* "NAME=NUMBER ...", times behind T0. */
static void
set_records(struct facts *facts, char *pairs)
{
	struct records *records = &facts->records;
	const struct {
		const char *name;
		int64_t *at;
		int64_t base;
	} numbers[] = {
		{ "milter", &records->state[STATE_MILTER].since, T0 },
		{ "sign", &records->state[STATE_BRAKE].since, T0 },
		{ "ban", &records->ban_begins, T0 },
		{ "clients", &records->clients, 0 },
		{ "counted", &records->counted, 0 },
		{ "here", &records->counted_here, 0 },
		{ "logins-banned", &records->logins_banned, 0 },
		{ "sessions", &records->seen.sessions, 0 },
		{ "ends", &records->seen.message_ends, 0 },
		{ "rejections", &records->seen.rejections, 0 },
		{ "verdicts", &records->seen.verdict_headers, 0 },
		{ "tried", &records->state[STATE_LOGINS].since, T0 },
		{ "lost", &records->lost.number[LOSS_EVENTS], 0 },
		{ "lines", &records->source[0].seen.lines, 0 },
		{ "understood", &records->source[0].seen.understood, 0 },
		{ "dropped", &records->source[0].seen.dropped, 0 },
		{ "written", &facts->log[0].written, T0 },
		{ "last", &facts->log[0].last, T0 },
	};

	for (char *pair = strtok(pairs, " "); pair != NULL;
	     pair = strtok(NULL, " ")) {
		const char *value = NULL;

		for (size_t i = 0; i < COUNT(numbers) && value == NULL; i++) {
			value = text_after(pair, numbers[i].name);
			if (value != NULL && *value == '=') {
				*numbers[i].at = numbers[i].base +
						 strtoll(value + 1, NULL, 10);
			}
		}
		assert_non_null(value);
	}
}

static void
what_the_database_tells(void **state)
{
	struct rows rows;

	rows_open(&rows, "doctor.rows", "records");
	while (rows_next(&rows)) {
		struct visit visit = visit_of(*state);
		struct facts *facts = visit.facts;

		facts->records.client = net_of(rows.field[3]);
		facts->logs = facts->records.sources = 1;
		(void)text_copy(facts->log[0].path, CONF_PATH_SIZE, "/log");
		(void)text_copy(
		    facts->records.source[0].name, CONF_PATH_SIZE, "/log");
		(void)text_copy(
		    facts->dovecot, sizeof(facts->dovecot), "imap lmtp");
		set_records(facts, strdupa(rows.field[2]));
		diagnose(facts, visit.diagnosis);
		rows_check(&rows, 1, finding_of(&visit, rows.field[0]));
		visit_over(&visit);
	}
}

/* An smtpd at port 25 and one for submission, with settings ahead of those
 * that are right. */
static void
what_postfix_tells(void **state)
{
	struct rows rows;

	rows_open(&rows, "doctor.rows", "postfix");
	while (rows_next(&rows)) {
		struct visit visit = visit_of(*state);
		struct mta *mta = visit.facts->mta;
		struct conf *conf = visit.fixture->conf;
		const char *const said[MTA_SAID] = {
			[MTA_MAIN] = rows.field[2],
			[MTA_FIELDS] = "smtp/inet/command = smtpd\n"
				       "submission/inet/command = smtpd\n",
			[MTA_OVERRIDES] = rows.field[3],
		};

		(void)text_copy(conf->milter.listen, CONF_PATH_SIZE,
		    "unix:/q/videur/milter.sock");
		conf->submission_port[0] = 587;
		conf->submission_ports = 1;
		conf->scanners = rows.field[4][0] != '\0';
		(void)text_copy(
		    conf->scanner[0], sizeof(conf->scanner[0]), rows.field[4]);
		mta->state = MTA_THERE;
		for (size_t i = 0; i < MTA_SAID; i++) {
			char *text = NULL;

			assert_true(asprintf(&text, "%s\n%s", said[i],
					i == MTA_MAIN        ? main_cf
					: i == MTA_OVERRIDES ? master_cf
							     : "") > 0);
			mta->said[i] = postconf_read(text);
		}
		mta_read(mta);
		diagnose(visit.facts, visit.diagnosis);
		rows_check(&rows, 1, finding_of(&visit, rows.field[0]));
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
	store_allow_put(fixture->store, &brief, 0);
	store_allow_put(fixture->store, &lasting, 0);
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
	visit.facts->mta[0].said[MTA_MAIN] = postconf_read(
	    strdup("mynetworks = 127.0.0.0/8 198.51.100.0/24 198.0.0.0/8 "
		   "203.0.113.1 203.0.113.2"));
	mta_read(visit.facts->mta);
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
	    (int64_t)diagnosis_count(diagnosis, SEVERITY_PROBLEM),
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
		    what_postfix_tells, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
		    records_of_a_database, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
		    fixes, fixture_up, fixture_down),
		cmocka_unit_test(more_remarks_than_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
