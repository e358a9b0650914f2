#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/text.h"
#include "rules/line.h"
#include "rules/rules.h"

#define PARIS     "CET-1CEST,M3.5.0,M10.5.0/3"
#define LORD_HOWE "LHST-10:30LHDT-11,M10.1.0,M4.1.0"

static int64_t
moment(const char *text)
{
	int64_t at = 0;

	if (!text_to_time(text, &at)) {
		fail_msg("%s is no time", text);
	}
	return at;
}

static void
set_zone(const char *zone)
{
	assert_int_equal(setenv("TZ", zone, 1), 0);
	tzset();
}

/* ---- times ---- */

static void
times_are_resolved(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "stamps.rows", "times");
	while (rows_next(&rows)) {
		struct rules_clock clock = rules_clock(
		    moment(rows.field[2]), rows.field[1]);
		size_t len = strlen(rows.field[3]);
		struct stamp stamp;
		char line[64];
		int64_t at = 0;

		set_zone(rows.field[0]);
		(void)snprintf(line, sizeof(line), "%s ", rows.field[3]);
		check_int(rows.sentence, stamp_find(line, len + 1, &stamp), 1);
		check_int(rows.sentence, (int64_t)stamp.span, (int64_t)len);
		check_int(rows.sentence, stamp_read(line, &stamp, &clock, &at),
		    rows.field[4] != NULL);
		if (rows.field[4] != NULL) {
			check_int(rows.sentence, at, moment(rows.field[4]));
		}
		check_text(rows.sentence, getenv("TZ"), rows.field[0]);
	}
}

static void
the_last_hour_is_kept_and_no_longer(void **state)
{
	static const struct {
		const char *stamp;
		const char *want;
	} rows[] = {
		{ "Nov 21 23:44:51 ", "2026-11-21T22:44:51Z" },
		{ "Nov 21 23:44:59 ", "2026-11-21T22:44:59Z" },
		{ "Nov 21 23:45:00 ", "2026-11-21T22:45:00Z" },
		{ "Nov 22 23:45:00 ", "2026-11-22T22:45:00Z" },
		{ "2026-11-22T23:45:07+01:00 ", "2026-11-22T22:45:07Z" },
		{ "2026-11-22T23:45:08+00:00 ", "2026-11-22T23:45:08Z" },
		{ "2026-11-22T23:45:09 ", "2026-11-22T22:45:09Z" },
		{ "2026-11-22T23:45:10Z ", "2026-11-22T23:45:10Z" },
		{ "Nov 22 23:45:11 ", "2026-11-22T22:45:11Z" },
		{ "Oct 25 01:59:59 ", "2026-10-24T23:59:59Z" },
		{ "Oct 25 02:00:00 ", "2026-10-25T01:00:00Z" },
		{ "Oct 25 02:59:59 ", "2026-10-25T01:59:59Z" },
		{ "Oct 25 03:00:00 ", "2026-10-25T02:00:00Z" },
		{ "Mar 29 01:59:59 ", "2026-03-29T00:59:59Z" },
		{ "Mar 29 03:00:00 ", "2026-03-29T01:00:00Z" },
	};
	struct rules_clock clock = rules_clock(
	    moment("2026-11-23T00:00:00Z"), NULL);

	(void)state;
	set_zone(PARIS);
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t at = 0;
		struct stamp stamp;

		assert_true(
		    stamp_find(rows[i].stamp, strlen(rows[i].stamp), &stamp));
		assert_true(stamp_read(rows[i].stamp, &stamp, &clock, &at));
		check_int(rows[i].stamp, at, moment(rows[i].want));
	}
}

/* ---- parts ---- */

