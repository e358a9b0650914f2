/*
 * The page of figures of the whole host.
 */
#include "base/text.h"
#include "core/policy.h"
#include "web/page.h"
#include "web/stats.h"

enum {
	WORDS_SIZE = 512
};

static int64_t
bans_of(const struct stats_day *day)
{
	int64_t sum = 0;

	for (int i = 0; i < REASON_COUNT; i++) {
		sum += day->cell[STATS_BANS + i];
	}
	return sum;
}

/* How many are listed now, by reason: those the policy bans for, and what else
 * there is. */
static void
put_listed(const struct page *page, const struct stats *stats)
{
	uint32_t reasons = 0;
	int64_t most = 1;

	for (size_t i = 0; i < page->policy->rules; i++) {
		reasons |= UINT32_C(1) << page->policy->rule[i].reason;
	}
	for (int i = 0; i < REASON_COUNT; i++) {
		most = stats->listed[i] > most ? stats->listed[i] : most;
	}
	for (int i = 0; i < REASON_COUNT; i++) {
		struct section *row;

		if (stats->listed[i] > 0 || (reasons & UINT32_C(1) << i) != 0) {
			row = section_item(page->root, VAR_REASONS);
			section_word(row, VAR_REASON, "reason-name-",
			    reason_name((enum reason)i));
			section_number(row, VAR_COUNT, stats->listed[i]);
			page_bar_put(row, VAR_BAR, stats->listed[i], most);
		}
	}
}

/* Bans of each day. */
static void
put_bans(struct page *page, const struct stats *stats)
{
	struct page_chart *chart = page_chart_new(page, 1, STATS_DAYS);
	int64_t total = 0;

	if (chart == NULL) {
		return;
	}
	for (size_t i = 0; i < STATS_DAYS; i++) {
		chart->value[0][i] = bans_of(&stats->day[i]);
		total += chart->value[0][i];
	}
	chart->columns.words = (struct chart_words){ .id = "bans",
		.title = page_words(page, "stats-bans-title", WORDS_SIZE),
		.description = page_words(
		    page, "stats-table-below", WORDS_SIZE) };
	section_write(page->root, VAR_BAN_CHART, page_chart_write, chart);
	section_number(page->root, VAR_MOST, chart_highest(&chart->columns));
	section_number(page->root, VAR_TOTAL, total);
}

/* Events of each day, by kind: those the policy counts, and what else there
 * was. */
static void
put_kinds(struct page *page, const struct stats *stats)
{
	uint32_t kinds = 0;

	for (size_t i = 0; i < page->policy->rules; i++) {
		kinds |= page->policy->rule[i].kinds;
	}
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		struct page_chart *chart;
		struct section *row;
		int64_t total = 0;

		for (size_t i = 0; i < STATS_DAYS; i++) {
			total += stats->day[i].cell[STATS_EVENTS + kind];
		}
		if (total == 0 && (kinds & kind_bit((enum kind)kind)) == 0) {
			continue;
		}
		chart = page_chart_new(page, 1, STATS_DAYS);
		if (chart == NULL) {
			return;
		}
		for (size_t i = 0; i < STATS_DAYS; i++) {
			chart->value[0][i] = stats->day[i]
						 .cell[STATS_EVENTS + kind];
		}
		row = section_item(page->root, VAR_KINDS);
		section_word(
		    row, VAR_DEED, "deed-", kind_name((enum kind)kind));
		section_number(row, VAR_TOTAL, total);
		section_number(row, VAR_MOST, chart_highest(&chart->columns));
		section_write(row, VAR_CHART, page_chart_write, chart);
	}
}

/* All of it as a table, for those who cannot see pictures; and its sums. */
static void
put_days(const struct page *page, const struct stats *stats)
{
	struct section *root = page->root;
	int64_t sessions = 0;
	int64_t messages = 0;
	int64_t accepted = 0;

	for (size_t i = STATS_DAYS; i > 0; i--) {
		const struct stats_day *day = &stats->day[i - 1];
		struct section *row = section_item(root, VAR_ROWS);

		section_moment(row, VAR_SINCE, day->day);
		section_number(row, VAR_TOTAL, bans_of(day));
		page_counts_put(row, &day->cell[STATS_EVENTS]);
		sessions += day->cell[STATS_SESSIONS];
		messages += day->cell[STATS_MESSAGES];
		accepted += day->cell[STATS_ACCEPTED];
	}
	section_number(root, VAR_SESSIONS, sessions);
	section_number(root, VAR_MESSAGES, messages);
	section_number(root, VAR_ACCEPTED, accepted);
	section_moment(root, VAR_DAY_FROM, stats->day[0].day);
	section_moment(root, VAR_DAY_UNTIL, stats->day[STATS_DAYS - 1].day);
}

void
page_stats_fill(struct page *page)
{
	const struct stats *stats = page->stats;

	if (stats != NULL) {
		section_yes(page->root, VAR_FIGURES, true);
		section_here(page->root, VAR_STATS_TIME, stats->at);
		put_listed(page, stats);
		put_bans(page, stats);
		put_kinds(page, stats);
		put_days(page, stats);
	}
}
