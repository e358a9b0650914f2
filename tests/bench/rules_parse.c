/*
 * What reading a log costs: 1,000,000 mixed lines in memory, one in twenty an
 * offence, through the shipped rules; beside it a bare loop that runs one
 * alternation of the same patterns over the same lines (PCRE2 with JIT).
 *
 * usage: rules_parse [LINES [print | mix | raw DATABASE]]
 *
 * With "print" the lines are written to standard output instead; with "mix"
 * others, as a busy host's: 8 % are good logins of thousands of users, 5 %
 * offences, most of few of tens of thousands of addresses.  With "raw" the bare
 * loop runs over the mix, and what it finds goes into tables like videur's by
 * SQLite alone.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "rules/rules.h"

enum {
	ROUNDS = 5,
	RAW_COMMIT = 2048, /* rows of one transaction */
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
	"dovecot: imap(joe)<%u><XkDfANJgFd/AAAIf>: Disconnected: Logged out "
	"in=8 out=468 deleted=0 expunged=0 trashed=0 hdr_count=0",
	"CRON[%u]: (root) CMD (command -v debian-sa1 > /dev/null)",
	"systemd[1]: Started session-%u.scope - Session %u of user root.",
	"postfix/anvil[%u]: statistics: max connection rate 1/60s for "
	"(smtp:%a) at Nov 21 23:47:28",
	"kernel: [%u.283] [UFW BLOCK] IN=eth0 OUT= SRC=%a DST=192.0.2.25",
	"dovecot: imap-login: Login: user=<joe>, method=PLAIN, rip=%a, "
	"lip=192.0.2.25, mpid=%u, TLS, session=<XkDfANJgFd/AAAIf>",
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

/* %n is a user of thousands, %b an address of hers. */
static const char login
    [] = "dovecot: imap-login: Login: user=<user%n>, method=PLAIN, rip=%b, "
	 "lip=192.0.2.25, mpid=%u, TLS, session=<XkDfANJgFd/AAAIf>";

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

/* Whether the lines are the mix. */
static bool mix;

/* In the mix one in eight is of who tries most in those ten minutes, the others
 * of 45,000 of which some do more. */
static void
add_address(struct text *out, unsigned at)
{
	const uint32_t which = next_random() % 45000 * (next_random() % 45000) /
			       45000;

	if (!mix) {
		text_addf(out, "203.0.113.%u", next_random() % 250);
	} else if (next_random() % 8 == 0) {
		text_addf(out, "185.255.%u.7", at / 600 % 250);
	} else {
		text_addf(out, "185.%u.%u.7", which / 250, which % 250);
	}
}

static void
add_line(struct text *out, const char *template, unsigned at)
{
	uint32_t user = next_random() % 5000;

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
			add_address(out, at);
		} else if (*template == 'n') {
			text_addf(out, "%u", user);
		} else if (*template == 'b') {
			text_addf(out, "46.%u.%u.7", user / 250, user % 250);
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

static const char *
template_of(size_t i)
{
	if (i % 20 == 19) {
		return offences[i / 20 %
				(sizeof(offences) / sizeof(offences[0]))];
	}
	return mix && (i % 25 == 6 || i % 25 == 18)
		   ? login
		   : innocent[i %
			      (sizeof(innocent) / sizeof(innocent[0]) - mix)];
}

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
		char *copy;

		text_init(&out, buf, sizeof(buf));
		add_line(&out, template_of(i), (unsigned)(i / 12));
		copy = strdup(buf);
		if (copy == NULL) {
			abort();
		}
		lines.line[i] = (struct log_line){ .text = copy,
			.len = out.len };
		lines.offences += i % 20 == 19;
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

static pcre2_code *
bare_code(void)
{
	int number;
	size_t where;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)alternation,
	    PCRE2_ZERO_TERMINATED, PCRE2_NO_AUTO_CAPTURE | PCRE2_DUPNAMES,
	    &number, &where, NULL);

	if (code == NULL || pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) != 0) {
		(void)fprintf(
		    stderr, "the bare pattern: wrong at %zu\n", where);
		exit(1); /* NOLINT(concurrency-mt-unsafe) */
	}
	return code;
}

/* With `found`, what it does with each line that matches. */
static double
run_bare(const struct lines *lines,
    void (*found)(void *to, size_t i, const char *line, const size_t *group),
    void *to)
{
	pcre2_code *code = bare_code();
	pcre2_match_data *data = pcre2_match_data_create_from_pattern(
	    code, NULL);
	double began = cpu_seconds();
	size_t matched = 0;

	for (size_t i = 0; i < lines->count; i++) {
		const char *line = lines->line[i].text;
		const int groups = pcre2_jit_match(code, (PCRE2_SPTR)line,
		    lines->line[i].len, 0, 0, data, NULL);

		matched += groups > 0;
		if (found != NULL && groups > 0) {
			found(to, i, line,
			    &pcre2_get_ovector_pointer(data)[2L * groups - 2]);
		}
	}
	began = cpu_seconds() - began;
	pcre2_match_data_free(data);
	pcre2_code_free(code);
	if (matched < lines->offences) {
		(void)fprintf(
		    stderr, "the bare loop found only %zu\n", matched);
		exit(1); /* NOLINT(concurrency-mt-unsafe) */
	}
	return began;
}

