#include <inttypes.h>
#include <unistd.h>

#include "ctl/ctl.h"

struct rescue_row {
	const char *table;
	int64_t rows;
	int64_t gaps;
};

static const struct layout tables = {
	.column = {
	    { "table", OF(rescue_row, table), "TABLE", 0 },
	    { "rows", OF(rescue_row, rows), "SAVED", COLUMN_RIGHT },
	    { "gaps", OF(rescue_row, gaps), "GAPS", COLUMN_RIGHT },
	},
};

enum exit_status
rescue_check(struct ctl *ctl)
{
	if (access(ctl->args->word[1], F_OK) == 0) {
		output_complain("%s exists already", ctl->args->word[1]);
		return EXIT_USAGE;
	}
	return EXIT_FINE;
}

enum exit_status
rescue_database(struct ctl *ctl)
{
	static struct store_rescued rescued; /* too large for a stack */
	const char *to = ctl->args->word[1];
	char error[STORE_ERROR_SIZE] = "";
	int64_t rows = 0;
	int64_t gaps = 0;

	if (store_rescue(ctl->conf->database, to, &rescued, error) !=
	    STORE_OK) {
		output_complain("%s", error);
		return EXIT_DATABASE;
	}
	output_table(NULL, &tables);
	for (size_t i = 0; i < rescued.tables; i++) {
		const struct rescue_row row = {
			.table = rescued.table[i].table,
			.rows = rescued.table[i].rows,
			.gaps = rescued.table[i].gaps,
		};

		output_record(&row);
		rows += row.rows;
		gaps += row.gaps;
	}
	output_end();
	output_say("saved %s of %s in %s", piece_count(rows, "row", "rows"),
	    ctl->conf->database, to);
	if (gaps > 0) {
		output_say("%s could not be read; what stood there is lost",
		    piece_count(gaps, "place", "places"));
	}
	output_say(
	    "now stop videur-milter, videur-watch and videur-web, put %s in "
	    "the place of the old file, owned as that was, and start them "
	    "again",
	    to);
	return gaps > 0 ? EXIT_NO : EXIT_FINE;
}
