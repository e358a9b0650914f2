#include "conf_dir.h"

#include <fcntl.h>
#include <unistd.h>

/* The largest file that is read. */
#define HUGE_SIZE ((size_t)1 << 20)

/*
 * What is refused, and in which words.  Paths in the wanted errors are given
 * from the temporary folder on.
 */
struct bad {
	const char *sentence;
	const char *text;
	const char *want;
};

/* Load it with stderr in a file, where nothing may be said. */
static struct conf *
load_silently(const char *path, char error[static CONF_ERROR_SIZE])
{
	int kept = dup(STDERR_FILENO);
	int file = open(
	    conf_dir_path("stderr"), O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct stat status;
	struct conf *conf;

	assert_true(kept >= 0 && file >= 0);
	assert_int_equal(dup2(file, STDERR_FILENO), STDERR_FILENO);
	conf = conf_load(path, error);
	assert_int_equal(dup2(kept, STDERR_FILENO), STDERR_FILENO);
	assert_int_equal(fstat(file, &status), 0);
	assert_int_equal(status.st_size, 0);
	assert_int_equal(close(file) | close(kept), 0);
	return conf;
}

static void
check_refused(const struct bad *row, const char *path)
{
	char error[CONF_ERROR_SIZE];
	struct conf *conf = load_silently(path, error);

	if (conf != NULL) {
		conf_drop(conf);
		fail_msg("%s: it was taken", row->sentence);
	}
	conf_dir_shorten(error);
	check_text(row->sentence, error, row->want);
	/* The library's scanner is one for all: it must be fit again. */
	conf_dir_write("good.conf", "mode = observe\n");
	conf = conf_load(conf_dir_path("good.conf"), error);
	if (conf == NULL) {
		fail_msg("after %s: %s", row->sentence, error);
	}
	conf_drop(conf);
}

static void
check_rows(const struct bad *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		conf_dir_write("v.conf", rows[i].text);
		check_refused(&rows[i], conf_dir_path("v.conf"));
	}
}

static const struct bad malformed[] = {
	{ "an unknown key", "mode = observe\nmoed = enforce\n",
	    "v.conf:2:1: unknown \"moed\", did you mean \"mode\"?" },
	{ "an unknown key in a section", "\nweb {\n\n port = 1 }",
	    "v.conf:4:2: unknown \"port\"" },
	{ "an unknown section", "mliter { }",
	    "v.conf:1:1: unknown \"mliter\", did you mean \"milter\"?" },
	{ "a key of another section", "listen = 127.0.0.1:1",
	    "v.conf:1:1: listen belongs in a section, such as milter" },
	{ "the library's own way into a section",
	    "\"web|listen\" = 127.0.0.1:1",
	    "v.conf:1:1: unknown \"web|listen\"" },
	{ "a key twice", "mode = observe\n# no\nmode = observe\n",
	    "v.conf:3:1: mode is given twice, first in line 1" },
	{ "a key of a section twice", "keep {\nbans = 1d\n\nbans = 2d }",
	    "v.conf:4:1: bans is given twice, first in line 2" },
	{ "a list twice", "allow = {192.0.2.1}\nallow = {192.0.2.2}",
	    "v.conf:2:1: allow is given twice, first in line 1" },
	{ "a list with a default twice",
	    "submission-ports = {25}\nsubmission-ports = {26}",
	    "v.conf:2:1: submission-ports is given twice, first in "
	    "line 1" },
	{ "a list that is emptied later",
	    "allow = {192.0.2.1}\nallow = {}\nmode = observe",
	    "v.conf:2:1: allow is given twice, first in line 1" },
	{ "an empty list that is given again",
	    "milter {\n spam-header = {}\n spam-header = {\"A: b\"} }",
	    "v.conf:3:2: spam-header is given twice, first in line 2" },
	{ "an empty list twice", "allow = { }\nallow = {\n}",
	    "v.conf:2:1: allow is given twice, first in line 1" },
	{ "a list that is added to and then given",
	    "allow += {192.0.2.1}\nallow = {192.0.2.2}",
	    "v.conf:2:1: allow is given twice, first in line 1" },
	{ "a section twice", "web { }\nweb {\n listen = 127.0.0.1:1\n}",
	    "v.conf:2:1: section web is given twice, first in line 1" },
	{ "an empty section twice", "web { }\nweb {\n}",
	    "v.conf:2:1: section web is given twice, first in line 1" },
	{ "no equal sign", "mode observe",
	    "v.conf:1:6: there is no = behind mode" },
	{ "no value", "\nmode =", "v.conf:2:7: mode has no value" },
	{ "a brace for a value", "mode = }", "v.conf:1:8: mode has no value" },
	{ "a list for a single value", "mode = {observe}",
	    "v.conf:1:8: mode has one value, not a list" },
	{ "a key of one value added to", "mode += observe",
	    "v.conf:1:6: += is for lists, and mode has one value" },
	{ "a section as a value", "web = 1",
	    "v.conf:1:5: section web begins with a brace: web { ... }" },
	{ "a section that does not end", "\nweb {\n\n",
	    "v.conf:2:5: a brace that opens here is never closed" },
	{ "a list that does not end", "mode = x\nallow = {\n",
	    "v.conf:1:8: mode = \"x\": must be enforce or observe\n"
	    "v.conf:2:9: a brace that opens here is never closed" },
	{ "a brace too many", "mode = observe\n}",
	    "v.conf:2:1: this brace closes nothing" },
	{ "a string that does not end", "\nuser = \"v\nmode = x\n",
	    "v.conf:2:8: a quote that begins here is never closed\n"
	    "v.conf:3:8: mode = \"x\": must be enforce or observe" },
	{ "the other quote does not end", "user = 'v\\'\n",
	    "v.conf:1:8: a quote that begins here is never closed" },
	{ "a comment that does not end", "mode = x\n\n/* never\n* /",
	    "v.conf:1:8: mode = \"x\": must be enforce or observe\n"
	    "v.conf:3:1: a comment that begins here is never closed" },
	{ "a control character", "mode = observe\n\aallow = {}",
	    "v.conf:2:1: a control character does not belong here" },
	{ "a forged line in a value", "user = \"a\nv.conf:9: b\"",
	    "v.conf:1:8: user = \"a?v.conf:9: b\": must be the name "
	    "of an account" },
};

