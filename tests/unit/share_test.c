/*
 * Several hosts that share: whatever each does while the others do not hear of
 * it, once all have read the same log they know the same.
 */
#include "fixture.h"

#include <sqlite3.h>
#include <string.h>

enum {
	HOSTS = 3,
	HISTORIES = 16,
	STEPS = 50,
	LOG = 8192,
	BATCH = 40
};

static const struct share_keep keep = { 30 * DAY, 35 * DAY, 120 * DAY,
	365 * DAY };

/* The server: a log of what each host sent, in one order. */
static struct share_entry log_entry[LOG];
static size_t logged;

struct host {
	struct fixture *fixture;
	char name[16];
	int64_t sent;
};
static struct host host[HOSTS];
static size_t batch_most = BATCH; /* read at once */

static void
add_to_log(void *to, const struct share_entry *entry)
{
	struct host *from = to;

	assert_true(logged < LOG);
	check_int("without a gap", entry->seq, ++from->sent);
	log_entry[logged] = *entry;
	log_entry[logged].n = (int64_t)logged + 1;
	log_entry[logged].host = from->name;
	log_entry[logged].sort = strdup(entry->sort);
	log_entry[logged].body = strdup(entry->body);
	log_entry[logged++].key = NULL;
}

static void
send_some(struct host *from)
{
	struct store *store = from->fixture->store;
	const int64_t taken = store_share_take(store, BATCH, add_to_log, from);

	if (taken > 0) {
		store_begin(store);
		store_share_sent(store, from->sent);
		check_int("sent", store_commit(store), STORE_OK);
	}
}

/* A batch, but for its own; false where there is no more. */
static bool
read_some(struct host *to, int64_t now)
{
	struct store *store = to->fixture->store;
	struct shared_outcome outcome;
	struct share_entry batch[BATCH];
	struct share_self self;
	size_t count = 0;
	int64_t n;

	assert_true(store_share_self(store, &self));
	for (n = self.read; n < (int64_t)logged && count < batch_most; n++) {
		if (log_entry[n].host != to->name) {
			batch[count++] = log_entry[n];
		}
	}
	store_begin(store);
	engine_share(store, to->fixture->conf, batch, count, now, &outcome);
	store_share_read(store, n);
	if (store_commit(store) != STORE_OK) {
		fail_msg("%s", store_error(store));
	}
	check_int("all is understood", (int64_t)outcome.unknown, 0);
	return n < (int64_t)logged;
}

/* ---- what hosts do ---- */

static void
observe(struct host *at, const struct addr *address, enum kind kind,
    int64_t when, int64_t now)
{
	const struct observation seen = { .address = *address,
		.kind = kind,
		.at = when,
		.source = "report",
		.key = kind == KIND_AUTH ? "0123456789abcdef" : NULL };
	struct outcome outcome;

	engine_observe(
	    at->fixture->store, at->fixture->conf, &seen, NULL, now, &outcome);
}

static bool
refuse(void *to, const struct ban *ban)
{
	*(struct ban_hits *)to = (struct ban_hits){ .id = ban->id };
	return false;
}

static void
act(struct host *at, int64_t now)
{
	static const char *const clients[] = { "198.51.100.1", "198.51.100.2",
		"2001:db8:1::1" };
	struct store *store = at->fixture->store;
	const struct conf *conf = at->fixture->conf;
	const struct addr address = addr_of(clients[rand() % 3]);
	const struct net client = engine_client(conf, &address);
	const enum reason reason = (enum reason)(rand() % REASON_COUNT);
	struct allow allow = { .net = client };
	struct ban by_hand = { .who = client, .reason = reason };
	struct ban_hits hits = { .id = 0 };
	struct allow_name name = { .how = ALLOW_SPF, .name = "example.org" };
	int64_t was;

	by_hand.ends = now + HOUR;
	store_begin(store);
	switch (rand() % 11) {
	case 0:
		observe(at, &address, KIND_VIRUS, now - rand() % 900, now);
		break;
	case 1:
	case 2:
	case 3:
		for (int i = rand() % 12; i >= 0; i--) {
			observe(at, &address,
			    rand() % 2 ? KIND_AUTH : KIND_SPAM,
			    now - rand() % 1200, now);
		}
		break;
	case 4:
		(void)engine_clear(store, conf,
		    &(struct clearing){ .who = client,
			.reason = rand() % 2 ? &reason : NULL,
			.mistake = rand() % 2 },
		    now);
		break;
	case 5:
		(void)engine_ban(store, conf, &by_hand, now, &was);
		break;
	case 6:
		(void)engine_allow(store, conf, &allow, now);
		break;
	case 7:
		(void)store_allow_remove(store, &client, now);
		break;
	case 8:
		name.asked = now;
		(void)snprintf(
		    name.note, sizeof(name.note), "note %d", rand() % 3);
		store_name_put(store, &name);
		break;
	case 9:
		if (store_name_find(store, &name)) {
			store_name_remove(store, name.id, now);
		}
		break;
	default:
		store_ban_each(store,
		    &(struct ban_query){
			.scope = BAN_EXACTLY, .who = client, .active_at = now },
		    refuse, &hits);
		hits.hits = 1 + rand() % 3;
		hits.told = now;
		if (hits.id != 0) {
			store_record(
			    store, &(struct store_record){ .hits = &hits });
		}
	}
	if (store_commit(store) != STORE_OK) {
		fail_msg("%s", store_error(store));
	}
}

