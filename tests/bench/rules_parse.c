/*
 * What reading a log costs: 1,000,000 mixed lines in memory, one in twenty an
 * offence, through the shipped rules; beside it a bare loop that runs one
 * alternation of the same patterns over the same lines (PCRE2 with JIT).
 *
 * usage: rules_parse [LINES [print]]
 *
 * With "print" the lines are written to standard output instead.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "rules/rules.h"

enum {
	ROUNDS = 5,
	LINE_MAX_SIZE = 640,
	LINES_DEFAULT = 1000000
};

/* %u is a number that changes, %a an address of a thousand, %q a queue id.
 * What a mail host logs for a good message, in its order and proportion. */
static const char *const innocent[] = {
	"postfix/smtpd[%u]: connect from mail.good.test[%a]",
	"postfix/smtpd[%u]: Anonymous TLS connection established from "
	"mail.good.test[%a]: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 "
	"(256/256 bits) key-exchange X25519 server-signature RSA-PSS",
	"postfix/smtpd[%u]: %q: client=mail.good.test[%a]",
	"postfix/cleanup[%u]: %q: message-id=<20261121.%u@good.test>",
	"opendkim[%u]: %q: DKIM verification successful",
	"spamd[%u]: spamd: result: . 1 - RCVD_ILLEGAL_IP scantime=0.1,size=495,"
	"user=root,uid=107,required_score=5.0,rhost=localhost,raddr=127.0.0.1,"
	"rport=53196,mid=<20261121.%u@good.test>,autolearn=disabled",
	"postfix/qmgr[%u]: %q: from=<alice@good.test>, size=4080, nrcpt=1 "
	"(queue active)",
	"amavis[%u]: (%u-13) Passed CLEAN {RelayedInbound}, [%a]:41487 [%a] "
	"<alice@good.test> -> <user1@example.test>, Queue-ID: %q, "
	"Message-ID: <20261121.%u@good.test>, mail_id: 4k0gWRHg0XUP, "
	"Hits: 1.3, size: 4080, queued_as: %q, 171 ms",
	"postfix/smtp[%u]: %q: to=<user1@example.test>, "
	"relay=127.0.0.1[127.0.0.1]:10124, delay=0.23, "
	"delays=0.05/0.01/0/0.17, dsn=2.0.0, status=sent (250 2.0.0 Ok)",
	"dovecot: lmtp(%u): Connect from local",
	"dovecot: lmtp(user1)<%u><aRtv>: sieve: msgid=<%u@good.test>: stored "
	"mail into mailbox 'INBOX'",
	"postfix/qmgr[%u]: %q: removed",
	"postfix/smtpd[%u]: disconnect from mail.good.test[%a] ehlo=2 "
	"starttls=1 mail=1 rcpt=1 data=1 quit=1 commands=7",
	"dovecot: imap-login: Login: user=<joe>, method=PLAIN, rip=%a, "
	"lip=192.0.2.25, mpid=%u, TLS, session=<XkDfANJgFd/AAAIf>",
	"dovecot: imap(joe)<%u><XkDfANJgFd/AAAIf>: Disconnected: Logged out "
	"in=8 out=468 deleted=0 expunged=0 trashed=0 hdr_count=0",
	"CRON[%u]: (root) CMD (command -v debian-sa1 > /dev/null)",
	"systemd[1]: Started session-%u.scope - Session %u of user root.",
	"postfix/anvil[%u]: statistics: max connection rate 1/60s for "
	"(smtp:%a) at Nov 21 23:47:28",
	"kernel: [%u.283] [UFW BLOCK] IN=eth0 OUT= SRC=%a DST=192.0.2.25",
};

static const char *const offences[] = {
	"postfix/submission/smtpd[%u]: warning: unknown[%a]: SASL LOGIN "
	"authentication failed: UGFzc3dvcmQ6, sasl_username=admin%u",
	"postfix/smtpd[%u]: NOQUEUE: reject: RCPT from unknown[%a]: 550 5.1.1 "
	"<u%u@example.test>: Recipient address rejected: User unknown in local "
	"recipient table; from=<a@b.test> to=<u%u@example.test> proto=ESMTP "
	"helo=<b.test>",
	"dovecot: imap-login: Disconnected: Connection closed (auth failed, 3 "
	"attempts in 18 secs): user=<joe%u>, method=PLAIN, rip=%a, "
	"lip=192.0.2.25, session=<8tMR/9FgfhjLAHEh>",
	"amavis[%u]: (%u-02) Blocked SPAM {RejectedInbound}, [%a]:30554 [%a] "
	"<s@spam.test> -> <user1@example.test>, Queue-ID: %q, Message-ID: "
	"<%u@spam.test>, mail_id: 2XA5R7azBobm, Hits: 10.4, size: 404, 131 ms",
	"postfix/postscreen[%u]: PREGREET 12 after 0 from [%a]:26031: EHLO x",
	"postfix/smtpd[%u]: lost connection after DATA (%u bytes) from "
	"mx.test[%a]",
};

