#include "milter/writer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/proc.h"
#include "base/text.h"
#include "milter/database.h"
#include "milter/leeway.h"

enum {
	/* ms the thread waits for another program's lock: less than a session
	 * waits for the thread, so that it is told in time. */
	WRITE_WAIT = 200,
	ROUND_WAIT = 50,  /* ms the same once a second */
	LAST_WAIT = 2000, /* ms for what waits at the end */
	EVERY = 1000,     /* ms from one round of upkeep to the next */
	TEND = 250,       /* ms from one look at the files to the next */
	FEW = 8,          /* events at a time that all are waited for */
	/* A transaction's events are at most so many, or what is written in so
	 * many ms; and where no session waits for them, and there are not that
	 * many, it begins so many ms behind the one before. */
	EVENTS_A_COMMIT = 2048,
	LASTS = 50,
	APART = 50,
	ROWS_A_COMMIT = 1024,
	ROWS_MANY = 4096, /* that are counted: they take memory */
	BANS_A_COMMIT = 128,
	COUNT_EVERY = 10, /* s, while there are more rows than that */
	LIFE_EVERY = 10,  /* s */
	PRUNE_EVERY = 60  /* s, while nothing is old enough */
};

/* What waits to be written. */
struct entry {
	struct writer_event event;
	bool noted;                 /* leeway_tell() is due: */
	struct leeway_found leeway; /* of its outcome, */
	int64_t changes;            /* and store_changes() then */
};

/* What one transaction comes to. */
struct begun {
	struct ban ban[BANS_A_COMMIT];
	size_t bans;
	const struct conf *braked; /* by which the brake was put on; or NULL */
};

struct writer {
	struct database *database;
	bool threaded;
	pthread_t thread;

	/* The queue, and what else threads share; with the mutex held.  What
	 * stands in the queue changes no more, and only the thread takes it
	 * out. */
	pthread_mutex_t mutex;
	pthread_cond_t wake; /* there is something to do */
	/* A transaction ended: for who came before one began and after; the
	 * next of them is that of who comes now. */
	pthread_cond_t written[2];
	size_t turn;
	struct entry *queue; /* a ring of WRITER_QUEUE_MAX */
	size_t head;
	size_t count;
	size_t waiting; /* sessions that wait for one of them */
	size_t newest;  /* how many the newest transaction had */
	struct leeway *leeway;
	int64_t put; /* entries so far */
	int64_t done;
	bool stopping;
	struct conf *conf;

	/* Of the thread alone. */
	int64_t began;      /* the newest transaction, on proc_ticks() */
	struct begun begun; /* in it */
	struct counted row[ROWS_A_COMMIT];
	bool doubtful;       /* whether the database works again */
	int64_t life_at;     /* when the next sign of life is due */
	enum conf_mode said; /* the mode that the last one told */
	int64_t count_at;    /* when the counters are due at the latest */
	int64_t prune_at;    /* when to look for what may be forgotten */
	int64_t step_at;     /* and when to go on with it, on proc_ticks() */
};

struct writer *
writer_new(struct conf *conf)
{
	struct writer *writer = calloc(1, sizeof(*writer));

	if (writer == NULL) {
		return NULL;
	}
	/* Pages of the queue that were never used take no memory. */
	writer->queue = calloc(WRITER_QUEUE_MAX, sizeof(*writer->queue));
	writer->database = database_new(conf->database);
	writer->leeway = leeway_new(writer->database);
	(void)pthread_mutex_init(&writer->mutex, NULL);
	(void)pthread_cond_init(&writer->wake, NULL);
	(void)pthread_cond_init(&writer->written[0], NULL);
	(void)pthread_cond_init(&writer->written[1], NULL);
	if (writer->queue == NULL || writer->leeway == NULL ||
	    writer->database == NULL) {
		writer_free(writer);
		return NULL;
	}
	writer->conf = conf;
	writer->step_at = INT64_MAX;
	return writer;
}

struct database *
writer_database(const struct writer *writer)
{
	return writer->database;
}

struct conf *
writer_conf(struct writer *writer)
{
	struct conf *conf;

	(void)pthread_mutex_lock(&writer->mutex);
	conf = conf_hold(writer->conf);
	(void)pthread_mutex_unlock(&writer->mutex);
	return conf;
}

void
writer_reload(struct writer *writer, struct conf *conf)
{
	const char *path = database_path(writer->database);
	struct conf *old;

	if (strcmp(conf->database, path) != 0) {
		log_warn("the database stays %s until a restart", path);
	}
	/* One that was freed may have had the same address. */
	leeway_forget(writer->leeway);
	(void)pthread_mutex_lock(&writer->mutex);
	old = writer->conf;
	writer->conf = conf;
	(void)pthread_mutex_unlock(&writer->mutex);
	conf_drop(old);
}

