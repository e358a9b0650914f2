/*
 * What a session hears that is one of many: the second reply of a ban, and
 * limits.
 */
#include "session_script.h"

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
		    "helo mail wait mail rcpt",
		    "mail:550 mail:550 rcpt:550" },
		{ "the second hears the other one", "new",
		    "helo mail wait second helo mail mail",
		    "mail:550 mail:421 mail:421" },
		{ "and the first goes on as it began", "new",
		    "helo mail wait second helo mail first mail",
		    "mail:550 mail:421 mail:550" },
		{ "what counts is when a session first hears of the ban", "new",
		    "helo second helo mail wait first mail",
		    "mail:550 mail:421" },
		{ "each ban by itself", "told new", "helo mail wait mail",
		    "mail:450 mail:450" },
		{ "a ban without a second reply has but one", "bare",
		    "helo mail wait second mail", "mail:500 mail:500" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct play is;

		play_begin(&is, play_conf(), "203.0.113.9", "25");
		play_ban(&is, rows[i].bans, NOW + HOUR);
		play(&is, rows[i].script);
		play_end(&is);
		check_text(rows[i].sentence, is.heard_buf, rows[i].heard);
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
		const char *events;
		const char *limited;
	} rows[] = {
		{ "without limits there is none", "", REPUTATION_POOR, MAIL_3,
		    "", "helo helo helo", "" },
		{ "two at once, and the third hears of it", "c",
		    REPUTATION_NEUTRAL,
		    "helo mail second helo mail third helo "
		    "mail",
		    "mail:421", "volume", "connections" },
		{ "three of a good client", "c", REPUTATION_GOOD,
		    "helo mail second helo mail third helo mail", "", "", "" },
		{ "one of a poor one", "c", REPUTATION_POOR,
		    "helo mail second helo mail", "mail:421", "volume",
		    "connections" },
		{ "only the poor one", "cp", REPUTATION_NEUTRAL,
		    "helo mail second helo mail third helo mail", "", "", "" },
		{ "a session that does not say MAIL takes no room", "c",
		    REPUTATION_POOR, "helo second helo mail", "", "", "" },
		{ "one that closes makes room", "c", REPUTATION_POOR,
		    "helo mail close second helo mail", "", "", "" },
		{ "one that was refused may try again", "c", REPUTATION_POOR,
		    "helo mail second helo mail mail first close second mail",
		    "mail:421 mail:421", "volume", "connections" },
		{ "and holds its place from then on", "c", REPUTATION_POOR,
		    "helo mail second helo mail first close second mail "
		    "third helo mail",
		    "mail:421 mail:421", "volume volume",
		    "connections connections" },
		{ "one that was refused takes no place away when it leaves",
		    "c", REPUTATION_NEUTRAL,
		    "helo mail second helo mail third helo mail close "
		    "third helo mail",
		    "mail:421 mail:421", "volume volume",
		    "connections connections" },
		{ "one that logs in makes room", "c", REPUTATION_POOR,
		    "helo mail abort auth second helo mail", "", "", "" },
		{ "authenticated sessions know no limit", "cmh",
		    REPUTATION_POOR, "auth second auth rcpt data eom auth", "",
		    "", "" },
		{ "two messages and the next MAIL is refused", "m",
		    REPUTATION_NEUTRAL, "helo " MESSAGE MESSAGE "mail mail",
		    "mail:421 mail:421", "volume", "messages" },
		{ "another session begins anew", "m", REPUTATION_NEUTRAL,
		    "helo " MESSAGE MESSAGE "second helo " MESSAGE, "", "",
		    "" },
		{ "what is no message does not count", "m", REPUTATION_POOR,
		    "helo mail rcpt abort mail rcpt data abort mail dead mail",
		    "", "recipient", "" },
		{ "so many connections an hour", "h", REPUTATION_NEUTRAL,
		    "helo mail close second helo mail close third helo mail",
		    "mail:421", "volume", "hourly" },
		{ "those without MAIL count as well", "h", REPUTATION_NEUTRAL,
		    "bogus close second bogus close third helo mail",
		    "mail:421", "command command volume", "hourly" },
		{ "an hour later there is room again", "h", REPUTATION_NEUTRAL,
		    "helo mail close second helo mail close hour hour third "
		    "helo mail",
		    "", "", "" },
		{ "those who were let in stay, whoever comes after them", "h",
		    REPUTATION_POOR,
		    "helo mail second helo mail first mail mail", "mail:421",
		    "volume", "hourly" },
		{ "one event a session, whichever limit it meets", "ch",
		    REPUTATION_POOR,
		    "helo mail second helo mail first close second mail",
		    "mail:421 mail:421", "volume", "connections" },
		{ "no call-out in such a session is a probe", "m",
		    REPUTATION_POOR, "helo " MESSAGE "bounce rcpt abort",
		    "mail:421", "volume", "messages" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct conf *conf = play_conf();
		struct play is;

		limit_to(conf, rows[i].limits);
		play_begin(&is, conf, "203.0.113.9", "25");
		play_reputation(&is, rows[i].reputation);
		play(&is, rows[i].script);
		play_end(&is);
		check_text(rows[i].sentence, is.heard_buf, rows[i].heard);
		check_text(rows[i].sentence, is.events, rows[i].events);
		check_text(rows[i].sentence, is.limited, rows[i].limited);
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
	static const struct {
		const char *sentence;
		const char *ip;
		const char *port;
		const char *script; /* before */
		const char *heard;
	} rows[] = {
		{ "the mx", "203.0.113.9", "25", "", "mail:421" },
		{ "a service that is not known", "203.0.113.9", NULL, "",
		    "mail:421" },
		{ "not submission", "203.0.113.9", "587", "", "" },
		{ "not one the configuration allows", "198.51.100.1", "25", "",
		    "" },
		{ "not one that is never banned", "192.168.1.2", "25", "", "" },
		{ "not one without an address", NULL, "25", "", "" },
		{ "nobody while the database cannot say who is allowed",
		    "203.0.113.9", "25", "down", "" },
	};
	struct allow allow = { .net = net_of("203.0.113.0/24") };
	struct play is;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		begin_poor(&is, "cmh", rows[i].ip, rows[i].port);
		play(&is, rows[i].script);
		play(&is, "helo mail second helo mail");
		play_end(&is);
		check_text(rows[i].sentence, is.heard_buf, rows[i].heard);
	}
	begin_poor(&is, "cmh", "203.0.113.9", "25");
	store_begin(is.store);
	store_allow_put(is.store, &allow);
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
	static const struct {
		const char *sentence;
		const char *before; /* while it is neutral */
		bool banned;
		const char *after; /* when it is poor */
		const char *heard;
	} rows[] = {
		{ "where all are let in nobody is asked about", "helo mail",
		    false, "second helo mail", "mail:421" },
		{ "what is known is known", "helo mail second helo mail close",
		    false, "second helo mail", "" },
		{ "until a ban begins", "helo mail second helo mail close",
		    true, "second helo mail", "mail:421" },
		{ "or another hour", "helo mail second helo mail close", false,
		    "hour second helo mail", "mail:421" },
		{ "of whom nothing can be read is neutral", "helo mail", false,
		    "second helo down mail", "" },
		{ "and may do as much as that", "helo mail second helo mail",
		    false, "third helo down mail", "mail:421" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct conf *conf = play_conf();
		struct play is;

		limit_to(conf, "c");
		play_begin(&is, conf, "203.0.113.9", "25");
		play(&is, rows[i].before);
		play_reputation(&is, REPUTATION_POOR);
		if (rows[i].banned) {
			play_ban(&is, "error", NOW + 2 * HOUR);
		}
		play(&is, rows[i].after);
		play_end(&is);
		check_text(rows[i].sentence, is.heard_buf, rows[i].heard);
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
