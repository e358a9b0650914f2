#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "ctl/ctl.h"
#include "engine/engine.h"

enum {
	/* So many events a transaction: others get their turn in between. */
	CHUNK = 2048
};

/* One line, understood. */
struct report {
	struct addr address;
	enum kind kind;
	bool timed; /* else: when it is stored */
	int64_t at;
	int64_t line; /* of standard input; 0 for none */
};

/* What became of all so far, and the bans that begin with the newest chunk;
 * said once they are committed.  Too large for the stack. */
static struct {
	int64_t stored;
	int64_t allowed; /* not counted */
	int64_t began;
	struct ban ban[CHUNK * ENGINE_BANS_MAX];
	size_t bans;
	bool braked; /* one of them put the brake on */
	bool storm;  /* logins fail for all */
} done;

static struct report
report_from(const struct args *args)
{
	return (struct report){
		.address = args->target[0].address,
		.kind = args->kind,
		.timed = args->value[OPTION_AT] != NULL,
		.at = args->at,
	};
}

/* ---- storing ---- */

/* Store a chunk in one transaction and say what began; false after a
 * complaint. */
static bool
store_chunk(struct ctl *ctl, const struct report *report, size_t count)
{
	int64_t stored = 0;

	done.bans = 0;
	done.braked = done.storm = false;
	store_begin(ctl->store);
	for (size_t i = 0; i < count; i++) {
		const struct observation seen = {
			.address = report[i].address,
			.kind = report[i].kind,
			.at = report[i].timed ? report[i].at : ctl->now,
			.source = "report",
			.detail = ctl->args->value[OPTION_DETAIL],
		};
		struct outcome outcome;

		engine_observe(
		    ctl->store, ctl->conf, &seen, NULL, ctl->now, &outcome);
		stored += outcome.counted;
		for (size_t n = 0; n < outcome.bans; n++) {
			done.ban[done.bans++] = outcome.ban[n];
		}
		done.braked |= outcome.braked;
		done.storm |= outcome.storm;
	}
	ctl->note = piece_count(stored, "event", "events");
	ctl_audit(ctl, "report",
	    report[0].line == 0 ? piece_addr(&report[0].address) : "stdin");
	if (!ctl_well(ctl, store_commit(ctl->store))) {
		return false;
	}
	done.stored += stored;
	done.allowed += (int64_t)count - stored;
	done.began += (int64_t)done.bans;
	if (report[0].line == 0 && stored > 0) {
		output_say("1 event stored");
	} else if (report[0].line == 0) {
		output_say("0 events stored: %s is allowed or never banned",
		    piece_addr(&report[0].address));
	}
	for (size_t i = 0; i < done.bans; i++) {
		bans_began(ctl, &done.ban[i]);
		bans_row(ctl, &done.ban[i], NULL, "");
	}
	if (done.braked) {
		engine_log_brake(ctl->conf);
	}
	if (done.storm) {
		engine_log_storm();
	}
	return true;
}

/* What programs read: the bans that began, and how many were stored. */
static void
begin_answer(void)
{
	static struct layout layout;

	layout = bans_layout;
	layout.programs = true;
	output_object(NULL, NULL);
	output_table("bans", &layout);
}

static void
end_answer(void)
{
	(void)output_end();
	output_int("stored", done.stored);
	output_int("not_counted", done.allowed);
	(void)output_end();
}

enum exit_status
report_one(struct ctl *ctl)
{
	const struct report report = report_from(ctl->args);
	bool well;

	begin_answer();
	well = store_chunk(ctl, &report, 1);
	end_answer();
	return well ? EXIT_FINE : EXIT_DATABASE;
}

/* ---- reading lines ---- */

/* Understand a line, which is cut into words in place; false with
 * `args->error` where it cannot be, or with an empty one where nothing stands
 * there. */
static bool
read_report(char *line, struct args *args, struct report *report)
{
	static const struct syntax syntax = {
		{ ARGUMENT_KIND, ARGUMENT_ADDRESS }, UINT64_C(1) << OPTION_AT
	};
	static const char blanks[] = " \t\r";
	char *word[ARGS_WORDS_MAX + 1];
	size_t count = 0;
	char *rest = line;
	char *at;

	while (count < ARGS_WORDS_MAX &&
	       (at = strtok_r(rest, blanks, &rest)) != NULL) {
		word[count++] = at;
	}
	if (count == 0 || word[0][0] == '#') {
		args->error[0] = '\0';
		return false;
	}
	word[count] = NULL;
	args_split(word, args);
	if (!args_read(args, "report", 0, &syntax)) {
		return false;
	}
	if (args->target[0].kind != TARGET_ADDRESS) {
		(void)text_copy(args->error, sizeof(args->error),
		    "a ref is for one report, not for lines");
		return false;
	}
	*report = report_from(args);
	return true;
}

/* Keep what was understood in a file, for a pipe cannot be read twice and may
 * hold more than memory does; NULL, or what is wrong with line `*number`. */
static const char *
spool_lines(FILE *spool, struct args *args, int64_t *number)
{
	char line[FILE_LINE_SIZE];
	bool end = false;

	for (*number = 1; !end; ++*number) {
		struct report report;
		const char *wrong = file_line(stdin, line, &end);

		if (wrong != NULL) {
			return wrong;
		}
		memset(&report, 0, sizeof(report));
		if (!read_report(line, args, &report)) {
			if (args->error[0] != '\0') {
				return args->error;
			}
			continue;
		}
		report.line = *number;
		if (fwrite(&report, sizeof(report), 1, spool) != 1) {
			return "no room to keep the lines";
		}
	}
	return NULL;
}

enum exit_status
report_lines_check(struct ctl *ctl)
{
	char text[ARGS_ERROR_SIZE + 32];
	static struct args args; /* too large for a stack */
	const char *wrong = NULL;
	int64_t number = 0;

	ctl->spool = tmpfile();
	if (ctl->spool != NULL) {
		wrong = spool_lines(ctl->spool, &args, &number);
	}
	if (wrong != NULL) {
		(void)snprintf(
		    text, sizeof(text), "stdin:%" PRId64 ": %s", number, wrong);
		output_wrong(text);
		return EXIT_USAGE;
	}
	if (ctl->spool == NULL || fflush(ctl->spool) != 0) {
		output_complain("%s temporary file: %s",
		    ctl->spool == NULL ? "no" : "the", strerrordesc_np(errno));
		return EXIT_USAGE;
	}
	rewind(ctl->spool);
	return EXIT_FINE;
}

enum exit_status
report_lines(struct ctl *ctl)
{
	struct report report[CHUNK] = { 0 };
	bool well = true;
	size_t count;

	begin_answer();
	while (well && (count = fread(report, sizeof(report[0]), CHUNK,
			    ctl->spool)) > 0) {
		ctl->now = proc_now();
		well = store_chunk(ctl, report, count);
		if (!well) {
			output_complain("from line %" PRId64
					" on nothing is stored",
			    report[0].line);
		}
	}
	end_answer();
	output_say("%s stored, %" PRId64
		   " not counted since allowed or never banned, %s began",
	    piece_count(done.stored, "event", "events"), done.allowed,
	    piece_count(done.began, "ban", "bans"));
	return well ? EXIT_FINE : EXIT_DATABASE;
}