/* ---- what waits ---- */

static struct entry *
entry_at(struct writer *writer, size_t place)
{
	return &writer->queue[(writer->head + place) % WRITER_QUEUE_MAX];
}

static bool write_some(struct writer *writer, int64_t now, int64_t wait);

/* Whether much is written. */
static bool
is_busy(const struct writer *writer)
{
	return writer->count > FEW || writer->newest > FEW;
}

/* Whether the session of an entry, the newest in the queue, is to wait: its next
 * step may have another answer then, the next session may hear another reply,
 * or more comes than is written; and where little is, so that it shows. */
static bool
must_wait(struct writer *writer, struct entry *entry)
{
	const struct writer_event *event = &entry->event;
	bool may_ban = false;

	if (event->conf != NULL) {
		may_ban = !leeway_ask(writer->leeway, event, &entry->noted);
	}
	return may_ban || event->heard || !is_busy(writer) ||
	       writer->count > WRITER_QUEUE_MAX / 2;
}

/* Wait until an entry is written, or cannot be now. */
static void
wait_until_written(struct writer *writer, int64_t ticket, int64_t left)
{
	const struct timespec until = proc_until(left);

	writer->waiting++;
	(void)pthread_cond_signal(&writer->wake);
	while (writer->done < ticket && !database_is_down(writer->database) &&
	       pthread_cond_clockwait(&writer->written[writer->turn],
		   &writer->mutex, CLOCK_MONOTONIC, &until) == 0) {
		/* Another transaction, or none: look again. */
	}
	writer->waiting--;
}

/* Put an entry in the queue, and wait where the session must.  False where
 * there was no room. */
static bool
enqueue(struct writer *writer, const struct writer_event *event, int64_t *left)
{
	const int64_t began = proc_ticks();
	bool room;

	(void)pthread_mutex_lock(&writer->mutex);
	room = writer->count < WRITER_QUEUE_MAX;
	if (room) {
		const int64_t ticket = ++writer->put;
		struct entry *entry = entry_at(writer, writer->count++);

		*entry = (struct entry){ .event = *event };
		if (must_wait(writer, entry) && writer->threaded) {
			wait_until_written(writer, ticket, *left);
		} else if (writer->count == 1 ||
			   writer->count == EVENTS_A_COMMIT) {
			(void)pthread_cond_signal(&writer->wake);
		}
	}
	(void)pthread_mutex_unlock(&writer->mutex);
	database_charge(left, began);
	if (!writer->threaded && !database_is_down(writer->database)) {
		(void)write_some(writer, event->at, WRITE_WAIT);
	}
	return room;
}

void
writer_record(
    struct writer *writer, const struct writer_event *event, int64_t *left)
{
	bool busy;

	(void)conf_hold(event->conf);
	(void)pthread_mutex_lock(&writer->mutex);
	busy = writer->threaded && is_busy(writer);
	(void)pthread_mutex_unlock(&writer->mutex);
	if (busy) {
		leeway_look(writer->leeway, event, left);
	}
	if (!enqueue(writer, event, left)) {
		conf_drop(event->conf);
		database_lose(writer->database, LOSS_EVENTS, 1);
	}
}

void
writer_hit(
    struct writer *writer, const struct ban *ban, int64_t now, int64_t *left)
{
	const struct writer_event hit = { .at = now,
		.ban = ban->id,
		.cause = ban_cause(ban),
		.heard = ban->again.code[0] != '\0' };
	const struct counted counted = queued_hit(&hit);

	if (ban->hits > 0 || !enqueue(writer, &hit, left)) {
		database_count(writer->database, &counted, 1);
	}
}

/* ---- writing: the thread, or whoever has a writer without one ---- */

static void
write_event(struct writer *writer, struct store *store, struct entry *entry,
    int64_t now)
{
	const struct writer_event *event = &entry->event;
	const struct net client = engine_client(event->conf, &event->address);
	const struct tally unflushed = database_counted(
	    writer->database, &client, NULL);
	char key[HASH_TEXT_SIZE] = "";
	struct observation seen = { .address = event->address,
		.kind = event->kind,
		.at = event->at,
		.source = "milter",
		.null_sender = event->null_sender,
		.nth = event->nth,
		.detail = event->detail[0] == '\0' ? NULL : event->detail };
	struct outcome outcome = { .bans = 0 };
	struct begun *begun = &writer->begun;

	engine_key(store, event->name, key);
	seen.key = key[0] == '\0' ? NULL : key;
	engine_observe(store, event->conf, &seen, &unflushed, now, &outcome);
	for (size_t i = 0; i < outcome.bans; i++) {
		begun->ban[begun->bans++] = outcome.ban[i];
	}
	if (outcome.braked) {
		begun->braked = event->conf;
	}
	entry->leeway = outcome.leeway;
}

