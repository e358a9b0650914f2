#include "watch/ingest.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/proc.h"
#include "engine/engine.h"
#include "intake/intake.h"
#include "watch/house.h"

enum {
	BATCH_MAX = 256, /* events of one transaction */
	BATCH_MS = 20,   /* and how long it is read for */
	SLICE = 32,      /* lines of one source before the next has its turn */
	BANS_MAX = 256   /* of a batch, to be logged */
};

struct ingest {
	struct desk desk;
	struct intake intake;
	const struct conf *conf;
	const struct rules *rules;
	struct rules_scratch *scratch;
	struct sources *sources;
	bool has_key;
	unsigned char key[HASH_KEY_SIZE];

	/* The batch. */
	struct finding finding[BATCH_MAX];
	size_t findings;
	int64_t events;
	int64_t suppressed;

	/* Bans that begin with it. */
	struct ban ban[BANS_MAX];
	size_t bans;
	bool braked; /* one of them put the brake on */

	struct house house;
	struct log_gate gate;
	bool troubled; /* the log speaks of trouble as going on */
	bool broken;   /* the store is to be opened anew */
};

struct ingest *
ingest_new(const struct desk *desk)
{
	struct ingest *ingest = calloc(1, sizeof(*ingest));

	if (ingest != NULL) {
		ingest->desk = *desk;
	}
	return ingest;
}

void
ingest_free(struct ingest *ingest)
{
	if (ingest != NULL) {
		desk_close(&ingest->desk);
		free(ingest);
	}
}

void
ingest_use(struct ingest *ingest, const struct conf *conf,
    const struct rules *rules, struct rules_scratch *scratch,
    struct sources *sources)
{
	ingest->conf = conf;
	ingest->rules = rules;
	ingest->scratch = scratch;
	ingest->sources = sources;
	ingest->broken |= strcmp(conf->database, ingest->desk.path) != 0;
	intake_init(&ingest->intake, ingest->desk.store, conf, false);
}

bool
ingest_is_pending(const struct ingest *ingest)
{
	return ingest->findings > 0;
}

/* ---- trouble ---- */

static enum ingest_flow
trouble(struct ingest *ingest, enum store_result result, const char *error)
{
	int64_t held;

	if (log_gate_open(&ingest->gate, proc_now(), &held)) {
		log_warn("%s; reading waits until it can be written", error);
	}
	ingest->troubled = true;
	ingest->broken |= result == STORE_FAILED;
	return result == STORE_BUSY ? INGEST_BUSY : INGEST_FAILED;
}

static void
trouble_is_over(struct ingest *ingest)
{
	if (ingest->troubled) {
		log_info("the database works again");
		ingest->troubled = false;
		ingest->gate = (struct log_gate){ .open_at = 0 };
	}
}

/* Where the database failed or is another one by now, open it anew.  What
 * was read stays read: the positions go into it with the next batch. */
static enum ingest_flow
mend(struct ingest *ingest)
{
	char error[STORE_ERROR_SIZE];
	enum store_result result;

	if (!ingest->broken && !store_moved(ingest->desk.store)) {
		return INGEST_MORE;
	}
	desk_close(&ingest->desk);
	result = desk_open(&ingest->desk, ingest->conf->database, error);
	if (result != STORE_OK) {
		ingest->broken = true;
		return trouble(ingest, result, error);
	}
	ingest->broken = false;
	ingest->has_key = false;
	intake_init(&ingest->intake, ingest->desk.store, ingest->conf, false);
	for (size_t i = 0; i < ingest->sources->count; i++) {
		ingest->sources->source[i].moved = true;
	}
	return INGEST_MORE;
}

/* ---- storing ---- */

static enum store_result
put_findings(struct ingest *ingest, int64_t now)
{
	enum store_result result = STORE_OK;

	ingest->bans = 0;
	ingest->braked = false;
	for (size_t i = 0; result == STORE_OK && i < ingest->findings; i++) {
		struct intake_result taken;

		result = intake_finding(
		    &ingest->intake, &ingest->finding[i], now, &taken);
		for (size_t n = 0; result == STORE_OK && n < taken.bans &&
				   ingest->bans < BANS_MAX;
		     n++) {
			ingest->ban[ingest->bans++] = taken.ban[n];
		}
		ingest->braked |= result == STORE_OK && taken.braked;
	}
	return result;
}

static enum store_result
put_all(struct ingest *ingest, int64_t now)
{
	enum store_result result = put_findings(ingest, now);

	if (result == STORE_OK) {
		result = sources_put(ingest->sources, ingest->desk.store);
	}
	return result == STORE_OK
		   ? house_keep(&ingest->house, ingest->desk.store,
			 ingest->conf, ingest->suppressed, now)
		   : result;
}

/* The batch is stored. */
static void
finish(struct ingest *ingest, int64_t now)
{
	for (size_t i = 0; i < ingest->bans; i++) {
		engine_log_ban(&ingest->ban[i]);
	}
	if (ingest->braked) {
		engine_log_brake(ingest->conf);
	}
	for (size_t i = 0; i < ingest->sources->count; i++) {
		ingest->sources->source[i].moved = false;
	}
	ingest->findings = 0;
	ingest->events = 0;
	ingest->suppressed = 0;
	ingest->bans = 0;
	house_kept(&ingest->house, now);
	trouble_is_over(ingest);
}