static void
unknown_repeated_and_malformed_keys(void **state)
{
	(void)state;
	check_rows(malformed, COUNT(malformed));
}

#define NETS_8                                                                 \
	"192.0.2.1,192.0.2.2,192.0.2.3,192.0.2.4,192.0.2.5,192.0.2.6,"         \
	"192.0.2.7,192.0.2.8,"
#define NETS_64     NETS_8 NETS_8 NETS_8 NETS_8 NETS_8 NETS_8 NETS_8 NETS_8
#define LONG_40     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ITEMS_16    "a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,"
#define NO_NET      "must be an address or a network such as 192.0.2.0/24"
#define NO_URL      "must be plain ASCII without blanks, quotes and any of % ? # < >"
#define NO_DURATION "must be a duration such as 90s, 10m, 2h or 7d"
#define NO_LISTEN                                                              \
	"must be HOST:PORT, [IPV6]:PORT or unix:PATH, HOST an address or "     \
	"localhost"
#define NO_HEADER                                                              \
	"must be a header and the beginning of its value: \"Name: value\""

static const struct bad values[] = {
	{ "no file name", "database = \"\"",
	    "v.conf:1:12: database = \"\": must not be empty" },
	{ "a policy that is a path", "policy = ../x",
	    "v.conf:1:10: policy = \"../x\": must be 1 to 32 of a-z, "
	    "0-9 and '-'" },
	{ "an unknown mode", "mode = \"Enforce\"",
	    "v.conf:1:8: mode = \"Enforce\": must be enforce or "
	    "observe, did you mean \"enforce\"?" },
	{ "a name for a network", "\nallow = {192.0.2.1,\nlocalhost}",
	    "v.conf:3:1: allow = \"localhost\": " NO_NET },
	{ "193 networks", "allow = {" NETS_64 NETS_64 NETS_64 "192.0.2.9}",
	    "v.conf:1:1930: allow = \"192.0.2.9\": is one too many: "
	    "192 are the most" },
	{ "an account with a slash", "user = a/b",
	    "v.conf:1:8: user = \"a/b\": must be the name of an "
	    "account" },
	{ "an account's long name", "user = " LONG_40,
	    "v.conf:1:8: user = \"" LONG_40 "\": is too long" },
	{ "an address without @", "contact = postmaster",
	    "v.conf:1:11: contact = \"postmaster\": must be a mail "
	    "address" },
	{ "an address with markup", "contact = \"<a@b>\"",
	    "v.conf:1:11: contact = \"<a@b>\": must be a mail address" },
	{ "no URL", "lookup-url = postmaster.example.org",
	    "v.conf:1:14: lookup-url = \"postmaster.example.org\": must "
	    "be an http:// or https:// URL" },
	{ "a URL with a query", "lookup-url = \"http://a/?b\"",
	    "v.conf:1:14: lookup-url = \"http://a/?b\": " NO_URL },
	{ "a URL with %", "lookup-url = http://a/%41",
	    "v.conf:1:14: lookup-url = \"http://a/%41\": " NO_URL },
	{ "a URL with a blank", "lookup-url = 'http://a/ b'",
	    "v.conf:1:14: lookup-url = \"http://a/ b\": " NO_URL },
	{ "a URL of 167 characters",
	    "lookup-url = http://" LONG_40 LONG_40 LONG_40 LONG_40,
	    "v.conf:1:14: lookup-url = \"http://" LONG_40
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\": is too long" },
	{ "no port", "submission-ports = {smtp}",
	    "v.conf:1:21: submission-ports = \"smtp\": must be a port "
	    "from 1 to 65535" },
	{ "port 0", "submission-ports += {0}",
	    "v.conf:1:22: submission-ports = \"0\": must be a port from "
	    "1 to 65535" },
	{ "a word for a number", "client-ipv4 = all",
	    "v.conf:1:15: client-ipv4 = \"all\": must be a whole "
	    "number" },
	{ "an IPv4 length too small", "client-ipv4 = 7",
	    "v.conf:1:15: client-ipv4 = \"7\": is too small" },
	{ "an IPv4 length too large", "client-ipv4 = 33",
	    "v.conf:1:15: client-ipv4 = \"33\": is too large" },
	{ "an IPv6 length too small", "client-ipv6 = 15",
	    "v.conf:1:15: client-ipv6 = \"15\": is too small" },
	{ "an IPv6 length too large", "client-ipv6 = 129",
	    "v.conf:1:15: client-ipv6 = \"129\": is too large" },
	{ "an unknown source", "sources {\nspam = log }",
	    "v.conf:2:8: spam = \"log\": must be milter, watch or "
	    "none" },
	{ "a duration without unit", "keep { events = 30 }",
	    "v.conf:1:17: events = \"30\": " NO_DURATION },
	{ "a word for a duration", "keep { audit = always }",
	    "v.conf:1:16: audit = \"always\": " NO_DURATION },
	{ "a socket nowhere", "milter { listen = 8890 }",
	    "v.conf:1:19: listen = \"8890\": must be unix:PATH, "
	    "inet:PORT@HOST or inet6:PORT@HOST" },
	{ "a socket's path from here", "milter { listen = unix:a }",
	    "v.conf:1:19: listen = \"unix:a\": a socket's path must "
	    "begin with / and be plain" },
	{ "a socket's path of 108 characters",
	    "milter { listen = /" LONG_40 LONG_40
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaa }",
	    "v.conf:1:19: listen = \"/" LONG_40
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\": a socket's "
	    "path must be shorter than 108 characters" },
	{ "a milter's port too large", "milter{listen=inet:65536@a}",
	    "v.conf:1:15: listen = \"inet:65536@a\": needs a port from "
	    "1 to 65535" },
	{ "a milter without its host", "milter{listen=inet6:25@}",
	    "v.conf:1:15: listen = \"inet6:25@\": needs a host or an "
	    "address behind the @" },
	{ "a mode that is not octal", "milter { socket-mode = 0689 }",
	    "v.conf:1:24: socket-mode = \"0689\": must be octal, such "
	    "as 0660" },
	{ "a mode that shuts the owner out", "milter { socket-mode = 0060 }",
	    "v.conf:1:24: socket-mode = \"0060\": must be from 0600 to "
	    "0777, open to the owner" },
	{ "a mode too large", "milter { socket-mode = 1660 }",
	    "v.conf:1:24: socket-mode = \"1660\": must be from 0600 to "
	    "0777, open to the owner" },
	{ "a group with a blank", "milter { socket-group = \"a b\" }",
	    "v.conf:1:25: socket-group = \"a b\": must be the name of "
	    "an account" },
	{ "an unknown way out", "milter { on-error = reject }",
	    "v.conf:1:21: on-error = \"reject\": must be accept or "
	    "tempfail" },
	{ "a header without value",
	    "milter { spam-header = {\"X-Spam-Flag\"} }",
	    "v.conf:1:25: spam-header = \"X-Spam-Flag\": " NO_HEADER },
	{ "a header with nothing behind its colon",
	    "milter { virus-header = {\"X-Virus: \"} }",
	    "v.conf:1:26: virus-header = \"X-Virus: \": " NO_HEADER },
	{ "a page on a bare port", "web { listen = 8025 }",
	    "v.conf:1:16: listen = \"8025\": " NO_LISTEN },
	{ "a page on a name", "web { listen = example.org:80 }",
	    "v.conf:1:16: listen = \"example.org:80\": " NO_LISTEN },
	{ "a page on IPv6 without brackets", "web { listen = ::1:80 }",
	    "v.conf:1:16: listen = \"::1:80\": " NO_LISTEN },
	{ "metrics on port 65536", "web{metrics-listen=127.0.0.1:65536}",
	    "v.conf:1:20: metrics-listen = \"127.0.0.1:65536\": " NO_LISTEN },
	{ "a proxy's name", "web { trusted-proxies = {proxy} }",
	    "v.conf:1:26: trusted-proxies = \"proxy\": " NO_NET },
	{ "a journal from here", "watch { journal = log }",
	    "v.conf:1:19: journal = \"log\": must be yes, no or a path "
	    "that begins with /" },
	{ "33 units", "watch { units = {" ITEMS_16 ITEMS_16 "b} }",
	    "v.conf:1:82: units = \"b\": is one too many: 32 are the "
	    "most" },
	{ "a log from here", "watch { files = {mail.log} }",
	    "v.conf:1:18: files = \"mail.log\": must be a path that "
	    "begins with /" },
	{ "a beginning in the past", "watch { start = yesterday }",
	    "v.conf:1:17: start = \"yesterday\": must be now or backfill" },
	{ "rules nowhere", "watch { rules = '' }",
	    "v.conf:1:17: rules = \"\": must not be empty" },
};

