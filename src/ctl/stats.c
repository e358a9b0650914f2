/* What each day brought, from the sums by day that the page's figures are of,
 * too. */
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "chart/chart.h"
#include "ctl/ctl.h"
#include "ctl/layout.h"
#include "ctl/piece.h"

enum {
	DAYS = 30, /* where no number is asked for */
	DAYS_MAX = 400,
	CHART_DAYS_MAX = 64,
	SCREEN = 80,   /* columns */
	GAP = 2,       /* between them */
	BAR_LEAST = 4, /* columns of the longest bar */
	BAR_MOST = 25,
	EIGHTHS = 8,
	BLOCK_SIZE = sizeof("\u2588") - 1,
	DATE_SIZE = sizeof("2026-11-27"),
	SVG_SIZE = 64 * 1024
};

struct stats_row {
	char day[DATE_SIZE];
	int64_t sum[DAILY_COUNT]; /* of all names */
	const char *bar;          /* of what was refused */
};

/* What came by one kind or reason in all days. */
struct sum_row {
	const char *name;
	int64_t bans; /* or events */
	int64_t refused;
};

struct figures {
	int64_t first; /* day */
	size_t days;
	struct stats_row day[DAYS_MAX]; /* the oldest first */
	struct sum_row reason[CAUSE_COUNT];
	struct sum_row kind[KIND_COUNT];
};

