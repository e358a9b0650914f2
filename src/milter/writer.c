#include "milter/writer.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "base/proc.h"
#include "base/text.h"
#include "milter/books.h"
#include "milter/door.h"
#include "milter/patience.h"
#include "milter/upkeep.h"

enum {
	LAST_PATIENCE = 2000 /* ms, for what waits at the end */
};

struct writer {
	struct desk desk;
	struct books books;
	struct upkeep upkeep;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	bool stopping;
};

/* ---- the desk ---- */

/* A version that no other store of this handle had. */
static enum store_result
version_of(struct handle *handle, int64_t *version)
{
	enum store_result result = store_version(handle->store, version);

	*version = (*version & UINT32_MAX) | handle->generation << 32;
	return result;
}

static enum store_result
read_version_and_standing(struct handle *handle, const struct visitor *visitor,
    int64_t now, int64_t *version, struct standing *standing)
{
	int64_t newest = 0;
	enum store_result result = version_of(handle, &newest);

	if (result == STORE_OK && newest == *version) {
		return STORE_NONE;
	}
	if (result == STORE_OK) {
		result = engine_standing(handle->store, visitor->conf,
		    &visitor->address, now, standing);
	}
	if (result == STORE_OK) {
		*version = newest;
	}
	return result;
}

/* Both as of one moment, which also takes the lock once instead of for each
 * statement. */
static enum store_result
read_standing(struct handle *handle, const struct visitor *visitor, int64_t now,
    int64_t *version, struct standing *standing)
{
	enum store_result result = store_snapshot(handle->store);

	if (result == STORE_OK) {
		result = read_version_and_standing(
		    handle, visitor, now, version, standing);
		store_snapshot_end(handle->store);
	}
	return result;
}

static enum store_result
ask_standing(struct books *books, struct visitor *visitor, int64_t now,
    int64_t *version, struct standing *standing)
{
	struct handle *handle = &books->read;
	enum store_result result;
	int64_t began;

	if (!patience_take(handle, visitor)) {
		trouble_say(&books->trouble,
		    "the database cannot be asked; sessions pass unchecked");
		return STORE_BUSY;
	}
	began = proc_ticks();
	result = read_standing(handle, visitor, now, version, standing);
	if (result == STORE_BUSY || result == STORE_FAILED) {
		handle->failed |= result == STORE_FAILED;
		trouble_say(&books->trouble,
		    "cannot read the database: %s; sessions pass unchecked",
		    store_error(handle->store));
	}
	handle_give(handle);
	patience_charge(visitor, began);
	return result;
}

static enum store_result
desk_standing(void *self, struct visitor *visitor, int64_t now,
    int64_t *version, struct standing *standing)
{
	struct books *books = &((struct writer *)self)->books;
	int64_t ticket = glance_begin(&books->glance);
	int64_t ticks = proc_ticks();
	enum store_result result;

	if (*version != DESK_NO_VERSION &&
	    glance_has(&books->glance, *version, ticks)) {
		return STORE_NONE;
	}
	result = ask_standing(books, visitor, now, version, standing);
	if (result == STORE_OK || result == STORE_NONE) {
		glance_put(&books->glance, ticket, *version, ticks);
	}
	return result;
}

static bool
record_now(struct books *books, struct visitor *visitor,
    const struct deed *deed, int64_t now)
{
	size_t count = 1;
	int64_t began;

	if (!patience_take_writer(books, visitor)) {
		return false;
	}
	began = proc_ticks();
	(void)books_record(books, visitor->conf, deed, &count, now);
	handle_give(&books->write);
	patience_charge(visitor, began);
	return count == 1;
}

static void
desk_observe(
    void *self, struct visitor *visitor, const struct deed *deed, int64_t now)
{
	struct books *books = &((struct writer *)self)->books;

	if (!record_now(books, visitor, deed, now)) {
		queue_put(books->queue, deed);
	}
}

static void
desk_tally(void *self, const struct net *client, int64_t hour,
    const struct tally *more)
{
	struct books *books = &((struct writer *)self)->books;

	throng_tally(books->throng, client, hour, more);
}

static enum store_result
write_hit(struct store *store, const struct ban *ban, int64_t now)
{
	enum store_result result = store_begin(store);

	if (result == STORE_OK) {
		result = store_ban_hit(store, ban->id, 1, now);
	}
	if (result == STORE_OK || result == STORE_NONE) {
		result = store_daily_add(
		    store, now, DAILY_REFUSED, reason_name(ban->reason), 1);
	}
	return result == STORE_OK ? store_commit(store) : result;
}

