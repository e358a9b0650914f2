#include "web/lookup.h"

#include <string.h>
#include <sys/stat.h>

#include "base/proc.h"
#include "base/text.h"
#include "core/policy.h"

enum {
	TIMEOUT_MS = 200,
	BIG = 32 * 1024 * 1024, /* bytes */
	TEND_MS = 100,
	SILENCE = 30, /* s without a sign of life, which comes each 10 */
	/* Of statistics. */
	EVERY_MS = 5 * 1000,
	AGAIN_MS = 1000, /* after a failure */
	/* Where counting is slow it happens less often: a twentieth of a
	 * processor is the most it may take. */
	SHARE = 20,
	EVERY_MAX_MS = 60 * 1000,
	KEPT_MS = 60 * 1000,  /* the newest, after the time of the next */
	OLD_MS = 3600 * 1000, /* and by those who are told of when they are */
	PAGE_WAIT_MS = 50     /* the most a page waits for a count */
};

/* ---- addresses ---- */

void
lookup_init(struct lookup *lookup)
{
	(void)pthread_mutex_init(&lookup->lock, NULL);
	inspection_init(&lookup->inspection);
	for (size_t i = 0; i < LOOKUP_READERS; i++) {
		(void)pthread_mutex_init(&lookup->reader[i].lock, NULL);
	}
}

static void
end_read(struct lookup_reader *reader)
{
	if (reader->reading) {
		(void)store_read_end(reader->store);
		reader->reading = false;
	}
}

static void
close_reader(struct lookup_reader *reader)
{
	if (reader->store != NULL) {
		end_read(reader);
		store_close(reader->store);
		reader->store = NULL;
	}
}

void
lookup_close(struct lookup *lookup)
{
	inspection_end(&lookup->inspection);
	for (size_t i = 0; i < LOOKUP_READERS; i++) {
		close_reader(&lookup->reader[i]);
	}
}

static void
complain(struct lookup *lookup, const char *path, const char *why)
{
	const char *behind = text_after(why, path);
	int64_t held;

	(void)pthread_mutex_lock(&lookup->lock);
	atomic_store(&lookup->failing, true);
	(void)text_copy(lookup->why, sizeof(lookup->why),
	    behind != NULL && text_after(behind, ": ") != NULL
		? text_after(behind, ": ")
		: why);
	if (log_gate_open(&lookup->gate, proc_ticks() / 1000, &held)) {
		log_warn("%s", why);
		if (held > 0) {
			log_warn("%lld more requests failed so meanwhile",
			    (long long)held);
		}
	}
	(void)pthread_mutex_unlock(&lookup->lock);
}

/* Let go of what was read before now, and of another database than the
 * configuration names; now and then, and after a failure, see whether the file
 * is still there. */
static void
tend(struct lookup *lookup, struct lookup_reader *reader,
    const struct conf *conf, int64_t ticks)
{
	bool anew = false;

	if (strcmp(reader->path, conf->database) != 0) {
		anew = reader->store != NULL;
		close_reader(reader);
		(void)text_copy(
		    reader->path, sizeof(reader->path), conf->database);
	} else if (reader->store != NULL && ticks != reader->read_at) {
		end_read(reader);
		if (store_status(reader->store) != STORE_OK ||
		    ticks - reader->tended_at >= TEND_MS) {
			(void)store_tend(reader->store, &anew);
			reader->tended_at = ticks;
		}
	}
	if (anew) {
		inspection_again(&lookup->inspection);
	}
}

/* Several questions, and those of all that ask within a millisecond, take the
 * file's locks once. */