/* The patterns of those rules as one, written out. */
#define IP     "(?<ip>[0-9A-Fa-f.:]{2,45})"
#define CLIENT "[^\\s\\[\\]]++\\[" IP "\\]"
#define PEER   "\\[" IP "\\](?::\\d{1,5})?"
#define QUEUE  "(?:NOQUEUE|[0-9A-Za-z]{5,20}): "
static const char alternation[] =
    "^(?:\\S+ \\S+|\\w+ +\\d+ [\\d:]+ \\S+) (?:"
    "\\S*/smtpd\\[\\d+\\]: (?:warning: " CLIENT
    ": SASL \\S+ authentication (?:failed|aborted)|" QUEUE "client=" CLIENT
    "|disconnect from " CLIENT "|" QUEUE "reject: [A-Z]+ from " CLIENT
    ": (?:5\\d\\d 5\\.1\\.1 <.*>: Recipient address rejected: "
    "|[45]\\d\\d [45]\\.7\\.1 <.*>: Relay access denied"
    "|[45]\\d\\d \\S+ <.*?>: (?:Helo command|Sender address) rejected: )"
    "|warning: non-SMTP command from " CLIENT
    "|improper command pipelining after \\S+ from " CLIENT
    "|too many errors after \\S+(?: \\(\\d+ bytes\\))? from " CLIENT
    "|(?:lost connection|timeout) after (?:DATA|BDAT)(?: \\(\\d+ bytes\\))? "
    "from " CLIENT ")"
    "|\\S*/postscreen\\[\\d+\\]: (?:PREGREET \\d+ after [\\d.]+ from " PEER
    "|(?:COMMAND PIPELINING|NON-SMTP COMMAND|BARE NEWLINE) from " PEER ")"
    "|\\S*/cleanup\\[\\d+\\]: " QUEUE
    "milter-reject: END-OF-MESSAGE from " CLIENT
    ": (?:5\\d\\d )?5\\.7\\.1 Blocked"
    "|dovecot: (?:imap|pop3|managesieve|submission)-login: "
    "(?:(?:Disconnected|Aborted login|Login aborted)[^<>]*? \\(auth failed, "
    "\\d+ attempts[^<>]*: user=<.*>,|Login: user=<.*>,).* "
    "rip=" IP ", lip="
    "|amavis\\[\\d+\\]: \\([\\d-]+\\) (?:Blocked|Passed) (?:SPAM(?:MY)?"
    "|INFECTED \\([^()]*\\))(?: \\{[^{}]*\\})?, " PEER ")";

/* ---- lines ---- */

static uint32_t seed = 1;

static uint32_t
next_random(void)
{
	seed = seed * 1664525U + 1013904223U;
	return seed >> 8;
}

static void
add_line(struct text *out, const char *template, unsigned at)
{
	text_addf(out, "Nov 21 %02u:%02u:%02u mx ", at / 3600 % 24,
	    at / 60 % 60, at % 60);
	for (; *template != '\0'; template ++) {
		if (*template != '%') {
			text_add_char(out, *template);
			continue;
		}
		template ++;
		if (*template == 'u') {
			text_addf(out, "%u", next_random() % 30000);
		} else if (*template == 'a') {
			text_addf(out, "203.0.113.%u", next_random() % 250);
		} else {
			text_addf(out, "%06X%05X", next_random() & 0xffffff,
			    next_random() & 0xfffff);
		}
	}
}

struct lines {
	struct log_line *line;
	size_t count;
	size_t offences;
};

