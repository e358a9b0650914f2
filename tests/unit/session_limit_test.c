/*
 * What a session hears that is one of many: the second reply of a ban, and
 * limits.
 */
#include "scene.h"

/* ---- the second reply ---- */

static void
second_replies(void **state)
{
	static const struct {
		const char *sentence;
		const char *bans;
		const char *script;
		const char *heard;
	} rows[] = {
		{ "the first session hears the first reply", "new", "helo mail",
		    "mail:550" },
		{ "to its end, whatever its own hit makes of the ban", "new",
		    "helo mail written mail rcpt",
		    "mail:550 mail:550 rcpt:550" },
		{ "the second hears the other one", "new",
		    "helo mail written second helo mail mail",
		    "mail:550 mail:421 mail:421" },
		{ "and the first goes on as it began", "new",
		    "helo mail written second helo mail first mail",
		    "mail:550 mail:421 mail:550" },
		{ "what counts is when a session first hears of the ban", "new",
		    "helo second helo mail written first mail",
		    "mail:550 mail:421" },
		{ "each ban by itself", "told new", "helo mail written mail",
		    "mail:450 mail:450" },
		{ "a ban without a second reply has but one", "bare",
		    "helo mail written second mail", "mail:500 mail:500" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene scene = { .now = 0 };
		char bans[64];
		char *rest = bans;
		char *word;

		(void)text_copy(bans, sizeof(bans), rows[i].bans);
		while ((word = strsep(&rest, " ")) != NULL) {
			put_ban(&scene.board.standing, word, NOW + HOUR);
		}
		begin(&scene, "203.0.113.9", "25");
		play(&scene, rows[i].script);
		finish(&scene);
		check_text(rows[i].sentence, scene.heard_buf, rows[i].heard);
	}
}

static void
second_words(void **state)
{
	struct scene scene = { .now = 0 };

	(void)state;
	put_ban(&scene.board.standing, "told", NOW + HOUR);
	begin(&scene, "203.0.113.9", "25");
	play(&scene, "helo mail");
	check_text("the second reply is told like the first", scene.answer.text,
	    "Again [203.0.113.9], blocked until 2026-11-21T19:05:42Z. See "
	    "https://postmaster.example/?ip=203.0.113.9&ref=7K2M9Q OWN_1");
	check_text(
	    "with its own enhanced code", scene.answer.enhanced, "4.7.0");
	finish(&scene);
}

static void
other_ban(void **state)
{
	struct scene scene = { .now = 0 };

	(void)state;
	put_ban(&scene.board.standing, "new", NOW + 60);
	begin(&scene, "203.0.113.9", "25");
	play(&scene, "helo mail");
	scene.board.standing.bans = 0;
	put_ban(&scene.board.standing, "told", NOW + HOUR);
	scene.board.version++;
	play(&scene, "mail written mail");
	check_text("another ban in the same session is heard of anew",
	    scene.heard_buf, "mail:550 mail:450 mail:450");
	finish(&scene);
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

#define MESSAGE "mail rcpt data eom "
#define MAIL_3  "mail second mail third mail "

static void
limits(void **state)
{
	static const struct {
		const char *sentence;
		const char *limits; /* c, m, h; p: only for the poor */
		enum reputation reputation;
		const char *script;
		const char *heard;
		const char *deeds;
		const char *limited;
	} rows[] = {
		{ "without limits there is none", "", REPUTATION_POOR, MAIL_3,
		    "", "helo helo helo", "" },
		{ "two at once, and the third hears of it", "c",
		    REPUTATION_NEUTRAL,
		    "helo mail second helo mail third helo "
		    "mail",
		    "mail:421", "volume(connections)", "connections" },
		{ "three of a good client", "c", REPUTATION_GOOD,
		    "helo mail second helo mail third helo mail", "", "", "" },
		{ "one of a poor one", "c", REPUTATION_POOR,
		    "helo mail second helo mail", "mail:421",
		    "volume(connections)", "connections" },
		{ "only the poor one", "cp", REPUTATION_NEUTRAL,
		    "helo mail second helo mail third helo mail", "", "", "" },
		{ "a session that does not say MAIL takes no room", "c",
		    REPUTATION_POOR, "helo second helo mail", "", "", "" },
		{ "one that closes makes room", "c", REPUTATION_POOR,
		    "helo mail close second helo mail", "", "", "" },
		{ "one that was refused may try again", "c", REPUTATION_POOR,
		    "helo mail second helo mail mail first close second mail",
		    "mail:421 mail:421", "volume(connections)", "connections" },
		{ "and holds its place from then on", "c", REPUTATION_POOR,
		    "helo mail second helo mail first close second mail "
		    "third helo mail",
		    "mail:421 mail:421",
		    "volume(connections) volume(connections)",
		    "connections connections" },
		{ "one that was refused takes no place away when it leaves",
		    "c", REPUTATION_NEUTRAL,
		    "helo mail second helo mail third helo mail close "
		    "third helo mail",
		    "mail:421 mail:421",
		    "volume(connections) volume(connections)",
		    "connections connections" },
		{ "one that logs in makes room", "c", REPUTATION_POOR,
		    "helo mail abort auth second helo mail", "", "", "" },
		{ "authenticated sessions know no limit", "cmh",
		    REPUTATION_POOR, "auth second auth rcpt data eom auth", "",
		    "", "" },
		{ "two messages and the next MAIL is refused", "m",
		    REPUTATION_NEUTRAL, "helo " MESSAGE MESSAGE "mail mail",
		    "mail:421 mail:421", "volume(messages)", "messages" },
		{ "another session begins anew", "m", REPUTATION_NEUTRAL,
		    "helo " MESSAGE MESSAGE "second helo " MESSAGE, "", "",
		    "" },
		{ "what is no message does not count", "m", REPUTATION_POOR,
		    "helo mail rcpt abort mail rcpt data abort mail dead mail",
		    "", "recipient", "" },
		{ "so many connections an hour", "h", REPUTATION_NEUTRAL,
		    "helo mail close second helo mail close third helo mail",
		    "mail:421", "volume(hourly)", "hourly" },
		{ "those without MAIL count as well", "h", REPUTATION_NEUTRAL,
		    "bogus close second bogus close third helo mail",
		    "mail:421", "command command volume(hourly)", "hourly" },
		{ "an hour later there is room again", "h", REPUTATION_NEUTRAL,
		    "helo mail close second helo mail close hour hour third "
		    "helo mail",
		    "", "", "" },
		{ "those who were let in stay, whoever comes after them", "h",
		    REPUTATION_POOR,
		    "helo mail second helo mail first mail mail", "mail:421",
		    "volume(hourly)", "hourly" },
		{ "one event a session, whichever limit it meets", "ch",
		    REPUTATION_POOR,
		    "helo mail second helo mail first close second mail",
		    "mail:421 mail:421", "volume(connections)", "connections" },
		{ "no call-out in such a session is a probe", "m",
		    REPUTATION_POOR, "helo " MESSAGE "bounce rcpt abort",
		    "mail:421", "volume(messages)", "messages" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene scene = { .now = 0 };
		struct conf *conf = new_conf();

		limit_to(conf, rows[i].limits);
		scene.board.reputation = rows[i].reputation;
		begin_with(&scene, conf, "203.0.113.9", "25");
		play(&scene, rows[i].script);
		check_text(rows[i].sentence, scene.heard_buf, rows[i].heard);
		check_text(rows[i].sentence, scene.board.told, rows[i].deeds);
		check_text(
		    rows[i].sentence, scene.board.limited, rows[i].limited);
		finish(&scene);
	}
}

static void
the_limit_s_words(void **state)
{
	struct scene scene = { .now = 0 };
	struct conf *conf = new_conf();

	(void)state;
	limit_to(conf, "c");
	scene.board.reputation = REPUTATION_POOR;
	begin_with(&scene, conf, "203.0.113.9", "25");
	play(&scene, "helo mail second helo mail");
	check_text("a limit's own reply", scene.answer.text,
	    "Too many, slow down. [203.0.113.9]. See "
	    "https://postmaster.example/?ip=203.0.113.9 OFR_1 [1]");
	check_text("its code", scene.answer.code, "421");
	check_text("its enhanced code", scene.answer.enhanced, "4.7.1");
	finish(&scene);
}

static void
not_limited(void **state)
{
	static const struct {
		const char *sentence;
		const char *ip;
		const char *port;
		enum verdict verdict;
		enum store_result result;
		const char *heard;
	} rows[] = {
		{ "the mx", "203.0.113.9", "25", STANDING_CLEAR, STORE_OK,
		    "mail:421" },
		{ "a service that is not known", "203.0.113.9", NULL,
		    STANDING_CLEAR, STORE_OK, "mail:421" },
		{ "not submission", "203.0.113.9", "587", STANDING_CLEAR,
		    STORE_OK, "" },
		{ "not an allowed client", "203.0.113.9", "25",
		    STANDING_ALLOWED, STORE_OK, "" },
		{ "not one the configuration allows", "198.51.100.1", "25",
		    STANDING_CLEAR, STORE_OK, "" },
		{ "not one that is never banned", "192.168.1.2", "25",
		    STANDING_CLEAR, STORE_OK, "" },
		{ "not one without an address", NULL, "25", STANDING_CLEAR,
		    STORE_OK, "" },
		{ "nobody while the database cannot say who is allowed",
		    "203.0.113.9", "25", STANDING_CLEAR, STORE_BUSY, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene scene = { .board.result = rows[i].result };
		struct conf *conf = new_conf();

		assert_true(net_parse("198.51.100.0/24", &conf->allow[0]));
		conf->allows = 1;
		limit_to(conf, "cmh");
		scene.board.reputation = REPUTATION_POOR;
		scene.board.standing.verdict = rows[i].verdict;
		begin_with(&scene, conf, rows[i].ip, rows[i].port);
		play(&scene, "helo mail second helo mail");
		check_text(rows[i].sentence, scene.heard_buf, rows[i].heard);
		finish(&scene);
	}
}

static void
bans_before_limits(void **state)
{
	struct scene scene = { .now = 0 };
	struct conf *conf = new_conf();

	(void)state;
	limit_to(conf, "c");
	scene.board.reputation = REPUTATION_POOR;
	put_ban(&scene.board.standing, "bare", NOW + HOUR);
	begin_with(&scene, conf, "203.0.113.9", "25");
	play(&scene, "helo mail second helo mail");
	check_text(
	    "a ban has its say first", scene.heard_buf, "mail:500 mail:500");
	check_text("and no limit counts", scene.board.limited, "");
	scene.board.standing.verdict = STANDING_CLEAR;
	scene.board.version++;
	play(&scene, "mail first mail");
	check_text("nor had those who were refused a slot", scene.heard_buf,
	    "mail:500 mail:500 mail:421");
	finish(&scene);
}

static void
learned_again(void **state)
{
	struct scene scene = { .now = 0 };
	struct conf *conf = new_conf();

	(void)state;
	limit_to(conf, "c");
	begin_with(&scene, conf, "203.0.113.9", "25");
	scene.board.reputation = REPUTATION_NEUTRAL;
	play(&scene, "helo mail mail");
	check_int("where all are let in nobody is asked about",
	    scene.board.learned, 0);
	play(&scene, "second helo mail mail third helo mail mail");
	check_int("else once", scene.board.learned, 1);
	put_ban(&scene.board.standing, "error", NOW + 2 * HOUR);
	scene.board.version++;
	play(&scene, "mail mail");
	check_int("and again when a ban of it began", scene.board.learned, 2);
	play(&scene, "hour mail mail");
	check_int("and in another hour", scene.board.learned, 3);
	finish(&scene);
}

static void
not_learned(void **state)
{
	struct scene scene = { .board.forgetful = true };
	struct conf *conf = new_conf();

	(void)state;
	limit_to(conf, "c");
	scene.board.reputation = REPUTATION_POOR;
	begin_with(&scene, conf, "203.0.113.9", "25");
	play(&scene, "helo mail second helo mail third helo mail");
	check_text("of whom nothing can be learned is neutral", scene.heard_buf,
	    "mail:421");
	finish(&scene);
}

/* ---- one recipient many times ---- */

static void
recipient_keys(void **state)
{
	static const struct {
		const char *sentence;
		const char *path;
		int64_t same_recipient;
		enum kind kind;
		bool keyless;
		const char *keyed;
		const char *deeds;
	} rows[] = {
		{ "no rule asks, no key", "<a@b.c>", 0, KIND_RECIPIENT, false,
		    "", "recipient" },
		{ "a rule for other kinds does not ask", "<a@b.c>", 3,
		    KIND_SPAM, false, "", "recipient" },
		{ "the key is made of the bare address", "<a@b.c>", 3,
		    KIND_RECIPIENT, false, "a@b.c", "recipient(c)" },
		{ "with or without brackets", "a@b.c", 3, KIND_RECIPIENT, false,
		    "a@b.c", "recipient(c)" },
		{ "an event without a key is better than none", "<a@b.c>", 3,
		    KIND_RECIPIENT, true, "a@b.c", "recipient" },
		{ "of nothing there is no key", "<>", 3, KIND_RECIPIENT, false,
		    "", "recipient" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene scene = { .board.keyless = rows[i].keyless };
		struct conf *conf = new_conf();

		conf->policy.rules = 1;
		conf->policy.rule[0].kinds = kind_bit(rows[i].kind);
		conf->policy.rule[0].same_recipient = rows[i].same_recipient;
		begin_with(&scene, conf, "203.0.113.9", "25");
		play(&scene, "helo mail");
		rcpt(&scene, rows[i].path, "5.1.1", "User unknown");
		check_text(rows[i].sentence, scene.board.keyed, rows[i].keyed);
		check_text(rows[i].sentence, scene.board.told, rows[i].deeds);
		finish(&scene);
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
		cmocka_unit_test(learned_again),
		cmocka_unit_test(not_learned),
		cmocka_unit_test(recipient_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
