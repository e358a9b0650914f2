/*
 * What a client's last month makes of it, one sentence a row.
 */
#include "rows.h"

#include "core/reputation.h"

/* Good from 50 messages on with at most 1 in 100 bad; poor by 2 bans, or by 20
 * bad events that are half of all. */
static const struct reputation_scale scale = { .good_messages = 50,
	.good_ratio = 100,
	.poor_bans = 2,
	.poor_events = 20,
	.poor_ratio = 5000 };

/* Rows of numbers: accepted, bad, bans, and what they make. */
static void
check_reputation(const struct rows *rows, size_t from,
    const struct reputation_scale *its, enum kind kind)
{
	struct reputation_facts facts = { .tally = { .accepted = rows_number(
							 rows, from) },
		.bans = rows_number(rows, from + 2) };

	facts.tally.kind[kind] = rows_number(rows, from + 1);
	rows_check(rows, from + 3, reputation_name(reputation_of(its, &facts)));
}

static void
which_reputation(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "policy.rows", "reputations");
	while (rows_next(&rows)) {
		check_reputation(&rows, 0, &scale, KIND_RECIPIENT);
	}
}

static void
scales_without_a_condition(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "policy.rows", "scales");
	while (rows_next(&rows)) {
		const struct reputation_scale its = {
			.good_messages = rows_number(&rows, 0),
			.poor_bans = rows_number(&rows, 1),
			.poor_events = rows_number(&rows, 2),
			.poor_ratio = rows_number(&rows, 3)
		};

		check_reputation(&rows, 4, &its, KIND_SPAM);
	}
}

static void
which_events_are_bad(void **state)
{
	(void)state;
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		struct tally tally = { .sessions = 1, .accepted = 2 };

		tally.kind[kind] = 7;
		check_int(kind_name((enum kind)kind), reputation_bad(&tally),
		    kind == KIND_GREYLIST || kind == KIND_VOLUME ? 0 : 7);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(which_reputation),
		cmocka_unit_test(scales_without_a_condition),
		cmocka_unit_test(which_events_are_bad),
	};

	return cmocka_run_group_tests_name("reputation", tests, NULL, NULL);
}
