/*
 * Inside the engine: what a client, a rule and a moment come to, what the
 * brake says of it, and how a ban is written.
 */
#ifndef ENGINE_JUDGE_H
#define ENGINE_JUDGE_H

#include "core/policy.h"
#include "engine/engine.h"

struct judge_query {
	const struct conf *conf;
	const struct rule *rule;
	struct net client;
	struct addr address; /* whose event it is */
	int64_t at;          /* of the event that is judged */
	int64_t now;
	int64_t spent; /* no event up to that time counts; INT64_MIN */
	bool always;   /* not only where there are enough events around `at` */
	bool before;   /* as it was before a ban that began at `at` */
	bool observed; /* observed bans count like others */
	bool storm;    /* logins fail for all, and it is one of them */
	bool batch;    /* it was stored with others, before any was judged */
	bool on_mx;    /* a failed login, seen on port 25 */
	const struct tally *unflushed; /* or NULL */
};

struct judgement {
	int64_t t; /* when it is judged */
	struct policy_past past;
	struct policy_counts counts;
	int64_t accepted; /* the other side of the ratio; 0 without one */
	int64_t history;  /* and what the days before add to it */
	bool trusted;     /* policy_trusts() the client */
	unsigned spared;  /* SPARED_ACCEPTED ... */
};

/* Collect everything policy_step() decides on; false where nothing can
 * follow. */
bool engine_judge(struct store *store, const struct judge_query *query,
    struct judgement *judged);

/* engine_next(), by all bans that cover the ban's network, and maybe others. */
struct next_ban engine_follows(const struct conf *conf, const struct ban *ban,
    int64_t now, const struct evidence *evidence);

/* Ask before a ban that begins at `t` is written. */
struct brake_answer {
	bool honest; /* the client is one the brake is for */
	bool held;   /* its ban is to be observed only */
	bool braked; /* and the brake was put on for it */
};
struct brake_answer engine_brake_ask(
    struct store *store, const struct judge_query *query, int64_t t);
/* Write down, and log, that it released itself, where it did. */
void engine_brake_settle(
    struct store *store, const struct conf *conf, int64_t now);

/* Since when the client's events count, by the brake: its newest release where
 * the client is honest and it lies after `after`; else `after`.  Whatever made
 * it look bad, it is not to be banned for it at its first slip after the
 * release. */
int64_t engine_brake_forgive(struct store *store,
    const struct judge_query *query, int64_t t, int64_t after);

/* Whether an event that is stored counts nothing: the query's rule counts a user
 * or recipient a few times an hour only. */
bool engine_is_same(struct store *store, const struct judge_query *query,
    const struct event *event);

/*
 * What the event of a query counts for the networks around its client, and the
 * ban of one where that is enough: of those that a rule widens to the widest.
 * `event` is stored.  Never banned is a network that holds an allowed one, an
 * address of this host, a forwarder, or a client with mail accepted or a good
 * login in the REPUTATION_SPAN before.
 */
void engine_widen(struct store *store, const struct judge_query *query,
    const struct event *event, struct outcome *outcome);

/* Let all rules judge an event that is stored, and nothing that is not written
 * yet counts: one that another host saw. */
void engine_judge_stored(struct store *store, const struct conf *conf,
    const struct event *event, int64_t now, struct outcome *outcome);

/* engine_why() of a network's ban that began at the query's `at`; the network
 * is its client. */
void engine_why_together(
    struct store *store, const struct judge_query *query, struct why *why);

/* Bans around an event of a client. */
struct around {
	const struct conf *conf;
	int64_t at;
	uint32_t reasons; /* of those that hold then, a bit each */
	int64_t since;    /* when the newest of them began or ended before */
	int64_t until;    /* when the first of those that hold ends */
	bool cut;         /* one held in a part of its clock hour */
	bool answered;    /* they hold for all that it could be banned for */
};

/*
 * Whether an event is to be kept, the `number`th of its kind and hour.  Not
 * one that bans have answered: they hold for the reason of every rule that
 * counts it, so that it will never count.  Nor one of a full hour; where a ban
 * held in that hour, the number says less than what was kept.
 */
bool engine_is_kept(struct store *store, const struct conf *conf,
    const struct event *event, int64_t number, struct around *around);

/* What the tallies say of the hours that any rule may look at for an event. */
struct hours {
	int64_t hour; /* of the event */
	enum kind kind;
	int64_t number;   /* events of its kind in its hour */
	struct tally sum; /* of them all: no rule counts more */
	int64_t last;     /* the last of them */
};

void engine_hours(struct store *store, const struct conf *conf,
    const struct event *event, struct hours *hours);

/* The leeway of an outcome. */
struct leeway_found engine_leeway_in(const struct conf *conf,
    const struct event *event, int64_t now, const struct hours *hours,
    const struct around *around);

/* A ban for failed logins that were seen on port 25 holds there, too. */
void engine_reach_everywhere(struct ban *ban);

/* Write a new ban, with its sum by day: observed where the mode says so, and
 * under a ref of its own. */
void engine_ban_put(
    struct store *store, const struct conf *conf, struct ban *ban);

#endif
