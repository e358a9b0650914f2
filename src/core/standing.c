#include "core/standing.h"

#include <string.h>

#include "base/text.h"

static const struct reply by_hand = { .code = "550",
	.enhanced = "5.7.1",
	.phrase = "Blocked by the administrator" };

void
ban_by_hand(struct ban *ban)
{
	bool logins = ban->reason == REASON_AUTH;

	(void)text_copy(ban->rule, sizeof(ban->rule), BAN_RULE_MANUAL);
	ban->step = 0;
	/* Only at HELO can a ban stop a login; any other leaves postmaster
	 * and abuse reachable. */
	ban->stage = logins ? STAGE_HELO : STAGE_RCPT;
	ban->service = logins ? SERVICE_SUBMISSION : SERVICE_ANY;
	ban->reply = by_hand;
}

bool
ban_is_manual(const struct ban *ban)
{
	return strcmp(ban->rule, BAN_RULE_MANUAL) == 0;
}

int
ban_cause(const struct ban *ban)
{
	return ban_is_manual(ban) ? CAUSE_MANUAL : (int)ban->reason;
}

const char *
ban_network(const struct ban *ban, char text[static NET_TEXT_SIZE])
{
	return net_is_wider(&ban->who, 32, 64) ? net_format(&ban->who, text)
					       : NULL;
}

const struct reply *
ban_reply(const struct ban *ban)
{
	return ban->hits > 0 && ban->again.code[0] != '\0' ? &ban->again
							   : &ban->reply;
}

int64_t
ban_over(const struct ban *ban)
{
	return ban->cleared != 0 && ban->cleared < ban->ends ? ban->cleared
							     : ban->ends;
}

bool
ban_active(const struct ban *ban, int64_t now)
{
	return ban->cleared == 0 && ban->begins <= now && now < ban->ends;
}

bool
ban_fits(const struct ban *ban, enum service service)
{
	return ban->service == SERVICE_ANY || service == SERVICE_ANY ||
	       ban->service == service;
}

enum ban_state
ban_state(const struct ban *ban, int64_t now)
{
	const bool over = now >= ban->ends;

	if (ban->mistake) {
		return BAN_MISTAKE;
	}
	if (ban->cleared != 0) {
		return BAN_CLEARED;
	}
	if (!ban->observed) {
		return over ? BAN_OVER : BAN_ACTIVE;
	}
	if (ban->honest) {
		return over ? BAN_HELD_OVER : BAN_HELD;
	}
	return over ? BAN_OBSERVED_OVER : BAN_OBSERVED;
}

/* One range, its bytes as in struct addr. */
#define V4(a, b, c, d, length)                                                 \
	{                                                                      \
		.addr.byte = { [10] = 0xff, 0xff, (a), (b), (c), (d) },        \
		.bits = ADDR_V4_OFFSET + (length)                              \
	}
#define V6(a, b, length)                                                       \
	{                                                                      \
		.addr.byte = { (a), (b) }, .bits = (length)                    \
	}

static const struct net never[] = {
	V4(0, 0, 0, 0, 8),      /* this network, RFC 1122 */
	V4(10, 0, 0, 0, 8),     /* private, RFC 1918 */
	V4(100, 64, 0, 0, 10),  /* carrier-grade NAT, RFC 6598 */
	V4(127, 0, 0, 0, 8),    /* loopback, RFC 1122 */
	V4(169, 254, 0, 0, 16), /* link-local, RFC 3927 */
	V4(172, 16, 0, 0, 12),  /* private, RFC 1918 */
	V4(192, 168, 0, 0, 16), /* private, RFC 1918 */
	V4(224, 0, 0, 0, 3),    /* multicast and reserved, RFC 1112 */
	V6(0, 0, 127),          /* unspecified and loopback, RFC 4291 */
	V6(0xfc, 0, 7),         /* unique local, RFC 4193 */
	V6(0xfe, 0x80, 10),     /* link-local, RFC 4291 */
	V6(0xff, 0, 8),         /* multicast, RFC 4291 */
};

bool
standing_never_banned_net(const struct net *net)
{
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		if (net_contains(&never[i], net)) {
			return true;
		}
	}
	return false;
}

bool
standing_never_banned(const struct addr *address)
{
	const struct net net = net_cut(address, ADDR_BITS);

	return standing_never_banned_net(&net);
}

const struct ban *
standing_refusal(
    const struct standing *standing, const struct session_facts *facts)
{
	if (standing->verdict != STANDING_BANNED) {
		return NULL;
	}
	for (size_t i = 0; i < standing->bans; i++) {
		const struct ban *ban = &standing->ban[i];

		const bool early = ban->stage == STAGE_RCPT &&
				   ban->hits >= BAN_HITS_TO_MAIL &&
				   !facts->mail_open;
		const enum stage stage = early ? STAGE_MAIL : ban->stage;

		if (stage <= facts->stage && ban_fits(ban, facts->service) &&
		    (!facts->authenticated || ban->reason == REASON_AUTH)) {
			return ban; /* they stand last-ending first */
		}
	}
	return NULL;
}

enum stage
standing_speaks(const struct standing *standing, const struct ban *ban,
    enum service service)
{
	struct session_facts facts = { .service = service };
	const struct ban *first = NULL;

	for (; facts.stage < STAGE_COUNT; facts.stage++) {
		first = standing_refusal(standing, &facts);
		if (first != NULL) {
			return first == ban ? facts.stage : STAGE_COUNT;
		}
	}
	return STAGE_COUNT;
}

bool
standing_heard(const struct standing *standing, const struct ban *ban)
{
	return standing_speaks(standing, ban, SERVICE_MX) < STAGE_COUNT ||
	       standing_speaks(standing, ban, SERVICE_SUBMISSION) < STAGE_COUNT;
}

const char *
standing_verdict_name(enum verdict verdict)
{
	static const char *const names[] = {
		[STANDING_CLEAR] = "clear",
		[STANDING_BANNED] = "banned",
		[STANDING_ALLOWED] = "allowed",
		[STANDING_NEVER] = "never banned",
	};

	return names[verdict];
}
