#include "rules_fixture.h"

#define AT      "Nov 21 23:44:51 mx "
#define VICTIM  "198.51.100.99"
#define CULPRIT "203.0.113.66"
#define EXIM_AT "2026-11-21 23:44:51 "

/*
 * Lines with what a client says left open ("%s", as often as it is logged).
 * Whatever it says, the address is CULPRIT's; where `always` is set the line
 * counts whatever it says.
 */
static const struct {
	const char *rule;
	bool always;
	const char *line;
} templates[] = {
	{ "postfix-sasl", true,
	    "postfix/smtpd[9]: warning: h.test[203.0.113.66]: SASL LOGIN "
	    "authentication failed: (reason unavailable), sasl_username=%s" },
	{ "postfix-sasl with a mechanism", false,
	    "postfix/smtpd[9]: warning: h.test[203.0.113.66]: SASL %s "
	    "authentication failed: Invalid authentication mechanism" },
	{ "postfix-client", true,
	    "postfix/smtpd[9]: 219E1A763EE: client=h.test[203.0.113.66], "
	    "sasl_method=PLAIN, sasl_username=%s" },
	{ "postfix-login", true,
	    "postfix/smtpd[9]: NOQUEUE: client=h.test[203.0.113.66], "
	    "sasl_method=PLAIN, sasl_username=%s, sasl_sender=%s" },
	{ "postfix-recipient", true,
	    "postfix/smtpd[9]: NOQUEUE: reject: RCPT from "
	    "h.test[203.0.113.66]: 550 5.1.1 <%s>: Recipient address "
	    "rejected: User unknown in local recipient table; from=<%s> "
	    "to=<%s> proto=ESMTP helo=<%s>" },
	{ "postfix-relay", true,
	    "postfix/smtpd[9]: 219E1A763EE: reject: RCPT from "
	    "h.test[203.0.113.66]: 554 5.7.1 <%s>: Relay access denied; "
	    "from=<%s> to=<%s> proto=ESMTP helo=<%s>" },
	{ "postfix-helo", true,
	    "postfix/smtpd[9]: NOQUEUE: reject: RCPT from "
	    "h.test[203.0.113.66]: 501 5.5.2 <%s>: Helo command rejected: "
	    "Invalid name; from=<%s> to=<%s> proto=SMTP helo=<%s>" },
	{ "postfix-sender", true,
	    "postfix/smtpd[9]: NOQUEUE: reject: RCPT from "
	    "h.test[203.0.113.66]: 504 5.5.2 <%s>: Sender address rejected: "
	    "need fully-qualified address; from=<%s> to=<%s> proto=ESMTP "
	    "helo=<%s>" },
	{ "postfix-command", true,
	    "postfix/smtpd[9]: warning: non-SMTP command from "
	    "h.test[203.0.113.66]: %s" },
	{ "postfix-command, pipelining", true,
	    "postfix/smtpd[9]: improper command pipelining after EHLO from "
	    "h.test[203.0.113.66]: %s" },
	{ "postscreen-command", true,
	    "postfix/postscreen[9]: PREGREET 12 after 0 from "
	    "[203.0.113.66]:2625: %s" },
	{ "postscreen-command, HTTP", true,
	    "postfix/postscreen[9]: NON-SMTP COMMAND from "
	    "[203.0.113.66]:2625 after CONNECT: %s" },
	{ "spamass-milter", true,
	    "postfix/cleanup[9]: 219E1A763EE: milter-reject: END-OF-MESSAGE "
	    "from h.test[203.0.113.66]: 5.7.1 Blocked by SpamAssassin; "
	    "from=<%s> to=<%s> proto=ESMTP helo=<%s>" },
	{ "clamav-milter", true,
	    "postfix/cleanup[9]: 219E1A763EE: milter-reject: END-OF-MESSAGE "
	    "from h.test[203.0.113.66]: 5.7.1 Blocked: infected with E; "
	    "from=<%s> to=<%s> proto=ESMTP helo=<%s>" },
	{ "rspamd-reject", true,
	    "postfix/cleanup[9]: 219E1A763EE: milter-reject: END-OF-MESSAGE "
	    "from h.test[203.0.113.66]: 5.7.1 Spam message rejected; "
	    "from=<%s> to=<%s> proto=ESMTP helo=<%s>" },
	{ "amavis-spam", true,
	    "amavis[9]: (00009-02) Blocked SPAM {RejectedInbound}, "
	    "[203.0.113.66]:30554 [203.0.113.66] <%s> -> <%s>, Queue-ID: "
	    "219E1A763EE, Message-ID: <%s>, mail_id: 2XA5, Hits: 10.4" },
	{ "amavis-spam, its second line", false,
	    "amavis[9]: (00009-02) Blocked SPAM, <%s> -> <%s>, Hits: 10.4" },
	{ "amavis-virus", true,
	    "amavis[9]: (00009-02) Blocked INFECTED (Eicar) "
	    "{RejectedInbound}, [203.0.113.66]:30554 [203.0.113.66] <%s> -> "
	    "<%s>, Message-ID: <%s>, Hits: -" },
	{ "amavis, a file's name", false,
	    "amavis[9]: (00009-02) Blocked BANNED (%s) {RejectedInbound}, "
	    "[203.0.113.66]:30554 [203.0.113.66] <%s> -> <%s>" },
	{ "clean mail of Amavis", false,
	    "amavis[9]: (00009-02) Passed CLEAN {RelayedInbound}, "
	    "[192.0.2.5]:30554 [192.0.2.5] <%s> -> <%s>, Message-ID: <%s>" },
	{ "rspamd-marked, the sender", false,
	    "rspamd[9]: <a1b2c3>; task; rspamd_task_write_log: id: "
	    "<x@b.test>, qid: <219E1A763EE>, ip: 203.0.113.66, from: <%s>, "
	    "(default: T (add header): [9.1/15.0] [A(1.00){}]), len: 1200" },
	{ "rspamd-marked, the message-id", false,
	    "rspamd[9]: <a1b2c3>; task; rspamd_task_write_log: id: <%s>, qid: "
	    "<219E1A763EE>, ip: 203.0.113.66, from: <%s>, (default: T (add "
	    "header): [9.1/15.0] [A(1.00){}]), len: 1200" },
	{ "dovecot-login-failed", true,
	    "dovecot: imap-login: Disconnected: Aborted login by logging out "
	    "(auth failed, 3 attempts in 18 secs): user=<%s>, method=PLAIN, "
	    "rip=203.0.113.66, lip=192.0.2.25, session=<8tMR>" },
	{ "dovecot, no attempt", false,
	    "dovecot: imap-login: Disconnected: Connection closed (no auth "
	    "attempts in 18 secs): user=<%s>, method=PLAIN, "
	    "rip=203.0.113.66, lip=192.0.2.25, session=<8tMR>" },
	{ "dovecot-login", true,
	    "dovecot: imap-login: Login: user=<%s>, method=PLAIN, "
	    "rip=203.0.113.66, lip=192.0.2.25, mpid=7, session=<8tMR>" },
	{ "dovecot, auth", false,
	    "dovecot: auth: passwd-file(%s,203.0.113.66,<8tMR>): unknown "
	    "user" },
	{ "exim-auth", false,
	    EXIM_AT "plain authenticator failed for (helo) [203.0.113.66]:1: "
		    "535 Incorrect authentication data (set_id=%s)" },
	{ "exim-client", false,
	    EXIM_AT "1vMaBc-0001Ab-2C <= %s H=h.test (pc) "
		    "[203.0.113.66]:4411 P=esmtpsa A=plain:joe S=1200 id=%s" },
	{ "exim-recipient", true,
	    EXIM_AT "H=h.test (helo) [203.0.113.66]:25 F=<%s> rejected RCPT "
		    "<%s>: Unrouteable address" },
	{ "exim-helo", true,
	    EXIM_AT "rejected EHLO from [203.0.113.66]: syntactically invalid "
		    "argument(s): %s" },
	{ "exim-command", false,
	    EXIM_AT "SMTP protocol error in \"AUTH %s\" H=(helo) "
		    "[203.0.113.66]:25 AUTH command used when not "
		    "advertised" },
	{ "exim-command, its last", true,
	    EXIM_AT "SMTP call from (helo) [203.0.113.66]:25 dropped: too "
		    "many syntax or protocol errors (last command was "
		    "\"%s\")" },
	{ "sendmail-auth", true,
	    "sm-mta[9]: 5ALNipX1000812: AUTH failure (LOGIN): authentication "
	    "failure (-13) SASL(-13): x, user=%s, relay=h.test "
	    "[203.0.113.66]" },
	{ "sendmail-login", true,
	    "sm-mta[9]: AUTH=server, relay=h.test [203.0.113.66], authid=%s, "
	    "mech=PLAIN, bits=0" },
	{ "sendmail-relay", false,
	    "sm-mta[9]: 5ALNipX1000812: ruleset=check_rcpt, arg1=<%s>, "
	    "relay=h.test [203.0.113.66], reject=550 5.7.1 <%s>... Relaying "
	    "denied" },
	{ "sendmail-sender", false,
	    "sm-mta[9]: 5ALNipX1000812: ruleset=check_mail, arg1=<%s>, "
	    "relay=h.test [203.0.113.66], reject=553 5.1.8 <%s>... Domain of "
	    "sender address %s does not exist" },
	{ "sendmail-command", true,
	    "sm-mta[9]: 5ALNipX1000812: h.test [203.0.113.66]: possible SMTP "
	    "attack: command=AUTH, count=5 %s" },
	{ "a queue manager's line", false,
	    "postfix/qmgr[9]: 219E1A763EE: from=<%s>, size=408, nrcpt=1" },
	{ "a message-id", false,
	    "postfix/cleanup[9]: 219E1A763EE: message-id=<%s>" },
	{ "a subject that header_checks refuse", false,
	    "postfix/cleanup[9]: 219E1A763EE: reject: header Subject: %s from "
	    "h.test[203.0.113.66]; from=<%s> to=<%s> proto=ESMTP helo=<%s>" },
	{ "a banned client", false,
	    "postfix/smtpd[9]: NOQUEUE: milter-reject: RCPT from "
	    "h.test[203.0.113.66]: 550 5.7.1 Too many errors from your IP; "
	    "from=<%s> to=<%s> proto=ESMTP helo=<%s>" },
};