static enum ingest_flow
flush(struct ingest *ingest)
{
	int64_t now = proc_now();
	enum store_result result = store_begin(ingest->desk.store);

	if (result == STORE_OK) {
		result = put_all(ingest, now);
	}
	if (result == STORE_OK) {
		result = store_commit(ingest->desk.store);
	}
	if (result != STORE_OK) {
		enum ingest_flow flow = trouble(
		    ingest, result, store_error(ingest->desk.store));

		store_rollback(ingest->desk.store);
		return flow;
	}
	finish(ingest, now);
	return INGEST_DRY;
}

enum ingest_flow
ingest_settle(struct ingest *ingest)
{
	house_hurry(&ingest->house);
	return ingest->desk.store != NULL ? flush(ingest) : INGEST_FAILED;
}

/* ---- reading ---- */

static enum store_result
get_key(struct ingest *ingest)
{
	enum store_result result = store_begin(ingest->desk.store);

	if (result == STORE_OK) {
		result = store_secret(ingest->desk.store, ingest->key);
	}
	if (result == STORE_OK) {
		result = store_commit(ingest->desk.store);
	}
	store_rollback(ingest->desk.store);
	ingest->has_key = result == STORE_OK;
	for (size_t i = 0; i < ingest->sources->count; i++) {
		source_key(&ingest->sources->source[i], ingest->key);
	}
	return result;
}

static enum store_result
start_sources(struct ingest *ingest)
{
	enum store_result result = ingest->has_key ? STORE_OK : get_key(ingest);

	return result == STORE_OK
		   ? sources_start(ingest->sources, ingest->desk.store,
			 ingest->key, ingest->conf->watch.start)
		   : result;
}

static void
take_line(struct ingest *ingest, const struct log_line *line,
    struct rules_clock *clock)
{
	struct finding *finding = &ingest->finding[ingest->findings];

	if (!rules_match(
		ingest->rules, ingest->scratch, line, clock, finding)) {
		return;
	}
	if (finding->what == FINDING_SUPPRESSED) {
		ingest->suppressed += finding->events;
	}
	if (intake_wants(&ingest->intake, finding)) {
		ingest->events += finding->events;
		ingest->findings++;
	}
}

static bool
has_room(const struct ingest *ingest)
{
	return ingest->findings < BATCH_MAX && ingest->events < BATCH_MAX;
}

/* Some lines of one source; how many. */
static int
take_slice(struct ingest *ingest, struct source *source)
{
	int taken = 0;

	while (taken < SLICE && has_room(ingest)) {
		struct log_line line;
		struct rules_clock *clock;

		if (!source_line(source, &line, &clock)) {
			break;
		}
		take_line(ingest, &line, clock);
		taken++;
	}
	return taken;
}

/* From all sources in turn, once at least, until they are dry or it is enough;
 * true where there was anything. */
static bool
take_lines(struct ingest *ingest, int64_t until)
{
	bool any = false;
	bool more;

	do {
		more = false;
		for (size_t i = 0; i < ingest->sources->count; i++) {
			more |= take_slice(
				    ingest, &ingest->sources->source[i]) > 0;
		}
		any |= more;
	} while (more && has_room(ingest) && proc_ticks() < until);
	return any;
}

/* All is read once a look at the files found nothing to go on with. */
static enum ingest_flow
gather(struct ingest *ingest)
{
	struct sources *sources = ingest->sources;
	int64_t ticks = proc_ticks();
	bool more = false;
	bool restless = false;

	for (size_t i = 0; i < sources->count; i++) {
		more |= source_look(&sources->source[i], proc_now(), ticks);
	}
	/* A look at many files takes its time. */
	more |= take_lines(ingest, proc_ticks() + BATCH_MS);
	for (size_t i = 0; i < sources->count; i++) {
		restless |= source_is_restless(&sources->source[i]);
	}
	return more ? INGEST_MORE : restless ? INGEST_SOON : INGEST_DRY;
}

enum ingest_flow
ingest_round(struct ingest *ingest)
{
	int64_t now = proc_now();
	enum ingest_flow flow = mend(ingest);
	enum ingest_flow stored;
	enum store_result started;

	if (flow != INGEST_MORE) {
		return flow;
	}
	started = start_sources(ingest);
	if (started != STORE_OK) {
		return trouble(
		    ingest, started, store_error(ingest->desk.store));
	}
	if (!ingest_is_pending(ingest)) {
		flow = gather(ingest);
		if (flow != INGEST_MORE) {
			house_dry(&ingest->house, now);
		}
	}
	if (ingest->findings == 0 && ingest->suppressed == 0 &&
	    !house_is_due(&ingest->house, now)) {
		return flow;
	}
	stored = flush(ingest);
	return stored == INGEST_DRY ? flow : stored;
}
