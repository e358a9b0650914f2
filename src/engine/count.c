/*
 * What was counted in memory goes into the database, and the state that the
 * programs keep there.
 */
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "engine/engine.h"

/* ---- what was counted ---- */

/* Sums of one day, so that each is written once for many rows. */
struct sums {
	int64_t day;
	struct tally tally;
	int64_t refused[REASON_COUNT];
	int64_t limited[LIMIT_KINDS];
};

static void
write_sum(struct store *store, int64_t day, enum daily what, const char *name,
    int64_t number)
{
	if (number != 0) {
		store_record(store, &(struct store_record){
					.sum = &(struct daily_row){ .day = day,
					    .what = what,
					    .name = name,
					    .number = number } });
	}
}

static void
write_sums(struct store *store, struct sums *sums)
{
	const struct tally *tally = &sums->tally;

	write_sum(store, sums->day, DAILY_SESSIONS, "", tally->sessions);
	write_sum(store, sums->day, DAILY_MESSAGES, "", tally->messages);
	write_sum(store, sums->day, DAILY_RECIPIENTS, "", tally->recipients);
	write_sum(store, sums->day, DAILY_ACCEPTED, "", tally->accepted);
	for (int i = 0; i < REASON_COUNT; i++) {
		write_sum(store, sums->day, DAILY_REFUSED,
		    reason_name((enum reason)i), sums->refused[i]);
	}
	for (int i = 0; i < LIMIT_KINDS; i++) {
		write_sum(store, sums->day, DAILY_LIMITED,
		    limit_name((enum limit_kind)i), sums->limited[i]);
	}
	*sums = (struct sums){ .day = sums->day };
}

void
engine_count(struct store *store, const struct counted *counted, size_t count)
{
	struct sums sums = { .day = 0 };

	for (size_t i = 0; i < count; i++) {
		const struct counted *row = &counted[i];
		int64_t day = row->at - row->at % STORE_DAY;

		if (sums.day != day) {
			write_sums(store, &sums);
			sums.day = day;
		}
		switch (row->what) {
		case COUNTED_TALLY:
			tally_add(&sums.tally, &row->tally);
			store_record(store, &(struct store_record){
						.tally = &(struct tally_row){
						    .client = row->client,
						    .hour = row->at,
						    .tally = row->tally } });
			break;
		case COUNTED_HITS:
			sums.refused[row->reason] += row->times;
			store_record(store,
			    &(struct store_record){
				.hits = &(struct ban_hits){ .id = row->ban,
				    .hits = row->times,
				    .told = row->at } });
			break;
		case COUNTED_LIMITED:
			sums.limited[row->limit] += row->times;
			break;
		}
	}
	write_sums(store, &sums);
}

/* ---- state ---- */

static const char *const keys[STATE_COUNT] = {
	[STATE_BRAKE] = "brake",
	[STATE_MILTER] = "milter",
	[STATE_WATCH] = "watch",
	[STATE_WATCH_BEHIND] = "watch-behind",
	[STATE_SUPPRESSED] = "suppressed",
};

const char *
engine_state_name(enum engine_state which)
{
	return keys[which];
}

static void
keep_state(void *to, const char *key, const char *value, int64_t since)
{
	struct state *states = to;

	for (size_t i = 0; i < STATE_COUNT; i++) {
		if (strcmp(key, keys[i]) == 0) {
			states[i].there = true;
			states[i].since = since;
			(void)text_copy(
			    states[i].value, sizeof(states[i].value), value);
			(void)text_to_int(
			    value, 0, INT64_MAX / 2, &states[i].number);
		}
	}
}

void
engine_states(struct store *store, struct state states[static STATE_COUNT])
{
	for (size_t i = 0; i < STATE_COUNT; i++) {
		states[i] = (struct state){ .number = -1 };
	}
	store_state_each(store, keep_state, states);
}

void
engine_state_put(struct store *store, enum engine_state which,
    const char *value, int64_t now)
{
	store_state_put(store, keys[which], value, now);
}

void
engine_state_put_number(
    struct store *store, enum engine_state which, int64_t number, int64_t now)
{
	char value[24];
	struct text text;

	text_init(&text, value, sizeof(value));
	text_addf(&text, "%" PRId64, number);
	store_state_put(store, keys[which], value, now);
}
