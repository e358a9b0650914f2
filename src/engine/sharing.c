/*
 * How it stands with what several hosts share, by what videur-share wrote.
 */
#include <string.h>

#include "base/table.h"
#include "base/text.h"
#include "base/words.h"
#include "engine/engine.h"
#include "store/shared.h"

enum {
	SILENCE = 60 /* s without a sign of life of videur-share */
};

static const char *const faults[] = {
	[PEER_AWAY] = "away",
	[PEER_VERSION] = "version",
	[PEER_POLICY] = "policy",
	[PEER_CLOCK] = "clock",
};
const struct words peer_words = WORDS_OF(faults);

unsigned
engine_peer_faults(
    const struct conf *conf, const struct share_peer *peer, int64_t at)
{
	char hash[HASH_TEXT_SIZE];
	unsigned found = 0;

	if (peer->seen == 0) { /* it has left */
		return 0;
	}
	if (at - peer->seen > ENGINE_PEER_AWAY) {
		found |= 1U << PEER_AWAY;
	}
	if (strcmp(peer->version, VIDEUR_VERSION) != 0) {
		found |= 1U << PEER_VERSION;
	} else if (peer->policy[0] != '\0' &&
		   strcmp(peer->policy, conf_policy_hash(conf, hash)) != 0) {
		found |= 1U << PEER_POLICY;
	}
	if (peer->clock > ENGINE_PEER_CLOCK ||
	    peer->clock < -ENGINE_PEER_CLOCK) {
		found |= 1U << PEER_CLOCK;
	}
	return found;
}

struct count {
	const struct conf *conf;
	struct sharing *sharing;
};

static void
count_peer(void *to, const struct share_peer *peer)
{
	struct count *count = to;

	if (peer->seen != 0) {
		count->sharing->hosts++;
		count->sharing->differ += engine_peer_faults(count->conf, peer,
					      count->sharing->asked) != 0;
	}
}

void
engine_sharing(struct store *store, const struct conf *conf, int64_t now,
    struct sharing *sharing)
{
	struct state states[STATE_COUNT];
	const struct state *lost = &states[STATE_SHARE_LOST];
	const struct state *missed = &states[STATE_SHARE_MISSED];
	struct count count = { conf, sharing };

	*sharing = (struct sharing){ .joined = false };
	engine_states(store, states);
	sharing->joined = store_share_self(store, &sharing->self);
	sharing->asked = states[STATE_SHARE].since;
	sharing->connected = lost->there && lost->value[0] == '\0' &&
			     now - sharing->asked <= SILENCE;
	/* A state of others is cut to a word or two. */
	(void)store_state_find(store, engine_state_name(STATE_SHARE_LOST),
	    sharing->why, sizeof(sharing->why), &sharing->since);
	sharing->missed = missed->there ? missed->number : 0;
	sharing->missed_at = missed->since;
	store_share_peer_each(store, count_peer, &count);
}
