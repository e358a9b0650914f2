#include "rules_fixture.h"

#include "base/text.h"

/*
 * Real lines of real daemons, each labelled with what it means.  The same
 * lines come in the two forms of syslog, and taken apart as the journal has
 * them.  What is not labelled must be nothing, and 198.51.100.99, whom only
 * attackers name, must never be found.
 */
enum {
	LINES_MAX = 2000
};

struct label {
	char kind[16];
	char address[ADDR_TEXT_SIZE];
	int events;
};

struct corpus {
	const char *name;
	size_t lines;
	struct label label[LINES_MAX];
	char *old[LINES_MAX];
	char *iso[LINES_MAX];
};

static void
read_lines(const char *name, const char *what, char **lines, size_t count)
{
	char path[64];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s.%s", name, what);
	file = data_open(path);
	for (size_t i = 0; i < count; i++) {
		lines[i] = data_line(file);
		assert_non_null(lines[i]);
	}
	assert_null(data_line(file));
	assert_int_equal(fclose(file), 0);
}

static void
read_labels(struct corpus *corpus)
{
	char path[64];
	FILE *file;
	char *line;

	(void)snprintf(path, sizeof(path), "%s.labels.tsv", corpus->name);
	file = data_open(path);
	while ((line = data_line(file)) != NULL) {
		struct label *label = &corpus->label[corpus->lines];
		unsigned number;

		if (line[0] != '#') {
			assert_true(corpus->lines < LINES_MAX);
			assert_int_equal(
			    sscanf(line, "%u\t%15[^\t]\t%45[^\t]\t%d", &number,
				label->kind, label->address, &label->events),
			    4);
			corpus->lines++;
			assert_int_equal(number, corpus->lines);
		}
		free(line);
	}
	assert_int_equal(fclose(file), 0);
}

static struct corpus *
corpus_open(const char *name)
{
	struct corpus *corpus = calloc(1, sizeof(*corpus));

	assert_non_null(corpus);
	corpus->name = name;
	read_labels(corpus);
	assert_true(corpus->lines > 0);
	read_lines(name, "trad.log", corpus->old, corpus->lines);
	read_lines(name, "iso.log", corpus->iso, corpus->lines);
	return corpus;
}

static void
corpus_close(struct corpus *corpus)
{
	for (size_t i = 0; i < corpus->lines; i++) {
		free(corpus->old[i]);
		free(corpus->iso[i]);
	}
	free(corpus);
}

static void
check_label(const char *line, const struct label *label, bool found,
    const struct finding *finding)
{
	char address[ADDR_TEXT_SIZE];
	bool offence = found && finding->what == FINDING_OFFENCE;

	if (found) {
		addr_format(&finding->address, address);
		check_int(line, strcmp(address, "198.51.100.99") == 0, false);
	}
	check_text(
	    line, offence ? kind_name(finding->kind) : "none", label->kind);
	check_text(line, offence ? address : "-", label->address);
	check_int(line, offence ? finding->events : 0, label->events);
}

/* As the journal gives it: tag and time by themselves. */
static bool
match_parted(struct tried *tried, const char *line, struct finding *finding)
{
	const char *tag = line + strlen("Nov 21 23:44:51 mx ");
	size_t len = strcspn(tag, "[:");
	const char *text = strstr(tag, ": ");
	char copy[64];

	assert_non_null(text);
	assert_true(len < sizeof(copy));
	memcpy(copy, tag, len);
	copy[len] = '\0';
	return tried_match_bytes(
	    tried, copy, text + 2, strlen(text + 2), finding);
}

static void
check_corpus(struct tried *tried, const char *name)
{
	struct corpus *corpus = corpus_open(name);

	for (size_t i = 0; i < corpus->lines; i++) {
		struct finding old;
		struct finding iso;
		struct finding parted;
		bool found = tried_match(tried, corpus->old[i], &old);

		check_label(corpus->old[i], &corpus->label[i], found, &old);
		check_label(corpus->iso[i], &corpus->label[i],
		    tried_match(tried, corpus->iso[i], &iso), &iso);
		check_label(corpus->old[i], &corpus->label[i],
		    match_parted(tried, corpus->old[i], &parted), &parted);
		if (found) {
			check_int(corpus->iso[i], iso.at, old.at);
			check_int(corpus->old[i], parted.at, TRIED_AT);
			check_text(corpus->iso[i], iso.rule, old.rule);
			check_text(corpus->iso[i], iso.user, old.user);
			check_text(corpus->iso[i], iso.queue, old.queue);
		}
	}
	corpus_close(corpus);
}

static void
a_morning_of_a_mail_host(void **state)
{
	check_corpus(*state, "corpus");
}

static void
lines_of_other_versions_and_daemons(void **state)
{
	check_corpus(*state, "own");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_morning_of_a_mail_host),
		cmocka_unit_test(lines_of_other_versions_and_daemons),
	};

	return cmocka_run_group_tests_name(
	    "rules, corpus", tests, tried_up, tried_down);
}