/* What the mix tells, into tables like videur's, by SQLite alone: a row for
 * each offence, and the hour's tally for it and for each good login. */
struct raw {
	sqlite3 *db;
	sqlite3_stmt *event;
	sqlite3_stmt *tally;
	size_t events;
};

static const char raw_schema[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
    "PRAGMA wal_autocheckpoint = 4000;"
    "CREATE TABLE event (id INTEGER PRIMARY KEY, client TEXT, address TEXT,"
    " kind TEXT, at INTEGER, source TEXT, key TEXT, detail TEXT);"
    "CREATE INDEX event_by_client ON event (client, kind, at, key);"
    "CREATE TABLE tally (id INTEGER PRIMARY KEY, client TEXT, hour INTEGER,"
    " auth INTEGER, logins INTEGER, UNIQUE (client, hour)); BEGIN";

static void
put_raw(void *to, size_t i, const char *line, const size_t *group)
{
	struct raw *raw = to;
	const char *ip = line + group[0];
	const int len = (int)(group[1] - group[0]);
	const bool offence = i % 20 == 19;

	if (!offence && strstr(line, ": Login: ") == NULL) {
		return;
	}
	if (offence) {
		(void)sqlite3_bind_text(raw->event, 1, ip, len, SQLITE_STATIC);
		(void)sqlite3_bind_int64(raw->event, 2, (int64_t)i / 12);
		(void)sqlite3_step(raw->event);
		(void)sqlite3_reset(raw->event);
	}
	(void)sqlite3_bind_text(raw->tally, 1, ip, len, SQLITE_STATIC);
	(void)sqlite3_bind_int64(raw->tally, 2, (int64_t)i / 43200);
	(void)sqlite3_bind_int(raw->tally, 3, offence);
	(void)sqlite3_step(raw->tally);
	(void)sqlite3_reset(raw->tally);
	if (++raw->events % RAW_COMMIT == 0) {
		(void)sqlite3_exec(raw->db, "COMMIT; BEGIN", NULL, NULL, NULL);
	}
}

static void
run_raw(const struct lines *lines, const char *path)
{
	struct raw raw = { .events = 0 };
	double seconds = cpu_seconds();

	if (sqlite3_open(path, &raw.db) != SQLITE_OK ||
	    sqlite3_exec(raw.db, raw_schema, NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(raw.db,
		"INSERT INTO event (client, address, kind, at, source, key)"
		" VALUES (?1, ?1, 'auth', ?2, 'postfix', '0123456789abcdef')",
		-1, &raw.event, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(raw.db,
		"INSERT INTO tally (client, hour, auth, logins)"
		" VALUES (?1, ?2, ?3, 1 - ?3) ON CONFLICT DO UPDATE"
		" SET auth = auth + excluded.auth,"
		" logins = logins + excluded.logins",
		-1, &raw.tally, NULL) != SQLITE_OK) {
		(void)fprintf(stderr, "%s: %s\n", path, sqlite3_errmsg(raw.db));
		exit(1); /* NOLINT(concurrency-mt-unsafe) */
	}
	(void)run_bare(lines, put_raw, &raw);
	(void)sqlite3_finalize(raw.event);
	(void)sqlite3_finalize(raw.tally);
	(void)sqlite3_exec(raw.db, "COMMIT", NULL, NULL, NULL);
	(void)sqlite3_close(raw.db);
	(void)printf("  raw        %.3f\n",
	    (cpu_seconds() - seconds) * 1e6 / (double)lines->count);
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
		(void)fprintf(stderr, "usage: rules_parse [LINES [print | mix "
				      "| raw DATABASE]]\n");
		return 2;
	}
	mix = argc > 2 && strcmp(argv[2], "print") != 0;
	lines = make_lines((size_t)count);
	if (argc > 2) {
		if (argc > 3) {
			run_raw(&lines, argv[3]);
		} else {
			print_lines(&lines);
		}
		free_lines(&lines);
		rules_free(rules);
		return 0;
	}
	for (int i = 0; i < ROUNDS; i++) {
		ours = smaller(ours, run_rules(rules, &lines));
		bare = smaller(bare, run_bare(&lines, NULL, NULL));
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
