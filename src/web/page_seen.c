#include "web/page_part.h"

#include "base/text.h"
#include "chart/chart.h"
#include "web/page.h"

/* Bad and good of each hour. */
struct seen {
	int64_t bad[PAGE_HOURS];
	int64_t good[PAGE_HOURS];
	struct chart_columns chart;
};

static void
write_seen(const void *what, struct text *out)
{
	const struct seen *seen = what;

	chart_columns(&seen->chart, out);
}

static int64_t
events_of(const struct tally *tally)
{
	int64_t sum = 0;

	for (int kind = 0; kind < KIND_COUNT; kind++) {
		sum += tally->kind[kind];
	}
	return sum;
}

/* The same in words, for the hours in which there was anything. */
static void
tell_hour_row(struct page_part *part, int64_t at, const struct tally *tally)
{
	struct told *told = part->told;
	struct scope *row = told_item(told, part->scope, SLOT_HOUR_ROWS);

	told_here(told, row, SLOT_HOUR_FROM, at);
	told_number(told, row, SLOT_ACCEPTED, tally->accepted);
	told_number(told, row, SLOT_TOTAL, events_of(tally));
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		struct scope *item;

		if (tally->kind[kind] <= 0) {
			continue;
		}
		item = told_item(told, row, SLOT_DEEDS);
		told_phrase(told, item, SLOT_DEED, kind_phrases[kind].deed);
		told_number(told, item, SLOT_COUNT, tally->kind[kind]);
	}
}

/* The axis: begin and middle; the end is now. */
static void
tell_axis(struct page_part *part, const struct page_hours *hours)
{
	const int64_t middle = hours->from + (PAGE_HOURS / 2) * PAGE_HOUR;

	told_here(part->told, part->scope, SLOT_HOUR_FROM, hours->from);
	told_here(part->told, part->scope, SLOT_HOUR_MIDDLE, middle);
}

/* In words alone: a number would only be haggled about. */
static const char *const reputation_phrases[REPUTATION_COUNT] = {
	[REPUTATION_GOOD] = "reputation-good",
	[REPUTATION_NEUTRAL] = "reputation-neutral",
	[REPUTATION_POOR] = "reputation-poor",
};

void
page_seen_tell(struct page_part *part, const struct page_hours *hours)
{
	struct told *told = part->told;
	struct seen *seen = told_room(told, sizeof(*seen));

	if (seen == NULL) {
		return;
	}
	for (size_t i = 0; i < PAGE_HOURS; i++) {
		seen->bad[i] = events_of(&hours->hour[i]);
		seen->good[i] = hours->hour[i].accepted;
		if (seen->bad[i] > 0 || seen->good[i] > 0) {
			tell_hour_row(part,
			    hours->from + (int64_t)i * PAGE_HOUR,
			    &hours->hour[i]);
		}
	}
	seen->chart = (struct chart_columns){
		.words = { .id = "seen",
		    .title = page_words(part, "seen-title", part->scope),
		    .description = page_words(
			part, "seen-description", part->scope) },
		.series = { seen->bad, seen->good },
		.count = 2,
		.columns = PAGE_HOURS,
	};
	told_phrase(told, part->scope, SLOT_REPUTATION,
	    reputation_phrases[hours->reputation]);
	if (chart_highest(&seen->chart) == 0) {
		told_yes(told, part->scope, SLOT_HOURS_NONE, true);
		return;
	}
	told_number(told, part->scope, SLOT_MOST, chart_highest(&seen->chart));
	told_write(told, part->scope, SLOT_HOURS, write_seen, seen);
	tell_axis(part, hours);
}
