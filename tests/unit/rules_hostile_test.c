#include "rows.h"
#include "rules_fixture.h"

#define AT      "Nov 21 23:44:51 mx "
#define CULPRIT "203.0.113.66"

/* Those of tests/data/hostile.payloads. */
static char payloads[50][256];

static int
payloads_read(void **state)
{
	FILE *file = data_open("hostile.payloads");

	for (size_t i = 0; i < COUNT(payloads);) {
		assert_non_null(fgets(payloads[i], sizeof(payloads[i]), file));
		payloads[i][strcspn(payloads[i], "\n")] = '\0';
		rows_unescape(payloads[i]);
		i += payloads[i][0] != '#';
	}
	assert_int_equal(fclose(file), 0);
	return tried_up(state);
}

/* Each "%s" of a template becomes the payload. */
static void
fill_in(const char *template, const char *payload, char *line, size_t size)
{
	size_t len = 0;

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
check_address(const char *line, const struct finding *finding)
{
	char address[ADDR_TEXT_SIZE];

	check_text(line, addr_format(&finding->address, address), CULPRIT);
}

static void
try_payloads(struct tried *tried, const char *sentence, const char *template,
    const char *want)
{
	char line[4096];
	struct finding finding;
	enum kind kind;

	fill_in(template, "x", line, sizeof(line));
	check_int(sentence, tried_match_daemon(tried, line, &finding),
	    strcmp(want, "never") != 0);
	kind = finding.kind;
	for (size_t i = 0; i < COUNT(payloads); i++) {
		fill_in(template, payloads[i], line, sizeof(line));
		if (tried_match_daemon(tried, line, &finding)) {
			check_address(line, &finding);
			check_int(line, finding.kind, kind);
		} else {
			/* "always", and "short": but in a long line. */
			check_int(
			    line, want[0] == 'a' || want[1] == 'h', false);
		}
	}
}

static void
nobody_can_name_the_address(void **state)
{
	data_rows("hostile.lines", *state, try_payloads);
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
		("450 4.7.1 Service refused due to bad behavior - Too many "
		 "unknown users"),
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
try_long_words(struct tried *tried, const char *sentence, const char *template,
    const char *want)
{
	static const char filler[] = "x]>, ([:";

	for (size_t i = 0; i < COUNT(filler) - 1; i++) {
		char payload[3000];
		char line[4 * sizeof(payload) + 1024];
		struct finding finding;

		memset(payload, filler[i], sizeof(payload) - 1);
		payload[sizeof(payload) - 1] = '\0';
		fill_in(template, payload, line, sizeof(line));
		if (tried_match_daemon(tried, line, &finding)) {
			check_address(sentence, &finding);
		} else if (strlen(line) + strlen(AT) < RULES_LINE_MAX) {
			check_int(sentence, strcmp(want, "always") == 0, false);
		}
	}
}

static void
long_words_do_not_help(void **state)
{
	data_rows("hostile.lines", *state, try_long_words);
}

/* Cut where the longest words end, it tells nobody else's address. */
static void
try_each_end(struct tried *tried, const char *sentence, const char *template,
    const char *want)
{
	static char line[16384];
	char payload[1300];
	char text[12288];
	struct finding finding;

	(void)want;
	for (size_t i = 0; i < COUNT(payloads); i++) {
		(void)snprintf(payload, sizeof(payload), "%.*s%0*d", 256,
		    payloads[i], i == 0 ? 1 : 900, 0);
		fill_in(template, payload, text, sizeof(text));
		(void)snprintf(line, sizeof(line), AT "%s", text);
		for (size_t len = i == 0 ? 0 : 930;
		     len < strlen(line) && len < 1100; len++) {
			/* Rspamd has no blank in a message-id. */
			if (tried_match_bytes(
				tried, NULL, line, len, &finding) &&
			    len > 930 && strstr(sentence, "rspamd") == NULL) {
				check_address(line, &finding);
			}
		}
		(void)tried_match_bytes(tried, "postfix/smtpd", line + i,
		    strlen(line) - i, &finding);
	}
}

static void
a_line_may_end_anywhere(void **state)
{
	data_rows("hostile.lines", *state, try_each_end);
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
		cmocka_unit_test(our_own_refusals_never_count),
		cmocka_unit_test(long_words_do_not_help),
		cmocka_unit_test(a_line_may_end_anywhere),
		cmocka_unit_test(odd_bytes_are_harmless),
	};

	return cmocka_run_group_tests_name(
	    "rules, hostile", tests, payloads_read, tried_down);
}
