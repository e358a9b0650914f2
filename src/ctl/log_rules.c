#include "ctl/ctl.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/progress.h"
#include "intake/intake.h"
#include "logs/log_lines.h"
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

static const struct layout rule_layout = {
	.column = {
	    { "name", "NAME", 0, 0 },
	    { "finds", "FINDS", COLUMN_PEOPLE, 0 },
	    { "finding", NULL, 0, 0 },
	    { "kind", NULL, 0, 0 },
	    { "tags", NULL, 0, 0 },
	    { "file", "FILE", 0, 0 },
	    { "about", NULL, 0, 0 },
	    { "meaning", "ABOUT", COLUMN_WRAP | COLUMN_PEOPLE, 0 },
	},
};

static void
put_rule(void *to, const struct rules_info *info)
{
	struct output *out = to;

	output_row(out);
	output_string(out, "name", info->name);
	output_cell(out, "finds", "%s", finds(info->what, info->kind));
	output_string(out, "finding", finding_word(info->what));
	output_string(out, "kind",
	    info->what == FINDING_OFFENCE ? kind_name(info->kind) : NULL);
	output_string(out, "tags", info->tags);
	output_string(out, "file", info->file);
	output_string(out, "about", info->about);
	output_cell(out, "meaning", "%s: %s", info->tags, info->about);
	output_end(out);
}

enum exit_status
rules_list(struct ctl *ctl)
{
	struct rules *rules = ctl_rules(ctl);

	if (rules == NULL) {
		return EXIT_USAGE;
	}
	output_table(&ctl->out, NULL, &rule_layout);
	rules_each(rules, put_rule, &ctl->out);
	output_end(&ctl->out);
	rules_free(rules);
	return EXIT_FINE;
}

/* ---- rules test: what is counted ---- */

/* What one rule matched. */
struct rule_count {
	const char *rule; /* borrowed */
	enum finding_what what;
	enum kind kind;
	int64_t lines;
	int64_t events;
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
	size_t width = strlen(info->name);

	if (info->what == FINDING_OFFENCE &&
	    width > test->table.column[1].width) {
		test->table.column[1].width = width;
	}
	if (test->counts < COUNTS_MAX) {
		test->rule[test->counts++] = (struct rule_count){
			.rule = info->name,
			.what = info->what,
			.kind = info->kind,
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

static void
put_counts(struct output *out, const struct test *test)
{
	static const struct layout table = {
		.column = {
		    { "rule", "RULE", 0, 0 },
		    { "finds", "FINDS", 0, 0 },
		    { "lines", "LINES", COLUMN_RIGHT, 0 },
		    { "events", "EVENTS", COLUMN_RIGHT, 0 },
		},
		.people = true,
	};

	output_table(out, NULL, &table);
	for (size_t i = 0; i < test->counts; i++) {
		const struct rule_count *rule = &test->rule[i];

		if (rule->lines == 0) {
			continue;
		}
		output_row(out);
		output_string(out, "rule", rule->rule);
		output_string(out, "finds", finds(rule->what, rule->kind));
		output_int(out, "lines", rule->lines);
		if (rule->what == FINDING_OFFENCE) {
			output_int(out, "events", rule->events);
		} else {
			output_none(out, "events");
		}
		output_end(out);
	}
	if (output_end(out) > 0) {
		output_gap(out);
	}
}

static void
put_totals(struct output *out, const struct test *test)
{
	int64_t took = proc_ticks() - test->began;
	char events[OUTPUT_COUNT_SIZE];

	took = took > 0 ? took : 1;
	output_line(out, "lines", "%" PRId64, test->lines);
	output_line(out, "matched", "%" PRId64 ", %s", test->matched,
	    output_count(test->events, "event", "events", events));
	if (test->others > 0) {
		output_line(out, "",
		    "%" PRId64
		    " other lines matched (sessions, logins, queue ids)",
		    test->others);
	}
	output_line(out, "unmatched", "%" PRId64,
	    test->lines - test->matched - test->others);
	if (test->spared > 0) {
		output_line(out, "",
		    "%" PRId64 " of them of clients that had logged in",
		    test->spared);
	}
	output_line(out, "seconds",
	    "%" PRId64 ".%03" PRId64 ", %" PRId64 " lines a second",
	    took / 1000, took % 1000, test->lines * 1000 / took);
}

/* ---- rules test: lines ---- */

static const struct layout match_layout = {
	.column = {
	    { "line", "LINE", COLUMN_RIGHT, 8 },
	    { "rule", "RULE", 0, 0 },
	    { "kind", "KIND", 0, 10 },
	    { "events", "EVENTS", COLUMN_RIGHT, 6 },
	    { "address", "ADDRESS", 0, 0 },
	},
	.lines = true,
	.stream = true,
};

static const struct layout unmatched_layout = {
	.column = {
	    { "line", "", COLUMN_RIGHT, 8 },
	    { "text", "", 0, 0 },
	},
	.lines = true,
	.stream = true,
};

static void
put_unmatched(struct output *out, int64_t number, const struct log_line *line)
{
	char text[RULES_LINE_MAX + 1];

	for (size_t i = 0; i < line->len; i++) {
		text[i] = line->text[i];
		if (text[i] == '\0') {
			text[i] = '?';
		}
	}
	text[line->len] = '\0';
	output_row(out);
	output_int(out, "line", number);
	output_string(out, "text", text);
	output_end(out);
}

static void
take_line(struct test *test, int64_t number, const struct log_line *line,
    struct rules_clock *clock)
{
	struct output *out = &test->ctl->out;
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
		put_unmatched(out, number, line);
	} else if (!test->unmatched && found &&
		   finding.what == FINDING_OFFENCE) {
		output_row(out);
		output_int(out, "line", number);
		output_string(out, "rule", finding.rule);
		output_string(out, "kind",
		    kind_name(intake_kind(test->ctl->conf, &finding)));
		output_addr(out, "address", &finding.address);
		output_int(out, "events", finding.events);
		output_end(out);
	}
}

static enum exit_status
read_file(struct test *test, const char *path)
{
	struct output *out = &test->ctl->out;
	char error[LOG_ERROR_SIZE];
	struct log_reader *reader = log_reader_open(path, error);
	enum log_reader_result result;
	struct log_line line = { .tag = NULL };
	struct rules_clock clock;

	if (reader == NULL) {
		output_complain("%s", error);
		return EXIT_USAGE;
	}
	if (test->ctl->args.files > 1) {
		output_say(out, "%s:", reader->name);
		test->shown = true;
	}
	clock = rules_clock(reader->stat.written != INT64_MIN
				? reader->stat.written
				: test->ctl->now,
	    test->ctl->conf->watch.zone);
	output_table(out, NULL, &test->table);
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
	test->shown |= output_end(out) > 0;
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
	const struct args *args = &ctl->args;
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
	test.unmatched = args_given(args, OPTION_UNMATCHED);
	test.table = match_layout;
	rules_each(rules, begin_count, &test);
	if (test.unmatched) {
		test.table = unmatched_layout;
	}
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
			output_gap(&ctl->out);
		}
		put_counts(&ctl->out, &test);
		put_totals(&ctl->out, &test);
		status = test.matched > 0 ? EXIT_FINE : EXIT_NO;
	}
	rules_scratch_free(test.scratch);
	rules_free(rules);
	return status;
}
