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
		    "its version 9999 is newer than this program's, 13" },
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
		remove_database(path);
	}
}

static void
a_missing_database(void **state)
{
	static const struct {
		const char *path;
		enum store_mode mode;
	} rows[] = {
		{ "none", STORE_READ },
		{ "none/of/it", STORE_WRITE },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		char path[128], error[STORE_ERROR_SIZE];
		struct store *store;

		(void)snprintf(
		    path, sizeof(path), "%s/%s", fixture->folder, rows[i].path);
		check_int(rows[i].path,
		    store_open(&store, path, rows[i].mode, 0, error),
		    STORE_FAILED);
		assert_non_null(strstr(error, "No such file"));
		assert_int_equal(access(path, F_OK), -1);
	}
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
	remove_database(path);
}

static void
how_a_new_database_is_made(void **state)
{
	struct fixture *fixture = *state;
	struct stat st;
	char shm[128];
	struct store_numbers numbers;

	store_close(fixture->store);
	remove_database(fixture->path);
	fixture->store = fixture_open(fixture, STORE_WRITE);
	assert_int_equal(stat(fixture->path, &st), 0);
	check_int(
	    "readable and writable by user and group", st.st_mode & 0777, 0660);
	store_numbers(fixture->store, &numbers);
	(void)snprintf(shm, sizeof(shm), "%s-shm", fixture->path);
	assert_int_equal(stat(shm, &st), 0);
	check_int("so are its side files", st.st_mode & 0777, 0660);
	check_int("the newest version", numbers.version, db_program_version());
	check_int("which is", numbers.version, db_program_version());
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

	store_begin(reader);
	store_state_put(reader, "key", "value", T0);
	assert_int_equal(store_commit(reader), STORE_FAILED);
	assert_non_null(strstr(store_error(reader), "readonly"));
	store_close(reader);
}

/* ---- brackets ---- */

static bool
has_state(struct store *store, const char *key)
{
	char value[8];
	int64_t since;

	return store_state_find(store, key, value, sizeof(value), &since);
}

static void
an_error_sticks_until_the_bracket_ends(void **state)
{
	struct fixture *fixture = *state;
	struct store *store = fixture->store;
	struct ban ban = { .who = net_of("203.0.113.9"), .ref = "AAAAAA" };
	struct ban again = ban;
	struct ban_counts counts = { .addresses = { 7 } };

	store_state_put(store, "there", "x", T0);
	store_begin(store);
	store_state_put(store, "lost", "x", T0);
	store_record(store, &(struct store_record){ .ban = &ban });
	check_int("fine so far", store_status(store), STORE_OK);
	store_record(store, &(struct store_record){ .ban = &again });
	check_int("a ref is of one ban", store_status(store), STORE_FAILED);
	assert_non_null(strstr(store_error(store), "another ban has that ref"));
	check_int("nothing is found", has_state(store, "there"), false);
	store_ban_counts(store, T0, &counts);
	check_int("nor counted", counts.addresses[0], 0);
	store_state_put(store, "after", "x", T0);
	check_int("and the end says so", store_commit(store), STORE_FAILED);
	assert_non_null(strstr(store_error(store), "another ban has that ref"));
	check_int("then all is well", has_state(store, "there"), true);
	check_int("nothing before it", has_state(store, "lost"), false);
	check_int(
	    "nor behind it was written", has_state(store, "after"), false);
	store_begin(store);
	store_state_put(store, "back", "x", T0);
	store_rollback(store);
	check_int("nor what is rolled back", has_state(store, "back"), false);
}

static void
a_read_bracket_is_one_moment(void **state)
{
	struct fixture *fixture = *state;
	struct store *reader = fixture_open(fixture, STORE_READ);

	store_read(reader);
	check_int("not yet", has_state(reader, "key"), false);
	store_state_put(fixture->store, "key", "value", T0);
	check_int("still not", has_state(reader, "key"), false);
	check_int("it ends well", store_read_end(reader), STORE_OK);
	check_int("now", has_state(reader, "key"), true);
	store_close(reader);
}

