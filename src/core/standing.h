/*
 * Standing: everything known about an address now.
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
#include "core/ban.h"
#include "core/kind.h"

struct json;

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
};

/*
 * The ban that a session is refused for at a stage, or NULL: of those that fit
 * the service and whose stage is reached, the one that ends last.  A ban with
 * BAN_HITS_TO_MAIL hits has reached its stage at MAIL.  An authenticated
 * session is refused for `auth` only.
 */
const struct ban *standing_refusal(
    const struct standing *standing, const struct session_facts *facts);

/* The ranges that are never banned: this host, private, link-local,
 * multicast and reserved.  Documentation ranges are ordinary. */
bool standing_never_banned(const struct addr *address);

/* Whether all of a network lies in one of them. */
bool standing_never_banned_net(const struct net *net);

/* "clear", "banned", "allowed", "never banned". */
const char *standing_verdict_name(enum verdict verdict);

/* {"ip","listed","bans":[...],"checked_at"}: one address for programs, the
 * same from web and command. */
void standing_json(
    const struct standing *standing, const char *lookup_url, struct json *json);

#endif
