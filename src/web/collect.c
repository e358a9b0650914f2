#include "web/collect.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "engine/engine.h"

/* ---- one day's cells ---- */

static int64_t *
cell_by_kind(struct numbers_day *day, const char *name)
{
	enum kind kind;

	return kind_parse(name, &kind) ? &day->event[kind] : NULL;
}

static int64_t *
cell_by_reason(int64_t *cells, const char *name)
{
	enum reason reason;

	return reason_parse(name, &reason) ? &cells[reason] : NULL;
}

static int64_t *
cell_by_limit(struct numbers_day *day, const char *name)
{
	enum limit_kind kind;

	return limit_parse(name, &kind) ? &day->limited[kind] : NULL;
}

/* Where a row belongs; NULL for a word of another version. */
static int64_t *
cell(struct numbers_day *day, const struct daily_row *row)
{
	switch (row->what) {
	case DAILY_EVENT:
		return cell_by_kind(day, row->name);
	case DAILY_BAN:
		return cell_by_reason(day->ban, row->name);
	case DAILY_REFUSED:
		return cell_by_reason(day->refused, row->name);
	case DAILY_LIMITED:
		return cell_by_limit(day, row->name);
	case DAILY_SESSIONS:
		return &day->sessions;
	case DAILY_MESSAGES:
		return &day->messages;
	case DAILY_RECIPIENTS:
		return &day->recipients;
	case DAILY_ACCEPTED:
		return &day->accepted;
	case DAILY_COUNT:
		break;
	}
	return NULL;
}

static void
add_to(struct numbers_day *day, const struct daily_row *row)
{
	int64_t *sum = cell(day, row);

	if (sum != NULL) {
		*sum += row->number;
	}
}

static void
take_row(void *to, const struct daily_row *row)
{
	struct numbers *numbers = to;
	int64_t ago = (numbers->day[NUMBERS_DAYS - 1].day - row->day) /
		      STORE_DAY;

	add_to(&numbers->total, row);
	if (ago >= 0 && ago < NUMBERS_DAYS) {
		add_to(&numbers->day[NUMBERS_DAYS - 1 - ago], row);
	}
}

static void
advance(int64_t *counter, const int64_t *was, const int64_t *is, size_t cells)
{
	for (size_t i = 0; i < cells; i++) {
		counter[i] += is[i] > was[i] ? is[i] - was[i] : 0;
	}
}

void
collect_count_on(struct numbers_day *counter, const struct numbers_day *was,
    const struct numbers_day *is)
{
	advance(counter->event, was->event, is->event, KIND_COUNT);
	advance(counter->ban, was->ban, is->ban, REASON_COUNT);
	advance(counter->refused, was->refused, is->refused, REASON_COUNT);
	advance(counter->limited, was->limited, is->limited, LIMIT_KINDS);
	advance(&counter->sessions, &was->sessions, &is->sessions, 1);
	advance(&counter->messages, &was->messages, &is->messages, 1);
	advance(&counter->recipients, &was->recipients, &is->recipients, 1);
	advance(&counter->accepted, &was->accepted, &is->accepted, 1);
}

/* ---- collecting ---- */

static void
take_state(void *to, const char *key, const char *value, int64_t since)
{
	struct numbers *numbers = to;

	if (strcmp(key, "milter") == 0) {
		numbers->milter_life = since;
	} else if (strcmp(key, "watch") == 0) {
		numbers->watch_life = since;
	} else if (strcmp(key, "watch-behind") == 0) {
		(void)text_to_int(value, 0, INT64_MAX, &numbers->watch_behind);
	}
}

static enum store_result
collect_house(struct store *store, struct numbers *numbers)
{
	struct store_numbers house;
	struct brake brake = { .on = false };
	enum store_result result = store_numbers(store, &house);

	if (result == STORE_OK) {
		numbers->database_bytes = house.bytes;
		numbers->schema_version = house.version;
		result = store_state_each(store, take_state, numbers);
	}
	if (result == STORE_OK) {
		result = engine_brake(store, &brake);
	}
	numbers->brake = brake.on;
	numbers->brake_since = brake.since;
	return result;
}

enum store_result
collect_numbers(struct store *store, int64_t now, struct numbers *numbers)
{
	enum store_result result;

	*numbers = (struct numbers){ .at = now, .watch_behind = -1 };
	for (int64_t i = 0; i < NUMBERS_DAYS; i++) {
		numbers->day[i].day = now - now % STORE_DAY -
				      (NUMBERS_DAYS - 1 - i) * STORE_DAY;
	}
	result = store_ban_listed(store, now, &numbers->v4, &numbers->v6);
	if (result == STORE_OK) {
		result = store_ban_live(store, now, numbers->listed);
	}
	if (result == STORE_OK) {
		result = store_daily_each(store, 0, take_row, numbers);
	}
	return result == STORE_OK ? collect_house(store, numbers) : result;
}
