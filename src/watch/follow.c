#include "watch/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proc.h"
#include "base/text.h"
#include "engine/engine.h"
#include "intake/intake.h"
#include "watch/tail.h"

enum {
	BATCH_MAX = 2048, /* events of one transaction */
	BATCH_MS = 100,   /* and how long it is read for */
	FORGET_MS = 20,   /* of forgetting before the next is read */
	SLICE = 32,       /* lines of one source before the next has its turn */
	BANS_MAX = 2048,  /* of a batch, to be logged */
	TIMEOUT = 1000,   /* ms a transaction waits for another program */
	LIFE_EVERY = 10,  /* s between signs of life */
	PRUNE_EVERY = 60  /* s between looks for what may be forgotten */
};

struct follow {
	struct setup *setup;
	struct store *store; /* NULL: closed */
	char path[CONF_PATH_SIZE];
	int lock;   /* a descriptor of the database, or -1 */
	bool alone; /* it is locked */
	struct intake intake;
	bool has_key;
	bool begun;                    /* it was open once */
	char restored[STORE_KEY_SIZE]; /* STORE_STATE_RESTORED in it */
	unsigned char key[HASH_KEY_SIZE];

	/* The batch. */
	struct finding finding[BATCH_MAX + 1]; /* the last is for nothing */
	size_t findings;
	int64_t events;
	int64_t suppressed;

	struct ban ban[BANS_MAX]; /* that begin with it */

	/* Seconds; what is 0 is due. */
	int64_t life_at;  /* the next sign of life */
	int64_t prune_at; /* the next look for what may be forgotten */
	bool more;        /* and there is more */
	int64_t dry_at;   /* all there was had been read */

	struct log_gate gate;
	bool troubled; /* the log speaks of trouble as going on */
};

/* ---- the database ---- */

/* Lock the database, or the one that is in its place by now.  flock() has
 * nothing to do with the locks that SQLite takes, but closing a descriptor of
 * the same file would drop those: it stays open as long as the store. */
static bool
hold_alone(struct follow *follow, char error[static STORE_ERROR_SIZE])
{
	struct stat held;
	struct stat now;
	int tries = 0;

	if (follow->lock >= 0 && fstat(follow->lock, &held) == 0 &&
	    stat(follow->path, &now) == 0 &&
	    (held.st_ino != now.st_ino || held.st_dev != now.st_dev)) {
		(void)close(follow->lock);
		follow->lock = -1;
	}
	if (follow->lock < 0) {
		follow->lock = open(follow->path, O_RDONLY | O_CLOEXEC);
	}
	do {
		follow->alone = follow->lock >= 0 &&
				flock(follow->lock, LOCK_EX | LOCK_NB) == 0;
	} while (
	    !follow->alone && errno == EWOULDBLOCK && proc_wait_out(&tries));
	if (!follow->alone) {
		(void)text_print(error, STORE_ERROR_SIZE, "%s: %s",
		    follow->path,
		    errno == EWOULDBLOCK ? "another videur-watch works with it"
					 : strerrordesc_np(errno));
	}
	return follow->alone;
}

static void
close_database(struct follow *follow)
{
	store_close(follow->store);
	follow->store = NULL;
	if (follow->lock >= 0) {
		(void)close(follow->lock);
	}
	follow->lock = -1;
	follow->alone = false;
}

struct follow *
follow_new(struct setup *setup)
{
	struct follow *follow = calloc(1, sizeof(*follow));

	if (follow != NULL) {
		follow->setup = setup;
		follow->lock = -1;
	}
	return follow;
}

void
follow_close(struct follow *follow)
{
	close_database(follow);
	free(follow);
}

void
follow_use(struct follow *follow, struct setup *setup)
{
	follow->setup = setup;
	follow->intake.store = follow->store;
	follow->intake.conf = setup->conf;
	follow->life_at = 0; /* the mode may be another one */
}

bool
follow_is_pending(const struct follow *follow)
{
	return follow->findings > 0 || follow->suppressed > 0;
}

static enum follow_result
trouble(struct follow *follow, enum store_result result, const char *error)
{
	int64_t held;

	if (log_gate_open(&follow->gate, proc_now(), &held)) {
		log_warn("%s%s", error,
		    follow->begun || result == STORE_BUSY
			? "; reading waits until it can be written"
			: "");
	}
	follow->troubled = true;
	return result == STORE_BUSY ? FOLLOW_BUSY : FOLLOW_FAILED;
}

