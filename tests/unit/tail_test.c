#include "check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/text.h"
#include "watch/rotation.h"
#include "watch/tail.h"

/* ---- which file to go on with ---- */

/* A file that is there: what it says in place of the remembered bytes. */
#define SEES(inode_, size_, match_)                                            \
	{                                                                      \
		.device = 1, .inode = (inode_), .size = (size_),               \
		.match = ROTATION_##match_                                     \
	}
#define OURS(inode, size)    SEES(inode, size, BOTH)
#define OTHER(inode, size)   SEES(inode, size, OTHER)
#define GROWN(inode, size)   SEES(inode, size, HEAD)
#define SHORTER(inode, size) SEES(inode, size, HEAD)
#define EMPTY(inode)         SEES(inode, 0, OTHER)

static const struct position remembered = {
	.device = 1, .inode = 7, .offset = 500
};
/* Seen, and no line taken yet. */
static const struct position untouched = { .device = 1, .inode = 7 };
/* The file with the inode was turned to, and no line taken from it: the marks
 * are those of the one before. */
static const struct position turned = {
	.device = 1, .inode = 9, .offset = 500
};
/* There was no file yet. */
static const struct position nothing = { .offset = 0 };

/* What is remembered, whether the last of the files is the log itself, what to
 * do with which file, and the files; RESUME after a restart, FOLLOW once all of
 * the open file was read. */
#define ROW(sentence_, finished_, at, live_, what_, file_, ...)                \
	{                                                                      \
		.sentence = sentence_, .remembered = &(at),                    \
		.finished = finished_, .live = live_,                          \
		.want = { ROTATION_##what_, file_ }, .files = {                \
			__VA_ARGS__                                            \
		}                                                              \
	}
#define RESUME(sentence, ...) ROW(sentence, false, __VA_ARGS__)
#define FOLLOW(sentence, ...) ROW(sentence, true, __VA_ARGS__)
#define LIVE                  true
#define GONE                  false
#define NOTHING                                                                \
	{                                                                      \
		.device = 0                                                    \
	}

