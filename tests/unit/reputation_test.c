/*
 * What a client's last month makes of it, one sentence a row.
 */
#include "check.h"

#include "core/policy.h"
#include "core/reputation.h"

/* Good from 50 messages on with at most 1 in 100 bad; poor by 2 bans, or by 20
 * bad events that are half of all. */
static const struct reputation_scale scale = { .good_messages = 50,
	.good_ratio = 100,
	.poor_bans = 2,
	.poor_events = 20,
	.poor_ratio = 5000 };

static void
which_reputation(void **state)
{
	static const struct {
		const char *sentence;
		int64_t accepted, bad, bans;
		enum reputation want;
	} rows[] = {
		{ "nothing is known of a new client", 0, 0, 0,
		    REPUTATION_NEUTRAL },
		{ "49 messages are too few", 49, 0, 0, REPUTATION_NEUTRAL },
		{ "50 are enough", 50, 0, 0, REPUTATION_GOOD },
		{ "1 bad beside 99 is 1 in 100", 99, 1, 0, REPUTATION_GOOD },
		{ "1 bad beside 98 is more", 98, 1, 0, REPUTATION_NEUTRAL },
		{ "one ban, and it is not good", 100000, 0, 1,
		    REPUTATION_NEUTRAL },
		{ "two bans, and it is poor", 100000, 0, 2, REPUTATION_POOR },
		{ "19 bad events are too few", 0, 19, 0, REPUTATION_NEUTRAL },
		{ "20 are enough", 0, 20, 0, REPUTATION_POOR },
		{ "20 beside 20 are half", 20, 20, 0, REPUTATION_POOR },
		{ "20 beside 21 are less", 21, 20, 0, REPUTATION_NEUTRAL },
		{ "many, and beside more", 10000, 9999, 0, REPUTATION_NEUTRAL },
		{ "numbers beyond reason, most of them bad", 50,
		    INT64_MAX / KIND_COUNT, 0, REPUTATION_POOR },
		{ "numbers beyond reason, most of them good", INT64_MAX, 19, 0,
		    REPUTATION_GOOD },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reputation_facts facts = {
			.tally = { .accepted = rows[i].accepted },
			.bans = rows[i].bans
		};

		facts.tally.kind[KIND_RECIPIENT] = rows[i].bad;
		check_text(rows[i].sentence,
		    reputation_name(reputation_of(&scale, &facts)),
		    reputation_name(rows[i].want));
	}
}

static void
scales_without_a_condition(void **state)
{
	static const struct {
		const char *sentence;
		struct reputation_scale scale;
		int64_t accepted, bad, bans;
		enum reputation want;
	} rows[] = {
		{ "no number of bans makes poor",
		    { .good_messages = 1, .poor_events = 20, .poor_ratio = 1 },
		    0, 0, 100, REPUTATION_NEUTRAL },
		{ "of no mail nobody is good",
		    { .poor_bans = 1, .poor_events = 1, .poor_ratio = 1 }, 0, 0,
		    0, REPUTATION_NEUTRAL },
		{ "one message is enough",
		    { .poor_bans = 1, .poor_events = 1, .poor_ratio = 1 }, 1, 0,
		    0, REPUTATION_GOOD },
		{ "without a bad event nobody is poor",
		    { .good_messages = 5, .poor_bans = 1 }, 1, 0, 0,
		    REPUTATION_NEUTRAL },
		{ "any bad event makes poor",
		    { .good_messages = 5, .poor_bans = 1 }, 1, 1, 0,
		    REPUTATION_POOR },
		{ "none but bad ones make poor",
		    { .good_messages = 5,
			.poor_events = 1,
			.poor_ratio = POLICY_RATIO_ONE },
		    1, 100, 0, REPUTATION_NEUTRAL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reputation_facts facts = {
			.tally = { .accepted = rows[i].accepted },
			.bans = rows[i].bans
		};

		facts.tally.kind[KIND_SPAM] = rows[i].bad;
		check_text(rows[i].sentence,
		    reputation_name(reputation_of(&rows[i].scale, &facts)),
		    reputation_name(rows[i].want));
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
