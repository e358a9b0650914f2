#include "rules_fixture.h"

#include <sys/stat.h>

#include "base/file.h"
#include "conf_dir.h"
#include "rows.h"

extern const struct embedded rule_files[];

#define AT "Nov 21 23:44:51 mx "

/* A rule that is as it should be but for what stands in ITEMS. */
#define RULE(name, items)                                                      \
	"rule \"" name "\" {\n about = \"x\"\n tags = {\"x\"}\n" items "}\n"
#define FINE " kind = auth\n match = 'bad {client}'\n"

static void
empty_folder(void)
{
	static const char *const names[] = { "a.rule", "b.rule", "z.rule",
		"dovecot.rule", "postfix-smtpd.rule", "note.txt",
		".hidden.rule" };

	for (size_t i = 0; i < COUNT(names); i++) {
		(void)remove(conf_dir_path(names[i]));
	}
}

/* ---- what is wrong ---- */

static void
a_wrong_file_is_refused_with_its_line(void **state)
{
	struct rows rows;
	char error[RULES_ERROR_SIZE];

	(void)state;
	rows_open(&rows, "rules.rows", "wrong");
	while (rows_next(&rows)) {
		empty_folder();
		conf_dir_write("a.rule", rows.field[0]);
		if (rules_load(conf_dir, error) != NULL) {
			fail_msg("%s: is let pass", rows.sentence);
		}
		conf_dir_shorten(error);
		rows_check(&rows, 1, error);
	}
}

static void
a_file_that_cannot_be_read_is_refused(void **state)
{
	char error[RULES_ERROR_SIZE];

	(void)state;
	empty_folder();
	assert_int_equal(mkdir(conf_dir_path("a.rule"), 0700), 0);
	assert_null(rules_load(conf_dir, error));
	conf_dir_shorten(error);
	assert_string_equal(error, "a.rule: is a folder, not a file");
	assert_null(rules_load("/dev/null", error));
	assert_string_equal(error, "/dev/null: Not a directory");
}

/* ---- what takes whose place ---- */

struct seen {
	size_t rules;
	size_t own;
	bool ordered;
	char last[128];
	char joined[4096];
};

static void
see_rule(void *to, const struct rules_info *info)
{
	struct seen *seen = to;

	seen->rules++;
	seen->own += strncmp(info->file, conf_dir, strlen(conf_dir)) == 0;
	(void)strncat(seen->joined, info->name,
	    sizeof(seen->joined) - strlen(seen->joined) - 2);
	(void)strncat(seen->joined, " ", 2);
	assert_true(info->about[0] != '\0');
	assert_true(info->tags[0] != '\0');
	assert_int_equal(
	    info->kind == KIND_COUNT, info->what != FINDING_OFFENCE);
}

static struct seen
see_all(const struct rules *rules)
{
	struct seen seen = { 0 };

	rules_each(rules, see_rule, &seen);
	return seen;
}

static void
a_folder_adds_to_the_shipped_rules(void **state)
{
	struct tried tried;
	struct seen shipped;
	struct seen seen;
	struct finding finding;

	(void)state;
	empty_folder();
	tried_load(&tried, NULL);
	shipped = see_all(tried.rules);
	assert_int_equal(shipped.own, 0);
	tried_free(&tried);

	tried_load(&tried, "/nonexistent/videur");
	assert_int_equal(see_all(tried.rules).rules, shipped.rules);
	tried_free(&tried);

	conf_dir_write("z.rule",
	    "source = \"mine\"\n"
	    "rule \"mine\" {\n about = \"a door bell\"\n tags = {\"bell*\"}\n"
	    " not-tags = {\"*front\"}\n kind = relay\n events = 3\n"
	    " match = {'ding {ip}', 'dong (?<events>\\d+)\n   \\ {ip}'}\n"
	    " not-match = '.*postman'\n}\n");
	conf_dir_write("note.txt", "no rule");
	conf_dir_write(".hidden.rule", "no rule");
	tried_load(&tried, conf_dir);
	seen = see_all(tried.rules);
	assert_int_equal(seen.rules, shipped.rules + 1);
	assert_int_equal(seen.own, 1);
	check_text("the last by name is the last tried",
	    seen.joined + strlen(seen.joined) - 5, "mine ");
	assert_true(
	    tried_match(&tried, AT "bell-back: ding 203.0.113.5", &finding));
	assert_string_equal(finding.source, "mine");
	assert_string_equal(finding.file, "z");
	assert_int_equal(finding.kind, KIND_RELAY);
	assert_int_equal(finding.events, 3);
	assert_true(
	    tried_match(&tried, AT "bell: dong 7 203.0.113.5", &finding));
	assert_int_equal(finding.events, 7);
	assert_false(
	    tried_match(&tried, AT "bell-front: ding 203.0.113.5", &finding));
	assert_false(tried_match(
	    &tried, AT "bell: ding 203.0.113.5 (postman)", &finding));
	assert_false(
	    tried_match(&tried, AT "bell: a ding 203.0.113.5", &finding));
	assert_false(
	    tried_match(&tried, AT "bell: dong 203.0.113.5", &finding));
	tried_free(&tried);
}

