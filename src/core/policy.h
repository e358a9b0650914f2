/*
 * Policy: what leads to a ban.
 *
 * A rule says which kinds of events, how many within how long, and what
 * follows.  Everything here is arithmetic on values; the caller counts
 * (engine/observe) and reads the clock.
 */
#ifndef CORE_POLICY_H
#define CORE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/kind.h"
#include "core/reply.h"
#include "core/reputation.h"
#include "core/standing.h"

enum {
	POLICY_NAME_SIZE = 33,
	POLICY_RULES_MAX = 32,
	POLICY_STEPS_MAX = 12,
	POLICY_SPANS_MAX = 32,
	POLICY_WIDEN_MAX = 4,         /* lengths of one family */
	POLICY_WIDEN_CLIENTS = 3,     /* that it takes at least */
	POLICY_WIDEN_WITHIN = 3600,   /* seconds: it is counted by the hour */
	POLICY_RATIO_ONE = RATIO_ONE, /* a ratio of 1.0 */
	/* Users that logged in well from one client within a day: then it is
	 * an office or a provider's gateway. */
	POLICY_OFFICE_USERS = 3,
	POLICY_OFFICE_SPAN = 24 * 3600,
	POLICY_HISTORY_DAYS = REPUTATION_SPAN / (24 * 3600),
	/* Of one message of a client with a good history. */
	POLICY_UNKNOWN_MAX = 3
};

struct rule {
	char name[BAN_RULE_SIZE];
	uint32_t kinds;         /* kind_bit() of each */
	int64_t limit;          /* so many events */
	int64_t within;         /* in so many seconds */
	int64_t settle;         /* events younger than this do not count yet */
	int64_t ratio;          /* of POLICY_RATIO_ONE; 0 is no ratio */
	int64_t same_user;      /* of one user so many an hour count; 0: all */
	int64_t same_recipient; /* of one recipient likewise */
	int64_t credit; /* so many accepted forgive one event; 0: none do */
	int64_t weight; /* what an event of a forwarder counts, of
			 * POLICY_RATIO_ONE and at most that; 0: nothing */
	int64_t soft;   /* so many steps answer 450 instead of 5xx */
	/* Networks that are counted and banned beside their clients: prefix
	 * lengths, the longest first, and how many times the limit each needs;
	 * the last of these stands for all later ones. */
	int64_t widen[POLICY_WIDEN_MAX];
	size_t widens;
	int64_t widen_ipv4[POLICY_WIDEN_MAX];
	size_t widens_ipv4;
	int64_t widen_limit[POLICY_WIDEN_MAX];
	size_t widen_limits;
	enum reason reason;
	enum service service;
	enum stage stage;
	int64_t ban[POLICY_STEPS_MAX]; /* seconds, the first step first */
	size_t steps;                  /* how many of them; 0 never bans */
	struct reply reply;
	struct reply again; /* from the second refused session of a ban on;
			     * code empty: as the first */
};

struct policy {
	char name[POLICY_NAME_SIZE];
	int64_t memory; /* seconds a ban stays a step */
	struct reputation_scale scale;
	struct limit limit[LIMIT_KINDS];
	struct rule rule[POLICY_RULES_MAX];
	size_t rules;
};

/* Counted are events with after < time <= until. */
struct policy_window {
	int64_t after;
	int64_t until;
};

/*
 * The window a rule looks at when judged at `t`.  `since` is the newest time
 * from which counting starts anew for this client (a mark), or INT64_MIN.
 */
struct policy_window policy_window(
    const struct rule *rule, int64_t t, int64_t since);

/*
 * What the REPUTATION_SPAN before the window adds to the other side of a ratio: a
 * day's share of what was accepted in it, less what the rule counts of it; so
 * that a history is used up by whoever lives on it.
 */
int64_t policy_history(int64_t accepted, int64_t bad);

/* What else there is about a client, beside its events. */
struct policy_merits {
	int64_t accepted; /* the other side of the rule's ratio, its history
			   * included */
	bool forwarder;   /* its events count with the rule's weight */
};

/*
 * How many events the rule needs: never less than the limit and one more for
 * every `credit` accepted; so many that bad / (bad + accepted) reaches the
 * ratio; and, where each counts but a part, so many more.  INT64_MAX where no
 * number can.
 */
