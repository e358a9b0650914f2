/*
 * A stage for sessions: a desk of cardboard, one client with a few sessions at
 * it, and words for what they do.
 */
#ifndef UNIT_SCENE_H
#define UNIT_SCENE_H

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

static inline enum store_result
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

static inline void
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

static inline void
cardboard_tally(void *self, const struct net *client, int64_t hour,
    const struct tally *more)
{
	struct cardboard *desk = self;

	check_int("a tally's hour", hour % HOUR, 0);
	throng_tally(desk->throng, client, hour, more);
	tally_add(&desk->sum, more);
	desk->negative |= more->recipients < 0;
}

static inline void
cardboard_hit(
    void *self, struct visitor *visitor, const struct ban *ban, int64_t now)
{
	struct cardboard *desk = self;

	(void)visitor;
	(void)now;
	desk->hits++;
	desk->hit_ban = ban->id;
}

static inline enum limit_kind
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

static inline void
cardboard_leave(void *self, const struct net *client, struct presence *presence)
{
	struct cardboard *desk = self;

	assert_true(presence->slot);
	presence->slot = false;
	throng_leave(desk->throng, client);
}

static inline void
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
static inline bool
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

static inline struct conf *
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

static inline void
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
static inline void
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

static inline void
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

static inline void
begin(struct scene *scene, const char *ip, const char *port)
{
	begin_with(scene, new_conf(), ip, port);
}

static inline void
hear(struct scene *scene, const char *step, bool refused)
{
	if (refused) {
		text_addf(&scene->heard, "%s%s:%s",
		    scene->heard.len > 0 ? " " : "", step, scene->answer.code);
	}
}

static inline void
mail(struct scene *scene, const char *path, const char *auth_type,
    const char *user)
{
	const struct sender sender = {
		.path = path, .auth_type = auth_type, .auth_authen = user
	};

	hear(scene, "mail",
	    session_mail(scene->session, &sender, scene->now, &scene->answer));
}

static inline void
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

static inline void
do_close(struct scene *scene)
{
	session_close(scene->session, scene->now);
	scene->session = NULL;
	scene->all[scene->acting] = NULL;
}

/* Go on with the session of that number, or open it. */
static inline void
turn_to(struct scene *scene, size_t number)
{
	if (scene->all[number] == NULL) {
		open_session(scene, number, conf_hold(scene->conf));
	}
	scene->session = scene->all[number];
	scene->acting = number;
}

static inline void
do_first(struct scene *scene)
{
	turn_to(scene, 0);
}

static inline void
do_second(struct scene *scene)
{
	turn_to(scene, 1);
}

static inline void
do_third(struct scene *scene)
{
	turn_to(scene, 2);
}

/* The hits so far are in the database. */
static inline void
do_written(struct scene *scene)
{
	struct standing *standing = &scene->board.standing;

	for (size_t i = 0; i < standing->bans; i++) {
		standing->ban[i].hits += scene->board.hits;
	}
	scene->board.version++;
}

static inline void
do_hour(struct scene *scene)
{
	scene->now += HOUR;
}

static inline void
do_helo(struct scene *scene)
{
	hear(scene, "helo",
	    session_helo(scene->session, scene->now, &scene->answer));
}

static inline void
do_mail(struct scene *scene)
{
	mail(scene, "<bob@client.test>", NULL, NULL);
}

static inline void
do_bounce(struct scene *scene)
{
	mail(scene, "<>", NULL, NULL);
}

static inline void
do_verify(struct scene *scene)
{
	mail(scene, "<PostMaster@client.test>", NULL, NULL);
}

static inline void
do_auth(struct scene *scene)
{
	mail(scene, "<joe@example.test>", "PLAIN", "joe");
}

static inline void
do_rcpt(struct scene *scene)
{
	rcpt(scene, "<user1@example.test>", NULL, NULL);
}

static inline void
do_abuse(struct scene *scene)
{
	rcpt(scene, "<ABUSE@example.test>", NULL, NULL);
}

static inline void
do_data(struct scene *scene)
{
	session_data(scene->session, scene->now);
}

static inline void
do_eom(struct scene *scene)
{
	session_message(scene->session, scene->now);
}

static inline void
do_abort(struct scene *scene)
{
	session_abort(scene->session, scene->now);
}

static inline void
do_bogus(struct scene *scene)
{
	session_unknown(scene->session, scene->now);
}

static inline void
do_spam(struct scene *scene)
{
	session_header(scene->session, "x-spam-flag", "yes");
}

static inline void
do_virus(struct scene *scene)
{
	session_header(scene->session, "X-Virus-Status",
	    "Infected\n\t(Eicar-Test-Signature)");
}

static inline void
do_clean(struct scene *scene)
{
	session_header(scene->session, "X-Spam-Flag", "NO");
	session_header(scene->session, "X-Virus-Status", "Clean");
	session_header(scene->session, "X-Spam-Flagged", "YES");
	session_header(scene->session, "X-Spam", "YES");
}

static inline void
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

static inline void
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
static inline void
play(struct scene *scene, const char *script)
{
	while (*script != '\0') {
		size_t len = strcspn(script, " ");

		play_word(scene, script, len);
		script += len;
		script += strspn(script, " ");
	}
}

static inline void
finish(struct scene *scene)
{
	for (size_t i = 0; i < SESSIONS; i++) {
		session_close(scene->all[i], scene->now);
	}
	conf_drop(scene->conf);
	throng_free(scene->board.throng);
	pending_free(scene->board.pending);
}

#endif