static void
a_file_of_the_same_name_takes_the_place(void **state)
{
	static const char line[] = AT
	    "dovecot: imap-login: Disconnected: Inactivity (auth failed, 2 "
	    "attempts in 9 secs): user=<joe>, method=PLAIN, "
	    "rip=203.0.113.5, lip=192.0.2.25, session=<x>";
	struct tried tried;
	struct finding finding;

	(void)state;
	empty_folder();
	conf_dir_write("dovecot.rule", "# none\n");
	tried_load(&tried, conf_dir);
	assert_false(tried_match(&tried, line, &finding));
	tried_free(&tried);

	conf_dir_write("dovecot.rule",
	    "rule \"dovecot-login-failed\" {\n about = \"x\"\n kind = auth\n"
	    " tags = \"dovecot\"\n match = 'imap-login: .* rip={ip}'\n}\n");
	tried_load(&tried, conf_dir);
	assert_true(tried_match(&tried, line, &finding));
	assert_int_equal(finding.events, 1);
	assert_string_equal(finding.source, "log");
	tried_free(&tried);
}

static void
the_first_that_matches_decides(void **state)
{
	static const char line[] = AT
	    "postfix/smtpd[9]: warning: h.test[203.0.113.5]: SASL LOGIN "
	    "authentication failed: x";
	struct tried tried;
	struct finding finding;

	(void)state;
	empty_folder();
	conf_dir_write("a.rule",
	    "rule \"phones\" {\n about = \"let them\"\n finding = nothing\n"
	    " tags = {\"*/smtpd\"}\n match = 'warning: h\\.test\\['\n}\n");
	tried_load(&tried, conf_dir);
	assert_false(tried_match(&tried, line, &finding));
	assert_true(tried_match(&tried,
	    AT "postfix/smtpd[9]: warning: i.test[203.0.113.5]: SASL LOGIN "
	       "authentication failed: x",
	    &finding));
	tried_free(&tried);

	empty_folder();
	conf_dir_write("z.rule",
	    "rule \"late\" {\n about = \"x\"\n finding = nothing\n"
	    " tags = {\"*/smtpd\"}\n match = 'warning: h\\.test\\['\n}\n");
	tried_load(&tried, conf_dir);
	assert_true(tried_match(&tried, line, &finding));
	tried_free(&tried);
}

/* The literal beginning by which lines are told apart must never keep out a
 * line that the pattern means. */
static void
a_first_look_keeps_nothing_out(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "rules.rows", "first look");
	while (rows_next(&rows)) {
		char text[512];
		char line[256];
		struct tried tried;
		struct finding finding;

		empty_folder();
		(void)snprintf(text, sizeof(text),
		    RULE("x", " kind = auth\n match = '%s'\n"), rows.field[0]);
		conf_dir_write("a.rule", text);
		tried_load(&tried, conf_dir);
		(void)snprintf(line, sizeof(line), AT "x: %s", rows.field[1]);
		rows_check_int(&rows, 2, tried_match(&tried, line, &finding));
		tried_free(&tried);
	}
}

/* This one would try more ways than there are stars. */
static void
a_slow_pattern_gives_up(void **state)
{
	struct tried tried;
	struct finding finding;
	char line[RULES_LINE_MAX];

	(void)state;
	empty_folder();
	conf_dir_write("a.rule",
	    RULE("x", " kind = auth\n match = '(?:(?:a|aa)+)+b {ip}'\n"));
	tried_load(&tried, conf_dir);
	memset(line, 'a', sizeof(line));
	memcpy(line, AT "x: ", strlen(AT) + 3);
	assert_false(
	    tried_match_bytes(&tried, NULL, line, sizeof(line), &finding));
	assert_true(tried_match(&tried, AT "x: aaaab 203.0.113.5", &finding));
	tried_free(&tried);
}

static void
too_many_patterns_are_refused(void **state)
{
	char error[RULES_ERROR_SIZE];
	char *text = malloc(200000);
	size_t len = 0;

	(void)state;
	assert_non_null(text);
	empty_folder();
	for (int i = 0; i < 600; i++) {
		len += (size_t)snprintf(text + len, 200000 - len,
		    "rule \"r%d\" { about = \"x\" tags = {\"x\"} kind = auth "
		    "match = 'a {ip}' }\n",
		    i);
	}
	conf_dir_write("a.rule", text);
	free(text);
	assert_null(rules_load(conf_dir, error));
	conf_dir_shorten(error);
	assert_string_equal(
	    error, "a.rule: with this file there are more than 512 patterns");
}

static void
every_shipped_file_is_in_it(void **state)
{
	static const char *const names[] = { "amavis.rule",
		"clamav-milter.rule", "dovecot.rule", "exim.rule",
		"journald.rule", "postfix-cleanup.rule",
		"postfix-postscreen.rule", "postfix-smtpd.rule",
		"rspamd-marked.rule", "rspamd.rule", "sendmail.rule",
		"spamass-milter.rule" };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		check_int(names[i], embedded_find(rule_files, names[i]) != NULL,
		    true);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wrong_file_is_refused_with_its_line),
		cmocka_unit_test(a_folder_adds_to_the_shipped_rules),
		cmocka_unit_test(a_file_of_the_same_name_takes_the_place),
		cmocka_unit_test(the_first_that_matches_decides),
		cmocka_unit_test(a_first_look_keeps_nothing_out),
		cmocka_unit_test(a_slow_pattern_gives_up),
		cmocka_unit_test(too_many_patterns_are_refused),
		cmocka_unit_test(every_shipped_file_is_in_it),
		cmocka_unit_test(a_file_that_cannot_be_read_is_refused),
	};

	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	tzset();
	return cmocka_run_group_tests_name(
	    "rules, loading", tests, conf_dir_make, conf_dir_remove);
}
