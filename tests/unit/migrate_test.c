/*
 * What an older database becomes when a newer program opens it: every row is
 * kept as it was, and what came later works on it.
 */
#include "fixture.h"

#include <sqlite3.h>

#include "base/file.h"
#include "store/db.h"

extern const struct embedded schema_files[];

enum {
	DUMP_SIZE = 1 << 14,
	TABLES_MAX = 32
};

/* A row in every table of the first version. */
static const char first_rows[] =
    "INSERT INTO event (client, address, kind, at, source, key, detail)"
    " VALUES ('203.0.113.9', '203.0.113.9', 'spam', 1795284000, 'milter',"
    "  NULL, 'by a header'),"
    " ('2001:db8:1:2::/64', '2001:db8:1:2::3', 'auth', 1795284001,"
    "  'dovecot', 'a1b2', NULL);"
    "INSERT INTO ban (client, family, bits, reason, rule, step, begins, ends,"
    " cleared, mistake, observed, hits, told, stage, service, code, enhanced,"
    " phrase, own, note, ref) VALUES"
    " ('203.0.113.9', 4, 32, 'spam', 'spam', 1, 1795284000, 1795305600,"
    "  NULL, 0, 0, 7, 1795284100, 'rcpt', 'mx', '500', '5.7.1',"
    "  'Too many spams/virus from your IP', '', '', 'AAAAAA'),"
    " ('2001:db8:1:2::/64', 6, 64, 'auth', 'auth', 1, 1795280000, 1795287200,"
    "  1795281000, 1, 1, 0, NULL, 'helo', 'submission', '530', '5.7.0',"
    "  'Too many authentication errors from your IP', 'OWN_1', 'a note',"
    "  'BBBBBB');"
    "INSERT INTO allow (network, family, bits, note, until) VALUES"
    " ('198.51.100.0/24', 4, 24, 'friends', NULL),"
    " ('2001:db8:5::/48', 6, 48, '', 1795370400);"
    "INSERT INTO tally (client, hour, sessions, messages, recipients,"
    " accepted, spam, volume) VALUES"
    " ('203.0.113.9', 1795284000, 4, 3, 5, 2, 1, 6);"
    "INSERT INTO mark (client, reason, key, at) VALUES"
    " ('203.0.113.9', 'spam', '', 1795280000);"
    "INSERT INTO position (source, device, inode, offset, head_hash, head_len,"
    " line_hash, line_len, cursor) VALUES"
    " ('/var/log/mail.log', 1, 2, 3, 'aa', 256, 'bb', 80, '');"
    "INSERT INTO queue (queue, address, login, at) VALUES"
    " ('4XYZ', '203.0.113.9', 1, 1795284000);"
    "INSERT INTO state (key, value, since) VALUES"
    " ('milter', '0.1.0', 1795284000);"
    "INSERT INTO audit (at, who, what, subject, note) VALUES"
    " (1795284000, 'root', 'clear', '203.0.113.9', NULL);";

static void
run_sql(sqlite3 *db, const char *sql)
{
	char *why = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK) {
		fail_msg("%s: %s", sql, why);
	}
}

