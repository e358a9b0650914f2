/*
 * What is refused in configurations and policies, and in which words: most of
 * it stands in tests/data/conf.cases.  Paths in errors are given from the
 * temporary folder on.
 */
#include "conf_dir.h"
#include "rows.h"

#include <fcntl.h>
#include <unistd.h>

/* The largest file that is read. */
#define HUGE_SIZE ((size_t)1 << 20)

static char error[CONF_ERROR_SIZE];

/* Load a file of the folder; NULL with `error`. */
static struct conf *
load(const char *name)
{
	struct conf *conf = conf_load(conf_dir_path(name), error);

	conf_dir_shorten(error);
	return conf;
}

static void
check_refused(const char *sentence, const char *name, const char *want)
{
	if (load(name) != NULL) {
		fail_msg("%s: it was taken", sentence);
	}
	check_text(sentence, error, want);
}

/* ---- the cases ---- */

/* Where the next case begins, or the end. */
static char *
next_case(char *from)
{
	char *at = strstr(from, "\n== ");

	return at != NULL ? at + 1 : from + strlen(from);
}

/* Take the lines that begin with "-> " out of a text: they are `want`. */
static void
split_case(char *text, char want[static CONF_ERROR_SIZE])
{
	const bool empty = strncmp(text, "-> ", 3) == 0;
	char *wrong = empty ? text - 1 : strstr(text, "\n-> ");
	size_t len = 0;

	while (wrong != NULL) {
		const char *line = wrong + 4;
		const size_t size = strcspn(line, "\n");

		*wrong = '\0';
		want[len] = '\n';
		memcpy(want + len + (len > 0), line, size);
		len += size + (len > 0);
		wrong = strncmp(line + size, "\n-> ", 4) == 0
			    ? (char *)(uintptr_t)(line + size)
			    : NULL;
	}
	want[len] = '\0';
	*text = empty ? '\0' : *text;
}

/* "== conf: SENTENCE" or "== policy: SENTENCE", the text, its errors and a
 * blank line. */
static void
check_case(char *at)
{
	char *sentence = strchr(at, ':') + 2;
	char *text = strchr(at, '\n') + 1;
	char want[CONF_ERROR_SIZE];
	struct policy policy;
	struct conf *conf;
	bool taken;

	text[-1] = '\0';
	split_case(text, want);
	if (strncmp(at, "== policy", 9) == 0) {
		conf_dir_write("policies/v.conf", text);
		taken = conf_policy(
		    "v", conf_dir_path("videur.conf"), &policy, error);
		conf_dir_shorten(error);
	} else {
		conf_dir_write("v.conf", text);
		conf = load("v.conf");
		taken = conf != NULL;
		conf_drop(conf);
	}
	check_text(sentence, error, want);
	check_int(sentence, taken, *want == '\0' || strstr(want, " warning:"));
}

static void
every_case(void **state)
{
	static char cases[1 << 18];
	FILE *file = fopen("tests/data/conf.cases", "r");
	size_t len;
	int count = 0;

	(void)state;
	assert_non_null(file);
	len = fread(cases, 1, sizeof(cases) - 1, file);
	assert_int_equal(fclose(file), 0);
	assert_true(len > 0 && len < sizeof(cases) - 1);
	for (char *at = next_case(cases); *at != '\0';) {
		char *end = next_case(at);

		end[-1] = '\0'; /* for the blank line */
		check_case(at);
		at = end;
		count++;
	}
	assert_true(count > 200);
}

/* ---- files ---- */

static void
included_files_say_their_own_name_and_line(void **state)
{
	struct rows rows;

	(void)state;
	conf_dir_write("bad.conf", "# one\n/* two */\nmode = x\n");
	conf_dir_write("fine.conf", "web { }\n\nuser = b\n");
	conf_dir_write("self.conf", "\ninclude(\"self.conf\")\n");
	conf_dir_write(
	    "twice.conf", "include(\"twice.conf\")\ninclude(\"twice.conf\")\n");
	conf_dir_write("open.conf", "web {\n");
	rows_open(&rows, "conf.rows", "included");
	while (rows_next(&rows)) {
		conf_dir_write("v.conf", rows.field[0]);
		check_refused(rows.sentence, "v.conf", rows.field[1]);
	}
}

static void
too_much_of_everything(void **state)
{
	FILE *file = fopen(conf_dir_path("v.conf"), "w");
	const char *last;

	(void)state;
	assert_non_null(file);
	conf_dir_write("empty.conf", "\n");
	for (int i = 0; i < 65; i++) {
		assert_true(fputs("include(\"empty.conf\")\n", file) >= 0);
	}
	assert_int_equal(fclose(file), 0);
	check_refused(
	    "65 files", "v.conf", "v.conf:65:1: too many files are included");
	file = fopen(conf_dir_path("v.conf"), "w");
	assert_non_null(file);
	for (int i = 0; i < 1000; i++) {
		assert_true(fputs("web { rate = x }\n", file) >= 0);
	}
	assert_int_equal(fclose(file), 0);
	assert_null(load("v.conf"));
	last = strrchr(error, '\n');
	assert_non_null(last);
	check_text("a thousand errors", last + 1, "v.conf: 980 more errors");
}

