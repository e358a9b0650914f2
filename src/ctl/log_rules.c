#include "ctl/ctl.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/progress.h"
#include "intake/intake.h"
#include "logs/log_file.h"
#include "replay/scratch.h"
#include "rules/rules.h"

enum {
	LOOK_LINES = 4096, /* between two looks at the clock */
	COUNTS_MAX = 512   /* more rules are counted in all only */
};

/* The word for what a rule finds: an offence's kind, or "login", "queue" ... */
static const char *
finds(enum finding_what what, enum kind kind)
{
	return what == FINDING_OFFENCE ? kind_name(kind) : finding_word(what);
}

/* ---- rules list ---- */

struct rule_row {
	struct rules_info info;
	const char *finds;
	const char *finding;
	const char *kind;
	const char *meaning;
};

static const struct layout rule_layout = {
	.column = {
	    { "name", OF(rule_row, info.name), "NAME", 0 },
	    { "finds", OF(rule_row, finds), "FINDS", COLUMN_PEOPLE },
	    { "finding", OF(rule_row, finding), NULL, 0 },
	    { "kind", OF(rule_row, kind), NULL, 0 },
	    { "tags", OF(rule_row, info.tags), NULL, 0 },
	    { "file", OF(rule_row, info.file), "FILE", 0 },
	    { "about", OF(rule_row, info.about), NULL, 0 },
	    { "meaning", OF(rule_row, meaning), "ABOUT", COLUMN_WRAP | COLUMN_PEOPLE },
	},
};

static void
put_rule(void *to, const struct rules_info *info)
{
	const struct rule_row row = {
		.info = *info,
		.finds = finds(info->what, info->kind),
		.finding = finding_word(info->what),
		.kind = info->what == FINDING_OFFENCE ? kind_name(info->kind)
						      : NULL,
		.meaning = piece("%s: %s", info->tags, info->about),
	};

	(void)to;
	output_record(&row);
}

enum exit_status
rules_list(struct ctl *ctl)
{
	struct rules *rules = ctl_rules(ctl);

	if (rules == NULL) {
		return EXIT_USAGE;
	}
	output_table(NULL, &rule_layout);
	rules_each(rules, put_rule, NULL);
	output_end();
	rules_free(rules);
	return EXIT_FINE;
}

/* ---- rules test: what is counted ---- */

/* What one rule matched. */
struct rule_count {
	const char *rule; /* borrowed */
	const char *finds;
	int64_t lines;
	int64_t events; /* of an offence */
};

struct test {
	struct ctl *ctl;
	struct rules *rules;
	struct rules_scratch *scratch;
	struct scratch senders; /* of messages, by queue id */
	struct progress progress;
	struct layout table; /* of the lines that are shown */
	bool unmatched;      /* those that gave nothing, not those that match */
	bool shown;          /* something stands above the totals */
	int64_t began;       /* in milliseconds */

	struct rule_count rule[COUNTS_MAX];
	size_t counts;
	int64_t lines;
	int64_t matched; /* lines that tell of an offence */
	int64_t events;
	int64_t spared; /* such lines too, of clients that had logged in */
	int64_t others; /* lines that tell of something else */
};

static void
begin_count(void *to, const struct rules_info *info)
{
	struct test *test = to;
	unsigned width = (unsigned)strlen(info->name) * COLUMN_WIDTH;

	if (!test->unmatched && info->what == FINDING_OFFENCE &&
	    width > test->table.column[1].flags) {
		test->table.column[1].flags = width;
	}
	if (test->counts < COUNTS_MAX) {
		test->rule[test->counts++] = (struct rule_count){
			.rule = info->name,
			.finds = finds(info->what, info->kind),
		};
	}
}

static void
count(struct test *test, const struct finding *finding)
{
	bool offence = finding->what == FINDING_OFFENCE;
	int events = offence ? finding->events : 0;

	test->matched += offence;
	test->others += !offence;
	test->events += events;
	for (size_t i = 0; i < test->counts; i++) {
		if (test->rule[i].rule == finding->rule) {
			test->rule[i].lines++;
			test->rule[i].events += events;
			return;
		}
	}
}

static const struct layout count_layout = {
	.column = {
	    { "rule", OF(rule_count, rule), "RULE", 0 },
	    { "finds", OF(rule_count, finds), "FINDS", 0 },
	    { "lines", OF(rule_count, lines), "LINES", COLUMN_RIGHT },
	    { "events", OF(rule_count, events), "EVENTS",
	        COLUMN_RIGHT | COLUMN_OPTIONAL },
	},
	.people = true,
};

static void
put_counts(const struct test *test)
{
	output_table(NULL, &count_layout);
	for (size_t i = 0; i < test->counts; i++) {
		if (test->rule[i].lines > 0) {
			output_record(&test->rule[i]);
		}
	}
	if (output_end() > 0) {
		output_gap();
	}
}

static void
put_totals(const struct test *test)
{
	int64_t took = proc_ticks() - test->began;

	took = took > 0 ? took : 1;
	output_line("lines", "%" PRId64, test->lines);
	output_line("matched", "%" PRId64 ", %s", test->matched,
	    piece_count(test->events, "event", "events"));
	if (test->others > 0) {
		output_line("",
		    "%" PRId64
		    " other lines matched (sessions, logins, queue ids)",
		    test->others);
	}
	output_line("unmatched", "%" PRId64,
	    test->lines - test->matched - test->others);
	if (test->spared > 0) {
		output_line("",
		    "%" PRId64 " of them of clients that had logged in",
		    test->spared);
	}
	output_line("seconds",
	    "%" PRId64 ".%03" PRId64 ", %" PRId64 " lines a second",
	    took / 1000, took % 1000, test->lines * 1000 / took);
}

