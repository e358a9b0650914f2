#include "check.h"

#include "core/kind.h"
#include "core/reputation.h"

/* The words stand in databases and configurations: they never change. */
static const struct {
	const char *sentence;
	const struct words *words;
	const char *want; /* in the order of the values */
} rows[] = {
	{ "kinds", &kind_words,
	    "spam virus complaint auth recipient sender helo command "
	    "disconnect probe greylist relay volume" },
	{ "reasons", &reason_words, "spam virus auth error recipient volume" },
	{ "stages", &stage_words, "helo mail rcpt" },
	{ "services", &service_words, "any mx submission" },
	{ "limits", &limit_words, "connections messages hourly" },
};

static void
every_word_is_read_as_it_is_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *at = rows[i].want;

		for (unsigned n = 0; n < rows[i].words->count; n++) {
			const char *word = words_at(rows[i].words, n);
			unsigned value = 99;

			check_int(word, strncmp(at, word, strlen(word)), 0);
			at += strlen(word) + (at[strlen(word)] == ' ');
			assert_true(words_parse(rows[i].words, word, &value));
			check_int(word, value, n);
		}
		check_text(rows[i].sentence, at, "");
	}
}

static void
other_words_are_refused(void **state)
{
	static const char *const others[] = { "", "Spam", "spams", "errors",
		" spam", "spam ", "connection" };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t n = 0; n < COUNT(others); n++) {
			unsigned value = 99;

			check_int(others[n],
			    words_parse(rows[i].words, others[n], &value),
			    false);
			check_int("it is left alone", value, 99);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_word_is_read_as_it_is_written),
		cmocka_unit_test(other_words_are_refused),
	};

	return cmocka_run_group_tests_name("kind", tests, NULL, NULL);
}
