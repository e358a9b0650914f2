/*
 * Sessions played from a script of words, on the real engine over a database
 * of their own: one client, up to three sessions of it at once.
 */
#ifndef UNIT_SESSION_SCRIPT_H
#define UNIT_SESSION_SCRIPT_H

#include "database.h"

#include <stdlib.h>

#include "base/text.h"
#include "milter/database.h"
#include "milter/limits.h"
#include "milter/session.h"
#include "milter/writer.h"
#include "store/store.h"

enum {
	NOW = 1795284342, /* 2026-11-21T18:05:42Z */
	HOUR = 3600,
	SESSIONS = 3
};

struct play {
	char path[64];
	struct store *store;
	struct writer *writer;
	struct limits *limits;
	struct conf *conf;
	const char *ip; /* NULL: none */
	const char *port;
	struct net client;
	struct session *session[SESSIONS];
	size_t acting;
	int64_t now;
	int bans;
	int64_t hits; /* the bans had at first */
	char heard_buf[512];
	struct text heard; /* "rcpt:550" */
	struct refusal refusal;
	/* After the end: "recipient recipient", "hourly", "sessions", and
	 * numbers. */
	char events[512];
	char limited[64];
	char seen[64];
	struct tally tally;
};

static inline struct net
net_of(const char *text)
{
	struct net net;

	assert_true(net_parse(text, &net));
	return net;
}

/* ---- what there is before ---- */

static inline struct conf *
play_conf(void)
{
	struct conf *conf = calloc(1, sizeof(*conf));

	assert_non_null(conf);
	conf->references = 1;
	conf->client_ipv4 = 32;
	conf->client_ipv6 = 64;
	conf->keep_events = conf->keep_tallies = conf->keep_bans = NOW;
	conf->keep_audit = conf->keep_daily = NOW;
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
	conf->policy.scale = (struct reputation_scale){ .good_messages = 100,
		.good_ratio = 100,
		.poor_events = 3,
		.poor_ratio = 5000 };
	return conf;
}

static inline void
play_name_spared(struct conf *conf)
{
	(void)text_copy(conf->contact, CONF_TEXT_SIZE, "contact@Example.test");
	(void)text_copy(conf->web.abuse, CONF_TEXT_SIZE, "complaints@b.test");
	(void)text_copy(conf->always_open.item[conf->always_open.items++],
	    CONF_PATH_SIZE, "Friend@b.test");
}

/* Bans that may be there, by word. */
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

/* Write something as another program would, so that sessions see it. */
static inline void
play_write(struct play *play, const struct store_record *record)
{
	store_begin(play->store);
	store_record(play->store, record);
	check_int("written", store_commit(play->store), STORE_OK);
	database_use(writer_database(play->writer), play->store);
}

/* Ban the client, by words, until `ends`. */
static inline void
play_ban(struct play *play, const char *words, int64_t ends)
{
	for (size_t i = 0; i < COUNT(known_bans); i++) {
		struct ban ban = { .who = play->client,
			.rule = "rule",
			.step = 1,
			.begins = play->now - 10,
			.ends = ends,
			.reason = known_bans[i].reason,
			.stage = known_bans[i].stage,
			.service = known_bans[i].service };
		struct ban_hits had = { .hits = known_bans[i].hits };

		if (strstr(words, known_bans[i].word) == NULL) {
			continue;
		}
		/* The first of several ends last; one has a known ref. */
		ban.ends -= strstr(words, known_bans[i].word) - words;
		(void)text_copy(ban.ref, sizeof(ban.ref),
		    play->bans++ == 0 ? "7K2M9Q" : "");
		assert_null(reply_parse(known_bans[i].reply, NULL, &ban.reply));
		if (known_bans[i].again != NULL) {
			assert_null(reply_parse(
			    known_bans[i].again, "OWN_1", &ban.again));
		}
		play_write(play, &(struct store_record){ .ban = &ban });
		had.id = ban.id;
		play->hits += had.hits;
		play_write(play, &(struct store_record){ .hits = &had });
	}
}

