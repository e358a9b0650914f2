/*
 * Complaints go into the engine.
 */
#include <inttypes.h>
#include <string.h>

#include "base/table.h"
#include "base/text.h"
#include "engine/engine.h"
#include "feedback/feedback.h"

enum {
	STEP = 64, /* complaints in one transaction: others write in between */
	DAY = 24 * 3600
};

/* What is done, and what is said of it once it is committed. */
struct taking {
	struct store *store;
	const struct conf *conf;
	int64_t now;
	unsigned char secret[STORE_SECRET_SIZE];
	struct taken step;
	bool braked;
	size_t bans;
	struct ban ban[STEP * ENGINE_BANS_MAX];
};

/* When the one with that number, from 0, happened. */
static int64_t
moment(const struct complaint *complaint, int64_t number, int64_t now)
{
	const int64_t at = complaint->at != INT64_MIN ? complaint->at : now;
	const int64_t day = at - at % DAY;
	const int64_t rest = now - day < DAY ? now - day : DAY;

	if (!complaint->day) {
		return at < now ? at : now;
	}
	return rest <= 0
		   ? now
		   : day + rest * (2 * number + 1) / (2 * complaint->number);
}

/* Whether it was counted before; from now on it was. */
static bool
is_known(
    struct taking *taking, const struct complaint *complaint, int64_t number)
{
	const struct queue_entry entry = { .address = complaint->address,
		.at = taking->now };
	char name[FEEDBACK_ID_SIZE + ADDR_TEXT_SIZE + 32];
	char address[ADDR_TEXT_SIZE];
	char key[HASH_TEXT_SIZE];
	struct queue_entry known;
	struct text text;

	text_init(&text, name, sizeof(name));
	text_addf(&text, "%s %s %" PRId64, complaint->id,
	    addr_format(&complaint->address, address), number);
	(void)hash_text(taking->secret, name, text.len, key);
	(void)text_print(name, sizeof(name), "complaint %s", key);
	if (store_queue_find(taking->store, name, &known)) {
		return true;
	}
	store_queue_put(taking->store, name, &entry);
	return false;
}

static void
take_one(
    struct taking *taking, const struct complaint *complaint, int64_t number)
{
	const struct observation seen = { .address = complaint->address,
		.kind = KIND_COMPLAINT,
		.at = moment(complaint, number, taking->now),
		.source = "feedback",
		.detail = complaint->type };
	struct outcome outcome;

	if (seen.at < taking->now - taking->conf->keep_events) {
		taking->step.old++;
		return;
	}
	if (is_known(taking, complaint, number)) {
		taking->step.repeated++;
		return;
	}
	engine_observe(
	    taking->store, taking->conf, &seen, NULL, taking->now, &outcome);
	taking->step.counted += outcome.counted;
	taking->step.not_counted += !outcome.counted;
	taking->braked |= outcome.braked;
	for (size_t i = 0; i < outcome.bans; i++) {
		taking->ban[taking->bans++] = outcome.ban[i];
	}
}

static void
step_begin(struct taking *taking)
{
	taking->step = (struct taken){ .counted = 0 };
	taking->braked = false;
	taking->bans = 0;
	store_begin(taking->store);
	store_secret_own(taking->store, taking->secret);
}

static enum store_result
step_end(struct taking *taking, struct taken *taken)
{
	const enum store_result result = store_commit(taking->store);

	if (result != STORE_OK) {
		return result;
	}
	for (size_t i = 0; i < taking->bans; i++) {
		engine_log_ban(&taking->ban[i]);
	}
	if (taking->braked) {
		engine_log_brake(taking->conf);
	}
	taken->counted += taking->step.counted;
	taken->repeated += taking->step.repeated;
	taken->not_counted += taking->step.not_counted;
	taken->old += taking->step.old;
	return STORE_OK;
}

enum store_result
complaints_take(struct store *store, const struct conf *conf,
    const struct complaint *complaint, size_t complaints, int64_t now,
    struct taken *taken)
{
	static struct taking taking; /* too large for a stack */
	enum store_result result;
	int64_t steps = 0;

	taking.store = store;
	taking.conf = conf;
	taking.now = now;
	step_begin(&taking);
	for (; complaints > 0; complaint++, complaints--) {
		for (int64_t n = 0; n < complaint->number; n++) {
			take_one(&taking, complaint, n);
			if (++steps % STEP != 0) {
				continue;
			}
			result = step_end(&taking, taken);
			if (result != STORE_OK) {
				return result;
			}
			step_begin(&taking);
		}
	}
	return step_end(&taking, taken);
}
