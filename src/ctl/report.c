#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/bans.h"
#include "ctl/ctl.h"
#include "engine/engine.h"

enum {
	/* So many events a transaction: others get their turn in between. */
	CHUNK = 256,
	LINE_SIZE = 1024 /* the longest line, with its NUL */
};

/* One line, understood. */
struct report {
	struct addr address;
	enum kind kind;
	bool timed; /* else: when it is stored */
	int64_t at;
	int64_t line; /* of standard input; 0 for none */
};

/* What became of all so far. */
struct sum {
	int64_t stored;
	int64_t allowed; /* not counted */
	int64_t began;
};

/* The bans that begin with a chunk; said once they are committed. */
struct new_bans {
	struct ban ban[CHUNK * ENGINE_BANS_MAX];
	size_t bans;
	bool braked; /* one of them put the brake on */
};

static struct report
report_from(const struct args *args)
{
	return (struct report){
		.address = args->address,
		.kind = args->kind,
		.timed = args_given(args, OPTION_AT),
		.at = args->at,
	};
}

/* ---- storing ---- */

/* Store a chunk in one transaction; `sum` grows only where all went well. */
static enum exit_status
store_chunk(struct ctl *ctl, const struct report *report, size_t count,
    struct sum *sum, struct new_bans *new)
{
	struct sum next = *sum;
	char subject[ADDR_TEXT_SIZE] = "stdin";
	char note[OUTPUT_COUNT_SIZE];
	enum exit_status status;

	new->bans = 0;
	new->braked = false;
	store_begin(ctl->store);
	for (size_t i = 0; i < count; i++) {
		const struct observation seen = {
			.address = report[i].address,
			.kind = report[i].kind,
			.at = report[i].timed ? report[i].at : ctl->now,
			.source = "report",
			.detail = ctl->args.detail,
		};
		struct outcome outcome;

		engine_observe(
		    ctl->store, ctl->conf, &seen, NULL, ctl->now, &outcome);
		next.stored += outcome.stored;
		next.allowed += !outcome.stored;
		next.began += (int64_t)outcome.bans;
		for (size_t n = 0; n < outcome.bans; n++) {
			new->ban[new->bans++] = outcome.ban[n];
		}
		new->braked |= outcome.braked;
	}
	if (report[0].line == 0) {
		addr_format(&report[0].address, subject);
	}
	output_count(next.stored - sum->stored, "event", "events", note);
	status = ctl_commit(ctl, "report", subject, note);
	if (status == EXIT_FINE) {
		*sum = next;
	}
	return status;
}

static void
say_new_bans(struct ctl *ctl, const struct new_bans *new)
{
	for (size_t i = 0; i < new->bans; i++) {
		bans_began(ctl, &new->ban[i]);
	}
	if (new->braked) {
		engine_log_brake(ctl->conf);
	}
}

/* Too large for the stack; NULL after a complaint. */
static struct new_bans *
new_bans_make(void)
{
	struct new_bans *new = malloc(sizeof(*new));

	if (new == NULL) {
		output_complain("out of memory");
	}
	return new;
}

enum exit_status
report_one(struct ctl *ctl)
{
	const struct report report = report_from(&ctl->args);
	struct new_bans *new = new_bans_make();
	struct sum sum = { .stored = 0 };
	char address[ADDR_TEXT_SIZE];
	enum exit_status status;

	if (new == NULL) {
		return EXIT_DATABASE;
	}
	status = store_chunk(ctl, &report, 1, &sum, new);
	if (status == EXIT_FINE && sum.stored > 0) {
		output_say(&ctl->out, "1 event stored");
		say_new_bans(ctl, new);
	} else if (status == EXIT_FINE) {
		output_say(&ctl->out,
		    "0 events stored: %s is allowed or never banned",
		    addr_format(&report.address, address));
	}
	free(new);
	return status;
}

/* ---- reading lines ---- */

enum reading {
	LINE_READ,
	LINE_LONG,
	LINE_BINARY,
	LINE_END
};

/* Read up to the next line's end; a longer line is left half read. */
static enum reading
read_line(FILE *from, char line[static LINE_SIZE])
{
	size_t len = 0;
	int c;

	while ((c = getc(from)) != EOF && c != '\n') {
		if (c == '\0') {
			return LINE_BINARY;
		}
		if (len + 1 == LINE_SIZE) {
			return LINE_LONG;
		}
		line[len++] = (char)c;
	}
	line[len] = '\0';
	return c == EOF && len == 0 ? LINE_END : LINE_READ;
}