static struct lines
make_lines(size_t count)
{
	struct lines lines = { calloc(count, sizeof(struct log_line)), count,
		0 };

	if (lines.line == NULL) {
		abort();
	}
	for (size_t i = 0; i < count; i++) {
		char buf[LINE_MAX_SIZE];
		struct text out;
		bool bad = i % 20 == 19;
		char *copy;

		text_init(&out, buf, sizeof(buf));
		add_line(&out,
		    bad ? offences[i / 20 %
				   (sizeof(offences) / sizeof(offences[0]))]
			: innocent[i %
				   (sizeof(innocent) / sizeof(innocent[0]))],
		    (unsigned)(i / 12));
		copy = strdup(buf);
		if (copy == NULL) {
			abort();
		}
		lines.line[i] = (struct log_line){ .text = copy,
			.len = out.len };
		lines.offences += bad;
	}
	return lines;
}

static void
free_lines(struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++) {
		union {
			const char *borrowed;
			char *owned;
		} text = { lines->line[i].text };

		free(text.owned);
	}
	free(lines->line);
}

/* ---- the two ways ---- */

static double
cpu_seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double
run_rules(const struct rules *rules, const struct lines *lines)
{
	struct rules_scratch *scratch = rules_scratch_new(rules);
	struct rules_clock clock = rules_clock(1795392000, NULL);
	double began = cpu_seconds();
	size_t found = 0;

	if (scratch == NULL) {
		abort();
	}
	for (size_t i = 0; i < lines->count; i++) {
		struct finding finding;

		found += rules_match(rules, scratch, &lines->line[i], &clock,
			     &finding) &&
			 finding.what == FINDING_OFFENCE;
	}
	began = cpu_seconds() - began;
	rules_scratch_free(scratch);
	if (found != lines->offences) {
		(void)fprintf(stderr, "found %zu offences of %zu\n", found,
		    lines->offences);
		exit(1); /* NOLINT(concurrency-mt-unsafe) */
	}
	return began;
}

static double
run_bare(const struct lines *lines)
{
	int number;
	size_t where;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)alternation,
	    PCRE2_ZERO_TERMINATED, PCRE2_NO_AUTO_CAPTURE | PCRE2_DUPNAMES,
	    &number, &where, NULL);
	pcre2_match_data *data;
	size_t found = 0;
	double began;

	if (code == NULL || pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) != 0) {
		(void)fprintf(
		    stderr, "the bare pattern: wrong at %zu\n", where);
		exit(1); /* NOLINT(concurrency-mt-unsafe) */
	}
	data = pcre2_match_data_create_from_pattern(code, NULL);
	began = cpu_seconds();
	for (size_t i = 0; i < lines->count; i++) {
		found += pcre2_jit_match(code, (PCRE2_SPTR)lines->line[i].text,
			     lines->line[i].len, 0, 0, data, NULL) > 0;
	}
	began = cpu_seconds() - began;
	pcre2_match_data_free(data);
	pcre2_code_free(code);
	if (found < lines->offences) {
		(void)fprintf(stderr, "the bare loop found only %zu\n", found);
		exit(1); /* NOLINT(concurrency-mt-unsafe) */
	}
	return began;
}

static void
print_lines(const struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++) {
		(void)puts(lines->line[i].text);
	}
}

static double
smaller(double a, double b)
{
	return a < b ? a : b;
}

int
main(int argc, char **argv)
{
	int64_t count = LINES_DEFAULT;
	char error[RULES_ERROR_SIZE];
	struct rules *rules = rules_load(NULL, error);
	struct lines lines;
	double ours = 1e9;
	double bare = 1e9;

	if (rules == NULL) {
		(void)fprintf(stderr, "%s\n", error);
		return 1;
	}
	if (argc > 1 && !text_to_int(argv[1], 1, 100000000, &count)) {
		(void)fprintf(stderr, "usage: rules_parse [LINES [print]]\n");
		return 2;
	}
	lines = make_lines((size_t)count);
	if (argc > 2) {
		print_lines(&lines);
		free_lines(&lines);
		rules_free(rules);
		return 0;
	}
	for (int i = 0; i < ROUNDS; i++) {
		ours = smaller(ours, run_rules(rules, &lines));
		bare = smaller(bare, run_bare(&lines));
	}
	(void)printf("%zu lines, %zu offences; CPU seconds per million, best "
		     "of %d\n"
		     "  rules      %.3f\n"
		     "  bare loop  %.3f\n"
		     "  ratio      %.2f (above 1: the rules are faster)\n",
	    lines.count, lines.offences, (int)ROUNDS,
	    ours * 1e6 / (double)count, bare * 1e6 / (double)count,
	    bare / ours);
	free_lines(&lines);
	rules_free(rules);
	return 0;
}
