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
	int64_t refused[CAUSE_COUNT];
	int64_t limited[LIMIT_KINDS];
};

void
engine_sum(struct store *store, enum daily what, const char *name,
    int64_t number, int64_t at)
{
	if (number != 0) {
		store_record(store, &(struct store_record){
					.sum = &(struct daily_row){ .day = at,
					    .what = what,
					    .name = name,
					    .number = number } });
	}
}

static void
write_sums(struct store *store, struct sums *sums)
{
	const struct tally *tally = &sums->tally;

	engine_sum(store, DAILY_SESSIONS, "", tally->sessions, sums->day);
	engine_sum(store, DAILY_MESSAGES, "", tally->messages, sums->day);
	engine_sum(store, DAILY_RECIPIENTS, "", tally->recipients, sums->day);
	engine_sum(store, DAILY_ACCEPTED, "", tally->accepted, sums->day);
	for (size_t i = 0; i < CAUSE_COUNT; i++) {
		engine_sum(store, DAILY_REFUSED, words_at(&cause_words, i),
		    sums->refused[i], sums->day);
	}
	for (int i = 0; i < LIMIT_KINDS; i++) {
		engine_sum(store, DAILY_LIMITED, limit_name((enum limit_kind)i),
		    sums->limited[i], sums->day);
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
			sums.refused[row->cause] += row->times;
			store_record(store,
			    &(struct store_record){
				.hits = &(struct ban_hits){ .id = row->ban,
				    .hits = row->times,
				    .told = row->at } });
			break;
		case COUNTED_LIMITED:
			sums.limited[row->limit] += row->times;
			break;
		case COUNTED_SEEN:
			engine_sum(
			    store, DAILY_SEEN, row->seen, row->times, row->at);
			break;
		}
	}
	write_sums(store, &sums);
}

/* ---- what was seen of it ---- */

void
engine_sources(struct store *store, int64_t now,
    void (*each)(void *to, const struct source_seen *seen), void *to)
{
	store_daily_sources(store, now - STORE_DAY, each, to);
}

static void
add_seen(void *to, const struct daily_row *row)
{
	struct milter_seen *seen = to;
	const struct {
		const char *name;
		int64_t *number;
	} numbers[] = {
		{ "sessions", &seen->sessions },
		{ "message-ends", &seen->message_ends },
		{ "verdict-headers", &seen->verdict_headers },
		{ "rejections", &seen->rejections },
		{ "asked", &seen->asked },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (row->what == DAILY_SEEN &&
		    strcmp(row->name, numbers[i].name) == 0) {
			*numbers[i].number += row->number;
		}
	}
}

void
engine_seen(struct store *store, int64_t now, struct milter_seen *seen)
{
	*seen = (struct milter_seen){ .sessions = 0 };
	store_daily_each(store, now - STORE_DAY, add_seen, seen);
}

/* ---- what was lost ---- */

static const char *const sorts[LOSS_SORTS] = { "events", "counts", "recipients",
	"gaps" };
const struct words loss_words = WORDS_OF(sorts);

void
engine_lose(struct store *store, const struct losses *more, int64_t now)
{
	struct state states[STATE_COUNT];
	int64_t lost = 0;

	for (int i = 0; i < LOSS_SORTS; i++) {
		engine_sum(store, DAILY_LOST, sorts[i], more->number[i], now);
		lost += more->number[i];
	}
	if (lost > 0) {
		engine_states(store, states);
		if (states[STATE_LOST].number > 0) {
			lost += states[STATE_LOST].number;
		}
		engine_state_put_number(store, STATE_LOST, lost, now);
	}
}

static void
add_lost(void *to, const struct daily_row *row)
{
	struct losses *losses = to;
	const size_t sort = words_find(&loss_words, row->name);

	if (row->what == DAILY_LOST && sort < LOSS_SORTS) {
		losses->number[sort] += row->number;
	}
}

void
engine_losses(struct store *store, int64_t now, struct losses *losses)
{
	*losses = (struct losses){ .number = { 0 } };
	store_daily_each(store, now - STORE_DAY, add_lost, losses);
}

/* ---- state ---- */

static const char *const keys[STATE_COUNT] = {
	[STATE_BRAKE] = "brake",
	[STATE_BRAKE_CAUSE] = "brake-cause",
	[STATE_MILTER] = "milter",
	[STATE_WATCH] = "watch",
	[STATE_WATCH_BEHIND] = "watch-behind",
	[STATE_SUPPRESSED] = "suppressed",
	[STATE_CLOCK] = "clock",
	[STATE_STORM] = "storm",
	[STATE_LOST] = "lost",
	[STATE_LOGINS] = "logins-on-25",
	[STATE_DAMAGED] = STORE_STATE_DAMAGED,
	[STATE_MILTER_MODE] = "milter-mode",
	[STATE_WATCH_MODE] = "watch-mode",
	[STATE_NOTIFIED] = "notified",
	[STATE_SHARE] = "share",
	[STATE_SHARE_LOST] = "share-lost",
	[STATE_SHARE_MISSED] = "share-missed",
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

	(void)text_print(value, sizeof(value), "%" PRId64, number);
	store_state_put(store, keys[which], value, now);
}

static enum engine_state
mode_of(enum engine_state service)
{
	return service == STATE_MILTER ? STATE_MILTER_MODE : STATE_WATCH_MODE;
}

void
engine_state_alive(struct store *store, enum engine_state service,
    enum conf_mode mode, int64_t now)
{
	const enum engine_state noted = mode_of(service);
	const char *name = conf_mode_name(mode);
	char was[STORE_KEY_SIZE];
	int64_t since;

	engine_state_put(store, service, VIDEUR_VERSION, now);
	if (!store_state_find(store, keys[noted], was, sizeof(was), &since) ||
	    strcmp(was, name) != 0) {
		engine_state_put(store, noted, name, now);
	}
}

const struct state *
engine_state_mode(
    const struct state states[static STATE_COUNT], enum engine_state service)
{
	return &states[mode_of(service)];
}

int64_t
engine_observing(const struct state states[static STATE_COUNT])
{
	int64_t since = 0;

	for (enum engine_state i = STATE_MILTER_MODE; i <= STATE_WATCH_MODE;
	     i++) {
		if (states[i].there &&
		    strcmp(states[i].value, conf_mode_name(CONF_OBSERVE)) ==
			0 &&
		    (since == 0 || states[i].since < since)) {
			since = states[i].since;
		}
	}
	return since;
}
