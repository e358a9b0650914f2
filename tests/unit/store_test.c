#include "fixture.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store/db.h"

/* ---- opening ---- */

static void
write_file(const char *path, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	assert_int_equal(close(fd), 0);
}

/* Content of a file, and how much of it. */
static size_t
read_file(const char *path, char *bytes, size_t size)
{
	FILE *file = fopen(path, "rb");
	size_t len;

	assert_non_null(file);
	len = fread(bytes, 1, size, file);
	assert_int_equal(fclose(file), 0);
	return len;
}

static void
run_sql(const char *path, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
make_text(const char *path)
{
	static const char text[] =
	    "This is a letter to somebody, of a hundred bytes and more, and "
	    "it is by no means a database of any kind at all.\n";

	write_file(path, text, sizeof(text) - 1);
}

static void
make_short(const char *path)
{
	write_file(path, "SQLite", 6);
}

static void
make_foreign(const char *path)
{
	run_sql(path, "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
}

static void
make_foreign_wal(const char *path)
{
	run_sql(path, "PRAGMA journal_mode = WAL; CREATE TABLE theirs (x)");
}

static void
make_newer(const char *path)
{
	char error[STORE_ERROR_SIZE];
	struct store *store;

	assert_int_equal(
	    store_open(&store, path, STORE_WRITE, 1000, error), STORE_OK);
	store_close(store);
	run_sql(path, "PRAGMA user_version = 9999");
}

static void
make_folder(const char *path)
{
	assert_int_equal(mkdir(path, 0700), 0);
}

static void
refused_databases_are_left_untouched(void **state)
{
	static const struct {
		const char *sentence;
		void (*make)(const char *path);
		const char *complaint;
	} rows[] = {
		{ "a text", make_text, "not an SQLite database" },
		{ "a few bytes", make_short, "not an SQLite database" },
		{ "a stranger's database", make_foreign,
		    "not a database of videur" },
		{ "a stranger's database in WAL mode", make_foreign_wal,
		    "not a database of videur" },
		{ "a newer database", make_newer,
		    "its version 9999 is newer than this program's, 2" },
		{ "a folder", make_folder, "not a regular file" },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(rows) * 2; i++) {
		static char before[1 << 18], after[1 << 18];
		char path[128], error[STORE_ERROR_SIZE], want[256];
		size_t row = i / 2;
		bool folder = rows[row].make == make_folder;
		struct store *store = NULL;
		size_t len = 0;

		(void)snprintf(
		    path, sizeof(path), "%s/refused%zu", fixture->folder, i);
		rows[row].make(path);
		if (!folder) {
			len = read_file(path, before, sizeof(before));
		}
		check_int(rows[row].sentence,
		    store_open(&store, path,
			i % 2 == 0 ? STORE_WRITE : STORE_READ, 1000, error),
		    STORE_FAILED);
		assert_null(store);
		(void)snprintf(
		    want, sizeof(want), "%s: %s", path, rows[row].complaint);
		check_text(rows[row].sentence, error, want);
		if (folder) {
			assert_int_equal(rmdir(path), 0);
			continue;
		}
		check_int(rows[row].sentence,
		    (int64_t)read_file(path, after, sizeof(after)),
		    (int64_t)len);
		assert_memory_equal(before, after, len);
		assert_int_equal(unlink(path), 0);
		(void)snprintf(want, sizeof(want), "%s-wal", path);
		(void)unlink(want);
		(void)snprintf(want, sizeof(want), "%s-shm", path);
		(void)unlink(want);
	}
}

static void
a_missing_database(void **state)
{
	struct fixture *fixture = *state;
	char path[128], error[STORE_ERROR_SIZE];
	struct store *store;

	(void)snprintf(path, sizeof(path), "%s/none", fixture->folder);
	assert_int_equal(
	    store_open(&store, path, STORE_READ, 0, error), STORE_FAILED);
	assert_non_null(strstr(error, "No such file"));
	assert_int_equal(access(path, F_OK), -1);
	(void)snprintf(path, sizeof(path), "%s/none/of/it", fixture->folder);
	assert_int_equal(
	    store_open(&store, path, STORE_WRITE, 0, error), STORE_FAILED);
	assert_non_null(strstr(error, "No such file"));
}

static void
an_empty_file_becomes_a_database(void **state)
{
	struct fixture *fixture = *state;
	char path[128], error[STORE_ERROR_SIZE];
	struct store *store;

	(void)snprintf(path, sizeof(path), "%s/empty", fixture->folder);
	write_file(path, "", 0);
	assert_int_equal(
	    store_open(&store, path, STORE_READ, 0, error), STORE_FAILED);
	assert_non_null(strstr(error, "still empty"));
	assert_int_equal(
	    store_open(&store, path, STORE_WRITE, 0, error), STORE_OK);
	store_close(store);
	assert_int_equal(
	    store_open(&store, path, STORE_READ, 0, error), STORE_OK);
	store_close(store);
	assert_int_equal(unlink(path), 0);
	(void)snprintf(path, sizeof(path), "%s/empty-wal", fixture->folder);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s/empty-shm", fixture->folder);
	(void)unlink(path);
}

static void
how_a_new_database_is_made(void **state)
{
	struct fixture *fixture = *state;
	struct stat st;
	char shm[128];
	struct store_numbers numbers;

	assert_int_equal(stat(fixture->path, &st), 0);
	check_int(
	    "readable and writable by user and group", st.st_mode & 0777, 0660);
	assert_int_equal(store_numbers(fixture->store, &numbers), STORE_OK);
	(void)snprintf(shm, sizeof(shm), "%s-shm", fixture->path);
	assert_int_equal(stat(shm, &st), 0);
	check_int("so are its side files", st.st_mode & 0777, 0660);
	check_int("the newest version", numbers.version, db_program_version());
	check_int("which is", numbers.version, 2);
	check_int("no events", numbers.events, 0);
}

static void
a_reader_alone_after_a_clean_stop(void **state)
{
	struct fixture *fixture = *state;

	(void)fixture_observe(fixture, "203.0.113.9", KIND_VIRUS, T0, T0);
	store_close(fixture->store);
	fixture->store = fixture_open(fixture, STORE_READ);
	check_int("it sees the ban", fixture_banned(fixture, "203.0.113.9", T0),
	    true);
}

static void
a_reader_cannot_write(void **state)
{
	struct fixture *fixture = *state;
	struct store *reader = fixture_open(fixture, STORE_READ);

	assert_int_equal(
	    store_state_put(reader, "key", "value", T0), STORE_FAILED);
	assert_non_null(strstr(store_error(reader), "readonly"));
	store_close(reader);
}

/* ---- between handles ---- */

static void
a_held_lock_is_busy(void **state)
{
	struct fixture *fixture = *state;
	struct store *other = fixture_open(fixture, STORE_WRITE);

	store_patience(other, 10);
	assert_int_equal(store_begin(fixture->store), STORE_OK);
	assert_int_equal(store_begin(other), STORE_BUSY);
	assert_non_null(strstr(store_error(other), "locked"));
	store_rollback(other);
	assert_int_equal(store_commit(fixture->store), STORE_OK);
	assert_int_equal(store_begin(other), STORE_OK);
	store_rollback(other);
	store_close(other);
}

static void
the_version_tells_of_others(void **state)
{
	struct fixture *fixture = *state;
	struct store *reader = fixture_open(fixture, STORE_READ);
	int64_t before, same, after;

	assert_int_equal(store_version(reader, &before), STORE_OK);
	assert_int_equal(store_version(reader, &same), STORE_OK);
	check_int("nothing happened", same, before);
	assert_int_equal(
	    store_state_put(fixture->store, "key", "value", T0), STORE_OK);
	assert_int_equal(store_version(reader, &after), STORE_OK);
	assert_int_not_equal(after, before);
	store_close(reader);
}

static void
a_moved_file_is_noticed(void **state)
{
	struct fixture *fixture = *state;

	check_int("in its place", store_moved(fixture->store), false);
	assert_int_equal(unlink(fixture->path), 0);
	check_int("removed", store_moved(fixture->store), true);
}

/* Write events of a client of one's own, in transactions. */
static void
write_events(const struct fixture *fixture, int writer, int events)
{
	struct fixture mine = *fixture;
	char address[32];

	mine.store = fixture_open(fixture, STORE_WRITE);
	store_patience(mine.store, 10000);
	(void)snprintf(address, sizeof(address), "198.51.100.%d", writer);
	for (int i = 0; i < events; i++) {
		(void)fixture_observe(&mine, address, KIND_VOLUME, T0 + i, T0 + i);
	}
	store_close(mine.store);
}

static void
two_writers_at_once(void **state)
{
	enum {
		EVENTS = 500
	};
	struct fixture *fixture = *state;
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		write_events(fixture, 1, EVENTS);
		_exit(0);
	}
	write_events(fixture, 2, EVENTS);
	assert_int_equal(waitpid(child, &status, 0), child);
	check_int("the other one ended well", status, 0);
	for (int writer = 1; writer <= 2; writer++) {
		char address[32];
		int64_t count;

		(void)snprintf(
		    address, sizeof(address), "198.51.100.%d", writer);
		count = store_event_count(fixture->store,
		    &(struct event_query){ .client = net_of(address),
			.kinds = kind_bit(KIND_VOLUME),
			.after = 0,
			.until = T0 + EVENTS,
			.most = 2 * EVENTS });
		check_int("every event of both", count, EVENTS);
	}
}

static void
two_programs_create_at_once(void **state)
{
	struct fixture *fixture = *state;
	char path[128];

	for (int round = 0; round < 20; round++) {
		char error[STORE_ERROR_SIZE] = "";
		struct store *store;
		enum store_result result;
		int status;
		pid_t child;

		(void)snprintf(
		    path, sizeof(path), "%s/race%d", fixture->folder, round);
		child = fork();
		assert_true(child >= 0);
		result = store_open(&store, path, STORE_WRITE, 5000, error);
		if (child == 0) {
			_exit(result != STORE_OK);
		}
		check_text("this one", error, "");
		check_int("this one", result, STORE_OK);
		store_close(store);
		assert_int_equal(waitpid(child, &status, 0), child);
		check_int("the other one", status, 0);
		(void)unlink(path);
		(void)snprintf(path, sizeof(path), "%s/race%d-wal",
		    fixture->folder, round);
		(void)unlink(path);
		(void)snprintf(path, sizeof(path), "%s/race%d-shm",
		    fixture->folder, round);
		(void)unlink(path);
	}
}

/* ---- verbs ---- */

static struct ban
some_ban(const char *who, const char *ref, int64_t begins, int64_t ends)
{
	struct ban ban = { .who = net_of(who),
		.reason = REASON_SPAM,
		.rule = "spam",
		.step = 3,
		.begins = begins,
		.ends = ends,
		.stage = STAGE_RCPT,
		.service = SERVICE_MX,
		.note = "'; DROP TABLE ban; --" };

	assert_null(
	    reply_parse("500 5.7.1 Too many spams/virus", "OWN_1", &ban.reply));
	(void)text_copy(ban.ref, sizeof(ban.ref), ref);
	return ban;
}

static bool
take_ban(void *to, const struct ban *ban)
{
	*(struct ban *)to = *ban;
	return false;
}

static bool
count_ban(void *to, const struct ban *ban)
{
	(void)ban;
	++*(int *)to;
	return true;
}

static void
a_ban_comes_back_as_it_was(void **state)
{
	struct fixture *fixture = *state;
	const struct ban put = some_ban(
	    "2001:db8:1::/48", "AAAAAA", T0, T0 + HOUR);
	const struct ban_query query = { .scope = BAN_COVERING,
		.who = net_of("2001:db8:1:2::3"),
		.active_at = T0 };
	struct ban again = put;
	struct ban got = { 0 };

	fixture_ban(fixture, &put);
	store_record(fixture->store, &(struct store_record){ .ban = &again });
	check_int(
	    "a ref is of one ban", store_status(fixture->store), STORE_FAILED);
	assert_int_equal(
	    store_ban_each(fixture->store, &query, take_ban, &got), STORE_OK);
	assert_true(net_equal(&got.who, &put.who));
	check_text("rule", got.rule, put.rule);
	check_text("note", got.note, put.note);
	check_text("ref", got.ref, put.ref);
	check_text("code", got.reply.code, "500");
	check_text("enhanced code", got.reply.enhanced, "5.7.1");
	check_text("phrase", got.reply.phrase, put.reply.phrase);
	check_text("own code", got.reply.own, "OWN_1");
	check_int("step", got.step, 3);
	check_int("begins", got.begins, T0);
	check_int("ends", got.ends, T0 + HOUR);
	check_int("stage", got.stage, STAGE_RCPT);
	check_int("service", got.service, SERVICE_MX);
	check_int("not cleared", got.cleared, 0);
	assert_int_equal(
	    store_ban_hit(fixture->store, got.id, 3, T0 + 5), STORE_OK);
	assert_int_equal(
	    store_ban_hit(fixture->store, got.id, 2, T0 + 4), STORE_OK);
	assert_int_equal(
	    store_ban_each(fixture->store, &query, take_ban, &got), STORE_OK);
	check_int("hits add up", got.hits, 5);
	check_int("told is the newest", got.told, T0 + 5);
}

static void
which_bans(void **state)
{
	static const enum reason auth = REASON_AUTH;
	static const struct {
		const char *sentence;
		struct ban_query query;
		const char *who;
		int want;
	} rows[] = {
		{ "all there are", { BAN_ANYBODY, .active_at = INT64_MIN },
		    "::", 5 },
		{ "all that are active", { BAN_ANYBODY, .active_at = T0 },
		    "::", 4 },
		{ "all in a network", { BAN_INSIDE, .active_at = T0 },
		    "203.0.113.0/24", 2 },
		{ "a wider one is not in it", { BAN_INSIDE, .active_at = T0 },
		    "203.0.113.0/25", 1 },
		{ "those that cover an address",
		    { BAN_COVERING, .active_at = T0 }, "203.0.113.9", 2 },
		{ "those of exactly a network",
		    { BAN_EXACTLY, .active_at = T0 }, "203.0.113.0/24", 1 },
		{ "past ones too", { BAN_EXACTLY, .active_at = INT64_MIN },
		    "203.0.113.9", 2 },
		{ "of another reason: none",
		    { BAN_ANYBODY, .active_at = T0, .reason = &auth },
		    "::", 0 },
	};
	static const struct {
		const char *who;
		int64_t begins, ends;
	} bans[] = {
		{ "203.0.113.9", T0 - HOUR, T0 },
		{ "203.0.113.9", T0, T0 + HOUR },
		{ "203.0.113.0/24", T0, T0 + HOUR },
		{ "2001:db8::/64", T0, T0 + 1 },
		{ "198.51.100.1", T0 - HOUR, T0 + 2 * HOUR },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(bans); i++) {
		char ref[8];
		struct ban ban;

		(void)snprintf(ref, sizeof(ref), "REF%zu", i);
		ban = some_ban(bans[i].who, ref, bans[i].begins, bans[i].ends);
		fixture_ban(fixture, &ban);
	}
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ban_query query = rows[i].query;
		int count = 0;

		query.who = net_of(rows[i].who);
		assert_int_equal(
		    store_ban_each(fixture->store, &query, count_ban, &count),
		    STORE_OK);
		check_int(rows[i].sentence, count, rows[i].want);
	}
}