/* ---- rules test: lines ---- */

struct line_row {
	int64_t line;
	const char *rule;
	enum kind kind;
	int64_t events;
	struct addr address;
	const char *text;
};

static const struct layout match_layout = {
	.column = {
	    { "line", OF(line_row, line), "LINE", COLUMN_RIGHT | 8 * COLUMN_WIDTH },
	    { "rule", OF(line_row, rule), "RULE", 0 },
	    { "kind", OF(line_row, kind), "KIND", 10 * COLUMN_WIDTH },
	    { "address", OF(line_row, address), "ADDRESS", 15 * COLUMN_WIDTH },
	    { "events", OF(line_row, events), "EVENTS", COLUMN_RIGHT },
	},
	.lines = true,
	.stream = true,
};

static const struct layout unmatched_layout = {
	.column = {
	    { "line", OF(line_row, line), "", COLUMN_RIGHT | 8 * COLUMN_WIDTH },
	    { "text", OF(line_row, text), "", 0 },
	},
	.lines = true,
	.stream = true,
};

static void
take_line(struct test *test, int64_t number, const struct log_line *line,
    struct rules_clock *clock)
{
	char text[RULES_LINE_MAX + 1];
	struct line_row row = { .line = number, .text = text };
	struct finding finding;
	bool found = rules_match(
	    test->rules, test->scratch, line, clock, &finding);

	test->lines++;
	if (found && finding.what == FINDING_OFFENCE &&
	    scratch_sender_is_user(&test->senders, &finding)) {
		test->spared++;
		found = false;
	}
	if (found) {
		count(test, &finding);
	}
	if (found && finding.what == FINDING_QUEUE) {
		scratch_keep_sender(&test->senders, &finding);
	}
	if (test->unmatched && !found) {
		for (size_t i = 0; i < line->len; i++) {
			text[i] = line->text[i];
			if (text[i] == '\0') {
				text[i] = '?';
			}
		}
		text[line->len] = '\0';
		output_record(&row);
	} else if (!test->unmatched && found &&
		   finding.what == FINDING_OFFENCE) {
		row.rule = finding.rule;
		row.kind = intake_kind(test->ctl->conf, &finding);
		row.events = finding.events;
		row.address = finding.address;
		output_record(&row);
	}
}

static enum exit_status
read_file(struct test *test, const char *path)
{
	char error[LOG_ERROR_SIZE];
	struct log_reader *reader = log_reader_open(path, error);
	enum log_reader_result result;
	struct log_line line = { .tag = NULL };
	struct rules_clock clock;

	if (reader == NULL) {
		output_complain("%s", error);
		return EXIT_USAGE;
	}
	if (test->ctl->args->files > 1) {
		output_say("%s:", reader->name);
		test->shown = true;
	}
	clock = rules_clock(reader->stat.written != INT64_MIN
				? reader->stat.written
				: test->ctl->now,
	    test->ctl->conf->watch.zone);
	output_table(NULL, &test->table);
	while ((result = log_reader_next(reader, &line.text, &line.len)) ==
		   LOG_READER_LINE &&
	       scratch_is_well(&test->senders)) {
		take_line(test, reader->number, &line, &clock);
		if (test->lines % LOOK_LINES == 0) {
			progress_step(&test->progress, reader->file.taken,
			    reader->stat.on_disk, test->lines, proc_ticks());
		}
	}
	progress_end(&test->progress);
	test->shown |= output_end() > 0;
	if (result == LOG_READER_FAILED) {
		output_complain("%s", reader->error);
	}
	log_reader_close(reader);
	if (!scratch_is_well(&test->senders)) {
		(void)ctl_well(test->ctl, STORE_FAILED);
		return EXIT_DATABASE;
	}
	return result == LOG_READER_END ? EXIT_FINE : EXIT_USAGE;
}

enum exit_status
rules_test(struct ctl *ctl)
{
	static struct test test; /* too large for a stack */
	const struct args *args = ctl->args;
	struct rules *rules = ctl_rules(ctl);
	enum exit_status status = EXIT_FINE;

	if (rules == NULL) {
		return EXIT_USAGE;
	}
	test.ctl = ctl;
	test.rules = rules;
	test.scratch = rules_scratch_new(rules);
	if (test.scratch == NULL) {
		output_complain("out of memory");
		rules_free(rules);
		return EXIT_DATABASE;
	}
	test.unmatched = args->value[OPTION_UNMATCHED] != NULL;
	test.table = test.unmatched ? unmatched_layout : match_layout;
	rules_each(rules, begin_count, &test);
	test.began = proc_ticks();
	/* Rows on the same terminal show well enough that it goes on. */
	test.progress = progress_begin(
	    isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO) ? stderr : NULL,
	    test.began);
	scratch_begin(&test.senders, ctl->store, ctl->conf);
	for (size_t i = 0; i < args->files && status == EXIT_FINE; i++) {
		status = read_file(&test, args->file[i]);
	}
	if (status == EXIT_FINE) {
		if (test.shown) {
			output_gap();
		}
		put_counts(&test);
		put_totals(&test);
		status = test.matched > 0 ? EXIT_FINE : EXIT_NO;
	}
	rules_scratch_free(test.scratch);
	rules_free(rules);
	return status;
}
