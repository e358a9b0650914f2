#include "check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/text.h"
#include "watch/reader.h"
#include "watch/rotation.h"
#include "watch/tail.h"

/* ---- which file to go on with ---- */

/* A file that is there: what it says in place of the remembered bytes. */
#define SEES(inode_, size_, match_)                                            \
	{                                                                      \
		.device = 1, .inode = (inode_), .size = (size_),               \
		.match = READER_##match_                                       \
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

static const struct {
	const char *sentence;
	const struct position *remembered;
	bool finished; /* all of the open file was read */
	bool live;     /* the last file is the log itself */
	size_t count;
	struct rotation_file files[5];
	struct rotation_next want;
} plans[] = {
	{ "the same file goes on", &remembered, false, true, 1,
	    { OURS(7, 500) }, { ROTATION_CONTINUE, 0 } },
	{ "so does one that has grown", &remembered, false, true, 1,
	    { OURS(7, 9000) }, { ROTATION_CONTINUE, 0 } },
	{ "a copy in its place has another inode and goes on as well",
	    &remembered, false, true, 1, { OURS(8, 500) },
	    { ROTATION_CONTINUE, 0 } },
	{ "an inode used again is another file", &remembered, false, true, 1,
	    { OTHER(7, 9000) }, { ROTATION_LOST, 0 } },
	{ "truncated and grown beyond, with the same first bytes", &remembered,
	    false, true, 1, { GROWN(7, 9000) }, { ROTATION_LOST, 0 } },
	{ "truncated to nothing", &remembered, false, true, 1, { EMPTY(7) },
	    { ROTATION_LOST, 0 } },
	{ "the end is gone", &remembered, false, true, 1, { SHORTER(7, 400) },
	    { ROTATION_CUT, 0 } },
	{ "renamed: the old one first", &remembered, false, true, 2,
	    { OURS(7, 900), OTHER(8, 100) }, { ROTATION_CONTINUE, 0 } },
	{ "renamed twice: the oldest that has something", &remembered, false,
	    true, 3, { OURS(7, 900), OTHER(8, 100), OTHER(9, 100) },
	    { ROTATION_CONTINUE, 0 } },
	{ "copied and truncated: the copy first", &remembered, false, true, 2,
	    { OURS(8, 900), EMPTY(7) }, { ROTATION_CONTINUE, 0 } },
	{ "copied and not yet truncated: the original", &remembered, false,
	    true, 2, { OURS(8, 900), OURS(7, 900) }, { ROTATION_CONTINUE, 1 } },
	{ "a compressed one may be it", &remembered, false, true, 2,
	    { OURS(8, -1), OTHER(9, 100) }, { ROTATION_CONTINUE, 0 } },
	{ "renamed, and the log is not there yet", &remembered, false, false, 2,
	    { OTHER(6, 100), OURS(7, 900) }, { ROTATION_CONTINUE, 1 } },
	{ "nothing is there", &remembered, false, false, 0, { EMPTY(0) },
	    { ROTATION_WAIT, 0 } },
	{ "only strangers are there", &remembered, false, false, 1,
	    { OTHER(6, 100) }, { ROTATION_WAIT, 0 } },
	{ "of strangers the log itself is read, and no rotated one",
	    &remembered, false, true, 2, { OTHER(6, 100), OTHER(8, 100) },
	    { ROTATION_LOST, 1 } },

	{ "no line taken: the inode tells", &untouched, false, true, 2,
	    { OTHER(7, 100), OTHER(8, 100) }, { ROTATION_CONTINUE, 0 } },
	{ "no line taken, the same inode elsewhere", &untouched, false, true, 1,
	    { { .device = 2, .inode = 7, .size = 10 } }, { ROTATION_LOST, 0 } },
	{ "no line taken and gone: that is said", &untouched, false, true, 2,
	    { OTHER(6, 100), OTHER(8, 100) }, { ROTATION_LOST, 1 } },
	{ "a log that was not there begins at its start", &nothing, false, true,
	    2, { OTHER(6, 100), OTHER(8, 100) }, { ROTATION_BEGIN, 1 } },
	{ "and is waited for", &nothing, false, false, 1, { OTHER(6, 100) },
	    { ROTATION_WAIT, 0 } },

	{ "read to its end: the next", &remembered, true, true, 3,
	    { OURS(7, 900), OTHER(8, 100), OTHER(9, 100) },
	    { ROTATION_BEGIN, 1 } },
	{ "read to its end: an empty one is passed over", &remembered, true,
	    true, 3, { OURS(7, 900), EMPTY(8), OTHER(9, 100) },
	    { ROTATION_BEGIN, 2 } },
	{ "read to its end: a new log without lines is waited for", &remembered,
	    true, true, 2, { OURS(7, 900), EMPTY(8) }, { ROTATION_WAIT, 0 } },
	{ "read to its end and removed: the log itself", &remembered, true,
	    true, 1, { OTHER(9, 100) }, { ROTATION_BEGIN, 0 } },
	{ "read to its end and removed: were others between?", &remembered,
	    true, true, 2, { OTHER(8, 100), OTHER(9, 100) },
	    { ROTATION_LOST, 1 } },
	{ "read to its end and removed, the log is empty", &remembered, true,
	    true, 1, { EMPTY(9) }, { ROTATION_WAIT, 0 } },
	{ "read to its end and named like the log again", &remembered, true,
	    true, 1, { OURS(7, 900) }, { ROTATION_CONTINUE, 0 } },
	{ "read to its end, nothing else is there", &remembered, true, false, 0,
	    { EMPTY(0) }, { ROTATION_WAIT, 0 } },

	/* Turned to the next, and no line taken from it. */
	{ "the one before tells where to go on", &turned, false, true, 3,
	    { OURS(7, 500), OTHER(9, 100), OTHER(10, 100) },
	    { ROTATION_CONTINUE, 0 } },
	{ "also where the next was compressed meanwhile", &turned, false, true,
	    4, { OURS(5, -1), OTHER(6, -1), OTHER(8, 100), OTHER(10, 100) },
	    { ROTATION_CONTINUE, 0 } },
	{ "and where its inode is another one's by now", &turned, false, true,
	    4, { OURS(5, -1), OTHER(6, -1), OTHER(8, 100), OTHER(9, 100) },
	    { ROTATION_CONTINUE, 0 } },
	{ "and where the next was copied and truncated", &turned, false, true,
	    3, { OURS(7, 500), OTHER(8, 900), OTHER(9, 100) },
	    { ROTATION_CONTINUE, 0 } },
	{ "the one before is gone: the inode tells", &turned, false, true, 3,
	    { OTHER(6, 100), OTHER(9, 100), OTHER(10, 100) },
	    { ROTATION_LOST, 1 } },
	{ "also while the log's name is missing", &turned, false, false, 2,
	    { OTHER(6, 100), OTHER(9, 100) }, { ROTATION_LOST, 1 } },
	{ "but no compressed file's", &turned, false, true, 3,
	    { OTHER(9, -1), OTHER(6, 100), OTHER(10, 100) },
	    { ROTATION_LOST, 2 } },
	{ "half a line and the end: what follows it", &turned, true, true, 4,
	    { OURS(7, 500), OTHER(9, 10), OTHER(10, 100), OTHER(11, 100) },
	    { ROTATION_BEGIN, 2 } },
	{ "half a line, compressed: once more", &turned, true, true, 4,
	    { OURS(7, 500), OTHER(8, -1), OTHER(10, 100), OTHER(11, 100) },
	    { ROTATION_BEGIN, 1 } },
	{ "half a line in the log itself is waited for", &turned, true, true, 2,
	    { OURS(7, 500), OTHER(9, 10) }, { ROTATION_WAIT, 0 } },
	{ "half a line, and the one before is gone", &turned, true, true, 3,
	    { OTHER(6, 500), OTHER(9, 10), OTHER(10, 100) },
	    { ROTATION_BEGIN, 2 } },

	/* Between two steps of a rotation. */
	{ "the log is renamed and not made anew: waited for", &remembered, true,
	    false, 2, { OTHER(6, -1), OURS(7, 500) }, { ROTATION_WAIT, 0 } },
	{ "as long as an older one is read, the renamed one is next",
	    &remembered, true, false, 2, { OURS(6, -1), OTHER(8, 100) },
	    { ROTATION_BEGIN, 1 } },
	{ "compressed and plain: the plain one goes on", &remembered, false,
	    true, 3, { OURS(8, -1), OURS(7, 900), OTHER(9, 100) },
	    { ROTATION_CONTINUE, 1 } },
	{ "compressed and plain, and all read: the next", &remembered, true,
	    true, 3, { OURS(8, -1), OURS(7, 500), OTHER(9, 100) },
	    { ROTATION_BEGIN, 2 } },
	{ "compressed and plain, the older one read: either", &remembered, true,
	    true, 4,
	    { OURS(5, -1), OTHER(8, -1), OTHER(7, 900), OTHER(9, 100) },
	    { ROTATION_BEGIN, 1 } },
	{ "moved up and nothing in its place yet", &remembered, true, true, 3,
	    { OTHER(5, -1), OURS(6, -1), OTHER(9, 100) },
	    { ROTATION_BEGIN, 2 } },
	{ "a copy with less than was read: the original", &remembered, false,
	    true, 2, { SHORTER(8, 300), OURS(7, 900) },
	    { ROTATION_CONTINUE, 1 } },
	{ "a copy with just what was read: the original", &remembered, true,
	    true, 2, { OURS(8, 500), OURS(7, 900) }, { ROTATION_CONTINUE, 1 } },
	{ "a copy without anything, of a log not begun: the original",
	    &remembered, true, true, 3,
	    { OURS(6, -1), EMPTY(8), OTHER(9, 900) }, { ROTATION_BEGIN, 2 } },
	{ "a copy in part, of a log not begun: goes first", &remembered, true,
	    true, 3, { OURS(6, -1), OTHER(8, 300), OTHER(9, 900) },
	    { ROTATION_BEGIN, 1 } },
	{ "copied, truncated and not written to: waited for", &remembered, true,
	    true, 2, { OURS(8, 500), EMPTY(7) }, { ROTATION_WAIT, 0 } },
	{ "copied, truncated and grown: the log itself", &remembered, true,
	    true, 2, { OURS(8, 500), OTHER(7, 900) }, { ROTATION_BEGIN, 1 } },
};

static void
the_marks_tell_which_file_goes_on(void **state)
{
	static struct rotation rotation; /* too large for the stack */

	(void)state;
	for (size_t i = 0; i < COUNT(plans); i++) {
		const struct position *at = plans[i].remembered;
		struct rotation_next got;

		memcpy(rotation.file, plans[i].files, sizeof(plans[i].files));
		rotation.count = plans[i].count;
		rotation.live = plans[i].live;
		got = plans[i].finished
			  ? rotation_follow(&rotation, at, at == &turned)
			  : rotation_resume(&rotation, at);
		check_int(plans[i].sentence, got.what, plans[i].want.what);
		check_int(plans[i].sentence, (int64_t)got.file,
		    (int64_t)plans[i].want.file);
	}
}

/* ---- names ---- */

static void
rotated_names_are_known(void **state)
{
	static const struct {
		const char *name;
		bool want;
		bool compressed;
		int64_t number;
	} rows[] = {
		{ "mail.log.1", true, false, 1 },
		{ "mail.log.0", true, false, 0 },
		{ "mail.log.12.gz", true, true, 12 },
		{ "mail.log-20261121", true, false, -1 },
		{ "mail.log-20261121.gz", true, true, -1 },
		{ "mail.log-2026-11-21_03:10", true, false, -1 },
		{ "mail.log.20261121", true, false, -1 },
		{ "mail.log", false, false, 0 },
		{ "mail.log.gz", false, false, 0 },
		{ "mail.log.", false, false, 0 },
		{ "mail.log-", false, false, 0 },
		{ "mail.log.bak", false, false, 0 },
		{ "mail.log.1.bak", false, false, 0 },
		{ "mail.log.1.xz", false, false, 0 },
		{ "mail.log1", false, false, 0 },
		{ "mail.logs.1", false, false, 0 },
		{ "xmail.log.1", false, false, 0 },
		{ "mail.log.-1", false, false, 0 },
		{ "mail.log.11111111111111111111111111111111", false, false,
		    0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rotation_file file;
		bool got = rotation_name("mail.log", rows[i].name, &file);

		check_int(rows[i].name, got, rows[i].want);
		if (got) {
			check_int(
			    rows[i].name, file.compressed, rows[i].compressed);
			check_int(rows[i].name, file.number, rows[i].number);
		}
	}
}

#define WRITTEN(path_, compressed_, number_, seconds, nanoseconds)             \
	{                                                                      \
		.path = path_, .compressed = (compressed_),                    \
		.number = (number_),                                           \
		.written = (seconds)*INT64_C(1000000000) + (nanoseconds)       \
	}

static void
rotated_files_have_an_order(void **state)
{
	static const struct {
		const char *sentence;
		struct rotation_file first, second;
	} rows[] = {
		{ "logrotate counts up with age",
		    WRITTEN("log.2", false, 2, 100, 0),
		    WRITTEN("log.1", false, 1, 200, 0) },
		{ "others count up with time",
		    WRITTEN("log.1", false, 1, 100, 0),
		    WRITTEN("log.2", false, 2, 200, 0) },
		{ "within one second", WRITTEN("log.1", false, 1, 100, 5),
		    WRITTEN("log.2", false, 2, 100, 6) },
		{ "at the same moment the number tells",
		    WRITTEN("log.2", false, 2, 100, 0),
		    WRITTEN("log.1", false, 1, 100, 0) },
		{ "one compressed just now is still the older",
		    WRITTEN("log.2.gz", true, 2, 900, 0),
		    WRITTEN("log.1", false, 1, 200, 0) },
		{ "dates", WRITTEN("log-20261120.gz", true, -1, 900, 0),
		    WRITTEN("log-20261121", false, -1, 200, 0) },
		{ "a date and a number: time tells",
		    WRITTEN("log-20261121", false, -1, 100, 0),
		    WRITTEN("log.1", false, 1, 200, 0) },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		check_int(rows[i].sentence,
		    rotation_compare(&rows[i].first, &rows[i].second) < 0,
		    true);
		check_int(rows[i].sentence,
		    rotation_compare(&rows[i].second, &rows[i].first) > 0,
		    true);
	}
}

/* ---- lines ---- */

struct place {
	char folder[64];
	char log[96];
	char rotated[96];
};

static int
place_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	(void)text_copy(
	    place->folder, sizeof(place->folder), "/tmp/videur-unit-XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	(void)snprintf(
	    place->log, sizeof(place->log), "%s/mail.log", place->folder);
	(void)snprintf(place->rotated, sizeof(place->rotated), "%s/mail.log.1",
	    place->folder);
	*state = place;
	return 0;
}

static int
place_down(void **state)
{
	struct place *place = *state;

	(void)unlink(place->log);
	(void)unlink(place->rotated);
	(void)rmdir(place->folder);
	free(place);
	return 0;
}

static void
append(const char *path, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	assert_int_equal(close(fd), 0);
}

static void
append_text(const char *path, const char *text)
{
	append(path, text, strlen(text));
}

static void
append_many(const char *path, char byte, size_t count)
{
	char *bytes = malloc(count);

	assert_non_null(bytes);
	memset(bytes, byte, count);
	append(path, bytes, count);
	free(bytes);
}

static struct reader *
read_new(const char *path)
{
	struct reader *reader = calloc(1, sizeof(*reader));

	assert_non_null(reader);
	reader_init(reader);
	assert_int_equal(reader_open(reader, path), LOG_FILE_OPEN);
	return reader;
}

static void
read_end(struct reader *reader)
{
	reader_close(reader);
	free(reader);
}

static void
expect_line(const char *sentence, struct reader *reader, const char *want)
{
	char got[LOG_LINE_MAX + 1];
	const char *line;
	size_t len;

	check_int(sentence, reader_line(reader, &line, &len), READER_LINE);
	memcpy(got, line, len);
	got[len] = '\0';
	check_text(sentence, got, want);
}

static void
expect(const char *sentence, struct reader *reader, enum reader_result want)
{
	const char *line;
	size_t len;

	check_int(sentence, reader_line(reader, &line, &len), want);
}

static void
a_line_is_taken_with_its_newline(void **state)
{
	struct place *place = *state;
	struct reader *reader;

	append_text(place->log, "one\n\nthr");
	reader = read_new(place->log);
	expect_line("the first", reader, "one");
	expect_line("an empty one", reader, "");
	expect("half a line", reader, READER_DRY);
	check_int("stands before it", reader->lines.offset, 5);
	append_text(place->log, "ee");
	expect("still half a line", reader, READER_DRY);
	append_text(place->log, "\nfour\n");
	expect_line("put together", reader, "three");
	expect_line("the next", reader, "four");
	expect("the end", reader, READER_DRY);
	check_int("stands at the end", reader->lines.offset, 16);
	read_end(reader);
}

static void
a_line_too_long_is_read_past(void **state)
{
	struct place *place = *state;
	struct reader *reader;
	const char *line;
	size_t len;

	append_text(place->log, "a\n");
	append_many(place->log, 'x', 1000000);
	append_text(place->log, "\nb\n");
	reader = read_new(place->log);
	expect_line("before it", reader, "a");
	check_int(
	    "of the long one", reader_line(reader, &line, &len), READER_LINE);
	check_int("the first bytes are given", (int64_t)len, LOG_LINE_MAX);
	check_int("stands behind it", reader->lines.offset, 1000003);
	expect_line("after it", reader, "b");
	read_end(reader);
}

static void
a_hole_before_a_line_is_left_out(void **state)
{
	struct place *place = *state;
	struct reader *reader;

	append_many(place->log, '\0', 100000);
	append_text(place->log, "a\n");
	append_many(place->log, '\0', 10);
	append_text(place->log, "b\n");
	reader = read_new(place->log);
	expect_line("behind a large hole", reader, "a");
	check_int("the hole counts", reader->lines.offset, 100002);
	expect_line("behind a small one", reader, "b");
	read_end(reader);
}

static void
a_file_that_changed_is_noticed(void **state)
{
	static const struct {
		const char *sentence, *before, *after;
		enum reader_result want;
	} rows[] = {
		{ "appended to", "a 1\nb 2\n", "a 1\nb 2\nc 3\n", READER_LINE },
		{ "as it was", "a 1\nb 2\n", "a 1\nb 2\n", READER_DRY },
		{ "truncated", "a 1\nb 2\n", "", READER_STRANGE },
		{ "truncated and grown again", "a 1\nb 2\n", "c 3\nd 4\ne 5\n",
		    READER_STRANGE },
		{ "truncated and grown to the same size", "a 1\nb 2\n",
		    "a 1\nc 3\n", READER_STRANGE },
		{ "with the same first bytes", "a 1\nb 2\n", "a 1\nc 3\nd\n",
		    READER_STRANGE },
		{ "with the same last line", "a 1\nb 2\n", "c 3\nb 2\nd 4\n",
		    READER_STRANGE },
		{ "half a line, which grew", "a 1\nb", "a 1\nb 2\n",
		    READER_LINE },
		{ "half a line, truncated", "a 1\nb 2", "a 1\n",
		    READER_STRANGE },
		{ "its only line, half", "a", "a 1\n", READER_LINE },
	};
	struct place *place = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reader *reader;
		const char *line;
		size_t len;

		append_text(place->log, rows[i].before);
		reader = read_new(place->log);
		while (reader_line(reader, &line, &len) == READER_LINE) {
		}
		assert_int_equal(truncate(place->log, 0), 0);
		append_text(place->log, rows[i].after);
		expect(rows[i].sentence, reader, rows[i].want);
		read_end(reader);
		assert_int_equal(unlink(place->log), 0);
	}
}