/* Take entries that were written out of the queue; at the end, all. */
static void
remove_entries(struct writer *writer, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct entry *entry = entry_at(writer, i);

		if (entry->noted) {
			leeway_tell(writer->leeway, &entry->event,
			    &entry->leeway, entry->changes);
		}
		if (entry->event.conf != NULL) {
			conf_drop(entry->event.conf);
		}
	}
	(void)pthread_mutex_lock(&writer->mutex);
	writer->count -= count;
	writer->done += (int64_t)count;
	writer->newest = count;
	/* One that is empty begins anew, so that few pages are used. */
	writer->head = writer->count == 0
			   ? 0
			   : (writer->head + count) % WRITER_QUEUE_MAX;
	(void)pthread_mutex_unlock(&writer->mutex);
}

/* Write entries in the transaction that is open; gives back how many. */
static size_t
write_entries(
    struct writer *writer, struct store *store, size_t count, int64_t now)
{
	const int64_t changes = store_changes(store);
	size_t done = 0;

	while (done < count &&
	       writer->begun.bans + ENGINE_BANS_MAX <= BANS_A_COMMIT &&
	       (done == 0 || proc_ticks() - writer->began < LASTS)) {
		struct entry *entry = entry_at(writer, done++);

		if (entry->event.conf == NULL) {
			const struct counted hit = queued_hit(&entry->event);

			engine_count(store, &hit, 1);
		} else {
			write_event(writer, store, entry, now);
			entry->changes = changes;
		}
	}
	return done;
}

/* Write some of the queue in one transaction; true where there may be more. */
static bool
write_some(struct writer *writer, int64_t now, int64_t wait)
{
	struct begun *begun = &writer->begun;
	struct store *store;
	size_t count;
	size_t turn;
	size_t done = 0;

	(void)pthread_mutex_lock(&writer->mutex);
	count = writer->count < EVENTS_A_COMMIT ? writer->count
						: EVENTS_A_COMMIT;
	turn = writer->turn;
	writer->turn = 1 - turn;
	(void)pthread_mutex_unlock(&writer->mutex);
	begun->bans = 0;
	begun->braked = NULL;
	store = count == 0 ? NULL : database_begin(writer->database, wait);
	writer->began = proc_ticks();
	if (store != NULL) {
		done = write_entries(writer, store, count, now);
		if (!database_commit(writer->database)) {
			done = 0;
		}
	}
	for (size_t i = 0; i < begun->bans && done > 0; i++) {
		engine_log_ban(&begun->ban[i]);
	}
	if (begun->braked != NULL && done > 0) {
		engine_log_brake(begun->braked);
	}
	remove_entries(writer, done);
	/* Not before: who is woken needs the mutex. */
	(void)pthread_cond_broadcast(&writer->written[turn]);
	if (done < count) {
		(void)pthread_cond_broadcast(&writer->written[1 - turn]);
	}
	return done > 0 && (done < count || count == EVENTS_A_COMMIT);
}

/* Write some of the counters; true where there may be more. */
static bool
write_counters(struct writer *writer, int64_t wait)
{
	struct counted *rows = writer->row;
	struct store *store;
	size_t count;
	bool fine = true;

	(void)database_hold_counts(writer->database, NULL);
	count = database_take_counts(writer->database, rows, ROWS_A_COMMIT);
	if (count > 0) {
		store = database_begin(writer->database, wait);
		if (store != NULL) {
			engine_count(store, rows, count);
		}
		fine = store != NULL && database_commit(writer->database);
	}
	if (!fine) {
		database_count(writer->database, rows, count);
	}
	database_release_counts(writer->database);
	return fine && count == ROWS_A_COMMIT;
}

/* One step of forgetting in a transaction of its own, so that no event waits
 * for long; and while there is more, another one, in half of the time. */
static void
forget(struct writer *writer, int64_t now)
{
	const int64_t began = proc_ticks();
	struct conf *conf = writer_conf(writer);
	struct store *store = database_begin(writer->database, ROUND_WAIT);
	int64_t removed = 0;

	if (store != NULL) {
		removed = engine_maintain(store, conf, now, began);
	}
	writer->step_at = INT64_MAX;
	if (store != NULL && database_commit(writer->database)) {
		writer->prune_at = removed > 0 ? now : now + PRUNE_EVERY;
		writer->step_at = removed > 0 ? 2 * proc_ticks() - began + 1
					      : INT64_MAX;
	}
	conf_drop(conf);
}

