/*
 * The milter's desk on a real database: what is written when, what waits,
 * and how long anybody waits for it.
 */
#include "check.h"

#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proc.h"
#include "base/text.h"
#include "conf/conf.h"
#include "milter/pending.h"
#include "milter/queue.h"
#include "milter/writer.h"

enum {
	LIMIT = 20,         /* of the rule "dictionary" */
	SOON = 8000,        /* ms: far more than the thread needs */
	A_MOMENT = 5000000, /* ns between looks */
	NO_WAIT = 100,      /* ms: surely shorter than a patience */
	LITTLE_MORE = 150,  /* ms a loaded machine may add */
	CROWD = 8,          /* threads */
	CROWD_DEEDS = 40    /* of each */
};

struct place {
	char folder[64];
	char database[128];
	struct writer *writer;
	const struct desk *desk;
	struct conf *conf; /* a reference for visitors */
};

/* ---- a database in a folder of its own ---- */

static struct conf *
load_conf(const struct place *place)
{
	char path[128];
	char error[CONF_ERROR_SIZE];
	struct text text;
	struct conf *conf;
	FILE *file;

	text_init(&text, path, sizeof(path));
	text_addf(&text, "%s/videur.conf", place->folder);
	file = fopen(path, "w");
	assert_non_null(file);
	(void)fprintf(file, "database = \"%s\"\n", place->database);
	assert_int_equal(fclose(file), 0);
	conf = conf_load(path, error);
	if (conf == NULL) {
		fail_msg("%s", error);
	}
	return conf;
}

static void
make_place(struct place *place)
{
	struct text text;

	*place = (struct place){ .folder = "/tmp/videur-writer-XXXXXX" };
	assert_non_null(mkdtemp(place->folder));
	text_init(&text, place->database, sizeof(place->database));
	text_addf(&text, "%s/videur.db", place->folder);
}

/* With limits of two for a neutral client and one for a poor one. */
static struct conf *
limited_conf(const struct place *place)
{
	struct conf *conf = load_conf(place);

	for (int kind = 0; kind < LIMIT_KINDS; kind++) {
		conf->policy.limit[kind] = (struct limit){
			.most = { [REPUTATION_NEUTRAL] = 2,
			    [REPUTATION_POOR] = 1 }
		};
	}
	conf->policy.scale = (struct reputation_scale){ .good_messages = 100,
		.good_ratio = 100,
		.poor_events = 3,
		.poor_ratio = 5000 };
	return conf;
}

static void
start_with(struct place *place, struct conf *conf)
{
	char error[STORE_ERROR_SIZE];

	place->writer = writer_start(conf, error);
	if (place->writer == NULL) {
		fail_msg("%s", error);
	}
	place->desk = writer_desk(place->writer);
	place->conf = writer_conf(place->writer);
}

static void
start(struct place *place)
{
	start_with(place, load_conf(place));
}

static void
stop(struct place *place)
{
	conf_drop(place->conf);
	writer_stop(place->writer);
	place->writer = NULL;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	(void)st;
	(void)type;
	(void)walk;
	return remove(path);
}

static void
leave(struct place *place)
{
	if (place->writer != NULL) {
		stop(place);
	}
	(void)nftw(place->folder, remove_one, 4, FTW_DEPTH | FTW_PHYS);
}

static struct store *
open_other(const struct place *place, enum store_mode mode)
{
	char error[STORE_ERROR_SIZE];
	struct store *store;

	if (store_open(&store, place->database, mode, 2000, error) !=
	    STORE_OK) {
		fail_msg("%s", error);
	}
	return store;
}

static struct visitor
visitor_from(const struct place *place, const char *ip)
{
	struct visitor visitor = { .conf = place->conf,
		.patience = DESK_PATIENCE };

	assert_true(addr_parse(ip, &visitor.address));
	visitor.client = engine_client(place->conf, &visitor.address);
	return visitor;
}

static void
offend(const struct place *place, struct visitor *visitor, int64_t at)
{
	const struct deed deed = { .address = visitor->address,
		.kind = KIND_RECIPIENT,
		.at = at,
		.source = "milter",
		.detail = "5.1.1" };

	place->desk->observe(place->desk->self, visitor, &deed, at);
}

/* How many events of a client are in the database; -1 where it cannot be
 * opened, as while it is made anew. */
static int64_t
events_of(const struct place *place, const struct visitor *visitor)
{
	struct event_query query = { .client = visitor->client,
		.kinds = kind_bit(KIND_RECIPIENT),
		.after = 0,
		.until = INT64_MAX,
		.most = 100000 };
	char error[STORE_ERROR_SIZE];
	struct store *store;
	int64_t count = -1;

	if (store_open(&store, place->database, STORE_READ, 2000, error) ==
	    STORE_OK) {
		count = store_event_count(store, &query);
		store_close(store);
	}
	return count;
}

static enum store_result
ask(const struct place *place, struct visitor *visitor,
    struct standing *standing)
{
	int64_t version = DESK_NO_VERSION;

