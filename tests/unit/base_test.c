/*
 * What all rooms share: files, endpoints, tables, words.
 */
#include "rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/endpoint.h"
#include "base/file.h"
#include "base/table.h"
#include "base/text.h"
#include "base/words.h"

static void
endpoints_of_every_form(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "texts.rows", "endpoints");
	while (rows_next(&rows)) {
		const enum endpoint_form form = rows.field[0][0] == 'm'
						    ? ENDPOINT_MILTER
						: rows.field[0][0] == 'p'
						    ? ENDPOINT_POSTFIX
						    : ENDPOINT_SERVER;
		struct endpoint at = { .port = 0 };
		char got[400];
		struct text text;
		const char *wrong = endpoint_parse(rows.field[1], form, &at);

		check_int(rows.sentence, wrong == NULL, rows.field[2] != NULL);
		if (wrong != NULL) {
			continue;
		}
		text_init(&text, got, sizeof(got));
		if (at.is_unix) {
			text_add(&text, at.path);
		} else {
			text_addf(&text, "%s %u", at.host, (unsigned)at.port);
		}
		rows_check(&rows, 2, got);
	}
}

static void
a_socket_s_path_has_an_end(void **state)
{
	char path[200] = "unix:/";
	struct endpoint at;

	(void)state;
	memset(path + 6, 'a', 106);
	path[6 + 106] = '\0';
	check_text("107 characters fit",
	    endpoint_parse(path, ENDPOINT_MILTER, &at) == NULL ? "" : "no", "");
	path[6 + 106] = 'a';
	check_text("108 do not", endpoint_parse(path, ENDPOINT_MILTER, &at),
	    "a socket's path must be shorter than 108 characters");
}

static void
the_folder_of_a_path(void **state)
{
	static const struct {
		const char *path, *folder, *beside;
	} rows[] = {
		{ "/a/b", "/a", "/a/c" },
		{ "/a", "/", "/c" },
		{ "a", ".", "c" },
		{ "a/b", "a", "a/c" },
	};
	char out[32];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_true(file_folder(rows[i].path, out, sizeof(out)));
		check_text(rows[i].path, out, rows[i].folder);
		assert_true(file_beside(rows[i].path, "c", out, sizeof(out)));
		check_text(rows[i].path, out, rows[i].beside);
	}
	assert_true(file_beside("/a/b", "/c", out, sizeof(out)));
	check_text("a whole path stands for itself", out, "/c");
	check_int("no room", file_folder("/abc/d", out, 4), false);
	check_int("no room", file_beside("/a/b", "cd", out, 5), false);
}

static void
files_read_whole(void **state)
{
	char folder[] = "/tmp/videur-base-XXXXXX";
	char path[64];
	char why[FILE_WHY_SIZE];
	char head[4];
	size_t len;
	char *text;
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/f", folder);
	assert_null(file_read(path, 10, NULL, why));
	check_int("there is none", errno, ENOENT);
	check_text("there is none", why, "No such file or directory");
	file = fopen(path, "we");
	assert_non_null(file);
	(void)fputs("0123456789", file);
	(void)fclose(file);
	text = file_read(path, 10, &len, why);
	assert_non_null(text);
	check_text("all of it", text, "0123456789");
	check_int("its length", (int64_t)len, 10);
	free(text);
	assert_null(file_read(path, 9, NULL, why));
	check_int("too large", errno, EFBIG);
	check_int("its head", (int64_t)file_read_head(path, head, 4), 3);
	check_text("its head", head, "012");
	assert_null(file_read(folder, 10, NULL, why));
	check_text("a folder", why, "is a folder, not a file");
	(void)unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(file_read(path, 10, NULL, why));
	check_text("a pipe is not waited for", why, "is not a regular file");
	text = file_read("/proc/self/status", 65536, &len, why);
	assert_non_null(text);
	check_int("a file that hides its size", len > 0, true);
	free(text);
	(void)unlink(path);
	(void)rmdir(folder);
}

