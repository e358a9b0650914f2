#include "rows.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/text.h"
#include "watch/rotation.h"
#include "watch/tail.h"

/* ---- which file to go on with ---- */

/* What is remembered. */
static const struct {
	const char *word;
	struct position at;
} remembered[] = {
	{ "remembered", { .device = 1, .inode = 7, .offset = 500 } },
	/* Seen, and no line taken yet. */
	{ "untouched", { .device = 1, .inode = 7 } },
	/* The file with the inode was turned to, and no line taken from it:
	 * the marks are those of the one before. */
	{ "turned", { .device = 1, .inode = 9, .offset = 500 } },
	/* There was no file yet. */
	{ "nothing", { .offset = 0 } },
};

/* The files that are there, "WORD INODE SIZE": what each says in place of the
 * remembered bytes. */
static void
see_files(struct rotation *rotation, const char *text)
{
	static const struct {
		const char *word;
		enum rotation_match match;
	} sees[] = { { "ours", ROTATION_BOTH }, { "other", ROTATION_OTHER },
		{ "grown", ROTATION_HEAD }, { "shorter", ROTATION_HEAD },
		{ "empty", ROTATION_OTHER }, { "elsewhere", ROTATION_OTHER } };

	rotation->count = 0;
	while (*text != '\0') {
		struct rotation_file file = { .device = 1 };
		char word[16];
		long long inode, size;
		size_t i = 0;

		assert_int_equal(
		    sscanf(text, "%15s %lld %lld", word, &inode, &size), 3);
		while (strcmp(sees[i].word, word) != 0) {
			assert_true(++i < COUNT(sees));
		}
		file.device += strcmp(word, "elsewhere") == 0;
		file.inode = inode;
		file.size = size;
		file.match = sees[i].match;
		rotation->file[rotation->count++] = file;
		text += strcspn(text, ",");
		text += *text == ',';
	}
}

/* Rows of tests/data/rotation.rows: "resume" after a restart, "follow" once all
 * of the open file was read; what is remembered; "live" where the last of the
 * files is the log itself; what to do with which file; and the files. */
static void
the_marks_tell_which_file_goes_on(void **state)
{
	static const char *const whats[] = { "wait", "continue", "cut", "begin",
		"lost" };
	static struct rotation rotation; /* too large for the stack */
	struct rows rows;

	(void)state;
	rows_open(&rows, "rotation.rows", "the marks tell which file goes on");
	while (rows_next(&rows)) {
		char how[16], word[16], live[16], got[32];
		struct rotation_next next;
		size_t i = 0;

		assert_int_equal(
		    sscanf(rows.field[0], "%15s %15s %15s", how, word, live),
		    3);
		while (strcmp(remembered[i].word, word) != 0) {
			assert_true(++i < COUNT(remembered));
		}
		see_files(&rotation, rows.field[2]);
		rotation.live = strcmp(live, "live") == 0;
		next = strcmp(how, "follow") == 0
			   ? rotation_follow(&rotation, &remembered[i].at,
				 strcmp(word, "turned") == 0)
			   : rotation_resume(&rotation, &remembered[i].at);
		(void)snprintf(
		    got, sizeof(got), "%s %zu", whats[next.what], next.file);
		rows_check(&rows, 1, got);
	}
}

/* ---- names ---- */

static void
rotated_names_are_known(void **state)
{
	static const struct {
		const char *name;
		int64_t number;
		bool compressed;
	} rows[] = {
		{ "mail.log.1", 1, false },
		{ "mail.log.0", 0, false },
		{ "mail.log.12.gz", 12, true },
		{ "mail.log-20261121", -1, false },
		{ "mail.log-20261121.gz", -1, true },
		{ "mail.log-2026-11-21_03:10", -1, false },
		{ "mail.log.20261121", -1, false },
	};
	static const char *const others[] = { "mail.log", "mail.log.gz",
		"mail.log.", "mail.log-", "mail.log.bak", "mail.log.1.bak",
		"mail.log.1.xz", "mail.log1", "mail.logs.1", "xmail.log.1",
		"mail.log.-1", "mail.log.11111111111111111111111111111111" };
	struct rotation_file file;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *name = rows[i].name;

		check_int(name, rotation_name("mail.log", name, &file), true);
		check_int(name, file.compressed, rows[i].compressed);
		check_int(name, file.number, rows[i].number);
	}
	for (size_t i = 0; i < COUNT(others); i++) {
		check_int(others[i],
		    rotation_name("mail.log", others[i], &file), false);
	}
}

#define WRITTEN(name, compressed_, number_, at)                                \
	{                                                                      \
		.path = name, .compressed = compressed_, .number = number_,    \
		.written = at                                                  \
	}

