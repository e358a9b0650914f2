#include "rules_fixture.h"

#define AT "Nov 21 23:44:51 mx "

/* ---- what the shipped rules make of a line ---- */

static void
check_row(struct tried *tried, const char *sentence, const char *line,
    const char *want)
{
	char got[1024] = "nothing";
	char address[ADDR_TEXT_SIZE];
	struct finding finding;

	if (tried_match_daemon(tried, line, &finding)) {
		(void)snprintf(got, sizeof(got), "%s %s %d %s %s%s%s",
		    finding.rule, addr_format(&finding.address, address),
		    finding.events,
		    finding.queue[0] != '\0' ? finding.queue : "-",
		    finding.user[0] != '\0' ? finding.user : "-",
		    finding.heuristic ? " heuristic" : "",
		    finding.null_sender ? " <>" : "");
		check_int(sentence, finding.at, TRIED_AT);
	}
	check_text(sentence, got, want);
}

static void
lines_are_understood(void **state)
{
	data_rows("rules.lines", *state, check_row);
}

/* ---- what was accepted ---- */

static void
sessions_are_read_with_what_they_accepted(void **state)
{
	static const struct {
		const char *sentence;
		const char *counts;
		int64_t recipients;
		int64_t messages;
	} rows[] = {
		{ "one message",
		    " ehlo=2 starttls=1 mail=1 rcpt=1 data=1 "
		    "quit=1 commands=7",
		    1, 1 },
		{ "some recipients were refused",
		    " ehlo=1 mail=1/2 rcpt=3/10 data=1 quit=1 commands=7/14", 3,
		    1 },
		{ "none were accepted",
		    " ehlo=1 mail=1 rcpt=0/20 commands=3/24", 0, 0 },
		{ "in chunks: one message, whatever bdat says",
		    " ehlo=1 mail=1 rcpt=2 bdat=7 quit=1 commands=12", 2, 1 },
		{ "nothing but hello", " ehlo=1 quit=1 commands=2", 0, 0 },
		{ "a failed login and then a message",
		    " ehlo=1 auth=0/1 mail=1 rcpt=1 data=1 quit=1 commands=4/5",
		    1, 1 },
		{ "who had logged in says nothing",
		    " ehlo=1 auth=1 mail=1 rcpt=1 data=1 quit=1 commands=6", 0,
		    0 },
		{ "who had logged in at the second try says nothing",
		    " ehlo=1 auth=1/2 mail=1 rcpt=1 data=1 quit=1 commands=6/7",
		    0, 0 },
		{ "an old Postfix counts nothing", "", 0, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char line[256];
		struct finding finding;

		(void)snprintf(line, sizeof(line),
		    AT "postfix/smtpd[9]: disconnect from h.test[192.0.2.9]%s",
		    rows[i].counts);
		check_int(rows[i].sentence, tried_match(*state, line, &finding),
		    true);
		check_int(rows[i].sentence, finding.what, FINDING_SESSION);
		check_int(
		    rows[i].sentence, finding.recipients, rows[i].recipients);
		check_int(rows[i].sentence, finding.messages, rows[i].messages);
	}
}

static void
findings_say_who_counts_and_where_from(void **state)
{
	static const struct {
		const char *sentence;
		const char *line;
		enum finding_what what;
		enum kind kind;
		const char *source;
		const char *file;
		bool milter_saw;
	} rows[] = {
		{ "the watcher's",
		    AT "postfix/smtpd[9]: too many errors after AUTH from "
		       "h.test[203.0.113.5]",
		    FINDING_OFFENCE, KIND_COMMAND, "postfix", "postfix-smtpd",
		    false },
		{ "the milter's",
		    AT "postfix/smtpd[9]: too many errors after RCPT from "
		       "h.test[203.0.113.5]",
		    FINDING_OFFENCE, KIND_COMMAND, "postfix", "postfix-smtpd",
		    true },
		{ "Amavis",
		    AT
		    "amavis[9]: (1-2) Blocked INFECTED (E) {RejectedInbound}, "
		    "[203.0.113.5]:5345 [203.0.113.5] <a@b.test> -> <>",
		    FINDING_OFFENCE, KIND_VIRUS, "amavis", "amavis", false },
		{ "the journal's own",
		    AT "systemd-journald[9]: Suppressed 2 messages from x",
		    FINDING_SUPPRESSED, KIND_COUNT, "journald", "journald",
		    false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct finding finding;

		check_int(rows[i].sentence,
		    tried_match(*state, rows[i].line, &finding), true);
		check_int(rows[i].sentence, finding.what, rows[i].what);
		check_int(rows[i].sentence, finding.kind, rows[i].kind);
		check_text(rows[i].sentence, finding.source, rows[i].source);
		check_text(rows[i].sentence, finding.file, rows[i].file);
		check_int(
		    rows[i].sentence, finding.milter_saw, rows[i].milter_saw);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_understood),
		cmocka_unit_test(sessions_are_read_with_what_they_accepted),
		cmocka_unit_test(findings_say_who_counts_and_where_from),
	};

	return cmocka_run_group_tests_name(
	    "rules", tests, tried_up, tried_down);
}
