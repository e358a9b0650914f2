#include "milter/sums.h"

#include "base/log.h"

static int64_t
day_of(const struct pending_row *row)
{
	int64_t at = row->what == PENDING_TALLY ? row->number : row->told;

	return at - at % STORE_DAY;
}

static void
add_row(struct sums *sums, const struct pending_row *row)
{
	switch (row->what) {
	case PENDING_TALLY:
		tally_add(&sums->tally, &row->tally);
		return;
	case PENDING_HITS:
		sums->refused[row->reason] += row->times;
		return;
	case PENDING_LIMITED:
		sums->limited[row->number] += row->times;
		return;
	}
	log_panic("no such row: %d", (int)row->what);
}

enum store_result
sums_add(struct sums *sums, struct store *store, const struct pending_row *row)
{
	enum store_result result = STORE_OK;

	if (sums->day != day_of(row)) {
		result = sums_write(sums, store);
		sums->day = day_of(row);
	}
	add_row(sums, row);
	return result;
}

static enum store_result
add_daily(struct store *store, int64_t day, enum daily what, const char *name,
    int64_t number)
{
	return number == 0 ? STORE_OK
			   : store_daily_add(store, day, what, name, number);
}

static enum store_result
write_tally(const struct sums *sums, struct store *store)
{
	const struct {
		enum daily what;
		int64_t number;
	} rows[] = {
		{ DAILY_SESSIONS, sums->tally.sessions },
		{ DAILY_MESSAGES, sums->tally.messages },
		{ DAILY_RECIPIENTS, sums->tally.recipients },
		{ DAILY_ACCEPTED, sums->tally.accepted },
	};
	enum store_result result = STORE_OK;

	for (size_t i = 0;
	     result == STORE_OK && i < sizeof(rows) / sizeof(rows[0]); i++) {
		result = add_daily(
		    store, sums->day, rows[i].what, "", rows[i].number);
	}
	return result;
}

static enum store_result
write_refusals(const struct sums *sums, struct store *store)
{
	enum store_result result = STORE_OK;

	for (int i = 0; result == STORE_OK && i < REASON_COUNT; i++) {
		result = add_daily(store, sums->day, DAILY_REFUSED,
		    reason_name((enum reason)i), sums->refused[i]);
	}
	for (int i = 0; result == STORE_OK && i < LIMIT_KINDS; i++) {
		result = add_daily(store, sums->day, DAILY_LIMITED,
		    limit_name((enum limit_kind)i), sums->limited[i]);
	}
	return result;
}

enum store_result
sums_write(struct sums *sums, struct store *store)
{
	enum store_result result = write_tally(sums, store);

	if (result == STORE_OK) {
		result = write_refusals(sums, store);
	}
	*sums = (struct sums){ .day = sums->day };
	return result;
}
