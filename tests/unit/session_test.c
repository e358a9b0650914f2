/*
 * Sessions, told in words: each row of tests/data/sessions.rows plays steps and
 * says what is in the database then and what the client heard.
 */
#include "rows.h"
#include "session_script.h"

/* ---- what a session did ---- */

static void
events(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "sessions.rows", "events");
	while (rows_next(&rows)) {
		struct play is;

		play_begin(&is, play_conf(), "203.0.113.9", "25");
		play(&is, rows.field[0]);
		play_end(&is);
		rows_check(&rows, 1, is.events);
		check_text(rows.sentence, is.heard_buf, "");
	}
	rows_open(&rows, "sessions.rows", "seen");
	while (rows_next(&rows)) {
		struct play is;

		play_begin(&is, play_conf(), rows.field[0], "25");
		play(&is, rows.field[1]);
		play_end(&is);
		rows_check(&rows, 2, is.seen);
	}
}

static void
note_last(void *to, const struct event_sum *sum)
{
	*(struct event_sum *)to = *sum;
}

static void
a_probe_s_time(void **state)
{
	struct event_sum sum = { .count = 0 };
	struct play is;

	(void)state;
	play_begin(&is, play_conf(), "203.0.113.9", "25");
	play(&is, "helo bounce rcpt wait abort wait close");
	store_event_sums(is.store, &is.client, 0, note_last, &sum);
	check_int("a probe", sum.kind, KIND_PROBE);
	check_int("bears the time it ended at", sum.last, NOW + 60);
	check_text("the source", sum.source, "milter");
	play_end(&is);
}

static void
other_sources(void **state)
{
	struct conf *conf = play_conf();
	struct play is;

	(void)state;
	conf->source[KIND_RECIPIENT] = CONF_WATCH;
	conf->source[KIND_SPAM] = CONF_NOBODY;
	conf->milter.heuristics = KIND_VIRUS;
	play_begin(&is, conf, "203.0.113.9", "25");
	play(&is, "helo mail dead relay abort mail rcpt data spam eom "
		  "mail rcpt data heuristic eom");
	play_end(&is);
	check_text(
	    "only kinds that are the milter's", is.events, "virus relay");
	check_int("tagged spam was not accepted, whoever counts it",
	    is.tally.accepted, 0);
}

/* ---- what is counted ---- */

static void
tallies(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "sessions.rows", "tallies");
	while (rows_next(&rows)) {
		struct conf *conf = play_conf();
		struct play is;

		play_name_spared(conf);
		play_begin(&is, conf, rows.field[0], "25");
		play(&is, rows.field[1]);
		play_end(&is);
		rows_check_int(&rows, 2, is.tally.sessions);
		rows_check_int(&rows, 3, is.tally.messages);
		rows_check_int(&rows, 4, is.tally.recipients);
		rows_check_int(&rows, 5, is.tally.accepted);
	}
}

/* ---- what a banned client hears ---- */

static void
refusals(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "sessions.rows", "refusals");
	while (rows_next(&rows)) {
		struct conf *conf = play_conf();
		struct play is;

		if (strstr(rows.field[0], "named") != NULL) {
			play_name_spared(conf);
		}
		play_begin(&is, conf, "203.0.113.9", rows.field[1]);
		play_ban(&is, rows.field[0], NOW + HOUR);
		play(&is, rows.field[2]);
		play_end(&is);
		rows_check(&rows, 3, is.heard_buf);
		rows_check_int(&rows, 4, is.hits);
	}
}

static void
banned_client_goes_on(void **state)
{
	struct play is;

	(void)state;
	play_begin(&is, play_conf(), "203.0.113.9", "25");
	play_ban(&is, "error", NOW + HOUR);
	play(&is, "helo mail dead rcpt abort bounce rcpt abort");
	play_end(&is);
	check_text("offences of a banned client are tallied all the same",
	    is.events, "recipient");
	check_int(
	    "refused recipients were not accepted", is.tally.recipients, 0);
	check_int("it is a session", is.tally.sessions, 1);
}