/* ---- what they know ---- */

static int64_t folded; /* rows in all, so far */

static char *
knowledge(const struct host *of)
{
	static const char *const sql[] = {
		"SELECT client, address, kind, at, source, key FROM event"
		" ORDER BY 1, 2, 3, 4, 5, 6",
		"SELECT client, reason, rule, begins, ends, cleared, mistake,"
		" observed, hits, step, ref, phrase FROM ban ORDER BY ref",
		"SELECT ref, stands, hits FROM ban_folded ORDER BY ref",
		"SELECT network, until, at FROM allow ORDER BY network",
		"SELECT how, name, note, at FROM allow_name",
		"SELECT network, at FROM allow_gone ORDER BY network",
		"SELECT client, reason, key, at FROM mark ORDER BY 1, 2, 3",
		"SELECT client, hour, spam, virus, auth FROM tally"
		" WHERE spam + virus + auth > 0 ORDER BY 1, 2",
	};
	static char text[1 << 18];
	struct text out;
	sqlite3 *db;
	sqlite3_stmt *row;

	text_init(&out, text, sizeof(text));
	assert_int_equal(sqlite3_open(of->fixture->path, &db), SQLITE_OK);
	for (size_t i = 0; i < COUNT(sql); i++) {
		assert_int_equal(
		    sqlite3_prepare_v2(db, sql[i], -1, &row, NULL), SQLITE_OK);
		while (sqlite3_step(row) == SQLITE_ROW) {
			for (int n = 0; n < sqlite3_column_count(row); n++) {
				const void *word = sqlite3_column_text(row, n);

				folded += i == 2 && n == 0;
				text_addf(&out, "%s|",
				    word != NULL ? (const char *)word : "");
			}
			text_addf(&out, "\n");
		}
		(void)sqlite3_finalize(row);
	}
	(void)sqlite3_close(db);
	assert_false(out.cut);
	return strdup(text);
}

/* The first line in which they differ. */
static void
check_lines(const char *sentence, char *got, char *want)
{
	char *got_save = NULL, *want_save = NULL;

	for (char *line = want; want != NULL; line = NULL) {
		const char *a = strtok_r(
		    line != NULL ? got : NULL, "\n", &got_save);

		want = strtok_r(line, "\n", &want_save);
		check_text(
		    sentence, a != NULL ? a : "", want != NULL ? want : "");
	}
}

static void
up_all(void)
{
	logged = 0;
	for (int i = 0; i < HOSTS; i++) {
		static const unsigned char secret[STORE_SECRET_SIZE] = { 7 };
		void *state;

		assert_int_equal(fixture_up(&state), 0);
		host[i] = (struct host){ .fixture = state };
		(void)snprintf(host[i].name, sizeof(host[i].name), "mx%d", i);
		store_begin(host[i].fixture->store);
		store_share_join(host[i].fixture->store, host[i].name, "x",
		    secret, &keep, T0);
		check_int(
		    "joined", store_commit(host[i].fixture->store), STORE_OK);
	}
}

static void
down_all(void)
{
	for (int i = 0; i < HOSTS; i++) {
		void *state = host[i].fixture;

		(void)fixture_down(&state);
	}
	for (size_t i = 0; i < logged; i++) {
		free((void *)(uintptr_t)log_entry[i].sort);
		free((void *)(uintptr_t)log_entry[i].body);
	}
}

