#include "check.h"

#include "core/kind.h"

static void
every_word_is_read_as_it_is_written(void **state)
{
	(void)state;
	for (int i = 0; i < KIND_COUNT; i++) {
		enum kind kind;

		assert_true(kind_parse(kind_name((enum kind)i), &kind));
		check_int(kind_name(kind), kind, i);
	}
	for (int i = 0; i < REASON_COUNT; i++) {
		enum reason reason;

		assert_true(reason_parse(reason_name((enum reason)i), &reason));
		check_int(reason_name(reason), reason, i);
	}
	for (int i = 0; i < STAGE_COUNT; i++) {
		enum stage stage;

		assert_true(stage_parse(stage_name((enum stage)i), &stage));
		check_int(stage_name(stage), stage, i);
	}
	for (int i = 0; i < SERVICE_COUNT; i++) {
		enum service service;

		assert_true(
		    service_parse(service_name((enum service)i), &service));
		check_int(service_name(service), service, i);
	}
}

static void
other_words_are_refused(void **state)
{
	static const char *const words[] = { "", "Spam", "spams", "errors",
		" spam", "spam " };
	enum kind kind;
	enum reason reason;
	enum stage stage;
	enum service service;

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		check_int(words[i], kind_parse(words[i], &kind), false);
		check_int(words[i], reason_parse(words[i], &reason), false);
		check_int(words[i], stage_parse(words[i], &stage), false);
		check_int(words[i], service_parse(words[i], &service), false);
	}
}

static void
the_vocabulary_is_complete(void **state)
{
	static const char *const kinds[] = { "spam", "virus", "complaint",
		"auth", "recipient", "sender", "helo", "command", "disconnect",
		"probe", "greylist", "relay", "volume" };
	static const char *const reasons[] = { "spam", "virus", "auth", "error",
		"recipient", "volume" };
	enum kind kind;
	enum reason reason;

	(void)state;
	check_int("kinds", COUNT(kinds), KIND_COUNT);
	check_int("reasons", COUNT(reasons), REASON_COUNT);
	for (size_t i = 0; i < COUNT(kinds); i++) {
		check_int(kinds[i], kind_parse(kinds[i], &kind), true);
	}
	for (size_t i = 0; i < COUNT(reasons); i++) {
		check_int(reasons[i], reason_parse(reasons[i], &reason), true);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_word_is_read_as_it_is_written),
		cmocka_unit_test(other_words_are_refused),
		cmocka_unit_test(the_vocabulary_is_complete),
	};

	return cmocka_run_group_tests_name("kind", tests, NULL, NULL);
}