/* ---- between handles ---- */

static void
a_held_lock_is_busy(void **state)
{
	struct fixture *fixture = *state;
	struct store *other = fixture_open(fixture, STORE_WRITE);

	store_timeout(other, 10);
	store_begin(fixture->store);
	store_begin(other);
	store_state_put(other, "key", "value", T0);
	assert_int_equal(store_commit(other), STORE_BUSY);
	assert_non_null(strstr(store_error(other), "locked"));
	assert_int_equal(store_commit(fixture->store), STORE_OK);
	store_begin(other);
	assert_int_equal(store_commit(other), STORE_OK);
	store_close(other);
}

static void
changes_tell_of_others(void **state)
{
	struct fixture *fixture = *state;
	struct store *reader = fixture_open(fixture, STORE_READ);
	int64_t before = store_changes(reader);

	check_int("nothing happened", store_changes(reader), before);
	store_state_put(fixture->store, "key", "value", T0);
	assert_true(store_changes(reader) != before);
	store_close(reader);
}

/* ---- looking after a handle ---- */

static void
a_moved_file_is_left(void **state)
{
	struct fixture *fixture = *state;
	struct store *reader = fixture_open(fixture, STORE_READ);
	int64_t before = store_changes(reader);
	bool anew = true;

	store_state_put(fixture->store, "old", "x", T0);
	assert_int_equal(store_tend(reader, &anew), STORE_OK);
	check_int("in its place", anew, false);
	remove_database(fixture->path);
	check_int("a new one", store_tend(fixture->store, &anew), STORE_OK);
	check_int("is another", anew, true);
	check_int("empty", has_state(fixture->store, "old"), false);
	check_int("works", store_status(fixture->store), STORE_OK);
	check_int("so does the other", store_tend(reader, &anew), STORE_OK);
	check_int("another", anew, true);
	assert_true(store_changes(reader) != before);
	check_int("once", store_tend(reader, &anew) == STORE_OK && anew, false);
	store_close(reader);
}

static void
a_database_that_is_gone_is_awaited(void **state)
{
	struct fixture *fixture = *state;
	struct store *reader = fixture_open(fixture, STORE_READ);
	char away[128];

	store_close(fixture->store);
	(void)snprintf(away, sizeof(away), "%s.away", fixture->path);
	assert_int_equal(rename(fixture->path, away), 0);
	check_int("gone", store_tend(reader, NULL), STORE_FAILED);
	assert_non_null(strstr(store_error(reader), "No such file"));
	store_read(reader);
	check_int("so is what was in it", store_read_end(reader), STORE_FAILED);
	assert_int_equal(rename(away, fixture->path), 0);
	check_int("back", store_tend(reader, NULL), STORE_OK);
	check_int("and so", store_read_end(reader), STORE_OK);
	store_close(reader);
	fixture->store = fixture_open(fixture, STORE_WRITE);
}

static void
the_log_is_moved_by_who_looks_after_it(void **state)
{
	struct fixture *fixture = *state;
	struct store *store;
	struct stat before, st;

	store_close(fixture->store);
	assert_int_equal(stat(fixture->path, &before), 0);
	fixture->store = store = fixture_open(fixture, STORE_SERVE);
	store_begin(store);
	for (int i = 0; i < 2000; i++) {
		char key[16];

		(void)snprintf(key, sizeof(key), "key%d", i);
		store_state_put(store, key, "value", T0);
	}
	assert_int_equal(store_commit(store), STORE_OK);
	assert_int_equal(stat(fixture->path, &st), 0);
	check_int("not by a commit", st.st_size, before.st_size);
	assert_int_equal(store_tend(store, NULL), STORE_OK);
	assert_int_equal(stat(fixture->path, &st), 0);
	check_int("then it is", st.st_size > before.st_size, true);
}