	return place->desk->standing(
	    place->desk->self, visitor, proc_now(), &version, standing);
}

static void
moment(void)
{
	const struct timespec while_waiting = { .tv_nsec = A_MOMENT };

	(void)nanosleep(&while_waiting, NULL);
}

static void
await_events(
    const struct place *place, const struct visitor *visitor, int64_t want)
{
	int64_t until = proc_ticks() + SOON;

	while (events_of(place, visitor) != want && proc_ticks() < until) {
		moment();
	}
	check_int("events in the database in the end",
	    events_of(place, visitor), want);
}

/* ---- the desk ---- */

static void
at_once(void **state)
{
	struct place place;
	struct visitor visitor;
	struct standing standing;
	int64_t now = proc_now();

	(void)state;
	make_place(&place);
	start(&place);
	visitor = visitor_from(&place, "203.0.113.9");
	for (int i = 1; i < LIMIT; i++) {
		offend(&place, &visitor, now);
		check_int("a deed is written where it happens",
		    events_of(&place, &visitor), i);
	}
	assert_int_equal(ask(&place, &visitor, &standing), STORE_OK);
	check_int("one below the limit", standing.verdict, STANDING_CLEAR);
	offend(&place, &visitor, now);
	assert_int_equal(ask(&place, &visitor, &standing), STORE_OK);
	check_int("the limit", standing.verdict, STANDING_BANNED);
	check_int("the ban begins now", standing.ban[0].begins, now);
	leave(&place);
}

static void
versions(void **state)
{
	struct place place;
	struct visitor visitor;
	struct standing standing;
	int64_t version = DESK_NO_VERSION;
	int64_t now = proc_now();

	(void)state;
	make_place(&place);
	start(&place);
	visitor = visitor_from(&place, "203.0.113.9");
	offend(&place, &visitor, now);
	check_int("a first question is answered",
	    place.desk->standing(
		place.desk->self, &visitor, now, &version, &standing),
	    STORE_OK);
	/* The thread may have written its sign of life in between. */
	while (place.desk->standing(place.desk->self, &visitor, now, &version,
		   &standing) == STORE_OK) {
		moment();
	}
	check_int("the same again: nothing new",
	    place.desk->standing(
		place.desk->self, &visitor, now, &version, &standing),
	    STORE_NONE);
	offend(&place, &visitor, now);
	check_int("after a change it is answered again",
	    place.desk->standing(
		place.desk->self, &visitor, now, &version, &standing),
	    STORE_OK);
	leave(&place);
}

/* Accepted recipients that are not in the database yet spare a client. */
static void
unflushed(void **state)
{
	struct place place;
	struct visitor good;
	struct visitor bad;
	struct standing standing;
	int64_t now = proc_now();

	(void)state;
	make_place(&place);
	start(&place);
	good = visitor_from(&place, "203.0.113.9");
	bad = visitor_from(&place, "203.0.113.10");
	for (int i = 0; i < LIMIT; i++) {
		place.desk->tally(place.desk->self, &good.client,
		    tally_hour(now), &(struct tally){ .recipients = 2 });
		offend(&place, &good, now);
		offend(&place, &bad, now);
	}
	assert_int_equal(ask(&place, &good, &standing), STORE_OK);
	check_int("twice as many accepted recipients spare it",
	    standing.verdict, STANDING_CLEAR);
	assert_int_equal(ask(&place, &bad, &standing), STORE_OK);
	check_int("none do not", standing.verdict, STANDING_BANNED);
	leave(&place);
}

static void
tallies_and_hits(void **state)
{
	struct place place;
	struct visitor visitor;
	struct standing standing;
	struct store *store;
	struct tally sum = { .sessions = 0 };
	int64_t now = proc_now();

	(void)state;
	make_place(&place);
	start(&place);
	visitor = visitor_from(&place, "2001:db8:bad::1");
	for (int i = 0; i < LIMIT; i++) {
		offend(&place, &visitor, now);
	}
	assert_int_equal(ask(&place, &visitor, &standing), STORE_OK);
	assert_int_equal(standing.verdict, STANDING_BANNED);
	place.desk->hit(place.desk->self, &visitor, &standing.ban[0], now);
	assert_int_equal(ask(&place, &visitor, &standing), STORE_OK);
	check_int("the first hit is written at once", standing.ban[0].hits, 1);
	place.desk->hit(place.desk->self, &visitor, &standing.ban[0], now);
	place.desk->hit(place.desk->self, &visitor, &standing.ban[0], now + 1);
	for (int i = 0; i < 3; i++) {
		place.desk->tally(place.desk->self, &visitor.client,
		    tally_hour(now),
		    &(struct tally){ .sessions = 1, .recipients = 2 });
	}
	stop(&place);

	start(&place);
	visitor = visitor_from(&place, "2001:db8:bad::1");
	assert_int_equal(ask(&place, &visitor, &standing), STORE_OK);
	check_int("the others at the end", standing.ban[0].hits, 3);
	check_int("with the newest one's time", standing.ban[0].told, now + 1);
	store = open_other(&place, STORE_READ);
	assert_int_equal(store_tally_sum(store, &visitor.client,
			     tally_hour(now), tally_hour(now), &sum),
	    STORE_OK);
	check_int("sessions are tallied", sum.sessions, 3);
	check_int("recipients are tallied", sum.recipients, 6);
	check_int(
	    "kinds only by what was recorded", sum.kind[KIND_RECIPIENT], LIMIT);
	store_close(store);
	leave(&place);
}