/* What a client would say to have somebody else banned, or itself spared:
 * the text of every rule around another address. */
static const char *const payloads[] = {
	VICTIM,
	"[" VICTIM "]",
	"x unknown[" VICTIM "]",
	"x [" VICTIM "]:25 [" VICTIM "]",
	"x, rip=" VICTIM ", lip=192.0.2.25, session=<y>",
	"x>, method=PLAIN, rip=" VICTIM ", lip=1",
	"x>, method=PLAIN, rip=" VICTIM ", lip=192.0.2.25, session=<y>",
	"x> (auth failed, 9 attempts in 1 secs): user=<y>, method=PLAIN, "
	"rip=" VICTIM ", lip=192.0.2.25",
	"imap-login: Disconnected (auth failed, 9 attempts): user=<y>, "
	"rip=" VICTIM ", lip=192.0.2.25",
	"x: warning: unknown[" VICTIM "]: SASL LOGIN authentication failed: y",
	" warning: unknown[" VICTIM "]: SASL LOGIN authentication failed: y",
	"x: NOQUEUE: reject: RCPT from unknown[" VICTIM "]: 550 5.1.1 <y>: "
	"Recipient address rejected: User unknown",
	"x>: Recipient address rejected: User unknown; from=<y> from "
	"unknown[" VICTIM "]",
	"x: client=unknown[" VICTIM "]",
	"x from unknown[" VICTIM "]: 5.7.1 Blocked by SpamAssassin; from=<y>",
	"Blocked SPAM {RejectedInbound}, [" VICTIM "]:25 [" VICTIM "] <y> -> "
	"<z>, Queue-ID: 0123456789",
	"x) {RejectedInbound}, [" VICTIM "]:25 [" VICTIM "] <y> -> <z>",
	"(1-1) Blocked INFECTED (x) {RejectedInbound}, [" VICTIM "]:25",
	"x>, qid: <y>, ip: " VICTIM ", from: <z>, (default: T (add header): ",
	"x>,?qid:?<y>,?ip:?" VICTIM ",?from:?<z>",
	"x, ip: " VICTIM ", from: <y>, (default: T (add header): [9/9]",
	"x, relay=[" VICTIM "]",
	"x, relay=[" VICTIM "] (may be forged)",
	"x>, relay=[" VICTIM "], reject=550 5.7.1 <x>... Relaying denied",
	"x>,relay=[" VICTIM "],reject=550",
	"x, mech=PLAIN, bits=0, relay=[" VICTIM "], authid=y",
	"x) [" VICTIM "]: 535 Incorrect authentication data (set_id=y",
	"x\" H=(y) [" VICTIM "]:25 AUTH command used when not advertised",
	"x@y H=(z) [" VICTIM "]:25 P=esmtpsa A=plain:joe",
	"\"x H=(z) [" VICTIM "] P=esmtpsa A=plain:joe\"@y",
	"x\\r\\nNov 21 23:44:51 mx postfix/smtpd[9]: warning: unknown[" VICTIM
	"]: SASL LOGIN authentication failed",
	"x\nNov 21 23:44:51 mx postfix/smtpd[9]: warning: unknown[" VICTIM
	"]: SASL LOGIN authentication failed",
	"Too many errors from your IP [" VICTIM "], blocked until "
	"2026-11-21T18:05:42Z.",
	"blocked until",
	"Connection lost to authentication server",
	"generic failure",
	"Access denied",
	"",
	"<",
	">",
	"\"",
	"\\",
	"%s%s%n",
	"\xff\xfe\x80",
	"(",
	"[",
	"]",
	"{",
	"}",
	"' or 1=1",
};