static void
a_file_is_known_before_its_first_line(void **state)
{
	struct place *place = *state;
	struct reader *reader;

	append_text(place->log, "a 1\nb 2\n");
	reader = read_new(place->log);
	assert_int_equal(truncate(place->log, 0), 0);
	expect("truncated", reader, READER_STRANGE);
	append_text(place->log, "c 3\nd 4\ne 5\n");
	expect("and grown", reader, READER_STRANGE);
	read_end(reader);
}

static void
dry_is_what_got_no_more(void **state)
{
	struct place *place = *state;
	struct reader *reader;

	append_text(place->log, "a\nb");
	reader = read_new(place->log);
	expect_line("a line", reader, "a");
	check_int("nobody looked", reader_is_dry(reader), false);
	expect("half a line", reader, READER_DRY);
	check_int("that is all", reader_is_dry(reader), true);
	append_text(place->log, "b");
	check_int("it got more", reader_is_dry(reader), false);
	expect("still no line", reader, READER_DRY);
	check_int("that is all again", reader_is_dry(reader), true);
	read_end(reader);
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
		struct reader *reader;

		append_text(place->log, rows[i].text);
		reader = read_new(place->log);
		check_int(rows[i].sentence, reader_go_to_end(reader), true);
		check_int(
		    rows[i].sentence, reader->lines.offset, rows[i].offset);
		check_int(
		    rows[i].sentence, (int64_t)reader->line_len, rows[i].line);
		read_end(reader);
		assert_int_equal(unlink(place->log), 0);
	}
}

