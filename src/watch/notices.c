#include "watch/notices.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "core/reputation.h"
#include "engine/engine.h"
#include "store/store.h"
#include "watch/announce.h"

enum {
	BANS = 256,    /* of one look */
	TIMEOUT = 500, /* ms to wait for the database */
	SIGN = 120,    /* s: services give a sign of life every ten */
	/* A log is silent after so many seconds without a line while the milter
	 * saw so many sessions; and after a day whatever it saw. */
	SILENT = 3600,
	SILENT_SESSIONS = 100,
	SILENT_ALL = 24 * 3600,
	TEXT_SIZE = 512
};

struct look {
	struct notices *notices;
	const struct conf *conf;
	struct announce *announce;
	struct store *store;
	int64_t now;
	struct ban ban[BANS];
	size_t bans;
	struct notices_told told;
};

static void
tell(struct look *look, enum announce_kind kind, int64_t at, const char *text)
{
	announce_add(look->announce, kind, at, text, NULL, 0);
}

/* ---- bans ---- */

static void
take_ban(void *to, const struct ban *ban)
{
	struct look *look = to;

	look->ban[look->bans++] = *ban;
	look->told.ban = ban->id;
}

/* One of a client whose mail was accepted: `list --suspects`. */
static void
look_at_ban(struct look *look, const struct ban *ban)
{
	char text[TEXT_SIZE];
	char who[NET_TEXT_SIZE];
	char ends[TIME_TEXT_SIZE];
	struct tally sum = { .sessions = 0 };

	if (ban->observed || ban_is_manual(ban) ||
	    !ban_active(ban, look->now)) {
		return;
	}
	store_tally_sum(look->store, &ban->who,
	    tally_hour(look->now - REPUTATION_SPAN), tally_hour(ban->begins),
	    &sum);
	if (sum.accepted >= SUSPECT_ACCEPTED) {
		(void)snprintf(text, sizeof(text),
		    "%s is banned for %s until %s (ref %s): %" PRId64
		    " messages of it were accepted before",
		    net_format(&ban->who, who), reason_name(ban->reason),
		    text_from_time(ban->ends, ends), ban->ref, sum.accepted);
		announce_add(look->announce, ANNOUNCE_SUSPECT, ban->begins,
		    text, ban, sum.accepted);
	}
}

static void
look_at_bans(struct look *look)
{
	const int64_t newest = store_happened_newest(look->store, HAPPENED_BAN);

	if (newest < look->told.ban) { /* another database is there */
		look->told.ban = newest;
	}
	if (newest > look->told.ban) {
		store_ban_after(
		    look->store, look->told.ban, BANS, take_ban, look);
	}
	for (size_t i = 0; i < look->bans; i++) {
		look_at_ban(look, &look->ban[i]);
	}
}

/* ---- brake, damage, services ---- */

static void
look_at_states(struct look *look)
{
	static const enum engine_state services[] = { STATE_MILTER,
		STATE_WATCH };
	struct state states[STATE_COUNT];
	const struct state *damaged = &states[STATE_DAMAGED];
	char text[TEXT_SIZE];
	struct brake brake;

	engine_states(look->store, states);
	engine_brake(look->store, look->conf, look->now, &brake);
	if (brake.on && brake.since != look->told.brake) {
		look->told.brake = brake.since;
		tell(look, ANNOUNCE_BRAKE, brake.since,
		    "the brake is on: new bans of clients with a good history "
		    "refuse nobody");
	}
	if (damaged->value[0] != '\0' && damaged->since != look->told.damaged) {
		look->told.damaged = damaged->since;
		(void)snprintf(text, sizeof(text),
		    "the database was damaged, and what could be read of it "
		    "was saved: %s",
		    damaged->value);
		tell(look, ANNOUNCE_DATABASE, damaged->since, text);
	}
	for (size_t i = 0; i < 2; i++) {
		const struct state *sign = &states[services[i]];
		bool *alive = &look->notices->alive[i];

		if (!sign->there || look->now - sign->since <= SIGN) {
			*alive = sign->there;
		} else if (*alive) {
			*alive = false;
			(void)snprintf(text, sizeof(text),
			    "videur-%s gives no sign of life any more",
			    engine_state_name(services[i]));
			tell(look, ANNOUNCE_SERVICE, look->now, text);
		}
	}
}

/* ---- logs ---- */

