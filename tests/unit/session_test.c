/*
 * Sessions, told in words: each row plays steps before a desk of cardboard
 * and says what the desk was told and what the client heard.
 */
#include "check.h"

#include <stdlib.h>

#include "base/text.h"
#include "milter/pending.h"
#include "milter/session.h"
#include "milter/throng.h"

enum {
	NOW = 1795284342, /* 2026-11-21T18:05:42Z */
	HOUR = 3600
};

/* ---- the desk of cardboard ---- */

struct cardboard {
	struct standing standing;
	enum store_result result; /* what asking comes to */
	int64_t version;
	int asked;       /* how often the standing was looked up */
	char told[2048]; /* "recipient sender" */
	struct text deeds;
	struct tally sum;
	int hits;
	int64_t hit_ban;
	bool negative; /* something was counted back */

	struct pending *pending;
	struct throng *throng;
	bool forgetful;             /* the database does not answer */
	enum reputation reputation; /* what it says */
	int learned;                /* how often it was asked for that */
	char limited[64];           /* "connections" */
	bool keyless;
	char keyed[128]; /* what keys were made of */
};

static enum store_result
cardboard_standing(void *self, struct visitor *visitor, int64_t now,
    int64_t *version, struct standing *standing)
{
	struct cardboard *desk = self;

	(void)visitor;
	if (desk->result != STORE_OK) {
		return desk->result;
	}
	if (*version == desk->version) {
		return STORE_NONE;
	}
	desk->asked++;
	*version = desk->version;
	*standing = desk->standing;
	standing->checked_at = now;
	return STORE_OK;
}

static void
cardboard_observe(
    void *self, struct visitor *visitor, const struct deed *deed, int64_t now)
{
	struct cardboard *desk = self;

	check_text("the source", deed->source, "milter");
	assert_true(addr_equal(&deed->address, &visitor->address));
	if (desk->deeds.len > 0) {
		text_add(&desk->deeds, " ");
	}
	text_add(&desk->deeds, kind_name(deed->kind));
	if (deed->at != now) {
		text_addf(&desk->deeds, "%+lld", (long long)(deed->at - now));
	}
	if (deed->key != NULL) {
		text_addf(&desk->deeds, "(%s)", deed->key);
	}
	if (deed->kind == KIND_VOLUME) {
		text_addf(&desk->deeds, "(%s)", deed->detail);
	}
}

static void
cardboard_tally(void *self, const struct net *client, int64_t hour,
    const struct tally *more)
{
	struct cardboard *desk = self;

	check_int("a tally's hour", hour % HOUR, 0);
	throng_tally(desk->throng, client, hour, more);
	tally_add(&desk->sum, more);
	desk->negative |= more->recipients < 0;
}

static void
cardboard_hit(
    void *self, struct visitor *visitor, const struct ban *ban, int64_t now)
{
	struct cardboard *desk = self;

	(void)visitor;
	(void)now;
	desk->hits++;
	desk->hit_ban = ban->id;
}

static enum limit_kind
cardboard_admit(
    void *self, struct visitor *visitor, struct presence *presence, int64_t now)
{
	const struct net *client = &visitor->client;
	struct cardboard *desk = self;
	struct throng_case session = { .client = client,
		.limit = visitor->conf->policy.limit,
		.presence = presence,
		.blindly = desk->forgetful,
		.now = now };
	enum throng_need need;
	enum limit_kind over;

	while (over = throng_admit(desk->throng, &session, &need),
	    need != THRONG_NOTHING) {
		if (need == THRONG_SESSIONS) {
			throng_learn_sessions(desk->throng, client,
			    &(struct throng_sessions){ 0 }, now);
			continue;
		}
		desk->learned++;
		throng_learn_reputation(
		    desk->throng, client, desk->reputation, presence->ban, now);
	}
	return over;
}

static void
cardboard_leave(void *self, const struct net *client, struct presence *presence)
{
	struct cardboard *desk = self;

	assert_true(presence->slot);
	presence->slot = false;
	throng_leave(desk->throng, client);
}

static void
cardboard_limited(void *self, enum limit_kind limit, int64_t now)
{
	struct cardboard *desk = self;
	size_t len = strlen(desk->limited);
	struct text text;

	(void)now;
	text_init(&text, desk->limited + len, sizeof(desk->limited) - len);
	text_addf(&text, "%s%s", len == 0 ? "" : " ", limit_name(limit));
}

/* The key of a name is its last letter here. */
static bool
cardboard_key(void *self, struct visitor *visitor, const char *name,
    char key[static HASH_TEXT_SIZE])
{
	struct cardboard *desk = self;

	(void)visitor;
	(void)text_copy(desk->keyed, sizeof(desk->keyed), name);
	(void)text_copy(key, HASH_TEXT_SIZE, name + strlen(name) - 1);
	return !desk->keyless;
}