/* Write events of a client of one's own, in transactions. */
static void
write_events(const struct fixture *fixture, int writer, int events)
{
	struct fixture mine = *fixture;
	char address[32];

	mine.store = fixture_open(fixture, STORE_WRITE);
	store_timeout(mine.store, 10000);
	(void)snprintf(address, sizeof(address), "198.51.100.%d", writer);
	for (int i = 0; i < events; i++) {
		(void)fixture_observe(
		    &mine, address, KIND_VOLUME, T0 + i, T0 + i);
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
		remove_database(path);
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

static struct ban
newest(struct fixture *fixture, const char *who)
{
	const struct ban_query query = { .scope = BAN_COVERING,
		.who = net_of(who),
		.active_at = INT64_MIN,
		.observed = true };
	struct ban ban = { 0 };

	store_ban_each(fixture->store, &query, take_ban, &ban);
	assert_int_equal(store_status(fixture->store), STORE_OK);
	return ban;
}

static void
check_reply(
    const char *sentence, const struct reply *got, const struct reply *want)
{
	check_text(sentence, got->code, want->code);
	check_text(sentence, got->enhanced, want->enhanced);
	check_text(sentence, got->phrase, want->phrase);
	check_text(sentence, got->own, want->own);
}

static void
a_ban_comes_back_as_it_was(void **state)
{
	struct fixture *fixture = *state;
	struct ban put = some_ban("2001:db8:1::/48", "AAAAAA", T0, T0 + HOUR);
	struct ban_hits hits[] = { { 0, 3, T0 + 5 }, { 0, 2, T0 + 4 } };
	struct ban got;

	put.honest = true;
	assert_null(reply_parse("454 4.7.9 Still no", "AGAIN_1", &put.again));
	fixture_ban(fixture, &put);
	got = newest(fixture, "2001:db8:1:2::3");
	assert_true(net_equal(&got.who, &put.who));
	check_text("rule", got.rule, put.rule);
	check_text("note", got.note, put.note);
	check_text("ref", got.ref, put.ref);
	check_reply("the reply", &got.reply, &put.reply);
	check_reply("the second one", &got.again, &put.again);
	check_int("step", got.step, 3);
	check_int("begins", got.begins, T0);
	check_int("ends", got.ends, T0 + HOUR);
	check_int("stage", got.stage, STAGE_RCPT);
	check_int("service", got.service, SERVICE_MX);
	check_int("not cleared", got.cleared, 0);
	check_int("honest", got.honest, true);
	for (size_t i = 0; i < COUNT(hits); i++) {
		hits[i].id = got.id;
		store_record(
		    fixture->store, &(struct store_record){ .hits = &hits[i] });
	}
	got = newest(fixture, "2001:db8:1:2::3");
	check_int("hits add up", got.hits, 5);
	check_int("told is the newest", got.told, T0 + 5);
	put = some_ban("203.0.113.8", "", T0, T0 + HOUR);
	store_record(fixture->store, &(struct store_record){ .ban = &put });
	check_int("a ref is drawn", (int64_t)strlen(put.ref), 6);
	got = newest(fixture, "203.0.113.8");
	check_text("and kept", got.ref, put.ref);
	check_int("its id is known", got.id, put.id);
	check_text("no second reply", got.again.code, "");
	check_int("not honest", got.honest, false);
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
		bool honest;
	} bans[] = {
		{ "203.0.113.9", T0 - HOUR, T0, false },
		{ "203.0.113.9", T0, T0 + HOUR, true },
		{ "203.0.113.0/24", T0, T0 + HOUR, true },
		{ "2001:db8::/64", T0, T0 + 1, false },
		{ "198.51.100.1", T0 - HOUR, T0 + 2 * HOUR, false },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(bans); i++) {
		char ref[8];
		struct ban ban;

		(void)snprintf(ref, sizeof(ref), "REF%zu", i);
		ban = some_ban(bans[i].who, ref, bans[i].begins, bans[i].ends);
		ban.honest = bans[i].honest;
		fixture_ban(fixture, &ban);
	}
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ban_query query = rows[i].query;
		int count = 0;

		query.who = net_of(rows[i].who);
		store_ban_each(fixture->store, &query, count_ban, &count);
		check_int(rows[i].sentence, count, rows[i].want);
	}
	check_int("honest clients",
	    store_ban_honest(fixture->store, 0, T0, NULL, NULL), 2);
	check_int("that began later",
	    store_ban_honest(fixture->store, T0, T0 + HOUR, NULL, NULL), 0);
}