/* All send all, and then read all, until there is no more. */
static void
settle(int64_t now)
{
	for (int round = 0; round < 4; round++) {
		for (int i = 0; i < HOSTS; i++) {
			size_t before;

			do {
				before = logged;
				send_some(&host[i]);
			} while (logged > before);
		}
		for (int i = 0; i < HOSTS; i++) {
			while (read_some(&host[i], now)) {
			}
		}
	}
}

static void
all_know_the_same(void **state)
{
	(void)state;
	for (unsigned history = 1; history <= HISTORIES; history++) {
		int64_t now = T0;

		srand(history);
		up_all();
		for (int step = 0; step < STEPS; step++) {
			struct host *at = &host[rand() % HOSTS];

			now += rand() % 400;
			if (rand() % 3 > 0) {
				act(at, now);
			} else if (rand() % 2 == 0) {
				send_some(at);
			} else {
				(void)read_some(at, now);
			}
		}
		settle(now);
		for (int i = 1; i < HOSTS; i++) {
			char *first = knowledge(&host[0]);
			char *other = knowledge(&host[i]);
			char sentence[32];

			(void)snprintf(sentence, sizeof(sentence),
			    "history %u, mx%d", history, i);
			check_lines(sentence, other, first);
			free(first);
			free(other);
		}
		down_all();
	}
	assert_true(folded > 0);
}

static void
ignore(void *to, const struct share_entry *entry)
{
	(void)to;
	(void)entry;
}

static void
a_rescued_host_goes_on_where_it_was(void **state)
{
	char error[STORE_ERROR_SIZE], saved[160];
	struct share_self was, is;
	struct store_rescued counts;
	struct fixture *fixture;

	(void)state;
	up_all();
	fixture = host[0].fixture;
	(void)fixture_observe(fixture, "198.51.100.1", KIND_SPAM, T0, T0);
	send_some(&host[0]);
	(void)fixture_observe(fixture, "198.51.100.1", KIND_SPAM, T0, T0);
	(void)store_share_take(fixture->store, 0, ignore, NULL);
	for (int round = 0; round < 2; round++) {
		assert_true(store_share_self(fixture->store, &was));
		(void)snprintf(
		    saved, sizeof(saved), "%s/saved%d", fixture->folder, round);
		check_int("rescued",
		    store_rescue(fixture->path, saved, &counts, error),
		    STORE_OK);
		store_close(fixture->store);
		remove_database(fixture->path);
		assert_int_equal(rename(saved, fixture->path), 0);
		remove_database(saved);
		fixture->store = fixture_open(fixture, STORE_WRITE);
		assert_true(store_share_self(fixture->store, &is));
		check_int("sent", is.sent, was.sent);
		check_int("numbered", is.last, was.last);
		(void)fixture_observe(
		    fixture, "198.51.100.1", KIND_SPAM, T0, T0);
		assert_true(store_share_self(fixture->store, &was));
		check_int("it shares", was.pending > is.pending, true);
		send_some(&host[0]); /* without a gap */
	}
	down_all();
}

static void
times_of_other_clocks_stay(void **state)
{
	static const int64_t ahead[][2] = { { 30, 30 }, { 2 * HOUR, 0 } };
	struct fixture *fixture;
	struct event_query query = {
		.kinds = kind_bit(KIND_SPAM), .until = T0 + DAY, .most = 9
	};
	struct addr address;
	int64_t at;

	(void)state;
	for (size_t i = 0; i < COUNT(ahead); i++) {
		up_all();
		fixture = host[0].fixture;
		query.client = net_of("198.51.100.1");
		(void)fixture_observe(fixture, "198.51.100.1", KIND_SPAM,
		    T0 + ahead[i][0], T0 + ahead[i][0]);
		store_begin(fixture->store);
		store_settle(fixture->store, T0);
		check_int("settled", store_commit(fixture->store), STORE_OK);
		assert_true(
		    store_event_newest(fixture->store, &query, &address, &at));
		check_int("seconds ahead", at - T0, ahead[i][1]);
		down_all();
	}
}

/* What each of two saw is too little: together it is enough, also where sums
 * come in a later batch than the events. */