static void
files_that_are_no_text(void **state)
{
	struct rows rows;
	char *huge = malloc(HUGE_SIZE + 1);
	struct conf *conf;

	(void)state;
	assert_non_null(huge);
	memset(huge, '\n', HUGE_SIZE + 1);
	conf_dir_write("v.conf", "");
	conf_dir_write_bytes("huge.conf", huge, HUGE_SIZE + 1);
	conf_dir_write_bytes("nul.conf", "mode = x\0", 9);
	conf_dir_write("bell.conf", "mode = observe\n\aallow = {}");
	conf_dir_write("latin.conf", "web { site-name = \"Soci\xe9t\xe9\" }");
	assert_int_equal(mkfifo(conf_dir_path("pipe"), 0600), 0);
	rows_open(&rows, "conf.rows", "no text");
	while (rows_next(&rows)) {
		check_refused(rows.sentence, rows.field[0], rows.field[1]);
	}
	conf_dir_write_bytes("huge.conf", huge, HUGE_SIZE);
	free(huge);
	conf = load("huge.conf");
	assert_non_null(conf); /* 1 MiB is not too much */
	conf_drop(conf);
}

static void
a_file_that_may_not_be_read(void **state)
{
	uid_t self = geteuid();
	struct conf *conf;

	(void)state;
	conf_dir_write("v.conf", "");
	assert_int_equal(chmod(conf_dir_path("v.conf"), 0), 0);
	if (self == 0) {
		assert_int_equal(seteuid(65534), 0);
	}
	conf = load("v.conf");
	assert_int_equal(seteuid(self), 0);
	assert_int_equal(chmod(conf_dir_path("v.conf"), 0600), 0);
	assert_null(conf);
	check_text("no right to read", error, "v.conf: Permission denied");
}

/* ---- policies ---- */

static void
more_than_32_rules(void **state)
{
	struct policy policy;
	FILE *file = fopen(conf_dir_path("policies/many.conf"), "w");

	(void)state;
	assert_non_null(file);
	for (int i = 1; i <= 33; i++) {
		if (i == 33) {
			assert_int_equal(fflush(file), 0);
			assert_true(conf_policy("many",
			    conf_dir_path("videur.conf"), &policy, error));
			check_int("32 rules", (int64_t)policy.rules, 32);
		}
		assert_true(fprintf(file,
				"rule r%d { events = {spam} limit = 1 "
				"within = 1h reason = spam ban = {} "
				"reply = \"550 5.7.1 No\" }\n",
				i) > 0);
	}
	assert_int_equal(fclose(file), 0);
	assert_false(
	    conf_policy("many", conf_dir_path("videur.conf"), &policy, error));
	conf_dir_shorten(error);
	check_text("33 rules", error,
	    "policies/many.conf:33:1: there are more than 32 rules");
}

static void
policies_that_are_not_there(void **state)
{
#define NO_NAME "a policy's name is 1 to 32 of a-z, 0-9 and '-'"
	struct rows rows;
	struct policy policy;

	(void)state;
	assert_int_equal(mkdir(conf_dir_path("policies/folder.conf"), 0700), 0);
	rows_open(&rows, "conf.rows", "no policy");
	while (rows_next(&rows)) {
		assert_false(conf_policy(rows.field[0],
		    conf_dir_path("videur.conf"), &policy, error));
		conf_dir_shorten(error);
		rows_check(&rows, 1, error);
	}
	conf_dir_write("videur.conf", "mode = observe\npolicy = nosuch\n");
	check_refused("named by the configuration", "videur.conf",
	    "videur.conf:2:10: no policy \"nosuch\": there is no "
	    "policies/nosuch.conf, and none of that name is built in");
	conf_dir_write("policies/bad.conf", "\nrule a { limit = x }");
	conf_dir_write("videur.conf", "policy = bad\n");
	check_refused("a wrong one that is named", "videur.conf",
	    "policies/bad.conf:2:18: limit = \"x\": must be a whole number");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case),
		cmocka_unit_test(included_files_say_their_own_name_and_line),
		cmocka_unit_test(too_much_of_everything),
		cmocka_unit_test(files_that_are_no_text),
		cmocka_unit_test(a_file_that_may_not_be_read),
		cmocka_unit_test(more_than_32_rules),
		cmocka_unit_test(policies_that_are_not_there),
	};

	return cmocka_run_group_tests_name(
	    "conf_error", tests, conf_dir_make, conf_dir_remove);
}