static void
how_many_are_listed(void **state)
{
	static const struct {
		const char *who, *ref;
		int64_t ends;
		bool observed;
	} bans[] = {
		{ "203.0.113.9", "AAAAAA", T0 + HOUR, false },
		{ "2001:db8::/64", "BBBBBB", T0 + HOUR, false },
		{ "2001:db8::1/128", "CCCCCC", T0 + HOUR, false },
		{ "203.0.113.10", "DDDDDD", T0 + HOUR, true },
		{ "203.0.113.9", "EEEEEE", T0 + 2 * HOUR, false },
	};
	static const struct {
		const char *sentence;
		int64_t now;
		int v4, v6, net6, spam;
	} rows[] = {
		{ "a client with two bans counts once, the observed not", T0, 1,
		    1, 1, 4 },
		{ "also when one of them is over", T0 + HOUR, 1, 0, 0, 1 },
		{ "at their end none", T0 + 2 * HOUR, 0, 0, 0, 0 },
	};
	struct fixture *fixture = *state;
	struct ban_counts counts;

	for (size_t i = 0; i < COUNT(bans); i++) {
		struct ban ban = some_ban(
		    bans[i].who, bans[i].ref, T0, bans[i].ends);

		ban.observed = bans[i].observed;
		fixture_ban(fixture, &ban);
	}
	for (size_t i = 0; i < COUNT(rows); i++) {
		store_ban_counts(fixture->store, rows[i].now, &counts);
		check_int(rows[i].sentence, counts.addresses[0], rows[i].v4);
		check_int(rows[i].sentence, counts.addresses[1], rows[i].v6);
		check_int(rows[i].sentence, counts.networks[1], rows[i].net6);
		check_int(
		    rows[i].sentence, counts.bans[REASON_SPAM], rows[i].spam);
	}
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
add_tally(struct fixture *fixture, const char *who, int64_t hour,
    const struct tally *tally)
{
	const struct tally_row row = { net_of(who), hour, *tally };

	store_record(fixture->store, &(struct store_record){ .tally = &row });
}

static void
add_hour(void *to, int64_t hour, const struct tally *tally)
{
	text_addf(to, "%lld:%lld ", (long long)(hour - T0) / HOUR,
	    (long long)tally->kind[KIND_SPAM]);
}

static void
add_client(void *to, const struct net *client, const struct tally *sum)
{
	char who[NET_TEXT_SIZE];

	text_addf(to, "%s:%lld,%lld ", net_format(client, who),
	    (long long)sum->sessions, (long long)sum->kind[KIND_VOLUME]);
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
	struct text text;
	char got[128];

	for (int i = 0; i < KIND_COUNT; i++) {
		tally.kind[i] = 10 + i;
	}
	for (int hour = 3; hour >= 0; hour--) {
		add_tally(fixture, "203.0.113.9", T0 + hour * HOUR, &tally);
		tally.kind[KIND_SPAM] += 3;
		add_tally(fixture, "203.0.113.9", T0 + hour * HOUR, &tally);
		tally.kind[KIND_SPAM] -= 3;
	}
	add_tally(fixture, "2001:db8::/64", T0 + HOUR, &tally);
	store_tally_sum(fixture->store, &net, T0 + HOUR, T0 + 2 * HOUR, &sum);
	check_int("sessions", sum.sessions, 4);
	check_int("messages", sum.messages, 8);
	check_int("recipients", sum.recipients, 12);
	check_int("accepted", sum.accepted, 16);
	for (int i = 1; i < KIND_COUNT; i++) {
		check_int(kind_name((enum kind)i), sum.kind[i], 4 * (10 + i));
	}
	text_init(&text, got, sizeof(got));
	store_tally_hours(
	    fixture->store, &net, T0 + HOUR, T0 + 3 * HOUR, add_hour, &text);
	check_text("hours in order of time", got, "1:23 2:23 3:23 ");
	text_init(&text, got, sizeof(got));
	store_tally_each(fixture->store, T0, T0 + HOUR, add_client, &text);
	check_text("each client", got, "2001:db8::/64:1,22 203.0.113.9:4,88 ");
}

static void
add_row(void *to, const struct daily_row *row)
{
	text_addf(to, "%lld %d %s %lld\n", (long long)row->day / STORE_DAY,
	    (int)row->what, row->name, (long long)row->number);
}

static void
check_days(struct fixture *fixture, const char *sentence, int64_t from,
    const char *want)
{
	char got[512];
	struct text text;

	text_init(&text, got, sizeof(got));
	store_daily_each(fixture->store, from, add_row, &text);
	check_text(sentence, got, want);
}

static void
sums_by_day(void **state)
{
	static const struct daily_row rows[] = {
		{ 10 * STORE_DAY, DAILY_EVENT, "spam", 1 },
		{ 11 * STORE_DAY - 1, DAILY_EVENT, "spam", 2 },
		{ 11 * STORE_DAY, DAILY_EVENT, "spam", 4 },
		{ 10 * STORE_DAY, DAILY_EVENT, "virus", 8 },
		{ 10 * STORE_DAY, DAILY_BAN, "spam", 16 },
		{ 10 * STORE_DAY, DAILY_SESSIONS, "", 32 },
		{ -1, DAILY_EVENT, "spam", 64 },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		store_record(
		    fixture->store, &(struct store_record){ .sum = &rows[i] });
	}
	check_days(fixture, "by day, and by their names", 0,
	    "10 1 spam 16\n10 0 spam 3\n10 0 virus 8\n10 4  32\n"
	    "11 0 spam 4\n");
	check_days(fixture, "from within a day it is whole", 11 * STORE_DAY - 1,
	    "10 1 spam 16\n10 0 spam 3\n10 0 virus 8\n10 4  32\n"
	    "11 0 spam 4\n");
	check_days(
	    fixture, "from the next day on", 11 * STORE_DAY, "11 0 spam 4\n");
	check_days(fixture, "before 1970 days are days", -1,
	    "-1 0 spam 64\n10 1 spam 16\n10 0 spam 3\n10 0 virus 8\n"
	    "10 4  32\n11 0 spam 4\n");
}

static void
allow_entries(void **state)
{
	static const struct {
		const char *sentence, *address;
		int64_t now;
		const char *want; /* its note; NULL: none */
	} rows[] = {
		{ "added again, the note is new", "203.0.113.9", T0 + 9,
		    "second" },
		{ "at its end it is over", "203.0.113.9", T0 + 10, NULL },
		{ "outside", "203.0.112.9", T0, NULL },
	};
	struct fixture *fixture = *state;
	struct allow entry = { .net = net_of("203.0.113.0/24"),
		.note = "first",
		.until = T0 + 10 };
	struct allow got;

	store_allow_put(fixture->store, &entry, 0);
	(void)text_copy(entry.note, sizeof(entry.note), "second");
	store_allow_put(fixture->store, &entry, 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct addr address = addr_of(rows[i].address);
		bool found = store_allow_find(
		    fixture->store, &address, rows[i].now, &got);

		check_int(rows[i].sentence, found, rows[i].want != NULL);
		if (found) {
			check_text(rows[i].sentence, got.note, rows[i].want);
		}
	}
	check_int(
	    "it goes", store_allow_remove(fixture->store, &entry.net, 0), true);
	check_int("and is gone",
	    store_allow_remove(fixture->store, &entry.net, 0), false);
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

	assert_false(store_position_find(fixture->store, "/log", &got));
	store_record(fixture->store,
	    &(struct store_record){ .source = "/log", .position = &put });
	assert_true(store_position_find(fixture->store, "/log", &got));
	assert_memory_equal(&got, &put, sizeof(got));
	assert_false(store_queue_find(fixture->store, "ABC", &found));
	store_queue_put(fixture->store, "ABC", &entry);
	assert_true(store_queue_find(fixture->store, "ABC", &found));
	assert_true(addr_equal(&found.address, &entry.address));
	check_int("had logged in", found.login, true);
	check_int("when", found.at, T0);
	store_queue_remove(fixture->store, "ABC");
	assert_false(store_queue_find(fixture->store, "ABC", &found));
}

static void
what_the_programs_tell_each_other(void **state)
{
	struct fixture *fixture = *state;
	struct store *store = fixture->store;
	char value[8] = "";
	int64_t since = -1;

	check_int("not there", has_state(store, "key"), false);
	store_state_put(store, "key", "value", T0);
	store_state_put(store, "key", "another value", T0 + 1);
	assert_true(
	    store_state_find(store, "key", value, sizeof(value), &since));
	check_text("the newest, as far as there is room", value, "another");
	check_int("since when", since, T0 + 1);
}

static void
the_secret_is_made_once(void **state)
{
	struct fixture *fixture = *state;
	unsigned char first[STORE_SECRET_SIZE], again[STORE_SECRET_SIZE];
	static const unsigned char zero[STORE_SECRET_SIZE];

	store_secret(fixture->store, first);
	store_secret(fixture->store, again);
	assert_int_equal(store_status(fixture->store), STORE_OK);
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
count_rows(void *to, const struct event_sum *sum)
{
	check_text("source", sum->source, "test");
	*(int64_t *)to += sum->count;
}

static void
pruning_goes_in_steps(void **state)
{
	struct fixture *fixture = *state;
	const struct net net = net_of("203.0.113.9");
	const struct store_prune before = { .events = T0 + 15 };
	int64_t removed, left = 0;

	/* The lowest ids are the youngest. */
	for (int i = 19; i >= 0; i--) {
		(void)fixture_observe(
		    fixture, "203.0.113.9", KIND_VOLUME, T0 + i, T0 + i);
	}
	removed = store_prune(fixture->store, &before, 10);
	check_int("ten at most", removed, 10);
	removed = store_prune(fixture->store, &before, 10);
	check_int("the rest of what is old", removed, 5);
	store_event_sums(fixture->store, &net, 0, count_rows, &left);
	check_int("the young stay", left, 5);
}

/* Whether SQLite's plan for a statement walks through a whole table, or sorts
 * where it may not. */
static void
check_plan(sqlite3 *db, const char *sql, bool may_sort)
{
	char explain[2048];
	sqlite3_stmt *plan;

	(void)snprintf(explain, sizeof(explain), "EXPLAIN QUERY PLAN %s", sql);
	assert_int_equal(
	    sqlite3_prepare_v2(db, explain, -1, &plan, NULL), SQLITE_OK);
	while (sqlite3_step(plan) == SQLITE_ROW) {
		const char *detail = (const char *)sqlite3_column_text(plan, 3);

		/* A subquery is walked to count it; its own rows come by an
		 * index, or have a line of their own.  "waiting" are rows in
		 * memory that are to be written. */
		if (!may_sort && strstr(detail, "TEMP B-TREE") != NULL) {
			fail_msg("%s: %s", sql, detail);
		}
		if (strncmp(detail, "SCAN", 4) == 0 &&
		    strcmp(detail, "SCAN CONSTANT ROW") != 0 &&
		    strncmp(detail, "SCAN waiting ", 13) != 0 &&
		    strstr(detail, "(subquery") == NULL) {
			fail_msg("%s: %s", sql, detail);
		}
	}
	assert_int_equal(sqlite3_finalize(plan), SQLITE_OK);
}

static void
ignore_net(void *to, const struct net *net)
{
	(void)to;
	(void)net;
}

static void
ignore_happened(void *to, const struct happened *happened)
{
	(void)to;
	(void)happened;
}

static void
ignore_refused(void *to, const struct refused_client *refused)
{
	(void)to;
	(void)refused;
}

/* Of a session, tail and top. */
static void
no_statement_of_a_session_scans_a_table(void **state)
{
	struct fixture *fixture = *state;
	struct store_followed told = { .rewritten = 2 }; /* by an entry's put */
	const struct allow entry = { .net = net_of("203.0.113.10") };
	struct ban_counts counts;
	int checked = 0;

	(void)store_ban_honest(fixture->store, 0, T0, NULL, NULL);
	for (int i = 0; i < 20; i++) {
		(void)fixture_observe(
		    fixture, "203.0.113.9", KIND_COMMAND, T0 + i, T0 + i);
	}
	store_allow_put(fixture->store, &entry, 0);
	(void)fixture_banned(fixture, "203.0.113.9", T0 + 20);
	(void)fixture_banned(fixture, "203.0.113.10", T0 + 20);
	store_record(fixture->store,
	    &(struct store_record){
		.hits = &(struct ban_hits){ .id = 1, .hits = 1 } });
	store_ban_counts(fixture->store, T0 + 20, &counts);
	for (enum happened_sort i = 0; i < HAPPENED_SORTS; i++) {
		store_happened(fixture->store, i,
		    store_happened_before(fixture->store, i, T0, 10), 10,
		    ignore_happened, NULL);
	}
	store_refused(fixture->store, T0, 10, ignore_refused, NULL);
	check_int("the bans that are new",
	    store_follow(fixture->store, &told, 9, ignore_net, NULL),
	    STORE_TOLD_ALL);
	for (size_t i = 0; i < DB_STATEMENTS; i++) {
		sqlite3_stmt *statement = fixture->store->statement[i]
					      .statement;

		if (statement != NULL) {
			check_plan(
			    fixture->store->db, sqlite3_sql(statement), true);
			checked++;
		}
	}
	assert_true(checked > 12);
}

/* A reader keeps in mind which lengths there are: until others commit. */
static void
what_a_page_asks(void **state)
{
	static const char *const put[] = { "203.0.113.9", "203.0.113.0/24",
		"203.0.0.0/16", "2001:db8::/32", "203.0.113.8/31" };
	struct fixture *fixture = *state;
	const struct addr address = addr_of("203.0.113.9");
	struct store *reader = fixture_open(fixture, STORE_READ);
	struct next_ban next[STANDING_BANS_MAX];
	struct standing standing;
	size_t covering = 0;
	int checked = 0;

	for (size_t i = 0; i < COUNT(put); i++) {
		struct ban ban = some_ban(put[i], "", T0, T0 + HOUR);

		covering += net_contains_addr(&ban.who, &address);
		store_record(
		    fixture->store, &(struct store_record){ .ban = &ban });
		store_read(reader);
		engine_standing_next(
		    reader, fixture->conf, &address, T0, &standing, next);
		check_int(put[i], (int64_t)standing.bans, (int64_t)covering);
		check_int("its next", next[0].lasts, 6 * HOUR);
		check_int("fine", store_read_end(reader), STORE_OK);
	}
	for (size_t i = 0; i < DB_STATEMENTS; i++) {
		if (reader->statement[i].statement != NULL) {
			check_plan(reader->db, reader->statement[i].sql, false);
			checked++;
		}
	}
	assert_true(checked >= 4);
	store_close(reader);
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
		TEST(an_error_sticks_until_the_bracket_ends),
		TEST(a_read_bracket_is_one_moment),
		TEST(a_held_lock_is_busy),
		TEST(changes_tell_of_others),
		TEST(a_moved_file_is_left),
		TEST(a_database_that_is_gone_is_awaited),
		TEST(the_log_is_moved_by_who_looks_after_it),
		TEST(two_writers_at_once),
		TEST(two_programs_create_at_once),
		TEST(a_ban_comes_back_as_it_was),
		TEST(which_bans),
		TEST(how_many_are_listed),
		TEST(resets_only_move_forward),
		TEST(tallies_add_up),
		TEST(sums_by_day),
		TEST(allow_entries),
		TEST(positions_and_queue_ids),
		TEST(what_the_programs_tell_each_other),
		TEST(the_secret_is_made_once),
		TEST(a_scratch_database),
		TEST(pruning_goes_in_steps),
		TEST(no_statement_of_a_session_scans_a_table),
		TEST(what_a_page_asks),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