static void
values_of_the_wrong_kind(void **state)
{
	(void)state;
	check_rows(values, COUNT(values));
}

static void
included_files_say_their_own_name_and_line(void **state)
{
	static const struct bad rows[] = {
		{ "an error in an included file", "\ninclude(\"bad.conf\")\n",
		    "bad.conf:3:8: mode = \"x\": must be enforce or observe" },
		{ "an error behind an include",
		    "include(\"fine.conf\")\n\nmoed = x",
		    "v.conf:3:1: unknown \"moed\", did you mean \"mode\"?" },
		{ "a key that both give", "user = a\ninclude(\"fine.conf\")",
		    "fine.conf:3:1: user is given twice, first in v.conf:1" },
		{ "a section that both give",
		    "include(\"fine.conf\")\n\nweb { listen = localhost:1 }",
		    "v.conf:3:1: section web is given twice, first in "
		    "fine.conf:1" },
		{ "a file that is not there", "\ninclude(\"none.conf\")",
		    "v.conf:2:1: include(\"none.conf\"): No such file or "
		    "directory" },
		{ "a folder", "include(\"policies\")",
		    "v.conf:1:1: include(\"policies\"): is a folder, not a "
		    "file" },
		{ "a file that includes itself", "include(\"self.conf\")",
		    "self.conf:2:1: files include one another too deeply" },
		{ "a file with two of itself", "include(\"twice.conf\")",
		    "twice.conf:1:1: files include one another too deeply" },
		{ "no file's name", "include(\"\")",
		    "v.conf:1:9: include takes the name of one file" },
		{ "two files' names", "include(\"a\", \"b\")",
		    "v.conf:1:12: include takes the name of one file" },
		{ "an include in a section", "web { include(\"fine.conf\") }",
		    "v.conf:1:7: unknown \"include\"" },
		{ "a brace left open in it",
		    "include(\"open.conf\")\nlisten = localhost:1 }",
		    "open.conf:1:5: a brace that opens here is never closed" },
	};

	(void)state;
	conf_dir_write("bad.conf", "# one\n/* two */\nmode = x\n");
	conf_dir_write("fine.conf", "web { }\n\nuser = b\n");
	conf_dir_write("self.conf", "\ninclude(\"self.conf\")\n");
	conf_dir_write(
	    "twice.conf", "include(\"twice.conf\")\ninclude(\"twice.conf\")\n");
	conf_dir_write("open.conf", "web {\n");
	check_rows(rows, COUNT(rows));
}