#define SUM(name, what, head)                                                  \
	{                                                                      \
		name, OF(stats_row, sum[DAILY_##what]), head, COLUMN_RIGHT     \
	}
static const struct layout days = {
	.column = {
	    { "day", OF(stats_row, day), "DAY", 0 },
	    SUM("sessions", SESSIONS, "SESSIONS"),
	    SUM("messages", MESSAGES, NULL),
	    SUM("accepted", ACCEPTED, "ACCEPTED"),
	    SUM("events", EVENT, "EVENTS"),
	    SUM("bans", BAN, "BANS"),
	    SUM("refused", REFUSED, "REFUSED"),
	    SUM("limited", LIMITED, NULL),
	    SUM("lost", LOST, NULL),
	    { "bar", OF(stats_row, bar), "", COLUMN_PEOPLE },
	},
};
#undef SUM

static const struct layout reasons = {
	.column = {
	    { "reason", OF(sum_row, name), "REASON", 0 },
	    { "bans", OF(sum_row, bans), "BANS", COLUMN_RIGHT },
	    { "refused", OF(sum_row, refused), "REFUSED", COLUMN_RIGHT },
	},
};

static const struct layout kinds = {
	.column = {
	    { "kind", OF(sum_row, name), "KIND", 0 },
	    { "events", OF(sum_row, bans), "EVENTS", COLUMN_RIGHT },
	},
};

static void
add_row(void *to, const struct daily_row *row)
{
	struct figures *stats = to;
	const size_t at = (size_t)((row->day - stats->first) / STORE_DAY);
	size_t place;

	if (row->day < stats->first || at >= stats->days) {
		return;
	}
	stats->day[at].sum[row->what] += row->number;
	if (row->what == DAILY_EVENT) {
		place = words_find(&kind_words, row->name);
		if (place < KIND_COUNT) {
			stats->kind[place].bans += row->number;
		}
	} else if (row->what == DAILY_BAN || row->what == DAILY_REFUSED) {
		place = words_find(&cause_words, row->name);
		if (place < CAUSE_COUNT) {
			*(row->what == DAILY_BAN
				? &stats->reason[place].bans
				: &stats->reason[place].refused) += row->number;
		}
	}
}

static void
read_stats(struct ctl *ctl, struct figures *stats)
{
	char when[TIME_TEXT_SIZE];

	stats->first = ctl->now - ctl->now % STORE_DAY -
		       ((int64_t)stats->days - 1) * STORE_DAY;
	for (size_t i = 0; i < stats->days; i++) {
		(void)text_from_time(
		    stats->first + (int64_t)i * STORE_DAY, when);
		when[DATE_SIZE - 1] = '\0';
		(void)text_copy(stats->day[i].day, DATE_SIZE, when);
	}
	store_daily_each(ctl->store, stats->first, add_row, stats);
}

/* Whether the terminal, as its user says, shows UTF-8; asked of a locale of its
 * own, so that nothing else changes with it. */
static bool
shows_utf8(void)
{
	const locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	bool utf8 = false;

	if (locale != (locale_t)0) {
		utf8 = strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
		freelocale(locale);
	}
	return utf8;
}

/* What the numbers leave for the longest bar. */
static int
bar_room(const struct figures *stats)
{
	int room = SCREEN - (DATE_SIZE - 1) - GAP;

	for (const struct column *column = days.column; column->name != NULL;
	     column++) {
		int width = column->head != NULL ? (int)strlen(column->head)
						 : 0;

		if (width == 0 || column->type != COLUMN_INT64) {
			continue;
		}
		for (size_t i = 0; i < stats->days; i++) {
			const char *day = (const char *)&stats->day[i];
			const int digits = snprintf(NULL, 0, "%" PRId64,
			    *(const int64_t *)(const void *)(day + column->at));

			width = digits > width ? digits : width;
		}
		room -= width + GAP;
	}
	return room > BAR_MOST ? BAR_MOST : room < BAR_LEAST ? BAR_LEAST : room;
}

/* A bar of `room` columns for the most, to an eighth of a column where there is
 * UTF-8; what is more than nothing is seen. */
static const char *
bar(int64_t value, int64_t most, int room, bool utf8)
{
	static const char *const part[EIGHTHS] = { "", "\u258f", "\u258e",
		"\u258d", "\u258c", "\u258b", "\u258a", "\u2589" };
	static const char signs[] = "#########################";
	static const char blocks[] = "\u2588\u2588\u2588\u2588\u2588"
				     "\u2588\u2588\u2588\u2588\u2588"
				     "\u2588\u2588\u2588\u2588\u2588"
				     "\u2588\u2588\u2588\u2588\u2588"
				     "\u2588\u2588\u2588\u2588\u2588";
	const int64_t units = utf8 ? (int64_t)room * EIGHTHS : room;
	const int64_t length = value > 0 ? (value * units + most - 1) / most
					 : 0;

	if (!utf8) {
		return piece("%.*s", (int)length, signs);
	}
	return piece("%.*s%s", (int)(length / EIGHTHS * BLOCK_SIZE), blocks,
	    part[length % EIGHTHS]);
}

static void
put_sums(const char *name, const struct layout *layout, const char *title,
    const struct words *words, struct sum_row *row, size_t count)
{
	output_say("\n%s:", title);
	output_table(name, layout);
	for (size_t i = 0; i < count; i++) {
		row[i].name = words_at(words, i);
		if (row[i].bans > 0 || row[i].refused > 0) {
			output_record(&row[i]);
		}
	}
	output_end_or("none");
}

/* The refused sessions of each day as a picture that stands for itself. */
static enum exit_status
draw(const struct figures *stats)
{
	static char svg[SVG_SIZE]; /* too large for a stack */
	static int64_t value[CHART_DAYS_MAX];
	static char day[CHART_DAYS_MAX][DATE_SIZE + 1];
	static const char *label[CHART_DAYS_MAX];
	struct chart_columns chart = {
		.words = { "refused", "Refused sessions a day",
		    "A column for each day, UTC" },
		.series = { value },
		.name = { NULL },
		.label = label,
		.group = ",",
		.unfinished = true,
		.count = 1,
		.columns = stats->days,
	};
	struct text text;

	if (stats->days > CHART_DAYS_MAX) {
		output_complain("--svg draws at most %d days", CHART_DAYS_MAX);
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < stats->days; i++) {
		value[i] = stats->day[i].sum[DAILY_REFUSED];
		(void)snprintf(
		    day[i], sizeof(day[i]), "%s:", stats->day[i].day);
		label[i] = day[i];
	}
	text_init(&text, svg, sizeof(svg));
	text_add(&text,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"720\""
	    " height=\"240\" viewBox=\"0 0 720 240\">\n<style>"
	    ".series-0 { fill: #b3261e } .part { fill-opacity: 0.45 }"
	    " .grid, .base { fill: none; stroke: #8888; stroke-width: 1;"
	    " vector-effect: non-scaling-stroke }"
	    " .columns { fill: #fff; fill-opacity: 0 }"
	    " text { font: 13px sans-serif; fill: #777 }</style>\n");
	text_addf(&text,
	    "<text x=\"8\" y=\"16\">%" PRId64 "</text>"
	    "<text x=\"8\" y=\"234\">%s</text>"
	    "<text x=\"712\" y=\"234\" text-anchor=\"end\">%s</text>\n"
	    "<svg x=\"8\" y=\"22\" width=\"704\" height=\"190\">",
	    chart_top(&chart), stats->day[0].day,
	    stats->day[stats->days - 1].day);
	chart_columns(&chart, &text);
	text_add(&text, "</svg>\n</svg>\n");
	return fputs(svg, stdout) >= 0 ? EXIT_FINE : EXIT_DATABASE;
}

enum exit_status
stats_check(struct ctl *ctl)
{
	const struct args *args = ctl->args;

	if (args->value[OPTION_DAYS] != NULL && args->limit > DAYS_MAX) {
		output_complain("--days: at most %d", DAYS_MAX);
		return EXIT_USAGE;
	}
	if (args->value[OPTION_SVG] != NULL &&
	    (args->value[OPTION_JSON] != NULL ||
		args->value[OPTION_CSV] != NULL)) {
		output_complain("--svg is a form of its own");
		return EXIT_USAGE;
	}
	return EXIT_FINE;
}

enum exit_status
stats_show(struct ctl *ctl)
{
	static struct figures stats; /* too large for a stack */
	const struct args *args = ctl->args;
	const bool utf8 = shows_utf8();
	int64_t most = 0;
	int room;

	stats.days = args->value[OPTION_DAYS] != NULL ? (size_t)args->limit
						      : DAYS;
	read_stats(ctl, &stats);
	if (args->value[OPTION_SVG] != NULL) {
		return draw(&stats);
	}
	for (size_t i = 0; i < stats.days; i++) {
		most = stats.day[i].sum[DAILY_REFUSED] > most
			   ? stats.day[i].sum[DAILY_REFUSED]
			   : most;
	}
	room = bar_room(&stats);
	output_object(NULL, NULL);
	output_table("days", &days);
	for (size_t i = stats.days; i-- > 0;) {
		stats.day[i].bar = bar(
		    stats.day[i].sum[DAILY_REFUSED], most, room, utf8);
		output_record(&stats.day[i]);
	}
	output_end();
	put_sums("reasons", &reasons, "By reason", &cause_words, stats.reason,
	    CAUSE_COUNT);
	put_sums(
	    "kinds", &kinds, "By kind", &kind_words, stats.kind, KIND_COUNT);
	output_time("checked_at", ctl->now);
	output_end();
	return EXIT_FINE;
}