static void
how_many_are_listed(void **state)
{
	struct fixture *fixture = *state;
	struct ban ban = some_ban("203.0.113.9", "AAAAAA", T0, T0 + HOUR);
	int64_t v4, v6;
	int64_t live[REASON_COUNT];

	fixture_ban(fixture, &ban);
	ban = some_ban("2001:db8::/64", "BBBBBB", T0, T0 + HOUR);
	fixture_ban(fixture, &ban);
	ban = some_ban("2001:db8::1/128", "CCCCCC", T0, T0 + HOUR);
	fixture_ban(fixture, &ban);
	ban = some_ban("203.0.113.10", "DDDDDD", T0, T0 + HOUR);
	ban.observed = true;
	fixture_ban(fixture, &ban);
	assert_int_equal(
	    store_ban_listed(fixture->store, T0, &v4, &v6), STORE_OK);
	check_int("IPv4, without the observed", v4, 1);
	check_int("IPv6, single addresses too", v6, 2);
	assert_int_equal(store_ban_live(fixture->store, T0, live), STORE_OK);
	check_int("bans by reason", live[REASON_SPAM], 3);
	check_int("and of no other", live[REASON_ERROR], 0);
	ban = some_ban("203.0.113.9", "EEEEEE", T0, T0 + 2 * HOUR);
	fixture_ban(fixture, &ban);
	assert_int_equal(
	    store_ban_listed(fixture->store, T0, &v4, &v6), STORE_OK);
	check_int("a client with two bans counts once", v4, 1);
	assert_int_equal(
	    store_ban_listed(fixture->store, T0 + HOUR, &v4, &v6), STORE_OK);
	check_int("also when one of them is over", v4, 1);
	assert_int_equal(
	    store_ban_listed(fixture->store, T0 + 2 * HOUR, &v4, &v6),
	    STORE_OK);
	check_int("at their end none", v4 + v6, 0);
}

