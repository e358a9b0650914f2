#include "check.h"

#include "milter/glance.h"

static void
within_a_millisecond(void **state)
{
	struct glance glance;

	(void)state;
	glance_init(&glance);
	check_int("nothing was seen yet", glance_has(&glance, 7, 100), false);
	glance_put(&glance, glance_begin(&glance), 7, 100);
	check_int("seen", glance_has(&glance, 7, 100), true);
	check_int("another version", glance_has(&glance, 8, 100), false);
	check_int("a millisecond later", glance_has(&glance, 7, 101), false);
	check_int("another handle's generation",
	    glance_has(&glance, 7 | INT64_C(1) << 32, 100), false);
}

static void
what_we_write_makes_it_void(void **state)
{
	struct glance glance;
	int64_t ticket;

	(void)state;
	glance_init(&glance);
	glance_put(&glance, glance_begin(&glance), 7, 100);
	glance_void(&glance);
	check_int("void", glance_has(&glance, 7, 100), false);
	ticket = glance_begin(&glance);
	glance_void(&glance);
	glance_put(&glance, ticket, 7, 100);
	check_int("an answer on its way is void, too",
	    glance_has(&glance, 7, 100), false);
	glance_put(&glance, glance_begin(&glance), 8, 100);
	check_int("a new one is not", glance_has(&glance, 8, 100), true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(within_a_millisecond),
		cmocka_unit_test(what_we_write_makes_it_void),
	};

	return cmocka_run_group_tests_name("glance", tests, NULL, NULL);
}