/* Whether the database that was opened anew is a copy that was put back: its
 * positions say how far it knows the logs. */
static bool
is_restored(struct follow *follow)
{
	char was[STORE_KEY_SIZE];
	int64_t since;

	memcpy(was, follow->restored, sizeof(was));
	if (!store_state_find(follow->store, STORE_STATE_RESTORED,
		follow->restored, sizeof(follow->restored), &since)) {
		follow->restored[0] = '\0';
	}
	return follow->begun && strcmp(was, follow->restored) != 0;
}

/* Where the database failed or is another one by now, it is opened anew.  What
 * was read stays read: the positions go into it with the next batch. */
enum follow_result
follow_open(struct follow *follow)
{
	const struct conf *conf = follow->setup->conf;
	char error[STORE_ERROR_SIZE];
	bool anew = false;
	enum store_result result;

	if (strcmp(follow->path, conf->database) != 0) {
		close_database(follow);
	}
	if (follow->store == NULL) {
		anew = true;
		(void)text_copy(
		    follow->path, sizeof(follow->path), conf->database);
		result = store_open(
		    &follow->store, follow->path, STORE_WRITE, TIMEOUT, error);
	} else {
		result = store_tend(follow->store, &anew);
		(void)text_copy(
		    error, sizeof(error), store_error(follow->store));
	}
	if (anew) {
		follow->alone = follow->has_key = false;
		follow_use(follow, follow->setup);
	}
	if (result == STORE_OK && !follow->alone &&
	    !hold_alone(follow, error)) {
		result = STORE_FAILED;
	}
	if (result != STORE_OK) {
		return trouble(follow, result, error);
	}
	if (anew && is_restored(follow)) {
		log_info("a copy of the database was put back: the logs are "
			 "read again from where it stands");
		return FOLLOW_RESTORED;
	}
	follow->begun = true;
	anew = !follow->has_key;
	if (anew) {
		store_begin(follow->store);
		store_secret_own(follow->store, follow->key);
		result = store_commit(follow->store);
	}
	if (result == STORE_OK) {
		result = sources_start(&follow->setup->sources, follow->store,
		    follow->key, anew, conf->watch.start);
		follow->has_key = result == STORE_OK;
	}
	return result == STORE_OK
		   ? FOLLOW_MORE
		   : trouble(follow, result, store_error(follow->store));
}

/* ---- storing ---- */

/* Write what is due beside the batch. */
static void
maintain(struct follow *follow, bool life, int64_t now)
{
	struct store *store = follow->store;
	struct state states[STATE_COUNT];
	int64_t count;

	if (follow->suppressed > 0) {
		engine_states(store, states);
		count = states[STATE_SUPPRESSED].number;
		engine_state_put_number(store, STATE_SUPPRESSED,
		    (count > 0 ? count : 0) + follow->suppressed, now);
	}
	if (life) {
		if (follow->dry_at == 0 || follow->dry_at > now) {
			follow->dry_at = now;
		}
		engine_state_alive(
		    store, STATE_WATCH, follow->setup->conf->mode, now);
		engine_state_put_number(
		    store, STATE_WATCH_BEHIND, now - follow->dry_at, now);
	}
}

bool
follow_forgets(const struct follow *follow)
{
	return follow->more;
}

/* Forget step by step, each a transaction of its own. */
static void
forget(struct follow *follow, int64_t now)
{
	const int64_t until = proc_ticks() + FORGET_MS;

	do {
		int64_t removed;

		store_begin(follow->store);
		removed = engine_maintain(
		    follow->store, follow->setup->conf, now, proc_ticks());
		if (store_commit(follow->store) != STORE_OK) {
			follow->more = false;
			return;
		}
		follow->more = removed > 0;
	} while (follow->more && proc_ticks() < until);
	follow->prune_at = follow->more ? now : now + PRUNE_EVERY;
}