static int64_t
newest_reset(struct fixture *fixture, enum reason reason)
{
	struct evidence evidence;

	store_evidence(fixture->store,
	    &(struct evidence_query){
		.client = net_of("203.0.113.9"), .reason = reason },
	    &evidence);
	assert_int_equal(store_status(fixture->store), STORE_OK);
	return evidence.reset;
}

static void
resets_only_move_forward(void **state)
{
	static const struct {
		const char *key;
		int64_t at;
	} puts[] = { { NULL, T0 }, { NULL, T0 - 5 },
		{ "hash of a user", T0 + 5 } };
	struct fixture *fixture = *state;

	check_int("none yet", newest_reset(fixture, REASON_AUTH), INT64_MIN);
	for (size_t i = 0; i < COUNT(puts); i++) {
		store_record(fixture->store,
		    &(struct store_record){
			.reset = &(struct reset){ net_of("203.0.113.9"),
			    REASON_AUTH, puts[i].key, puts[i].at } });
	}
	check_int(
	    "the newest without a key", newest_reset(fixture, REASON_AUTH), T0);
	check_int("none for another reason", newest_reset(fixture, REASON_SPAM),
	    INT64_MIN);
}

static void
tallies_add_up(void **state)
{
	struct fixture *fixture = *state;
	const struct net net = net_of("203.0.113.9");
	struct tally tally = {
		.sessions = 1, .messages = 2, .recipients = 3, .accepted = 4
	};
	struct tally sum;

	for (int i = 0; i < KIND_COUNT; i++) {
		tally.kind[i] = 10 + i;
	}
	for (int hour = 0; hour < 4; hour++) {
		assert_int_equal(store_tally_add(fixture->store, &net,
				     T0 + hour * HOUR, &tally),
		    STORE_OK);
		assert_int_equal(store_tally_add(fixture->store, &net,
				     T0 + hour * HOUR, &tally),
		    STORE_OK);
	}
	assert_int_equal(store_tally_sum(fixture->store, &net, T0 + HOUR,
			     T0 + 2 * HOUR, &sum),
	    STORE_OK);
	check_int("sessions", sum.sessions, 4);
	check_int("messages", sum.messages, 8);
	check_int("recipients", sum.recipients, 12);
	check_int("accepted", sum.accepted, 16);
	for (int i = 0; i < KIND_COUNT; i++) {
		check_int(kind_name((enum kind)i), sum.kind[i], 4 * (10 + i));
	}
}