/* Cut a line into words, in place; one more than fit are counted. */
static size_t
cut_words(char *line, const char *word[static ARGS_WORDS_MAX])
{
	static const char blanks[] = " \t\r";
	size_t words = 0;
	char *at = line + strspn(line, blanks);

	while (*at != '\0' && words < ARGS_WORDS_MAX) {
		size_t len = strcspn(at, blanks);

		word[words++] = at;
		at += len;
		if (*at != '\0') {
			*at++ = '\0';
			at += strspn(at, blanks);
		}
	}
	return words;
}

/* Understand a line; false with `error` where it cannot be, or with an empty
 * one where nothing stands there. */
static bool
read_report(
    char *line, struct report *report, char error[static ARGS_ERROR_SIZE])
{
	static const struct syntax syntax = {
		{ ARGUMENT_KIND, ARGUMENT_ADDRESS }, OPTION_AT
	};
	const char *word[ARGS_WORDS_MAX];
	size_t count = cut_words(line, word);
	struct args_words words;
	struct args args;

	error[0] = '\0';
	if (count == 0 || word[0][0] == '#') {
		return false;
	}
	args_split(word, count, &words);
	if (!args_read(&words, "report", 0, &syntax, &args)) {
		return text_copy(error, ARGS_ERROR_SIZE, words.error) && false;
	}
	*report = report_from(&args);
	return true;
}

static bool
complain_line(int64_t number, const char *what)
{
	char line[ARGS_ERROR_SIZE + 32];

	(void)snprintf(
	    line, sizeof(line), "stdin:%" PRId64 ": %s", number, what);
	output_wrong(line);
	return false;
}

/* Understand all of `from` into `spool`; false after a complaint. */
static bool
spool_lines(FILE *from, FILE *spool)
{
	char line[LINE_SIZE];
	char error[ARGS_ERROR_SIZE];
	struct report report;
	enum reading read;
	int64_t number = 1;

	for (; (read = read_line(from, line)) == LINE_READ; number++) {
		memset(&report, 0, sizeof(report));
		if (read_report(line, &report, error)) {
			report.line = number;
			if (fwrite(&report, sizeof(report), 1, spool) != 1) {
				return complain_line(
				    number, "no room to keep the lines");
			}
		} else if (error[0] != '\0') {
			return complain_line(number, error);
		}
	}
	if (read == LINE_LONG) {
		return complain_line(number, "longer than 1023 bytes");
	}
	if (read == LINE_BINARY) {
		return complain_line(number, "a NUL byte");
	}
	return !ferror(from) || complain_line(number, "cannot be read");
}

/* A file keeps what was understood, for a pipe cannot be read twice and may
 * hold more than memory does. */
enum exit_status
report_lines_check(struct ctl *ctl)
{
	ctl->spool = tmpfile();
	if (ctl->spool == NULL) {
		output_complain(
		    "no temporary file: %s", strerrordesc_np(errno));
		return EXIT_USAGE;
	}
	if (!spool_lines(stdin, ctl->spool)) {
		return EXIT_USAGE;
	}
	if (fflush(ctl->spool) != 0) {
		output_complain(
		    "the temporary file: %s", strerrordesc_np(errno));
		return EXIT_USAGE;
	}
	rewind(ctl->spool);
	return EXIT_FINE;
}

enum exit_status
report_lines(struct ctl *ctl)
{
	struct new_bans *new = new_bans_make();
	struct report report[CHUNK] = { 0 };
	struct sum sum = { .stored = 0 };
	enum exit_status status = EXIT_FINE;
	size_t count;
	char events[OUTPUT_COUNT_SIZE];
	char bans[OUTPUT_COUNT_SIZE];

	if (new == NULL) {
		return EXIT_DATABASE;
	}
	while (status == EXIT_FINE && (count = fread(report, sizeof(report[0]),
					   CHUNK, ctl->spool)) > 0) {
		ctl->now = proc_now();
		status = store_chunk(ctl, report, count, &sum, new);
		if (status == EXIT_FINE) {
			say_new_bans(ctl, new);
		} else {
			output_complain("from line %" PRId64
					" on nothing is stored",
			    report[0].line);
		}
	}
	free(new);
	output_say(&ctl->out,
	    "%s stored, %" PRId64
	    " not counted since allowed or never banned, %s began",
	    output_count(sum.stored, "event", "events", events), sum.allowed,
	    output_count(sum.began, "ban", "bans", bans));
	return status;
}
