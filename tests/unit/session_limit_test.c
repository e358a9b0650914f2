/*
 * What a session hears that is one of many: the second reply of a ban, and
 * limits ("c", "m" and "h" in tests/data/sessions.rows; "p": only for the
 * poor).
 */
#include "rows.h"
#include "session_script.h"

/* ---- the second reply ---- */

static void
second_replies(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "sessions.rows", "second_replies");
	while (rows_next(&rows)) {
		struct play is;

		play_begin(&is, play_conf(), "203.0.113.9", "25");
		play_ban(&is, rows.field[0], NOW + HOUR);
		play(&is, rows.field[1]);
		play_end(&is);
		rows_check(&rows, 2, is.heard_buf);
	}
}

static void
second_words(void **state)
{
	struct play is;

	(void)state;
	play_begin(&is, play_conf(), "203.0.113.9", "25");
	play_ban(&is, "told", NOW + HOUR);
	play(&is, "helo mail");
	check_text("the second reply is told like the first", is.refusal.text,
	    "Again [203.0.113.9], blocked until 2026-11-21T19:05:42Z. See "
	    "https://postmaster.example/?ip=203.0.113.9&ref=7K2M9Q OWN_1");
	check_text("with its own enhanced code", is.refusal.enhanced, "4.7.0");
	play_end(&is);
}

static void
other_ban(void **state)
{
	struct play is;

	(void)state;
	play_begin(&is, play_conf(), "203.0.113.9", "25");
	play_ban(&is, "new", NOW + 60);
	play(&is, "helo mail wait");
	play_ban(&is, "told", NOW + HOUR);
	play(&is, "mail wait mail");
	check_text("another ban in the same session is heard of anew",
	    is.heard_buf, "mail:550 mail:450 mail:450");
	play_end(&is);
}

/* ---- limits ---- */

/* good 3, neutral 2, poor 1; and a policy that limits only the poor. */
static void
limit_to(struct conf *conf, const char *kinds)
{
	static const int64_t most[REPUTATION_COUNT] = {
		[REPUTATION_GOOD] = 3,
		[REPUTATION_NEUTRAL] = 2,
		[REPUTATION_POOR] = 1,
	};

	for (int kind = 0; kind < LIMIT_KINDS; kind++) {
		struct limit *limit = &conf->policy.limit[kind];
		enum limit_kind it = (enum limit_kind)kind;

		assert_null(reply_parse("421 4.7.1 Too many, slow down.",
		    "OFR_1 [1]", &limit->reply));
		if (strchr(kinds, limit_name(it)[0]) != NULL) {
			memcpy(limit->most, most, sizeof(limit->most));
		}
		if (strchr(kinds, 'p') != NULL) {
			limit->most[REPUTATION_GOOD] = 0;
			limit->most[REPUTATION_NEUTRAL] = 0;
		}
	}
}

static void
limits(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "sessions.rows", "limits");
	while (rows_next(&rows)) {
		struct conf *conf = play_conf();
		enum reputation reputation = 0;
		struct play is;

		while (
		    strcmp(reputation_name(reputation), rows.field[1]) != 0) {
			assert_true(++reputation < REPUTATION_COUNT);
		}
		limit_to(conf, rows.field[0]);
		play_begin(&is, conf, "203.0.113.9", "25");
		play_reputation(&is, reputation);
		play(&is, rows.field[2]);
		play_end(&is);
		rows_check(&rows, 3, is.heard_buf);
		rows_check(&rows, 4, is.events);
		rows_check(&rows, 5, is.limited);
	}
}

/* Begin with a poor client and limits. */
static void
begin_poor(
    struct play *is, const char *limits, const char *ip, const char *port)
{
	struct conf *conf = play_conf();

	conf->allow[0] = net_of("198.51.100.0/24");
	conf->allows = 1;
	limit_to(conf, limits);
	play_begin(is, conf, ip, port);
	play_reputation(is, REPUTATION_POOR);
}

static void
the_limit_s_words(void **state)
{
	struct play is;

	(void)state;
	begin_poor(&is, "c", "203.0.113.9", "25");
	play(&is, "helo mail second helo mail");
	play_end(&is);
	check_text("a limit's own reply", is.refusal.text,
	    "Too many, slow down. [203.0.113.9]. See "
	    "https://postmaster.example/?ip=203.0.113.9 OFR_1 [1]");
	check_text("its code", is.refusal.code, "421");
	check_text("its enhanced code", is.refusal.enhanced, "4.7.1");
}

