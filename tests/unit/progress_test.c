#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "ctl/progress.h"

#define HALF "[####################....................]  50 %  7 lines"
#define FULL "[########################################] 100 %  7 lines"

static void
shows(void **state)
{
	static const struct {
		const char *sentence;
		int64_t done, total, ticks;
		const char *want;
	} rows[] = {
		{ "nothing in the first second", 50, 100, 5999, "" },
		{ "then a bar and the lines", 50, 100, 6000, "\r" HALF },
		{ "no bar where the end is not known", 50, 0, 6000,
		    "\r7 lines" },
		{ "the end", 100, 100, 6000, "\r" FULL },
		{ "no more than the end of a file that grows", 200, 100, 6000,
		    "\r" FULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *shown = NULL;
		size_t len = 0;
		FILE *to = open_memstream(&shown, &len);
		struct progress progress = progress_begin(to, 5000);

		progress_step(
		    &progress, rows[i].done, rows[i].total, 7, rows[i].ticks);
		assert_int_equal(fclose(to), 0);
		check_text(rows[i].sentence, shown, rows[i].want);
		free(shown);
	}
}

static void
does_not_flicker_and_is_taken_away(void **state)
{
	char *shown = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&shown, &len);
	struct progress progress = progress_begin(to, 0);

	(void)state;
	progress_end(&progress);
	progress_step(&progress, 0, 0, 1, 1000);
	progress_step(&progress, 0, 0, 2, 1199);
	progress_step(&progress, 0, 0, 3, 1200);
	progress_end(&progress);
	progress_end(&progress);
	assert_int_equal(fclose(to), 0);
	check_text("five times a second, and once taken away", shown,
	    "\r1 lines\r3 lines\r\033[K");
	free(shown);
}

static void
shows_nobody_nothing(void **state)
{
	struct progress progress = progress_begin(NULL, 0);

	(void)state;
	progress_step(&progress, 1, 2, 3, 5000);
	progress_end(&progress);
	assert_false(progress.shown);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows),
		cmocka_unit_test(does_not_flicker_and_is_taken_away),
		cmocka_unit_test(shows_nobody_nothing),
	};

	return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