/* ---- sums by day ---- */

struct said {
	char said_buf[512];
	struct text said;
};

static void
say_daily(void *to, const struct daily_row *row)
{
	struct said *daily = to;
	static const char *const names[DAILY_COUNT] = { "event", "ban",
		"refused", "limited", "sessions", "messages", "recipients",
		"accepted" };

	text_addf(&daily->said, "%s%s%s %lld;", names[row->what],
	    row->name[0] == '\0' ? "" : " ", row->name, (long long)row->number);
}

static void
check_daily(const struct place *place, const char *sentence, int64_t from,
    const char *want)
{
	struct store *store = open_other(place, STORE_READ);
	struct said daily;

	text_init(&daily.said, daily.said_buf, sizeof(daily.said_buf));
	assert_int_equal(
	    store_daily_each(store, from, say_daily, &daily), STORE_OK);
	store_close(store);
	check_text(sentence, daily.said_buf, want);
}

static void
sums_by_day(void **state)
{
	struct place place;
	struct visitor visitor;
	struct standing standing;
	const int64_t now = proc_now();
	const int64_t today = now - now % STORE_DAY;
	const struct tally more = {
		.sessions = 1, .messages = 2, .recipients = 3, .accepted = 1
	};

	(void)state;
	make_place(&place);
	start(&place);
	visitor = visitor_from(&place, "203.0.113.9");
	for (int i = 0; i < LIMIT; i++) {
		offend(&place, &visitor, now);
	}
	assert_int_equal(ask(&place, &visitor, &standing), STORE_OK);
	assert_int_equal(standing.verdict, STANDING_BANNED);
	place.desk->hit(place.desk->self, &visitor, &standing.ban[0], now);
	check_daily(&place, "the first hit is summed up at once", today,
	    "ban error 1;event recipient 20;refused error 1;");
	standing.ban[0].hits = 1;
	place.desk->hit(place.desk->self, &visitor, &standing.ban[0], now);
	place.desk->limited(place.desk->self, LIMIT_HOURLY, now);
	place.desk->limited(place.desk->self, LIMIT_HOURLY, now);
	place.desk->limited(place.desk->self, LIMIT_MESSAGES, now);
	for (uint32_t i = 0; i < 300; i++) {
		struct net client = net_cut(&visitor.address, ADDR_BITS);

		client.addr.byte[14] = (uint8_t)(i >> 8);
		client.addr.byte[15] = (uint8_t)i;
		place.desk->tally(
		    place.desk->self, &client, tally_hour(now), &more);
	}
	stop(&place);
	check_daily(&place, "the rest with what is flushed", today,
	    "accepted 300;ban error 1;event recipient 20;"
	    "limited hourly 2;limited messages 1;messages 600;"
	    "recipients 900;refused error 2;sessions 300;");
	leave(&place);
}

static void
sums_of_two_days(void **state)
{
	struct place place;
	struct visitor visitor;
	const int64_t now = proc_now();
	const int64_t today = now - now % STORE_DAY;
	const struct tally more = { .sessions = 1 };

	(void)state;
	make_place(&place);
	start(&place);
	visitor = visitor_from(&place, "203.0.113.9");
	for (int i = 0; i < 3; i++) {
		place.desk->tally(
		    place.desk->self, &visitor.client, today - 3600, &more);
		place.desk->tally(
		    place.desk->self, &visitor.client, today, &more);
	}
	stop(&place);
	check_daily(&place, "each day has its own", today, "sessions 3;");
	check_daily(
	    &place, "yesterday, too", today - 1, "sessions 3;sessions 3;");
	leave(&place);
}

/* ---- limits ---- */

static enum limit_kind
admit(const struct place *place, struct visitor *visitor,
    struct presence *presence, int64_t now)
{
	place->desk->tally(place->desk->self, &visitor->client, tally_hour(now),
	    &(struct tally){ .sessions = 1 });
	return place->desk->admit(place->desk->self, visitor, presence, now);
}

static void
admits(void **state)
{
	struct place place;
	struct visitor visitor;
	struct presence first = { .ban = 0 };
	struct presence second = { .ban = 0 };
	struct presence third = { .ban = 0 };
	const int64_t now = proc_now();

	(void)state;
	make_place(&place);
	start_with(&place, limited_conf(&place));
	place.conf->policy.limit[LIMIT_HOURLY] = (struct limit){ .most = {
								     0 } };
	visitor = visitor_from(&place, "203.0.113.9");
	check_int("one", admit(&place, &visitor, &first, now), LIMIT_KINDS);
	check_int("two", admit(&place, &visitor, &second, now), LIMIT_KINDS);
	check_int("and no more", admit(&place, &visitor, &third, now),
	    LIMIT_CONNECTIONS);
	place.desk->leave(place.desk->self, &visitor.client, &second);
	check_int("unless one leaves",
	    place.desk->admit(place.desk->self, &visitor, &third, now),
	    LIMIT_KINDS);
	leave(&place);
}