struct number {
	uint32_t key;
	uint32_t group_end; /* the key's second half */
	int64_t value;
};

/* What a table of many rows has to hold, and what is left as they go. */
static void
tables_find_what_was_put(void **state)
{
	enum {
		MANY = 5000
	};
	struct table table;
	int64_t sum = 0;

	(void)state;
	table_init(&table, 8, sizeof(struct number), MANY);
	table_group(&table, 4);
	assert_null(table_find(&table, &(struct number){ .key = 1 }));
	for (uint32_t i = 0; i < MANY; i++) {
		struct number key = { i / 2, i % 2, 0 };
		bool added;
		struct number *row = table_add(&table, &key, &added);

		assert_non_null(row);
		check_int("it is new", added, true);
		check_int("and empty", row->value, 0);
		row->value = i;
		row = table_add(&table, &key, &added);
		check_int("it is there", added, false);
		check_int("as it was", row->value, i);
	}
	assert_null(table_add(&table, &(struct number){ .key = MANY }, NULL));
	/* Every third goes, from the last to the first. */
	for (size_t i = table.rows; i-- > 0;) {
		struct number *row = table_row(&table, i);

		check_int("its number", (int64_t)table_number(&table, row),
		    (int64_t)i);
		if (row->value % 3 == 0) {
			table_remove(&table, row);
		}
	}
	for (uint32_t i = 0; i < MANY; i++) {
		struct number key = { i / 2, i % 2, 0 };
		const struct number *row = table_find(&table, &key);

		check_int("what is left", row != NULL, i % 3 != 0);
		if (row != NULL) {
			check_int("its value", row->value, i);
		}
	}
	for (const struct number *row =
		 table_first(&table, &(struct number){ .key = 2 });
	     row != NULL; row = table_next(&table, row)) {
		sum += row->value;
	}
	check_int("4 and 5 are one group", sum, 9);
	table_clear(&table);
	assert_null(table_find(&table, &(struct number){ .key = 1 }));
	assert_non_null(table_add(&table, &(struct number){ .key = 1 }, NULL));
	table_clear(&table);
}

static void
words_and_their_places(void **state)
{
	static const char *const sources[] = { "milter", "watch", "none" };
	static const struct words words = WORDS_OF(sources);
	char buf[64];
	struct text text;

	(void)state;
	check_int("one", (int64_t)words_find(&words, "watch"), 1);
	check_int("none", (int64_t)words_find(&words, "Watch"), 3);
	text_init(&text, buf, sizeof(buf));
	words_list(&text, &words);
	check_text("as a list", buf, "milter, watch or none");
}

static void
what_was_meant(void **state)
{
	static const struct {
		const char *word;
		int more;
	} keys[] = { { "database", 1 }, { "mode", 2 }, { "allow", 3 },
		{ "no", 4 }, { "submission-ports", 5 } };
	static const struct words words = WORDS_OF(keys);
	static const struct {
		const char *sentence, *written, *want; /* NULL: none */
	} rows[] = {
		{ "a letter left out", "databse", "database" },
		{ "a letter too many", "modes", "mode" },
		{ "another letter", "alloy", "allow" },
		{ "two swapped", "moed", "mode" },
		{ "another case", "Allow", "allow" },
		{ "of a short one, too", "on", "no" },
		{ "another sign", "submission_ports", "submission-ports" },
		{ "too far away", "mongoose", NULL },
		{ "nothing", "", NULL },
		{ "longer than any word",
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *got = words_nearest(&words, rows[i].written);

		check_text(rows[i].sentence, got != NULL ? got : "none",
		    rows[i].want != NULL ? rows[i].want : "none");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endpoints_of_every_form),
		cmocka_unit_test(a_socket_s_path_has_an_end),
		cmocka_unit_test(the_folder_of_a_path),
		cmocka_unit_test(files_read_whole),
		cmocka_unit_test(tables_find_what_was_put),
		cmocka_unit_test(words_and_their_places),
		cmocka_unit_test(what_was_meant),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