/* ---- a session on it ---- */

enum {
	SESSIONS = 3 /* of one client at once */
};

struct scene {
	struct cardboard board;
	struct desk desk;
	struct conf *conf;
	const char *ip;
	const char *port;
	struct session *session; /* the one that acts */
	struct session *all[SESSIONS];
	size_t acting;
	int64_t now;
	char heard_buf[512]; /* "rcpt:550" */
	struct text heard;
	struct answer answer;
};

static struct conf *
new_conf(void)
{
	struct conf *conf = calloc(1, sizeof(*conf));

	assert_non_null(conf);
	conf->references = 1;
	conf->client_ipv4 = 32;
	conf->client_ipv6 = 64;
	conf->submission_port[0] = 465;
	conf->submission_port[1] = 587;
	conf->submission_ports = 2;
	(void)text_copy(conf->lookup_url, sizeof(conf->lookup_url),
	    "https://postmaster.example/");
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		conf->source[kind] = CONF_MILTER;
	}
	(void)text_copy(conf->milter.spam_header.item[0], CONF_PATH_SIZE,
	    "X-Spam-Flag: YES");
	conf->milter.spam_header.items = 1;
	(void)text_copy(conf->milter.virus_header.item[0], CONF_PATH_SIZE,
	    "X-Virus-Status: Infected (");
	conf->milter.virus_header.items = 1;
	return conf;
}

/* Bans a desk may know of: by word. */
static const struct {
	const char *word;
	enum reason reason;
	enum stage stage;
	enum service service;
	int64_t hits;
	const char *reply;
	const char *again;
} known_bans[] = {
	{ "error", REASON_ERROR, STAGE_RCPT, SERVICE_MX, 0,
	    "550 5.7.1 Too many errors from your IP", NULL },
	{ "stubborn", REASON_ERROR, STAGE_RCPT, SERVICE_MX, 10,
	    "550 5.7.1 Too many errors from your IP", NULL },
	{ "auth", REASON_AUTH, STAGE_HELO, SERVICE_SUBMISSION, 0,
	    "530 5.7.0 Too many authentication errors from your IP", NULL },
	{ "slow", REASON_SPAM, STAGE_RCPT, SERVICE_ANY, 0, "450 4.7.1 Later",
	    NULL },
	{ "bare", REASON_SPAM, STAGE_MAIL, SERVICE_ANY, 0, "500 Too many",
	    NULL },
	{ "new", REASON_SPAM, STAGE_MAIL, SERVICE_ANY, 0, "550 5.7.1 First",
	    "421 4.7.0 Again" },
	{ "told", REASON_VIRUS, STAGE_MAIL, SERVICE_ANY, 1, "551 5.7.1 First",
	    "450 4.7.0 Again" },
};

static void
put_ban(struct standing *standing, const char *word, int64_t ends)
{
	struct ban ban = { .id = 1, .begins = NOW - 10, .ends = ends };

	for (size_t i = 0; i < COUNT(known_bans); i++) {
		if (strcmp(known_bans[i].word, word) != 0) {
			continue;
		}
		ban.id = (int64_t)i + 1;
		ban.reason = known_bans[i].reason;
		ban.stage = known_bans[i].stage;
		ban.service = known_bans[i].service;
		ban.hits = known_bans[i].hits;
		assert_null(reply_parse(known_bans[i].reply, NULL, &ban.reply));
		if (known_bans[i].again != NULL) {
			assert_null(reply_parse(
			    known_bans[i].again, "OWN_1", &ban.again));
		}
		(void)text_copy(ban.ref, sizeof(ban.ref), "7K2M9Q");
		standing->verdict = STANDING_BANNED;
		standing->ban[standing->bans++] = ban;
		return;
	}
	fail_msg("no such ban: %s", word);
}

/* Another session of the same client, from now on the one that acts. */
static void
open_session(struct scene *scene, size_t number, struct conf *conf)
{
	struct addr address;

	scene->session = session_new(&scene->desk, conf);
	assert_non_null(scene->session);
	scene->all[number] = scene->session;
	scene->acting = number;
	assert_true(scene->ip == NULL || addr_parse(scene->ip, &address));
	session_connect(scene->session, scene->ip == NULL ? NULL : &address,
	    session_service(conf, scene->port, NULL));
}