static void
evidence_of_two_bans_whatever_the_batches(void **state)
{
	static const char who[] = "198.51.100.1";

	(void)state;
	for (size_t most = 1; most <= BATCH; most += BATCH - 1) {
		up_all();
		for (int i = 0; i < 24; i++) {
			(void)fixture_observe(host[i % 2].fixture, who,
			    KIND_COMMAND, T0 + i, T0 + i);
		}
		check_int("alone",
		    fixture_banned(host[0].fixture, who, T0 + 60), false);
		batch_most = most;
		settle(T0 + 60);
		batch_most = BATCH;
		for (int i = 0; i < HOSTS; i++) {
			check_int("together",
			    fixture_banned(host[i].fixture, who, T0 + 60),
			    true);
		}
		down_all();
	}
}

/* Of a host that is of another version, or lies. */
static void
what_is_no_good_stops_nothing(void **state)
{
	static const char *const bodies[] = { "", "{", "{}", "[\"abc\"]",
		"[5, null, [1], {\"a\": [2]}]", "[[\"203.0.113.7\", \"x\"]]",
		"[[\"203.0.113.7\", 9223372036854775807, 0, 0, 0, 0, 0, 99]]",
		"[[\"203.0.113.7\", 0, 0, 0, 0, 0, 0, 1e999, -1, \"7\"]]" };
	static const char *const sorts[] = { "tally", "event", "ban", "hits",
		"clear", "change", "mark", "allow", "name", "audit", "state",
		"later" };
	struct shared_outcome outcome;

	(void)state;
	up_all();
	for (size_t i = 0; i < COUNT(sorts) * COUNT(bodies); i++) {
		const struct share_entry entry = { .n = (int64_t)i + 1,
			.host = "liar",
			.sort = sorts[i / COUNT(bodies)],
			.body = bodies[i % COUNT(bodies)] };
		struct store *store = host[0].fixture->store;

		store_begin(store);
		engine_share(
		    store, host[0].fixture->conf, &entry, 1, T0, &outcome);
		store_share_read(store, entry.n);
		if (store_commit(store) != STORE_OK) {
			fail_msg("%s %s: %s", entry.sort, entry.body,
			    store_error(store));
		}
	}
	down_all();
}

static bool
copy_ban(void *to, const struct ban *ban)
{
	*(struct ban *)to = *ban;
	return false;
}

/* Told whole once more, lifted: as of a host that made the same one. */
static void
a_ban_that_is_known_takes_what_is_new(void **state)
{
	static const char old[] = "\"cleared\":null";
	const struct addr address = addr_of("198.51.100.1");
	const struct ban_query query = { .scope = BAN_EXACTLY,
		.who = net_cut(&address, ADDR_BITS),
		.active_at = INT64_MIN };
	struct shared_outcome outcome;
	struct share_entry entry = { .body = NULL };
	struct store *store;
	struct ban ban = { .id = 0 };
	char body[1024];

	(void)state;
	up_all();
	store_begin(host[0].fixture->store);
	observe(&host[0], &address, KIND_VIRUS, T0, T0);
	check_int("seen", store_commit(host[0].fixture->store), STORE_OK);
	send_some(&host[0]);
	(void)read_some(&host[1], T0);
	for (size_t i = 0; i < logged; i++) {
		entry = strcmp(log_entry[i].sort, "ban") == 0 ? log_entry[i]
							      : entry;
	}
	assert_non_null(strstr(entry.body, old));
	(void)snprintf(body, sizeof(body), "%.*s\"cleared\":%d%s",
	    (int)(strstr(entry.body, old) - entry.body), entry.body, T0 + 5,
	    strstr(entry.body, old) + strlen(old));
	entry.body = body;
	store = host[1].fixture->store;
	store_begin(store);
	engine_share(store, host[1].fixture->conf, &entry, 1, T0, &outcome);
	check_int("told", store_commit(store), STORE_OK);
	store_ban_each(store, &query, copy_ban, &ban);
	check_int("it is lifted there, too", ban.cleared, T0 + 5);
	down_all();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_know_the_same),
		cmocka_unit_test(evidence_of_two_bans_whatever_the_batches),
		cmocka_unit_test(what_is_no_good_stops_nothing),
		cmocka_unit_test(a_ban_that_is_known_takes_what_is_new),
		cmocka_unit_test(a_rescued_host_goes_on_where_it_was),
		cmocka_unit_test(times_of_other_clocks_stay),
	};

	return cmocka_run_group_tests_name("share", tests, NULL, NULL);
}