struct lookup_reader *
lookup_begin(struct lookup *lookup, const struct conf *conf)
{
	const int64_t ticks = proc_ticks();
	struct lookup_reader *reader = lookup->reader;
	struct lookup_reader *last = reader + LOOKUP_READERS - 1;
	char error[STORE_ERROR_SIZE];

	while (reader < last && pthread_mutex_trylock(&reader->lock) != 0) {
		reader++;
	}
	if (reader == last) {
		(void)pthread_mutex_lock(&reader->lock);
	}
	tend(lookup, reader, conf, ticks);
	if (reader->store == NULL &&
	    store_open(&reader->store, conf->database, STORE_READ, TIMEOUT_MS,
		error) != STORE_OK) {
		reader->store = NULL;
		complain(lookup, reader->path, error);
		(void)pthread_mutex_unlock(&reader->lock);
		return NULL;
	}
	if (!reader->reading) {
		store_read(reader->store);
		reader->reading = true;
		reader->read_at = ticks;
	}
	return reader;
}

bool
lookup_end(struct lookup *lookup, struct lookup_reader *reader)
{
	const bool fine = reader != NULL &&
			  store_status(reader->store) == STORE_OK;

	if (fine && atomic_load(&lookup->failing) &&
	    atomic_exchange(&lookup->failing, false)) {
		log_info("%s can be read again", reader->path);
	}
	if (!fine && reader != NULL) {
		complain(lookup, reader->path, store_error(reader->store));
		end_read(reader);
	}
	if (reader != NULL) {
		(void)pthread_mutex_unlock(&reader->lock);
	}
	return fine;
}

bool
lookup_standing(struct lookup *lookup, const struct conf *conf,
    const struct addr *address, int64_t now, struct standing *standing,
    struct lookup_bans *bans)
{
	struct lookup_reader *reader = lookup_begin(lookup, conf);

	if (reader != NULL && bans == NULL) {
		engine_standing(reader->store, conf, address, now, standing);
	} else if (reader != NULL) {
		engine_standing_next(
		    reader->store, conf, address, now, standing, bans->next);
		for (size_t i = 0; i < standing->bans; i++) {
			bans->why[i] = (struct why){ .known = false };
		}
	}
	return lookup_end(lookup, reader);
}

bool
lookup_why(struct lookup *lookup, const struct conf *conf,
    const struct standing *standing, const struct ban *only,
    struct lookup_bans *bans)
{
	struct lookup_reader *reader = lookup_begin(lookup, conf);

	for (size_t i = 0; reader != NULL && i < standing->bans; i++) {
		const struct ban *ban = &standing->ban[i];

		if (only == NULL || only == ban) {
			engine_why(reader->store, conf, ban,
			    standing->checked_at, &bans->why[i]);
		}
	}
	return lookup_end(lookup, reader);
}

bool
lookup_past(struct lookup *lookup, const struct conf *conf, const char *ref,
    int64_t now, struct lookup_past *past)
{
	struct lookup_reader *reader = lookup_begin(lookup, conf);

	*past = (struct lookup_past){ .ban.id = 0 };
	if (reader != NULL && store_ban_find(reader->store, ref, &past->ban)) {
		past->next = engine_next(reader->store, conf, &past->ban, now);
		engine_why(reader->store, conf, &past->ban, now, &past->why);
	}
	return lookup_end(lookup, reader);
}

static void
note_hour(void *to, int64_t hour, const struct tally *tally)
{
	struct lookup_hours *hours = to;

	hours->hour[(hour - hours->from) / LOOKUP_HOUR] = *tally;
}

bool
lookup_hours(struct lookup *lookup, const struct conf *conf,
    const struct addr *address, int64_t now, struct lookup_hours *hours)
{
	const struct net client = engine_client(conf, address);
	struct repute repute = { .reputation = REPUTATION_NEUTRAL };
	struct lookup_reader *reader = lookup_begin(lookup, conf);

	*hours = (struct lookup_hours){
		.from = tally_hour(now) - (LOOKUP_HOURS - 1) * LOOKUP_HOUR
	};
	if (reader != NULL) {
		store_tally_hours(reader->store, &client, hours->from,
		    tally_hour(now), note_hour, hours);
		engine_repute(reader->store, conf, &client, NULL, now, &repute);
	}
	hours->reputation = repute.reputation;
	if (reputation_by_bans(&conf->policy.scale, &repute.facts)) {
		hours->bans = repute.facts.bans;
	}
	return lookup_end(lookup, reader);
}