struct hours_seen {
	size_t count;
	int64_t hour[8];
	int64_t spam[8];
};

static void
see_hour(void *to, int64_t hour, const struct tally *tally)
{
	struct hours_seen *seen = to;

	seen->hour[seen->count] = hour;
	seen->spam[seen->count++] = tally->kind[KIND_SPAM];
}

static void
tallies_hour_by_hour(void **state)
{
	struct fixture *fixture = *state;
	const struct net net = net_of("203.0.113.9");
	const struct net other = net_of("203.0.113.10");
	struct tally tally = { .sessions = 1 };
	struct hours_seen seen = { .count = 0 };

	for (int hour = 5; hour >= 0; hour--) {
		tally.kind[KIND_SPAM] = hour;
		assert_int_equal(store_tally_add(fixture->store, &net,
				     T0 + hour * HOUR, &tally),
		    STORE_OK);
		assert_int_equal(store_tally_add(fixture->store, &other,
				     T0 + hour * HOUR, &tally),
		    STORE_OK);
	}
	assert_int_equal(store_tally_hours(fixture->store, &net, T0 + HOUR,
			     T0 + 3 * HOUR, see_hour, &seen),
	    STORE_OK);
	check_int("those of the time asked for", (int64_t)seen.count, 3);
	for (int i = 0; i < 3; i++) {
		check_int(
		    "in order of time", seen.hour[i], T0 + (i + 1) * HOUR);
		check_int("each with its own", seen.spam[i], i + 1);
	}
}