static void
hourly_after_a_restart(void **state)
{
	struct place place;
	struct visitor visitor;
	struct presence presence = { .ban = 0 };
	const int64_t now = proc_now();

	(void)state;
	make_place(&place);
	start_with(&place, limited_conf(&place));
	visitor = visitor_from(&place, "2001:db8:bad::1");
	for (int i = 0; i < 2; i++) {
		struct presence one = { .ban = 0 };

		check_int("within the limit",
		    admit(&place, &visitor, &one, now), LIMIT_KINDS);
		place.desk->leave(place.desk->self, &visitor.client, &one);
	}
	stop(&place);
	start_with(&place, limited_conf(&place));
	visitor = visitor_from(&place, "2001:db8:bad::1");
	check_int("a restart forgets nothing",
	    admit(&place, &visitor, &presence, now), LIMIT_HOURLY);
	check_int("the hour before counts by its part",
	    place.desk->admit(place.desk->self, &visitor, &presence,
		tally_hour(now) + 3600 + 1800),
	    LIMIT_KINDS);
	leave(&place);
}

static void
reputations(void **state)
{
	static const struct {
		const char *sentence;
		int64_t events;
		int64_t ago; /* hours */
		enum limit_kind second;
	} rows[] = {
		{ "a new client is neutral", 0, 1, LIMIT_KINDS },
		{ "three offences make it poor", 3, 1, LIMIT_CONNECTIONS },
		{ "29 days ago, too", 3, 29 * 24, LIMIT_CONNECTIONS },
		{ "31 days ago not any more", 3, 31 * 24, LIMIT_KINDS },
	};
	const int64_t now = proc_now();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct place place;
		struct visitor visitor;
		struct presence first = { .ban = 0 };
		struct presence second = { .ban = 0 };
		struct tally tally = { .sessions = 0 };
		struct store *store;

		make_place(&place);
		start_with(&place, limited_conf(&place));
		visitor = visitor_from(&place, "203.0.113.9");
		tally.kind[KIND_RECIPIENT] = rows[i].events;
		store = open_other(&place, STORE_WRITE);
		assert_int_equal(store_begin(store), STORE_OK);
		assert_int_equal(
		    store_tally_add(store, &visitor.client,
			tally_hour(now - rows[i].ago * 3600), &tally),
		    STORE_OK);
		assert_int_equal(store_commit(store), STORE_OK);
		store_close(store);
		check_int(rows[i].sentence,
		    admit(&place, &visitor, &first, now), LIMIT_KINDS);
		check_int(rows[i].sentence,
		    admit(&place, &visitor, &second, now), rows[i].second);
		leave(&place);
	}
}

/* Mail goes on, whatever becomes of the database. */
static void
reputation_in_vain(void **state)
{
	struct place place;
	struct visitor visitor;
	struct presence presence = { .ban = 0 };
	struct store *other;
	const int64_t now = proc_now();

	(void)state;
	make_place(&place);
	start_with(&place, limited_conf(&place));
	visitor = visitor_from(&place, "203.0.113.9");
	other = open_other(&place, STORE_WRITE);
	assert_int_equal(store_begin(other), STORE_OK);
	offend(&place, &visitor, now); /* takes all patience */
	for (int i = 0; i < 2; i++) {
		struct presence one = { .ban = 0 };

		check_int("a neutral client goes on",
		    admit(&place, &visitor, &one, now), LIMIT_KINDS);
		place.desk->leave(place.desk->self, &visitor.client, &one);
	}
	check_int("and is counted", admit(&place, &visitor, &presence, now),
	    LIMIT_HOURLY);
	store_rollback(other);
	store_close(other);
	leave(&place);
}

struct crowd_of_one {
	const struct place *place;
	int64_t now;
	atomic_int admitted;
	atomic_int hourly;
};

static void *
one_connection(void *arg)
{
	struct crowd_of_one *crowd = arg;
	struct visitor visitor = visitor_from(crowd->place, "203.0.113.9");

	for (int i = 0; i < CROWD_DEEDS; i++) {
		struct presence presence = { .ban = 0 };

		switch (
		    (int)admit(crowd->place, &visitor, &presence, crowd->now)) {
		case LIMIT_KINDS:
			atomic_fetch_add(&crowd->admitted, 1);
			break;
		case LIMIT_HOURLY:
			atomic_fetch_add(&crowd->hourly, 1);
			break;
		default:
			break;
		}
		if (presence.slot) {
			crowd->place->desk->leave(crowd->place->desk->self,
			    &visitor.client, &presence);
		}
	}
	return NULL;
}