static void
the_words(void **state)
{
	struct play is;

	(void)state;
	play_begin(&is, play_conf(), "2001:db8:bad::7", "25");
	play_ban(&is, "error", NOW + HOUR);
	play(&is, "helo mail rcpt");
	play_end(&is);
	check_text("the code", is.refusal.code, "550");
	check_text("the enhanced code", is.refusal.enhanced, "5.7.1");
	check_text("the text names the session's own address", is.refusal.text,
	    "Too many errors from your IP [2001:db8:bad::7], blocked until "
	    "2026-11-21T19:05:42Z. See "
	    "https://postmaster.example/?ip=2001:db8:bad::7&ref=7K2M9Q");
}

/* ---- how a standing ages ---- */

static void
standings(void **state)
{
	struct play is;

	(void)state;
	play_begin(&is, play_conf(), "203.0.113.9", "25");
	play(&is, "helo mail rcpt rcpt dead");
	play_ban(&is, "error", NOW + HOUR);
	play(&is, "rcpt");
	check_text(
	    "a ban takes effect at the next command", is.heard_buf, "rcpt:550");
	play(&is, "down rcpt");
	check_text("an old standing is better than none", is.heard_buf,
	    "rcpt:550 rcpt:550");
	is.now = NOW + HOUR - 1;
	play(&is, "rcpt");
	check_text("a ban refuses in its last second", is.heard_buf,
	    "rcpt:550 rcpt:550 rcpt:550");
	is.now = NOW + HOUR;
	play(&is, "rcpt");
	check_text(
	    "and not at its end", is.heard_buf, "rcpt:550 rcpt:550 rcpt:550");
	play_end(&is);
}

static void
its_own_ban(void **state)
{
	struct conf *conf = play_conf();
	struct rule *rule = &conf->policy.rule[0];
	struct play is;

	(void)state;
	conf->policy.rules = 1;
	*rule = (struct rule){ .name = "rule",
		.kinds = kind_bit(KIND_RECIPIENT),
		.limit = 2,
		.within = HOUR,
		.reason = REASON_ERROR,
		.stage = STAGE_RCPT,
		.ban = { HOUR },
		.steps = 1 };
	assert_null(reply_parse("550 5.7.1 No", NULL, &rule->reply));
	play_begin(&is, conf, "203.0.113.9", "25");
	play(&is, "helo mail dead rcpt dead");
	check_text("one below the limit", is.heard_buf, "");
	play(&is, "rcpt");
	check_text("a ban takes effect within the session that earned it",
	    is.heard_buf, "rcpt:550");
	play_end(&is);
}

static void
a_ban_ends(void **state)
{
	struct play is;

	(void)state;
	play_begin(&is, play_conf(), "203.0.113.9", "25");
	play_ban(&is, "error", NOW + 60);
	play(&is, "helo mail rcpt");
	play_ban(&is, "slow", NOW + HOUR);
	play(&is, "wait rcpt");
	check_text("where one ban ended the others are asked for", is.heard_buf,
	    "rcpt:550 rcpt:450");
	play_end(&is);
}

static void
allowed(void **state)
{
	const struct allow allow = { .net = net_of("203.0.113.0/24"),
		.until = NOW + 60 };
	struct play is;

	(void)state;
	play_begin(&is, play_conf(), "203.0.113.9", "25");
	play_ban(&is, "error", NOW + HOUR);
	store_begin(is.store);
	store_allow_put(is.store, &allow, 0);
	assert_int_equal(store_commit(is.store), STORE_OK);
	play(&is, "helo mail rcpt");
	check_text("an allowed client passes", is.heard_buf, "");
	play(&is, "wait rcpt");
	check_text("an allowance may run out", is.heard_buf, "rcpt:550");
	play_end(&is);
}