bool
lookup_check(struct lookup *lookup, const struct conf *conf, int64_t now,
    char why[static STORE_ERROR_SIZE])
{
	struct addr address;
	struct standing standing;
	struct lookup_hours hours;
	bool fine;

	(void)addr_parse("192.0.2.1", &address);
	fine = lookup_standing(lookup, conf, &address, now, &standing, NULL) &&
	       lookup_hours(lookup, conf, &address, now, &hours);
	(void)pthread_mutex_lock(&lookup->lock);
	(void)text_copy(
	    why, STORE_ERROR_SIZE, fine ? "damaged pages" : lookup->why);
	(void)pthread_mutex_unlock(&lookup->lock);
	return fine && !inspection_found_damage(&lookup->inspection);
}

bool
lookup_health(struct lookup *lookup, const struct conf *conf, int64_t now,
    char why[static STORE_ERROR_SIZE])
{
	struct lookup_reader *reader = lookup_begin(lookup, conf);
	struct state states[STATE_COUNT] = { 0 };
	struct text text;

	if (reader != NULL) {
		engine_states(reader->store, states);
	}
	text_init(&text, why, STORE_ERROR_SIZE);
	if (!lookup_end(lookup, reader)) {
		text_add(&text, "the database cannot be read");
		return false;
	}
	/* What a service writes each ten seconds: it lives, and can write. */
	for (enum engine_state i = STATE_MILTER; i <= STATE_WATCH; i++) {
		const struct state *life = &states[i];

		if (life->there && now - life->since > SILENCE &&
		    (i != STATE_WATCH || conf_watches(conf))) {
			text_addf(&text,
			    "%svideur-%s has written nothing for %lld s: it is "
			    "down, or the database cannot be written",
			    text.len > 0 ? "; " : "", engine_state_name(i),
			    (long long)(now - life->since));
		}
	}
	if (states[STATE_DAMAGED].value[0] != '\0') {
		text_addf(&text,
		    "%sthe database was damaged (%s), and no "
		    "administrator has seen it: see videur doctor",
		    text.len > 0 ? "; " : "", states[STATE_DAMAGED].value);
	}
	return text.len == 0;
}

void
lookup_tick(struct lookup *lookup, const struct conf *conf)
{
	for (size_t i = 0; i < LOOKUP_READERS; i++) {
		struct lookup_reader *reader = &lookup->reader[i];

		(void)pthread_mutex_lock(&reader->lock);
		tend(lookup, reader, conf, proc_ticks());
		(void)pthread_mutex_unlock(&reader->lock);
	}
	inspection_tick(&lookup->inspection, conf->database);
}

/* ---- counting ---- */

static const char *const families[STATS_FAMILIES] = { "ipv4", "ipv6" };
const struct words family_words = WORDS_OF(families);

const struct stats_sum stats_sums[STATS_SUMS] = {
	[DAILY_EVENT] = { "events", &kind_words },
	[DAILY_BAN] = { "bans", &cause_words },
	[DAILY_REFUSED] = { "refused", &cause_words },
	[DAILY_LIMITED] = { "limited", &limit_words },
	[DAILY_SESSIONS] = { "sessions", NULL },
	[DAILY_MESSAGES] = { "messages", NULL },
	[DAILY_RECIPIENTS] = { "recipients", NULL },
	[DAILY_ACCEPTED] = { "accepted", NULL },
	[DAILY_LOST] = { "lost", &loss_words },
};