static bool
hit_now(struct books *books, struct visitor *visitor, const struct ban *ban,
    int64_t now)
{
	enum store_result result;
	int64_t began;

	if (!patience_take_writer(books, visitor)) {
		return false;
	}
	began = proc_ticks();
	result = write_hit(books->write.store, ban, now);
	if (result != STORE_OK) {
		(void)books_write_trouble(books, result);
		store_rollback(books->write.store);
	}
	handle_give(&books->write);
	patience_charge(visitor, began);
	return result == STORE_OK;
}

/* The first is written at once, so that `list` shows at once that a ban does
 * its work; the others can wait a second. */
static void
desk_hit(
    void *self, struct visitor *visitor, const struct ban *ban, int64_t now)
{
	struct books *books = &((struct writer *)self)->books;

	if (ban->hits > 0 || !hit_now(books, visitor, ban, now)) {
		pending_hit(books->pending, ban, now);
	}
}

static enum limit_kind
desk_admit(
    void *self, struct visitor *visitor, struct presence *presence, int64_t now)
{
	struct books *books = &((struct writer *)self)->books;

	return door_admit(books, visitor, presence, now);
}

static void
desk_leave(void *self, const struct net *client, struct presence *presence)
{
	struct books *books = &((struct writer *)self)->books;

	if (presence->slot) {
		presence->slot = false;
		throng_leave(books->throng, client);
	}
}

static void
desk_limited(void *self, enum limit_kind limit, int64_t now)
{
	struct books *books = &((struct writer *)self)->books;

	pending_limited(books->pending, limit, now);
}

static bool
desk_key(void *self, struct visitor *visitor, const char *text,
    char key[static HASH_TEXT_SIZE])
{
	struct books *books = &((struct writer *)self)->books;

	return door_key(books, visitor, text, key);
}

/* ---- the thread ---- */

static struct timespec
next_second(void)
{
	struct timespec at;

	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec++;
	return at;
}

/* Sleep for a second; false where it is time to go. */
static bool
sleep_a_second(struct writer *writer)
{
	struct timespec until = next_second();
	bool go_on;

	(void)pthread_mutex_lock(&writer->mutex);
	while (!writer->stopping &&
	       pthread_cond_clockwait(&writer->wake, &writer->mutex,
		   CLOCK_MONOTONIC, &until) == 0) {
		/* Woken before its time: look again. */
	}
	go_on = !writer->stopping;
	(void)pthread_mutex_unlock(&writer->mutex);
	return go_on;
}

static void *
run(void *arg)
{
	struct writer *writer = arg;

	do {
		upkeep_round(&writer->upkeep, &writer->books, proc_now());
	} while (sleep_a_second(writer));
	return NULL;
}

struct writer *
writer_start(struct conf *conf, char error[static STORE_ERROR_SIZE])
{
	struct writer *writer = calloc(1, sizeof(*writer));

	if (writer == NULL) {
		(void)text_copy(error, STORE_ERROR_SIZE, "out of memory");
		return NULL;
	}
	if (!books_open(&writer->books, conf, error)) {
		free(writer);
		return NULL;
	}
	writer->desk = (struct desk){ .self = writer,
		.standing = desk_standing,
		.observe = desk_observe,
		.tally = desk_tally,
		.hit = desk_hit,
		.admit = desk_admit,
		.leave = desk_leave,
		.limited = desk_limited,
		.key = desk_key };
	(void)pthread_mutex_init(&writer->mutex, NULL);
	(void)pthread_cond_init(&writer->wake, NULL);
	if (pthread_create(&writer->thread, NULL, run, writer) != 0) {
		log_fatal(EXIT_USAGE, "cannot start a thread");
	}
	return writer;
}

void
writer_stop(struct writer *writer)
{
	(void)pthread_mutex_lock(&writer->mutex);
	writer->stopping = true;
	(void)pthread_cond_signal(&writer->wake);
	(void)pthread_mutex_unlock(&writer->mutex);
	(void)pthread_join(writer->thread, NULL);

	upkeep_last(&writer->books, proc_now(), LAST_PATIENCE);
	books_close(&writer->books);
	(void)pthread_cond_destroy(&writer->wake);
	(void)pthread_mutex_destroy(&writer->mutex);
	free(writer);
}

const struct desk *
writer_desk(const struct writer *writer)
{
	return &writer->desk;
}

struct conf *
writer_conf(struct writer *writer)
{
	return books_conf(&writer->books);
}

void
writer_reload(struct writer *writer, struct conf *conf)
{
	books_reload(&writer->books, conf);
}