/* However many come at the same time, none is missed or counted twice. */
static void
crowd_of_one_client(void **state)
{
	struct place place;
	struct crowd_of_one crowd = { .place = &place, .now = proc_now() };
	struct conf *conf;
	pthread_t thread[CROWD];
	enum {
		MOST = 50
	};

	(void)state;
	make_place(&place);
	conf = limited_conf(&place);
	conf->policy.limit[LIMIT_CONNECTIONS].most[REPUTATION_NEUTRAL] = 0;
	conf->policy.limit[LIMIT_HOURLY].most[REPUTATION_NEUTRAL] = MOST;
	start_with(&place, conf);
	for (size_t i = 0; i < CROWD; i++) {
		assert_int_equal(
		    pthread_create(&thread[i], NULL, one_connection, &crowd),
		    0);
	}
	for (size_t i = 0; i < CROWD; i++) {
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	}
	/* Two threads may both be counted before either is let in. */
	if (atomic_load(&crowd.admitted) > MOST ||
	    atomic_load(&crowd.admitted) <= MOST - CROWD) {
		fail_msg(
		    "%d of %d were let in", atomic_load(&crowd.admitted), MOST);
	}
	check_int("each of them is let in or not",
	    atomic_load(&crowd.admitted) + atomic_load(&crowd.hourly),
	    (int64_t)CROWD * CROWD_DEEDS);
	leave(&place);
}

/* ---- keys ---- */

static void
keys(void **state)
{
	struct place place;
	struct visitor visitor;
	struct store *other;
	char key[HASH_TEXT_SIZE];
	char again[HASH_TEXT_SIZE];

	(void)state;
	make_place(&place);
	start(&place);
	visitor = visitor_from(&place, "203.0.113.9");
	other = open_other(&place, STORE_WRITE);
	assert_int_equal(store_begin(other), STORE_OK);
	check_int("no secret, no key",
	    place.desk->key(place.desk->self, &visitor, "a@b.test", key),
	    false);
	store_rollback(other);
	stop(&place);

	start(&place);
	visitor = visitor_from(&place, "203.0.113.9");
	assert_true(
	    place.desk->key(place.desk->self, &visitor, "a@b.test", key));
	assert_true(
	    place.desk->key(place.desk->self, &visitor, "A@B.Test", again));
	check_text("case does not matter", again, key);
	assert_true(
	    place.desk->key(place.desk->self, &visitor, "c@b.test", again));
	assert_string_not_equal(again, key);
	assert_int_equal(store_begin(other), STORE_OK);
	assert_true(
	    place.desk->key(place.desk->self, &visitor, "a@b.test", again));
	check_text("once known it needs no database", again, key);
	store_rollback(other);
	stop(&place);

	assert_int_equal(engine_key(other, "a@b.test", again), STORE_OK);
	check_text("others make the same of it", again, key);
	store_close(other);
	start(&place);
	visitor = visitor_from(&place, "203.0.113.9");
	assert_true(
	    place.desk->key(place.desk->self, &visitor, "a@b.test", again));
	check_text("and so do we, later", again, key);
	leave(&place);
}

static bool
count_key(void *to, int64_t events)
{
	(void)events;
	++*(int64_t *)to;
	return true;
}

static void
keyed_deeds_wait(void **state)
{
	static const char *const key[] = { "0011223344556677",
		"8899aabbccddeeff", "0011223344556677" };
	struct place place;
	struct visitor visitor;
	struct store *other;
	struct event_query query = { .kinds = kind_bit(KIND_RECIPIENT),
		.until = INT64_MAX,
		.most = 100 };
	const int64_t now = tally_hour(proc_now());
	int64_t count = 0;

	(void)state;
	make_place(&place);
	start(&place);
	visitor = visitor_from(&place, "203.0.113.9");
	other = open_other(&place, STORE_WRITE);
	assert_int_equal(store_begin(other), STORE_OK);
	for (size_t i = 0; i < COUNT(key); i++) {
		char text[HASH_TEXT_SIZE];
		struct deed deed = { .address = visitor.address,
			.kind = KIND_RECIPIENT,
			.at = now,
			.source = "milter",
			.key = text };

		(void)text_copy(text, sizeof(text), key[i]);
		place.desk->observe(place.desk->self, &visitor, &deed, now);
		memset(text, 'x', sizeof(text) - 1);
	}
	store_rollback(other);
	await_events(&place, &visitor, COUNT(key));
	query.client = visitor.client;
	store_event_keys(other, &query, count_key, &count);
	check_int("deeds that waited kept their keys", count, 2);
	store_close(other);
	leave(&place);
}

/* ---- a database in other hands ---- */

/* Whether another program finds that someone has the database open.  SQLite
 * says so by a shared lock on these bytes; the last one to close it, who finds
 * none, may remove the log under the others. */