static void
take_row(void *to, const struct daily_row *row)
{
	struct stats *stats = to;
	const int64_t ago = (stats->day[STATS_DAYS - 1].day - row->day) /
			    STORE_DAY;
	const size_t sum = row->what;
	const struct words *words = sum < STATS_SUMS ? stats_sums[sum].words
						     : NULL;
	const size_t place = words != NULL ? words_find(words, row->name) : 0;

	if (sum >= STATS_SUMS || (words != NULL && place == words->count)) {
		return; /* no statistics, or a word of another version */
	}
	stats->total.sum[sum][place] += row->number;
	if (ago >= 0 && ago < STATS_DAYS) {
		stats->day[STATS_DAYS - 1 - ago].sum[sum][place] += row->number;
	}
}

static void
take_source(void *to, const struct source_seen *seen)
{
	struct stats *stats = to;
	struct stats_source *source = &stats->source[stats->sources];

	if (stats->sources < STATS_SOURCES_MAX &&
	    text_copy(source->name, sizeof(source->name), seen->source)) {
		source->lines = seen->lines;
		source->understood = seen->understood;
		source->findings = seen->findings;
		source->dropped = seen->dropped;
		stats->sources++;
	}
}

/* Fill in everything but `counter`; false where the database cannot be read,
 * after a line in the log, but for one that cannot be opened: each request that
 * needs it says so.  With a handle for this one time: between two times it
 * would only hold memory. */
static bool
count(struct stats *stats, const struct conf *conf, struct log_gate *gate)
{
	const int64_t now = proc_now();
	struct state states[STATE_COUNT];
	struct ban_counts listed;
	struct store_numbers numbers;
	struct brake brake;
	char error[STORE_ERROR_SIZE];
	struct store *store;
	int64_t held;
	bool fine;

	if (store_open(&store, conf->database, STORE_READ, TIMEOUT_MS, error) !=
	    STORE_OK) {
		return false;
	}
	*stats = (struct stats){ .at = now };
	for (int64_t i = 0; i < STATS_DAYS; i++) {
		stats->day[i].day = now - now % STORE_DAY -
				    (STATS_DAYS - 1 - i) * STORE_DAY;
	}
	store_read(store);
	store_ban_counts(store, now, &listed);
	store_daily_each(store, 0, take_row, stats);
	store_numbers(store, &numbers);
	engine_states(store, states);
	engine_brake(store, conf, now, &brake);
	engine_seen(store, now, &stats->seen);
	engine_sources(store, now, take_source, stats);
	for (int i = 0; i < STATS_FAMILIES; i++) {
		stats->addresses[i] = listed.addresses[i];
		stats->networks[i] = listed.networks[i];
		stats->family[i] = listed.addresses[i] + listed.networks[i];
	}
	memcpy(stats->listed, listed.bans, sizeof(stats->listed));
	stats->database_bytes = numbers.bytes;
	stats->schema_version = numbers.version;
	for (int i = 0; i < STATS_PROGRAMS; i++) {
		const struct state *life = &states[STATE_MILTER + i];

		stats->life[i] = life->there ? life->since : -1;
	}
	stats->watch_behind = states[STATE_WATCH_BEHIND].number;
	stats->brake = brake.on;
	stats->damaged = states[STATE_DAMAGED].value[0] != '\0';
	fine = store_read_end(store) == STORE_OK;
	if (!fine && log_gate_open(gate, proc_ticks() / 1000, &held)) {
		log_warn("statistics: %s", store_error(store));
	}
	store_close(store);
	return fine;
}

/* ---- the newest ---- */

static bool
is_good(const struct stats_keeper *keeper)
{
	return keeper->known && proc_ticks() < keeper->good_until;
}

bool
lookup_is_big(const struct conf *conf)
{
	struct stat st;

	return stat(conf->database, &st) == 0 && st.st_size > BIG;
}

/* Whether to count takes longer than a page waits. */
static bool
is_slow(const struct stats_keeper *keeper, const struct conf *conf)
{
	return keeper->known ? keeper->cost > PAGE_WAIT_MS
			     : lookup_is_big(conf);
}

