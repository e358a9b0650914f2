#include "rows.h"

#include "core/policy.h"

enum {
	NOW = 1795284342,
	HOUR = 3600,
	DAY = 24 * HOUR
};

#define NEVER INT64_MAX

static const struct rule errors = { .name = "errors",
	.kinds = 1U << KIND_COMMAND,
	.limit = 20,
	.within = HOUR,
	.ratio = POLICY_RATIO_ONE / 2,
	.reason = REASON_ERROR,
	.ban = { 2 * HOUR, 4 * HOUR, 8 * HOUR, 16 * HOUR, DAY },
	.steps = 5 };

static void
how_many_events_are_needed(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "policy.rows", "how_many_events_are_needed");
	while (rows_next(&rows)) {
		struct rule rule = { .limit = rows_number(&rows, 0),
			.ratio = rows_number(&rows, 1) };

		rows_check_int(&rows, 3,
		    policy_need(
			&rule, &(struct policy_merits){
				   .accepted = rows_number(&rows, 2) }));
	}
}

static void
what_else_there_is_about_a_client(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "policy.rows", "what_else_there_is_about_a_client");
	while (rows_next(&rows)) {
		const struct rule rule = { .limit = rows_number(&rows, 0),
			.ratio = rows_number(&rows, 1),
			.credit = rows_number(&rows, 2),
			.weight = rows_number(&rows, 3) };

		rows_check_int(&rows, 6,
		    policy_need(
			&rule, &(struct policy_merits){
				   .accepted = rows_number(&rows, 4),
				   .forwarder = rows_number(&rows, 5) != 0 }));
	}
}