/* What the client did before makes its reputation. */
static inline void
play_reputation(struct play *play, enum reputation reputation)
{
	struct tally_row row = { .client = play->client,
		.hour = tally_hour(play->now) - 48 * HOUR };

	row.tally.accepted = reputation == REPUTATION_GOOD ? 100 : 0;
	row.tally.kind[KIND_SPAM] = reputation == REPUTATION_POOR ? 3 : 0;
	play_write(play, &(struct store_record){ .tally = &row });
}

/* ---- sessions ---- */

/* Act with the session of that number, a new one where there is none. */
static inline void
play_turn(struct play *play, size_t number)
{
	struct addr address;

	play->acting = number;
	if (play->session[number] != NULL) {
		return;
	}
	play->session[number] = session_new(
	    play->writer, play->limits, conf_hold(play->conf));
	assert_non_null(play->session[number]);
	assert_true(play->ip == NULL || addr_parse(play->ip, &address));
	session_connect(play->session[number],
	    play->ip == NULL ? NULL : &address,
	    session_service(play->conf, play->port, NULL));
}

/* Takes the reference of `conf` over. */
static inline void
play_begin(
    struct play *play, struct conf *conf, const char *ip, const char *port)
{
	*play = (struct play){
		.conf = conf, .ip = ip, .port = port, .now = NOW
	};
	text_init(&play->heard, play->heard_buf, sizeof(play->heard_buf));
	if (ip != NULL) {
		assert_true(net_parse(ip, &play->client));
		play->client = net_around(&play->client.addr, 32, 64);
	}
	(void)text_copy(play->path, sizeof(play->path),
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm/videur-play-XXXXXX"
					  : "/tmp/videur-play-XXXXXX");
	assert_int_equal(close(mkstemp(play->path)), 0);
	play->store = new_database(play->path);
	play->writer = writer_new(conf_hold(conf));
	play->limits = limits_new(writer_database(play->writer));
	assert_non_null(play->limits);
	limits_use(play->limits);
	database_use(writer_database(play->writer), play->store);
}

static inline void
play_note_daily(void *to, const struct daily_row *row)
{
	struct play *play = to;
	char *names = row->what == DAILY_SEEN ? play->seen : play->limited;
	size_t len = strlen(names);
	struct text text;

	text_init(&text, names + len, sizeof(play->seen) - len);
	for (int64_t i = 0;
	     (row->what == DAILY_LIMITED || row->what == DAILY_SEEN) &&
	     i < row->number;
	     i++) {
		text_addf(
		    &text, "%s%s", len + text.len > 0 ? " " : "", row->name);
	}
}

static inline bool
play_note_hits(void *to, const struct ban *ban)
{
	*(int64_t *)to += ban->hits;
	return true;
}

/* End all sessions, and see what is in the database then. */
static inline void
play_end(struct play *play)
{
	const struct ban_query bans = { .scope = BAN_EXACTLY,
		.who = play->client,
		.active_at = INT64_MIN };
	int64_t hits = 0;
	struct text events;

	for (size_t i = 0; i < SESSIONS; i++) {
		session_close(play->session[i], play->now);
	}
	database_use(writer_database(play->writer), play->store);
	writer_round(play->writer, play->now);
	store_tally_sum(play->store, &play->client, tally_hour(NOW),
	    tally_hour(play->now), &play->tally);
	text_init(&events, play->events, sizeof(play->events));
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		for (int64_t i = 0; i < play->tally.kind[kind]; i++) {
			text_addf(&events, "%s%s", events.len > 0 ? " " : "",
			    kind_name((enum kind)kind));
		}
	}
	store_daily_each(play->store, 0, play_note_daily, play);
	store_ban_each(play->store, &bans, play_note_hits, &hits);
	play->hits = hits - play->hits;
	limits_free(play->limits);
	writer_free(play->writer);
	store_close(play->store);
	remove_database(play->path);
	conf_drop(play->conf);
}

/* ---- the words of a script ---- */

enum step {
	STEP_VERB,
	STEP_HELO,
	STEP_MAIL,     /* a sender and its login */
	STEP_RCPT,     /* a path */
	STEP_REJECTED, /* by the MTA: status and text */
	STEP_HEADER,   /* name and value */
	STEP_CLOSE,
	STEP_TURN, /* to that session */
	STEP_WAIT, /* so many seconds */
	STEP_DOWN, /* the database is gone */
	STEP_UP    /* and back */
};