/* One, by how far it was read. */
static void
look_at_source(struct look *look, struct notices_source *source,
    const char *name, int64_t sessions)
{
	char mark[sizeof(source->mark)];
	char text[TEXT_SIZE];
	struct position position;
	int64_t lasts;

	if (!store_position_find(look->store, name, &position)) {
		return;
	}
	(void)snprintf(mark, sizeof(mark), "%" PRId64 " %" PRId64 " %.20s",
	    position.inode, position.offset, position.line_hash);
	/* A sum of two days is less after midnight, a clock may be set back. */
	if (strcmp(mark, source->mark) != 0 || source->since > look->now ||
	    sessions < source->sessions) {
		memcpy(source->mark, mark, sizeof(mark));
		source->since = look->now;
		source->sessions = sessions;
		source->told = false;
	}
	lasts = look->now - source->since;
	if (!source->told &&
	    (lasts > SILENT_ALL ||
		(lasts > SILENT &&
		    sessions - source->sessions >= SILENT_SESSIONS))) {
		source->told = true;
		(void)snprintf(text, sizeof(text),
		    "%.200s: no line came for %" PRId64
		    " hours, and the milter "
		    "saw %" PRId64 " sessions meanwhile",
		    name, lasts / 3600, sessions - source->sessions);
		tell(look, ANNOUNCE_SOURCE, look->now, text);
	}
}

static void
look_at_sources(struct look *look)
{
	const struct conf_list *files = &look->conf->watch.files;
	struct milter_seen seen;

	engine_seen(look->store, look->now, &seen);
	for (size_t i = 0; i < files->items; i++) {
		look_at_source(look, &look->notices->source[i], files->item[i],
		    seen.sessions);
	}
	if (strcmp(look->conf->watch.journal, "no") != 0) {
		look_at_source(look, &look->notices->source[CONF_LIST_MAX],
		    "journal", seen.sessions);
	}
}

/* ---- what was told ---- */

static bool
read_told(char *value, struct notices_told *told)
{
	int64_t *const number[] = { &told->ban, &told->brake, &told->damaged };
	char *rest = value;

	for (size_t i = 0; i < sizeof(number) / sizeof(number[0]); i++) {
		const char *word = strtok_r(rest, " ", &rest);

		if (word == NULL ||
		    !text_to_int(word, 0, INT64_MAX, number[i])) {
			return false;
		}
	}
	return true;
}

/* At the first start all that is there counts as told. */
static void
begin(struct look *look)
{
	struct state states[STATE_COUNT];
	struct notices_told *told = &look->told;
	struct state *state = &states[STATE_NOTIFIED];

	engine_states(look->store, states);
	if (!state->there || !read_told(state->value, told)) {
		*told = (struct notices_told){ .ban = store_happened_newest(
						   look->store, HAPPENED_BAN) };
	}
	look->notices->begun = store_status(look->store) == STORE_OK;
}

static void
keep(struct look *look)
{
	char error[STORE_ERROR_SIZE];
	char value[STORE_KEY_SIZE];
	struct store *store;

	(void)snprintf(value, sizeof(value), "%" PRId64 " %" PRId64 " %" PRId64,
	    look->told.ban, look->told.brake, look->told.damaged);
	if (store_open(&store, look->conf->database, STORE_WRITE, TIMEOUT,
		error) == STORE_OK) {
		engine_state_put(store, STATE_NOTIFIED, value, look->now);
		store_close(store);
	}
}

void
notices_look(struct notices *notices, const struct conf *conf,
    struct announce *announce, int64_t now)
{
	static struct look look; /* too large for a stack */
	char error[STORE_ERROR_SIZE];
	enum store_result result;

	look = (struct look){ .notices = notices,
		.conf = conf,
		.announce = announce,
		.now = now,
		.told = notices->told };
	result = store_open(
	    &look.store, conf->database, STORE_READ, TIMEOUT, error);
	if (result == STORE_OK) {
		if (!notices->begun) {
			begin(&look);
		}
		look_at_bans(&look);
		look_at_states(&look);
		look_at_sources(&look);
		result = store_status(look.store);
		(void)text_copy(error, sizeof(error), store_error(look.store));
	}
	if (result == STORE_FAILED && notices->was_open && !notices->database) {
		tell(&look, ANNOUNCE_DATABASE, now, error);
	}
	notices->was_open |= result == STORE_OK;
	notices->database = result == STORE_FAILED;
	store_close(look.store);
	if (memcmp(&look.told, &notices->told, sizeof(look.told)) != 0) {
		notices->told = look.told;
		keep(&look);
	}
}
