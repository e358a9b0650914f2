#include "milter/upkeep.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"
#include "base/proc.h"
#include "engine/engine.h"
#include "milter/sums.h"

enum {
	EVENTS_A_COMMIT = 64,
	ROWS_A_COMMIT = 256,
	/* ms; callbacks wait meanwhile, so another program's lock is left
	 * alone soon and tried again in the next round. */
	PATIENCE = 50,
	LIFE_EVERY = 10,  /* s */
	EXPIRE_EVERY = 60 /* s, while nothing is old enough */
};

/* Take the write handle with a store in it. */
static bool
take_writer(struct books *books, int64_t patience)
{
	if (!handle_take(&books->write, patience)) {
		return false;
	}
	if (books->write.store == NULL) {
		handle_give(&books->write);
		return false;
	}
	store_patience(books->write.store, patience > 0 ? (int)patience : 0);
	return true;
}

/* Write some of the queue; true where there may be more. */
static bool
drain_some(
    struct books *books, const struct conf *conf, int64_t now, int64_t patience)
{
	struct waiting queued[EVENTS_A_COMMIT];
	struct deed deeds[EVENTS_A_COMMIT];
	size_t count = queue_peek(books->queue, queued, EVENTS_A_COMMIT);

	if (count == 0 || !take_writer(books, patience)) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		deeds[i] = queue_deed(&queued[i]);
	}
	(void)books_record(books, conf, deeds, &count, now);
	handle_give(&books->write);
	queue_remove(books->queue, count);
	return count > 0;
}

static enum store_result
write_row(struct store *store, const struct pending_row *row)
{
	enum store_result result;

	switch (row->what) {
	case PENDING_TALLY:
		return store_tally_add(
		    store, &row->client, row->number, &row->tally);
	case PENDING_HITS:
		result = store_ban_hit(
		    store, row->number, row->times, row->told);
		/* The ban may be forgotten by now. */
		return result == STORE_NONE ? STORE_OK : result;
	case PENDING_LIMITED:
		return STORE_OK; /* only a sum by day */
	}
	log_panic("no such row: %d", (int)row->what);
}

static enum store_result
write_rows(struct books *books, const struct pending_row *rows, size_t count)
{
	struct store *store = books->write.store;
	struct sums sums = { .day = 0 };
	enum store_result result = store_begin(store);

	for (size_t i = 0; result == STORE_OK && i < count; i++) {
		result = write_row(store, &rows[i]);
		if (result == STORE_OK) {
			result = sums_add(&sums, store, &rows[i]);
		}
	}
	if (result == STORE_OK) {
		result = sums_write(&sums, store);
	}
	if (result == STORE_OK) {
		result = store_commit(store);
	}
	if (result != STORE_OK) {
		result = books_write_trouble(books, result);
		store_rollback(store);
	}
	return result;
}

/* Write some of what is pending; true where there may be more.  The rows are
 * out of sight of pending_sum() only while the write handle is ours. */
static bool
flush_some(struct books *books, int64_t patience)
{
	struct pending_row rows[ROWS_A_COMMIT];
	enum store_result result = STORE_OK;
	size_t count;

	if (!take_writer(books, patience)) {
		return false;
	}
	count = pending_take(books->pending, rows, ROWS_A_COMMIT);
	if (count > 0) {
		result = write_rows(books, rows, count);
	}
	if (result != STORE_OK) {
		pending_put_back(books->pending, rows, count);
	}
	handle_give(&books->write);
	return result == STORE_OK && count == ROWS_A_COMMIT;
}

static enum store_result
keep_house(struct upkeep *upkeep, struct store *store, const struct conf *conf,
    int64_t now)
{
	enum store_result result = STORE_OK;
	int64_t removed = 0;

	if (now >= upkeep->life_at) {
		result = store_state_put(store, "milter", VIDEUR_VERSION, now);
		upkeep->life_at = now + LIFE_EVERY;
	}
	if (result == STORE_OK && now >= upkeep->expire_at) {
		result = engine_expire(store, conf, now, &removed);
		upkeep->expire_at = removed > 0 ? now : now + EXPIRE_EVERY;
	}
	return result;
}

/* The sign of life, and one step of forgetting. */
static void
mind_the_house(struct upkeep *upkeep, struct books *books,
    const struct conf *conf, int64_t now)
{
	struct store *store;
	enum store_result result;

	if ((now < upkeep->life_at && now < upkeep->expire_at) ||
	    !take_writer(books, PATIENCE)) {
		return;
	}
	store = books->write.store;
	result = store_begin(store);
	if (result == STORE_OK) {
		result = keep_house(upkeep, store, conf, now);
	}
	if (result == STORE_OK) {
		result = store_commit(store);
	}
	if (result != STORE_OK) {
		(void)books_write_trouble(books, result);
		store_rollback(store);
	}
	handle_give(&books->write);
}

static void
tell_dropped(struct books *books)
{
	int64_t events = queue_dropped(books->queue);
	int64_t rows = pending_dropped(books->pending);

	if (events > 0) {
		trouble_say(&books->trouble,
		    "the queue is full: %lld events are lost",
		    (long long)events);
	}
	if (rows > 0) {
		trouble_say(&books->trouble,
		    "too much is pending: %lld tallies are lost",
		    (long long)rows);
	}
}

static void
move_log(struct books *books)
{
	struct handle *handle = &books->checkpoint;

	/* Busy means that someone reads: the next round goes on from there. */
	if (handle->store != NULL &&
	    store_checkpoint(handle->store) == STORE_FAILED) {
		trouble_say(&books->trouble, "checkpoint: %s",
		    store_error(handle->store));
	}
}

void
upkeep_round(struct upkeep *upkeep, struct books *books, int64_t now)
{
	struct conf *conf = books_conf(books);

	books_mend(books);
	while (drain_some(books, conf, now, PATIENCE)) {
	}
	while (flush_some(books, PATIENCE)) {
	}
	mind_the_house(upkeep, books, conf, now);
	tell_dropped(books);
	move_log(books);
	trouble_end_round(&books->trouble);
	conf_drop(conf);
}

void
upkeep_last(struct books *books, int64_t now, int64_t milliseconds)
{
	struct conf *conf = books_conf(books);
	int64_t deadline = proc_ticks() + milliseconds;
	size_t left;

	books_mend(books);
	while (drain_some(books, conf, now, deadline - proc_ticks())) {
	}
	while (flush_some(books, deadline - proc_ticks())) {
	}
	left = queue_count(books->queue);
	if (left > 0) {
		log_warn("%zu events could not be written and are lost", left);
	}
	conf_drop(conf);
}