static void
rotated_files_have_an_order(void **state)
{
	static const struct {
		const char *sentence;
		struct rotation_file first, second;
	} rows[] = {
		{ "logrotate counts up with age",
		    WRITTEN("log.2", false, 2, 100),
		    WRITTEN("log.1", false, 1, 200) },
		{ "others count up with time", WRITTEN("log.1", false, 1, 100),
		    WRITTEN("log.2", false, 2, 200) },
		{ "at the same moment the number tells",
		    WRITTEN("log.2", false, 2, 100),
		    WRITTEN("log.1", false, 1, 100) },
		{ "one compressed just now is still the older",
		    WRITTEN("log.2.gz", true, 2, 900),
		    WRITTEN("log.1", false, 1, 200) },
		{ "dates", WRITTEN("log-20261120.gz", true, -1, 900),
		    WRITTEN("log-20261121", false, -1, 200) },
		{ "a date and a number: time tells",
		    WRITTEN("log-20261121", false, -1, 100),
		    WRITTEN("log.1", false, 1, 200) },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct rotation_file *first = &rows[i].first;
		const struct rotation_file *second = &rows[i].second;

		check_int(rows[i].sentence, rotation_compare(first, second) < 0,
		    true);
		check_int(rows[i].sentence, rotation_compare(second, first) > 0,
		    true);
	}
}

/* ---- a log on disk ---- */

static const unsigned char key[HASH_KEY_SIZE] = "0123456789abcde";

/* The log, and what it was rotated to. */
enum {
	LOG,
	ONE,
	TWO,
	ZIP
};
static const char *const names[] = { "mail.log", "mail.log.1", "mail.log.2",
	"mail.log.1.gz" };

struct place {
	char folder[64];
	char path[COUNT(names)][96];
	struct tail *tail;
};

/* Another tail, which goes on where the one before stands. */
static void
restart(struct place *place)
{
	struct tail *next = tail_new(place->path[LOG], false, NULL);
	struct position at;
	bool first = place->tail == NULL;

	assert_non_null(next);
	if (!first) {
		assert_true(tail_position(place->tail, &at));
		tail_free(place->tail);
	}
	tail_start(next, key, first ? NULL : &at, CONF_BACKFILL);
	place->tail = next;
}

static int
place_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	(void)text_copy(
	    place->folder, sizeof(place->folder), "/tmp/videur-unit-XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	for (size_t i = 0; i < COUNT(names); i++) {
		(void)snprintf(place->path[i], sizeof(place->path[i]), "%s/%s",
		    place->folder, names[i]);
	}
	restart(place);
	*state = place;
	return 0;
}

static int
place_down(void **state)
{
	struct place *place = *state;

	tail_free(place->tail);
	for (size_t i = 0; i < COUNT(names); i++) {
		(void)unlink(place->path[i]);
	}
	assert_int_equal(rmdir(place->folder), 0);
	free(place);
	return 0;
}

static void
append(const char *path, const char *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	assert_int_equal(close(fd), 0);
}

static void
write_to(struct place *place, int which, const char *text)
{
	append(place->path[which], text, strlen(text));
}

static void
move_to(struct place *place, int which)
{
	assert_int_equal(rename(place->path[LOG], place->path[which]), 0);
}

static void
truncate_log(struct place *place)
{
	assert_int_equal(truncate(place->path[LOG], 0), 0);
}

static void
remove_file(struct place *place, int which)
{
	assert_int_equal(unlink(place->path[which]), 0);
}

/* All lines there are now, each with '|' behind it. */
static void
expect_lines(const char *sentence, struct tail *tail, const char *want)
{
	char got[64];
	struct text text;
	struct log_line line;
	int64_t ticks = 0;

	text_init(&text, got, sizeof(got));
	do {
		while (tail_line(tail, &line)) {
			text_add_bytes(&text, line.text, line.len);
			text_add(&text, "|");
		}
		ticks += TAIL_LINGER;
	} while (tail_look(tail, 0, ticks) || tail->leave_at != 0);
	check_text(sentence, got, want);
}

/* Letters say what happens, in order: a log gets the text at L, its
 * predecessor at 1; it is renamed (r), truncated (t) or removed (x); another
 * watcher goes on where this one stands (w). */
