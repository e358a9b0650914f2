#include "core/ban.h"

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
