#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "logs/log_file.h"

static char folder[] = "/tmp/videur-logs-XXXXXX";

static int
make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL;
}

static int
remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

/* A file with `count` lines, "0" and so on; compressed in two members. */
static const char *
write_log(bool compressed, int count)
{
	static char path[64];

	(void)snprintf(path, sizeof(path), "%s/log", folder);
	(void)remove(path);
	for (int half = 0; half < 2; half++) {
		gzFile file = gzopen(path, compressed ? "ab" : "abT");

		assert_non_null(file);
		for (int i = half * count / 2; i < (half + 1) * count / 2;
		     i++) {
			assert_true(gzprintf(file, "%07d\n", i) == 8);
		}
		assert_int_equal(gzclose(file), Z_OK);
	}
	return path;
}

static void
bytes_are_read_at_any_offset(void **state)
{
	static const int64_t offsets[] = { 0, 8, 8 * 9999, 8 * 5000 - 4,
		8 * 4990, 8, 8 * 9000, 0 };

	(void)state;
	for (int compressed = 0; compressed < 2; compressed++) {
		const char *path = write_log(compressed, 10000);
		struct log_file file;
		char bytes[16];

		assert_int_equal(
		    log_file_open(&file, path, LOG_FILE_PACKED), LOG_FILE_OPEN);
		check_int(
		    path, log_file_stat(&file).size, compressed ? -1 : 80000);
		for (size_t i = 0; i < COUNT(offsets); i++) {
			char want[48];
			int64_t at = offsets[i];
			size_t len = at == 8 * 9999 ? 8 : 16;

			(void)snprintf(want, sizeof(want), "%07d\n%07d\n%07d\n",
			    (int)(at / 8), (int)(at / 8) + 1,
			    (int)(at / 8) + 2);
			assert_true(log_file_read_all(&file, at, bytes, len));
			assert_memory_equal(bytes, want + at % 8, len);
		}
		assert_false(log_file_read_all(&file, 79990, bytes, 11));
		assert_int_equal(log_file_read(&file, 80000, bytes, 1), 0);
		log_file_close(&file);
		assert_int_equal(remove(path), 0);
	}
}

static void
what_is_no_log_is_told_apart(void **state)
{
	struct log_file file;
	char error[LOG_ERROR_SIZE];

	(void)state;
	check_int("a folder", log_file_open(&file, folder, LOG_FILE_PLAIN),
	    LOG_FILE_STRANGE);
	check_int("a device", log_file_open(&file, "/dev/null", LOG_FILE_PLAIN),
	    LOG_FILE_STRANGE);
	check_int("none", log_file_open(&file, "/none/log", LOG_FILE_PLAIN),
	    LOG_FILE_MISSING);
	assert_null(log_reader_open(folder, error));
	check_text("a folder", error + strlen(folder), ": is a folder");
}

/* ---- lines ---- */

static void
add(struct line_buffer *lines, const char *bytes, size_t len)
{
	while (len > 0) {
		size_t room;
		char *to = line_buffer_room(lines, &room);

		assert_true(room > 0);
		room = room < len ? room : len;
		memcpy(to, bytes, room);
		line_buffer_add(lines, room);
		bytes += room;
		len -= room;
	}
}

static void
lines_come_out_whole_with_their_offsets(void **state)
{
	static const struct {
		const char *sentence;
		char fill; /* what it begins with, so often */
		size_t filled;
		const char *rest;
		size_t len;  /* of the line that is given */
		size_t last; /* bytes of it and its newline that are whole */
	} rows[] = {
		{ "a line", 0, 0, "abc\n", 3, 4 },
		{ "an empty line", 0, 0, "\n", 0, 1 },
		{ "zeros before a line are left out", '\0', 10, "abc\n", 3,
		    14 },
		{ "a hole larger than the buffer", '\0', 100000, "abc\n", 3,
		    0 },
		{ "a line cut short", 'x', 9000, "abc\n", LOG_LINE_MAX, 9004 },
		{ "a line larger than the buffer", 'x', 100000, "abc\n",
		    LOG_LINE_MAX, 0 },
	};
	struct line_buffer *lines = malloc(sizeof(*lines));
	int64_t offset = 7;
	const char *text;
	size_t len;

	(void)state;
	assert_non_null(lines);
	line_buffer_begin(lines, offset);
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *fill = calloc(1, rows[i].filled + 1);

		assert_non_null(fill);
		memset(fill, rows[i].fill, rows[i].filled);
		add(lines, fill, rows[i].filled);
		free(fill);
		assert_false(line_buffer_next(lines, false, &text, &len));
		add(lines, rows[i].rest, strlen(rows[i].rest));
		offset += (int64_t)(rows[i].filled + strlen(rows[i].rest));
		check_int(rows[i].sentence, line_buffer_read_to(lines), offset);
		assert_true(line_buffer_next(lines, false, &text, &len));
		check_int(rows[i].sentence, (int64_t)len, (int64_t)rows[i].len);
		check_int(rows[i].sentence, lines->offset, offset);
		check_int(rows[i].sentence,
		    lines->bytes[lines->last + lines->last_len - 1], '\n');
		if (rows[i].last > 0) {
			check_int(rows[i].sentence, (int64_t)lines->last_len,
			    (int64_t)rows[i].last);
		}
	}
	assert_false(line_buffer_next(lines, true, &text, &len));
	add(lines, "end", 3);
	assert_true(line_buffer_next(lines, true, &text, &len));
	assert_memory_equal(text, "end", 3);
	check_int("behind the end", lines->offset, offset + 3);
	free(lines);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_read_at_any_offset),
		cmocka_unit_test(what_is_no_log_is_told_apart),
		cmocka_unit_test(lines_come_out_whole_with_their_offsets),
	};

	return cmocka_run_group_tests_name(
	    "logs", tests, make_folder, remove_folder);
}