static void
allow_entries(void **state)
{
	struct fixture *fixture = *state;
	struct allow entry = { .net = net_of("203.0.113.0/24"),
		.note = "first",
		.until = T0 + 10 };
	const struct addr inside = addr_of("203.0.113.9");
	const struct addr outside = addr_of("203.0.112.9");
	struct allow got;

	assert_int_equal(store_allow_put(fixture->store, &entry), STORE_OK);
	(void)text_copy(entry.note, sizeof(entry.note), "second");
	assert_int_equal(store_allow_put(fixture->store, &entry), STORE_OK);
	assert_int_equal(
	    store_allow_covers(fixture->store, &inside, T0 + 9, &got),
	    STORE_OK);
	check_text("added again, the note is new", got.note, "second");
	assert_int_equal(
	    store_allow_covers(fixture->store, &inside, T0 + 10, NULL),
	    STORE_NONE);
	assert_int_equal(
	    store_allow_covers(fixture->store, &outside, T0, NULL), STORE_NONE);
	assert_int_equal(store_allow_remove(fixture->store, &entry.net), true);
	assert_int_equal(store_allow_remove(fixture->store, &entry.net), false);
}

static void
count_rows(void *to, const struct event_sum *sum)
{
	check_text("source", sum->source, "test");
	*(int64_t *)to += sum->count;
}

