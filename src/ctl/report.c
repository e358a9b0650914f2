#include "ctl/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/ctl.h"
#include "ctl/print.h"
#include "ctl/say.h"
#include "engine/engine.h"

enum {
	/* So many deeds a transaction: others get their turn in between. */
	CHUNK = 256,
	LINE_SIZE = 1024 /* the longest line, with its NUL */
};

/* One line, understood. */
struct told {
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

/* The bans that begin with a chunk; told once they are committed. */
struct begun {
	struct ban ban[CHUNK * ENGINE_BANS_MAX];
	size_t bans;
	bool braked; /* one of them put the brake on */
};

static struct told
told_from(const struct args *args)
{
	return (struct told){
		.address = args->address,
		.kind = args->kind,
		.timed = args_given(args, OPTION_AT),
		.at = args->at,
	};
}

/* ---- storing ---- */

static enum store_result
store_one(struct ctl *ctl, const struct told *told, struct sum *sum,
    struct begun *begun)
{
	const struct deed deed = {
		.address = told->address,
		.kind = told->kind,
		.at = told->timed ? told->at : ctl->now,
		.source = "report",
		.detail = ctl->args.detail,
	};
	struct outcome outcome = { .bans = 0 };
	enum store_result result = engine_observe(
	    ctl->store, ctl->conf, &deed, NULL, ctl->now, &outcome);

	if (result != STORE_OK) {
		return result;
	}
	sum->stored += outcome.stored;
	sum->allowed += !outcome.stored;
	sum->began += (int64_t)outcome.bans;
	for (size_t i = 0; i < outcome.bans; i++) {
		begun->ban[begun->bans++] = outcome.ban[i];
	}
	begun->braked |= outcome.braked;
	return STORE_OK;
}

/* Store a chunk in one transaction; `sum` grows only where all went well. */
static enum store_result
store_chunk(struct ctl *ctl, const struct told *told, size_t count,
    struct sum *sum, struct begun *begun)
{
	enum store_result result = ctl_begin(ctl);
	struct sum next = *sum;
	char subject[ADDR_TEXT_SIZE] = "stdin";
	char note[PRINT_COUNT_SIZE];

	begun->bans = 0;
	begun->braked = false;
	for (size_t i = 0; i < count && result == STORE_OK; i++) {
		result = store_one(ctl, &told[i], &next, begun);
	}
	if (told[0].line == 0) {
		addr_format(&told[0].address, subject);
	}
	print_count(next.stored - sum->stored, "event", "events", note);
	if (result == STORE_OK) {
		result = ctl_commit(ctl, "report", subject, note);
	}
	if (result == STORE_OK) {
		*sum = next;
	}
	return result;
}

static void
tell_begun(const struct ctl *ctl, const struct begun *begun)
{
	for (size_t i = 0; i < begun->bans; i++) {
		say_began(&begun->ban[i], ctl->now);
	}
	if (begun->braked) {
		engine_log_brake(ctl->conf);
	}
}

/* Too large for the stack; NULL after a complaint. */
static struct begun *
begun_new(void)
{
	struct begun *begun = malloc(sizeof(*begun));

	if (begun == NULL) {
		print_complaint("out of memory");
	}
	return begun;
}

enum exit_status
report_one(struct ctl *ctl)
{
	const struct told told = told_from(&ctl->args);
	struct begun *begun = begun_new();
	struct sum sum = { .stored = 0 };
	char address[ADDR_TEXT_SIZE];
	enum store_result result;

	if (begun == NULL) {
		return EXIT_DATABASE;
	}
	result = store_chunk(ctl, &told, 1, &sum, begun);
	if (result == STORE_OK && sum.stored > 0) {
		print_line("1 event stored");
		tell_begun(ctl, begun);
	} else if (result == STORE_OK) {
		print_line("0 events stored: %s is allowed or never banned",
		    addr_format(&told.address, address));
	}
	free(begun);
	return result == STORE_OK ? EXIT_FINE : ctl_failed(ctl, result);
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
read_told(char *line, struct told *told, char error[static ARGS_ERROR_SIZE])
{
	static const struct grammar grammar = {
		{ ARGUMENT_KIND, ARGUMENT_ADDRESS }, 1U << OPTION_AT
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
	if (!args_read(&words, 0, &grammar, &args, error)) {
		return false;
	}
	*told = told_from(&args);
	return true;
}

static bool
complain_line(int64_t number, const char *what)
{
	fprintf(stderr, "stdin:%" PRId64 ": ", number);
	print_safe(stderr, what);
	putc('\n', stderr);
	return false;
}

/* Understand all of `from` into `spool`; false after a complaint. */
static bool
spool_lines(FILE *from, FILE *spool)
{
	char line[LINE_SIZE];
	char error[ARGS_ERROR_SIZE];
	struct told told;
	enum reading read;
	int64_t number = 1;

	for (; (read = read_line(from, line)) == LINE_READ; number++) {
		memset(&told, 0, sizeof(told));
		if (read_told(line, &told, error)) {
			told.line = number;
			if (fwrite(&told, sizeof(told), 1, spool) != 1) {
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
		print_complaint(
		    "no temporary file: %s", strerrordesc_np(errno));
		return EXIT_USAGE;
	}
	if (!spool_lines(stdin, ctl->spool)) {
		return EXIT_USAGE;
	}
	if (fflush(ctl->spool) != 0) {
		print_complaint(
		    "the temporary file: %s", strerrordesc_np(errno));
		return EXIT_USAGE;
	}
	rewind(ctl->spool);
	return EXIT_FINE;
}

static enum store_result
store_spool(struct ctl *ctl, struct sum *sum, struct begun *begun)
{
	struct told told[CHUNK] = { 0 };
	enum store_result result = STORE_OK;
	size_t count;

	while ((count = fread(told, sizeof(told[0]), CHUNK, ctl->spool)) > 0) {
		ctl->now = proc_now();
		result = store_chunk(ctl, told, count, sum, begun);
		if (result != STORE_OK) {
			print_complaint("from line %" PRId64
					" on nothing is stored",
			    told[0].line);
			return result;
		}
		tell_begun(ctl, begun);
	}
	return result;
}

enum exit_status
report_lines(struct ctl *ctl)
{
	struct begun *begun = begun_new();
	struct sum sum = { .stored = 0 };
	enum store_result result;
	char events[PRINT_COUNT_SIZE];
	char bans[PRINT_COUNT_SIZE];

	if (begun == NULL) {
		return EXIT_DATABASE;
	}
	result = store_spool(ctl, &sum, begun);
	free(begun);
	print_line("%s stored, %" PRId64
		   " not counted since allowed or never banned, %s began",
	    print_count(sum.stored, "event", "events", events), sum.allowed,
	    print_count(sum.began, "ban", "bans", bans));
	return result == STORE_OK ? EXIT_FINE : ctl_failed(ctl, result);
}