static void
begin_with(
    struct scene *scene, struct conf *conf, const char *ip, const char *port)
{
	scene->now = NOW;
	scene->conf = conf_hold(conf); /* sessions come and go */
	scene->ip = ip;
	scene->port = port;
	scene->board.pending = pending_new();
	scene->board.throng = throng_new(scene->board.pending);
	assert_non_null(scene->board.throng);
	throng_use(scene->board.throng);
	scene->board.version = 1;
	text_init(&scene->heard, scene->heard_buf, sizeof(scene->heard_buf));
	text_init(
	    &scene->board.deeds, scene->board.told, sizeof(scene->board.told));
	scene->desk = (struct desk){ .self = &scene->board,
		.standing = cardboard_standing,
		.observe = cardboard_observe,
		.tally = cardboard_tally,
		.hit = cardboard_hit,
		.admit = cardboard_admit,
		.leave = cardboard_leave,
		.limited = cardboard_limited,
		.key = cardboard_key };
	open_session(scene, 0, conf);
}

static void
begin(struct scene *scene, const char *ip, const char *port)
{
	begin_with(scene, new_conf(), ip, port);
}

static void
hear(struct scene *scene, const char *step, bool refused)
{
	if (refused) {
		text_addf(&scene->heard, "%s%s:%s",
		    scene->heard.len > 0 ? " " : "", step, scene->answer.code);
	}
}

static void
mail(struct scene *scene, const char *path, const char *auth_type,
    const char *user)
{
	const struct sender sender = {
		.path = path, .auth_type = auth_type, .auth_authen = user
	};

	hear(scene, "mail",
	    session_mail(scene->session, &sender, scene->now, &scene->answer));
}

static void
rcpt(
    struct scene *scene, const char *path, const char *status, const char *text)
{
	const struct recipient recipient = { .path = path,
		.rejected = status != NULL,
		.status = status,
		.text = text };

	hear(scene, "rcpt",
	    session_rcpt(
		scene->session, &recipient, scene->now, &scene->answer));
}

/* ---- the words of a script ---- */

static void
do_close(struct scene *scene)
{
	session_close(scene->session, scene->now);
	scene->session = NULL;
	scene->all[scene->acting] = NULL;
}

/* Go on with the session of that number, or open it. */
static void
turn_to(struct scene *scene, size_t number)
{
	if (scene->all[number] == NULL) {
		open_session(scene, number, conf_hold(scene->conf));
	}
	scene->session = scene->all[number];
	scene->acting = number;
}

static void
do_first(struct scene *scene)
{
	turn_to(scene, 0);
}

static void
do_second(struct scene *scene)
{
	turn_to(scene, 1);
}

static void
do_third(struct scene *scene)
{
	turn_to(scene, 2);
}

/* The hits so far are in the database. */
static void
do_written(struct scene *scene)
{
	struct standing *standing = &scene->board.standing;

	for (size_t i = 0; i < standing->bans; i++) {
		standing->ban[i].hits += scene->board.hits;
	}
	scene->board.version++;
}

static void
do_hour(struct scene *scene)
{
	scene->now += HOUR;
}

static void
do_helo(struct scene *scene)
{
	hear(scene, "helo",
	    session_helo(scene->session, scene->now, &scene->answer));
}

static void
do_mail(struct scene *scene)
{
	mail(scene, "<bob@client.test>", NULL, NULL);
}

static void
do_bounce(struct scene *scene)
{
	mail(scene, "<>", NULL, NULL);
}

static void
do_verify(struct scene *scene)
{
	mail(scene, "<PostMaster@client.test>", NULL, NULL);
}

static void
do_auth(struct scene *scene)
{
	mail(scene, "<joe@example.test>", "PLAIN", "joe");
}

static void
do_rcpt(struct scene *scene)
{
	rcpt(scene, "<user1@example.test>", NULL, NULL);
}

static void
do_abuse(struct scene *scene)
{
	rcpt(scene, "<ABUSE@example.test>", NULL, NULL);
}

static void
do_data(struct scene *scene)
{
	session_data(scene->session, scene->now);
}

static void
do_eom(struct scene *scene)
{
	session_message(scene->session, scene->now);
}

static void
do_abort(struct scene *scene)
{
	session_abort(scene->session, scene->now);
}

static void
do_bogus(struct scene *scene)
{
	session_unknown(scene->session, scene->now);
}

static void
do_spam(struct scene *scene)
{
	session_header(scene->session, "x-spam-flag", "yes");
}

static void
do_virus(struct scene *scene)
{
	session_header(scene->session, "X-Virus-Status",
	    "Infected\n\t(Eicar-Test-Signature)");
}

static void
do_clean(struct scene *scene)
{
	session_header(scene->session, "X-Spam-Flag", "NO");
	session_header(scene->session, "X-Virus-Status", "Clean");
	session_header(scene->session, "X-Spam-Flagged", "YES");
	session_header(scene->session, "X-Spam", "YES");
}