int64_t policy_need(
    const struct rule *rule, const struct policy_merits *merits);

/*
 * The networks around a client that a rule widens to, the widest first; only
 * those that are wider than the client.  Gives back how many.
 *
 * No client may give its network more than the rule's limit, so that it takes
 * POLICY_WIDEN_CLIENTS or more to reach `need`.
 */
struct policy_wider {
	struct net net;
	int64_t need; /* events of all its clients */
};
/* How many times the limit the length number `at` needs. */
int64_t policy_widen_limit(const struct rule *rule, size_t at);
size_t policy_widen(const struct rule *rule, const struct net *client,
    struct policy_wider wider[static POLICY_WIDEN_MAX]);

/* Whether the other side of the rule's ratio is messages (spam, virus and
 * complaint only) rather than recipients. */
bool policy_counts_messages(const struct rule *rule);

/* How often one key counts, a user or a recipient. */
struct policy_keys {
	int64_t most; /* so many of its events; 0: all */
	bool hourly;  /* in each clock hour; else in all */
};
/* `users` logged in well from there within POLICY_OFFICE_SPAN: a wrong password
 * in one telephone must not lock out an office. */
struct policy_keys policy_keys(const struct rule *rule, int64_t users);

/*
 * How many of `bad` events count where only `sure` ones are the client's own
 * fault: the others are recipients refused to the null sender, which are
 * bounces of mail that somebody forged.  They never ban a client alone whose
 * mail was accepted lately.
 */
int64_t policy_sure(int64_t bad, int64_t sure);

/* Whether a client's unknown recipients are a list that is out of date rather
 * than guesses, and its spam one sender's of many: by its reputation, or mail
 * accepted on several days. */
bool policy_trusts(enum reputation reputation, int64_t days);

/* A stretch of time: from <= time < until. */
struct policy_span {
	int64_t from;
	int64_t until;
};

/*
 * What a client's earlier bans mean for one rule at one moment.  Start with
 * policy_past(), then add every ban of the rule's reason that covers the
 * client, in any order.
 */
struct policy_past {
	const struct rule *rule; /* borrowed */
	int64_t t;
	int64_t memory;
	bool observed; /* observed bans count like others */
	/* Set by the caller.  The client: bans of a wider network are no steps
	 * of its own; and what its rules are, or NULL. */
	struct net who;
	const struct policy *policy; /* borrowed */

	int64_t steps;  /* bans that began within memory of t */
	int64_t newest; /* when the newest of those began; INT64_MIN */
	bool held;      /* a ban holds at t */
	int64_t next;   /* when the next ban after t begins; INT64_MAX */
	/* When the newest ban up to t began of this rule, or of one of the
	 * policy that counts a kind of its; INT64_MIN for none: events before
	 * it have had their answer. */
	int64_t spent;
	/* When bans held within the rule's window: events in them do not
	 * count.  In order of time, apart from each other. */
	struct policy_span span[POLICY_SPANS_MAX];
	size_t spans;
};
struct policy_past policy_past(
    const struct rule *rule, int64_t t, int64_t memory, bool observed);
void policy_past_add(struct policy_past *past, const struct ban *ban);

/* What one client, one rule and one moment come to. */
struct policy_counts {
	int64_t bad;  /* events in the window, counted up to `need` */
	int64_t need; /* from policy_need() */
};

struct policy_decision {
	bool ban;
	int step;
	int64_t begins;
	int64_t ends;
};

/* Decide at the past's `t`.  No ban where too little was counted, the rule has no
 * durations, or the ban would overlap another of its reason. */
struct policy_decision policy_step(
    const struct policy_past *past, const struct policy_counts *counts);

/* How long the ban of this step (1 is the first) lasts; the last duration
 * stands for all later ones; 0 where the rule has none. */
int64_t policy_duration(const struct rule *rule, int64_t step);

/* The ban that a decision of this rule makes of `who`; no ref yet.  Up to
 * step `soft` its replies are temporary (450, or 4xx as they are); so is the
 * first where policy_trusts() the client, but for viruses and logins. */
struct ban policy_ban(const struct rule *rule,
    const struct policy_decision *decision, const struct net *who,
    bool trusted);

/* The rule of that name, or NULL. */
const struct rule *policy_rule(const struct policy *policy, const char *name);

#endif
