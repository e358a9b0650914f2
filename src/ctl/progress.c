#include "ctl/progress.h"

#include <inttypes.h>

enum {
	SILENT_MS = 1000,
	EVERY_MS = 200,
	BAR_CELLS = 40
};

struct progress
progress_begin(FILE *to, int64_t ticks)
{
	return (struct progress){ .to = to, .next = ticks + SILENT_MS };
}

void
progress_step(struct progress *progress, int64_t done, int64_t total,
    int64_t lines, int64_t ticks)
{
	if (progress->to == NULL || ticks < progress->next) {
		return;
	}
	progress->next = ticks + EVERY_MS;
	progress->shown = true;
	putc('\r', progress->to);
	/* A file that is written to may be longer by now. */
	done = done < total ? done : total;
	if (total > 0) {
		putc('[', progress->to);
		for (int64_t i = 0; i < BAR_CELLS; i++) {
			bool filled = i < done * BAR_CELLS / total;

			putc(filled ? '#' : '.', progress->to);
		}
		fprintf(
		    progress->to, "] %3" PRId64 " %%  ", done * 100 / total);
	}
	fprintf(progress->to, "%" PRId64 " lines", lines);
	(void)fflush(progress->to);
}

void
progress_end(struct progress *progress)
{
	if (progress->shown) {
		fputs("\r\033[K", progress->to);
		(void)fflush(progress->to);
	}
	progress->shown = false;
}