static void
do_wait(struct scene *scene)
{
	scene->now += 60;
}

static const struct {
	const char *word;
	void (*play)(struct scene *scene);
} words[] = {
	{ "helo", do_helo },
	{ "mail", do_mail },
	{ "bounce", do_bounce },
	{ "verify", do_verify },
	{ "auth", do_auth },
	{ "rcpt", do_rcpt },
	{ "abuse", do_abuse },
	{ "data", do_data },
	{ "eom", do_eom },
	{ "abort", do_abort },
	{ "bogus", do_bogus },
	{ "spam", do_spam },
	{ "virus", do_virus },
	{ "clean", do_clean },
	{ "wait", do_wait },
	{ "close", do_close },
	{ "first", do_first },
	{ "second", do_second },
	{ "third", do_third },
	{ "written", do_written },
	{ "hour", do_hour },
};

/* Recipients that the MTA rejects, by word. */
static const struct {
	const char *word;
	const char *status;
	const char *text;
} rejected[] = {
	{ "dead", "5.1.1",
	    "Recipient address rejected: User unknown in local table" },
	{ "nosuchdomain", "4.1.8",
	    "Sender address rejected: Domain not found" },
	{ "ourdns", "4.4.3", "Sender address rejected: Try again later" },
	{ "ourfault", "4.3.5", "Server configuration error" },
	{ "badhelo", "5.5.2", "Helo command rejected: need fully-qualified" },
	{ "relay", "5.7.1", "Relay access denied" },
	{ "relay4", "4.7.1", "Relay access denied" },
	{ "norelay", "5.4.4", "Relay access denied" },
	{ "grey", "4.2.0", "Recipient address rejected: Greylisted" },
	{ "spf", "5.7.23", "Message rejected due to SPF" },
	{ "full", "4.2.2", "Mailbox full" },
	{ "nostatus", NULL, "Recipient address rejected: User unknown" },
};

static void
play_word(struct scene *scene, const char *word, size_t len)
{
	for (size_t i = 0; i < COUNT(words); i++) {
		if (strlen(words[i].word) == len &&
		    memcmp(words[i].word, word, len) == 0) {
			words[i].play(scene);
			return;
		}
	}
	for (size_t i = 0; i < COUNT(rejected); i++) {
		if (strlen(rejected[i].word) == len &&
		    memcmp(rejected[i].word, word, len) == 0) {
			const struct recipient recipient = {
				.path = "<nobody@example.test>",
				.rejected = true,
				.status = rejected[i].status,
				.text = rejected[i].text
			};

			hear(scene, word,
			    session_rcpt(scene->session, &recipient, scene->now,
				&scene->answer));
			return;
		}
	}
	fail_msg("no such word: %.*s", (int)len, word);
}

/* Play the steps and, where they do not say so, the end. */
static void
play(struct scene *scene, const char *script)
{
	while (*script != '\0') {
		size_t len = strcspn(script, " ");

		play_word(scene, script, len);
		script += len;
		script += strspn(script, " ");
	}
}

static void
finish(struct scene *scene)
{
	for (size_t i = 0; i < SESSIONS; i++) {
		session_close(scene->all[i], scene->now);
	}
	conf_drop(scene->conf);
	throng_free(scene->board.throng);
	pending_free(scene->board.pending);
}

/* ---- what a session did ---- */

