#include "web/page_part.h"

#include "base/text.h"
#include "chart/chart.h"
#include "conf/conf.h"
#include "web/numbers.h"
#include "web/page.h"
#include "web/site.h"

/* One line of columns, a day each. */
struct days {
	int64_t value[NUMBERS_DAYS];
	struct chart_columns chart;
};

static void
write_days(const void *what, struct text *out)
{
	const struct days *days = what;

	chart_columns(&days->chart, out);
}

static int64_t
bans_of(const struct numbers_day *day)
{
	int64_t sum = 0;

	for (int i = 0; i < REASON_COUNT; i++) {
		sum += day->ban[i];
	}
	return sum;
}

/* ---- listed now ---- */

struct bar {
	int64_t value;
	int64_t most;
};

static void
write_bar(const void *what, struct text *out)
{
	const struct bar *bar = what;
	const struct chart_words none = { .title = NULL };

	chart_bar(&none, bar->value, bar->most, out);
}

/* Whether the policy bans for it at all. */
static bool
has_reason(const struct page_part *part, int reason)
{
	const struct policy *policy = &site_conf(part->view->site)->policy;
	size_t i = 0;

	while (i < policy->rules && (int)policy->rule[i].reason != reason) {
		i++;
	}
	return i < policy->rules;
}

/* Whether it counts the kind. */
static bool
has_kind(const struct page_part *part, int kind)
{
	const struct policy *policy = &site_conf(part->view->site)->policy;
	uint32_t kinds = 0;

	for (size_t i = 0; i < policy->rules; i++) {
		kinds |= policy->rule[i].kinds;
	}
	return (kinds & kind_bit((enum kind)kind)) != 0;
}

static void
tell_listed(struct page_part *part, const struct numbers *numbers)
{
	struct told *told = part->told;
	int64_t most = 1;

	for (int i = 0; i < REASON_COUNT; i++) {
		most = numbers->listed[i] > most ? numbers->listed[i] : most;
	}
	for (int i = 0; i < REASON_COUNT; i++) {
		struct scope *row;
		struct bar *bar;

		if (numbers->listed[i] <= 0 && !has_reason(part, i)) {
			continue;
		}
		row = told_item(told, part->scope, SLOT_REASONS);
		bar = told_room(told, sizeof(*bar));
		told_phrase(told, row, SLOT_REASON, reason_phrases[i].name);
		told_number(told, row, SLOT_COUNT, numbers->listed[i]);
		if (bar != NULL) {
			*bar = (struct bar){ numbers->listed[i], most };
			told_write(told, row, SLOT_BAR, write_bar, bar);
		}
	}
}

/* ---- by day ---- */

static void
tell_bans(struct page_part *part, const struct numbers *numbers)
{
	struct days *days = told_room(part->told, sizeof(*days));
	int64_t total = 0;

	if (days == NULL) {
		return;
	}
	for (size_t i = 0; i < NUMBERS_DAYS; i++) {
		days->value[i] = bans_of(&numbers->day[i]);
		total += days->value[i];
	}
	days->chart = (struct chart_columns){
		.words = { .id = "bans",
		    .title = page_words(part, "stats-bans-title", part->scope),
		    .description = page_words(
			part, "stats-table-below", part->scope) },
		.series = { days->value },
		.count = 1,
		.columns = NUMBERS_DAYS,
	};
	told_write(part->told, part->scope, SLOT_BAN_CHART, write_days, days);
	told_number(
	    part->told, part->scope, SLOT_MOST, chart_highest(&days->chart));
	told_number(part->told, part->scope, SLOT_TOTAL, total);
}

static void
tell_kind(struct page_part *part, const struct numbers *numbers, int kind)
{
	struct days *days = told_room(part->told, sizeof(*days));
	struct scope *row;
	int64_t total = 0;

	if (days == NULL) {
		return;
	}
	for (size_t i = 0; i < NUMBERS_DAYS; i++) {
		days->value[i] = numbers->day[i].event[kind];
		total += days->value[i];
	}
	if (total == 0 && !has_kind(part, kind)) {
		return;
	}
	row = told_item(part->told, part->scope, SLOT_KINDS);
	days->chart = (struct chart_columns){ .words = { .title = NULL },
		.series = { days->value },
		.count = 1,
		.columns = NUMBERS_DAYS };
	told_phrase(part->told, row, SLOT_DEED, kind_phrases[kind].deed);
	told_number(part->told, row, SLOT_TOTAL, total);
	told_number(part->told, row, SLOT_MOST, chart_highest(&days->chart));
	told_write(part->told, row, SLOT_CHART, write_days, days);
}

/* All of it as a table, for those who cannot see pictures. */
static void
tell_table(struct page_part *part, const struct numbers *numbers)
{
	struct told *told = part->told;

	for (size_t i = NUMBERS_DAYS; i > 0; i--) {
		const struct numbers_day *day = &numbers->day[i - 1];
		struct scope *row = told_item(told, part->scope, SLOT_ROWS);

		told_moment(told, row, SLOT_SINCE, day->day);
		told_number(told, row, SLOT_TOTAL, bans_of(day));
		for (int kind = 0; kind < KIND_COUNT; kind++) {
			struct scope *cell;

			if (day->event[kind] <= 0) {
				continue;
			}
			cell = told_item(told, row, SLOT_DEEDS);
			told_phrase(
			    told, cell, SLOT_DEED, kind_phrases[kind].deed);
			told_number(told, cell, SLOT_COUNT, day->event[kind]);
		}
	}
}

void
page_stats_tell(struct page_part *part)
{
	const struct numbers *numbers = part->view->numbers;
	struct numbers_day sum = { 0 };

	if (numbers == NULL) {
		return;
	}
	for (size_t i = 0; i < NUMBERS_DAYS; i++) {
		sum.sessions += numbers->day[i].sessions;
		sum.messages += numbers->day[i].messages;
		sum.accepted += numbers->day[i].accepted;
	}
	told_yes(part->told, part->scope, SLOT_FIGURES, true);
	told_here(part->told, part->scope, SLOT_STATS_TIME, numbers->at);
	told_number(part->told, part->scope, SLOT_SESSIONS, sum.sessions);
	told_number(part->told, part->scope, SLOT_MESSAGES, sum.messages);
	told_number(part->told, part->scope, SLOT_ACCEPTED, sum.accepted);
	told_moment(
	    part->told, part->scope, SLOT_DAY_FROM, numbers->day[0].day);
	told_moment(part->told, part->scope, SLOT_DAY_UNTIL,
	    numbers->day[NUMBERS_DAYS - 1].day);
	tell_listed(part, numbers);
	tell_bans(part, numbers);
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		tell_kind(part, numbers, kind);
	}
	tell_table(part, numbers);
}