static const struct {
	const char *sentence;
	const struct position *remembered;
	bool finished;
	bool live;
	struct rotation_file files[5];
	struct rotation_next want;
} choices[] = {
	RESUME("the same file goes on", remembered, LIVE, CONTINUE, 0,
	    OURS(7, 500)),
	RESUME("so does one that has grown", remembered, LIVE, CONTINUE, 0,
	    OURS(7, 9000)),
	RESUME("a copy in its place has another inode and goes on as well",
	    remembered, LIVE, CONTINUE, 0, OURS(8, 500)),
	RESUME("an inode used again is another file", remembered, LIVE, LOST, 0,
	    OTHER(7, 9000)),
	RESUME("truncated and grown beyond, with the same first bytes",
	    remembered, LIVE, LOST, 0, GROWN(7, 9000)),
	RESUME("truncated to nothing", remembered, LIVE, LOST, 0, EMPTY(7)),
	RESUME("the end is gone", remembered, LIVE, CUT, 0, SHORTER(7, 400)),
	RESUME("truncated, with the same first bytes, and renamed: it is new",
	    remembered, LIVE, LOST, 0, SHORTER(7, 300), SHORTER(8, 300)),
	RESUME("and grown beyond before that", remembered, LIVE, LOST, 0,
	    GROWN(7, 900), OTHER(8, 100)),
	RESUME("and the log is not there yet", remembered, GONE, LOST, 0,
	    SHORTER(7, 300)),
	RESUME("renamed: the old one first", remembered, LIVE, CONTINUE, 0,
	    OURS(7, 900), OTHER(8, 100)),
	RESUME("renamed twice: the oldest that has something", remembered, LIVE,
	    CONTINUE, 0, OURS(7, 900), OTHER(8, 100), OTHER(9, 100)),
	RESUME("copied and truncated: the copy first", remembered, LIVE,
	    CONTINUE, 0, OURS(8, 900), EMPTY(7)),
	RESUME("copied and not yet truncated: the original", remembered, LIVE,
	    CONTINUE, 1, OURS(8, 900), OURS(7, 900)),
	RESUME("a compressed one may be it", remembered, LIVE, CONTINUE, 0,
	    OURS(8, -1), OTHER(9, 100)),
	RESUME("renamed, and the log is not there yet", remembered, GONE,
	    CONTINUE, 1, OTHER(6, 100), OURS(7, 900)),
	RESUME("nothing is there", remembered, GONE, WAIT, 0, NOTHING),
	RESUME("only strangers are there", remembered, GONE, WAIT, 0,
	    OTHER(6, 100)),
	RESUME("of strangers the log itself is read, and no rotated one",
	    remembered, LIVE, LOST, 1, OTHER(6, 100), OTHER(8, 100)),

	RESUME("no line taken: the inode tells", untouched, LIVE, CONTINUE, 0,
	    OTHER(7, 100), OTHER(8, 100)),
	RESUME("no line taken, the same inode elsewhere", untouched, LIVE, LOST,
	    0, { .device = 2, .inode = 7, .size = 10 }),
	RESUME("no line taken and gone: that is said", untouched, LIVE, LOST, 1,
	    OTHER(6, 100), OTHER(8, 100)),
	RESUME("a log that was not there begins at its start", nothing, LIVE,
	    BEGIN, 1, OTHER(6, 100), OTHER(8, 100)),
	RESUME("and is waited for", nothing, GONE, WAIT, 0, OTHER(6, 100)),

	FOLLOW("read to its end: the next", remembered, LIVE, BEGIN, 1,
	    OURS(7, 900), OTHER(8, 100), OTHER(9, 100)),
	FOLLOW("read to its end: an empty one is passed over", remembered, LIVE,
	    BEGIN, 2, OURS(7, 900), EMPTY(8), OTHER(9, 100)),
	FOLLOW("read to its end: a new log without lines is waited for",
	    remembered, LIVE, WAIT, 0, OURS(7, 900), EMPTY(8)),
	FOLLOW("read to its end and removed: the log itself", remembered, LIVE,
	    BEGIN, 0, OTHER(9, 100)),
	FOLLOW("read to its end and removed: were others between?", remembered,
	    LIVE, LOST, 1, OTHER(8, 100), OTHER(9, 100)),
	FOLLOW("read to its end and removed, the log is empty", remembered,
	    LIVE, WAIT, 0, EMPTY(9)),
	FOLLOW("read to its end and named like the log again", remembered, LIVE,
	    CONTINUE, 0, OURS(7, 900)),
	FOLLOW("read to its end, nothing else is there", remembered, GONE, WAIT,
	    0, NOTHING),

	/* Turned to the next, and no line taken from it. */
	RESUME("the one before tells where to go on", turned, LIVE, CONTINUE, 0,
	    OURS(7, 500), OTHER(9, 100), OTHER(10, 100)),
	RESUME("also where the next was compressed meanwhile", turned, LIVE,
	    CONTINUE, 0, OURS(5, -1), OTHER(6, -1), OTHER(8, 100),
	    OTHER(10, 100)),
	RESUME("and where its inode is another one's by now", turned, LIVE,
	    CONTINUE, 0, OURS(5, -1), OTHER(6, -1), OTHER(8, 100),
	    OTHER(9, 100)),
	RESUME("and where the next was copied and truncated", turned, LIVE,
	    CONTINUE, 0, OURS(7, 500), OTHER(8, 900), OTHER(9, 100)),
	RESUME("the one before is gone: the inode tells", turned, LIVE, LOST, 1,
	    OTHER(6, 100), OTHER(9, 100), OTHER(10, 100)),
	RESUME("also while the log's name is missing", turned, GONE, LOST, 1,
	    OTHER(6, 100), OTHER(9, 100)),
	RESUME("but no compressed file's", turned, LIVE, LOST, 2, OTHER(9, -1),
	    OTHER(6, 100), OTHER(10, 100)),
	FOLLOW("half a line and the end: what follows it", turned, LIVE, BEGIN,
	    2, OURS(7, 500), OTHER(9, 10), OTHER(10, 100), OTHER(11, 100)),
	FOLLOW("half a line, compressed: once more", turned, LIVE, BEGIN, 1,
	    OURS(7, 500), OTHER(8, -1), OTHER(10, 100), OTHER(11, 100)),
	FOLLOW("half a line in the log itself is waited for", turned, LIVE,
	    WAIT, 0, OURS(7, 500), OTHER(9, 10)),
	FOLLOW("half a line, and the one before is gone", turned, LIVE, BEGIN,
	    2, OTHER(6, 500), OTHER(9, 10), OTHER(10, 100)),

	/* Between two steps of a rotation. */
	FOLLOW("the log is renamed and not made anew: waited for", remembered,
	    GONE, WAIT, 0, OTHER(6, -1), OURS(7, 500)),
	FOLLOW("as long as an older one is read, the renamed one is next",
	    remembered, GONE, BEGIN, 1, OURS(6, -1), OTHER(8, 100)),
	RESUME("compressed and plain: the plain one goes on", remembered, LIVE,
	    CONTINUE, 1, OURS(8, -1), OURS(7, 900), OTHER(9, 100)),
	FOLLOW("compressed and plain, and all read: the next", remembered, LIVE,
	    BEGIN, 2, OURS(8, -1), OURS(7, 500), OTHER(9, 100)),
	FOLLOW("compressed and plain, the older one read: either", remembered,
	    LIVE, BEGIN, 1, OURS(5, -1), OTHER(8, -1), OTHER(7, 900),
	    OTHER(9, 100)),
	FOLLOW("moved up and nothing in its place yet", remembered, LIVE, BEGIN,
	    2, OTHER(5, -1), OURS(6, -1), OTHER(9, 100)),
	RESUME("a copy with less than was read: the original", remembered, LIVE,
	    CONTINUE, 1, SHORTER(8, 300), OURS(7, 900)),
	FOLLOW("a copy with just what was read: the original", remembered, LIVE,
	    CONTINUE, 1, OURS(8, 500), OURS(7, 900)),
	FOLLOW("a copy without anything, of a log not begun: the original",
	    remembered, LIVE, BEGIN, 2, OURS(6, -1), EMPTY(8), OTHER(9, 900)),
	FOLLOW("a copy in part, of a log not begun: goes first", remembered,
	    LIVE, BEGIN, 1, OURS(6, -1), OTHER(8, 300), OTHER(9, 900)),
	FOLLOW("copied, truncated and not written to: waited for", remembered,
	    LIVE, WAIT, 0, OURS(8, 500), EMPTY(7)),
	FOLLOW("copied, truncated and grown: the log itself", remembered, LIVE,
	    BEGIN, 1, OURS(8, 500), OTHER(7, 900)),
};

static void
the_marks_tell_which_file_goes_on(void **state)
{
	static struct rotation rotation; /* too large for the stack */

	(void)state;
	for (size_t i = 0; i < COUNT(choices); i++) {
		const struct position *at = choices[i].remembered;
		struct rotation_next got;

		memcpy(
		    rotation.file, choices[i].files, sizeof(choices[i].files));
		rotation.count = 0;
		while (choices[i].files[rotation.count].device != 0) {
			rotation.count++;
		}
		rotation.live = choices[i].live;
		got = choices[i].finished
			  ? rotation_follow(&rotation, at, at == &turned)
			  : rotation_resume(&rotation, at);
		check_int(choices[i].sentence, got.what, choices[i].want.what);
		check_int(choices[i].sentence, (int64_t)got.file,
		    (int64_t)choices[i].want.file);
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
	struct tail *next = tail_new(place->path[LOG], false);
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
	} while (tail_look(tail, 0, ticks) || tail_is_restless(tail));
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
		struct tail *tail = tail_new(place->path[LOG], true);
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
		struct tail *tail = tail_new(place->path[LOG], true);

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