void
writer_round(struct writer *writer, int64_t now)
{
	struct database *database = writer->database;
	struct conf *conf = writer_conf(writer);
	struct store *store;
	int64_t all;
	bool alive;

	/* All that waits, but not what comes meanwhile without end. */
	(void)pthread_mutex_lock(&writer->mutex);
	all = writer->put;
	(void)pthread_mutex_unlock(&writer->mutex);
	while (write_some(writer, now, ROUND_WAIT) && writer->done < all) {
	}
	/* Of many rows most are of clients that come again. */
	if (database_counts(database) <= ROWS_A_COMMIT ||
	    database_counts(database) > ROWS_MANY ||
	    engine_due(writer->count_at, now, COUNT_EVERY)) {
		while (write_counters(writer, ROUND_WAIT)) {
		}
		writer->count_at = now + COUNT_EVERY;
	}
	/* The sign of life, by which it shows as well that a database in
	 * trouble can be written again. */
	alive = writer->doubtful || writer->said != conf->mode ||
		engine_due(writer->life_at, now, LIFE_EVERY);
	store = alive ? database_begin(database, ROUND_WAIT) : NULL;
	if (store != NULL) {
		engine_state_alive(store, STATE_MILTER, conf->mode, now);
		writer->life_at = now + LIFE_EVERY;
		writer->said = conf->mode;
		(void)database_commit(database);
	}
	if (engine_due(writer->prune_at, now, PRUNE_EVERY)) {
		forget(writer, now);
	}
	database_put_losses(database, false, now, ROUND_WAIT);
	writer->doubtful = !database_fine(database, conf, now);
	conf_drop(conf);
}

/* ---- the thread ---- */

/* When to write what waits, with the mutex held. */
static int64_t
write_at(const struct writer *writer)
{
	const int64_t retry = database_retry_at(writer->database);
	const int64_t next = writer->began + APART;

	return writer->waiting > 0 || writer->count >= EVENTS_A_COMMIT ||
		       next < retry
		   ? retry
		   : next;
}

/* Until there is something to write, and sense in an attempt, or a round is
 * due; true where it is to end. */
static bool
wait_for_work(struct writer *writer, int64_t round_at)
{
	bool stopping = false;
	bool due = false;

	(void)pthread_mutex_lock(&writer->mutex);
	while (!stopping && !due) {
		const int64_t ticks = proc_ticks();
		int64_t at = writer->step_at < round_at ? writer->step_at
							: round_at;

		if (writer->count > 0 && write_at(writer) < at) {
			at = write_at(writer);
		}
		stopping = writer->stopping;
		due = ticks >= at;
		if (!stopping && !due) {
			const struct timespec until = proc_until(at - ticks);

			(void)pthread_cond_clockwait(&writer->wake,
			    &writer->mutex, CLOCK_MONOTONIC, &until);
		}
	}
	(void)pthread_mutex_unlock(&writer->mutex);
	return stopping;
}

static void *
run(void *arg)
{
	struct writer *writer = arg;
	struct database *database = writer->database;
	int64_t next = proc_ticks();
	int64_t round = next;
	int64_t deadline;

	while (!wait_for_work(writer, next)) {
		if (proc_ticks() < next) {
			(void)write_some(writer, proc_now(), WRITE_WAIT);
			if (proc_ticks() >= writer->step_at) {
				forget(writer, proc_now());
			}
		} else {
			database_tend(database);
			if (proc_ticks() >= round) {
				writer_round(writer, proc_now());
				round = proc_ticks() + EVERY;
			}
			next = proc_ticks() + TEND;
		}
	}

	deadline = proc_ticks() + LAST_WAIT;
	database_tend(database);
	while (write_some(writer, proc_now(), deadline - proc_ticks())) {
	}
	while (write_counters(writer, deadline - proc_ticks())) {
	}
	database_lose(database, LOSS_EVENTS, (int64_t)writer->count);
	database_lose_counts(database);
	database_put_losses(
	    database, true, proc_now(), deadline - proc_ticks());
	return NULL;
}

bool
writer_start(struct writer *writer, char error[static STORE_ERROR_SIZE])
{
	if (!database_open(writer->database, error)) {
		return false;
	}
	writer->threaded = true;
	if (pthread_create(&writer->thread, NULL, run, writer) != 0) {
		log_fatal(EXIT_USAGE, "cannot start a thread");
	}
	return true;
}

void
writer_free(struct writer *writer)
{
	if (writer->threaded) {
		(void)pthread_mutex_lock(&writer->mutex);
		writer->stopping = true;
		(void)pthread_cond_signal(&writer->wake);
		(void)pthread_mutex_unlock(&writer->mutex);
		(void)pthread_join(writer->thread, NULL);
	}
	remove_entries(writer, writer->count);
	database_free(writer->database);
	leeway_free(writer->leeway);
	if (writer->conf != NULL) {
		conf_drop(writer->conf);
	}
	(void)pthread_mutex_destroy(&writer->mutex);
	(void)pthread_cond_destroy(&writer->wake);
	(void)pthread_cond_destroy(&writer->written[0]);
	(void)pthread_cond_destroy(&writer->written[1]);
	free(writer->queue);
	free(writer);
}
