/*
 * Sessions, told in words: each row plays steps and says what is in the
 * database then and what the client heard.
 */
#include "session_script.h"

/* ---- what a session did ---- */

static void
events(void **state)
{
	static const struct {
		const char *sentence;
		const char *script;
		const char *events;
	} rows[] = {
		{ "an accepted message is no event",
		    "helo mail rcpt data ham clean flagged other eom", "" },
		{ "each unknown recipient is an event",
		    "helo mail dead dead rcpt dead",
		    "recipient recipient "
		    "recipient" },
		{ "a sender's dead domain counts", "helo mail nosuchdomain",
		    "sender" },
		{ "one that is refused for now may be our resolver's trouble",
		    "helo mail fornow", "" },
		{ "and so may a HELO name", "helo mail helofornow", "" },
		{ "an address that says why it was refused is not believed",
		    "helo mail saysrelay", "" },
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
		struct play is;

		play_begin(&is, play_conf(), "203.0.113.9", "25");
		play(&is, rows[i].script);
		play_end(&is);
		check_text(rows[i].sentence, is.events, rows[i].events);
		check_text(rows[i].sentence, is.heard_buf, "");
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
	play_begin(&is, conf, "203.0.113.9", "25");
	play(&is, "helo mail dead relay abort mail rcpt data spam eom");
	play_end(&is);
	check_text("only kinds that are the milter's", is.events, "relay");
	check_int("tagged spam was not accepted, whoever counts it",
	    is.tally.accepted, 0);
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
		const struct tally *sum;
		struct play is;

		play_begin(&is, play_conf(), rows[i].ip, "25");
		play(&is, rows[i].script);
		play_end(&is);
		sum = &is.tally;
		check_int(rows[i].sentence, sum->sessions, rows[i].sessions);
		check_int(rows[i].sentence, sum->messages, rows[i].messages);
		check_int(
		    rows[i].sentence, sum->recipients, rows[i].recipients);
		check_int(rows[i].sentence, sum->accepted, rows[i].accepted);
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
		struct play is;

		play_begin(&is, play_conf(), "203.0.113.9", rows[i].port);
		play_ban(&is, rows[i].bans, NOW + HOUR);
		play(&is, rows[i].script);
		play_end(&is);
		check_text(rows[i].sentence, is.heard_buf, rows[i].heard);
		check_int(rows[i].sentence, is.hits, rows[i].hits);
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
	store_allow_put(is.store, &allow);
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
	static const struct {
		const char *sentence;
		enum conf_on_error on_error;
		const char *heard;
	} rows[] = {
		{ "without a database mail passes, and later bans are known",
		    CONF_ACCEPT, "rcpt:550" },
		{ "or it is deferred, where that is wished", CONF_TEMPFAIL,
		    "mail:451 rcpt:451 rcpt:550" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct conf *conf = play_conf();
		struct play is;

		conf->milter.on_error = rows[i].on_error;
		play_begin(&is, conf, "203.0.113.9", "25");
		play_ban(&is, "error", NOW + HOUR);
		play(&is, "down helo mail rcpt up abort mail rcpt");
		play_end(&is);
		check_text(rows[i].sentence, is.heard_buf, rows[i].heard);
		check_int("deferred is no hit", is.hits, 1);
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
	struct conf *conf = play_conf();

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