/* ---- a log ---- */

static const unsigned char key[HASH_KEY_SIZE] = "0123456789abcde";

/* All lines there are now, one letter each, as one text. */
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
		}
		ticks += TAIL_LINGER;
	} while (tail_look(tail, 0, ticks) || tail_is_restless(tail));
	check_text(sentence, got, want);
}

/* Another one that goes on where the first stands. */
static struct tail *
heir(struct tail *tail, const char *path)
{
	struct tail *next = tail_new(path, false);
	struct position position;
	bool first = tail == NULL;

	assert_non_null(next);
	if (!first) {
		assert_true(tail_position(tail, &position));
		tail_free(tail);
	}
	tail_start(next, key, first ? NULL : &position, CONF_BACKFILL);
	return next;
}

static void
a_log_is_followed_through_rotations(void **state)
{
	struct place *place = *state;
	struct tail *tail = heir(NULL, place->log);

	expect_lines("nothing is there", tail, "");
	append_text(place->log, "a\nb\n");
	expect_lines("it appears", tail, "ab");
	append_text(place->log, "c\n");
	assert_int_equal(rename(place->log, place->rotated), 0);
	expect_lines("renamed", tail, "c");
	append_text(place->rotated, "d\n");
	expect_lines("and written to still", tail, "d");
	append_text(place->log, "e\n");
	expect_lines("the new one", tail, "e");
	assert_int_equal(truncate(place->log, 0), 0);
	append_text(place->log, "f\ng\n");
	expect_lines("truncated", tail, "fg");
	tail_free(tail);
}

