#include "milter/verdict.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/engine.h"
#include "milter/database.h"

/* Of a client that is banned. */
struct peer_bans {
	struct standing standing;
	/* Which reply of a ban the session hears, from the first to its
	 * last. */
	struct reply_choice {
		int64_t ban;
		bool again;
	} choice[STANDING_BANS_MAX];
	size_t choices; /* so far; the oldest gives way */
};

void
verdict_init(
    struct peer *peer, struct database *database, const struct conf *conf)
{
	*peer = (struct peer){ .conf = conf,
		.database = database,
		.left = DATABASE_DEADLINE,
		.version = DATABASE_NO_VERSION };
}

void
verdict_clear(struct peer *peer)
{
	free(peer->bans);
	peer->bans = NULL;
}

void
verdict_connect(
    struct peer *peer, const struct addr *address, enum service service)
{
	peer->known = address != NULL;
	peer->service = service;
	if (address != NULL) {
		peer->address = *address;
		peer->client = engine_client(peer->conf, address);
		peer->exempt = standing_never_banned(address) ||
			       conf_allows(peer->conf, address);
	}
}

/* ---- the standing ---- */

/* Whether the clock alone may have changed it: a ban of it ended, and is
 * taken out, or an entry of the allow list may have run out. */
static bool
is_out_of_date(struct peer *peer, int64_t now)
{
	struct standing *standing;
	size_t kept = 0;
	bool any;

	if (peer->bans == NULL) {
		return peer->verdict == STANDING_ALLOWED &&
		       peer->checked_at != now;
	}
	standing = &peer->bans->standing;
	for (size_t i = 0; i < standing->bans; i++) {
		if (ban_active(&standing->ban[i], now)) {
			standing->ban[kept++] = standing->ban[i];
		}
	}
	any = kept < standing->bans;
	standing->bans = kept;
	return any;
}

bool
verdict_refresh(struct peer *peer, int64_t now)
{
	int64_t version = is_out_of_date(peer, now) ? DATABASE_NO_VERSION
						    : peer->version;
	struct standing *standing;
	struct standing fresh;
	enum database_answer answer;

	fresh.address = peer->address;
	fresh.checked_at = now;
	answer = database_standing(
	    peer->database, peer->conf, &peer->left, &version, &fresh);
	if (answer == DATABASE_NOTHING) {
		fresh.verdict = STANDING_CLEAR;
	} else if (answer != DATABASE_NEW) {
		return answer == DATABASE_HOLDS ||
		       peer->version != DATABASE_NO_VERSION;
	}
	peer->asked |= answer == DATABASE_NEW;
	peer->version = version;
	peer->verdict = fresh.verdict;
	peer->checked_at = now;
	if (fresh.verdict != STANDING_BANNED) {
		verdict_clear(peer);
		return true;
	}
	if (peer->bans == NULL) {
		peer->bans = malloc(sizeof(*peer->bans));
		if (peer->bans == NULL) {
			peer->version = DATABASE_NO_VERSION;
			return false;
		}
		peer->bans->choices = 0;
	}
	/* Copy no more than there is: mostly one ban of many. */
	standing = &peer->bans->standing;
	standing->verdict = fresh.verdict;
	standing->bans = fresh.bans;
	memcpy(standing->ban, fresh.ban, fresh.bans * sizeof(fresh.ban[0]));
	return true;
}

const struct ban *
verdict_ban(const struct peer *peer, enum stage stage, bool mail_open)
{
	const struct session_facts facts = {
		.service = peer->service,
		.stage = stage,
		.mail_open = mail_open,
		.authenticated = peer->authenticated,
	};

	return peer->bans == NULL
		   ? NULL
		   : standing_refusal(&peer->bans->standing, &facts);
}

int64_t
verdict_newest(const struct peer *peer)
{
	int64_t newest = 0;

	for (size_t i = 0; peer->bans != NULL && i < peer->bans->standing.bans;
	     i++) {
		if (peer->bans->standing.ban[i].id > newest) {
			newest = peer->bans->standing.ban[i].id;
		}
	}
	return newest;
}

/* ---- the words ---- */

static void
copy_codes(struct refusal *refusal, const struct reply *reply)
{
	(void)text_copy(refusal->code, sizeof(refusal->code), reply->code);
	(void)text_copy(
	    refusal->enhanced, sizeof(refusal->enhanced), reply->enhanced);
}

void
verdict_refuse(
    struct peer *peer, const struct ban *ban, struct refusal *refusal)
{
	struct peer_bans *bans = peer->bans;
	struct reply_choice *choice = NULL;
	const struct reply *reply;
	char network[NET_TEXT_SIZE];
	char who[ADDR_TEXT_SIZE];

	for (size_t i = 0; i < bans->choices && i < STANDING_BANS_MAX; i++) {
		if (bans->choice[i].ban == ban->id) {
			choice = &bans->choice[i];
		}
	}
	if (choice == NULL) {
		choice = &bans->choice[bans->choices++ % STANDING_BANS_MAX];
		*choice = (struct reply_choice){ .ban = ban->id,
			.again = ban_reply(ban) == &ban->again };
	}
	reply = choice->again ? &ban->again : &ban->reply;
	copy_codes(refusal, reply);
	(void)reply_phrase(reply, addr_format(&peer->address, who),
	    ban_network(ban, network), ban->ends, peer->conf->lookup_url,
	    ban->ref, refusal->text);
}

void
verdict_refuse_limit(
    const struct peer *peer, const struct limit *limit, struct refusal *refusal)
{
	char who[ADDR_TEXT_SIZE];

	copy_codes(refusal, &limit->reply);
	(void)reply_phrase(&limit->reply, addr_format(&peer->address, who),
	    NULL, 0, peer->conf->lookup_url, NULL, refusal->text);
}