static void
a_log_is_followed(void **state)
{
	static const struct {
		const char *sentence, *happens, *text;
		const char *want; /* the lines that come */
	} rows[] = {
		{ "nothing is there", "", "", "" },
		{ "it appears", "L", "a\n\nb\n", "a||b|" },
		{ "half a line is no line", "L", "hal", "" },
		{ "nor is more of it", "L", "f a ", "" },
		{ "for another watcher neither", "w", "", "" },
		{ "until its end is written", "L", "line\nc\n",
		    "half a line|c|" },
		{ "renamed with one more", "Lr", "d\n", "d|" },
		{ "and written to still", "1", "e\n", "e|" },
		{ "the new one", "L", "f\n", "f|" },
		{ "is truncated and grows", "tL", "g\nh\n", "g|h|" },
		{ "another watcher goes on", "wL", "i\n", "i|" },
		{ "another finds it renamed", "wLrL", "j\n", "j|j|" },
		{ "another finds it removed", "wx", "", "" },
		{ "until there is one", "L", "k\n", "k|" },
		{ "nothing comes twice", "w", "", "" },
	};
	struct place *place = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		for (const char *at = rows[i].happens; *at != '\0'; at++) {
			switch (*at) {
			case 'L':
				write_to(place, LOG, rows[i].text);
				break;
			case '1':
				write_to(place, ONE, rows[i].text);
				break;
			case 'r':
				move_to(place, ONE);
				break;
			case 't':
				truncate_log(place);
				break;
			case 'x':
				remove_file(place, LOG);
				break;
			default:
				restart(place);
			}
		}
		expect_lines(rows[i].sentence, place->tail, rows[i].want);
	}
}

/* Its last line is known by its end, with no gap in it. */
static void
a_line_too_long_is_read_past(void **state)
{
	enum {
		LONG = 1000000
	};
	struct place *place = *state;
	char *bytes = malloc(LONG);
	struct log_line line;

	assert_non_null(bytes);
	memset(bytes, 'x', LONG);
	append(place->path[LOG], "a\n", 2);
	append(place->path[LOG], bytes, LONG);
	append(place->path[LOG], "\n", 1);
	memset(bytes, '\0', LONG);
	append(place->path[LOG], bytes, LONG);
	append(place->path[LOG], "b\n", 2);
	free(bytes);
	assert_true(tail_look(place->tail, 0, 1));
	check_int("before it", tail_line(place->tail, &line), true);
	check_int("the long one", tail_line(place->tail, &line), true);
	check_int("its first bytes", (int64_t)line.len, LOG_LINE_MAX);
	check_int("stands behind", place->tail->lines.offset, LONG + 3);
	restart(place);
	expect_lines("goes on behind, past a hole", place->tail, "b|");
	check_int("the hole counts", place->tail->lines.offset, 2 * LONG + 5);
}

static void
a_file_that_changed_is_noticed(void **state)
{
	enum {
		SAME,   /* nothing new */
		LINE,   /* it got one more */
		STRANGE /* it is not what it was */
	};
	static const struct {
		const char *sentence;
		bool read; /* before it changed */
		const char *before, *after;
		int want;
	} rows[] = {
		{ "appended to", true, "a 1\nb 2\n", "a 1\nb 2\nc 3\n", LINE },
		{ "as it was", true, "a 1\nb 2\n", "a 1\nb 2\n", SAME },
		{ "truncated", true, "a 1\nb 2\n", "", STRANGE },
		{ "truncated and grown again", true, "a 1\nb 2\n",
		    "c 3\nd 4\ne 5\n", STRANGE },
		{ "truncated and grown to the same size", true, "a 1\nb 2\n",
		    "a 1\nc 3\n", STRANGE },
		{ "with the same first bytes", true, "a 1\nb 2\n",
		    "a 1\nc 3\nd\n", STRANGE },
		{ "with the same last line", true, "a 1\nb 2\n",
		    "c 3\nb 2\nd 4\n", STRANGE },
		{ "half a line, which grew", true, "a 1\nb", "a 1\nb 2\n",
		    LINE },
		{ "half a line, truncated", true, "a 1\nb 2", "a 1\n",
		    STRANGE },
		{ "its only line, half", true, "a", "a 1\n", LINE },
		{ "truncated before its first line was read", false,
		    "a 1\nb 2\n", "", STRANGE },
		{ "and grown before that", false, "a 1\nb 2\n",
		    "c 3\nd 4\ne 5\n", STRANGE },
	};
	struct place *place = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tail *tail = tail_new(place->path[LOG], true, NULL);
		struct log_line line;
		int got;

		write_to(place, LOG, rows[i].before);
		tail_start(tail, key, NULL, CONF_BACKFILL);
		while (!tail_look(tail, 0, 1)) {
		}
		while (rows[i].read && tail_line(tail, &line)) {
		}
		truncate_log(place);
		write_to(place, LOG, rows[i].after);
		got = tail_line(tail, &line) ? LINE
		      : tail->file.fd >= 0   ? SAME
					     : STRANGE;
		check_int(rows[i].sentence, got, rows[i].want);
		tail_free(tail);
		remove_file(place, LOG);
	}
}