static void
lines_are_taken_apart(void **state)
{
	static const struct {
		const char *sentence;
		const char *line;
		const char *tag; /* NULL: no such line */
		const char *text;
		int repeated;
	} rows[] = {
		{ "syslog's old form",
		    "Nov 21 23:44:51 mx postfix/smtpd[912]: a b",
		    "postfix/smtpd", "a b", 1 },
		{ "syslog's ISO form",
		    "2026-11-21T23:44:51.431428+00:00 mx postfix/smtpd[912]: a",
		    "postfix/smtpd", "a", 1 },
		{ "no process id", "Nov 21 23:44:51 mx dovecot: auth: x",
		    "dovecot", "auth: x", 1 },
		{ "no blank behind the colon", "Nov 21 23:44:51 mx a:b", "a",
		    "b", 1 },
		{ "an empty text", "Nov 21 23:44:51 mx a[1]:", "a", "", 1 },
		{ "a line that came three times",
		    "Nov 21 23:44:51 mx a[1]: message repeated 3 times: [ b c]",
		    "a", "b c", 3 },
		{ "a great many times",
		    "Nov 21 23:44:51 mx a: message repeated 99999999999999 "
		    "times: [ b]",
		    "a", "b", 1000 },
		{ "repeated without an end",
		    "Nov 21 23:44:51 mx a: message repeated 3 times: [ b", "a",
		    "message repeated 3 times: [ b", 1 },
		{ "repeated not at all",
		    "Nov 21 23:44:51 mx a: message repeated 0 times: [ b]", "a",
		    "message repeated 0 times: [ b]", 1 },
		{ "Exim's own file", "2026-11-21 23:44:51 H=x [192.0.2.1] y",
		    "exim", "H=x [192.0.2.1] y", 1 },
		{ "Exim's own file with a zone",
		    "2026-11-21 23:44:51 +0100 [812] H=x", "exim", "[812] H=x",
		    1 },
		{ "Rspamd's own file",
		    "2026-11-21 23:44:51 #812(normal) <a1>; task; x", "rspamd",
		    "<a1>; task; x", 1 },
		{ "Dovecot's own file",
		    "Nov 21 23:44:51 imap-login: Info: Login", "dovecot",
		    "imap-login: Info: Login", 1 },
		{ "Dovecot's own file with an ISO time",
		    "2026-11-21 23:44:51 imap-login: Info: Login", "dovecot",
		    "imap-login: Info: Login", 1 },
		{ "a syslog daemon's line with such a time",
		    "2026-11-21 23:44:51 mx exim[77]: a b", "exim", "a b", 1 },
		{ "an address of Exim's is no daemon",
		    "2026-11-21 23:44:51 H=x [192.0.2.1]: a", "exim",
		    "H=x [192.0.2.1]: a", 1 },
		{ "a carriage return at the end",
		    "Nov 21 23:44:51 mx a[1]: b c\r", "a", "b c", 1 },
		{ "milliseconds", "Nov 21 23:44:51.431 mx a[1]: b", "a", "b",
		    1 },
		{ "a priority", "<22>Nov 21 23:44:51 mx a[1]: b", "a", "b", 1 },
		{ "no host", "<22>Nov 21 23:44:51 postfix/smtpd[1]: b",
		    "postfix/smtpd", "b", 1 },
		{ "no host, through syslog",
		    "Nov 21 23:44:51 dovecot: imap-login: b", "dovecot",
		    "imap-login: b", 1 },
		{ "BusyBox", "Nov 21 23:44:51 mx mail.info a[1]: b", "a", "b",
		    1 },
		{ "FreeBSD", "Nov 21 23:44:51 <mail.info> mx a[1]: b", "a", "b",
		    1 },
		{ "RFC 5424",
		    "<20>1 2026-11-21T23:44:51.431428+00:00 mx postfix/smtpd "
		    "77 - - a b",
		    "postfix/smtpd", "a b", 1 },
		{ "RFC 5424, as rsyslog writes it",
		    "<20>1 2026-11-21T23:44:51Z mx a 77 - -  b", "a", "b", 1 },
		{ "RFC 5424 with data and a mark of UTF-8",
		    "<20>1 2026-11-21T23:44:51Z mx a - ID1 "
		    "[x@1 y=\"p \\\" ] q\"][z] \xef\xbb\xbf"
		    "b",
		    "a", "b", 1 },
		{ "RFC 5424 that ends early",
		    "<20>1 2026-11-21T23:44:51Z mx a 77", NULL, NULL, 0 },
		{ "RFC 5424 without a time", "<20>1 - mx a 77 - - b", NULL,
		    NULL, 0 },
		{ "multilog", "@400000006a2110be1a2b3c4d mx a[1]: b", "a", "b",
		    1 },
		{ "multilog before a whole line",
		    "@400000006a2110be1a2b3c4d Nov 21 23:44:51 mx a[1]: b", "a",
		    "b", 1 },
		{ "socklog",
		    "@400000006a2110be1a2b3c4d mail.info: Nov 21 23:44:51 "
		    "a[1]: b",
		    "a", "b", 1 },
		{ "docker logs -t",
		    "2026-11-21T23:44:51.431428123Z Nov 21 23:44:51 mx a[1]: b",
		    "a", "b", 1 },
		{ "docker logs -t before Exim's file",
		    "2026-11-21T23:44:51.431428123Z 2026-11-21 23:44:51 H=x y",
		    "exim", "H=x y", 1 },
		{ "a CRI's",
		    "2026-11-21T23:44:51.4+01:00 stderr F Nov 21 23:44:51 mx "
		    "a[1]: b",
		    "a", "b", 1 },
		{ "a part of a CRI's",
		    "2026-11-21T23:44:51.4Z stdout P Nov 21 23:44:51 mx a[1]: "
		    "b",
		    NULL, NULL, 0 },
		{ "Docker's JSON",
		    "{\"log\":\"Nov 21 23:44:51 mx a[1]: b \\u003cc\\u003e "
		    "\\\"\\\\\\u00e9\\n\",\"stream\":\"stdout\",\"time\":\"\"}",
		    "a", "b <c> \"\\?", 1 },
		{ "Docker's JSON with another line in it",
		    "{\"log\":\"x\\nNov 21 23:44:51 mx a[1]: b\\n\"}", NULL,
		    NULL, 0 },
		{ "Docker's JSON, cut",
		    "{\"log\":\"Nov 21 23:44:51 mx a[1]: b\\", "a", "b\\", 1 },
		{ "an empty line", "", NULL, NULL, 0 },
		{ "no time", "mx postfix/smtpd[912]: connect from a[192.0.2.1]",
		    NULL, NULL, 0 },
		{ "a time alone", "Nov 21 23:44:51", NULL, NULL, 0 },
		{ "a time and a blank", "Nov 21 23:44:51 ", NULL, NULL, 0 },
		{ "a time and a host", "Nov 21 23:44:51 mx", NULL, NULL, 0 },
		{ "an empty tag", "Nov 21 23:44:51 mx : a", NULL, NULL, 0 },
		{ "a tag without end", "Nov 21 23:44:51 mx abc", NULL, NULL,
		    0 },
		{ "a line about the one before it",
		    "Nov 21 23:44:51 mx last message repeated 2 times", "",
		    "last message repeated 2 times", 2 },
		{ "a process id without end", "Nov 21 23:44:51 mx a[1: b", NULL,
		    NULL, 0 },
		{ "two blanks for the host", "Nov 21 23:44:51  a[1]: b", NULL,
		    NULL, 0 },
		{ "half of Rspamd's file", "2026-11-21 23:44:51 #812(normal)",
		    NULL, NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct log_line line = { .text = rows[i].line,
			.len = strlen(rows[i].line) };
		struct line_parts parts;
		char tag[64];
		char text[128];

		check_int(rows[i].sentence, line_split(&line, &parts),
		    rows[i].tag != NULL);
		if (rows[i].tag == NULL) {
			continue;
		}
		(void)snprintf(
		    tag, sizeof(tag), "%.*s", (int)parts.tag_len, parts.tag);
		(void)snprintf(text, sizeof(text), "%.*s", (int)parts.text_len,
		    parts.text);
		check_text(rows[i].sentence, tag, rows[i].tag);
		check_text(rows[i].sentence, text, rows[i].text);
		check_int(rows[i].sentence, parts.repeated, rows[i].repeated);
	}
}

static void
the_journal_knows_time_and_tag(void **state)
{
	const struct log_line line = { .text = "Nov 21 23:44:51 mx a: b",
		.len = 23,
		.tag = "postfix/smtpd",
		.at = 5 };
	struct line_parts parts;

	(void)state;
	assert_true(line_split(&line, &parts));
	assert_null(parts.time);
	assert_string_equal(parts.tag, "postfix/smtpd");
	assert_int_equal(parts.tag_len, 13);
	assert_ptr_equal(parts.text, line.text);
	assert_int_equal(parts.text_len, 23);
}

/* On Lord Howe Island the clock goes back by half an hour, inside an hour. */
static void
an_hour_with_a_jump_is_not_kept(void **state)
{
	static const struct {
		const char *stamp;
		const char *want;
	} rows[] = {
		{ "Apr  5 01:10:00 ", "2026-04-04T14:10:00Z" },
		{ "Apr  5 01:45:00 ", "2026-04-04T15:15:00Z" },
		{ "Apr  5 01:29:59 ", "2026-04-04T14:29:59Z" },
		{ "Apr  5 02:00:00 ", "2026-04-04T15:30:00Z" },
		{ "Apr  5 02:10:00 ", "2026-04-04T15:40:00Z" },
	};
	struct rules_clock clock = rules_clock(
	    moment("2026-11-23T00:00:00Z"), NULL);

	(void)state;
	set_zone(LORD_HOWE);
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t at = 0;

		assert_true(stamp_read(
		    rows[i].stamp, &(struct stamp){ .span = 15 }, &clock, &at));
		check_int(rows[i].stamp, at, moment(rows[i].want));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_resolved),
		cmocka_unit_test(the_last_hour_is_kept_and_no_longer),
		cmocka_unit_test(an_hour_with_a_jump_is_not_kept),
		cmocka_unit_test(lines_are_taken_apart),
		cmocka_unit_test(the_journal_knows_time_and_tag),
	};

	return cmocka_run_group_tests_name("line", tests, NULL, NULL);
}