static void
not_limited(void **state)
{
	struct allow allow = { .net = net_of("203.0.113.0/24") };
	struct rows rows;
	struct play is;

	(void)state;
	rows_open(&rows, "sessions.rows", "not_limited");
	while (rows_next(&rows)) {
		begin_poor(&is, "cmh", rows.field[0], rows.field[1]);
		play(&is, rows.field[2]);
		play(&is, "helo mail second helo mail");
		play_end(&is);
		rows_check(&rows, 3, is.heard_buf);
	}
	begin_poor(&is, "cmh", "203.0.113.9", "25");
	store_begin(is.store);
	store_allow_put(is.store, &allow, 0);
	assert_int_equal(store_commit(is.store), STORE_OK);
	play(&is, "helo mail second helo mail");
	play_end(&is);
	check_text("not an allowed client", is.heard_buf, "");
}

static void
bans_before_limits(void **state)
{
	struct play is;

	(void)state;
	begin_poor(&is, "c", "203.0.113.9", "25");
	play_ban(&is, "bare", NOW + 60);
	play(&is, "helo mail second helo mail");
	check_text(
	    "a ban has its say first", is.heard_buf, "mail:500 mail:500");
	play(&is, "wait mail first mail");
	check_text("nor had those who were refused a slot", is.heard_buf,
	    "mail:500 mail:500 mail:421");
	play_end(&is);
	check_text("and no limit counts before", is.limited, "connections");
}

/* A reputation is read once in an hour, and again when a ban begins. */
static void
read_again(void **state)
{
	struct rows rows;

	(void)state;
	rows_open(&rows, "sessions.rows", "read_again");
	while (rows_next(&rows)) {
		struct conf *conf = play_conf();
		struct play is;

		limit_to(conf, "c");
		play_begin(&is, conf, "203.0.113.9", "25");
		/* While it is neutral, and when it is poor. */
		play(&is, rows.field[0]);
		play_reputation(&is, REPUTATION_POOR);
		if (rows_number(&rows, 1) != 0) {
			play_ban(&is, "error", NOW + 2 * HOUR);
		}
		play(&is, rows.field[2]);
		play_end(&is);
		rows_check(&rows, 3, is.heard_buf);
	}
}

/* ---- one recipient many times ---- */

static bool
add_events(void *to, int64_t events)
{
	text_addf(to, " %lld", (long long)events);
	return true;
}

static void
recipient_keys(void **state)
{
	static const struct {
		const char *sentence;
		const char *path[4];
		int64_t same_recipient;
		enum kind kind;
		const char *events; /* of each key */
	} rows[] = {
		{ "no rule asks, no key",
		    { "<a@b.c>", "<a@b.c>", "<a@b.c>", "<a@b.c>" }, 0,
		    KIND_RECIPIENT, " 1 1 1 1" },
		{ "a rule for other kinds does not ask",
		    { "<a@b.c>", "<a@b.c>", "<a@b.c>", "<a@b.c>" }, 3,
		    KIND_SPAM, " 1 1 1 1" },
		{ "the key is of the bare address, in any case",
		    { "<a@b.c>", "a@b.c", "<A@B.c>", "<a@b.c> X=Y" }, 3,
		    KIND_RECIPIENT, " 4" },
		{ "another one, another key",
		    { "<a@b.c>", "<b@b.c>", "<a@b.c>", "<b@b.c>" }, 3,
		    KIND_RECIPIENT, " 2 2" },
		{ "of nothing there is no key", { "<>", "<>", "", "" }, 3,
		    KIND_RECIPIENT, " 1 1 1 1" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct conf *conf = play_conf();
		struct event_query query = { .kinds = kind_bit(KIND_RECIPIENT),
			.until = NOW };
		char got[64];
		struct text text;
		struct play is;

		conf->policy.rules = 1;
		conf->policy.rule[0].kinds = kind_bit(rows[i].kind);
		conf->policy.rule[0].within = HOUR;
		conf->policy.rule[0].limit = 100;
		conf->policy.rule[0].same_recipient = rows[i].same_recipient;
		play_begin(&is, conf, "203.0.113.9", "25");
		play(&is, "helo mail");
		for (size_t j = 0; j < COUNT(rows[i].path); j++) {
			play_rcpt(&is, rows[i].path[j], true, "5.1.1",
			    "User unknown");
		}
		query.client = is.client;
		text_init(&text, got, sizeof(got));
		store_event_keys(is.store, &query, add_events, &text);
		play_end(&is);
		check_text(rows[i].sentence, got, rows[i].events);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(second_replies),
		cmocka_unit_test(second_words),
		cmocka_unit_test(other_ban),
		cmocka_unit_test(limits),
		cmocka_unit_test(the_limit_s_words),
		cmocka_unit_test(not_limited),
		cmocka_unit_test(bans_before_limits),
		cmocka_unit_test(read_again),
		cmocka_unit_test(recipient_keys),
	};

	return cmocka_run_group_tests_name("session limits", tests, NULL, NULL);
}