static void
what_the_other_side_is(void **state)
{
	static const struct {
		const char *sentence;
		uint32_t kinds;
		bool want;
	} rows[] = {
		{ "spam is of messages", 1U << KIND_SPAM, true },
		{ "spam and complaints too",
		    1U << KIND_SPAM | 1U << KIND_COMPLAINT, true },
		{ "viruses too", 1U << KIND_VIRUS, true },
		{ "recipients are not", 1U << KIND_RECIPIENT, false },
		{ "a mixture is not", 1U << KIND_SPAM | 1U << KIND_HELO,
		    false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rule rule = { .kinds = rows[i].kinds };

		check_int(rows[i].sentence, policy_counts_messages(&rule),
		    rows[i].want);
	}
}

static void
the_window(void **state)
{
	struct rule rule = errors;
	struct policy_window window = policy_window(&rule, NOW, INT64_MIN);

	(void)state;
	check_int("it begins `within` before", window.after, NOW - HOUR);
	check_int("it ends at the moment", window.until, NOW);
	window = policy_window(&rule, NOW, NOW - 60);
	check_int("a mark cuts it", window.after, NOW - 60);
	window = policy_window(&rule, NOW, NOW - 2 * HOUR);
	check_int("an old mark does not", window.after, NOW - HOUR);
	rule.settle = 600;
	window = policy_window(&rule, NOW, INT64_MIN);
	check_int("what has not settled is left out", window.until, NOW - 600);
}

static void
the_schedules(void **state)
{
	static const struct {
		const char *sentence;
		int64_t ban[POLICY_STEPS_MAX];
		size_t steps;
		int64_t step, want;
	} rows[] = {
#define SCHEDULE { 2 * HOUR, 4 * HOUR, 8 * HOUR, 16 * HOUR, DAY }, 5
		{ "the first", SCHEDULE, 1, 2 * HOUR },
		{ "the second", SCHEDULE, 2, 4 * HOUR },
		{ "the third", SCHEDULE, 3, 8 * HOUR },
		{ "the fourth", SCHEDULE, 4, 16 * HOUR },
		{ "the fifth", SCHEDULE, 5, DAY },
		{ "the sixth is as the last", SCHEDULE, 6, DAY },
		{ "the thousandth too", SCHEDULE, 1000, DAY },
		{ "one duration for all", { DAY }, 1, 7, DAY },
		{ "no duration, no ban", { 0 }, 0, 1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rule rule = { .steps = rows[i].steps };

		memcpy(rule.ban, rows[i].ban, sizeof(rule.ban));
		check_int(rows[i].sentence,
		    policy_duration(&rule, rows[i].step), rows[i].want);
	}
}

/* An earlier ban of the same reason. */
struct earlier {
	int64_t begins, ends, cleared;
	bool mistake, observed, manual;
};

static void
what_the_past_means(void **state)
{
	static const struct {
		const char *sentence;
		struct earlier ban;
		bool observing;
		int64_t steps;
		bool held;
		int64_t next;
	} rows[] = {
		{ "a ban that is over is a step",
		    { NOW - 3 * HOUR, NOW - HOUR, 0, 0, 0, 0 }, 0, 1, 0,
		    NEVER },
		{ "one second within memory it still is",
		    { NOW - 90 * DAY + 1, NOW - 89 * DAY, 0, 0, 0, 0 }, 0, 1, 0,
		    NEVER },
		{ "after memory it is none",
		    { NOW - 90 * DAY, NOW - 89 * DAY, 0, 0, 0, 0 }, 0, 0, 0,
		    NEVER },
		{ "one that begins at this second is a step and holds",
		    { NOW, NOW + 1, 0, 0, 0, 0 }, 0, 1, 1, NEVER },
		{ "one in its last second holds",
		    { NOW - HOUR, NOW + 1, 0, 0, 0, 0 }, 0, 1, 1, NEVER },
		{ "one that ends at this second is over",
		    { NOW - HOUR, NOW, 0, 0, 0, 0 }, 0, 1, 0, NEVER },
		{ "one cleared before holds no more and stays a step",
		    { NOW - HOUR, NOW + HOUR, NOW - 1, 0, 0, 0 }, 0, 1, 0,
		    NEVER },
		{ "one cleared at this second neither",
		    { NOW - HOUR, NOW + HOUR, NOW, 0, 0, 0 }, 0, 1, 0, NEVER },
		{ "one that began and was cleared at this second is a step",
		    { NOW, NOW + HOUR, NOW, 0, 0, 0 }, 0, 1, 0, NEVER },
		{ "one cleared as a mistake is no step",
		    { NOW - HOUR, NOW + HOUR, NOW - 1, 1, 0, 0 }, 0, 0, 0,
		    NEVER },
		{ "one made by hand is no step, yet holds",
		    { NOW - HOUR, NOW + HOUR, 0, 0, 0, 1 }, 0, 0, 1, NEVER },
		{ "an observed one is nothing to an enforced one",
		    { NOW - HOUR, NOW + HOUR, 0, 0, 1, 0 }, 0, 0, 0, NEVER },
		{ "while observing it is as any other",
		    { NOW - HOUR, NOW + HOUR, 0, 0, 1, 0 }, 1, 1, 1, NEVER },
		{ "a later one is the next, and no step",
		    { NOW + 60, NOW + HOUR, 0, 0, 0, 0 }, 0, 0, 0, NOW + 60 },
		{ "a later one cleared as it began is nothing",
		    { NOW + 60, NOW + HOUR, NOW + 60, 0, 0, 0 }, 0, 0, 0,
		    NEVER },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct earlier *row = &rows[i].ban;
		struct policy_past past = policy_past(
		    &errors, NOW, 90 * DAY, rows[i].observing);
		struct ban ban = { .begins = row->begins,
			.ends = row->ends,
			.cleared = row->cleared,
			.mistake = row->mistake,
			.observed = row->observed,
			.rule = "other" };

		if (row->manual) {
			memcpy(ban.rule, "manual", sizeof("manual"));
		}
		policy_past_add(&past, &ban);
		check_int(rows[i].sentence, past.steps, rows[i].steps);
		check_int(rows[i].sentence, past.held, rows[i].held);
		check_int(rows[i].sentence, past.next, rows[i].next);
		check_int("another rule's ban answers nothing of this one",
		    past.spent, INT64_MIN);
	}
}

static void
what_was_answered_is_spent(void **state)
{
	struct policy_past past = policy_past(&errors, NOW, 90 * DAY, false);
	struct ban ban = {
		.begins = NOW - 3 * HOUR, .ends = NOW - HOUR, .rule = "errors"
	};

	(void)state;
	policy_past_add(&past, &ban);
	check_int("a ban of the rule itself", past.spent, NOW - 3 * HOUR);
	ban.begins = NOW - 5 * HOUR;
	policy_past_add(&past, &ban);
	check_int("the newest of them", past.spent, NOW - 3 * HOUR);
	ban.begins = NOW + 1;
	policy_past_add(&past, &ban);
	check_int("not a later one", past.spent, NOW - 3 * HOUR);
}

static void
spans_are_kept_in_order(void **state)
{
	static const struct {
		const char *sentence;
		int64_t from, until; /* minutes before NOW */
		size_t spans;
	} rows[] = {
		{ "the first", 30, 25, 1 },
		{ "one behind it", 10, 5, 2 },
		{ "one before both", 50, 45, 3 },
		{ "one that touches the first", 25, 24, 3 },
		{ "one inside another", 29, 28, 3 },
		{ "one over two of them", 27, 7, 2 },
		{ "one over before the window began", 120, 60, 2 },
		{ "one that reaches into the window", 120, 59, 3 },
	};
	struct policy_past past = policy_past(&errors, NOW, 90 * DAY, false);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ban ban = { .begins = NOW - rows[i].from * 60,
			.ends = NOW - rows[i].until * 60,
			.rule = "other" };

		policy_past_add(&past, &ban);
		check_int(rows[i].sentence, (int64_t)past.spans,
		    (int64_t)rows[i].spans);
		for (size_t n = 1; n < past.spans; n++) {
			assert_true(past.span[n - 1].until < past.span[n].from);
		}
	}
}

static void
more_spans_than_there_is_room(void **state)
{
	struct policy_past past = policy_past(&errors, NOW, 90 * DAY, false);

	(void)state;
	for (int i = 0; i < 2 * POLICY_SPANS_MAX; i++) {
		struct ban ban = { .begins = NOW - 3000 + i * 10,
			.ends = NOW - 3000 + i * 10 + 5,
			.rule = "other" };

		policy_past_add(&past, &ban);
	}
	check_int("all room is used", (int64_t)past.spans, POLICY_SPANS_MAX);
	check_int("the last one is in it", past.span[past.spans - 1].until,
	    NOW - 3000 + (2 * POLICY_SPANS_MAX - 1) * 10 + 5);
}

static void
the_decision(void **state)
{
	static const struct {
		const char *sentence;
		int64_t bad, need, steps;
		bool held;
		int64_t next;
		int want_step; /* 0: no ban */
		int64_t want_lasts;
	} rows[] = {
		{ "one below what is needed", 19, 20, 0, 0, NEVER, 0, 0 },
		{ "what is needed", 20, 20, 0, 0, NEVER, 1, 2 * HOUR },
		{ "more than is needed", 21, 20, 0, 0, NEVER, 1, 2 * HOUR },
		{ "the second time", 20, 20, 1, 0, NEVER, 2, 4 * HOUR },
		{ "the third time", 20, 20, 2, 0, NEVER, 3, 8 * HOUR },
		{ "the fourth time", 20, 20, 3, 0, NEVER, 4, 16 * HOUR },
		{ "the fifth time", 20, 20, 4, 0, NEVER, 5, DAY },
		{ "the sixth time", 20, 20, 5, 0, NEVER, 6, DAY },
		{ "a ban holds", 20, 20, 0, 1, NEVER, 0, 0 },
		{ "the next ban begins one second too early", 20, 20, 0, 0,
		    NOW + 2 * HOUR - 1, 0, 0 },
		{ "the next ban begins as this one ends", 20, 20, 0, 0,
		    NOW + 2 * HOUR, 1, 2 * HOUR },
		{ "no number is enough", 20, NEVER, 0, 0, NEVER, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct policy_past past = { .rule = &errors,
			.t = NOW,
			.steps = rows[i].steps,
			.held = rows[i].held,
			.next = rows[i].next };
		struct policy_counts counts = { .bad = rows[i].bad,
			.need = rows[i].need };
		struct policy_decision decision = policy_step(&past, &counts);

		check_int(
		    rows[i].sentence, decision.ban, rows[i].want_step > 0);
		check_int(rows[i].sentence, decision.step, rows[i].want_step);
		check_int(rows[i].sentence, decision.ends - decision.begins,
		    rows[i].want_lasts);
	}
}

static void
soft_steps(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "policy.rows", "soft_steps");
	while (rows_next(&rows)) {
		const struct policy_decision decision = { .ban = true,
			.step = (int)rows_number(&rows, 1),
			.begins = NOW,
			.ends = NOW + HOUR };
		struct net who = { .bits = ADDR_BITS };
		struct rule rule = { .name = "soft",
			.soft = rows_number(&rows, 0) };
		char text[REPLY_TEXT_SIZE];
		struct ban ban;

		assert_null(reply_parse(rows.field[2], NULL, &rule.reply));
		if (rows.field[3][0] != '\0') {
			assert_null(
			    reply_parse(rows.field[3], NULL, &rule.again));
		}
		ban = policy_ban(&rule, &decision, &who, false);
		rows_check_int(&rows, 1, ban.step);
		rows_check(&rows, 4, reply_words(&ban.reply, text));
		if (rows.field[3][0] == '\0') {
			check_text(rows.sentence, ban.again.code, "");
			continue;
		}
		rows_check(&rows, 5, reply_words(&ban.again, text));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(how_many_events_are_needed),
		cmocka_unit_test(what_else_there_is_about_a_client),
		cmocka_unit_test(what_the_other_side_is),
		cmocka_unit_test(the_window),
		cmocka_unit_test(the_schedules),
		cmocka_unit_test(what_the_past_means),
		cmocka_unit_test(what_was_answered_is_spent),
		cmocka_unit_test(spans_are_kept_in_order),
		cmocka_unit_test(more_spans_than_there_is_room),
		cmocka_unit_test(the_decision),
		cmocka_unit_test(soft_steps),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