static void
a_position_is_enough_to_go_on(void **state)
{
	struct place *place = *state;
	struct tail *tail = heir(NULL, place->log);

	append_text(place->log, "a\nb\n");
	expect_lines("the first run", tail, "ab");
	tail = heir(tail, place->log);
	append_text(place->log, "c\n");
	expect_lines("the second", tail, "c");
	tail = heir(tail, place->log);
	append_text(place->log, "d\n");
	assert_int_equal(rename(place->log, place->rotated), 0);
	append_text(place->log, "e\n");
	expect_lines("renamed meanwhile", tail, "de");
	tail = heir(tail, place->log);
	assert_int_equal(unlink(place->log), 0);
	expect_lines("removed", tail, "");
	append_text(place->log, "f\n");
	expect_lines("another one appears", tail, "f");
	tail = heir(tail, place->log);
	expect_lines("nothing twice", tail, "");
	tail_free(tail);
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
	check_int(sentence, tail->standing && !tail->dry, want);
}

static void
no_file_is_left_unread(void **state)
{
	struct place *place = *state;
	struct tail *tail = heir(NULL, place->log);
	struct log_line line;

	append_text(place->log, "a\n");
	expect_lines("the first", tail, "a");
	assert_int_equal(rename(place->log, place->rotated), 0);
	append_text(place->log, "b\n");
	expect_look("a new one is there", tail, 1, false);
	append_text(place->rotated, "c\n");
	expect_look("the old one got more", tail, 1 + TAIL_LINGER, true);
	check_int("it is in the old one still", tail->turns, 1);
	check_int("and has a line", tail_line(tail, &line), true);
	check_int("and no more", tail_line(tail, &line), false);
	expect_look("once more", tail, 2 * TAIL_LINGER, false);
	expect_look("now it is left", tail, 4 * TAIL_LINGER, true);
	assert_int_equal(unlink(place->rotated), 0);
	assert_int_equal(rename(place->log, place->rotated), 0);
	append_text(place->log, "d\n");
	expect_look("none was read", tail, 5 * TAIL_LINGER, true);
	expect_look("none was read yet", tail, 9 * TAIL_LINGER, true);
	expect_lines("all is read", tail, "bd");
	tail_free(tail);
}