/* Whether they may be shown with the time they are of. */
static bool
is_kept(const struct stats_keeper *keeper)
{
	return keeper->known && proc_ticks() < keeper->good_until + OLD_MS;
}

/* With the lock: count anew where it is due.  Who is not `patient` leaves what
 * takes long to the next tick.  Of several that ask, one counts; those who are
 * patient wait where there is nothing good to go on with. */
static void
refresh(struct stats_keeper *keeper, const struct conf *conf, bool patient)
{
	int64_t next = AGAIN_MS;
	int64_t begun;
	int64_t cost;
	bool fine;

	while (patient && keeper->counting && !is_good(keeper)) {
		(void)pthread_cond_wait(&keeper->counted, &keeper->lock);
	}
	begun = proc_ticks();
	if (keeper->counting || begun < keeper->stale_at) {
		return;
	}
	keeper->wanted = !patient;
	if (keeper->wanted) {
		return;
	}
	keeper->counting = true;
	(void)pthread_mutex_unlock(&keeper->lock);
	fine = count(&keeper->work, conf, &keeper->gate);
	cost = proc_ticks() - begun;
	(void)pthread_mutex_lock(&keeper->lock);
	keeper->failed = !fine;
	if (fine) {
		/* The counters move on by what the totals grew. */
		keeper->work.counter = keeper->newest.counter;
		for (size_t i = 0; i < (size_t)STATS_SUMS * STATS_WORDS; i++) {
			const size_t sum = i / STATS_WORDS;
			const size_t word = i % STATS_WORDS;
			const int64_t more = keeper->work.total.sum[sum][word] -
					     keeper->newest.total
						 .sum[sum][word];

			keeper->work.counter.sum[sum][word] += more > 0 ? more
									: 0;
		}
		keeper->newest = keeper->work;
		keeper->known = true;
		next = cost * SHARE;
		next = next < EVERY_MS       ? EVERY_MS
		       : next > EVERY_MAX_MS ? EVERY_MAX_MS
					     : next;
		keeper->good_until = begun + cost + next + KEPT_MS;
		keeper->cost = cost;
	}
	keeper->stale_at = begun + cost + next;
	keeper->counting = false;
	(void)pthread_cond_broadcast(&keeper->counted);
}

void
stats_reset(struct stats_keeper *keeper)
{
	(void)pthread_mutex_lock(&keeper->lock);
	keeper->stale_at = 0;
	keeper->cost = 0;
	keeper->wanted = true;
	(void)pthread_mutex_unlock(&keeper->lock);
}

bool
stats_get(struct stats_keeper *keeper, const struct conf *conf,
    enum stats_wanted wanted, struct stats *out)
{
	const bool all = wanted != STATS_BLOCKED;
	bool good;

	(void)pthread_mutex_lock(&keeper->lock);
	refresh(keeper, conf, wanted == STATS_NEW || !is_slow(keeper, conf));
	good = wanted == STATS_DATED ? is_kept(keeper) : is_good(keeper);
	good = good && !(all && keeper->failed);
	if (good && all) {
		*out = keeper->newest;
	} else if (good) {
		out->at = keeper->newest.at;
		memcpy(out->addresses, keeper->newest.addresses,
		    sizeof(out->addresses));
		memcpy(out->networks, keeper->newest.networks,
		    sizeof(out->networks));
	}
	(void)pthread_mutex_unlock(&keeper->lock);
	return good;
}

bool
stats_are_awaited(struct stats_keeper *keeper)
{
	bool awaited;

	(void)pthread_mutex_lock(&keeper->lock);
	awaited = keeper->wanted || keeper->counting;
	(void)pthread_mutex_unlock(&keeper->lock);
	return awaited;
}

void
stats_tick(struct stats_keeper *keeper, const struct conf *conf)
{
	(void)pthread_mutex_lock(&keeper->lock);
	if (keeper->wanted) {
		refresh(keeper, conf, true);
	}
	(void)pthread_mutex_unlock(&keeper->lock);
}
