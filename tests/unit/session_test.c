/*
 * Sessions, told in words: each row plays steps before a desk of cardboard
 * and says what the desk was told and what the client heard.
 */
#include "scene.h"

/* ---- what a session did ---- */

static void
deeds(void **state)
{
	static const struct {
		const char *sentence;
		const char *script;
		const char *deeds;
	} rows[] = {
		{ "an accepted message is no event",
		    "helo mail rcpt data clean eom", "" },
		{ "each unknown recipient is an event",
		    "helo mail dead dead rcpt dead",
		    "recipient recipient "
		    "recipient" },
		{ "a sender's dead domain counts, temporary status or not",
		    "helo mail nosuchdomain", "sender" },
		{ "a rejected sender counts once a MAIL",
		    "helo mail nosuchdomain nosuchdomain abort mail "
		    "nosuchdomain",
		    "sender sender" },
		{ "our own DNS trouble is not the client's", "helo mail ourdns",
		    "" },
		{ "our own configuration error is not the client's",
		    "helo mail ourfault", "" },
		{ "a rejected HELO counts once a session",
		    "helo mail badhelo badhelo abort mail badhelo", "helo" },
		{ "MAIL without HELO counts as a bad HELO", "mail", "helo" },
		{ "MAIL without HELO and its rejection are one event",
		    "mail badhelo abort mail badhelo", "helo" },
		{ "a relay attempt counts, with either class",
		    "helo mail relay relay4", "relay relay" },
		{ "a relay text with another status does not count",
		    "helo mail norelay", "" },
		{ "a greylisted recipient is an event of its own kind",
		    "helo mail grey", "greylist" },
		{ "any other rejection makes no event",
		    "helo mail spf full nostatus", "" },
		{ "each unknown command is an event", "bogus helo bogus",
		    "command command" },
		{ "a call-out from the empty sender is a probe",
		    "helo bounce rcpt abort", "probe" },
		{ "a call-out from a postmaster is a probe",
		    "helo verify rcpt abort", "probe" },
		{ "a call-out that just leaves is a probe", "helo bounce rcpt",
		    "probe" },
		{ "a probe counts once a session",
		    "helo bounce rcpt abort bounce rcpt abort", "probe" },
		{ "a probe bears the time it ended at",
		    "helo bounce rcpt wait abort wait", "probe-60" },
		{ "a bounce is no probe", "helo bounce rcpt data eom", "" },
		{ "a bounce that an other filter refuses is no probe",
		    "helo bounce rcpt data abort", "" },
		{ "two recipients are no probe", "helo bounce rcpt rcpt abort",
		    "" },
		{ "an ordinary sender makes no probe", "helo mail rcpt abort",
		    "" },
		{ "no probe where the recipient was refused",
		    "helo bounce dead abort", "recipient" },
		{ "no probe where anything was refused before",
		    "bogus helo bounce rcpt abort", "command" },
		{ "no probe where anything was refused afterwards",
		    "helo bounce rcpt abort mail full", "" },
		{ "tagged spam is an event at the end of its message",
		    "helo mail rcpt data spam eom", "spam" },
		{ "a message is judged once, however many headers say so",
		    "helo mail rcpt data spam spam eom", "spam" },
		{ "a virus in a folded header is an event",
		    "helo mail rcpt data virus eom", "virus" },
		{ "spam with a virus is both",
		    "helo mail rcpt data virus spam eom", "spam virus" },
		{ "a message without its end is not judged",
		    "helo mail rcpt data spam abort", "" },
		{ "each message is judged by its own headers",
		    "helo mail rcpt data spam eom mail rcpt data eom", "spam" },
		{ "mail of an authenticated session makes no event",
		    "helo auth dead relay bogus rcpt data spam eom", "" },
		{ "once authenticated a session stays so",
		    "helo auth rcpt data eom mail dead", "" },
		{ "what was done before the login counts",
		    "helo bogus auth dead", "command" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene scene = { .now = 0 };

		begin(&scene, "203.0.113.9", "25");
		play(&scene, rows[i].script);
		finish(&scene);
		check_text(rows[i].sentence, scene.board.told, rows[i].deeds);
		check_text(rows[i].sentence, scene.heard_buf, "");
	}
}

static void
other_sources(void **state)
{
	struct scene scene = { .now = 0 };
	struct conf *conf = new_conf();

	(void)state;
	conf->source[KIND_RECIPIENT] = CONF_WATCH;
	conf->source[KIND_SPAM] = CONF_NOBODY;
	begin_with(&scene, conf, "203.0.113.9", "25");
	play(&scene, "helo mail dead relay abort mail rcpt data spam eom");
	finish(&scene);
	check_text(
	    "only kinds that are the milter's", scene.board.told, "relay");
	check_int("tagged spam was not accepted, whoever counts it",
	    scene.board.sum.accepted, 0);
}

/* ---- what is counted ---- */

static void
tallies(void **state)
{
	static const struct {
		const char *sentence;
		const char *ip;
		const char *script;
		int64_t sessions, messages, recipients, accepted;
	} rows[] = {
		{ "a session that only says HELO is not counted", "203.0.113.9",
		    "helo", 0, 0, 0, 0 },
		{ "one that goes on is counted once", "203.0.113.9",
		    "helo mail abort mail abort bogus", 1, 0, 0, 0 },
		{ "an unknown command is enough", "203.0.113.9", "bogus", 1, 0,
		    0, 0 },
		{ "recipients count when they are accepted", "203.0.113.9",
		    "helo mail rcpt dead rcpt", 1, 0, 2, 0 },
		{ "postmaster counts like others", "203.0.113.9",
		    "helo mail abuse", 1, 0, 1, 0 },
		{ "a message counts at its end", "203.0.113.9",
		    "helo mail rcpt data eom", 1, 1, 1, 1 },
		{ "tagged mail is a message but not accepted", "203.0.113.9",
		    "helo mail rcpt data spam eom mail rcpt "
		    "data eom",
		    1, 2, 2, 1 },
		{ "a probe's recipient is left out", "203.0.113.9",
		    "helo bounce rcpt abort", 1, 0, 0, 0 },
		{ "a bounce's recipient is not", "203.0.113.9",
		    "helo bounce rcpt data eom", 1, 1, 1, 1 },
		{ "nor is one of two", "203.0.113.9",
		    "helo bounce rcpt rcpt abort", 1, 0, 2, 0 },
		{ "nor one of an almost probe", "203.0.113.9",
		    "helo bounce rcpt abort bogus", 1, 0, 1, 0 },
		{ "nor one of an almost probe, refused in its transaction",
		    "203.0.113.9", "helo bounce rcpt dead abort", 1, 0, 1, 0 },
		{ "mail after a probe counts, the probe's recipient does not",
		    "203.0.113.9", "helo bounce rcpt abort mail rcpt data eom",
		    1, 1, 1, 1 },
		{ "a second probe's recipient is an ordinary one",
		    "203.0.113.9", "helo bounce rcpt abort bounce rcpt abort",
		    1, 0, 1, 0 },
		{ "of an authenticated session nothing counts", "203.0.113.9",
		    "helo auth rcpt data eom mail rcpt", 0, 0, 0, 0 },
		{ "without an address nothing counts", NULL,
		    "helo mail rcpt dead data spam eom bogus", 0, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene scene = { .now = 0 };
		const struct tally *sum = &scene.board.sum;

		begin(&scene, rows[i].ip, "25");
		play(&scene, rows[i].script);
		finish(&scene);
		check_int(rows[i].sentence, sum->sessions, rows[i].sessions);
		check_int(rows[i].sentence, sum->messages, rows[i].messages);
		check_int(
		    rows[i].sentence, sum->recipients, rows[i].recipients);
		check_int(rows[i].sentence, sum->accepted, rows[i].accepted);
		check_int(rows[i].sentence, scene.board.negative, false);
		for (int kind = 0; kind < KIND_COUNT; kind++) {
			check_int("kinds are the engine's to count",
			    sum->kind[kind], 0);
		}
	}
}

/* ---- what a banned client hears ---- */

static void
refusals(void **state)
{
	static const struct {
		const char *sentence;
		const char *bans; /* the last-ending first */
		const char *port;
		const char *script;
		const char *heard;
		int hits;
	} rows[] = {
		{ "an error ban speaks at RCPT", "error", "25",
		    "helo mail rcpt", "rcpt:550", 1 },
		{ "and at each of them, as one hit", "error", "25",
		    "helo mail rcpt rcpt abort mail rcpt",
		    "rcpt:550 rcpt:550 rcpt:550", 1 },
		{ "abuse@ stays reachable", "error", "25",
		    "helo mail abuse rcpt", "rcpt:550", 1 },
		{ "a message to abuse@ alone is no hit", "error", "25",
		    "helo mail abuse data eom", "", 0 },
		{ "an error ban is silent on submission", "error", "587",
		    "helo mail rcpt", "", 0 },
		{ "a service that is not known fits any ban", "error", NULL,
		    "helo mail rcpt", "rcpt:550", 1 },
		{ "ten hits and it speaks at MAIL", "stubborn", "25",
		    "helo mail", "mail:550", 1 },
		{ "and to those who go on, abuse@ or not", "stubborn", "25",
		    "helo mail abuse rcpt", "mail:550 rcpt:550 rcpt:550", 1 },
		{ "an auth ban speaks from HELO on", "auth", "587",
		    "helo mail rcpt", "helo:530 mail:530 rcpt:530", 1 },
		{ "without HELO it speaks at MAIL", "auth", "465", "mail",
		    "mail:530", 1 },
		{ "an auth ban is silent on the mx", "auth", "25",
		    "helo mail rcpt", "", 0 },
		{ "an authenticated session passes an error ban", "error", NULL,
		    "helo auth rcpt data eom", "", 0 },
		{ "it does not pass an auth ban", "auth", "587", "auth rcpt",
		    "mail:530 rcpt:530", 1 },
		{ "a longer error ban does not hide the auth ban", "error auth",
		    "587", "helo", "helo:530", 1 },
		{ "a rejection by the MTA itself is a hit, and not answered",
		    "error", "25", "helo mail dead", "", 1 },
		{ "a temporary reply is one", "slow", "25", "helo mail rcpt",
		    "rcpt:450", 1 },
		{ "a reply may have no enhanced code", "bare", "25",
		    "helo mail", "mail:500", 1 },
		{ "a banned client that only says HELO was not refused",
		    "error", "25", "helo", "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene scene = { .now = 0 };
		char bans[64];
		char *rest = bans;
		char *word;

		(void)text_copy(bans, sizeof(bans), rows[i].bans);
		while ((word = strsep(&rest, " ")) != NULL) {
			put_ban(&scene.board.standing, word, NOW + HOUR);
		}
		begin(&scene, "203.0.113.9", rows[i].port);
		play(&scene, rows[i].script);
		finish(&scene);
		check_text(rows[i].sentence, scene.heard_buf, rows[i].heard);
		check_int(rows[i].sentence, scene.board.hits, rows[i].hits);
	}
}

static void
banned_client_goes_on(void **state)
{
	struct scene scene = { .now = 0 };

	(void)state;
	put_ban(&scene.board.standing, "error", NOW + HOUR);
	begin(&scene, "203.0.113.9", "25");
	play(&scene, "helo mail dead rcpt abort bounce rcpt abort");
	finish(&scene);
	check_text("offences of a banned client are told all the same",
	    scene.board.told, "recipient");
	check_int("refused recipients were not accepted",
	    scene.board.sum.recipients, 0);
	check_int("it is a session", scene.board.sum.sessions, 1);
}

static void
the_words(void **state)
{
	struct scene scene = { .now = 0 };

	(void)state;
	put_ban(&scene.board.standing, "error", NOW + HOUR);
	begin(&scene, "2001:db8:bad::7", "25");
	play(&scene, "helo mail rcpt");
	finish(&scene);
	check_text("the code", scene.answer.code, "550");
	check_text("the enhanced code", scene.answer.enhanced, "5.7.1");
	check_text("the text names the session's own address",
	    scene.answer.text,
	    "Too many errors from your IP [2001:db8:bad::7], blocked until "
	    "2026-11-21T19:05:42Z. See "
	    "https://postmaster.example/?ip=2001:db8:bad::7&ref=7K2M9Q");
}

/* ---- how a standing ages ---- */

static void
standings(void **state)
{
	struct scene scene = { .now = 0 };

	(void)state;
	begin(&scene, "203.0.113.9", "25");
	play(&scene, "helo mail rcpt rcpt dead");
	check_int("one look-up a session", scene.board.asked, 1);

	put_ban(&scene.board.standing, "error", NOW + HOUR);
	scene.board.version++;
	play(&scene, "rcpt");
	check_text("a ban takes effect at the next command", scene.heard_buf,
	    "rcpt:550");

	scene.board.result = STORE_BUSY;
	play(&scene, "rcpt");
	check_text("an old standing is better than none", scene.heard_buf,
	    "rcpt:550 rcpt:550");
	scene.now = NOW + HOUR - 1;
	play(&scene, "rcpt");
	check_text("a ban speaks in its last second", scene.heard_buf,
	    "rcpt:550 rcpt:550 rcpt:550");
	scene.now = NOW + HOUR;
	play(&scene, "rcpt");
	check_text("and not at its end", scene.heard_buf,
	    "rcpt:550 rcpt:550 rcpt:550");
	scene.board.result = STORE_OK;
	check_int("that needed no more look-ups", scene.board.asked, 2);
	finish(&scene);
}

static void
a_ban_ends(void **state)
{
	struct scene scene = { .now = 0 };

	(void)state;
	put_ban(&scene.board.standing, "error", NOW + 60);
	begin(&scene, "203.0.113.9", "25");
	play(&scene, "helo mail rcpt");
	scene.board.standing = (struct standing){ .verdict = STANDING_CLEAR };
	put_ban(&scene.board.standing, "slow", NOW + HOUR);
	play(&scene, "wait rcpt");
	check_text("where one ban ended the others are asked for",
	    scene.heard_buf, "rcpt:550 rcpt:450");
	check_int("by one more look-up", scene.board.asked, 2);
	finish(&scene);
}

static void
allowed(void **state)
{
	struct scene scene = { .now = 0 };

	(void)state;
	scene.board.standing.verdict = STANDING_ALLOWED;
	begin(&scene, "203.0.113.9", "25");
	play(&scene, "helo mail rcpt");
	check_int("an allowed client is looked up once a moment",
	    scene.board.asked, 1);
	scene.board.standing.verdict = STANDING_CLEAR;
	put_ban(&scene.board.standing, "error", NOW + HOUR);
	play(&scene, "wait rcpt");
	check_text("an allowance may run out", scene.heard_buf, "rcpt:550");
	finish(&scene);
}

static void
never_asked(void **state)
{
	static const char *const addresses[] = { "127.0.0.1", "192.168.1.2",
		"fd00::1", "198.51.100.1", NULL };

	(void)state;
	for (size_t i = 0; i < COUNT(addresses); i++) {
		struct scene scene = { .board.result = STORE_FAILED };
		struct conf *conf = new_conf();

		assert_true(net_parse("198.51.100.0/24", &conf->allow[0]));
		conf->allows = 1;
		conf->milter.on_error = CONF_TEMPFAIL;
		begin_with(&scene, conf, addresses[i], "25");
		play(&scene, "helo mail rcpt");
		finish(&scene);
		check_text("exempt without a database", scene.heard_buf, "");
	}
}

/* ---- no standing at all ---- */

static void
no_standing(void **state)
{
	static const struct {
		const char *sentence;
		enum store_result result;
		enum conf_on_error on_error;
		const char *heard;
	} rows[] = {
		{ "a busy database lets mail pass", STORE_BUSY, CONF_ACCEPT,
		    "" },
		{ "so does a broken one", STORE_FAILED, CONF_ACCEPT, "" },
		{ "or it defers, where that is wished", STORE_BUSY,
		    CONF_TEMPFAIL, "mail:451 rcpt:451" },
		{ "broken or busy", STORE_FAILED, CONF_TEMPFAIL,
		    "mail:451 rcpt:451" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene scene = { .board.result = rows[i].result };
		struct conf *conf = new_conf();

		conf->milter.on_error = rows[i].on_error;
		begin_with(&scene, conf, "203.0.113.9", "25");
		play(&scene, "helo mail rcpt");
		check_text(rows[i].sentence, scene.heard_buf, rows[i].heard);
		check_int("it is no hit", scene.board.hits, 0);

		scene.board.result = STORE_OK;
		put_ban(&scene.board.standing, "error", NOW + HOUR);
		text_init(
		    &scene.heard, scene.heard_buf, sizeof(scene.heard_buf));
		play(&scene, "abort mail rcpt");
		check_text("once it works again bans are known",
		    scene.heard_buf, "rcpt:550");
		finish(&scene);
	}
}

/* ---- which service ---- */

static void
services(void **state)
{
	static const struct {
		const char *sentence;
		const char *port;
		const char *name;
		enum service want;
	} rows[] = {
		{ "port 25 is the mx", "25", "mx.example.test", SERVICE_MX },
		{ "port 587 is submission", "587", NULL, SERVICE_SUBMISSION },
		{ "port 465 is submission", "465", NULL, SERVICE_SUBMISSION },
		{ "its name tells it, too", "25", "ORIGINATING",
		    SERVICE_SUBMISSION },
		{ "the name alone", NULL, "originating", SERVICE_SUBMISSION },
		{ "without macros it is not known", NULL, NULL, SERVICE_ANY },
		{ "another name says nothing of the port", NULL, "mx",
		    SERVICE_ANY },
		{ "a port must be one", "x25", NULL, SERVICE_ANY },
		{ "or be in range", "65536", NULL, SERVICE_ANY },
	};
	struct conf *conf = new_conf();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		check_int(rows[i].sentence,
		    session_service(conf, rows[i].port, rows[i].name),
		    rows[i].want);
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
		struct scene scene = { .now = 0 };

		begin(&scene, "203.0.113.9", "25");
		play(&scene, scripts[i]);
		finish(&scene);
		check_text(scripts[i], scene.heard_buf, "");
		check_int(scripts[i], scene.board.negative, false);
	}
	session_close(NULL, NOW);
	session_free(NULL);
}

static void
long_texts(void **state)
{
	struct scene scene = { .now = 0 };
	char *text = malloc(10001);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', 10000);
	text[10000] = '\0';
	begin(&scene, "203.0.113.9", "25");
	do_helo(&scene);
	mail(&scene, text, NULL, NULL);
	rcpt(&scene, text, NULL, NULL);
	rcpt(&scene, text, text, text);
	rcpt(&scene, text, "5.1.1", text);
	rcpt(&scene, NULL, "5.1.1", NULL);
	mail(&scene, NULL, NULL, NULL);
	session_header(scene.session, text, text);
	session_header(scene.session, "X-Spam-Flag", text);
	session_header(scene.session, "", "");
	finish(&scene);
	check_text("long texts are only texts", scene.board.told,
	    "recipient recipient");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deeds),
		cmocka_unit_test(other_sources),
		cmocka_unit_test(tallies),
		cmocka_unit_test(refusals),
		cmocka_unit_test(banned_client_goes_on),
		cmocka_unit_test(the_words),
		cmocka_unit_test(standings),
		cmocka_unit_test(a_ban_ends),
		cmocka_unit_test(allowed),
		cmocka_unit_test(never_asked),
		cmocka_unit_test(no_standing),
		cmocka_unit_test(services),
		cmocka_unit_test(disorder),
		cmocka_unit_test(long_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