static void
positions_and_queue_ids(void **state)
{
	struct fixture *fixture = *state;
	const struct position put = { .device = 1,
		.inode = 2,
		.offset = INT64_C(1) << 40,
		.head_hash = "aa",
		.head_len = 256,
		.line_hash = "bb",
		.line_len = 80,
		.cursor = "s=1;i=2" };
	const struct queue_entry entry = {
		.address = addr_of("2001:db8::7"), .login = true, .at = T0
	};
	struct position got;
	struct queue_entry found;

	assert_int_equal(
	    store_position_get(fixture->store, "/log", &got), STORE_NONE);
	assert_int_equal(
	    store_position_put(fixture->store, "/log", &put), STORE_OK);
	assert_int_equal(
	    store_position_get(fixture->store, "/log", &got), STORE_OK);
	check_int("device", got.device, 1);
	check_int("inode", got.inode, 2);
	check_int("offset", got.offset, put.offset);
	check_text("head", got.head_hash, "aa");
	check_int("its length", got.head_len, 256);
	check_text("line", got.line_hash, "bb");
	check_int("its length", got.line_len, 80);
	check_text("cursor", got.cursor, put.cursor);
	assert_int_equal(
	    store_queue_get(fixture->store, "ABC", &found), STORE_NONE);
	assert_int_equal(
	    store_queue_put(fixture->store, "ABC", &entry), STORE_OK);
	assert_int_equal(
	    store_queue_get(fixture->store, "ABC", &found), STORE_OK);
	assert_true(addr_equal(&found.address, &entry.address));
	check_int("had logged in", found.login, true);
	check_int("when", found.at, T0);
}

static void
the_secret_is_made_once(void **state)
{
	struct fixture *fixture = *state;
	unsigned char first[STORE_SECRET_SIZE], again[STORE_SECRET_SIZE];
	static const unsigned char zero[STORE_SECRET_SIZE];

	assert_int_equal(store_secret(fixture->store, first), STORE_OK);
	assert_int_equal(store_secret(fixture->store, again), STORE_OK);
	assert_memory_equal(first, again, sizeof(first));
	assert_memory_not_equal(first, zero, sizeof(first));
}

static void
a_scratch_database(void **state)
{
	struct fixture *fixture = *state;
	struct fixture scratch = *fixture;
	char error[STORE_ERROR_SIZE];

	assert_int_equal(
	    store_open(&scratch.store, "", STORE_SCRATCH, 0, error), STORE_OK);
	(void)fixture_observe(&scratch, "203.0.113.9", KIND_VIRUS, T0, T0);
	check_int("it works as any other",
	    fixture_banned(&scratch, "203.0.113.9", T0), true);
	check_int("and is its own", fixture_banned(fixture, "203.0.113.9", T0),
	    false);
	store_close(scratch.store);
}

