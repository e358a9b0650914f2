#include "ctl/findings.h"

#include <stdlib.h>

#include "base/proc.h"
#include "ctl/print.h"
#include "ctl/progress.h"
#include "logs/log_lines.h"

enum {
	LOOK_LINES = 4096 /* between two looks at the clock */
};

/* One file. */
struct source {
	const char *path;
	enum {
		SOURCE_CLOSED, /* until its time comes */
		SOURCE_OPEN,
		SOURCE_OVER
	} state;
	struct log_reader *reader; /* while it is open */
	int64_t lines;             /* read */
	int64_t done;              /* bytes read, */
	int64_t size;              /* of so many */
	struct rules_clock clock;
	struct finding head; /* the next it gives */
};

struct findings {
	const struct rules *rules;
	struct rules_scratch *scratch;
	struct progress *progress;
	int64_t now;
	int64_t looked;       /* lines since the last look at the clock */
	struct source *given; /* whose head was given last, or NULL */
	size_t sources;
	struct source source[];
};

static void
show_progress(struct findings *findings)
{
	int64_t done = 0;
	int64_t total = 0;
	bool known = true;

	findings->looked = 0;
	for (size_t i = 0; i < findings->sources; i++) {
		const struct source *source = &findings->source[i];

		done += source->done;
		total += source->size;
		known = known && source->size > 0;
	}
	progress_step(findings->progress, done, known ? total : 0,
	    findings_lines(findings), proc_ticks());
}

/* Read a source up to its next finding, or its end. */
static bool
advance(struct findings *findings, struct source *source)
{
	struct log_line line = { .tag = NULL };
	enum log_reader_result result;

	while ((result = log_reader_next(source->reader, &line.text,
		    &line.len)) == LOG_READER_LINE) {
		source->lines = source->reader->number;
		source->done = source->reader->file.taken;
		if (++findings->looked == LOOK_LINES) {
			show_progress(findings);
		}
		if (rules_match(findings->rules, findings->scratch, &line,
			&source->clock, &source->head)) {
			return true;
		}
	}
	source->state = SOURCE_OVER;
	if (result == LOG_READER_FAILED) {
		progress_end(findings->progress);
		print_complaint("%s", source->reader->error);
	}
	log_reader_close(source->reader);
	return result == LOG_READER_END;
}

static bool
start(struct findings *findings, struct source *source)
{
	char error[LOG_ERROR_SIZE];
	int64_t written;

	source->reader = log_reader_open(source->path, error);
	if (source->reader == NULL) {
		progress_end(findings->progress);
		print_complaint("%s", error);
		return false;
	}
	source->size = source->reader->facts.on_disk;
	written = source->reader->facts.written;
	source->clock = rules_clock(
	    written != INT64_MIN ? written : findings->now);
	source->state = SOURCE_OPEN;
	return advance(findings, source);
}

/* What can be read again is closed until its time comes, for there may be
 * more files than one process may hold open. */
static void
set_aside(struct source *source)
{
	if (source->state == SOURCE_OPEN && source->reader->file.regular) {
		log_reader_close(source->reader);
		source->done = 0;
		source->lines = 0;
		source->state = SOURCE_CLOSED;
	}
}

struct findings *
findings_open(const struct rules *rules, const char *const *path, size_t paths,
    int64_t now, struct progress *progress)
{
	struct findings *findings = calloc(
	    1, sizeof(*findings) + paths * sizeof(findings->source[0]));

	if (findings == NULL) {
		print_complaint("out of memory");
		return NULL;
	}
	findings->rules = rules;
	findings->scratch = rules_scratch_new(rules);
	findings->progress = progress;
	findings->now = now;
	if (findings->scratch == NULL) {
		print_complaint("out of memory");
		findings_close(findings);
		return NULL;
	}
	for (size_t i = 0; i < paths; i++) {
		struct source *source = &findings->source[i];

		source->path = path[i];
		findings->sources++;
		if (!start(findings, source)) {
			findings_close(findings);
			return NULL;
		}
		set_aside(source);
	}
	return findings;
}

void
findings_close(struct findings *findings)
{
	for (size_t i = 0; i < findings->sources; i++) {
		if (findings->source[i].state == SOURCE_OPEN) {
			log_reader_close(findings->source[i].reader);
		}
	}
	if (findings->scratch != NULL) {
		rules_scratch_free(findings->scratch);
	}
	free(findings);
}

/* The source whose next finding is the oldest, of several the first named. */
static struct source *
oldest(struct findings *findings)
{
	struct source *best = NULL;

	for (size_t i = 0; i < findings->sources; i++) {
		struct source *source = &findings->source[i];

		if (source->state != SOURCE_OVER &&
		    (best == NULL || source->head.at < best->head.at)) {
			best = source;
		}
	}
	return best;
}

enum findings_result
findings_next(struct findings *findings, const struct finding **finding)
{
	struct source *next;

	if (findings->given != NULL && !advance(findings, findings->given)) {
		return FINDINGS_FAILED;
	}
	findings->given = NULL;
	while ((next = oldest(findings)) != NULL) {
		if (next->state == SOURCE_CLOSED && !start(findings, next)) {
			return FINDINGS_FAILED;
		}
		if (next->state == SOURCE_OPEN) {
			findings->given = next;
			*finding = &next->head;
			return FINDINGS_ONE;
		}
	}
	return FINDINGS_END;
}

int64_t
findings_lines(const struct findings *findings)
{
	int64_t lines = 0;

	for (size_t i = 0; i < findings->sources; i++) {
		lines += findings->source[i].lines;
	}
	return lines;
}