static void
never_asked(void **state)
{
	static const char *const addresses[] = { "127.0.0.1", "192.168.1.2",
		"fd00::1", "198.51.100.1", NULL };

	(void)state;
	for (size_t i = 0; i < COUNT(addresses); i++) {
		struct conf *conf = play_conf();
		struct play is;

		conf->allow[0] = net_of("198.51.100.0/24");
		conf->allows = 1;
		conf->milter.on_error = CONF_TEMPFAIL;
		play_begin(&is, conf, addresses[i], "25");
		play(&is, "down helo mail rcpt");
		play_end(&is);
		check_text("exempt without a database", is.heard_buf, "");
	}
}

/* ---- no standing at all ---- */

static void
no_standing(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "sessions.rows", "no_standing");
	while (rows_next(&rows)) {
		struct conf *conf = play_conf();
		struct play is;

		conf->milter.on_error = strcmp(rows.field[0], "accept") == 0
					    ? CONF_ACCEPT
					    : CONF_TEMPFAIL;
		play_begin(&is, conf, "203.0.113.9", "25");
		play_ban(&is, "error", NOW + HOUR);
		play(&is, "down helo mail rcpt up abort mail rcpt");
		play_end(&is);
		rows_check(&rows, 1, is.heard_buf);
		check_int("deferred is no hit", is.hits, 1);
	}
}

/* ---- which service ---- */

static void
services(void **state)
{
	struct conf *conf = play_conf();
	struct rows rows;

	(void)state;
	rows_open(&rows, "sessions.rows", "services");
	while (rows_next(&rows)) {
		rows_check(&rows, 2,
		    service_name(
			session_service(conf, rows.field[0], rows.field[1])));
	}
	conf_drop(conf);
}

/* ---- an MTA that does not behave ---- */

static void
disorder(void **state)
{
	static const char *const scripts[] = {
		"rcpt",
		"data",
		"eom",
		"abort abort",
		"eom eom rcpt data spam data eom",
		"rcpt rcpt helo helo rcpt dead mail helo eom",
		"bounce rcpt mail rcpt bounce",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(scripts); i++) {
		struct play is;

		play_begin(&is, play_conf(), "203.0.113.9", "25");
		play(&is, scripts[i]);
		play_end(&is);
		check_text(scripts[i], is.heard_buf, "");
		check_int(scripts[i], is.tally.recipients < 0, false);
	}
	session_close(NULL, NOW);
	session_free(NULL);
}

static void
long_texts(void **state)
{
	char *text = malloc(10001);
	struct play is;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', 10000);
	text[10000] = '\0';
	play_begin(&is, play_conf(), "203.0.113.9", "25");
	play(&is, "helo");
	play_mail(&is, text, NULL);
	play_rcpt(&is, text, false, NULL, NULL);
	play_rcpt(&is, text, true, text, text);
	play_rcpt(&is, text, true, "5.1.1", text);
	play_rcpt(&is, NULL, true, "5.1.1", NULL);
	play_mail(&is, NULL, NULL);
	session_header(is.session[0], text, text);
	session_header(is.session[0], "X-Spam-Flag", text);
	session_header(is.session[0], "", "");
	play_end(&is);
	check_text(
	    "long texts are only texts", is.events, "recipient recipient");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events),
		cmocka_unit_test(a_probe_s_time),
		cmocka_unit_test(other_sources),
		cmocka_unit_test(tallies),
		cmocka_unit_test(refusals),
		cmocka_unit_test(banned_client_goes_on),
		cmocka_unit_test(the_words),
		cmocka_unit_test(standings),
		cmocka_unit_test(its_own_ban),
		cmocka_unit_test(a_ban_ends),
		cmocka_unit_test(allowed),
		cmocka_unit_test(never_asked),
		cmocka_unit_test(no_standing),
		cmocka_unit_test(services),
		cmocka_unit_test(disorder),
		cmocka_unit_test(long_texts),
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