static const struct {
	const char *word;
	enum step step;
	const char *first, *second;
	int64_t number;
	void (*verb)(struct session *session, int64_t now);
} words[] = {
	{ "helo", STEP_HELO, NULL, NULL, 0, NULL },
	{ "mail", STEP_MAIL, "<bob@client.test>", NULL, 0, NULL },
	{ "bounce", STEP_MAIL, "<>", NULL, 0, NULL },
	{ "verify", STEP_MAIL, "<PostMaster@client.test>", NULL, 0, NULL },
	{ "auth", STEP_MAIL, "<joe@example.test>", "joe", 0, NULL },
	{ "rcpt", STEP_RCPT, "<user1@example.test>", NULL, 0, NULL },
	{ "user2", STEP_RCPT, "<user2@example.test>", NULL, 0, NULL },
	{ "USER1", STEP_RCPT, "USER1@example.test", NULL, 0, NULL },
	{ "abuse", STEP_RCPT, "<ABUSE@example.test>", NULL, 0, NULL },
	{ "postmaster", STEP_RCPT, "<postmaster@a.test>", NULL, 0, NULL },
	{ "contact", STEP_RCPT, "<Contact@example.test>", NULL, 0, NULL },
	{ "complaints", STEP_RCPT, "<complaints@b.test>", NULL, 0, NULL },
	{ "friend", STEP_RCPT, "<friend@b.test>", NULL, 0, NULL },
	{ "data", STEP_VERB, NULL, NULL, 0, session_data },
	{ "eom", STEP_VERB, NULL, NULL, 0, session_message },
	{ "abort", STEP_VERB, NULL, NULL, 0, session_end },
	{ "bogus", STEP_VERB, NULL, NULL, 0, session_unknown },
	{ "spam", STEP_HEADER, "x-spam-flag", "yes", 0, NULL },
	{ "virus", STEP_HEADER, "X-Virus-Status",
	    "Infected\n\t(Eicar-Test-Signature)", 0, NULL },
	{ "heuristic", STEP_HEADER, "X-Virus-Status",
	    "Infected (Heuristics.Phishing.Email.SpoofedDomain)", 0, NULL },
	{ "pua", STEP_HEADER, "X-Virus-Status", "Infected (PUA.Win.Packer)", 0,
	    NULL },
	{ "notpua", STEP_HEADER, "X-Virus-Status", "Infected (Win.OPUA.1)", 0,
	    NULL },
	{ "ham", STEP_HEADER, "X-Spam-Flag", "NO", 0, NULL },
	{ "clean", STEP_HEADER, "X-Virus-Status", "Clean", 0, NULL },
	{ "flagged", STEP_HEADER, "X-Spam-Flagged", "YES", 0, NULL },
	{ "other", STEP_HEADER, "X-Spam", "YES", 0, NULL },
	{ "close", STEP_CLOSE, NULL, NULL, 0, NULL },
	{ "first", STEP_TURN, NULL, NULL, 0, NULL },
	{ "second", STEP_TURN, NULL, NULL, 1, NULL },
	{ "third", STEP_TURN, NULL, NULL, 2, NULL },
	{ "wait", STEP_WAIT, NULL, NULL, 60, NULL },
	{ "hour", STEP_WAIT, NULL, NULL, HOUR, NULL },
	{ "down", STEP_DOWN, NULL, NULL, 0, NULL },
	{ "up", STEP_UP, NULL, NULL, 0, NULL },
	{ "dead", STEP_REJECTED, "5.1.1",
	    "Recipient address rejected: User unknown in local table", 0,
	    NULL },
	{ "nosuchdomain", STEP_REJECTED, "5.1.8",
	    "<a@no.test>: Sender address rejected: Domain not found", 0, NULL },
	{ "saysrelay", STEP_REJECTED, "5.7.1",
	    "<\"Relay access denied\"@b.test>: Access denied", 0, NULL },
	{ "helofornow", STEP_REJECTED, "4.7.1",
	    "<no.test>: Helo command rejected: Host not found", 0, NULL },
	{ "fornow", STEP_REJECTED, "4.1.8",
	    "Sender address rejected: Domain not found", 0, NULL },
	{ "ourdns", STEP_REJECTED, "4.4.3",
	    "Sender address rejected: Try again later", 0, NULL },
	{ "ourfault", STEP_REJECTED, "4.3.5", "Server configuration error", 0,
	    NULL },
	{ "badhelo", STEP_REJECTED, "5.5.2",
	    "Helo command rejected: need fully-qualified", 0, NULL },
	{ "relay", STEP_REJECTED, "5.7.1", "Relay access denied", 0, NULL },
	{ "relay4", STEP_REJECTED, "4.7.1", "Relay access denied", 0, NULL },
	{ "nomailbox", STEP_REJECTED, "", "nobody", 0, NULL }, /* Sendmail */
	{ "dead4", STEP_REJECTED, "4.1.1", "User unknown", 0, NULL },
	{ "norelay", STEP_REJECTED, "5.4.4", "Relay access denied", 0, NULL },
	{ "grey", STEP_REJECTED, "4.2.0",
	    "Recipient address rejected: Greylisted", 0, NULL },
	{ "spf", STEP_REJECTED, "5.7.23", "Message rejected due to SPF", 0,
	    NULL },
	{ "full", STEP_REJECTED, "4.2.2", "Mailbox full", 0, NULL },
	{ "nostatus", STEP_REJECTED, NULL,
	    "Recipient address rejected: User unknown", 0, NULL },
};