/* Each "%s" of a template becomes the payload. */
static void
fill_in(const char *template, const char *payload, char *line, size_t size)
{
	size_t len = 0;
	const char *begin = strncmp(template, "2026", 4) == 0 ? "" : AT;

	len += (size_t)snprintf(line, size, "%s", begin);
	while (*template != '\0' && len + 1 < size) {
		if (strncmp(template, "%s", 2) == 0) {
			len += (size_t)snprintf(
			    line + len, size - len, "%s", payload);
			template += 2;
		} else {
			line[len++] = *template ++;
		}
	}
	assert_true(len < size);
	line[len] = '\0';
}

static void
nobody_can_name_the_address(void **state)
{
	for (size_t i = 0; i < COUNT(templates); i++) {
		for (size_t j = 0; j < COUNT(payloads); j++) {
			char line[4096];
			char address[ADDR_TEXT_SIZE];
			struct finding finding;

			fill_in(
			    templates[i].line, payloads[j], line, sizeof(line));
			if (!tried_match(*state, line, &finding)) {
				check_int(line, templates[i].always, false);
				continue;
			}
			check_text(line, addr_format(&finding.address, address),
			    CULPRIT);
		}
	}
}

static void
a_harmless_word_counts_as_ever(void **state)
{
	static const char *const silent[] = { "second line", "file's name",
		"clean mail", "no attempt", "dovecot, auth", "queue manager",
		"a message-id", "a subject", "a banned client" };

	for (size_t i = 0; i < COUNT(templates); i++) {
		char line[4096];
		struct finding finding;
		bool wanted = true;

		for (size_t j = 0; j < COUNT(silent); j++) {
			wanted &= strstr(templates[i].rule, silent[j]) == NULL;
		}
		fill_in(templates[i].line, "x", line, sizeof(line));
		check_int(templates[i].rule,
		    tried_match(*state, line, &finding), wanted);
	}
}