/* That a compressed file is dry shows only where it is read. */
static void
no_compressed_file_is_left_unread(void **state)
{
	struct place *place = *state;
	struct tail *tail = heir(NULL, place->log);
	char name[128];
	gzFile zipped;

	(void)snprintf(name, sizeof(name), "%s/mail.log.1.gz", place->folder);
	append_text(place->log, "a\n");
	expect_lines("the first", tail, "a");
	tail = heir(tail, place->log);
	zipped = gzopen(name, "wb");
	assert_non_null(zipped);
	assert_int_equal(gzputs(zipped, "a\nb\nc\n"), 6);
	assert_int_equal(gzclose(zipped), Z_OK);
	assert_int_equal(unlink(place->log), 0);
	append_text(place->log, "d\n");
	expect_look("found again", tail, 1, true);
	expect_look("and not read yet", tail, 2, true);
	expect_look("nor now", tail, 3, true);
	check_int("turned to but once", tail->turns, 1);
	expect_lines("all of both", tail, "bcd");
	tail_free(tail);
	assert_int_equal(unlink(name), 0);
}

/* Turned to, and nothing read: the inode is no mark. */
static void
a_position_before_the_first_line_is_enough(void **state)
{
	struct place *place = *state;
	struct tail *tail = heir(NULL, place->log);
	char older[128];

	(void)snprintf(older, sizeof(older), "%s/mail.log.2", place->folder);
	append_text(place->log, "a\nb\n");
	expect_lines("the first", tail, "ab");
	assert_int_equal(rename(place->log, older), 0);
	append_text(place->log, "c\nd\n");
	expect_look("seen", tail, 1, false);
	expect_look("turned to", tail, 1 + TAIL_LINGER, true);
	tail = heir(tail, place->log);
	append_text(place->rotated, "c\nd\n");
	assert_int_equal(truncate(place->log, 0), 0);
	append_text(place->log, "e\n");
	expect_lines("copied and truncated", tail, "cde");
	tail_free(tail);
	assert_int_equal(unlink(older), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_marks_tell_which_file_goes_on),
		cmocka_unit_test(rotated_names_are_known),
		cmocka_unit_test(rotated_files_have_an_order),
		cmocka_unit_test_setup_teardown(
		    a_line_is_taken_with_its_newline, place_up, place_down),
		cmocka_unit_test_setup_teardown(
		    a_line_too_long_is_read_past, place_up, place_down),
		cmocka_unit_test_setup_teardown(
		    a_hole_before_a_line_is_left_out, place_up, place_down),
		cmocka_unit_test_setup_teardown(
		    a_file_that_changed_is_noticed, place_up, place_down),
		cmocka_unit_test_setup_teardown(
		    a_file_is_known_before_its_first_line, place_up,
		    place_down),
		cmocka_unit_test_setup_teardown(
		    dry_is_what_got_no_more, place_up, place_down),
		cmocka_unit_test_setup_teardown(
		    the_end_is_behind_the_last_whole_line, place_up,
		    place_down),
		cmocka_unit_test_setup_teardown(
		    a_log_is_followed_through_rotations, place_up, place_down),
		cmocka_unit_test_setup_teardown(
		    a_position_is_enough_to_go_on, place_up, place_down),
		cmocka_unit_test_setup_teardown(
		    no_file_is_left_unread, place_up, place_down),
		cmocka_unit_test_setup_teardown(
		    no_compressed_file_is_left_unread, place_up, place_down),
		cmocka_unit_test_setup_teardown(
		    a_position_before_the_first_line_is_enough, place_up,
		    place_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