static bool
seen_in_use(const struct place *place)
{
	struct flock lock = { .l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = 0x40000002,
		.l_len = 510 };
	pid_t child = fork();
	int status = 0;

	assert_true(child >= 0);
	if (child == 0) {
		int fd = open(place->database, O_RDWR | O_CLOEXEC);

		_exit(fd < 0 || fcntl(fd, F_GETLK, &lock) != 0 ||
		      lock.l_type == F_UNLCK);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void
in_use(void **state)
{
	struct place place;
	struct store *store;

	(void)state;
	make_place(&place);
	start(&place);
	check_int("others see that we use it", seen_in_use(&place), true);
	store = open_other(&place, STORE_READ);
	store_close(store);
	check_int("also when one more of our handles came and went",
	    seen_in_use(&place), true);
	stop(&place);
	check_int("and that we do no more", seen_in_use(&place), false);
	leave(&place);
}

static void
locked(void **state)
{
	struct place place;
	struct visitor first;
	struct visitor second;
	struct standing standing;
	struct store *other;
	int64_t began;
	int64_t took;
	int64_t now = proc_now() - 60;

	(void)state;
	make_place(&place);
	start(&place);
	first = visitor_from(&place, "203.0.113.9");
	second = visitor_from(&place, "203.0.113.10");
	other = open_other(&place, STORE_WRITE);
	assert_int_equal(store_begin(other), STORE_OK);

	began = proc_ticks();
	for (int i = 0; i < LIMIT; i++) {
		offend(&place, &first, now + i);
	}
	took = proc_ticks() - began;
	if (took > DESK_PATIENCE + LITTLE_MORE) {
		fail_msg("20 deeds of a session took %lld ms", (long long)took);
	}
	began = proc_ticks();
	offend(&place, &second, now);
	took = proc_ticks() - began;
	if (took > NO_WAIT) {
		fail_msg("after a busy one the next waited %lld ms",
		    (long long)took);
	}
	assert_int_equal(ask(&place, &second, &standing), STORE_OK);
	check_int(
	    "reading goes on meanwhile", standing.verdict, STANDING_CLEAR);
	check_int("nothing is written", events_of(&place, &first), 0);

	store_rollback(other);
	store_close(other);
	await_events(&place, &first, LIMIT);
	await_events(&place, &second, 1);
	assert_int_equal(ask(&place, &first, &standing), STORE_OK);
	check_int(
	    "deeds that waited ban as well", standing.verdict, STANDING_BANNED);
	check_int(
	    "from their own time on", standing.ban[0].begins, now + LIMIT - 1);
	leave(&place);
}

static void
locked_to_the_end(void **state)
{
	struct place place;
	struct visitor visitor;
	struct store *other;
	int64_t began;

	(void)state;
	make_place(&place);
	start(&place);
	visitor = visitor_from(&place, "203.0.113.9");
	other = open_other(&place, STORE_WRITE);
	assert_int_equal(store_begin(other), STORE_OK);
	offend(&place, &visitor, proc_now());
	began = proc_ticks();
	stop(&place);
	if (proc_ticks() - began > SOON) {
		fail_msg("stopping waits for ever");
	}
	store_rollback(other);
	store_close(other);
	check_int("what cannot be written is given up",
	    events_of(&place, &visitor), 0);
	leave(&place);
}

static void
starts_locked(void **state)
{
	struct place place;
	struct visitor visitor;
	struct standing standing;
	struct store *other;
	int64_t until = proc_ticks() + SOON;

	(void)state;
	make_place(&place);
	other = open_other(&place, STORE_WRITE);
	assert_int_equal(store_begin(other), STORE_OK);
	start(&place);
	visitor = visitor_from(&place, "203.0.113.9");
	offend(&place, &visitor, proc_now());
	store_rollback(other);
	store_close(other);
	await_events(&place, &visitor, 1);
	while (ask(&place, &visitor, &standing) != STORE_OK &&
	       proc_ticks() < until) {
		moment();
	}
	assert_int_equal(ask(&place, &visitor, &standing), STORE_OK);
	leave(&place);
}

static void
deleted(void **state)
{
	static const char *const sides[] = { "", "-wal", "-shm" };
	struct place place;
	struct visitor visitor;
	struct stat st;
	int64_t until = proc_ticks() + SOON;

	(void)state;
	make_place(&place);
	start(&place);
	visitor = visitor_from(&place, "203.0.113.9");
	offend(&place, &visitor, proc_now());
	for (size_t i = 0; i < COUNT(sides); i++) {
		char path[160];
		struct text text;

		text_init(&text, path, sizeof(path));
		text_addf(&text, "%s%s", place.database, sides[i]);
		assert_int_equal(unlink(path), 0);
	}
	while (stat(place.database, &st) != 0 && proc_ticks() < until) {
		moment();
	}
	assert_int_equal(stat(place.database, &st), 0);
	/* The thread may still be at it: what is told now must be kept. */
	visitor.patience = DESK_PATIENCE;
	offend(&place, &visitor, proc_now());
	await_events(&place, &visitor, 1);
	leave(&place);
}

static void
refused(void **state)
{
	static const char *const contents[] = {
		"this is a letter to my aunt\n",
		"SQLite format 3\0 with nothing behind it",
	};
	char error[STORE_ERROR_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(contents); i++) {
		struct place place;
		struct conf *conf;
		struct stat st;
		FILE *file;

		make_place(&place);
		file = fopen(place.database, "w");
		assert_non_null(file);
		assert_true(fputs(contents[i], file) >= 0);
		assert_int_equal(fclose(file), 0);
		conf = load_conf(&place);
		assert_null(writer_start(conf, error));
		assert_memory_equal(
		    error, place.database, strlen(place.database));
		conf_drop(conf);
		assert_int_equal(stat(place.database, &st), 0);
		check_int("it is left untouched", st.st_size,
		    (int64_t)strlen(contents[i]));
		leave(&place);
	}
}

static void
refused_folder(void **state)
{
	char error[STORE_ERROR_SIZE];
	struct place place;
	struct conf *conf;

	(void)state;
	make_place(&place);
	(void)text_copy(place.database, sizeof(place.database),
	    "/nonexistent/videur/videur.db");
	conf = load_conf(&place);
	assert_null(writer_start(conf, error));
	conf_drop(conf);
	leave(&place);
}

static void
reloads(void **state)
{
	struct place place;
	struct conf *fresh;
	struct conf *got;

	(void)state;
	make_place(&place);
	start(&place);
	fresh = load_conf(&place);
	writer_reload(place.writer, fresh);
	got = writer_conf(place.writer);
	assert_ptr_equal(got, fresh);
	assert_ptr_not_equal(got, place.conf);
	conf_drop(got);
	/* A session may still be at the old one. */
	assert_true(place.conf->policy.rules > 0);
	leave(&place);
}

/* ---- many at once ---- */

static void *
one_of_many(void *arg)
{
	const struct place *place = arg;
	int64_t now = proc_now();

	for (int i = 0; i < CROWD_DEEDS; i++) {
		struct visitor visitor = visitor_from(place, "203.0.113.9");
		struct standing standing;

		(void)ask(place, &visitor, &standing);
		place->desk->tally(place->desk->self, &visitor.client,
		    tally_hour(now), &(struct tally){ .sessions = 1 });
		offend(place, &visitor, now);
		if (standing.verdict == STANDING_BANNED) {
			place->desk->hit(
			    place->desk->self, &visitor, &standing.ban[0], now);
		}
	}
	return NULL;
}

static void
crowd(void **state)
{
	struct place place;
	struct visitor visitor;
	struct store *store;
	struct tally sum = { .sessions = 0 };
	pthread_t thread[CROWD];
	int64_t now = proc_now();

	(void)state;
	make_place(&place);
	start(&place);
	visitor = visitor_from(&place, "203.0.113.9");
	for (size_t i = 0; i < CROWD; i++) {
		assert_int_equal(
		    pthread_create(&thread[i], NULL, one_of_many, &place), 0);
	}
	for (size_t i = 0; i < CROWD; i++) {
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	}
	stop(&place);
	check_int("no deed is lost", events_of(&place, &visitor),
	    (int64_t)CROWD * CROWD_DEEDS);
	store = open_other(&place, STORE_READ);
	assert_int_equal(
	    store_tally_sum(store, &visitor.client, tally_hour(now) - 3600,
		tally_hour(now) + 3600, &sum),
	    STORE_OK);
	store_close(store);
	check_int("no tally is lost or counted twice", sum.sessions,
	    (int64_t)CROWD * CROWD_DEEDS);
	leave(&place);
}

/* ---- what waits ---- */

static void
queue_is_bounded(void **state)
{
	struct queue *queue = queue_new();
	struct waiting out[3];
	struct deed deed = { .kind = KIND_HELO, .source = "milter" };

	(void)state;
	assert_non_null(queue);
	for (int i = 0; i < QUEUE_MAX + 7; i++) {
		deed.at = i;
		deed.detail = i == 0 ? "a detail that is far too long to be "
				       "kept whole"
				     : NULL;
		queue_put(queue, &deed);
	}
	check_int("it holds so many", (int64_t)queue_count(queue), QUEUE_MAX);
	check_int("the rest is counted", queue_dropped(queue), 7);
	check_int("once", queue_dropped(queue), 0);
	check_int("a look at the head", (int64_t)queue_peek(queue, out, 3), 3);
	check_int("in order", out[2].at, 2);
	check_int("a long detail is cut",
	    (int64_t)strlen(queue_deed(&out[0]).detail), QUEUE_DETAIL_SIZE - 1);
	assert_null(queue_deed(&out[1]).detail);
	queue_remove(queue, 2);
	deed.at = 9999;
	queue_put(queue, &deed);
	check_int("a look removes nothing, removing does",
	    (int64_t)queue_count(queue), QUEUE_MAX - 1);
	(void)queue_peek(queue, out, 1);
	check_int("then the third is first", out[0].at, 2);
	queue_remove(queue, QUEUE_MAX);
	check_int("empty", (int64_t)queue_peek(queue, out, 3), 0);
	queue_free(queue);
}

static struct net
client_number(uint32_t number)
{
	struct addr addr = { .byte = { 0x20, 0x01, 0x0d, 0xb8 } };

	addr.byte[4] = (uint8_t)(number >> 24);
	addr.byte[5] = (uint8_t)(number >> 16);
	addr.byte[6] = (uint8_t)(number >> 8);
	addr.byte[7] = (uint8_t)number;
	return net_cut(&addr, 64);
}

static void
pending_adds_up(void **state)
{
	struct pending *pending = pending_new();
	struct net a = client_number(1);
	struct net b = client_number(2);
	const struct ban ban = { .id = 7200, .reason = REASON_SPAM };
	struct pending_row rows[8];
	struct tally sum;
	size_t taken;

	(void)state;
	assert_non_null(pending);
	pending_tally(pending, &a, 3600, &(struct tally){ .recipients = 1 });
	pending_tally(pending, &a, 3600, &(struct tally){ .recipients = 2 });
	pending_tally(pending, &a, 7200,
	    &(struct tally){ .sessions = 3, .recipients = 4 });
	pending_tally(pending, &b, 7200, &(struct tally){ .recipients = 8 });
	pending_hit(pending, &ban, 50);
	pending_hit(pending, &ban, 40);
	pending_limited(pending, LIMIT_HOURLY, 60);
	check_int(
	    "the sessions of one hour", pending_sessions(pending, &a, 7200), 3);
	sum = pending_sum(pending, &a);
	check_int("the sum of a client's hours", sum.recipients, 7);

	taken = pending_take(pending, rows, COUNT(rows));
	check_int(
	    "a row for each client, hour, ban and limit", (int64_t)taken, 5);
	sum = pending_sum(pending, &a);
	check_int("taken out is out", sum.recipients, 0);
	pending_tally(pending, &a, 3600, &(struct tally){ .recipients = 16 });
	pending_put_back(pending, rows, taken);
	sum = pending_sum(pending, &a);
	check_int("put back adds up", sum.recipients, 23);

	taken = pending_take(pending, rows, 2);
	check_int("not more than asked for", (int64_t)taken, 2);
	taken += pending_take(pending, rows + 2, COUNT(rows) - 2);
	check_int("and the rest", (int64_t)taken, 5);
	for (size_t i = 0; i < taken; i++) {
		if (rows[i].what == PENDING_HITS) {
			check_int("hits add up", rows[i].times, 2);
			check_int("of one reason", rows[i].reason, REASON_SPAM);
			check_int("the newest time", rows[i].told, 50);
		}
	}
	pending_free(pending);
	pending_free(NULL);
}

static void
pending_is_bounded(void **state)
{
	struct pending *pending = pending_new();
	struct pending_row rows[64];
	const struct tally one = { .sessions = 1 };
	int64_t sessions = 0;
	size_t taken;

	(void)state;
	assert_non_null(pending);
	for (uint32_t i = 0; i < PENDING_ROWS_MAX + 5; i++) {
		struct net client = client_number(i * 2654435761U);

		pending_tally(pending, &client, 3600, &one);
	}
	check_int("what finds no room is counted", pending_dropped(pending), 5);
	for (uint32_t i = 0; i < 1000; i++) {
		struct net client = client_number(i * 2654435761U);

		pending_tally(pending, &client, 3600, &one);
		check_int("who has a row goes on",
		    pending_sum(pending, &client).sessions, 2);
	}
	while ((taken = pending_take(pending, rows, COUNT(rows))) > 0) {
		for (size_t i = 0; i < taken; i++) {
			sessions += rows[i].tally.sessions;
		}
	}
	check_int("all of it comes out", sessions, PENDING_ROWS_MAX + 1000);
	pending_tally(pending, &(struct net){ .bits = 64 }, 0, &one);
	check_int("and there is room again",
	    (int64_t)pending_take(pending, rows, 1), 1);
	pending_free(pending);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queue_is_bounded),
		cmocka_unit_test(pending_adds_up),
		cmocka_unit_test(pending_is_bounded),
		cmocka_unit_test(at_once),
		cmocka_unit_test(versions),
		cmocka_unit_test(unflushed),
		cmocka_unit_test(tallies_and_hits),
		cmocka_unit_test(sums_by_day),
		cmocka_unit_test(sums_of_two_days),
		cmocka_unit_test(admits),
		cmocka_unit_test(hourly_after_a_restart),
		cmocka_unit_test(reputations),
		cmocka_unit_test(reputation_in_vain),
		cmocka_unit_test(crowd_of_one_client),
		cmocka_unit_test(keys),
		cmocka_unit_test(keyed_deeds_wait),
		cmocka_unit_test(in_use),
		cmocka_unit_test(locked),
		cmocka_unit_test(locked_to_the_end),
		cmocka_unit_test(starts_locked),
		cmocka_unit_test(deleted),
		cmocka_unit_test(refused),
		cmocka_unit_test(refused_folder),
		cmocka_unit_test(reloads),
		cmocka_unit_test(crowd),
	};

	log_init("writer_test");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
