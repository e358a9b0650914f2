#include "core/reputation.h"

#include "core/policy.h"

int64_t
reputation_bad(const struct tally *tally)
{
	int64_t bad = 0;

	for (int kind = 0; kind < KIND_COUNT; kind++) {
		if (kind != KIND_GREYLIST && kind != KIND_VOLUME) {
			bad += tally->kind[kind];
		}
	}
	return bad;
}

/* Whether bad / (bad + accepted) is at least, or else at most, the ratio. */
static bool
part_reaches(int64_t bad, int64_t accepted, int64_t ratio)
{
	return bad * (POLICY_RATIO_ONE - ratio) >= ratio * accepted;
}

static bool
part_stays_within(int64_t bad, int64_t accepted, int64_t ratio)
{
	return bad * (POLICY_RATIO_ONE - ratio) <= ratio * accepted;
}

enum reputation
reputation_of(
    const struct reputation_scale *scale, const struct reputation_facts *facts)
{
	int64_t bad = reputation_bad(&facts->tally);
	int64_t accepted = facts->tally.accepted;

	if (scale->poor_bans > 0 && facts->bans >= scale->poor_bans) {
		return REPUTATION_POOR;
	}
	if (bad > 0 && bad >= scale->poor_events &&
	    part_reaches(bad, accepted, scale->poor_ratio)) {
		return REPUTATION_POOR;
	}
	if (facts->bans == 0 && accepted >= scale->good_messages &&
	    part_stays_within(bad, accepted, scale->good_ratio)) {
		return REPUTATION_GOOD;
	}
	return REPUTATION_NEUTRAL;
}

const char *
reputation_name(enum reputation reputation)
{
	static const char *const names[REPUTATION_COUNT] = {
		[REPUTATION_GOOD] = "good",
		[REPUTATION_NEUTRAL] = "neutral",
		[REPUTATION_POOR] = "poor",
	};

	return names[reputation];
}