static void
pruning_goes_in_steps(void **state)
{
	struct fixture *fixture = *state;
	const struct net net = net_of("203.0.113.9");
	const struct store_prune before = { .events = T0 + 15 };
	int64_t removed, left = 0;

	for (int i = 0; i < 20; i++) {
		(void)fixture_observe(
		    fixture, "203.0.113.9", KIND_VOLUME, T0 + i, T0 + i);
	}
	removed = store_prune(fixture->store, &before, 10);
	check_int("ten at most", removed, 10);
	removed = store_prune(fixture->store, &before, 10);
	check_int("the rest of what is old", removed, 5);
	assert_int_equal(
	    store_event_sums(fixture->store, &net, 0, count_rows, &left),
	    STORE_OK);
	check_int("the young stay", left, 5);
}

/* Whether SQLite's plan for a statement walks through a whole table. */
static void
check_plan(sqlite3 *db, const char *sql)
{
	char explain[2048];
	sqlite3_stmt *plan;

	(void)snprintf(explain, sizeof(explain), "EXPLAIN QUERY PLAN %s", sql);
	assert_int_equal(
	    sqlite3_prepare_v2(db, explain, -1, &plan, NULL), SQLITE_OK);
	while (sqlite3_step(plan) == SQLITE_ROW) {
		const char *detail = (const char *)sqlite3_column_text(plan, 3);

		/* A subquery is walked to count it; its own rows come by an
		 * index, or have a line of their own. */
		if (strncmp(detail, "SCAN", 4) == 0 &&
		    strcmp(detail, "SCAN CONSTANT ROW") != 0 &&
		    strstr(detail, "(subquery") == NULL) {
			fail_msg("%s: %s", sql, detail);
		}
	}
	assert_int_equal(sqlite3_finalize(plan), SQLITE_OK);
}

static void
no_statement_of_a_session_scans_a_table(void **state)
{
	struct fixture *fixture = *state;
	const struct allow entry = { .net = net_of("203.0.113.10") };
	int64_t v4, v6;
	int count = 0;
	int checked = 0;

	(void)store_ban_each(fixture->store,
	    &(struct ban_query){ .scope = BAN_HONEST, .until = T0 }, count_ban,
	    &count);
	for (int i = 0; i < 20; i++) {
		(void)fixture_observe(
		    fixture, "203.0.113.9", KIND_COMMAND, T0 + i, T0 + i);
	}
	assert_int_equal(store_allow_put(fixture->store, &entry), STORE_OK);
	(void)fixture_banned(fixture, "203.0.113.9", T0 + 20);
	(void)fixture_banned(fixture, "203.0.113.10", T0 + 20);
	assert_int_equal(
	    store_ban_hit(fixture->store, 1, 1, T0 + 20), STORE_OK);
	assert_int_equal(
	    store_ban_listed(fixture->store, T0 + 20, &v4, &v6), STORE_OK);
	for (size_t i = 0; i < DB_STATEMENTS; i++) {
		sqlite3_stmt *statement = fixture->store->statement[i]
					      .statement;

		if (statement != NULL) {
			check_plan(fixture->store->db, sqlite3_sql(statement));
			checked++;
		}
	}
	assert_true(checked > 12);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, fixture_up, fixture_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(refused_databases_are_left_untouched),
		TEST(a_missing_database),
		TEST(an_empty_file_becomes_a_database),
		TEST(how_a_new_database_is_made),
		TEST(a_reader_alone_after_a_clean_stop),
		TEST(a_reader_cannot_write),
		TEST(a_held_lock_is_busy),
		TEST(the_version_tells_of_others),
		TEST(a_moved_file_is_noticed),
		TEST(two_writers_at_once),
		TEST(two_programs_create_at_once),
		TEST(a_ban_comes_back_as_it_was),
		TEST(which_bans),
		TEST(how_many_are_listed),
		TEST(resets_only_move_forward),
		TEST(tallies_add_up),
		TEST(tallies_hour_by_hour),
		TEST(allow_entries),
		TEST(positions_and_queue_ids),
		TEST(the_secret_is_made_once),
		TEST(a_scratch_database),
		TEST(pruning_goes_in_steps),
		TEST(no_statement_of_a_session_scans_a_table),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