/* Store the batch and begin the next. */
static enum follow_result
flush(struct follow *follow)
{
	struct sources *sources = &follow->setup->sources;
	int64_t now = proc_now();
	bool life = engine_due(follow->life_at, now, LIFE_EVERY);
	bool braked = false;
	bool storm = false;
	size_t bans = 0;
	enum store_result result;

	store_begin(follow->store);
	for (size_t i = 0; i < follow->findings; i++) {
		struct intake_result taken;

		intake_finding(
		    &follow->intake, &follow->finding[i], now, &taken);
		for (size_t n = 0; n < taken.bans && bans < BANS_MAX; n++) {
			follow->ban[bans++] = taken.ban[n];
		}
		braked |= taken.braked;
		storm |= taken.storm;
	}
	sources_put(sources, follow->store, now);
	maintain(follow, life, now);
	result = store_commit(follow->store);
	if (result != STORE_OK) {
		return trouble(follow, result, store_error(follow->store));
	}
	for (size_t i = 0; i < bans; i++) {
		engine_log_ban(&follow->ban[i]);
	}
	if (braked) {
		engine_log_brake(follow->setup->conf);
	}
	if (storm) {
		engine_log_storm();
	}
	sources_stored(sources, life, now);
	follow->findings = 0;
	follow->events = 0;
	follow->suppressed = 0;
	follow->life_at = life ? now + LIFE_EVERY : follow->life_at;
	if (follow->troubled) {
		log_info("the database works again");
		follow->troubled = false;
		follow->gate = (struct log_gate){ .open_at = 0 };
	}
	return FOLLOW_DRY;
}

enum follow_result
follow_settle(struct follow *follow)
{
	follow->life_at = 0;
	return follow->alone && follow->has_key ? flush(follow) : FOLLOW_FAILED;
}

/* ---- reading ---- */

static bool
has_room(const struct follow *follow)
{
	return follow->findings < BATCH_MAX && follow->events < BATCH_MAX;
}

/* Some lines of one source; whether there were any. */
static bool
take_slice(struct follow *follow, struct source *source, int64_t now)
{
	const struct setup *setup = follow->setup;
	struct log_line line;
	struct rules_clock *clock;
	int taken = 0;

	if (source->tail != NULL && tail_again(source->tail, &line)) {
		(void)rules_match(setup->rules, setup->scratch, &line,
		    &source->tail->clock, &follow->finding[BATCH_MAX]);
	}
	while (taken < SLICE && has_room(follow) &&
	       source_line(source, &line, &clock)) {
		struct finding *finding = &follow->finding[follow->findings];
		bool wanted;

		taken++;
		(void)rules_match(
		    setup->rules, setup->scratch, &line, clock, finding);
		wanted = finding->what != FINDING_NOTHING &&
			 intake_wants(&follow->intake, finding);
		health_line(&source->health, finding,
		    finding->what == FINDING_OFFENCE && !wanted,
		    clock->local ? now : 0);
		if (finding->what == FINDING_SUPPRESSED) {
			follow->suppressed += finding->events;
		}
		if (wanted) {
			follow->events += finding->events;
			follow->findings++;
		}
	}
	return taken > 0;
}

enum follow_result
follow_round(struct follow *follow)
{
	struct sources *sources = &follow->setup->sources;
	enum follow_result result = follow_open(follow);
	enum follow_result stored;
	int64_t now = proc_now();

	if (result != FOLLOW_MORE) {
		return result;
	}
	/* From all sources in turn, once at least, until they are dry or it is
	 * enough.  All is read once a look at the files found nothing to go
	 * on with. */
	if (!follow_is_pending(follow)) {
		enum sources_look found = sources_look(
		    sources, now, proc_ticks());
		/* A look at many files takes its time. */
		int64_t until = proc_ticks() + BATCH_MS;
		bool any = found == SOURCES_MORE;
		bool more;

		do {
			more = false;
			for (size_t i = 0; i < sources->count; i++) {
				more |= take_slice(
				    follow, &sources->source[i], now);
			}
			any |= more;
		} while (more && has_room(follow) && proc_ticks() < until);
		for (size_t i = 0; i < sources->count; i++) {
			any |= !sources->source[i].dry;
		}
		if (!any) {
			result = found == SOURCES_SOON ? FOLLOW_SOON
						       : FOLLOW_DRY;
			follow->dry_at = now;
		}
	}
	if (follow_is_pending(follow) ||
	    engine_due(follow->life_at, now, LIFE_EVERY)) {
		stored = flush(follow);
		if (stored != FOLLOW_DRY) {
			return stored;
		}
	}
	if (engine_due(follow->prune_at, now, PRUNE_EVERY)) {
		forget(follow, now);
	}
	return result;
}