static void
deeds(void **state)
{
	static const struct {
		const char *sentence;
		const char *script;
		const char *deeds;
	} rows[] = {
		{ "an accepted message is no event",
		    "helo mail rcpt data clean eom", "" },
		{ "each unknown recipient is an event",
		    "helo mail dead dead rcpt dead",
		    "recipient recipient "
		    "recipient" },
		{ "a sender's dead domain counts, temporary status or not",
		    "helo mail nosuchdomain", "sender" },
		{ "a rejected sender counts once a MAIL",
		    "helo mail nosuchdomain nosuchdomain abort mail "
		    "nosuchdomain",
		    "sender sender" },
		{ "our own DNS trouble is not the client's", "helo mail ourdns",
		    "" },
		{ "our own configuration error is not the client's",
		    "helo mail ourfault", "" },
		{ "a rejected HELO counts once a session",
		    "helo mail badhelo badhelo abort mail badhelo", "helo" },
		{ "MAIL without HELO counts as a bad HELO", "mail", "helo" },
		{ "MAIL without HELO and its rejection are one event",
		    "mail badhelo abort mail badhelo", "helo" },
		{ "a relay attempt counts, with either class",
		    "helo mail relay relay4", "relay relay" },
		{ "a relay text with another status does not count",
		    "helo mail norelay", "" },
		{ "a greylisted recipient is an event of its own kind",
		    "helo mail grey", "greylist" },
		{ "any other rejection makes no event",
		    "helo mail spf full nostatus", "" },
		{ "each unknown command is an event", "bogus helo bogus",
		    "command command" },
		{ "a call-out from the empty sender is a probe",
		    "helo bounce rcpt abort", "probe" },
		{ "a call-out from a postmaster is a probe",
		    "helo verify rcpt abort", "probe" },
		{ "a call-out that just leaves is a probe", "helo bounce rcpt",
		    "probe" },
		{ "a probe counts once a session",
		    "helo bounce rcpt abort bounce rcpt abort", "probe" },
		{ "a probe bears the time it ended at",
		    "helo bounce rcpt wait abort wait", "probe-60" },
		{ "a bounce is no probe", "helo bounce rcpt data eom", "" },
		{ "a bounce that an other filter refuses is no probe",
		    "helo bounce rcpt data abort", "" },
		{ "two recipients are no probe", "helo bounce rcpt rcpt abort",
		    "" },
		{ "an ordinary sender makes no probe", "helo mail rcpt abort",
		    "" },
		{ "no probe where the recipient was refused",
		    "helo bounce dead abort", "recipient" },
		{ "no probe where anything was refused before",
		    "bogus helo bounce rcpt abort", "command" },
		{ "no probe where anything was refused afterwards",
		    "helo bounce rcpt abort mail full", "" },
		{ "tagged spam is an event at the end of its message",
		    "helo mail rcpt data spam eom", "spam" },
		{ "a message is judged once, however many headers say so",
		    "helo mail rcpt data spam spam eom", "spam" },
		{ "a virus in a folded header is an event",
		    "helo mail rcpt data virus eom", "virus" },
		{ "spam with a virus is both",
		    "helo mail rcpt data virus spam eom", "spam virus" },
		{ "a message without its end is not judged",
		    "helo mail rcpt data spam abort", "" },
		{ "each message is judged by its own headers",
		    "helo mail rcpt data spam eom mail rcpt data eom", "spam" },
		{ "mail of an authenticated session makes no event",
		    "helo auth dead relay bogus rcpt data spam eom", "" },
		{ "once authenticated a session stays so",
		    "helo auth rcpt data eom mail dead", "" },
		{ "what was done before the login counts",
		    "helo bogus auth dead", "command" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene scene = { .now = 0 };

		begin(&scene, "203.0.113.9", "25");
		play(&scene, rows[i].script);
		finish(&scene);
		check_text(rows[i].sentence, scene.board.told, rows[i].deeds);
		check_text(rows[i].sentence, scene.heard_buf, "");
	}
}

static void
other_sources(void **state)
{
	struct scene scene = { .now = 0 };
	struct conf *conf = new_conf();

	(void)state;
	conf->source[KIND_RECIPIENT] = CONF_WATCH;
	conf->source[KIND_SPAM] = CONF_NOBODY;
	begin_with(&scene, conf, "203.0.113.9", "25");
	play(&scene, "helo mail dead relay abort mail rcpt data spam eom");
	finish(&scene);
	check_text(
	    "only kinds that are the milter's", scene.board.told, "relay");
	check_int("tagged spam was not accepted, whoever counts it",
	    scene.board.sum.accepted, 0);
}

/* ---- what is counted ---- */

static void
tallies(void **state)
{
	static const struct {
		const char *sentence;
		const char *ip;
		const char *script;
		int64_t sessions, messages, recipients, accepted;
	} rows[] = {
		{ "a session that only says HELO is not counted", "203.0.113.9",
		    "helo", 0, 0, 0, 0 },
		{ "one that goes on is counted once", "203.0.113.9",
		    "helo mail abort mail abort bogus", 1, 0, 0, 0 },
		{ "an unknown command is enough", "203.0.113.9", "bogus", 1, 0,
		    0, 0 },
		{ "recipients count when they are accepted", "203.0.113.9",
		    "helo mail rcpt dead rcpt", 1, 0, 2, 0 },
		{ "postmaster counts like others", "203.0.113.9",
		    "helo mail abuse", 1, 0, 1, 0 },
		{ "a message counts at its end", "203.0.113.9",
		    "helo mail rcpt data eom", 1, 1, 1, 1 },
		{ "tagged mail is a message but not accepted", "203.0.113.9",
		    "helo mail rcpt data spam eom mail rcpt "
		    "data eom",
		    1, 2, 2, 1 },
		{ "a probe's recipient is left out", "203.0.113.9",
		    "helo bounce rcpt abort", 1, 0, 0, 0 },
		{ "a bounce's recipient is not", "203.0.113.9",
		    "helo bounce rcpt data eom", 1, 1, 1, 1 },
		{ "nor is one of two", "203.0.113.9",
		    "helo bounce rcpt rcpt abort", 1, 0, 2, 0 },
		{ "nor one of an almost probe", "203.0.113.9",
		    "helo bounce rcpt abort bogus", 1, 0, 1, 0 },
		{ "nor one of an almost probe, refused in its transaction",
		    "203.0.113.9", "helo bounce rcpt dead abort", 1, 0, 1, 0 },
		{ "mail after a probe counts, the probe's recipient does not",
		    "203.0.113.9", "helo bounce rcpt abort mail rcpt data eom",
		    1, 1, 1, 1 },
		{ "a second probe's recipient is an ordinary one",
		    "203.0.113.9", "helo bounce rcpt abort bounce rcpt abort",
		    1, 0, 1, 0 },
		{ "of an authenticated session nothing counts", "203.0.113.9",
		    "helo auth rcpt data eom mail rcpt", 0, 0, 0, 0 },
		{ "without an address nothing counts", NULL,
		    "helo mail rcpt dead data spam eom bogus", 0, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene scene = { .now = 0 };
		const struct tally *sum = &scene.board.sum;

		begin(&scene, rows[i].ip, "25");
		play(&scene, rows[i].script);
		finish(&scene);
		check_int(rows[i].sentence, sum->sessions, rows[i].sessions);
		check_int(rows[i].sentence, sum->messages, rows[i].messages);
		check_int(
		    rows[i].sentence, sum->recipients, rows[i].recipients);
		check_int(rows[i].sentence, sum->accepted, rows[i].accepted);
		check_int(rows[i].sentence, scene.board.negative, false);
		for (int kind = 0; kind < KIND_COUNT; kind++) {
			check_int("kinds are the engine's to count",
			    sum->kind[kind], 0);
		}
	}
}

/* ---- what a banned client hears ---- */

static void
refusals(void **state)
{
	static const struct {
		const char *sentence;
		const char *bans; /* the last-ending first */
		const char *port;
		const char *script;
		const char *heard;
		int hits;
	} rows[] = {
		{ "an error ban speaks at RCPT", "error", "25",
		    "helo mail rcpt", "rcpt:550", 1 },
		{ "and at each of them, as one hit", "error", "25",
		    "helo mail rcpt rcpt abort mail rcpt",
		    "rcpt:550 rcpt:550 rcpt:550", 1 },
		{ "abuse@ stays reachable", "error", "25",
		    "helo mail abuse rcpt", "rcpt:550", 1 },
		{ "a message to abuse@ alone is no hit", "error", "25",
		    "helo mail abuse data eom", "", 0 },
		{ "an error ban is silent on submission", "error", "587",
		    "helo mail rcpt", "", 0 },
		{ "a service that is not known fits any ban", "error", NULL,
		    "helo mail rcpt", "rcpt:550", 1 },
		{ "ten hits and it speaks at MAIL", "stubborn", "25",
		    "helo mail", "mail:550", 1 },
		{ "and to those who go on, abuse@ or not", "stubborn", "25",
		    "helo mail abuse rcpt", "mail:550 rcpt:550 rcpt:550", 1 },
		{ "an auth ban speaks from HELO on", "auth", "587",
		    "helo mail rcpt", "helo:530 mail:530 rcpt:530", 1 },
		{ "without HELO it speaks at MAIL", "auth", "465", "mail",
		    "mail:530", 1 },
		{ "an auth ban is silent on the mx", "auth", "25",
		    "helo mail rcpt", "", 0 },
		{ "an authenticated session passes an error ban", "error", NULL,
		    "helo auth rcpt data eom", "", 0 },
		{ "it does not pass an auth ban", "auth", "587", "auth rcpt",
		    "mail:530 rcpt:530", 1 },
		{ "a longer error ban does not hide the auth ban", "error auth",
		    "587", "helo", "helo:530", 1 },
		{ "a rejection by the MTA itself is a hit, and not answered",
		    "error", "25", "helo mail dead", "", 1 },
		{ "a temporary reply is one", "slow", "25", "helo mail rcpt",
		    "rcpt:450", 1 },
		{ "a reply may have no enhanced code", "bare", "25",
		    "helo mail", "mail:500", 1 },
		{ "a banned client that only says HELO was not refused",
		    "error", "25", "helo", "", 0 },
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
		begin(&scene, "203.0.113.9", rows[i].port);
		play(&scene, rows[i].script);
		finish(&scene);
		check_text(rows[i].sentence, scene.heard_buf, rows[i].heard);
		check_int(rows[i].sentence, scene.board.hits, rows[i].hits);
	}
}

static void
banned_client_goes_on(void **state)
{
	struct scene scene = { .now = 0 };

	(void)state;
	put_ban(&scene.board.standing, "error", NOW + HOUR);
	begin(&scene, "203.0.113.9", "25");
	play(&scene, "helo mail dead rcpt abort bounce rcpt abort");
	finish(&scene);
	check_text("offences of a banned client are told all the same",
	    scene.board.told, "recipient");
	check_int("refused recipients were not accepted",
	    scene.board.sum.recipients, 0);
	check_int("it is a session", scene.board.sum.sessions, 1);
}

static void
the_words(void **state)
{
	struct scene scene = { .now = 0 };

	(void)state;
	put_ban(&scene.board.standing, "error", NOW + HOUR);
	begin(&scene, "2001:db8:bad::7", "25");
	play(&scene, "helo mail rcpt");
	finish(&scene);
	check_text("the code", scene.answer.code, "550");
	check_text("the enhanced code", scene.answer.enhanced, "5.7.1");
	check_text("the text names the session's own address",
	    scene.answer.text,
	    "Too many errors from your IP [2001:db8:bad::7], blocked until "
	    "2026-11-21T19:05:42Z. See "
	    "https://postmaster.example/?ip=2001:db8:bad::7&ref=7K2M9Q");
}

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

/* ---- how a standing ages ---- */

static void
standings(void **state)
{
	struct scene scene = { .now = 0 };

	(void)state;
	begin(&scene, "203.0.113.9", "25");
	play(&scene, "helo mail rcpt rcpt dead");
	check_int("one look-up a session", scene.board.asked, 1);

	put_ban(&scene.board.standing, "error", NOW + HOUR);
	scene.board.version++;
	play(&scene, "rcpt");
	check_text("a ban takes effect at the next command", scene.heard_buf,
	    "rcpt:550");

	scene.board.result = STORE_BUSY;
	play(&scene, "rcpt");
	check_text("an old standing is better than none", scene.heard_buf,
	    "rcpt:550 rcpt:550");
	scene.now = NOW + HOUR - 1;
	play(&scene, "rcpt");
	check_text("a ban speaks in its last second", scene.heard_buf,
	    "rcpt:550 rcpt:550 rcpt:550");
	scene.now = NOW + HOUR;
	play(&scene, "rcpt");
	check_text("and not at its end", scene.heard_buf,
	    "rcpt:550 rcpt:550 rcpt:550");
	scene.board.result = STORE_OK;
	check_int("that needed no more look-ups", scene.board.asked, 2);
	finish(&scene);
}

static void
a_ban_ends(void **state)
{
	struct scene scene = { .now = 0 };

	(void)state;
	put_ban(&scene.board.standing, "error", NOW + 60);
	begin(&scene, "203.0.113.9", "25");
	play(&scene, "helo mail rcpt");
	scene.board.standing = (struct standing){ .verdict = STANDING_CLEAR };
	put_ban(&scene.board.standing, "slow", NOW + HOUR);
	play(&scene, "wait rcpt");
	check_text("where one ban ended the others are asked for",
	    scene.heard_buf, "rcpt:550 rcpt:450");
	check_int("by one more look-up", scene.board.asked, 2);
	finish(&scene);
}

static void
allowed(void **state)
{
	struct scene scene = { .now = 0 };

	(void)state;
	scene.board.standing.verdict = STANDING_ALLOWED;
	begin(&scene, "203.0.113.9", "25");
	play(&scene, "helo mail rcpt");
	check_int("an allowed client is looked up once a moment",
	    scene.board.asked, 1);
	scene.board.standing.verdict = STANDING_CLEAR;
	put_ban(&scene.board.standing, "error", NOW + HOUR);
	play(&scene, "wait rcpt");
	check_text("an allowance may run out", scene.heard_buf, "rcpt:550");
	finish(&scene);
}

static void
never_asked(void **state)
{
	static const char *const addresses[] = { "127.0.0.1", "192.168.1.2",
		"fd00::1", "198.51.100.1", NULL };

	(void)state;
	for (size_t i = 0; i < COUNT(addresses); i++) {
		struct scene scene = { .board.result = STORE_FAILED };
		struct conf *conf = new_conf();

		assert_true(net_parse("198.51.100.0/24", &conf->allow[0]));
		conf->allows = 1;
		conf->milter.on_error = CONF_TEMPFAIL;
		begin_with(&scene, conf, addresses[i], "25");
		play(&scene, "helo mail rcpt");
		finish(&scene);
		check_text("exempt without a database", scene.heard_buf, "");
	}
}

/* ---- no standing at all ---- */

static void
no_standing(void **state)
{
	static const struct {
		const char *sentence;
		enum store_result result;
		enum conf_on_error on_error;
		const char *heard;
	} rows[] = {
		{ "a busy database lets mail pass", STORE_BUSY, CONF_ACCEPT,
		    "" },
		{ "so does a broken one", STORE_FAILED, CONF_ACCEPT, "" },
		{ "or it defers, where that is wished", STORE_BUSY,
		    CONF_TEMPFAIL, "mail:451 rcpt:451" },
		{ "broken or busy", STORE_FAILED, CONF_TEMPFAIL,
		    "mail:451 rcpt:451" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene scene = { .board.result = rows[i].result };
		struct conf *conf = new_conf();

		conf->milter.on_error = rows[i].on_error;
		begin_with(&scene, conf, "203.0.113.9", "25");
		play(&scene, "helo mail rcpt");
		check_text(rows[i].sentence, scene.heard_buf, rows[i].heard);
		check_int("it is no hit", scene.board.hits, 0);

		scene.board.result = STORE_OK;
		put_ban(&scene.board.standing, "error", NOW + HOUR);
		text_init(
		    &scene.heard, scene.heard_buf, sizeof(scene.heard_buf));
		play(&scene, "abort mail rcpt");
		check_text("once it works again bans are known",
		    scene.heard_buf, "rcpt:550");
		finish(&scene);
	}
}

/* ---- which service ---- */

static void
services(void **state)
{
	static const struct {
		const char *sentence;
		const char *port;
		const char *name;
		enum service want;
	} rows[] = {
		{ "port 25 is the mx", "25", "mx.example.test", SERVICE_MX },
		{ "port 587 is submission", "587", NULL, SERVICE_SUBMISSION },
		{ "port 465 is submission", "465", NULL, SERVICE_SUBMISSION },
		{ "its name tells it, too", "25", "ORIGINATING",
		    SERVICE_SUBMISSION },
		{ "the name alone", NULL, "originating", SERVICE_SUBMISSION },
		{ "without macros it is not known", NULL, NULL, SERVICE_ANY },
		{ "another name says nothing of the port", NULL, "mx",
		    SERVICE_ANY },
		{ "a port must be one", "x25", NULL, SERVICE_ANY },
		{ "or be in range", "65536", NULL, SERVICE_ANY },
	};
	struct conf *conf = new_conf();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		check_int(rows[i].sentence,
		    session_service(conf, rows[i].port, rows[i].name),
		    rows[i].want);
	}
	conf_drop(conf);
}

/* ---- an MTA that does not behave ---- */

static void
disorder(void **state)
{
	static const char *const scripts[] = {
		"rcpt",
		"data",
		"eom",
		"abort abort",
		"eom eom rcpt data spam data eom",
		"rcpt rcpt helo helo rcpt dead mail helo eom",
		"bounce rcpt mail rcpt bounce",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(scripts); i++) {
		struct scene scene = { .now = 0 };

		begin(&scene, "203.0.113.9", "25");
		play(&scene, scripts[i]);
		finish(&scene);
		check_text(scripts[i], scene.heard_buf, "");
		check_int(scripts[i], scene.board.negative, false);
	}
	session_close(NULL, NOW);
	session_free(NULL);
}

static void
long_texts(void **state)
{
	struct scene scene = { .now = 0 };
	char *text = malloc(10001);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', 10000);
	text[10000] = '\0';
	begin(&scene, "203.0.113.9", "25");
	do_helo(&scene);
	mail(&scene, text, NULL, NULL);
	rcpt(&scene, text, NULL, NULL);
	rcpt(&scene, text, text, text);
	rcpt(&scene, text, "5.1.1", text);
	rcpt(&scene, NULL, "5.1.1", NULL);
	mail(&scene, NULL, NULL, NULL);
	session_header(scene.session, text, text);
	session_header(scene.session, "X-Spam-Flag", text);
	session_header(scene.session, "", "");
	finish(&scene);
	check_text("long texts are only texts", scene.board.told,
	    "recipient recipient");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deeds),
		cmocka_unit_test(other_sources),
		cmocka_unit_test(tallies),
		cmocka_unit_test(refusals),
		cmocka_unit_test(banned_client_goes_on),
		cmocka_unit_test(the_words),
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
		cmocka_unit_test(standings),
		cmocka_unit_test(a_ban_ends),
		cmocka_unit_test(allowed),
		cmocka_unit_test(never_asked),
		cmocka_unit_test(no_standing),
		cmocka_unit_test(services),
		cmocka_unit_test(disorder),
		cmocka_unit_test(long_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