/* ---- our own refusals ---- */

static void
our_own_refusals_never_count(void **state)
{
	static const char *const refusals[] = {
		"500 5.7.1 Too many spams/virus from your IP",
		"530 5.7.0 Too many authentication errors from your IP",
		"550 5.7.1 Too many errors from your IP",
		"500 Too many spams/virus from your IP",
		"5.7.1 Too many spams/virus from your IP",
		"550 5.7.1 Blocked by the administrator",
		"450 4.7.1 Service refused due to bad behavior - Too many "
		"unknown users",
		"550 5.1.1 Too many unknown users",
	};
	static const char *const tails[] = { "",
		" [203.0.113.66], blocked until 2026-11-21T18:05:42Z. See "
		"https://mx.test/?ip=203.0.113.66&ref=7K2M9Q" };
	static const char *const lines[] = {
		"postfix/smtpd[9]: NOQUEUE: milter-reject: CONNECT from "
		"h.test[203.0.113.66]: %s%s; proto=SMTP",
		"postfix/smtpd[9]: NOQUEUE: milter-reject: EHLO from "
		"h.test[203.0.113.66]: %s%s; proto=SMTP helo=<x>",
		"postfix/smtpd[9]: NOQUEUE: milter-reject: RCPT from "
		"h.test[203.0.113.66]: %s%s; from=<a@b.test> "
		"to=<u@example.test> proto=ESMTP helo=<x>",
		"postfix/cleanup[9]: 219E1A763EE: milter-reject: "
		"END-OF-MESSAGE from h.test[203.0.113.66]: %s%s; "
		"from=<a@b.test> to=<u@example.test> proto=ESMTP helo=<x>",
		"postfix/submission/smtpd[9]: NOQUEUE: milter-reject: MAIL "
		"from h.test[203.0.113.66]: %s%s; from=<a@b.test>",
		"sm-mta[9]: 5ALNipX1000812: Milter: to=<u@example.test>, "
		"reject=%s%s",
		"sm-mta[9]: 5ALNipX1000812: milter=videur, action=helo, "
		"reject=%s%s",
	};

	for (size_t i = 0; i < COUNT(lines); i++) {
		for (size_t j = 0; j < COUNT(refusals) * COUNT(tails); j++) {
			char refused[256];
			char line[1024];
			char *hole;
			struct finding finding;

			(void)snprintf(refused, sizeof(refused), "%s%s",
			    refusals[j / COUNT(tails)],
			    tails[j % COUNT(tails)]);
			(void)snprintf(
			    line, sizeof(line), "%s%s", AT, lines[i]);
			hole = strstr(line, "%s%s");
			assert_non_null(hole);
			memmove(hole + strlen(refused), hole + 4,
			    strlen(hole + 4) + 1);
			memcpy(hole, refused, strlen(refused));
			check_int(
			    line, tried_match(*state, line, &finding), false);
		}
	}
}

