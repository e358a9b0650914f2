/*
 * Bans (who is refused, why, from when until when, in which words), and the
 * standing: everything known about an address now.
 *
 * The SMTP reply, the page and the command all read this one struct,
 * so that they cannot disagree.
 */
#ifndef CORE_STANDING_H
#define CORE_STANDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "core/kind.h"
#include "core/reply.h"

enum {
	BAN_RULE_SIZE = 33,
	BAN_NOTE_SIZE = 201,
	BAN_REF_SIZE = 7,
	/* After so many refused sessions a ban takes effect at MAIL already,
	 * so that a harvester stops learning which recipients exist. */
	BAN_HITS_TO_MAIL = 10,
	/* Shorter prefixes than these are a slip of the hand.  To ban: */
	BAN_WIDEST_V4 = 8,
	BAN_WIDEST_V6 = 16,
	/* To be allowed as a network of this host's own: the most one holder
	 * was ever given by habit, a class B, and the least an IPv6 provider
	 * gets.  Wider is mynetworks_style = class, and would switch videur
	 * off for all customers of a provider. */
	ALLOW_WIDEST_V4 = 16,
	ALLOW_WIDEST_V6 = 32
};

/* The rule of bans made by hand. */
#define BAN_RULE_MANUAL "manual"

struct ban {
	int64_t id;     /* in the database; 0 before */
	struct net who; /* a client, or any network */
	enum reason reason;
	char rule[BAN_RULE_SIZE];
	int step; /* 1 is the first; 0 by hand */
	int64_t begins;
	int64_t ends;    /* the first second it is over */
	int64_t cleared; /* when; 0 where it was not */
	bool mistake;    /* cleared as one: no step of later bans */
	bool observed;   /* of observe mode or the brake: refuses nobody */
	int64_t hits;    /* refused sessions */
	int64_t told;    /* when a session was last refused; 0 never */
	int64_t host;    /* who made it: 0 is this host */
	enum stage stage;
	enum service service;
	/* The brake is for it: the client had mail accepted before.  One
	 * that is observed, too, was held back by the brake. */
	bool honest;
	struct reply reply; /* as it was given, whatever the policy says now */
	struct reply again; /* from the second refused session on; code empty:
			     * as the first */
	char note[BAN_NOTE_SIZE]; /* the administrator's alone */
	char say[BAN_NOTE_SIZE];  /* and what everybody may read */
	char ref[BAN_REF_SIZE];
};

/* Make of it a ban by hand: rule, step, where it takes effect and its reply,
 * by its reason; the rest is the caller's. */
void ban_by_hand(struct ban *ban);

/* Whether it was made by hand. */
bool ban_is_manual(const struct ban *ban);
/* What it is counted by, among cause_words: its reason, or CAUSE_MANUAL. */
int ban_cause(const struct ban *ban);

/* What it is of where that is more than an IPv4 address or IPv6 /64, written
 * into `text`; else NULL. */
const char *ban_network(const struct ban *ban, char text[static NET_TEXT_SIZE]);

/* The reply to a session that begins now. */
const struct reply *ban_reply(const struct ban *ban);

/* When it stopped or stops to hold: its end, or the clearing before it. */
int64_t ban_over(const struct ban *ban);

/* begins <= now < ends and not cleared.  An observed ban can be active; it
 * still refuses nobody. */
bool ban_active(const struct ban *ban, int64_t now);

/* Whether sessions of that service are refused for it. */
bool ban_fits(const struct ban *ban, enum service service);

/* What has become of it. */
enum ban_state {
	BAN_ACTIVE, /* or not begun yet */
	BAN_OVER,
	BAN_CLEARED,
	BAN_MISTAKE,  /* cleared as one */
	BAN_OBSERVED, /* the next four refuse nobody */
	BAN_OBSERVED_OVER,
	BAN_HELD, /* by the brake */
	BAN_HELD_OVER,
	BAN_STATES
};
enum ban_state ban_state(const struct ban *ban, int64_t now);

enum {
	STANDING_BANS_MAX = 16
};

enum verdict {
	STANDING_CLEAR,
	STANDING_BANNED,
	STANDING_ALLOWED, /* on the allow list or one of the host's own */
	STANDING_NEVER    /* in a range that is never banned */
};

struct standing {
	struct addr address;
	int64_t checked_at;
	enum verdict verdict;
	/* Active and enforced, the last-ending first; only where the verdict
	 * is STANDING_BANNED, and then at least one.  Of more than
	 * STANDING_BANS_MAX, those that end last. */
	struct ban ban[STANDING_BANS_MAX];
	size_t bans;
};

/* What a session is, as far as it is known at a stage. */
struct session_facts {
	enum service service;
	enum stage stage;
	bool authenticated;
	bool mail_open; /* whatever hits a ban has */
};

/*
 * The ban that a session is refused for at a stage, or NULL: of those that fit
 * the service and whose stage is reached, the one that ends last.  A ban with
 * BAN_HITS_TO_MAIL hits has reached its stage at MAIL.  An authenticated
 * session is refused for `auth` only.
 */
const struct ban *standing_refusal(
    const struct standing *standing, const struct session_facts *facts);

/* The stage at which a session on that service is refused for this ban of the
 * standing; STAGE_COUNT where it never is, or for another one before.  Whether
 * it is on any of them: then its reply is heard. */
enum stage standing_speaks(const struct standing *standing,
    const struct ban *ban, enum service service);
bool standing_heard(const struct standing *standing, const struct ban *ban);

/* The ranges that are never banned: this host, private, link-local,
 * multicast and reserved.  Documentation ranges are ordinary. */
bool standing_never_banned(const struct addr *address);

/* Whether all of a network lies in one of them. */
bool standing_never_banned_net(const struct net *net);

/* "clear", "banned", "allowed", "never banned". */
const char *standing_verdict_name(enum verdict verdict);

#endif
