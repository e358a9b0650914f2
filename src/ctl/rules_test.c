#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "ctl/ctl.h"
#include "ctl/print.h"
#include "ctl/progress.h"
#include "ctl/rules.h"
#include "ctl/rules_count.h"
#include "logs/log_lines.h"
#include "replay/scratch.h"

enum {
	LOOK_LINES = 4096 /* between two looks at the clock */
};

struct test {
	struct ctl *ctl;
	struct rules *rules;
	struct rules_scratch *scratch;
	struct scratch senders; /* of messages, by queue id */
	struct progress progress;
	bool json;
	bool unmatched; /* the lines that gave nothing are asked for */
	bool headed;    /* the head of the columns stands there */
	bool said;      /* something stands above the totals */
	struct rules_count count;
	int64_t began; /* in milliseconds */
};

/* ---- one line ---- */

static void
say_match(struct test *test, int64_t number, const struct finding *finding)
{
	char address[ADDR_TEXT_SIZE];
	int width = (int)test->count.width;

	if (!test->headed) {
		test->headed = true;
		test->said = true;
		print_line("%8s  %-*s  %-10s  %6s  %s", "LINE", width, "RULE",
		    "KIND", "EVENTS", "ADDRESS");
	}
	print_line("%8" PRId64 "  %-*s  %-10s  %6d  %s", number, width,
	    finding->rule, kind_name(finding->kind), finding->events,
	    addr_format(&finding->address, address));
}

static void
say_match_json(int64_t number, const struct finding *finding)
{
	char address[ADDR_TEXT_SIZE];
	struct json json;

	print_json_begin(&json);
	json_object(&json, NULL);
	json_int(&json, "line", number);
	json_string(&json, "rule", finding->rule);
	json_string(&json, "kind", kind_name(finding->kind));
	json_string(&json, "address", addr_format(&finding->address, address));
	json_int(&json, "events", finding->events);
	json_object_end(&json);
	print_json_end(&json);
}

static void
say_unmatched(struct test *test, int64_t number, const struct log_line *line)
{
	char text[RULES_LINE_MAX + 1];
	struct json json;

	for (size_t i = 0; i < line->len; i++) {
		text[i] = line->text[i];
		if (text[i] == '\0') {
			text[i] = '?';
		}
	}
	text[line->len] = '\0';
	if (!test->json) {
		test->said = true;
		printf("%8" PRId64 "  ", number);
		print_safe(stdout, text);
		putchar('\n');
		return;
	}
	print_json_begin(&json);
	json_object(&json, NULL);
	json_int(&json, "line", number);
	json_string(&json, "text", text);
	json_object_end(&json);
	print_json_end(&json);
}

static void
take_offence(struct test *test, int64_t number, const struct finding *finding)
{
	rules_count_add(&test->count, finding);
	if (test->unmatched) {
		return;
	}
	if (test->json) {
		say_match_json(number, finding);
	} else {
		say_match(test, number, finding);
	}
}

static void
take_line(struct test *test, int64_t number, const struct log_line *line,
    struct rules_clock *clock)
{
	struct finding finding;
	bool nothing;

	test->count.lines++;
	nothing = !rules_match(
	    test->rules, test->scratch, line, clock, &finding);
	if (!nothing && finding.what == FINDING_OFFENCE) {
		nothing = scratch_sender_is_user(&test->senders, &finding);
		test->count.spared += nothing;
		if (!nothing) {
			take_offence(test, number, &finding);
		}
	} else if (!nothing) {
		rules_count_add(&test->count, &finding);
		if (finding.what == FINDING_QUEUE) {
			scratch_keep_sender(&test->senders, &finding);
		}
	}
	if (nothing && test->unmatched) {
		say_unmatched(test, number, line);
	}
}

/* ---- one file ---- */

static enum exit_status
read_lines(struct test *test, struct log_reader *reader)
{
	struct rules_clock clock = rules_clock(
	    reader->facts.written != INT64_MIN ? reader->facts.written
					       : test->ctl->now);
	struct log_line line = { .tag = NULL };
	enum log_reader_result result;

	while ((result = log_reader_next(reader, &line.text, &line.len)) ==
	       LOG_READER_LINE) {
		take_line(test, reader->number, &line, &clock);
		if (test->senders.failed) {
			return ctl_failed(test->ctl, STORE_FAILED);
		}
		if (test->count.lines % LOOK_LINES == 0) {
			progress_step(&test->progress, reader->file.taken,
			    reader->facts.on_disk, test->count.lines,
			    proc_ticks());
		}
	}
	progress_end(&test->progress);
	if (result == LOG_READER_FAILED) {
		print_complaint("%s", reader->error);
		return EXIT_USAGE;
	}
	return EXIT_FINE;
}

static enum exit_status
read_file(struct test *test, const char *path)
{
	char error[LOG_ERROR_SIZE];
	struct log_reader *reader = log_reader_open(path, error);
	enum exit_status status;

	if (reader == NULL) {
		print_complaint("%s", error);
		return EXIT_USAGE;
	}
	if (!test->json && test->ctl->args.files > 1) {
		print_line("%s:", reader->name);
		test->said = true;
		test->headed = false;
	}
	status = read_lines(test, reader);
	log_reader_close(reader);
	return status;
}

/* ---- all ---- */

static enum exit_status
read_files(struct test *test)
{
	const struct args *args = &test->ctl->args;
	enum exit_status status = EXIT_FINE;

	scratch_begin(&test->senders, test->ctl->store, test->ctl->conf);
	for (size_t i = 0; i < args->files && status == EXIT_FINE; i++) {
		status = read_file(test, args->file[i]);
	}
	if (status != EXIT_FINE) {
		return status;
	}
	if (!test->json) {
		if (test->said) {
			putchar('\n');
		}
		rules_count_say(&test->count, proc_ticks() - test->began);
	}
	return test->count.matched > 0 ? EXIT_FINE : EXIT_NO;
}

static struct test *
test_new(struct ctl *ctl, struct rules *rules)
{
	struct test *test = calloc(1, sizeof(*test));

	if (test == NULL) {
		return NULL;
	}
	test->ctl = ctl;
	test->rules = rules;
	test->json = args_given(&ctl->args, OPTION_JSON);
	test->unmatched = args_given(&ctl->args, OPTION_UNMATCHED);
	test->began = proc_ticks();
	/* Rows on the same terminal show well enough that it goes on. */
	test->progress = progress_begin(
	    isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO) ? stderr : NULL,
	    test->began);
	rules_count_begin(&test->count, rules);
	test->scratch = rules_scratch_new(rules);
	if (test->scratch == NULL) {
		free(test);
		return NULL;
	}
	return test;
}

enum exit_status
rules_test(struct ctl *ctl)
{
	struct rules *rules = rules_of(ctl);
	struct test *test;
	enum exit_status status = EXIT_DATABASE;

	if (rules == NULL) {
		return EXIT_USAGE;
	}
	test = test_new(ctl, rules);
	if (test == NULL) {
		print_complaint("out of memory");
	} else {
		status = read_files(test);
		rules_scratch_free(test->scratch);
		free(test);
	}
	rules_free(rules);
	return status;
}