/* A database as the first version left it. */
static void
make_first(const char *path)
{
	char sql[64];
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	(void)snprintf(
	    sql, sizeof(sql), "PRAGMA application_id = %d", DB_APPLICATION_ID);
	run_sql(db, sql);
	run_sql(db, schema_files[0].data);
	run_sql(db, "PRAGMA user_version = 1");
	run_sql(db, first_rows);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* ---- every row of every table, as text ---- */

struct dump {
	const char *name[TABLES_MAX]; /* of the tables there were */
	char sql[TABLES_MAX][1024];   /* that reads all columns there were */
	size_t tables;
	char text[DUMP_SIZE];
};

/* What reads a table's columns of now, also once there are more. */
static int
add_table(void *to, int columns, char **values, char **names)
{
	struct dump *dump = to;

	(void)names;
	assert_int_equal(columns, 2);
	assert_true(dump->tables < TABLES_MAX);
	(void)snprintf(dump->sql[dump->tables], sizeof(dump->sql[0]),
	    "SELECT '%s: ' || %s FROM \"%s\" ORDER BY 1", values[0], values[1],
	    values[0]);
	dump->tables++;
	return 0;
}

static int
add_row(void *to, int columns, char **values, char **names)
{
	struct text *text = to;

	(void)names;
	assert_int_equal(columns, 1);
	text_addf(text, "%s\n", values[0]);
	return 0;
}

static void
read_rows(sqlite3 *db, struct dump *dump)
{
	struct text text;

	text_init(&text, dump->text, sizeof(dump->text));
	for (size_t i = 0; i < dump->tables; i++) {
		size_t before = text.len;

		assert_int_equal(
		    sqlite3_exec(db, dump->sql[i], add_row, &text, NULL),
		    SQLITE_OK);
		if (text.len == before) {
			fail_msg("no row: %s", dump->sql[i]);
		}
	}
	assert_false(text.cut);
}

static void
read_tables(sqlite3 *db, struct dump *dump)
{
	assert_int_equal(
	    sqlite3_exec(db,
		"SELECT m.name, (SELECT group_concat('quote(\"' || c.name ||"
		" '\")', ' || '','' || ') FROM pragma_table_info(m.name) AS c)"
		" FROM sqlite_master AS m WHERE m.type = 'table'"
		" AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name",
		add_table, dump, NULL),
	    SQLITE_OK);
}

static void
nothing_is_lost_on_the_way_to_the_newest(void **state)
{
	struct fixture *fixture = *state;
	struct dump before = { .tables = 0 };
	struct dump after;
	struct store *store;
	sqlite3 *db;
	char error[STORE_ERROR_SIZE];
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/first", fixture->folder);
	make_first(path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	read_tables(db, &before);
	read_rows(db, &before);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	check_int(
	    "every table of the first version", (int64_t)before.tables, 9);
	assert_int_equal(
	    store_open(&store, path, STORE_READ, 0, error), STORE_FAILED);
	assert_non_null(strstr(error, "its version 1 is older"));
	if (store_open(&store, path, STORE_WRITE, 1000, error) != STORE_OK) {
		fail_msg("%s", error);
	}
	check_int("it is the newest now", db_user_version(store),
	    db_program_version());
	after = before;
	read_rows(store->db, &after);
	check_text("all rows", after.text, before.text);
	store_close(store);
	store_close(fixture->store);
	assert_int_equal(rename(path, fixture->path), 0);
	remove_database(path);
	fixture->store = fixture_open(fixture, STORE_WRITE);
}

static bool
take_ban(void *to, const struct ban *ban)
{
	*(struct ban *)to = *ban;
	return false;
}

static void
what_came_later_works_on_old_rows(void **state)
{
	struct fixture *fixture = *state;
	const struct ban_query query = { .scope = BAN_COVERING,
		.who = net_of("203.0.113.9"),
		.active_at = T0 };
	struct ban ban = { 0 };
	size_t bans = 0;

	nothing_is_lost_on_the_way_to_the_newest(state);
	store_ban_each(fixture->store, &query, take_ban, &ban);
	check_text("the old ban holds", ban.ref, "AAAAAA");
	check_text(
	    "says the same again", ban_reply(&ban)->phrase, ban.reply.phrase);
	check_int("and no brake counts it", ban.honest, false);
	for (int i = 0; i < 5; i++) {
		bans += fixture_observe(fixture, "203.0.113.9", KIND_SPAM,
		    T0 + DAY + i, T0 + DAY + i)
			    .bans;
	}
	check_int("a ban a day later", (int64_t)bans, 1);
	check_int("is the step after the old one",
	    fixture_standing(fixture, "203.0.113.9", T0 + DAY + 4).ban[0].step,
	    2);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, fixture_up, fixture_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_lost_on_the_way_to_the_newest),
		TEST(what_came_later_works_on_old_rows),
	};

	return cmocka_run_group_tests_name("migrate", tests, NULL, NULL);
}