/* ---- lines no daemon writes ---- */

static void
long_words_do_not_help(void **state)
{
	static const char filler[] = "x]>, ([:";

	for (size_t i = 0; i < COUNT(templates); i++) {
		for (size_t j = 0; j < COUNT(filler) - 1; j++) {
			char payload[3000];
			char line[4 * sizeof(payload) + 1024];
			char address[ADDR_TEXT_SIZE];
			struct finding finding;

			memset(payload, filler[j], sizeof(payload) - 1);
			payload[sizeof(payload) - 1] = '\0';
			fill_in(templates[i].line, payload, line, sizeof(line));
			if (tried_match(*state, line, &finding)) {
				check_text(templates[i].rule,
				    addr_format(&finding.address, address),
				    CULPRIT);
			} else if (strlen(line) < RULES_LINE_MAX) {
				check_int(templates[i].rule,
				    templates[i].always, false);
			}
		}
	}
}

static void
a_line_may_end_anywhere(void **state)
{
	for (size_t i = 0; i < COUNT(templates); i++) {
		char line[1024];
		struct finding finding;

		fill_in(templates[i].line, "x", line, sizeof(line));
		for (size_t len = 0; len < strlen(line); len++) {
			(void)tried_match_bytes(
			    *state, NULL, line, len, &finding);
			(void)tried_match_bytes(*state, "postfix/smtpd",
			    line + len, strlen(line) - len, &finding);
		}
	}
}

static void
odd_bytes_are_harmless(void **state)
{
	static const struct {
		const char *sentence;
		const char *line;
		size_t len;
		bool found;
	} rows[] = {
#define ROW(sentence, line, found) { sentence, line, sizeof(line) - 1, found }
		ROW("NUL in a user's name",
		    AT "postfix/smtpd[9]: warning: h[203.0.113.66]: SASL LOGIN "
		       "authentication failed: x, sasl_username=a\0b",
		    true),
		ROW("NUL in an address",
		    AT "postfix/smtpd[9]: warning: h[203.0.113.6\0]: SASL "
		       "LOGIN authentication failed: x",
		    false),
		ROW("NUL in a tag", AT "postfix\0/smtpd[9]: warning: x", false),
		ROW("NUL for a host", "Nov 21 23:44:51 \0 a[9]: b", false),
		ROW("nothing but NUL", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
		    false),
		ROW("half a UTF-8 character",
		    AT "postfix/smtpd[9]: warning: h[203.0.113.66]: SASL LOGIN "
		       "authentication failed: \xe2\x82",
		    true),
		ROW("a name of bytes above 127",
		    AT "postfix/smtpd[9]: warning: \xff\xfe[203.0.113.66]: "
		       "SASL LOGIN authentication failed: x",
		    true),
		ROW("an address that is none",
		    AT "postfix/smtpd[9]: warning: h[203.0.113.666]: SASL "
		       "LOGIN authentication failed: x",
		    false),
		ROW("an address that is a word",
		    AT "postfix/smtpd[9]: warning: h[unknown]: SASL LOGIN "
		       "authentication failed: x",
		    false),
#undef ROW
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct finding finding;

		check_int(rows[i].sentence,
		    tried_match_bytes(
			*state, NULL, rows[i].line, rows[i].len, &finding),
		    rows[i].found);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_can_name_the_address),
		cmocka_unit_test(a_harmless_word_counts_as_ever),
		cmocka_unit_test(our_own_refusals_never_count),
		cmocka_unit_test(long_words_do_not_help),
		cmocka_unit_test(a_line_may_end_anywhere),
		cmocka_unit_test(odd_bytes_are_harmless),
	};

	return cmocka_run_group_tests_name(
	    "rules, hostile", tests, tried_up, tried_down);
}
