#include "milter/hearing.h"

#include "core/standing.h"

void
hearing_init(
    struct hearing *hearing, const struct conf *conf, struct account *account)
{
	hearing->conf = conf;
	hearing->account = account;
	opinion_init(&hearing->opinion);
}

void
hearing_clear(struct hearing *hearing)
{
	opinion_clear(&hearing->opinion);
}

static bool
has_limits(const struct policy *policy)
{
	for (int i = 0; i < LIMIT_KINDS; i++) {
		if (limit_is_set(&policy->limit[i])) {
			return true;
		}
	}
	return false;
}

void
hearing_leave(struct hearing *hearing)
{
	const struct account *account = hearing->account;

	if (hearing->presence.slot) {
		account->desk->leave(account->desk->self,
		    &account->visitor.client, &hearing->presence);
	}
}

void
hearing_open(
    struct hearing *hearing, const struct addr *address, enum service service)
{
	hearing_leave(hearing);
	hearing->limited = has_limits(&hearing->conf->policy);
	hearing->known = address != NULL;
	hearing->service = service;
	if (address != NULL) {
		hearing->exempt = standing_never_banned(address) ||
				  conf_allows(hearing->conf, address);
	}
}

/* The ban that speaks to this session at a stage, or NULL. */
static const struct ban *
speaker(const struct hearing *hearing, enum stage stage)
{
	const struct session_facts facts = {
		.service = hearing->service,
		.stage = stage,
		.authenticated = hearing->authenticated,
	};

	return opinion_speaker(&hearing->opinion, &facts);
}

static void
count_hit(struct hearing *hearing, const struct ban *ban, int64_t now)
{
	struct account *account = hearing->account;

	account_session(account, now);
	account_refusal(account, now);
	if (!hearing->hit) {
		hearing->hit = true;
		account->desk->hit(
		    account->desk->self, &account->visitor, ban, now);
	}
}

bool
hearing_judge(struct hearing *hearing, enum stage stage, bool spared,
    int64_t now, struct answer *answer)
{
	struct account *account = hearing->account;
	const struct ban *ban;

	if (!hearing->known || hearing->exempt) {
		return false;
	}
	if (!opinion_refresh(
		&hearing->opinion, account->desk, &account->visitor, now)) {
		if (hearing->conf->milter.on_error == CONF_ACCEPT ||
		    stage == STAGE_HELO) {
			return false;
		}
		account_refusal(hearing->account, now);
		answer_unavailable(answer);
		return true;
	}
	ban = speaker(hearing, stage);
	if (ban == NULL || spared) {
		return false;
	}
	answer_ban(answer, opinion_reply(&hearing->opinion, ban), ban,
	    &account->visitor);
	count_hit(hearing, ban, now);
	return true;
}

/* Whether limits are for this session: not for one that is authenticated or
 * came to submit mail, nor for a client that is allowed or may be. */
static bool
is_limited(const struct hearing *hearing)
{
	return hearing->limited && hearing->known && !hearing->exempt &&
	       !hearing->authenticated &&
	       hearing->service != SERVICE_SUBMISSION &&
	       hearing->opinion.version != DESK_NO_VERSION &&
	       hearing->opinion.verdict != STANDING_ALLOWED;
}

static void
count_over(struct hearing *hearing, enum limit_kind kind, int64_t now)
{
	struct account *account = hearing->account;

	account_refusal(account, now);
	if (!hearing->over) {
		hearing->over = true;
		account->desk->limited(account->desk->self, kind, now);
		account_deed(account, KIND_VOLUME, limit_name(kind), now);
	}
}

bool
hearing_measure(struct hearing *hearing, int64_t now, struct answer *answer)
{
	struct account *account = hearing->account;
	enum limit_kind over;

	if (!is_limited(hearing)) {
		return false;
	}
	hearing->presence.ban = opinion_newest(&hearing->opinion);
	over = account->desk->admit(
	    account->desk->self, &account->visitor, &hearing->presence, now);
	if (over == LIMIT_KINDS) {
		return false;
	}
	answer_limit(
	    answer, &hearing->conf->policy.limit[over], &account->visitor);
	count_over(hearing, over, now);
	return true;
}
