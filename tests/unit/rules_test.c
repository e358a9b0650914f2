#include "rows.h"
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
	struct rows rows;

	rows_open(&rows, "rules.rows", "sessions");
	while (rows_next(&rows)) {
		char line[256];
		struct finding finding;

		(void)snprintf(line, sizeof(line),
		    AT "postfix/smtpd[9]: disconnect from h.test[192.0.2.9]%s",
		    rows.field[0]);
		check_int(
		    rows.sentence, tried_match(*state, line, &finding), true);
		check_int(rows.sentence, finding.what, FINDING_SESSION);
		rows_check_int(&rows, 1, finding.recipients);
		rows_check_int(&rows, 2, finding.messages);
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
