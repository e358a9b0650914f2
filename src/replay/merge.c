#include "replay/merge.h"

#include <stdlib.h>

#include "base/text.h"
#include "logs/log_file.h"

enum {
	PROGRESS_LINES = 4096 /* between two times it is told */
};

/* One log. */
struct merged_log {
	const char *path;
	enum {
		MERGED_CLOSED, /* until its time comes */
		MERGED_OPEN,
		MERGED_OVER
	} state;
	struct log_reader *reader; /* while it is open */
	int64_t lines;             /* read */
	int64_t done;              /* bytes read, */
	int64_t size;              /* of so many */
	struct rules_clock clock;
	struct finding next; /* that it gives */
};

struct merge {
	const struct rules *rules;
	struct rules_scratch *scratch;
	struct rules_clock clock; /* of a log without a time of its own */
	const struct merge_progress *progress;
	char *error;
	int64_t since;            /* lines, since progress was told */
	struct merged_log *given; /* whose next was given last, or NULL */
	size_t logs;
	struct merged_log log[];
};

int64_t
merge_lines(const struct merge *merge)
{
	int64_t lines = 0;

	for (size_t i = 0; i < merge->logs; i++) {
		lines += merge->log[i].lines;
	}
	return lines;
}

/* Read a log up to its next finding, or its end. */
static bool
advance(struct merge *merge, struct merged_log *log)
{
	struct log_reader *reader = log->reader;
	struct log_line line = { .tag = NULL };
	enum log_reader_result result;

	while ((result = log_reader_next(reader, &line.text, &line.len)) ==
	       LOG_READER_LINE) {
		log->lines = reader->number;
		log->done = reader->file.taken;
		if (++merge->since == PROGRESS_LINES) {
			int64_t done = 0;
			int64_t total = 0;
			bool known = true;

			merge->since = 0;
			for (size_t i = 0; i < merge->logs; i++) {
				done += merge->log[i].done;
				total += merge->log[i].size;
				known = known && merge->log[i].size > 0;
			}
			merge->progress->tell(merge->progress->to, done,
			    known ? total : 0, merge_lines(merge));
		}
		if (rules_match(merge->rules, merge->scratch, &line,
			&log->clock, &log->next)) {
			return true;
		}
	}
	(void)text_copy(merge->error, LOG_ERROR_SIZE, reader->error);
	log_reader_close(reader);
	log->state = MERGED_OVER;
	return result == LOG_READER_END;
}

static bool
start(struct merge *merge, struct merged_log *log)
{
	log->reader = log_reader_open(log->path, merge->error);
	if (log->reader == NULL) {
		return false;
	}
	log->state = MERGED_OPEN;
	log->size = log->reader->stat.on_disk;
	log->clock = merge->clock;
	if (log->reader->stat.written != INT64_MIN) {
		log->clock.reference = log->reader->stat.written;
	}
	return advance(merge, log);
}

struct merge *
merge_open(const struct rules *rules, const char *const *path, size_t paths,
    const struct rules_clock *clock, const struct merge_progress *progress,
    char error[static LOG_ERROR_SIZE])
{
	struct merge *merge = calloc(
	    1, sizeof(*merge) + paths * sizeof(merge->log[0]));
	struct rules_scratch *scratch = rules_scratch_new(rules);

	if (merge == NULL || scratch == NULL) {
		(void)text_copy(error, LOG_ERROR_SIZE, "out of memory");
		rules_scratch_free(scratch);
		free(merge);
		return NULL;
	}
	merge->rules = rules;
	merge->scratch = scratch;
	merge->clock = *clock;
	merge->progress = progress;
	merge->error = error;
	for (size_t i = 0; i < paths; i++) {
		struct merged_log *log = &merge->log[merge->logs++];

		log->path = path[i];
		if (!start(merge, log)) {
			merge_close(merge);
			return NULL;
		}
		/* What can be read again is closed until its time comes: there
		 * may be more logs than one process may hold open. */
		if (log->state == MERGED_OPEN && log->reader->file.regular) {
			log_reader_close(log->reader);
			log->state = MERGED_CLOSED;
			log->lines = 0;
			log->done = 0;
		}
	}
	return merge;
}

void
merge_close(struct merge *merge)
{
	for (size_t i = 0; i < merge->logs; i++) {
		if (merge->log[i].state == MERGED_OPEN) {
			log_reader_close(merge->log[i].reader);
		}
	}
	rules_scratch_free(merge->scratch);
	free(merge);
}

enum merge_result
merge_next(struct merge *merge, const struct finding **finding)
{
	struct merged_log *oldest;

	if (merge->given != NULL && !advance(merge, merge->given)) {
		return MERGE_FAILED;
	}
	merge->given = NULL;
	do {
		oldest = NULL; /* of several the first named */
		for (size_t i = 0; i < merge->logs; i++) {
			struct merged_log *log = &merge->log[i];

			if (log->state != MERGED_OVER &&
			    (oldest == NULL ||
				log->next.at < oldest->next.at)) {
				oldest = log;
			}
		}
		if (oldest == NULL) {
			return MERGE_END;
		}
		if (oldest->state == MERGED_CLOSED && !start(merge, oldest)) {
			return MERGE_FAILED;
		}
	} while (oldest->state != MERGED_OPEN);
	merge->given = oldest;
	*finding = &oldest->next;
	return MERGE_FINDING;
}