static void
too_many_included_files(void **state)
{
	static const struct bad row = { "65 files", "",
		"v.conf:65:1: too many files are included" };
	FILE *file = fopen(conf_dir_path("v.conf"), "w");

	(void)state;
	assert_non_null(file);
	conf_dir_write("empty.conf", "\n");
	for (int i = 0; i < 65; i++) {
		assert_true(fputs("include(\"empty.conf\")\n", file) >= 0);
	}
	assert_int_equal(fclose(file), 0);
	check_refused(&row, conf_dir_path("v.conf"));
}

static void
files_that_are_no_text(void **state)
{
	static const struct bad rows[] = {
		{ "a missing file", "none.conf",
		    "none.conf: No such file or directory" },
		{ "a file below a file", "v.conf/x",
		    "v.conf/x: Not a directory" },
		{ "a folder", "policies", "policies: is a folder, not a file" },
		{ "a pipe", "pipe", "pipe: is not a regular file" },
		{ "a NUL byte", "nul.conf",
		    "nul.conf: holds a NUL byte and is no text" },
		{ "a byte more than 1 MiB", "huge.conf",
		    "huge.conf: is larger than 1 MiB" },
	};
	char *huge = malloc(HUGE_SIZE + 1);
	char error[CONF_ERROR_SIZE];
	struct conf *conf;

	(void)state;
	assert_non_null(huge);
	memset(huge, '\n', HUGE_SIZE + 1);
	conf_dir_write("v.conf", "");
	conf_dir_write_bytes("huge.conf", huge, HUGE_SIZE + 1);
	conf_dir_write_bytes("nul.conf", "mode = x\0", 9);
	assert_int_equal(mkfifo(conf_dir_path("pipe"), 0600), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		check_refused(&rows[i], conf_dir_path(rows[i].text));
	}
	conf_dir_write_bytes("huge.conf", huge, HUGE_SIZE);
	free(huge);
	conf = conf_load(conf_dir_path("huge.conf"), error);
	assert_non_null(conf); /* 1 MiB is not too much */
	conf_drop(conf);
}

static void
a_file_one_may_not_read(void **state)
{
	char error[CONF_ERROR_SIZE];
	uid_t self = geteuid();
	struct conf *conf;

	(void)state;
	conf_dir_write("v.conf", "");
	assert_int_equal(chmod(conf_dir_path("v.conf"), 0), 0);
	if (self == 0) {
		assert_int_equal(seteuid(65534), 0);
	}
	conf = conf_load(conf_dir_path("v.conf"), error);
	assert_int_equal(seteuid(self), 0);
	assert_int_equal(chmod(conf_dir_path("v.conf"), 0600), 0);
	assert_null(conf);
	conf_dir_shorten(error);
	check_text("no right to read", error, "v.conf: Permission denied");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_repeated_and_malformed_keys),
		cmocka_unit_test(values_of_the_wrong_kind),
		cmocka_unit_test(included_files_say_their_own_name_and_line),
		cmocka_unit_test(too_many_included_files),
		cmocka_unit_test(files_that_are_no_text),
		cmocka_unit_test(a_file_one_may_not_read),
	};

	return cmocka_run_group_tests_name(
	    "conf_bad", tests, conf_dir_make, conf_dir_remove);
}