static inline void
play_heard(struct play *play, const char *step, const struct refusal *refusal)
{
	if (refusal != NULL) {
		play->refusal = *refusal;
		text_addf(&play->heard, "%s%s:%s",
		    play->heard.len > 0 ? " " : "", step, play->refusal.code);
	}
}

static inline void
play_mail(struct play *play, const char *path, const char *user)
{
	const struct sender sender = { .path = path,
		.auth_type = user == NULL ? NULL : "PLAIN",
		.auth_authen = user };

	play_heard(play, "mail",
	    session_mail(play->session[play->acting], &sender, play->now));
}

static inline void
play_rcpt(struct play *play, const char *path, bool is_rejected,
    const char *status, const char *text)
{
	const struct recipient recipient = { .path = path,
		.rejected = is_rejected,
		.status = status,
		.text = text };

	play_heard(play, "rcpt",
	    session_rcpt(play->session[play->acting], &recipient, play->now));
}

static inline void
play_word(struct play *play, size_t i)
{
	struct session *session = play->session[play->acting];
	const char *first = words[i].first;
	const char *second = words[i].second;

	switch (words[i].step) {
	case STEP_VERB:
		words[i].verb(session, play->now);
		break;
	case STEP_HELO:
		play_heard(play, "helo", session_helo(session, play->now));
		break;
	case STEP_MAIL:
		play_mail(play, first, second);
		break;
	case STEP_RCPT:
		play_rcpt(play, first, false, NULL, NULL);
		break;
	case STEP_REJECTED:
		play_rcpt(play, "<nobody@example.test>", true, first, second);
		break;
	case STEP_HEADER:
		session_header(session, first, second);
		break;
	case STEP_CLOSE:
		session_close(session, play->now);
		play->session[play->acting] = NULL;
		break;
	case STEP_TURN:
		play_turn(play, (size_t)words[i].number);
		break;
	case STEP_WAIT:
		play->now += words[i].number;
		writer_round(play->writer, play->now);
		break;
	case STEP_DOWN:
		database_use(writer_database(play->writer), NULL);
		break;
	case STEP_UP:
		database_use(writer_database(play->writer), play->store);
		break;
	}
}

/* Play a script, the first session's where it does not say whose. */
static inline void
play(struct play *play, const char *script)
{
	char copy[256];
	char *rest = copy;
	char *word;

	if (play->session[play->acting] == NULL) {
		play_turn(play, play->acting);
	}
	assert_true(text_copy(copy, sizeof(copy), script));
	while ((word = strsep(&rest, " ")) != NULL) {
		bool known = word[0] == '\0';

		for (size_t i = 0; i < COUNT(words); i++) {
			if (strcmp(words[i].word, word) == 0) {
				play_word(play, i);
				known = true;
			}
		}
		check_int(word, known, true);
	}
}

#endif