static void
the_end_is_behind_the_last_whole_line(void **state)
{
	static const struct {
		const char *sentence, *text;
		int64_t offset, line;
	} rows[] = {
		{ "an empty file", "", 0, 0 },
		{ "half a line", "abc", 0, 0 },
		{ "one line", "abc\n", 4, 4 },
		{ "two lines", "abc\nde\n", 7, 3 },
		{ "two and a half", "abc\nde\nf", 7, 3 },
	};
	struct place *place = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tail *tail = tail_new(place->path[LOG], true, NULL);

		write_to(place, LOG, rows[i].text);
		tail_start(tail, key, NULL, CONF_NOW);
		while (!tail_look(tail, 0, 1)) {
		}
		check_int(rows[i].sentence, tail->lines.offset, rows[i].offset);
		check_int(
		    rows[i].sentence, (int64_t)tail->line_len, rows[i].line);
		tail_free(tail);
		remove_file(place, LOG);
	}
}

/* One look that is to have turned to a file, or not. */
static void
expect_look(const char *sentence, struct tail *tail, int64_t ticks, bool want)
{
	/* A rotation has to be a little old. */
	for (int i = 0; i < 1000; i++) {
		if (tail_look(tail, 0, ticks) || tail->leave_at != 1) {
			break;
		}
		assert_int_equal(usleep(1000), 0);
	}
	check_int(sentence, tail->file.fd >= 0 && !tail->dry, want);
}

static void
no_file_is_left_unread(void **state)
{
	struct place *place = *state;
	struct tail *tail = place->tail;
	struct log_line line;

	write_to(place, LOG, "a\n");
	expect_lines("the first", tail, "a|");
	move_to(place, ONE);
	write_to(place, LOG, "b\n");
	expect_look("a new one is there", tail, 1, false);
	write_to(place, ONE, "c\n");
	expect_look("the old one got more", tail, 1 + TAIL_LINGER, true);
	check_int("it is in the old one still", tail->turns, 1);
	check_int("and has a line", tail_line(tail, &line), true);
	check_int("and no more", tail_line(tail, &line), false);
	expect_look("once more", tail, 2 * TAIL_LINGER, false);
	expect_look("now it is left", tail, 4 * TAIL_LINGER, true);
	remove_file(place, ONE);
	move_to(place, ONE);
	write_to(place, LOG, "d\n");
	expect_look("none was read", tail, 5 * TAIL_LINGER, true);
	expect_look("none was read yet", tail, 9 * TAIL_LINGER, true);
	expect_lines("all is read", tail, "b|d|");
}

/* That a compressed file is dry shows only where it is read. */
static void
no_compressed_file_is_left_unread(void **state)
{
	struct place *place = *state;
	gzFile zipped;

	write_to(place, LOG, "a\n");
	expect_lines("the first", place->tail, "a|");
	restart(place);
	zipped = gzopen(place->path[ZIP], "wb");
	assert_non_null(zipped);
	assert_int_equal(gzputs(zipped, "a\nb\nc\n"), 6);
	assert_int_equal(gzclose(zipped), Z_OK);
	remove_file(place, LOG);
	write_to(place, LOG, "d\n");
	expect_look("found again", place->tail, 1, true);
	expect_look("and not read yet", place->tail, 2, true);
	expect_look("nor now", place->tail, 3, true);
	check_int("turned to but once", place->tail->turns, 1);
	expect_lines("all of both", place->tail, "b|c|d|");
}

/* Turned to, and nothing read: the inode is no mark. */
static void
a_position_before_the_first_line_is_enough(void **state)
{
	struct place *place = *state;

	write_to(place, LOG, "a\nb\n");
	expect_lines("the first", place->tail, "a|b|");
	move_to(place, TWO);
	write_to(place, LOG, "c\nd\n");
	expect_look("seen", place->tail, 1, false);
	expect_look("turned to", place->tail, 1 + TAIL_LINGER, true);
	restart(place);
	write_to(place, ONE, "c\nd\n");
	truncate_log(place);
	write_to(place, LOG, "e\n");
	expect_lines("copied and truncated", place->tail, "c|d|e|");
}

#define ON_DISK(test)                                                          \
	cmocka_unit_test_setup_teardown(test, place_up, place_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_marks_tell_which_file_goes_on),
		cmocka_unit_test(rotated_names_are_known),
		cmocka_unit_test(rotated_files_have_an_order),
		ON_DISK(a_log_is_followed),
		ON_DISK(a_line_too_long_is_read_past),
		ON_DISK(a_file_that_changed_is_noticed),
		ON_DISK(the_end_is_behind_the_last_whole_line),
		ON_DISK(no_file_is_left_unread),
		ON_DISK(no_compressed_file_is_left_unread),
		ON_DISK(a_position_before_the_first_line_is_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
